/*
 * What the kernel tells of its memory, in its own formats: the files of /proc, and of debugfs' extfrag
 * directory, as a 6.x kernel prints them, or where the era's kernels printed others, as those did. Tools that
 * read a live machine's files read these.
 *
 * A value that the model does not have is left out together with its line or, where a tool counts fields or
 * lines, 0:
 *	buddyinfo, pagetypeinfo  complete; HighAtomic is counted as the kernel does, blocks of MIGRATE_RESERVE
 *	                         (2.6.24 to 4.3) are 0. buddyinfo of 2.4, which had none, is as later
 *	zoneinfo                 per-node and zone counters only as far as they exist; cma and
 *	                         node_unreclaimable 0. From 2.6.13 on
 *	vmstat                   counters that the machine has as mm.vmstat.NAME, and states of zones and
 *slabs. From 2.6 on meminfo                  what is known of zones, slabs and tables; 0 in the two lines
 *of 2.4 that begin with Mem: and Swap: what is used of swap, buffers and cache slabinfo complete but for
 *statistics and, of the classic SLAB, debugging extfrag_index, unusable_index  complete, in all eras
 *
 * A machine whose frames come from a pool has no zones, and of a file that nothing can be said in there is
 * none. Called by analysis/ and tests; this reads, and changes nothing.
 */
#ifndef MMSIM_MM_PROCFS_H
#define MMSIM_MM_PROCFS_H

#include <stdio.h>

#include "model/mm/slab.h"

struct kernel;

/* What there is to tell of. */
struct proc_source {
	const struct page_alloc *pa; /* NULL: there are no files */
	const struct slabs *slabs;   /* NULL: none */
	const struct kernel *kernel; /* NULL: nothing but the allocators is known */
	const struct stats *stats;   /* where mm.vmstat.* are; NULL: nowhere */
};

struct proc_file {
	const char *name;
	void (*write)(FILE *f, const struct proc_source *p);
	enum kernel_era since; /* the first era that has it */
	bool of_slabs;         /* needs slabs */
};
extern const struct proc_file proc_files[]; /* ends with a NULL name */
bool proc_has(const struct proc_file *file, const struct proc_source *p);
/* Of a machine's kernel. */
struct proc_source proc_source(const struct kernel *k, const struct stats *s);

/* The zone types that a layout has, populated or not. */
bool proc_has_type(const struct page_alloc *pa, enum zone_type type);
/* The zone of a node, NULL: it has no pages. */
const struct zone *proc_zone(const struct page_alloc *pa, u32 node, enum zone_type type);

/* Free pages of a zone in blocks of a pageblock at least: since 6.17. */
u64 proc_free_in_pageblocks(const struct zone *z);
/*
 * A counter or a state by its name in vmstat; false: the model has none. node: of that one alone, which only
 * some can say on a machine with several; PROC_ALL_NODES: of all.
 */
#define PROC_ALL_NODES (~0u)
bool proc_value(const struct proc_source *p, const char *name, u32 node, u64 *value);

void proc_zoneinfo(FILE *f, const struct proc_source *p);
void proc_vmstat(FILE *f, const struct proc_source *p);
void proc_meminfo(FILE *f, const struct proc_source *p);
void proc_slabinfo(FILE *f, const struct proc_source *p);

#endif
