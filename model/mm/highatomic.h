/*
 * The highatomic reserve, since 4.4: pageblocks that served an allocation of several pages that could not
 * wait are kept for such ones, up to a hundredth of a zone. For the page allocator's own files.
 */
#ifndef MMSIM_MM_HIGHATOMIC_H
#define MMSIM_MM_HIGHATOMIC_H

#include "model/mm/alloc.h"

/* The pageblock of this page, if the zone has not enough. */
void highatomic_reserve(struct zone *z, struct cpu *c, u64 pfn);
/*
 * One pageblock goes back, of the first zone of the list that has one with a free page; force: the last of a
 * zone, too. True: something became free for others.
 */
bool highatomic_release(const struct zonelist *l, struct cpu *c, enum migratetype type, bool force);

#endif
