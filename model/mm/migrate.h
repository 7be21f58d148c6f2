/*
 * Moves pages of address spaces for compaction: the hooks of struct migrate_ops. Who maps a page says reverse
 * mapping, by two walks, before and after the copy; where that cannot walk (kernel.rmap = none, pages of more
 * than 4 KB), all page tables are read once for each chunk of pages that is to be moved, which costs host
 * time and nothing in the simulation, and only private pages that one address space maps once are moved.
 *
 * Not moved: pages of files that nobody maps, pages in the swap cache or that a device is at, pages of which
 * somebody else has a reference, pages of a contiguous run or of a large page, the zero page; anything while
 * somebody goes through page tables, whose entries would change under him (Linux would wait for the table's
 * lock). For kernel_boot.c.
 */
#ifndef MMSIM_MM_MIGRATE_H
#define MMSIM_MM_MIGRATE_H

#include "model/mm/compact.h"
#include "model/mm/mm.h"

struct migration;
struct migration *migration_new(struct kernel *k);
void migration_free(struct migration *m);
extern const struct migrate_ops migration_ops; /* arg: a struct migration */

#endif
