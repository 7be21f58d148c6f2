/* --check of swap: slots against the entries of all page tables, and whose pages are shared with its cache.
 */
#ifndef MMSIM_MM_CHECK_SWAP_H
#define MMSIM_MM_CHECK_SWAP_H

#include "model/mm/mm.h"

void check_swap(const struct kernel *k);
/* References of a frame without that of the swap cache. */
u32 check_users(const struct kernel *k, u64 pfn);

#endif
