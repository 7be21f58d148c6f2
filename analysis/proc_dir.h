/*
 * What the simulated kernel tells of its memory (model/mm/procfs.h) as files of the run directory:
 *	proc/NAME           at the end of the run
 *	proc/intervals.txt  with --interval: the same at the beginning of what is measured and after each
 *	                    interval, one behind the other, each after a line "==> N/NAME <==", N intervals
 *	                    having passed; `tail` heads files so
 *	blocks.csv          with --interval: free blocks by order at the same times, see blocks_csv.h
 *
 * A machine without zones has none of them. Called by results.c and the verbs of cli/.
 */
#ifndef MMSIM_ANALYSIS_PROC_DIR_H
#define MMSIM_ANALYSIS_PROC_DIR_H

#include "model/mm/procfs.h"

void proc_dir_write(const char *dir, const struct proc_source *p);
/* An earlier run's files go. */
void proc_dir_remove(const char *dir);

struct snapshots;
struct snapshots *snapshots_new(const char *dir, const struct proc_source *p);
/* The state now, at so many instructions and cycles of the whole replay. */
void snapshots_take(struct snapshots *s, u64 instructions, u64 cycle);
u64 snapshots_taken(const struct snapshots *s);
/* Moves the finished files into place. */
void snapshots_close(struct snapshots *s);

#endif
