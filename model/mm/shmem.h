/*
 * Shared memory in swap: mm/shmem.c. A page of shared anonymous memory that nobody maps any more moves from
 * its object to the swap cache (shmem_writepage()), whose slot the object's index keeps in the page's place;
 * so the slot has one user, whoever maps the object, and page tables know nothing of it. Who asks for the
 * page takes it back out of the swap cache (shmem_getpage()), and its slot is free.
 *
 * Until 2.6.29 the page then goes round the lists once more before it is written, since then it is written at
 * once (H. Dickins, "shmem: writepage directly to swap", linux-mm, 2009-03-23).
 *
 * Not modelled: that before 3.1 the slots were kept in pages of the inode's own instead of the index of its
 * pages; fallocate(), large pages of shared memory, swapoff, MADV_WILLNEED of what is in swap. For model/mm.
 */
#ifndef MMSIM_MM_SHMEM_H
#define MMSIM_MM_SHMEM_H

#include "model/mm/page_cache.h"

/* Of the object's index: what stands for a page in swap. */
bool shmem_in_swap(const struct object *o, u64 index);
u64 shmem_slot(const struct object *o, u64 index);

/* A dirty page of shared memory that nobody maps goes to the swap cache. False: no slot, or no memory. */
bool shmem_to_swap(struct kernel *k, struct cpu *c, u64 pfn);
/* The page at index, which is in swap, becomes the object's again; major: a device had to be asked. */
enum cache_answer shmem_from_swap(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 *pfn,
				  bool *major);
/* Truncation: shmem_free_swap(). */
void shmem_forget(struct kernel *k, struct cpu *c, struct object *o, u64 index);

/* --check: adds to the users of each slot (by slot) what objects have, and ASSERTs that these are alone. */
void shmem_check(const struct kernel *k, struct map64 *users);

#endif
