/* Swap as a whole: its beginning, the counts of slots, and the way of a page to the device. */
#include "model/mm/swap_impl.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/lru.h"
#include "model/mm/page_cache.h"
#include "model/mm/page_io.h"
#include "model/mm/rmap.h"
#include "model/mm/swap_cache.h"
#include "model/mm/swap_zram.h"
#include "model/mm/vmalloc.h"
#include "model/mm/workingset.h"
#include "model/sim/time.h"

static const char *const device_names[] = { "none", "hdd", "sata-ssd", "nvme", "zram", "storage", NULL };

#define AT(field) offsetof(struct swap_cfg, field)

/* vm.page-cluster is 3 (mm/swap.c:swap_setup(), of machines with 16 MB and more). */
const struct opt swap_opts[] = {
	{ "device", OPT_ENUM, AT(device), "none", 0, 0, NULL,
	  "of swap: one of its own, compressed memory, or the end of storage.device", device_names },
	{ "size", OPT_SIZE, AT(size), "0", 0, 1ull << 40, "bytes", "of it; 0: as large as memory", NULL },
	{ "page_cluster", OPT_U32, AT(page_cluster), "3", 0, 5, NULL,
	  "2 to this many pages are read ahead at once", NULL },
	{ 0 },
};

#undef AT

#define STAT_STRUCT struct swap_stats
static const struct stat_desc stat_rows[] = { SWAP_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* ---- beginning and end ---- */

#define SLOTS_MIN 2u /* the header and one */

/* SWP_SYNCHRONOUS_IO is of 4.15, but what zram does was never anything else. */
bool swap_synchronous(const struct kernel *k)
{
	return k->swap && k->swap->zram;
}

bool swap_enabled(const struct kernel *k)
{
	return k->swap;
}

/* The largest number that an entry can hold: an entry has slot + 1. */
static u64 slots_max(const struct kernel *k)
{
	return (1ull << (k->format->pa_bits - FRAME_SHIFT)) - 1;
}

static u64 slots_wanted(const struct kernel *k, const struct kernel_params *p)
{
	u64 n = (k->cfg.swap.size ? k->cfg.swap.size : p->memory) >> FRAME_SHIFT;

	return MIN(n, MIN(slots_max(k), 0xfffffffeu));
}

const char *swap_check(const struct kernel_cfg *cfg, const char **key)
{
	*key = "device";
	if (cfg->swap.device == SWAP_STORAGE && !cfg->storage.device)
		return "is that of files, which have none: set storage.device";
	if (cfg->swap.device && cfg->placement != FRAME_BUDDY)
		return "needs kernel.placement = buddy: else no page is ever taken from its owner";
	if (cfg->swap.device && kernel_format(cfg)->shift[0] != FRAME_SHIFT)
		return "needs a kernel.layout with pages of 4 KB";
	*key = "size";
	if (cfg->swap.size && cfg->swap.size >> FRAME_SHIFT < SLOTS_MIN)
		return "is too small: two pages at least";
	return NULL;
}

/* Slots lie from the beginning of a device of their own on, or at the end of that of files. */
static void open_device(struct swap *s, const struct kernel_params *p)
{
	u32 kind = s->k->cfg.swap.device;

	if (kind == SWAP_ZRAM) {
		s->zram = zram_new(s->k, &s->k->cfg.swap.zram, s->n, p->seed);
		return;
	}
	s->own = kind != SWAP_STORAGE;
	s->dev = s->own ? blockdev_new((enum blockdev_kind)kind, &s->k->cfg.blockdev, p->hz, p->seed, "swap")
			: s->k->storage;
	s->n = MIN(s->n, blockdev_pages(s->dev));
	s->first = s->own ? 0 : blockdev_pages(s->dev) - s->n;
}

/* 2 bytes a slot until 2.6.2x, 1 since; in vmalloc memory, like cluster_info. */
static void allocate_map(struct swap *s)
{
	s->map_bytes = s->k->cfg.era < ERA_2_6_37 ? 2 : 1;
	s->map_va = vmalloc(s->k, NULL, s->n * s->map_bytes);
	if (!s->map_va)
		die("swap.size: no room for the kernel's map of its slots");
	if (s->ops == &slots_clusters)
		s->cluster_va = vmalloc(s->k, NULL, swap_cluster_bytes(s));
}

void swap_boot(struct kernel *k, const struct kernel_params *p)
{
	struct swap *s;

	if (!p->cfg->swap.device || !k->rmap)
		return;
	s = xcalloc(1, sizeof(*s));
	s->k = k;
	s->n = slots_wanted(k, p);
	open_device(s, p);
	s->ops = k->cfg.era == ERA_6_X && (!s->dev || !blockdev_rotational(s->dev)) ? &slots_clusters
										    : &slots_scan;
	s->map = xcalloc(s->n, sizeof(*s->map));
	s->map[0] = SWAP_BAD;
	s->st.slots = swap_usable(s);
	s->lock.va = k->data_va;
	k->swap = s;
	s->slots = s->ops->create(s);
	s->cache = swap_cache_new(s);
	allocate_map(s);
	if (s->zram && !zram_boot(s->zram))
		die("swap.size: no room for the table of compressed pages");
}

void swap_each_block(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	if (k->swap && k->swap->zram)
		zram_each_block(k->swap->zram, fn, arg);
}

void swap_shut(struct kernel *k)
{
	struct swap *s = k->swap;

	if (!s)
		return;
	s->ops->free(s->slots);
	swap_cache_free(s->cache);
	if (s->own)
		blockdev_free(s->dev);
	zram_free(s->zram);
	free(s->map);
	free(s);
	k->swap = NULL;
}

void swap_stats_add(const struct kernel *k, struct stats *s)
{
	if (!k->swap)
		return;
	stats_add(s, "mm.swap", stat_rows, &k->swap->st);
	stats_set_level(s, "mm.swap.slots");
	stats_set_level(s, "mm.swap.used");
	stats_set_level(s, "mm.swap.used_max");
	stats_set_level(s, "mm.swap.cached");
	stats_set_level(s, "mm.swap.shmem");
	stats_add_one(s, "mm.vmstat.pswpin", &k->swap->st.read, "pages", "read from swap");
	stats_add_one(s, "mm.vmstat.pswpout", &k->swap->st.written, "pages", "written to swap");
	stats_add_one(s, "mm.vmstat.swap_ra", &k->swap->st.readahead, "pages", "read ahead");
	stats_add_one(s, "mm.vmstat.swap_ra_hit", &k->swap->st.readahead_hits, "pages",
		      "of these, asked for");
	stats_add_one(s, "mm.vmstat.nr_swapcached", &k->swap->st.cached, "pages", "in the swap cache");
	stats_set_level(s, "mm.vmstat.nr_swapcached");
	if (k->swap->own)
		blockdev_stats_add(k->swap->dev, s);
	if (k->swap->zram)
		zram_stats_add(k->swap->zram, s);
}

u64 swap_slots(const struct kernel *k)
{
	return k->swap ? k->swap->st.slots : 0;
}

u64 swap_free_slots(const struct kernel *k)
{
	return k->swap ? k->swap->st.slots - k->swap->st.used : 0;
}

bool swap_full(const struct kernel *k)
{
	return swap_free_slots(k) * 2 < swap_slots(k);
}

/* ---- the map ---- */

void swap_map_load(const struct swap *s, struct cpu *c, u64 slot, u64 slots)
{
	slots = MIN(slots, s->n - MIN(slot, s->n));
	if (slots)
		charge_load(&s->k->charger, c, KPATH_SWAP, s->map_va + slot * s->map_bytes,
			    (u32)slots * s->map_bytes);
}

void swap_map_store(const struct swap *s, struct cpu *c, u64 slot)
{
	charge_store(&s->k->charger, c, KPATH_SWAP, s->map_va + slot * s->map_bytes, s->map_bytes);
}

void swap_scanned(struct swap *s, struct cpu *c, u64 slots)
{
	const struct step_text *t = &s->k->charger.step[STEP_SWAP_SCAN];

	s->st.scanned += slots;
	if (s->k->charger.on && c && slots)
		c->ops->execute(c, KPATH_SWAP, t->va, t->bytes, slots * t->instructions);
}

void swap_took(struct swap *s, struct cpu *c, u64 slot)
{
	ASSERT(!s->map[slot]);
	kernel_step(s->k, c, STEP_SWAP_SLOT);
	s->map[slot] = SWAP_HAS_CACHE;
	swap_map_store(s, c, slot);
	s->st.allocated++;
	s->st.used++;
	s->st.used_max = MAX(s->st.used_max, s->st.used);
}

/* swap_entry_free(): nobody has it any more. */
static void slot_is_free(struct swap *s, struct cpu *c, u64 slot)
{
	ASSERT(!s->map[slot]);
	swap_cache_forget(s->cache, c, slot);
	if (s->zram)
		zram_discard(s->zram, c, slot);
	s->st.freed++;
	s->st.used--;
	s->ops->give(s, c, slot);
}

void swap_give_back(struct swap *s, struct cpu *c, u64 slot)
{
	ASSERT(s->map[slot] == SWAP_HAS_CACHE);
	s->map[slot] = 0;
	swap_map_store(s, c, slot);
	slot_is_free(s, c, slot);
}

void swap_duplicate(struct kernel *k, struct cpu *c, u64 slot)
{
	struct swap *s = k->swap;

	ASSERT(slot < s->n && s->map[slot] && (s->map[slot] & SWAP_COUNT) < SWAP_COUNT);
	kernel_step(k, c, STEP_SWAP_DUPLICATE);
	s->map[slot]++;
	swap_map_store(s, c, slot);
}

static void put_entry(struct swap *s, struct cpu *c, u64 slot)
{
	ASSERT(slot < s->n && s->map[slot] & SWAP_COUNT);
	kernel_step(s->k, c, STEP_SWAP_FREE);
	spin_lock(&s->k->charger, c, KPATH_SWAP, &s->lock);
	s->map[slot]--;
	swap_map_store(s, c, slot);
	if (!s->map[slot])
		slot_is_free(s, c, slot);
	spin_unlock(&s->k->charger, c, &s->lock);
}

/* free_swap_and_cache(); vm_swap_full() alone does not suffice where somebody else maps the page. */
void swap_free(struct kernel *k, struct cpu *c, u64 slot)
{
	struct swap *s = k->swap;
	u64 pfn;

	put_entry(s, c, slot);
	if (s->map[slot] != SWAP_HAS_CACHE)
		return;
	pfn = swap_cache_page(k, slot);
	if (pfn != NO_FRAME && (!page_of(&k->pa->map, pfn)->mapcount || swap_full(k)))
		swap_cache_drop(k, c, pfn);
}

void swap_free_entry(struct kernel *k, struct cpu *c, u64 slot)
{
	put_entry(k->swap, c, slot);
}

u32 swap_count(const struct kernel *k, u64 slot)
{
	return k->swap->map[slot] & SWAP_COUNT;
}

/* ---- pages ---- */

static u64 slot_of(const struct page *p)
{
	ASSERT(p->swap);
	return p->swap - 1;
}

u64 swap_take_slot(struct kernel *k, struct cpu *c)
{
	struct swap *s = k->swap;
	u64 slot;

	kernel_step(k, c, STEP_SWAP_ALLOC);
	spin_lock(&k->charger, c, KPATH_SWAP, &s->lock);
	slot = s->ops->take(s, c);
	spin_unlock(&k->charger, c, &s->lock);
	s->st.full += slot == NO_SLOT;
	return slot;
}

bool swap_cache_take(struct kernel *k, struct cpu *c, u64 slot, u64 pfn)
{
	if (!swap_cache_add(k->swap->cache, c, slot, pfn)) {
		swap_give_back(k->swap, c, slot);
		return false;
	}
	page_of(&k->pa->map, pfn)->marks |= PG_DIRTY;
	return true;
}

bool swap_add(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = rmap_page(k, pfn);
	u64 slot;

	if (!k->swap || !p)
		return false;
	if (p->swap)
		return true;
	slot = swap_take_slot(k, c);
	return slot != NO_SLOT && swap_cache_take(k, c, slot, pfn);
}

/* The slot has no page any more. */
static void cache_let_go(struct swap *s, struct cpu *c, u64 slot)
{
	spin_lock(&s->k->charger, c, KPATH_SWAP, &s->lock);
	s->map[slot] &= (u16)~SWAP_HAS_CACHE;
	swap_map_store(s, c, slot);
	if (!s->map[slot])
		slot_is_free(s, c, slot);
	spin_unlock(&s->k->charger, c, &s->lock);
}

void swap_cache_remove(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow)
{
	u64 slot = slot_of(page_of(&k->pa->map, pfn));

	swap_cache_delete(k->swap->cache, c, slot, shadow);
	cache_let_go(k->swap, c, slot);
	frame_put(k->frames, c, pfn);
}

bool swap_cache_drop(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = page_of(&k->pa->map, pfn);
	u64 slot = slot_of(p), now = c ? c->ops->now(c) : p->ready;

	if (swap_count(k, slot) || !page_io_over(p, now))
		return false;
	p->marks |= PG_DIRTY;
	swap_cache_remove(k, c, pfn, 0);
	return true;
}

void swap_page_unmapped(struct kernel *k, struct cpu *c, u64 pfn)
{
	const struct page *p = k->swap ? rmap_page(k, pfn) : NULL;

	if (p && p->swap && !p->mapcount)
		swap_cache_drop(k, c, pfn);
}

bool swap_cache_fill(struct kernel *k, struct cpu *c, u64 slot, u64 pfn)
{
	struct swap *s = k->swap;

	ASSERT(swap_count(k, slot) && !(s->map[slot] & SWAP_HAS_CACHE));
	s->map[slot] |= SWAP_HAS_CACHE;
	swap_map_store(s, c, slot);
	if (swap_cache_add(s->cache, c, slot, pfn))
		return true;
	cache_let_go(s, c, slot);
	return false;
}

bool swap_reclaim_slot(struct swap *s, struct cpu *c, u64 slot)
{
	u64 pfn = swap_cache_page(s->k, slot);

	return pfn != NO_FRAME && swap_cache_drop(s->k, c, pfn);
}

/* ---- transfers ---- */

u64 swap_transfer(struct kernel *k, struct cpu *c, bool write, u64 slot, u32 pages)
{
	struct swap *s = k->swap;
	u64 now = c ? c->ops->now(c) : 0, end;

	kernel_path_step(k, c, NULL, STEP_SWAP_IO);
	*(write ? &s->st.written : &s->st.read) += pages;
	if (!k->charger.on || !c)
		return now;
	now = c->ops->now(c);
	end = blockdev_submit(s->dev, now, write, s->first + slot, pages);
	timeline_span(k->charger.timeline, TL_DEVICE_SWAP, write ? TL_SWAP_WRITE : TL_SWAP_READ, now, end,
		      slot, pages);
	return end;
}

struct blockdev *swap_device(const struct kernel *k)
{
	return k->swap ? k->swap->dev : NULL;
}

u64 swap_write_room(struct kernel *k, u64 now)
{
	return k->swap->dev ? blockdev_room(k->swap->dev, now) : now;
}

u64 swap_write(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = page_of(&k->pa->map, pfn);
	struct swap *s = k->swap;
	u64 now, ready;

	p->marks &= (u16)~PG_DIRTY;
	if (s->zram) {
		kernel_path_step(k, c, NULL, STEP_SWAP_IO);
		s->st.written++;
		if (!zram_write(s->zram, c, slot_of(p), pfn))
			p->marks |= PG_DIRTY;
		return c ? c->ops->now(c) : 0;
	}
	ready = swap_transfer(k, c, true, slot_of(p), 1);
	now = c ? c->ops->now(c) : ready;
	if (ready > now)
		page_transfer_of_swap(k, pfn, PG_WRITEBACK, ready);
	return MAX(ready, now);
}

void swap_read_zram(struct kernel *k, struct cpu *c, u64 slot, u64 pfn)
{
	k->swap->st.read++;
	zram_read(k->swap->zram, c, slot, pfn);
}

void swap_page_returned(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow)
{
	kernel_path_step(k, c, NULL, STEP_PAGE_CHARGE);
	workingset_refault(k, c, pfn, shadow);
	lru_add(k, c, pfn);
}

/* ---- for --check ---- */

static void found_page(const struct swap *s, u64 slot, u64 *pages)
{
	u64 pfn = swap_cache_page(s->k, slot);

	ASSERT(pfn == NO_FRAME || s->map[slot] & SWAP_HAS_CACHE);
	if (pfn == NO_FRAME)
		return;
	ASSERT(page_of(&s->k->pa->map, pfn)->swap == slot + 1);
	++*pages;
}

void swap_sane(const struct kernel *k, const struct map64 *entries)
{
	const struct swap *s = k->swap;
	u64 slot, used = 0, pages = 0, has_cache = 0, mapped = 0;

	if (!s)
		return;
	ASSERT(s->map[0] == SWAP_BAD);
	for (slot = 1; slot < s->n; slot++) {
		const u64 *n = s->map[slot] ? map64_find(entries, slot) : NULL;

		used += s->map[slot] != 0;
		has_cache += (s->map[slot] & SWAP_HAS_CACHE) != 0;
		ASSERT((s->map[slot] & SWAP_COUNT) == (n ? *n : 0));
		mapped += n != NULL;
		found_page(s, slot, &pages);
	}
	ASSERT(mapped == entries->n);
	ASSERT(used == s->st.used && s->st.allocated - s->st.freed == used);
	ASSERT(pages == s->st.cached && s->st.added - s->st.removed == pages);
	ASSERT(has_cache == pages + s->ops->held(s));
	s->ops->sane(s);
	swap_cache_sane(s->cache);
	if (s->zram)
		zram_sane(s->zram);
}
