/*
 * What memory looks like when a run begins, beside fresh: aged, where other programs and a page cache had it
 * for a while, or with the free blocks that some machine's /proc/buddyinfo told. Whoever has the rest keeps
 * it to the end of the run. For kernel_boot.c.
 */
#ifndef MMSIM_MM_BOOT_STATE_H
#define MMSIM_MM_BOOT_STATE_H

#include "model/mm/alloc.h"

/* What happened so far is boot, and no result of the run: counters begin anew. */
void boot_settle(struct page_alloc *pa);
/*
 * occupancy percent of the pages are in use; of these, fragmentation percent lie scattered: of the pageblocks
 * that they are in, each page is in use or free as a coin falls. Of ten pageblocks one is unmovable, one
 * reclaimable, eight movable, as on machines that have run for days.
 */
void boot_age(struct page_alloc *pa, u32 occupancy, u32 fragmentation);
/*
 * Lines "Node 0, zone Normal 5 3 ...": so many free blocks of each order. A zone that is not named is fresh;
 * one that has no room for what its line says, or a file that says something else, is the user's fault.
 */
void boot_buddyinfo(struct page_alloc *pa, const char *path);

#endif
