/*
 * Latency histogram: exact to 255, then 32 bins an octave (a bin is at most 3.2 % wide). Integers only.
 */
#ifndef MMSIM_BASE_HIST_H
#define MMSIM_BASE_HIST_H

#include "model/base/types.h"

#define HIST_EXACT 256u
#define HIST_BINS  (HIST_EXACT + 56u * 32u)

struct hist {
	u64 bin[HIST_BINS];
};

static inline u32 hist_index(u64 v)
{
	u32 msb;

	if (v < HIST_EXACT)
		return (u32)v;
	msb = 63u - (u32)__builtin_clzll(v);
	return HIST_EXACT + (msb - 8) * 32 + ((u32)(v >> (msb - 5)) & 31);
}

/* Smallest value that falls into a bin. */
static inline u64 hist_low(u32 index)
{
	u32 i = index - HIST_EXACT;

	if (index < HIST_EXACT)
		return index;
	return (32ull + i % 32) << (i / 32 + 3);
}

static inline void hist_add(struct hist *h, u64 v, u64 n)
{
	h->bin[hist_index(v)] += n;
}

u64 hist_count(const struct hist *h);
/* Smallest v such that at least num/den of the samples are in bins up to v's (its low end); 0 if empty. */
u64 hist_percentile(const struct hist *h, u64 num, u64 den);
void hist_merge(struct hist *into, const struct hist *from);

#endif
