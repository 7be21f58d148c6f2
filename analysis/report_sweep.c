/* The numbers and the answer of a sweep for its report page. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/confidence.h"
#include "analysis/format.h"
#include "analysis/measure.h"
#include "analysis/report.h"
#include "analysis/sweep_points.h"
#include "analysis/sweep_table.h"
#include "model/base/error.h"

#define FIGURE      "cycles" /* what the answer is about */
#define MAX_FIGURES 32u

struct point {
	u64 first; /* of its seeds' points */
	u32 *at;   /* index of its value on each axis */
	u32 failed;
	struct confidence value[MAX_FIGURES]; /* n 0: unknown */
};

struct data {
	const char *dir;
	struct sweep sweep;
	struct point *point;
	u32 n, n_figures, figure; /* figure: index of FIGURE */
	char *version;
};

/* ---- reading ---- */

static void take_values(struct data *d, const struct run *r, double (*value)[MAX_FIGURES], u32 *n)
{
	u32 i;
	double v;

	for (i = 0; i < d->n_figures; i++)
		if (measure_of(r, measure_usual[i], &v))
			value[n[i]++][i] = v;
}

static void take_confidence(struct point *p, const struct data *d, double (*value)[MAX_FIGURES], const u32 *n,
			    u32 seeds)
{
	double *x = xcalloc(MAX(seeds, 1u), sizeof(*x));
	u32 i, k;

	for (i = 0; i < d->n_figures; i++) {
		for (k = 0; k < n[i]; k++)
			x[k] = value[k][i];
		p->value[i] = confidence_of(x, n[i]);
	}
	free(x);
}

static char *read_point(struct data *d, struct point *p, const struct sweep_group *g)
{
	double(*value)[MAX_FIGURES] = xcalloc(g->n, sizeof(*value));
	u32 n[MAX_FIGURES] = { 0 }, i;
	char *bad = NULL;
	struct run r;

	for (i = 0; i < g->n && !bad; i++) {
		if (!sweep_point_open(&r, d->dir, &d->sweep, g->point[i], &bad)) {
			p->failed++;
			continue;
		}
		take_values(d, &r, value, n);
		if (!d->version)
			d->version = xstrdup(r.version);
		run_close(&r);
	}
	take_confidence(p, d, value, n, g->n);
	free(value);
	return bad;
}

static void place(const struct data *d, struct point *p)
{
	u32 i, k;

	p->at = xcalloc(d->sweep.n_axes, sizeof(*p->at));
	for (i = 0; i < d->sweep.n_axes; i++) {
		const struct sweep_axis *a = &d->sweep.axis[i];

		for (k = 0; strcmp(a->values.at[k], sweep_value(&d->sweep, p->first, a)); k++)
			;
		p->at[i] = k;
	}
}

static char *read_points(struct data *d)
{
	struct sweep_groups groups = sweep_groups(&d->sweep, NULL);
	char *bad = NULL;
	u32 i;

	d->point = xcalloc(MAX(groups.n, 1u), sizeof(*d->point));
	for (i = 0; i < groups.n && !bad; i++) {
		struct point *p = &d->point[d->n++];

		p->first = groups.at[i].point[0];
		place(d, p);
		bad = read_point(d, p, &groups.at[i]);
	}
	sweep_groups_fini(&groups);
	return bad;
}

/* ---- what the keys do ---- */

static bool is_shown(const struct sweep_axis *a)
{
	return strcmp(a->key, SWEEP_SEED);
}

/*
 * How far the values of a key lie apart: of each the mean of the figure over all points that have it, in
 * percent of the least one. Zipped lists go with theirs.
 */
static double effect(const struct data *d, u32 axis)
{
	u32 n_values = d->sweep.axis[axis].values.n, i, k;
	double low = INFINITY, high = 0, sum;

	for (k = 0; k < n_values; k++) {
		u32 n = 0;

		for (i = 0, sum = 0; i < d->n; i++) {
			const struct confidence *c = &d->point[i].value[d->figure];

			if (d->point[i].at[axis] != k || !c->n)
				continue;
			sum += c->mean;
			n++;
		}
		if (!n)
			continue;
		low = fmin(low, sum / n);
		high = fmax(high, sum / n);
	}
	return low > 0 && high > low ? 100 * (high - low) / low : 0;
}

struct effect {
	u32 axis;
	double percent;
};

static int larger_first(const void *x, const void *y)
{
	const struct effect *a = x, *b = y;

	return a->percent < b->percent ? 1 : a->percent > b->percent ? -1 : (int)a->axis - (int)b->axis;
}

static struct effect *effects_of(const struct data *d, u32 *n)
{
	struct effect *e = xcalloc(d->sweep.n_axes, sizeof(*e));
	u32 i;

	*n = 0;
	for (i = 0; i < d->sweep.n_axes; i++)
		if (is_shown(&d->sweep.axis[i]) && !d->sweep.axis[i].zipped && d->sweep.axis[i].values.n > 1)
			e[(*n)++] = (struct effect){ i, effect(d, i) };
	qsort(e, *n, sizeof(*e), larger_first);
	return e;
}

/* ---- the answer ---- */

static const struct point *extreme(const struct data *d, u32 trace_axis, u32 trace, bool least)
{
	const struct point *best = NULL;
	u32 i;

	for (i = 0; i < d->n; i++) {
		const struct point *p = &d->point[i];

		if (!p->value[d->figure].n || p->at[trace_axis] != trace)
			continue;
		if (!best || (least ? p->value[d->figure].mean < best->value[d->figure].mean
				    : p->value[d->figure].mean > best->value[d->figure].mean))
			best = p;
	}
	return best;
}

/* "l1d.size 48K, l2.latency 14": what is varied, but for the recording. */
static char *name_point(const struct data *d, const struct point *p)
{
	char *name = xstrdup(""), *longer;
	u32 i;

	for (i = 0; i < d->sweep.n_axes; i++) {
		const struct sweep_axis *a = &d->sweep.axis[i];

		if (!is_shown(a) || a->values.n < 2 || !strcmp(a->key, SWEEP_TRACE))
			continue;
		longer = xasprintf("%s%s%s %s", name, *name ? ", " : "", a->key,
				   sweep_names_files(a) ? format_base(a->values.at[p->at[i]])
							: a->values.at[p->at[i]]);
		free(name);
		name = longer;
	}
	return name;
}

static void say_best(struct answer *a, const struct data *d)
{
	const struct sweep_axis *traces = sweep_axis(&d->sweep, SWEEP_TRACE);
	u32 axis = (u32)(traces - d->sweep.axis), i;
	const struct point *best, *worst;
	char *good, *poor;
	struct text t, u;

	for (i = 0; i < traces->values.n; i++) {
		best = extreme(d, axis, i, true);
		worst = extreme(d, axis, i, false);
		if (!best || best == worst)
			continue;
		good = name_point(d, best);
		poor = name_point(d, worst);
		answer_say(
			&a->findings,
			"%s is fastest with %s: %s cycles. The slowest, %s, takes %s, which is %.1f %% more.",
			format_base(traces->values.at[i]), good, format_rate(&t, best->value[d->figure].mean),
			poor, format_rate(&u, worst->value[d->figure].mean),
			100 * (worst->value[d->figure].mean / best->value[d->figure].mean - 1));
		free(good);
		free(poor);
	}
}

static void say_effects(struct answer *a, const struct data *d)
{
	u32 n, i;
	struct effect *e = effects_of(d, &n);

	for (i = 0; i < n; i++) {
		const struct sweep_axis *x = &d->sweep.axis[e[i].axis];

		if (strcmp(x->key, SWEEP_TRACE))
			answer_say(&a->findings,
				   "%s moves the mean cycles by %.*f %% from one value to another%s.", x->key,
				   e[i].percent < 1 ? 2 : 1, e[i].percent,
				   e[i].percent < 0.05 ? ": it does not matter here" : "");
	}
	free(e);
}

/* "all 24 combinations of l1d.size (3), trace (2)" */
static void say_what(struct answer *a, const struct data *d)
{
	char *axes = xstrdup(""), *longer;
	u32 i, failed = 0, done = 0;

	for (i = 0; i < d->sweep.n_axes; i++) {
		longer = d->sweep.axis[i].values.n < 2
				 ? xstrdup(axes)
				 : xasprintf("%s%s%u %s%s", axes, *axes ? ", " : "",
					     d->sweep.axis[i].values.n,
					     d->sweep.axis[i].zipped ? "zipped values of " : "values of ",
					     d->sweep.axis[i].key);
		free(axes);
		axes = longer;
	}
	for (i = 0; i < d->n; i++) {
		failed += d->point[i].failed;
		done += d->point[i].value[d->figure].n;
	}
	answer_say(&a->lead, "A sweep of %llu points: %s%s.", (unsigned long long)d->sweep.points, axes,
		   d->sweep.where.n ? ", without the combinations that conditions leave out" : "");
	if (failed)
		answer_say(&a->lead, "%u are done, %u are not, or have failed.", done, failed);
	free(axes);
}

/* ---- the numbers ---- */

static json_t *axes_json(const struct data *d)
{
	json_t *all = json_array();
	u32 i, k;

	for (i = 0; i < d->sweep.n_axes; i++) {
		const struct sweep_axis *a = &d->sweep.axis[i];
		struct sweep_column c = sweep_column(a);
		json_t *values = json_array();

		for (k = 0; k < a->values.n; k++)
			json_array_append_new(values,
					      json_string(sweep_names_files(a) ? format_base(a->values.at[k])
									       : a->values.at[k]));
		json_array_append_new(all, json_pack("{ss ss sb sb sb so}", "key", a->key, "unit", c.unit,
						     "number", c.number, "zipped", a->zipped, "seed",
						     !is_shown(a), "values", values));
	}
	return all;
}

static json_t *figures_json(const struct data *d)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < d->n_figures; i++)
		json_array_append_new(all, json_pack("{ss ss sb}", "name", measure_usual[i], "unit",
						     measure_unit(measure_usual[i]), "more",
						     measure_more_is_better(measure_usual[i])));
	return all;
}

static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *point_json(const struct data *d, const struct point *p)
{
	json_t *at = json_array(), *mean = json_array(), *low = json_array(), *high = json_array(), *j;
	char *name = sweep_name(&d->sweep, p->first);
	u32 i, seeds = 0;

	for (i = 0; i < d->sweep.n_axes; i++)
		json_array_append_new(at, json_integer((json_int_t)p->at[i]));
	for (i = 0; i < d->n_figures; i++) {
		const struct confidence *c = &p->value[i];

		json_array_append_new(mean, c->n ? number(c->mean) : json_null());
		json_array_append_new(low, number(c->low));
		json_array_append_new(high, number(c->high));
		seeds = MAX(seeds, c->n);
	}
	j = json_pack("{so ss si si so so so}", "at", at, "name", name, "seeds", (int)seeds, "failed",
		      (int)p->failed, "mean", mean, "low", low, "high", high);
	free(name);
	return j;
}

static json_t *effects_json(const struct data *d)
{
	json_t *all = json_array();
	u32 n, i;
	struct effect *e = effects_of(d, &n);

	for (i = 0; i < n; i++)
		json_array_append_new(all, json_pack("[sf]", d->sweep.axis[e[i].axis].key, e[i].percent));
	free(e);
	return all;
}

static json_t *failures_json(const struct data *d)
{
	json_t *all = json_array();
	struct sweep_row r;
	char *name, *bad;
	u64 i;

	for (i = 0; i < d->sweep.points; i++) {
		name = sweep_name(&d->sweep, i);
		if (!sweep_done(d->dir, name) && sweep_failed(d->dir, name)) {
			bad = sweep_row_open(&r, d->dir, &d->sweep, i);
			json_array_append_new(all, json_pack("[ss]", name, bad ? bad : r.error));
			free(bad);
			sweep_row_close(&r);
		}
		free(name);
	}
	return all;
}

static char *join_values(const struct sweep_axis *a)
{
	char *list = xstrdup(""), *longer;
	u32 i;

	for (i = 0; i < a->values.n; i++) {
		longer = xasprintf("%s%s%s", list, i ? "," : "", a->values.at[i]);
		free(list);
		list = longer;
	}
	return list;
}

static void add_option(char **line, const char *option, const char *value)
{
	char *longer = xasprintf("%s %s '%s'", *line, option, value);

	free(*line);
	*line = longer;
}

static void add_axis(char **line, const struct sweep_axis *a)
{
	char *values = join_values(a), *both = xasprintf("%s=%s", a->key, values);
	u32 i;

	if (!strcmp(a->key, SWEEP_SEED))
		add_option(line, "--seed", values);
	else if (strcmp(a->key, SWEEP_TRACE))
		add_option(line, a->zipped ? "--zip" : "--vary", both);
	for (i = 0; !strcmp(a->key, SWEEP_TRACE) && i < a->values.n; i++)
		add_option(line, "--trace", a->values.at[i]);
	free(values);
	free(both);
}

/* The same sweep again, by the command line. */
static char *command(const struct sweep *s)
{
	char *line = xstrdup("mmsim sweep");
	u32 i;

	for (i = 0; i < s->n_axes; i++)
		add_axis(&line, &s->axis[i]);
	for (i = 0; i < s->where.n; i++)
		add_option(&line, "--where", s->where.at[i]);
	for (i = 0; i < s->settings.n; i++)
		add_option(&line, "-s", s->settings.at[i]);
	if (s->machine)
		add_option(&line, "-m", s->machine);
	if (s->kernel)
		add_option(&line, "-k", s->kernel);
	if (s->warmup)
		add_option(&line, "--warmup", s->warmup);
	if (s->max)
		add_option(&line, "--max", s->max);
	add_option(&line, "-o", "again");
	return line;
}

static json_t *sweep_json(const struct data *d)
{
	json_t *points = json_array(), *j;
	char *line = command(&d->sweep);
	u32 i;

	for (i = 0; i < d->n; i++)
		json_array_append_new(points, point_json(d, &d->point[i]));
	j = json_pack("{ss ss ss so so so so so}", "kind", "sweep", "version", d->version ? d->version : "?",
		      "command", line, "axes", axes_json(d), "figures", figures_json(d), "points", points,
		      "effects", effects_json(d), "failures", failures_json(d));
	free(line);
	return j;
}

char *report_sweep(json_t **j, struct answer *a, const char *dir)
{
	struct data d = { .dir = dir };
	char *bad = sweep_open(&d.sweep, dir);
	u32 i;

	if (bad)
		return bad;
	for (i = 0; measure_usual[i]; i++)
		d.figure = strcmp(measure_usual[i], FIGURE) ? d.figure : i;
	d.n_figures = i;
	ASSERT(d.n_figures <= MAX_FIGURES);
	bad = read_points(&d);
	if (!bad) {
		*a = (struct answer){ .title = xasprintf("Sweep %s", format_base(dir)) };
		say_what(a, &d);
		say_best(a, &d);
		say_effects(a, &d);
		*j = sweep_json(&d);
	}
	for (i = 0; i < d.n; i++)
		free(d.point[i].at);
	free(d.point);
	free(d.version);
	sweep_fini(&d.sweep);
	return bad;
}
