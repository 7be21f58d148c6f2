/*
 * Taking mappings away in the order that hardware needs: first the entries, then the TLB flush, and only then
 * are frames and tables free for others. As Linux's mmu_gather (mm/mmu_gather.c, include/asm-generic/tlb.h):
 * one flush for all that was gathered, at its end or when there is room for no more frames, and none if no
 * entry has changed.
 *
 * Not modelled: the pages in which 3.0 and later keep the list of frames. For model/mm.
 */
#ifndef MMSIM_MM_GATHER_H
#define MMSIM_MM_GATHER_H

#include "model/mm/mm.h"

/* One can run inside another: of reclaim or the OOM killer, where memory is asked for meanwhile. */
#define GATHER_NESTED 2u

struct gather {
	struct mm *mm;
	struct cpu *c;
	u64 start, end; /* to be flushed; start > end: nothing */
	u32 shift;      /* of the smallest page in it */
	bool whole;     /* the address space ends: one flush of all of it */
	bool tables;    /* page tables are among what was gathered */
	bool insists;   /* flush although no entry may have changed */
	u64 entries;    /* that have changed, or are gone */
	u32 base, n;    /* frames and blocks in k->gather */
};

void gather_begin(struct gather *g, struct mm *mm, struct cpu *c);
void gather_flush(struct gather *g); /* flush and free what was gathered so far; also at the end */
/* The page at va is not translated as before any more. */
void gather_page(struct gather *g, u64 va);
void gather_huge(struct gather *g, u64 va, u32 level); /* a large page */
/* change_protection() went over start..end, which up to 3.7 flushed whatever it had changed. */
void gather_protected(struct gather *g, u64 start, u64 end);
/* Its frame loses a reference, after the flush; or each frame of a block does. */
void gather_frame(struct gather *g, u64 pfn);
void gather_block(struct gather *g, u64 pfn, u32 order);
/* A page table that translated va is not linked any more; it is freed after the flush. */
void gather_table(struct gather *g, u64 va, u64 pfn);

#endif
