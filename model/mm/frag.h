/*
 * How fragmented the free memory of a zone is: the indices of mm/vmstat.c and mm/compaction.c, which
 * compaction decides by and /sys/kernel/debug/extfrag shows. For model/mm and procfs.
 */
#ifndef MMSIM_MM_FRAG_H
#define MMSIM_MM_FRAG_H

#include "model/mm/zone.h"

struct free_blocks {
	u64 pages;
	u64 blocks;   /* of all orders */
	u64 suitable; /* blocks of that order that could be made of them */
};
/* fill_contig_page_info() */
struct free_blocks free_blocks(const struct zone *z, u32 order);

/*
 * Of a request that would fail, in 1/1000: towards 0 it fails for want of memory, towards 1000 because of
 * fragmentation. -1000: it would not fail.
 */
s32 fragmentation_index(const struct zone *z, u32 order);
/* Part of the free memory that such a request could not have, in 1/1000; of none all. */
s32 unusable_free_index(const struct zone *z, u32 order);
/* The same in percent; of none nothing. */
u32 extfrag_for_order(const struct zone *z, u32 order);
/* What proactive compaction goes by: for blocks of a large page, zones weighted by their size. */
u32 fragmentation_score(const struct page_alloc *pa, u32 node);

#endif
