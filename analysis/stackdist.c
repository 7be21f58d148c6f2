#include "analysis/stackdist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/map64.h"

#define RATE_BITS  24u /* of the hash that decide whether a unit is followed */
#define GROUPS     64u
#define Z          3.0
#define LEAST      32u /* followed units */
#define MIN_STAMPS 4096u
#define NO_UNIT    UINT32_MAX

struct unit {
	u64 time; /* of its last reference, counted from 1 */
	u32 stamp;
	u32 group;
};

/* References whose unit came again so many references later. */
struct interval {
	u64 n, sum;
};

/* Of units that are followed, by the step of their estimated distance; after the end, misses at that step. */
struct group {
	u64 misses[STACKDIST_STEPS];
	u64 cold;
};

struct stackdist {
	u64 threshold; /* out of 1 << RATE_BITS */
	u64 seed;
	u64 now; /* references so far */
	struct map64 *space;
	u32 n_spaces;
	struct unit *unit;
	u32 n_units, max_units;

	u64 last_number;
	u32 last_space;
	u32 last; /* unit of the last reference, NO_UNIT: not followed */
	bool any;

	u32 *owner; /* by stamp */
	u64 *live;  /* a bit a stamp: it is the last one of its unit */
	u32 *tree;  /* Fenwick: live stamps in words of `live` that have been passed, by word + 1 */
	u32 n_stamps, max_stamps;

	u64 *count; /* by distance; after the end: references of at least that distance */
	u32 max_count;
	struct group *group; /* NULL: exact */
	struct interval interval[STACKDIST_STEPS];
};

u64 stackdist_step(u32 i)
{
	return i < 16 ? i + 1 : (u64)(8 + (i - 15) % 8) << ((i - 15) / 8 + 1);
}

u32 stackdist_step_below(u64 n)
{
	u32 log;

	if (n <= 16)
		return (u32)n - 1;
	log = 63 - (u32)__builtin_clzll(n);
	return MIN(15 + 8 * (log - 4) + (u32)(n >> (log - 3)) - 8, STACKDIST_STEPS - 1);
}

struct stackdist *stackdist_new(double rate, u64 seed)
{
	struct stackdist *s = xcalloc(1, sizeof(*s));

	ASSERT(rate > 0 && rate <= 1);
	s->threshold = MAX((u64)(rate * (1u << RATE_BITS)), 1);
	s->seed = seed;
	s->last = NO_UNIT;
	s->max_count = 1024;
	s->count = xcalloc(s->max_count, sizeof(*s->count));
	if (s->threshold < 1u << RATE_BITS)
		s->group = xcalloc(GROUPS, sizeof(*s->group));
	return s;
}

void stackdist_free(struct stackdist *s)
{
	u32 i;

	for (i = 0; i < s->n_spaces; i++)
		map64_fini(&s->space[i]);
	free(s->space);
	free(s->unit);
	free(s->owner);
	free(s->live);
	free(s->tree);
	free(s->count);
	free(s->group);
	free(s);
}

/* ---- stamps ---- */

/* A word of `live` has been passed: its stamps go into the tree. */
static void tree_add(struct stackdist *s, u32 word, u32 n)
{
	u32 i;

	for (i = word + 1; i <= s->max_stamps / 64; i += i & -i)
		s->tree[i] += n;
}

/* Live stamps in the words before this one. */
static u32 tree_before(const struct stackdist *s, u32 word)
{
	u32 i, n = 0;

	for (i = word; i; i &= i - 1)
		n += s->tree[i];
	return n;
}

static u32 stamps_after(const struct stackdist *s, u32 stamp)
{
	u32 word = stamp / 64, before = stamp % 64 + 1;
	u64 upper = before == 64 ? 0 : s->live[word] >> before;

	if (word == s->n_stamps / 64)
		return (u32)__builtin_popcountll(upper);
	return s->n_units - tree_before(s, word) - (u32)__builtin_popcountll(s->live[word]) +
	       (u32)__builtin_popcountll(upper);
}

/* Stamps anew from 0 on in the same order, with room for three times as many to come. */
static void restamp(struct stackdist *s)
{
	u32 max = MAX(s->n_units * 4 / 64 * 64 + 64, MIN_STAMPS), n = 0, i;
	u32 *owner = xmalloc(max * sizeof(*owner));

	ASSERT(s->n_units < 1u << 29);
	for (i = 0; i < s->n_stamps; i++) {
		if (!(s->live[i / 64] >> i % 64 & 1))
			continue;
		owner[n] = s->owner[i];
		s->unit[owner[n]].stamp = n;
		n++;
	}
	free(s->owner);
	s->owner = owner;
	s->max_stamps = max;
	s->n_stamps = n;
	s->live = xrealloc(s->live, max / 64 * sizeof(*s->live));
	memset(s->live, 0, max / 64 * sizeof(*s->live));
	for (i = 0; i < n; i++)
		s->live[i / 64] |= 1ull << i % 64;
	s->tree = xrealloc(s->tree, (max / 64 + 1) * sizeof(*s->tree));
	memset(s->tree, 0, (max / 64 + 1) * sizeof(*s->tree));
	for (i = 0; i < n / 64; i++)
		tree_add(s, i, 64);
}

static void give_stamp(struct stackdist *s, u32 id)
{
	u32 word = s->n_stamps / 64;

	s->owner[s->n_stamps] = id;
	s->live[word] |= 1ull << s->n_stamps % 64;
	s->unit[id].stamp = s->n_stamps++;
	if (s->n_stamps % 64 == 0)
		tree_add(s, word, (u32)__builtin_popcountll(s->live[word]));
}

static void take_stamp(struct stackdist *s, u32 stamp)
{
	u32 word = stamp / 64;

	s->live[word] &= ~(1ull << stamp % 64);
	if (word != s->n_stamps / 64)
		tree_add(s, word, (u32)-1);
}

/* ---- references ---- */

/* After David Stafford's variant 13 of MurmurHash3's finaliser: every bit depends on every bit. */
static u64 hash(const struct stackdist *s, u32 space, u64 number)
{
	u64 h = number + ((u64)space << 52) + s->seed * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

static void note_interval(struct stackdist *s, u64 length, u64 n)
{
	struct interval *i = &s->interval[stackdist_step_below(length)];

	i->n += n;
	i->sum += n * length;
}

/* What a distance among followed units stands for. */
static u64 scale_up(const struct stackdist *s, u64 distance)
{
	return (distance << RATE_BITS) / s->threshold;
}

static void note_distance(struct stackdist *s, u32 distance, u32 group)
{
	u32 max = s->max_count;

	if (distance >= max) {
		s->max_count = 2 * distance;
		s->count = xrealloc(s->count, s->max_count * sizeof(*s->count));
		memset(s->count + max, 0, (s->max_count - max) * sizeof(*s->count));
	}
	s->count[distance]++;
	if (s->group && distance)
		s->group[group].misses[stackdist_step_below(scale_up(s, distance))]++;
}

static u32 new_unit(struct stackdist *s, u32 group)
{
	if (s->n_units == s->max_units) {
		s->max_units = MAX(2 * s->max_units, 1024);
		s->unit = xrealloc(s->unit, s->max_units * sizeof(*s->unit));
	}
	s->unit[s->n_units].group = group;
	if (s->group)
		s->group[group].cold++;
	return s->n_units++;
}

static struct map64 *map_of(struct stackdist *s, u32 space)
{
	if (space >= s->n_spaces) {
		s->space = xrealloc(s->space, (space + 1) * sizeof(*s->space));
		memset(s->space + s->n_spaces, 0, (space + 1 - s->n_spaces) * sizeof(*s->space));
		s->n_spaces = space + 1;
	}
	return &s->space[space];
}

/* The unit's last reference goes; returns the unit. */
static u32 find_unit(struct stackdist *s, u32 space, u64 number, u32 group)
{
	struct map64 *map = map_of(s, space);
	u64 *found = map64_find(map, number);
	struct unit *u;
	u32 id;

	if (!found) {
		id = new_unit(s, group);
		map64_set(map, number, id);
		return id;
	}
	u = &s->unit[*found];
	note_distance(s, stamps_after(s, u->stamp), group);
	note_interval(s, s->now - u->time, 1);
	take_stamp(s, u->stamp);
	return (u32)*found;
}

void stackdist_again(struct stackdist *s, u64 n)
{
	s->now += n;
	if (s->last == NO_UNIT || !n)
		return;
	s->count[0] += n;
	note_interval(s, 1, n);
	s->unit[s->last].time = s->now;
}

void stackdist_touch(struct stackdist *s, u32 space, u64 number)
{
	u64 h = 0;

	if (s->any && number == s->last_number && space == s->last_space) {
		stackdist_again(s, 1);
		return;
	}
	s->any = true;
	s->last_number = number;
	s->last_space = space;
	s->last = NO_UNIT;
	s->now++;
	if (s->group) {
		h = hash(s, space, number);
		if (h >> (64 - RATE_BITS) >= s->threshold)
			return;
	}
	if (s->n_stamps == s->max_stamps)
		restamp(s);
	s->last = find_unit(s, space, number, (u32)(h % GROUPS));
	s->unit[s->last].time = s->now;
	give_stamp(s, s->last);
}

/* ---- results ---- */

u64 stackdist_references(const struct stackdist *s)
{
	return s->now;
}

static double rate(const struct stackdist *s)
{
	return (double)s->threshold / (1u << RATE_BITS);
}

double stackdist_units(const struct stackdist *s)
{
	return s->n_units / rate(s);
}

u64 stackdist_least(const struct stackdist *s)
{
	return s->group ? (u64)ceil(LEAST / rate(s)) : 1;
}

void stackdist_finish(struct stackdist *s)
{
	u32 i, g;

	for (i = 0; i < s->n_units; i++)
		note_interval(s, s->now + 1 - s->unit[i].time, 1);
	for (i = s->max_count; i-- > 1;)
		s->count[i - 1] += s->count[i];
	for (g = 0; s->group && g < GROUPS; g++)
		for (i = STACKDIST_STEPS - 1; i-- > 0;)
			s->group[g].misses[i] += s->group[g].misses[i + 1];
}

/* A distance among followed units that stands for one of at least the capacity. */
static u64 scale_down(const struct stackdist *s, u64 capacity)
{
	return (capacity * s->threshold + (1u << RATE_BITS) - 1) >> RATE_BITS;
}

/* Misses of followed units, not scaled. */
static u64 followed_misses(const struct stackdist *s, u64 capacity)
{
	u64 distance = scale_down(s, capacity);

	return s->n_units + (distance < s->max_count ? s->count[distance] : 0);
}

double stackdist_misses(const struct stackdist *s, u64 capacity)
{
	return fmin((double)followed_misses(s, capacity) / rate(s), (double)s->now);
}

/* What the number of misses may be wrong by because of the choice of the units. */
static double spread(const struct stackdist *s, u64 capacity)
{
	u32 step = stackdist_step_below(capacity), g;
	double sum = 0, squares = 0, x, variance, one;

	for (g = 0; g < GROUPS; g++) {
		x = (double)(s->group[g].misses[step] + s->group[g].cold);
		sum += x;
		squares += x * x;
	}
	variance = (squares - sum * sum / GROUPS) * GROUPS / (GROUPS - 1);
	one = sum / s->n_units;
	return Z * sqrt((variance + one * one) * (1 - rate(s))) / rate(s);
}

double stackdist_bound(const struct stackdist *s, u64 capacity)
{
	double misses = stackdist_misses(s, capacity), far, low, high, all = (double)s->now;
	u64 smaller, larger;

	if (!s->group)
		return 0;
	if (!s->n_units)
		return all;
	far = Z * sqrt((double)capacity * (1 - rate(s)) / rate(s));
	smaller = (u64)fmax((double)capacity - far, 1);
	larger = (u64)((double)capacity + far);
	high = fmin(stackdist_misses(s, smaller) + spread(s, smaller), all);
	low = fmax(stackdist_misses(s, larger) - spread(s, larger), 0);
	return fmax(high - misses, misses - low);
}

double stackdist_working_set(const struct stackdist *s, u32 step)
{
	double sum = 0, tau = (double)stackdist_step(step);
	u32 i;

	for (i = 0; i < STACKDIST_STEPS; i++)
		sum += i < step ? (double)s->interval[i].sum : tau * (double)s->interval[i].n;
	return s->now ? sum / rate(s) / (double)s->now : 0;
}
