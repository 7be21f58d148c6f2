/*
 * Load latency over time, out of intervals.csv: percentiles of each interval, a line each, on a logarithmic
 * scale. Of several runs each has a colour, and its median and p99 are shown against the instructions, as
 * they may take very different times.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/format.h"
#include "analysis/intervals.h"
#include "model/base/error.h"

#define TOP     48u
#define PLOT    320u
#define AXIS    74u
#define LEGEND  22u
#define CAPTION 34u
#define LEFT    116u
#define RIGHT   28u

static const struct {
	const char *column, *name, *dash;
	bool of_many; /* shown of several runs, too */
} lines[] = {
	{ "load.max", "longest", "'.'", false },
	{ "load.p999", "p99.9", "'-.'", false },
	{ "load.p99", "p99", "'-'", true },
	{ "load.p50", "median", "1", true },
};
#define LINES ARRAY_SIZE(lines)

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct intervals_table *t; /* one a run */
	double low, high, end;     /* cycles, and units of the horizontal axis: */
	double unit;
	const char *unit_name;
};

static double at(const struct intervals_table *t, u32 row, const char *column)
{
	return t->at[(size_t)row * t->n_columns + intervals_column(t, column)];
}

/* Of the interval: the row before tells where it began. Of the first one they are like those of the second.
 */
static double row_instructions(const struct intervals_table *t, u32 row)
{
	if (!row)
		row = 1;
	return at(t, row, "end_instructions") - at(t, row - 1, "end_instructions");
}

static bool is_shown(const struct picture *p, u32 line)
{
	return p->q->n_runs == 1 || lines[line].of_many;
}

static bool has_loads(const struct intervals_table *t)
{
	u32 row;

	for (row = 0; row < t->n_rows; row++)
		if (at(t, row, "load.samples") > 0)
			return true;
	return false;
}

static char *read_run(struct picture *p, u32 run)
{
	struct intervals_table *t = &p->t[run];
	char *path = xasprintf("%s/" INTERVALS_FILE, p->q->runs[run].dir), *bad = intervals_read(t, path);
	u32 i;

	for (i = 0; !bad && i < LINES; i++)
		if (intervals_column(t, lines[i].column) == NO_COLUMN ||
		    intervals_column(t, "end_cycle") == NO_COLUMN)
			bad = xasprintf("'%s' has no column %s: replay it again", path, lines[i].column);
	if (!bad && !has_loads(t))
		bad = xasprintf("there are no loads in '%s'", path);
	if (!bad && t->n_rows < 2)
		bad = xasprintf("'%s' has less than two intervals: choose a smaller --interval", path);
	free(path);
	return bad;
}

/* Time, or instructions, since the run began to be measured, at an interval's middle or end. */
static double place_of(const struct picture *p, u32 run, u32 row, bool end)
{
	const struct intervals_table *t = &p->t[run];
	const char *column = p->q->n_runs > 1 ? "end_instructions" : "end_cycle";
	double to = at(t, row, column), start = at(t, 0, column), from;

	if (p->q->n_runs > 1)
		start -= row_instructions(t, 0);
	else
		start -= at(t, 0, "cycles");
	from = to - (p->q->n_runs > 1 ? row_instructions(t, row) : at(t, row, "cycles"));
	return ((end ? to : (from + to) / 2) - start) / p->unit;
}

static void choose_unit(struct picture *p)
{
	const struct intervals_table *t = &p->t[0];
	double all = at(t, t->n_rows - 1, "end_cycle") - at(t, 0, "end_cycle") + at(t, 0, "cycles");
	double hz = (double)p->q->runs[0].hz;

	if (p->q->n_runs == 1) {
		p->unit = hz * figure_time_unit(all / hz, &p->unit_name);
		return;
	}
	all = at(t, t->n_rows - 1, "end_instructions");
	p->unit = all >= 2e6 ? 1e6 : all >= 2e3 ? 1e3 : 1;
	p->unit_name = p->unit > 1e3 ? "million instructions"
		       : p->unit > 1 ? "thousand instructions"
				     : "instructions";
}

static void find_range(struct picture *p)
{
	u32 run, row, i;
	double v;

	p->low = INFINITY;
	for (run = 0; run < p->q->n_runs; run++) {
		for (row = 0; row < p->t[run].n_rows; row++) {
			for (i = 0; i < LINES; i++) {
				v = fmax(at(&p->t[run], row, lines[i].column), 1);
				p->low = is_shown(p, i) ? fmin(p->low, v) : p->low;
				p->high = is_shown(p, i) ? fmax(p->high, v) : p->high;
			}
		}
		p->end = fmax(p->end, place_of(p, run, row - 1, true));
	}
	p->low /= 1.4;
	p->high = fmax(p->high * 1.4, 30 * p->low);
}

/* Intervals without loads have no latency. */
static void write_run(const struct picture *p, u32 run)
{
	const struct intervals_table *t = &p->t[run];
	u32 row, i;

	figure_block(p->f, p->q->runs[run].label);
	fprintf(p->f->dat, "# %s", p->unit_name);
	for (i = 0; i < LINES; i++)
		fprintf(p->f->dat, ", %s", lines[i].name);
	fputs(" (cycles)\n", p->f->dat);
	for (row = 0; row < t->n_rows; row++) {
		fprintf(p->f->dat, "%.7g", place_of(p, run, row, false));
		for (i = 0; i < LINES; i++) {
			if (at(t, row, "load.samples") > 0)
				fprintf(p->f->dat, " %.10g", fmax(at(t, row, lines[i].column), 1));
			else
				fputs(" ?", p->f->dat);
		}
		fputc('\n', p->f->dat);
	}
}

/* A colour a run, a dash a percentile; of one run a colour each, too. */
static u32 style_of(u32 run, u32 line)
{
	return run * LINES + line + 1;
}

static void styles(const struct picture *p)
{
	static const u32 alone[] = { 3, 1, 4, 0 };
	u32 run, i;

	for (run = 0; run < p->q->n_runs; run++)
		for (i = 0; i < LINES; i++)
			fprintf(p->f->gp, "set style line %u lc rgb '%s' lw 2 dt %s\n", style_of(run, i),
				figure_palette[p->q->n_runs == 1 ? alone[i] : run % 7],
				p->q->n_runs == 1 ? "1" : lines[i].dash);
	fputs("set datafile missing '?'\n", p->f->gp);
}

static u32 legend_rows(const struct picture *p)
{
	return p->q->n_runs == 1 ? 1 : p->q->n_runs;
}

static void legend(const struct picture *p)
{
	double x = 24, y;
	struct text a;
	u32 run, i;

	for (run = 0; run < p->q->n_runs; run++, x = 24) {
		y = CAPTION + (legend_rows(p) - run - 0.5) * LEGEND;
		if (p->q->n_runs > 1) {
			figure_text(p->f, x, y, "left", FIGURE_TEXT, FIGURE_INK,
				    format_clip(&a, p->q->runs[run].label, 44));
			x += 440;
		}
		for (i = 0; i < LINES; i++) {
			if (!is_shown(p, i))
				continue;
			figure_line_sample(p->f, x, y, style_of(run, i));
			figure_text(p->f, x + 38, y, "left", FIGURE_TEXT, FIGURE_INK, lines[i].name);
			x += 150;
		}
	}
}

static void axes(const struct picture *p)
{
	char name[64];

	fprintf(p->f->gp, "set logscale y 10\nset yrange [%.10g:%.10g]\nset xrange [0:%.10g]\n", p->low,
		p->high, p->end);
	figure_log_ticks(p->f, "y", p->low, p->high, 1);
	snprintf(name, sizeof(name), p->q->n_runs > 1 ? "%s" : "time (%s)", p->unit_name);
	figure_axis_names(p->f, name, NULL, "load latency (cycles)");
}

static void plot_command(const struct picture *p)
{
	const char *next = "plot DATA";
	u32 run, i;

	for (run = 0; run < p->q->n_runs; run++) {
		for (i = 0; i < LINES; i++) {
			if (!is_shown(p, i))
				continue;
			fprintf(p->f->gp, "%s index %u using 1:%u with lines ls %u", next, run, i + 2,
				style_of(run, i));
			next = ", \\\n     ''";
		}
	}
	fputc('\n', p->f->gp);
}

static void draw_picture(struct picture *p)
{
	u32 bottom = CAPTION + AXIS + LEGEND * legend_rows(p), run;

	choose_unit(p);
	find_range(p);
	figure_size(p->f, TOP + PLOT + bottom,
		    p->q->n_runs > 1 ? "Load latency along the program" : "Load latency over time");
	figure_margins(p->f, LEFT, RIGHT, bottom, TOP);
	figure_caption(p->f, p->q->runs, p->q->n_runs);
	styles(p);
	axes(p);
	for (run = 0; run < p->q->n_runs; run++)
		write_run(p, run);
	legend(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = NULL;
	u32 i;

	p.t = xcalloc(q->n_runs, sizeof(*p.t));
	for (i = 0; !bad && i < q->n_runs; i++)
		bad = read_run(&p, i);
	if (!bad)
		draw_picture(&p);
	for (i = 0; i < q->n_runs; i++)
		intervals_table_fini(&p.t[i]);
	free(p.t);
	return bad;
}

const struct plot_kind plot_time = { .name = "time",
				     .help = "load latency over time, percentiles; of replay --interval",
				     .draw = draw };
