/*
 * What `mmsim mrc` wrote: miss ratio against the size of a cache or the reach of a TLB, and the mean working
 * set against the window; a line a recording, thread and kind of reference. Estimates have a band that shows
 * their bound. Units of one size only share a picture, unless told otherwise the smallest: lines.
 */
#include "plots/plot.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/mrc_csv.h"
#include "model/base/error.h"

#define TOP     48u
#define PLOT    310u
#define AXIS    74u
#define LEGEND  22u
#define CAPTION 34u
#define COLUMNS 2u   /* of the legend */
#define FLOOR   1e-6 /* percent: what an estimate of none at all is drawn as */

struct line {
	const struct mrc_series *series;
	char *name;
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	bool ws;
	struct mrc_table *table; /* one a file */
	struct line *line;
	u32 n;
	u64 unit; /* bytes */
	bool page, estimate;
	double x[2], y[2]; /* low, high */
	char *version;
};

/* ---- what there is ---- */

static char *read_table(struct picture *p, u32 i)
{
	const char *path = p->q->tables[i];
	FILE *f = fopen(path, "r");
	char *why, *bad = NULL;

	if (!f)
		return xasprintf("cannot read '%s' (%s): mmsim mrc -o DIR writes it", path, strerror(errno));
	why = mrc_csv_read(f, p->ws, &p->table[i]);
	if (why)
		bad = xasprintf("'%s': %s", path, why);
	free(why);
	fclose(f);
	return bad;
}

/* mrc.json beside the first table tells the version. */
static void read_version(struct picture *p)
{
	const char *table = p->q->tables[0], *slash = strrchr(table, '/');
	char *path = xasprintf("%.*smrc.json", slash ? (int)(slash + 1 - table) : 0, table);
	json_t *root = json_load_file(path, 0, NULL);
	const char *version = json_string_value(json_object_get(root, "mmsim"));

	p->version = version ? xstrdup(version) : NULL;
	json_decref(root);
	free(path);
}

static bool several_recordings(const struct picture *p)
{
	u32 i, j;

	for (i = 0; i < p->q->n_tables; i++)
		for (j = 0; j < p->table[i].n; j++)
			if (i || strcmp(p->table[0].series[0].recording, p->table[i].series[j].recording))
				return true;
	return false;
}

static const char *kind_text(const char *kind)
{
	if (!strcmp(kind, "fetch"))
		return "instruction fetches";
	return strcmp(kind, "all") ? kind : "data and instructions";
}

/* "sort.mmtrace.gz, data": of what tells lines apart; the user's name for a file instead of the recording's.
 */
static char *name_of(const struct picture *p, u32 table, const struct mrc_series *s)
{
	const char *label = p->q->labels ? p->q->labels[table] : NULL;
	bool named = label || several_recordings(p), threads = strcmp(s->thread, "all") != 0;
	struct text t;

	return xasprintf("%s%s%s%s%s%s", named ? format_clip(&t, label ? label : s->recording, 22) : "",
			 named ? ", " : "", threads ? "thread " : "", threads ? s->thread : "",
			 threads ? ", " : "", kind_text(s->kind));
}

static void choose_unit(struct picture *p)
{
	u32 i, j;

	p->unit = p->q->unit;
	for (i = 0; !p->q->unit && i < p->q->n_tables; i++)
		for (j = 0; j < p->table[i].n; j++)
			if (!p->unit || p->table[i].series[j].unit_bytes < p->unit)
				p->unit = p->table[i].series[j].unit_bytes;
}

static void choose_lines(struct picture *p)
{
	const struct mrc_series *s;
	u32 i, j;

	for (i = 0; i < p->q->n_tables; i++) {
		for (j = 0; j < p->table[i].n; j++) {
			s = &p->table[i].series[j];
			if (s->unit_bytes != p->unit)
				continue;
			p->page = !strcmp(s->unit, "page");
			p->line = xrealloc(p->line, (p->n + 1) * sizeof(*p->line));
			p->line[p->n++] = (struct line){ s, name_of(p, i, s) };
		}
	}
}

static char *gather(struct picture *p)
{
	char *bad = NULL;
	u32 i;

	if (!p->q->n_tables)
		return xstrdup("name a directory that mmsim mrc -o wrote");
	p->table = xcalloc(p->q->n_tables, sizeof(*p->table));
	for (i = 0; !bad && i < p->q->n_tables; i++)
		bad = read_table(p, i);
	if (bad)
		return bad;
	choose_unit(p);
	choose_lines(p);
	if (!p->n)
		return p->unit ? xasprintf("there are no lines or pages of %" PRIu64 " bytes in it", p->unit)
			       : xstrdup("there are no curves in it");
	read_version(p);
	return NULL;
}

/* ---- drawing ---- */

/* Percent, or bytes. */
static double value(const struct picture *p, double y)
{
	return p->ws ? y : fmax(100 * y, FLOOR);
}

static void find_range(struct picture *p)
{
	const struct mrc_series *s;
	u32 i, j;

	p->x[0] = p->y[0] = INFINITY;
	for (i = 0; i < p->n; i++) {
		s = p->line[i].series;
		for (j = 0; j < s->n; j++) {
			p->x[0] = fmin(p->x[0], s->at[j].x);
			p->x[1] = fmax(p->x[1], s->at[j].x);
			p->y[0] = fmin(p->y[0], value(p, s->at[j].y));
			p->y[1] = fmax(p->y[1], value(p, s->at[j].y));
			p->estimate |= s->at[j].bound > 0;
		}
	}
	p->x[1] = fmax(p->x[1], 8 * p->x[0]);
	p->y[0] /= 1.3;
	p->y[1] = p->ws ? p->y[1] * 1.3 : 100;
	p->y[0] = fmin(p->y[0], p->y[1] / 8);
}

static void write_point(const struct picture *p, double x, const struct mrc_point *at)
{
	fprintf(p->f->dat, "%.10g %.8g %.8g %.8g\n", x, value(p, at->y),
		fmax(value(p, at->y - at->bound), p->y[0]), fmin(value(p, at->y + at->bound), p->y[1]));
}

/* A larger cache than the last one misses as often. */
static void write_lines(const struct picture *p)
{
	const struct mrc_series *s;
	u32 i, j;

	for (i = 0; i < p->n; i++) {
		s = p->line[i].series;
		figure_block(p->f, p->line[i].name);
		fprintf(p->f->dat, "# %s\n",
			p->ws ? "references, bytes, the same, the same"
			      : "bytes, misses in percent, at least, at most");
		for (j = 0; j < s->n; j++)
			write_point(p, s->at[j].x, &s->at[j]);
		if (!p->ws && s->n && s->at[s->n - 1].x < p->x[1])
			write_point(p, p->x[1], &s->at[s->n - 1]);
	}
}

static void entries_axis(struct picture *p)
{
	double unit = (double)p->unit;

	fprintf(p->f->gp, "set logscale x2 10\nset x2range [%.10g:%.10g]\nset border 7\n", p->x[0], p->x[1]);
	figure_log_ticks(p->f, "x2", p->x[0], p->x[1], unit);
}

static void axes(struct picture *p)
{
	FILE *gp = p->f->gp;

	fprintf(gp, "set logscale x %u\nset xrange [%.10g:%.10g]\n", p->ws ? 10 : 2, p->x[0], p->x[1]);
	fprintf(gp, "set logscale y %u\nset yrange [%.10g:%.10g]\n", p->ws ? 2 : 10, p->y[0], p->y[1]);
	if (p->ws) {
		figure_log_ticks(p->f, "x", p->x[0], p->x[1], 1);
		figure_binary_ticks(p->f, "y", p->y[0], p->y[1]);
		figure_axis_names(p->f, "window (references)", NULL, "mean working set (bytes)");
		return;
	}
	figure_binary_ticks(p->f, "x", p->x[0], p->x[1]);
	figure_log_ticks(p->f, "y", p->y[0], p->y[1], 1);
	figure_axis_names(p->f, p->page ? "reach of the TLB (bytes)" : "size of the cache (bytes)",
			  p->page ? "entries" : NULL, "misses (% of references)");
	if (p->page)
		entries_axis(p);
}

static u32 legend_rows(const struct picture *p)
{
	return (p->n + COLUMNS - 1) / COLUMNS;
}

static void legend(const struct picture *p)
{
	u32 rows = legend_rows(p), column, i;
	struct text t;
	double x, y;

	for (i = 0; i < p->n; i++) {
		column = i / rows;
		x = 40 + column * (FIGURE_WIDTH - 60.0) / COLUMNS;
		y = CAPTION + (rows - i % rows - 0.5) * LEGEND;
		figure_line_sample(p->f, x, y, i + 1);
		figure_text(p->f, x + 38, y, "left", FIGURE_TEXT, FIGURE_INK,
			    format_clip(&t, p->line[i].name, 42));
	}
}

static void caption(const struct picture *p)
{
	u64 shift = p->unit % 1024 ? 0 : p->unit % (1u << 20) ? 10 : 20;
	char *line;

	ASSERT(p->n > 0);
	line = xasprintf("trace %.60s%s  \u00b7  %s of %" PRIu64 " %s  \u00b7  %s%s%s%s",
			 p->line[0].series->recording, several_recordings(p) ? " and others" : "",
			 p->page ? "pages" : "lines", p->unit >> shift,
			 shift == 20 ? "MB"
			 : shift     ? "KB"
				     : "bytes",
			 p->ws ? "any machine" : "fully associative, LRU",
			 p->estimate ? "  \u00b7  bands: bound of the estimate" : "",
			 p->version ? "  \u00b7  mmsim " : "", p->version ? p->version : "");
	figure_text(p->f, 14, 14, "left", FIGURE_CAPTION, FIGURE_GREY, line);
	free(line);
}

static void plot_command(const struct picture *p)
{
	FILE *gp = p->f->gp;
	const char *next = "plot DATA";
	u32 i;

	for (i = 0; p->estimate && i < p->n; i++, next = ", \\\n     ''")
		fprintf(gp, "%s index %u using 1:3:4 with filledcurves fc rgb '%s' fs transparent solid 0.2",
			next, i, figure_palette[i % 7]);
	for (i = 0; i < p->n; i++, next = ", \\\n     ''")
		fprintf(gp, "%s index %u using 1:2 with lines ls %u", next, i, i + 1);
	fputc('\n', gp);
}

static void draw_picture(struct picture *p)
{
	u32 bottom = CAPTION + AXIS + LEGEND * legend_rows(p), top = p->page && !p->ws ? TOP + 48 : TOP;

	find_range(p);
	figure_size(p->f, top + PLOT + bottom,
		    p->ws     ? "Working set"
		    : p->page ? "Misses by the reach of the TLB"
			      : "Misses by the size of the cache");
	figure_margins(p->f, 104, 28, bottom, top);
	figure_line_styles(p->f, p->n);
	axes(p);
	write_lines(p);
	legend(p);
	caption(p);
	plot_command(p);
}

static char *draw(struct figure *f, const struct plot_request *q, bool ws)
{
	struct picture p = { .f = f, .q = q, .ws = ws };
	char *bad = gather(&p);
	u32 i;

	if (!bad)
		draw_picture(&p);
	for (i = 0; i < p.n; i++)
		free(p.line[i].name);
	for (i = 0; p.table && i < q->n_tables; i++)
		mrc_table_fini(&p.table[i]);
	free(p.table);
	free(p.line);
	free(p.version);
	return bad;
}

static char *draw_misses(struct figure *f, const struct plot_request *q)
{
	return draw(f, q, false);
}

static char *draw_working_set(struct figure *f, const struct plot_request *q)
{
	return draw(f, q, true);
}

const struct plot_kind plot_mrc = {
	.name = "mrc",
	.help = "misses against the size of cache or TLB, of what `mmsim mrc` wrote",
	.takes_tables = true,
	.draw = draw_misses,
	.table = MRC_FILE
};
const struct plot_kind plot_ws = { .name = "ws",
				   .help = "mean working set against the window, of what `mmsim mrc` wrote",
				   .takes_tables = true,
				   .draw = draw_working_set,
				   .table = WS_FILE };
