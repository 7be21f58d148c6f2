#include "model/base/error.h"
#include "model/mm/boot.h"
#include "model/mm/buddy.h"

static void mark_reserved(struct page_alloc *pa, u64 start, u64 end)
{
	u64 pfn, chunk_end;

	for (pfn = start; pfn < end; pfn = chunk_end) {
		chunk_end = MIN((pfn | (PAGE_CHUNK - 1)) + 1, end);
		if (chunk_end - pfn == PAGE_CHUNK) {
			page_of(&pa->map, pfn)->state = PAGE_RESERVED;
			page_of(&pa->map, pfn)->order = PAGE_CHUNK_SHIFT;
			continue;
		}
		memmap_populate(&pa->map, pfn);
		for (; pfn < chunk_end; pfn++)
			page_of(&pa->map, pfn)->state = PAGE_RESERVED;
	}
}

/*
 * start..end of a zone, upwards in the largest blocks: mm/memblock.c:__free_pages_memory(). Since 5.10 each
 * goes to the tail of its list (FPI_TO_TAIL), so that the lowest comes out first; before, to the head.
 * mm/bootmem.c gave smaller pieces, which merged to the same blocks in the same order.
 */
static void release(struct zone *z, u64 start, u64 end)
{
	struct page_alloc *pa = z->pa;
	u32 order;
	u64 pfn;

	for (pfn = start; pfn < end; pfn += 1ull << order) {
		order = pa->max_order - 1;
		while (pfn & ((1ull << order) - 1) || pfn + (1ull << order) > end)
			order--;
		if (order < PAGE_CHUNK_SHIFT)
			memmap_populate(&pa->map, pfn);
		buddy_give(z, NULL, pfn, order, block_type(z, pfn), pa->cfg.era == ERA_6_X);
	}
}

static void release_zone(struct zone *z)
{
	const struct page_alloc *pa = z->pa;
	u64 pfn = z->start;
	u32 i;

	for (i = 0; i < pa->n_ranges && pfn < z->end; i++) {
		const struct boot_range *r = &pa->range[i];

		if (r->end <= pfn)
			continue;
		release(z, pfn, MIN(MAX(r->start, pfn), z->end));
		pfn = r->end;
	}
	if (pfn < z->end)
		release(z, pfn, z->end);
	ASSERT(z->free == z->managed);
}

void boot_release(struct page_alloc *pa)
{
	u32 i;

	for (i = 0; i < pa->n_ranges; i++)
		mark_reserved(pa, pa->range[i].start, pa->range[i].end);
	for (i = 0; i < pa->n_zones; i++)
		release_zone(&pa->zone[i]);
}
