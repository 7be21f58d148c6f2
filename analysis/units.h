/*
 * units.csv: what the counters of a run mean, in the order of stats.json: counter, unit, meaning. Only the
 * first two are taken apart when it is read back.
 */
#ifndef MMSIM_ANALYSIS_UNITS_H
#define MMSIM_ANALYSIS_UNITS_H

#include <stdio.h>

#include "model/sim/stat.h"

#define UNITS_FILE   "units.csv"
#define UNITS_HEADER "counter,unit,meaning"

struct unit_line {
	char *counter, *unit;
	char *line; /* whole, without its end */
};

struct units {
	struct unit_line *at;
	u32 n;
};

void units_write(FILE *f, const struct stats *s);
/* Of a run directory; nothing if it has none, as those of older versions. */
void units_read(struct units *u, const char *dir);
void units_fini(struct units *u);
/* NULL: unknown. */
const struct unit_line *units_find(const struct units *u, const char *counter);

#endif
