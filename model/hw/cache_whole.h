/*
 * Many whole lines written one after the other in a first level, as when a frame is cleared, and what that
 * turns out: victims go down through the levels together. Each level then works through the sets of all of
 * them, which the host has fetched by then, instead of each line through all levels. The results are those of
 * cache_store() for each line: as long as nothing is read, a level's lines follow from the order in which it
 * is asked, not from when other levels are.
 *
 * Only where levels are plain: no directory, no inclusion, no prefetcher in the first, every victim gone at
 * once. Called by the core.
 */
#ifndef MMSIM_HW_CACHE_WHOLE_H
#define MMSIM_HW_CACHE_WHOLE_H

#include "model/hw/cache.h"

/* At most so many wait together. */
#define CACHE_DOWN 64u

/* Dirty victims on their way down from a level: the line's number, the cycle, whether the kernel brought it.
 */
struct cache_down {
	u32 n;
	u8 service;
	u64 *turns_out;
	u64 line[CACHE_DOWN + 1], at[CACHE_DOWN + 1]; /* and one that may not have to go */
	bool kernels[CACHE_DOWN + 1];
};

/* Whether the first level is such that the following may be called. */
bool cache_takes_whole(const struct cache *c);
/* How many lines from a request's on, at most n, are not here. */
u32 cache_absent(const struct cache *c, const struct mem_req *r, u32 n);
/*
 * So many lines from a request's on, which are not here, are wholly written by the kernel, each at its cycle:
 * their dirty victims are added to `d`. Nothing may be asked of the levels below before cache_send_down().
 */
void cache_put_whole(struct cache *c, const struct mem_req *r, u32 n, const u64 *at, struct cache_down *d);
/* What waits goes down; d is empty then. */
void cache_send_down(struct cache *c, struct cache_down *d);

#endif
