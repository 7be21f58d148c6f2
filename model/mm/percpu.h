/*
 * What the kernel's steps have in a hardware thread's per-CPU area, before its page lists (zone.c): words
 * that every entry touches at its beginning, then each step's own. For model/mm.
 */
#ifndef MMSIM_MM_PERCPU_H
#define MMSIM_MM_PERCPU_H

#include "model/mm/step.h"

/* Steps' words lie in the lines 16 to 79, an entry's (current, its stack, TSS) in the first ones. */
#define PERCPU_STEP_LINES 64u

static inline u32 percpu_words(enum kernel_step s)
{
	if (s == STEP_FAULT_ENTRY || s == STEP_FAULT_EXIT || s == STEP_SYSCALL)
		return 0;
	return (16 + s * 4u % PERCPU_STEP_LINES) * 64u;
}

#endif
