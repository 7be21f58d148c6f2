/*
 * Bars of parts: what a quantity consists of, bar by bar, from a table that an experiment has made, with
 * published totals laid over. A CSV file:
 *	# title What a shootdown takes
 *	# unit us
 *	# caption haswell-2s, linux-6.x
 *	cores,send,deliver,handle
 *	2,0.21,0.14,0.42
 * The first column names the bars, in this order, and its heading the axis; each other column is a part, the
 * first at the bottom. Points to lay over: a file "bar,total,name", drawn at the bar of that name.
 */
#include "plots/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"

#define TOP       48u
#define PLOT      320u
#define AXIS      74u
#define LEGEND    22u
#define CAPTION   34u
#define COLUMNS   3u /* of the legend */
#define PARTS_MAX 8u
#define BARS_MAX  64u
#define LINE      1024u

struct bar {
	char *name;
	double part[PARTS_MAX], total;
};

struct published {
	u32 bar;
	double total;
	char *name;
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	char *title, *unit, *caption, *axis, *part[PARTS_MAX];
	u32 n_parts, n_bars, n_points;
	struct bar bar[BARS_MAX];
	struct published point[BARS_MAX];
};

static void set(char **field, const char *text)
{
	free(*field);
	*field = xstrdup(text);
}

static void take_comment(struct picture *p, const char *line)
{
	if (!strncmp(line, "# title ", 8))
		set(&p->title, line + 8);
	else if (!strncmp(line, "# unit ", 7))
		set(&p->unit, line + 7);
	else if (!strncmp(line, "# caption ", 10))
		set(&p->caption, line + 10);
}

/* The next field of a line, NULL behind the last. */
static char *field(char **rest)
{
	return strsep(rest, ",");
}

static char *take_heading(struct picture *p, const char *file, char *line)
{
	char *name;

	set(&p->axis, field(&line));
	while ((name = field(&line))) {
		if (p->n_parts == PARTS_MAX)
			return xasprintf("'%s' has more than %u parts", file, PARTS_MAX);
		p->part[p->n_parts++] = xstrdup(name);
	}
	return p->n_parts ? NULL : xasprintf("'%s' has no parts: its heading is 'NAME,PART,...'", file);
}

static bool number(const char *s, double *v)
{
	char *end;

	*v = s ? strtod(s, &end) : -1;
	return s && end != s && !*end && isfinite(*v) && *v >= 0;
}

static char *take_bar(struct picture *p, const char *file, u32 n, char *line)
{
	struct bar *b = &p->bar[p->n_bars];
	u32 i;

	if (p->n_bars == BARS_MAX)
		return xasprintf("'%s' has more than %u bars", file, BARS_MAX);
	p->n_bars++;
	b->name = xstrdup(field(&line));
	for (i = 0; b->name[i]; i++)
		b->name[i] = b->name[i] == '"' ? '\'' : b->name[i];
	for (i = 0; i < p->n_parts; i++) {
		if (!number(field(&line), &b->part[i]))
			return xasprintf("'%s' line %u has no number from 0 on for '%s'", file, n,
					 p->part[i]);
		b->total += b->part[i];
	}
	return line ? xasprintf("'%s' line %u has more numbers than there are parts", file, n) : NULL;
}

static char *take_point(struct picture *p, const char *file, u32 n, char *line)
{
	struct published *d = &p->point[p->n_points];
	char *name = field(&line);

	for (d->bar = 0; d->bar < p->n_bars && strcmp(p->bar[d->bar].name, name); d->bar++)
		;
	if (d->bar == p->n_bars || p->n_points == BARS_MAX || !number(field(&line), &d->total) || !line)
		return xasprintf("'%s' line %u is not 'BAR,NUMBER,NAME' for one of the bars", file, n);
	d->name = xstrdup(line);
	p->n_points++;
	return NULL;
}

static char *take_line(struct picture *p, const char *file, u32 n, char *line, bool points)
{
	if (line[0] == '#') {
		take_comment(p, line);
		return NULL;
	}
	if (points)
		return take_point(p, file, n, line);
	return p->n_parts ? take_bar(p, file, n, line) : take_heading(p, file, line);
}

static char *read_table(struct picture *p, const char *file, bool points)
{
	FILE *f = fopen(file, "r");
	char line[LINE], *bad = NULL;
	u32 n;

	if (!f)
		return xasprintf("cannot read '%s': %s", file, strerror(errno));
	for (n = 1; !bad && fgets(line, sizeof(line), f); n++) {
		line[strcspn(line, "\n")] = '\0';
		bad = take_line(p, file, n, line, points);
	}
	fclose(f);
	return bad;
}

static char *gather(struct picture *p)
{
	char *bad;

	if (p->q->n_tables != 1 || p->q->n_runs)
		return xstrdup("it shows one table, a CSV file; name one");
	bad = read_table(p, p->q->tables[0], false);
	if (!bad && p->q->points)
		bad = read_table(p, p->q->points, true);
	if (!bad && !p->n_bars)
		bad = xasprintf("'%s' has no bars", p->q->tables[0]);
	return bad;
}

/* Bars as sums up to each part, so that they can be drawn over each other, the tallest first. */
static void write_bars(struct picture *p)
{
	double sum;
	u32 i, k;

	figure_block(p->f, "bar, up to each part");
	for (i = 0; i < p->n_bars; i++) {
		fprintf(p->f->dat, "\"%s\"", p->bar[i].name);
		for (sum = 0, k = 0; k < p->n_parts; k++) {
			sum += p->bar[i].part[k];
			fprintf(p->f->dat, " %.6g", sum);
		}
		fputc('\n', p->f->dat);
	}
	for (i = 0; i < p->n_points; i++) {
		figure_block(p->f, p->point[i].name);
		fprintf(p->f->dat, "%u %.6g\n", p->point[i].bar, p->point[i].total);
	}
}

static double highest(const struct picture *p)
{
	double high = 0;
	u32 i;

	for (i = 0; i < p->n_bars; i++)
		high = fmax(high, p->bar[i].total);
	for (i = 0; i < p->n_points; i++)
		high = fmax(high, p->point[i].total);
	return high > 0 ? 1.08 * high : 1;
}

static void axes(struct picture *p)
{
	figure_axis_names(p->f, p->axis, NULL, p->unit);
	fprintf(p->f->gp, "set xrange [-0.6:%.1f]\nset yrange [0:%.6g]\n", p->n_bars - 0.4, highest(p));
	figure_linear_ticks(p->f, "y", 0, highest(p));
	fputs("set boxwidth 0.72\n", p->f->gp);
}

static u32 legend_rows(const struct picture *p)
{
	return (p->n_parts + p->n_points + COLUMNS - 1) / COLUMNS;
}

static void legend(struct picture *p)
{
	u32 rows = legend_rows(p), i;
	struct text t;
	double x, y;

	for (i = 0; i < p->n_parts + p->n_points; i++) {
		x = 40 + i / rows * (FIGURE_WIDTH - 60.0) / COLUMNS;
		y = CAPTION + (rows - i % rows - 0.5) * LEGEND;
		if (i < p->n_parts)
			figure_box_sample(p->f, x, y, figure_palette[i]);
		else
			figure_point_sample(p->f, x + 8, y, i + 1 - p->n_parts);
		figure_text(p->f, x + 22, y, "left", FIGURE_TEXT, FIGURE_INK,
			    format_clip(&t, i < p->n_parts ? p->part[i] : p->point[i - p->n_parts].name, 30));
	}
}

static void plot_command(struct picture *p)
{
	u32 i;

	fputs("plot ", p->f->gp);
	for (i = p->n_parts; i-- > 0;)
		fprintf(p->f->gp,
			"%s index 0 using 0:%u:xticlabels(1) with boxes fs solid 1 border lc rgb "
			"'#FFFFFF' lc rgb '%s'",
			i == p->n_parts - 1 ? "DATA" : ", \\\n     ''", i + 2, figure_palette[i]);
	for (i = 0; i < p->n_points; i++)
		fprintf(p->f->gp, ", \\\n     '' index %u using 1:2 with points ls %u", i + 1, i + 1);
	fputc('\n', p->f->gp);
}

static void draw_picture(struct picture *p)
{
	u32 bottom = CAPTION + AXIS + LEGEND * legend_rows(p), i;

	figure_size(p->f, TOP + PLOT + bottom, p->title ? p->title : "Parts");
	figure_margins(p->f, 76, 28, bottom, TOP);
	if (p->caption)
		figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, p->caption);
	for (i = 0; i < p->n_points; i++)
		figure_point_style(p->f, i + 1);
	axes(p);
	write_bars(p);
	legend(p);
	plot_command(p);
}

static void forget(struct picture *p)
{
	u32 i;

	for (i = 0; i < p->n_parts; i++)
		free(p->part[i]);
	for (i = 0; i < p->n_bars; i++)
		free(p->bar[i].name);
	for (i = 0; i < p->n_points; i++)
		free(p->point[i].name);
	free(p->title);
	free(p->unit);
	free(p->caption);
	free(p->axis);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad = gather(&p);

	if (!bad)
		draw_picture(&p);
	forget(&p);
	return bad;
}

const struct plot_kind plot_parts = { .name = "parts",
				      .help = "bars of parts from a CSV file, with published totals",
				      .takes_tables = true,
				      .draw = draw };
