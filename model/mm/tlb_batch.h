/*
 * The flush that reclaim puts off: entries of many pages are cleared first, and before the pages are freed or
 * written one flush of all that any of their address spaces has in the TLBs serves them all. As mm/rmap.c's
 * set_tlb_ubc_flush_pending() and try_to_unmap_flush() of Linux since 4.3, with arch_tlbbatch_*.
 *
 * Where nothing is put off, an entry is flushed at once: always before 4.3; and where the address space runs
 * on this hardware thread alone, as INVLPG here is cheap.
 *
 * Not modelled: flush_tlb_batched_pending(). A batch is flushed before the path that has begun it waits for
 * anything or ends, so that nobody meets entries that are cleared but not flushed. For model/mm.
 */
#ifndef MMSIM_MM_TLB_BATCH_H
#define MMSIM_MM_TLB_BATCH_H

#include "model/mm/mm.h"

/* Begins as { 0 }, and is so again after a flush. */
struct tlb_batch {
	u64 cpus;     /* hardware threads that may hold what was put off */
	u32 pages;    /* put off */
	bool pending; /* anything is */
	bool dirty;   /* one of them could be written through a stale translation */
};

/*
 * The caller has just cleared the entry of va, which was present, and dirty or not. It keeps the page, and
 * does not write it anywhere if it was dirty, until the flush.
 */
void tlb_batch_add(struct tlb_batch *b, struct mm *mm, struct cpu *c, u64 va, bool dirty);
/* try_to_unmap_flush(): before pages are freed. Nothing if nothing was put off. */
void tlb_batch_flush(struct tlb_batch *b, struct kernel *k, struct cpu *c);
/* try_to_unmap_flush_dirty(): before a page is written out. Flushes all of it if a dirty one is among it. */
void tlb_batch_flush_dirty(struct tlb_batch *b, struct kernel *k, struct cpu *c);

#endif
