/*
 * intervals.csv: what happened in each interval, a row an interval.
 *
 *	interval          its number from 0
 *	end_instructions  of all cores until its end, and
 *	end_cycle         the clock then, of the whole replay
 *	cycles            of the clock that it took
 *	<counter>...      what each counter gained in it; a column's sum is the counter's value in stats.json
 *of the same run. A counter that tells a state (frames free now) is told as it is at the interval's end.
 *Where the user chose: his patterns (counters.h) in his order, each the sum of what it matches. load.samples
 *loads with a latency, and of those load.p50, .p99, .p999, .max  its percentiles in cycles: low ends of the
 *histogram's bins store.samples...  the same of stores
 *
 * "coreN.cycles.base" may be some cycles below 0 in a very short interval: it takes the remainders of the
 * other parts, which are whole cycles.
 *
 * Called by the verbs of cli/, between two calls of engine_run().
 */
#ifndef MMSIM_ANALYSIS_INTERVALS_H
#define MMSIM_ANALYSIS_INTERVALS_H

#include "analysis/results.h"
#include "model/sim/stat.h"

#define INTERVALS_FILE "intervals.csv"

struct intervals_params {
	const char *dir; /* of the run */
	const struct stats *live;
	const struct results_latency *latency; /* live histograms, n_latency of them */
	u32 n_latency;
	const char *const *patterns; /* the columns of counters; none: all */
	u32 n_patterns;
};

struct intervals;
/* die()s if a pattern matches no counter, or both flows and states. What p points to must outlive it. */
struct intervals *intervals_new(const struct intervals_params *p);
/* What happens from now on, so many cycles of the whole replay, belongs to the next row. */
void intervals_begin(struct intervals *iv, u64 cycle);
/* The row is complete, and the next begins. One in which nothing happened is not written: false. */
bool intervals_end(struct intervals *iv, u64 instructions, u64 cycle);
/* Moves the finished file into place. */
void intervals_close(struct intervals *iv);

/* The file read back: numbers by row and column. */
struct intervals_table {
	char **name; /* of columns */
	u32 n_columns, n_rows;
	double *at; /* n_columns a row */
};
#define NO_COLUMN (~0u)

/* NULL, or what is wrong with it and what to do (a new string) and nothing to free. */
char *intervals_read(struct intervals_table *t, const char *path);
void intervals_table_fini(struct intervals_table *t);
u32 intervals_column(const struct intervals_table *t, const char *name); /* or NO_COLUMN */
/* The sum over the columns that a pattern names, or several joined by '+'; 0 if there are none. */
double intervals_sum(const struct intervals_table *t, u32 row, const char *patterns);
bool intervals_has(const struct intervals_table *t, const char *patterns);

#endif
