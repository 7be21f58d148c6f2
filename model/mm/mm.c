/* Address spaces: beginning, copying, ending, and taking away parts of them. */
#include "model/mm/mm.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/asid.h"
#include "model/mm/footprint.h"
#include "model/mm/huge.h"
#include "model/mm/khugepaged.h"
#include "model/mm/mmap_lock.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/shootdown.h"
#include "model/mm/vma_object.h"
#include "model/mm/vmscan.h"
#include "model/mm/zap.h"

static u64 space_end(const struct kernel *k)
{
	return 1ull << k->format->va_bits;
}

struct vma *mm_vma(struct mm *mm, u64 va)
{
	struct vma *v = vma_find(&mm->vmas, va);

	return v || !mm->implicit_maps ? v : &mm->implicit;
}

bool mm_range(const struct mm *mm, u64 addr, u64 len, u64 *start, u64 *end)
{
	u64 limit = mm->k->user_end;

	if (addr > limit || len > limit - addr)
		return false;
	*start = align_down(addr, FRAME_SIZE);
	*end = align_up(addr + len, FRAME_SIZE);
	return true;
}

static struct mm *mm_create(struct kernel *k, struct cpu *c, bool implicit_maps)
{
	struct mm *mm;
	u64 root = pgtable_new_page(k, c);

	if (root == NO_FRAME)
		return NULL;
	mm = xcalloc(1, sizeof(*mm));
	mm->k = k;
	if (!mm_object_new(mm, c)) {
		pgtable_free_page(k, c, root);
		free(mm);
		return NULL;
	}
	mm->root = root << FRAME_SHIFT;
	mm->vmas.mm = mm;
	mm->implicit_maps = implicit_maps;
	mm->implicit = (struct vma){ .end = space_end(k),
				     .anon = implicit_maps,
				     .flags = MM_READ | MM_WRITE | MM_EXEC | MM_ANON };
	mm->next = k->mms;
	if (mm->next)
		mm->next->prev = mm;
	k->mms = mm;
	if (implicit_maps)
		rmap_link(mm, c, &mm->implicit);
	return mm;
}

struct mm *mm_new(struct kernel *k, bool implicit_maps)
{
	return mm_create(k, NULL, implicit_maps);
}

/* Frees the tables of start..end that no VMA needs any more. */
static void free_tables(struct gather *g, u64 start, u64 end)
{
	struct vma_set *s = &g->mm->vmas;
	u32 i = vma_index(s, start);

	if (g->mm->implicit_maps)
		pgtable_free(g, start, end, start, end);
	else
		pgtable_free(g, start, end, i ? s->v[i - 1]->end : 0, i < s->n ? s->v[i]->start : 0);
}

void mm_free_tables(struct gather *g, u64 start, u64 end)
{
	if (!vma_overlaps(&g->mm->vmas, start, end))
		free_tables(g, start, end);
}

void mm_unmap(struct mm *mm, struct cpu *c, u64 start, u64 end)
{
	u64 from = start, to = end;
	struct gather g;

	if (start >= end || (!mm->implicit_maps && !vma_overlaps(&mm->vmas, start, end)))
		return;
	gather_begin(&g, mm, c);
	page_range(mm, &from, &to);
	zap_range(&g, from, to);
	vma_remove(&mm->vmas, c, start, end);
	page_refresh_ends(&g, KPATH_UNMAP, start, end);
	free_tables(&g, start, end);
	gather_flush(&g);
	vma_objects_settle(mm, c);
}

void mm_put(struct mm *mm, struct cpu *c)
{
	struct kernel *k = mm->k;
	struct gather g;

	k->call.exit++;
	swap_out_forget(mm);
	khugepaged_forget(mm);
	kernel_path_step(k, c, mm, STEP_EXIT_MM);
	gather_begin(&g, mm, c);
	g.whole = true;
	zap_range(&g, 0, space_end(k));
	pgtable_free(&g, 0, space_end(k), 0, 0);
	gather_flush(&g);
	asid_end(mm);
	pgtable_free_page(k, c, mm->root >> FRAME_SHIFT);
	vma_remove(&mm->vmas, c, 0, space_end(k));
	if (mm->implicit_maps)
		rmap_unlink(mm, c, &mm->implicit);
	rmap_exit_mm(mm, c);
	mm_objects_free(mm, c);
	vma_set_fini(&mm->vmas, c);
	if (mm->next)
		mm->next->prev = mm->prev;
	if (mm->prev)
		mm->prev->next = mm->next;
	else
		k->mms = mm->next;
	free(mm);
}

/* Copying entries to a child, or counting on it. */
struct fork {
	struct mm *parent, *child;
	struct cpu *c;
	struct vma *vma; /* the child's, whose entries are copied */
	struct pte_cursor to;
	bool protected; /* an entry of the parent lost its write permission */
	bool failed;
};

/* A page of several mappings is private, whatever one of them is; page.h. */
static bool is_shared(const struct fork *f, u64 va)
{
	return f->vma->flags & MM_SHARED &&
	       (f->parent->k->page_shift == FRAME_SHIFT || !page_view(f->parent, va).mixed);
}

/*
 * mm/memory.c:copy_present_pte(): both sides lose the right to write to what is not shared; the child's entry
 * is not accessed, and of shared memory not dirty.
 */
static void fork_entry(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct fork *f = arg;
	u32 loses = PTE_ACCESSED | (is_shared(f, va) ? PTE_DIRTY : PTE_WRITE);
	u64 to;

	if (f->failed)
		return;
	to = pte_cursor_at(&f->to, va);
	f->failed = to == NO_ENTRY || !rmap_prepare_dup(f->child, f->c, f->vma, pte_pfn(f->parent, entry));
	entry = pte_read(f->parent, entry_pa);
	/* A page of several mappings is met once with each of them; reclaim may have taken it meanwhile. */
	if (f->failed || pte_read(f->child, to) || !entry || entry_is_swap(f->parent->k->format, entry))
		return;
	kernel_step(f->parent->k, f->c, STEP_FORK_PAGE);
	if (pte_flags(f->parent, entry) & loses & PTE_WRITE) {
		pte_write(f->parent, f->c, KPATH_FORK, entry_pa, pte_without(f->parent, entry, PTE_WRITE));
		f->protected = true;
	}
	pte_write(f->child, f->c, KPATH_FORK, to, pte_without(f->parent, entry, loses));
	frame_get(f->parent->k->frames, pte_pfn(f->parent, entry));
	rmap_dup(f->parent->k, f->c,
		 &(struct rmap_entry){ f->child, f->vma, va, to, pte_pfn(f->parent, entry), 0 });
}

/* copy_nonpresent_pte() */
static void fork_swap(void *arg, u64 va, u64 entry_pa, u64 entry)
{
	struct fork *f = arg;
	u64 to = f->failed ? NO_ENTRY : pte_cursor_at(&f->to, va);

	f->failed = to == NO_ENTRY;
	/* It may have been copied while the page was there, and both entries be the slot's now. */
	if (f->failed || pte_read(f->child, to))
		return;
	pte_write(f->child, f->c, KPATH_FORK, to, entry);
	f->child->rss.swap++;
	swap_duplicate(f->parent->k, f->c, pte_swap_slot(f->parent, entry));
}

static void fork_huge(void *arg, u64 va, u64 entry_pa, u64 entry, u32 level)
{
	struct fork *f = arg;
	const struct pt_format *fmt = f->parent->k->format;
	u64 to = f->failed ? NO_ENTRY : pgtable_upper(f->child, f->c, KPATH_FORK, va, level, true);

	f->failed = to == NO_ENTRY || !huge_deposit(f->child, f->c, f->vma, to, level);
	if (f->failed)
		return;
	entry = pte_read(f->parent, entry_pa);
	/* Reclaim has split it meanwhile, and fork_entry() meets its pages. */
	if (!huge_entry(f->parent->k, entry, level)) {
		huge_withdraw(f->child, f->c, to, level);
		return;
	}
	huge_share(f->child, f->c, f->vma, va, to, entry, level);
	kernel_step(f->parent->k, f->c, STEP_FORK_PAGE);
	if (!(fmt->flags(entry, level) & PTE_WRITE))
		return;
	pte_write(f->parent, f->c, KPATH_FORK, entry_pa,
		  fmt->encode(fmt->pa(entry, level), fmt->flags(entry, level) & ~PTE_WRITE, level));
	f->protected = true;
}

/*
 * vma_needs_copy(): shared pages, and those of files that were only read, are faulted in again since 2.6.14.
 */
static bool needs_copy(const struct fork *f, const struct vma *v)
{
	return v->anon || f->parent->k->cfg.era < ERA_2_6_18;
}

static void fork_pages(struct fork *f, const struct vma *v, struct vma *to, u64 start, u64 end)
{
	if (!needs_copy(f, v) || start >= end || f->failed)
		return;
	f->vma = to;
	pgtable_each_huge(f->parent, start, end, fork_huge, f);
	pgtable_each(f->parent, start, end, fork_entry, f);
	pgtable_each_swap(f->parent, start, end, fork_swap, f);
}

static void fork_mappings(struct fork *f)
{
	const struct vma_set *s = &f->parent->vmas;
	struct vma *from = &f->parent->implicit, *rest = &f->child->implicit, *to;
	u64 at = 0;
	u32 i;

	if (f->parent->implicit_maps)
		f->failed |= !rmap_fork_vma(f->child, f->c, from, rest);
	for (i = 0; i < s->n; i++) {
		kernel_step(f->parent->k, f->c, STEP_FORK_VMA);
		to = vma_copy(&f->child->vmas, s->v[i]);
		to->flags &= ~MM_LOCKED;
		f->failed |= !rmap_fork_vma(f->child, f->c, s->v[i], to);
		fork_pages(f, from, rest, at, s->v[i]->start);
		fork_pages(f, s->v[i], to, s->v[i]->start, s->v[i]->end);
		at = s->v[i]->end;
	}
	fork_pages(f, from, rest, at, from->end);
}

/* dup_mmap() */
static struct mm *copy_space(struct mm *mm, struct cpu *c)
{
	struct kernel *k = mm->k;
	struct fork f = { .parent = mm, .c = c };

	k->call.fork++;
	kernel_path_step(k, c, mm, STEP_SYSCALL);
	kernel_path_step(k, c, mm, STEP_FORK);
	f.child = mm_create(k, c, mm->implicit_maps);
	if (!f.child) {
		k->call.failed++;
		return NULL;
	}
	f.child->brk = mm->brk;
	f.child->group = mm->group;
	f.to = (struct pte_cursor){ .mm = f.child, .c = c, .path = KPATH_FORK, .make = true };
	f.failed = !rmap_fork_mm(mm, f.child, c);
	fork_mappings(&f);
	vma_objects_settle(f.child, c);
	/* dup_mmap() does so whatever it has changed. */
	tlb_flush_mm(mm, c, f.protected);
	if (!f.failed)
		return f.child;
	k->call.failed++;
	mm_put(f.child, c);
	return NULL;
}

struct mm *mm_fork(struct mm *mm, struct cpu *c)
{
	struct mm *child;

	mmap_write_lock(mm, c, 0, mm->k->user_end);
	child = copy_space(mm, c);
	mmap_write_unlock(mm, c);
	return child;
}

u64 mm_root(const struct mm *mm)
{
	return mm->root;
}

static const char *vma_kind(const struct vma *v)
{
	if (v->flags & MM_HEAP)
		return " heap";
	return v->flags & MM_GROWSDOWN ? " stack" : "";
}

/* A line of /proc/PID/maps, as far as it is known. */
static int describe_vma(char *buf, size_t size, const char *where, const struct vma *v)
{
	if (!v)
		return snprintf(buf, size, "%s: nothing", where);
	return snprintf(buf, size, "%s: 0x%llx-0x%llx %c%c%c%c%s", where, (unsigned long long)v->start,
			(unsigned long long)v->end, v->flags & MM_READ ? 'r' : '-',
			v->flags & MM_WRITE ? 'w' : '-', v->flags & MM_EXEC ? 'x' : '-',
			v->flags & MM_SHARED ? 's' : 'p', vma_kind(v));
}

void mm_describe(const struct mm *mm, u64 va, char *buf, size_t size)
{
	const struct vma *below = NULL, *above = NULL, *at = NULL;
	size_t n;
	u32 i;

	for (i = 0; i < mm->vmas.n; i++) {
		const struct vma *v = mm->vmas.v[i];

		if (v->end <= va)
			below = v;
		else if (v->start <= va)
			at = v;
		else if (!above)
			above = v;
	}
	if (at) {
		describe_vma(buf, size, "mapped", at);
		return;
	}
	n = (size_t)describe_vma(buf, size, "not mapped; below", below);
	if (n + 2 < size) {
		n += (size_t)snprintf(buf + n, size - n, "; ");
		describe_vma(buf + n, size - n, "above", above);
	}
}
