/*
 * Bars of parts: what a quantity consists of, bar by bar, from a table (plots/sheet.h), with published totals
 * laid over. The heading of the names is the axis; each column is a part, the first at the bottom. Points to
 * lay over: a file "bar,total,name", drawn at the bar of that name.
 */
#include "plots/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"
#include "plots/sheet.h"

#define TOP       48u
#define PLOT      320u
#define AXIS      74u
#define LEGEND    22u
#define CAPTION   34u
#define COLUMNS   3u /* of the legend */

struct published {
	u32 bar;
	double total;
	char *name;
};

struct picture {
	struct figure *f;
	struct sheet table;
	u32 n_points;
	struct published point[SHEET_ROWS];
};

static char *take_point(struct picture *p, const char *file, u32 n, char *line)
{
	struct published *d = &p->point[p->n_points];
	char *bar = strsep(&line, ","), *total = strsep(&line, ",");

	for (d->bar = 0; d->bar < p->table.n_rows && strcmp(p->table.row[d->bar].name, bar); d->bar++)
		;
	if (d->bar == p->table.n_rows || p->n_points == SHEET_ROWS || !line ||
	    !sheet_number(total, &d->total))
		return xasprintf("'%s' line %u is not 'BAR,NUMBER,NAME' for one of the bars", file, n);
	d->name = xstrdup(line);
	p->n_points++;
	return NULL;
}

static char *read_points(struct picture *p, const char *file)
{
	FILE *f = fopen(file, "r");
	char *line = NULL, *bad = NULL;
	size_t size = 0;
	u32 n;

	if (!f)
		return xasprintf("cannot read '%s': %s", file, strerror(errno));
	for (n = 1; !bad && getline(&line, &size, f) >= 0; n++) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#')
			bad = take_point(p, file, n, line);
	}
	free(line);
	fclose(f);
	return bad;
}

static char *gather(struct picture *p, const struct plot_request *q)
{
	char *bad;

	if (q->n_tables != 1 || q->n_runs)
		return xstrdup("it shows one table, a CSV file; name one");
	bad = sheet_read(&p->table, q->tables[0], false);
	return bad || !q->points ? bad : read_points(p, q->points);
}

/* Bars as sums up to each part, so that they can be drawn over each other, the tallest first. */
static void write_bars(struct picture *p)
{
	double sum;
	char *c;
	u32 i, k;

	figure_block(p->f, "bar, up to each part");
	for (i = 0; i < p->table.n_rows; i++) {
		for (c = p->table.row[i].name; *c; c++)
			*c = *c == '"' ? '\'' : *c;
		fprintf(p->f->dat, "\"%s\"", p->table.row[i].name);
		for (sum = 0, k = 0; k < p->table.n_columns; k++) {
			sum += p->table.row[i].value[k];
			fprintf(p->f->dat, " %.6g", sum);
		}
		fputc('\n', p->f->dat);
	}
	for (i = 0; i < p->n_points; i++) {
		figure_block(p->f, p->point[i].name);
		fprintf(p->f->dat, "%u %.6g\n", p->point[i].bar, p->point[i].total);
	}
}

static double height(const struct sheet *t, u32 bar)
{
	double sum = 0;
	u32 k;

	for (k = 0; k < t->n_columns; k++)
		sum += t->row[bar].value[k];
	return sum;
}

static double highest(const struct picture *p)
{
	double high = 0;
	u32 i;

	for (i = 0; i < p->table.n_rows; i++)
		high = fmax(high, height(&p->table, i));
	for (i = 0; i < p->n_points; i++)
		high = fmax(high, p->point[i].total);
	return high > 0 ? 1.08 * high : 1;
}

static void axes(struct picture *p)
{
	figure_axis_names(p->f, p->table.names, NULL, p->table.unit);
	fprintf(p->f->gp, "set xrange [-0.6:%.1f]\nset yrange [0:%.6g]\n", p->table.n_rows - 0.4, highest(p));
	figure_linear_ticks(p->f, "y", 0, highest(p));
	fputs("set boxwidth 0.72\n", p->f->gp);
}

static u32 legend_rows(const struct picture *p)
{
	return (p->table.n_columns + p->n_points + COLUMNS - 1) / COLUMNS;
}

static void legend(struct picture *p)
{
	u32 rows = legend_rows(p), n = p->table.n_columns, column, i;
	struct text t;
	double x, y;

	for (i = 0; i < n + p->n_points; i++) {
		column = i / rows;
		x = 40 + column * (FIGURE_WIDTH - 60.0) / COLUMNS;
		y = CAPTION + (rows - i % rows - 0.5) * LEGEND;
		if (i < n)
			figure_box_sample(p->f, x, y, figure_palette[i]);
		else
			figure_point_sample(p->f, x + 8, y, i + 1 - n);
		figure_text(p->f, x + 22, y, "left", FIGURE_TEXT, FIGURE_INK,
			    format_clip(&t, i < n ? p->table.column[i] : p->point[i - n].name, 30));
	}
}

static void plot_command(struct picture *p)
{
	u32 i;

	fputs("plot ", p->f->gp);
	for (i = p->table.n_columns; i-- > 0;)
		fprintf(p->f->gp,
			"%s index 0 using 0:%u:xticlabels(1) with boxes fs solid 1 border lc rgb "
			"'#FFFFFF' lc rgb '%s'",
			i == p->table.n_columns - 1 ? "DATA" : ", \\\n     ''", i + 2, figure_palette[i]);
	for (i = 0; i < p->n_points; i++)
		fprintf(p->f->gp, ", \\\n     '' index %u using 1:2 with points ls %u", i + 1, i + 1);
	fputc('\n', p->f->gp);
}

static void draw_picture(struct picture *p)
{
	u32 bottom = CAPTION + AXIS + LEGEND * legend_rows(p), i;

	figure_size(p->f, TOP + PLOT + bottom, p->table.title ? p->table.title : "Parts");
	figure_margins(p->f, 76, 28, bottom, TOP);
	if (p->table.caption)
		figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, p->table.caption);
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

	for (i = 0; i < p->n_points; i++)
		free(p->point[i].name);
	sheet_fini(&p->table);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f };
	char *bad = gather(&p, q);

	if (!bad)
		draw_picture(&p);
	forget(&p);
	return bad;
}

const struct plot_kind plot_parts = { .name = "parts",
				      .help = "bars of parts from a CSV file, with published totals",
				      .takes_tables = true,
				      .draw = draw };
