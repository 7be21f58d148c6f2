/*
 * The staircase: mean load latency against working set or pages, one line a series, with published points
 * laid over.
 *
 * Series come from runs, one point a run, those of one machine (or of one LABEL=) joined; or from CSV files
 *	series,<x>,latency_<unit>
 *	# caption: what was measured on what, below the picture
 *	# a comment
 *	golden-cove,32,5.0
 * where <x> names the axis ("pages", "bytes") and <unit> is cycles or ns. Points to lay over are such a file.
 * Unless told otherwise, a run's size is what it touched: its minor faults are pages, of 4 KB where a file
 * has bytes.
 */
#include "plots/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"

#define TOP        48u
#define PLOT       310u
#define AXIS       74u
#define LEGEND     22u
#define CAPTION    34u
#define COLUMNS    2u /* of the legend */
#define DEFAULT_X  "mm.fault.minor"
#define PAGE_BYTES 4096.0

struct point {
	double x, y;
};

struct series {
	char *name;
	struct point *at;
	u32 n, cap;
	bool published; /* points without a line */
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	struct series *series;
	u32 n;
	char *x, *unit;
	char *caption; /* of the tables, NULL: they have none */
};

static struct series *find_series(struct picture *p, const char *name, bool published)
{
	u32 i;

	for (i = 0; i < p->n; i++)
		if (!strcmp(p->series[i].name, name) && p->series[i].published == published)
			return &p->series[i];
	p->series = xrealloc(p->series, (p->n + 1) * sizeof(*p->series));
	p->series[p->n] = (struct series){ .name = xstrdup(name), .published = published };
	return &p->series[p->n++];
}

static void add_point(struct picture *p, const char *name, bool published, double x, double y)
{
	struct series *s = find_series(p, name, published);

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->at = xrealloc(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = (struct point){ x, y };
}

static char *add_run(struct picture *p, const struct run *r)
{
	const char *counter = p->q->x ? p->q->x : DEFAULT_X;
	struct latency_table loads;
	double scale = !p->q->x && !strcmp(p->x, "bytes") ? PAGE_BYTES : 1;
	double x = scale * (double)counters_get(&r->counters, counter), y;

	run_latency(r, "load", NULL, NULL, &loads);
	y = latency_table_mean(&loads);
	latency_table_fini(&loads);
	if (!counters_has(&r->counters, counter))
		return xasprintf("the run in '%s' has no counter '%s': choose another with --x", r->dir,
				 counter);
	if (x <= 0 || y <= 0)
		return xasprintf("the run in '%s' has %s, which has no place on a logarithmic axis", r->dir,
				 x <= 0 ? "0 of the counter on the x axis" : "no loads");
	add_point(p, r->named ? r->label : r->machine, false, x, y);
	return NULL;
}

/* "series,pages,latency_cycles": all files must agree on the two axes. */
static char *take_header(struct picture *p, const char *file, char *line)
{
	char x[64], unit[16], after = 0;

	if (sscanf(line, "series,%63[^,],latency_%15[a-z]%c", x, unit, &after) != 3 || after != '\n')
		return xasprintf(
			"'%s' line 1 is not 'series,<x>,latency_<unit>', as in 'series,pages,latency_cycles'",
			file);
	if ((p->x && strcmp(p->x, x)) || (p->unit && strcmp(p->unit, unit)))
		return xasprintf(
			"'%s' has %s and %s, what comes before it has %s and %s: they cannot share axes",
			file, x, unit, p->x ? p->x : x, p->unit);
	if (!p->x)
		p->x = xstrdup(x);
	if (!p->unit)
		p->unit = xstrdup(unit);
	return NULL;
}

static char *add_row(struct picture *p, const char *file, u32 n, const char *line, bool published)
{
	char name[128], after = 0;
	double x, y;

	if (sscanf(line, "%127[^,],%lf,%lf%c", name, &x, &y, &after) != 4 || after != '\n' || !(x > 0) ||
	    !(y > 0) || isinf(x) || isinf(y))
		return xasprintf("'%s' line %u is not a name and two numbers above 0", file, n);
	add_point(p, name, published, x, y);
	return NULL;
}

#define CAPTION_MARK "# caption: "

/* The first caption counts; published points have none. */
static void take_comment(struct picture *p, char *line, bool published)
{
	if (published || p->caption || strncmp(line, CAPTION_MARK, strlen(CAPTION_MARK)))
		return;
	line[strcspn(line, "\n")] = '\0';
	p->caption = xstrdup(line + strlen(CAPTION_MARK));
}

static char *read_rows(struct picture *p, const char *file, FILE *f, bool published)
{
	char line[512], *bad;
	u32 n;

	bad = take_header(p, file, fgets(line, sizeof(line), f) ? line : "");
	for (n = 2; !bad && fgets(line, sizeof(line), f); n++)
		if (line[0] == '#')
			take_comment(p, line, published);
		else
			bad = add_row(p, file, n, line, published);
	return bad;
}

static char *read_table(struct picture *p, const char *file, bool published)
{
	FILE *f = fopen(file, "r");
	char *bad;

	if (!f)
		return xasprintf("cannot read '%s': %s", file, strerror(errno));
	bad = read_rows(p, file, f, published);
	fclose(f);
	return bad;
}

static int by_x(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return p->x < q->x ? -1 : p->x > q->x;
}

/* Published points last, so that they lie above the lines and the lines have the first colours. */
static void published_last(struct picture *p)
{
	struct series *order = xcalloc(p->n, sizeof(*order));
	u32 n = 0, i, round;

	for (round = 0; round < 2; round++)
		for (i = 0; i < p->n; i++)
			if (p->series[i].published == (round == 1))
				order[n++] = p->series[i];
	free(p->series);
	p->series = order;
}

static char *gather(struct picture *p)
{
	const struct plot_request *q = p->q;
	char *bad = NULL;
	u32 i;

	if (q->n_runs) {
		p->x = q->x ? xstrdup(q->x) : NULL;
		p->unit = xstrdup("cycles");
	}
	for (i = 0; !bad && i < q->n_tables; i++)
		bad = read_table(p, q->tables[i], false);
	if (!bad && q->points)
		bad = read_table(p, q->points, true);
	if (!p->x)
		p->x = xstrdup("pages");
	for (i = 0; !bad && i < q->n_runs; i++)
		bad = add_run(p, &q->runs[i]);
	if (!bad && !p->n)
		bad = xstrdup("there are no points");
	for (i = 0; i < p->n; i++)
		qsort(p->series[i].at, p->series[i].n, sizeof(struct point), by_x);
	published_last(p);
	return bad;
}

static bool close_to(double a, double b)
{
	return fabs(a - b) <= 0.04 * b;
}

/* A step begins at a point that lies apart from the one before and has company after it. */
static bool begins_step(const struct series *s, u32 i)
{
	return !s->published && i + 1 < s->n && close_to(s->at[i + 1].y, s->at[i].y) &&
	       (!i || !close_to(s->at[i].y, s->at[i - 1].y));
}

static void write_series(struct picture *p)
{
	const struct series *s;
	struct text t;
	u32 i;

	for (s = p->series; s < p->series + p->n; s++) {
		figure_block(p->f, s->name);
		for (i = 0; i < s->n; i++)
			fprintf(p->f->dat, "%.10g %.10g \"%s\"\n", s->at[i].x, s->at[i].y,
				begins_step(s, i) ? format_latency(&t, s->at[i].y) : "");
	}
}

static void axis_range(const struct picture *p, bool vertical, double *low, double *high)
{
	const struct series *s;
	double v;
	u32 i;

	*low = INFINITY;
	*high = 0;
	for (s = p->series; s < p->series + p->n; s++) {
		for (i = 0; i < s->n; i++) {
			v = vertical ? s->at[i].y : s->at[i].x;
			*low = fmin(*low, v);
			*high = fmax(*high, v);
		}
	}
	*low /= vertical ? 1.5 : 1.25;
	*high = fmax(*high * 1.25, *low * 8);
}

static const char *x_name(const struct picture *p)
{
	if (!strcmp(p->x, "pages"))
		return "working set (pages)";
	return strcmp(p->x, "bytes") ? p->x : "working set (bytes)";
}

static void axes(struct picture *p)
{
	char *y = xasprintf("mean load latency (%s)", p->unit);
	FILE *gp = p->f->gp;
	double low, high;

	figure_axis_names(p->f, x_name(p), NULL, y);
	free(y);
	axis_range(p, false, &low, &high);
	fprintf(gp, "set logscale x 2\nset xrange [%.10g:%.10g]\n", low, high);
	figure_binary_ticks(p->f, "x", low, high);
	axis_range(p, true, &low, &high);
	fprintf(gp, "set logscale y 10\nset yrange [%.10g:%.10g]\n", low, high);
	figure_log_ticks(p->f, "y", low, high, 1);
}

static u32 legend_rows(const struct picture *p)
{
	return (p->n + COLUMNS - 1) / COLUMNS;
}

static void legend(struct picture *p)
{
	u32 rows = legend_rows(p), column, i;
	struct text a;
	double x, y;
	char *s;

	for (i = 0; i < p->n; i++) {
		column = i / rows;
		x = 40 + column * (FIGURE_WIDTH - 60.0) / COLUMNS;
		y = CAPTION + (rows - i % rows - 0.5) * LEGEND;
		if (p->series[i].published)
			figure_point_sample(p->f, x + 15, y, i + 1);
		else
			figure_line_sample(p->f, x, y, i + 1);
		s = xasprintf("%s%s", format_clip(&a, p->series[i].name, 40),
			      p->series[i].published ? " (published)" : "");
		figure_text(p->f, x + 38, y, "left", FIGURE_TEXT, FIGURE_INK, s);
		free(s);
	}
}

/* Names of the steps above one series and below the next, so that they do not meet. */
static void plot_command(struct picture *p)
{
	u32 i;

	for (i = 0; i < p->n; i++)
		fprintf(p->f->gp, "%s index %u using 1:2 with %s ls %u", i ? ", \\\n     ''" : "plot DATA", i,
			p->series[i].published ? "points" : "linespoints", i + 1);
	for (i = 0; p->n <= 4 && i < p->n; i++)
		if (!p->series[i].published)
			fprintf(p->f->gp, ", \\\n     '' index %u using 1:2:3 with labels left offset %s", i,
				i % 2 ? "0,-0.8 font ',14'" : "-0.3,0.8 font ',14'");
	fputc('\n', p->f->gp);
}

static void draw_picture(struct picture *p)
{
	u32 bottom = CAPTION + AXIS + LEGEND * legend_rows(p), i;

	figure_size(p->f, TOP + PLOT + bottom, "Load latency against size");
	figure_margins(p->f, 92, 28, bottom, TOP);
	if (p->q->n_runs)
		figure_caption(p->f, p->q->runs, p->q->n_runs);
	else if (p->caption)
		figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, p->caption);
	figure_line_styles(p->f, p->n);
	for (i = 0; i < p->n; i++)
		if (p->series[i].published)
			figure_point_style(p->f, i + 1);
	axes(p);
	write_series(p);
	legend(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = gather(&p);
	u32 i;

	if (!bad)
		draw_picture(&p);
	for (i = 0; i < p.n; i++) {
		free(p.series[i].name);
		free(p.series[i].at);
	}
	free(p.series);
	free(p.x);
	free(p.caption);
	free(p.unit);
	return bad;
}

const struct plot_kind plot_steps = { .name = "steps",
				      .help = "mean load latency against working set, of runs or CSV files",
				      .takes_tables = true,
				      .draw = draw };
