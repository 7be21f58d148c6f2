/*
 * Per-CPU lists of pages between their users and the buddy, one set a zone and hardware thread, in three
 * historical forms (enum pcp_form), each in its file: pcp_hot_cold.c, pcp_merged.c, pcp_lists.c.
 *
 * Not modelled: that the lock of a set is only tried (from 5.18 on), after which a page goes past the lists:
 * paths run at once, so nobody ever holds another's; sysctl vm.percpu_pagelist_fraction; changes of sizes
 * while the machine runs.
 *
 * Charged here: steps, the set's own lines, the struct pages that are linked and unlinked, the counter of
 * events. What the buddy touches it charges itself; the type of a freed page's block who asks for it.
 *
 * For the page allocator's own files, and for procfs.
 */
#ifndef MMSIM_MM_PCP_H
#define MMSIM_MM_PCP_H

#include "model/mm/alloc.h"

/* 6.7 on: three types of orders 0 to 3 each, then blocks of a huge page's order: others, movable. */
#define PCP_MAX_LISTS 14u

struct pcp {
	u64 va;    /* of struct per_cpu_pages in this CPU's area */
	u32 count; /* pages in all lists */
	u32 high, high_min, high_max, batch;
	u32 alloc_factor; /* a refill takes batch << alloc_factor pages */
	u32 free_count;   /* pages freed lately */
	u32 merge_from;   /* with so many, blocks of orders 1 to 3 go to the buddy: batch, up to 6.15 */
	u32 flags;
	u32 expire, seen; /* of another node: ticks until it is drained, the count when it was used last */
	struct free_list list[PCP_MAX_LISTS]; /* hot-cold: 0 hot, 1 cold */
	u32 nr[PCP_MAX_LISTS];                /* blocks in each */
	u32 low[2];                           /* hot-cold: refilled at that count */
	u32 hot_high, cold_high, cold_batch;
};

/* Sizes of the lists, after the zone's marks are known. */
void pcp_init_zone(struct zone *z, u32 cpus);
void pcp_fini_zone(struct zone *z);
/* Whether pages of that order go through the lists at all. */
bool pcp_takes(const struct page_alloc *pa, u32 order);
/* One block; refills if need be: *refilled says so. NO_FRAME: the buddy has none. */
u64 pcp_alloc(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp, bool *refilled);
/* type: that of the page's block. */
void pcp_free(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold);
/* drain_pages(): everything of that CPU's lists goes to the buddy; c pays. */
void pcp_drain(struct zone *z, struct cpu *c, u32 cpu);
/* The vmstat tick of that CPU, which is c's: refresh_cpu_vm_stats(); true: there is more to do at the next.
 */
bool pcp_tick(struct zone *z, struct cpu *c, u32 cpu);

/* Which list a block is in: for who shows the lists, or fills them. Hot-cold: 0 and 1. */
u32 pcp_list_of(const struct page_alloc *pa, u32 order, enum migratetype type);
/* Puts so many blocks from the buddy into a list, as if they had come by themselves; returns how many. */
u32 pcp_fill(struct zone *z, u32 cpu, u32 order, enum migratetype type, u32 blocks);
void pcp_stats_add(const struct page_alloc *pa, struct stats *s); /* mm.pcp.* */
/* ASSERTs that lists, counts and pages agree. */
void pcp_sane(const struct zone *z);

#endif
