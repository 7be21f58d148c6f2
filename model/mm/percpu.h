/*
 * What the kernel's steps have in a hardware thread's per-CPU area, before its page lists (zone.c): words
 * that every entry touches at its beginning, then each step's own. For model/mm.
 */
#ifndef MMSIM_MM_PERCPU_H
#define MMSIM_MM_PERCPU_H

#include "model/mm/step.h"

/* Words of its TLB and of requests to it, which others look at or write (arch/x86/mm/tlb.c, kernel/smp.c). */
#define PERCPU_TLBSTATE        512u  /* cpu_tlbstate: loaded_mm */
#define PERCPU_TLBSTATE_CTXS   576u  /* the same: generations of the ids */
#define PERCPU_TLBSTATE_SHARED 640u  /* cpu_tlbstate_shared */
#define PERCPU_QUEUE           704u  /* call_single_queue */
#define PERCPU_FLUSH_INFO      768u  /* flush_tlb_info */
#define PERCPU_REQUEST         6144u /* the csd of each hardware thread that asks, 32 bytes */

/* Steps' words lie in the lines 16 to 79, an entry's (current, its stack, TSS) in the first ones. */
#define PERCPU_STEP_LINES 64u

static inline u32 percpu_words(enum kernel_step s)
{
	if (s == STEP_FAULT_ENTRY || s == STEP_FAULT_EXIT || s == STEP_SYSCALL || s == STEP_IPI_ENTRY ||
	    s == STEP_IPI_EXIT)
		return 0;
	return (16 + s * 4u % PERCPU_STEP_LINES) * 64u;
}

#endif
