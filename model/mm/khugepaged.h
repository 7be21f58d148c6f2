/*
 * khugepaged, the kernel thread that puts small pages of private memory together to large ones, where
 * kernel.thp would give them to a fault (huge.h): mm/khugepaged.c of 6.12. It goes over all address spaces in
 * turn, 8 large pages' worth of addresses each time (pages_to_scan), and replaces what it finds by a copy:
 * the range gets a block, its table is taken out and flushed, pages are copied or cleared and freed, and the
 * table waits for the day when the large page is split.
 *
 * A range is left if more than an eighth of it is in swap (max_ptes_swap) or a half shared (max_ptes_shared),
 * if nothing of it is writable, has been used, or if somebody else holds a page. It may lack all pages but
 * one (max_ptes_none). When there is no block, the thread sleeps for six periods (alloc_sleep_millisecs).
 *
 * Not modelled: files and shared memory, pages of a contiguous run (they are left), address spaces of
 * implicit mappings beyond the tables that they have, and pages of 4 MB (i386 without PAE). For model/mm.
 */
#ifndef MMSIM_MM_KHUGEPAGED_H
#define MMSIM_MM_KHUGEPAGED_H

#include "model/mm/mm.h"

/* Whether this kernel has it. */
bool khugepaged_runs(const struct kernel *k);
void khugepaged_tick(struct kernel *k, struct cpu *c);
void khugepaged_forget(struct mm *mm); /* the address space ends */

#endif
