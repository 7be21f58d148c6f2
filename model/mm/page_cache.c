#include "model/mm/page_cache.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/cache_cost.h"
#include "model/mm/cache_hash.h"
#include "model/mm/lru.h"
#include "model/mm/page.h"
#include "model/mm/slab.h"
#include "model/mm/workingset.h"
#include "model/mm/writeback.h"

#define STAT_STRUCT struct page_cache_stats
static const struct stat_desc stat_rows[] = { PAGE_CACHE_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

static void boot_structures(struct kernel *k, struct page_cache *pc)
{
	if (k->cfg.era <= ERA_2_4_21) {
		pc->hash = cache_hash_new(k->pa);
		pc->lock.va = layout_data_va(&k->layout, DATA_PAGE_CACHE);
	}
	if (!pc->hash)
		pc->nodes.slab = slabs_named(k->slabs, "radix_tree_node");
}

void page_cache_boot(struct kernel *k)
{
	struct page_cache *pc = xcalloc(1, sizeof(*pc));

	k->page_cache = pc;
	pc->nodes.shrinks = k->cfg.era >= ERA_2_6_18;
	writeback_boot(k, k->hz);
	if (k->cfg.page_cache && (!k->pa || k->page_shift != FRAME_SHIFT))
		die("kernel.page_cache: only \"off\" is possible with pages of more than 4 KB, or with a "
		    "kernel.placement other than buddy");
	pc->mode = (enum page_cache_mode)k->cfg.page_cache;
	if (page_cache_on(k))
		boot_structures(k, pc);
}

void page_cache_free(struct kernel *k)
{
	struct page_cache *pc = k->page_cache;

	ASSERT(!pc->pages && !pc->nodes.n);
	writeback_free(k);
	cache_hash_free(pc->hash);
	free(pc->transfer);
	free(pc);
}

void page_cache_each_block(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	if (k->page_cache->hash)
		fn(arg, k->page_cache->hash->pfn, k->page_cache->hash->order);
}

struct page *page_cache_page(const struct kernel *k, u64 pfn)
{
	u64 page = pfn >> (k->page_shift - FRAME_SHIFT);

	return k->pa && memmap_has(&k->pa->map, page) ? page_of(&k->pa->map, page) : NULL;
}

struct object *page_object(const struct page *p)
{
	return !p || p->mapping & PAGE_MAPPING_ANON ? NULL : (struct object *)(uintptr_t)p->mapping;
}

/* ---- what the device has ---- */

u64 object_file_pages(const struct object *o)
{
	return o->bytes == OBJECT_ENDLESS ? OBJECT_ENDLESS : (o->bytes + FRAME_SIZE - 1) >> FRAME_SHIFT;
}

static enum page_known known(const struct object *o, u64 index)
{
	const u64 *how = map64_find(&o->known, index);

	return how ? (enum page_known) * how : KNOWN_NOT;
}

bool object_was_cached(const struct object *o, u64 index)
{
	return known(o, index) != KNOWN_NOT;
}

bool object_on_device(const struct object *o, u64 index)
{
	if (o->anon || known(o, index) == KNOWN_HOLE)
		return false;
	return index < object_file_pages(o) || known(o, index) == KNOWN_ON_DEVICE;
}

static void note(const struct kernel *k, struct object *o, u64 index, enum page_known how)
{
	if (page_cache_on(k) && !o->anon)
		map64_set(&o->known, index, how);
}

/* ---- dirty pages ---- */

/* __set_page_dirty_nobuffers(); pages of shared memory are swap's, which counts no dirty ones. */
void page_cache_set_dirty(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);
	struct object *o = p ? page_object(p) : NULL;

	if (!o || p->marks & PG_DIRTY)
		return;
	p->marks |= PG_DIRTY;
	if (o->anon)
		return;
	cache_index_tag(&o->pages, p->index, CACHE_TAG_DIRTY, true);
	k->page_cache->dirty++;
	k->page_cache->st.dirtied++;
	if (page_cache_on(k))
		charge_step(&k->charger, c, STEP_CACHE_DIRTY);
	cache_cost_tag(k, c, o, p->index);
	writeback_dirtied(k, c, o);
}

/* The mark alone. */
static void clean(struct kernel *k, struct page *p)
{
	struct object *o = page_object(p);

	p->marks &= (u16)~PG_DIRTY;
	if (o->anon)
		return;
	cache_index_tag(&o->pages, p->index, CACHE_TAG_DIRTY, false);
	k->page_cache->dirty--;
	writeback_cleaned(k, o);
}

void page_cache_clean(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);

	ASSERT(p->marks & PG_DIRTY);
	if (page_cache_on(k))
		charge_step(&k->charger, c, STEP_CACHE_CLEAN);
	writeback_protect(k, c, pfn);
	cache_cost_tag(k, c, page_object(p), p->index);
	if (!object_on_device(page_object(p), p->index))
		note(k, page_object(p), p->index, KNOWN_ON_DEVICE);
	clean(k, p);
}

u64 page_cache_write(struct kernel *k, struct cpu *c, u64 pfn)
{
	const struct page *p = page_cache_page(k, pfn);
	u64 ready;

	page_cache_clean(k, c, pfn);
	page_transfer_begin(k, pfn, PG_WRITEBACK);
	ready = page_request(k, c, page_object(p), true, p->index, 1);
	page_transfer_until(k, c, pfn, ready);
	return ready;
}

/* ---- pages come and go ---- */

/* Those that are the kernel's objects. */
static void count_nodes(struct page_cache *pc)
{
	pc->st.nodes = pc->nodes.slab ? pc->nodes.n : 0;
}

/* False: no memory. */
static bool put_in(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);

	ASSERT(object_page(o, index) == NO_FRAME);
	if (!cache_index_store(&o->pages, &k->page_cache->nodes, c, index, cache_page(pfn)))
		return false;
	cache_cost_add(k, c, o, index, pfn);
	charge_trace(&k->charger, c, TRACE_FILEMAP_ADD, TRACE(o->id, pfn, index), NULL);
	k->page_cache->pages++;
	k->page_cache->st.added++;
	count_nodes(k->page_cache);
	if (p) {
		p->mapping = (uintptr_t)o;
		p->index = index;
		p->marks |= o->anon ? PG_SWAPBACKED : 0;
	}
	return true;
}

bool page_cache_add(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);
	u64 shadow = page_cache_shadow(o, index);

	if (!put_in(k, c, o, index, pfn))
		return false;
	if (p && shadow)
		workingset_refault(k, c, pfn, shadow);
	if (p && c)
		lru_add(k, c, pfn);
	return true;
}

void page_cache_return(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	bool stored = put_in(k, c, o, index, pfn);

	ASSERT(stored);
}

/* __filemap_remove_folio(): the object's page is nobody's now, and something may stand in its place. */
static void take_out(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 entry)
{
	u64 pfn = object_page(o, index);
	struct page *p = page_cache_page(k, pfn);
	bool stored;

	if (p && p->marks & PG_DIRTY)
		clean(k, p);
	if (p && p->marks & (PG_LOCKED | PG_WRITEBACK) && !p->swap)
		page_transfer_end(k, c, pfn);
	cache_cost_delete(k, c, o, index, pfn);
	stored = cache_index_store(&o->pages, &k->page_cache->nodes, c, index, entry);
	ASSERT(stored);
	charge_trace(&k->charger, c, TRACE_FILEMAP_DELETE, TRACE(o->id, pfn, index), NULL);
	k->page_cache->pages--;
	k->page_cache->st.removed++;
	count_nodes(k->page_cache);
	if (p)
		p->mapping = 0;
}

void page_cache_leave(struct kernel *k, struct cpu *c, u64 pfn, u64 value)
{
	const struct page *p = page_cache_page(k, pfn);

	take_out(k, c, page_object(p), p->index, cache_value(value));
}

void page_cache_drop(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	u64 pfn = object_page(o, index);

	take_out(k, c, o, index, 0);
	note(k, o, index, KNOWN_HOLE);
	frame_put(k->frames, c, pfn);
}

void page_cache_forget(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	bool stored;

	ASSERT(object_page(o, index) == NO_FRAME);
	stored = cache_index_store(&o->pages, &k->page_cache->nodes, c, index, 0);
	ASSERT(stored);
	count_nodes(k->page_cache);
	note(k, o, index, KNOWN_HOLE);
}

bool page_cache_remove(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow)
{
	struct page *p = page_cache_page(k, pfn);
	struct object *o = page_object(p);

	if (!o || p->mapcount || p->marks & (PG_DIRTY | PG_LOCKED | PG_WRITEBACK) ||
	    frame_refs(k->frames, pfn) != 1)
		return false;
	k->page_cache->st.shadows += shadow != 0;
	if (object_on_device(o, p->index))
		note(k, o, p->index, KNOWN_ON_DEVICE);
	take_out(k, c, o, p->index, shadow ? cache_value(shadow) : 0);
	frame_put_cold(k->frames, c, pfn);
	return true;
}

/* mm/migrate.c:folio_migrate_mapping(); no kernel that hashes its pages compacts. */
void page_cache_migrate(struct kernel *k, u64 from, u64 to)
{
	const struct page *p = page_cache_page(k, from);
	struct object *o = page_object(p);
	bool stored;

	ASSERT(!k->page_cache->hash && object_page(o, p->index) == from);
	stored = cache_index_store(&o->pages, &k->page_cache->nodes, NULL, p->index, cache_page(to));
	ASSERT(stored);
	if (p->marks & PG_DIRTY)
		cache_index_tag(&o->pages, p->index, CACHE_TAG_DIRTY, true);
}

u64 page_cache_shadow(const struct object *o, u64 index)
{
	u64 entry = cache_index_load(&o->pages, index);

	return cache_is_value(entry) && !o->anon ? entry >> 1 : 0;
}

/* ---- counters ---- */

static void add_level(struct stats *s, const char *name, const u64 *value, const char *help)
{
	stats_add_one(s, name, value, "pages", help);
	stats_set_level(s, name);
}

void page_cache_stats_add(struct kernel *k, struct stats *s)
{
	struct page_cache *pc = k->page_cache;

	stats_add(s, "mm.page_cache", stat_rows, &pc->st);
	stats_set_level(s, "mm.page_cache.inodes");
	stats_set_level(s, "mm.page_cache.nodes");
	writeback_stats_add(k, s);
	add_level(s, "mm.vmstat.nr_file_pages", &pc->pages, "of files and shared memory, in memory");
	add_level(s, "mm.vmstat.nr_dirty", &pc->dirty, "of files, to be written");
	add_level(s, "mm.vmstat.nr_writeback", &pc->writeback, "of files, being written");
	stats_add_one(s, "mm.vmstat.nr_dirtied", &pc->st.dirtied, "pages", "that became dirty");
	stats_add_one(s, "mm.vmstat.nr_written", &pc->st.written, "pages", "that were written back");
	add_level(s, "mm.vmstat.nr_dirty_threshold", &pc->wb->st.dirty_threshold,
		  "dirty at which writers wait, as last looked at");
	add_level(s, "mm.vmstat.nr_dirty_background_threshold", &pc->wb->st.background_threshold,
		  "dirty at which the flusher begins");
	stats_add_one(s, "mm.vmstat.pgpgin", &pc->pgpgin, "KB", "of files, read from the device");
	stats_add_one(s, "mm.vmstat.pgpgout", &pc->pgpgout, "KB", "of files, written to it");
}

/* ---- --check ---- */

struct cache_count {
	u64 pages, nodes, dirty, writeback, locked, inodes;
};

static void check_page(const struct kernel *k, struct object *o, u64 index, u64 pfn, struct cache_count *n)
{
	const struct page *p = page_cache_page(k, pfn);

	n->pages++;
	if (!p)
		return;
	ASSERT(page_object(p) == o && p->index == index);
	if (o->anon)
		return;
	ASSERT(cache_index_tagged(&o->pages, index, CACHE_TAG_DIRTY) == !!(p->marks & PG_DIRTY));
	ASSERT(cache_index_tagged(&o->pages, index, CACHE_TAG_WRITEBACK) == !!(p->marks & PG_WRITEBACK));
	n->dirty += !!(p->marks & PG_DIRTY);
	n->writeback += !!(p->marks & PG_WRITEBACK);
	n->locked += !!(p->marks & PG_LOCKED);
}

void page_cache_check(const struct kernel *k)
{
	const struct page_cache *pc = k->page_cache;
	struct cache_count n = { 0 };
	struct object *o;
	u64 index, entry;

	for (o = k->objects.first; o; o = o->next) {
		n.nodes += cache_index_sane(&o->pages);
		n.inodes += o->inode != 0;
		for (index = 0; (entry = cache_index_next(&o->pages, &index)); index++)
			if (!cache_is_value(entry))
				check_page(k, o, index, cache_pfn(entry), &n);
	}
	ASSERT(n.pages == pc->pages && n.nodes == pc->nodes.n && n.inodes == pc->st.inodes);
	ASSERT(n.dirty == pc->dirty && n.writeback == pc->writeback && n.locked == pc->locked);
	writeback_check(k);
}
