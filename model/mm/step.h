/*
 * The kernel's paths in steps: each is a piece of code that runs from its beginning to its end, with the
 * instructions that it takes in each class of eras. A row is
 *
 *	X(id, path, 2.4, 2.6.9, 2.6.37, 6.x, "what")
 *
 * Columns are instructions of i386 (2.4, 2.6.9) or x86-64 (2.6.37, 6.x) kernels; 0: there is no such step.
 * Those of 6.x were counted on Debian's 6.12 cloud kernel under QEMU with -icount; those of older ones are
 * estimates from their sources, +-40 %. kernel.instruction_scale corrects all of them at once.
 */
#ifndef MMSIM_MM_STEP_H
#define MMSIM_MM_STEP_H

#include "model/arch/cpu.h"
#include "model/mm/era.h"
#include "model/mm/step_alloc.h"
#include "model/mm/step_cache.h"
#include "model/mm/step_fault.h"
#include "model/mm/step_flush.h"
#include "model/mm/step_huge.h"
#include "model/mm/step_kthread.h"
#include "model/mm/step_map.h"
#include "model/mm/step_reclaim.h"
#include "model/mm/step_mlock.h"
#include "model/mm/step_rmap.h"
#include "model/mm/step_shmem.h"
#include "model/mm/step_slab.h"
#include "model/mm/step_swap.h"

/* Text lies in this order: what is new stands at the end, and moves nothing else. */
#define KERNEL_STEPS(X)                                                                         \
	FAULT_STEPS(X)                                                                          \
	ALLOC_STEPS(X) SLAB_STEPS(X) MAP_STEPS(X) KTHREAD_STEPS(X) FLUSH_STEPS(X) SWAP_STEPS(X) \
		RECLAIM_STEPS(X) CACHE_STEPS(X) RMAP_STEPS(X) HUGE_STEPS(X) SHMEM_STEPS(X) \
		MLOCK_STEPS(X)

enum kernel_step {
#define X(id, path, a, b, c, d, help) STEP_##id,
	KERNEL_STEPS(X)
#undef X
		NR_KERNEL_STEPS,
};
extern const u8 kernel_step_path[NR_KERNEL_STEPS]; /* enum kernel_path */
extern const u32 kernel_step_instructions[NR_KERNEL_STEPS][NR_ERA_CLASSES];
extern const char *const kernel_step_name[NR_KERNEL_STEPS]; /* "PCP_ALLOC" */

struct charger;
/* Lays out the text of all steps in text_bytes from text_va on; percent: kernel.instruction_scale. */
void charger_init(struct charger *ch, enum kernel_era era, u64 text_va, u64 text_bytes, u32 percent, bool on);
void charger_fini(struct charger *ch);
/* Cycles of what is no instruction's issue; step_stall.c. */
struct step_stalls {
	u64 atomic;        /* an atomic read-modify-write */
	u64 trap, syscall; /* entry and return by an exception, by a system call */
	u64 text_line;     /* a line of code that is run through once */
};
void charger_stalls(struct charger *ch, enum kernel_era era, const struct step_stalls *cost, u32 cpus);

#endif
