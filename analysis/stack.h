/*
 * The cycle stack of a run: its parts, over all cores, in the order in which they were registered.
 */
#ifndef MMSIM_ANALYSIS_STACK_H
#define MMSIM_ANALYSIS_STACK_H

#include "analysis/counters.h"

#define STACK_MAX 64u /* parts that are told apart; further ones count in the total only */

struct stack_part {
	const char *name; /* "base", "kernel.fault", ...; owned by the counters */
	u64 cycles;
};

struct stack {
	struct stack_part part[STACK_MAX]; /* none of them is zero */
	u32 n;
	u64 total;
};

void stack_of(struct stack *s, const struct counters *c);
/* The cycles of a part, 0 if there is none of that name. */
u64 stack_get(const struct stack *s, const char *name);

#endif
