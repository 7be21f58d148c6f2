#include "model/mm/bitset.h"

#include <stdlib.h>

#include "model/base/error.h"

void bitset_init(struct bitset *b, u64 n)
{
	u32 l = 0;

	*b = (struct bitset){ 0 };
	for (;;) {
		u64 words = (n + 63) / 64;

		ASSERT(l < BITSET_MAX_LEVELS);
		b->n[l] = n;
		b->word[l++] = xcalloc(words, sizeof(u64));
		if (words <= 1)
			break;
		n = words;
	}
	b->levels = l;
}

void bitset_fini(struct bitset *b)
{
	u32 l;

	for (l = 0; l < b->levels; l++)
		free(b->word[l]);
}

void bitset_add(struct bitset *b, u64 i)
{
	u32 l;

	ASSERT(i < b->n[0] && !bitset_has(b, i));
	for (l = 0; l < b->levels; l++, i /= 64) {
		u64 *w = &b->word[l][i / 64];

		*w |= 1ull << i % 64;
		if (*w != ~(u64)0)
			break;
	}
}

void bitset_remove(struct bitset *b, u64 i)
{
	u32 l;

	ASSERT(i < b->n[0] && bitset_has(b, i));
	for (l = 0; l < b->levels; l++, i /= 64) {
		u64 *w = &b->word[l][i / 64];
		bool was_full = *w == ~(u64)0;

		*w &= ~(1ull << i % 64);
		if (!was_full)
			break;
	}
}

u64 bitset_next_free(const struct bitset *b, u64 from)
{
	u64 pos = from, gap;
	u32 l = 0;

	/* Up, until a word has a gap at or after pos ... */
	for (;; l++, pos = pos / 64 + 1) {
		if (l == b->levels || pos >= b->n[l])
			return BITSET_NONE;
		gap = ~b->word[l][pos / 64] >> pos % 64;
		if (gap)
			break;
	}
	pos += (u64)__builtin_ctzll(gap);
	/* ... and down to the first number below that gap. Gaps past the end belong to nobody. */
	while (l && pos < b->n[l]) {
		l--;
		pos = pos * 64 + (u64)__builtin_ctzll(~b->word[l][pos]);
	}
	return l == 0 && pos < b->n[0] ? pos : BITSET_NONE;
}
