/*
 * What `mmsim kmem` prints of a replay (kmem_replay.h): a table of 80 columns, or JSON, one flat object with
 * dotted names. For the verb.
 */
#ifndef MMSIM_ANALYSIS_KMEM_REPORT_H
#define MMSIM_ANALYSIS_KMEM_REPORT_H

#include <stdio.h>

#include "analysis/kmem_replay.h"

void kmem_report_table(FILE *f, const struct kmem_replay *r, const char *name);
void kmem_report_json(FILE *f, const struct kmem_replay *r);

#endif
