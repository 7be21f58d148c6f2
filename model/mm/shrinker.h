/*
 * How many objects of a kernel cache (dentries, inodes, ...) reclaim asks for:
 * mm/shrinker.c:do_shrink_slab(). Whoever owns objects that can be dropped registers nothing here: reclaim
 * calls shrinker_run() with it. For model/mm.
 */
#ifndef MMSIM_MM_SHRINKER_H
#define MMSIM_MM_SHRINKER_H

#include "model/base/types.h"

#define DEFAULT_SEEKS 2u
#define SHRINK_BATCH  128u

struct shrinker {
	u64 (*count)(void *arg);
	/* Looks at so many objects and drops those that nobody needs; how many those were. */
	u64 (*scan)(void *arg, u64 nr);
	void *arg;
	u32 seeks;    /* what making an object again costs; 0: nothing, and half of them go */
	u32 batch;    /* 0: SHRINK_BATCH */
	u64 deferred; /* objects that earlier calls should have looked at */
};

/* Objects that a call has to look at. */
u64 shrinker_goal(const struct shrinker *s, u64 freeable, u32 priority);
/* Returns objects that were dropped. */
u64 shrinker_run(struct shrinker *s, u32 priority);

#endif
