/*
 * Several measures of the same things side by side, from a table that an experiment has made: a row of bars a
 * thing, a column of bars a measure, each with a scale of its own from 0 on and its figure behind it. A CSV
 * file:
 *	# title Reverse mapping through its generations
 *	# caption pentium3, fork-share
 *	scheme,rmap memory|KB,fork|us a child
 *	pte_chain,812,310
 * The first column names the things, in this order; behind the bar of each other heading stands its unit. An
 * empty field is no bar: it was not measured.
 */
#include "plots/plot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"

#define TOP          96u
#define ROW          30u
#define BOTTOM       40u
#define NAMES        200u /* width of the column of names */
#define MEASURES_MAX 6u
#define THINGS_MAX   32u
#define LINE         1024u
#define BAR          0.66 /* of a column's width, for the longest: the rest is for its figure */

struct thing {
	char *name;
	double value[MEASURES_MAX]; /* < 0: none */
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	char *title, *caption, *measure[MEASURES_MAX];
	u32 n_measures, n_things;
	struct thing thing[THINGS_MAX];
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
	else if (!strncmp(line, "# caption ", 10))
		set(&p->caption, line + 10);
}

static char *take_heading(struct picture *p, const char *file, char *line)
{
	char *name;

	strsep(&line, ",");
	while ((name = strsep(&line, ","))) {
		if (p->n_measures == MEASURES_MAX)
			return xasprintf("'%s' has more than %u measures", file, MEASURES_MAX);
		p->measure[p->n_measures++] = xstrdup(name);
	}
	return p->n_measures
		       ? NULL
		       : xasprintf("'%s' has no measures: its heading is 'NAME,MEASURE|UNIT,...'", file);
}

/* False: it is neither empty nor a number from 0 on. */
static bool number(const char *s, double *v)
{
	char *end;

	*v = -1;
	if (!s || !*s)
		return s != NULL;
	*v = strtod(s, &end);
	return !*end && isfinite(*v) && *v >= 0;
}

static char *take_thing(struct picture *p, const char *file, u32 n, char *line)
{
	struct thing *t = &p->thing[p->n_things];
	u32 i;

	if (p->n_things == THINGS_MAX)
		return xasprintf("'%s' has more than %u rows", file, THINGS_MAX);
	p->n_things++;
	t->name = xstrdup(strsep(&line, ","));
	for (i = 0; i < p->n_measures; i++)
		if (!number(strsep(&line, ","), &t->value[i]))
			return xasprintf("'%s' line %u has no number from 0 on for '%s'", file, n,
					 p->measure[i]);
	return line ? xasprintf("'%s' line %u has more numbers than there are measures", file, n) : NULL;
}

static char *take_line(struct picture *p, const char *file, u32 n, char *line)
{
	if (line[0] == '#') {
		take_comment(p, line);
		return NULL;
	}
	return p->n_measures ? take_thing(p, file, n, line) : take_heading(p, file, line);
}

static char *read_table(struct picture *p, const char *file)
{
	FILE *f = fopen(file, "r");
	char line[LINE], *bad = NULL;
	u32 n;

	if (!f)
		return xasprintf("cannot read '%s': %s", file, strerror(errno));
	for (n = 1; !bad && fgets(line, sizeof(line), f); n++) {
		line[strcspn(line, "\n")] = '\0';
		bad = take_line(p, file, n, line);
	}
	fclose(f);
	if (!bad && !p->n_things)
		bad = xasprintf("'%s' has no rows", file);
	return bad;
}

static double largest(const struct picture *p, u32 measure)
{
	double most = 0;
	u32 i;

	for (i = 0; i < p->n_things; i++)
		most = fmax(most, p->thing[i].value[measure]);
	return most > 0 ? most : 1;
}

/* Column k of the picture is from k to k + 1. */
static void write_bars(struct picture *p)
{
	double most, v;
	u32 i, k;

	for (k = 0; k < p->n_measures; k++) {
		most = largest(p, k);
		figure_block(p->f, p->measure[k]);
		for (i = 0; i < p->n_things; i++) {
			v = p->thing[i].value[k];
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
	return NAMES + k * (FIGURE_WIDTH - NAMES - 14.0) / p->n_measures;
}

/* "reclaim|us a page": two lines above the column. */
static void heading(struct picture *p, u32 k)
{
	char *name = xstrdup(p->measure[k]), *unit = name, *first = strsep(&unit, "|");
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

	for (i = 0; i < p->n_things; i++)
		figure_text(p->f, NAMES - 12.0, p->f->height - TOP - (i + 0.5) * ROW, "right", FIGURE_TEXT,
			    FIGURE_INK, format_clip(&t, p->thing[i].name, 26));
}

static void plot_command(struct picture *p)
{
	u32 k;

	fputs("plot ", p->f->gp);
	for (k = 0; k < p->n_measures; k++)
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

	figure_size(p->f, TOP + ROW * p->n_things + BOTTOM, p->title ? p->title : "Measures");
	figure_margins(p->f, NAMES, 14, BOTTOM, TOP);
	if (p->caption)
		figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, p->caption);
	fprintf(p->f->gp, "unset border\nunset tics\nunset grid\nset xrange [0:%u]\nset yrange [%.1f:-0.5]\n",
		p->n_measures, p->n_things - 0.5);
	write_bars(p);
	for (k = 0; k < p->n_measures; k++)
		heading(p, k);
	names(p);
	plot_command(p);
}

static void forget(struct picture *p)
{
	u32 i;

	for (i = 0; i < p->n_measures; i++)
		free(p->measure[i]);
	for (i = 0; i < p->n_things; i++)
		free(p->thing[i].name);
	free(p->title);
	free(p->caption);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };
	char *bad;

	if (q->n_tables != 1 || q->n_runs)
		return xstrdup("it shows one table, a CSV file; name one");
	bad = read_table(&p, q->tables[0]);
	if (!bad)
		draw_picture(&p);
	forget(&p);
	return bad;
}

const struct plot_kind plot_measures = { .name = "measures",
					 .help = "several measures of the same things, from a CSV file",
					 .takes_tables = true,
					 .draw = draw };
