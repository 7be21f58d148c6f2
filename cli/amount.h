/*
 * How much of a replay: "250000", "10M" block runs, "2Minsns", "500k cycles". Called by the verbs.
 */
#ifndef MMSIM_CLI_AMOUNT_H
#define MMSIM_CLI_AMOUNT_H

#include "model/base/types.h"

enum unit { UNIT_RUNS, UNIT_INSNS, UNIT_CYCLES };

struct amount {
	u64 n; /* 0: not given */
	enum unit unit;
};

/*
 * A number with k, M or G, and the unit behind it; without one it is of unit `usual`. die()s naming the
 * option if it is not above 0, or in cycles where those are not allowed.
 */
struct amount amount_parse(const char *option, const char *text, enum unit usual, bool cycles_too);
/* "10,000,000 instructions": a new string. */
char *amount_text(struct amount a);

#endif
