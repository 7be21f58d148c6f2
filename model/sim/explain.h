/*
 * What becomes of one access, hop by hop with its cycles (--explain): the parts of the model tell it while
 * `explaining` is set, which is the case for the access or fetch asked for and nearly never else. Telling
 * changes nothing. Hops that are opened hold those that follow until they are closed; the outermost ones add
 * up to the access's latency, which is asserted.
 *
 * Not told: what nobody waits for, beyond that it happens (write-backs, prefetches).
 * Anyone of the model may tell, behind explain_on(), off the hot path; the engine says of whom.
 */
#ifndef MMSIM_SIM_EXPLAIN_H
#define MMSIM_SIM_EXPLAIN_H

#include <stdio.h>

#include "model/base/types.h"

struct explain;
extern _Thread_local struct explain *explaining; /* NULL: off */

static always_inline bool explain_on(void)
{
	return unlikely(explaining != NULL);
}

/* What is asked for: recorded data accesses, or block runs with their fetches, numbered from 1. */
struct explain_range {
	u64 first, last;
};
struct explain *explain_new(FILE *out, const struct explain_range *ranges, u32 n, bool runs);
void explain_free(struct explain *x);

/* Of `n` runs and accesses done, how many more come before the next that is asked for; ~0: none is. */
u64 explain_distance(const struct explain *x, u64 runs, u64 accesses, bool *in_runs);
/* A run comes, after so many runs and accesses; where it is. */
void explain_run(struct explain *x, u64 runs, u64 accesses, const char *where);

/*
 * A data access, or a fetch, begins at a cycle. What is told till its end is kept, then printed below the
 * title.
 */
void explain_access(u64 now, const char *fmt, ...) printf_like(2, 3);
void explain_fetch(u64 now, const char *fmt, ...) printf_like(2, 3);
/* It could not start before now, and only that is told so far. */
void explain_start(u64 now);
/* It ends. summed: its latency is what the outermost hops add up to. */
void explain_end(u64 now, bool summed);
/* It did not come to its end: a fault that ended its thread. */
void explain_abandon(const char *why);

void explain_hop(u64 from, u64 to, const char *fmt, ...) printf_like(3, 4);
void explain_open(u64 from, const char *fmt, ...) printf_like(2, 3);
/* The text goes behind that with which it was opened. */
void explain_close(u64 to, const char *fmt, ...) printf_like(2, 3);

/* What is told in between is left out: of work that nobody waits for, or of many lines alike. */
void explain_mute(void);
void explain_unmute(void);

#endif
