/*
 * What reclaim waits for. Who submits to a device whose queue is full sleeps until it has room, and 2.4 for a
 * page that it has begun to write before: that is always so. When a pass over the lists has freed too little,
 * Linux takes a nap by rules that have changed (kernel.reclaim_wait), all of mm/vmscan.c:
 *
 *   each_pass    2.5.44 to 2.6.7: after each, try_to_free_pages() and balance_pgdat() call
 *                blk_congestion_wait()
 *   late_passes  2.6.8 to 2.6.35: after those below DEF_PRIORITY - 2, if pages were looked at
 *   congested    2.6.36 to 5.15: the same, but direct reclaim only while a queue is full and all the dirty
 *                pages that it met had to stay for that: wait_iff_congested()
 *   throttle     since 5.16, reclaim_throttle(): direct reclaim for a jiffy, if it got nothing down to
 *                priority 1 or all dirty pages that kswapd met are being written; kswapd if it meets pages
 *                under write-back again, until more than a batch of pages is written
 *
 * A nap ends with a write while the queue is not congested, or with its time (drivers/block/ll_rw_blk.c:
 * blk_congestion_wait() of 2.5.66, mm/backing-dev.c:congestion_wait()): it is long where nothing is written.
 *
 * Not modelled: who waits for kswapd because less than half of the reserve is left
 * (throttle_direct_reclaim()), for the limit of dirty pages (throttle_vm_writeout(), 2.6.11 to 4.8), for
 * pages that others have isolated; that progress of others ends a jiffy's sleep early.
 */
#include "model/mm/footprint.h"
#include "model/mm/kthread.h"
#include "model/mm/page_cache.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"
#include "model/mm/writeback.h"
#include "model/sim/time.h"

/* Jiffies of a second, CONFIG_HZ: those of i386 from 2.5.25 on. */
#define HZ 1000u
/* Of naps: HZ/4 in 2.5, HZ/10 since 2.6.0; HZ/50 before __alloc_pages() tries again. */
#define NAP_2_5   (HZ / 4)
#define NAP       (HZ / 10)
#define NAP_RETRY (HZ / 50)

static enum reclaim_wait_rule era_rule(enum kernel_era era)
{
	if (era < ERA_2_5_66)
		return RECLAIM_WAIT_NEVER;
	if (era < ERA_2_6_9)
		return RECLAIM_WAIT_EACH;
	if (era < ERA_2_6_37)
		return RECLAIM_WAIT_LATE;
	return era < ERA_6_X ? RECLAIM_WAIT_CONGESTED : RECLAIM_WAIT_THROTTLE;
}

static enum reclaim_wait_rule rule_of(const struct kernel *k)
{
	return k->cfg.reclaim_wait ? (enum reclaim_wait_rule)(k->cfg.reclaim_wait - 1)
				   : era_rule((enum kernel_era)k->cfg.era);
}

static u64 jiffies(const struct kernel *k, u32 n)
{
	return k->hz / HZ * n;
}

/* Else no time passes in the kernel. */
static bool can_sleep(const struct kernel *k)
{
	return k->charger.on && !time_stands;
}

/* ---- how long ---- */

/* blk_congestion_wait(WRITE, n); queues of all devices are one. */
static u64 nap_until(struct kernel *k, u64 now, u32 n)
{
	struct blockdev *swap = swap_device(k);
	u64 at = now + jiffies(k, n);

	if (k->storage)
		at = MIN(at, blockdev_congestion_over(k->storage, now));
	if (swap)
		at = MIN(at, blockdev_congestion_over(swap, now));
	return at;
}

static u32 nap_jiffies(const struct kernel *k)
{
	return k->cfg.era == ERA_2_5_66 ? NAP_2_5 : NAP;
}

/* skip_throttle_noprogress(): kswapd has no hope, or not half of what could be reclaimed is to be written. */
static bool skips_throttle(const struct scan *s)
{
	const struct kernel *k = s->k;
	u64 reclaimable = 0, pending, when;
	const struct zone *z;

	if (kswapd_is_hopeless(k, s->c->node))
		return true;
	for (z = k->pa->zone; z < k->pa->zone + k->pa->n_zones; z++)
		reclaimable += reclaim_possible(k, z);
	pending = k->page_cache->dirty + page_transfer_writes(k, 0, &when);
	return 2 * pending <= reclaimable;
}

/* ---- when ---- */

static bool is_late(const struct scan *s)
{
	return s->scanned && s->priority < reclaim_first_priority(s->k) - 2;
}

static bool meets_congestion(const struct scan *s)
{
	const struct lru *l = s->k->lru;
	u32 i;

	for (i = 0; i < l->units * l->groups; i++)
		if (l->vec[i].congested && scan_covers(s, &l->vec[i]))
			return true;
	return false;
}

/* consider_reclaim_throttle(), shrink_node() */
static u64 throttle_until(const struct scan *s, u64 now)
{
	bool stuck = s->priority == 1 && !s->freed;

	return (stuck || meets_congestion(s)) && !skips_throttle(s) ? now + jiffies(s->k, 1) : now;
}

/* shrink_node() of kswapd */
static u64 kswapd_throttle_until(const struct scan *s, u64 now)
{
	u64 written;

	if (!s->met.again)
		return now;
	page_transfer_writes(s->k, SWAP_CLUSTER_MAX, &written);
	return MIN(written, now + jiffies(s->k, NAP));
}

/* wait_iff_congested(); kswapd keeps congestion_wait(). */
static bool may_nap(const struct scan *s, u64 now)
{
	return s->kswapd || (meets_congestion(s) && writeback_is_congested(s->k, now));
}

static u64 pass_until(const struct scan *s, u64 now)
{
	struct kernel *k = s->k;

	switch (rule_of(k)) {
	case RECLAIM_WAIT_EACH:
		return nap_until(k, now, nap_jiffies(k));
	case RECLAIM_WAIT_LATE:
		return is_late(s) ? nap_until(k, now, NAP) : now;
	case RECLAIM_WAIT_CONGESTED:
		return is_late(s) && may_nap(s, now) ? nap_until(k, now, NAP) : now;
	case RECLAIM_WAIT_THROTTLE:
		return s->kswapd ? kswapd_throttle_until(s, now) : throttle_until(s, now);
	case RECLAIM_WAIT_NEVER:
		break;
	}
	return now;
}

/* Of a group: for the first transfer that it met, lest it is killed while its own pages are being written. */
static u64 group_until(const struct scan *s, u64 now)
{
	if (s->until == ~(u64)0 || s->freed != s->pass_freed || !is_late(s))
		return now;
	return MIN(s->until, now + jiffies(s->k, NAP));
}

u64 reclaim_kswapd_until(const struct scan *s)
{
	u64 now = s->c->ops->now(s->c);

	return can_sleep(s->k) ? pass_until(s, now) : now;
}

/* ---- what was met ---- */

void reclaim_note_met(struct scan *s, struct lruvec *v)
{
	const struct met *m = &s->met;

	if (s->kswapd && m->writeback && m->writeback == m->taken)
		v->writeback = true;
	if (m->dirty && m->dirty == m->congested && (s->kswapd || rule_of(s->k) != RECLAIM_WAIT_THROTTLE))
		v->congested = true;
}

/* clear_pgdat_congested() */
void reclaim_forget_met(struct kernel *k, u32 node)
{
	struct lru *l = k->lru;
	u32 i, unit;

	for (i = 0; l && i < l->units * l->groups; i++) {
		unit = l->vec[i].unit;
		if ((l->by_node ? unit : k->pa->zone[unit].node) == node)
			l->vec[i].congested = l->vec[i].writeback = false;
	}
}

/* ---- waiting ---- */

void reclaim_count_sleep(struct kernel *k, struct cpu *c, u64 until, s32 priority)
{
	u64 now = c->ops->now(c);

	k->reclaim.waits++;
	k->reclaim.wait_cycles += until - now;
	timeline_instant(k->charger.timeline, c->id, TL_RECLAIM_WAIT, now, until - now, (u64)priority);
}

static void make_again(struct kernel *k, struct cpu *c, u64 until)
{
	k->cpu[c->id].reclaim_until = until;
	reclaim_progress(k, c)->slept = true;
}

/* False: the thread is in a fault, waits and makes it again; else the hardware thread waits. */
static bool sleep_until(struct kernel *k, struct cpu *c, u64 until, s32 priority)
{
	if (until <= c->ops->now(c) || !can_sleep(k))
		return true;
	reclaim_count_sleep(k, c, until, priority);
	if (k->cpu[c->id].in_fault) {
		make_again(k, c, until);
		return false;
	}
	c->ops->wait_until(c, KPATH_IO_WAIT, until);
	return true;
}

/*
 * wakeup_bdflush() for as many pages as were looked at; since 2.6.8 if those of all passes are more than a
 * batch and a half. 6.x wakes it where it meets dirty pages.
 */
static void wake_flusher(const struct scan *s)
{
	enum kernel_era era = (enum kernel_era)s->k->cfg.era;

	if (era < ERA_2_5_66 || era == ERA_6_X)
		return;
	if (era < ERA_2_6_9)
		writeback_wake_for_pages(s->k, s->c, s->scanned - s->pass_scanned);
	else if (s->scanned > SWAP_CLUSTER_MAX + SWAP_CLUSTER_MAX / 2)
		writeback_wake_for_pages(s->k, s->c, s->scanned);
}

bool reclaim_wait(struct scan *s)
{
	u64 now = s->c->ops->now(s->c), until = s->blocked;
	s32 priority = s->priority;

	s->blocked = ~(u64)0;
	if (until == ~(u64)0) {
		if (!s->group)
			wake_flusher(s);
		until = s->group ? group_until(s, now) : pass_until(s, now);
		s->priority--;
	}
	s->until = ~(u64)0;
	return sleep_until(s->k, s->c, until, priority);
}

/* should_reclaim_retry() since 4.7 ends with cond_resched(): kswapd may have what is missing. */
static bool yields(struct kernel *k, struct cpu *c)
{
	if (!k->cpu[c->id].in_fault || !kswapd_is_awake(k, c->node) || !can_sleep(k))
		return false;
	make_again(k, c, c->ops->now(c) + 1);
	return true;
}

bool reclaim_nap(struct kernel *k, struct cpu *c)
{
	enum reclaim_wait_rule rule = rule_of(k);
	u64 now = c->ops->now(c);

	if (rule == RECLAIM_WAIT_THROTTLE)
		return yields(k, c);
	if (rule == RECLAIM_WAIT_NEVER)
		return false;
	if (rule == RECLAIM_WAIT_CONGESTED && !writeback_is_congested(k, now))
		return false;
	return !sleep_until(k, c, nap_until(k, now, NAP_RETRY), 0);
}

/* ---- of a thread ---- */

bool reclaim_waits(const struct kernel *k, const struct cpu *c)
{
	return k->cpu[c->id].reclaim_until;
}

struct reclaim_progress *reclaim_progress(struct kernel *k, const struct cpu *c)
{
	struct kernel_cpu *kc = &k->cpu[c->id];

	return kc->task ? &kc->task->progress : &kc->progress;
}

/* What it waited in ends, though it got its memory without it. */
void reclaim_is_over(struct kernel *k, struct cpu *c)
{
	struct reclaim_progress *p = reclaim_progress(k, c);

	if (p->waits)
		charge_trace(&k->charger, c, TRACE_RECLAIM_END, TRACE(p->freed), NULL);
	*p = (struct reclaim_progress){ 0 };
}
