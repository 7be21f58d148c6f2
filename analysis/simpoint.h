/*
 * Weighted intervals: what SimPoint 3.2 chose of a recording, each interval standing for its cluster, and
 * what the counters of the chosen ones say of the whole.
 *
 * The files are SimPoint's text: -saveSimpoints writes lines "interval cluster", intervals counted from 0,
 * -saveSimpointWeights lines "weight cluster". Weights are divided by their sum, which is below 1 where small
 * clusters were left out. Called by the verbs of cli/.
 */
#ifndef MMSIM_ANALYSIS_SIMPOINT_H
#define MMSIM_ANALYSIS_SIMPOINT_H

#include "model/sim/stat.h"

struct simpoint {
	u64 interval;
	u64 cluster;
	double weight; /* of all, 1 */
};

struct simpoints {
	struct simpoint *point; /* by rising interval */
	u32 n;
};

/* NULL, or what is wrong with which file (a new string) and nothing to free. */
char *simpoints_read(struct simpoints *s, const char *points, const char *weights);
void simpoints_fini(struct simpoints *s);

/* What each counter gained in each interval. */
struct weighted;
/* gains: live, what was measured so far. Both must outlive it. */
struct weighted *weighted_new(const struct simpoints *s, const struct stats *gains);
void weighted_free(struct weighted *w);
/* The next interval is measured. */
void weighted_add(struct weighted *w);
/* The weighted mean over the intervals, of the sum of the counters that a pattern names (counters.h). */
double weighted_mean(const struct weighted *w, const char *pattern);
/* simpoints.csv: a row a counter: its gain in each interval, and the weighted mean. States are left out. */
void weighted_write(const struct weighted *w, const char *dir);

#define SIMPOINTS_FILE "simpoints.csv"

#endif
