#include "analysis/measure.h"

#include <string.h>

#include "analysis/compare.h"

const char *const measure_usual[] = {
	"cycles",    "IPC",        "L1I MPKI",   "L1D MPKI",   "L2 MPKI",   "L3 MPKI",  "L4 MPKI",
	"ITLB MPKI", "DTLB MPKI",  "STLB MPKI",  "walk share", "load mean", "load p50", "load p90",
	"load p99",  "load p99.9", "store mean", "store p99",  NULL,
};

static const struct {
	const char *name;
	u64 num, den;
} percentiles[] = { { "p50", 50, 100 }, { "p90", 90, 100 }, { "p99", 99, 100 }, { "p99.9", 999, 1000 } };

static const struct figure *find_figure(const char *name)
{
	const struct figure *f;

	for (f = figures; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

/* "load p99": the kind of access, and what of its latencies; NULL: it is another name. */
static const char *split(const char *name, const char **kind)
{
	static const char *const kinds[] = { "load", "store" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i]);

		*kind = kinds[i];
		if (!strncmp(name, kinds[i], n) && name[n] == ' ')
			return name + n + 1;
	}
	return NULL;
}

static bool latency(const struct latency_table *t, const char *what, double *value)
{
	u32 i;

	*value = latency_table_mean(t);
	if (!strcmp(what, "mean"))
		return t->n;
	for (i = 0; i < ARRAY_SIZE(percentiles); i++)
		if (!strcmp(what, percentiles[i].name))
			break;
	if (i == ARRAY_SIZE(percentiles))
		return false;
	*value = (double)latency_table_percentile(t, percentiles[i].num, percentiles[i].den);
	return t->n;
}

bool measure_of(const struct run *r, const char *name, double *value)
{
	const struct figure *f = find_figure(name);
	const char *kind, *what = split(name, &kind);
	struct latency_table t;
	bool known;

	if (what) {
		run_latency(r, kind, NULL, NULL, &t);
		known = latency(&t, what, value);
		latency_table_fini(&t);
		return known;
	}
	if (f) {
		*value = figure_value(f, &r->counters);
		return figure_known(f, &r->counters);
	}
	*value = (double)counters_get(&r->counters, name);
	return counters_has(&r->counters, name);
}

const char *measure_unit(const char *name)
{
	const struct figure *f = find_figure(name);
	const char *kind;

	return f ? f->unit : split(name, &kind) ? "cycles" : "";
}

bool measure_more_is_better(const char *name)
{
	const struct figure *f = find_figure(name);

	return f && f->more_is_better;
}
