/* Looking whether a page is mapped at an address: mm/page_vma_mapped.c, before 4.12 page_check_address(). */
#include "model/mm/alloc.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap_halves.h"

struct place {
	u64 entry_pa, entry;
	u32 level;
};

/* Down the tables, each level a load; false: nothing is mapped there. */
static bool find_place(const struct rmap_walk *w, const struct mm *mm, u64 va, struct place *at)
{
	const struct pt_format *f = w->k->format;
	u32 level = f->levels - 1u;
	u64 table = mm->root, entry;

	for (;; level--) {
		u64 entry_pa = pt_entry_pa(f, table, va, level);

		entry = pte_read(mm, entry_pa); /* first, as the host may have to wait for it */
		kernel_load(w->k, w->c, w->path, entry_pa, f->entry_bytes);
		if (!entry)
			return false;
		*at = (struct place){ entry_pa, entry, level };
		if (!level || (f->flags(entry, level) & PTE_LEAF))
			return true;
		table = f->pa(entry, level);
	}
}

/* Whether the entry there maps the page at va. */
static bool maps(const struct rmap_walk *w, u64 va, const struct place *at)
{
	const struct pt_format *f = w->k->format;
	u64 first = f->pa(at->entry, at->level) >> FRAME_SHIFT;
	u64 within = (va & ((1ull << f->shift[at->level]) - 1)) >> FRAME_SHIFT;

	return first + within == w->pfn && (at->level || !entry_is_swap(f, at->entry));
}

/*
 * The lock of the entry's table: mm_struct's page_table_lock, which a walk only tries to get, up to 2.6.14; a
 * word of the table's struct page after that, if something is mapped there.
 */
static void touch_table_lock(const struct rmap_walk *w, const struct mm *mm, u64 entry_pa)
{
	const struct kernel *k = w->k;

	if (k->cfg.era < ERA_2_6_18)
		rmap_store(k->rmap, w->c, mm->va, 4);
	else
		rmap_store(k->rmap, w->c, page_struct_va(&k->pa->map, entry_pa >> FRAME_SHIFT), 4);
}

bool rmap_found(struct rmap_walk *w, const struct rmap_entry *e)
{
	bool more;

	w->found++;
	w->left--;
	touch_table_lock(w, e->mm, e->entry_pa);
	more = w->entry(w, e);
	w->k->rmap->path = w->path; /* the entry may have been removed, or its large page taken apart */
	return more && w->left;
}

bool rmap_visit(struct rmap_walk *w, struct mm *mm, struct vma *v, u64 va)
{
	const struct rmap *r = w->k->rmap;
	struct rmap_entry e = { mm, v, va, 0, w->pfn, 0 };
	struct place at;

	w->vmas++;
	if (va == ~(u64)0) {
		rmap_step(r, w->c, STEP_RMAP_MISS, 1);
		return true;
	}
	rmap_step(r, w->c, v ? STEP_RMAP_VISIT : STEP_RMAP_VISIT_MM, 1);
	if (w->unmaps)
		rmap_step(r, w->c, STEP_RMAP_VISIT_UNMAP, 1);
	if (mm->va)
		rmap_load(r, w->c, mm->va + r->mm_pgd, r->k->layout.word);
	w->tested++;
	if (!find_place(w, mm, va, &at) || !maps(w, va, &at))
		return true;
	e.entry_pa = at.entry_pa;
	e.level = at.level;
	return rmap_found(w, &e);
}
