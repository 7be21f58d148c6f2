/*
 * A naive page allocator: which frames are in use, and nothing else. What is free, and in what blocks, is
 * counted frame by frame; the rules of each era for choosing a zone are written down once more, one function
 * an era, from the kernels' __alloc_pages(). It knows zones and their marks; it knows no lists, no types, no
 * per-CPU lists, no reclaim.
 */
#ifndef MMSIM_REF_ALLOC_H
#define MMSIM_REF_ALLOC_H

#include "model/mm/alloc.h"

#define REF_ALLOC_PAGES 1024u
#define REF_NO_ZONE     (~0u)

struct ref_alloc {
	const struct page_alloc *pa; /* whose zones' borders, marks and reserves are taken over */
	bool used[REF_ALLOC_PAGES];
};

void ref_alloc_init(struct ref_alloc *t, const struct page_alloc *pa);
/* The zone that an allocation has to come from, for c NULL; REF_NO_ZONE: it has to fail. */
u32 ref_alloc_zone(const struct ref_alloc *t, u32 gfp, u32 order);
/* Every frame of the block must be free; or must be in use. */
void ref_alloc_take(struct ref_alloc *t, u64 pfn, u32 order);
void ref_alloc_give(struct ref_alloc *t, u64 pfn, u32 order);
u64 ref_alloc_free(const struct ref_alloc *t, const struct zone *z);

#endif
