/*
 * Steps of shared memory that goes to swap and comes back, beside the slot, the two caches and the transfer;
 * see step.h. All of them are estimates, from what shmem_writepage() and shmem_swapin_folio() do themselves:
 * checks, the inode's counts under its lock, and since 2.6 the list of inodes that have pages in swap.
 */
#ifndef MMSIM_MM_STEP_SHMEM_H
#define MMSIM_MM_STEP_SHMEM_H

#define SHMEM_STEPS(X)                                                                          \
	X(SHMEM_OUT, SWAP, 80, 120, 200, 300, "a page of shared memory goes to the swap cache") \
	X(SHMEM_IN, SWAP, 100, 150, 250, 350, "a page of shared memory comes back from there")

#endif
