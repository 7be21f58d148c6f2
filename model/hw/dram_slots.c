#include "model/hw/dram_slots.h"

#include <string.h>

#define FOUR 4u /* activations that a window of tFAW may hold */

/* From one command to the next, each a read or a write. */
static void set_gaps(struct dram_gaps *g, bool first, bool second, u64 other, u64 same, u64 group)
{
	const u64 gap[] = { [OTHER_RANK] = other, [SAME_RANK] = same, [SAME_GROUP] = group };
	u32 r;

	for (r = 0; r < NR_DRAM_RELATIONS; r++) {
		g->gap[first][second][r].before = gap[r];
		g->gap[second][first][r].after = gap[r];
		g->longest = MAX(g->longest, gap[r]);
		g->longest_from[first] = MAX(g->longest_from[first], gap[r]);
		g->longest_to[second] = MAX(g->longest_to[second], gap[r]);
	}
}

/*
 * The data bus follows from these: bursts do not overlap, and a clock is left between those of two ranks. A
 * write after a read waits until the read's data have left the bus, and two clocks (JESD79-4, read to write).
 */
void dram_gaps_init(struct dram_gaps *g, const u64 t[NR_DRAM_TIMES])
{
	u64 burst = t[DRAM_T_BURST], ck = t[DRAM_T_CK], cl = t[DRAM_T_CL], cwl = t[DRAM_T_CWL];
	u64 read = cl + burst + 2 * ck, read_write = MAX(read, cwl + ck) - cwl;
	u64 written = cwl + burst, switched = MAX(written + ck, cl + ck) - cl;

	memset(g, 0, sizeof(*g));
	set_gaps(g, false, false, burst + ck, MAX(burst, t[DRAM_T_CCD_S]), MAX(burst, t[DRAM_T_CCD_L]));
	set_gaps(g, true, true, burst + ck, MAX(burst, t[DRAM_T_CCD_S]), MAX(burst, t[DRAM_T_CCD_L_WR]));
	set_gaps(g, false, true, read_write, read_write, read_write);
	set_gaps(g, true, false, switched, written + t[DRAM_T_WTR_S], written + t[DRAM_T_WTR_L]);
}

/* No branches here: traffic at random would mispredict every other one. */
static enum dram_relation relation(const struct dram_column *a, const struct dram_column *b)
{
	return (a->rank == b->rank) * (SAME_RANK + (a->group == b->group));
}

/* The i-th in the order of times. */
static struct dram_column *column_at(struct dram_columns *s, u32 i)
{
	return &s->c[(s->first + i) & (DRAM_COLUMNS - 1)];
}

/*
 * One pass over those that can matter, from `from` on. Returns want->at moved past what it collides with.
 * *end: from then on nothing that was passed matters.
 */
static u64 columns_pass(struct dram_columns *s, const struct dram_gaps *g, u32 from,
			const struct dram_column *want, u64 *end)
{
	u64 at = want->at, ahead = g->longest_from[want->write], last = 0;
	const struct dram_gap(*gap)[NR_DRAM_RELATIONS] = g->gap[want->write];
	u32 i;

	for (i = from; i < s->n && column_at(s, i)->at < at + ahead; i++) {
		const struct dram_column *c = column_at(s, i);
		const struct dram_gap *keep = &gap[c->write][relation(c, want)];
		u64 after = c->at + keep->after;

		at = ((at < after) & (at + keep->before > c->at)) ? after : at;
		last = MAX(last, after);
	}
	*end = last;
	return at;
}

/* Changes of direction that the i-th adds between its neighbours. */
static u32 columns_turned(struct dram_columns *s, u32 i)
{
	bool first = i == 0, last = i + 1 == s->n, write = column_at(s, i)->write;
	u32 before = !first && column_at(s, i - 1)->write != write;
	u32 after = !last && column_at(s, i + 1)->write != write;

	return before + after - (!first && !last && column_at(s, i - 1)->write != column_at(s, i + 1)->write);
}

static void columns_make_room(struct dram_columns *s, const struct dram_gaps *g)
{
	if (s->n < DRAM_COLUMNS)
		return;
	s->floor = MAX(s->floor, column_at(s, 0)->at + g->longest);
	s->first++;
	s->n--;
}

static u32 columns_insert(struct dram_columns *s, const struct dram_column *want)
{
	u32 i;

	for (i = s->n++; i > 0 && column_at(s, i - 1)->at > want->at; i--)
		*column_at(s, i) = *column_at(s, i - 1);
	*column_at(s, i) = *want;
	return i;
}

/* The first that a command at this time may collide with. */
static u32 columns_from(struct dram_columns *s, u64 longest, u64 at)
{
	u32 from = s->n;

	while (from > 0 && column_at(s, from - 1)->at + longest > at)
		from--;
	return from;
}

void dram_columns_take(struct dram_columns *s, const struct dram_gaps *g, struct dram_column *want)
{
	u64 next = MAX(want->at, s->floor), end;
	u32 from = columns_from(s, g->longest_to[want->write], next);

	do {
		want->at = next;
		next = columns_pass(s, g, from, want, &end);
	} while (next != want->at && next < end);
	want->at = next;
	columns_make_room(s, g);
	s->turned = columns_turned(s, columns_insert(s, want));
}

static struct dram_activation *activation_at(struct dram_activations *s, u32 i)
{
	return &s->a[(s->first + i) & (DRAM_ACTIVATIONS - 1)];
}

/* Moves past those to which tRRD does not hold. */
static u64 activations_pass(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 at)
{
	u64 longest = MAX(t[DRAM_T_RRD_S], t[DRAM_T_RRD_L]);
	u32 i = s->n;

	while (i > 0 && activation_at(s, i - 1)->at + longest > at)
		i--;
	for (; i < s->n; i++) {
		const struct dram_activation *a = activation_at(s, i);
		u64 gap = a->group == group ? t[DRAM_T_RRD_L] : t[DRAM_T_RRD_S];

		at = ((at < a->at + gap) & (at + gap > a->at)) ? a->at + gap : at;
	}
	return at;
}

/* Moves on while a fifth activation would fall into some window of tFAW. */
static u64 activations_window(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u64 at)
{
	u64 faw = t[DRAM_T_FAW], begin;
	u32 before = s->n, j;

	while (before > 0 && activation_at(s, before - 1)->at > at)
		before--;
	if (before >= FOUR)
		at = MAX(at, activation_at(s, before - FOUR)->at + faw);
	/* Windows in which j of the four others come after this one. */
	for (j = 1; j <= FOUR && before + j <= s->n; j++) {
		if (before + j < FOUR)
			continue;
		begin = j == FOUR ? at : activation_at(s, before + j - FOUR)->at;
		if (activation_at(s, before + j - 1)->at < begin + faw)
			return activation_at(s, before)->at + 1;
	}
	return at;
}

static void activations_insert(struct dram_activations *s, u64 faw, u32 group, u64 at)
{
	u32 i;

	if (s->n == DRAM_ACTIVATIONS) {
		s->floor = MAX(s->floor, activation_at(s, 0)->at + faw);
		s->first++;
		s->n--;
	}
	for (i = s->n++; i > 0 && activation_at(s, i - 1)->at > at; i--)
		*activation_at(s, i) = *activation_at(s, i - 1);
	*activation_at(s, i) = (struct dram_activation){ at, group };
}

/* After all others, of which there are four and more: only the last four matter, and nothing need be
 * searched. */
static u64 activations_append(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 at)
{
	u64 after = activation_at(s, s->n - FOUR)->at + t[DRAM_T_FAW];
	u32 i;

	for (i = 1; i <= FOUR; i++) {
		const struct dram_activation *a = activation_at(s, s->n - i);
		u64 end = a->at + (a->group == group ? t[DRAM_T_RRD_L] : t[DRAM_T_RRD_S]);

		after = MAX(after, end);
	}
	return MAX(at, after);
}

static u64 activations_search(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 at)
{
	u64 next = at;

	do {
		at = next;
		next = activations_window(s, t, activations_pass(s, t, group, at));
	} while (next != at);
	return at;
}

u64 dram_activations_take(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 earliest)
{
	u64 at = MAX(earliest, s->floor);

	if (s->n >= FOUR && at >= activation_at(s, s->n - 1)->at)
		at = activations_append(s, t, group, at);
	else
		at = activations_search(s, t, group, at);
	activations_insert(s, t[DRAM_T_FAW], group, at);
	return at;
}
