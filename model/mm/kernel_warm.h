/*
 * Lines that the kernel of a machine that has been up for a while has in its caches: the text of the steps
 * that its era has, the data, per-CPU words, idle task and lines of zones and per-CPU lists that they touch
 * (kernel.warm).
 *
 * Not those of periodic work and kernel threads, which come so seldom that their lines are gone.
 *
 * Not modelled: objects and page tables that are warm as well, translations. Called by core/machine.c.
 */
#ifndef MMSIM_MM_KERNEL_WARM_H
#define MMSIM_MM_KERNEL_WARM_H

#include "model/mm/kernel.h"

struct warm_walk {
	u32 cpu;  /* hardware thread, which has been added */
	u32 line; /* bytes */
	bool all; /* else only what everybody uses all the time: faults, system calls, their memory */
	/* pa: the kernel's; text: it is fetched. */
	void (*fn)(void *arg, u64 pa, bool text);
	void *arg;
};
/*
 * Calls fn for lines that the thread uses, the common ones last. None with kernel.warm = no, or where kernel
 * code costs nothing or has no memory of its own.
 */
void kernel_each_warm_line(struct kernel *k, const struct warm_walk *w);

#endif
