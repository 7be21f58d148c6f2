#include "model/mm/frame_buddy.h"

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/mm/buddy.h"

static u32 top_order(const struct page_alloc *pa)
{
	return pa->max_order - 1;
}

/* ---- blocks larger than the largest ---- */

static bool free_run(const struct zone *z, u64 pfn, u64 pages)
{
	u32 top = top_order(z->pa);
	u64 p;

	for (p = pfn; p < pfn + pages; p += 1ull << top) {
		const struct page *head = page_of(&z->pa->map, p);

		if (head->state != PAGE_BUDDY || head->order != top)
			return false;
	}
	return true;
}

static u64 find_run(const struct zone *z, u64 pages)
{
	u64 pfn;

	for (pfn = align_up(z->start, pages); pfn + pages <= z->end; pfn += pages)
		if (free_run(z, pfn, pages))
			return pfn;
	return NO_FRAME;
}

static u64 take_run(struct page_alloc *pa, struct cpu *c, u32 order, u32 node)
{
	const struct zonelist *l = &pa->zonelist[node * NR_ZONE_TYPES + ZONE_MOVABLE];
	u64 pages = 1ull << order, pfn = NO_FRAME, p;
	struct zone *z = NULL;
	u32 i;

	for (i = 0; i < l->n && pfn == NO_FRAME; i++) {
		z = l->zone[i];
		pfn = find_run(z, pages);
	}
	for (p = pfn; pfn != NO_FRAME && p < pfn + pages; p += 1ull << top_order(pa)) {
		spin_lock(pa->charger, c, KPATH_BUDDY, &z->lock);
		buddy_take_block(z, c, p, top_order(pa), page_of(&pa->map, p)->type);
		spin_unlock(pa->charger, c, &z->lock);
		page_alloc_took(z, p, top_order(pa));
	}
	pa->st.failed += pfn == NO_FRAME;
	return pfn;
}

/* Calls for every block that the allocator knows of in one of that order. */
#define for_each_piece(pa, pfn, order, p, o) \
	for (o = MIN(order, top_order(pa)), p = pfn; p < (pfn) + (1ull << (order)); p += 1ull << o)

u64 frame_buddy_alloc(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, u32 node)
{
	u64 pfn = order > top_order(pa) ? take_run(pa, c, order, node)
					: alloc_pages_node(pa, c, gfp, order, node),
	    p;
	u8 flags = gfp & GFP_MOVABLE ? PAGE_FRAME | PAGE_MOVABLE : PAGE_FRAME;
	u32 o;

	if (pfn == NO_FRAME)
		return NO_FRAME;
	for_each_piece(pa, pfn, order, p, o) page_of(&pa->map, p)->flags |= flags;
	return pfn;
}

/* ---- counts ---- */

/* The block in use that a page belongs to: its head; NO_FRAME: it belongs to none. */
static u64 head_of(const struct page_alloc *pa, u64 pfn)
{
	const struct page *p;
	u32 order;

	if (!memmap_has(&pa->map, pfn))
		return align_down(pfn, PAGE_CHUNK);
	for (order = 0; order < pa->max_order; order++) {
		p = page_of(&pa->map, align_down(pfn, 1ull << order));
		if (p->state != PAGE_UNUSED && p->order >= order)
			return align_down(pfn, 1ull << order);
		if (p->state != PAGE_UNUSED)
			break;
	}
	return NO_FRAME;
}

u32 frame_buddy_refs(const struct page_alloc *pa, u64 pfn)
{
	u64 head = head_of(pa, pfn);
	const struct page *p;

	ASSERT(pfn < pa->map.pages);
	if (head == NO_FRAME)
		return 0;
	p = page_of(&pa->map, head);
	if (p->state == PAGE_RESERVED)
		return 1;
	return p->state == PAGE_ALLOCATED ? p->refs : 0;
}

/* A page that is used by itself from now on, if it was not. */
static struct page *single(struct page_alloc *pa, u64 pfn)
{
	u64 head = head_of(pa, pfn);
	u32 order;

	ASSERT(head != NO_FRAME && page_of(&pa->map, head)->state == PAGE_ALLOCATED);
	order = page_of(&pa->map, head)->order;
	if (order)
		split_page(pa, head, order);
	return page_of(&pa->map, pfn);
}

void frame_buddy_get(struct page_alloc *pa, u64 pfn)
{
	single(pa, pfn)->refs++;
}

/* Nobody has the page any more: __page_cache_release() and free_pages_prepare(). */
static void forget(struct page_alloc *pa, struct cpu *c, struct page *p, u64 pfn)
{
	ASSERT(!p->mapcount && !p->swap);
	if ((p->group || p->marks & (PG_LRU | PG_BATCHED)) && pa->release)
		pa->release(pa->release_arg, c, pfn);
	p->mapping = p->index = p->rmap = p->ready = 0;
	p->marks = p->group = 0;
}

static void forget_block(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order)
{
	u64 i;

	for (i = 0; memmap_has(&pa->map, pfn) && i < 1ull << order; i++)
		forget(pa, c, page_of(&pa->map, pfn + i), pfn + i);
}

bool frame_buddy_put(struct page_alloc *pa, struct cpu *c, u64 pfn, bool cold)
{
	struct page *p = single(pa, pfn);

	if (--p->refs)
		return false;
	forget(pa, c, p, pfn);
	if (cold)
		free_pages_cold(pa, c, pfn, 0);
	else
		free_pages(pa, c, pfn, 0);
	return true;
}

/* A part of a block of a chunk's size is not, and has no struct page yet. */
static bool is_whole(const struct page_alloc *pa, u64 pfn, u32 order)
{
	const struct page *p;

	if (pfn & (PAGE_CHUNK - 1) && !memmap_has(&pa->map, pfn))
		return false;
	p = page_of(&pa->map, pfn);
	return p->state == PAGE_ALLOCATED && p->order == order;
}

void frame_buddy_get_block(struct page_alloc *pa, u64 pfn, u32 order)
{
	u64 p, i;
	u32 o;

	for_each_piece(pa, pfn, order, p, o)
	{
		if (is_whole(pa, p, o))
			page_of(&pa->map, p)->refs++;
		else
			for (i = 0; i < 1ull << o; i++)
				frame_buddy_get(pa, p + i);
	}
}

static u64 put_piece(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order)
{
	u64 freed = 0, i;

	if (!is_whole(pa, pfn, order)) {
		for (i = 0; i < 1ull << order; i++)
			freed += frame_buddy_put(pa, c, pfn + i, false);
		return freed;
	}
	if (--page_of(&pa->map, pfn)->refs)
		return 0;
	forget_block(pa, c, pfn, order);
	free_pages(pa, c, pfn, order);
	return 1ull << order;
}

u64 frame_buddy_put_block(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order)
{
	u64 freed = 0, p;
	u32 o;

	for_each_piece(pa, pfn, order, p, o) freed += put_piece(pa, c, p, o);
	return freed;
}

u64 frame_buddy_count(const struct page_alloc *pa)
{
	const struct memmap *m = &pa->map;
	u64 chunk, pfn, end, n = 0;

	for (chunk = 0; chunk < m->pages; chunk += PAGE_CHUNK) {
		end = memmap_has(m, chunk) ? MIN(chunk + PAGE_CHUNK, m->pages) : chunk + 1;
		for (pfn = chunk; pfn < end; pfn++) {
			const struct page *p = page_of(m, pfn);

			if (p->state == PAGE_ALLOCATED && (p->flags & PAGE_FRAME))
				n += 1ull << p->order;
		}
	}
	return n;
}
