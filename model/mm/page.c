#include "model/mm/page.h"

#include "model/mm/contig.h"
#include "model/mm/huge.h"
#include "model/mm/kmap.h"
#include "model/mm/memcg.h"
#include "model/mm/pte.h"
#include "model/mm/writeback.h"

#define MM_RIGHTS (MM_READ | MM_WRITE | MM_EXEC)

/* How many VMAs lie in start..end, the index of the first of them, and how many bytes they cover. */
static u32 vmas_in(struct vma_set *s, u64 start, u64 end, u32 *first, u64 *covered)
{
	u32 n = 0;

	*covered = 0;
	*first = vma_index(s, start);
	while (*first + n < s->n && s->v[*first + n]->start < end) {
		const struct vma *v = s->v[*first + n++];

		*covered += MIN(v->end, end) - MAX(v->start, start);
	}
	return n;
}

static struct page_view mixed_view(const struct mm *mm, u32 first, u32 n, bool holes)
{
	struct page_view p = { .mapped = true, .mixed = true, .vma = { .flags = MM_ANON, .anon = true } };
	u32 i;

	for (i = 0; i < n; i++)
		p.vma.flags |= mm->vmas.v[first + i]->flags & MM_RIGHTS;
	if (holes)
		p.vma.flags |= mm->implicit.flags;
	return p;
}

struct page_view page_view(struct mm *mm, u64 va)
{
	u64 start = page_down(mm->k, va), end = start + page_size(mm->k), covered;
	u32 first, n = vmas_in(&mm->vmas, start, end, &first, &covered);
	bool holes = mm->implicit_maps && covered < end - start;

	if (n + holes > 1)
		return mixed_view(mm, first, n, holes);
	if (n)
		return (struct page_view){ .vma = *mm->vmas.v[first],
					   .mapped = true,
					   .real = mm->vmas.v[first] };
	return (struct page_view){
		.vma = mm->implicit, .mapped = holes, .implicit = true, .real = &mm->implicit
	};
}

u64 page_index(const struct kernel *k, const struct vma *v, u64 va)
{
	/* The page may begin before the mapping does, and even before the object. */
	return (vma_offset(v, page_down(k, va)) + page_size(k) - FRAME_SIZE) >> FRAME_SHIFT;
}

void page_indices(const struct kernel *k, u64 start, u64 end, u64 *first, u64 *last)
{
	u64 bias = page_size(k) - FRAME_SIZE;

	*first = (start + bias) >> FRAME_SHIFT;
	*last = end - start < page_size(k) ? *first - 1 : (end - page_size(k) + bias) >> FRAME_SHIFT;
}

void page_set_anon(struct mm *mm, u64 va)
{
	u64 start = page_down(mm->k, va), covered;
	u32 first, n = vmas_in(&mm->vmas, start, start + page_size(mm->k), &first, &covered), i;

	for (i = 0; i < n; i++)
		mm->vmas.v[first + i]->anon = true;
}

/* Whether something is mapped in the page at `page` besides start..end. */
static bool shared_page(struct mm *mm, u64 page, u64 start, u64 end)
{
	u64 page_end = page + page_size(mm->k);

	if (mm->implicit_maps)
		return page < start || end < page_end;
	return (page < start && vma_overlaps(&mm->vmas, page, start)) ||
	       (end < page_end && vma_overlaps(&mm->vmas, end, page_end));
}

void page_range(struct mm *mm, u64 *start, u64 *end)
{
	u64 size = page_size(mm->k), first = page_down(mm->k, *start), last = page_down(mm->k, *end - 1);
	bool first_shared = shared_page(mm, first, *start, *end);
	bool last_shared = shared_page(mm, last, *start, *end);

	*start = first_shared ? first + size : first;
	*end = last_shared ? last : last + size;
}

struct refresh {
	struct gather *g;
	enum kernel_path path;
};

/* mm/mprotect.c:change_pte_range(), with can_change_pte_writable() for what becomes writable at once. */
static void refresh_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct refresh *r = arg;
	struct mm *mm = r->g->mm;
	struct page_view p = page_view(mm, va);
	u32 flags = pte_flags(mm, entry), lost;
	u64 pfn = pte_pfn(mm, entry), new;
	bool shared = p.vma.flags & MM_SHARED;
	bool write = shared || frame_refs(mm->k->frames, pfn) == 1;

	if (pfn != mm->k->zero_pfn &&
	    !(p.vma.object && pfn == object_page(p.vma.object, page_index(mm->k, &p.vma, va))))
		page_set_anon(mm, va);
	if (shared && p.vma.object && writeback_tracks(mm->k, p.vma.object))
		write = flags & PTE_DIRTY;
	new = pte_make(&p.vma, mm, pfn, write, flags & (PTE_ACCESSED | PTE_DIRTY));
	if (new == entry)
		return;
	kernel_step(mm->k, r->g->c, STEP_PROTECT_PAGE);
	pte_write(mm, r->g->c, r->path, entry_pa, new);
	lost = flags & ~pte_flags(mm, new);
	if ((flags & PTE_PRESENT) && (lost & (PTE_PRESENT | PTE_WRITE | PTE_EXEC)))
		gather_page(r->g, va);
}

void page_refresh(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	struct refresh r = { g, path };

	huge_split(g, path, start, end);
	contig_unfold(g, path, start, end);
	pgtable_each(g->mm, start, end, refresh_entry, &r);
}

void page_refresh_ends(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	const struct kernel *k = g->mm->k;

	if (start != page_down(k, start))
		page_refresh(g, path, start, start + 1);
	if (end != page_down(k, end))
		page_refresh(g, path, end - 1, end);
}

u64 page_alloc(struct kernel *k, struct cpu *c, u32 gfp, u32 order, u64 va)
{
	u32 node = c ? c->node : 0;
	u64 pfn;

	if (k->cfg.numa == NUMA_POLICY_INTERLEAVE && va != ~(u64)0)
		node = (u32)((va >> (k->page_shift + order)) % k->nodes);
	pfn = frame_alloc(k->frames, c, gfp, order, va, node);
	if (pfn == NO_FRAME || !(gfp & GFP_MOVABLE) || memcg_charge(k, c, gfp, pfn, 1u << order))
		return pfn;
	frame_put_block(k->frames, c, pfn, order);
	return NO_FRAME;
}

static void zero_frame(const struct kernel *k, struct cpu *c, u64 pfn)
{
	u64 va = kmap_atomic(k, c, pfn);

	c->ops->zero(c, KPATH_ZERO, va, FRAME_SIZE);
	kunmap_atomic(k, c, va);
}

static void copy_frame(const struct kernel *k, struct cpu *c, u64 to, u64 from)
{
	u64 from_va = kmap_atomic(k, c, from), to_va = kmap_atomic(k, c, to);

	c->ops->copy(c, KPATH_COPY, to_va, from_va, FRAME_SIZE);
	kunmap_atomic(k, c, to_va);
	kunmap_atomic(k, c, from_va);
}

void page_zero(const struct kernel *k, struct cpu *c, u64 pfn)
{
	u64 i;

	for (i = 0; k->charger.on && i < page_size(k) >> FRAME_SHIFT; i++)
		zero_frame(k, c, pfn + i);
}

void page_copy(const struct kernel *k, struct cpu *c, u64 to, u64 from)
{
	u64 i;

	for (i = 0; k->charger.on && i < page_size(k) >> FRAME_SHIFT; i++)
		copy_frame(k, c, to + i, from + i);
}
