#include "model/hw/victims.h"

#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"

#define NONE 0xffffu
#define MASK (VICTIMS_KEPT - 1)

struct victims *victims_new(u32 cap)
{
	struct victims *v = xcalloc(1, sizeof(*v));
	u32 i;

	v->cap = cap;
	for (i = 0; i < VICTIMS_KEPT; i++) {
		v->hash[i] = NONE;
		v->at[i].next = (u16)(i + 1 < VICTIMS_KEPT ? i + 1 : NONE);
	}
	return v;
}

void victims_free(struct victims *v)
{
	free(v);
}

/* ---- by line ---- */

static u16 *bucket(struct victims *v, u64 line)
{
	return &v->hash[hash64(line) & MASK];
}

static void hash_add(struct victims *v, u16 id)
{
	u16 *b = bucket(v, v->at[id].line);

	v->at[id].next = *b;
	*b = id;
}

static void hash_remove(struct victims *v, u16 id)
{
	u16 *b = bucket(v, v->at[id].line);

	while (*b != id)
		b = &v->at[*b].next;
	*b = v->at[id].next;
}

bool victims_hold(const struct victims *v, u64 line, u64 now)
{
	u16 id;

	if (v->last <= now)
		return false;
	for (id = v->hash[hash64(line) & MASK]; id != NONE; id = v->at[id].next)
		if (v->at[id].line == line && v->at[id].end > now)
			return true;
	return false;
}

/* ---- by end ---- */

static u16 *nth(struct victims *v, u32 n)
{
	return &v->order[(v->head + n) & MASK];
}

static bool is_before(const struct victim_line *a, const struct victim_line *b)
{
	return a->end != b->end ? a->end < b->end : a->place < b->place;
}

/* Mostly it ends last. */
static void order_add(struct victims *v, u16 id)
{
	u32 i;

	for (i = v->n++; i && is_before(&v->at[id], &v->at[*nth(v, i - 1)]); i--)
		*nth(v, i) = *nth(v, i - 1);
	*nth(v, i) = id;
}

/* How many have been taken by a cycle. */
static u32 taken_by(struct victims *v, u64 cycle)
{
	u32 low = 0, high = v->n, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (v->at[*nth(v, mid)].end <= cycle)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The one that ends first goes. Up to its end places may be free that were not. */
static void forget_first(struct victims *v)
{
	u16 id = *nth(v, 0);

	v->head++;
	v->n--;
	v->full = MAX(v->full, v->at[id].end);
	hash_remove(v, id);
	v->at[id].next = v->unused;
	v->unused = id;
}

void victims_expire(struct victims *v, u64 cycle)
{
	while (v->n && v->at[*nth(v, 0)].end <= cycle)
		forget_first(v);
	if (!v->n)
		v->longest = 0;
}

void victims_add(struct victims *v, u64 line, u64 start, u64 end)
{
	u64 place = v->places++;
	u16 id;

	if (v->n == VICTIMS_KEPT) {
		place = v->at[*nth(v, 0)].place;
		forget_first(v);
	}
	id = v->unused;
	v->unused = v->at[id].next;
	v->at[id] = (struct victim_line){ .line = line, .start = start, .end = end, .place = place };
	hash_add(v, id);
	order_add(v, id);
	v->longest = MAX(v->longest, end - start);
	v->last = MAX(v->last, end);
}

/* ---- room ---- */

/* Whether every place is taken at a cycle; *first is then when the first of them becomes free. */
static bool is_full(struct victims *v, u64 cycle, u64 *first)
{
	u32 taken = 0, i;

	if (v->n < v->cap)
		return false;
	for (i = taken_by(v, cycle); i < v->n; i++) {
		const struct victim_line *l = &v->at[*nth(v, i)];

		if (l->end - cycle > v->longest)
			break;
		if (l->start > cycle)
			continue;
		*first = taken++ ? *first : l->end;
		if (taken == v->cap)
			return true;
	}
	return false;
}

/* All places are taken from one cycle to before the other. The span that is known grows, or this is it. */
static void know_full(struct victims *v, u64 from, u64 to)
{
	if (from <= v->free && v->full <= to) {
		from = MIN(from, v->full);
		to = MAX(to, v->free);
	}
	v->full = from;
	v->free = to;
}

u64 victims_room(struct victims *v, u64 now)
{
	u64 cycle = now, first;

	for (;;) {
		if (v->full <= cycle && cycle < v->free)
			cycle = v->free;
		else if (is_full(v, cycle, &first))
			cycle = first;
		else
			break;
	}
	if (cycle != now)
		know_full(v, now, cycle);
	return cycle;
}
