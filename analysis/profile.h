/*
 * Where a program's accesses went, by address and by code: tables of mappings, pages, lines and functions of
 * a run (replay --profile).
 *
 * Pages are of 4 KiB, whatever the machine's are. A page counts for the mapping that it lay in when it was
 * first touched. Names of functions and data come from the files that were mapped, if those are still there
 * and of the same length.
 *
 * Not here: fetches, and the kernel's own accesses. Called by the verbs of cli/.
 */
#ifndef MMSIM_ANALYSIS_PROFILE_H
#define MMSIM_ANALYSIS_PROFILE_H

#include <stdio.h>

#include "model/core/profile.h"
#include "model/hw/sharing.h"

/* What accesses came to. Slow is what took longer than an L1 hit with the L1 TLB's help. */
#define PROFILE_COUNTS(X)                                 \
	X(slow, "accesses slower than an L1 hit")         \
	X(stores, "of the slow ones, stores and atomics") \
	X(l1_misses, "served by a level below L1")        \
	X(dram, "of those, by DRAM")                      \
	X(remote, "of those, by another core's cache")    \
	X(stlb, "translated by the STLB")                 \
	X(walks, "translated by a page walk")             \
	X(faults, "that a page fault came before")        \
	X(load_wait, "cycles beyond a hit's, of loads")   \
	X(store_wait, "cycles beyond a hit's until the line could be written, of stores")

struct profile_counts {
#define PROFILE_FIELD(name, help) u64 name;
	PROFILE_COUNTS(PROFILE_FIELD)
};

#define MAPPINGS_FILE "mappings.csv"
#define PAGES_FILE    "pages.csv"
#define LINES_FILE    "lines.csv"
#define CODE_FILE     "code.csv"

struct profile;
/* n_files: recordings of the run; what comes behind those are the same ones again. line: bytes. */
struct profile *profile_new(u32 cores, u32 n_files, u32 line);
void profile_free(struct profile *p);
/* For engine_set_profile(); accesses count while it is on. */
struct profile_hook *profile_hook(struct profile *p);

/*
 * Writes the four tables into a run directory, at most `rows` rows each, worst first. sharing: lines that
 * cores took from each other, for what of it was true and false.
 */
void profile_write(struct profile *p, const char *dir, u32 rows, const struct sharing_line *sharing,
		   u32 n_sharing);
/* The worst mappings and functions, for the terminal. */
void profile_print(struct profile *p, FILE *f);
/* The names of the tables. */
extern const char *const profile_files[]; /* ends with NULL */

#endif
