/*
 * Swap in memory, drivers/block/zram with mm/zsmalloc.c: a page is compressed by the thread that writes it,
 * and what it becomes lies in an object of zsmalloc's size classes, whose pages come out of the simulated
 * memory. How small pages become is drawn: some are of one value and take nothing, some do not compress and
 * take a page, the others lie evenly between two bounds (zram.*).
 *
 * Not modelled: what is in the pages, zsmalloc's compaction, write-back to a
 * device. For swap.c.
 */
#ifndef MMSIM_MM_SWAP_ZRAM_H
#define MMSIM_MM_SWAP_ZRAM_H

#include "model/mm/swap_impl.h"

#define ZRAM_STATS(X)                                                          \
	X(stored, "pages", "that it has now")                                  \
	X(same, "pages", "of these, of one value: nothing but a word is kept") \
	X(huge, "pages", "of these, that did not become smaller")              \
	X(compressed, "bytes", "that the others have become")                  \
	X(pages, "pages", "of memory in use for all of them")                  \
	X(pages_max, "pages", "of memory in use at most")                      \
	X(writes, "pages", "compressed")                                       \
	X(reads, "pages", "decompressed")                                      \
	X(failed, "pages", "for which there was no memory")

struct zram_stats {
	ZRAM_STATS(STAT_FIELD)
};

struct zram *zram_new(struct kernel *k, const struct zram_cfg *cfg, u64 slots, u64 seed);
void zram_free(struct zram *z);
void zram_stats_add(const struct zram *z, struct stats *s); /* registers mm.zram.* */
/* The kernel's table of slots. False: no memory. */
bool zram_boot(struct zram *z);
/* The page's contents go to the slot, in place of what was there. False: no memory, the slot is empty. */
bool zram_write(struct zram *z, struct cpu *c, u64 slot, u64 pfn);
/* What the slot has, which stays, comes into a frame. */
void zram_read(struct zram *z, struct cpu *c, u64 slot, u64 pfn);
/* zram_slot_free_notify(): the slot is free. */
void zram_discard(struct zram *z, struct cpu *c, u64 slot);
void zram_sane(const struct zram *z);
/* Calls fn for each page of its objects. */
void zram_each_block(const struct zram *z, void (*fn)(void *arg, u64 pfn, u32 order), void *arg);

#endif
