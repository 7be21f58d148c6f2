/*
 * Translations that were changed leave the TLBs: the flush on the hardware thread that runs the kernel, and
 * on the others that may hold them, as arch/x86/mm/tlb.c:flush_tlb_mm_range() and its elders
 * (flush_rules.h), by interrupts (ipi.h) or by the hardware's broadcast.
 *
 * Who is asked: the hardware threads in the address space's mask (asid.h). Up to 4.13 all of them, and who is
 * lazy then leaves the address space. Since then not who is lazy, or runs something else: they find out by
 * the generation when they load it again; unless page tables are to be freed, which their walkers may be in
 * (freed_tables), or the mask is due to be trimmed. Who is asked flushes pages if they bring it from the last
 * generation to the present one, everything if it is further behind, and nothing if it is up to date.
 *
 * A broadcast takes the translations out of every TLB, at the initiator's cost only.
 *
 * Not modelled: flushes of several hardware threads that overlap in time do not meet; what a broadcast
 * costs the others; INVLPGB of 6.15 on AMD; paravirtual flushes; the user half of page-table isolation but
 * for the second invalidation (kernel.pti). For model/mm.
 */
#ifndef MMSIM_MM_SHOOTDOWN_H
#define MMSIM_MM_SHOOTDOWN_H

#include "model/mm/mm.h"

struct flush {
	u64 start, end;
	u32 shift;   /* of the smallest page in it */
	bool whole;  /* all of the address space */
	bool tables; /* page tables that translated it are freed next */
	u64 entries; /* that have lost rights, or are gone; 0: it is for nothing */
};

/* Flushes pages one by one up to the ceiling, else the address space; charged. */
void tlb_flush(struct mm *mm, struct cpu *c, const struct flush *asked);
/* An entry that was present has changed. */
void tlb_flush_page(struct mm *mm, struct cpu *c, u64 va);
void tlb_flush_mm(struct mm *mm, struct cpu *c, u64 entries);

/*
 * For flushes that are put off (tlb_batch.h): an entry of the address space was cleared. Returns the hardware
 * threads of which tlb_flush_cpus(), which flushes whatever address space each has loaded, is due.
 */
u64 tlb_put_off(struct mm *mm, struct cpu *c);
void tlb_flush_cpus(struct kernel *k, struct cpu *c, u64 cpus);

/*
 * Of the kernel's own addresses, which every hardware thread may hold: all others are asked, idle ones too
 * (on_each_cpu()). A range is flushed page by page up to the ceiling by 6.x, as arch/x86/mm/tlb.c does since
 * 3.7; before that, and beyond it, everything goes. c NULL: boot, for nothing.
 */
void kernel_flush_range(struct kernel *k, struct cpu *c, u64 start, u64 end);
/* One page, of this hardware thread alone: __flush_tlb_one(). */
void kernel_flush_here(const struct kernel *k, struct cpu *c, u64 va);

#endif
