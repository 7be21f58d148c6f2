/*
 * A checkpoint: the state to which a replay without time (--fast-forward) has brought a machine of one core.
 *
 * The kernel's part is not written down but made again: a later replay passes over the same block runs
 * without making them, repeats the recorded calls, and takes the page faults that the checkpoint lists at the
 * places where they were. Scheduler, threads, address spaces and frames are then as they were, as a skipped
 * run takes the same time as one without time. What the hardware knows is written down twice: every block of
 * memory of caches, TLBs, walk caches and page tables (whose accessed and dirty bits the walker sets), for a
 * machine that is built the same, whose results are then the same to the byte; and the caches' lines in order
 * of age, from which other caches are warmed by using each line once, the last level's first. Other TLBs
 * begin empty.
 *
 * The file is of the host's byte order and of this version alone. It does not grow with the time that has
 * passed, but with the caches and with the number of page faults.
 *
 * Not held: several cores, guests, runs that a fault stopped. Called by the verbs of cli/.
 */
#ifndef MMSIM_CORE_CHECKPOINT_H
#define MMSIM_CORE_CHECKPOINT_H

#include "model/core/machine.h"
#include "model/core/trap_log.h"

/* Writes the caller's text, the faults since the beginning, and the machine; die()s if it cannot. */
void checkpoint_write(const char *path, const char *text, const struct trap_log *log, struct machine *m);

struct checkpoint {
	const char *path;
	FILE *f;
	char *text; /* the writer's */
	struct trap_log log;
};
/* die()s if it is none. */
void checkpoint_open(struct checkpoint *c, const char *path);
/* What of the machine is built like that which the checkpoint is of. */
struct checkpoint_same {
	bool caches, translation;
};
/* When the replay has passed what the checkpoint is of: the machine is brought to its state. */
void checkpoint_restore(struct checkpoint *c, struct machine *m, struct checkpoint_same same);
void checkpoint_close(struct checkpoint *c);

#endif
