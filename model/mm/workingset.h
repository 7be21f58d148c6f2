/*
 * Whether a page that comes back was missed: mm/workingset.c. An eviction leaves the age that its list had in
 * the place of the page; how much older the list is at the refault is how much longer the page would have had
 * to stay. Of 3.15 on for files, 5.9 on for private memory. For model/mm.
 */
#ifndef MMSIM_MM_WORKINGSET_H
#define MMSIM_MM_WORKINGSET_H

#include "model/mm/lru.h"

/* What is left in the place of a page: a number that is not 0, or 0 where the era keeps nothing. */
u64 workingset_eviction(struct kernel *k, u64 pfn);
/* The page came back to where `shadow` was left; before lru_add(). */
void workingset_refault(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow);
/* A page became active. */
void workingset_activation(struct kernel *k, u64 pfn);
/* lru_note_cost(): pages that had to be written or read again, and that were looked at in vain. */
void workingset_note_cost(struct kernel *k, struct lruvec *v, bool file, u64 transfers, u64 rotated);
/* Whether there were refaults of that kind since the last time that this was asked. */
bool workingset_refaulted(struct kernel *k, struct lruvec *v, bool file);

#endif
