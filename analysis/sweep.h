/*
 * A sweep: recordings, seeds and values of keys, and the points that they make: the full product, where lists
 * that are zipped go together, without the combinations that conditions leave out. Points are numbered from
 * 0, the last axis changing fastest.
 *
 * The directory of a sweep:
 *	manifest.json  what the sweep is; a point is never run by any other
 *	.lock          held while the manifest or the tables are written
 *	points/NAME    run directories of points; moved here when they are complete
 *	failed/NAME    why a point failed, one line of text
 *	tmp/           what runs now
 *	...            tables, see sweep_table.h
 *
 * Not here: running points, which is cli/sweep*.c's.
 */
#ifndef MMSIM_ANALYSIS_SWEEP_H
#define MMSIM_ANALYSIS_SWEEP_H

#include "analysis/strings.h"

#define SWEEP_MANIFEST "manifest.json"
#define SWEEP_LOCK     ".lock"

struct sweep_axis {
	char *key; /* of the configuration, or one of the words below */
	struct strings values;
	bool zipped; /* goes together with the one before */
	u64 stride;  /* points for which it stays */
};

/* Axes that are no keys. */
#define SWEEP_MACHINE "machine"
#define SWEEP_KERNEL  "kernel"
#define SWEEP_TRACE   "trace"
#define SWEEP_SEED    "seed"

struct sweep {
	char *machine, *kernel, *warmup, *max; /* NULL: not given */
	struct strings with; /* recordings that run beside that of each point */
	struct strings settings;
	struct strings where; /* conditions, see expr.h */
	struct sweep_axis *axis;
	u32 n_axes;
	u64 points;
	u64 *chosen; /* of the product's, those that are points; NULL: all */
};

struct sweep_axis *sweep_add_axis(struct sweep *s, const char *key, bool zipped);
/* After the last axis: counts the points of the product. NULL, or what is wrong (a new string). */
char *sweep_count(struct sweep *s);
/* Leaves out the points for which a condition does not hold. NULL, or what is wrong (a new string). */
char *sweep_choose(struct sweep *s, const char *usual_machine, const char *usual_kernel);
void sweep_fini(struct sweep *s);

const char *sweep_value(const struct sweep *s, u64 point, const struct sweep_axis *a);
/* NULL if no axis has that key. */
const struct sweep_axis *sweep_axis(const struct sweep *s, const char *key);
/* Its values are built-in names or paths. */
bool sweep_names_files(const struct sweep_axis *a);
/* A name for its directory, a new string: number and values. */
char *sweep_name(const struct sweep *s, u64 point);

/*
 * The manifest: all of the sweep, the version that runs it, size and checksum of recordings and configuration
 * files, and a checksum of the manifest itself. *bad: NULL, or which file cannot be read (a new string).
 */
char *sweep_manifest(const struct sweep *s, const char *version, char **bad);
/* Reads the sweep back from the text of a manifest; NULL, or what is wrong (a new string). */
char *sweep_from_manifest(struct sweep *s, const char *text);

/* Is the point's result there? If not, has it failed? */
bool sweep_done(const char *dir, const char *name);
bool sweep_failed(const char *dir, const char *name);

#endif
