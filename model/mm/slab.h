/*
 * Kernel objects of a size: caches of slabs, slabs of pages, and what each CPU keeps ready. kernel.slab says
 * which allocator: the classic SLAB with array caches, or SLUB with its per-CPU freelist; sizes, orders and
 * limits by the era.
 *
 * An object is known by its kernel address; what it holds lives elsewhere on the host. For model/mm.
 */
#ifndef MMSIM_MM_SLAB_H
#define MMSIM_MM_SLAB_H

#include "model/mm/alloc.h"

enum slab_form { SLAB_CLASSIC, SLAB_SLUB };

struct slabs; /* all caches of a kernel */
struct kmem_cache;

#define SLAB_HWCACHE_ALIGN 1u
#define SLAB_RECLAIM       2u /* SLAB_RECLAIM_ACCOUNT: pages of the reclaimable type */
#define SLAB_DMA           4u
#define SLAB_CONSTRUCTED   8u /* objects have a constructor: all of one is written when its slab is made */

struct slabs *slabs_new(struct page_alloc *pa, enum slab_form form, u32 line);
void slabs_free(struct slabs *s);
void slabs_stats_add(struct slabs *s, struct stats *st); /* registers mm.slab.* */
void slabs_sane(const struct slabs *s);

/* A cache of objects of so many bytes; align 0: the allocator's own. name is kept, not copied. */
struct kmem_cache *kmem_cache_create(struct slabs *s, const char *name, u32 bytes, u32 align, u32 flags);
struct kmem_cache *kmem_cache_find(struct slabs *s, const char *name); /* NULL: none */
/* A kernel address; 0: no memory. */
u64 kmem_cache_alloc(struct kmem_cache *k, struct cpu *c, u32 gfp);
void kmem_cache_free(struct kmem_cache *k, struct cpu *c, u64 va);
/* By the size classes of the era; more than the largest comes from the page allocator. 0: no memory. */
u64 kmalloc(struct slabs *s, struct cpu *c, u64 bytes, u32 gfp);
void kfree(struct slabs *s, struct cpu *c, u64 va);
/* Gives empty slabs back: kmem_cache_shrink() of all caches; pages that became free. */
u64 slabs_shrink(struct slabs *s, struct cpu *c);
/* The reaper of the classic SLAB on one CPU (cache_reap(), every 2 s). */
void slabs_reap(struct slabs *s, struct cpu *c);

/* What /proc/slabinfo says of a cache. */
struct slab_info {
	const char *name;
	u64 active_objs, num_objs, active_slabs, num_slabs, shared_avail;
	u32 objsize, objperslab, pagesperslab;
	u32 limit, batchcount, shared; /* SLAB's tunables */
	u32 colours, colour_off;
	bool off_slab;
};
typedef void (*slab_info_fn)(void *arg, const struct slab_info *i);
void slabs_each(const struct slabs *s, slab_info_fn fn, void *arg);

#endif
