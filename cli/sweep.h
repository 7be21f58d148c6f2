/*
 * The inside of mmsim sweep. Private to cli/sweep*.c.
 */
#ifndef MMSIM_CLI_SWEEP_H
#define MMSIM_CLI_SWEEP_H

#include "analysis/sweep.h"

struct sweep_job {
	struct sweep sweep;
	const char *dir;
	char *tmp; /* of this process alone, in dir */
	u32 jobs;
	u32 part, parts; /* points whose number is part, modulo parts */
	u64 keep;        /* bytes of memory for decoded recordings */
	bool quiet, sqlite, json;
};

/* What a command line or a file asks for, before both become one sweep. */
struct sweep_request {
	struct sweep sweep; /* without the axes of recordings and seeds */
	struct strings traces, seeds;
};

/* sweep.c: each die()s saying what `where` has wrong. Names of files are taken to be in dir, NULL: as given.
 */
void sweep_add_trace(struct strings *to, const char *dir, const char *name);
void sweep_add_seeds(struct sweep_request *q, const char *where, const char *list);
void sweep_add_value(struct sweep_axis *a, const char *dir, const char *value);
/* The name of a machine or kernel: built in, or a file's path; a new string. */
char *sweep_config_name(const char *dir, const char *name);

/* sweep_file.c: what a file asks for; die()s with file and line. Its paths are beside it. */
void sweep_read_file(struct sweep_request *q, const char *path);

/* sweep_dir.c: makes the directory, or takes over one with the same manifest; die()s if it is another's. */
void sweep_dir_prepare(struct sweep_job *job);
/* Reads the sweep of a directory; die()s if it cannot go on. */
void sweep_dir_resume(struct sweep_job *job);
/* The sweep that another directory holds; its points are run in job->dir. */
void sweep_dir_read(struct sweep_job *job, const char *other);
/* die()s if the other directory holds another sweep than job->dir. */
void sweep_dir_check_same(const struct sweep_job *job, const char *other);
void sweep_dir_finish(struct sweep_job *job);
/* One process at a time, of any part, until the file is closed. */
int sweep_dir_lock(const struct sweep_job *job);
/* A point that was run: its directory into its place; or why it has none. */
void sweep_dir_keep(const struct sweep_job *job, const char *name);
void sweep_dir_fail(const struct sweep_job *job, const char *name, const char *why);
/* Of all parts: points without a result or a reason why not. */
u64 sweep_dir_missing(const struct sweep_job *job);
u64 sweep_dir_failures(const struct sweep_job *job);

/* Is it a point of this part, and not done? name: room for its name, a new string then. */
bool sweep_is_left(const struct sweep_job *job, u64 point, char **name);

/* sweep_keep.c: decodes the recordings that several of the points that are left replay, as far as memory
 * goes. */
void sweep_keep(const struct sweep_job *job, bool say);
/* Half of what the host has to give. */
u64 sweep_keep_usual(void);

/* sweep_merge.c: takes over the points that another directory of the same sweep has. */
void sweep_merge(const struct sweep_job *job, const char *other);

/* sweep_run.c: runs what is not done yet; true: all that there was, false: interrupted. */
bool sweep_run(struct sweep_job *job);

#endif
