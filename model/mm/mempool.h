/*
 * Pools for emergencies, mm/mempool.c: so many blocks of pages are kept aside, for whoever has to go on when
 * there is no other memory (writing out pages, for one). An allocation asks the page allocator first and
 * falls back to the pool; a free fills the pool first.
 *
 * Not modelled: waiting for an element when the pool is empty, too: the caller does. For model/mm.
 */
#ifndef MMSIM_MM_MEMPOOL_H
#define MMSIM_MM_MEMPOOL_H

#include "model/mm/alloc.h"

struct mempool {
	struct page_alloc *pa;
	u64 *element;
	u32 min, n; /* elements to keep, kept now */
	u32 order;
	u64 fallbacks; /* allocations that the pool had to serve */
};

/* False: not even these are there. */
bool mempool_init(struct mempool *p, struct page_alloc *pa, struct cpu *c, u32 min, u32 order);
void mempool_fini(struct mempool *p, struct cpu *c);
/* NO_FRAME: the pool is empty, too. */
u64 mempool_alloc(struct mempool *p, struct cpu *c, u32 gfp);
void mempool_free(struct mempool *p, struct cpu *c, u64 pfn);

#endif
