#include "model/mm/pgtable.h"

#include "model/base/error.h"
#include "model/mm/page.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"

u64 pgtable_new_page(struct kernel *k, struct cpu *c)
{
	u64 pfn = page_alloc(k, c, GFP_KERNEL, 0, ~(u64)0), i;

	if (pfn == NO_FRAME)
		return NO_FRAME;
	kernel_step(k, c, STEP_TABLE_ALLOC);
	if (c)
		page_zero(k, c, pfn);
	for (i = 0; i < page_size(k) >> FRAME_SHIFT; i++)
		ptmem_add(k->ptmem, pfn + i);
	k->pgtable.pages++;
	k->pgtable.allocated++;
	return pfn;
}

void pgtable_free_page(struct kernel *k, struct cpu *c, u64 pfn)
{
	bool last;
	u64 i;

	for (i = 0; i < page_size(k) >> FRAME_SHIFT; i++)
		ptmem_remove(k->ptmem, pfn + i);
	rmap_table_gone(k, pfn);
	last = frame_put(k->frames, c, pfn);
	ASSERT(last);
	k->pgtable.pages--;
	k->pgtable.freed++;
}

u64 pte_read(const struct mm *mm, u64 entry_pa)
{
	return pt_read(mm->k->format, mm->k->ptmem, entry_pa);
}

void pte_write(struct mm *mm, struct cpu *c, enum kernel_path path, u64 entry_pa, u64 entry)
{
	pt_write(mm->k->format, mm->k->ptmem, entry_pa, entry);
	kernel_store(mm->k, c, path, entry_pa, mm->k->format->entry_bytes);
}

/* The table that an entry above the last level points to, made if wanted; NO_FRAME: there is none. */
static u64 lower_table(struct mm *mm, struct cpu *c, enum kernel_path path, u64 entry_pa, u64 va, u32 level,
		       bool make)
{
	const struct pt_format *f = mm->k->format;
	u64 entry = pte_read(mm, entry_pa), pfn;

	kernel_load(mm->k, c, path, entry_pa, f->entry_bytes);
	ASSERT(!(f->flags(entry, level) & PTE_LEAF));
	if (f->flags(entry, level) & PTE_PRESENT)
		return f->pa(entry, level) >> FRAME_SHIFT;
	if (!make)
		return NO_FRAME;
	pfn = pgtable_new_page(mm->k, c);
	if (pfn == NO_FRAME)
		return NO_FRAME;
	rmap_table(mm, c, pfn, va, level - 1);
	pte_write(mm, c, path, entry_pa, f->encode(pfn << FRAME_SHIFT, PTE_TABLE, level));
	return pfn;
}

u64 pgtable_upper(struct mm *mm, struct cpu *c, enum kernel_path path, u64 va, u32 level, bool make)
{
	const struct pt_format *f = mm->k->format;
	u64 table = mm->root;
	u32 l;

	for (l = f->levels - 1u; l > level; l--) {
		u64 pfn = lower_table(mm, c, path, pt_entry_pa(f, table, va, l), va, l, make);

		if (pfn == NO_FRAME)
			return NO_ENTRY;
		table = pfn << FRAME_SHIFT;
	}
	return pt_entry_pa(f, table, va, level);
}

u64 pgtable_lower(struct mm *mm, struct cpu *c, enum kernel_path path, u64 upper_pa, u64 va, u32 level,
		  bool make)
{
	u64 pfn = lower_table(mm, c, path, upper_pa, va, level, make);

	return pfn == NO_FRAME ? NO_ENTRY : pt_entry_pa(mm->k->format, pfn << FRAME_SHIFT, va, level - 1);
}

u64 pgtable_entry(struct mm *mm, struct cpu *c, enum kernel_path path, u64 va, bool make)
{
	return pgtable_upper(mm, c, path, va, 0, make);
}

/* End of the part of va..end that one entry of a level translates; addresses may reach the top of 64 bits. */
static u64 span_end(const struct pt_format *f, u64 va, u64 end, u32 level)
{
	u64 span = 1ull << f->shift[level], next = align_down(va, span) + span;

	return next - 1 < end - 1 ? next : end;
}

struct each {
	const struct mm *mm;
	pte_fn fn;    /* NULL: only large pages */
	huge_fn huge; /* NULL: none */
	void *arg;
	bool swap; /* fn is for entries with a slot of swap */
};

static void each_in_table(const struct each *e, u64 table, u32 level, u64 start, u64 end)
{
	const struct pt_format *f = e->mm->k->format;
	u64 va, next;

	for (va = start; va < end; va = next) {
		u64 entry_pa = pt_entry_pa(f, table, va, level), entry = pte_read(e->mm, entry_pa);

		next = span_end(f, va, end, level);
		if (!entry)
			continue;
		ASSERT(e->fn || level > 0);
		if (level == 0 && entry_is_swap(f, entry) != e->swap)
			continue;
		if (level == 0)
			e->fn(e->arg, va, entry_pa, entry);
		else if (!(f->flags(entry, level) & PTE_LEAF) && (e->fn || level > 1))
			each_in_table(e, f->pa(entry, level), level - 1, va, next);
		else if (e->huge && (f->flags(entry, level) & PTE_LEAF))
			e->huge(e->arg, align_down(va, 1ull << f->shift[level]), entry_pa, entry, level);
	}
}

void pgtable_each(const struct mm *mm, u64 start, u64 end, pte_fn fn, void *arg)
{
	struct each e = { mm, fn, NULL, arg, false };

	mm->k->table_walks++;
	each_in_table(&e, mm->root, mm->k->format->levels - 1u, page_down(mm->k, start), page_up(mm->k, end));
	mm->k->table_walks--;
}

void pgtable_each_swap(const struct mm *mm, u64 start, u64 end, pte_fn fn, void *arg)
{
	struct each e = { mm, fn, NULL, arg, true };

	if (!mm->rss.swap)
		return;
	mm->k->table_walks++;
	each_in_table(&e, mm->root, mm->k->format->levels - 1u, start, end);
	mm->k->table_walks--;
}

void pgtable_each_huge(const struct mm *mm, u64 start, u64 end, huge_fn fn, void *arg)
{
	struct each e = { mm, NULL, fn, arg, false };

	mm->k->table_walks++;
	each_in_table(&e, mm->root, mm->k->format->levels - 1u, start, end);
	mm->k->table_walks--;
}

struct each_table {
	const struct mm *mm;
	table_fn fn;
	void *arg;
};

static void tables_below(const struct each_table *e, u64 table, u32 level, u64 va)
{
	const struct pt_format *f = e->mm->k->format;
	u64 i;

	for (i = 0; level > 0 && i < 1u << f->bits[level]; i++) {
		u64 entry = pte_read(e->mm, table + i * f->entry_bytes);

		if (entry && !(f->flags(entry, level) & PTE_LEAF))
			tables_below(e, f->pa(entry, level), level - 1, va + (i << f->shift[level]));
	}
	e->fn(e->arg, table >> FRAME_SHIFT, level, va);
}

void pgtable_each_table(const struct mm *mm, table_fn fn, void *arg)
{
	struct each_table e = { mm, fn, arg };

	tables_below(&e, mm->root, mm->k->format->levels - 1u, 0);
}

struct bounds {
	u64 floor, ceiling;
};

static void free_below(struct gather *g, u64 table, u32 level, u64 start, u64 end, const struct bounds *b)
{
	const struct pt_format *f = g->mm->k->format;
	u64 va, next;

	for (va = start; va < end; va = next) {
		u64 entry_pa = pt_entry_pa(f, table, va, level), entry = pte_read(g->mm, entry_pa);
		u64 span = 1ull << f->shift[level], first = align_down(va, span);

		next = span_end(f, va, end, level);
		if (!entry)
			continue;
		if (level > 1)
			free_below(g, f->pa(entry, level), level - 1, va, next, b);
		if (first < b->floor || first + span - 1 > b->ceiling - 1)
			continue;
		pte_write(g->mm, g->c, KPATH_UNMAP, entry_pa, 0);
		gather_table(g, va, f->pa(entry, level) >> FRAME_SHIFT);
	}
}

void pgtable_free(struct gather *g, u64 start, u64 end, u64 floor, u64 ceiling)
{
	struct bounds b = { floor, ceiling };

	free_below(g, g->mm->root, g->mm->k->format->levels - 1u, start, end, &b);
}
