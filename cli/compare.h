/*
 * The inside of mmsim compare: what was asked for, and figures that are watched. Private to cli/compare*.c.
 */
#ifndef MMSIM_CLI_COMPARE_H
#define MMSIM_CLI_COMPARE_H

#include <jansson.h>

#include "analysis/compare.h"
#include "analysis/format.h"
#include "analysis/units.h"

#define MAX_WATCHED 64u

struct compare_args {
	const char *only;
	const char *watch[MAX_WATCHED];
	u32 n_watch;
	double limit; /* negative: none */
	bool json;
};

/* A figure that is watched, in both. */
struct watched {
	const char *name;
	double a, b;
	bool more_is_better, failed;
};

/* compare.c */
struct watched compare_watch(const struct compare_args *args, const struct counters *a,
			     const struct counters *b, const char *name);
const char *compare_change_text(struct text *t, double a, double b);
json_t *compare_change_json(double a, double b);
json_t *compare_watched_json(const struct watched *w);
/* On stderr; where: of which point, or NULL. */
void compare_say_worse(const struct compare_args *args, const struct watched *w, const char *where);

/* compare_sweeps.c: returns how often a watched figure got worse by more than the limit. */
u64 compare_sweeps(const struct compare_args *args, const char *a, const char *b);

#endif
