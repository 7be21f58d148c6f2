/*
 * Steps of swap; see step.h. 6.x: a slot takes 450 instructions (67 folio_alloc_swap(), 175 memcg and its
 * record, the rest scan and cluster), insertion into the cache 960, deletion 350, swap_duplicate() 100; of
 * the 16,800 of a page that a group's limit sends to zram 7,830 are zram's with lz4 and 1,900 the block
 * layer's; a page that comes back from zram takes 5,356, of which the fault's phases and the page have 2,370,
 * and 724 the filling of a page of one value. Of lz4's decompression nothing was counted: 2,500. Older
 * columns: 40 and 4 a slot scanned, 90 and 40 for the cache, 900 for a fault and 450 a page more of its
 * readahead; the rest is of the same kind.
 */
#ifndef MMSIM_MM_STEP_SWAP_H
#define MMSIM_MM_STEP_SWAP_H

#define SWAP_STEPS(X)                                                                                     \
	X(SWAP_ALLOC, SWAP, 40, 40, 100, 295, "a page gets a slot, beside the search")                    \
	X(SWAP_SLOT, SWAP, 0, 0, 60, 155, "each slot taken from its cluster")                             \
	X(SWAP_SCAN, SWAP, 4, 4, 4, 4, "each slot looked at in search of a free one")                     \
	X(SWAP_FREE, SWAP, 30, 40, 90, 150, "a slot has one user less")                                   \
	X(SWAP_DUPLICATE, SWAP, 20, 20, 50, 100, "a slot has one more entry: swap_duplicate()")           \
	X(SWAP_CACHE_FIND, SWAP, 25, 50, 90, 120, "the page of a slot is looked up")                      \
	X(SWAP_CACHE_ADD, SWAP, 40, 90, 300, 960, "a page comes into the swap cache")                     \
	X(SWAP_CACHE_DELETE, SWAP, 40, 90, 160, 350, "a page leaves it")                                  \
	X(SWAP_IO, SWAP, 200, 250, 800, 1900, "a request to the device, with its end")                    \
	X(SWAP_FAULT, SWAP, 150, 300, 600, 1300, "do_swap_page() itself")                                 \
	X(SWAP_READAHEAD, SWAP, 30, 40, 120, 250, "each page read ahead, beside page, cache and request") \
	X(ZRAM_COMPRESS, ZRAM, 7830, 7830, 7830, 7830, "a page compressed, with its place")               \
	X(ZRAM_DECOMPRESS, ZRAM, 2500, 2500, 2500, 2500, "a page decompressed")                           \
	X(ZRAM_FILL, ZRAM, 724, 724, 724, 724, "a page of one value, written or read")

#endif
