/* mmsim info: what a trace's allocation events are of. Called by info.c. */
#ifndef MMSIM_CLI_INFO_ALLOC_H
#define MMSIM_CLI_INFO_ALLOC_H

#include "traces/block.h"

struct info_alloc;
struct info_alloc *info_alloc_new(void);
void info_alloc_free(struct info_alloc *a);
void info_alloc_event(struct info_alloc *a, const struct tr_event *ev); /* other events are passed over */
void info_alloc_print(const struct info_alloc *a);                      /* nothing if there were none */

#endif
