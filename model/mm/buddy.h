/*
 * The buddy system of a zone: blocks of 2^order pages, split and merged by the rules of the era. The zone's
 * lock is held by the caller.
 *
 * Charged here, on KPATH_BUDDY: the lines of struct page, list heads, bitmap or pageblock types and the
 * counter, and STEP_BUDDY_SPLIT and _MERGE a level. The step of the block itself is the caller's, who knows
 * what it is a part of: STEP_BUDDY_ALLOC and _FREE, or a per-CPU list's STEP_PCP_REFILL_PAGE, _DRAIN_PAGE.
 *
 * Not modelled: MIGRATE_RESERVE (2.6.24 to 4.3), MIGRATE_CMA, page_alloc.shuffle.
 *
 * For the page allocator's own files.
 */
#ifndef MMSIM_MM_BUDDY_H
#define MMSIM_MM_BUDDY_H

#include "model/mm/alloc.h"

/* What differs between eras. */
struct buddy_rules {
	bool keeps_upper; /* splitting lists the lower half and goes on with the upper one, 2.4 */
	bool bitmap;      /* a bit a pair tells whether they can merge, up to 2.6.10 */
	bool tail;        /* a block that will merge soon goes to the tail of its list, from 2.6.35 on */
	bool block_types; /* merging pageblocks minds and matches their types, 6.10 */
};
extern const struct buddy_rules buddy_rules[NR_ERAS];

/* Bytes of a zone's bitmaps of pairs, or of the types of its pageblocks: what zone.map_va points to. */
u64 buddy_map_bytes(enum kernel_era era, u64 pages, u32 pageblock_order);
/* The zone has no free block. */
void buddy_init(struct zone *z);
/*
 * A block of that migratetype, or by fallback of another; NO_FRAME: none. Its head is PAGE_ALLOCATED, of that
 * order, no flags, no references. mm/page_alloc.c:__rmqueue()
 */
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
/* Of all pageblocks of a block of that order. change_pageblock_range() */
void set_block_types(struct zone *z, u64 pfn, u32 order, enum migratetype type);
/* Where the kernel has it. */
u64 block_type_va(const struct zone *z, u64 pfn);
/* ASSERTs that lists, counts and struct pages agree. */
void buddy_sane(const struct zone *z);

/* For fallback.c and compact.c. */
/* The smallest block of just that type that is large enough. __rmqueue_smallest() */
u64 buddy_take_own(struct zone *z, struct cpu *c, u32 order, enum migratetype type);
/* A free block leaves its list, and what is not needed of it goes to those of `type`. */
u64 buddy_take_block(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type);
/* A free block goes to the lists of another type. move_to_free_list() */
void buddy_move(struct zone *z, struct cpu *c, u64 pfn, enum migratetype to);
/* All free blocks of a pageblock do. Pages that did, 0 where it crosses the zone's border. */
u64 buddy_move_block(struct zone *z, struct cpu *c, u64 pfn, enum migratetype to);

#endif
