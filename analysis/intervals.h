/*
 * intervals.csv: what each counter gained in each interval, a row an interval. The first column is the
 * interval's number from 0, the others are named after the counters. A column's sum is the counter's value in
 * stats.json of the same run. Counters that tell a state are left out.
 *
 * "coreN.cycles.base" may be some cycles below 0 in a very short interval: it takes the remainders of the
 * other parts, which are whole cycles.
 *
 * Called by the verbs of cli/, between two calls of engine_run().
 */
#ifndef MMSIM_ANALYSIS_INTERVALS_H
#define MMSIM_ANALYSIS_INTERVALS_H

#include "model/sim/stat.h"

#define INTERVALS_FILE "intervals.csv"

struct intervals;
/* Writes into a run directory. */
struct intervals *intervals_new(const char *dir, const struct stats *live);
/* What happens from now on belongs to the next row. */
void intervals_begin(struct intervals *iv);
/* The row is complete, and the next begins. One in which nothing happened is not written: false. */
bool intervals_end(struct intervals *iv);
/* Moves the finished file into place. */
void intervals_close(struct intervals *iv);

#endif
