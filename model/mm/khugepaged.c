#include "model/mm/khugepaged.h"

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/fault_impl.h"
#include "model/mm/footprint.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/memcg.h"
#include "model/mm/mmap_lock.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"

/* Large pages' worth of addresses that are looked at each time: pages_to_scan, 4096 of 512. */
#define RANGES_A_TICK 8u
/* alloc_sleep_millisecs, 60 s, by scan_sleep_millisecs, 10 s. */
#define TICKS_ASLEEP 6u
#define NO_RANGE     (~(u64)0)
#define MAX_NODES    64u

/* A range that one large page could map. */
struct range {
	struct kernel *k;
	struct cpu *c;
	struct mm *mm;
	struct vma *vma;
	u64 va, upper; /* of its beginning; physical address of the entry above its table */
	u64 table;     /* physical address */
	u32 none, swap, shared, young;
	bool writable;
	u32 on_node[MAX_NODES];
};

enum verdict { FITS, NOTHING, NO_BLOCK };

static u64 range_size(const struct kernel *k)
{
	return huge_size(k, 1);
}

static u32 range_order(const struct kernel *k)
{
	return k->format->shift[1] - k->page_shift;
}

static u32 range_pages(const struct kernel *k)
{
	return 1u << range_order(k);
}

bool khugepaged_runs(const struct kernel *k)
{
	return k->cfg.thp && k->cfg.era >= ERA_2_6_37 && k->page_shift == FRAME_SHIFT &&
	       k->format->leaf[1] != NR_PAGE_SIZES && range_order(k) < PAGE_CHUNK_SHIFT;
}

/* ---- what is looked at ---- */

/* thp_vma_allowable_order(): as for a fault, but of what has private pages already. */
static bool is_candidate(struct mm *mm, u64 va)
{
	struct page_view p = page_view(mm, va);

	return p.mapped && p.vma.anon && !(p.vma.flags & MM_HUGETLB) && huge_wanted(mm, &p, va, 1);
}

struct search {
	struct mm *mm;
	u64 from, found;
};

static void try_table(void *arg, u64 pfn, u32 level, u64 va)
{
	struct search *s = arg;

	if (!level && va >= s->from && va < s->found && page_view(s->mm, va).implicit &&
	    is_candidate(s->mm, va))
		s->found = va;
}

/* The next range of the address space; NO_RANGE: there is none. */
static u64 next_range(struct mm *mm, u64 from)
{
	struct search s = { mm, from, NO_RANGE };
	u64 size = range_size(mm->k), va;
	u32 i;

	if (mm->implicit_maps)
		pgtable_each_table(mm, try_table, &s);
	for (i = vma_index(&mm->vmas, from); i < mm->vmas.n; i++) {
		va = MAX(align_up(mm->vmas.v[i]->start, size), from);
		if (va + size <= mm->vmas.v[i]->end && is_candidate(mm, va))
			return MIN(va, s.found);
	}
	return s.found;
}

static struct mm *oldest(const struct kernel *k)
{
	struct mm *mm = k->mms;

	while (mm && mm->next)
		mm = mm->next;
	return mm;
}

void khugepaged_forget(struct mm *mm)
{
	struct khugepaged *h = &mm->k->khugepaged;

	if (h->mm != mm)
		return;
	h->mm = mm->prev;
	h->address = 0;
}

/* Where it goes on; false: it has come round. */
static bool find_range(struct kernel *k, u64 *va)
{
	struct khugepaged *h = &k->khugepaged;

	for (; h->mm; h->mm = h->mm->prev, h->address = 0) {
		*va = h->mm->oom_victim ? NO_RANGE : next_range(h->mm, h->address);
		if (*va != NO_RANGE)
			return true;
	}
	h->mm = oldest(k);
	return false;
}

/* ---- whether it is put together ---- */

static enum verdict leave(u64 *counter)
{
	++*counter;
	return NOTHING;
}

/* Its page may be replaced: nobody has it but those who map it, and the swap cache. */
static bool is_movable(const struct kernel *k, const struct page *p, u64 pfn)
{
	return p && page_is_anon(p) && p->marks & PG_LRU && !(p->marks & PG_LOCKED) &&
	       frame_refs(k->frames, pfn) == p->mapcount + (p->swap != 0);
}

static enum verdict look_at_page(struct range *r, u64 entry)
{
	struct kernel *k = r->k;
	u64 pfn = pte_pfn(r->mm, entry);
	const struct page *p = rmap_page(k, pfn);
	u32 flags = pte_flags(r->mm, entry);

	if (p)
		charge_load(&k->charger, r->c, KPATH_KTHREAD, page_struct_va(&k->pa->map, pfn), 64);
	if (!is_movable(k, p, pfn) || flags & PTE_CONTIG)
		return leave(&k->thp.unfit);
	r->shared += p->mapcount > 1;
	if (r->shared > range_pages(k) / 2)
		return leave(&k->thp.exceed_shared);
	r->young += flags & PTE_ACCESSED || p->marks & PG_REFERENCED;
	r->writable |= (flags & PTE_WRITE) != 0;
	r->on_node[node_of(k->pa, pfn) % MAX_NODES]++;
	return FITS;
}

static enum verdict look_at_entry(struct range *r, u64 entry)
{
	struct kernel *k = r->k;

	kernel_step(k, r->c, STEP_COLLAPSE_SCAN);
	if (entry && entry_is_swap(k->format, entry))
		return ++r->swap > range_pages(k) / 8 ? leave(&k->thp.exceed_swap) : FITS;
	if (!entry || pte_pfn(r->mm, entry) == k->zero_pfn)
		return ++r->none > range_pages(k) - 1 ? leave(&k->thp.exceed_none) : FITS;
	return look_at_page(r, entry);
}

/* hpage_collapse_scan_pmd() */
static enum verdict look(struct range *r)
{
	struct kernel *k = r->k;
	u32 bytes = k->format->entry_bytes, n = range_pages(k), i;
	enum verdict v = FITS;

	r->none = r->swap = r->shared = r->young = 0;
	r->writable = false;
	for (i = 0; v == FITS && i < n; i++)
		v = look_at_entry(r, pte_read(r->mm, r->table + i * bytes));
	kernel_load(k, r->c, KPATH_KTHREAD, r->table, i * bytes);
	if (v != FITS)
		return v;
	if (!r->writable)
		return leave(&k->thp.unfit);
	return !r->young || (r->swap && r->young < n / 2) ? leave(&k->thp.unused) : FITS;
}

/* ---- putting it together ---- */

/* hpage_collapse_find_target_node() */
static u32 target_node(const struct range *r)
{
	u32 best = 0, i;

	for (i = 1; i < MIN(r->k->nodes, MAX_NODES); i++)
		if (r->on_node[i] > r->on_node[best])
			best = i;
	return best;
}

/* alloc_charge_folio() */
static u64 new_block(struct range *r)
{
	struct kernel *k = r->k;
	u32 order = range_order(k);
	u64 pfn = frame_alloc(k->frames, r->c, GFP_TRANSHUGE, order, r->va, target_node(r));

	if (pfn == NO_FRAME || memcg_charge_mm(k, r->c, r->mm, GFP_TRANSHUGE, pfn, range_pages(k)))
		return pfn;
	frame_put_block(k->frames, r->c, pfn, order);
	return NO_FRAME;
}

/* do_swap_page() for an entry; a page that has to be waited for is left to the next time. */
static bool swap_in_entry(struct range *r, u64 va, u64 entry_pa)
{
	struct kernel *k = r->k;
	const struct fault_stats before = k->fault;
	struct fault f = { .k = k,
			   .c = r->c,
			   .mm = r->mm,
			   .va = va,
			   .page = va,
			   .entry_pa = entry_pa,
			   .entry = pte_read(r->mm, entry_pa),
			   .view = page_view(r->mm, va) };
	bool done;

	f.vma = &f.view.vma;
	done = fault_swap(&f) == TRAP_RETRY;
	fault_is_over(&f);
	k->fault = before; /* no program has had it */
	k->thp.swapped_in += done;
	return done;
}

/* __collapse_huge_page_swapin() */
static bool swap_in(struct range *r)
{
	u32 bytes = r->k->format->entry_bytes, i;

	for (i = 0; r->swap && i < range_pages(r->k); i++) {
		u64 pa = r->table + i * bytes, entry = pte_read(r->mm, pa);

		if (entry && entry_is_swap(r->k->format, entry) &&
		    !swap_in_entry(r, r->va + ((u64)i << r->k->page_shift), pa))
			return false;
	}
	if (r->swap)
		lru_add_drain(r->k, r->c);
	return true;
}

/* The table is in nobody's way any more: pmdp_collapse_flush(). */
static void take_table_out(struct range *r, struct gather *g)
{
	pte_write(r->mm, r->c, KPATH_KTHREAD, r->upper, 0);
	gather_page(g, r->va);
	gather_page(g, r->va + range_size(r->k) - page_size(r->k));
	gather_flush(g);
}

/* __collapse_huge_page_copy(): page i of the block gets what the entry has, whose page is let go. */
static void fill(struct range *r, struct gather *g, u32 i, u64 to)
{
	struct kernel *k = r->k;
	u64 pa = r->table + (u64)i * k->format->entry_bytes, entry = pte_read(r->mm, pa);
	u64 old = entry ? pte_pfn(r->mm, entry) : k->zero_pfn;

	kernel_step(k, r->c, STEP_COLLAPSE_PAGE);
	if (entry && old != k->zero_pfn) {
		page_copy(k, r->c, to, old);
		k->thp.copied++;
	} else {
		page_zero(k, r->c, to);
		k->thp.cleared++;
	}
	if (!entry)
		return;
	pt_write(k->format, k->ptmem, pa, 0);
	rmap_remove(
		k, r->c,
		&(struct rmap_entry){
			.mm = r->mm, .va = r->va + ((u64)i << k->page_shift), .entry_pa = pa, .pfn = old },
		KPATH_UNMAP);
	gather_frame(g, old);
}

/* The entry above maps the block, and has the table in store. */
static void map_block(struct range *r, u64 pfn)
{
	struct kernel *k = r->k;
	u32 flags = PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_ACCESSED | PTE_DIRTY;

	flags |= r->vma->flags & MM_WRITE ? PTE_WRITE : 0;
	flags |= r->vma->flags & MM_EXEC ? PTE_EXEC : 0;
	rmap_table_gone(k, r->table >> FRAME_SHIFT);
	map64_set(&k->deposits, r->upper, r->table >> FRAME_SHIFT);
	pte_write(r->mm, r->c, KPATH_KTHREAD, r->upper, k->format->encode(pfn << FRAME_SHIFT, flags, 1));
	rmap_add_new_huge(k, r->c, &(struct rmap_entry){ r->mm, r->vma, r->va, r->upper, pfn, 1 });
	lru_lock(k, r->vma, pfn);
	lru_add_large(k, r->c, pfn);
}

static void replace(struct range *r, u64 pfn)
{
	struct gather g;
	u32 i;

	kernel_path_step(r->k, r->c, NULL, STEP_COLLAPSE);
	gather_begin(&g, r->mm, r->c);
	take_table_out(r, &g);
	for (i = 0; i < range_pages(r->k); i++)
		fill(r, &g, i, pfn + i);
	kernel_store(r->k, r->c, KPATH_KTHREAD, r->table, range_pages(r->k) * r->k->format->entry_bytes);
	gather_flush(&g);
	map_block(r, pfn);
	r->k->thp.collapses++;
}

/* Memory may have changed what was found: it is looked at again, with the lock. */
static bool still_fits(struct range *r)
{
	u64 entry = pte_read(r->mm, r->upper);

	return r->k->format->pa(entry, 1) == r->table && !huge_entry(r->k, entry, 1) && look(r) == FITS &&
	       !r->swap;
}

/* collapse_huge_page() */
static enum verdict collapse(struct range *r)
{
	struct kernel *k = r->k;
	u64 pfn = new_block(r);
	bool fits;

	if (pfn == NO_FRAME) {
		k->thp.collapse_fails++;
		return NO_BLOCK;
	}
	fits = swap_in(r) && rmap_prepare(r->mm, r->c, r->vma);
	mmap_write_lock(r->mm, r->c, r->va, r->va + range_size(k));
	fits = fits && still_fits(r);
	if (fits)
		replace(r, pfn);
	else
		frame_put_block(k->frames, r->c, pfn, range_order(k));
	mmap_write_unlock(r->mm, r->c);
	return fits ? FITS : NOTHING;
}

static enum verdict scan_range(struct kernel *k, struct cpu *c, struct mm *mm, u64 va)
{
	struct range r = { .k = k, .c = c, .mm = mm, .va = va, .vma = page_view(mm, va).real };
	u64 entry;

	k->thp.scans++;
	r.upper = pgtable_upper(mm, c, KPATH_KTHREAD, va, 1, false);
	if (r.upper == NO_ENTRY)
		return NOTHING;
	entry = pte_read(mm, r.upper);
	kernel_load(k, c, KPATH_KTHREAD, r.upper, k->format->entry_bytes);
	if (!entry || huge_entry(k, entry, 1))
		return NOTHING;
	r.table = k->format->pa(entry, 1);
	return look(&r) == FITS ? collapse(&r) : NOTHING;
}

/* khugepaged_do_scan(): at most twice round. */
static u32 scan(struct kernel *k, struct cpu *c)
{
	struct khugepaged *h = &k->khugepaged;
	u32 left = RANGES_A_TICK, rounds = 0, collapsed = 0;
	enum verdict v;
	u64 va;

	while (left && rounds < 2) {
		if (!find_range(k, &va)) {
			k->thp.full_scans++;
			rounds++;
			continue;
		}
		h->address = va + range_size(k);
		v = scan_range(k, c, h->mm, va);
		left--;
		collapsed += v == FITS;
		if (v != NO_BLOCK)
			continue;
		h->asleep = TICKS_ASLEEP;
		break;
	}
	return collapsed;
}

/* Nobody has an address space that is worth waking for. */
static bool has_work(struct kernel *k)
{
	struct mm *mm;

	for (mm = k->mms; mm; mm = mm->next)
		if (next_range(mm, 0) != NO_RANGE)
			return true;
	return false;
}

void khugepaged_tick(struct kernel *k, struct cpu *c)
{
	struct khugepaged *h = &k->khugepaged;
	u64 begin = charge_begin(&k->charger, c);
	u32 collapsed;

	if (h->asleep) {
		h->asleep--;
		return;
	}
	if (!has_work(k))
		return;
	if (!h->mm)
		h->mm = oldest(k);
	kernel_path_step(k, c, NULL, STEP_KSWAPD_RUN);
	lru_add_drain_all(k, c);
	collapsed = scan(k, c);
	charge_end(&k->charger, c, TL_KHUGEPAGED, begin, c->node, collapsed);
}
