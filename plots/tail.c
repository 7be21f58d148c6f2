/*
 * Complementary cumulative distribution of load latency: the share of the loads that took longer, both axes
 * logarithmic, so that each power of ten of rarer loads takes the same room. Percentiles are marked on every
 * curve and listed below.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/format.h"
#include "model/base/error.h"
#include "plots/plot.h"

#define TOP    100u
#define PLOT   320u
#define LEGEND 22u
#define BOTTOM 116u

static const struct {
	const char *name;
	u64 num, den;
	double above, column; /* share of loads that are slower; where it stands in the legend */
} marks[] = {
	{ "p50", 50, 100, 0.5, 430 },         { "p90", 90, 100, 0.1, 510 },
	{ "p99", 99, 100, 0.01, 590 },        { "p99.9", 999, 1000, 1e-3, 680 },
	{ "p99.99", 9999, 10000, 1e-4, 776 },
};

struct tail {
	struct figure *f;
	const struct plot_request *q;
	struct latency_table *loads;
	double low, high, rarest;
};

static double place(u64 cycles)
{
	return cycles ? (double)cycles : 1;
}

static void gather(struct tail *t)
{
	u32 i;

	t->low = INFINITY;
	t->rarest = 1e-4;
	t->loads = xcalloc(t->q->n_runs, sizeof(*t->loads));
	for (i = 0; i < t->q->n_runs; i++) {
		const struct latency_table *l = &t->loads[i];

		run_latency(&t->q->runs[i], "load", NULL, NULL, &t->loads[i]);
		if (!l->n)
			continue;
		t->low = fmin(t->low, place(l->row[0].from) / 1.4);
		t->high = fmax(t->high, place(l->row[l->n - 1].to) * 1.4);
		t->rarest = fmin(t->rarest, 0.5 / (double)latency_table_count(l));
	}
	t->rarest = fmax(t->rarest, 1e-8);
	t->high = fmax(t->high, 30 * t->low);
}

/* Stairs: all are slower than less than the first bin, none than the last. */
static void write_curve(struct tail *t, u32 run)
{
	const struct latency_table *l = &t->loads[run];
	u64 all = latency_table_count(l), left = all;
	u32 i;

	figure_block(t->f, t->q->runs[run].label);
	fputs("# cycles, share of the loads that took longer\n", t->f->dat);
	fprintf(t->f->dat, "%.10g 1\n", t->low);
	for (i = 0; i < l->n; i++) {
		fprintf(t->f->dat, "%.10g %.10g\n", place(l->row[i].from), (double)left / (double)all);
		left -= l->row[i].accesses;
		fprintf(t->f->dat, "%.10g %.10g\n", place(l->row[i].from),
			left ? (double)left / (double)all : t->rarest);
	}
}

static void write_marks(struct tail *t, u32 run)
{
	const struct latency_table *l = &t->loads[run];
	u32 i;

	figure_block(t->f, "percentiles: cycles, share of slower loads");
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (marks[i].above >= t->rarest)
			fprintf(t->f->dat, "%.10g %g\n",
				place(latency_table_percentile(l, marks[i].num, marks[i].den)),
				marks[i].above);
}

static double legend_y(const struct tail *t, u32 row)
{
	return BOTTOM - 72 + (double)(t->q->n_runs - row) * LEGEND - LEGEND / 2.0;
}

static void legend(struct tail *t)
{
	struct text a;
	u32 row, i;

	figure_text(t->f, 340, legend_y(t, 0) + LEGEND, "right", FIGURE_SMALL, FIGURE_GREY,
		    "percentiles in cycles:");
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		figure_text(t->f, marks[i].column, legend_y(t, 0) + LEGEND, "right", FIGURE_SMALL,
			    FIGURE_GREY, marks[i].name);
	for (row = 0; row < t->q->n_runs; row++) {
		const struct latency_table *l = &t->loads[row];

		figure_line_sample(t->f, 24, legend_y(t, row), row + 1);
		figure_text(t->f, 62, legend_y(t, row), "left", FIGURE_TEXT, FIGURE_INK,
			    format_clip(&a, t->q->runs[row].label, 36));
		for (i = 0; l->n && i < ARRAY_SIZE(marks); i++)
			figure_text(t->f, marks[i].column, legend_y(t, row), "right", FIGURE_TEXT, FIGURE_INK,
				    format_count_in(
					    &a, latency_table_percentile(l, marks[i].num, marks[i].den), 9));
		if (!l->n)
			figure_text(t->f, marks[0].column, legend_y(t, row), "right", FIGURE_TEXT,
				    FIGURE_GREY, "no loads");
	}
}

static bool same_clock(const struct plot_request *q)
{
	u32 i;

	for (i = 1; i < q->n_runs; i++)
		if (q->runs[i].hz != q->runs[0].hz)
			return false;
	return true;
}

static void axes(struct tail *t)
{
	bool ns = same_clock(t->q);
	char *name;
	struct text a;
	u32 i;

	name = xasprintf("load latency (ns at %s)", format_hz(&a, t->q->runs[0].hz));
	figure_axis_names(t->f, "load latency (cycles)", ns ? name : NULL, "loads that took longer (%)");
	fprintf(t->f->gp,
		"set logscale x 10\nset xrange [%.10g:%.10g]\nset logscale y 10\nset yrange [%.4g:1.3]\n",
		t->low, t->high, t->rarest);
	figure_log_ticks(t->f, "x", t->low, t->high, 1);
	fputs("set ytics (", t->f->gp);
	for (i = 0; i <= 8 && pow(10, -(double)i) >= t->rarest; i++)
		fprintf(t->f->gp, "%s'%g' 1e-%u", i ? ", " : "", 100 * pow(10, -(double)i), i);
	fputs(")\n", t->f->gp);
	if (ns) {
		fprintf(t->f->gp, "set logscale x2 10\nset x2range [%.10g:%.10g]\nset border 7\n", t->low,
			t->high);
		figure_log_ticks(t->f, "x2", t->low, t->high, (double)t->q->runs[0].hz / 1e9);
	}
	free(name);
}

static void curves(struct tail *t)
{
	const char *comma = "plot ";
	u32 i, n = 0;

	for (i = 0; i < t->q->n_runs; i++) {
		if (!t->loads[i].n)
			continue;
		write_curve(t, i);
		write_marks(t, i);
		fprintf(t->f->gp,
			"%sDATA index %u using 1:2 with lines ls %u, \\\n     DATA index %u using 1:2 with "
			"points pt 7 ps "
			"0.55 lc rgb '%s'",
			comma, n, i + 1, n + 1, figure_palette[i % 7]);
		comma = ", \\\n     ";
		n += 2;
	}
	fputc('\n', t->f->gp);
}

static void draw_picture(struct tail *t)
{
	u32 top = same_clock(t->q) ? TOP : TOP - 48;

	figure_size(t->f, top + PLOT + BOTTOM + LEGEND * (t->q->n_runs + 1), "Load latency, the tail");
	figure_margins(t->f, 116, 28, t->f->height - top - PLOT, top);
	figure_caption(t->f, t->q->runs, t->q->n_runs);
	figure_line_styles(t->f, t->q->n_runs);
	axes(t);
	legend(t);
	curves(t);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct tail t = { .f = f, .q = q };
	char *bad = NULL;
	u32 i;

	gather(&t);
	if (t.high > 0 && !isinf(t.low))
		draw_picture(&t);
	else
		bad = xstrdup("there are no loads in latency.csv");
	for (i = 0; i < q->n_runs; i++)
		latency_table_fini(&t.loads[i]);
	free(t.loads);
	return bad;
}

const struct plot_kind plot_tail = {
	.name = "tail",
	.help = "share of the loads that took longer, percentiles marked, runs overlaid",
	.draw = draw
};
