/*
 * The lines that cores took from each other most often: of sharing.csv and of the table. Counted over the
 * whole replay, also where a window of it is measured.
 *
 * sharing.csv: address (physical, of the line), false_sharing, true_sharing: misses on the line because
 * another core had written to other bytes of it, or to those that were accessed. Most false ones first.
 */
#ifndef MMSIM_ANALYSIS_SHARING_H
#define MMSIM_ANALYSIS_SHARING_H

#include <stdio.h>

#include "analysis/results.h"

/* At most that many lines are written, and so many of them printed. */
#define SHARING_LINES   1000u
#define SHARING_PRINTED 5u

void sharing_print(FILE *f, const struct results *r);
void sharing_write(FILE *f, const struct results *r);

#endif
