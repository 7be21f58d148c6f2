/*
 * Cumulative distribution of load latency, a line a run; or of one run's loads and stores by what happened to
 * them (--by), a line each and one of all. The vertical scale counts nines, -log10(1 - share), so that the
 * tail, which is what hurts, takes as much room as the median: 0, 50, 90, 99, 99.9 %. Percentiles are marked
 * on the curve of a single run and listed below for all.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/words.h"
#include "model/base/error.h"

#define TOP    100u /* canvas above the axes */
#define PLOT   300u
#define LEGEND 22u  /* height of a row */
#define BOTTOM 116u /* below the axes without the legend's rows */
#define COUNTS 380u /* of the legend: where the column before the percentiles ends */

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

/* A line. */
struct series {
	char *label;
	struct latency_table t;
	u32 style;
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct series *at;
	u32 n;
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
static void write_curve(struct figure *f, const struct series *s, const struct range *r)
{
	const struct latency_table *t = &s->t;
	u64 all = latency_table_count(t), seen = 0;
	double nines = 0;
	u32 i;

	figure_block(f, s->label);
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

static void write_marks(struct figure *f, const struct latency_table *t, const struct range *r)
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

/* Rows from the bottom of the canvas: the caption, the lines from the last to the first, the heads. */
static double legend_y(const struct picture *p, u32 row)
{
	return BOTTOM - 72 + (double)(p->n - row) * LEGEND - LEGEND / 2.0;
}

static void legend_head(const struct picture *p)
{
	double y = legend_y(p, 0) + LEGEND;
	u32 i;

	figure_text(p->f, COUNTS, y, "right", FIGURE_SMALL, FIGURE_GREY,
		    p->q->by ? "accesses" : "percentiles in cycles:");
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		figure_text(p->f, marks[i].column, y, "right", FIGURE_SMALL, FIGURE_GREY, marks[i].name);
}

static void legend_row(const struct picture *p, u32 row)
{
	const struct series *s = &p->at[row];
	double y = legend_y(p, row);
	struct text a;
	u32 i;

	figure_line_sample(p->f, 24, y, s->style);
	figure_text(p->f, 62, y, "left", FIGURE_TEXT, FIGURE_INK,
		    format_clip(&a, s->label, p->q->by ? 24 : 44));
	if (p->q->by)
		figure_text(p->f, COUNTS, y, "right", FIGURE_TEXT, FIGURE_INK,
			    format_count_in(&a, latency_table_count(&s->t), 13));
	for (i = 0; s->t.n && i < ARRAY_SIZE(marks); i++)
		figure_text(
			p->f, marks[i].column, y, "right", FIGURE_TEXT, FIGURE_INK,
			format_count_in(&a, latency_table_percentile(&s->t, marks[i].num, marks[i].den), 9));
	if (!s->t.n)
		figure_text(p->f, marks[0].column, y, "right", FIGURE_TEXT, FIGURE_GREY, "no loads");
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

static void plot_command(const struct picture *p, bool marked)
{
	const char *next = "plot DATA";
	u32 i, block = 0;

	for (i = 0; i < p->n; i++) {
		if (!p->at[i].t.n)
			continue;
		fprintf(p->f->gp, "%s index %u using 1:4 with lines ls %u", next, block++, p->at[i].style);
		next = ", \\\n     DATA";
	}
	if (marked)
		fprintf(p->f->gp,
			", \\\n     DATA index %u using 1:2 with points pt 7 ps 0.6 lc rgb '#000000'"
			", \\\n     DATA index %u using 1:2:3 with labels left offset 1,-0.2 tc rgb "
			"'#000000'",
			block, block);
	fputs("\n", p->f->gp);
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

/* ---- what is drawn ---- */

static struct series *add_series(struct picture *p, const char *label)
{
	p->at = xrealloc(p->at, (p->n + 1) * sizeof(*p->at));
	p->at[p->n] = (struct series){ .label = xstrdup(label), .style = p->n + 1 };
	return &p->at[p->n++];
}

static char *gather_runs(struct picture *p)
{
	u32 i;

	for (i = 0; i < p->q->n_runs; i++)
		run_latency(&p->q->runs[i], "load", NULL, NULL, &add_series(p, p->q->runs[i].label)->t);
	return NULL;
}

static const struct by {
	const char *column, *heading;
	const struct word *words;
} bys[] = {
	{ "cause", "Latency of loads and stores by what the kernel did", words_cause },
	{ "translation", "Latency of loads and stores by their translation", words_translation },
	{ "served", "Latency of loads and stores by where the data was", words_served },
};

static const struct by *find_by(const char *column)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bys); i++)
		if (!strcmp(bys[i].column, column))
			return &bys[i];
	return NULL;
}

/* A line a word that there are accesses of, then one of all, in black. */
static char *gather_words(struct picture *p)
{
	const struct by *by = find_by(p->q->by);
	const struct run *run = p->q->runs;
	struct latency_table t;
	const struct word *w;

	if (!by)
		return xasprintf("--by is cause, translation or served, not '%s'", p->q->by);
	if (p->q->n_runs != 1)
		return xstrdup("--by tells the accesses of one run apart; name one");
	for (w = by->words; w->token; w++) {
		run_latency_by(run, by->column, w->token, &t);
		if (t.n)
			add_series(p, w->label)->t = t;
		else
			latency_table_fini(&t);
	}
	run_latency_by(run, by->column, NULL, &t);
	add_series(p, "all loads and stores")->t = t;
	return NULL;
}

static void draw_curves(const struct picture *p, const struct range *r)
{
	bool marked = p->n == 1 && !p->q->by;
	u32 i;

	figure_line_styles(p->f, p->n);
	if (p->q->by)
		fprintf(p->f->gp, "set style line %u lc rgb '#000000' lw 2.5 dt '.'\n", p->n);
	legend_head(p);
	for (i = 0; i < p->n; i++) {
		legend_row(p, i);
		if (p->at[i].t.n)
			write_curve(p->f, &p->at[i], r);
	}
	if (marked)
		write_marks(p->f, &p->at[0].t, r);
	plot_command(p, marked);
}

static void draw_axes(const struct picture *p, struct range *r)
{
	const struct plot_request *q = p->q;
	u32 top = same_clock(q) ? TOP : TOP - 48;
	const char *what = q->by ? "latency" : "load latency";
	char ns[64], cycles[64];
	struct text a;

	open_up(r);
	figure_size(p->f, top + PLOT + BOTTOM + LEGEND * (p->n + 1),
		    q->by ? find_by(q->by)->heading : "Load latency, cumulative");
	figure_margins(p->f, 116, 28, p->f->height - top - PLOT, top);
	figure_caption(p->f, q->runs, q->n_runs);
	snprintf(cycles, sizeof(cycles), "%s (cycles)", what);
	snprintf(ns, sizeof(ns), "%s (ns at %s)", what, format_hz(&a, q->runs[0].hz));
	figure_axis_names(p->f, cycles, same_clock(q) ? ns : NULL,
			  q->by ? "done within that time (%)" : "loads done within that time (%)");
	axes(p->f, r);
	if (same_clock(q))
		ns_axis(p->f, q, r);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	struct range r = { INFINITY, 0, 3.5 };
	char *bad = q->by ? gather_words(&p) : gather_runs(&p);
	u32 i;

	for (i = 0; i < p.n; i++)
		if (p.at[i].t.n)
			widen(&r, &p.at[i].t);
	if (!bad && r.high <= 0)
		bad = xstrdup("there are no loads in latency.csv");
	if (!bad) {
		draw_axes(&p, &r);
		draw_curves(&p, &r);
	}
	for (i = 0; i < p.n; i++) {
		latency_table_fini(&p.at[i].t);
		free(p.at[i].label);
	}
	free(p.at);
	return bad;
}

const struct plot_kind plot_latency = { .name = "latency",
					.help = "cumulative distribution of load latency, percentiles marked",
					.draw = draw };
