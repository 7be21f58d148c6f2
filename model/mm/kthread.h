/*
 * Periodic work and kernel threads: vmstat tick and slab reaper of each hardware thread (tick.c), kswapd and
 * kcompactd of each node (kswapd.c). When and on which hardware thread they run, who keeps the time decides
 * (kernel.h).
 *
 * kswapd works in slices, between which others run. Not modelled: stacks and task_structs of their own,
 * priorities, that they can be preempted; the folding of counters (a zone's are exact here). For kernel*.c of
 * model/mm.
 */
#ifndef MMSIM_MM_KTHREAD_H
#define MMSIM_MM_KTHREAD_H

#include "model/mm/alloc.h"
#include "model/mm/mm.h"

#define KTHREAD_STATS(X)                                                                      \
	X(cycles, "cycles", "for which kswapd or kcompactd had a hardware thread")            \
	X(reaped, "pages", "of slabs, that the reaper gave back")                             \
	X(proactive, "runs", "of kcompactd over a node that was too fragmented")              \
	X(kswapd_wakes, "wakes", "of kswapd while it slept")                                  \
	X(kswapd_hopeless, "wakes", "that were not made: the last 16 runs had found nothing") \
	X(kswapd_slices, "slices", "of its work, between which others run")                   \
	X(kswapd_shrunk, "pages", "of slabs, that kswapd gave back")                          \
	X(kcompactd_wakes, "wakes", "of kcompactd while it slept, by kswapd or in its place")

struct kthread_stats {
	KTHREAD_STATS(STAT_FIELD)
};

/* What a thread was asked for since it slept. */
struct wanted {
	bool awake;
	u32 order;
	enum zone_type highest;
};

/* How far balance_pgdat() has come; all 0: it has not begun. */
struct kswapd_run {
	s32 priority;
	u64 target, scanned, freed; /* pages of the pass at this priority */
	u64 all_freed;
	u64 sleep_until; /* cycle until which it sleeps, vmscan_wait.c */
	bool preempted;
	u64 boost;       /* pages still to be freed for boosted marks alone: nr_boost_reclaim */
	bool boosted;    /* there were any at its beginning */
};

/* Of a node. */
struct node_threads {
	struct kswapd_run run;
	u32 batch; /* pages that kswapd isolates together; 0: it has never run */
	struct wanted kswapd, kcompactd;
	u32 failures; /* runs of kswapd in a row that found nothing */
	u32 deferred; /* looks of kcompactd that are left out */
};

struct kthreads {
	struct kernel *k;
	struct node_threads *node;
	u64 period[NR_KERNEL_TICKS], stagger; /* cycles */
	u64 ticks[NR_KERNEL_TICKS];
	kernel_wake_fn wake; /* NULL: nobody runs threads */
	void *wake_arg;
	u64 pageoutrun;
	struct kthread_stats st;
};

struct kthreads *kthreads_new(struct kernel *k, u64 hz);
void kthreads_free(struct kthreads *t);
void kthreads_stats_add(struct kthreads *t, struct stats *s); /* registers mm.kthread.* */
/* For struct page_alloc, with the kernel as argument: slabs shrink, threads are woken. */
extern const struct reclaim_ops kernel_reclaim_ops;
/* It has work to do; it found nothing in its last 16 runs. */
bool kswapd_is_awake(const struct kernel *k, u32 node);
bool kswapd_is_hopeless(const struct kernel *k, u32 node);
/* kcompactd's look at its node every so often. */
void kcompactd_tick(struct kthreads *t, struct cpu *c, u32 node);

#endif
