/*
 * Steps of reverse mapping; see step.h. Columns are instructions of a kernel of that time with the scheme in
 * it, whichever it was; what a scheme does is the same in each, what surrounds it is not.
 *
 * Counted on 6.12: 195 instructions to note an anonymous page, of which 45 are the mapping and 150
 * statistics; 127 to forget one (100 of statistics); a walk of folio_referenced() that finds one entry 750,
 * of which 66, 86 and 100 are around it, 90 the lock and 60 the entry's bit (step_reclaim.h), the rest a
 * visit with its node of the tree; a visit by try_to_unmap() 465, also where nothing is mapped. A new
 * anon_vma costs a fault 300 to 1,030 with the objects. Insertion into an interval tree takes 22 to 71 and 7
 * to 170 of rebalancing. RMAP_COUNT is part of what a fault of a file's page, a fork and an unmapping cost in
 * step_fault.h's sources, whose rows are without it and RMAP_REMOVE.
 *
 * What 2.5 and 2.6 up to 2.6.8 do in page_add_rmap(), page_dup_rmap() and page_remove_rmap() was counted on
 * those functions of 2.5.65-mm3 (with and without H. Dickins' anobjrmap 3/6, Pine.LNX.4.44.0303202314190) and
 * of 2.6.5-rc, compiled by gcc -O2 -march=i686, instruction by instruction: uniprocessor builds in the column
 * of 2.4, SMP builds in that of 2.6.9. The text of a page's bit lock is part of them.
 */
#ifndef MMSIM_MM_STEP_RMAP_H
#define MMSIM_MM_STEP_RMAP_H

#define RMAP_STEPS(X)                                                                                       \
	X(RMAP_ADD, FAULT, 0, 0, 0, 150, "statistics of a page's first mapping")                            \
	X(RMAP_ADD_ANONMM, FAULT, 12, 12, 12, 12, "a private page's mapping and index: of an anonmm")       \
	X(RMAP_ADD_ANON_VMA, FAULT, 20, 20, 20, 20, "the same: of an anon_vma")                             \
	X(RMAP_ADD_CHAIN_VMA, FAULT, 45, 45, 45, 45, "the same: of an anon_vma that a chain leads to")      \
	X(RMAP_COUNT, FAULT, 8, 8, 8, 8, "one entry more that maps a page: its count")                      \
	X(RMAP_REMOVE, UNMAP, 12, 15, 15, 127, "one entry less")                                            \
	X(RMAP_PAGE_LOCK, FAULT, 0, 10, 0, 0, "to 2.6.8: a page's bit lock and what is asked under it")     \
	X(RMAP_CHAIN_DIRECT, FAULT, 24, 33, 33, 33, "pte_chain: an entry becomes a page's only one")        \
	X(RMAP_CHAIN_ADD, FAULT, 31, 36, 36, 36, "an entry into a chain's head")                            \
	X(RMAP_CHAIN_NEW, FAULT, 30, 35, 35, 35, "a new head, or the first one, beside the object")         \
	X(RMAP_CHAIN_EARLY, FAULT, 0, 13, 13, 13, "2.5.66: nr_reverse_maps, and whether there is the page") \
	X(RMAP_CHAIN_READY, FAULT, 16, 26, 26, 26, "a node that the CPU keeps taken, and put back unused")  \
	X(RMAP_CHAIN_ADDRESS, FAULT, 20, 20, 20, 20, "ptep_to_paddr() with CONFIG_HIGHPTE")                 \
	X(RMAP_CHAIN_SCAN, UNMAP, 5, 5, 5, 5, "each slot looked at for an entry that goes")                 \
	X(RMAP_CHAIN_REMOVE, UNMAP, 36, 47, 47, 47, "one entry less of chains; all of it if direct")        \
	X(RMAP_CHAIN_FILL, UNMAP, 14, 9, 9, 9, "its slot filled from the head")                             \
	X(RMAP_CHAIN_COUNT, FAULT, 24, 33, 33, 33, "objrmap: an entry more of an object's page")            \
	X(RMAP_CHAIN_UNCOUNT, UNMAP, 36, 45, 45, 45, "and one less")                                        \
	X(RMAP_CHAIN_VISIT, RECLAIM, 15, 15, 15, 15, "an entry of a chain, on a walk")                      \
	X(RMAP_FIND_VMA, RECLAIM, 20, 20, 25, 300, "finding its mapping, to unmap it")                      \
	X(RMAP_PREPARE, FAULT, 40, 40, 120, 250, "a new anon_vma, beside objects and links")                \
	X(RMAP_FORK_VMA, FORK, 30, 30, 80, 80, "each mapping or chain linked to an anon_vma")               \
	X(RMAP_FORK_MM, FORK, 40, 40, 60, 80, "anonmm: an address space joins its family, or leaves it")    \
	X(RMAP_LINK_LIST, SYSCALL, 15, 15, 15, 15, "a mapping into or out of a list")                       \
	X(RMAP_LINK_PRIO, SYSCALL, 60, 60, 60, 60, "into or out of a priority search tree")                 \
	X(RMAP_LINK_PRIO_LEVEL, SYSCALL, 12, 12, 12, 12, "each level of it on the way")                     \
	X(RMAP_LINK_INTERVAL, SYSCALL, 70, 70, 70, 70, "into or out of an interval tree, with rebalancing") \
	X(RMAP_LINK_INTERVAL_LEVEL, SYSCALL, 15, 15, 15, 15, "each level of it on the way")                 \
	X(RMAP_LOCK, RECLAIM, 10, 10, 25, 90, "lock of an object, an anon_vma, a family, and its release")  \
	X(RMAP_WALK, RECLAIM, 30, 40, 90, 252, "a walk, without lock and visits")                           \
	X(RMAP_MISS, RECLAIM, 40, 40, 45, 80, "a mapping on it that does not show the page")                \
	X(RMAP_VISIT, RECLAIM, 90, 90, 160, 331, "one that does, down the page tables")                     \
	X(RMAP_VISIT_UNMAP, RECLAIM, 10, 10, 20, 117, "more for that, to unmap")                             \
	X(RMAP_VISIT_MM, RECLAIM, 60, 60, 60, 60, "anonmm: an address space, down the page tables")         \
	X(RMAP_NODE, RECLAIM, 17, 17, 17, 17, "each node of a tree that a walk comes by")

#endif
