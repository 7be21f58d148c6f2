/* Pages that a device has: until when, and what ends then. */
#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/lru.h"
#include "model/mm/page_cache.h"

/* ---- which is over first ---- */

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

static void push(struct page_cache *pc, u64 pfn, u64 ready)
{
	if (pc->n_transfers == pc->cap_transfers) {
		pc->cap_transfers = MAX(64u, pc->cap_transfers * 2);
		pc->transfer = xrealloc(pc->transfer, pc->cap_transfers * sizeof(*pc->transfer));
	}
	pc->transfer[pc->n_transfers] = (struct transfer){ ready, pc->serial++, pfn };
	sift_up(pc, pc->n_transfers++);
}

static struct transfer pop(struct page_cache *pc)
{
	struct transfer t = pc->transfer[0];

	pc->transfer[0] = pc->transfer[--pc->n_transfers];
	sift_down(pc, 0);
	return t;
}

/* ---- requests ---- */

/* A file gets its place when it is first needed: room for what is known of it, and some to grow. */
#define ROOM_UNIT    256u   /* 1 MB */
#define ROOM_ENDLESS 16384u /* 64 MB */

static u64 device_page(struct kernel *k, struct object *o, u64 index)
{
	u64 pages = object_file_pages(o);

	if (o->start == NO_FRAME) {
		pages = pages == OBJECT_ENDLESS ? ROOM_ENDLESS : pages + ROOM_UNIT;
		o->start = k->objects.device_pages;
		k->objects.device_pages += (pages + ROOM_UNIT - 1) / ROOM_UNIT * ROOM_UNIT;
	}
	return (o->start + index) % blockdev_pages(k->storage);
}

static u64 submit(struct kernel *k, struct object *o, u64 now, bool write, u64 index, u32 pages)
{
	u64 page = device_page(k, o, index), room = blockdev_pages(k->storage) - page;
	u32 first = (u32)MIN(pages, room);
	u64 end = blockdev_submit(k->storage, now, write, page, first);

	timeline_span(k->charger.timeline, TL_DEVICE_STORAGE, write ? TL_FILE_WRITE : TL_FILE_READ, now, end,
		      page, first);
	return first < pages ? submit(k, o, end, write, index + first, pages - first) : end;
}

u64 page_request(struct kernel *k, struct cpu *c, struct object *o, bool write, u64 index, u32 pages)
{
	struct page_cache *pc = k->page_cache;
	u64 kb = (u64)pages * (FRAME_SIZE / 1024);

	++*(write ? &pc->st.writes : &pc->st.reads);
	*(write ? &pc->pgpgout : &pc->pgpgin) += kb;
	pc->st.read_pages += write ? 0 : pages;
	charge_step(&k->charger, c, STEP_FILE_REQUEST);
	if (k->storage && page_cache_on(k))
		return submit(k, o, c->ops->now(c), write, index, pages);
	if (!write)
		charge_time(&k->charger, c, KPATH_PAGE_CACHE, k->cost.file_fill * pages);
	return c->ops->now(c);
}

/* ---- transfers ---- */

static u64 *count_of(struct page_cache *pc, u16 mark)
{
	return mark == PG_LOCKED ? &pc->locked : &pc->writeback;
}

void page_transfer_begin(struct kernel *k, u64 pfn, u16 mark)
{
	struct page *p = page_cache_page(k, pfn);

	ASSERT(!(p->marks & (PG_LOCKED | PG_WRITEBACK)));
	p->marks |= mark;
	p->ready = ~(u64)0;
	++*count_of(k->page_cache, mark);
	if (mark == PG_WRITEBACK)
		cache_index_tag(&page_object(p)->pages, p->index, CACHE_TAG_WRITEBACK, true);
}

void page_transfer_until(struct kernel *k, struct cpu *c, u64 pfn, u64 ready)
{
	struct page *p = page_cache_page(k, pfn);

	ASSERT(p->marks & (PG_LOCKED | PG_WRITEBACK));
	p->ready = ready;
	if (ready <= c->ops->now(c))
		page_transfer_end(k, c, pfn);
	else
		push(k->page_cache, pfn, ready);
}

void page_transfer_of_swap(struct kernel *k, u64 pfn, u16 mark, u64 ready)
{
	struct page *p = page_cache_page(k, pfn);

	ASSERT(p->swap);
	p->marks |= mark;
	p->ready = ready;
	push(k->page_cache, pfn, ready);
}

/* folio_rotate_reclaimable(): reclaim waits for the page, which is to be the next. */
static void rotate(struct kernel *k, struct cpu *c, struct page *p, u64 pfn)
{
	p->marks &= (u16)~PG_RECLAIM;
	if (!k->lru || (p->marks & (PG_LRU | PG_ACTIVE | PG_UNEVICTABLE)) != PG_LRU)
		return;
	lru_remove(k, c, pfn);
	lru_insert(k, c, pfn, true);
	k->lru->st.rotated++;
}

static void end_of_file(struct page_cache *pc, struct page *p)
{
	pc->locked -= !!(p->marks & PG_LOCKED);
	if (!(p->marks & PG_WRITEBACK))
		return;
	cache_index_tag(&page_object(p)->pages, p->index, CACHE_TAG_WRITEBACK, false);
	pc->writeback--;
	pc->st.written++;
}

void page_transfer_end(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = page_cache_page(k, pfn);
	bool wrote = p->marks & PG_WRITEBACK;

	if (!p->swap)
		end_of_file(k->page_cache, p);
	p->marks &= (u16) ~(PG_LOCKED | PG_WRITEBACK);
	p->ready = 0;
	if (wrote && p->marks & PG_RECLAIM)
		rotate(k, c, p, pfn);
}

/* False: what the transfer was begun for was taken away meanwhile. */
static bool is_under_way(const struct kernel *k, const struct transfer *t)
{
	const struct page *p;

	if (!memmap_has(&k->pa->map, t->pfn))
		return false;
	p = page_cache_page(k, t->pfn);
	return p->ready == t->ready && (p->swap || page_object(p));
}

void page_cache_settle(struct kernel *k, struct cpu *c)
{
	struct page_cache *pc = k->page_cache;
	struct transfer t;
	u64 now;

	if (!pc->n_transfers)
		return;
	now = c->ops->now(c);
	while (pc->n_transfers && pc->transfer[0].ready <= now) {
		t = pop(pc);
		if (is_under_way(k, &t))
			page_transfer_end(k, c, t.pfn);
	}
}

static int earlier(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

u64 page_transfer_writes(const struct kernel *k, u64 nth, u64 *when)
{
	const struct page_cache *pc = k->page_cache;
	u64 *ready = xmalloc((pc->n_transfers + 1) * sizeof(*ready)), n = 0;
	const struct transfer *t;

	for (t = pc->transfer; t < pc->transfer + pc->n_transfers; t++)
		if (is_under_way(k, t) && page_cache_page(k, t->pfn)->marks & PG_WRITEBACK)
			ready[n++] = t->ready;
	qsort(ready, n, sizeof(*ready), earlier);
	*when = nth < n ? ready[nth] : ~(u64)0;
	free(ready);
	return n;
}

u64 page_cache_next_over(const struct kernel *k)
{
	return k->page_cache->n_transfers ? k->page_cache->transfer[0].ready : 0;
}
