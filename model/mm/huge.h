/*
 * Large pages: leaves one level above the last (2 MB on x86-64), or two (1 GB). Private anonymous memory gets
 * them at a fault, where its mapping has the whole aligned range: by kernel.thp, or if it was mapped with
 * MAP_HUGETLB, when kernel.hugetlb says of which level; later on khugepaged puts them together
 * (khugepaged.h). Every page in one has its own reference, as a small one has. Tables wait for the day when
 * the page is split, as mm/huge_memory.c deposits them; those for 1 GB, which Linux never splits, are charged
 * to nobody. In the LRU lists its first page stands for all until its first mapping is split, which splits
 * the page as well.
 *
 * A read of untouched memory gets the huge zero page (since 3.8, where kernel.zero_page is on): one block for
 * everybody, which is taken when it is first needed, and which reverse mapping and lists do not know. A write
 * splits the mapping into small zero pages, of which one is replaced (since 5.8).
 *
 * Not modelled: that reclaim gives the huge zero page back when nobody maps it, and that a write got a large
 * page before 5.8 and gets one since 6.13; large pages of files and of shared memory, a pool of hugetlb pages
 * (where there is no block, smaller pages serve), and that those that are split can be reclaimed; reclaim of
 * pages of 4 MB (i386 without PAE), and of any large ones by scans of page tables (kernel.rmap = none); the
 * queue in which pages wait that were split in part (deferred_split_folio()); mprotect and mremap of a whole
 * large page (which split it here). For model/mm.
 */
#ifndef MMSIM_MM_HUGE_H
#define MMSIM_MM_HUGE_H

#include "model/mm/page.h"
#include "model/mm/pgtable.h"

static inline u64 huge_size(const struct kernel *k, u32 level)
{
	return 1ull << k->format->shift[level];
}

/* Whether an entry of a level above the last maps a large page. */
static inline bool huge_entry(const struct kernel *k, u64 entry, u32 level)
{
	return k->format->flags(entry, level) & PTE_LEAF;
}

/* Whether a fault at va, in the page that p describes, should get one of that level. */
bool huge_wanted(struct mm *mm, const struct page_view *p, u64 va, u32 level);
/* Maps a cleared one at an entry; false: no memory for it. */
bool huge_map(struct mm *mm, struct cpu *c, struct vma *v, u64 entry_pa, u64 va, u32 level, bool write);
/* Whether a read should get the huge zero page instead. Maps it; false: small pages have to do. */
bool huge_wants_zero(const struct kernel *k, const struct page_view *p, u32 level);
bool huge_map_zero(struct mm *mm, struct cpu *c, const struct page_view *p, u64 entry_pa, u32 level);
/* Whether a page is a part of it. */
static inline bool huge_is_zero(const struct kernel *k, u64 pfn)
{
	return k->huge_zero_pfn != NO_FRAME && pfn - k->huge_zero_pfn < huge_size(k, 1) >> FRAME_SHIFT;
}
/* What a child's entry needs before it can share a large page; false: no memory. Or does not need after all.
 */
bool huge_deposit(struct mm *child, struct cpu *c, struct vma *v, u64 entry_pa, u32 level);
void huge_withdraw(struct mm *child, struct cpu *c, u64 entry_pa, u32 level);
/* Maps a parent's page there, read-only. */
void huge_share(struct mm *child, struct cpu *c, struct vma *v, u64 va, u64 entry_pa, u64 entry, u32 level);
/* Nobody else uses any page of it. */
bool huge_is_sole(const struct mm *mm, u64 entry, u32 level);
/* Splits those that meet start..end; those that start or end cuts in two. */
void huge_split(struct gather *g, enum kernel_path path, u64 start, u64 end);
void huge_split_ends(struct gather *g, enum kernel_path path, u64 start, u64 end);
/* Takes those in start..end away; none may reach out of it. */
void huge_zap(struct gather *g, u64 start, u64 end);

#endif
