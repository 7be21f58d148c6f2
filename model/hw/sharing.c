#include "model/hw/sharing.h"

void sharing_fini(struct sharing *s)
{
	map64_fini(&s->lines);
}

void sharing_count(struct sharing *s, u64 line, bool is_true)
{
	u64 *n = map64_find(&s->lines, line), one = is_true ? 1ull << 32 : 1;

	if (n)
		*n += one;
	else
		map64_set(&s->lines, line, one);
}

static bool before(const struct sharing_line *a, const struct sharing_line *b)
{
	if (a->false_misses != b->false_misses)
		return a->false_misses > b->false_misses;
	if (a->true_misses != b->true_misses)
		return a->true_misses > b->true_misses;
	return a->line < b->line;
}

u32 sharing_top(const struct sharing *s, struct sharing_line *top, u32 n)
{
	const struct map64_slot *slot;
	u32 have = 0, i;

	for (slot = map64_next(&s->lines, NULL); slot; slot = map64_next(&s->lines, slot)) {
		struct sharing_line l = { slot->key, (u32)(slot->value >> 32), (u32)slot->value };

		for (i = have; i && before(&l, &top[i - 1]); i--) {
			if (i < n)
				top[i] = top[i - 1];
		}
		if (i == n)
			continue;
		top[i] = l;
		have += have < n;
	}
	return have;
}
