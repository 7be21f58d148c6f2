/*
 * Loaded latency: how long loads wait for DRAM while so much is asked of it. A run is a point: its DRAM
 * traffic a second against the mean latency of the loads that DRAM served; runs of one machine, or of one
 * LABEL=, are joined in the order of their traffic. configs/experiments/loaded.sh makes such runs.
 */
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"
#include "plots/plot.h"

#define TOP     54u
#define PLOT    310u
#define AXIS    74u
#define ROW     22u
#define CAPTION 34u

struct point {
	const char *name;
	u32 series;
	double gbs, ns;
};

struct loaded {
	struct figure *f;
	const struct plot_request *q;
	struct point *at;
	const char **series;
	u32 n, n_series;
};

/* Of all levels and of DRAM: they are the same in a machine. */
static double line_bytes(const struct run *r)
{
	char *path = xasprintf("%s/config.cfg", r->dir);
	int bytes = 64;
	config_t c;

	config_init(&c);
	if (config_read_file(&c, path))
		config_lookup_int(&c, "l1d.line", &bytes);
	config_destroy(&c);
	free(path);
	return bytes;
}

/* The time of the run: that of its longest core. */
static double seconds(const struct run *r)
{
	u64 longest = 0;
	u32 i;

	for (i = 0; i < counters_cores(&r->counters); i++) {
		char *name = xasprintf("core%u.cycles", i);

		longest = MAX(longest, counters_get(&r->counters, name));
		free(name);
	}
	return (double)longest / (double)r->hz;
}

static u32 series_of(struct loaded *l, const char *name)
{
	u32 i;

	for (i = 0; i < l->n_series; i++)
		if (!strcmp(l->series[i], name))
			return i;
	l->series[l->n_series++] = name;
	return i;
}

static char *add_run(struct loaded *l, const struct run *r)
{
	struct point *p = &l->at[l->n];
	struct latency_table t;
	double lines = (double)counters_get(&r->counters, "dram.reads") +
		       (double)counters_get(&r->counters, "dram.writes");

	run_latency(r, "load", "dram", NULL, &t);
	p->ns = latency_table_mean(&t) * 1e9 / (double)r->hz;
	latency_table_fini(&t);
	if (lines <= 0 || p->ns <= 0)
		return xasprintf("in '%s' no load was served by DRAM", r->dir);
	p->gbs = lines * line_bytes(r) / seconds(r) / 1e9;
	p->name = r->named ? r->label : r->machine;
	p->series = series_of(l, p->name);
	l->n++;
	return NULL;
}

static int by_series(const void *x, const void *y)
{
	const struct point *a = x, *b = y;

	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	return a->gbs < b->gbs ? -1 : a->gbs > b->gbs;
}

static void write_points(struct loaded *l)
{
	u32 i;

	for (i = 0; i < l->n; i++) {
		if (!i || l->at[i].series != l->at[i - 1].series) {
			figure_block(l->f, l->at[i].name);
			fputs("# GB/s, ns\n", l->f->dat);
		}
		fprintf(l->f->dat, "%.6g %.6g\n", l->at[i].gbs, l->at[i].ns);
	}
}

static void ranges(struct loaded *l)
{
	double x = 0, y = 0;
	u32 i;

	for (i = 0; i < l->n; i++) {
		x = l->at[i].gbs > x ? l->at[i].gbs : x;
		y = l->at[i].ns > y ? l->at[i].ns : y;
	}
	fprintf(l->f->gp, "set xrange [0:%.10g]\nset yrange [0:%.10g]\n", 1.05 * x, 1.1 * y);
	figure_linear_ticks(l->f, "x", 0, 1.05 * x);
	figure_linear_ticks(l->f, "y", 0, 1.1 * y);
}

static void draw_picture(struct loaded *l)
{
	u32 bottom = CAPTION + AXIS + ROW * l->n_series, i;
	struct text t;
	double y;

	figure_size(l->f, TOP + PLOT + bottom, "Latency of loads from DRAM under load");
	figure_margins(l->f, 92, 28, bottom, TOP);
	figure_caption(l->f, l->q->runs, l->q->n_runs);
	figure_line_styles(l->f, l->n_series);
	figure_axis_names(l->f, "DRAM traffic, reads and writes (GB/s)", NULL,
			  "mean load latency, from DRAM (ns)");
	ranges(l);
	write_points(l);
	for (i = 0; i < l->n_series; i++) {
		y = CAPTION + (l->n_series - i - 0.5) * ROW;
		figure_line_sample(l->f, 24, y, i + 1);
		figure_text(l->f, 62, y, "left", FIGURE_TEXT, FIGURE_INK, format_clip(&t, l->series[i], 80));
	}
	for (i = 0; i < l->n_series; i++)
		fprintf(l->f->gp, "%s index %u using 1:2 with linespoints ls %u",
			i ? ", \\\n     ''" : "plot DATA", i, i + 1);
	fputc('\n', l->f->gp);
}

static char *draw(struct figure *f, const struct plot_request *q)
{
	struct loaded l = { .f = f, .q = q };
	char *bad = NULL;
	u32 i;

	l.at = xcalloc(q->n_runs, sizeof(*l.at));
	l.series = xcalloc(q->n_runs, sizeof(*l.series));
	for (i = 0; i < q->n_runs && !bad; i++)
		bad = add_run(&l, &q->runs[i]);
	qsort(l.at, l.n, sizeof(*l.at), by_series);
	if (!bad)
		draw_picture(&l);
	free(l.at);
	free(l.series);
	return bad;
}

const struct plot_kind plot_loaded = {
	.name = "loaded",
	.help = "latency of loads from DRAM against its traffic, a run a point",
	.draw = draw
};
