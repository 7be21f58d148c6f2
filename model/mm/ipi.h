/*
 * Interrupts by which a hardware thread has others flush their TLBs, in the parts that take time:
 *
 *	send		the request is written where each target will look, and the local APIC is told
 *	deliver		until the target's first instruction; later, if its interrupts are off
 *	handle		entry, the request is found, the flush, the answer is written: on the target
 *	acknowledge	the asker, who waits, sees the answer; the target returns
 *
 * Both sides' instructions and lines go through their own caches, so the lines that carry request and answer
 * wander between the cores. Two forms (flush_rules.h): a line for all under a lock that is held to the end,
 * as arch/i386/kernel/smp.c:flush_tlb_others() and smp_invalidate_interrupt(); and smp_call_function_many().
 *
 * A target does its part as soon as it is asked, whatever its own clock says (arch/cpu.h); the answer's time
 * follows from the interrupt's.
 *
 * Not modelled: one interrupt that finds the requests of several askers; the way out of an idle state; what
 * the asker's spinning does to the lines; interrupts lost or held up on their way.
 *
 * For model/mm/shootdown.c.
 */
#ifndef MMSIM_MM_IPI_H
#define MMSIM_MM_IPI_H

#include "model/mm/asid.h"

struct ipi {
	struct kernel *k;
	struct cpu *c;                                       /* who asks */
	u64 begin;                                           /* cycle at which it began to look whom to ask */
	u64 targets;                                         /* hardware threads, not its own */
	u64 pages;                                           /* to be flushed, 0: all; only to be told */
	void (*there)(const struct ipi *x, struct asids *a); /* what a target does */
	void (*here)(const struct ipi *x); /* what the asker does before it waits; NULL: nothing */
	const void *arg;
};

/* Targets may be none: then there is only what is done here. */
void ipi_call(const struct ipi *x);

#endif
