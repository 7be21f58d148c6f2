/*
 * Points of a sweep taken together: those that agree in all axes but the seed, for means over seeds; and its
 * points as runs, for all that is made of finished sweeps.
 */
#ifndef MMSIM_ANALYSIS_SWEEP_POINTS_H
#define MMSIM_ANALYSIS_SWEEP_POINTS_H

#include "analysis/run.h"
#include "analysis/sweep.h"

struct sweep_group {
	u64 *point;
	u32 n, cap;
};

struct sweep_groups {
	struct sweep_group *at;
	u32 n, cap;
};

/* In the order of their first points. fixed: only points that have this value of each axis; NULL: all. */
struct sweep_fixed {
	const char **value; /* one an axis; NULL: any */
};
struct sweep_groups sweep_groups(const struct sweep *s, const struct sweep_fixed *fixed);
void sweep_groups_fini(struct sweep_groups *g);

/* False: the point has no result, and *bad says so if it is damaged (a new string). */
bool sweep_point_open(struct run *r, const char *dir, const struct sweep *s, u64 point, char **bad);

/* Is the directory a sweep's? */
bool sweep_is_dir(const char *dir);
/* Reads the sweep of a directory; NULL, or what is wrong (a new string). */
char *sweep_open(struct sweep *s, const char *dir);

#endif
