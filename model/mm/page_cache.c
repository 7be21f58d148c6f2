#include "model/mm/page_cache.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/lru.h"

struct page_cache *page_cache_new(struct kernel *k)
{
	struct page_cache *pc = xcalloc(1, sizeof(*pc));

	pc->nodes.shrinks = k->cfg.era >= ERA_2_6_18;
	return pc;
}

void page_cache_free(struct page_cache *pc)
{
	ASSERT(!pc->pages && !pc->nodes.n);
	free(pc->transfer);
	free(pc);
}

/* NULL: frames come from a pool. */
static struct page *struct_page(const struct kernel *k, u64 pfn)
{
	return k->pa ? page_of(&k->pa->map, pfn >> (k->page_shift - FRAME_SHIFT)) : NULL;
}

struct object *page_object(const struct page *p)
{
	return p->mapping & PAGE_MAPPING_ANON ? NULL : (struct object *)(uintptr_t)p->mapping;
}

/* ---- transfers ---- */

static bool is_before(const struct transfer *a, const struct transfer *b)
{
	return a->ready != b->ready ? a->ready < b->ready : a->serial < b->serial;
}

static void swap_transfers(struct page_cache *pc, u32 a, u32 b)
{
	struct transfer t = pc->transfer[a];

	pc->transfer[a] = pc->transfer[b];
	pc->transfer[b] = t;
}

static void sift_up(struct page_cache *pc, u32 i)
{
	for (; i && is_before(&pc->transfer[i], &pc->transfer[(i - 1) / 2]); i = (i - 1) / 2)
		swap_transfers(pc, i, (i - 1) / 2);
}

static void sift_down(struct page_cache *pc, u32 i)
{
	u32 least = i, child;

	for (;; i = least) {
		for (child = 2 * i + 1; child <= 2 * i + 2 && child < pc->n_transfers; child++)
			if (is_before(&pc->transfer[child], &pc->transfer[least]))
				least = child;
		if (least == i)
			return;
		swap_transfers(pc, i, least);
	}
}

/* The device has the page until then. */
static void begin_transfer(struct kernel *k, u64 pfn, u16 mark, u64 ready)
{
	struct page_cache *pc = k->page_cache;
	struct page *p = struct_page(k, pfn);

	ASSERT(!(p->marks & (PG_LOCKED | PG_WRITEBACK)));
	if (pc->n_transfers == pc->cap_transfers) {
		pc->cap_transfers = MAX(64u, pc->cap_transfers * 2);
		pc->transfer = xrealloc(pc->transfer, pc->cap_transfers * sizeof(*pc->transfer));
	}
	pc->transfer[pc->n_transfers] = (struct transfer){ ready, pc->serial++, pfn };
	sift_up(pc, pc->n_transfers++);
	p->marks |= mark;
	p->ready = ready;
	++*(mark == PG_LOCKED ? &pc->locked : &pc->writeback);
}

static void end_transfer(struct kernel *k, struct page *p)
{
	struct page_cache *pc = k->page_cache;

	if (p->marks & PG_WRITEBACK) {
		cache_index_tag(&page_object(p)->pages, p->index, CACHE_TAG_WRITEBACK, false);
		pc->writeback--;
	}
	pc->locked -= !!(p->marks & PG_LOCKED);
	p->marks &= (u16) ~(PG_LOCKED | PG_WRITEBACK);
	p->ready = 0;
}

void page_cache_settle(struct kernel *k, struct cpu *c)
{
	struct page_cache *pc = k->page_cache;
	u64 now = c && pc->n_transfers ? c->ops->now(c) : 0;
	struct transfer t;
	struct page *p;

	while (pc->n_transfers && pc->transfer[0].ready <= now) {
		t = pc->transfer[0];
		pc->transfer[0] = pc->transfer[--pc->n_transfers];
		sift_down(pc, 0);
		if (!memmap_has(&k->pa->map, t.pfn))
			continue;
		p = struct_page(k, t.pfn);
		if ((p->marks & (PG_LOCKED | PG_WRITEBACK)) && p->ready == t.ready && page_object(p))
			end_transfer(k, p);
	}
}

/* ---- dirty pages ---- */

static void clean(struct kernel *k, struct page *p)
{
	p->marks &= (u16)~PG_DIRTY;
	cache_index_tag(&page_object(p)->pages, p->index, CACHE_TAG_DIRTY, false);
	k->page_cache->dirty--;
}

void page_cache_set_dirty(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = struct_page(k, pfn);

	if (!p || p->marks & PG_DIRTY)
		return;
	p->marks |= PG_DIRTY;
	cache_index_tag(&page_object(p)->pages, p->index, CACHE_TAG_DIRTY, true);
	k->page_cache->dirty++;
}

u64 page_cache_write(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = struct_page(k, pfn);
	u64 now = c ? c->ops->now(c) : 0;

	ASSERT(p->marks & PG_DIRTY);
	clean(k, p);
	begin_transfer(k, pfn, PG_WRITEBACK, now);
	cache_index_tag(&page_object(p)->pages, p->index, CACHE_TAG_WRITEBACK, true);
	return now;
}

/* ---- pages come and go ---- */

bool page_cache_add(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	struct page *p = struct_page(k, pfn);

	ASSERT(object_page(o, index) == NO_FRAME);
	if (!cache_index_store(&o->pages, &k->page_cache->nodes, c, index, cache_page(pfn)))
		return false;
	k->page_cache->pages++;
	if (p) {
		p->mapping = (uintptr_t)o;
		p->index = index;
		p->marks |= o->anon ? PG_SWAPBACKED : 0;
	}
	if (p && c)
		lru_add(k, c, pfn);
	return true;
}

/* __filemap_remove_folio(): the object's page is nobody's now, and something may stand in its place. */
static void take_out(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 entry)
{
	struct page *p = struct_page(k, object_page(o, index));
	bool stored;

	if (p && p->marks & PG_DIRTY)
		clean(k, p);
	if (p && p->marks & (PG_LOCKED | PG_WRITEBACK))
		end_transfer(k, p);
	stored = cache_index_store(&o->pages, &k->page_cache->nodes, c, index, entry);
	ASSERT(stored);
	k->page_cache->pages--;
	if (p)
		p->mapping = 0;
}

void page_cache_drop(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	u64 pfn = object_page(o, index);

	take_out(k, c, o, index, 0);
	frame_put(k->frames, c, pfn);
}

void page_cache_forget(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	bool stored;

	ASSERT(object_page(o, index) == NO_FRAME);
	stored = cache_index_store(&o->pages, &k->page_cache->nodes, c, index, 0);
	ASSERT(stored);
}

bool page_cache_remove(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow)
{
	struct page *p = struct_page(k, pfn);
	struct object *o = page_object(p);

	if (!o || p->mapcount || p->marks & (PG_DIRTY | PG_LOCKED | PG_WRITEBACK) ||
	    frame_refs(k->frames, pfn) != 1)
		return false;
	take_out(k, c, o, p->index, shadow ? cache_value(shadow) : 0);
	frame_put_cold(k->frames, c, pfn);
	return true;
}

u64 page_cache_shadow(const struct object *o, u64 index)
{
	u64 entry = cache_index_load(&o->pages, index);

	return cache_is_value(entry) ? entry >> 1 : 0;
}

/* ---- --check ---- */

struct cache_count {
	u64 pages, nodes, dirty, writeback, locked;
};

static void check_page(const struct kernel *k, struct object *o, u64 index, u64 pfn, struct cache_count *n)
{
	const struct page *p = struct_page(k, pfn);

	n->pages++;
	if (!p)
		return;
	ASSERT(page_object(p) == o && p->index == index);
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
		for (index = 0; (entry = cache_index_next(&o->pages, &index)); index++)
			if (!cache_is_value(entry))
				check_page(k, o, index, cache_pfn(entry), &n);
	}
	ASSERT(n.pages == pc->pages && n.nodes == pc->nodes.n);
	ASSERT(n.dirty == pc->dirty && n.writeback == pc->writeback && n.locked == pc->locked);
}
