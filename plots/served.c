/*
 * Where accesses were served: a tile for each level and way of translation, loads and stores side by side, a
 * row of panels a run. A tile tells the share of the accesses and their mean latency; its colour tells the
 * share of the time that all loads (all stores) took.
 */
#include "plots/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/words.h"
#include "model/base/error.h"

#define TOP       50.0
#define NAMES     112.0 /* column of the rows' names */
#define GAP       18.0  /* between the two panels */
#define RIGHT     16.0
#define HEADS     48.0 /* the run's name and the columns' heads */
#define TILE      46.0 /* height */
#define SPACE     12.0 /* below a run's tiles */
#define BOTTOM    84.0 /* colour scale and caption */
#define MAX_WORDS 8u
#define NOTHING   0xf5f5f5u /* colour of a tile without accesses */

static const char *const kinds[2] = { "load", "store" };
static const char *const kind_heads[2] = { "loads", "stores" };

struct tile {
	double accesses, time;
};

struct panel {
	struct tile tile[MAX_WORDS][MAX_WORDS]; /* translation, served */
	double accesses, time;
};

struct picture {
	struct figure *f;
	const struct plot_request *q;
	const struct word *column[MAX_WORDS], *row[MAX_WORDS];
	u32 n_columns, n_rows;
};

static void take_words(const struct plot_request *q, const struct word *list, size_t member,
		       const struct word **present, u32 *n)
{
	const struct latency_row *r;
	bool found;
	u32 i;

	for (; list->token; list++) {
		found = false;
		for (i = 0; i < q->n_runs; i++)
			for (r = q->runs[i].latency.row; r < q->runs[i].latency.row + q->runs[i].latency.n;
			     r++)
				found |= (!strcmp(r->kind, kinds[0]) || !strcmp(r->kind, kinds[1])) &&
					 !strcmp((const char *)r + member, list->token);
		if (found)
			present[(*n)++] = list;
	}
	ASSERT(*n <= MAX_WORDS);
}

static void gather(const struct picture *p, u32 run, u32 kind, struct panel *panel)
{
	struct latency_table t;
	struct tile *tile;
	u32 i, k;

	*panel = (struct panel){ 0 };
	for (i = 0; i < p->n_rows; i++) {
		for (k = 0; k < p->n_columns; k++) {
			run_latency(&p->q->runs[run], kinds[kind], p->column[k]->token, p->row[i]->token, &t);
			tile = &panel->tile[i][k];
			tile->accesses = (double)latency_table_count(&t);
			tile->time = tile->accesses * latency_table_mean(&t);
			panel->accesses += tile->accesses;
			panel->time += tile->time;
			latency_table_fini(&t);
		}
	}
}

/* White to the palette's blue; the square root keeps small shares visible. */
static unsigned int shade(double share)
{
	static const double blue[3] = { 0x00, 0x72, 0xB2 };
	double s = sqrt(share);
	unsigned int c = 0, i;

	for (i = 0; i < 3; i++)
		c = c << 8 | (unsigned int)(255 + (blue[i] - 255) * s + 0.5);
	return c;
}

static double panel_width(void)
{
	return (FIGURE_WIDTH - NAMES - GAP - RIGHT) / 2;
}

static double panel_left(u32 kind)
{
	return NAMES + kind * (panel_width() + GAP);
}

/* Height of the top of a run's block. */
static double block_top(const struct picture *p, u32 run)
{
	return p->f->height - TOP - run * (HEADS + p->n_rows * TILE + SPACE);
}

static void write_tile(struct picture *p, const struct panel *panel, u32 run, u32 kind, u32 row, u32 column)
{
	const struct tile *t = &panel->tile[row][column];
	double w = panel_width() / p->n_columns, x = panel_left(kind) + column * w;
	double y = block_top(p, run) - HEADS - (row + 1) * TILE,
	       share = panel->time > 0 ? t->time / panel->time : 0;
	struct text a, b;

	fprintf(p->f->dat, "%.2f %.2f %.2f %.2f %.2f %.2f ", x + w / 2, y + TILE / 2, x, x + w, y, y + TILE);
	if (t->accesses == 0) {
		fprintf(p->f->dat, "%u 0 \"\" \"\" %s %s %s 0\n", NOTHING, kinds[kind],
			p->column[column]->token, p->row[row]->token);
		return;
	}
	fprintf(p->f->dat, "%u %u ", shade(share), share > 0.45 ? 0xffffffu : 0u);
	fprintf(p->f->dat, "\"%s\" \"%s\" ", format_percent(&a, t->accesses, panel->accesses),
		format_latency(&b, t->time / t->accesses));
	fprintf(p->f->dat, "%s %s %s %.6g\n", kinds[kind], p->column[column]->token, p->row[row]->token,
		share);
}

static void panel_heads(struct picture *p, u32 run, u32 kind, const struct panel *panel)
{
	double w = panel_width() / p->n_columns, top = block_top(p, run);
	struct text a;
	char *s;
	u32 k;

	s = xasprintf("%s %s", format_count(&a, (u64)panel->accesses), kind_heads[kind]);
	figure_text(p->f, panel_left(kind) + panel_width(), top - 10, "right", FIGURE_SMALL, FIGURE_GREY, s);
	free(s);
	for (k = 0; k < p->n_columns; k++)
		figure_text(p->f, panel_left(kind) + (k + 0.5) * w, top - HEADS + 10, "center", 13,
			    FIGURE_INK, p->column[k]->label);
}

static void write_run(struct picture *p, u32 run)
{
	struct panel panel;
	struct text a;
	u32 kind, i, k;

	figure_text(p->f, 14, block_top(p, run) - 10, "left", FIGURE_TEXT, "#000000",
		    format_clip(&a, p->q->runs[run].label, 36));
	for (i = 0; i < p->n_rows; i++)
		figure_text(p->f, NAMES - 8, block_top(p, run) - HEADS - (i + 0.5) * TILE, "right", 13,
			    FIGURE_INK, p->row[i]->label);
	for (kind = 0; kind < 2; kind++) {
		gather(p, run, kind, &panel);
		panel_heads(p, run, kind, &panel);
		for (i = 0; i < p->n_rows; i++)
			for (k = 0; k < p->n_columns; k++)
				write_tile(p, &panel, run, kind, i, k);
	}
}

/* What is in the tiles, and what their colours mean: boxes of five shares. */
static void colour_scale(struct figure *f)
{
	static const double shares[] = { 0.01, 0.05, 0.2, 0.5, 1 };
	char colour[16], label[16];
	double x = 438;
	u32 i;

	figure_text(f, 14, 48, "left", FIGURE_SMALL, FIGURE_GREY, "share of the accesses, mean cycles");
	figure_text(f, x - 14, 48, "right", FIGURE_SMALL, FIGURE_GREY, "colour: share of the time");
	for (i = 0; i < ARRAY_SIZE(shares); i++, x += 70) {
		snprintf(colour, sizeof(colour), "#%06X", shade(shares[i]));
		snprintf(label, sizeof(label), "%g %%", 100 * shares[i]);
		figure_box_sample(f, x, 48, colour);
		figure_text(f, x + 20, 48, "left", FIGURE_SMALL, FIGURE_GREY, label);
	}
}

static void draw_picture(struct picture *p)
{
	u32 run;

	figure_size(p->f, (u32)(TOP + BOTTOM + p->q->n_runs * (HEADS + p->n_rows * TILE + SPACE)),
		    "Where accesses were served, and how they were translated");
	figure_margins(p->f, 0, 0, 0, 0);
	figure_caption(p->f, p->q->runs, p->q->n_runs);
	fprintf(p->f->gp, "unset border\nunset tics\nunset grid\nset xrange [0:%u]\nset yrange [0:%u]\n",
		FIGURE_WIDTH, p->f->height);
	colour_scale(p->f);
	figure_block(
		p->f,
		"tiles: middle x, y, left, right, bottom, top, colour, ink, share of accesses, mean latency, "
		"kind, served, translation, share of time");
	for (run = 0; run < p->q->n_runs; run++)
		write_run(p, run);
	fputs("plot DATA index 0 using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 border lc rgb '#FFFFFF' "
	      "lc rgb variable, \\\n"
	      "     '' index 0 using 1:($2+7):9:8 with labels font ',15' tc rgb variable, \\\n"
	      "     '' index 0 using 1:($2-9):10:8 with labels font ',13' tc rgb variable\n",
	      p->f->gp);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct picture p = { .f = f, .q = q };

	take_words(q, words_served, offsetof(struct latency_row, served), p.column, &p.n_columns);
	take_words(q, words_translation, offsetof(struct latency_row, translation), p.row, &p.n_rows);
	if (!p.n_columns || !p.n_rows)
		return xstrdup("there are no loads and stores in latency.csv");
	draw_picture(&p);
	return NULL;
}

const struct plot_kind plot_served = { .name = "served",
				       .help = "where accesses were served, by level and translation",
				       .draw = draw };
