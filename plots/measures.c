/*
 * Several measures of the same things side by side, from a table (plots/sheet.h): a row of bars a thing, a
 * column of bars a measure, each with a scale of its own from 0 on and its figure behind it. Headings are
 * "fork|us a child", with the unit behind the bar. An empty field is no bar: it was not measured.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"
#include "plots/sheet.h"

#define TOP          96u
#define ROW          30u
#define BOTTOM       40u
#define NAMES        200u /* width of the column of names */
#define BAR          0.66 /* of a column's width, for the longest: the rest is for its figure */

struct picture {
	struct figure *f;
	struct sheet table;
};

static double largest(const struct picture *p, u32 measure)
{
	double most = 0;
	u32 i;

	for (i = 0; i < p->table.n_rows; i++)
		most = fmax(most, p->table.row[i].value[measure]);
	return most > 0 ? most : 1;
}

/* Column k of the picture is from k to k + 1. */
static void write_bars(struct picture *p)
{
	double most, v;
	u32 i, k;

	for (k = 0; k < p->table.n_columns; k++) {
		most = largest(p, k);
		figure_block(p->f, p->table.column[k]);
		for (i = 0; i < p->table.n_rows; i++) {
			v = p->table.row[i].value[k];
			if (v < 0)
				fprintf(p->f->dat, "%u %u %u \"-\"\n", k, i, k);
			else
				fprintf(p->f->dat, "%u %u %.6g \"%.*f\"\n", k, i, k + BAR * v / most,
					v < 9.95 && v != floor(v) ? 1 : 0, v);
		}
	}
}

static double column_x(const struct picture *p, double k)
{
	return NAMES + k * (FIGURE_WIDTH - NAMES - 14.0) / p->table.n_columns;
}

/* "reclaim|us a page": two lines above the column. */
static void heading(struct picture *p, u32 k)
{
	char *name = xstrdup(p->table.column[k]), *unit = name, *first = strsep(&unit, "|");
	double y = p->f->height - 60.0;

	figure_text(p->f, column_x(p, k), y, "left", FIGURE_TEXT, FIGURE_INK, first);
	if (unit)
		figure_text(p->f, column_x(p, k), y - 18, "left", FIGURE_SMALL, FIGURE_GREY, unit);
	free(name);
}

static void names(struct picture *p)
{
	struct text t;
	u32 i;

	for (i = 0; i < p->table.n_rows; i++)
		figure_text(p->f, NAMES - 12.0, p->f->height - TOP - (i + 0.5) * ROW, "right", FIGURE_TEXT,
			    FIGURE_INK, format_clip(&t, p->table.row[i].name, 26));
}

static void plot_command(struct picture *p)
{
	u32 k;

	fputs("plot ", p->f->gp);
	for (k = 0; k < p->table.n_columns; k++)
		fprintf(p->f->gp,
			"%s index %u using 1:2:1:3:($2-0.36):($2+0.36) with boxxyerror fs solid 1 border lc "
			"rgb "
			"'#FFFFFF' lc rgb '%s', \\\n     '' index %u using ($3+0.02):2:4 with labels left "
			"font "
			"',%u' textcolor rgb '" FIGURE_INK "'",
			k ? ", \\\n     ''" : "DATA", k, figure_palette[k % 7], k, FIGURE_SMALL);
	fputc('\n', p->f->gp);
}

static void draw_picture(struct picture *p)
{
	u32 k;

	figure_size(p->f, TOP + ROW * p->table.n_rows + BOTTOM, p->table.title ? p->table.title : "Measures");
	figure_margins(p->f, NAMES, 14, BOTTOM, TOP);
	if (p->table.caption)
		figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, p->table.caption);
	fprintf(p->f->gp, "unset border\nunset tics\nunset grid\nset xrange [0:%u]\nset yrange [%.1f:-0.5]\n",
		p->table.n_columns, p->table.n_rows - 0.5);
	write_bars(p);
	for (k = 0; k < p->table.n_columns; k++)
		heading(p, k);
	names(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f };
	char *bad;

	if (q->n_tables != 1 || q->n_runs)
		return xstrdup("it shows one table, a CSV file; name one");
	bad = sheet_read(&p.table, q->tables[0], true);
	if (!bad)
		draw_picture(&p);
	sheet_fini(&p.table);
	return bad;
}

const struct plot_kind plot_measures = { .name = "measures",
					 .help = "several measures of the same things, from a CSV file",
					 .takes_tables = true,
					 .draw = draw };
