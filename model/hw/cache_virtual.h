/*
 * What a first level has of its own, where virtual addresses matter: the search for a line by its physical
 * address, hits of a vivt cache without the TLB, flushes, the way predictor's verdict.
 *
 * A flush is what the kernel does by instructions, a line at a time (ARM's clean and invalidate by address,
 * MIPS's CACHE); the functions return how many of them it takes: one a line of the span, or one a line of
 * the cache where that is less. Write-backs are not waited for.
 *
 * Not modelled: what it costs to keep permissions. Called by the core; the cache's own part by cache.c.
 */
#ifndef MMSIM_HW_CACHE_VIRTUAL_H
#define MMSIM_HW_CACHE_VIRTUAL_H

#include "model/arch/cpu.h"
#include "model/hw/cache.h"

/* For cache.c. */
void cache_init_virtual(struct cache *c, const struct cache_params *p);
void cache_fini_virtual(struct cache *c);
void cache_stats_add_virtual(const struct cache *c, struct stats *s, const char *prefix);
void cache_sane_virtual(const struct cache *c);
void cache_fill_virtual(struct cache *c, u32 id, const struct mem_req *r);
/* A hit in line `id` that would be there at `done`: when it is. */
u64 cache_predict_way(struct cache *c, u32 id, const struct mem_req *r, u64 now, u64 done);

/* vivt: whether the line at va is there and grants the access; if so its physical address. */
bool cache_virtual_grants(const struct cache *c, u64 va, enum access_kind access, u64 *pa);
/* vivt: the TLB granted these accesses (a bit each) to the page; the line remembers, if it is there. */
void cache_virtual_learn(struct cache *c, u64 va, u32 grants);
/* cache_plain_hit() of a vivt cache; a hit lies in flight or not, see the line's MSHR. */
u32 cache_virtual_hit(const struct cache *c, u64 va, enum access_kind access);

/* vivt: requests come from that address space from now on. True: the cache has to be emptied first. */
bool cache_switch(struct cache *c, u16 asid);
u32 cache_flush_range(struct cache *c, u16 asid, u64 start, u64 end, u64 now);
u32 cache_flush_asid(struct cache *c, u16 asid, u64 now);
u32 cache_flush_all(struct cache *c, u64 now);

/*
 * alias = flush: va is about to use pa, of a page of that many bytes, of which another virtual address has
 * brought the line. All that it has brought of the page goes. 0: there is no such line.
 */
u32 cache_flush_alias(struct cache *c, u64 va, u64 pa, u64 page, u64 now);

#endif
