/*
 * Groups of processes with a limit: memory control groups (mm/memcontrol.c). A page is charged to the group
 * of who asks for it first, whether private or of a file, and uncharged when it is freed. Who would exceed
 * the limit reclaims from the group's own lists, at once and in its own time, and if that does not help one
 * of the group's processes is killed.
 *
 * Group 0 is everybody else, and has no limit. Not modelled: hierarchies, soft limits and low marks, kernel
 * memory, the throttling of high. For model/mm.
 */
#ifndef MMSIM_MM_MEMCG_H
#define MMSIM_MM_MEMCG_H

#include "model/mm/rmap.h"

#define MEMCG_CHARGE_BATCH 64u /* pages that a hardware thread takes at once: include/linux/memcontrol.h */

#define MEMCG_STATS(X)                                                                       \
	X(usage, "pages", "charged now, those that hardware threads have in store included") \
	X(usage_max, "pages", "at most")                                                     \
	X(limit, "pages", "that it may have")                                                \
	X(failcnt, "charges", "that met the limit")                                          \
	X(charged, "pages", "so far")                                                        \
	X(uncharged, "pages", "so far")                                                      \
	X(oom, "charges", "for which one of its processes was killed, or none could be")

struct memcg_stats {
	MEMCG_STATS(STAT_FIELD)
};

u32 memcg_groups(const struct kernel_cfg *cfg); /* numbers up to this one are in use */
void memcg_boot(struct kernel *k, u32 cpus);
void memcg_free(struct kernel *k);
void memcg_stats_add(struct kernel *k, struct stats *s); /* registers mm.group.NAME.* */

/*
 * New pages are charged to the group of the address space that the hardware thread has loaded. False: there
 * is no room, or its fault has to wait (kernel_cpu.reclaim_until); nothing is charged.
 */
bool memcg_charge(struct kernel *k, struct cpu *c, u32 gfp, u64 pfn, u32 pages);
/* The same for another address space's group. */
bool memcg_charge_mm(struct kernel *k, struct cpu *c, const struct mm *mm, u32 gfp, u64 pfn, u32 pages);
/* A page that was charged is freed. */
void memcg_uncharge(struct kernel *k, struct page *p);
/* Whether its group may have one more page in swap. */
bool memcg_may_swap(const struct kernel *k, const struct page *p);
/* A page of shared memory that was charged to it got a slot (1), or gave one back (-1); how many have. */
void memcg_count_shmem(struct kernel *k, u32 group, s32 slots);
u64 memcg_shmem(const struct kernel *k, u32 group);
/* --check: counts against the pages. */
void memcg_sane(const struct kernel *k);

#endif
