#include "model/mm/gather.h"

#include "model/base/error.h"
#include "model/mm/pgtable.h"
#include "model/mm/shootdown.h"

/* Bit of an entry of k->gather that says: this frame is a page table. */
#define GATHERED_TABLE (1ull << 63)

static void gather_reset(struct gather *g)
{
	g->start = ~(u64)0;
	g->end = 0;
	g->shift = 63;
	g->tables = false;
	g->n = 0;
}

void gather_begin(struct gather *g, struct mm *mm, struct cpu *c)
{
	*g = (struct gather){ .mm = mm, .c = c };
	gather_reset(g);
}

void gather_flush(struct gather *g)
{
	struct kernel *k = g->mm->k;
	struct flush f = { g->start, g->end, g->shift, g->whole, g->tables };
	u32 i;

	if (g->whole)
		f.start = f.end = 0;
	if (g->whole || g->start < g->end)
		tlb_flush(g->mm, g->c, &f);
	for (i = 0; i < g->n; i++) {
		if (k->gather[i] & GATHERED_TABLE)
			pgtable_free_page(k, k->gather[i] & ~GATHERED_TABLE);
		else
			frame_put(k->frames, k->gather[i]);
	}
	gather_reset(g);
}

static void gather_span(struct gather *g, u64 va, u32 shift)
{
	u64 start = align_down(va, 1ull << shift);

	g->start = MIN(g->start, start);
	g->end = MAX(g->end, start + (1ull << shift));
	g->shift = MIN(g->shift, shift);
}

void gather_page(struct gather *g, u64 va)
{
	gather_span(g, va, g->mm->k->page_shift);
}

void gather_huge(struct gather *g, u64 va, u32 level)
{
	gather_span(g, va, g->mm->k->format->shift[level]);
}

static void gather_add(struct gather *g, u64 what)
{
	if (g->n == GATHER_MAX)
		gather_flush(g);
	g->mm->k->gather[g->n++] = what;
}

void gather_frame(struct gather *g, u64 pfn)
{
	gather_add(g, pfn);
}

void gather_table(struct gather *g, u64 va, u64 pfn)
{
	gather_add(g, pfn | GATHERED_TABLE);
	g->tables = true;
	gather_page(g, va);
}
