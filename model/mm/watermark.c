#include "model/mm/watermark.h"

#include "model/base/error.h"

/* mm/page_alloc.c:init_per_zone_wmark_min(); before 2.6.0-test5 zones had marks by their size alone. */
struct min_free {
	u32 factor;    /* of kilobytes of low memory, under the root; 0: by each zone's size */
	u32 max;       /* kilobytes */
	u32 ratio_dma; /* pages of a zone for one of its min mark */
	u32 min_pages; /* of that */
};

static const struct min_free min_free[NR_ERAS] = {
	[ERA_2_4_0] = { .ratio_dma = 32, .min_pages = 10 },
	[ERA_2_4_21] = { .ratio_dma = 128, .min_pages = 20 },
	[ERA_2_5_66] = { .ratio_dma = 128, .min_pages = 20 },
	[ERA_2_6_5] = { .factor = 1, .max = 16384 },
	[ERA_2_6_9] = { .factor = 1, .max = 16384 },
	[ERA_2_6_18] = { .factor = 16, .max = 65536 },
	[ERA_2_6_26] = { .factor = 16, .max = 65536 },
	[ERA_2_6_37] = { .factor = 16, .max = 65536 },
	[ERA_6_X] = { .factor = 16, .max = 262144 },
};

#define MIN_KBYTES        128u
#define BALANCE_RATIO     128u /* zone_balance_ratio of zones above DMA */
#define BALANCE_MAX       255u
#define SWAP_CLUSTER_MAX  32u
#define SCALE_FACTOR      10u /* watermark_scale_factor, of 10,000 */
#define BOOST_PERCENT     150u
#define DMA_RESERVE_RATIO 256u
#define LOW_RESERVE_RATIO 32u

/* Pages by which an era measures a zone: without what boot kept since 3.8. */
static u64 size_of(const struct zone *z)
{
	return z->pa->cfg.era == ERA_6_X ? z->managed : z->present;
}

static u64 root(u64 x)
{
	u64 r = 0, bit;

	for (bit = 1ull << 31; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= x)
			r += bit;
	return r;
}

static bool is_high(const struct zone *z)
{
	return z->type >= ZONE_HIGHMEM;
}

static u64 lowmem_pages(const struct page_alloc *pa)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		if (!is_high(&pa->zone[i]))
			pages += size_of(&pa->zone[i]);
	return pages;
}

/* nr_free_buffer_pages() */
static u64 buffer_pages(const struct page_alloc *pa)
{
	u64 pages = 0, size;
	u32 i;

	for (i = 0; i < pa->n_zones; i++) {
		size = size_of(&pa->zone[i]);
		if (!is_high(&pa->zone[i]) && size > pa->zone[i].wmark[WMARK_HIGH])
			pages += size - pa->zone[i].wmark[WMARK_HIGH];
	}
	return pages;
}

static void mark_by_size(struct zone *z)
{
	const struct min_free *f = &min_free[z->pa->cfg.era];
	u64 m = size_of(z) / (z->type == ZONE_DMA ? f->ratio_dma : BALANCE_RATIO);

	m = MIN(MAX(m, f->min_pages), BALANCE_MAX);
	z->wmark[WMARK_MIN] = m;
	z->wmark[WMARK_LOW] = 2 * m;
	z->wmark[WMARK_HIGH] = z->wmark[WMARK_PROMO] = 3 * m;
}

/* __setup_per_zone_wmarks(), setup_per_zone_pages_min() of a zone; share: its part of min_free_kbytes. */
static void mark_by_share(struct zone *z, u64 share)
{
	enum kernel_era era = z->pa->cfg.era;
	u64 min = is_high(z) ? MIN(MAX(size_of(z) / 1024, SWAP_CLUSTER_MAX), 128) : share, gap = share / 4;

	if (era <= ERA_2_6_9)
		gap = min;
	if (era == ERA_6_X)
		gap = MAX(gap, size_of(z) * SCALE_FACTOR / 10000);
	z->wmark[WMARK_MIN] = min;
	z->wmark[WMARK_LOW] = min + gap;
	z->wmark[WMARK_HIGH] = era <= ERA_2_6_37 && era >= ERA_2_6_18 ? min + share / 2 : min + 2 * gap;
	z->wmark[WMARK_PROMO] = min + 3 * gap;
}

static void mark_zones(struct page_alloc *pa, u64 kbytes)
{
	u64 pages = kbytes >> (pa->cfg.shift - 10), lowmem = MAX(lowmem_pages(pa), 1);
	u32 i;

	for (i = 0; i < pa->n_zones; i++) {
		struct zone *z = &pa->zone[i];

		if (!min_free[pa->cfg.era].factor)
			mark_by_size(z);
		else
			mark_by_share(z, pages * size_of(z) / lowmem);
	}
}

/* mm/khugepaged.c:set_recommended_min_free_kbytes(): two pageblocks a zone, and one for each pair of types.
 */
static u64 recommended_kbytes(const struct page_alloc *pa)
{
	u64 blocks = (u64)pa->n_zones * (2 + NR_PCP_TYPES * NR_PCP_TYPES);
	u64 pages = MIN(blocks << pa->pageblock_order, buffer_pages(pa) / 20);

	return pages << (pa->cfg.shift - 10);
}

static u64 formula_kbytes(const struct page_alloc *pa)
{
	const struct min_free *f = &min_free[pa->cfg.era];

	return MIN(MAX(root((buffer_pages(pa) << (pa->cfg.shift - 10)) * f->factor), MIN_KBYTES), f->max);
}

/*
 * setup_per_zone_lowmem_reserve(), since 2.6.11: pages of higher zones of the node that an allocation could
 * have had, by the ratio of this one. 2.6.9's protection is 0 by default.
 */
static void set_reserve(struct zone *z)
{
	const struct page_alloc *pa = z->pa;
	u32 ratio = z->type < ZONE_NORMAL ? DMA_RESERVE_RATIO : LOW_RESERVE_RATIO, t, i;

	for (t = 0; t < NR_ZONE_TYPES; t++) {
		u64 above = 0;

		for (i = 0; i < pa->n_zones; i++)
			if (pa->zone[i].node == z->node && pa->zone[i].type > z->type &&
			    pa->zone[i].type <= t)
				above += size_of(&pa->zone[i]);
		z->lowmem_reserve[t] = pa->cfg.era < ERA_2_6_18 || is_high(z) ? 0 : above / ratio;
	}
}

void watermarks_set(struct page_alloc *pa)
{
	u64 kbytes = pa->cfg.min_free_kbytes;
	u32 i;

	for (i = 0; i < pa->n_zones; i++) {
		pa->zone[i].wmark[WMARK_HIGH] = 0;
		set_reserve(&pa->zone[i]);
	}
	if (!kbytes)
		kbytes = formula_kbytes(pa);
	mark_zones(pa, kbytes);
	if (pa->cfg.era == ERA_6_X && pa->cfg.thp && !pa->cfg.min_free_kbytes &&
	    recommended_kbytes(pa) > kbytes) {
		kbytes = recommended_kbytes(pa);
		mark_zones(pa, kbytes);
	}
	pa->min_free_kbytes = kbytes;
}

/* The part of a mark that an allocation has to leave. */
static u64 needed(const struct zone *z, u64 mark, u32 alloc)
{
	u64 min = mark;

	if (alloc & ALLOC_HIGH) {
		min -= min / 2;
		if ((alloc & ALLOC_HARDER) && z->pa->cfg.era == ERA_6_X)
			min -= min / 4;
	}
	if ((alloc & ALLOC_HARDER) && z->pa->cfg.era < ERA_6_X)
		min -= min / 4;
	if (alloc & ALLOC_OOM)
		min -= min / 2;
	return min;
}

/* __zone_watermark_ok() since 4.4: one list of a block that is large enough. */
static bool has_block(const struct zone *z, u32 order, u32 alloc)
{
	u32 o, t;

	for (o = order; o < z->pa->max_order; o++) {
		for (t = 0; t < NR_PCP_TYPES; t++)
			if (z->area[o].nr[t])
				return true;
		if ((alloc & (ALLOC_HIGHATOMIC | ALLOC_OOM)) && z->area[o].nr[MIGRATE_HIGHATOMIC])
			return true;
	}
	return false;
}

/* zone_watermark_ok() before: of what is free in smaller blocks nothing counts, and half of the mark goes. */
static bool enough_above(const struct zone *z, u32 order, s64 free, u64 min)
{
	u32 o;

	for (o = 0; o < order; o++) {
		free -= (s64)(z->area[o].nr_free << o);
		min >>= 1;
		if (free <= (s64)min)
			return false;
	}
	return true;
}

bool zone_watermark_ok(const struct zone *z, u32 order, u64 mark, enum zone_type highest, u32 alloc)
{
	enum kernel_era era = z->pa->cfg.era;
	u64 min = needed(z, mark, alloc);
	s64 free = (s64)z->free - (s64)(1ull << order) + 1;

	if (era == ERA_2_6_9)
		return z->free >= min + (1ull << order) + z->lowmem_reserve[highest];
	if (era == ERA_6_X && !(alloc & ALLOC_RESERVES))
		free -= (s64)z->free_highatomic;
	if (free <= (s64)(min + z->lowmem_reserve[highest]))
		return false;
	if (era == ERA_6_X)
		return !order || has_block(z, order, alloc);
	return enough_above(z, order, free, min);
}

/*
 * __alloc_pages() of 2.4.10 and on: each zone's mark is added to those before. 2.5.66 to 2.6.6 take an equal
 * count for enough, let whoever cannot wait have a zone above its high mark, and __GFP_HIGH a quarter of the
 * mark where 2.4 gives that to whoever cannot wait.
 */
bool zone_incremental_ok(const struct zone *z, u64 *min, bool low, u32 gfp)
{
	bool wait = gfp & GFP_DIRECT_RECLAIM, old = z->pa->cfg.era <= ERA_2_4_21;
	u64 mark = z->wmark[low ? WMARK_LOW : WMARK_MIN];

	if (!low && (old ? !wait : gfp & GFP_HIGH))
		mark >>= 2;
	*min += mark;
	if (old)
		return z->free > *min;
	return z->free >= *min || (!wait && z->free >= z->wmark[WMARK_HIGH]);
}

bool zone_boost(struct zone *z)
{
	u64 max = z->wmark[WMARK_HIGH] * BOOST_PERCENT / 100, block = 1ull << z->pa->pageblock_order;

	if (z->pa->cfg.era != ERA_6_X || z->managed < 4 * block)
		return false;
	max = MAX(max, block);
	z->boost = MIN(z->boost + block, max);
	return true;
}
