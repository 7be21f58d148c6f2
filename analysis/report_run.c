/* The numbers of a run for its report page. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "analysis/intervals.h"
#include "analysis/ladder_csv.h"
#include "analysis/measure.h"
#include "analysis/profile.h"
#include "analysis/report.h"
#include "analysis/stack.h"
#include "analysis/units.h"
#include "analysis/words.h"
#include "model/base/error.h"

#define MAX_ROWS      300u /* of a table on the page */
#define MAX_INTERVALS 400u /* more are taken together */

/* ---- figures, stack, counters ---- */

static json_t *figures_json(const struct run *r)
{
	json_t *all = json_array();
	double v;
	u32 i;

	for (i = 0; measure_usual[i]; i++)
		if (measure_of(r, measure_usual[i], &v))
			json_array_append_new(
				all, json_pack("[sfs]", measure_usual[i], v, measure_unit(measure_usual[i])));
	return all;
}

static int larger_first(const void *a, const void *b)
{
	const struct stack_part *x = a, *y = b;

	if (x->cycles != y->cycles)
		return x->cycles < y->cycles ? 1 : -1;
	return strcmp(x->name, y->name);
}

static json_t *stack_json(const struct run *r)
{
	json_t *all = json_array();
	struct stack s;
	u32 i;

	stack_of(&s, &r->counters);
	qsort(s.part, s.n, sizeof(*s.part), larger_first);
	for (i = 0; i < s.n; i++)
		json_array_append_new(all, json_pack("[sI]", s.part[i].name, (json_int_t)s.part[i].cycles));
	return all;
}

static json_t *counter_json(const struct counter *c, const struct units *u)
{
	const struct unit_line *line = units_find(u, c->name);
	const char *at = line ? line->line : "";
	char *name = csv_take(&at), *unit = csv_take(&at), *meaning = csv_take(&at);
	json_t *j = json_pack("[sIss]", c->name, (json_int_t)c->value, unit, meaning);

	free(name);
	free(unit);
	free(meaning);
	return j;
}

static json_t *counters_json(const struct run *r)
{
	json_t *all = json_array();
	struct units u;
	u32 i;

	units_read(&u, r->dir);
	for (i = 0; i < r->counters.n; i++)
		json_array_append_new(all, counter_json(&r->counters.at[i], &u));
	units_fini(&u);
	return all;
}

/* ---- latencies ---- */

static const char *const kinds[] = { "load", "store", "fetch", "pte", "kernel" };

static json_t *spread_json(const struct run *r)
{
	json_t *all = json_array();
	struct latency_table t;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		run_latency(r, kinds[i], NULL, NULL, &t);
		if (t.n)
			json_array_append_new(
				all, json_pack("[sIfIIIII]", kinds[i], (json_int_t)latency_table_count(&t),
					       latency_table_mean(&t),
					       (json_int_t)latency_table_percentile(&t, 50, 100),
					       (json_int_t)latency_table_percentile(&t, 90, 100),
					       (json_int_t)latency_table_percentile(&t, 99, 100),
					       (json_int_t)latency_table_percentile(&t, 999, 1000),
					       (json_int_t)t.row[t.n - 1].from));
		latency_table_fini(&t);
	}
	return all;
}

static json_t *curve_json(const struct run *r, const char *kind)
{
	json_t *all = json_array();
	struct latency_table t;
	u32 i;

	run_latency(r, kind, NULL, NULL, &t);
	for (i = 0; i < t.n; i++)
		json_array_append_new(
			all, json_pack("[II]", (json_int_t)t.row[i].from, (json_int_t)t.row[i].accesses));
	latency_table_fini(&t);
	return all;
}

static json_t *cell_json(const struct run *r, const char *kind, const char *served, const char *translation)
{
	struct latency_table t;
	json_t *j;

	run_latency(r, kind, served, translation, &t);
	j = json_pack("[If]", (json_int_t)latency_table_count(&t), latency_table_mean(&t));
	latency_table_fini(&t);
	return j;
}

static u64 count_of(const struct run *r, const char *kind, const char *served, const char *translation)
{
	struct latency_table t;
	u64 n;

	run_latency(r, kind, served, translation, &t);
	n = latency_table_count(&t);
	latency_table_fini(&t);
	return n;
}

static json_t *served_json(const struct run *r, const char *kind)
{
	json_t *rows = json_array(), *columns = json_array(), *cells = json_array();
	const struct word *s, *t;

	for (s = words_served; s->token; s++)
		if (count_of(r, kind, s->token, NULL))
			json_array_append_new(columns, json_string(s->label));
	for (t = words_translation; t->token; t++) {
		if (!count_of(r, kind, NULL, t->token))
			continue;
		json_array_append_new(rows, json_string(t->label));
		for (s = words_served; s->token; s++)
			if (count_of(r, kind, s->token, NULL))
				json_array_append_new(cells, cell_json(r, kind, s->token, t->token));
	}
	return json_pack("{so so so}", "rows", rows, "columns", columns, "cells", cells);
}

/*
 * AMAT by level, the recursion written out: the mean of all loads is the mean of what L1 serves, weighed,
 * plus what gets further. Of each level: how many loads got that far, and their mean latency.
 */
static json_t *amat_json(const struct run *r)
{
	json_t *all = json_array();
	const struct word *s, *from;
	struct latency_table t;
	double cycles, n;

	for (from = words_served; from->token; from++) {
		if (!count_of(r, "load", from->token, NULL))
			continue;
		cycles = n = 0;
		for (s = from; s->token; s++) {
			run_latency(r, "load", s->token, NULL, &t);
			n += (double)latency_table_count(&t);
			cycles += latency_table_mean(&t) * (double)latency_table_count(&t);
			latency_table_fini(&t);
		}
		json_array_append_new(all, json_pack("[sff]", from->label, n, cycles / n));
	}
	return all;
}

/* ---- over time ---- */

static const struct {
	const char *name, *unit, *of, *by; /* by: NULL, a value at the end, not a rate */
	double scale;
} series[] = {
	{ "IPC", "instructions per cycle", "core*.instructions", "core*.cycles", 1 },
	{ "L1D MPKI", "misses per 1000 instructions", "core*.l1d.load_misses + core*.l1d.store_misses",
	  "core*.instructions", 1000 },
	{ "DTLB MPKI", "misses per 1000 instructions", "core*.dtlb.misses", "core*.instructions", 1000 },
	{ "L2 MPKI", "misses per 1000 instructions", "core*.l2.load_misses + l2*.load_misses",
	  "core*.instructions", 1000 },
	{ "minor faults", "per 1000 instructions", "mm.fault.minor", "core*.instructions", 1000 },
	{ "major faults", "per 1000 instructions", "mm.fault.major", "core*.instructions", 1000 },
	{ "load p99", "cycles", "load.p99", NULL, 1 },
};

/* Rows first to last - 1 taken together. */
static double value_of(const struct intervals_table *t, u32 s, u32 first, u32 last)
{
	double of = 0, by = 0;
	u32 row;

	for (row = first; row < last; row++) {
		if (!series[s].by)
			of = MAX(of, intervals_sum(t, row, series[s].of));
		else
			of += intervals_sum(t, row, series[s].of);
		by += series[s].by ? intervals_sum(t, row, series[s].by) : 0;
	}
	return series[s].by ? (by > 0 ? series[s].scale * of / by : 0) : of;
}

static json_t *one_series(const struct intervals_table *t, u32 s, u32 step)
{
	json_t *at = json_array();
	u32 row;

	for (row = 0; row < t->n_rows; row += step)
		json_array_append_new(at, json_real(value_of(t, s, row, MIN(row + step, t->n_rows))));
	return json_pack("{ss so}", "unit", series[s].unit, "at", at);
}

static json_t *series_json(const struct run *r, const struct intervals_table *t)
{
	json_t *ms = json_array(), *all = json_object();
	u32 end = intervals_column(t, "end_cycle"), step = t->n_rows / MAX_INTERVALS + 1, row, s;

	for (row = 0; row < t->n_rows; row += step)
		json_array_append_new(
			ms, json_real(1000 *
				      t->at[MIN(row + step, t->n_rows) * t->n_columns - t->n_columns + end] /
				      (double)r->hz));
	for (s = 0; s < ARRAY_SIZE(series); s++)
		if (intervals_has(t, series[s].of) && (!series[s].by || intervals_has(t, series[s].by)))
			json_object_set_new(all, series[s].name, one_series(t, s, step));
	return json_pack("{so so}", "ms", ms, "series", all);
}

static json_t *intervals_json(const struct run *r)
{
	char *path = xasprintf("%s/" INTERVALS_FILE, r->dir), *bad;
	struct intervals_table t;
	json_t *j;

	bad = intervals_read(&t, path);
	free(path);
	if (bad) {
		free(bad);
		return json_null();
	}
	j = t.n_rows > 1 && intervals_column(&t, "end_cycle") != NO_COLUMN ? series_json(r, &t) : json_null();
	intervals_table_fini(&t);
	return j;
}

/* ---- tables and texts ---- */

static json_t *row_json(const char *line)
{
	json_t *row = json_array();
	char *field;

	while (*line) {
		field = csv_take(&line);
		json_array_append_new(row, json_string(field) ? json_string(field) : json_string("?"));
		free(field);
	}
	return row;
}

static json_t *table_json(const char *dir, const char *file, const char *name, const char *about)
{
	char *path = xasprintf("%s/%s", dir, file), *line = NULL;
	FILE *f = fopen(path, "r");
	json_t *head = NULL, *rows = json_array();
	size_t cap = 0;
	u32 n = 0;

	free(path);
	while (f && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (!head)
			head = row_json(line);
		else if (n++ < MAX_ROWS)
			json_array_append_new(rows, row_json(line));
	}
	if (f)
		fclose(f);
	free(line);
	if (!head || !n) {
		json_decref(head);
		json_decref(rows);
		return NULL;
	}
	return json_pack("{ss ss so so si}", "name", name, "about", about, "head", head, "rows", rows, "all",
			 (int)n);
}

static json_t *tables_json(const struct run *r)
{
	static const char *const tables[][3] = {
		{ MAPPINGS_FILE, "Data by mapping", "Accesses by what is mapped where they went." },
		{ CODE_FILE, "Slow accesses by function",
		  "Who made the accesses that took longer than an L1 hit." },
		{ PAGES_FILE, "Hot pages", "Pages of 4 KiB, the longest waits first." },
		{ LINES_FILE, "Hot lines", "Cache lines, the longest waits first." },
		{ "sharing.csv", "Lines that cores took from each other",
		  "By physical address: misses because another core wrote to other bytes of the line "
		  "(false), or to "
		  "the same." },
		{ LADDER_FILE, "Where allocations were served", "By level of the allocator's ladder." },
	};
	json_t *all = json_array(), *one;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		one = table_json(r->dir, tables[i][0], tables[i][1], tables[i][2]);
		if (one)
			json_array_append_new(all, one);
	}
	return all;
}

static json_t *text_json(const char *dir, const char *file)
{
	char *path = xasprintf("%s/%s", dir, file), *text = NULL;
	FILE *f = fopen(path, "r");
	size_t cap = 0;
	json_t *j = NULL;

	free(path);
	if (f && getdelim(&text, &cap, '\0', f) > 0)
		j = json_string(text);
	if (f)
		fclose(f);
	free(text);
	return j ? j : json_string("");
}

/* A word as the shell takes it. */
static char *quoted(const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/=:,+@%-#*";
	size_t len = strspn(word, plain);

	return *word && !word[len] && !strchr(word, '*') && !strchr(word, '#') ? xstrdup(word)
									       : xasprintf("'%s'", word);
}

static json_t *command_json(json_t *words)
{
	char *line = xstrdup(""), *longer, *word;
	json_t *one, *j;
	size_t i;

	json_array_foreach(words, i, one)
	{
		word = quoted(json_string_value(one) ? json_string_value(one) : "?");
		longer = xasprintf("%s%s%s", line, i ? " " : "", word);
		free(line);
		free(word);
		line = longer;
	}
	j = json_string(line);
	free(line);
	return j;
}

static void add_identity(json_t *j, const struct run *r)
{
	char *path = xasprintf("%s/run.json", r->dir);
	json_t *root = json_load_file(path, 0, NULL), *notes = json_object_get(root, "notes");

	json_object_set_new(j, "command", command_json(json_object_get(root, "command")));
	json_object_set(j, "notes", json_is_array(notes) ? notes : json_null());
	json_decref(root);
	free(path);
}

json_t *report_run(const struct run *r)
{
	json_t *j = json_pack("{ss ss ss ss ss sI}", "kind", "run", "machine", r->machine, "kernel",
			      r->kernel, "version", r->version, "traces", r->traces, "hz", (json_int_t)r->hz);
	json_t *latency = json_object(), *served = json_object();
	u32 i;

	add_identity(j, r);
	for (i = 0; i < 2; i++) {
		json_object_set_new(latency, kinds[i], curve_json(r, kinds[i]));
		json_object_set_new(served, kinds[i], served_json(r, kinds[i]));
	}
	json_object_set_new(j, "figures", figures_json(r));
	json_object_set_new(j, "stack", stack_json(r));
	json_object_set_new(j, "spread", spread_json(r));
	json_object_set_new(j, "latency", latency);
	json_object_set_new(j, "served", served);
	json_object_set_new(j, "amat", amat_json(r));
	json_object_set_new(j, "counters", counters_json(r));
	json_object_set_new(j, "intervals", intervals_json(r));
	json_object_set_new(j, "tables", tables_json(r));
	json_object_set_new(j, "config", text_json(r->dir, "config.cfg"));
	json_object_set_new(j, "summary", text_json(r->dir, "summary.txt"));
	return j;
}
