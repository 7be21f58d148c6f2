/*
 * Steps of the page cache; see step.h. 6.x: read() of a cached page takes 1,810 instructions, 512 of them the
 * copy and 320 those of any call; insertion and deletion are taken to be those of the swap cache, which has
 * the same structure (960, 350), a request those 1,900 of the block layer for a page swapped out. 350 for a
 * page read on 2.6.9 is an estimate, as all of the others are. What a fault needs to find its page is in its
 * own steps.
 */
#ifndef MMSIM_MM_STEP_CACHE_H
#define MMSIM_MM_STEP_CACHE_H

#define CACHE_STEPS(X)                                                                                    \
	X(READ_CALL, PAGE_CACHE, 150, 180, 420, 700, "read() of a file, beside its pages and the copy")   \
	X(READ_CALL_PAGE, PAGE_CACHE, 90, 100, 180, 278, "each page of that")                             \
	X(WRITE_CALL, PAGE_CACHE, 200, 240, 550, 900, "write() to a file, beside its pages and the copy") \
	X(WRITE_CALL_PAGE, PAGE_CACHE, 200, 300, 600, 900, "each page of that")                           \
	X(SYNC_CALL, PAGE_CACHE, 120, 150, 350, 600, "fsync() and its kin, beside their pages")           \
	X(CACHE_HOP, PAGE_CACHE, 6, 6, 6, 6, "each page looked at in a chain of the page hash")           \
	X(CACHE_ADD, PAGE_CACHE, 40, 90, 300, 960, "a page comes into the cache")                         \
	X(CACHE_DELETE, PAGE_CACHE, 40, 90, 160, 350, "a page leaves it")                                 \
	X(CACHE_DIRTY, PAGE_CACHE, 30, 60, 120, 240, "a page becomes dirty")                              \
	X(CACHE_CLEAN, PAGE_CACHE, 60, 90, 150, 250, "a page ceases to be dirty, and will be written")    \
	X(CACHE_MKCLEAN, PAGE_CACHE, 0, 0, 40, 60, "each mapping of it that becomes read-only")           \
	X(READ_AHEAD, PAGE_CACHE, 60, 120, 250, 400, "what is to be read ahead is decided")               \
	X(READ_PAGE, PAGE_CACHE, 80, 100, 150, 180, "each page of a request that reads, with its end")    \
	X(WRITE_PAGE, PAGE_CACHE, 100, 120, 200, 350, "each page of a request that writes")               \
	X(FILE_REQUEST, PAGE_CACHE, 900, 1000, 1500, 1900, "a request to the device, with its end")       \
	X(DIRTY_BALANCE, PAGE_CACHE, 60, 120, 250, 450, "balance_dirty_pages() looks at its limits")      \
	X(FLUSH_INODE, PAGE_CACHE, 60, 100, 250, 600, "a file that write-back looks at")                  \
	X(FLUSHER_RUN, KTHREAD, 500, 800, 1500, 2300, "the switches to and from the flusher, its tests")

#endif
