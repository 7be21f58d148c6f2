/*
 * The insides of the object allocators, for slab*.c and their tests alone: what the host keeps of a cache, a
 * slab, a per-CPU array, and where the kernel has them.
 *
 * slab.c creates caches and finds the one of an object; slab_size.c says how objects lie in slabs;
 * slab_page.c gets and returns slabs; slab_classic.c and slab_reap.c are SLAB, slab_slub.c and slab_node.c
 * SLUB.
 */
#ifndef MMSIM_MM_SLAB_IMPL_H
#define MMSIM_MM_SLAB_IMPL_H

#include "model/mm/slab.h"
#include "model/base/error.h"

#define SLAB_NONE 0xffffu /* ends a list of free objects */
#define SLAB_USED 0xfffeu /* in link[]: the object is not in its slab's list */

enum slab_place {
	SLAB_NOWHERE, /* SLUB: full, or some CPU's: nobody lists it */
	SLAB_PARTIAL,
	SLAB_FULL,
	SLAB_EMPTY,
	SLAB_CPU,         /* SLUB: the slab that a CPU allocates from (frozen) */
	SLAB_CPU_PARTIAL, /* SLUB: in a CPU's partial list */
};

struct slab {
	struct slab *prev, *next; /* of a list; next alone: of a CPU's partial list, of spare slabs */
	struct kmem_cache *cache;
	u64 va;   /* of its first object */
	u64 desc; /* SLAB: of its descriptor */
	u32 pfn;
	u32 index;  /* in slabs.slab[], and what its pages' private says */
	u32 behind; /* SLUB: slabs in the CPU's partial list from this one on */
	u16 objects, inuse;
	u16 free; /* first free object */
	u8 order, place, node;
	u16 link[]; /* of a free object: the next one */
};

struct slab_list {
	struct slab *first, *last;
	u64 n;
};

/* SLAB: struct array_cache, of a CPU or shared by all of a node. */
struct array_cache {
	u32 avail, limit, batch;
	bool touched;
	u64 va; /* of its header */
	u64 *entry;
};

/* SLUB: struct kmem_cache_cpu. */
struct cpu_slab {
	struct slab *slab;
	u16 free; /* first of the freelist */
	struct slab *partial;
	u64 va;
};

/* struct kmem_list3, kmem_cache_node: of each node, or of the machine. */
struct slab_node {
	struct slab_list partial, full, empty;
	struct array_cache *shared;
	u64 free_objects, slabs;
	u32 free_limit;
	bool free_touched;
	u64 next_reap; /* seconds */
	u64 va;
	struct spinlock lock;
};

/* How objects lie in a slab. */
struct slab_geometry {
	u32 size; /* from one object to the next */
	u32 num;  /* objects of a slab */
	u32 order;
	u32 least; /* SLUB: the order of a slab that will do when there is no block of `order` */
	u32 colours, colour_off;
	u32 desc_bytes; /* SLAB: descriptor and bufctls, in the slab or elsewhere */
	bool off_slab;
	u32 pointer; /* SLUB: offset of the free pointer in the object */
};

struct kmem_cache {
	struct slabs *s;
	const char *name;
	char *own_name; /* to be freed */
	u32 object_size, flags;
	struct slab_geometry g;
	u32 reciprocal; /* of g.size: ceil(2^32 / size) */
	u32 colour_next;
	struct kmem_cache *desc_cache;
	u32 limit, batch, shared;     /* SLAB; limit 0: no arrays */
	u32 min_partial, cpu_partial; /* SLUB; in slabs */
	u64 va;                       /* of struct kmem_cache */
	struct array_cache *array;    /* one a CPU */
	struct cpu_slab *cpu;         /* one a CPU */
	struct slab_node *node;
	u32 n_nodes;
	u64 in_use; /* objects handed out */
	struct slab *spare;
};

/* Where the pages of slabs come from: the page allocator, or a test's. */
struct slab_pages {
	u64 (*get)(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order);
	void (*put)(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order);
	u32 (*node)(const struct page_alloc *pa, u64 pfn);
};

struct slab_ops {
	u64 (*alloc)(struct kmem_cache *k, struct cpu *c, u32 gfp);
	void (*free)(struct kmem_cache *k, struct cpu *c, u64 va);
	void (*shrink)(struct kmem_cache *k, struct cpu *c);
	/* What a cache needs beside its struct; false: no memory. */
	bool (*setup)(struct kmem_cache *k);
	void (*sane)(const struct kmem_cache *k);
	void (*info)(const struct kmem_cache *k, struct slab_info *i);
};
extern const struct slab_ops slab_classic_ops, slab_slub_ops;

#define SLAB_STATS(X)                                                                        \
	X(allocs, "objects", "handed out by caches")                                         \
	X(frees, "objects", "given back to caches")                                          \
	X(hits, "objects", "that a CPU had ready")                                           \
	X(free_hits, "objects", "that a CPU kept")                                           \
	X(refills, "calls", "of a CPU for more objects")                                     \
	X(node_refills, "calls", "of these, that came to a node's slabs")                    \
	X(flushes, "calls", "of a CPU to give objects back; SLUB: slabs that one put aside") \
	X(grown, "slabs", "made")                                                            \
	X(shrunk, "slabs", "given back: empty, and enough others")                           \
	X(reaped, "slabs", "given back to the reaper or by shrinking")                       \
	X(failed, "requests", "that got nothing")                                            \
	X(large, "requests", "of kmalloc() that went to the page allocator")                 \
	X(in_use, "objects", "in use")                                                       \
	X(pages, "pages", "of slabs and of the allocator's own structures")

struct slabs_stats {
	SLAB_STATS(STAT_FIELD)
};

/* Memory that is handed out in pieces and never returned. */
struct slab_bump {
	u64 va;
	u32 left;
};

enum kmalloc_kind { KMALLOC_NORMAL, KMALLOC_DMA, KMALLOC_RECLAIM, NR_KMALLOC_KINDS };
#define MAX_KMALLOC_CLASSES 24u
#define KMALLOC_SMALL       8192u /* class_of[] covers it in steps of 8 */

struct slabs {
	struct page_alloc *pa;
	const struct slab_pages *pages;
	const struct charger *ch;
	const struct slab_ops *ops;
	enum slab_form form;
	enum kernel_era era; /* one that had the form */
	u32 line, word, cpus, nodes, page_bytes, shift;
	u32 arrays, array_header, desc_header, bufctl; /* of slab_layout() */
	u64 direct_map;
	struct kmem_cache **cache;
	u32 n_caches;
	struct kmem_cache *cache_cache, *node_cache; /* of struct kmem_cache, kmem_cache_node */
	u32 classes, class_bytes[MAX_KMALLOC_CLASSES];
	u8 class_of[KMALLOC_SMALL / 8 + 1];
	struct kmem_cache *kmalloc[NR_KMALLOC_KINDS][MAX_KMALLOC_CLASSES];
	bool booted;        /* kmalloc() works */
	struct slab **slab; /* by index, NULL: free */
	u32 *free_index, n_free_index, slabs_end, slabs_room;
	struct slab_bump boot, *percpu;
	u32 *boot_pfn, n_boot_pfns;
	u64 *reap_ticks; /* of each CPU */
	u32 reap_hand;   /* 2.4: the next cache to look at */
	struct slabs_stats st;
};

struct slabs *slabs_new_from(struct page_alloc *pa, const struct slab_pages *pages, enum slab_form form,
			     u32 line);

/* slab_size.c: bytes of the kernel's structures by era and word, and offsets in them. */
struct slab_layout {
	u32 cache;                      /* struct kmem_cache */
	u32 arrays, lists, lock, sizes; /* in it: array pointers, lists, spinlock, object size */
	u32 node, node_lock;            /* kmem_list3 or kmem_cache_node, if it is apart */
	u32 array_header;
	u32 desc, bufctl;
	u32 cpu; /* kmem_cache_cpu */
};
struct slab_layout slab_layout(enum slab_form form, enum kernel_era era, u32 word);
struct slab_geometry slab_classic_geometry(const struct slabs *s, u32 bytes, u32 align, u32 flags);
struct slab_geometry slab_slub_geometry(const struct slabs *s, u32 bytes, u32 align, u32 flags);
/* limit, batchcount and factor of the shared array. */
void slab_classic_tunables(const struct slabs *s, u32 size, u32 *limit, u32 *batch, u32 *shared);
void slab_slub_tunables(const struct slabs *s, const struct slab_geometry *g, u32 *min_partial,
			u32 *cpu_partial);
/* The size classes of kmalloc(), ascending; how many. */
u32 slab_kmalloc_classes(enum slab_form form, enum kernel_era era, u32 page_bytes, u32 line, u32 *bytes);

/* slab_page.c */
u64 slab_boot_alloc(struct slabs *s, struct slab_bump *b, u32 bytes, u32 align); /* va; 0: no memory */
/* A slab with its pages, its objects in ascending order in the free list; NULL: no memory. */
struct slab *slab_get(struct kmem_cache *k, struct cpu *c, u32 gfp, u32 order, u32 objects);
void slab_put(struct slab *sl, struct cpu *c);
void slab_list_add(struct slab_list *l, struct slab *sl, enum slab_place place);
void slab_list_add_tail(struct slab_list *l, struct slab *sl, enum slab_place place);
void slab_list_del(struct slab_list *l, struct slab *sl);
/* A constructor's stores, or those that clear: all of an object, a line at a time. */
void slab_charge_object(const struct kmem_cache *k, struct cpu *c, enum kernel_path path, u64 va);
void slab_list_sane(const struct slab_list *l, enum slab_place place);
/* Free objects in a slab's own list; ASSERTs that they are marked so. */
u32 slab_count_free(const struct slab *sl, u16 first);

void slab_reap_24(struct slabs *s, struct cpu *c);
void slab_reap_26(struct slabs *s, struct cpu *c);
/* slab_classic.c, for the reaper: objects back to their slabs; an empty slab's end. */
void slab_free_block(struct kmem_cache *k, struct cpu *c, u32 node, const u64 *entry, u32 count);
void slab_destroy(struct slab *sl, struct cpu *c);
void slab_classic_shrink(struct kmem_cache *k, struct cpu *c);
void slab_classic_sane(const struct kmem_cache *k);
void slab_classic_info(const struct kmem_cache *k, struct slab_info *info);
/* The cache of a size; NULL: none is that large. slab.c */
struct kmem_cache *kmalloc_cache(const struct slabs *s, u64 bytes, enum kmalloc_kind kind);
/* slab_node.c: the half of SLUB below the per-CPU slab. */
struct slab *slub_get_partial(struct kmem_cache *k, struct cpu *c, u32 gfp);
void slub_put_cpu_partial(struct kmem_cache *k, struct cpu *c, struct slab *sl, bool drain);
void slub_put_partials(struct kmem_cache *k, struct cpu *c, struct slab *sl);
void slub_add_partial(struct slab *sl, bool tail);
void slub_deactivate(struct kmem_cache *k, struct cpu *c, struct cpu_slab *cs);
void slub_discard(struct slab *sl, struct cpu *c);
void slub_shrink(struct kmem_cache *k, struct cpu *c);
void slub_sane(const struct kmem_cache *k);
void slub_info(const struct kmem_cache *k, struct slab_info *info);

static inline u32 slab_cpu(const struct cpu *c)
{
	return c ? c->id : 0;
}

static inline struct slab *slab_of(const struct slabs *s, u64 va)
{
	const struct page *p = page_of(&s->pa->map, (va - s->direct_map) >> s->shift);

	ASSERT(p->flags & PAGE_SLAB);
	return s->slab[p->private];
}

/* The number of an object in its slab; ASSERTs that one begins there. */
static inline u32 slab_object(const struct slab *sl, u64 va)
{
	u64 offset = va - sl->va;
	u32 i = (u32)(offset * sl->cache->reciprocal >> 32);

	ASSERT(i < sl->objects && (u64)i * sl->cache->g.size == offset);
	return i;
}

static inline u64 slab_struct_va(const struct slab *sl)
{
	return page_struct_va(&sl->cache->s->pa->map, sl->pfn);
}

#endif
