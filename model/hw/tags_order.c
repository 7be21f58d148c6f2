/*
 * LRU and FIFO: an order of the ways, renewed by hits and fills, or by fills alone. In rows of ranks, in
 * lists (more than 16 ways), or as times of last use. An emptied way is the oldest.
 */
#include "model/hw/tag_ops.h"

static void rows_init(struct tags *t)
{
	u32 set, w;

	for (set = 0; set < t->sets; set++) {
		for (w = 0; w < t->ways; w++)
			t->row[set].rank[w] = (s8)(t->ways - 1 - w);
	}
}

static void lists_init(struct tags *t)
{
	u32 set, w, n = tags_ids(t);

	t->newer = tags_alloc(t, n, sizeof(*t->newer));
	t->older = tags_alloc(t, n, sizeof(*t->older));
	t->list = tags_alloc(t, t->sets, sizeof(*t->list));
	for (set = 0; set < t->sets; set++) {
		t->list[set].oldest = 0;
		t->list[set].newest = (u16)(t->ways - 1);
		for (w = 0; w < t->ways; w++) {
			t->newer[tag_base(t, set) + w] = (u16)(w + 1 < t->ways ? w + 1 : TAG_NO_WAY);
			t->older[tag_base(t, set) + w] = (u16)(w ? w - 1 : TAG_NO_WAY);
		}
	}
}

static void order_init(struct tags *t)
{
	if (t->wide)
		lists_init(t);
	else
		rows_init(t);
}

/* Lists. */

static void list_unlink(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = tag_base(t, set);
	u16 newer = t->newer[id], older = t->older[id];

	*(newer == TAG_NO_WAY ? &t->list[set].newest : &t->older[base + newer]) = older;
	*(older == TAG_NO_WAY ? &t->list[set].oldest : &t->newer[base + older]) = newer;
}

static void list_renew(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = tag_base(t, set);
	u16 way = (u16)tags_way(t, id);

	if (t->list[set].newest == way)
		return;
	list_unlink(t, id);
	t->newer[id] = TAG_NO_WAY;
	t->older[id] = t->list[set].newest;
	t->newer[base + t->list[set].newest] = way;
	t->list[set].newest = way;
}

static void list_retire(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = tag_base(t, set);
	u16 way = (u16)tags_way(t, id);

	if (t->list[set].oldest == way)
		return;
	list_unlink(t, id);
	t->older[id] = TAG_NO_WAY;
	t->newer[id] = t->list[set].oldest;
	t->older[base + t->list[set].oldest] = way;
	t->list[set].oldest = way;
}

static u32 list_oldest(const struct tags *t, u32 set, u64 mask)
{
	u32 way = t->list[set].oldest;

	while (!tag_allows(mask, way))
		way = t->newer[tag_base(t, set) + way];
	return way;
}

/* Rows. */

/* The way becomes the oldest. */
static void row_retire(struct tag_row *row, u32 ways, u32 way)
{
	s8 r = row->rank[way];
	u32 w;

	for (w = 0; w < ways; w++)
		row->rank[w] -= row->rank[w] > r;
	row->rank[way] = (s8)(ways - 1);
}

static u32 row_way(const struct tags *t, u32 set, u32 rank)
{
	return (u32)__builtin_ctz(tag_bytes_equal((tag_bytes)t->row[set].rank, (u8)rank));
}

static u32 row_oldest(const struct tags *t, u32 set, u64 mask)
{
	u32 rank = t->ways - 1;

	while (!tag_allows(mask, row_way(t, set, rank)))
		rank--;
	return row_way(t, set, rank);
}

/* Times. */

/* The usual numbers of ways have loops without a loop: half the instructions. */
static u32 time_oldest(const struct tags *t, u32 set)
{
	const u64 *at = &t->used_at[tag_base(t, set)];

	switch (t->ways) {
	case 4:
		return tag_oldest_of(at, 4);
	case 6:
		return tag_oldest_of(at, 6);
	case 8:
		return tag_oldest_of(at, 8);
	case 12:
		return tag_oldest_of(at, 12);
	default:
		return tag_oldest_of(at, t->ways);
	}
}

static u32 time_oldest_among(const struct tags *t, u32 set, u64 mask)
{
	const u64 *at = &t->used_at[tag_base(t, set)];
	u32 way, oldest = TAG_NO_WAY;

	for (way = 0; way < t->ways; way++) {
		if (tag_allows(mask, way) && (oldest == TAG_NO_WAY || at[way] < at[oldest]))
			oldest = way;
	}
	return oldest;
}

/* Whether line a is to go before line b of the same set. */
static bool older(const struct tags *t, u32 a, u32 b)
{
	return t->used_at[a] != t->used_at[b] ? t->used_at[a] < t->used_at[b] : a < b;
}

static u32 time_by_age(const struct tags *t, u32 set, u32 n)
{
	u32 base = tag_base(t, set), id, other, before;

	for (id = base; id < base + t->ways; id++) {
		for (before = 0, other = base; other < base + t->ways; other++)
			before += older(t, other, id);
		if (before == n)
			break;
	}
	return id;
}

/* All. */

static u32 order_victim(struct tags *t, u32 set, u64 mask)
{
	if (t->by_time)
		return mask == TAG_ALL_WAYS ? time_oldest(t, set) : time_oldest_among(t, set, mask);
	return t->wide ? list_oldest(t, set, mask) : row_oldest(t, set, mask);
}

static void order_fill(struct tags *t, u32 id)
{
	if (t->by_time)
		t->used_at[id] = ++*t->clock;
	else if (t->wide)
		list_renew(t, id);
	else
		tag_row_renew(&t->row[tags_set(t, id)], tags_way(t, id));
}

static void order_touch(struct tags *t, u32 id)
{
	if (t->policy == TAGS_LRU)
		order_fill(t, id);
}

static void order_drop(struct tags *t, u32 id)
{
	if (t->by_time)
		t->used_at[id] = 0;
	else if (t->wide)
		list_retire(t, id);
	else
		row_retire(&t->row[tags_set(t, id)], t->ways, tags_way(t, id));
}

u32 tag_order_by_age(const struct tags *t, u32 set, u32 n)
{
	u32 base = tag_base(t, set), way;

	if (t->by_time)
		return time_by_age(t, set, n);
	if (!t->wide)
		return base + row_way(t, set, t->ways - 1 - n);
	for (way = t->list[set].oldest; n; n--)
		way = t->newer[base + way];
	return base + way;
}

static void list_sane(const struct tags *t, u32 set)
{
	u32 base = tag_base(t, set), w, n = 0;
	u16 newer = TAG_NO_WAY;

	for (w = t->list[set].newest; w != TAG_NO_WAY; w = t->older[base + w]) {
		ASSERT(t->newer[base + w] == newer);
		newer = (u16)w;
		ASSERT(++n <= t->ways);
	}
	ASSERT(n == t->ways && t->list[set].oldest == newer);
}

static bool row_is_like(const struct tag_row *row, const struct tag_row *other)
{
	return tag_bytes_equal((tag_bytes)(row->rank ^ other->rank), 0) == 0xffff;
}

static void order_sane(const struct tags *t, u32 set)
{
	u32 w, ranks = 0;

	if (t->wide) {
		list_sane(t, set);
		return;
	}
	if (set && row_is_like(&t->row[set], &t->row[set - 1]))
		return; /* that one is sane */
	for (w = 0; w < t->ways; w++)
		ranks |= 1u << t->row[set].rank[w];
	ASSERT(ranks == t->way_mask);
}

const struct tag_ops tag_order_ops = { order_init,  order_victim, order_touch,
				       order_fill, order_drop,	order_sane };
