/* Who compacts and when: allocations that need a block, kcompactd, and how often in vain. */
#include "model/mm/compact.h"

#include "model/base/error.h"
#include "model/mm/buddy.h"
#include "model/mm/frag.h"

#include <stdlib.h>

#define COMPACT_MAX_DEFER_SHIFT 6u
#define PROACTIVE_HIGH          90u

#define STAT_STRUCT             struct compact_stats
static const struct stat_desc vmstat_rows[] = { COMPACT_STATS(STAT_ROW){ 0 } };
static const struct stat_desc more_rows[] = { COMPACT_MORE_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

static struct compact *compact_new(const struct zone *z)
{
	struct compact *k = xcalloc(1, sizeof(*k));
	u32 order = z->pa->pageblock_order;

	k->migrate_pfn[0] = k->migrate_pfn[1] = z->start;
	k->free_pfn = (z->end - 1) >> order << order;
	k->skip = xcalloc(((z->end - 1) >> order) - (z->start >> order) + 1, 1);
	return k;
}

void compact_init(struct page_alloc *pa, const struct migrate_ops *ops, void *arg)
{
	u32 i;

	if (pa->cfg.era < ERA_2_6_37)
		return;
	pa->compaction = xcalloc(1, sizeof(*pa->compaction));
	pa->compaction->ops = ops;
	pa->compaction->arg = arg;
	for (i = 0; i < pa->n_zones; i++)
		pa->zone[i].compact = compact_new(&pa->zone[i]);
}

void compact_fini(struct page_alloc *pa)
{
	u32 i;

	for (i = 0; i < pa->n_zones && pa->compaction; i++) {
		free(pa->zone[i].compact->skip);
		free(pa->zone[i].compact);
	}
	free(pa->compaction);
}

void compact_stats_add(struct page_alloc *pa, struct stats *s)
{
	if (!pa->compaction)
		return;
	stats_add(s, "mm.vmstat", vmstat_rows, &pa->compaction->st);
	stats_add(s, "mm.compact", more_rows, &pa->compaction->st);
}

/* compaction_deferred() */
static bool deferred(struct zone *z, u32 order)
{
	struct compact *k = z->compact;
	u32 limit = 1u << k->defer_shift;

	if (order < k->order_failed)
		return false;
	if (++k->considered >= limit) {
		k->considered = limit;
		return false;
	}
	z->pa->compaction->st.deferred++;
	return true;
}

/* defer_compaction() */
static void defer(struct zone *z, u32 order)
{
	struct compact *k = z->compact;

	k->considered = 0;
	k->defer_shift = MIN(k->defer_shift + 1, COMPACT_MAX_DEFER_SHIFT);
	k->order_failed = MIN(k->order_failed, order);
}

/* compaction_defer_reset() */
static void reset_deferral(struct zone *z, u32 order, bool allocated)
{
	struct compact *k = z->compact;

	if (allocated)
		k->considered = k->defer_shift = 0;
	k->order_failed = MAX(k->order_failed, order + 1);
}

/* compaction_restarting(): it was deferred as long as can be, and now begins anew. */
static void restart(struct zone *z, u32 order)
{
	const struct compact *k = z->compact;

	if (order < k->order_failed || k->defer_shift < COMPACT_MAX_DEFER_SHIFT ||
	    k->considered < 1u << k->defer_shift)
		return;
	z->compact->flush = true;
	compact_forget_skips(z);
}

static bool scanned_in_vain(enum compact_result why)
{
	return why == COMPACT_COMPLETE || why == COMPACT_PARTIAL_SKIPPED;
}

static enum compact_result compact_one(struct zone *z, struct cpu *c, const struct compact_request *r,
				       enum zone_type highest)
{
	enum compact_result why;

	if (r->mode != COMPACT_SYNC && deferred(z, r->order))
		return COMPACT_DEFERRED;
	restart(z, r->order);
	why = compact_zone(z, c, r, highest);
	if (why == COMPACT_SUCCESS)
		reset_deferral(z, r->order, false);
	else if (r->mode != COMPACT_ASYNC && scanned_in_vain(why))
		defer(z, r->order);
	return why;
}

bool compact_direct(struct page_alloc *pa, struct cpu *c, const struct zonelist *l, u32 gfp, u32 order,
		    u32 priority)
{
	const struct compact_request r = { .order = order,
					   .gfp = gfp,
					   .mode = (enum compact_mode)priority,
					   .direct = true,
					   .whole_zone = priority == COMPACT_SYNC };
	enum compact_result best = COMPACT_SKIPPED, why = COMPACT_SKIPPED;
	u32 i;

	if (!(gfp & GFP_IO))
		return false;
	for (i = 0; i < l->n && why != COMPACT_SUCCESS; i++) {
		why = compact_one(l->zone[i], c, &r, l->zone[0]->type);
		best = MAX(best, why);
	}
	pa->compaction->st.compact_stall += best > COMPACT_DEFERRED;
	return best > COMPACT_DEFERRED;
}

void compact_ended(struct page_alloc *pa, struct zone *z, u32 order)
{
	struct compact_stats *st = &pa->compaction->st;

	if (!z) {
		st->compact_fail++;
		return;
	}
	st->compact_success++;
	reset_deferral(z, order, true);
}

void kcompactd_run(struct page_alloc *pa, struct cpu *c, u32 node, u32 order, enum zone_type highest)
{
	const struct compact_request r = { .order = order, .gfp = GFP_KERNEL, .mode = COMPACT_SYNC_LIGHT };
	u32 i;

	if (!pa->compaction)
		return;
	pa->compaction->st.compact_daemon_wake++;
	for (i = 0; i < pa->n_zones; i++) {
		struct zone *z = &pa->zone[i];

		if (z->node != node || z->type > highest)
			continue;
		if (scanned_in_vain(compact_one(z, c, &r, z->type)))
			drain_all_pages(pa, c);
	}
}

bool kcompactd_proactive(struct page_alloc *pa, struct cpu *c, u32 node)
{
	const struct compact_request r = { .order = NO_ORDER,
					   .gfp = GFP_KERNEL,
					   .mode = COMPACT_SYNC_LIGHT,
					   .proactive = true,
					   .whole_zone = true };
	u32 before = fragmentation_score(pa, node), i;

	if (!pa->compaction || before <= PROACTIVE_HIGH)
		return true;
	for (i = 0; i < pa->n_zones; i++)
		if (pa->zone[i].node == node)
			compact_zone(&pa->zone[i], c, &r, pa->zone[i].type);
	return fragmentation_score(pa, node) < before;
}
