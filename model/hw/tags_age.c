/*
 * Policies that give each line an age of one or two bits: NRU, SRRIP, BRRIP and DRRIP as Jaleel et al. (ISCA
 * 2010) have them, with hit priority, and QLRU as nanoBench's simulator has it (tag_policy.h).
 *
 * In the former a hit sets an age to 0 and nothing else, and only a line that goes ages the others. So where
 * times of last use are kept a hit is one store, and the ages of a set take in what was hit since they were
 * last looked at. Under a mask, ages of ways outside neither count nor move.
 */
#include "model/hw/tag_ops.h"

static u8 *ages(const struct tags *t, u32 set)
{
	return t->wide ? &t->age[tag_base(t, set)] : (u8 *)&t->row[set].rank;
}

/* Ages start where an empty line's are: the next to go. */
static void ages_init(struct tags *t)
{
	u32 set;

	t->max_age = t->policy == TAGS_NRU ? 1 : QLRU_AGES - 1;
	if (t->wide)
		t->age = tags_alloc(t, tags_ids(t), 1);
	for (set = 0; set < t->sets; set++)
		memset(ages(t, set), (int)t->max_age, t->ways);
}

/* In a row: its ways of that age, a bit each. */
static u32 row_of_age(const struct tags *t, u32 set, u32 age, u64 mask)
{
	return tag_bytes_equal((tag_bytes)t->row[set].rank, (u8)age) & t->way_mask & (u32)mask;
}

/* The lowest way of that age, or TAG_NO_WAY. */
static u32 first_of_age(const struct tags *t, u32 set, u32 age, u64 mask)
{
	const u8 *a;
	u32 way;

	if (!t->wide) {
		way = row_of_age(t, set, age, mask);
		return way ? (u32)__builtin_ctz(way) : TAG_NO_WAY;
	}
	a = ages(t, set);
	for (way = 0; way < t->ways; way++) {
		if (a[way] == age && tag_allows(mask, way))
			return way;
	}
	return TAG_NO_WAY;
}

/* The highest age, of way `but` excepted. */
static u32 oldest_age(const struct tags *t, u32 set, u32 but, u64 mask)
{
	const u8 *a;
	u32 way, oldest = 0;

	if (!t->wide) {
		mask &= but == TAG_NO_WAY ? TAG_ALL_WAYS : ~(1ull << but);
		for (oldest = t->max_age; oldest && !row_of_age(t, set, oldest, mask); oldest--)
			;
		return oldest;
	}
	a = ages(t, set);
	for (way = 0; way < t->ways; way++) {
		if (way != but && tag_allows(mask, way))
			oldest = MAX(oldest, a[way]);
	}
	return oldest;
}

static void grow_older(struct tags *t, u32 set, u32 by, u32 but, u64 mask)
{
	u8 *a = ages(t, set);
	u32 way;

	for (way = 0; by && way < t->ways; way++) {
		if (way != but && tag_allows(mask, way))
			a[way] = (u8)(a[way] + by);
	}
}

/* NRU and RRIP. */

/* Sets that follow one policy of the duel whatever happens, of each; PSEL's bits (section 4.3 there). */
#define LEADERS   32u
#define PSEL_HALF (1u << 9)
#define PSEL_MAX  (2 * PSEL_HALF - 1)
/* BRRIP inserts one line in 32 as SRRIP does: the bimodal throttle of Qureshi et al., ISCA 2007. */
#define BIMODAL   32u

static void rrip_init(struct tags *t)
{
	ages_init(t);
	t->psel = PSEL_HALF - 1;
	if (t->by_time)
		t->settled = tags_alloc(t, t->sets, sizeof(*t->settled));
}

/* The set's ages take in its hits. */
static void settle(struct tags *t, u32 set)
{
	u8 *a = ages(t, set);
	u32 way;

	if (!t->by_time)
		return;
	for (way = 0; way < t->ways; way++) {
		if (t->used_at[tag_base(t, set) + way] > t->settled[set])
			a[way] = 0;
	}
	t->settled[set] = *t->clock;
}

static u32 rrip_victim(struct tags *t, u32 set, u64 mask)
{
	u32 way = tag_empty_way(t, set, mask);

	if (way != TAG_NO_WAY)
		return way;
	settle(t, set);
	grow_older(t, set, t->max_age - oldest_age(t, set, TAG_NO_WAY, mask), TAG_NO_WAY, mask);
	return first_of_age(t, set, t->max_age, mask);
}

static void rrip_touch(struct tags *t, u32 id)
{
	ages(t, tags_set(t, id))[tags_way(t, id)] = 0;
}

/*
 * The policy that decides for a set. Of each of 32 stretches of sets one set leads for SRRIP and one for
 * BRRIP, at places that differ from stretch to stretch.
 */
enum side { SIDE_SRRIP, SIDE_BRRIP, SIDE_FOLLOWS };

static enum side side_of(const struct tags *t, u32 set)
{
	u32 leaders = MIN(LEADERS, t->sets / 2), span = leaders ? t->sets / leaders : 0;
	u32 stretch, place;

	if (!leaders || set / span >= leaders)
		return SIDE_FOLLOWS;
	stretch = set / span;
	place = (set + span - stretch % span) % span;
	return place == 0 ? SIDE_SRRIP : place == span / 2 ? SIDE_BRRIP : SIDE_FOLLOWS;
}

/* A miss of a leader speaks for the other side. */
static bool duel_says_brrip(struct tags *t, u32 set)
{
	switch (side_of(t, set)) {
	case SIDE_SRRIP:
		t->psel = MIN(t->psel + 1, PSEL_MAX);
		return false;
	case SIDE_BRRIP:
		t->psel -= t->psel > 0;
		return true;
	default:
		return t->psel >= PSEL_HALF;
	}
}

static void rrip_fill(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id);
	bool brrip = t->policy == TAGS_BRRIP || (t->policy == TAGS_DRRIP && duel_says_brrip(t, set));
	bool distant = brrip && rng_below(&t->rng, BIMODAL) != 0;

	settle(t, set);
	ages(t, set)[tags_way(t, id)] = (u8)(t->max_age - !distant);
}

static void age_drop(struct tags *t, u32 id)
{
}

static void age_sane(const struct tags *t, u32 set)
{
	u32 way;

	for (way = 0; way < t->ways; way++)
		ASSERT(ages(t, set)[way] <= t->max_age);
	ASSERT(t->psel <= PSEL_MAX);
}

const struct tag_ops tag_rrip_ops = { rrip_init, rrip_victim, rrip_touch, rrip_fill, age_drop, age_sane };

/* QLRU. */

#define SELDOM 16u

/* way: the one just used, TAG_NO_WAY before a miss. */
static void qlru_update(struct tags *t, u32 set, u32 way)
{
	u32 but = t->qlru.update == QLRU_U1 || t->qlru.update == QLRU_U3 ? way : TAG_NO_WAY;
	u32 oldest;

	if (t->qlru.update == QLRU_U0 || t->qlru.update == QLRU_U1) {
		oldest = oldest_age(t, set, but, TAG_ALL_WAYS);
		grow_older(t, set, t->max_age - oldest, but, TAG_ALL_WAYS);
	} else if (first_of_age(t, set, t->max_age, TAG_ALL_WAYS) == TAG_NO_WAY) {
		grow_older(t, set, 1, but, TAG_ALL_WAYS);
	}
}

static u32 last_empty_way(const struct tags *t, u32 set, u64 mask)
{
	u32 way = t->ways;

	while (way--) {
		if (t->key[tag_base(t, set) + way] == TAG_NO_KEY && tag_allows(mask, way))
			return way;
	}
	return TAG_NO_WAY;
}

/*
 * R1 takes the lowest way where none has the highest age. Under the other rules one always has, but perhaps
 * outside the mask: then the oldest within it goes.
 */
static u32 qlru_oldest(const struct tags *t, u32 set, u64 mask)
{
	u32 way = first_of_age(t, set, t->max_age, mask);

	if (way != TAG_NO_WAY)
		return way;
	if (t->qlru.victim != QLRU_R1)
		return first_of_age(t, set, oldest_age(t, set, TAG_NO_WAY, mask), mask);
	for (way = 0; !tag_allows(mask, way);)
		way++;
	return way;
}

static u32 qlru_victim(struct tags *t, u32 set, u64 mask)
{
	u32 way;

	if (t->qlru.misses_only)
		qlru_update(t, set, TAG_NO_WAY);
	way = t->qlru.victim == QLRU_R2 ? last_empty_way(t, set, mask) : tag_empty_way(t, set, mask);
	return way != TAG_NO_WAY ? way : qlru_oldest(t, set, mask);
}

static void qlru_used(struct tags *t, u32 id, u32 age)
{
	u32 set = tags_set(t, id), way = tags_way(t, id);

	ages(t, set)[way] = (u8)age;
	if (!t->qlru.misses_only)
		qlru_update(t, set, way);
}

static void qlru_touch(struct tags *t, u32 id)
{
	qlru_used(t, id, t->qlru.hit[ages(t, tags_set(t, id))[tags_way(t, id)]]);
}

static void qlru_fill(struct tags *t, u32 id)
{
	bool seldom = t->qlru.seldom != t->qlru.insert && rng_below(&t->rng, SELDOM) == 0;

	qlru_used(t, id, seldom ? t->qlru.seldom : t->qlru.insert);
}

const struct tag_ops tag_qlru_ops = { ages_init, qlru_victim, qlru_touch, qlru_fill, age_drop, age_sane };
