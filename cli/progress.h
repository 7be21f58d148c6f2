/*
 * The progress line of a long verb: how far, how fast, how long yet. On a terminal only, at most ten times a
 * second; silent in a pipe.
 */
#ifndef MMSIM_CLI_PROGRESS_H
#define MMSIM_CLI_PROGRESS_H

#include "model/base/types.h"

struct progress {
	bool on;
	bool shown;
	double begin, last; /* host seconds */
	u64 last_done;
	double rate; /* of the time since the last line, smoothed */
};

double host_seconds(void); /* monotonic */
/* quiet: never show anything. */
void progress_begin(struct progress *p, bool quiet);
/* done: references; part of whole: how much of the input is used, whole 0: unknown. */
void progress_show(struct progress *p, u64 done, u64 part, u64 whole);
void progress_end(struct progress *p);

#endif
