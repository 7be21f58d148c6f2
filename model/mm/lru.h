/*
 * The way of a new page to the LRU lists: a batch a hardware thread, which is emptied as a whole, so that one
 * fault in a batch is much dearer than the others (mm/swap.c: pagevec, folio_batch).
 *
 * Not modelled yet: the lists themselves. For model/mm.
 */
#ifndef MMSIM_MM_LRU_H
#define MMSIM_MM_LRU_H

#include "model/mm/mm.h"

/* A page that was mapped for the first time. */
void lru_add(struct kernel *k, struct cpu *c, u64 pfn);

#endif
