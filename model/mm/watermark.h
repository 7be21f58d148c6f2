/*
 * How much of a zone is kept free, and for whom: marks and lowmem_reserve of each era, and the test of an
 * allocation against them. For the page allocator's own files, and for procfs.
 *
 * Not modelled: pages of CMA, real-time tasks, watermark_scale_factor and the ratios as settings, drift of
 * per-CPU counters (a zone's free pages are exact).
 */
#ifndef MMSIM_MM_WATERMARK_H
#define MMSIM_MM_WATERMARK_H

#include "model/mm/alloc.h"

/* What an allocation may do to a zone: ALLOC_* of mm/internal.h, older ones named by what they meant. */
#define ALLOC_NO_WATERMARKS 1u
#define ALLOC_HIGH          2u /* __GFP_HIGH */
#define ALLOC_HARDER        4u /* it cannot wait */
#define ALLOC_OOM           8u /* its task is being killed */
#define ALLOC_HIGHATOMIC    16u
#define ALLOC_NOFRAGMENT    32u
#define ALLOC_KSWAPD        64u
#define ALLOC_RESERVES      (ALLOC_HIGH | ALLOC_HARDER | ALLOC_OOM | ALLOC_HIGHATOMIC)

/* min_free_kbytes, marks and reserves of all zones. */
void watermarks_set(struct page_alloc *pa);
/* In pages, with its boost: wmark_pages(). */
static inline u64 zone_mark(const struct zone *z, enum wmark w)
{
	return z->wmark[w] + z->boost;
}

/* Of eras from 2.6.7 on. highest: the zone type that the allocation could have at best. */
bool zone_watermark_ok(const struct zone *z, u32 order, u64 mark, enum zone_type highest, u32 alloc);

/* The same, decided at once where pages are many: zone_watermark_fast(). */
static inline bool zone_watermark_fast(const struct zone *z, u32 order, u64 mark, enum zone_type highest,
				       u32 alloc)
{
	if (!order && z->free > mark + z->lowmem_reserve[highest] + z->free_highatomic)
		return true;
	return zone_watermark_ok(z, order, mark, highest, alloc);
}

/*
 * Eras before 2.6.7 walk the zones with a sum ("incremental min"): *min goes from zone to zone and begins as
 * 2^order. low: the first pass; otherwise the second.
 */
bool zone_incremental_ok(const struct zone *z, u64 *min, bool low, u32 gfp);
/* A pageblock lost its type by fallback: mm/page_alloc.c:boost_watermark(). True: kswapd is to be woken. */
bool zone_boost(struct zone *z);

#endif
