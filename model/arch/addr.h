/*
 * Address arithmetic that hardware and kernel share. Addresses are u64: va virtual, pa physical, pfn = pa >>
 * 12 (frames are counted in 4 KB units whatever the page size).
 */
#ifndef MMSIM_ARCH_ADDR_H
#define MMSIM_ARCH_ADDR_H

#include "model/base/types.h"

#define FRAME_SHIFT 12u
#define FRAME_SIZE  (1ull << FRAME_SHIFT)
#define FRAME_MASK  (FRAME_SIZE - 1)
#define NO_FRAME    (~(u64)0)

static inline u64 align_down(u64 x, u64 to)
{
	return x & ~(to - 1);
}

static inline u64 align_up(u64 x, u64 to)
{
	return (x + to - 1) & ~(to - 1);
}

/* Names of page sizes, in rising order: keys like dtlb.p2m.entries, indices of per-size arrays. */
enum page_size {
	PAGE_4K,
	PAGE_16K,
	PAGE_64K,
	PAGE_2M,
	PAGE_4M,
	PAGE_32M,
	PAGE_512M,
	PAGE_1G,
	NR_PAGE_SIZES,
};
extern const char *const page_size_name[NR_PAGE_SIZES]; /* "p4k", ... */
extern const u8 page_size_shift[NR_PAGE_SIZES];         /* 12, 14, 16, 21, 22, 25, 29, 30 */

#endif
