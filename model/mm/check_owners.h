/*
 * Who has each page of the page allocator's: a part of --check. For check.c.
 *
 * Not found: which of the blocks that boot_state.h left in use is whose; their number alone has to be right.
 */
#ifndef MMSIM_MM_CHECK_OWNERS_H
#define MMSIM_MM_CHECK_OWNERS_H

#include "model/mm/mm.h"

/*
 * ASSERTs: the pages of each zone are, without a gap, boot's, free in the buddy, in a per-CPU list, or in
 * use; a page in use has one owner: a user of frames (the keys of `frames`, in units of 4 KB), a slab, what
 * slabs keep for themselves, an object that is a block of its own, a thread's stack, or who had it when the
 * run began; and these sums are what the allocator says of itself.
 */
void check_owners(const struct kernel *k, const struct map64 *frames);

#endif
