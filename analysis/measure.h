/*
 * What a run can be judged by, under one kind of name: the derived figures of compare.h ("IPC", "L1D MPKI"),
 * the latency of its accesses ("load mean", "load p99", "store p99.9"), and counters or patterns of them
 * ("core*.dtlb.misses").
 */
#ifndef MMSIM_ANALYSIS_MEASURE_H
#define MMSIM_ANALYSIS_MEASURE_H

#include "analysis/run.h"

/* Those that belong to every summary; ends with NULL. Not all runs have all of them. */
extern const char *const measure_usual[];

/* False: the run has no such thing. */
bool measure_of(const struct run *r, const char *name, double *value);
/* "cycles"; "" if nothing is known: then units.csv may tell more of a counter. */
const char *measure_unit(const char *name);
/* Worse is less: IPC. */
bool measure_more_is_better(const char *name);

#endif
