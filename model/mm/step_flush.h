/*
 * Steps of interrupts for TLB flushes; see step.h. 6.x: smp_call_function_many() counted 208 instructions
 * without its targets, flush_tlb_func() 82; 120 a target, and of the handler entry, irq_enter() and exit, the
 * queue are estimates from parts that were counted: 350 to 500 in all. i386: 80 for who asks, 40 for the
 * handler and 70 for its entry and exit, estimated as all older ones.
 */
#ifndef MMSIM_MM_STEP_FLUSH_H
#define MMSIM_MM_STEP_FLUSH_H

#define FLUSH_STEPS(X)                                                                              \
	X(IPI_CALL, SHOOTDOWN, 80, 80, 120, 208, "asking others to flush, without what each takes") \
	X(IPI_TARGET, SHOOTDOWN, 0, 0, 60, 120, "each of them: its request is queued")              \
	X(IPI_ENTRY, IPI, 35, 35, 80, 175, "interrupt entry, up to its handler")                    \
	X(IPI_QUEUE, IPI, 0, 0, 20, 60, "the queue of requests is emptied")                         \
	X(IPI_FLUSH, IPI, 40, 40, 60, 82, "flush_tlb_func() and its kin without the invalidation")  \
	X(IPI_EXIT, IPI, 35, 35, 60, 140, "the end of the interrupt, return to what was interrupted")

#endif
