/*
 * A snapshot of every counter, taken from a finished replay or read back from a stats.json: what tables,
 * identities and plots work on, so that they do the same with a run that just ended and with one from last
 * year.
 *
 * Patterns: "core*.l1d.loads" is the sum over all cores, "l3*.loads" that over all shared L3s, be it one or
 * several ("l3.loads", "l3_0.loads"), "core*.cycles.*" the sum of all that begins like this; any other name
 * is itself.
 */
#ifndef MMSIM_ANALYSIS_COUNTERS_H
#define MMSIM_ANALYSIS_COUNTERS_H

#include "model/sim/stat.h"

struct counter {
	char *name;
	u64 value;
};

struct counters {
	struct counter *at; /* in order of registration */
	u32 n, cap;
};

void counters_from_stats(struct counters *c, const struct stats *s);
/* NULL if the file is one flat object of non-negative integers, else what is wrong with it (a new string). */
char *counters_from_json(struct counters *c, const char *path);
void counters_add(struct counters *c, const char *name, u64 value);
void counters_fini(struct counters *c);

bool counters_match(const char *pattern, const char *name);
/* Sum of what matches, 0 if nothing does. */
u64 counters_get(const struct counters *c, const char *pattern);
bool counters_has(const struct counters *c, const char *pattern);
/* How many cores the machine had: 1 + the largest N of a name "coreN.". */
u32 counters_cores(const struct counters *c);

/* The part of the cycle stack that a counter is ("coreN.cycles.<part>"), NULL for any other counter. */
const char *counters_cycle_part(const char *name);

#endif
