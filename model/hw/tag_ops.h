/*
 * What a replacement policy does, for the tag array's own files. tags.c keeps the keys and calls these; a
 * policy keeps its order by line id. None of the functions is on the path of a hit of the common kinds.
 */
#ifndef MMSIM_HW_TAG_OPS_H
#define MMSIM_HW_TAG_OPS_H

#include <string.h>

#include "model/base/error.h"
#include "model/hw/tags.h"

struct tag_ops {
	void (*init)(struct tags *t);
	/* The way, not the id, among those of the mask, one of which exists; an empty one if there is one. */
	u32 (*victim)(struct tags *t, u32 set, u64 mask);
	void (*touch)(struct tags *t, u32 id); /* a hit, unless tags_touch() deals with it */
	void (*fill)(struct tags *t, u32 id);  /* another key has come in */
	void (*drop)(struct tags *t, u32 id);  /* the line has become empty */
	void (*sane)(const struct tags *t, u32 set);
};

extern const struct tag_ops tag_order_ops; /* lru, fifo */
extern const struct tag_ops tag_random_ops;
extern const struct tag_ops tag_tree_ops; /* tree-plru, lru-plru4, mru1-plru4 */
extern const struct tag_ops tag_rrip_ops; /* nru, srrip, brrip, drrip */
extern const struct tag_ops tag_qlru_ops;

#define TAG_ABSENT 0x7f
#define TAG_NO_WAY 0xffffu

/* Zeroed memory for something by line or by set, in large pages if it is large. */
void *tags_alloc(struct tags *t, size_t n, size_t size);
/* A line by its place in the order of LRU or FIFO, 0 the oldest. */
u32 tag_order_by_age(const struct tags *t, u32 set, u32 n);

static inline u32 tag_base(const struct tags *t, u32 set)
{
	return set << t->way_shift;
}

static inline bool tag_allows(u64 mask, u32 way)
{
	return way >= 64 || mask >> way & 1;
}

/* An access to a line, where trees are rows of bits. */
static always_inline void tag_tree_touch(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), way = tags_way(t, id);

	t->tree[set] = (u16)((t->tree[set] & t->plru_keep[way]) | t->plru_set[way]);
}

/* By times of last use. */
static always_inline u32 tag_oldest_of(const u64 *at, u32 ways)
{
	u64 least = at[0];
	u32 way, oldest = 0;

	for (way = 1; way < ways; way++) {
		oldest = at[way] < least ? way : oldest;
		least = MIN(at[way], least);
	}
	return oldest;
}

/* Times, of which none is as large that a shift by four, or a sign, would matter. */
typedef s64 tag_times __attribute__((vector_size(32)));

static always_inline void tag_keep_least(tag_times *least, const tag_times *other)
{
	tag_times less = *other < *least;

	*least = (*other & less) | (*least & ~less);
}

/*
 * The same four ways at a time, for hosts with such vectors; ways a multiple of four, at most 16. The way
 * stands in the low bits of its time: of equal ones the first is the least.
 */
static always_inline u32 tag_oldest_by_four(const u64 *at, u32 ways)
{
	tag_times least, other, way = { 0, 1, 2, 3 };
	u32 w;

	memcpy(&least, at, sizeof(least));
	least = least << 4 | way;
	for (w = 4; w < ways; w += 4) {
		memcpy(&other, &at[w], sizeof(other));
		other = other << 4 | (way + w);
		tag_keep_least(&least, &other);
	}
	other = (tag_times){ least[2], least[3], least[0], least[1] };
	tag_keep_least(&least, &other);
	other = (tag_times){ least[1], least[0], least[3], least[2] };
	tag_keep_least(&least, &other);
	return (u32)least[0] & 15;
}

/* The lowest way of the mask that is empty, TAG_NO_WAY if none is. */
static inline u32 tag_empty_way(const struct tags *t, u32 set, u64 mask)
{
	const u64 *key = &t->key[tag_base(t, set)];
	u32 way;

	if (t->used[set] == t->ways)
		return TAG_NO_WAY;
	for (way = 0; way < t->ways; way++) {
		if (key[way] == TAG_NO_KEY && tag_allows(mask, way))
			return way;
	}
	return TAG_NO_WAY;
}

#endif
