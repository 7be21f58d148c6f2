#include "model/mm/gather.h"

#include "model/base/error.h"
#include "model/mm/pgtable.h"
#include "model/mm/shootdown.h"

/* An entry of k->gather: a frame's number, whether it is a page table, or the order of a block. */
#define GATHERED_TABLE       (1ull << 63)
#define GATHERED_ORDER_SHIFT 56u
#define GATHERED_ORDER(e)    ((u32)((e) >> GATHERED_ORDER_SHIFT) & 63)
#define GATHERED_PFN(e)      ((e) & ((1ull << GATHERED_ORDER_SHIFT) - 1))

static void gather_reset(struct gather *g)
{
	g->start = ~(u64)0;
	g->end = 0;
	g->shift = 63;
	g->tables = g->insists = false;
	g->entries = 0;
	g->n = 0;
}

void gather_begin(struct gather *g, struct mm *mm, struct cpu *c)
{
	*g = (struct gather){ .mm = mm, .c = c };
	gather_reset(g);
}

/* free_pages_and_swap_cache() */
static void put_page(struct kernel *k, struct cpu *c, u64 pfn)
{
	swap_page_unmapped(k, c, pfn);
	frame_put(k->frames, c, pfn);
}

static void let_go(struct kernel *k, struct cpu *c, u64 e)
{
	if (e & GATHERED_TABLE)
		pgtable_free_page(k, c, GATHERED_PFN(e));
	else if (GATHERED_ORDER(e))
		frame_put_block(k->frames, c, GATHERED_PFN(e), GATHERED_ORDER(e));
	else
		put_page(k, c, e);
}

void gather_flush(struct gather *g)
{
	struct kernel *k = g->mm->k;
	struct flush f = { g->start, g->end, g->shift, g->whole, g->tables, g->entries };
	u32 i;

	if (g->entries || g->insists)
		tlb_flush(g->mm, g->c, &f);
	for (i = 0; i < g->n; i++)
		let_go(k, g->c, k->gather[g->base + i]);
	k->n_gather -= g->n;
	gather_reset(g);
}

static void gather_span(struct gather *g, u64 va, u32 shift)
{
	u64 start = align_down(va, 1ull << shift);

	g->start = MIN(g->start, start);
	g->end = MAX(g->end, start + (1ull << shift));
	g->shift = MIN(g->shift, shift);
	g->entries++;
}

void gather_page(struct gather *g, u64 va)
{
	gather_span(g, va, g->mm->k->page_shift);
}

void gather_huge(struct gather *g, u64 va, u32 level)
{
	gather_span(g, va, g->mm->k->format->shift[level]);
}

void gather_protected(struct gather *g, u64 start, u64 end)
{
	if (!g->mm->k->rules.insists)
		return;
	g->insists = true;
	g->start = MIN(g->start, start);
	g->end = MAX(g->end, end);
	g->shift = MIN(g->shift, g->mm->k->page_shift);
}

static void gather_add(struct gather *g, u64 what)
{
	struct kernel *k = g->mm->k;

	if (k->rules.fast_mode && k->n_cpus == 1) {
		let_go(k, g->c, what);
		return;
	}
	if (g->n == k->rules.gather)
		gather_flush(g);
	if (!g->n)
		g->base = k->n_gather;
	ASSERT(g->base + g->n == k->n_gather && k->n_gather < GATHER_NESTED * k->rules.gather);
	k->gather[k->n_gather++] = what;
	g->n++;
}

void gather_frame(struct gather *g, u64 pfn)
{
	gather_add(g, pfn);
}

void gather_block(struct gather *g, u64 pfn, u32 order)
{
	gather_add(g, pfn | (u64)order << GATHERED_ORDER_SHIFT);
}

void gather_table(struct gather *g, u64 va, u64 pfn)
{
	gather_add(g, pfn | GATHERED_TABLE);
	g->tables = true;
	gather_page(g, va);
}
