/*
 * Which pages are read from swap with the one that a fault asks for, and reading them: mm/swap_state.c.
 * Until 2.6 the aligned block of 2^page_cluster slots around it, as far as its slots are in use; in 6.x a
 * window that grows with what earlier ones hit: on disks of slots, which were written together, else of the
 * VMA's pages.
 *
 * Not modelled: that hits of several devices are kept apart, plugging (a run of slots is one request).
 */
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/fault_impl.h"
#include "model/mm/footprint.h"
#include "model/mm/lru.h"
#include "model/mm/page_cache.h"
#include "model/mm/page_io.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/swap_cache.h"
#include "model/mm/vmscan.h"
#include "model/mm/swap_zram.h"

#define WINDOW_MAX 32u /* SWAP_RA_ORDER_CEILING */
#define HITS_MAX   63u /* SWAP_RA_HITS_MAX */
#define FIRST_HITS 4u  /* of a VMA of which nothing was read yet: GET_SWAP_RA_VAL() */

/* Slots to be read, in this order, that of the fault among them. */
struct window {
	u64 slot[WINDOW_MAX];
	u32 n;
};

static u32 window_max(const struct swap *s)
{
	return 1u << MIN(s->k->cfg.swap.page_cluster, 5);
}

/* Something is there to be read: an entry has it, and no page is in the cache. */
static bool is_readable(const struct swap *s, u64 slot)
{
	return s->map[slot] & SWAP_COUNT && cache_pfn(swap_cache_entry(s->cache, slot)) == NO_FRAME;
}

/* ---- 2.4, 2.6 ---- */

/* valid_swaphandles() until 2.6.19: from the beginning of the block to the first slot that is not in use. */
static void block_from_start(const struct swap *s, struct window *w, u64 slot)
{
	u64 n = window_max(s), at = align_down(slot, n), end = MIN(at + n, s->n);

	for (at += !at; at < end && s->map[at]; at++)
		w->slot[w->n++] = at;
}

/* Since then: what follows the slot in both directions without a gap. */
static void block_around(const struct swap *s, struct window *w, u64 slot)
{
	u64 n = window_max(s), base = MAX(align_down(slot, n), 1), end = MIN(align_down(slot, n) + n, s->n);
	u64 from = slot, to = slot + 1;

	while (from > base && s->map[from - 1])
		from--;
	while (to < end && s->map[to])
		to++;
	for (; from < to; from++)
		w->slot[w->n++] = from;
}

/* ---- 6.x ---- */

/* __swapin_nr_pages() */
static u32 window_pages(u64 before, u64 at, u32 hits, u32 most, u32 last)
{
	u32 pages = hits + 2, round_up = 4;

	if (pages == 2) {
		pages = at == before + 1 || at == before - 1 ? 2 : 1;
	} else {
		while (round_up < pages)
			round_up *= 2;
		pages = round_up;
	}
	return MAX(MIN(pages, most), last / 2);
}

/* swap_cluster_readahead() */
static void cluster_window(struct swap *s, struct window *w, u64 slot)
{
	u32 hits = s->readahead.hits, pages = 1;
	u64 at, end;

	if (window_max(s) > 1) {
		pages = window_pages(s->readahead.last, slot, hits, window_max(s), s->readahead.window);
		s->readahead.hits = 0;
		s->readahead.window = pages;
		if (!hits)
			s->readahead.last = slot;
	}
	at = align_down(slot, pages);
	end = MIN(at + pages, s->n);
	for (at += !at; at < end; at++)
		w->slot[w->n++] = at;
}

static u32 vma_hits(const struct vma_swap *ra)
{
	return !ra->vpn && !ra->window && !ra->hits ? FIRST_HITS : ra->hits;
}

/* The pages from..to of the VMA that lie in the table of the fault's entry, and in swap. */
static void window_of_entries(struct fault *f, struct window *w, u64 from, u64 to)
{
	const struct pt_format *fmt = f->k->format;
	u64 vpn = f->va >> FRAME_SHIFT, table = 1ull << fmt->bits[0], first = align_down(vpn, table), at;

	from = MAX(from, MAX(first, f->vma->start >> FRAME_SHIFT));
	to = MIN(to, MIN(first + table, f->vma->end >> FRAME_SHIFT));
	for (at = from; at < to; at++) {
		u64 entry = pte_read(f->mm, f->entry_pa + (at - vpn) * fmt->entry_bytes);

		if (entry_is_swap(fmt, entry))
			w->slot[w->n++] = pte_swap_slot(f->mm, entry);
	}
}

/* swap_vma_readahead() */
static void vma_window(struct fault *f, struct window *w, u64 slot)
{
	struct vma_swap *ra = &f->view.real->swap;
	u64 vpn = f->va >> FRAME_SHIFT, last = ra->vpn;
	u32 most = window_max(f->k->swap), pages = 1, left;

	if (most > 1) {
		pages = window_pages(last, vpn, vma_hits(ra), most, ra->window);
		*ra = (struct vma_swap){ vpn, (u8)pages, 0 };
	}
	left = (pages - 1) / 2;
	if (pages == 1)
		w->slot[w->n++] = slot;
	else if (vpn == last + 1)
		window_of_entries(f, w, vpn, vpn + pages);
	else if (last == vpn + 1)
		window_of_entries(f, w, vpn - MIN(vpn, pages - 1), vpn + 1);
	else
		window_of_entries(f, w, vpn - MIN(vpn, left), vpn + pages - left);
}

/* swap_use_vma_readahead() */
static bool by_vma(const struct fault *f)
{
	const struct swap *s = f->k->swap;

	return f->k->cfg.era == ERA_6_X && f->view.real && !(s->dev && blockdev_rotational(s->dev));
}

static void choose(struct fault *f, struct window *w, u64 slot)
{
	struct swap *s = f->k->swap;

	if (by_vma(f))
		vma_window(f, w, slot);
	else if (f->k->cfg.era == ERA_6_X)
		cluster_window(s, w, slot);
	else if (f->k->cfg.era >= ERA_2_6_18)
		block_around(s, w, slot);
	else
		block_from_start(s, w, slot);
}

void swap_readahead_hit(struct fault *f, struct page *p)
{
	struct swap *s = f->k->swap;
	bool hit = p->marks & PG_READAHEAD;

	p->marks &= (u16)~PG_READAHEAD;
	s->st.readahead_hits += hit;
	if (by_vma(f)) {
		struct vma_swap *ra = &f->view.real->swap;

		*ra = (struct vma_swap){ f->va >> FRAME_SHIFT, ra->window,
					 (u8)MIN(vma_hits(ra) + hit, HITS_MAX) };
	} else {
		s->readahead.hits += hit;
	}
}

/* ---- reading ---- */

/* A frame in the cache for the slot, being read from then on; NO_FRAME: no memory. */
static u64 add_page(struct fault *f, u64 slot)
{
	struct kernel *k = f->k;
	u64 shadow = swap_shadow(k, slot), pfn = page_alloc(k, f->c, GFP_HIGHUSER_MOVABLE, 0, f->va);
	struct page *p;

	if (pfn == NO_FRAME)
		return NO_FRAME;
	p = rmap_page(k, pfn);
	/* Reclaim may have gone by. */
	if (!is_readable(k->swap, slot) || !swap_cache_fill(k, f->c, slot, pfn)) {
		frame_put(k->frames, f->c, pfn);
		return NO_FRAME;
	}
	p->marks |= PG_SWAPBACKED;
	page_io_begin(p, PG_LOCKED, ~(u64)0);
	swap_page_returned(k, f->c, pfn, shadow);
	frame_put(k->frames, f->c, pfn);
	return pfn;
}

/* A run of slots, whose pages are in the cache by now, is one request. */
static void read_run(struct fault *f, u64 slot, u32 pages)
{
	struct kernel *k = f->k;
	u64 ready, i;

	ready = k->swap->zram ? f->c->ops->now(f->c) : swap_transfer(k, f->c, false, slot, pages);
	for (i = 0; i < pages; i++) {
		u64 pfn = swap_cache_page(k, slot + i);
		struct page *p = rmap_page(k, pfn);

		if (k->swap->zram)
			swap_read_zram(k, f->c, slot + i, pfn);
		if (ready > f->c->ops->now(f->c))
			page_transfer_of_swap(k, pfn, PG_LOCKED, ready);
		else
			p->ready = ready;
		page_io_over(p, f->c->ops->now(f->c));
	}
}

static bool begin_page(struct fault *f, u64 slot, u64 wanted)
{
	u64 pfn = is_readable(f->k->swap, slot) ? add_page(f, slot) : NO_FRAME;

	if (pfn == NO_FRAME || slot == wanted)
		return pfn != NO_FRAME;
	kernel_step(f->k, f->c, STEP_SWAP_READAHEAD);
	rmap_page(f->k, pfn)->marks |= PG_READAHEAD;
	f->k->swap->st.readahead++;
	return true;
}

/* The slots that have to be read, each run of them as one request, up to where there is no memory. */
static void read_window(struct fault *f, const struct window *w, u64 wanted)
{
	u64 begin = 0;
	u32 i, run = 0;

	for (i = 0; i < w->n && !reclaim_waits(f->k, f->c); i++) {
		if (run && w->slot[i] != begin + run) {
			read_run(f, begin, run);
			run = 0;
		}
		if (!begin_page(f, w->slot[i], wanted)) {
			if (run)
				read_run(f, begin, run);
			run = 0;
			continue;
		}
		begin = run ? begin : w->slot[i];
		run++;
	}
	if (run)
		read_run(f, begin, run);
}

u64 swap_read(struct fault *f, u64 slot)
{
	struct window w = { .n = 0 }, alone = { { slot }, 1 };

	/* Who comes back from waiting for memory, wherever in the window that was, wants this page alone. */
	if (!reclaim_progress(f->k, f->c)->slept) {
		choose(f, &w, slot);
		read_window(f, &w, slot);
	}
	if (swap_cache_page(f->k, slot) == NO_FRAME)
		read_window(f, &alone, slot);
	return swap_cache_page(f->k, slot);
}
