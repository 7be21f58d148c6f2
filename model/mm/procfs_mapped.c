/*
 * Pages that programs have mapped, which Linux counts as they come and go (mm/rmap.c); here they are found by
 * walking all page tables, when somebody asks.
 */
#include "model/base/map64.h"
#include "model/mm/huge.h"
#include "model/mm/mm.h"
#include "model/mm/page.h"
#include "model/mm/pgtable.h"
#include "model/mm/procfs.h"

struct walk {
	struct mm *mm;
	struct proc_mapped *n;
	struct map64 shared; /* pages with several users, met before */
};

/* A page with several users is met at each of them. */
static bool met_before(struct walk *w, u64 pfn)
{
	if (frame_refs(w->mm->k->frames, pfn) == 1)
		return false;
	if (map64_find(&w->shared, pfn))
		return true;
	map64_set(&w->shared, pfn, 1);
	return false;
}

static void small_page(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct walk *w = arg;
	const struct kernel *k = w->mm->k;
	u64 pfn = k->format->pa(entry, 0) >> FRAME_SHIFT;
	struct page_view p;

	if (pfn == k->zero_pfn || met_before(w, pfn))
		return;
	p = page_view(w->mm, va);
	if (p.vma.object && object_page(p.vma.object, page_index(k, &p.vma, va)) == pfn)
		w->n->file++;
	else
		w->n->anon++;
}

static void huge_page(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct walk *w = arg;
	const struct kernel *k = w->mm->k;
	u64 pages = huge_size(k, level) >> k->page_shift;

	if (huge_is_zero(k, k->format->pa(entry, level) >> FRAME_SHIFT) ||
	    met_before(w, k->format->pa(entry, level) >> FRAME_SHIFT))
		return;
	if (page_view(w->mm, va).vma.flags & MM_HUGETLB) {
		w->n->hugetlb += pages;
		return;
	}
	w->n->anon += pages;
	w->n->anon_huge++;
	w->n->anon_huge_pages += pages;
}

struct proc_mapped proc_count_mapped(const struct kernel *k)
{
	struct proc_mapped n = { 0 };
	struct walk w = { .n = &n };

	for (w.mm = k->mms; w.mm; w.mm = w.mm->next) {
		pgtable_each(w.mm, 0, 1ull << k->format->va_bits, small_page, &w);
		pgtable_each_huge(w.mm, 0, 1ull << k->format->va_bits, huge_page, &w);
	}
	map64_fini(&w.shared);
	return n;
}
