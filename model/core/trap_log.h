/*
 * The page faults of the part of a replay before a checkpoint, in order: what the kernel was asked beside the
 * recorded calls. Asked again at the same places of a replay that makes no accesses, it comes to the same
 * state.
 *
 * Kept by core_mem.c while a log is set; filled in and used by the engine.
 */
#ifndef MMSIM_CORE_TRAP_LOG_H
#define MMSIM_CORE_TRAP_LOG_H

#include "model/arch/cpu.h"

struct trap_note {
	u64 records; /* block runs that were done when the engine let the core run, or copy */
	u64 va;
	u8 access, present;
	u8 copies; /* in a copy of a user buffer, not in a run */
	u8 unused[5];
};

struct trap_log {
	struct trap_note *note;
	u64 n, cap;
	u64 next;    /* to be asked again */
	u64 records; /* for what is noted next */
	bool copies;
	bool unusual; /* a run was stopped by a fault, which cannot be repeated */
};

void trap_log_add(struct trap_log *l, const struct trap *t);
void trap_log_fini(struct trap_log *l);

#endif
