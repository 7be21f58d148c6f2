#include "model/mm/check_owners.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/page_cache.h"
#include "model/mm/slab.h"

struct owners {
	const struct page_alloc *pa;
	u8 *owned;     /* of each page: whether somebody has it */
	u32 *in_chunk; /* owned pages of each chunk: where there are none, nobody looks for them */
	u64 claims;    /* pages that somebody has and that were not seen yet */
	u64 free, in_lists, used, reserved;
};

static void claim(struct owners *o, u64 pfn, u32 order)
{
	u64 i;

	for (i = pfn; i < pfn + (1ull << order); i++) {
		ASSERT(i < o->pa->map.pages && !o->owned[i]);
		o->owned[i] = true;
	}
	o->in_chunk[pfn >> PAGE_CHUNK_SHIFT] += 1u << order;
	o->claims += 1ull << order;
}

/* A whole block of the allocator's, which no user of frames has. */
static void claim_block(void *arg, u64 pfn, u32 order)
{
	struct owners *o = arg;
	const struct page *p = page_of(&o->pa->map, pfn);

	ASSERT(p->state == PAGE_ALLOCATED && p->order == order && p->refs == 1 && !(p->flags & PAGE_FRAME));
	claim(o, pfn, order);
}

static void claim_frames(struct owners *o, const struct map64 *frames)
{
	u32 shift = o->pa->cfg.shift - FRAME_SHIFT;
	const struct map64_slot *s;

	for (s = map64_next(frames, NULL); s; s = map64_next(frames, s))
		claim(o, s->key >> shift, 0);
}

/* What a block is, its pages are; one in use has owners for all of its pages, or is a rest of boot's. */
static void count_block(struct owners *o, u64 pfn, const struct page *p)
{
	u64 pages = 1ull << p->order, owned = 0, i;

	for (i = pfn; o->in_chunk[pfn >> PAGE_CHUNK_SHIFT] && i < pfn + pages; i++)
		owned += o->owned[i];
	switch ((enum page_state)p->state) {
	case PAGE_BUDDY:
		o->free += pages;
		break;
	case PAGE_PCP:
		o->in_lists += pages;
		break;
	case PAGE_RESERVED:
		o->reserved += pages;
		break;
	case PAGE_ALLOCATED:
		ASSERT(!owned || owned == pages);
		o->used += pages;
		o->claims -= owned;
		return;
	default:
		ASSERT(!"a page has a place");
	}
	ASSERT(!owned);
}

static void count_zone(struct owners *o, const struct zone *z)
{
	u64 pfn, reserved = o->reserved;

	for (pfn = z->start; pfn < z->end; pfn += 1ull << page_of(&o->pa->map, pfn)->order)
		count_block(o, pfn, page_of(&o->pa->map, pfn));
	ASSERT(pfn == z->end && o->reserved - reserved + z->managed == z->end - z->start);
}

void check_owners(const struct kernel *k, const struct map64 *frames)
{
	u64 pages = k->pa->map.pages, claims;
	struct owners o = { .pa = k->pa, .owned = xcalloc(pages, 1) };
	u32 i;

	o.in_chunk = xcalloc((pages >> PAGE_CHUNK_SHIFT) + 1, sizeof(*o.in_chunk));
	claim_frames(&o, frames);
	slabs_each_block(k->slabs, claim_block, &o);
	tasks_each_stack(k, claim_block, &o);
	kevents_each_block(k, claim_block, &o);
	page_cache_each_block(k, claim_block, &o);
	swap_each_block(k, claim_block, &o);
	claims = o.claims;
	for (i = 0; i < k->pa->n_zones; i++)
		count_zone(&o, &k->pa->zone[i]);
	ASSERT(!o.claims); /* each was for a page in use */
	ASSERT(o.used == claims + k->pa->boot_kept);
	ASSERT(o.free == page_alloc_free_pages(k->pa) && o.in_lists == page_alloc_in_lists(k->pa));
	ASSERT(o.free + o.in_lists + o.used == page_alloc_managed(k->pa));
	free(o.owned);
	free(o.in_chunk);
}
