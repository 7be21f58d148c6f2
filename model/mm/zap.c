#include "model/mm/zap.h"

#include "model/mm/contig.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/page_cache.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"

static enum kernel_step unmap_step(const struct gather *g, u64 va, u64 pfn)
{
	if (frame_refs(g->mm->k->frames, pfn) == 1)
		return STEP_UNMAP_PAGE;
	return page_view(g->mm, va).vma.object ? STEP_UNMAP_FILE : STEP_UNMAP_SHARED;
}

/* zap_present_folio_ptes(): what the entry knows of a page of a file goes to the page. */
static void tell_page(struct gather *g, u64 pfn, u32 flags)
{
	struct kernel *k = g->mm->k;

	if (flags & PTE_DIRTY)
		page_cache_set_dirty(k, g->c, pfn);
	if (flags & PTE_ACCESSED && page_cache_on(k) && page_object(page_cache_page(k, pfn)))
		lru_mark_accessed(k, g->c, pfn);
}

static void zap_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct gather *g = arg;

	kernel_step(g->mm->k, g->c, unmap_step(g, va, pte_pfn(g->mm, entry)));
	tell_page(g, pte_pfn(g->mm, entry), pte_flags(g->mm, entry));
	pte_write(g->mm, g->c, KPATH_UNMAP, entry_pa, 0);
	rmap_remove(g->mm->k, g->c,
		    &(struct rmap_entry){
			    .mm = g->mm, .va = va, .entry_pa = entry_pa, .pfn = pte_pfn(g->mm, entry) },
		    KPATH_UNMAP);
	if (pte_flags(g->mm, entry) & PTE_PRESENT)
		gather_page(g, va);
	gather_frame(g, pte_pfn(g->mm, entry));
}

static void zap_swap(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct gather *g = arg;

	pte_write(g->mm, g->c, KPATH_UNMAP, entry_pa, 0);
	g->mm->rss.swap--;
	swap_free(g->mm->k, g->c, pte_swap_slot(g->mm, entry));
}

void zap_swap_range(struct gather *g, u64 start, u64 end)
{
	pgtable_each_swap(g->mm, start, end, zap_swap, g);
}

void zap_range(struct gather *g, u64 start, u64 end)
{
	if (start >= end)
		return;
	huge_split_ends(g, KPATH_UNMAP, start, end);
	contig_unfold_ends(g, KPATH_UNMAP, start, end);
	huge_zap(g, start, end);
	pgtable_each(g->mm, start, end, zap_entry, g);
	zap_swap_range(g, start, end);
}

struct object_zap {
	struct gather *g;
	u64 first, last;
};

static void zap_object_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct object_zap *z = arg;
	struct mm *mm = z->g->mm;
	struct page_view p = page_view(mm, va);
	u64 index = page_index(mm->k, &p.vma, va);

	if (p.vma.object && index >= z->first && index <= z->last &&
	    pte_pfn(mm, entry) == object_page(p.vma.object, index))
		zap_entry(z->g, va, entry_pa, entry);
}

void zap_object(struct gather *g, const struct vma *v, u64 first, u64 last)
{
	const struct kernel *k = g->mm->k;
	struct object_zap z = { g, first, last };
	u64 v_first = page_index(k, v, v->start), v_last = page_index(k, v, v->end - 1);
	u64 from = MAX(first, v_first), to = MIN(last, v_last), start = page_down(k, v->start);

	if (from <= to)
		pgtable_each(g->mm, start + ((from - v_first) << FRAME_SHIFT),
			     start + ((to - v_first + 1) << FRAME_SHIFT), zap_object_entry, &z);
}

struct everywhere {
	struct cpu *c;
	u64 first, last;
};

static void zap_in_vma(void *arg, struct vma *v)
{
	const struct everywhere *e = arg;
	struct gather g;

	gather_begin(&g, v->mm, e->c);
	zap_object(&g, v, e->first, e->last);
	gather_flush(&g);
}

/* mm/memory.c:unmap_mapping_range(); without a reverse mapping by looking at every address space. */
void zap_object_everywhere(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last)
{
	struct everywhere e = { c, first, last };
	struct mm *mm;
	u32 i;

	if (rmap_each_vma(k, c, o, first, last, zap_in_vma, &e))
		return;
	for (mm = k->mms; mm; mm = mm->next)
		for (i = 0; i < mm->vmas.n; i++)
			if (mm->vmas.v[i]->object == o)
				zap_in_vma(&e, mm->vmas.v[i]);
}

u64 pte_cursor_at(struct pte_cursor *p, u64 va)
{
	const struct pt_format *f = p->mm->k->format;

	if (p->valid && va >> f->shift[1] == p->va >> f->shift[1])
		p->entry_pa += ((va >> f->shift[0]) - (p->va >> f->shift[0])) * f->entry_bytes;
	else
		p->entry_pa = pgtable_entry(p->mm, p->c, p->path, va, p->make);
	p->va = va;
	p->valid = p->entry_pa != NO_ENTRY;
	return p->entry_pa;
}
