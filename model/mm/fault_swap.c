/*
 * Faults for pages that lie in swap, mm/memory.c:do_swap_page(): found in the swap cache (minor) or read
 * (major); and who may write to a page that the swap cache has too.
 *
 * Not modelled: the bit of 5.19 that tells of an entry in swap that its page was exclusive: it is taken for
 * one if no other entry has the slot.
 */
#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/fault_impl.h"
#include "model/mm/footprint.h"
#include "model/mm/lru.h"
#include "model/mm/page_io.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/swap_cache.h"

/* Nobody but this entry, and perhaps the swap cache, has the page, and no other entry its slot. */
static bool has_one_user(const struct fault *f, const struct page *p, u64 pfn)
{
	return frame_refs(f->k->frames, pfn) == 1u + (p && p->swap) &&
	       (!p || !p->swap || !swap_count(f->k, p->swap - 1));
}

/*
 * can_share_swap_page() leaves the page in the cache; reuse_swap_page(), since 2.6.29, takes it out, as it
 * will be written to. 6.x asks only where the page is not known to be exclusive, and copies what cannot leave
 * the cache.
 */
bool fault_is_sole(struct fault *f, u64 pfn)
{
	struct page *p = rmap_page(f->k, pfn);

	if (!has_one_user(f, p, pfn))
		return false;
	if (!p || !p->swap || f->k->cfg.era < ERA_2_6_37 || p->marks & PG_EXCLUSIVE)
		return true;
	return swap_cache_drop(f->k, f->c, pfn) || f->k->cfg.era != ERA_6_X;
}

/* should_try_to_free_swap(); before 5.8 nothing but a full swap was a reason, and 2.4.0 had none. */
static bool should_leave_cache(const struct fault *f, u64 pfn)
{
	enum kernel_era era = (enum kernel_era)f->k->cfg.era;
	bool alone = frame_refs(f->k->frames, pfn) == 2; /* but for the cache */

	if (era == ERA_6_X && f->write && alone)
		return true;
	return era != ERA_2_4_0 && swap_full(f->k) && (alone || era >= ERA_2_6_37);
}

/* Whether the entry may be written: in 6.x whatever the fault was, before only if it was a write. */
static bool may_write(struct fault *f, u64 pfn)
{
	struct page *p = rmap_page(f->k, pfn);

	if (f->k->cfg.era == ERA_6_X)
		return p->marks & PG_EXCLUSIVE || frame_refs(f->k->frames, pfn) == 1;
	return f->write && fault_is_sole(f, pfn);
}

/* Others map the page where this address space does not: it gets a copy. */
static enum trap_result map_copy(struct fault *f, u64 slot, u64 pfn)
{
	struct kernel *k = f->k;
	u64 copy;

	frame_get(k->frames, pfn);
	copy = page_alloc(k, f->c, GFP_HIGHUSER_MOVABLE, 0, f->va);
	if (copy != NO_FRAME) {
		page_copy(k, f->c, copy, pfn);
		f->mm->rss.swap--;
		swap_free_entry(k, f->c, slot);
		fault_map_new(f, copy);
		rmap_copied(k);
		k->fault.swap++;
	}
	frame_put(k->frames, f->c, pfn);
	return copy == NO_FRAME ? TRAP_OOM : TRAP_RETRY;
}

/* The page that the entry's slot belongs to is mapped by it; cached: the swap cache has it. */
static enum trap_result map_page(struct fault *f, u64 slot, u64 pfn, bool cached)
{
	struct page *p = rmap_page(f->k, pfn);
	struct rmap_entry e = fault_this_entry(f, pfn);
	bool exclusive = swap_count(f->k, slot) == 1 && !p->mapcount, write = f->write, writable;

	kernel_path_step(f->k, f->c, f->mm, STEP_SWAP_FAULT);
	kernel_path_step(f->k, f->c, f->mm, STEP_RSS_ADD);
	f->mm->rss.swap--;
	swap_free_entry(f->k, f->c, slot);
	if (cached)
		frame_get(f->k->frames, pfn);
	if (p->swap && should_leave_cache(f, pfn))
		swap_cache_drop(f->k, f->c, pfn);
	rmap_add_swapped(f->k, f->c, &e, exclusive);
	page_set_anon(f->mm, f->va);
	writable = may_write(f, pfn);
	f->write = write && writable;
	fault_set_entry(f, pfn, writable);
	f->write = write;
	if (write && !writable) {
		f->entry = pte_read(f->mm, f->entry_pa);
		return fault_write_protected(f);
	}
	f->k->fault.swap++;
	return TRAP_RETRY;
}

/*
 * Memory that is a device: since 4.15 a page that nobody else can ask for goes around the cache, and its slot
 * is free at once.
 */
static enum trap_result read_alone(struct fault *f, u64 slot)
{
	struct kernel *k = f->k;
	u64 shadow = swap_shadow(k, slot), pfn = page_alloc(k, f->c, GFP_HIGHUSER_MOVABLE, 0, f->va);

	if (pfn == NO_FRAME)
		return TRAP_OOM;
	rmap_page(k, pfn)->marks |= PG_SWAPBACKED;
	swap_page_returned(k, f->c, pfn, shadow);
	swap_read_zram(k, f->c, slot, pfn);
	return map_page(f, slot, pfn, false);
}

static enum trap_result read_page(struct fault *f, u64 slot)
{
	struct page *p;
	u64 pfn;

	fault_is_major(f);
	if (swap_synchronous(f->k) && f->k->cfg.era == ERA_6_X && swap_count(f->k, slot) == 1)
		return read_alone(f, slot);
	pfn = swap_read(f, slot);
	if (pfn == NO_FRAME)
		return TRAP_OOM;
	p = rmap_page(f->k, pfn);
	return p->marks & PG_LOCKED ? fault_wait(f, p->ready) : map_page(f, slot, pfn, true);
}

enum trap_result fault_swap(struct fault *f)
{
	u64 slot = pte_swap_slot(f->mm, f->entry), pfn;
	struct page *p;

	if (!rmap_prepare(f->mm, f->c, f->view.real))
		return TRAP_OOM;
	pfn = swap_cache_find(f->k->swap->cache, f->c, slot);
	if (pfn == NO_FRAME)
		return read_page(f, slot);
	p = rmap_page(f->k, pfn);
	if (!page_io_over(p, f->c->ops->now(f->c)) && p->marks & PG_LOCKED)
		return fault_wait(f, p->ready);
	swap_readahead_hit(f, p);
	if (!rmap_can_share(f->k, pfn, page_down(f->k, f->va)))
		return map_copy(f, slot, pfn);
	return map_page(f, slot, pfn, true);
}
