/* kswapd and kcompactd of a node: who wakes them, when not, and what they do until they sleep. */
#include "model/mm/kthread.h"

#include "model/mm/asid.h"
#include "model/mm/compact.h"
#include "model/mm/footprint.h"
#include "model/mm/khugepaged.h"
#include "model/mm/oom.h"
#include "model/mm/slab.h"
#include "model/mm/vmscan.h"
#include "model/mm/watermark.h"

#define MAX_FAILURES 16u /* MAX_RECLAIM_RETRIES */
/* Periods that kcompactd leaves out after it could do nothing: COMPACT_MAX_DEFER_SHIFT. */
#define DEFERRED_LOOKS 63u

#define STAT_STRUCT    struct kthread_stats
static const struct stat_desc stat_rows[] = { KTHREAD_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void kthreads_stats_add(struct kthreads *t, struct stats *s)
{
	stats_add(s, "mm.kthread", stat_rows, &t->st);
	stats_add_one(s, "mm.kthread.vmstat_ticks", &t->ticks[KERNEL_TICK_VMSTAT], "ticks",
		      "of hardware threads that looked at their lists of pages");
	stats_add_one(s, "mm.kthread.reap_ticks", &t->ticks[KERNEL_TICK_REAP], "ticks",
		      "of hardware threads that reaped slabs");
	stats_add_one(s, "mm.kthread.compaction_ticks", &t->ticks[KERNEL_TICK_COMPACTION], "ticks",
		      "of nodes' kcompactd");
	stats_add_one(s, "mm.kthread.flusher_ticks", &t->ticks[KERNEL_TICK_FLUSHER], "ticks",
		      "of the flusher");
	if (khugepaged_runs(t->k))
		stats_add_one(s, "mm.kthread.khugepaged_ticks", &t->ticks[KERNEL_TICK_KHUGEPAGED], "ticks",
			      "of khugepaged");
	stats_add_one(s, "mm.vmstat.pageoutrun", &t->pageoutrun, "runs", "of kswapd");
}

/* ---- being woken ---- */

/* False: it is awake already. */
static bool want(struct wanted *w, u32 order, enum zone_type highest)
{
	bool sleeps = !w->awake;

	w->order = MAX(w->order, order);
	w->highest = MAX(w->highest, highest);
	w->awake = true;
	return sleeps;
}

static struct wanted fall_asleep(struct wanted *w)
{
	struct wanted was = *w;

	*w = (struct wanted){ 0 };
	return was;
}

/* pgdat_balanced(); before 4.x every zone has to be. */
static bool is_balanced(const struct zone *z, u32 order, enum zone_type highest)
{
	if (z->pa->cfg.era < ERA_2_6_18)
		return z->free > z->wmark[WMARK_HIGH];
	return zone_watermark_ok(z, order, zone_mark(z, WMARK_HIGH), highest, 0);
}

static bool node_is_balanced(const struct page_alloc *pa, u32 node, u32 order, enum zone_type highest)
{
	bool one_does = pa->cfg.era == ERA_6_X;
	const struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		if (z->node == node && z->type <= highest && z->managed &&
		    is_balanced(z, order, highest) == one_does)
			return one_does;
	return !one_does;
}

static bool is_boosted(const struct page_alloc *pa, u32 node, enum zone_type highest)
{
	const struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		if (z->node == node && z->type <= highest && z->boost)
			return true;
	return false;
}

/* wakeup_kcompactd(), since 4.6 */
static void wake_kcompactd(struct kthreads *t, struct cpu *c, u32 node, u32 order, enum zone_type highest)
{
	if (!order || t->k->cfg.era != ERA_6_X || !kcompactd_suits(t->k->pa, node, order, highest) ||
	    !want(&t->node[node].kcompactd, order, highest))
		return;
	t->st.kcompactd_wakes++;
	kernel_path_step(t->k, c, NULL, STEP_KSWAPD_WAKE);
	t->wake(t->wake_arg, c, node, 0);
}

/* Whether there is nothing to wake kswapd for. wakeup_kswapd() of each tree; 2.4 wakes it always. */
static bool needs_no_kswapd(const struct node_threads *n, const struct zone *z, u32 order)
{
	if (n->failures >= MAX_FAILURES)
		return true;
	switch ((u32)z->pa->cfg.era) {
	case ERA_2_4_0:
	case ERA_2_4_21:
		return false;
	case ERA_2_5_66:
	case ERA_2_6_5:
	case ERA_2_6_9:
		return z->free > z->wmark[WMARK_LOW];
	case ERA_6_X:
		return node_is_balanced(z->pa, z->node, order, z->type) &&
		       !is_boosted(z->pa, z->node, z->type);
	default:
		return zone_watermark_ok(z, order, z->wmark[WMARK_LOW], (enum zone_type)0, 0);
	}
}

static void wake_kswapd(void *arg, struct cpu *c, struct zone *z, u32 order, u32 gfp)
{
	struct kernel *k = arg;
	struct kthreads *t = k->kthreads;
	struct node_threads *n = &t->node[z->node];

	if (!t->wake || !c)
		return;
	if (n->kswapd.awake || needs_no_kswapd(n, z, order)) {
		kernel_path_step(k, c, NULL, STEP_KSWAPD_AWAKE);
		if (n->kswapd.awake)
			want(&n->kswapd, order, z->type);
		else if (!(gfp & GFP_DIRECT_RECLAIM))
			wake_kcompactd(t, c, z->node, order, z->type);
		t->st.kswapd_hopeless += !n->kswapd.awake && n->failures >= MAX_FAILURES;
		return;
	}
	want(&n->kswapd, order, z->type);
	t->st.kswapd_wakes++;
	charge_trace(&k->charger, c, TRACE_WAKEUP_KSWAPD, TRACE(z->node, order, gfp), NULL);
	kernel_path_step(k, c, NULL, STEP_KSWAPD_WAKE);
	t->wake(t->wake_arg, c, z->node, 0);
}

bool kswapd_is_awake(const struct kernel *k, u32 node)
{
	return k->kthreads->node[node].kswapd.awake;
}

bool kswapd_is_hopeless(const struct kernel *k, u32 node)
{
	return k->kthreads->node[node].failures >= MAX_FAILURES;
}

void kernel_on_wake(struct kernel *k, kernel_wake_fn wake, void *arg)
{
	k->kthreads->wake = wake;
	k->kthreads->wake_arg = arg;
}

/* ---- running ---- */

/* balance_pgdat() remembers zone_boosts[]. */
static u64 see_boosts(const struct page_alloc *pa, u32 node, enum zone_type highest)
{
	struct zone *z;
	u64 boost = 0;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++) {
		z->boost_seen = z->node == node && z->type <= highest ? z->boost : 0;
		boost += z->boost_seen;
	}
	return boost;
}

/* The boost has done its work; pageblocks that were mixed are for kcompactd. */
static void lower_boost(struct kthreads *t, struct cpu *c, u32 node, enum zone_type highest)
{
	struct page_alloc *pa = t->k->pa;
	struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		if (z->node == node && z->type <= highest)
			z->boost -= MIN(z->boost, z->boost_seen);
	wake_kcompactd(t, c, node, pa->pageblock_order, highest);
}

/* Who lacks pages comes first: the boost is left for another time. */
static bool has_done(struct kthreads *t, u32 node, const struct wanted *w)
{
	struct kswapd_run *r = &t->node[node].run;
	bool balanced = node_is_balanced(t->k->pa, node, w->order, w->highest);

	if (!balanced && r->boost) {
		r->boost = 0;
		r->priority = reclaim_first_priority(t->k);
	}
	return balanced && !r->boost;
}

/* Pages that a pass at one priority is for: kswapd_shrink_node(). */
static u64 pass_target(const struct page_alloc *pa, u32 node, enum zone_type highest)
{
	const struct zone *z;
	u64 n = 0;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		if (z->node == node && z->type <= highest && z->managed)
			n += MAX(z->wmark[WMARK_HIGH], SWAP_CLUSTER_MAX);
	return n;
}

/*
 * Pages that kswapd frees before others may go on: it can be preempted, and a pass for all that a zone lacks
 * would hold a core for milliseconds.
 */
#define KSWAPD_SLICE 128u
/* Nor for longer than a tick, of which a second has so many: HZ. */
#define KSWAPD_HZ 1000u

/*
 * kswapd is preempted where it looks for it (cond_resched()), at any page; here between batches, which get
 * smaller while one takes longer than a tick, as where thousands of VMAs are visited for a page.
 */
static void fit_batch(struct node_threads *n, u64 took, u64 tick)
{
	if (took > 2 * tick)
		n->batch = MAX(n->batch / 2, 1);
	else
		n->batch = MIN(n->batch * 2, SWAP_CLUSTER_MAX);
}

/* A part of a pass of balance_pgdat(). */
static void slice(struct kthreads *t, struct cpu *c, u32 node, const struct wanted *w)
{
	struct node_threads *n = &t->node[node];
	struct kswapd_run *r = &n->run;
	u64 tick = t->k->hz / KSWAPD_HZ, begin = c->ops->now(c);
	struct scan s = { .k = t->k,
			  .c = c,
			  .order = w->order,
			  .highest = w->highest,
			  .node = node,
			  .priority = r->priority,
			  .for_boost = r->boost != 0,
			  .want = KSWAPD_SLICE,
			  .batch = n->batch,
			  .deadline = begin + tick,
			  .goes_on = r->preempted };
	u64 slabs = slabs_shrink(t->k->slabs, c);

	t->st.kswapd_shrunk += slabs;
	if (t->k->lru)
		reclaim_kswapd(&s);
	r->scanned += s.scanned;
	r->freed += s.freed + slabs;
	r->all_freed += s.freed + slabs;
	r->preempted = s.preempted;
	fit_batch(n, c->ops->now(c) - begin, tick);
	r->boost = s.freed || slabs || s.preempted ? r->boost - MIN(r->boost, s.freed + slabs) : 0;
	r->sleep_until = s.preempted || s.blocked == ~(u64)0 ? 0 : s.blocked;
	if (s.preempted || r->sleep_until)
		return;
	if (s.freed >= KSWAPD_SLICE && r->freed < r->target)
		return;
	r->sleep_until = reclaim_kswapd_until(&s);
	/* For a boost no further than to where nothing is written back. */
	if ((r->scanned < r->target || !r->freed) &&
	    !(r->boost && r->priority == reclaim_first_priority(t->k) - 2))
		r->priority--;
	r->scanned = r->freed = 0;
}

/* balance_pgdat(), as far as it gets at once. Whether it is at its end. */
static bool balance(struct kthreads *t, struct cpu *c, u32 node, const struct wanted *w)
{
	struct node_threads *n = &t->node[node];

	if (!n->batch)
		n->batch = SWAP_CLUSTER_MAX;
	if (!n->run.priority) {
		t->pageoutrun++;
		charge_trace(&t->k->charger, c, TRACE_KSWAPD_WAKE, TRACE(node, w->order), NULL);
		n->run = (struct kswapd_run){ .priority = reclaim_first_priority(t->k),
					      .target = pass_target(t->k->pa, node, w->highest),
					      .boost = see_boosts(t->k->pa, node, w->highest) };
		n->run.boosted = n->run.boost != 0;
	}
	if (!has_done(t, node, w))
		slice(t, c, node, w);
	if (!has_done(t, node, w) && n->run.priority >= 1)
		return false;
	if (n->run.all_freed || node_is_balanced(t->k->pa, node, 0, w->highest))
		n->failures = 0;
	else
		n->failures++;
	if (n->run.boosted)
		lower_boost(t, c, node, w->highest);
	n->run = (struct kswapd_run){ 0 };
	reclaim_forget_met(t->k, node);
	return true;
}

/* kswapd_try_to_sleep() */
static void prepare_to_sleep(struct kthreads *t, struct cpu *c, u32 node, const struct wanted *w)
{
	struct page_alloc *pa = t->k->pa;
	struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		if (z->node == node)
			compact_forget_skips(z);
	wake_kcompactd(t, c, node, w->order, w->highest);
}

static void run_kswapd(struct kthreads *t, struct cpu *c, u32 node)
{
	struct wanted w = t->node[node].kswapd;
	u64 begin = charge_begin(&t->k->charger, c);

	kernel_path_step(t->k, c, NULL, STEP_KSWAPD_RUN);
	t->st.kswapd_slices++;
	if (balance(t, c, node, &w)) {
		prepare_to_sleep(t, c, node, &w);
		charge_trace(&t->k->charger, c, TRACE_KSWAPD_SLEEP, TRACE(node), NULL);
		fall_asleep(&t->node[node].kswapd);
	}
	charge_end(&t->k->charger, c, TL_KSWAPD, begin, node, w.order);
}

static void run_kcompactd(struct kthreads *t, struct cpu *c, u32 node)
{
	struct wanted w = t->node[node].kcompactd;
	u64 begin = charge_begin(&t->k->charger, c);

	kernel_path_step(t->k, c, NULL, STEP_KSWAPD_RUN);
	t->node[node].deferred = 0;
	kcompactd_run(t->k->pa, c, node, w.order, w.highest);
	fall_asleep(&t->node[node].kcompactd);
	charge_end(&t->k->charger, c, TL_KCOMPACTD, begin, node, w.order);
}

/* It sleeps for a device's queue, or between passes. */
static u64 wake_time(struct kthreads *t, struct cpu *c, const struct node_threads *n)
{
	u64 now = c->ops->now(c);

	if (!n->kswapd.awake || n->kcompactd.awake || n->run.sleep_until <= now)
		return now;
	reclaim_count_sleep(t->k, c, n->run.sleep_until, n->run.priority);
	return n->run.sleep_until;
}

void kernel_run_threads(struct kernel *k, struct cpu *c, u32 node)
{
	struct task *task = k->cpu[c->id].task;
	struct kthreads *t = k->kthreads;
	const struct node_threads *n = &t->node[node];
	struct mm *mm = asid_lend(k, c);
	u64 begin = c->ops->now(c);

	kernel_task_run(k, c, NULL);
	if (n->kswapd.awake)
		run_kswapd(t, c, node);
	else if (n->kcompactd.awake)
		run_kcompactd(t, c, node);
	kernel_task_run(k, c, task);
	asid_return(mm, c);
	t->st.cycles += c->ops->now(c) - begin;
	if (n->kswapd.awake || n->kcompactd.awake)
		t->wake(t->wake_arg, c, node, wake_time(t, c, n));
}

void kcompactd_tick(struct kthreads *t, struct cpu *c, u32 node)
{
	struct node_threads *n = &t->node[node];

	if (n->deferred) {
		n->deferred--;
		return;
	}
	kernel_path_step(t->k, c, NULL, STEP_KSWAPD_RUN);
	if (!kcompactd_proactive(t->k->pa, c, node))
		n->deferred = DEFERRED_LOOKS;
}

/* ---- what the page allocator asks ---- */

/* Reclaim that gets something gives kswapd hope again: shrink_node(). */
static u64 direct(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	struct kernel *k = arg;
	u64 freed = reclaim_direct(k, c, gfp, order);
	u32 i;

	for (i = 0; freed && i < k->nodes; i++)
		k->kthreads->node[i].failures = 0;
	return freed;
}

static u64 reclaimable(void *arg, const struct zone *z)
{
	return reclaim_possible(arg, z);
}

static bool oom(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	return oom_kill(arg, c, 0);
}

static bool nap(void *arg, struct cpu *c)
{
	return c && reclaim_nap(arg, c);
}

static struct reclaim_progress *progress(void *arg, const struct cpu *c)
{
	return reclaim_progress(arg, c);
}

static bool waits(void *arg, const struct cpu *c)
{
	return c && reclaim_waits(arg, c);
}

const struct reclaim_ops kernel_reclaim_ops = {
	.wake_kswapd = wake_kswapd,
	.direct = direct,
	.reclaimable = reclaimable,
	.oom = oom,
	.waits = waits,
	.nap = nap,
	.progress = progress,
};
