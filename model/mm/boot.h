/*
 * What boot does with physical memory: keeps the image, the kernel's first objects (pgdats with their zones,
 * per-CPU areas, mem_map) and what a PC never gives out, and hands the rest to the buddy as the largest
 * blocks that fit, in the order of the era.
 *
 * Not modelled: holes of physical memory above the first megabyte, other early allocations, deferred
 * initialisation of struct pages. For the page allocator's own files.
 */
#ifndef MMSIM_MM_BOOT_H
#define MMSIM_MM_BOOT_H

#include "model/mm/alloc.h"

/* Fills pa->range, the places of objects, and present and managed of each zone. */
void boot_reserve(struct page_alloc *pa);
/* Everything that is managed is free afterwards. */
void boot_release(struct page_alloc *pa);

/* zone.c */
void zones_free(struct page_alloc *pa);

#endif
