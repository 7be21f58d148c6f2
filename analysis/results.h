/*
 * What a finished replay hands over, and the run directory and terminal table that are made from it.
 *
 * The run directory (all that a later plot, report or comparison reads):
 *	summary.txt    the terminal table, without the host's part
 *	stats.json     one flat object, dotted counter name to integer, in order of registration; the same
 *	               trace, configuration and seed give the same bytes
 *	units.csv      unit and meaning of each counter, see units.h
 *	latency.csv    access latency histograms, see latency_csv.h
 *	intervals.csv  counters by interval, see intervals.h; only if asked for
 *	proc/          what the simulated kernel tells of its memory, see proc_dir.h; if there are zones
 *	blocks.csv     free blocks by order over time, see blocks_csv.h; of such a machine, with intervals.csv
 *	ladder.csv     what allocations cost by where they were served, see ladder_csv.h; of such a machine
 *	events.json    spans of what delayed the program, see events_json.h; only if asked for
 *	simpoints.csv  counters by chosen interval and weighted, see simpoint.h; only if asked for
 *	mappings.csv, pages.csv, lines.csv, code.csv   where accesses went, see profile.h; only if asked for
 *	sharing.csv    lines that cores took from each other, see sharing.h; only if there are any
 *	config.cfg     the whole effective configuration
 *	run.json       what the run was (machine, kernel, traces, version, clock) and the host side (time,
 *	               memory); a directory is a run's if it has this file
 *
 * Not here: pictures (plots/), and anything below analysis/. Called by the verbs of cli/.
 */
#ifndef MMSIM_ANALYSIS_RESULTS_H
#define MMSIM_ANALYSIS_RESULTS_H

#include <stdio.h>

#include "model/base/hist.h"
#include "model/hw/sharing.h"
#include "model/mm/ladder.h"
#include "model/mm/procfs.h"
#include "model/sim/config.h"
#include "model/sim/stat.h"

/* One histogram of access latency, in cycles, and what its samples have in common. */
struct results_latency {
	const char *kind;        /* "load", "store", "fetch", "pte", "kernel", ... */
	const char *served;      /* where the line came from: "l1", "l2", "l3", "dram", "remote", ... */
	const char *translation; /* how the address was translated: "dtlb", "stlb", "walk", "fault", "none" */
	const struct hist *hist;
	const char *cause; /* what the kernel did meanwhile: "none", "zero", "major", ...; NULL: "none" */
};

/* What the replay cost the host; never reaches stats.json. */
struct results_host {
	double cpu_seconds; /* of the whole process, user and system */
	double wall_seconds;
	u64 max_rss; /* bytes */
};

struct profile;

struct results {
	const struct stats *stats;
	const struct config *config; /* NULL: no config.cfg */
	const struct results_latency *latency;
	u32 n_latency;
	const char *machine, *kernel;
	const char *const *traces; /* as the user named them */
	u32 n_traces;
	const char *version;
	const char *const *command; /* words of the command line, NULL: unknown */
	u32 n_command;
	u64 hz; /* the modelled core clock */
	const struct sharing_line *sharing; /* lines with sharing misses, most false ones first */
	u32 n_sharing, line_bytes;
	const struct ladder *ladder; /* NULL: nothing is known */
	struct proc_source proc;     /* pa NULL: there are no zones */
	bool print_ladder;           /* in the table, too */
	struct profile *profile;     /* NULL: not asked for */
	u32 profile_rows;
	struct results_host host;
	const char *const *notes; /* for the reader: assumptions, what was met and is not modelled */
	u32 n_notes;
};

/*
 * Makes the directory ready before a long replay: creates it, or takes over an earlier run's. Dies if it
 * holds something else, fails if it cannot be written.
 */
void results_prepare(const char *dir);
/* Writes the run directory, which results_prepare() made ready; fails naming the file. */
void results_write(const char *dir, const struct results *r);
/* The terminal table, at most 80 columns wide; with or without what the replay cost the host. */
void results_print(FILE *f, const struct results *r, bool host);

#endif
