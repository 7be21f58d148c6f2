/*
 * Steps of faults, system calls and what changes address spaces; see step.h.
 *
 * 6.x: the phases of an anonymous write fault add up to the 3,101 instructions counted for the whole, with
 * the allocation (625) and the clearing (517 there) beside these rows (28 that no phase has are
 * ANON_FAULT's); the others are what is left of their totals without the phases that they share with it: zero
 * page read 1,487, copy-on-write 4,658 with a copy of 1,554 and a flush of 200, reuse 1,564 to 1,595, 8,535
 * to 8,600 of a read fault that maps 16 pages of a file, shared write 2,441, a page table more 1,137 with its
 * clearing. Calls: 320 of getppid; mmap 4,416, munmap 3,240, mprotect 5,000 with 125 a page, MADV_DONTNEED
 * 3,558 with one page, fork 61,700 with some ten VMAs, exit and wait 357,000 with 1,024 shared pages; 1,050 a
 * page unmapped and freed, 230 one that others use, 458 one of a file.
 */
#ifndef MMSIM_MM_STEP_FAULT_H
#define MMSIM_MM_STEP_FAULT_H

#define FAULT_STEPS(X)                                                                            \
	X(FAULT_ENTRY, FAULT, 70, 70, 135, 225, "exception entry, up to the fault handler")       \
	X(FAULT_EXIT, FAULT, 30, 30, 40, 169, "events, return to the program")                    \
	X(VMA_LOOKUP, FAULT, 20, 20, 25, 305, "finding and locking the mapping")                  \
	X(TABLE_WALK, FAULT, 60, 70, 120, 570, "handle_mm_fault(): down the page tables")         \
	X(ANON_FAULT, FAULT, 45, 50, 90, 208, "do_anonymous_page() itself")                       \
	X(PAGE_CHARGE, FAULT, 0, 0, 40, 63, "memcg: a page is charged to the root group")         \
	X(PTE_SET, FAULT, 30, 30, 50, 145, "the entry is locked, set, unlocked")                  \
	X(LRU_ADD, FAULT, 25, 15, 30, 56, "the page into the batch for the LRU lists")            \
	X(LRU_DRAIN_PAGE, FAULT, 0, 45, 90, 374, "each page of a full batch onto its list")       \
	X(RSS_ADD, FAULT, 2, 2, 8, 23, "the count of resident pages")                             \
	X(ZERO_PAGE_FAULT, FAULT, 20, 20, 30, 73, "the shared zero page is mapped")               \
	X(WP_FAULT, FAULT, 123, 163, 285, 401, "do_wp_page() of a page that is copied")           \
	X(WP_REUSE, FAULT, 30, 30, 60, 160, "do_wp_page() of a page that nobody else uses")       \
	X(FILE_FAULT, FAULT, 60, 100, 150, 245, "do_read_fault() and its kin without the pages")  \
	X(FILE_PAGE, FAULT, 90, 122, 322, 433, "each page of an object that is mapped")           \
	X(FILE_WRITE, FAULT, 60, 80, 200, 486, "a shared page is made writable: page_mkwrite()")  \
	X(TABLE_ALLOC, FAULT, 30, 30, 60, 90, "a page table more, without page and clearing")     \
	X(HUGE_FAULT, FAULT, 0, 0, 600, 900, "do_huge_pmd_anonymous_page() without the page")     \
	X(SYSCALL, SYSCALL, 70, 70, 100, 320, "entry and exit of a system call")                  \
	X(MMAP, SYSCALL, 350, 450, 1000, 4096, "body of mmap(), brk() and mremap()")              \
	X(MUNMAP, UNMAP, 400, 500, 1100, 2920, "body of munmap()")                                \
	X(MPROTECT, SYSCALL, 300, 350, 900, 4680, "body of mprotect()")                           \
	X(MADVISE, SYSCALL, 300, 350, 800, 2190, "body of madvise()")                             \
	X(FORK, FORK, 12000, 14000, 30000, 50000, "fork() without mappings and pages")            \
	X(FORK_VMA, FORK, 180, 260, 700, 1143, "each mapping that fork() copies")                 \
	X(FORK_PAGE, FORK, 25, 24, 47, 157, "each entry that fork() copies")                      \
	X(EXIT_MM, UNMAP, 12000, 14000, 40000, 120000, "end of a process without its pages")      \
	X(UNMAP_PAGE, UNMAP, 60, 65, 185, 623, "an entry taken away whose page is freed")         \
	X(UNMAP_SHARED, UNMAP, 60, 65, 185, 103, "an entry taken away of a page that others use") \
	X(UNMAP_FILE, UNMAP, 60, 65, 185, 331, "an entry taken away of an object's page")         \
	X(PROTECT_PAGE, SYSCALL, 20, 25, 50, 125, "an entry that is changed or moved")            \
	X(FLUSH, FLUSH, 20, 20, 60, 200, "a flush of a range or an address space, without its INVLPG")

#endif
