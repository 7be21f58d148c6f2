/*
 * The kinds of picture, and drawing one. A new kind is one file and one row in plot.c.
 */
#ifndef MMSIM_PLOTS_PLOT_H
#define MMSIM_PLOTS_PLOT_H

#include "plots/figure.h"

struct plot_request {
	const struct run *runs;
	u32 n_runs;
	const char *const *tables; /* CSV files given instead of runs, see steps.c */
	u32 n_tables;
	const char *const *labels; /* the user's names of the tables, or NULL */
	const char *version;       /* of mmsim, for pictures of recordings */
	const char *points;        /* CSV file with published points to lay over, or NULL */
	const char *x, *y;         /* counter or key that runs or points are laid out by, or NULL */
	const char *sweep;         /* its directory, for kinds that take one */
	const char *figure;        /* of a sweep: what is drawn (analysis/measure.h), or NULL */
	const char *const *only;   /* of a sweep: KEY=VALUE that its points must have */
	u32 n_only;
	u64 unit;               /* mrc, ws: bytes of the lines or pages; 0: the smallest there are */
	const char *by;         /* latency: the column that tells one run's accesses apart, or NULL */
	bool percent;           /* share of the cycles instead of CPI */
	const char *dir, *stem; /* where the picture goes: dir/stem.svg */
	u32 formats;            /* FIGURE_* */
};

struct plot_kind {
	const char *name, *help;
	bool takes_tables;
	/* Fills a begun figure. NULL, or why there is no such picture of these runs (a new string). */
	char *(*draw)(struct figure *f, const struct plot_request *q);
	const char *table; /* it takes only tables, and this is the name of one in a directory; else NULL */
	bool takes_sweep;  /* the directory of one, and nothing else */
};

/* As the name of the table: it takes recordings. */
#define PLOT_RECORDINGS ""

extern const struct plot_kind plot_latency, plot_stack, plot_steps, plot_served, plot_blocks, plot_ladder,
	plot_mrc, plot_ws, plot_timeline, plot_intervals, plot_time, plot_map, plot_heat, plot_lines,
	plot_tail, plot_loaded, plot_parts, plot_measures;
extern const struct plot_kind *const plot_kinds[]; /* ends with NULL */

const struct plot_kind *plot_kind_find(const char *name);
/* Draws it. NULL, or why not (a new string); fails if files cannot be written or gnuplot is missing. */
char *plot_make(const struct plot_kind *kind, const struct plot_request *q);
/* The pictures that belong to every run, as SVG and PNG into run_dir/plots; dies if that is no run. */
void plots_default(const char *run_dir);

#endif
