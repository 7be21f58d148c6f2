/*
 * Steps of the page allocator; see step.h. Counted on 6.12: 231 instructions a page of a refill, of which one
 * split is charged by itself, and 900 a page drained with its merges, one on average.
 */
#ifndef MMSIM_MM_STEP_ALLOC_H
#define MMSIM_MM_STEP_ALLOC_H

#define ALLOC_STEPS(X)                                                                               \
	X(ALLOC_PAGE, PCP, 60, 90, 210, 420, "alloc_pages() but for the list or the buddy")          \
	X(PCP_ALLOC, PCP, 0, 55, 120, 180, "a page from a per-CPU list")                             \
	X(PCP_FREE, PCP, 0, 60, 110, 300, "a page to a per-CPU list")                                \
	X(PCP_REFILL, REFILL, 0, 40, 60, 60, "a refill, beside its pages")                           \
	X(PCP_REFILL_PAGE, REFILL, 0, 40, 70, 186, "each block of a refill")                         \
	X(PCP_DRAIN, DRAIN, 0, 40, 60, 60, "giving back, beside its pages")                          \
	X(PCP_DRAIN_PAGE, DRAIN, 0, 45, 80, 840, "each block given back, without merging")           \
	X(BUDDY_ALLOC, BUDDY, 100, 100, 180, 250, "a block from the buddy")                          \
	X(BUDDY_SPLIT, BUDDY, 12, 15, 30, 45, "a level of splitting")                                \
	X(BUDDY_FREE, BUDDY, 80, 80, 140, 250, "a block to the buddy")                               \
	X(BUDDY_MERGE, BUDDY, 20, 20, 40, 60, "a level of merging")                                  \
	X(FALLBACK, FALLBACK, 0, 0, 90, 150, "a search of other migratetypes")                       \
	X(FALLBACK_PAGE, FALLBACK, 0, 0, 6, 8, "each block looked at in a pageblock")                \
	X(COMPACT_ROUND, COMPACT, 0, 0, 300, 600, "a round of compaction, beside its pages")         \
	X(COMPACT_SCAN, COMPACT, 0, 0, 15, 20, "each block or page that a scanner looks at")         \
	X(COMPACT_ISOLATE, COMPACT, 0, 0, 80, 150, "each page or free block taken out of its place") \
	X(COMPACT_MOVE, COMPACT, 0, 0, 700, 1500, "each page moved, beside its copy and its entries")

#endif
