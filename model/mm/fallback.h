/*
 * What the buddy does for a migratetype that has no block left: it takes one of another type, and perhaps the
 * whole pageblock with it, by the rules of the era.
 *
 * For buddy.c, and for the per-CPU lists' tests.
 */
#ifndef MMSIM_MM_FALLBACK_H
#define MMSIM_MM_FALLBACK_H

#include "model/mm/buddy.h"

/* How much of a pageblock a fallback takes along. */
enum fallback_rule {
	FALLBACK_MOVES,  /* 2.6.24 to 4.11: from half a pageblock's order on, or for RECLAIMABLE, its free
			    pages; it changes its type if half of it moved */
	FALLBACK_STEALS, /* 4.12 to 6.10: pages in use that suit count too; MOVABLE that may not steal takes
			    the smallest block */
	FALLBACK_CLAIMS, /* 6.12: a whole pageblock if half of it is free or suits, else the smallest block
			    and nothing else */
};
extern const enum fallback_rule fallback_rules[NR_ERAS];
/* In which order the other types are tried. */
extern const u8 fallback_types[NR_PCP_TYPES][NR_PCP_TYPES - 1];

/* A block of 2^order pages for `type`; NO_FRAME: no other type has one, or GFP_NOFRAGMENT forbids to take it.
 */
u64 fallback_take(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp);
/* Whether a fallback would find a block of just that order and take its pageblock over; for compaction. */
bool fallback_claims(struct zone *z, u32 order, enum migratetype type);

#endif
