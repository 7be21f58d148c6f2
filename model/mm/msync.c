/* msync(): mappings of files, and the pages behind them. mm/msync.c */
#include "model/mm/footprint.h"
#include "model/mm/gather.h"
#include "model/mm/page.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/writeback.h"

/* msync_pte_range(), where the entry alone knows. */
static void tell_dirty(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct gather *g = arg;
	struct mm *mm = g->mm;

	if (!(pte_flags(mm, entry) & PTE_DIRTY))
		return;
	kernel_step(mm->k, g->c, STEP_PROTECT_PAGE);
	pte_write(mm, g->c, KPATH_SYSCALL, entry_pa, pte_without(mm, entry, PTE_DIRTY));
	if (pte_flags(mm, entry) & PTE_PRESENT)
		gather_page(g, va);
	page_cache_set_dirty(mm->k, g->c, pte_pfn(mm, entry));
}

/* A file's part of a range, which it is mapped by. */
struct part {
	struct object *o;
	u64 start, end, first, last;
};

/* The first one from *i on; false: there is none. */
static bool next_part(struct mm *mm, u32 *i, u64 start, u64 end, struct part *p)
{
	const struct vma_set *s = &mm->vmas;

	for (; *i < s->n && s->v[*i]->start < end; ++*i) {
		const struct vma *v = s->v[*i];

		if (!v->object || v->object->anon || !(v->flags & MM_SHARED))
			continue;
		p->o = v->object;
		p->start = MAX(start, v->start);
		p->end = MIN(end, v->end);
		p->first = page_index(mm->k, v, p->start);
		p->last = page_index(mm->k, v, p->end - 1);
		++*i;
		return true;
	}
	return false;
}

void mm_msync(struct mm *mm, struct cpu *c, u64 addr, u64 len, bool write)
{
	struct kernel *k = mm->k;
	struct gather g;
	struct part p;
	u64 start, end;
	u32 i;

	kernel_path_step(k, c, mm, STEP_SYNC_CALL);
	if (!mm_range(mm, addr, len, &start, &end))
		return;
	page_cache_settle(k, c);
	for (i = vma_index(&mm->vmas, start); next_part(mm, &i, start, end, &p);) {
		gather_begin(&g, mm, c);
		if (!writeback_tracks(k, p.o))
			pgtable_each(mm, p.start, p.end, tell_dirty, &g);
		gather_flush(&g);
		if (write)
			k->page_cache->wb->st.synced += writeback_file(k, c, p.o, p.first, p.last, ~(u64)0);
	}
}

bool mm_msync_wait(struct mm *mm, struct cpu *c, u64 addr, u64 len)
{
	u64 start, end, until = 0;
	struct part p;
	u32 i;

	if (!mm_range(mm, addr, len, &start, &end))
		return false;
	for (i = vma_index(&mm->vmas, start); next_part(mm, &i, start, end, &p);)
		until = MAX(until, writeback_wait(mm->k, c, p.o, p.first, p.last));
	if (until <= c->ops->now(c))
		return false;
	c->block_until = until;
	return true;
}
