/*
 * ladder.csv: where allocations and frees were served and what each level cost, a row a level (ladder.h),
 * whether anything was served there or not:
 *
 *	level             "page.pcp", "object_free.slow", ...
 *	count             requests served there
 *	cycles_mean       of one, and
 *	cycles_p50, cycles_p99, cycles_max  to the width of the histogram's bins, at most 3.2 %
 *	instructions      of kernel code, a request, and so the rest
 *	lines             of text and data, as often as they were asked for
 *	l1_misses, l2_misses, llc_misses
 *	tlb_misses        not in the first TLBs
 *	evicted_lines, evicted_translations  of the program, turned out of caches and TLBs
 *
 * Only of a machine that keeps a ladder and has served something. What is measured may be a part of the
 * replay: the sum of what lies between ladder_part_begin() and ladder_part_end().
 */
#ifndef MMSIM_ANALYSIS_LADDER_CSV_H
#define MMSIM_ANALYSIS_LADDER_CSV_H

#include <stdio.h>

#include "model/mm/ladder.h"

#define LADDER_FILE "ladder.csv"
#define LADDER_CSV_HEADER                                                                                  \
	"level,count,cycles_mean,cycles_p50,cycles_p99,cycles_max,instructions,lines,l1_misses,l2_misses," \
	"llc_misses,tlb_misses,evicted_lines,evicted_translations"

bool ladder_is_empty(const struct ladder *l);
void ladder_csv_write(FILE *f, const struct ladder *l);
/* For the terminal, 80 columns: a row a level that served something. */
void ladder_print(FILE *f, const struct ladder *l);

struct ladder_part;
struct ladder_part *ladder_part_new(const struct ladder *live);
void ladder_part_free(struct ladder_part *p);
void ladder_part_begin(struct ladder_part *p);
void ladder_part_end(struct ladder_part *p);
const struct ladder *ladder_part_sum(const struct ladder_part *p);

/* A row read back. */
struct ladder_csv_row {
	char level[32];
	u64 count, p50, p99, max;
	double mean;
};
struct ladder_table {
	struct ladder_csv_row row[NR_LADDER_KINDS];
	u32 n;
};
/* NULL if the table is well-formed, else what is wrong where (a new string). */
char *ladder_csv_read(FILE *f, struct ladder_table *t);

#endif
