#include "analysis/run.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"

static char *join_traces(json_t *names)
{
	char *all = xstrdup(""), *longer;
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		longer = xasprintf("%s%s%s", all, i ? " + " : "", format_base(json_string_value(name)));
		free(all);
		all = longer;
	}
	return all;
}

static bool are_strings(json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name)
		if (!json_is_string(name))
			return false;
	return json_is_array(names);
}

static char *take_identity(struct run *r, json_t *root)
{
	const char *machine, *kernel, *version;
	json_t *traces;
	json_int_t hz;
	int complete = 0;

	if (json_unpack(root, "{sb}", "complete", &complete) || !complete)
		return xasprintf("the run in '%s' did not finish: replay it again", r->dir);
	if (json_unpack(root, "{ss ss ss so sI}", "machine", &machine, "kernel", &kernel, "version", &version,
			"traces", &traces, "clock_hz", &hz) ||
	    hz <= 0 || !are_strings(traces))
		return xasprintf("'%s/run.json' does not say machine, kernel, version, traces and clock_hz: "
				 "replay it again with this version",
				 r->dir);
	r->machine = xstrdup(machine);
	r->kernel = xstrdup(kernel);
	r->version = xstrdup(version);
	r->traces = join_traces(traces);
	r->hz = (u64)hz;
	return NULL;
}

static char *read_identity(struct run *r)
{
	char *path = xasprintf("%s/run.json", r->dir), *bad;
	json_error_t err;
	json_t *root = json_load_file(path, 0, &err);

	if (root)
		bad = take_identity(r, root);
	else
		bad = xasprintf(
			"'%s' is not a run directory ('%s': %s): name one that 'mmsim replay -o DIR' wrote",
			r->dir, path, err.text);
	json_decref(root);
	free(path);
	return bad;
}

static char *read_latency(struct run *r)
{
	char *path = xasprintf("%s/latency.csv", r->dir), *what, *bad = NULL;
	FILE *f = fopen(path, "r");

	if (!f) {
		bad = xasprintf("cannot read '%s': %s", path, strerror(errno));
		goto out;
	}
	what = latency_csv_read(f, &r->latency);
	if (what)
		bad = xasprintf("'%s': %s: replay it again", path, what);
	free(what);
	fclose(f);
out:
	free(path);
	return bad;
}

static char *read_counters(struct run *r)
{
	char *path = xasprintf("%s/stats.json", r->dir), *bad = counters_from_json(&r->counters, path);

	free(path);
	return bad;
}

/* The last component of a directory's name, also where the user said "." */
static char *name_of(const char *dir)
{
	char *whole = realpath(dir, NULL), *name = xstrdup(format_base(whole ? whole : dir));

	free(whole);
	return name;
}

char *run_open(struct run *r, const char *dir, const char *label)
{
	char *bad;

	*r = (struct run){ .dir = xstrdup(dir), .named = label != NULL };
	while (strlen(r->dir) > 1 && r->dir[strlen(r->dir) - 1] == '/')
		r->dir[strlen(r->dir) - 1] = '\0';
	r->label = label ? xstrdup(label) : name_of(r->dir);
	bad = read_identity(r);
	if (!bad)
		bad = read_counters(r);
	if (!bad)
		bad = read_latency(r);
	if (bad)
		run_close(r);
	return bad;
}

void run_close(struct run *r)
{
	free(r->dir);
	free(r->label);
	free(r->machine);
	free(r->kernel);
	free(r->version);
	free(r->traces);
	counters_fini(&r->counters);
	latency_table_fini(&r->latency);
	*r = (struct run){ 0 };
}

static int lower_latency_first(const void *a, const void *b)
{
	const struct latency_row *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Rows of equal bins become one. */
static void add_up(struct latency_table *t)
{
	u32 i, n = 0;

	qsort(t->row, t->n, sizeof(*t->row), lower_latency_first);
	for (i = 0; i < t->n; i++) {
		if (n && t->row[n - 1].from == t->row[i].from)
			t->row[n - 1].accesses += t->row[i].accesses;
		else
			t->row[n++] = t->row[i];
	}
	t->n = n;
}

void run_latency(const struct run *r, const char *kind, const char *served, const char *translation,
		 struct latency_table *sum)
{
	const struct latency_row *row;

	*sum = (struct latency_table){ .row = xcalloc(r->latency.n, sizeof(*row)), .cap = r->latency.n };
	for (row = r->latency.row; row < r->latency.row + r->latency.n; row++)
		if (!strcmp(row->kind, kind) && (!served || !strcmp(row->served, served)) &&
		    (!translation || !strcmp(row->translation, translation)))
			sum->row[sum->n++] = *row;
	if (sum->n)
		add_up(sum);
}

static const struct {
	const char *name;
	size_t member;
} columns[] = {
	{ "served", offsetof(struct latency_row, served) },
	{ "translation", offsetof(struct latency_row, translation) },
	{ "cause", offsetof(struct latency_row, cause) },
};

bool run_latency_by(const struct run *r, const char *column, const char *word, struct latency_table *sum)
{
	const struct latency_row *row;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(columns) && strcmp(columns[i].name, column); i++)
		;
	if (i == ARRAY_SIZE(columns))
		return false;
	*sum = (struct latency_table){ .row = xcalloc(r->latency.n, sizeof(*row)), .cap = r->latency.n };
	for (row = r->latency.row; row < r->latency.row + r->latency.n; row++)
		if ((!strcmp(row->kind, "load") || !strcmp(row->kind, "store")) &&
		    (!word || !strcmp((const char *)row + columns[i].member, word)))
			sum->row[sum->n++] = *row;
	if (sum->n)
		add_up(sum);
	return true;
}

u64 latency_table_count(const struct latency_table *t)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < t->n; i++)
		n += t->row[i].accesses;
	return n;
}

double latency_table_mean(const struct latency_table *t)
{
	u64 n = latency_table_count(t);
	double sum = 0;
	u32 i;

	for (i = 0; i < t->n; i++)
		sum += ((double)t->row[i].from + (double)t->row[i].to) / 2 * (double)t->row[i].accesses;
	return n ? sum / (double)n : 0;
}

u64 latency_table_percentile(const struct latency_table *t, u64 num, u64 den)
{
	unsigned __int128 goal = (unsigned __int128)latency_table_count(t) * num;
	u64 seen = 0;
	u32 i;

	for (i = 0; i < t->n; i++) {
		seen += t->row[i].accesses;
		if (seen && (unsigned __int128)seen * den >= goal)
			return t->row[i].from;
	}
	return 0;
}
