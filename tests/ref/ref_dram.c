#include "tests/ref/ref_dram.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"

#define TOLD 5u /* broken rules told, the others only counted */

void ref_dram_note(void *arg, enum dram_command c, const struct dram_place *p, u64 tick)
{
	struct ref_dram *r = arg;

	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 1024;
		r->log = xrealloc(r->log, r->cap * sizeof(*r->log));
	}
	r->log[r->n++] = (struct ref_command){ c, *p, tick };
}

u64 ref_dram_ticks(const struct ref_dram *r, u64 ps)
{
	return (u64)(((unsigned __int128)ps * 1024 * r->hz + 999999999999ull) / 1000000000000ull);
}

static bool whole_rank(const struct ref_command *a)
{
	return a->c == DRAM_PREA || a->c == DRAM_REF;
}

static bool in_scope(const struct ref_command *a, const struct ref_command *b, enum ref_scope scope)
{
	bool channel = a->p.channel == b->p.channel, rank = channel && a->p.rank == b->p.rank;
	bool group = rank && a->p.group == b->p.group, bank = group && a->p.bank == b->p.bank;

	switch (scope) {
	case REF_BANK:
		return bank || (rank && (whole_rank(a) || whole_rank(b)));
	case REF_GROUP:
		return group;
	case REF_OTHER_GROUP:
		return rank && !group;
	case REF_RANK:
		return rank;
	default:
		return channel && !rank;
	}
}

/* PRE, RD and WR of equal times are taken in the order that lets them be legal: closing first, then opening.
 */
static int by_time(const void *x, const void *y)
{
	static const int order[NR_DRAM_COMMANDS] = { 3, 0, 4, 4, 1, 2 };
	const struct ref_command *a = x, *b = y;

	if (a->tick != b->tick)
		return a->tick < b->tick ? -1 : 1;
	return order[a->c] - order[b->c];
}

static void tell(struct ref_dram *r, const char *rule, const struct ref_command *a,
		 const struct ref_command *b)
{
	if (r->broken++ < TOLD)
		fprintf(stderr, "%s: command %u at %" PRIu64 ", %u at %" PRIu64 " (channel %u rank %u)\n",
			rule, a->c, a->tick, b->c, b->tick, b->p.channel, b->p.rank);
}

static void judge_pair(struct ref_dram *r, const struct ref_command *a, const struct ref_command *b)
{
	struct ref_rule *rule;
	u64 need;

	for (rule = r->rule; rule->name; rule++) {
		if (!(rule->first >> a->c & 1) || !(rule->second >> b->c & 1) || !in_scope(a, b, rule->scope))
			continue;
		need = ref_dram_ticks(r, rule->ps);
		if (b->tick - a->tick < need)
			tell(r, rule->name, a, b);
		else if (b->tick - a->tick - need < rule->closest)
			rule->closest = b->tick - a->tick - need;
	}
}

/* A fifth activation of a rank, counted back from this one. */
static void judge_window(struct ref_dram *r, u32 at)
{
	u64 need = ref_dram_ticks(r, r->faw_ps);
	const struct ref_command *b = &r->log[at], *a;
	u32 seen = 0, i;

	for (i = at; i-- > 0 && seen < 4;) {
		a = &r->log[i];
		seen += a->c == DRAM_ACT && in_scope(a, b, REF_RANK);
		if (seen == 4 && b->tick - a->tick < need)
			tell(r, "tFAW", a, b);
		else if (seen == 4 && b->tick - a->tick - need < r->faw_closest)
			r->faw_closest = b->tick - a->tick - need;
	}
}

/* What the last command that opened or closed this bank was. */
static void judge_row(struct ref_dram *r, u32 at)
{
	const struct ref_command *b = &r->log[at], *a = NULL;
	bool column = b->c == DRAM_RD || b->c == DRAM_WR, open;
	u32 i;

	for (i = at; i-- > 0;) {
		a = &r->log[i];
		if (a->c != DRAM_RD && a->c != DRAM_WR && in_scope(a, b, REF_BANK))
			break;
		a = NULL;
	}
	open = a && a->c == DRAM_ACT;
	if (column && (!open || a->p.row != b->p.row))
		tell(r, "column command to a row that is not open", a ? a : b, b);
	if (b->c == DRAM_ACT && open)
		tell(r, "activation of an open bank", a, b);
}

void ref_dram_judge(struct ref_dram *r)
{
	u64 horizon = 0;
	u32 i, k;

	qsort(r->log, r->n, sizeof(*r->log), by_time);
	r->faw_closest = ~(u64)0;
	for (i = 0; r->rule[i].name; i++) {
		r->rule[i].closest = ~(u64)0;
		horizon = MAX(horizon, ref_dram_ticks(r, r->rule[i].ps));
	}
	for (i = 0; i < r->n; i++) {
		for (k = i; k-- > 0 && r->log[i].tick - r->log[k].tick <= horizon;)
			judge_pair(r, &r->log[k], &r->log[i]);
		if (r->log[i].c == DRAM_ACT)
			judge_window(r, i);
		if (r->log[i].c == DRAM_ACT || r->log[i].c == DRAM_RD || r->log[i].c == DRAM_WR)
			judge_row(r, i);
	}
}
