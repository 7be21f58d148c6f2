#include "model/mm/writeback.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/footprint.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"
#include "model/mm/slab.h"
#include "model/sim/time.h"

/* INIT_BW: 100 MB/s */
#define FIRST_BANDWIDTH (100u << (20 - FRAME_SHIFT))

/*
 * Percent of memory: bdf_prm of fs/buffer.c (nfract 30, nfract_sync 60), mm/page-writeback.c of 2.5.66 to
 * 2.6.21 (10, 40), of 2.6.22 to 2.6.29 (5, 10) and later (10, 20).
 */
static const struct {
	u8 background, limit;
} era_ratios[NR_ERAS] = {
	[ERA_2_4_0] = { 30, 60 }, [ERA_2_4_21] = { 30, 60 }, [ERA_2_5_66] = { 10, 40 },
	[ERA_2_6_5] = { 10, 40 }, [ERA_2_6_9] = { 10, 40 },  [ERA_2_6_18] = { 10, 40 },
	[ERA_2_6_26] = { 5, 10 }, [ERA_2_6_37] = { 10, 20 }, [ERA_6_X] = { 10, 20 },
};

#define STAT_STRUCT struct writeback_stats
static const struct stat_desc stat_rows[] = { WRITEBACK_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

void writeback_boot(struct kernel *k, u64 hz)
{
	struct writeback *wb = xcalloc(1, sizeof(*wb));
	const struct kernel_cfg *cfg = &k->cfg;

	k->page_cache->wb = wb;
	wb->background = cfg->dirty_background_ratio == RATIO_ERA ? era_ratios[cfg->era].background
								  : cfg->dirty_background_ratio;
	wb->limit = cfg->dirty_ratio == RATIO_ERA ? era_ratios[cfg->era].limit : cfg->dirty_ratio;
	wb->hz = hz;
	wb->expire = time_to_cycles(cfg->dirty_expire, hz) / MAX(cfg->time_scale, 1);
	wb->bandwidth = FIRST_BANDWIDTH;
}

void writeback_free(struct kernel *k)
{
	ASSERT(!k->page_cache->wb->first);
	free(k->page_cache->wb);
}

void writeback_stats_add(struct kernel *k, struct stats *s)
{
	stats_add(s, "mm.writeback", stat_rows, &k->page_cache->wb->st);
	stats_set_level(s, "mm.writeback.dirty_threshold");
	stats_set_level(s, "mm.writeback.background_threshold");
}

/* ---- files with dirty pages ---- */

/* __mark_inode_dirty() */
void writeback_dirtied(struct kernel *k, struct cpu *c, struct object *o)
{
	struct writeback *wb = k->page_cache->wb;

	if (o->dirty++)
		return;
	o->dirty_since = c ? c->ops->now(c) : 0;
	o->dirty_prev = wb->last;
	o->dirty_next = NULL;
	if (wb->last)
		wb->last->dirty_next = o;
	else
		wb->first = o;
	wb->last = o;
}

void writeback_cleaned(struct kernel *k, struct object *o)
{
	struct writeback *wb = k->page_cache->wb;

	ASSERT(o->dirty);
	if (--o->dirty)
		return;
	if (o->dirty_next)
		o->dirty_next->dirty_prev = o->dirty_prev;
	else
		wb->last = o->dirty_prev;
	if (o->dirty_prev)
		o->dirty_prev->dirty_next = o->dirty_next;
	else
		wb->first = o->dirty_next;
}

/* ---- entries of page tables ---- */

bool writeback_tracks(const struct kernel *k, const struct object *o)
{
	return page_cache_on(k) && !o->anon && k->cfg.era >= ERA_2_6_18 && k->rmap && k->rmap->file->walk;
}

/* page_mkclean_one() */
static bool protect_entry(struct rmap_walk *w, const struct rmap_entry *e)
{
	struct mm *mm = e->mm;
	u64 entry = pte_read(mm, e->entry_pa);

	if (!(pte_flags(mm, entry) & (PTE_WRITE | PTE_DIRTY)))
		return true;
	charge_step(&w->k->charger, w->c, STEP_CACHE_MKCLEAN);
	w->k->page_cache->st.mkclean++;
	pte_write(mm, w->c, w->path, e->entry_pa, pte_without(mm, entry, PTE_WRITE | PTE_DIRTY));
	if (pte_flags(mm, entry) & PTE_PRESENT)
		tlb_flush_page(mm, w->c, e->va);
	return true;
}

void writeback_protect(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);
	struct rmap_walk w = { .k = k, .c = c, .path = KPATH_PAGE_CACHE, .pfn = pfn, .entry = protect_entry };

	if (p->mapcount && writeback_tracks(k, page_object(p)))
		rmap_walk(&w);
}

void writeback_fault(struct kernel *k, struct cpu *c, struct object *o, u64 pfn)
{
	if (!writeback_tracks(k, o))
		return;
	k->page_cache->wb->st.faults++;
	page_cache_set_dirty(k, c, pfn);
}

/* ---- writing ---- */

static u32 request_pages(const struct kernel *k)
{
	return k->cfg.era < ERA_2_6_26 ? 32 : 128;
}

/* The dirty page at index, or the first one behind it up to last; false: there is none that can be written.
 */
static bool next_dirty(const struct object *o, const struct kernel *k, u64 *index, u64 last)
{
	u64 entry;

	for (; (entry = cache_index_next_tagged(&o->pages, index, CACHE_TAG_DIRTY)); ++*index) {
		if (*index > last)
			return false;
		if (!(page_cache_page(k, cache_pfn(entry))->marks & (PG_WRITEBACK | PG_LOCKED)))
			return true;
	}
	return false;
}

/* Dirty pages in a row from index on, which are one request. */
static u32 write_run(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 last, u64 max,
		     u64 *ready)
{
	u64 next = index, pfn;
	u32 n = 0, i;

	for (; n < MIN(max, request_pages(k)) && next_dirty(o, k, &next, last) && next == index + n; n++) {
		pfn = object_page(o, next);
		charge_step(&k->charger, c, STEP_WRITE_PAGE);
		page_cache_clean(k, c, pfn);
		page_transfer_begin(k, pfn, PG_WRITEBACK);
		next++;
	}
	*ready = page_request(k, c, o, true, index, n);
	for (i = 0; i < n; i++)
		page_transfer_until(k, c, object_page(o, index + i), *ready);
	return n;
}

u64 writeback_file(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last, u64 max)
{
	u64 index = first, n = 0, ready;

	charge_step(&k->charger, c, STEP_FLUSH_INODE);
	while (n < max && next_dirty(o, k, &index, last)) {
		u32 run = write_run(k, c, o, index, last, max - n, &ready);

		k->page_cache->wb->ready = MAX(k->page_cache->wb->ready, ready);
		index += run;
		n += run;
	}
	return n;
}

u64 writeback_wait(struct kernel *k, struct cpu *c, const struct object *o, u64 first, u64 last)
{
	u64 index = first, until = 0, entry;

	page_cache_settle(k, c);
	while ((entry = cache_index_next_tagged(&o->pages, &index, CACHE_TAG_WRITEBACK)) && index++ <= last)
		until = MAX(until, page_cache_page(k, cache_pfn(entry))->ready);
	return until;
}

void writeback_check(const struct kernel *k)
{
	const struct writeback *wb = k->page_cache->wb;
	const struct object *o;
	u64 dirty = 0, listed = 0;

	for (o = wb->first; o; o = o->dirty_next) {
		ASSERT(o->dirty && (o->dirty_next || o == wb->last));
		ASSERT(o->dirty_prev ? o->dirty_prev->dirty_next == o : o == wb->first);
		dirty += o->dirty;
		listed++;
	}
	for (o = k->objects.first; o; o = o->next)
		listed -= o->dirty != 0;
	ASSERT(!listed && dirty == k->page_cache->dirty);
}
