/*
 * What the kernel tells of its memory, in its own formats: the files of /proc, and of debugfs' extfrag
 * directory, as a 6.x kernel prints them, or where the era's kernels printed others, as those did. Tools that
 * read a live machine's files read these.
 *
 * A value that the model does not have is left out together with its line or, where a tool counts fields or
 * lines, 0:
 *	buddyinfo        complete. 2.4 had none; there it is as later
 *	pagetypeinfo     complete, but blocks of MIGRATE_RESERVE (2.6.24 to 4.3) are 0
 *	zoneinfo         since 2.6.13. Counters of nodes and zones as far as they exist, those of mapped
 *	                 pages and tables only where there is one node; cma, node_unreclaimable 0
 *	vmstat           since 2.5. The counters mm.vmstat.NAME, and states
 *	meminfo          zones, slabs, tables, files, mapped pages, swap, vmalloc. Beginning of 2.4's:
 *	                 buffers 0
 *	slabinfo         complete but for statistics
 *	extfrag_index, unusable_index   complete, in all eras
 *
 * A machine whose frames come from a pool has no zones, and none of these. Called by analysis/ and tests;
 * nothing changes by it.
 */
#ifndef MMSIM_MM_PROCFS_H
#define MMSIM_MM_PROCFS_H

#include <stdio.h>

#include "model/mm/slab.h"

struct kernel;

/* Pages that programs have mapped, each once. */
struct proc_mapped {
	u64 anon, file; /* large ones included; file: of shared memory, too */
	u64 anon_huge;  /* large pages that come by themselves, and */
	u64 anon_huge_pages;
	u64 hugetlb; /* pages of those that were asked for */
};
struct proc_mapped proc_count_mapped(const struct kernel *k);

/* What there is to tell of. */
struct proc_source {
	const struct page_alloc *pa; /* NULL: there are no files */
	const struct slabs *slabs;   /* NULL: none */
	const struct kernel *kernel; /* NULL: nothing but the allocators is known */
	const struct stats *stats;   /* where mm.vmstat.* are; NULL: nowhere */
	struct proc_mapped mapped;   /* as they were when proc_refresh() was called, with a kernel */
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
/* To be called when the files shall tell of now; it walks all page tables. */
void proc_refresh(struct proc_source *p);

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
