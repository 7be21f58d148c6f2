/*
 * A hardware thread for tests of kernel mappings: its TLB keeps every kernel translation until it is flushed,
 * and each access of the kernel's must find a mapping, by a walk of the manuals' bits. A translation that is
 * used though the tables say something else is a flush that is missing.
 */
#ifndef MMSIM_TESTS_REF_KERNEL_CPU_H
#define MMSIM_TESTS_REF_KERNEL_CPU_H

#include "model/base/map64.h"
#include "model/mm/mm.h"
#include "tests/ref/ref_pt.h"

struct ref_kernel_cpu {
	struct cpu cpu;
	struct kernel *k;
	struct map64 tlb; /* number of a 4 KB page -> frame */
	u64 cycles[NR_KERNEL_PATHS];
	u64 accesses, page_flushes, full_flushes, interrupts, fills;
};

/* Adds it to the kernel, which must have its tables. */
void ref_kernel_cpu_init(struct ref_kernel_cpu *c, struct kernel *k);
void ref_kernel_cpu_fini(struct ref_kernel_cpu *c);
/* Physical address of va through the TLB. */
u64 ref_kernel_touch(struct ref_kernel_cpu *c, u64 va);

#endif
