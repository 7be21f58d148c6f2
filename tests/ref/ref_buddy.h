/*
 * A naive buddy system: for each frame the order and type of the free block that begins there and a rank, the
 * highest of which is the head of its list. Every search looks at all frames. The eras' rules are written
 * down once more here, from the descriptions in the kernel's trees, and the bitmaps of pairs are real ones.
 */
#ifndef MMSIM_REF_BUDDY_H
#define MMSIM_REF_BUDDY_H

#include "model/mm/gfp.h"
#include "model/mm/alloc.h"

#define REF_FRAMES 8192u

struct ref_buddy {
	enum kernel_era era;
	u64 start, end;
	u32 max_order, block_order;
	u64 high_mark, managed, boost;
	s8 order[REF_FRAMES]; /* of the free block that begins there, -1: none does */
	u8 type[REF_FRAMES];  /* of its list */
	s64 rank[REF_FRAMES];
	bool movable[REF_FRAMES]; /* in use, and could be moved */
	u8 block[REF_FRAMES];     /* type of each pageblock */
	bool pair[MAX_ORDERS][REF_FRAMES];
	s64 newest, oldest;
	u64 fallbacks, steals;
	u64 claims, small_steals, moves, refusals, whole; /* which ways were gone */
};

void ref_buddy_init(struct ref_buddy *b, const struct zone *z);
u64 ref_buddy_take(struct ref_buddy *b, u32 order, enum migratetype type, u32 gfp);
void ref_buddy_give(struct ref_buddy *b, u64 pfn, u32 order, enum migratetype type, bool to_tail);

#endif
