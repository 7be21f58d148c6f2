#include "model/hw/tags.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/base/error.h"

#define TAG_ABSENT 0x7f
#define NO_WAY     0xffffu

/* Times of last use cost eight bytes a line and a look at a whole set for a victim. */
#define TIMED_LINES 4096u
#define TIMED_WAYS  128u

#define ALL(n) { n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n }

const tag_sbytes tag_all[TAG_ROW_WAYS] = {
	ALL(0), ALL(1), ALL(2),	 ALL(3),  ALL(4),  ALL(5),  ALL(6),  ALL(7),
	ALL(8), ALL(9), ALL(10), ALL(11), ALL(12), ALL(13), ALL(14), ALL(15),
};

#define NOT(n, i)  ((n) == (i) ? 0 : -1)
#define OTHERS(n)                                                                                       \
	{ NOT(n, 0), NOT(n, 1), NOT(n, 2),  NOT(n, 3),	NOT(n, 4),  NOT(n, 5),	NOT(n, 6),  NOT(n, 7),  \
	  NOT(n, 8), NOT(n, 9), NOT(n, 10), NOT(n, 11), NOT(n, 12), NOT(n, 13), NOT(n, 14), NOT(n, 15) }

const tag_sbytes tag_others[TAG_ROW_WAYS] = {
	OTHERS(0), OTHERS(1), OTHERS(2),  OTHERS(3),  OTHERS(4),  OTHERS(5),  OTHERS(6),  OTHERS(7),
	OTHERS(8), OTHERS(9), OTHERS(10), OTHERS(11), OTHERS(12), OTHERS(13), OTHERS(14), OTHERS(15),
};

/* Arrays of megabytes are looked at all over: in large pages they cost the host fewer TLB misses. */
#define LARGE_PAGE (2u << 20)

static void *lines_alloc(size_t n, size_t size)
{
	size_t align = n * size >= LARGE_PAGE ? LARGE_PAGE : 64;
	size_t bytes = (n * size + align - 1) & ~(align - 1);
	void *p = aligned_alloc(align, MAX(bytes, align));

	if (!p)
		fail("out of host memory: %zu bytes were asked for", bytes);
	if (align == LARGE_PAGE)
		madvise(p, bytes, MADV_HUGEPAGE);
	return memset(p, 0, bytes);
}

/* Leaves of the replacement tree: ways rounded up to a power of two. */
static u32 leaves(const struct tags *t)
{
	return 1u << log2_ceil(t->ways);
}

/*
 * Node 1 is the root, node n's children are 2n and 2n + 1; a node's bit tells the half that is to be
 * replaced next.
 */
static void plru_masks(struct tags *t)
{
	u32 w, node;

	for (w = 0; w < t->ways; w++) {
		t->plru_keep[w] = 0xffff;
		for (node = leaves(t) + w; node > 1; node /= 2) {
			t->plru_keep[w] &= (u16)~(1u << node / 2);
			if (!(node & 1))
				t->plru_set[w] |= (u16)(1u << node / 2);
		}
	}
}

static void rows_init(struct tags *t)
{
	u32 set, w;

	t->row = lines_alloc(t->sets, sizeof(*t->row));
	t->tree = xcalloc(t->sets, sizeof(*t->tree));
	for (set = 0; set < t->sets; set++) {
		for (w = 0; w < TAG_ROW_WAYS; w++)
			t->row[set].rank[w] = (s8)(w < t->ways ? t->ways - 1 - w : TAG_ABSENT);
	}
	plru_masks(t);
}

static void wide_init(struct tags *t)
{
	u32 set, w, n = tags_ids(t), bits = t->way_shift + 1;

	t->bucket_shift = 64 - bits;
	t->bucket = xmalloc(((size_t)t->sets << bits) * sizeof(*t->bucket));
	memset(t->bucket, 0xff, ((size_t)t->sets << bits) * sizeof(*t->bucket));
	t->chain = xcalloc(n, sizeof(*t->chain));
	t->newer = xcalloc(n, sizeof(*t->newer));
	t->older = xcalloc(n, sizeof(*t->older));
	t->list = xcalloc(t->sets, sizeof(*t->list));
	t->node = xcalloc((size_t)t->sets * leaves(t), 1);
	for (set = 0; set < t->sets; set++) {
		t->list[set].oldest = 0;
		t->list[set].newest = (u16)(t->ways - 1);
		for (w = 0; w < t->ways; w++) {
			t->newer[(set << t->way_shift) + w] = (u16)(w + 1 < t->ways ? w + 1 : NO_WAY);
			t->older[(set << t->way_shift) + w] = (u16)(w ? w - 1 : NO_WAY);
		}
	}
}

void tags_init(struct tags *t, u32 sets, u32 ways, enum tag_policy policy, u64 seed, const char *name)
{
	ASSERT(ways >= 1 && ways <= TAG_MAX_WAYS);
	memset(t, 0, sizeof(*t));
	t->sets = sets;
	t->ways = ways;
	t->way_shift = log2_ceil(ways);
	t->policy = policy;
	t->wide = ways > TAG_ROW_WAYS;
	t->way_mask = t->wide ? 0 : (1u << ways) - 1;
	t->clock = &t->own_clock;
	if (tags_ids(t) <= TIMED_LINES)
		t->used_at = lines_alloc(tags_ids(t), sizeof(*t->used_at));
	t->by_time = policy == TAGS_LRU && t->used_at && ways <= TIMED_WAYS;
	t->row_lru = policy == TAGS_LRU && !t->wide && !t->by_time;
	t->key = lines_alloc(tags_ids(t), sizeof(*t->key));
	memset(t->key, 0xff, tags_ids(t) * sizeof(*t->key));
	t->used = xcalloc(sets, sizeof(*t->used));
	rng_init(&t->rng, seed, name);
	if (t->wide)
		wide_init(t);
	else
		rows_init(t);
}

void tags_fini(struct tags *t)
{
	free(t->key);
	free(t->used_at);
	free(t->row);
	free(t->used);
	free(t->tree);
	free(t->bucket);
	free(t->chain);
	free(t->newer);
	free(t->older);
	free(t->list);
	free(t->node);
}

/* Wide sets: an index of chains, and a list by age. */

static u16 *bucket_of(const struct tags *t, u32 set, u64 key)
{
	return &t->bucket[((u64)set << (t->way_shift + 1)) + (hash64(key) >> t->bucket_shift)];
}

u32 tags_find_wide(const struct tags *t, u32 set, u64 key)
{
	u32 base = set << t->way_shift, way = *bucket_of(t, set, key);

	while (way != NO_WAY && t->key[base + way] != key)
		way = t->chain[base + way];
	return way == NO_WAY ? TAG_MISS : base + way;
}

static void index_add(struct tags *t, u32 id, u64 key)
{
	u16 *b = bucket_of(t, tags_set(t, id), key);

	t->chain[id] = *b;
	*b = (u16)tags_way(t, id);
}

static void index_remove(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = set << t->way_shift;
	u16 *p = bucket_of(t, set, t->key[id]);

	while (*p != tags_way(t, id))
		p = &t->chain[base + *p];
	*p = t->chain[id];
}

static void list_unlink(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = set << t->way_shift;
	u16 newer = t->newer[id], older = t->older[id];

	*(newer == NO_WAY ? &t->list[set].newest : &t->older[base + newer]) = older;
	*(older == NO_WAY ? &t->list[set].oldest : &t->newer[base + older]) = newer;
}

static void list_renew(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = set << t->way_shift;
	u16 way = (u16)tags_way(t, id);

	if (t->list[set].newest == way)
		return;
	list_unlink(t, id);
	t->newer[id] = NO_WAY;
	t->older[id] = t->list[set].newest;
	t->newer[base + t->list[set].newest] = way;
	t->list[set].newest = way;
}

static void list_retire(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), base = set << t->way_shift;
	u16 way = (u16)tags_way(t, id);

	if (t->list[set].oldest == way)
		return;
	list_unlink(t, id);
	t->older[id] = NO_WAY;
	t->newer[id] = t->list[set].oldest;
	t->older[base + t->list[set].oldest] = way;
	t->list[set].oldest = way;
}

/* Whether line a is to go before line b of the same set. */
static bool older(const struct tags *t, u32 a, u32 b)
{
	return t->used_at[a] != t->used_at[b] ? t->used_at[a] < t->used_at[b] : a < b;
}

static u32 by_time(const struct tags *t, u32 set, u32 n)
{
	u32 base = set << t->way_shift, id, other, before;

	for (id = base; id < base + t->ways; id++) {
		for (before = 0, other = base; other < base + t->ways; other++)
			before += older(t, other, id);
		if (before == n)
			break;
	}
	return id;
}

u32 tags_by_age(const struct tags *t, u32 set, u32 n)
{
	u32 base = set << t->way_shift, way;

	if (t->by_time)
		return by_time(t, set, n);
	if (t->wide) {
		for (way = t->list[set].oldest; n; n--)
			way = t->newer[base + way];
		return base + way;
	}
	for (way = 0; (u32)t->row[set].rank[way] != t->ways - 1 - n; way++)
		;
	return base + way;
}

/* Tree-PLRU. */

static bool plru_bit(const struct tags *t, u32 set, u32 node)
{
	return t->wide ? t->node[(size_t)set * leaves(t) + node] : t->tree[set] >> node & 1;
}

static void plru_touch(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), way = tags_way(t, id), node;

	if (!t->wide) {
		t->tree[set] = (u16)((t->tree[set] & t->plru_keep[way]) | t->plru_set[way]);
		return;
	}
	for (node = leaves(t) + way; node > 1; node /= 2)
		t->node[(size_t)set * leaves(t) + node / 2] = !(node & 1);
}

/* Follows the bits from the root; a half without any way that exists is not entered. */
static u32 plru_victim(const struct tags *t, u32 set)
{
	u32 first = 0, node = 1, half;

	for (half = leaves(t) / 2; half; half /= 2) {
		bool right = plru_bit(t, set, node) && first + half < t->ways;

		first += right ? half : 0;
		node = 2 * node + right;
	}
	return first;
}

/* All policies. */

void tags_touch_other(struct tags *t, u32 id)
{
	if (t->policy == TAGS_PLRU)
		plru_touch(t, id);
	else if (t->policy == TAGS_LRU)
		list_renew(t, id);
}

static u32 oldest_by_time(const struct tags *t, u32 set)
{
	const u64 *at = &t->used_at[set << t->way_shift];
	u64 least = at[0];
	u32 way, oldest = 0;

	for (way = 1; way < t->ways; way++) {
		oldest = at[way] < least ? way : oldest;
		least = MIN(at[way], least);
	}
	return oldest;
}

static u32 oldest_way(const struct tags *t, u32 set)
{
	if (t->by_time)
		return oldest_by_time(t, set);
	if (t->wide)
		return t->list[set].oldest;
	return (u32)__builtin_ctz(tag_bytes_equal((tag_bytes)t->row[set].rank, (u8)(t->ways - 1)));
}

static u32 empty_way(const struct tags *t, u32 set)
{
	const u64 *key = &t->key[set << t->way_shift];
	u32 way = 0;

	while (key[way] != TAG_NO_KEY)
		way++;
	return way;
}

u32 tags_victim(struct tags *t, u32 set)
{
	u32 base = set << t->way_shift;

	if (t->policy == TAGS_LRU || t->policy == TAGS_FIFO)
		return base + oldest_way(t, set);
	if (t->used[set] < t->ways)
		return base + empty_way(t, set);
	if (t->policy == TAGS_PLRU)
		return base + plru_victim(t, set);
	return base + (u32)rng_below(&t->rng, t->ways);
}

static void renew(struct tags *t, u32 id)
{
	if (t->policy == TAGS_PLRU)
		plru_touch(t, id);
	else if (t->policy == TAGS_RANDOM)
		return;
	else if (t->by_time)
		t->used_at[id] = ++*t->clock;
	else if (t->wide)
		list_renew(t, id);
	else
		tag_row_renew(&t->row[tags_set(t, id)], tags_way(t, id));
}

void tags_put(struct tags *t, u32 id, u64 key)
{
	u32 set = tags_set(t, id);

	if (t->key[id] == TAG_NO_KEY)
		t->used[set]++;
	else if (t->wide)
		index_remove(t, id);
	t->key[id] = key;
	if (t->wide)
		index_add(t, id, key);
	else
		t->row[set].sig[tags_way(t, id)] = tag_sig(key);
	renew(t, id);
}

/* The way becomes the oldest. */
static void row_retire(struct tag_row *row, u32 ways, u32 way)
{
	s8 r = row->rank[way];
	u32 w;

	for (w = 0; w < ways; w++)
		row->rank[w] -= row->rank[w] > r;
	row->rank[way] = (s8)(ways - 1);
}

void tags_drop(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id);

	ASSERT(t->key[id] != TAG_NO_KEY);
	if (t->wide)
		index_remove(t, id);
	if (t->by_time)
		t->used_at[id] = 0;
	else if (t->wide)
		list_retire(t, id);
	else
		row_retire(&t->row[set], t->ways, tags_way(t, id));
	t->key[id] = TAG_NO_KEY;
	t->used[set]--;
}

static void row_sane(const struct tags *t, u32 set)
{
	u32 w, ranks = 0, valid = 0;

	for (w = 0; w < t->ways; w++) {
		u64 key = t->key[(set << t->way_shift) + w];

		ranks |= 1u << t->row[set].rank[w];
		valid += key != TAG_NO_KEY;
		ASSERT(key == TAG_NO_KEY || t->row[set].sig[w] == tag_sig(key));
	}
	ASSERT(ranks == t->way_mask);
	ASSERT(valid == t->used[set]);
}

static void wide_sane(const struct tags *t, u32 set)
{
	u32 base = set << t->way_shift, w, n = 0, valid = 0;
	u16 newer = NO_WAY;

	for (w = t->list[set].newest; w != NO_WAY; w = t->older[base + w]) {
		ASSERT(t->newer[base + w] == newer);
		newer = (u16)w;
		ASSERT(++n <= t->ways);
	}
	ASSERT(n == t->ways && t->list[set].oldest == newer);
	for (w = 0; w < t->ways; w++)
		valid += t->key[base + w] != TAG_NO_KEY;
	ASSERT(valid == t->used[set]);
}

void tags_sane(const struct tags *t)
{
	u32 set, w, id;

	for (set = 0; set < t->sets; set++) {
		if (t->wide)
			wide_sane(t, set);
		else
			row_sane(t, set);
		for (w = 0; w < t->ways; w++) {
			id = (set << t->way_shift) + w;
			ASSERT(t->key[id] == TAG_NO_KEY || tags_find(t, set, t->key[id]) == id);
		}
	}
}
