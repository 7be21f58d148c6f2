/*
 * Arcangeli's VM of 2.4.10 to 2.4.22: two lists of pages without ages, and swap_out(), which looks for
 * mapped pages in the page tables because nobody knows who maps them. Also what any other form of reclaim
 * does where kernel.rmap is "none". mm/vmscan.c of 2.4.20.
 */
#include "model/base/error.h"
#include "model/mm/footprint.h"
#include "model/mm/page_cache.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/slab.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"

static struct page *page_at(const struct scan *s, u64 pfn)
{
	return page_of(&s->k->pa->map, pfn);
}

/* ---- swap_out() ---- */

struct sweep {
	struct scan *s;
	struct mm *mm;
	u32 left; /* pages that shall become free */
	u64 at;   /* address behind the entry looked at last */
	u64 line; /* of the page table that was loaded last */
};

/* A place in swap, for a private page that has none: it is dirty then. Shared memory gets one later. */
static bool has_place(struct scan *s, u64 pfn)
{
	struct page *p = page_at(s, pfn);

	if (!(p->marks & PG_SWAPBACKED) || p->swap || !page_is_anon(p))
		return true;
	if (!s->may_swap || !swap_add(s->k, s->c, pfn))
		return false;
	p->marks |= PG_DIRTY;
	return true;
}

static void load_line(struct sweep *w, u64 entry_pa)
{
	if (w->line == entry_pa >> 6)
		return;
	w->line = entry_pa >> 6;
	kernel_load(w->s->k, w->s->c, KPATH_RECLAIM, entry_pa, w->s->k->format->entry_bytes);
}

/* try_to_swap_out() */
static void try_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct sweep *w = arg;
	struct kernel *k = w->s->k;
	u64 pfn = pte_pfn(w->mm, entry);
	struct page *p = rmap_page(k, pfn);

	if (!w->left || va < w->at)
		return;
	w->at = va + FRAME_SIZE;
	k->reclaim.scanned_entries++;
	load_line(w, entry_pa);
	kernel_step(k, w->s->c, STEP_SWAP_OUT_ENTRY);
	if (!p || !(pte_flags(w->mm, entry) & PTE_PRESENT))
		return;
	if (pte_flags(w->mm, entry) & PTE_ACCESSED) {
		pte_write(w->mm, w->s->c, KPATH_RECLAIM, entry_pa, pte_without(w->mm, entry, PTE_ACCESSED));
		lru_mark_accessed(k, w->s->c, pfn);
		return;
	}
	if (p->marks & (PG_ACTIVE | PG_LOCKED | PG_UNEVICTABLE) ||
	    zone_of(k->pa, pfn)->type > w->s->highest || !has_place(w->s, pfn))
		return;
	unmap_entry(w->s, w->mm, va, entry_pa);
	tlb_batch_flush(&w->s->tlb, k, w->s->c);
	if (!p->mapcount)
		w->left--;
}

static void sweep_range(struct sweep *w, u64 start, u64 end)
{
	u64 span = 1ull << w->s->k->format->shift[1], next;

	for (; w->left && start < end; start = next) {
		next = MIN(align_down(start, span) + span, end);
		w->at = start;
		pgtable_each(w->mm, start, next, try_entry, w);
		if (w->left)
			w->at = next;
	}
}

/* swap_out_mm(): from where the last one ended. */
static void sweep_mm(struct sweep *w)
{
	struct mm *mm = w->mm;
	u64 from = mm->swap_address;
	u32 i;

	kernel_path_step(w->s->k, w->s->c, mm, STEP_SWAP_OUT_MM);
	if (mm->implicit_maps)
		sweep_range(w, from, w->s->k->user_end);
	for (i = vma_index(&mm->vmas, from); !mm->implicit_maps && w->left && i < mm->vmas.n; i++) {
		const struct vma *v = mm->vmas.v[i];

		kernel_step(w->s->k, w->s->c, STEP_SWAP_OUT_VMA);
		if (v->flags & MM_LOCKED)
			continue;
		if (v->va)
			charge_load(&w->s->k->charger, w->s->c, KPATH_RECLAIM, v->va, 32);
		sweep_range(w, MAX(from, v->start), v->end);
	}
	mm->swap_address = w->left ? 0 : w->at;
}

void swap_out_forget(struct mm *mm)
{
	if (mm->k->swap_mm == mm)
		mm->k->swap_mm = mm->next;
}

void swap_out(struct scan *s, u32 pages)
{
	struct sweep w = { .s = s, .left = pages, .line = ~(u64)0 };
	struct kernel *k = s->k;
	u32 mms = 0, i;

	for (w.mm = k->mms; w.mm; w.mm = w.mm->next)
		mms++;
	for (i = 0; w.left && i < mms; i++) {
		w.mm = k->swap_mm ? k->swap_mm : k->mms;
		sweep_mm(&w);
		k->swap_mm = w.left ? w.mm->next : w.mm;
	}
}

/* ---- the lists ---- */

/* refill_inactive() */
static void refill(struct scan *s, struct lruvec *v, u64 want)
{
	u64 left = v->n[LRU_ACTIVE_FILE];

	for (; want && left && v->tail[LRU_ACTIVE_FILE] != NO_PAGE; left--) {
		u64 pfn = v->tail[LRU_ACTIVE_FILE];
		struct page *p = page_at(s, pfn);

		kernel_step(s->k, s->c, STEP_AGE_PAGE);
		s->k->reclaim.refilled++;
		lru_remove(s->k, s->c, pfn);
		if (p->marks & PG_REFERENCED) {
			p->marks &= (u16)~PG_REFERENCED;
		} else {
			p->marks = (u16)((p->marks | PG_REFERENCED) & ~PG_ACTIVE);
			s->k->lru->st.deactivated++;
			want--;
		}
		lru_insert(s->k, s->c, pfn, false);
	}
}

/* What is not in a cache, or that somebody maps: its count says so. */
static bool is_mapped(const struct page *p)
{
	return p->mapcount || (page_is_anon(p) && !p->swap);
}

/* The page is moved to the head first: whatever happens to it, it was looked at. */
static void look_at(struct scan *s, struct lruvec *v, u64 pfn)
{
	struct page_batch b = { .pfn = { (u32)pfn }, .n = 1 };

	lru_remove(s->k, s->c, pfn);
	frame_get(s->k->frames, pfn);
	s->freed += shrink_pages(s, &b);
	putback_pages(s, &b);
}

/* A page that reclaim itself has begun to write, and that it meets again: wait_on_page(). */
static bool is_awaited(struct scan *s, const struct page *p)
{
	if (!(p->marks & PG_RECLAIM) || !(s->gfp & GFP_FS) || p->ready <= s->c->ops->now(s->c))
		return false;
	s->blocked = MIN(s->blocked, p->ready);
	return true;
}

/* shrink_cache() */
static void shrink_cache(struct scan *s, struct lruvec *v, u64 want)
{
	u64 scan = v->n[LRU_INACTIVE_FILE] / (u64)s->priority, before = s->freed, pfn;
	u64 mapped = MIN(want << (10 - s->priority), scan / 10);

	spin_lock(&s->k->charger, s->c, KPATH_RECLAIM, &v->lock);
	for (; scan && s->freed - before < want && v->tail[LRU_INACTIVE_FILE] != NO_PAGE; scan--) {
		if (scan_is_blocked(s) || is_awaited(s, page_at(s, v->tail[LRU_INACTIVE_FILE])))
			break;
		pfn = v->tail[LRU_INACTIVE_FILE];
		s->scanned++;
		++*(s->kswapd ? &s->k->reclaim.scanned_kswapd : &s->k->reclaim.scanned_direct);
		kernel_step(s->k, s->c, STEP_ISOLATE_PAGE);
		if (!is_mapped(page_at(s, pfn))) {
			look_at(s, v, pfn);
			continue;
		}
		lru_remove(s->k, s->c, pfn);
		lru_insert(s->k, s->c, pfn, false);
		if (mapped) {
			mapped--;
			continue;
		}
		swap_out(s, SWAP_CLUSTER_MAX);
		break;
	}
	spin_unlock(&s->k->charger, s->c, &v->lock);
	*(s->kswapd ? &s->k->reclaim.stolen_kswapd : &s->k->reclaim.stolen_direct) += s->freed - before;
}

void shrink_scan(struct scan *s, struct lruvec *v)
{
	u64 active = v->n[LRU_ACTIVE_FILE], inactive = v->n[LRU_INACTIVE_FILE];

	refill(s, v, s->want * active / ((inactive + 1) * 2));
	shrink_cache(s, v, s->want);
}
