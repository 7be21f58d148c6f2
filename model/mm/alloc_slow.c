#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/mm/alloc_request.h"
#include "model/mm/compact.h"
#include "model/mm/highatomic.h"
#include "model/mm/pcp.h"

#define COSTLY_ORDER 3u  /* PAGE_ALLOC_COSTLY_ORDER: up to it an allocation may not give up */
#define MAX_RETRIES  16u /* MAX_RECLAIM_RETRIES: passes without progress */
/* Where a kernel would go round for ever while others free memory: here nobody else runs meanwhile. */
#define MAX_ROUNDS 1000u

static bool can_wait(const struct request *r)
{
	return r->gfp & GFP_DIRECT_RECLAIM;
}

static bool costly(const struct request *r)
{
	return r->order > COSTLY_ORDER;
}

/* gfp_to_alloc_flags() */
static u32 min_flags(const struct request *r)
{
	u32 alloc = r->alloc & (ALLOC_KSWAPD | ALLOC_NOFRAGMENT);

	if (r->gfp & GFP_HIGH)
		alloc |= ALLOC_HIGH;
	if (can_wait(r))
		return alloc;
	if (r->pa->cfg.era < ERA_6_X)
		return alloc | ALLOC_HARDER;
	if (!(r->gfp & GFP_NOMEMALLOC)) {
		alloc |= ALLOC_HARDER;
		if (r->order && (r->gfp & GFP_HIGH))
			alloc |= ALLOC_HIGHATOMIC;
	}
	return alloc;
}

/* Who reclaims, or is being killed, does not wait for the marks; victims do again since 4.14, for a half. */
static u32 reserve_flags(const struct request *r)
{
	if (r->gfp & GFP_NOMEMALLOC)
		return 0;
	if (r->gfp & GFP_MEMALLOC || r->pa->reclaiming)
		return ALLOC_NO_WATERMARKS;
	if (r->gfp & GFP_OOM_VICTIM)
		return r->pa->cfg.era == ERA_6_X ? ALLOC_OOM : ALLOC_NO_WATERMARKS;
	return 0;
}

static void wake_kswapds(const struct request *r)
{
	u32 i, node = ~0u;

	if (!(r->gfp & GFP_KSWAPD_RECLAIM))
		return;
	for (i = 0; i < r->list->n; i++) {
		if (r->list->zone[i]->node != node)
			page_alloc_wake_kswapd(r->list->zone[i], r->c, r->order, r->gfp);
		node = r->list->zone[i]->node;
	}
}

u64 drain_all_pages(struct page_alloc *pa, struct cpu *c)
{
	u64 before = 0, after = 0;
	u32 i, cpu;

	pa->st.drains++;
	for (i = 0; i < pa->n_zones; i++)
		before += pa->zone[i].free;
	for (i = 0; i < pa->n_zones && pa->cfg.pcp != PCP_NONE; i++)
		for (cpu = 0; cpu < pa->cfg.cpus; cpu++)
			pcp_drain(&pa->zone[i], c, cpu);
	for (i = 0; i < pa->n_zones; i++)
		after += pa->zone[i].free;
	return after - before;
}

/*
 * try_to_free_pages(), or the rest of it behind a wait. Where nothing can be reclaimed, what lies in the
 * lists is all there is.
 */
static u64 reclaim(struct request *r, const struct reclaim_progress *p)
{
	struct page_alloc *pa = r->pa;
	u64 begin = charge_begin(pa->charger, r->c), freed;

	cpu_note_cause(r->c, CAUSE_RECLAIM);
	if (!p->waits) {
		charge_trace(pa->charger, r->c, TRACE_RECLAIM_BEGIN, TRACE(r->order, r->gfp), NULL);
		pa->st.direct_reclaims++;
	}
	if (pa->reclaim)
		freed = pa->reclaim->direct(pa->reclaim_arg, r->c, r->gfp, r->order);
	else
		freed = drain_all_pages(pa, r->c);
	if (!p->waits)
		charge_trace(pa->charger, r->c, TRACE_RECLAIM_END, TRACE(freed), NULL);
	charge_end(pa->charger, r->c, TL_RECLAIM, begin, r->order, freed);
	return freed;
}

/* Since 2.6.26 for blocks, since 2.6.37 for pages too: lists are emptied once, and the reserve gives some. */
static bool drains(const struct request *r)
{
	return r->pa->cfg.era >= (r->order ? ERA_2_6_26 : ERA_2_6_37);
}

/* __alloc_pages_direct_reclaim() */
static u64 reclaim_and_take(struct request *r, const struct reclaim_progress *p, u64 *progress)
{
	u64 pfn;

	*progress = reclaim(r, p);
	if (!*progress)
		return NO_FRAME;
	pfn = alloc_pass(r, PASS_MIN);
	if (pfn != NO_FRAME || !drains(r))
		return pfn;
	highatomic_release(r->list, r->c, r->type, false);
	drain_all_pages(r->pa, r->c);
	return alloc_pass(r, PASS_MIN);
}

static u64 compact_and_take(struct request *r, u32 priority)
{
	struct page_alloc *pa = r->pa;
	u64 pfn, begin;
	bool ok;

	if (!r->order || !pa->compaction)
		return NO_FRAME;
	pa->st.direct_compacts++;
	begin = charge_begin(pa->charger, r->c);
	cpu_note_cause(r->c, CAUSE_RECLAIM);
	ok = compact_direct(pa, r->c, r->list, r->gfp, r->order, priority);
	charge_end(pa->charger, r->c, TL_COMPACT, begin, r->order, ok);
	if (!ok)
		return NO_FRAME;
	pfn = alloc_pass(r, PASS_MIN);
	compact_ended(pa, pfn == NO_FRAME ? NULL : zone_of(pa, pfn), r->order);
	return pfn;
}

/* should_reclaim_retry(): with all that could be reclaimed the allocation would pass. */
static bool may_help(const struct request *r)
{
	const struct page_alloc *pa = r->pa;
	u32 i;

	for (i = 0; i < r->list->n; i++) {
		struct zone z = *r->list->zone[i];

		if (pa->reclaim)
			z.free += pa->reclaim->reclaimable(pa->reclaim_arg, r->list->zone[i]);
		if (zone_watermark_ok(&z, r->order, zone_mark(&z, WMARK_MIN), r->highest, r->alloc))
			return true;
	}
	return false;
}

static bool retries(const struct request *r, u64 progress, u32 *idle)
{
	if (r->gfp & GFP_NORETRY || (costly(r) && !(r->gfp & (GFP_RETRY_MAYFAIL | GFP_NOFAIL))))
		return false;
	if (r->pa->cfg.era < ERA_6_X)
		return progress > 0;
	*idle = progress && !costly(r) ? 0 : *idle + 1;
	if (*idle > MAX_RETRIES)
		return highatomic_release(r->list, r->c, r->type, true);
	return may_help(r);
}

/* __alloc_pages_may_oom(): true, try again. */
static bool oom(struct request *r)
{
	struct page_alloc *pa = r->pa;

	if (costly(r) || r->gfp & (GFP_NORETRY | GFP_RETRY_MAYFAIL | GFP_THISNODE) ||
	    r->highest < ZONE_NORMAL)
		return false;
	pa->st.oom++;
	return pa->reclaim && pa->reclaim->oom(pa->reclaim_arg, r->c, r->gfp, r->order);
}

static bool waits(const struct request *r)
{
	const struct page_alloc *pa = r->pa;

	return pa->reclaim && pa->reclaim->waits(pa->reclaim_arg, r->c);
}

static bool naps(const struct request *r)
{
	const struct page_alloc *pa = r->pa;

	return pa->reclaim && pa->reclaim->nap(pa->reclaim_arg, r->c);
}

/* Reclaims until there is enough, or the thread has to wait, or there is no hope. */
static u64 reclaim_for_it(struct request *r, struct reclaim_progress *p)
{
	u64 pfn, progress;
	u32 round;

	for (round = 0; round < MAX_ROUNDS; round++) {
		pfn = reclaim_and_take(r, p, &progress);
		if (pfn == NO_FRAME)
			pfn = compact_and_take(r, MIN(round + 1, 2));
		if (pfn != NO_FRAME || waits(r))
			return pfn;
		if (retries(r, progress, &p->idle)) {
			if (naps(r))
				return NO_FRAME;
			continue;
		}
		pfn = alloc_pass(r, PASS_HIGH);
		if (pfn != NO_FRAME || !oom(r))
			return pfn;
		p->idle = 0;
	}
	return NO_FRAME;
}

/* Everything that a task that may wait does for its memory. */
static u64 work_for_it(struct request *r)
{
	struct page_alloc *pa = r->pa;
	struct reclaim_progress none = { 0 }, *p = &none;
	u64 pfn;

	if (pa->reclaim && r->c)
		p = pa->reclaim->progress(pa->reclaim_arg, r->c);
	p = p ? p : &none;
	if (!p->waits && (costly(r) || r->type != MIGRATE_MOVABLE)) {
		pfn = compact_and_take(r, 0);
		if (pfn != NO_FRAME)
			return pfn;
	}
	pfn = reclaim_for_it(r, p);
	if (pfn != NO_FRAME || !waits(r))
		*p = none;
	return pfn;
}

static u64 take_slowly(struct request *r)
{
	u64 pfn;

	wake_kswapds(r);
	r->alloc = min_flags(r);
	pfn = alloc_pass(r, PASS_MIN);
	if (pfn == NO_FRAME && reserve_flags(r)) {
		r->alloc |= reserve_flags(r);
		pfn = alloc_pass(r, PASS_MIN);
	}
	if (pfn == NO_FRAME && can_wait(r) && !(r->alloc & ALLOC_NO_WATERMARKS))
		pfn = work_for_it(r);
	if (pfn == NO_FRAME && r->pa->cfg.era == ERA_2_4_0)
		pfn = alloc_pass(r, PASS_LAST);
	/* The last pages for who may not fail: ALLOC_NO_WATERMARKS of __alloc_pages_may_oom(). */
	if (pfn == NO_FRAME && (r->gfp & GFP_NOFAIL)) {
		r->alloc |= ALLOC_NO_WATERMARKS;
		pfn = alloc_pass(r, PASS_MIN);
	}
	return pfn;
}

u64 alloc_slow(struct request *r)
{
	u64 begin = charge_begin(r->pa->charger, r->c), pfn;

	r->pa->st.slow++;
	pfn = take_slowly(r);
	charge_end(r->pa->charger, r->c, TL_ALLOC_SLOW, begin, r->order, r->gfp);
	return pfn;
}
