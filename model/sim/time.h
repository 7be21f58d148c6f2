/*
 * Model time: cycles of the core clock, 64 bits. Durations given in ns are converted once, when the machine
 * is built, in whole picoseconds and 128-bit integers, exactly, and rounded up: no floating point below
 * analysis/.
 */
#ifndef MMSIM_SIM_TIME_H
#define MMSIM_SIM_TIME_H

#include "model/sim/opt.h"

/* hz: the core clock, 1 MHz to 100 GHz. */
u64 time_to_cycles(struct opt_time t, u64 hz);
u64 ps_to_cycles(u64 ps, u64 hz);
u64 cycles_to_ps(u64 cycles, u64 hz); /* rounded down */

/*
 * Fast-forward: caches, TLBs, page tables and the kernel change as ever, but nothing waits and nothing is
 * reserved (no MSHR, walker, DRAM bank, bus, store buffer): clocks move by issue slots alone. Who makes
 * something wait or reserves something asks for this first. The engine sets it, for its own thread.
 */
extern _Thread_local bool time_stands;

#endif
