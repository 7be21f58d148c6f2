/*
 * The contents of simulated physical memory, as far as anyone looks at them: page-table frames. The kernel
 * writes entries, the walker reads them at their physical addresses and sets accessed and dirty bits. A frame
 * has host memory only while it is a page table.
 */
#ifndef MMSIM_ARCH_PTMEM_H
#define MMSIM_ARCH_PTMEM_H

#include "model/arch/addr.h"

struct ptmem;
struct ptmem *ptmem_new(u64 frames);
void ptmem_free(struct ptmem *m);
/* A frame becomes a page table, all entries 0; or stops being one. */
void ptmem_add(struct ptmem *m, u64 pfn);
void ptmem_remove(struct ptmem *m, u64 pfn);
bool ptmem_has(const struct ptmem *m, u64 pfn);
/* Calls fn for each page-table frame, by rising number. */
typedef void (*ptmem_fn)(void *arg, u64 pfn, u64 *entries);
void ptmem_each(struct ptmem *m, ptmem_fn fn, void *arg);
/*
 * The 512 eight-byte entries of a page-table frame; ASSERTs that it is one. Formats of 4-byte entries pack
 * two.
 */
u64 *ptmem_entries(const struct ptmem *m, u64 pfn);

#endif
