#include "plots/swept.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/expr.h"
#include "analysis/format.h"
#include "analysis/measure.h"
#include "analysis/sweep_points.h"
#include "analysis/units.h"
#include "model/base/error.h"

#define USUAL_FIGURE "cycles"

/* ---- which points ---- */

static u32 find_axis(const struct sweep *s, const char *key, size_t n)
{
	u32 i;

	for (i = 0; i < s->n_axes; i++)
		if (strlen(s->axis[i].key) == n && !strncmp(s->axis[i].key, key, n))
			return i;
	return SWEPT_NONE;
}

/* A value as the sweep has it, or as its tables and pictures show it. */
static const char *find_value(const struct sweep_axis *a, const char *text)
{
	enum expr_unit unit;
	double wanted, have;
	bool number = expr_number(text, &wanted, &unit);
	u32 i;

	for (i = 0; i < a->values.n; i++) {
		const char *v = a->values.at[i];

		if (!strcmp(v, text) || (sweep_names_files(a) && !strcmp(format_base(v), text)) ||
		    (number && expr_number(v, &have, &unit) && have == wanted))
			return v;
	}
	return NULL;
}

/* "l1d.size=48K" */
static char *fix(const struct sweep *s, const char **value, const char *text)
{
	size_t n = strcspn(text, "=");
	u32 axis = find_axis(s, text, n);

	if (!text[n])
		return xasprintf("--only %s: not KEY=VALUE", text);
	if (axis == SWEPT_NONE)
		return xasprintf("--only %s: the sweep does not vary %.*s", text, (int)n, text);
	value[axis] = find_value(&s->axis[axis], text + n + 1);
	if (!value[axis])
		return xasprintf("--only %s: the sweep has no such value of %.*s", text, (int)n, text);
	return NULL;
}

static char *choose(struct swept *s, const struct plot_request *q, struct sweep_groups *groups)
{
	struct sweep_fixed fixed = { .value = xcalloc(s->sweep.n_axes, sizeof(char *)) };
	char *bad = NULL;
	u32 i;

	for (i = 0; i < q->n_only && !bad; i++)
		bad = fix(&s->sweep, fixed.value, q->only[i]);
	if (!bad) {
		*groups = sweep_groups(&s->sweep, &fixed);
		if (!groups->n)
			bad = xasprintf("'%s' has no points with these values", s->dir);
	}
	free(fixed.value);
	return bad;
}

/* ---- their values ---- */

static void keep_names(struct swept *s, struct run *r)
{
	s->named = xrealloc(s->named, (s->n_named + 1) * sizeof(*s->named));
	s->named[s->n_named++] = (struct run){ .machine = xstrdup(r->machine),
					       .kernel = xstrdup(r->kernel),
					       .traces = xstrdup(r->traces),
					       .version = xstrdup(r->version),
					       .hz = r->hz };
}

static void take_unit(struct swept *s, const struct run *r)
{
	const struct unit_line *line;
	struct units u;

	if (s->unit)
		return;
	units_read(&u, r->dir);
	line = units_find(&u, s->figure);
	s->unit = xstrdup(line ? line->unit : measure_unit(s->figure));
	units_fini(&u);
}

static char *take_runs(struct swept *s, struct swept_point *p, const struct sweep_group *g)
{
	double *value = xcalloc(g->n, sizeof(*value));
	char *bad = NULL;
	struct run r;
	u32 i, n = 0;

	for (i = 0; i < g->n && !bad; i++) {
		if (!sweep_point_open(&r, s->dir, &s->sweep, g->point[i], &bad))
			continue;
		if (measure_of(&r, s->figure, &value[n]))
			n++;
		take_unit(s, &r);
		keep_names(s, &r);
		run_close(&r);
	}
	p->value = confidence_of(value, n);
	free(value);
	return bad;
}

static void place(struct swept *s, struct swept_point *p)
{
	u32 i, k;

	p->at = xcalloc(s->sweep.n_axes, sizeof(*p->at));
	for (i = 0; i < s->sweep.n_axes; i++) {
		const struct sweep_axis *a = &s->sweep.axis[i];

		for (k = 0; strcmp(a->values.at[k], sweep_value(&s->sweep, p->point, a)); k++)
			;
		p->at[i] = k;
	}
}

static char *take_points(struct swept *s, const struct sweep_groups *groups)
{
	char *bad = NULL;
	bool any = false;
	u32 i;

	s->point = xcalloc(groups->n, sizeof(*s->point));
	for (i = 0; i < groups->n && !bad; i++) {
		struct swept_point *p = &s->point[s->n++];

		p->point = groups->at[i].point[0];
		place(s, p);
		bad = take_runs(s, p, &groups->at[i]);
		any |= p->value.n > 0;
	}
	if (!bad && !any)
		bad = xasprintf("no point of '%s' is done and has '%s': figures are those of summary.csv, "
				"and counters",
				s->dir, s->figure);
	return bad;
}

char *swept_open(struct swept *s, const struct plot_request *q)
{
	struct sweep_groups groups = { 0 };
	char *bad;
	u32 i;

	*s = (struct swept){ .dir = q->sweep, .figure = q->figure ? q->figure : USUAL_FIGURE };
	bad = sweep_open(&s->sweep, s->dir);
	if (bad)
		return bad;
	s->column = xcalloc(s->sweep.n_axes, sizeof(*s->column));
	for (i = 0; i < s->sweep.n_axes; i++)
		s->column[i] = sweep_column(&s->sweep.axis[i]);
	bad = choose(s, q, &groups);
	if (!bad)
		bad = take_points(s, &groups);
	sweep_groups_fini(&groups);
	if (bad)
		swept_close(s);
	return bad;
}

void swept_close(struct swept *s)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		free(s->point[i].at);
	for (i = 0; i < s->n_named; i++)
		run_close(&s->named[i]);
	free(s->point);
	free(s->named);
	free(s->column);
	free((char *)s->unit);
	sweep_fini(&s->sweep);
}

/* ---- names ---- */

bool swept_varies(const struct swept *s, u32 axis)
{
	u32 i;

	for (i = 1; i < s->n; i++)
		if (s->point[i].at[axis] != s->point[0].at[axis])
			return true;
	return false;
}

u32 swept_axis(const struct swept *s, const char *key, u32 n)
{
	u32 i;

	if (key)
		return find_axis(&s->sweep, key, strlen(key));
	for (i = 0; i < s->sweep.n_axes; i++)
		if (swept_varies(s, i) && !s->sweep.axis[i].zipped &&
		    strcmp(s->sweep.axis[i].key, SWEEP_SEED) && !n--)
			return i;
	return SWEPT_NONE;
}

/* "sort" of sort.mmtrace.gz */
static char *short_name(const char *path)
{
	const char *base = format_base(path);
	size_t n = strcspn(base, ".");

	return xasprintf("%.*s", (int)(n ? n : strlen(base)), base);
}

char *swept_label(const struct swept *s, u32 axis, u32 i)
{
	const struct sweep_axis *a = &s->sweep.axis[axis];

	return sweep_names_files(a) ? short_name(a->values.at[i]) : xstrdup(a->values.at[i]);
}

char *swept_axis_name(const struct swept *s, u32 axis)
{
	const char *key = s->sweep.axis[axis].key, *unit = s->column[axis].unit;

	return *unit ? xasprintf("%s (%s)", key, unit) : xstrdup(key);
}

char *swept_figure_name(const struct swept *s)
{
	return !*s->unit || !strcmp(s->unit, s->figure) ? xstrdup(s->figure)
							: xasprintf("%s (%s)", s->figure, s->unit);
}
