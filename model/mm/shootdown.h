/*
 * Translations that were changed leave the TLBs: the flush on the hardware thread that runs the kernel, and
 * interrupts to the others that may hold them, as arch/x86/mm/tlb.c:flush_tlb_mm_range(). The sender pays for
 * each interrupt, flushes its own TLB meanwhile, and waits for the last answer.
 *
 * Who is interrupted: those that have the address space loaded; with page tables to be freed all that hold
 * any of it, because their walkers may be on the way (freed_tables). An idle one (lazy TLB), or one that runs
 * another space now, learns of the change when it loads the space again; here that flush happens at once and
 * for nothing.
 *
 * For model/mm.
 */
#ifndef MMSIM_MM_SHOOTDOWN_H
#define MMSIM_MM_SHOOTDOWN_H

#include "model/mm/mm.h"

struct flush {
	u64 start, end;
	u32 shift;   /* of the smallest page in it */
	bool whole;  /* all of the address space */
	bool tables; /* page tables that translated it are freed next */
};

/* Flushes pages one by one up to the ceiling, else the address space; charged. */
void tlb_flush(struct mm *mm, struct cpu *c, const struct flush *asked);
void tlb_flush_page(struct mm *mm, struct cpu *c, u64 va);
void tlb_flush_mm(struct mm *mm, struct cpu *c);

/*
 * For flushes that are put off (tlb_batch.h): entries of the address space were cleared. Returns the hardware
 * threads of which tlb_flush_cpus(), which flushes whatever address space each has loaded, is due.
 */
u64 tlb_put_off(struct mm *mm);
void tlb_flush_cpus(struct kernel *k, struct cpu *c, u64 cpus);

/*
 * Of the kernel's own addresses, which every hardware thread may hold: all others are interrupted, idle ones
 * too (on_each_cpu()). A range is flushed page by page up to the ceiling by 6.x, as arch/x86/mm/tlb.c does
 * since 3.7; before that, and beyond it, everything goes. c NULL: boot, for nothing.
 */
void kernel_flush_range(struct kernel *k, struct cpu *c, u64 start, u64 end);
/* One page, of this hardware thread alone: __flush_tlb_one(). */
void kernel_flush_here(const struct kernel *k, struct cpu *c, u64 va);

#endif
