/* sweep.csv and units.csv: what the points of a sweep came to. */
#include "analysis/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "analysis/csv.h"
#include "analysis/format.h"
#include "analysis/out.h"
#include "analysis/units.h"
#include "model/base/error.h"

/*
 * Machines differ in what they count: the columns are all counters that any point has, in the order in which
 * the points, by number, show them first.
 */
struct columns {
	struct strings names;
	struct strings units; /* lines of units.csv */
};

struct row {
	char *name, *error;
	struct counters counters; /* none if it failed */
};

/* Where a name is, looked for from *hint on, which then stands behind it; n: nowhere. */
static u32 find_name(const struct strings *s, const char *name, u32 *hint)
{
	u32 i, at;

	for (i = 0; i < s->n; i++) {
		at = (*hint + i) % s->n;
		if (!strcmp(s->at[at], name)) {
			*hint = at + 1;
			return at;
		}
	}
	return s->n;
}

static char *read_error(const char *dir, const char *name)
{
	char *path = xasprintf("%s/failed/%s", dir, name), *line = NULL;
	FILE *f = fopen(path, "r");
	size_t cap = 0;

	if (!f || getline(&line, &cap, f) <= 0) {
		free(line);
		line = xstrdup("failed");
	}
	line[strcspn(line, "\n")] = '\0';
	if (f)
		fclose(f);
	free(path);
	return line;
}

static char *row_open(struct row *r, const char *dir, const struct sweep *s, u64 point)
{
	char *path, *bad;

	*r = (struct row){ .name = sweep_name(s, point) };
	if (!sweep_done(dir, r->name)) {
		r->error = read_error(dir, r->name);
		return NULL;
	}
	path = xasprintf("%s/points/%s/stats.json", dir, r->name);
	bad = counters_from_json(&r->counters, path);
	free(path);
	return bad;
}

static void row_close(struct row *r)
{
	free(r->name);
	free(r->error);
	counters_fini(&r->counters);
}

static void add_columns(struct columns *c, const struct row *r, const struct units *u)
{
	const struct unit_line *unit;
	u32 i, hint = 0;

	for (i = 0; i < r->counters.n; i++) {
		const char *name = r->counters.at[i].name;

		if (find_name(&c->names, name, &hint) < c->names.n)
			continue;
		unit = units_find(u, name);
		strings_add(&c->names, name);
		strings_add(&c->units, unit ? unit->line : name);
	}
}

static char *gather_columns(struct columns *c, const char *dir, const struct sweep *s)
{
	struct units units;
	struct row r;
	char *bad = NULL, *path;
	u64 i;

	for (i = 0; i < s->points && !bad; i++) {
		bad = row_open(&r, dir, s, i);
		path = xasprintf("%s/points/%s", dir, r.name);
		units_read(&units, path);
		add_columns(c, &r, &units);
		units_fini(&units);
		free(path);
		row_close(&r);
	}
	return bad;
}

/* Files by the last part of their names, where that tells them apart. */
static bool short_names(const struct sweep_axis *a)
{
	u32 i, k;

	if (!sweep_names_files(a))
		return false;
	for (i = 0; i < a->values.n; i++)
		for (k = 0; k < i; k++)
			if (!strcmp(format_base(a->values.at[i]), format_base(a->values.at[k])))
				return false;
	return true;
}

static void write_row(FILE *f, const struct sweep *s, const struct columns *c, u64 point, const struct row *r)
{
	struct strings have = { 0 };
	u32 i, at, hint = 0;

	csv_field(f, r->name);
	for (i = 0; i < s->n_axes; i++) {
		const char *value = sweep_value(s, point, &s->axis[i]);

		fputc(',', f);
		csv_field(f, short_names(&s->axis[i]) ? format_base(value) : value);
	}
	fputc(',', f);
	csv_field(f, r->error ? r->error : "");
	for (i = 0; i < r->counters.n; i++)
		strings_add(&have, r->counters.at[i].name);
	for (i = 0; i < c->names.n; i++) {
		fputc(',', f);
		at = find_name(&have, c->names.at[i], &hint);
		if (at < have.n)
			fprintf(f, "%" PRIu64, r->counters.at[at].value);
	}
	fputc('\n', f);
	strings_fini(&have);
}

static void write_header(FILE *f, const struct sweep *s, const struct columns *c)
{
	u32 i;

	fputs("point", f);
	for (i = 0; i < s->n_axes; i++) {
		fputc(',', f);
		csv_field(f, s->axis[i].key);
	}
	fputs(",error", f);
	for (i = 0; i < c->names.n; i++)
		fprintf(f, ",%s", c->names.at[i]);
	fputc('\n', f);
}

static char *write_rows(const char *dir, const struct sweep *s, const struct columns *c)
{
	char *bad = NULL;
	struct row r;
	struct out o;
	u64 i;

	out_open(&o, dir, "sweep.csv");
	write_header(o.f, s, c);
	for (i = 0; i < s->points && !bad; i++) {
		bad = row_open(&r, dir, s, i);
		if (!bad)
			write_row(o.f, s, c, i, &r);
		row_close(&r);
	}
	if (!bad)
		out_close(&o);
	return bad;
}

static void write_units(const char *dir, const struct columns *c)
{
	struct out o;
	u32 i;

	out_open(&o, dir, UNITS_FILE);
	fputs(UNITS_HEADER "\n", o.f);
	for (i = 0; i < c->units.n; i++)
		fprintf(o.f, "%s\n", c->units.at[i]);
	out_close(&o);
}

char *sweep_write_csv(const char *dir, const struct sweep *s)
{
	struct columns c = { 0 };
	char *bad = gather_columns(&c, dir, s);

	if (!bad)
		bad = write_rows(dir, s, &c);
	if (!bad)
		write_units(dir, &c);
	strings_fini(&c.names);
	strings_fini(&c.units);
	return bad;
}
