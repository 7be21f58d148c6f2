/*
 * Steps of reclaim; see step.h. 6.x: isolating 83 and a list operation of 40 a page, shrink_folio_list() 259
 * and one entry unmapped 1,300 with its flush of 250, its swap_duplicate() of 100 and the walk that finds it
 * (750 without them), a page freed in a batch 300 (PCP's rows), 195 more for a charge to a group; older
 * columns are estimates, as are the fixed parts.
 */
#ifndef MMSIM_MM_STEP_RECLAIM_H
#define MMSIM_MM_STEP_RECLAIM_H

#define RECLAIM_STEPS(X)                                                                                   \
	X(DIRECT_RECLAIM, RECLAIM, 150, 250, 600, 900, "try_to_free_pages() itself, a call")               \
	X(SHRINK_NODE, RECLAIM, 80, 150, 400, 700, "a zone or node looked at, at one priority")            \
	X(ISOLATE_BATCH, RECLAIM, 60, 120, 250, 420,                                                       \
	  "a batch taken from a list and put back, beside its pages")                                      \
	X(ISOLATE_PAGE, RECLAIM, 20, 25, 60, 123, "each page of that")                                     \
	X(PUTBACK_PAGE, RECLAIM, 20, 25, 50, 60, "each page that goes back to a list")                     \
	X(SHRINK_PAGE, RECLAIM, 100, 120, 200, 259, "what becomes of a page of an inactive list")          \
	X(AGE_PAGE, RECLAIM, 30, 40, 60, 80, "a page of an active list, without the walk to its mappings") \
	X(REFERENCED_ENTRY, RECLAIM, 15, 15, 30, 60, "an entry's accessed bit, looked at and cleared")     \
	X(UNMAP_ENTRY, RECLAIM, 60, 90, 150, 230,                                                          \
	  "an entry taken away by reclaim, beside finding it and the flush")                               \
	X(AGE_MM, RECLAIM, 0, 0, 0, 120, "walk_mm(): an address space that aging looks at")                \
	X(AGE_ENTRY, RECLAIM, 0, 0, 0, 14, "walk_pte_range(): each entry of it that has a page")           \
	X(SWAP_OUT_MM, RECLAIM, 60, 60, 60, 60, "swap_out(): an address space that is scanned")            \
	X(SWAP_OUT_VMA, RECLAIM, 20, 20, 20, 20, "swap_out_vma(): each mapping of it")                     \
	X(SWAP_OUT_ENTRY, RECLAIM, 25, 25, 25, 25, "try_to_swap_out(): each entry that has a page")        \
	X(REFAULT, RECLAIM, 0, 0, 0, 130, "workingset_refault(): was the page missed")                     \
	X(GROUP_CHARGE, FAULT, 0, 0, 150, 195, "memcg: a page more for a group with a limit")              \
	X(OOM_KILL, RECLAIM, 3000, 3000, 6000, 12000, "the OOM killer chooses")                            \
	X(OOM_TASK, RECLAIM, 40, 40, 60, 80, "each process that it looks at")

#endif
