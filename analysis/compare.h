/*
 * What differs between two runs: derived figures as the summary has them, and every counter, ranked by how
 * large the difference is beside the first run's value.
 *
 * Called by the verbs of cli/.
 */
#ifndef MMSIM_ANALYSIS_COMPARE_H
#define MMSIM_ANALYSIS_COMPARE_H

#include "analysis/counters.h"

struct figure {
	const char *name, *unit;
	const char *of[4];    /* patterns, added up */
	const char *whole[2]; /* divided by these, added up; none: not divided */
	double scale;
	bool more_is_better;
};

extern const struct figure figures[]; /* ends with name NULL */

/* Does a run know of it: has it anything to divide by, and to count? */
bool figure_known(const struct figure *f, const struct counters *c);
double figure_value(const struct figure *f, const struct counters *c);

struct difference {
	const char *name; /* of a's or b's counters */
	u64 a, b;
	bool only_a, only_b; /* the other run has no such counter */
};

struct differences {
	struct difference
		*at; /* largest relative difference first; from zero or to nothing before all others */
	u32 n;
	u32 same; /* compared and found equal */
};

/* (b - a) / a; infinite from zero. */
double relative(double a, double b);
/* only: a pattern (counters.h), NULL: all. */
void differences_of(struct differences *d, const struct counters *a, const struct counters *b,
		    const char *only);
void differences_fini(struct differences *d);

#endif
