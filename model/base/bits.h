/*
 * Bit tricks: powers of two, logarithms, a hash of one word.
 */
#ifndef MMSIM_BASE_BITS_H
#define MMSIM_BASE_BITS_H

#include "model/base/types.h"

static inline bool is_pow2(u64 x)
{
	return x && !(x & (x - 1));
}

/* floor(log2(x)), x > 0 */
static inline u32 log2_floor(u64 x)
{
	return 63u - (u32)__builtin_clzll(x);
}

/* ceil(log2(x)), x > 0 */
static inline u32 log2_ceil(u64 x)
{
	return x > 1 ? log2_floor(x - 1) + 1 : 0;
}

/* Fibonacci hashing: the product's top bits depend on all bits of x. */
static inline u64 hash64(u64 x)
{
	return x * 0x9e3779b97f4a7c15ull;
}

#endif
