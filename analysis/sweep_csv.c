/* sweep.csv and units.csv: what the points of a sweep came to. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "analysis/out.h"
#include "analysis/sweep_table.h"

static void write_cell(FILE *f, const struct sweep *s, u64 point, const struct sweep_axis *a)
{
	struct sweep_column c = sweep_column(a);
	char *cell = sweep_cell(s, point, a, &c);

	csv_field(f, cell);
	free(cell);
}

static void write_row(FILE *f, const struct sweep *s, const struct sweep_counters *c, u64 point,
		      const struct sweep_row *r)
{
	struct strings have = { 0 };
	u32 i, at, hint = 0;

	csv_field(f, r->name);
	for (i = 0; i < s->n_axes; i++) {
		fputc(',', f);
		write_cell(f, s, point, &s->axis[i]);
	}
	fputc(',', f);
	csv_field(f, r->error ? r->error : "");
	for (i = 0; i < r->counters.n; i++)
		strings_add(&have, r->counters.at[i].name);
	for (i = 0; i < c->names.n; i++) {
		fputc(',', f);
		at = sweep_find(&have, c->names.at[i], &hint);
		if (at < have.n)
			fprintf(f, "%" PRIu64, r->counters.at[at].value);
	}
	fputc('\n', f);
	strings_fini(&have);
}

static void write_header(FILE *f, const struct sweep *s, const struct sweep_counters *c)
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

static char *write_rows(const char *dir, const struct sweep *s, const struct sweep_counters *c)
{
	char *bad = NULL;
	struct sweep_row r;
	struct out o;
	u64 i;

	out_open(&o, dir, "sweep.csv");
	write_header(o.f, s, c);
	for (i = 0; i < s->points && !bad; i++) {
		bad = sweep_row_open(&r, dir, s, i);
		if (!bad)
			write_row(o.f, s, c, i, &r);
		sweep_row_close(&r);
	}
	if (!bad)
		out_close(&o);
	return bad;
}

static void write_unit(FILE *f, const char *name, const char *unit, const char *help)
{
	csv_field(f, name);
	fputc(',', f);
	csv_field(f, unit);
	fputc(',', f);
	csv_field(f, help);
	fputc('\n', f);
}

static const char *axis_help(const struct sweep_axis *a, const struct sweep_column *c)
{
	if (!strcmp(a->key, SWEEP_TRACE))
		return "recording";
	if (!strcmp(a->key, SWEEP_MACHINE) || !strcmp(a->key, SWEEP_KERNEL))
		return "configuration, built in or a file";
	return c->help;
}

static void write_units(const char *dir, const struct sweep *s, const struct sweep_counters *c)
{
	struct sweep_column column;
	struct out o;
	u32 i;

	out_open(&o, dir, UNITS_FILE);
	fputs(UNITS_HEADER "\n", o.f);
	write_unit(o.f, "point", "", "name of its directory in points/");
	for (i = 0; i < s->n_axes; i++) {
		column = sweep_column(&s->axis[i]);
		write_unit(o.f, s->axis[i].key, column.unit, axis_help(&s->axis[i], &column));
	}
	write_unit(o.f, "error", "", "why there are no counters; empty: there are");
	for (i = 0; i < c->units.n; i++)
		fprintf(o.f, "%s\n", c->units.at[i]);
	out_close(&o);
}

char *sweep_write_csv(const char *dir, const struct sweep *s)
{
	struct sweep_counters c;
	char *bad = sweep_counters(&c, dir, s);

	if (!bad)
		bad = write_rows(dir, s, &c);
	if (!bad)
		write_units(dir, s, &c);
	sweep_counters_fini(&c);
	return bad;
}
