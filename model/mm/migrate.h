/*
 * Moves pages of address spaces for compaction: the hooks of struct migrate_ops, as long as no reverse
 * mapping knows who maps a page. All page tables are walked once for each chunk of pages that is to be moved,
 * which costs host time and nothing in the simulation.
 *
 * Moved are private pages that one address space maps once. Not moved: pages of files and shared memory,
 * pages that fork shares, pages of a contiguous run, the zero page; anything while somebody goes through page
 * tables, whose entries would change under him (Linux would wait for the table's lock). For kernel_boot.c.
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
