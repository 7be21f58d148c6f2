#include "model/mm/frag.h"

#include "model/mm/alloc.h"

struct free_blocks free_blocks(const struct zone *z, u32 order)
{
	struct free_blocks f = { 0 };
	u32 o;

	for (o = 0; o < z->pa->max_order; o++) {
		f.blocks += z->area[o].nr_free;
		f.pages += z->area[o].nr_free << o;
		if (o >= order)
			f.suitable += z->area[o].nr_free << (o - order);
	}
	return f;
}

s32 fragmentation_index(const struct zone *z, u32 order)
{
	struct free_blocks f = free_blocks(z, order);

	if (!f.blocks)
		return 0;
	if (f.suitable)
		return -1000;
	return (s32)(1000 - (1000 + (f.pages * 1000 >> order)) / f.blocks);
}

s32 unusable_free_index(const struct zone *z, u32 order)
{
	struct free_blocks f = free_blocks(z, order);

	return f.pages ? (s32)((f.pages - (f.suitable << order)) * 1000 / f.pages) : 1000;
}

u32 extfrag_for_order(const struct zone *z, u32 order)
{
	struct free_blocks f = free_blocks(z, order);

	return f.pages ? (u32)((f.pages - (f.suitable << order)) * 100 / f.pages) : 0;
}

/* fragmentation_score_zone_weighted(): the node's pages and one. */
u32 fragmentation_score(const struct page_alloc *pa, u32 node)
{
	u64 present = 0, score = 0;
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		if (pa->zone[i].node == node)
			present += pa->zone[i].present;
	for (i = 0; i < pa->n_zones; i++) {
		const struct zone *z = &pa->zone[i];

		if (z->node == node)
			score += z->present * extfrag_for_order(z, pa->pageblock_order) / (present + 1);
	}
	return (u32)score;
}
