/*
 * A run directory read back: what results_write() wrote, for plots, reports and comparisons.
 */
#ifndef MMSIM_ANALYSIS_RUN_H
#define MMSIM_ANALYSIS_RUN_H

#include "analysis/counters.h"
#include "analysis/latency_csv.h"

struct run {
	char *dir;
	char *label; /* in tables and legends: the last component of dir, unless the user said otherwise */
	bool named;  /* the user said otherwise */
	char *machine, *kernel, *version;
	char *traces; /* last components of their names, joined by " + " */
	u64 hz;
	struct counters counters;
	struct latency_table latency;
};

/* NULL if it is a finished run, else what is wrong and what to do (a new string) and nothing to close. */
char *run_open(struct run *r, const char *dir, const char *label);
void run_close(struct run *r);

/*
 * The histograms of one kind added up: bins of rising latency, from 0 to n. The caller frees them with
 * latency_table_fini(). served or translation NULL: any.
 */
void run_latency(const struct run *r, const char *kind, const char *served, const char *translation,
		 struct latency_table *sum);
/*
 * The same of loads and stores, by a column: "served", "translation" or "cause"; word NULL: all. False: there
 * is no such column.
 */
bool run_latency_by(const struct run *r, const char *column, const char *word, struct latency_table *sum);
u64 latency_table_count(const struct latency_table *t);
double latency_table_mean(const struct latency_table *t);
/* As hist_percentile(): smallest latency of the bin in which num/den of the samples are reached; 0 if empty.
 */
u64 latency_table_percentile(const struct latency_table *t, u64 num, u64 den);

#endif
