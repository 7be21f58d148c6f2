/* The inside of swap; for swap*.c and fault_swap.c. */
#ifndef MMSIM_MM_SWAP_IMPL_H
#define MMSIM_MM_SWAP_IMPL_H

#include "model/mm/mm.h"
#include "model/mm/swap.h"

/* swap_map: a slot's entries, and these. */
#define SWAP_HAS_CACHE 0x4000u /* a page in the cache, or one on its way there */
#define SWAP_BAD       0x8000u /* the header of the device */
#define SWAP_COUNT     0x3fffu

/* How free slots are found: swap_slots.c, swap_clusters.c. */
struct slot_ops {
	void *(*create)(struct swap *s);
	void (*free)(void *state);
	/* A free slot, which it tells swap_took() of; NO_SLOT: none. */
	u64 (*take)(struct swap *s, struct cpu *c);
	/* The slot's map is 0 now. */
	void (*give)(struct swap *s, struct cpu *c, u64 slot);
	void (*sane)(const struct swap *s);
	u64 (*held)(const struct swap *s); /* slots that are taken and no page has yet */
};
extern const struct slot_ops slots_scan, slots_clusters;
#define NO_SLOT (~(u64)0)

struct zram;
struct page;
struct swap_cache;

struct swap {
	struct kernel *k;
	struct blockdev *dev; /* NULL: zram */
	bool own;             /* that device is nobody else's */
	struct zram *zram;    /* NULL: a device */
	u64 first;            /* page of the device that slot 0 is */
	u64 n;                /* slots, the header included */
	u16 *map;
	struct swap_cache *cache;
	u64 map_va;     /* of the kernel's swap_map */
	u32 map_bytes;  /* of a slot in it */
	u64 cluster_va; /* of its cluster_info, 0: none */
	struct spinlock lock;
	struct {
		u64 last;         /* slot of the last fault that nothing had been read ahead for */
		u32 window, hits; /* pages read by the last one; pages of those that were asked for since */
	} readahead;
	const struct slot_ops *ops;
	void *slots;
	struct swap_stats st;
};

static inline u64 swap_usable(const struct swap *s)
{
	return s->n - 1;
}

/* swap_map of slots from `slot` on is read, or changed. */
void swap_map_load(const struct swap *s, struct cpu *c, u64 slot, u64 slots);
void swap_map_store(const struct swap *s, struct cpu *c, u64 slot);
/* A slot that was free is in use. */
void swap_took(struct swap *s, struct cpu *c, u64 slot);
/* One that was taken, but that no page has, is free again. */
void swap_give_back(struct swap *s, struct cpu *c, u64 slot);
/* So many slots were looked at. */
void swap_scanned(struct swap *s, struct cpu *c, u64 slots);
u64 swap_cluster_bytes(const struct swap *s); /* of cluster_info */
/*
 * swapin_readahead(): the page of the fault's slot, with others near it, comes into the cache; the frame,
 * which the device may still have to fill (page_io.h). NO_FRAME: no memory.
 */
struct fault;
u64 swap_read(struct fault *f, u64 slot);
/* A fault has found the page in the cache. */
void swap_readahead_hit(struct fault *f, struct page *p);
/* A page that was read, or will be, joins the lists; `shadow` was left when it went. */
void swap_page_returned(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow);
void swap_read_zram(struct kernel *k, struct cpu *c, u64 slot, u64 pfn);
/* A slot for a page that is not in the cache yet; NO_SLOT: there is none. */
u64 swap_take_slot(struct kernel *k, struct cpu *c);
/* The page becomes that of the slot just taken, PG_DIRTY. False: no memory, and the slot is free again. */
bool swap_cache_take(struct kernel *k, struct cpu *c, u64 slot, u64 pfn);
/* The frame, into which its contents are to come, becomes the page of a slot that has none. False: no memory.
 */
bool swap_cache_fill(struct kernel *k, struct cpu *c, u64 slot, u64 pfn);
/* swap_free() of an entry whose page, if the slot has one, the caller takes care of. */
void swap_free_entry(struct kernel *k, struct cpu *c, u64 slot);
/* A request for pages from a slot on: the cycle at which it is over. Not of zram. */
u64 swap_transfer(struct kernel *k, struct cpu *c, bool write, u64 slot, u32 pages);
/* __try_to_reclaim_swap(): a slot that only an idle page in the cache has is made free, if it can be. */
bool swap_reclaim_slot(struct swap *s, struct cpu *c, u64 slot);

#endif
