/*
 * Kernel objects of a size: caches of slabs, slabs of pages, and what each CPU keeps ready. kernel.slab says
 * which allocator: the classic SLAB with array caches, or SLUB with its per-CPU freelist; sizes, orders and
 * limits by the era. An era that never had the chosen one follows the nearest that had.
 *
 * An object is known by its kernel address; what it holds lives elsewhere on the host. A CPU that is NULL
 * (the boot) works on the lists of hardware thread 0 and pays nothing.
 *
 * Not modelled: debugging (red zones, poison, SLAB_STORE_USER), hardening (random freelists, XORed pointers),
 * merging of like caches, memcg accounting, sheaves (6.18), the alien caches of NUMA SLAB (as booted with
 * noaliencache). For model/mm.
 */
#ifndef MMSIM_MM_SLAB_H
#define MMSIM_MM_SLAB_H

#include "model/mm/alloc.h"

enum slab_form { SLAB_CLASSIC, SLAB_SLUB };
/* What kernels of the era were built with. */
enum slab_form era_slab_form(enum kernel_era era);

struct slabs; /* all caches of a kernel */
struct kmem_cache;

#define SLAB_HWCACHE_ALIGN 1u
#define SLAB_RECLAIM       2u /* SLAB_RECLAIM_ACCOUNT: pages of the reclaimable type */
#define SLAB_DMA           4u
#define SLAB_CONSTRUCTED   8u  /* objects have a constructor: all of one is written when its slab is made */
#define SLAB_TYPESAFE      16u /* SLAB_TYPESAFE_BY_RCU: SLUB keeps the free pointer behind the object */

/* line: bytes of the first cache's lines. NULL: there is no memory for what the allocator needs to begin. */
struct slabs *slabs_new(struct page_alloc *pa, enum slab_form form, u32 line);
void slabs_free(struct slabs *s);
u32 slabs_line(const struct slabs *s);
/* The caches of the kernel's own objects (slab_named.c). False: no memory; those that could be made stay. */
bool slabs_boot(struct slabs *s);
/*
 * One of them, which is made if the era does not have it by itself ("pte_chain" with a newer era). NULL: no
 * memory; ASSERTs that slab_named.c knows the name.
 */
struct kmem_cache *slabs_named(struct slabs *s, const char *name);
void slabs_stats_add(struct slabs *s, struct stats *st); /* registers mm.slab.* */
/* Calls for each block of pages of slabs, and of the allocator's own structures. */
void slabs_each_block(const struct slabs *s, void (*fn)(void *arg, u64 pfn, u32 order), void *arg);
/* ASSERTs: each object has one place; lists, counts and pages agree. */
void slabs_sane(const struct slabs *s);

/*
 * A cache of objects of so many bytes; align 0: the allocator's own. name is kept, not copied. NULL: no
 * memory for its own structures, or no slab can hold one.
 */
struct kmem_cache *kmem_cache_create(struct slabs *s, const char *name, u32 bytes, u32 align, u32 flags);
struct kmem_cache *kmem_cache_find(const struct slabs *s, const char *name); /* NULL: none */
/* That, or a new one for objects of so many bytes; the name is copied. */
struct kmem_cache *kmem_cache_find_or_create(struct slabs *s, const char *name, u32 bytes);
/* Whose object lies there; NULL: the page allocator's, by kmalloc(). */
struct kmem_cache *kmem_cache_of(const struct slabs *s, u64 va);
/* A kernel address; 0: no memory. */
u64 kmem_cache_alloc(struct kmem_cache *k, struct cpu *c, u32 gfp);
void kmem_cache_free(struct kmem_cache *k, struct cpu *c, u64 va);
/*
 * By the size classes of the era; more than the largest comes from the page allocator, or with SLAB, whose
 * largest class has 128 KB, fails. 0: no memory.
 */
u64 kmalloc(struct slabs *s, struct cpu *c, u64 bytes, u32 gfp);
void kfree(struct slabs *s, struct cpu *c, u64 va);
/* Bytes that the user of an object has. */
u64 ksize(const struct slabs *s, u64 va);
/* Gives empty slabs back: kmem_cache_shrink() of all caches; pages that became free. */
u64 slabs_shrink(struct slabs *s, struct cpu *c);
/* Reclaim of a kernel that has nothing else to give: for struct page_alloc, with the slabs as argument. */
extern const struct reclaim_ops slab_reclaim_ops;
/*
 * The reaper on one CPU: of the classic SLAB cache_reap(), every 2 s; of 2.4 kmem_cache_reap(), which reclaim
 * calls. SLUB has none. Pages that became free.
 */
u64 slabs_reap(struct slabs *s, struct cpu *c);

/* What /proc/slabinfo says of a cache. */
struct slab_info {
	const char *name;
	u64 active_objs, num_objs, active_slabs, num_slabs, shared_avail;
	u32 objsize, objperslab, pagesperslab;
	u32 limit, batchcount, shared; /* SLAB's tunables */
	u32 min_partial, cpu_partial;  /* SLUB's; cpu_partial in slabs */
	u32 colours, colour_off;
	bool off_slab;
};
typedef void (*slab_info_fn)(void *arg, const struct slab_info *i);
void slabs_each(const struct slabs *s, slab_info_fn fn, void *arg);
/* Pages of slabs and of the allocator's own structures on a node, in the two kinds that Linux counts. */
struct slab_page_count {
	u64 reclaimable, unreclaimable;
};
struct slab_page_count slabs_page_count(const struct slabs *s, u32 node);
void kmem_cache_info(const struct kmem_cache *k, struct slab_info *i);

#endif
