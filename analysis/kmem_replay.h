/*
 * Replays a recording of a kernel's page allocator (kmem_recording.h) through the modelled per-CPU lists and
 * buddy of 6.7 on, and keeps what the model refilled and drained beside what the kernel did.
 *
 * Each zone of the kernel is a zone of the model with its marks, its number of free pages and its sets'
 * counts and high marks; where its pages lie is not known and not needed. A list holds at the start what was
 * taken out of it before its first refill, which found it empty; of lists that were never refilled it is what
 * they must have had, and the rest of the set's count goes to one of them.
 *
 * Not known, and taken for 0: how many pages were freed lately (free_count) and the size of the next refill
 * (alloc_factor) at the start.
 */
#ifndef MMSIM_ANALYSIS_KMEM_REPLAY_H
#define MMSIM_ANALYSIS_KMEM_REPLAY_H

#include "analysis/kmem_recording.h"
#include "model/mm/pcp.h"

/* Of a zone, a CPU and a list; blocks in `start`, pages elsewhere. */
struct kmem_list {
	u64 start;
	bool refilled;     /* by the kernel: its start is known */
	s64 out, most_out; /* blocks taken out less those put in, up to the first refill */
	u64 allocs, frees;
	u64 refills[2], refilled_pages[2], drained[2]; /* of the kernel, of the model */
};

struct kmem_set {
	struct kmem_list list[PCP_MAX_LISTS];
	u64 rest;    /* pages of the count that were put into one list */
	u64 missing; /* by which lists must have had more than the count */
};

struct kmem_replay {
	const struct kmem_recording *rec;
	const struct kmem_zoneinfo *info;
	bool before_6_16;
	struct page_alloc *pa[KMEM_MAX_ZONES];
	struct kmem_set *set; /* zone * cpus + cpu */
	struct kmem_bursts model;
	u64 ticks;
	u64 unknown_frees; /* of pages that were allocated before */
	u64 failed;        /* the model had no page */
	u64 odd_sizes;     /* sets whose sizes are not what the model works out from the marks */
};

/* before_6_16: with a batch of pages freed lately, not with half of high_min more, blocks of orders 1 to 3
 * that are freed one after the other go to the buddy. */
void kmem_replay_run(struct kmem_replay *r, const struct kmem_recording *rec,
		     const struct kmem_zoneinfo *info, bool before_6_16);
void kmem_replay_fini(struct kmem_replay *r);

static inline struct kmem_set *kmem_set_of(const struct kmem_replay *r, u32 zone, u32 cpu)
{
	return &r->set[zone * r->info->cpus + cpu];
}

/* Names of lists: "movable", "order 2 unmovable", "huge movable". */
const char *kmem_list_name(u32 list);

#endif
