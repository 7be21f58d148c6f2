/*
 * A secret one-to-one mapping of addresses that keeps the structure of an address space: regions of 2 MB,
 * what one last-level page table of 4 KiB pages maps, change places within their gigabyte, and gigabytes
 * within their 256. So offsets in pages, the alignment up to 2 MB, which pages share a page table of any
 * level, a line of its entries or a set of a TLB with up to 512 sets all stay, and so does the order of pages
 * in a region. Regions that one mapping, access or block lies across stay side by side, as do gigabytes.
 *
 * What is to be moved is told first; then the places are drawn by lot. Addresses of 32-bit programs stay in
 * their gigabyte: there are too few.
 */
#ifndef MMSIM_TRACES_RELOCATE_H
#define MMSIM_TRACES_RELOCATE_H

#include "model/base/types.h"

struct relocation;

/* isa: of the recording. */
struct relocation *relocation_new(u64 key, const char *isa);
void relocation_free(struct relocation *r);
/* A range that must stay whole. */
void relocation_touch(struct relocation *r, u64 addr, u64 len);
/* After the last one. */
void relocation_draw(struct relocation *r);
/* Of an address that was touched; others stay. */
u64 relocation_address(const struct relocation *r, u64 addr);

#endif
