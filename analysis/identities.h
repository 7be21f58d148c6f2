/*
 * What must hold between the counters of any finished replay, whatever was replayed on whatever machine. Each
 * identity is one row in identities.c. Checked at the end of every run: a broken one is a bug of ours.
 */
#ifndef MMSIM_ANALYSIS_IDENTITIES_H
#define MMSIM_ANALYSIS_IDENTITIES_H

#include "analysis/counters.h"
#include "analysis/results.h"

extern const char *const identities[]; /* ends with NULL */

/* NULL if all hold, else what does not, with its numbers (a new string). *checked: how many applied. */
char *identities_broken(const struct counters *c, u32 *checked);
/*
 * Whether "a + b - c = d" (or >=, or "!e a = b") holds, terms being counter patterns. NULL if it does or if
 * it does not apply (then *applied is false), else what it came to (a new string).
 */
char *identity_broken(const struct counters *c, const char *identity, bool *applied);
/* Adds the samples of each kind as counters "latency.<kind>", so that identities can speak of them. */
void identities_add_latency(struct counters *c, const struct results_latency *l, u32 n);
/*
 * Aborts with the broken identity. part: of what was gained in a part of the replay, equalities alone hold.
 * An access under way when a part begins, say one that faults, looked its line up before and misses it in
 * the part.
 */
void identities_assert(const struct results *r, bool part);

#endif
