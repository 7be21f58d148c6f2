/*
 * The ladder: a bar for each level that served allocations or frees, as long as its mean cost, on a
 * logarithmic scale, with a whisker to the 99th percentile; beside it how many requests were served there,
 * and their share of all of the same kind. Several runs stand below each other at each level.
 */
#include "plots/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/ladder_csv.h"
#include "model/base/error.h"

#define TOP      74u
#define LEFT     178u
#define RIGHT    212u
#define AXIS     74u
#define CAPTION  34u
#define LEGEND   24u
#define GROUP    22.0 /* height of a group's heading */
#define LEVEL    5.0  /* room between levels */
#define BAR      17.0
#define MAX_RUNS 7u /* colours */

/* What a level's name begins with, and how it is said. */
static const struct group {
	const char *prefix, *label;
	bool kinds; /* its levels are different requests, which have no shares of a whole */
} groups[] = {
	{ "page.", "Pages", false },     { "page_free.", "Frees of pages", false },
	{ "object.", "Objects", false }, { "object_free.", "Frees of objects", false },
	{ "vmalloc.", "vmalloc", true }, { "fault.", "Anonymous page faults", false },
};

static const struct {
	const char *level, *label;
} labels[] = {
	{ "page.pcp", "per-CPU list" },
	{ "page.refill", "list, after a refill" },
	{ "page.buddy", "buddy" },
	{ "page.slow", "slow path" },
	{ "page.failed", "none left" },
	{ "page_free.pcp", "per-CPU list" },
	{ "page_free.drain", "list, with a drain" },
	{ "page_free.buddy", "buddy" },
	{ "object.cpu", "per-CPU objects" },
	{ "object.shared", "shared, CPU's slabs" },
	{ "object.node", "node's slabs" },
	{ "object.grow", "new slab" },
	{ "object.failed", "none left" },
	{ "object_free.cpu", "per-CPU objects" },
	{ "object_free.slow", "shared, or its slab" },
	{ "object_free.slab", "slab's end" },
	{ "vmalloc.alloc", "vmalloc()" },
	{ "vmalloc.free", "vfree()" },
	{ "fault.page", "page" },
	{ "fault.refill", "page, after a refill" },
	{ "fault.table", "page and page table" },
	{ "fault.tables", "page and page tables" },
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct ladder_table *t; /* one a run */
	double low, high;       /* cycles */
	double y;               /* pixels from the bottom of the canvas down to which there is something */
};

static char *read_ladder(const struct run *run, struct ladder_table *t)
{
	char *path = xasprintf("%s/" LADDER_FILE, run->dir), *why, *bad = NULL;
	FILE *f = fopen(path, "r");

	if (!f) {
		bad = xasprintf("cannot read '%s' (%s): replay with a kernel that has zones "
				"(kernel.placement = buddy) and whose work takes time (kernel.charge)",
				path, strerror(errno));
	} else {
		why = ladder_csv_read(f, t);
		if (why)
			bad = xasprintf("'%s': %s: replay it again", path, why);
		free(why);
		fclose(f);
	}
	free(path);
	return bad;
}

/* NULL: the run served nothing there. */
static const struct ladder_csv_row *row_of(const struct picture *p, u32 run, const char *level)
{
	const struct ladder_table *t = &p->t[run];
	u32 i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(t->row[i].level, level))
			return t->row[i].count ? &t->row[i] : NULL;
	return NULL;
}

/* Runs that did: bars of the level. */
static u32 served(const struct picture *p, const char *level)
{
	u32 i, n = 0;

	for (i = 0; i < p->q->n_runs; i++)
		n += row_of(p, i, level) != NULL;
	return n;
}

static bool in_group(const struct group *g, const char *level)
{
	return !strncmp(level, g->prefix, strlen(g->prefix));
}

static bool group_served(const struct picture *p, const struct group *g)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(labels); i++)
		if (in_group(g, labels[i].level) && served(p, labels[i].level))
			return true;
	return false;
}

static double group_count(const struct picture *p, u32 run, const struct group *g)
{
	const struct ladder_csv_row *r;
	double sum = 0;

	for (r = p->t[run].row; r < p->t[run].row + p->t[run].n; r++)
		if (in_group(g, r->level))
			sum += (double)r->count;
	return sum;
}

static double level_height(const struct picture *p, const char *level)
{
	u32 bars = served(p, level);

	return bars ? bars * BAR + LEVEL : 0;
}

static double all_height(const struct picture *p)
{
	double h = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		h += group_served(p, &groups[i]) ? GROUP : 0;
	for (i = 0; i < ARRAY_SIZE(labels); i++)
		h += level_height(p, labels[i].level);
	return h;
}

static void find_range(struct picture *p)
{
	const struct ladder_csv_row *r;
	u32 run;

	p->low = INFINITY;
	for (run = 0; run < p->q->n_runs; run++) {
		for (r = p->t[run].row; r < p->t[run].row + p->t[run].n; r++) {
			if (!r->count)
				continue;
			p->low = fmin(p->low, fmax(fmin(r->mean, (double)r->p99), 1));
			p->high = fmax(p->high, fmax(r->mean, (double)r->p99));
		}
	}
	p->low = fmin(p->low / 1.6, p->high / 30);
	p->low = fmax(p->low, 0.5);
	p->high *= 1.3;
}

/* ---- what is written beside the bars ---- */

#define CYCLES_X (FIGURE_WIDTH - RIGHT + 66.0)
#define COUNT_X  (FIGURE_WIDTH - RIGHT + 132.0)
#define SHARE_X  (FIGURE_WIDTH - 12.0)

static void heads(struct picture *p)
{
	double y = p->f->height - TOP + 14.0;

	figure_text(p->f, CYCLES_X, y, "right", FIGURE_SMALL, FIGURE_GREY, "mean");
	figure_text(p->f, COUNT_X, y, "right", FIGURE_SMALL, FIGURE_GREY, "requests");
	figure_text(p->f, SHARE_X, y, "right", FIGURE_SMALL, FIGURE_GREY, "share");
}

static void figures(struct picture *p, double y, const struct ladder_csv_row *r, double whole)
{
	struct text a;

	figure_text(p->f, CYCLES_X, y, "right", FIGURE_SMALL, FIGURE_INK,
		    r->mean < 100 ? format_latency(&a, r->mean)
				  : format_count_in(&a, (u64)(r->mean + 0.5), 7));
	figure_text(p->f, COUNT_X, y, "right", FIGURE_SMALL, FIGURE_INK, format_count_in(&a, r->count, 7));
	if (whole > 0)
		figure_text(p->f, SHARE_X, y, "right", FIGURE_SMALL, FIGURE_INK,
			    format_percent(&a, (double)r->count, whole));
}

/* ---- bars ---- */

static unsigned int colour_of(u32 run)
{
	return (unsigned int)strtoul(figure_palette[run % MAX_RUNS] + 1, NULL, 16);
}

/* The y axis counts pixels from the bottom margin, so that text and bars stand side by side. */
static void write_bar(struct picture *p, const struct ladder_csv_row *r, u32 run, double y)
{
	double at = y - p->f->bottom, mean = fmax(r->mean, p->low), p99 = fmax((double)r->p99, p->low);

	fprintf(p->f->dat, "%.6g %.6g %.6g %.6g %.6g %u %.6g %.6g \"%s\" %u\n", p->low, at, mean,
		at - BAR / 2 + 2, at + BAR / 2 - 2, colour_of(run), fmin(mean, p99), fmax(mean, p99),
		r->level, run);
}

static void level(struct picture *p, const struct group *g, u32 i)
{
	double y = p->y - BAR / 2;
	const struct ladder_csv_row *r;
	u32 run;

	figure_text(p->f, LEFT - 12, p->y - served(p, labels[i].level) * BAR / 2, "right", FIGURE_SMALL,
		    FIGURE_INK, labels[i].label);
	for (run = 0; run < p->q->n_runs; run++) {
		r = row_of(p, run, labels[i].level);
		if (!r)
			continue;
		write_bar(p, r, run, y);
		figures(p, y, r, g->kinds ? 0 : group_count(p, run, g));
		y -= BAR;
	}
	p->y -= level_height(p, labels[i].level);
}

static void group(struct picture *p, const struct group *g)
{
	u32 i;

	if (!group_served(p, g))
		return;
	figure_text(p->f, 14, p->y - GROUP / 2, "left", FIGURE_TEXT, "#000000", g->label);
	p->y -= GROUP;
	for (i = 0; i < ARRAY_SIZE(labels); i++)
		if (in_group(g, labels[i].level) && served(p, labels[i].level))
			level(p, g, i);
}

static u32 legend_height(const struct picture *p)
{
	return p->q->n_runs > 1 ? LEGEND * ((p->q->n_runs + 2) / 3) : 0;
}

static void legend(struct picture *p)
{
	double x, y;
	struct text a;
	u32 i, row;

	for (i = 0; p->q->n_runs > 1 && i < p->q->n_runs; i++) {
		x = 24 + i % 3 * (FIGURE_WIDTH - 28.0) / 3;
		row = i / 3;
		y = CAPTION + legend_height(p) - (row + 0.5) * LEGEND;
		figure_box_sample(p->f, x, y, figure_palette[i % MAX_RUNS]);
		figure_text(p->f, x + 22, y, "left", FIGURE_TEXT, FIGURE_INK,
			    format_clip(&a, p->q->runs[i].label, 28));
	}
}

static void plot_command(struct picture *p)
{
	fputs("plot DATA index 0 using 3:2:1:3:4:5:6 with boxxyerror fs solid 1 border lc rgb '#FFFFFF' "
	      "lc rgb variable, \\\n"
	      "     '' index 0 using 8:2:7:8 with xerrorbars lc rgb '#000000' lw 1.2 pt 0\n",
	      p->f->gp);
}

static void draw_picture(struct picture *p)
{
	u32 height = (u32)all_height(p), bottom = AXIS + CAPTION + legend_height(p), i;

	find_range(p);
	figure_size(p->f, TOP + height + bottom, "Where allocations were served, and what they cost");
	figure_margins(p->f, LEFT, RIGHT, bottom, TOP);
	figure_caption(p->f, p->q->runs, p->q->n_runs);
	figure_axis_names(p->f, "cycles of one request: bar to the mean, whisker to p99", NULL, NULL);
	fprintf(p->f->gp,
		"set border 1\nunset ytics\nset logscale x 10\nset xrange [%.10g:%.10g]\nset yrange [0:%u]\n",
		p->low, p->high, height);
	figure_log_ticks(p->f, "x", p->low, p->high, 1);
	figure_block(p->f, "from, y, mean, bottom, top, colour, whisker from, to, level, run");
	heads(p);
	legend(p);
	p->y = p->f->height - TOP;
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		group(p, &groups[i]);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = NULL;
	u32 i;

	if (q->n_runs > MAX_RUNS)
		return xasprintf("there are colours for %u runs", MAX_RUNS);
	p.t = xcalloc(q->n_runs, sizeof(*p.t));
	for (i = 0; !bad && i < q->n_runs; i++)
		bad = read_ladder(&q->runs[i], &p.t[i]);
	for (i = 0; !bad && i < ARRAY_SIZE(groups) && !group_served(&p, &groups[i]); i++)
		;
	if (!bad && i == ARRAY_SIZE(groups))
		bad = xstrdup("nothing was allocated");
	if (!bad)
		draw_picture(&p);
	free(p.t);
	return bad;
}

const struct plot_kind plot_ladder = { .name = "ladder",
				       .help = "where allocations were served, and what they cost",
				       .draw = draw };
