#include "model/hw/dram_slots.h"

#include <string.h>

#define FOUR 4u /* activations that a window of tFAW may hold */

static void set_gaps(struct dram_gaps *g, bool first, bool second, u64 other, u64 same, u64 group)
{
	u64 *gap = g->gap[first][second];

	gap[OTHER_RANK] = other;
	gap[SAME_RANK] = same;
	gap[SAME_GROUP] = group;
	g->longest = MAX(g->longest, MAX(other, MAX(same, group)));
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

static u64 gap_between(const struct dram_gaps *g, const struct dram_column *a, const struct dram_column *b)
{
	enum dram_relation r = a->rank != b->rank     ? OTHER_RANK
			       : a->group != b->group ? SAME_RANK
						      : SAME_GROUP;

	return g->gap[a->write][b->write][r];
}

/* One pass over those that can matter, from `first` on. Returns want->at moved past what it collides with. */
static u64 columns_pass(const struct dram_columns *s, const struct dram_gaps *g, u32 first,
			const struct dram_column *want)
{
	u64 at = want->at;
	u32 i;

	for (i = first; i < s->n; i++) {
		const struct dram_column *c = &s->c[i];
		u64 after = c->at + gap_between(g, c, want);

		if (at < after && at + gap_between(g, want, c) > c->at)
			at = after;
	}
	return at;
}

/* Changes of direction that the i-th adds between its neighbours. */
static u32 columns_turned(const struct dram_columns *s, u32 i)
{
	bool first = i == 0, last = i + 1 == s->n, write = s->c[i].write;
	u32 before = !first && s->c[i - 1].write != write, after = !last && s->c[i + 1].write != write;

	return before + after - (!first && !last && s->c[i - 1].write != s->c[i + 1].write);
}

static void columns_insert(struct dram_columns *s, const struct dram_gaps *g, const struct dram_column *want)
{
	u32 i;

	if (s->n == DRAM_COLUMNS) {
		s->floor = MAX(s->floor, s->c[0].at + g->longest);
		memmove(&s->c[0], &s->c[1], --s->n * sizeof(s->c[0]));
	}
	for (i = s->n++; i > 0 && s->c[i - 1].at > want->at; i--)
		s->c[i] = s->c[i - 1];
	s->c[i] = *want;
	s->turned = columns_turned(s, i);
}

u64 dram_columns_take(struct dram_columns *s, const struct dram_gaps *g, struct dram_column want)
{
	u64 at = MAX(want.at, s->floor);
	u32 first = s->n;

	while (first > 0 && s->c[first - 1].at + g->longest > at)
		first--;
	do {
		want.at = at;
		at = columns_pass(s, g, first, &want);
	} while (at != want.at);
	columns_insert(s, g, &want);
	return at;
}

/* Moves past those to which tRRD does not hold. */
static u64 activations_pass(const struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 at)
{
	u32 i;

	for (i = 0; i < s->n; i++) {
		u64 gap = s->group[i] == group ? t[DRAM_T_RRD_L] : t[DRAM_T_RRD_S];

		if (at < s->at[i] + gap && at + gap > s->at[i])
			at = s->at[i] + gap;
	}
	return at;
}

/* Moves on while a fifth activation would fall into some window of tFAW. */
static u64 activations_window(const struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u64 at)
{
	u64 faw = t[DRAM_T_FAW];
	u32 before = s->n, j;

	while (before > 0 && s->at[before - 1] > at)
		before--;
	if (before >= FOUR)
		at = MAX(at, s->at[before - FOUR] + faw);
	/* j of the four others come after this one. */
	for (j = 1; j <= FOUR && before + j <= s->n; j++) {
		u64 first = j == FOUR ? at : before + j >= FOUR ? s->at[before + j - FOUR] : 0;

		if ((j == FOUR || before + j >= FOUR) && s->at[before + j - 1] < first + faw)
			return s->at[before] + 1;
	}
	return at;
}

static void activations_insert(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 at)
{
	u32 i;

	if (s->n == DRAM_ACTIVATIONS) {
		s->floor = MAX(s->floor, s->at[0] + MAX(t[DRAM_T_FAW], t[DRAM_T_RRD_L]));
		s->n--;
		memmove(&s->at[0], &s->at[1], s->n * sizeof(s->at[0]));
		memmove(&s->group[0], &s->group[1], s->n * sizeof(s->group[0]));
	}
	for (i = s->n++; i > 0 && s->at[i - 1] > at; i--) {
		s->at[i] = s->at[i - 1];
		s->group[i] = s->group[i - 1];
	}
	s->at[i] = at;
	s->group[i] = group;
}

u64 dram_activations_take(struct dram_activations *s, const u64 t[NR_DRAM_TIMES], u32 group, u64 earliest)
{
	u64 at, next = MAX(earliest, s->floor);

	do {
		at = next;
		next = activations_window(s, t, activations_pass(s, t, group, at));
	} while (next != at);
	activations_insert(s, t, group, at);
	return at;
}
