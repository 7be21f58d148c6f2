/*
 * Swap: one device of slots of a page, the count of each slot's users, and the swap cache, which has the
 * pages that a slot belongs to while they are in memory. As mm/swapfile.c and mm/swap_state.c of each era.
 *
 * A page gets a slot and goes into the swap cache (swap_add()), its entries become entries of the slot
 * (pte_swap(), swap_duplicate() for each), it is written (swap_write()) and, unless somebody has used it
 * meanwhile, leaves the cache (swap_cache_remove()). A fault finds it in the cache or reads it
 * (fault_swap.c). A slot is free when it has neither entries nor a page.
 *
 * A page of shared memory leaves its object for the swap cache when it is to be written, and the object keeps
 * its slot: shmem.h.
 *
 * struct page.swap is the slot + 1 while a page is in the cache, which has one reference of its frame. A
 * kernel without reverse mapping (k->rmap is NULL) has no swap: nobody could take a page away.
 *
 * Not modelled: several devices and their priorities, swap files with holes, the pages in which counts above
 * 62 go on, large pages (they are split first), discards; interrupts at the end of transfers, whose work is
 * charged with the request; what DMA does to caches: lines of a frame stay as its last owner left them. For
 * model/mm.
 */
#ifndef MMSIM_MM_SWAP_H
#define MMSIM_MM_SWAP_H

#include "model/mm/blockdev.h"
#include "model/sim/opt.h"
#include "model/sim/stat.h"

struct kernel;
struct kernel_cfg;
struct kernel_params;
struct mm;
struct cpu;

/* kernel_cfg's swap.device: enum blockdev_kind, and what only swap can be. */
enum swap_kind { SWAP_ZRAM = NR_BLOCKDEVS, SWAP_STORAGE, NR_SWAP_KINDS };

struct zram_cfg {
	u32 same, incompressible; /* percent of pages */
	u32 smallest, largest;    /* percent of a page, that the others become */
};

struct swap_cfg {
	u32 device; /* enum blockdev_kind or enum swap_kind */
	u32 page_cluster;
	u64 size; /* bytes; 0: as large as memory */
	struct zram_cfg zram;
};
extern const struct opt swap_opts[], zram_opts[];

#define SWAP_STATS(X)                                                                     \
	X(slots, "slots", "of the device")                                                \
	X(used, "slots", "in use now")                                                    \
	X(used_max, "slots", "in use at most")                                            \
	X(allocated, "slots", "taken")                                                    \
	X(freed, "slots", "given back")                                                   \
	X(full, "pages", "that found no slot")                                            \
	X(scanned, "slots", "looked at in search of a free one")                          \
	X(added, "pages", "that came into the swap cache")                                \
	X(removed, "pages", "that left it")                                               \
	X(cached, "pages", "in it now")                                                   \
	X(readahead, "pages", "read because of others: swap_ra")                          \
	X(readahead_hits, "pages", "of these, that a fault asked for later: swap_ra_hit") \
	X(written, "pages", "written to the device")                                      \
	X(read, "pages", "read from it, readahead included")                              \
	X(shmem, "slots", "that pages of shared memory have now")                         \
	X(shmem_out, "pages", "of shared memory that went to the swap cache")             \
	X(shmem_in, "pages", "of shared memory that came back from it")

struct swap_stats {
	SWAP_STATS(STAT_FIELD)
};

struct swap;

/* NULL, or why a kernel cannot have that swap: what *key of group swap "is". */
const char *swap_check(const struct kernel_cfg *cfg, const char **key);
void swap_boot(struct kernel *k, const struct kernel_params *p);
void swap_shut(struct kernel *k);
void swap_stats_add(const struct kernel *k, struct stats *s); /* registers mm.swap.* */

bool swap_enabled(const struct kernel *k);
u64 swap_slots(const struct kernel *k);
u64 swap_free_slots(const struct kernel *k); /* get_nr_swap_pages() */
/* vm_swap_full(): more than a half is used, so pages should not keep their slots. */
bool swap_full(const struct kernel *k);
/* Transfers are over when they return, as on zram: SWP_SYNCHRONOUS_IO. */
bool swap_synchronous(const struct kernel *k);

/* ---- for reclaim ---- */

/*
 * folio_alloc_swap() or add_to_swap(): the private page gets a slot and is in the swap cache, PG_DIRTY.
 * False: there is no swap, no slot or no memory. If it is in the cache already that is all right.
 */
bool swap_add(struct kernel *k, struct cpu *c, u64 pfn);
/* What it lies on; NULL: it is compressed memory, or there is none. */
struct blockdev *swap_device(const struct kernel *k);
/* The cycle from which the device takes writes: bdi_write_congested(), blk_mq_get_tag(). */
u64 swap_write_room(struct kernel *k, u64 now);
/*
 * swap_writepage(): the page, which is in the cache, is not PG_DIRTY any more, and PG_WRITEBACK until the
 * cycle that is returned (page_io.h); a synchronous device has it at once, without that mark. The cycle now
 * in that case.
 */
u64 swap_write(struct kernel *k, struct cpu *c, u64 pfn);
/*
 * __delete_from_swap_cache(): the page leaves the cache, its slot stays while entries have it, with `shadow`
 * (63 bits, 0: none) for swap_shadow(). The cache's reference of the frame is put; the caller has another
 * one.
 */
void swap_cache_remove(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow);
/*
 * folio_free_swap(): the same where no entry has the slot any more, which becomes free. The page is PG_DIRTY
 * then, as nothing else has what is in it; or free, if nobody else had it. False: there are entries, or it is
 * being written.
 */
bool swap_cache_drop(struct kernel *k, struct cpu *c, u64 pfn);
/* What the last page that left the slot was given as shadow; 0: none. */
u64 swap_shadow(const struct kernel *k, u64 slot);

/* ---- for entries of page tables ---- */

/* One more entry has the slot. */
void swap_duplicate(struct kernel *k, struct cpu *c, u64 slot);
/*
 * free_swap_and_cache(): one fewer. A page that only the cache still has leaves it if nobody else maps it or
 * swap is full.
 */
void swap_free(struct kernel *k, struct cpu *c, u64 slot);
/* free_swap_cache(): an entry of the page is gone, before its frame is put. A page that nobody maps and no
 * entry has the slot of need not stay in the cache. */
void swap_page_unmapped(struct kernel *k, struct cpu *c, u64 pfn);
/* Entries that have it; the page in the cache, NO_FRAME: none. */
u32 swap_count(const struct kernel *k, u64 slot);
u64 swap_cache_page(const struct kernel *k, u64 slot);

/* --check: each slot has as many entries as were found (by slot), and the cache agrees with the pages. */
struct map64;
void swap_sane(const struct kernel *k, const struct map64 *entries);
/* Calls fn for the frame of each page in the cache; for each block that zram has. */
void swap_each_page(const struct kernel *k, void (*fn)(void *arg, u64 pfn), void *arg);
void swap_each_block(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg);

#endif
