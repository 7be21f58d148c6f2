/*
 * The tables of a sweep, written into its directory when all its points are done or failed:
 *	sweep.csv      a row a point: name, varied keys, recording, seed, why it failed, every counter
 *	summary.csv    a row a point, seeds taken together, and figure: mean over the seeds with its interval
 *	units.csv      unit and meaning of the columns of sweep.csv, see units.h
 *	sweep.sqlite   where asked for: all of it as a database, see sweep_sqlite.c
 * Sizes are in bytes, frequencies in Hz, times with a unit in ns, so that they are numbers to those who read
 *them.
 */
#ifndef MMSIM_ANALYSIS_SWEEP_TABLE_H
#define MMSIM_ANALYSIS_SWEEP_TABLE_H

#include <stdio.h>

#include "analysis/counters.h"
#include "analysis/sweep.h"
#include "analysis/units.h"

/* Each: NULL, or what is wrong (a new string). */
char *sweep_write_csv(const char *dir, const struct sweep *s); /* sweep.csv and units.csv */
char *sweep_write_summary(const char *dir, const struct sweep *s);
char *sweep_write_sqlite(const char *dir, const struct sweep *s);

/* What the values of an axis are. */
struct sweep_column {
	bool number;
	bool base_names; /* files, told apart by the last part of their names */
	const char *unit, *help;
};
struct sweep_column sweep_column(const struct sweep_axis *a);
/* Its value as the tables have it: text of a number, or words. A new string. */
char *sweep_cell(const struct sweep *s, u64 point, const struct sweep_axis *a, const struct sweep_column *c);

/* One point, as far as its directory tells. */
struct sweep_row {
	char *name, *error; /* error: NULL if it is done */
	struct counters counters;
};
char *sweep_row_open(struct sweep_row *r, const char *dir, const struct sweep *s, u64 point);
void sweep_row_close(struct sweep_row *r);

/*
 * Machines differ in what they count: the columns are all counters that any point has, in the order in which
 * the points, by number, show them first. units: of each the line of units.csv.
 */
struct sweep_counters {
	struct strings names, units;
};
char *sweep_counters(struct sweep_counters *c, const char *dir, const struct sweep *s);
void sweep_counters_fini(struct sweep_counters *c);
/* Where a name is, looked for from *hint on, which then stands behind it; n: nowhere. */
u32 sweep_find(const struct strings *s, const char *name, u32 *hint);

#endif
