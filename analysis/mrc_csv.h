/*
 * mrc.csv and ws.csv: miss-ratio curves and working-set curves as tables, and read back for plots.
 *
 * mrc.csv, a row a capacity, in steps of at most an eighth, until all fits:
 *	process, thread  of the stream; "all", "all": the whole recording is one
 *	kind             data, fetch, or all: both
 *	unit             line or page, and
 *	unit_bytes       its size
 *	capacity         of a fully associative LRU cache or TLB, in units, and
 *	bytes            the same
 *	references       of the stream
 *	misses           of them, first references included
 *	miss_ratio       misses / references
 *	bound            how far from the true ratio that may be (stackdist.h); 0: exact
 *	recording        its name
 *
 * ws.csv, a row a window, has after unit_bytes: tau, the window in references; units, the mean number of
 * different units in it; bytes; recording.
 */
#ifndef MMSIM_ANALYSIS_MRC_CSV_H
#define MMSIM_ANALYSIS_MRC_CSV_H

#include <stdio.h>

#include "analysis/mrc.h"

#define MRC_FILE "mrc.csv"
#define WS_FILE  "ws.csv"

void mrc_csv_head(FILE *f);
void mrc_csv_rows(FILE *f, const struct mrc *m, const char *recording);
void ws_csv_head(FILE *f);
void ws_csv_rows(FILE *f, const struct mrc *m, const char *recording);

/* The capacities at which a curve is told: steps from *first to *last. */
void mrc_steps(const struct stackdist *s, u32 *first, u32 *last);

/* A curve read back, of either table. */
struct mrc_series {
	char process[16], thread[16], kind[8], unit[8];
	u64 unit_bytes;
	char *recording;
	struct mrc_point {
		double x; /* mrc: capacity in bytes; ws: references */
		double y; /* mrc: miss ratio; ws: bytes */
		double bound;
	} * at;
	u32 n, cap;
};
struct mrc_table {
	struct mrc_series *series;
	u32 n;
};
/* NULL, or what is wrong where (a new string). ws: it is ws.csv. The caller frees the table in both cases. */
char *mrc_csv_read(FILE *f, bool ws, struct mrc_table *t);
void mrc_table_fini(struct mrc_table *t);

#endif
