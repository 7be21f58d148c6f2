/* madvise(): what becomes of pages, and of reading ahead, by advice. */
#include "model/mm/contig.h"
#include "model/mm/footprint.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/page_cache.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/swap.h"
#include "model/mm/vma_object.h"
#include "model/mm/zap.h"

/* include/uapi/asm-generic/mman-common.h */
enum {
	ADVICE_NORMAL,
	ADVICE_RANDOM,
	ADVICE_SEQUENTIAL,
	ADVICE_WILLNEED,
	ADVICE_DONTNEED,
	ADVICE_FREE = 8,
	ADVICE_REMOVE,
	ADVICE_HUGEPAGE = 14,
	ADVICE_NOHUGEPAGE,
};

/* ---- pages that may go ---- */

/* lru_lazyfree(): from now on the page is reclaimed as a clean one of a file is, unless somebody writes to
 * it. */
static void make_lazyfree(struct kernel *k, struct cpu *c, u64 pfn, struct page *p)
{
	if (!(p->marks & PG_SWAPBACKED))
		return;
	lru_set_swapbacked(k, c, pfn, false);
	k->lru->st.lazyfree++;
}

/* madvise_free_pte_range(): not of pages that others have, too. */
static void free_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct gather *g = arg;
	struct kernel *k = g->mm->k;
	u64 pfn = pte_pfn(g->mm, entry);
	struct page *p = rmap_page(k, pfn);

	if (!p || !page_is_anon(p) || p->mapcount != 1 || p->marks & (PG_LOCKED | PG_WRITEBACK))
		return;
	if (p->swap && !swap_cache_drop(k, g->c, pfn))
		return;
	kernel_step(k, g->c, STEP_PROTECT_PAGE);
	if (pte_flags(g->mm, entry) & (PTE_ACCESSED | PTE_DIRTY)) {
		pte_write(g->mm, g->c, KPATH_SYSCALL, entry_pa,
			  pte_without(g->mm, entry, PTE_ACCESSED | PTE_DIRTY));
		gather_page(g, va);
	}
	p->marks &= (u16)~PG_DIRTY;
	make_lazyfree(k, g->c, pfn, p);
}

/* Since 4.5; a kernel without lists of pages drops them at once, as do older ones here, which refused it. */
static bool frees_lazily(const struct kernel *k)
{
	return k->lru && k->cfg.era >= ERA_2_6_37;
}

static void free_lazily(struct gather *g, u64 start, u64 end)
{
	zap_swap_range(g, start, end);
	huge_split(g, KPATH_SYSCALL, start, end);
	contig_unfold(g, KPATH_SYSCALL, start, end);
	pgtable_each(g->mm, start, end, free_entry, g);
}

/* ---- pages that go ---- */

/* A hole in the object: its pages are gone for everybody. */
static void punch_hole(struct mm *mm, struct cpu *c, const struct vma *v, u64 start, u64 end)
{
	u64 first, last;

	page_indices(mm->k, vma_offset(v, start), vma_offset(v, end), &first, &last);
	if (first > last)
		return;
	zap_object_everywhere(mm->k, c, v->object, first, last);
	object_drop_range(v->object, c, first, last);
}

/* The pages that nothing outside of start..end uses. */
static void drop_range(struct gather *g, u64 start, u64 end, u32 advice)
{
	if (start >= end)
		return;
	page_range(g->mm, &start, &end);
	if (start < end && advice == ADVICE_FREE && frees_lazily(g->mm->k))
		free_lazily(g, start, end);
	else
		zap_range(g, start, end);
}

static void drop_pages(struct mm *mm, struct cpu *c, struct gather *g, u64 start, u64 end, u32 advice)
{
	struct vma_set *s = &mm->vmas;
	u64 at = start;
	u32 i;

	for (i = vma_index(s, start); i < s->n && s->v[i]->start < end; i++) {
		struct vma *v = s->v[i];
		u64 from = MAX(start, v->start), to = MIN(end, v->end);

		if (mm->implicit_maps && advice != ADVICE_REMOVE)
			drop_range(g, at, from, advice);
		at = to;
		if (advice == ADVICE_DONTNEED || (advice == ADVICE_FREE && !v->object))
			drop_range(g, from, to, advice);
		else if (advice == ADVICE_REMOVE && v->object && (v->flags & MM_SHARED))
			punch_hole(mm, c, v, from, to);
	}
	if (mm->implicit_maps && advice != ADVICE_REMOVE)
		drop_range(g, at, end, advice);
}

/* ---- reading ahead ---- */

/* What the advice gives to the mapping's flags, and takes from them; 0: nothing. */
struct advised {
	u32 clear, set;
};

static struct advised advised(const struct kernel *k, u32 advice)
{
	struct advised reading = { page_cache_on(k) ? MM_RANDOM | MM_SEQUENTIAL : 0, 0 };
	struct advised size = { k->cfg.thp ? MM_HUGEPAGE | MM_NOHUGEPAGE : 0, 0 };

	reading.set = reading.clear & (advice == ADVICE_RANDOM ? MM_RANDOM : MM_SEQUENTIAL);
	size.set = size.clear & (advice == ADVICE_HUGEPAGE ? MM_HUGEPAGE : MM_NOHUGEPAGE);
	switch (advice) {
	case ADVICE_NORMAL:
		return (struct advised){ reading.clear, 0 };
	case ADVICE_RANDOM:
	case ADVICE_SEQUENTIAL:
		return reading;
	case ADVICE_HUGEPAGE:
	case ADVICE_NOHUGEPAGE:
		return size;
	default:
		return (struct advised){ 0 };
	}
}

/* madvise_update_vma() */
static void update_vmas(struct mm *mm, struct cpu *c, u64 start, u64 end, struct advised to)
{
	struct vma_set *s = &mm->vmas;
	struct gather g;
	u32 i;

	gather_begin(&g, mm, c);
	huge_split_ends(&g, KPATH_SYSCALL, start, end); /* vma_adjust_trans_huge() */
	gather_flush(&g);
	vma_isolate(s, c, start, end);
	for (i = vma_index(s, start); i < s->n && s->v[i]->start < end; i++) {
		s->v[i]->flags &= ~to.clear;
		s->v[i]->flags |= to.set;
	}
	vma_merge(s, c, start, end);
	vma_objects_settle(mm, c);
}

/* madvise_willneed() of files. */
static void will_need(struct mm *mm, struct cpu *c, u64 start, u64 end)
{
	struct vma_set *s = &mm->vmas;
	u32 i;

	page_cache_settle(mm->k, c);
	for (i = vma_index(s, start); i < s->n && s->v[i]->start < end; i++) {
		const struct vma *v = s->v[i];
		u64 from = MAX(start, v->start), to = MIN(end, v->end);

		if (v->object && !v->object->anon)
			page_cache_will_need(mm->k, c, v->object, page_index(mm->k, v, from),
					     page_index(mm->k, v, to - 1));
	}
}

/* ---- ---- */

static enum mm_result drop(struct mm *mm, struct cpu *c, u64 start, u64 end, u32 advice)
{
	struct gather g;

	gather_begin(&g, mm, c);
	drop_pages(mm, c, &g, start, end, advice);
	gather_flush(&g);
	return MM_OK;
}

enum mm_result mm_madvise(struct mm *mm, struct cpu *c, u64 addr, u64 len, u32 advice)
{
	struct kernel *k = mm->k;
	u64 start, end;

	k->call.madvise++;
	kernel_path_step(k, c, mm, STEP_SYSCALL);
	kernel_path_step(k, c, mm, STEP_MADVISE);
	if (!mm_range(mm, addr, len, &start, &end)) {
		k->call.failed++;
		return MM_INVALID;
	}
	switch (advice) {
	case ADVICE_DONTNEED:
	case ADVICE_FREE:
	case ADVICE_REMOVE:
		return drop(mm, c, start, end, advice);
	case ADVICE_WILLNEED:
		if (page_cache_on(k))
			will_need(mm, c, start, end);
		k->call.madvise_ignored += !page_cache_on(k);
		return MM_OK;
	default:
		break;
	}
	if (advised(k, advice).clear)
		update_vmas(mm, c, start, end, advised(k, advice));
	else
		k->call.madvise_ignored++;
	return MM_OK;
}
