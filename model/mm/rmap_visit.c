/* Looking whether a page is mapped at an address: mm/page_vma_mapped.c, before 4.12 page_check_address(). */
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"

struct place {
	u64 entry_pa;
	u32 level;
};

/* Down the tables, each level a load; false: nothing is mapped there. */
static bool find_place(const struct rmap_walk *w, struct mm *mm, u64 va, struct place *at)
{
	const struct pt_format *f = w->k->format;
	u32 level = f->levels - 1u;
	u64 table = mm->root, entry;

	for (;; level--) {
		u64 entry_pa = pt_entry_pa(f, table, va, level);

		kernel_load(w->k, w->c, w->path, entry_pa, f->entry_bytes);
		entry = pte_read(mm, entry_pa);
		if (!entry)
			return false;
		*at = (struct place){ entry_pa, level };
		if (!level || (f->flags(entry, level) & PTE_LEAF))
			return true;
		table = f->pa(entry, level);
	}
}

/* Whether the entry there maps the page at va. */
static bool maps(const struct rmap_walk *w, struct mm *mm, u64 va, const struct place *at)
{
	const struct pt_format *f = w->k->format;
	u64 entry = pte_read(mm, at->entry_pa), first = f->pa(entry, at->level) >> FRAME_SHIFT;
	u64 within = (va & ((1ull << f->shift[at->level]) - 1)) >> FRAME_SHIFT;

	return (at->level || !entry_is_swap(f, entry)) && first + within == w->pfn;
}

bool rmap_visit(struct rmap_walk *w, struct mm *mm, struct vma *v, u64 va)
{
	struct rmap_entry e = { mm, v, va, 0, w->pfn, 0 };
	struct place at;

	w->vmas++;
	if (va == ~(u64)0)
		return true;
	w->tested++;
	if (!find_place(w, mm, va, &at) || !maps(w, mm, va, &at))
		return true;
	e.entry_pa = at.entry_pa;
	e.level = at.level;
	w->found++;
	w->left--;
	return w->entry(w, &e) && w->left;
}
