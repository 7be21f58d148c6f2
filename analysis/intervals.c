#include "analysis/intervals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "analysis/out.h"
#include "model/base/error.h"

static const char *const kinds[] = { "load", "store" };

/* Percentiles in tenths of a percent. */
static const struct {
	const char *name;
	u64 permille;
} percentiles[] = { { "p50", 500 }, { "p99", 990 }, { "p999", 999 }, { "max", 1000 } };

struct column {
	const char *name;
	u32 *counter; /* numbers of those that it sums up */
	u32 n;
	bool level;
};

struct intervals {
	struct intervals_params p;
	struct out out;
	u32 n; /* counters */
	u64 *begin, *end;
	struct column *column;
	u32 n_columns;
	struct hist latency[ARRAY_SIZE(kinds)]; /* when the row began */
	u64 begin_cycle, rows;
};

/* ---- columns ---- */

static void add_counter(struct column *c, u32 counter)
{
	c->counter = xrealloc(c->counter, (c->n + 1) * sizeof(*c->counter));
	c->counter[c->n++] = counter;
}

static void add_all(struct intervals *iv, bool levels)
{
	u32 i;

	for (i = 0; i < iv->n; i++) {
		struct column *c = &iv->column[iv->n_columns];

		if (stats_is_level(iv->p.live, i) != levels)
			continue;
		*c = (struct column){ .name = stats_name(iv->p.live, i), .level = levels };
		add_counter(c, i);
		iv->n_columns++;
	}
}

static void add_pattern(struct intervals *iv, const char *pattern)
{
	struct column *c = &iv->column[iv->n_columns++];
	bool level;
	u32 i;

	*c = (struct column){ .name = pattern };
	for (i = 0; i < iv->n; i++) {
		if (!counters_match(pattern, stats_name(iv->p.live, i)))
			continue;
		level = stats_is_level(iv->p.live, i);
		if (c->n && level != c->level)
			die("--interval-counters: '%s' adds up a state (%s) and counts of events", pattern,
			    stats_name(iv->p.live, level ? i : c->counter[0]));
		c->level = level;
		add_counter(c, i);
	}
	if (!c->n)
		die("--interval-counters: this machine has no counter '%s'; `mmsim config --counters` lists "
		    "them",
		    pattern);
}

static void choose_columns(struct intervals *iv)
{
	u32 i;

	iv->column = xcalloc(MAX(iv->n, iv->p.n_patterns), sizeof(*iv->column));
	for (i = 0; i < iv->p.n_patterns; i++)
		add_pattern(iv, iv->p.patterns[i]);
	if (i)
		return;
	add_all(iv, false);
	add_all(iv, true);
}

static void write_head(struct intervals *iv)
{
	u32 i, k;

	fputs("interval,end_instructions,end_cycle,cycles", iv->out.f);
	for (i = 0; i < iv->n_columns; i++)
		fprintf(iv->out.f, ",%s", iv->column[i].name);
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		fprintf(iv->out.f, ",%s.samples", kinds[k]);
		for (i = 0; i < ARRAY_SIZE(percentiles); i++)
			fprintf(iv->out.f, ",%s.%s", kinds[k], percentiles[i].name);
	}
	fputc('\n', iv->out.f);
}

struct intervals *intervals_new(const struct intervals_params *p)
{
	struct intervals *iv = xcalloc(1, sizeof(*iv));

	iv->p = *p;
	iv->n = stats_count(p->live);
	iv->begin = xcalloc(iv->n, sizeof(u64));
	iv->end = xcalloc(iv->n, sizeof(u64));
	choose_columns(iv);
	out_open(&iv->out, p->dir, INTERVALS_FILE);
	write_head(iv);
	return iv;
}

/* ---- rows ---- */

/* All histograms of a kind, up to now. */
static void sum_latency(const struct intervals *iv, u32 kind, struct hist *sum)
{
	u32 i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < iv->p.n_latency; i++)
		if (!strcmp(iv->p.latency[i].kind, kinds[kind]))
			hist_merge(sum, iv->p.latency[i].hist);
}

static void begin_row(struct intervals *iv, u64 cycle)
{
	u32 k;

	iv->begin_cycle = cycle;
	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		sum_latency(iv, k, &iv->latency[k]);
}

void intervals_begin(struct intervals *iv, u64 cycle)
{
	stats_copy(iv->p.live, iv->begin);
	begin_row(iv, cycle);
}

static void write_counters(const struct intervals *iv)
{
	const struct column *c;
	s64 sum;
	u32 i;

	for (c = iv->column; c < iv->column + iv->n_columns; c++) {
		for (i = 0, sum = 0; i < c->n; i++)
			sum += (s64)(iv->end[c->counter[i]] - (c->level ? 0 : iv->begin[c->counter[i]]));
		fprintf(iv->out.f, ",%" PRId64, sum);
	}
}

static void write_latency(const struct intervals *iv, u32 kind)
{
	struct hist h;
	u32 i;

	sum_latency(iv, kind, &h);
	for (i = 0; i < HIST_BINS; i++)
		h.bin[i] -= iv->latency[kind].bin[i];
	fprintf(iv->out.f, ",%" PRIu64, hist_count(&h));
	for (i = 0; i < ARRAY_SIZE(percentiles); i++)
		fprintf(iv->out.f, ",%" PRIu64, hist_percentile(&h, percentiles[i].permille, 1000));
}

bool intervals_end(struct intervals *iv, u64 instructions, u64 cycle)
{
	u32 k;

	stats_copy(iv->p.live, iv->end);
	if (!memcmp(iv->begin, iv->end, iv->n * sizeof(u64)))
		return false;
	fprintf(iv->out.f, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, iv->rows++, instructions, cycle,
		cycle - iv->begin_cycle);
	write_counters(iv);
	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		write_latency(iv, k);
	fputc('\n', iv->out.f);
	memcpy(iv->begin, iv->end, iv->n * sizeof(u64));
	begin_row(iv, cycle);
	return true;
}

void intervals_close(struct intervals *iv)
{
	u32 i;

	out_close(&iv->out);
	for (i = 0; i < iv->n_columns; i++)
		free(iv->column[i].counter);
	free(iv->column);
	free(iv->begin);
	free(iv->end);
	free(iv);
}
