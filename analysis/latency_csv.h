/*
 * latency.csv: access latency histograms as a tidy table, one row a non-empty bin.
 *
 *	kind         what asked: load, store, fetch, pte, kernel
 *	served       where the line was: l1, l2, l3, dram, remote
 *	translation  how the address was found: dtlb, stlb, walk, fault, none
 *	from_cycles  smallest latency in the bin
 *	to_cycles    largest latency in the bin (the same up to 255)
 *	accesses     samples in the bin
 *	cause        what the kernel did meanwhile (ACCESS_CAUSES of model/arch/cpu.h): none, a kind of fault,
 *or whose work came before: shootdown, kthread; "any" where it is not told. Tables of earlier versions have
 *no such column.
 *
 * Rows of one kind, served, translation and cause stand together, latency rising.
 */
#ifndef MMSIM_ANALYSIS_LATENCY_CSV_H
#define MMSIM_ANALYSIS_LATENCY_CSV_H

#include <stdio.h>

#include "analysis/results.h"

#define LATENCY_CSV_BEFORE_CAUSES "kind,served,translation,from_cycles,to_cycles,accesses"
#define LATENCY_CSV_HEADER        LATENCY_CSV_BEFORE_CAUSES ",cause"

struct latency_row {
	char kind[16], served[16], translation[16], cause[16];
	u64 from, to, accesses;
};

struct latency_table {
	struct latency_row *row;
	u32 n, cap;
};

void latency_csv_write(FILE *f, const struct results_latency *l, u32 n);
/* Reads a whole table; NULL if it is well-formed, else what is wrong where (a new string). */
char *latency_csv_read(FILE *f, struct latency_table *t);
void latency_table_fini(struct latency_table *t);

#endif
