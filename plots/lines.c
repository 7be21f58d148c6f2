/*
 * One figure of a sweep against one of its keys: a line for each combination of the others, with a band where
 * there are several seeds: the 95 % confidence interval of the mean.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expr.h"
#include "analysis/format.h"
#include "model/base/error.h"
#include "plots/swept.h"

#define TOP       78u
#define PLOT      300u
#define AXIS      74u
#define ROW       22u
#define CAPTION   34u
#define MAX_LINES 12u

struct line {
	char *name;
	u32 *point; /* of the sweep's, x rising */
	u32 n;
	bool band;
};

struct lines {
	struct figure *f;
	struct swept s;
	u32 x; /* axis */
	bool number;
	struct line line[MAX_LINES];
	u32 n;
};

static double x_of(const struct lines *l, const struct swept_point *p)
{
	const struct sweep_axis *a = &l->s.sweep.axis[l->x];
	enum expr_unit unit;
	double v;

	if (l->number && expr_number(a->values.at[p->at[l->x]], &v, &unit))
		return v;
	return p->at[l->x];
}

/* ---- lines ---- */

static bool is_series(const struct lines *l, u32 axis)
{
	return axis != l->x && strcmp(l->s.sweep.axis[axis].key, SWEEP_SEED) && swept_varies(&l->s, axis) &&
	       !l->s.sweep.axis[axis].zipped;
}

/* "l2.latency 14, sort": what tells it from other lines. */
static char *name_of(const struct lines *l, const struct swept_point *p)
{
	char *name = xstrdup(""), *value, *longer;
	u32 i;

	for (i = 0; i < l->s.sweep.n_axes; i++) {
		const struct sweep_axis *a = &l->s.sweep.axis[i];

		if (!is_series(l, i))
			continue;
		value = swept_label(&l->s, i, p->at[i]);
		longer = sweep_names_files(a)
				 ? xasprintf("%s%s%s", name, *name ? ", " : "", value)
				 : xasprintf("%s%s%s %s", name, *name ? ", " : "", a->key, value);
		free(name);
		free(value);
		name = longer;
	}
	if (!*name) {
		free(name);
		name = xstrdup(l->s.figure);
	}
	return name;
}

static char *add_point(struct lines *l, u32 i)
{
	char *name = name_of(l, &l->s.point[i]);
	struct line *to;
	u32 k;

	for (k = 0; k < l->n && strcmp(l->line[k].name, name); k++)
		;
	if (k == MAX_LINES) {
		free(name);
		return xasprintf("there are more than %u lines: choose some with --only KEY=VALUE",
				 MAX_LINES);
	}
	to = &l->line[k];
	if (k == l->n) {
		l->n++;
		to->name = xstrdup(name);
		to->point = xcalloc(l->s.n, sizeof(*to->point));
	}
	if (l->s.point[i].value.n) {
		to->point[to->n++] = i;
		to->band |= l->s.point[i].value.n > 1;
	}
	free(name);
	return NULL;
}

static void sort_line(struct lines *l, struct line *line)
{
	u32 i, k;

	for (i = 1; i < line->n; i++)
		for (k = i;
		     k && x_of(l, &l->s.point[line->point[k]]) < x_of(l, &l->s.point[line->point[k - 1]]);
		     k--) {
			u32 other = line->point[k];

			line->point[k] = line->point[k - 1];
			line->point[k - 1] = other;
		}
}

static char *gather(struct lines *l)
{
	char *bad = NULL;
	u32 i;

	for (i = 0; i < l->s.n && !bad; i++)
		bad = add_point(l, i);
	for (i = 0; i < l->n; i++)
		sort_line(l, &l->line[i]);
	return bad;
}

/* ---- axes ---- */

static void x_range(const struct lines *l, double *low, double *high)
{
	u32 i;

	*low = INFINITY;
	*high = -INFINITY;
	for (i = 0; i < l->s.n; i++) {
		*low = fmin(*low, x_of(l, &l->s.point[i]));
		*high = fmax(*high, x_of(l, &l->s.point[i]));
	}
}

static void y_range(const struct lines *l, double *low, double *high)
{
	u32 i;

	*low = INFINITY;
	*high = -INFINITY;
	for (i = 0; i < l->s.n; i++) {
		const struct confidence *c = &l->s.point[i].value;

		if (!c->n)
			continue;
		*low = fmin(*low, c->n > 1 ? c->low : c->mean);
		*high = fmax(*high, c->n > 1 ? c->high : c->mean);
	}
}

/* From 0 where that costs little of the height; what is small beside its height is shown large. */
static void y_axis(struct lines *l)
{
	double low, high, room;

	y_range(l, &low, &high);
	room = high > low ? (high - low) * 0.08 : fabs(high) * 0.05 + 0.01;
	if (low >= 0 && low < (high - low) * 1.5)
		low = 0;
	else
		low -= room;
	fprintf(l->f->gp, "set yrange [%.10g:%.10g]\nset ytics autofreq\nset format y '%s'\n", low,
		high + room, high >= 1e5 ? "%.4s%c" : "%g");
}

static void words(const struct lines *l)
{
	struct text t;
	u32 i, n = l->s.sweep.axis[l->x].values.n;
	char *label;

	fputs("set xtics (", l->f->gp);
	for (i = 0; i < n; i++) {
		label = swept_label(&l->s, l->x, i);
		fputs(i ? ", " : "", l->f->gp);
		figure_quote(l->f->gp, format_clip(&t, label, MAX(80 / n, 3u)));
		fprintf(l->f->gp, " %u", i);
		free(label);
	}
	fprintf(l->f->gp, ")\nset xrange [-0.3:%.1f]\n", n - 0.7);
}

#define FEW 10u

/* Few values stand on the axis as they were given. */
static void few_ticks(const struct lines *l)
{
	const char *comma = "";
	struct swept_point p = { 0 };
	u32 i, *at = xcalloc(l->s.sweep.n_axes, sizeof(*at));
	char *label;

	p.at = at;
	fputs("set xtics (", l->f->gp);
	for (i = 0; i < l->s.sweep.axis[l->x].values.n; i++, comma = ", ") {
		at[l->x] = i;
		label = swept_label(&l->s, l->x, i);
		fputs(comma, l->f->gp);
		figure_quote(l->f->gp, label);
		fprintf(l->f->gp, " %.10g", x_of(l, &p));
		free(label);
	}
	fputs(")\n", l->f->gp);
	free(at);
}

static void x_axis(struct lines *l)
{
	bool few = l->s.sweep.axis[l->x].values.n <= FEW, binary;
	double low, high, room;

	if (!l->number) {
		words(l);
		return;
	}
	x_range(l, &low, &high);
	binary = !strcmp(l->s.column[l->x].unit, "bytes");
	room = high > low ? (high - low) * 0.03 : 1;
	if (low > 0 && high / low > 3.9) {
		low /= 1.12;
		high *= 1.12;
		fprintf(l->f->gp, "set logscale x %u\n", binary ? 2 : 10);
		if (binary)
			figure_binary_ticks(l->f, "x", low, high);
		else
			figure_log_ticks(l->f, "x", low, high, 1);
	} else {
		low -= room;
		high += room;
		figure_linear_ticks(l->f, "x", low, high);
	}
	fprintf(l->f->gp, "set xrange [%.10g:%.10g]\n", low, high);
	if (few)
		few_ticks(l);
}

/* ---- drawing ---- */

static void write_line(struct lines *l, const struct line *line)
{
	u32 i;

	figure_block(l->f, line->name);
	fputs("# x, mean, ends of the 95 % confidence interval, seeds\n", l->f->dat);
	for (i = 0; i < line->n; i++) {
		const struct swept_point *p = &l->s.point[line->point[i]];
		const struct confidence *c = &p->value;

		fprintf(l->f->dat, "%.10g %.10g %.10g %.10g %u\n", x_of(l, p), c->mean,
			c->n > 1 ? c->low : c->mean, c->n > 1 ? c->high : c->mean, c->n);
	}
}

static void legend(struct lines *l)
{
	double y;
	struct text t;
	u32 i;

	for (i = 0; i < l->n; i++) {
		y = CAPTION + (l->n - i - 0.5) * ROW;
		figure_line_sample(l->f, 24, y, i + 1);
		figure_text(l->f, 62, y, "left", FIGURE_TEXT, FIGURE_INK,
			    format_clip(&t, l->line[i].name, 80));
	}
}

static void plot_command(struct lines *l)
{
	const char *comma = "plot ";
	u32 i;

	for (i = 0; i < l->n; i++) {
		if (!l->line[i].band)
			continue;
		fprintf(l->f->gp,
			"%sDATA index %u using 1:3:4 with filledcurves fc rgb '%s' fs transparent solid 0.22",
			comma, i, figure_palette[i % 7]);
		comma = ", \\\n     ";
	}
	for (i = 0; i < l->n; i++) {
		fprintf(l->f->gp, "%sDATA index %u using 1:2 with linespoints ls %u", comma, i, i + 1);
		comma = ", \\\n     ";
	}
	fputc('\n', l->f->gp);
}

static bool any_band(const struct lines *l)
{
	u32 i;

	for (i = 0; i < l->n; i++)
		if (l->line[i].band)
			return true;
	return false;
}

static void subtitle(struct lines *l, const struct plot_request *q)
{
	char *only = figure_list(q->only, q->n_only);
	char *text = xasprintf("%s%s%s", only, *only && any_band(l) ? "; " : "",
			       any_band(l) ? "bands: 95 % confidence of the mean over seeds" : "");

	if (*text)
		figure_text(l->f, 14, l->f->height - 46.0, "left", FIGURE_SMALL, FIGURE_GREY, text);
	free(only);
	free(text);
}

static void draw_picture(struct lines *l, const struct plot_request *q)
{
	char *y = swept_figure_name(&l->s), *x = swept_axis_name(&l->s, l->x);
	char *heading = xasprintf("%s against %s", l->s.figure, l->s.sweep.axis[l->x].key);
	u32 bottom = CAPTION + AXIS + ROW * l->n, i;

	figure_size(l->f, TOP + PLOT + bottom, heading);
	figure_margins(l->f, 96, 28, bottom, TOP);
	figure_caption(l->f, l->s.named, l->s.n_named);
	subtitle(l, q);
	figure_axis_names(l->f, x, NULL, y);
	figure_line_styles(l->f, l->n);
	x_axis(l);
	y_axis(l);
	for (i = 0; i < l->n; i++)
		write_line(l, &l->line[i]);
	legend(l);
	plot_command(l);
	free(x);
	free(y);
	free(heading);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct lines l = { .f = f };
	char *bad = swept_open(&l.s, q);
	u32 i;

	if (bad)
		return bad;
	l.x = swept_axis(&l.s, q->x, 0);
	if (l.x == SWEPT_NONE)
		bad = xasprintf("'%s' does not vary %s", l.s.dir, q->x ? q->x : "anything");
	l.number = !bad && l.s.column[l.x].number;
	if (!bad)
		bad = gather(&l);
	if (!bad)
		draw_picture(&l, q);
	for (i = 0; i < l.n; i++) {
		free(l.line[i].name);
		free(l.line[i].point);
	}
	swept_close(&l.s);
	return bad;
}

const struct plot_kind plot_lines = {
	.name = "lines",
	.help = "one figure of a sweep against one of its keys, with confidence bands",
	.takes_sweep = true,
	.draw = draw
};
