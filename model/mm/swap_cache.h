/*
 * The swap cache: which page a slot has in memory, or what the last one left behind (a shadow).
 * mm/swap_state.c: 2.4 kept it in the hash of all pages, 2.6 in one radix tree, 6.x in an xarray for each 64
 * MB of the device.
 *
 * Not modelled: 6.18's tables in the clusters. For swap*.c.
 */
#ifndef MMSIM_MM_SWAP_CACHE_H
#define MMSIM_MM_SWAP_CACHE_H

#include "model/mm/swap_impl.h"

struct swap_cache *swap_cache_new(struct swap *s);
void swap_cache_free(struct swap_cache *sc);
/* The page, which is in no cache, becomes the slot's; one more reference of its frame. False: no memory. */
bool swap_cache_add(struct swap_cache *sc, struct cpu *c, u64 slot, u64 pfn);
/* It is not any more, and shadow (0: none) is left. The reference is the caller's. */
void swap_cache_delete(struct swap_cache *sc, struct cpu *c, u64 slot, u64 shadow);
/* The slot becomes free: its shadow goes. */
void swap_cache_forget(struct swap_cache *sc, struct cpu *c, u64 slot);
/* swap_cache_page() as a fault asks, with its cost. */
u64 swap_cache_find(struct swap_cache *sc, struct cpu *c, u64 slot);
u64 swap_cache_entry(const struct swap_cache *sc, u64 slot);
void swap_cache_sane(const struct swap_cache *sc);

#endif
