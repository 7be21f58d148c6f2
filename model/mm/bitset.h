/*
 * A set of small numbers 0..n-1 with a fast "first one that is not in it": bits, and above each word of 64
 * one bit that says that the word is full, up to a single word. Host memory is touched only where members
 * have been.
 *
 * For model/mm.
 */
#ifndef MMSIM_MM_BITSET_H
#define MMSIM_MM_BITSET_H

#include "model/base/types.h"

#define BITSET_MAX_LEVELS 7u
#define BITSET_NONE       (~(u64)0)

struct bitset {
	u64 *word[BITSET_MAX_LEVELS];
	u64 n[BITSET_MAX_LEVELS]; /* bits of each level */
	u32 levels;
};

void bitset_init(struct bitset *b, u64 n); /* empty */
void bitset_fini(struct bitset *b);
void bitset_add(struct bitset *b, u64 i);
void bitset_remove(struct bitset *b, u64 i);
/* Smallest number >= from that is not a member; BITSET_NONE if all are. */
u64 bitset_next_free(const struct bitset *b, u64 from);

static inline bool bitset_has(const struct bitset *b, u64 i)
{
	return b->word[0][i / 64] >> i % 64 & 1;
}

#endif
