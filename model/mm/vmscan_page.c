/* What reclaim does to a page: isolate, see whether it is used, unmap, write, free or put back. */
#include "model/base/error.h"
#include "model/mm/footprint.h"
#include "model/mm/contig.h"
#include "model/mm/huge.h"
#include "model/mm/lru_gen.h"
#include "model/mm/memcg.h"
#include "model/mm/page_cache.h"
#include "model/mm/page_io.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shmem.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"
#include "model/mm/workingset.h"
#include "model/mm/writeback.h"

static struct page *page_at(const struct scan *s, u64 pfn)
{
	return page_of(&s->k->pa->map, pfn);
}

static bool is_swapbacked(const struct page *p)
{
	return p->marks & PG_SWAPBACKED;
}

/* It is its object's: shared memory, which is not in the swap cache as well. */
static bool is_shmem(const struct page *p)
{
	return is_swapbacked(p) && p->mapping && !page_is_anon(p);
}

/*
 * Who writes to a device whose queue is full sleeps, and so looks at nothing before there is room; a batch
 * may go beyond it. Whether that is so.
 */
bool scan_is_blocked(struct scan *s)
{
	u64 now = s->c->ops->now(s->c), room = s->may_swap ? swap_write_room(s->k, now) : now;

	if (room <= now)
		return false;
	s->blocked = MIN(s->blocked, room);
	return true;
}

/* ---- isolation ---- */

/* Of a zone that is not asked for: it goes to the other end, as isolate_lru_folios() skips it. */
static bool is_skipped(const struct scan *s, u64 pfn)
{
	return zone_of(s->k->pa, pfn)->type > s->highest;
}

static void isolate(struct scan *s, u64 pfn, struct page_batch *b)
{
	const struct page *p = page_at(s, pfn);

	kernel_step(s->k, s->c, STEP_ISOLATE_PAGE);
	lru_remove(s->k, s->c, pfn);
	frame_get_block(s->k->frames, pfn, p->order);
	b->pfn[b->n++] = (u32)pfn;
	b->pages += lru_pages_in(p);
}

void isolate_pages(struct scan *s, struct lruvec *v, enum lru_list list, u32 want, struct page_batch *b)
{
	u64 left = v->n[list];

	b->n = b->pages = 0;
	page_cache_settle(s->k, s->c);
	kernel_path_step(s->k, s->c, NULL, STEP_ISOLATE_BATCH);
	spin_lock(&s->k->charger, s->c, KPATH_RECLAIM, &v->lock);
	for (; b->pages < want && left && v->tail[list] != NO_PAGE; left--) {
		u64 pfn = v->tail[list];

		if (!is_skipped(s, pfn)) {
			isolate(s, pfn, b);
			continue;
		}
		lru_remove(s->k, s->c, pfn);
		lru_insert(s->k, s->c, pfn, false);
	}
	spin_unlock(&s->k->charger, s->c, &v->lock);
}

void putback_pages(struct scan *s, struct page_batch *b)
{
	u32 i;

	for (i = 0; i < b->n; i++) {
		kernel_step(s->k, s->c, STEP_PUTBACK_PAGE);
		lru_insert(s->k, s->c, b->pfn[i], false);
		frame_put_block(s->k->frames, s->c, b->pfn[i], page_at(s, b->pfn[i])->order);
	}
	b->n = 0;
}

/* ---- whether it is used ---- */

struct look {
	u32 young;
	bool text, locked;
};

/* lru_gen_look_around(): what was used near a page that was. */
#define LOOK_AROUND 64u /* BITS_PER_LONG: entries, of the same table and VMA */

static void look_around(struct rmap_walk *w, const struct rmap_entry *e)
{
	const struct pt_format *f = w->k->format;
	u64 at = e->entry_pa / f->entry_bytes % (1u << f->bits[0]), from = at & ~(u64)(LOOK_AROUND - 1), i;

	if (w->k->lru->form != RECLAIM_MGLRU || e->level || !e->vma)
		return;
	for (i = from; i < from + LOOK_AROUND; i++) {
		u64 pa = e->entry_pa + (i - at) * f->entry_bytes, entry = pte_read(e->mm, pa);
		u64 va = e->va + ((i - at) << FRAME_SHIFT), pfn = pte_pfn(e->mm, entry);

		if (i == at || va < e->vma->start || va >= e->vma->end || !entry || entry_is_swap(f, entry) ||
		    !(pte_flags(e->mm, entry) & PTE_ACCESSED) || !rmap_page(w->k, pfn))
			continue;
		kernel_step(w->k, w->c, STEP_AGE_ENTRY);
		pte_write(e->mm, w->c, KPATH_RECLAIM, pa, pte_without(e->mm, entry, PTE_ACCESSED));
		lru_gen_promote(w->k, lruvec_of(w->k, pfn), pfn);
	}
}

/* x86 clears the bit without a flush: a translation in a TLB hides later uses (ptep_clear_flush_young()). */
static bool look_at_entry(struct rmap_walk *w, const struct rmap_entry *e)
{
	struct look *l = w->arg;
	const struct pt_format *f = w->k->format;
	u64 entry = pte_read(e->mm, e->entry_pa);
	u32 flags = f->flags(entry, e->level);

	kernel_step(w->k, w->c, STEP_REFERENCED_ENTRY);
	l->locked = lru_lock(w->k, e->vma, e->pfn);
	if (l->locked)
		return false;
	if (!(flags & PTE_ACCESSED))
		return true;
	l->young++;
	look_around(w, e);
	l->text |= e->vma && e->vma->flags & MM_EXEC;
	pte_write(e->mm, w->c, KPATH_RECLAIM, e->entry_pa,
		  f->encode(f->pa(entry, e->level), flags & ~PTE_ACCESSED, e->level));
	return true;
}

u32 page_referenced(struct scan *s, u64 pfn)
{
	struct look l = { 0 };
	struct rmap_walk w = {
		.k = s->k, .c = s->c, .path = KPATH_RECLAIM, .pfn = pfn, .entry = look_at_entry, .arg = &l
	};

	if (page_at(s, pfn)->mapcount)
		rmap_walk(&w);
	rmap_referenced_done(s->k, s->c, pfn);
	l.young += w.busy;
	s->locked = l.locked;
	s->text = l.text && !is_swapbacked(page_at(s, pfn));
	return l.young;
}

enum verdict { RECLAIM, RECLAIM_CLEAN, KEEP, ACTIVATE };

/*
 * folio_check_references() since 2.6.34: used once it stays, used again it becomes active; before that what
 * was used and is mapped, or in swap, becomes active at once: shrink_list(). shrink_cache() of 2.4 does not
 * ask: what comes here is mapped by nobody.
 */
static enum verdict judge(struct scan *s, u64 pfn)
{
	struct page *p = page_at(s, pfn);
	bool marked = p->marks & PG_REFERENCED;
	u32 young;

	if (s->k->lru->form == RECLAIM_SCAN)
		return RECLAIM;
	young = page_referenced(s, pfn);
	if (s->locked)
		return ACTIVATE;
	if (s->k->lru->form == RECLAIM_MGLRU)
		return young ? ACTIVATE : RECLAIM;
	p->marks &= (u16)~PG_REFERENCED;
	if (s->k->cfg.era < ERA_2_6_37)
		return (young || marked) && (p->mapcount || p->swap) ? ACTIVATE : RECLAIM;
	if (young) {
		p->marks |= PG_REFERENCED;
		return marked || young > 1 || s->text ? ACTIVATE : KEEP;
	}
	return marked && !is_swapbacked(p) ? RECLAIM_CLEAN : RECLAIM;
}

/* ---- taking its mappings away ---- */

void unmap_entry(struct scan *s, struct mm *mm, u64 va, u64 entry_pa)
{
	struct kernel *k = s->k;
	u64 entry = pte_read(mm, entry_pa), pfn = pte_pfn(mm, entry);
	struct page *p = page_at(s, pfn);
	u32 flags = pte_flags(mm, entry);

	kernel_step(k, s->c, STEP_UNMAP_ENTRY);
	/* Written to since MADV_FREE gave it away: it stays. */
	if (page_is_anon(p) && !is_swapbacked(p) && flags & PTE_DIRTY) {
		lru_set_swapbacked(k, s->c, pfn, true);
		return;
	}
	if (flags & PTE_DIRTY) {
		if (is_swapbacked(p))
			p->marks |= PG_DIRTY;
		else
			page_cache_set_dirty(k, s->c, pfn);
	}
	if (page_is_anon(p) && p->swap) {
		swap_duplicate(k, s->c, p->swap - 1);
		mm->rss.swap++;
		pte_write(mm, s->c, KPATH_RECLAIM, entry_pa, pte_swap(mm, p->swap - 1));
	} else {
		pte_write(mm, s->c, KPATH_RECLAIM, entry_pa, 0);
	}
	if (flags & PTE_PRESENT)
		tlb_batch_add(&s->tlb, mm, s->c, va, flags & PTE_DIRTY);
	rmap_remove(k, s->c, &(struct rmap_entry){ .mm = mm, .va = va, .entry_pa = entry_pa, .pfn = pfn },
		    KPATH_RECLAIM);
	k->reclaim.unmapped++;
	frame_put(k->frames, s->c, pfn);
}

/* A large page, or a run, is taken apart first: the entry is then another one. */
static u64 small_entry(struct scan *s, const struct rmap_entry *e)
{
	struct gather g;

	if (!e->level && !(pte_flags(e->mm, pte_read(e->mm, e->entry_pa)) & PTE_CONTIG))
		return e->entry_pa;
	gather_begin(&g, e->mm, s->c);
	huge_split(&g, KPATH_RECLAIM, e->va, e->va + 1);
	contig_unfold(&g, KPATH_RECLAIM, e->va, e->va + 1);
	gather_flush(&g);
	return pgtable_entry(e->mm, s->c, KPATH_RECLAIM, e->va, false);
}

/* Up to 2.6.27 locked mappings are found here alone: SWAP_FAIL. */
static bool take_entry(struct rmap_walk *w, const struct rmap_entry *e)
{
	const struct vma *v = e->vma ? e->vma : mm_vma(e->mm, e->va);

	if (v && v->flags & MM_LOCKED)
		return true;
	unmap_entry(w->arg, e->mm, e->va, small_entry(w->arg, e));
	return true;
}

/* try_to_unmap(). Whether nobody maps it any more. */
static bool unmap_all(struct scan *s, u64 pfn)
{
	struct rmap_walk w = { .k = s->k,
			       .c = s->c,
			       .path = KPATH_RECLAIM,
			       .pfn = pfn,
			       .entry = take_entry,
			       .arg = s,
			       .unmaps = true };

	rmap_walk(&w);
	return !page_at(s, pfn)->mapcount;
}

static bool split_mapping(struct rmap_walk *w, const struct rmap_entry *e)
{
	if (e->level)
		small_entry(w->arg, e);
	return true;
}

/*
 * split_folio_to_list(): the pages of a large page that was isolated, all but the first, are looked at next.
 * False: somebody has a lock that is needed.
 */
static bool take_apart(struct scan *s, u64 pfn)
{
	u32 n = lru_pages_in(page_at(s, pfn)), i;
	struct rmap_walk w = {
		.k = s->k, .c = s->c, .path = KPATH_RECLAIM, .pfn = pfn, .entry = split_mapping, .arg = s
	};

	if (n == 1)
		return true;
	rmap_walk(&w);
	if (lru_pages_in(page_at(s, pfn)) != 1)
		return false;
	for (i = 1; i < n; i++)
		frame_put(s->k->frames, NULL, pfn + i);
	return true;
}

/* ---- writing ---- */

/* A transfer that has not ended; the page cache ends those of its pages itself. */
static bool is_under_way(struct scan *s, struct page *p)
{
	if (!(p->marks & (PG_WRITEBACK | PG_LOCKED)))
		return false;
	if ((page_is_anon(p) || p->swap) && page_io_over(p, s->c->ops->now(s->c)))
		return false;
	s->until = MIN(s->until, p->ready);
	return true;
}

/*
 * Who may write a file's page: up to 2.6.39 any reclaim that may enter the file system; 6.x leaves it to the
 * flusher, but for kswapd when it has met the page before.
 */
static bool may_write_file(const struct scan *s, const struct page *p)
{
	if (s->k->cfg.era != ERA_6_X)
		return s->gfp & GFP_FS || s->kswapd;
	return s->kswapd && p->marks & PG_RECLAIM;
}

/* Direct reclaim keeps what would have to wait for the device's queue, 2.5.44 to 5.x. Swap's never counts. */
static bool may_write_to_queue(const struct scan *s)
{
	enum kernel_era era = (enum kernel_era)s->k->cfg.era;

	return s->kswapd || era < ERA_2_5_66 || era == ERA_6_X ||
	       !writeback_is_congested(s->k, s->c->ops->now(s->c));
}

/* pageout(). Whether the page is clean and written now; zram may have had no room for it. */
static bool write_page(struct scan *s, u64 pfn)
{
	struct page *p = page_at(s, pfn);

	s->met.dirty += !is_swapbacked(p);
	if (!is_swapbacked(p) && !may_write_to_queue(s)) {
		s->met.congested++;
		return false;
	}
	if (!is_swapbacked(p) && !may_write_file(s, p)) {
		p->marks |= PG_RECLAIM;
		writeback_wake_for_reclaim(s->k, s->c);
		return false;
	}
	tlb_batch_flush_dirty(&s->tlb, s->k, s->c);
	s->k->reclaim.written++;
	if (is_swapbacked(p))
		swap_write(s->k, s->c, pfn);
	else
		page_cache_write(s->k, s->c, pfn);
	p->marks |= PG_RECLAIM;
	return !is_under_way(s, p) && !page_cache_dirty(p);
}

/* ---- one page ---- */

/* __remove_mapping(): only the cache and who isolated it have it. Whether it is free. */
static bool free_page(struct scan *s, u64 pfn)
{
	const struct page *p = page_at(s, pfn);
	bool in_file = p->mapping && !page_is_anon(p);
	u64 shadow;

	if (frame_refs(s->k->frames, pfn) != 1u + (p->swap || in_file))
		return false;
	/* Shared memory that nobody has written to is a hole again. */
	shadow = is_shmem(p) ? 0 : workingset_eviction(s->k, pfn);
	if (p->swap)
		swap_cache_remove(s->k, s->c, pfn, shadow);
	if (in_file) {
		frame_put(s->k->frames, s->c, pfn);
		if (page_cache_remove(s->k, s->c, pfn, shadow))
			return true;
		frame_get(s->k->frames, pfn);
		return false;
	}
	frame_put_cold(s->k->frames, s->c, pfn);
	return true;
}

enum fate { GOES_ON, FREED, STAYS, BECOMES_ACTIVE };

static enum fate count(u64 *counter, enum fate fate)
{
	++*counter;
	return fate;
}

/* A private page gets its place in swap before its mappings go. */
static bool has_place(struct scan *s, u64 pfn)
{
	struct page *p = page_at(s, pfn);

	if (!is_swapbacked(p) || p->swap)
		return true;
	return s->may_swap && memcg_may_swap(s->k, p) && swap_add(s->k, s->c, pfn);
}

/* pageout() of shared memory: shmem_writepage(), for which nobody else may have the page. */
static enum fate move_to_swap(struct scan *s, u64 pfn)
{
	struct reclaim_stats *st = &s->k->reclaim;

	if (!(s->gfp & GFP_FS || s->kswapd) || frame_refs(s->k->frames, pfn) != 2)
		return count(&st->kept_writeback, STAYS);
	tlb_batch_flush_dirty(&s->tlb, s->k, s->c);
	if (!s->may_swap || !memcg_may_swap(s->k, page_at(s, pfn)) || !shmem_to_swap(s->k, s->c, pfn))
		return count(&st->kept_no_swap, BECOMES_ACTIVE);
	return s->k->cfg.era < ERA_2_6_37 ? count(&st->kept_writeback, STAYS) : GOES_ON;
}

/* What is dirty has to be written. GOES_ON: it is written. */
static enum fate clean_page(struct scan *s, u64 pfn, enum verdict v)
{
	struct reclaim_stats *st = &s->k->reclaim;
	const struct page *p = page_at(s, pfn);
	enum fate fate;

	if (!page_cache_dirty(p))
		return GOES_ON;
	if (v == RECLAIM_CLEAN)
		return count(&st->kept_writeback, STAYS);
	fate = is_shmem(p) ? move_to_swap(s, pfn) : GOES_ON;
	if (fate == GOES_ON && !write_page(s, pfn))
		return count(&st->kept_writeback, STAYS);
	return fate;
}

/* A page under write-back: what 6.x makes of it, folio_check_dirty_writeback() and the cases behind it. */
static void note_writeback(struct scan *s, u64 pfn)
{
	const struct page *p = page_at(s, pfn);
	bool known = p->marks & PG_RECLAIM;

	if (!(p->marks & PG_WRITEBACK))
		return;
	s->met.writeback++;
	s->met.dirty += !is_swapbacked(p) && s->k->cfg.era == ERA_6_X;
	s->met.congested += !is_swapbacked(p) && known && s->k->cfg.era == ERA_6_X;
	s->met.again += s->kswapd && known && lruvec_of(s->k, pfn)->writeback;
}

/* shrink_folio_list() */
static enum fate shrink_page(struct scan *s, u64 pfn)
{
	struct reclaim_stats *st = &s->k->reclaim;
	struct page *p = page_at(s, pfn);
	enum verdict v;
	enum fate fate;

	kernel_path_step(s->k, s->c, NULL, STEP_SHRINK_PAGE);
	if (is_under_way(s, p)) {
		note_writeback(s, pfn);
		p->marks |= PG_RECLAIM;
		return count(&st->kept_writeback, STAYS);
	}
	if (p->mapcount && !rmap_can_walk(s->k, p))
		return count(&st->kept_mapped, STAYS);
	v = judge(s, pfn);
	if (v == ACTIVATE)
		return count(&st->activated, BECOMES_ACTIVE);
	if (v == KEEP)
		return count(&st->kept_referenced, STAYS);
	if (!take_apart(s, pfn))
		return count(&st->kept_mapped, STAYS);
	if (!is_shmem(p) && !has_place(s, pfn))
		return count(&st->kept_no_swap, BECOMES_ACTIVE);
	if (p->mapcount && !unmap_all(s, pfn))
		return count(&st->kept_mapped, BECOMES_ACTIVE);
	fate = clean_page(s, pfn, v);
	if (fate != GOES_ON)
		return fate;
	tlb_batch_flush(&s->tlb, s->k, s->c);
	return free_page(s, pfn) ? FREED : STAYS;
}

u32 shrink_pages(struct scan *s, struct page_batch *b)
{
	struct reclaim_stats *st = &s->k->reclaim;
	u32 i, n = 0, freed = 0, pages;

	page_cache_settle(s->k, s->c);
	s->met.taken += b->n;
	for (b->pages = 0, i = 0; i < b->n; i++) {
		u32 pfn = b->pfn[i];
		bool anon = is_swapbacked(page_at(s, pfn));
		enum fate fate = shrink_page(s, pfn);

		pages = fate == FREED ? 1 : lru_pages_in(page_at(s, pfn));
		*(anon ? &st->scanned_anon : &st->scanned_file) += pages;
		b->pages += pages;
		if (fate == FREED) {
			++*(anon ? &st->stolen_anon : &st->stolen_file);
			freed++;
			continue;
		}
		if (fate == BECOMES_ACTIVE) {
			page_at(s, pfn)->marks |= PG_ACTIVE;
			workingset_activation(s->k, pfn);
		}
		b->pfn[n++] = pfn;
	}
	tlb_batch_flush(&s->tlb, s->k, s->c);
	b->n = n;
	return freed;
}
