/*
 * Per-CPU lists of pages between their users and the buddy, one set a zone and hardware thread, in three
 * historical forms (enum pcp_form). For the page allocator's own files, and for procfs.
 */
#ifndef MMSIM_MM_PCP_H
#define MMSIM_MM_PCP_H

#include "model/mm/alloc.h"

#define PCP_MAX_LISTS 14u

struct pcp {
	u64 va;    /* of struct per_cpu_pages in this CPU's area */
	u32 count; /* pages in all lists */
	u32 high, high_min, high_max, batch;
	u32 alloc_factor, free_count, flags;
	struct free_list list[PCP_MAX_LISTS]; /* hot-cold: 0 hot, 1 cold */
	u32 nr[PCP_MAX_LISTS];                /* blocks in each */
	u32 low[2];                           /* hot-cold: refilled at that count */
	u32 hot_high, cold_high, cold_batch;
};

#define PCP_STATS(X)                                                \
	X(allocs, "pages", "taken from the lists")                  \
	X(frees, "pages", "put into them")                          \
	X(refills, "refills", "from the buddy")                     \
	X(refilled, "pages", "by these")                            \
	X(drains, "drains", "to the buddy because a list was full") \
	X(drained, "pages", "by these and all other drains")        \
	X(decays, "ticks", "that lowered a high mark")

struct pcp_stats {
	PCP_STATS(STAT_FIELD)
};

/* Sizes of the lists, after the zone's marks are known. */
void pcp_init_zone(struct zone *z, u32 cpus);
void pcp_fini_zone(struct zone *z);
/* Whether pages of that order go through the lists at all. */
bool pcp_takes(const struct page_alloc *pa, u32 order);
/* One block; refills if need be: *refilled says so. NO_FRAME: the buddy has none. */
u64 pcp_alloc(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp, bool *refilled);
void pcp_free(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold);
/* drain_pages(): everything of that CPU's lists goes to the buddy; c pays. */
void pcp_drain(struct zone *z, struct cpu *c, u32 cpu);
/* The vmstat tick of that CPU (decay_pcp_high()); true: there is more to do at the next. */
bool pcp_tick(struct zone *z, struct cpu *c, u32 cpu);

#endif
