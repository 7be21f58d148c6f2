/*
 * A hash from u64 to u64: open addressing, linear probing, no tombstones. Any key but MAP64_NO_KEY.
 *
 * Its order must never reach a result: walk it only for sums, checks and freeing.
 */
#ifndef MMSIM_BASE_MAP64_H
#define MMSIM_BASE_MAP64_H

#include "model/base/types.h"

#define MAP64_NO_KEY (~(u64)0)

struct map64_slot {
	u64 key, value;
};

struct map64 {
	struct map64_slot *slot; /* 1 << bits of them, NULL while empty */
	u64 n;
	u32 bits;
};

/* An empty map is all zeros. */
void map64_fini(struct map64 *m);
u64 *map64_find(const struct map64 *m, u64 key); /* NULL if absent; valid until the next change */
void map64_set(struct map64 *m, u64 key, u64 value);
void map64_remove(struct map64 *m, u64 key); /* ASSERTs that it is there */
/* for (s = map64_next(m, NULL); s; s = map64_next(m, s)): must not change the map meanwhile. */
const struct map64_slot *map64_next(const struct map64 *m, const struct map64_slot *s);
/* The key is asked for soon: the host fetches where it may be. Changes nothing. */
void map64_expect(const struct map64 *m, u64 key);

#endif
