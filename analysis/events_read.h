/*
 * events.json (events_json.h) read back, line by line: what mmsim wrote, not what another program made of it.
 */
#ifndef MMSIM_ANALYSIS_EVENTS_READ_H
#define MMSIM_ANALYSIS_EVENTS_READ_H

#include "analysis/events_json.h"

struct events_lane {
	u32 pid, tid;
	char *name; /* "core 0", "core 0 interrupts", "kswapd0", "swap device 2" */
};

struct events_row {
	u32 lane;
	enum timeline_kind kind;
	bool instant, major; /* major: a fault that waited for a device */
	u64 start, end;      /* cycles */
	char *text;          /* of a mark, else NULL */
};

struct events_table {
	struct events_lane *lane;
	u32 n_lanes;
	struct events_row *row; /* in the order of their ends, lane by lane */
	u32 n, cap;
	u64 left_out; /* events that the limit kept away */
};

/* NULL, or what is wrong with it and what to do (a new string) and nothing to free. */
char *events_read(struct events_table *t, const char *path);
void events_table_fini(struct events_table *t);

#endif
