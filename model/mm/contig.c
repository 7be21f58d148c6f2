#include "model/mm/contig.h"

#include "model/base/error.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"

#define STATE (PTE_ACCESSED | PTE_DIRTY)

u32 contig_order(const struct pt_format *f)
{
	return f->contig[0] > f->leaf[0] ? (u32)page_size_shift[f->contig[0]] - f->shift[0] : 0u;
}

static u64 run_pages(const struct kernel *k)
{
	return 1ull << k->contig_order;
}

static u64 run_size(const struct kernel *k)
{
	return page_size(k) << k->contig_order;
}

/* Physical address of the first entry of va's run. */
static u64 first_entry(const struct kernel *k, u64 entry_pa, u64 va)
{
	return entry_pa - (va >> k->page_shift & (run_pages(k) - 1)) * k->format->entry_bytes;
}

static bool wanted(struct mm *mm, const struct page_view *p, u64 first_pa, u64 start)
{
	const struct kernel *k = mm->k;
	u64 end = start + run_size(k), i;

	if (!k->contig_order || p->mixed || p->vma.object || start < p->vma.start || end > p->vma.end ||
	    (p->implicit && vma_overlaps(&mm->vmas, start, end)))
		return false;
	for (i = 0; i < run_pages(k); i++)
		if (pte_read(mm, first_pa + i * k->format->entry_bytes))
			return false;
	return true;
}

bool contig_map(struct mm *mm, struct cpu *c, const struct page_view *p, u64 entry_pa, u64 va)
{
	struct kernel *k = mm->k;
	const struct pt_format *f = k->format;
	u64 start = align_down(va, run_size(k)), at = first_entry(k, entry_pa, va), pfn, i;
	u64 step = page_size(k) >> FRAME_SHIFT;

	if (!wanted(mm, p, at, start) || !rmap_prepare(mm, c, p->real))
		return false;
	pfn = page_alloc(k, c, GFP_TRANSHUGE_LIGHT, k->contig_order, start);
	k->contig.fallbacks += pfn == NO_FRAME;
	if (pfn == NO_FRAME)
		return false;
	for (i = 0; i < run_pages(k); i++, pfn += step) {
		u64 entry = pte_make(&p->vma, mm, pfn, true, STATE);

		page_zero(k, c, pfn);
		entry = f->encode(f->pa(entry, 0), f->flags(entry, 0) | PTE_CONTIG, 0);
		pte_write(mm, c, KPATH_FAULT, at + i * f->entry_bytes, entry);
		rmap_add_new(k, i ? NULL : c,
			     &(struct rmap_entry){ mm, p->real, start + (i << k->page_shift),
						   at + i * f->entry_bytes, pfn, 0 });
	}
	k->contig.faults++;
	return true;
}

/*
 * contpte_convert(): the entries are cleared, the TLB is flushed, and they are written without the hint; each
 * has been accessed and written if one of them has.
 */
static void unfold(struct gather *g, enum kernel_path path, u64 va, u64 first_pa)
{
	struct kernel *k = g->mm->k;
	const struct pt_format *f = k->format;
	u32 bytes = (u32)run_pages(k) * f->entry_bytes, state = 0;
	u64 i, e, start = align_down(va, run_size(k));

	for (i = 0; i < bytes; i += f->entry_bytes)
		state |= pte_flags(g->mm, pte_read(g->mm, first_pa + i)) & STATE;
	for (i = 0; i < bytes; i += f->entry_bytes) {
		e = pte_read(g->mm, first_pa + i);
		ASSERT(pte_flags(g->mm, e) & PTE_CONTIG);
		e = f->encode(f->pa(e, 0), (f->flags(e, 0) & ~PTE_CONTIG) | state, 0);
		pt_write(f, k->ptmem, first_pa + i, e);
	}
	kernel_store(k, g->c, path, first_pa, bytes);
	kernel_store(k, g->c, path, first_pa, bytes);
	gather_page(g, start);
	gather_page(g, start + run_size(k) - 1);
	k->contig.unfolds++;
}

struct each_run {
	struct gather *g;
	enum kernel_path path;
};

static void unfold_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	const struct each_run *e = arg;

	if (pte_flags(e->g->mm, entry) & PTE_CONTIG)
		unfold(e->g, e->path, va, first_entry(e->g->mm->k, entry_pa, va));
}

void contig_unfold(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	struct each_run e = { g, path };

	if (g->mm->k->contig_order && start < end)
		pgtable_each(g->mm, start, end, unfold_entry, &e);
}

void contig_unfold_ends(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	u64 in_run = run_size(g->mm->k) - 1;

	if (start & in_run)
		contig_unfold(g, path, start, start + 1);
	if (end & in_run)
		contig_unfold(g, path, end - 1, end);
}
