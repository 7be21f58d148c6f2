/*
 * Cycle stacks: a bar a run, cut into what held the core up, as cycles per instruction or as a share of the
 * cycles.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/stack.h"
#include "model/base/error.h"

#define TOP           48u
#define ROW           56u  /* of a run: its name and its bar */
#define BAR           0.46 /* height of the bar, of a row */
#define AXIS          74u  /* tick labels and the axis' name */
#define LEGEND        24u  /* height of a row of the legend */
#define COLUMNS       4u   /* of the legend */
#define CAPTION       34u
#define MAX_CPI_RATIO 6.0   /* between runs; beyond, the shares of their cycles are shown */
#define MIN_SHARE     0.005 /* a part smaller than this in every run goes into "other" */

/*
 * One hue a concept, so that a reader sees the kind before the name: grey for work, blues for data, darker
 * the farther away, oranges for translation, yellow for fetches, greens for waiting at a queue, purples for
 * the kernel.
 */
static const struct paint {
	const char *name, *label, *colour;
} paints[] = {
	{ "base", "base", "#CFCFCF" },
	{ "fetch", "instruction fetch", "#F0E442" },
	{ "itlb", "ITLB (STLB hit)", "#FFD27F" },
	{ "dtlb", "DTLB (STLB hit)", "#E69F00" },
	{ "walk", "page walk", "#D55E00" },
	{ "l1", "L1", "#C5E5F7" },
	{ "l2", "L2", "#56B4E9" },
	{ "l3", "L3", "#0072B2" },
	{ "dram", "DRAM", "#003B5C" },
	{ "remote", "other core", "#7A8FD0" },
	{ "store_buffer", "store buffer full", "#7FD6BC" },
	{ "mshr_full", "MSHRs full", "#009E73" },
	{ "kernel.fault", "kernel: fault", "#CC79A7" },
	{ "kernel.zero", "kernel: zero", "#8C3A68" },
	{ "kernel.copy", "kernel: copy", "#E8BBD3" },
	{ "kernel.syscall", "kernel: syscall", "#5B2A49" },
	{ "kernel.uio", "kernel: user I/O", "#B35C8C" },
	{ "kernel.unmap", "kernel: unmap", "#F4D9E7" },
	{ "kernel.fork", "kernel: fork", "#6A4C93" },
	{ "kernel.flush", "kernel: TLB flush", "#A98BD0" },
	{ "ipi", "IPI", "#6E6E6E" },
	{ "lock", "lock", "#00694D" },
	{ "io_wait", "I/O wait", "#B7D7A8" },
	{ "switch", "thread switch", "#2B2B2B" },
	{ "idle", "idle", "#F3EEDD" },
};

static const struct paint other = { NULL, "other", "#8A8A8A" };

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct stack *stacks; /* one a run */
	const struct paint *shown[ARRAY_SIZE(paints) + 1];
	u32 n_shown;
	bool cpi;
	double high; /* end of the axis */
};

static bool worth_showing(const struct picture *p, const char *name)
{
	u32 i;

	for (i = 0; i < p->q->n_runs; i++)
		if ((double)stack_get(&p->stacks[i], name) > MIN_SHARE * (double)p->stacks[i].total)
			return true;
	return false;
}

static u64 shown_cycles(const struct picture *p, u32 run, const struct paint *paint)
{
	const struct stack *s = &p->stacks[run];
	u64 rest = s->total;
	u32 i;

	if (paint != &other)
		return stack_get(s, paint->name);
	for (i = 0; p->shown[i] != &other; i++)
		rest -= stack_get(s, p->shown[i]->name);
	return rest;
}

static void choose_parts(struct picture *p)
{
	bool rest = false;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(paints); i++)
		if (worth_showing(p, paints[i].name))
			p->shown[p->n_shown++] = &paints[i];
	p->shown[p->n_shown] = &other;
	for (i = 0; i < p->q->n_runs; i++)
		rest |= shown_cycles(p, i, &other) > 0;
	p->n_shown += rest;
}

/* Length of so many cycles of a run on the axis. */
static double length(const struct picture *p, u32 run, double cycles)
{
	double whole = p->cpi ? (double)counters_get(&p->q->runs[run].counters, "core*.instructions")
			      : (double)p->stacks[run].total / 100;

	return cycles / whole;
}

static unsigned int rgb(const char *colour)
{
	return (unsigned int)strtoul(colour + 1, NULL, 16);
}

/* Black or white, whichever reads better on it. */
static unsigned int ink_on(const char *colour)
{
	unsigned int c = rgb(colour);

	return 299 * (c >> 16) + 587 * (c >> 8 & 255) + 114 * (c & 255) > 140000 ? 0 : 0xffffff;
}

/* The row of a run, the first one on top. */
static double row_of(const struct picture *p, u32 run)
{
	return (double)(p->q->n_runs - 1 - run);
}

/* After the point, for two significant digits of a percentage. */
static int digits(double percent)
{
	return percent < 0.995 ? 2 : percent < 9.95;
}

static void write_segment(struct picture *p, u32 run, const struct paint *paint, double from, double to,
			  double share)
{
	fprintf(p->f->dat, "%.6g %.6g %.6g %.6g %u %u ", (from + to) / 2, row_of(p, run), from, to,
		rgb(paint->colour), ink_on(paint->colour));
	if (to - from > 0.05 * p->high)
		fprintf(p->f->dat, "\"%.*f%%\"", digits(share), share);
	else
		fputs("\"\"", p->f->dat);
	fprintf(p->f->dat, " \"%s\" %.3f\n", paint->label, share);
}

static void write_bars(struct picture *p)
{
	double from, to;
	u64 cycles;
	u32 run, i;

	figure_block(p->f,
		     "segments: middle, row, from, to, colour, ink, text, part, percent of the run's cycles");
	for (run = 0; run < p->q->n_runs; run++) {
		for (from = 0, i = 0; i < p->n_shown; i++, from = to) {
			cycles = shown_cycles(p, run, p->shown[i]);
			to = from + length(p, run, (double)cycles);
			if (cycles)
				write_segment(p, run, p->shown[i], from, to,
					      100 * (double)cycles / (double)p->stacks[run].total);
		}
	}
}

static void row_label(struct picture *p, u32 run)
{
	u64 instructions = counters_get(&p->q->runs[run].counters, "core*.instructions");
	double cpi = instructions ? (double)p->stacks[run].total / (double)instructions : 0;
	struct text a, b;
	char *s;

	if (instructions)
		s = xasprintf("%s   (%s cycles, %.3f per instruction)",
			      format_clip(&a, p->q->runs[run].label, 50),
			      format_count(&b, p->stacks[run].total), cpi);
	else
		s = xasprintf("%s   (%s cycles)", format_clip(&a, p->q->runs[run].label, 50),
			      format_count(&b, p->stacks[run].total));
	fputs("set label ", p->f->gp);
	figure_quote(p->f->gp, s);
	fprintf(p->f->gp, " at first 0, first %.3f left font ',15' textcolor rgb '" FIGURE_INK "' front\n",
		row_of(p, run) + 0.36);
	free(s);
}

static u32 legend_rows(const struct picture *p)
{
	return (p->n_shown + COLUMNS - 1) / COLUMNS;
}

static void legend(struct picture *p)
{
	u32 i, column, rows = legend_rows(p);
	double x, y, share;
	char *s;

	for (i = 0; i < p->n_shown; i++) {
		column = i / rows;
		x = 24 + column * (FIGURE_WIDTH - 28.0) / COLUMNS;
		y = CAPTION + (rows - i % rows - 0.5) * LEGEND;
		figure_box_sample(p->f, x, y, p->shown[i]->colour);
		share = 100 * (double)shown_cycles(p, 0, p->shown[i]) / (double)p->stacks[0].total;
		s = p->q->n_runs > 1 ? xstrdup(p->shown[i]->label)
				     : xasprintf("%s %.*f %%", p->shown[i]->label, digits(share), share);
		figure_text(p->f, x + 22, y, "left", FIGURE_SMALL, FIGURE_INK, s);
		free(s);
	}
}

static void lay_out(struct picture *p)
{
	u32 bottom = CAPTION + LEGEND * legend_rows(p) + AXIS;

	figure_size(p->f, TOP + ROW * p->q->n_runs + bottom, "Where the cycles went");
	figure_margins(p->f, 24, 28, bottom, TOP);
	figure_caption(p->f, p->q->runs, p->q->n_runs);
	figure_axis_names(p->f,
			  p->cpi ? "cycles per instruction (CPI); in the bars: % of the run's cycles"
				 : "share of cycles (%)",
			  NULL, NULL);
	fprintf(p->f->gp, "set xrange [0:%.6g]\n", p->high);
	fprintf(p->f->gp, "unset ytics\nset border 1\nunset grid\nset yrange [-0.5:%.1f]\n",
		p->q->n_runs - 0.5);
}

static void plot_command(struct figure *f)
{
	fprintf(f->gp,
		"plot DATA index 0 using 1:($2-0.08):3:4:($2-0.08-%g/2):($2-0.08+%g/2):5 with boxxyerror "
		"fs solid 1 border lc rgb '#FFFFFF' lc rgb variable, \\\n"
		"     '' index 0 using 1:($2-0.08):7:6 with labels font ',14' tc rgb variable\n",
		BAR, BAR);
}

/* Bars of CPI, if all runs have instructions and the shortest bar can still be read beside the longest. */
static bool worth_cpi(const struct picture *p)
{
	double least = INFINITY, most = 0, cpi;
	u32 i;

	for (i = 0; i < p->q->n_runs; i++) {
		cpi = (double)p->stacks[i].total /
		      (double)counters_get(&p->q->runs[i].counters, "core*.instructions");
		least = fmin(least, cpi);
		most = fmax(most, cpi);
	}
	return p->q->n_runs > 1 && !p->q->percent && isfinite(most) && most < MAX_CPI_RATIO * least;
}

static void draw_picture(struct picture *p)
{
	u32 i;

	p->cpi = worth_cpi(p);
	choose_parts(p);
	for (i = 0; i < p->q->n_runs; i++)
		p->high = fmax(p->high, length(p, i, (double)p->stacks[i].total) * (p->cpi ? 1.02 : 1));
	lay_out(p);
	for (i = 0; i < p->q->n_runs; i++)
		row_label(p, i);
	write_bars(p);
	legend(p);
	plot_command(p->f);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = NULL;
	u32 i;

	p.stacks = xcalloc(q->n_runs, sizeof(*p.stacks));
	for (i = 0; i < q->n_runs; i++) {
		stack_of(&p.stacks[i], &q->runs[i].counters);
		if (!p.stacks[i].total && !bad)
			bad = xasprintf("'%s' has no cycles in its stats.json", q->runs[i].dir);
	}
	if (!bad)
		draw_picture(&p);
	free(p.stacks);
	return bad;
}

const struct plot_kind plot_stack = { .name = "stack",
				      .help = "where the cycles went: cycle stacks side by side",
				      .draw = draw };
