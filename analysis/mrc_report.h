/*
 * Miss-ratio curves and working sets for people, in 80 columns, and as JSON.
 */
#ifndef MMSIM_ANALYSIS_MRC_REPORT_H
#define MMSIM_ANALYSIS_MRC_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "analysis/mrc.h"

void mrc_report_table(FILE *f, const struct mrc *m, const char *recording);
/* One object of a recording: its curves, each an object of arrays. */
json_t *mrc_report_json(const struct mrc *m, const char *recording);

#endif
