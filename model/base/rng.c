#include "model/base/rng.h"

static u64 splitmix64(u64 *x)
{
	u64 z = (*x += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

void rng_init(struct rng *r, u64 seed, const char *name)
{
	u64 x = seed;
	u32 i;

	for (; *name; name++)
		x = (x ^ (u8)*name) * 0x100000001b3ull;
	for (i = 0; i < 4; i++)
		r->s[i] = splitmix64(&x);
}
