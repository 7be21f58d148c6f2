/*
 * The page allocator of a machine, as the rest of the kernel calls it: alloc_pages() and free_pages(), which
 * go through the per-CPU lists or to the buddy by the rules of the era, charge what they do to the hardware
 * thread that they run on, and fail where the simulated kernel would. For model/mm.
 *
 * c NULL: nothing is charged, and there is no per-CPU list.
 */
#ifndef MMSIM_MM_ALLOC_H
#define MMSIM_MM_ALLOC_H

#include "model/mm/reclaim_progress.h"
#include "model/mm/zone.h"

/* Which per-CPU lists there are: kernel.pcp. */
enum pcp_form {
	PCP_NONE,     /* 2.4 */
	PCP_HOT_COLD, /* 2.5.45 to 2.6.24: a hot and a cold list */
	PCP_MERGED,   /* 2.6.25 to 5.12: one list (a migratetype), cold pages at its end */
	PCP_LISTS,    /* 6.7 on: 14 lists, high marks by themselves, doubling refills */
};

enum mempolicy { POLICY_LOCAL, POLICY_BIND, POLICY_INTERLEAVE, POLICY_PREFERRED };

/* What the rest of the kernel does for an allocation that is about to fail; model/mm's reclaim fills it. */
struct reclaim_ops {
	void (*wake_kswapd)(void *arg, struct cpu *c, struct zone *z, u32 order, u32 gfp);
	/* Returns pages that were freed. */
	u64 (*direct)(void *arg, struct cpu *c, u32 gfp, u32 order);
	/* Pages of the zone that could be reclaimed: zone_reclaimable_pages(). */
	u64 (*reclaimable)(void *arg, const struct zone *z);
	/* Someone was killed for memory: true, try again; false: the allocation fails. */
	bool (*oom)(void *arg, struct cpu *c, u32 gfp, u32 order);
	/* Whether direct() got nothing because the thread has to wait first: it will ask again. */
	bool (*waits)(void *arg, const struct cpu *c);
	/* What Linux sleeps for, or lets others run, before it tries again. True: the thread has to wait. */
	bool (*nap)(void *arg, struct cpu *c);
	/* Of the thread that runs; NULL: nobody ever waits. */
	struct reclaim_progress *(*progress)(void *arg, const struct cpu *c);
};

struct page_alloc_cfg {
	enum kernel_era era;
	enum pcp_form pcp;
	u64 bytes;                          /* physical memory */
	u32 shift;                          /* of the size of a page */
	u32 nodes, cpus;                    /* equal parts of memory; hardware threads */
	u32 word;                           /* bytes of a pointer: 4 or 8 */
	u64 dma_end, dma32_end, lowmem_end; /* bytes: end of zone DMA, DMA32, NORMAL; 0: no such zone, or
					       for lowmem_end no HIGHMEM */
	u64 direct_map;                     /* va of physical 0 */
	u64 memmap_va;   /* of the first struct page; 0: mem_map lies in boot memory of the direct map */
	u64 image_bytes; /* of the kernel's text and data, from image_pa on */
	u64 image_pa;
	bool pc; /* page 0 and 640 KB to 1 MB are no memory; 6.x keeps all of the first megabyte */
	u64 min_free_kbytes; /* 0: by the era's formula */
	u32 pageblock_order; /* 0: 9 */
	bool thp;            /* khugepaged raises the marks */
	u64 seed;
};

#define PAGE_ALLOC_STATS(X)                                                   \
	X(requests, "requests", "for pages")                                  \
	X(allocated, "pages", "handed out to their users")                    \
	X(freed, "pages", "given back by their users")                        \
	X(pcp_hits, "requests", "served from a per-CPU list that had a page") \
	X(pcp_misses, "requests", "that had to refill one first")             \
	X(slow, "requests", "that went beyond the first pass over the zones") \
	X(kswapd_wakes, "requests", "that woke kswapd")                       \
	X(direct_reclaims, "calls", "of direct reclaim")                      \
	X(direct_compacts, "calls", "of direct compaction")                   \
	X(drains, "calls", "of drain_all_pages()")                            \
	X(failed, "requests", "that got nothing")                             \
	X(oom, "requests", "that called for the OOM killer")

struct page_alloc_stats {
	PAGE_ALLOC_STATS(STAT_FIELD)
};

/* Of the per-CPU lists, pcp.h. */
#define PCP_STATS(X)                                                \
	X(allocs, "pages", "taken from the lists")                  \
	X(frees, "pages", "put into them")                          \
	X(refills, "refills", "from the buddy")                     \
	X(refilled, "pages", "by these")                            \
	X(drains, "drains", "to the buddy because a list was full") \
	X(drained, "pages", "by these and all other drains")        \
	X(decays, "ticks", "that lowered a high mark")

struct pcp_stats {
	PCP_STATS(STAT_FIELD)
};

/* Zones in the order in which an allocation that may have the first of them looks through them. */
struct zonelist {
	struct zone *zone[MAX_ZONES];
	u32 n;
};

/* Physical memory that boot keeps from the allocator: pages start to end. */
struct boot_range {
	u64 start, end;
};

struct page_alloc {
	struct page_alloc_cfg cfg;
	struct charger *charger;
	struct memmap map;
	struct zone *zone; /* by node, then by type: ascending addresses */
	u32 n_zones;
	u8 *chunk_zone;           /* index of the first zone of each chunk of memmap.h */
	struct boot_range *range; /* ascending, without overlaps */
	u32 n_ranges;
	u64 *memmap_pa; /* of each node's part of mem_map */
	u64 percpu_pa;  /* of the per-CPU areas, percpu_bytes each, one a hardware thread */
	u32 percpu_bytes;
	struct zonelist *zonelist; /* [node * NR_ZONE_TYPES + highest type that may be used] */
	u32 max_order;             /* exclusive: MAX_ORDERS, 10 for 2.4.0 */
	u32 pageblock_order;
	u64 min_free_kbytes;               /* in force */
	const struct reclaim_ops *reclaim; /* NULL: nothing can be reclaimed */
	void *reclaim_arg;
	bool reclaiming; /* what is allocated now is for reclaim itself: PF_MEMALLOC */
	void (*release)(void *arg, struct cpu *c,
			u64 pfn); /* of a page in an LRU list that is freed; lru.h */
	void *release_arg;
	struct compaction *compaction; /* compact.h; NULL: blocks are not made by moving pages */
	struct page_alloc_stats st;
	u64 unused;                 /* pages that nobody has: free, or in a per-CPU list */
	u64 usable;                 /* managed, but for boot_used */
	u64 boot_kept;              /* pages that others than the kernel have to the end, boot_state.h */
	u64 boot_used;              /* pages in use from the beginning, boot_state.h */
	u64 pgalloc[NR_ZONE_TYPES]; /* pages: /proc/vmstat */
	struct pcp_stats pcp_st;
};

/*
 * ch NULL: nothing is charged. page_alloc_new() boots: what is not reserved is free. page_alloc_zones() only
 * makes the zones, with their marks and without a free page or a per-CPU list, for tests of what lies below.
 */
struct page_alloc *page_alloc_new(const struct page_alloc_cfg *cfg, struct charger *ch);
struct page_alloc *page_alloc_zones(const struct page_alloc_cfg *cfg, struct charger *ch);
void page_alloc_free(struct page_alloc *pa);
void page_alloc_stats_add(struct page_alloc *pa, struct stats *s); /* registers mm.{alloc,zone,pcp}.* */
/* Pages: that the allocator has, that are free in the buddy, that lie in per-CPU lists. */
u64 page_alloc_managed(const struct page_alloc *pa);
u64 page_alloc_free_pages(const struct page_alloc *pa);
u64 page_alloc_in_lists(const struct page_alloc *pa);
/* ASSERTs: each page has one place; lists, counts and marks agree; allocated = freed + in use. */
void page_alloc_sane(const struct page_alloc *pa);

/* 2^order pages; pfn, or NO_FRAME of arch/addr.h. One reference, of the block. */
u64 alloc_pages(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order);
/* From that node, or the next ones. */
u64 alloc_pages_node(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, u32 node);
/* The same by a policy: nodes is the set that it names. */
u64 alloc_pages_policy(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, enum mempolicy policy,
		       u64 nodes, u64 index);
/* Its last user gives the block back: hot, as most do, or cold (reclaim, 2.5.45 to 4.14). */
void free_pages(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order);
void free_pages_cold(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order);
/* Of an allocated block of order > 0: from now on each of its pages is one of order 0.
 * mm/page_alloc.c:split_page() */
void split_page(struct page_alloc *pa, u64 pfn, u32 order);
/* Everything in per-CPU lists goes to the buddy; pages that did. */
u64 drain_all_pages(struct page_alloc *pa, struct cpu *c);
/* A block that was taken from the buddy directly is in use from now on, with one reference. */
void page_alloc_took(struct zone *z, u64 pfn, u32 order);
/* gfp_zone(): the highest zone that an allocation may have. */
enum zone_type gfp_highest_zone(u32 gfp);
void page_alloc_wake_kswapd(struct zone *z, struct cpu *c, u32 order, u32 gfp);
struct zone *zone_of(const struct page_alloc *pa, u64 pfn);
u32 node_of(const struct page_alloc *pa, u64 pfn);
u64 node_start(const struct page_alloc *pa, u32 node); /* pfn; of the number of nodes: the end of memory */
/* Physical address of a page's struct page, which memmap.va and on are mapped to. */
u64 page_struct_pa(const struct page_alloc *pa, u64 pfn);
/* The kernel's address of byte `offset` of a hardware thread's per-CPU area. */
u64 percpu_va(const struct page_alloc *pa, u32 cpu, u32 offset);
/* Where in it the pageset of a zone lies, two lines and what follows: PERCPU_PCP_BYTES. */
u32 percpu_pcp(const struct zone *z);
#define PERCPU_PCP_BYTES 256u
/* The kernel's address of a page in the direct map; 0: it is in high memory and has none. */
u64 page_va(const struct page_alloc *pa, u64 pfn);

#endif
