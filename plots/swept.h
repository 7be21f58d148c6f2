/*
 * A finished sweep as pictures want it: one figure of it, means over the seeds, laid out by the keys that it
 * varies. Called by the kinds of picture that are drawn of sweeps.
 */
#ifndef MMSIM_PLOTS_SWEPT_H
#define MMSIM_PLOTS_SWEPT_H

#include "analysis/confidence.h"
#include "analysis/run.h"
#include "analysis/sweep.h"
#include "analysis/sweep_table.h"
#include "plots/plot.h"

/* A point, its seeds taken together. */
struct swept_point {
	u64 point;               /* its first seed's, of the sweep */
	u32 *at;                 /* index of its value on each axis */
	struct confidence value; /* n = 0: it failed */
};

struct swept {
	const char *dir, *figure;
	const char *unit;
	struct sweep sweep;
	struct sweep_column *column; /* one an axis */
	struct swept_point *point;
	u32 n;
	struct run *named; /* for the caption: machine, kernel, recordings, version of each point */
	u32 n_named;
};

/* NULL, or what is wrong (a new string) and nothing to close. */
char *swept_open(struct swept *s, const struct plot_request *q);
void swept_close(struct swept *s);

#define SWEPT_NONE (~0u)
/*
 * The axis with that key, or, key NULL, the n-th one (from 0) of those that vary, seeds and zipped lists not
 * counted; SWEPT_NONE: there is none.
 */
u32 swept_axis(const struct swept *s, const char *key, u32 n);
/* Does the axis have several values among the points? */
bool swept_varies(const struct swept *s, u32 axis);
/* Value number i of an axis as a label: 48K, golden-cove. A new string. */
char *swept_label(const struct swept *s, u32 axis, u32 i);
/* "L1D size (bytes)": key and unit. A new string. */
char *swept_axis_name(const struct swept *s, u32 axis);
/* The figure and its unit. A new string. */
char *swept_figure_name(const struct swept *s);

#endif
