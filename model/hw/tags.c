#include "model/hw/tags.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/base/error.h"
#include "model/hw/tag_ops.h"
#include "model/sim/word.h"

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

#define MAX_ARRAYS 12u

struct tag_arrays {
	struct {
		void *at;
		size_t bytes;
	} array[MAX_ARRAYS];
	u32 n;
};

static void note_array(struct tags *t, void *at, size_t bytes)
{
	struct tag_arrays *a = t->arrays = t->arrays ? t->arrays : xcalloc(1, sizeof(*t->arrays));

	ASSERT(a->n < MAX_ARRAYS);
	a->array[a->n].at = at;
	a->array[a->n++].bytes = bytes;
}

void *tags_alloc(struct tags *t, size_t n, size_t size)
{
	size_t align = n * size >= LARGE_PAGE ? LARGE_PAGE : 64;
	size_t bytes = (n * size + align - 1) & ~(align - 1);
	void *p = aligned_alloc(align, MAX(bytes, align));

	if (!p)
		fail("out of host memory: %zu bytes were asked for", bytes);
	note_array(t, p, n * size);
	if (align == LARGE_PAGE)
		madvise(p, bytes, MADV_HUGEPAGE);
	return memset(p, 0, bytes);
}

/* Random: nothing is kept. */

static void random_init(struct tags *t)
{
}

static u32 random_victim(struct tags *t, u32 set, u64 mask)
{
	u32 way = tag_empty_way(t, set, mask);

	if (way != TAG_NO_WAY)
		return way;
	do
		way = (u32)rng_below(&t->rng, t->ways);
	while (!tag_allows(mask, way));
	return way;
}

static void random_moves_nothing(struct tags *t, u32 id)
{
}

static void random_sane(const struct tags *t, u32 set)
{
}

const struct tag_ops tag_random_ops = { random_init,	      random_victim,	    random_moves_nothing,
					random_moves_nothing, random_moves_nothing, random_sane };

static const struct tag_ops *const policies[NR_TAG_POLICIES] = {
	[TAGS_LRU] = &tag_order_ops,
	[TAGS_FIFO] = &tag_order_ops,
	[TAGS_RANDOM] = &tag_random_ops,
	[TAGS_PLRU] = &tag_tree_ops,
	[TAGS_NRU] = &tag_rrip_ops,
	[TAGS_SRRIP] = &tag_rrip_ops,
	[TAGS_BRRIP] = &tag_rrip_ops,
	[TAGS_DRRIP] = &tag_rrip_ops,
	[TAGS_LRU_PLRU4] = &tag_tree_ops,
	[TAGS_MRU1_PLRU4] = &tag_tree_ops,
	[TAGS_QLRU] = &tag_qlru_ops,
	[TAGS_QLRU_NAMED] = &tag_qlru_ops,
};

/* Building. */

static void rows_init(struct tags *t)
{
	u32 set;

	t->row = tags_alloc(t, t->sets, sizeof(*t->row));
	for (set = 0; set < t->sets; set++)
		memset(&t->row[set].rank, TAG_ABSENT, sizeof(t->row[set].rank));
}

static void index_init(struct tags *t)
{
	u32 bits = t->way_shift + 1;

	t->bucket_shift = 64 - bits;
	t->bucket = tags_alloc(t, (size_t)t->sets << bits, sizeof(*t->bucket));
	memset(t->bucket, 0xff, ((size_t)t->sets << bits) * sizeof(*t->bucket));
	t->chain = tags_alloc(t, tags_ids(t), sizeof(*t->chain));
}

/* Whether times of last use say all that hits do, and are worth their room. */
static bool goes_by_time(const struct tags *t)
{
	switch (t->policy) {
	case TAGS_LRU_PLRU4:
	case TAGS_MRU1_PLRU4:
		return true;
	case TAGS_FIFO:
	case TAGS_RANDOM:
	case TAGS_QLRU:
	case TAGS_QLRU_NAMED:
		return false;
	default:
		return tags_ids(t) <= TIMED_LINES && t->ways <= TIMED_WAYS;
	}
}

void tags_init(struct tags *t, u32 sets, u32 ways, u32 policy, u64 seed, const char *name)
{
	ASSERT(ways >= 1 && ways <= TAG_MAX_WAYS && !tag_policy_check(policy, ways));
	memset(t, 0, sizeof(*t));
	t->sets = sets;
	t->ways = ways;
	t->way_shift = log2_ceil(ways);
	t->sig_shift = 56;
	t->policy = policy & WORD_INDEX;
	t->qlru = qlru_of(policy);
	t->ops = policies[t->policy];
	t->wide = ways > TAG_ROW_WAYS;
	t->way_mask = t->wide ? 0 : (1u << ways) - 1;
	t->clock = &t->own_clock;
	t->by_time = goes_by_time(t);
	if (t->by_time || tags_ids(t) <= TIMED_LINES)
		t->used_at = tags_alloc(t, tags_ids(t), sizeof(*t->used_at));
	t->row_lru = t->policy == TAGS_LRU && !t->wide && !t->by_time;
	t->key = tags_alloc(t, tags_ids(t), sizeof(*t->key));
	memset(t->key, 0xff, tags_ids(t) * sizeof(*t->key));
	t->used = tags_alloc(t, sets, sizeof(*t->used));
	rng_init(&t->rng, seed, name);
	if (t->wide)
		index_init(t);
	else
		rows_init(t);
	t->ops->init(t);
}

void tags_state(struct tags *t, struct state *s, const char *owner)
{
	u32 i;

	for (i = 0; i < t->arrays->n; i++)
		state_add(s, owner, "tags", t->arrays->array[i].at, t->arrays->array[i].bytes);
	state_add(s, owner, "clock", &t->own_clock, sizeof(t->own_clock));
	state_add(s, owner, "psel", &t->psel, sizeof(t->psel));
	state_add(s, owner, "rng", &t->rng, sizeof(t->rng));
}

void tags_fini(struct tags *t)
{
	u32 i;

	for (i = 0; t->arrays && i < t->arrays->n; i++)
		free(t->arrays->array[i].at);
	free(t->arrays);
}

enum tag_hit tags_hit_changes(const struct tags *t)
{
	if (t->by_time || t->policy == TAGS_FIFO || t->policy == TAGS_RANDOM)
		return TAG_HIT_NOTHING;
	return t->policy == TAGS_LRU || t->policy == TAGS_PLRU ? TAG_HIT_ORDER : TAG_HIT_AGES;
}

/* Wide sets: an index of chains. */

static u16 *bucket_of(const struct tags *t, u32 set, u64 key)
{
	return &t->bucket[((u64)set << (t->way_shift + 1)) + (hash64(key) >> t->bucket_shift)];
}

u32 tags_find_wide(const struct tags *t, u32 set, u64 key)
{
	u32 base = tag_base(t, set), way = *bucket_of(t, set, key);

	while (way != TAG_NO_WAY && t->key[base + way] != key)
		way = t->chain[base + way];
	return way == TAG_NO_WAY ? TAG_MISS : base + way;
}

static void index_add(struct tags *t, u32 id, u64 key)
{
	u16 *b = bucket_of(t, tags_set(t, id), key);

	t->chain[id] = *b;
	*b = (u16)tags_way(t, id);
}

static void index_remove(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id);
	u16 *p = bucket_of(t, set, t->key[id]);

	while (*p != tags_way(t, id))
		p = &t->chain[tag_base(t, set) + *p];
	*p = t->chain[id];
}

/* What the policies do. */

void tags_touch_other(struct tags *t, u32 id)
{
	t->ops->touch(t, id);
}

u32 tags_victim_among(struct tags *t, u32 set, u64 mask)
{
	return tag_base(t, set) + t->ops->victim(t, set, mask);
}

u32 tags_victim(struct tags *t, u32 set)
{
	return tags_victim_among(t, set, TAG_ALL_WAYS);
}

u32 tags_victim_to_be(struct tags *t, u32 set)
{
	if (t->ops != &tag_order_ops && t->ops != &tag_tree_ops)
		return TAG_MISS;
	return tags_victim(t, set);
}

u32 tags_by_age(const struct tags *t, u32 set, u32 n)
{
	return t->ops == &tag_order_ops ? tag_order_by_age(t, set, n) : tag_base(t, set) + n;
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
		t->row[set].sig[tags_way(t, id)] = tag_sig(t, key);
	t->ops->fill(t, id);
}

void tags_drop(struct tags *t, u32 id)
{
	ASSERT(t->key[id] != TAG_NO_KEY);
	if (t->wide)
		index_remove(t, id);
	t->key[id] = TAG_NO_KEY;
	t->used[tags_set(t, id)]--;
	t->ops->drop(t, id);
}

/* Of large arrays most sets are, at the end of a short run. */
static bool is_empty(const struct tags *t, u32 set)
{
	const u64 *key = &t->key[tag_base(t, set)];
	u64 all = TAG_NO_KEY;
	u32 way;

	for (way = 0; way < t->ways; way++)
		all &= key[way];
	return all == TAG_NO_KEY;
}

static void set_sane(const struct tags *t, u32 set)
{
	u32 id = tag_base(t, set), end = id + t->ways, valid = 0;

	if (!t->used[set]) {
		ASSERT(is_empty(t, set));
		id = end;
	}
	for (; id < end; id++) {
		valid += t->key[id] != TAG_NO_KEY;
		ASSERT(t->key[id] == TAG_NO_KEY || tags_find(t, set, t->key[id]) == id);
	}
	ASSERT(valid == t->used[set]);
	t->ops->sane(t, set);
}

void tags_sane(const struct tags *t)
{
	u32 set;

	for (set = 0; set < t->sets; set++)
		set_sane(t, set);
}
