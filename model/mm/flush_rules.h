/*
 * How a kernel flushes TLBs: what it asks of other hardware threads, by which means, and what it makes of
 * many pages. By era and layout, from arch/x86/mm/tlb.c (arch/i386/kernel/smp.c, arch/x86_64/kernel/smp.c)
 * and include/asm-generic/tlb.h of the trees.
 *
 * Not modelled: RISC-V's own rules (a remote fence for each hardware thread that ever ran the address space);
 * it follows x86's. 2.4 zaps, and flushes, mapping by mapping. For model/mm.
 */
#ifndef MMSIM_MM_FLUSH_RULES_H
#define MMSIM_MM_FLUSH_RULES_H

#include "model/base/types.h"

struct kernel_cfg;

enum flush_form {
	/* An interrupt of its own; what to flush, and who still has to, stands in a line that all share. */
	FLUSH_BY_VECTOR,
	/* smp_call_function_many(): a queue of each hardware thread, with a request in it from each other. */
	FLUSH_BY_CALL,
	/* AArch64's TLBI ...IS: the hardware tells the others. */
	FLUSH_BY_BROADCAST,
};

#define FLUSH_VECTORS 8u /* NUM_INVALIDATE_TLB_VECTORS of x86-64 */

/* kernel.flush_ceiling = era */
#define FLUSH_CEILING_ERA (~(u32)0)

struct flush_rules {
	enum flush_form form;
	u32 vectors;      /* FLUSH_BY_VECTOR: flushes that can be under way at the same time */
	u32 ceiling;      /* pages of a range that are flushed one by one, at most */
	bool page_alone;  /* a flush of one page is one of a page whatever the ceiling is: up to 3.5 */
	bool generations; /* who is asked compares generations, and lazy ones are left alone: since 4.14 */
	bool keeps_mask;  /* a switch of address spaces does not take the old one's bit: since 6.14 */
	bool concurrent;  /* the own flush comes while the others do theirs, not before: since 5.13 */
	bool batches;     /* reclaim puts flushes off: since 4.3 */
	bool insists;     /* mprotect flushes although no entry has changed: up to 3.7 */
	u32 gather;       /* frames that wait for one flush, at most */
	bool fast_mode; /* they do not wait where there is one hardware thread: tlb_fast_mode() up to 3.10 */
};

struct flush_rules flush_rules_of(const struct kernel_cfg *cfg);

#endif
