/*
 * "Did you mean": the nearest of a set of words by edit distance. For messages about unknown keys, values,
 * file names and verbs; anyone above base may use it.
 */
#ifndef MMSIM_SIM_SUGGEST_H
#define MMSIM_SIM_SUGGEST_H

#include "model/base/types.h"

struct suggest {
	const char *word;
	const char *best; /* NULL: nothing is near enough to be meant */
	u32 distance;
};

void suggest_init(struct suggest *s, const char *word);
/* The candidate must outlive s. */
void suggest_offer(struct suggest *s, const char *candidate);

#endif
