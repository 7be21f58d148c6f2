/*
 * The kernel's own page tables (swapper_pg_dir): the direct map by the largest pages that the layout has, the
 * image, vmemmap, and what vmalloc, kmap and fixmap put there later. All entries are global, none is the
 * user's, and all are accessed and dirty from the start, as PAGE_KERNEL is.
 *
 * Tables are pages of the page allocator; they are never freed, as Linux keeps them. Who changes an entry
 * that was valid flushes it (shootdown.h). Not modelled: entries that CPA splits, contiguous hints in the
 * direct map, rights of rodata. For model/mm.
 */
#ifndef MMSIM_MM_KPGTABLE_H
#define MMSIM_MM_KPGTABLE_H

#include "model/mm/layout.h"
#include "model/mm/mm.h"

#define PTE_KERNEL      (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define PTE_KERNEL_EXEC (PTE_KERNEL | PTE_EXEC)

/* Largest page of the direct map: kernel.direct_page. */
enum direct_page { DIRECT_PAGE_ERA, DIRECT_PAGE_1G, DIRECT_PAGE_2M, DIRECT_PAGE_4K };
extern const char *const direct_page_names[];

struct kpgtable {
	struct kernel *k;
	const struct pt_format *format;
	u64 root;   /* pa */
	u64 tables; /* pages, the root included */
};

/* Entries to make: of pages of at most so many bytes. c NULL: boot, for nothing. */
struct kmapping {
	struct cpu *c;
	enum kernel_path path;
	u64 va, pa, bytes;
	u32 flags; /* PTE_KERNEL, ... */
	enum page_size largest;
};

/* Tables with direct map and image of k->layout. NULL: no memory. */
struct kpgtable *kpgtable_new(struct kernel *k, enum direct_page direct);
void kpgtable_free(struct kpgtable *kp);
/*
 * vmemmap's part for struct pages at [pa, pa + bytes), in pages of the second size where these are all of one
 * node; last: nobody's lie behind. Nodes come in ascending order.
 */
bool kpgtable_map_memmap(struct kpgtable *kp, u64 va, u64 pa, u64 bytes, bool last);
/* False: no memory for a table; what was mapped stays. Nothing may be mapped there yet. */
bool kpgtable_map(struct kpgtable *kp, const struct kmapping *m);
/* Clears the entries of the smallest pages in [va, va + bytes) that there are; returns how many. */
u64 kpgtable_unmap(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 va, u64 bytes);
/* Physical address of va's entry of the last level, its tables made; NO_ENTRY: no memory. */
u64 kpgtable_entry(struct kpgtable *kp, u64 va);
/* Writes an entry of the last level: to map a page, or with pa = NO_FRAME nothing. */
void kpgtable_set(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 entry_pa, u64 pa);

static inline u64 kpgtable_root(const struct kpgtable *kp)
{
	return kp->root;
}

/* What va means; NO_FRAME: nothing. flags, if not NULL: PTE_*; size, if not NULL: of the page. */
u64 kpgtable_pa(const struct kpgtable *kp, u64 va, u32 *flags, enum page_size *size);
/* Calls fn for each table: its first frame. */
typedef void (*kpgtable_fn)(void *arg, u64 pfn);
void kpgtable_each_table(const struct kpgtable *kp, kpgtable_fn fn, void *arg);

#endif
