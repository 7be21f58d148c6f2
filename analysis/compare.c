#include "analysis/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define CYCLES "core*.cycles"
#define INSNS  "core*.instructions"
#define MPKI(what, ...)                                                                               \
	{                                                                                             \
		what " MPKI", "misses per 1000 instructions", { __VA_ARGS__ }, { INSNS }, 1000, false \
	}

const struct figure figures[] = {
	{ "cycles", "cycles", { CYCLES }, { NULL }, 1, false },
	{ "IPC", "instructions per cycle", { INSNS }, { CYCLES }, 1, true },
	MPKI("L1I", "core*.l1i.fetch_misses"),
	MPKI("L1D", "core*.l1d.load_misses", "core*.l1d.store_misses"),
	MPKI("L2", "core*.l2.fetch_misses", "core*.l2.load_misses", "l2*.fetch_misses", "l2*.load_misses"),
	MPKI("L3", "core*.l3.fetch_misses", "core*.l3.load_misses", "l3*.fetch_misses", "l3*.load_misses"),
	MPKI("L4", "l4*.fetch_misses", "l4*.load_misses"),
	MPKI("ITLB", "core*.itlb.misses"),
	MPKI("DTLB", "core*.dtlb.misses"),
	MPKI("STLB", "core*.stlb.misses"),
	{ "walk share", "% of all cycles", { "core*.walker.cycles" }, { CYCLES }, 100, false },
	{ 0 },
};

static u64 sum(const struct counters *c, const char *const *names, u32 n)
{
	u64 all = 0;
	u32 i;

	for (i = 0; i < n && names[i]; i++)
		all += counters_get(c, names[i]);
	return all;
}

bool figure_known(const struct figure *f, const struct counters *c)
{
	bool any = false;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(f->of) && f->of[i]; i++)
		any |= counters_has(c, f->of[i]);
	return any && (!f->whole[0] || sum(c, f->whole, ARRAY_SIZE(f->whole)));
}

double figure_value(const struct figure *f, const struct counters *c)
{
	double of = f->scale * (double)sum(c, f->of, ARRAY_SIZE(f->of));
	u64 whole = f->whole[0] ? sum(c, f->whole, ARRAY_SIZE(f->whole)) : 1;

	return whole ? of / (double)whole : 0;
}

double relative(double a, double b)
{
	if (a == b)
		return 0;
	return a > 0 ? (b - a) / a : INFINITY;
}

/* Both hold their counters in nearly the same order: the search begins where the last one ended. */
static const struct counter *find(const struct counters *c, const char *name, u32 *hint)
{
	u32 i, at;

	for (i = 0; i < c->n; i++) {
		at = (*hint + i) % c->n;
		if (!strcmp(c->at[at].name, name)) {
			*hint = at + 1;
			return &c->at[at];
		}
	}
	return NULL;
}

static void add(struct differences *d, struct difference one)
{
	if (one.a == one.b && !one.only_a && !one.only_b)
		d->same++;
	else
		d->at[d->n++] = one;
}

static u64 distance(const struct difference *d)
{
	return d->a > d->b ? d->a - d->b : d->b - d->a;
}

static double rank(const struct difference *d)
{
	if (d->only_a || d->only_b)
		return INFINITY;
	return fabs(relative((double)d->a, (double)d->b));
}

static int larger_first(const void *x, const void *y)
{
	const struct difference *a = x, *b = y;

	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? 1 : -1;
	if (distance(a) != distance(b))
		return distance(a) < distance(b) ? 1 : -1;
	return strcmp(a->name, b->name);
}

void differences_of(struct differences *d, const struct counters *a, const struct counters *b,
		    const char *only)
{
	const struct counter *other;
	u32 i, hint = 0;

	*d = (struct differences){ .at = xcalloc(a->n + b->n, sizeof(*d->at)) };
	for (i = 0; i < a->n; i++) {
		const struct counter *c = &a->at[i];

		if (only && !counters_match(only, c->name))
			continue;
		other = find(b, c->name, &hint);
		add(d, (struct difference){ c->name, c->value, other ? other->value : 0, !other, false });
	}
	for (i = 0, hint = 0; i < b->n; i++)
		if ((!only || counters_match(only, b->at[i].name)) && !find(a, b->at[i].name, &hint))
			add(d, (struct difference){ b->at[i].name, 0, b->at[i].value, false, true });
	qsort(d->at, d->n, sizeof(*d->at), larger_first);
}

void differences_fini(struct differences *d)
{
	free(d->at);
}
