/*
 * Set-associative tag array: the one that caches, TLBs and page-walk caches are made of. It maps (set, key)
 * to a line id; whoever uses it keeps data by id in arrays of its own. Ways never move. The key holds all
 * that decides a hit (line number; or VPN, ASID and page size); an empty way has key TAG_NO_KEY and is the
 * next to be filled.
 *
 * Up to 16 ways a set is one row of 32 bytes: a signature byte and a rank byte a way (0: used last),
 * compared and updated as a whole. Above (fully associative TLBs, studies with hundreds of ways) a hash
 * index finds the way and a list orders them. Small arrays keep the time of each line's last use instead: a
 * hit is then one store, which the hot path makes by itself, and what order, tree or ages have become is
 * worked out when a line has to go. All behind the same functions; the policies are in tags_order.c,
 * tags_tree.c and tags_age.c.
 *
 * Not here: what lines mean, dirty bits, counters. Called by cache.h, tlb.h and walker.c.
 */
#ifndef MMSIM_HW_TAGS_H
#define MMSIM_HW_TAGS_H

#include "model/base/bits.h"
#include "model/base/rng.h"
#include "model/hw/tag_policy.h"
#include "model/sim/state.h"

#define TAG_NO_KEY    (~(u64)0)
#define TAG_MISS      (~(u32)0)
#define TAG_ROW_WAYS  16u
#define TAG_MAX_WAYS  4096u
#define TAG_ALL_WAYS  (~(u64)0)

typedef u8 tag_bytes __attribute__((vector_size(16)));
typedef s8 tag_sbytes __attribute__((vector_size(16)));

struct tag_row {
	tag_bytes sig;
	tag_sbytes rank; /* LRU and FIFO: 0 the newest; policies by age: ages; absent ways hold TAG_ABSENT */
};

struct tag_list {
	u16 newest, oldest; /* ways */
};

struct tag_ops;

struct tags {
	u64 *key; /* by id: set << way_shift | way */
	struct tag_row *row;
	u32 ways, sets, way_shift, way_mask;
	u32 sig_shift; /* to the bits of a key's hash that are its signature */
	u32 policy; /* enum tag_policy */
	bool wide;  /* more than TAG_ROW_WAYS */
	bool by_time; /* a hit changes nothing but used_at */
	bool row_lru; /* LRU by the rows' ranks */
	/*
	 * Times of last use by id, of small arrays only. The clock is the array's own or, for what the hot
	 * loop renews, the core's.
	 */
	u64 *used_at, *clock, own_clock;
	const struct tag_ops *ops;
	u16 *used;  /* a set: ways that are not empty */
	/*
	 * tree-plru, up to 16 ways: the tree's bits a set, and what an access to a way keeps and sets of
	 * them.
	 */
	u16 *tree, plru_keep[TAG_ROW_WAYS], plru_set[TAG_ROW_WAYS];
	/* wide: chains of ways with the same hash, list of ways by age, tree-plru nodes a byte each, ages */
	u32 bucket_shift;
	u16 *bucket, *chain, *newer, *older;
	struct tag_list *list;
	u8 *node, *age;
	/* Policies by age: when a set's ages took in its times of last use, how lines age, the sets' duel. */
	u64 *settled;
	struct qlru qlru;
	u32 max_age, psel;
	struct rng rng;
	struct tag_arrays *arrays; /* all of the above that was allocated */
};

/* policy: a number of tag_policy_names that tag_policy_check() allows. */
void tags_init(struct tags *t, u32 sets, u32 ways, u32 policy, u64 seed, const char *name);
void tags_fini(struct tags *t);
void tags_sane(const struct tags *t);
/* Registers all that changes, for checkpoints. */
void tags_state(struct tags *t, struct state *s, const char *owner);

u32 tags_find_wide(const struct tags *t, u32 set, u64 key);
void tags_touch_other(struct tags *t, u32 id);

/*
 * Which way has to go; an empty one if there is one. May age the others and move the random generator: ask
 * once a fill. The second chooses among the ways of a mask, bit n for way n; ways from 64 on are in every
 * mask.
 */
u32 tags_victim(struct tags *t, u32 set);
u32 tags_victim_among(struct tags *t, u32 set, u64 mask);
/* The same, where the policy can tell without being changed by it; else TAG_MISS. */
u32 tags_victim_to_be(struct tags *t, u32 set);
/* Line number n of a set by age, 0 the oldest; by way where the policy keeps no order. */
u32 tags_by_age(const struct tags *t, u32 set, u32 n);
/* Puts a key that is not in the set into a line, as the newest. */
void tags_put(struct tags *t, u32 id, u64 key);
/* Empties a line. */
void tags_drop(struct tags *t, u32 id);

/* What a hit changes beside used_at. */
enum tag_hit {
	TAG_HIT_NOTHING, /* ever */
	TAG_HIT_ORDER,   /* nothing if the line was the one used last in its set */
	TAG_HIT_AGES,    /* perhaps something */
};
enum tag_hit tags_hit_changes(const struct tags *t);

static inline u32 tags_set(const struct tags *t, u32 id)
{
	return id >> t->way_shift;
}

static inline u32 tags_way(const struct tags *t, u32 id)
{
	return id & ((1u << t->way_shift) - 1);
}

/* Lines that exist, absent ways of a rounded-up set included. */
static inline u32 tags_ids(const struct tags *t)
{
	return t->sets << t->way_shift;
}

/* Bit w is set where byte w of the row equals b. */
static always_inline u32 tag_bytes_equal(tag_bytes row, u8 b)
{
	tag_bytes same = (tag_bytes)(row == (tag_bytes){ b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b });
#ifdef __SSE2__
	typedef char chars __attribute__((vector_size(16)));

	return (u32)__builtin_ia32_pmovmskb128((chars)same);
#else
	u32 w, m = 0;

	for (w = 0; w < TAG_ROW_WAYS; w++)
		m |= (u32)(same[w] & 1) << w;
	return m;
#endif
}

/*
 * The host fetches what is kept of a set, of more sets than its caches hold. Inlined: what only prefetches
 * has no effects to a compiler, which leaves calls of it out.
 */
static always_inline void tags_expect(const struct tags *t, u32 set)
{
	if (t->wide)
		return;
	__builtin_prefetch(&t->row[set]);
	__builtin_prefetch(&t->key[set << t->way_shift]);
	if (t->ways > 8)
		__builtin_prefetch(&t->key[(set << t->way_shift) + 8]);
}

static always_inline u8 tag_sig(const struct tags *t, u64 key)
{
	return (u8)(hash64(key) >> t->sig_shift);
}

/* The line's id, or TAG_MISS. */
static always_inline u32 tags_find(const struct tags *t, u32 set, u64 key)
{
	u32 m, id;

	if (unlikely(t->wide))
		return tags_find_wide(t, set, key);
	for (m = tag_bytes_equal(t->row[set].sig, tag_sig(t, key)) & t->way_mask; m; m &= m - 1) {
		id = (set << t->way_shift) + (u32)__builtin_ctz(m);
		if (likely(t->key[id] == key))
			return id;
	}
	return TAG_MISS;
}

extern const tag_sbytes tag_all[TAG_ROW_WAYS];  /* [n]: every byte n */
extern const tag_sbytes tag_others[TAG_ROW_WAYS]; /* [n]: byte n 0, the others all ones */

/* Ways used more recently than `way` age by one, and `way` becomes the newest. */
static always_inline void tag_row_renew(struct tag_row *row, u32 way)
{
	tag_sbytes rank = row->rank;
	u8 r = ((const u8 *)&row->rank)[way];

	rank -= (tag_sbytes)(rank < tag_all[r]);
	row->rank = rank & tag_others[way];
}

/* A hit: the line is the one used last. */
static always_inline void tags_touch(struct tags *t, u32 id)
{
	if (t->by_time)
		t->used_at[id] = ++*t->clock;
	else if (t->row_lru)
		tag_row_renew(&t->row[tags_set(t, id)], tags_way(t, id));
	else
		tags_touch_other(t, id);
}

/* Both at once: the line's id, the newest now, or TAG_MISS. */
static always_inline u32 tags_use(struct tags *t, u32 set, u64 key)
{
	u32 id = tags_find(t, set, key);

	if (likely(id != TAG_MISS))
		tags_touch(t, id);
	return id;
}

#endif
