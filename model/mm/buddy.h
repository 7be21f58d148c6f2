/*
 * The buddy system of a zone: blocks of 2^order pages, split and merged by the rules of the era. The zone's
 * lock is held by the caller. For the page allocator's own files.
 */
#ifndef MMSIM_MM_BUDDY_H
#define MMSIM_MM_BUDDY_H

#include "model/mm/alloc.h"

/* A block of that migratetype, or by fallback of another; NO_FRAME: none. mm/page_alloc.c:__rmqueue() */
u64 buddy_take(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp);
/* __free_one_page(): merges as far as it goes. to_tail: FPI_TO_TAIL. */
void buddy_give(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool to_tail);
/*
 * move_freepages_block(): all free blocks of pfn's pageblock go to the lists of that type, and the pageblock
 * gets it. Returns pages moved.
 */
u64 buddy_retype(struct zone *z, struct cpu *c, u64 pfn, enum migratetype type);
/* The migratetype of a page's pageblock. */
enum migratetype block_type(const struct zone *z, u64 pfn);
void set_block_type(struct zone *z, u64 pfn, enum migratetype type);

#endif
