#include "model/mm/kpgtable.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/page.h"
#include "model/mm/pgtable.h"

const char *const direct_page_names[] = { "era", "1g", "2m", "4k", NULL };

static const u8 direct_shift[] = {
	[DIRECT_PAGE_1G] = 30,
	[DIRECT_PAGE_2M] = 22, /* i386 without PAE: 4 MB */
	[DIRECT_PAGE_4K] = 12,
};

/* ---- tables and entries ---- */

static u64 new_table(struct kpgtable *kp, struct cpu *c)
{
	struct kernel *k = kp->k;
	u64 pfn = page_alloc(k, c, GFP_KERNEL, 0, ~(u64)0), i;

	if (pfn == NO_FRAME)
		return NO_FRAME;
	if (c)
		page_zero(k, c, pfn);
	for (i = 0; i < page_size(k) >> FRAME_SHIFT; i++)
		ptmem_add(k->ptmem, pfn + i);
	kp->tables++;
	return pfn;
}

static u64 read_entry(const struct kpgtable *kp, u64 entry_pa)
{
	return pt_read(kp->format, kp->k->ptmem, entry_pa);
}

static void write_entry(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 entry_pa, u64 entry)
{
	pt_write(kp->format, kp->k->ptmem, entry_pa, entry);
	kernel_store(kp->k, c, path, entry_pa, kp->format->entry_bytes);
}

/* The table below an entry, made if it is missing; NO_FRAME: no memory. */
static u64 table_below(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 entry_pa, u32 level)
{
	u64 entry = read_entry(kp, entry_pa), pfn;
	u32 flags = kp->format->flags(entry, level);

	kernel_load(kp->k, c, path, entry_pa, kp->format->entry_bytes);
	ASSERT(!(flags & PTE_LEAF));
	if (flags & PTE_PRESENT)
		return kp->format->pa(entry, level) >> FRAME_SHIFT;
	pfn = new_table(kp, c);
	if (pfn != NO_FRAME)
		write_entry(kp, c, path, entry_pa, kp->format->encode(pfn << FRAME_SHIFT, PTE_TABLE, level));
	return pfn;
}

/* Physical address of va's entry of a level; NO_ENTRY: no memory for a table above it. */
static u64 entry_at(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 va, u32 level)
{
	u64 table = kp->root;
	u32 l;

	for (l = kp->format->levels - 1u; l > level; l--) {
		u64 pfn = table_below(kp, c, path, pt_entry_pa(kp->format, table, va, l), l);

		if (pfn == NO_FRAME)
			return NO_ENTRY;
		table = pfn << FRAME_SHIFT;
	}
	return pt_entry_pa(kp->format, table, va, level);
}

u64 kpgtable_entry(struct kpgtable *kp, u64 va)
{
	return entry_at(kp, NULL, KPATH_KMAP, va, 0);
}

void kpgtable_set(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 entry_pa, u64 pa)
{
	u64 entry = pa == NO_FRAME ? 0 : kp->format->encode(pa, PTE_KERNEL | PTE_LEAF, 0);

	write_entry(kp, c, path, entry_pa, entry);
}

/* ---- ranges ---- */

/* The level of the largest page that fits at the beginning of what is to be mapped. */
static u32 fitting_level(const struct kpgtable *kp, const struct kmapping *m)
{
	const struct pt_format *f = kp->format;
	u32 level;

	for (level = f->levels - 1u; level; level--) {
		u64 size = 1ull << f->shift[level];

		if (f->leaf[level] != NR_PAGE_SIZES && f->leaf[level] <= m->largest && m->bytes >= size &&
		    !((m->va | m->pa) & (size - 1)))
			break;
	}
	return level;
}

bool kpgtable_map(struct kpgtable *kp, const struct kmapping *mapping)
{
	struct kmapping m = *mapping;
	u64 entry_pa, size;
	u32 level;

	for (; m.bytes; m.va += size, m.pa += size, m.bytes -= MIN(m.bytes, size)) {
		level = fitting_level(kp, &m);
		size = 1ull << kp->format->shift[level];
		entry_pa = entry_at(kp, m.c, m.path, m.va, level);
		if (entry_pa == NO_ENTRY)
			return false;
		ASSERT(!(kp->format->flags(read_entry(kp, entry_pa), level) & PTE_PRESENT));
		write_entry(kp, m.c, m.path, entry_pa, kp->format->encode(m.pa, m.flags | PTE_LEAF, level));
	}
	return true;
}

/* The entry that maps va, its level, and its address; false: nothing does. */
static bool find_leaf(const struct kpgtable *kp, u64 va, u32 *level, u64 *entry_pa, u64 *entry)
{
	const struct pt_format *f = kp->format;
	u64 table = kp->root;

	for (*level = f->levels - 1u;; --*level) {
		u32 flags;

		*entry_pa = pt_entry_pa(f, table, va, *level);
		*entry = read_entry(kp, *entry_pa);
		flags = f->flags(*entry, *level);
		if (!(flags & PTE_PRESENT) || flags & PTE_LEAF || !*level)
			return flags & PTE_PRESENT;
		table = f->pa(*entry, *level);
	}
}

u64 kpgtable_unmap(struct kpgtable *kp, struct cpu *c, enum kernel_path path, u64 va, u64 bytes)
{
	u64 page = page_size(kp->k), end = va + bytes, n = 0, entry_pa, entry;
	u32 level;

	for (; va < end; va += page) {
		if (!find_leaf(kp, va, &level, &entry_pa, &entry))
			continue;
		ASSERT(level == 0);
		write_entry(kp, c, path, entry_pa, 0);
		n++;
	}
	return n;
}

u64 kpgtable_pa(const struct kpgtable *kp, u64 va, u32 *flags, enum page_size *size)
{
	u64 entry_pa, entry;
	u32 level;

	if (!find_leaf(kp, va, &level, &entry_pa, &entry))
		return NO_FRAME;
	if (flags)
		*flags = kp->format->flags(entry, level);
	if (size)
		*size = kp->format->leaf[level];
	return kp->format->pa(entry, level) + (va & ((1ull << kp->format->shift[level]) - 1));
}

static void tables_below(const struct kpgtable *kp, u64 table, u32 level, kpgtable_fn fn, void *arg)
{
	const struct pt_format *f = kp->format;
	u64 i;

	for (i = 0; level && i < 1ull << f->bits[level]; i++) {
		u64 entry = read_entry(kp, table + i * f->entry_bytes);
		u32 flags = f->flags(entry, level);

		if (flags & PTE_PRESENT && !(flags & PTE_LEAF))
			tables_below(kp, f->pa(entry, level), level - 1, fn, arg);
	}
	fn(arg, table >> FRAME_SHIFT);
}

void kpgtable_each_table(const struct kpgtable *kp, kpgtable_fn fn, void *arg)
{
	tables_below(kp, kp->root, kp->format->levels - 1u, fn, arg);
}

/* ---- boot ---- */

static bool boot_map(struct kpgtable *kp, u64 va, u64 pa, u64 bytes, u32 flags, enum page_size largest)
{
	const struct kmapping m = { .va = va, .pa = pa, .bytes = bytes, .flags = flags, .largest = largest };

	return kpgtable_map(kp, &m);
}

static enum page_size largest_page(const struct layout *l, enum direct_page direct)
{
	u32 size = l->direct_page;

	while (direct != DIRECT_PAGE_ERA && size && page_size_shift[size] > direct_shift[direct])
		size--;
	return (enum page_size)size;
}

/*
 * Where large pages begin. arch/x86/mm/init.c:init_mem_mapping() maps the first megabyte by itself, so the
 * first 2 MB have small pages and the first 1 GB has none of 1 GB, since 3.x; i386 keeps its first 2 or 4 MB
 * in small pages since 2.6.26 or so (large pages do not go with what the MTRRs say there).
 */
#define ISA_END (1ull << 20)

static u64 small_start(const struct kpgtable *kp)
{
	const struct layout *l = &kp->k->layout;
	bool pc = l->dma_end == 16ull << 20;
	enum kernel_era era = (enum kernel_era)kp->k->cfg.era;

	if (!pc || (l->word == 8 && era < ERA_6_X) || era < ERA_2_6_26)
		return 0;
	return MIN(ISA_END, l->direct_end);
}

/* Text is seen through the direct map where there is no other place. */
static bool map_direct(struct kpgtable *kp, enum page_size largest)
{
	const struct layout *l = &kp->k->layout;
	u32 flags = l->text ? PTE_KERNEL : PTE_KERNEL_EXEC;
	u64 split = small_start(kp);

	return boot_map(kp, l->direct_map, 0, split, flags, PAGE_4K) &&
	       boot_map(kp, l->direct_map + split, split, l->direct_end - split, flags, largest);
}

/* By pages of the second size, as far as it reaches; x86 and RISC-V do that (mark_rodata_ro(), setup_vm()).
 */
static bool map_image(struct kpgtable *kp)
{
	const struct layout *l = &kp->k->layout;

	return !l->text ||
	       boot_map(kp, l->text, l->text_pa, l->image_bytes, PTE_KERNEL_EXEC, kp->format->leaf[1]);
}

/* By small pages; the first may be one that the node before has a part of. */
static bool map_small(struct kpgtable *kp, u64 va, u64 pa, u64 end)
{
	u64 page = page_size(kp->k), skew = va & (page - 1);

	for (va -= skew, pa -= skew; va < end; va += page, pa += page)
		if (kpgtable_pa(kp, va, NULL, NULL) == NO_FRAME &&
		    !boot_map(kp, va, pa, page, PTE_KERNEL, kp->format->leaf[0]))
			return false;
	return true;
}

/*
 * mm/sparse-vmemmap.c: vmemmap_populate_hugepages() with granules of 4 KB, else by single pages. A large page
 * is one node's: where two of them meet in one there are small ones.
 */
bool kpgtable_map_memmap(struct kpgtable *kp, u64 va, u64 pa, u64 bytes, bool last)
{
	u64 step = 1ull << page_size_shift[PAGE_2M], end = va + bytes, next;
	bool large = kp->format->leaf[1] == PAGE_2M && !((va ^ pa) & (step - 1));
	bool ok = true;

	for (; ok && va < end; pa += next - va, va = next) {
		next = align_down(va, step) + step;
		if (large && !(va & (step - 1)) && (next <= end || last))
			ok = boot_map(kp, va, pa, step, PTE_KERNEL, PAGE_2M);
		else
			ok = map_small(kp, va, pa, MIN(next, end));
	}
	return ok;
}

struct kpgtable *kpgtable_new(struct kernel *k, enum direct_page direct)
{
	struct kpgtable *kp = xcalloc(1, sizeof(*kp));
	u64 root;

	*kp = (struct kpgtable){ .k = k, .format = k->format };
	root = new_table(kp, NULL);
	kp->root = root << FRAME_SHIFT;
	if (root != NO_FRAME && map_direct(kp, largest_page(&k->layout, direct)) && map_image(kp))
		return kp;
	free(kp);
	return NULL;
}

void kpgtable_free(struct kpgtable *kp)
{
	free(kp);
}
