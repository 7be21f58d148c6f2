/*
 * One random generator a structure, seeded by (seed, name), so that a structure added elsewhere changes no
 * other's numbers. splitmix64 seeding and xoshiro256** (Blackman and Vigna, prng.di.unimi.it, public domain
 * algorithm).
 */
#ifndef MMSIM_BASE_RNG_H
#define MMSIM_BASE_RNG_H

#include "model/base/types.h"

struct rng {
	u64 s[4];
};

void rng_init(struct rng *r, u64 seed, const char *name);

static inline u64 rng_next(struct rng *r)
{
	u64 *s = r->s, result = s[1] * 5, t = s[1] << 17;

	result = ((result << 7) | (result >> 57)) * 9;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return result;
}

/* Uniform in 0..n-1, n > 0. */
static inline u64 rng_below(struct rng *r, u64 n)
{
	return (u64)(((unsigned __int128)rng_next(r) * n) >> 64);
}

#endif
