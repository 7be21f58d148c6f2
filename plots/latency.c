/*
 * Cumulative distribution of load latency. The vertical scale counts nines, -log10(1 - share), so that the
 * tail, which is what hurts, takes as much room as the median: 0, 50, 90, 99, 99.9 %. Percentiles are marked
 * on the curve of a single run and listed below for all.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/format.h"
#include "model/base/error.h"

#define TOP    100u /* canvas above the axes */
#define PLOT   300u
#define LEGEND 22u  /* height of a row */
#define BOTTOM 116u /* below the axes without the legend's rows */

static const struct {
	const char *name;
	u64 num, den;
	double nines, column; /* column: where it stands in the legend, in pixels */
} marks[] = {
	{ "p50", 50, 100, 0.30103, 480 },
	{ "p90", 90, 100, 1, 570 },
	{ "p99", 99, 100, 2, 660 },
	{ "p99.9", 999, 1000, 3, 760 },
};

struct range {
	double low, high; /* of latency, cycles */
	double nines;     /* top of the vertical scale */
};

/* The axis starts at 1: a latency of 0 stands there. */
static double place(u64 cycles)
{
	return cycles ? (double)cycles : 1;
}

static void widen(struct range *r, const struct latency_table *t)
{
	double nines = floor(log10((double)latency_table_count(t))) + 0.5;

	r->low = fmin(r->low, place(t->row[0].from) / 1.6);
	r->high = fmax(r->high, place(t->row[t->n - 1].to) * 1.6);
	r->nines = fmax(r->nines, fmin(nines, 5.5));
}

/* At each step of the distribution the latency and the nines reached before and after it. */
static void write_curve(struct figure *f, const struct run *run, const struct latency_table *t,
			const struct range *r)
{
	u64 all = latency_table_count(t), seen = 0;
	double nines = 0;
	u32 i;

	figure_block(f, run->label);
	fputs("# cycles, accesses, cumulative share, nines of it\n", f->dat);
	fprintf(f->dat, "%.10g 0 0 0\n", r->low);
	for (i = 0; i < t->n; i++) {
		fprintf(f->dat, "%.10g 0 %.10g %.6f\n", place(t->row[i].from), (double)seen / (double)all,
			nines);
		seen += t->row[i].accesses;
		nines = seen < all ? fmin(-log10((double)(all - seen) / (double)all), r->nines) : r->nines;
		fprintf(f->dat, "%.10g %llu %.10g %.6f\n", place(t->row[i].from),
			(unsigned long long)t->row[i].accesses, (double)seen / (double)all, nines);
	}
}

static void write_marks(struct figure *f, const struct run *run, const struct latency_table *t,
			const struct range *r)
{
	struct text a;
	u64 v;
	u32 i;

	figure_block(f, "percentiles: cycles, nines, name");
	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		v = latency_table_percentile(t, marks[i].num, marks[i].den);
		if (marks[i].nines <= r->nines)
			fprintf(f->dat, "%.10g %.5f \"%s: %s cycles\"\n", place(v), marks[i].nines,
				marks[i].name, format_count_in(&a, v, 12));
	}
}

/* Rows from the bottom of the canvas: the caption, the runs from the last to the first, the heads. */
static double legend_y(const struct plot_request *q, u32 row)
{
	return BOTTOM - 72 + (double)(q->n_runs - row) * LEGEND - LEGEND / 2.0;
}

static void legend_head(struct figure *f, const struct plot_request *q)
{
	u32 i;

	figure_text(f, 380, legend_y(q, 0) + LEGEND, "right", FIGURE_SMALL, FIGURE_GREY,
		    "percentiles in cycles:");
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		figure_text(f, marks[i].column, legend_y(q, 0) + LEGEND, "right", FIGURE_SMALL, FIGURE_GREY,
			    marks[i].name);
}

static void legend_row(struct figure *f, const struct plot_request *q, u32 row, const struct latency_table *t)
{
	struct text a;
	u32 i;

	figure_line_sample(f, 24, legend_y(q, row), row + 1);
	figure_text(f, 62, legend_y(q, row), "left", FIGURE_TEXT, FIGURE_INK,
		    format_clip(&a, q->runs[row].label, 44));
	for (i = 0; t->n && i < ARRAY_SIZE(marks); i++)
		figure_text(f, marks[i].column, legend_y(q, row), "right", FIGURE_TEXT, FIGURE_INK,
			    format_count_in(&a, latency_table_percentile(t, marks[i].num, marks[i].den), 13));
	if (!t->n)
		figure_text(f, marks[0].column, legend_y(q, row), "right", FIGURE_TEXT, FIGURE_GREY,
			    "no loads");
}

/* Nanoseconds on the upper axis. */
static void ns_axis(struct figure *f, const struct plot_request *q, const struct range *r)
{
	fprintf(f->gp, "set logscale x2 10\nset x2range [%.10g:%.10g]\nset border 7\n", r->low, r->high);
	figure_log_ticks(f, "x2", r->low, r->high, (double)q->runs[0].hz / 1e9);
}

static void axes(struct figure *f, const struct range *r)
{
	static const char *const shares[] = { "90", "99", "99.9", "99.99", "99.999" };
	u32 i;

	fprintf(f->gp, "set logscale x 10\nset xrange [%.10g:%.10g]\n", r->low, r->high);
	figure_log_ticks(f, "x", r->low, r->high, 1);
	fprintf(f->gp, "set yrange [0:%.4f]\n", r->nines);
	fputs("set ytics ('0' 0, '50' 0.30103", f->gp);
	for (i = 0; i < ARRAY_SIZE(shares) && i + 1 <= r->nines; i++)
		fprintf(f->gp, ", '%s' %u", shares[i], i + 1);
	fprintf(f->gp, ", '100' %.4f)\n", r->nines);
}

static void plot_command(struct figure *f, u32 n_curves, const u32 *style, bool marked)
{
	u32 i;

	fputs("plot ", f->gp);
	for (i = 0; i < n_curves; i++)
		fprintf(f->gp, "%sDATA index %u using 1:4 with lines ls %u", i ? ", \\\n     " : "", i,
			style[i]);
	if (marked)
		fprintf(f->gp,
			", \\\n     DATA index %u using 1:2 with points pt 7 ps 0.6 lc rgb '#000000'"
			", \\\n     DATA index %u using 1:2:3 with labels left offset 1,-0.2 tc rgb "
			"'#000000'",
			n_curves, n_curves);
	fputs("\n", f->gp);
}

/* At least a decade and a half, so that there are ticks to read a lonely step by. */
static void open_up(struct range *r)
{
	if (r->high < 30 * r->low)
		r->low = fmin(r->low, 1);
	r->high = fmax(r->high, 30 * r->low);
}

static bool same_clock(const struct plot_request *q)
{
	u32 i;

	for (i = 1; i < q->n_runs; i++)
		if (q->runs[i].hz != q->runs[0].hz)
			return false;
	return true;
}

static struct latency_table *gather(const struct plot_request *q, struct range *r)
{
	struct latency_table *loads = xcalloc(q->n_runs, sizeof(*loads));
	u32 i;

	for (i = 0; i < q->n_runs; i++) {
		run_latency(&q->runs[i], "load", NULL, NULL, &loads[i]);
		if (loads[i].n)
			widen(r, &loads[i]);
	}
	return loads;
}

static void draw_curves(struct figure *f, const struct plot_request *q, const struct latency_table *loads,
			const struct range *r)
{
	u32 *style = xcalloc(q->n_runs, sizeof(*style)), n = 0, i;
	bool marked = q->n_runs == 1;

	figure_line_styles(f, q->n_runs);
	legend_head(f, q);
	for (i = 0; i < q->n_runs; i++) {
		legend_row(f, q, i, &loads[i]);
		if (!loads[i].n)
			continue;
		write_curve(f, &q->runs[i], &loads[i], r);
		style[n++] = i + 1;
	}
	if (marked)
		write_marks(f, &q->runs[0], &loads[0], r);
	plot_command(f, n, style, marked);
	free(style);
}

static void draw_axes(struct figure *f, const struct plot_request *q, struct range *r)
{
	u32 top = same_clock(q) ? TOP : TOP - 48;
	char ns[64];
	struct text a;

	open_up(r);
	figure_size(f, top + PLOT + BOTTOM + LEGEND * (q->n_runs + 1), "Load latency, cumulative");
	figure_margins(f, 104, 28, f->height - top - PLOT, top);
	figure_caption(f, q->runs, q->n_runs);
	snprintf(ns, sizeof(ns), "load latency (ns at %s)", format_hz(&a, q->runs[0].hz));
	figure_axis_names(f, "load latency (cycles)", same_clock(q) ? ns : NULL,
			  "loads done within that time (%)");
	axes(f, r);
	if (same_clock(q))
		ns_axis(f, q, r);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct range r = { INFINITY, 0, 3.5 };
	struct latency_table *loads = gather(q, &r);
	char *bad = r.high > 0 ? NULL : xstrdup("there are no loads in latency.csv");
	u32 i;

	if (!bad) {
		draw_axes(f, q, &r);
		draw_curves(f, q, loads, &r);
	}
	for (i = 0; i < q->n_runs; i++)
		latency_table_fini(&loads[i]);
	free(loads);
	return bad;
}

const struct plot_kind plot_latency = { "latency",
					"cumulative distribution of load latency, percentiles marked", false,
					draw, NULL };
