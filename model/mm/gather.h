/*
 * Taking mappings away in the order that hardware needs: first the entries, then the TLB flush, and only then
 * are frames and tables free for others. As Linux's mmu_gather (mm/mmu_gather.c).
 *
 * For model/mm.
 */
#ifndef MMSIM_MM_GATHER_H
#define MMSIM_MM_GATHER_H

#include "model/mm/mm.h"

/*
 * Frames that wait for one flush: MAX_GATHER_BATCH_COUNT batches of MAX_GATHER_BATCH and the bundle on the
 * stack (include/asm-generic/tlb.h): 19 * 510 + 8.
 */
#define GATHER_MAX 9698u

struct gather {
	struct mm *mm;
	struct cpu *c;
	u64 start, end; /* to be flushed; start > end: nothing */
	u32 shift;      /* of the smallest page in it */
	bool whole;     /* the address space ends: one flush of all of it */
	bool tables;    /* page tables are among what was gathered */
	u32 n;          /* frames and blocks in k->gather */
};

void gather_begin(struct gather *g, struct mm *mm, struct cpu *c);
void gather_flush(struct gather *g); /* flush and free what was gathered so far; also at the end */
/* The page at va is not translated as before any more. */
void gather_page(struct gather *g, u64 va);
void gather_huge(struct gather *g, u64 va, u32 level); /* a large page */
/* Its frame loses a reference, after the flush; or each frame of a block does. */
void gather_frame(struct gather *g, u64 pfn);
void gather_block(struct gather *g, u64 pfn, u32 order);
/* A page table that translated va is not linked any more; it is freed after the flush. */
void gather_table(struct gather *g, u64 va, u64 pfn);

#endif
