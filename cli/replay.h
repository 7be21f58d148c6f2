/*
 * The inside of mmsim replay: what was asked for, what runs, and which part of it is measured. Private to
 * cli/replay*.c.
 */
#ifndef MMSIM_CLI_REPLAY_H
#define MMSIM_CLI_REPLAY_H

#include "analysis/core_latency.h"
#include "analysis/events_json.h"
#include "analysis/intervals.h"
#include "analysis/ladder_csv.h"
#include "analysis/proc_dir.h"
#include "analysis/profile.h"
#include "analysis/simpoint.h"
#include "analysis/trace_text.h"
#include "analysis/window.h"
#include "cli/amount.h"
#include "cli/progress.h"
#include "model/core/checkpoint.h"
#include "model/core/machine.h"
#include "model/sim/explain.h"

#define MAX_SETTINGS 256u
#define MAX_EXPLAIN  64u
#define MAX_PATTERNS 256u

/* A named place: its n-th passing, or all (n = 0). */
struct place {
	const char *name; /* NULL: none */
	u64 nth;
};

struct replay_args {
	const char *machine, *kernel, *output;
	const char **command; /* words, as they were given */
	u32 n_command;
	const char *settings[MAX_SETTINGS];
	u32 n_settings;
	const char *const *files;
	u32 n_files;
	struct trace_opts trace;
	struct amount skip, fast_forward, warmup, max, interval;
	const char *patterns[MAX_PATTERNS]; /* of counters, for the columns of intervals; none: all */
	u32 n_patterns;
	struct place from, to;
	struct explain_range explain[MAX_EXPLAIN];
	u32 n_explain;
	bool explain_runs; /* the ranges are of runs, not of accesses */
	const char *simpoints, *weights; /* files, NULL: none */
	enum engine_mode between;        /* intervals */
	const char *checkpoint, *restore; /* files, NULL: none */
	u32 loop;
	bool plot, check, quiet, decode_only, ladder, timeline;
	u64 timeline_limit;       /* events */
	u32 profile;              /* rows of its tables, 0: none is made */
	const char *trace_events; /* file, NULL: none */
};

struct replay {
	const struct replay_args *args;
	struct machine *machine;
	const struct config *config;
	struct progress progress;
	double begin;
	u32 loops_left;
	bool x86_64; /* every recording, so that numbers of system calls have names */

	/* What is measured, if that is not everything. */
	struct window *window;       /* NULL: everything */
	struct intervals *intervals; /* NULL: not asked for */
	struct snapshots *snapshots; /* with intervals */
	struct ladder_part *ladder;  /* of the window */
	struct events *events;       /* NULL: not asked for */
	struct trace_text *trace;    /* the same */
	struct results_latency latency[CORE_LATENCY_ROWS];
	struct simpoints simpoints;
	struct weighted *weighted; /* NULL: no simpoints */

	struct profile *profile; /* NULL: not asked for */

	struct trap_log traps; /* since what was skipped, for a checkpoint */
	u64 skipped;           /* block runs */
	u64 *file_bytes;       /* of each recording */
};

/* replay.c */
struct trace *replay_open(const struct replay_args *a, u32 file);
void replay_begin_traces(struct replay *r); /* the recordings run from their beginning */
struct results_host replay_cost(double begin);

/* replay_window.c: the whole replay, in the parts that were asked for; leaves the window closed. */
void replay_parts(struct replay *r);

/* Where a part ends, as positions of the whole replay; ~0: there is no such end. */
struct replay_goal {
	u64 records, instructions, cycle;
};
struct replay_goal replay_position(const struct replay *r);
enum replay_stop { REPLAY_AT_GOAL, REPLAY_AT_MARK, REPLAY_AT_END };
/* Replays up to the goal, or behind a mark if marks are looked for, or to the end of the last round. */
enum replay_stop replay_run_to(struct replay *r, enum engine_mode mode, const struct replay_goal *g,
			       bool marks);
/* Passes over block runs up to that number of them. */
void replay_pass_to(struct replay *r, const char *option, u64 records);
void replay_begin_measuring(struct replay *r);
void replay_end_measuring(struct replay *r);

/* replay_checkpoint.c */
void replay_write_checkpoint(struct replay *r); /* of where the replay is */
void replay_restore(struct replay *r);          /* from its beginning to where the checkpoint was written */

/* replay_simpoints.c */
void replay_open_simpoints(struct replay *r); /* reads the files, before anything long begins */
void replay_simpoints(struct replay *r);      /* in place of all other parts */

/* replay_notes.c: remarks for the reader. Each text is a new string. */
struct notes {
	char *text[64];
	u32 n;
};
void notes_gather(struct notes *n, const struct replay *r);
void notes_fini(struct notes *n);

/* replay_decode.c: --decode-only. */
void replay_decode(const struct replay_args *a);

#endif
