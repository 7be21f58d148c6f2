/*
 * Frames out of the page allocator: reference counts in struct page, blocks that are used as one, and blocks
 * larger than the buddy's largest, put together from several as mm/page_alloc.c:alloc_contig_pages() does.
 * Page numbers here are the allocator's. For frame.c.
 */
#ifndef MMSIM_MM_FRAME_BUDDY_H
#define MMSIM_MM_FRAME_BUDDY_H

#include "model/mm/alloc.h"

u64 frame_buddy_alloc(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, u32 node);
void frame_buddy_get(struct page_alloc *pa, u64 pfn);
bool frame_buddy_put(struct page_alloc *pa, struct cpu *c, u64 pfn, bool cold);
void frame_buddy_get_block(struct page_alloc *pa, u64 pfn, u32 order);
/* Returns pages that are free now. */
u64 frame_buddy_put_block(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order);
/* 0: free; what boot kept has one. */
u32 frame_buddy_refs(const struct page_alloc *pa, u64 pfn);
/* Pages in use as frames, found by looking at all. */
u64 frame_buddy_count(const struct page_alloc *pa);

#endif
