/*
 * Zones made by hand, for tests of what lies below zone.c: any border, any size, any order of a pageblock,
 * nothing reserved, all pageblocks movable, no marks (a test sets what it needs).
 */
#ifndef MMSIM_REF_ZONE_H
#define MMSIM_REF_ZONE_H

#include "model/mm/alloc.h"

struct ref_zone_cfg {
	enum kernel_era era;
	u32 n;                   /* zones, at most 4: DMA, DMA32, NORMAL, HIGHMEM; one alone is NORMAL */
	u64 start, end[4];       /* pfns */
	u32 max_order;           /* 0: the era's */
	u32 pageblock_order;     /* 0: 9 */
	u32 cpus;                /* 0: 1 */
	struct charger *charger; /* NULL: one that is off */
};
struct page_alloc *ref_zone_new(const struct ref_zone_cfg *cfg);
void ref_zone_free(struct page_alloc *pa);
/* Gives a zone all its pages, in the largest blocks that are naturally aligned, ascending, to the tails. */
void ref_zone_fill(struct zone *z);

#endif
