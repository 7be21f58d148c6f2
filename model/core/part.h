/*
 * The cycle stack: every cycle of a core belongs to exactly one part, integers, sum = total. A cycle in
 * which nothing retires belongs to what held the oldest unfinished instruction.
 */
#ifndef MMSIM_CORE_PART_H
#define MMSIM_CORE_PART_H

#include "model/arch/cpu.h"

#define CORE_PARTS(X)                                                                  \
	X(BASE, "base", "instructions issue")                                          \
	X(FETCH, "fetch", "instruction fetches beyond L1I")                            \
	X(ITLB, "itlb", "ITLB missed, STLB hit")                                       \
	X(DTLB, "dtlb", "DTLB missed, STLB hit")                                       \
	X(WALK, "walk", "page walks")                                                  \
	X(L1, "l1", "data from L1: dependences, lines in flight")                      \
	X(L2, "l2", "data from L2")                                                    \
	X(L3, "l3", "data from L3")                                                    \
	X(L4, "l4", "data from L4")                                                    \
	X(DRAM, "dram", "data from memory")                                            \
	X(REMOTE, "remote", "data from another core's cache")                          \
	X(STORE_BUFFER, "store_buffer", "the store buffer was full or had to drain")   \
	X(MSHR_FULL, "mshr_full", "no MSHR was free")                                  \
	X(LOCK, "lock", "waiting for locks")                                           \
	X(IO_WAIT, "io_wait", "every thread waited for a device or the outside")       \
	X(SWITCH, "switch", "switching threads")                                       \
	X(IDLE, "idle", "nothing to run")

enum core_part {
#define X(id, name, help) PART_##id,
	CORE_PARTS(X)
#undef X
	PART_KERNEL, /* + enum kernel_path: "kernel.<path>" */
	PART_IPI = PART_KERNEL + KPATH_IPI, /* but this one is "ipi" */
	NR_CORE_PARTS = PART_KERNEL + NR_KERNEL_PATHS,
};

/* "base", ..., "kernel.fault", ..., "ipi" */
const char *core_part_name(enum core_part part);

#endif
