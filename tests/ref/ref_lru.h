/*
 * The slow and obvious twin of analysis/stackdist: a list of units in the order of their last reference,
 * searched from its front, and windows counted one by one.
 */
#ifndef MMSIM_TESTS_REF_LRU_H
#define MMSIM_TESTS_REF_LRU_H

#include "model/base/types.h"

struct ref_lru {
	u64 *unit; /* the last referenced one first */
	u32 n;
};

#define REF_LRU_COLD UINT32_MAX

/* Its distance, REF_LRU_COLD at its first reference; moves it to the front. */
u32 ref_lru_touch(struct ref_lru *l, u64 unit);
void ref_lru_fini(struct ref_lru *l);

/* Different units among the last tau references, averaged over the moments after each of the n references. */
double ref_working_set(const u64 *stream, u32 n, u32 tau);

#endif
