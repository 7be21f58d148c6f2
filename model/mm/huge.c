#include "model/mm/huge.h"

#include "model/base/error.h"

static u64 nr_pages(const struct kernel *k)
{
	return 1ull << (k->huge_shift - k->page_shift);
}

/* Frame number of page i. */
static u64 page_at(const struct kernel *k, u64 entry, u64 i)
{
	return (k->format->pa(entry, 1) >> FRAME_SHIFT) + (i << (k->page_shift - FRAME_SHIFT));
}

bool huge_wanted(struct mm *mm, const struct page_view *p, u64 va)
{
	u64 size = huge_size(mm->k), start;
	const struct vma *v = &p->vma;

	if (!size || p->mixed || v->object || !(mm->k->cfg.thp || (v->flags & MM_HUGETLB)))
		return false;
	start = align_down(va, size);
	return start >= v->start && start + size <= v->end &&
	       (!p->implicit || !vma_overlaps(&mm->vmas, start, start + size));
}

/* The table that a later split will need, kept by its entry. */
static bool deposit(struct kernel *k, struct cpu *c, u64 entry_pa)
{
	u64 pfn = pgtable_new_page(k, c);

	if (pfn != NO_FRAME)
		map64_set(&k->deposits, entry_pa, pfn);
	return pfn != NO_FRAME;
}

static u64 withdraw(struct kernel *k, u64 entry_pa)
{
	const u64 *p = map64_find(&k->deposits, entry_pa);
	u64 pfn;

	ASSERT(p);
	pfn = *p;
	map64_remove(&k->deposits, entry_pa);
	return pfn;
}

static u64 new_block(struct kernel *k, struct cpu *c, u64 entry_pa, u64 va)
{
	u64 pfn, step = page_size(k) >> FRAME_SHIFT, i;

	if (!deposit(k, c, entry_pa))
		return NO_FRAME;
	pfn = page_alloc(k, c, k->huge_shift - k->page_shift, va);
	if (pfn == NO_FRAME) {
		pgtable_free_page(k, withdraw(k, entry_pa));
		return NO_FRAME;
	}
	for (i = 0; i < nr_pages(k); i++)
		page_zero(k, c, pfn + i * step);
	return pfn;
}

/* mm/huge_memory.c:__do_huge_pmd_anonymous_page() */
bool huge_map(struct mm *mm, struct cpu *c, const struct vma *v, u64 entry_pa, u64 va, bool write)
{
	struct kernel *k = mm->k;
	u32 flags = PTE_PRESENT | PTE_LEAF | PTE_USER | PTE_ACCESSED | (write ? PTE_DIRTY : 0);
	u64 pfn = new_block(k, c, entry_pa, align_down(va, huge_size(k)));

	if (pfn == NO_FRAME) {
		k->huge.fallbacks++;
		return false;
	}
	if (v->flags & MM_WRITE)
		flags |= PTE_WRITE;
	if (v->flags & MM_EXEC)
		flags |= PTE_EXEC;
	pte_write(mm, c, KPATH_FAULT, entry_pa, k->format->encode(pfn << FRAME_SHIFT, flags, 1));
	k->huge.faults++;
	return true;
}

/* mm/huge_memory.c:copy_huge_pmd() */
bool huge_share(struct mm *child, struct cpu *c, u64 entry_pa, u64 entry)
{
	struct kernel *k = child->k;
	const struct pt_format *f = k->format;
	u32 flags = f->flags(entry, 1) & ~(PTE_WRITE | PTE_ACCESSED);
	u64 i;

	if (!deposit(k, c, entry_pa))
		return false;
	for (i = 0; i < nr_pages(k); i++)
		frame_get(k->frames, page_at(k, entry, i));
	pte_write(child, c, KPATH_FORK, entry_pa, f->encode(f->pa(entry, 1), flags, 1));
	return true;
}

bool huge_is_sole(const struct mm *mm, u64 entry)
{
	u64 i;

	for (i = 0; i < nr_pages(mm->k); i++)
		if (frame_refs(mm->k->frames, page_at(mm->k, entry, i)) != 1)
			return false;
	return true;
}

struct each_huge {
	struct gather *g;
	enum kernel_path path;
};

/* mm/huge_memory.c:__split_huge_pmd_locked() */
static void split_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	const struct each_huge *e = arg;
	struct kernel *k = e->g->mm->k;
	const struct pt_format *f = k->format;
	u64 table = withdraw(k, entry_pa) << FRAME_SHIFT, i;
	u32 flags = f->flags(entry, 1);

	for (i = 0; i < nr_pages(k); i++)
		pt_write(f, k->ptmem, table + i * f->entry_bytes,
			 f->encode(page_at(k, entry, i) << FRAME_SHIFT, flags, 0));
	e->g->c->ops->store(e->g->c, e->path, table, (u32)(nr_pages(k) * f->entry_bytes));
	pte_write(e->g->mm, e->g->c, e->path, entry_pa, f->encode(table, PTE_TABLE, 1));
	gather_huge(e->g, va);
	k->huge.splits++;
}

void huge_split(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	struct each_huge e = { g, path };

	if (huge_size(g->mm->k) && start < end)
		pgtable_each_huge(g->mm, start, end, split_entry, &e);
}

void huge_split_ends(struct gather *g, enum kernel_path path, u64 start, u64 end)
{
	u64 size = huge_size(g->mm->k);

	if (!size)
		return;
	if (start % size)
		huge_split(g, path, start, start + 1);
	if (end % size)
		huge_split(g, path, end - 1, end);
}

/* mm/huge_memory.c:zap_huge_pmd() */
static void zap_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	const struct each_huge *e = arg;
	struct kernel *k = e->g->mm->k;
	bool sole = huge_is_sole(e->g->mm, entry);
	u64 i;

	e->g->c->ops->spend(e->g->c, e->path, sole ? k->cost.unmap_page : k->cost.unmap_shared);
	pte_write(e->g->mm, e->g->c, e->path, entry_pa, 0);
	gather_huge(e->g, va);
	for (i = 0; i < nr_pages(k); i++)
		gather_frame(e->g, page_at(k, entry, i));
	pgtable_free_page(k, withdraw(k, entry_pa));
}

void huge_zap(struct gather *g, u64 start, u64 end)
{
	struct each_huge e = { g, KPATH_UNMAP };

	if (huge_size(g->mm->k) && start < end)
		pgtable_each_huge(g->mm, start, end, zap_entry, &e);
}
