/* What the tables of a sweep have in common. */
#include "analysis/sweep_table.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/expr.h"
#include "analysis/format.h"
#include "model/base/error.h"
#include "model/core/machine.h"

/* ---- axes ---- */

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

static const struct opt *find_opt(const char *key)
{
	const struct opt_section *s;
	const struct opt *o;

	for (s = machine_sections; s->prefix; s++) {
		size_t n = strlen(s->prefix);

		if (n && (strncmp(key, s->prefix, n) || key[n] != '.'))
			continue;
		for (o = s->opts; o->name; o++)
			if (!strcmp(key + n + (n > 0), o->name))
				return o;
	}
	return NULL;
}

/* All values as numbers of one unit: a bare one goes with sizes and frequencies, but a time is in cycles
 * then. */
static bool are_numbers(const struct sweep_axis *a, enum expr_unit *unit)
{
	bool bare = false;
	enum expr_unit u;
	double v;
	u32 i;

	*unit = EXPR_PLAIN;
	for (i = 0; i < a->values.n; i++) {
		if (!expr_number(a->values.at[i], &v, &u) || (u && *unit && u != *unit))
			return false;
		bare |= !u && v != 0;
		*unit = u ? u : *unit;
	}
	return !(bare && *unit == EXPR_NS);
}

struct sweep_column sweep_column(const struct sweep_axis *a)
{
	static const char *const units[] = {
		[EXPR_PLAIN] = "", [EXPR_BYTES] = "bytes", [EXPR_NS] = "ns", [EXPR_HZ] = "Hz"
	};
	const struct opt *o = find_opt(a->key);
	struct sweep_column c = { .base_names = short_names(a), .unit = "", .help = o ? o->help : "" };
	enum expr_unit unit;

	c.number = !sweep_names_files(a) && are_numbers(a, &unit);
	if (!c.number)
		return c;
	c.unit = unit                  ? units[unit]
		 : !o                  ? ""
		 : o->type == OPT_SIZE ? "bytes"
		 : o->type == OPT_TIME ? "cycles"
				       : "";
	if (!*c.unit && o && o->unit)
		c.unit = o->unit;
	return c;
}

char *sweep_cell(const struct sweep *s, u64 point, const struct sweep_axis *a, const struct sweep_column *c)
{
	const char *value = sweep_value(s, point, a);
	enum expr_unit unit;
	double v;

	if (c->number && expr_number(value, &v, &unit))
		return xasprintf("%.15g", v);
	return xstrdup(c->base_names ? format_base(value) : value);
}

/* ---- points ---- */

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

char *sweep_row_open(struct sweep_row *r, const char *dir, const struct sweep *s, u64 point)
{
	char *path, *bad;

	*r = (struct sweep_row){ .name = sweep_name(s, point) };
	if (!sweep_done(dir, r->name)) {
		r->error = read_error(dir, r->name);
		return NULL;
	}
	path = xasprintf("%s/points/%s/stats.json", dir, r->name);
	bad = counters_from_json(&r->counters, path);
	free(path);
	return bad;
}

void sweep_row_close(struct sweep_row *r)
{
	free(r->name);
	free(r->error);
	counters_fini(&r->counters);
}

/* ---- counters ---- */

u32 sweep_find(const struct strings *s, const char *name, u32 *hint)
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

/* Units are read of points only that have a counter which those before have not. */
static void add_counters(struct sweep_counters *c, const struct sweep_row *r, const char *point_dir)
{
	const struct unit_line *unit;
	struct units units;
	u32 i, hint = 0;
	bool first = !c->names.n, read = false;

	for (i = 0; i < r->counters.n; i++) {
		const char *name = r->counters.at[i].name;

		if (!first && sweep_find(&c->names, name, &hint) < c->names.n)
			continue;
		if (!read)
			units_read(&units, point_dir);
		read = true;
		unit = units_find(&units, name);
		strings_add(&c->names, name);
		strings_add(&c->units, unit ? unit->line : name);
	}
	if (read)
		units_fini(&units);
}

char *sweep_counters(struct sweep_counters *c, const char *dir, const struct sweep *s)
{
	struct sweep_row r;
	char *bad = NULL, *path;
	u64 i;

	*c = (struct sweep_counters){ 0 };
	for (i = 0; i < s->points && !bad; i++) {
		bad = sweep_row_open(&r, dir, s, i);
		path = xasprintf("%s/points/%s", dir, r.name);
		add_counters(c, &r, path);
		free(path);
		sweep_row_close(&r);
	}
	return bad;
}

void sweep_counters_fini(struct sweep_counters *c)
{
	strings_fini(&c->names);
	strings_fini(&c->units);
}
