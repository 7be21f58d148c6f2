/*
 * Naive twins of SLAB and SLUB: lists are arrays that are moved, free objects are stacks, nothing is linked.
 * They take the geometry of a cache from the model, which has tests of its own, and pages from a copy of its
 * page allocator; what they must agree on is every address.
 */
#ifndef MMSIM_TESTS_REF_SLAB_H
#define MMSIM_TESTS_REF_SLAB_H

#include "tests/ref/ref_pages.h"

#define REF_CPUS  4u
#define REF_NODES 2u

struct ref_stack {
	u64 *v;
	u32 n, room;
};

struct ref_slab_pages {
	u64 pfn, va, desc;
	u32 order, objects, node;
	struct ref_stack free; /* objects, the next one last */
	u32 out;               /* not in `free` */
};

/* One cache, created empty in the same moment as the model's. */
struct ref_slab {
	const struct kmem_cache *k; /* geometry and limits are read here, nothing else */
	struct ref_pages *pages;
	struct ref_slab *desc;       /* cache of descriptors */
	struct ref_slab_pages *slab; /* by number */
	u32 n_slabs;
	struct ref_stack partial[REF_NODES], full[REF_NODES], empty[REF_NODES]; /* numbers, the first first */
	struct ref_stack array[REF_CPUS], shared[REF_NODES];
	bool touched[REF_CPUS], shared_touched[REF_NODES], free_touched[REF_NODES];
	u64 ticks[REF_CPUS], next_reap[REF_NODES];
	u64 loose[REF_NODES]; /* objects in slabs that are free there */
	u32 colour;
	s64 active[REF_CPUS];                             /* SLUB: number, -1 none */
	struct ref_stack own[REF_CPUS], behind[REF_CPUS]; /* SLUB: freelist, next one last; partial slabs */
};

void ref_slab_init(struct ref_slab *r, const struct kmem_cache *k, struct ref_pages *pages,
		   struct ref_slab *desc);
void ref_slab_fini(struct ref_slab *r);
u64 ref_slab_alloc(struct ref_slab *r, u32 cpu, u32 node);
void ref_slab_free(struct ref_slab *r, u32 cpu, u32 node, u64 va);
void ref_slab_shrink(struct ref_slab *r, u32 node);
void ref_slab_reap(struct ref_slab *r, u32 cpu, u32 node); /* 2.6 */

#endif
