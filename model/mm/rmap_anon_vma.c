/*
 * The half of private pages, 2.6.7 to 2.6.33: mm/rmap.c of 2.6.9. A page's mapping is an anon_vma, a list of
 * all VMAs that may show it, and its index counts from vm_pgoff. A VMA gets one at its first private page, or
 * shares that of a neighbour with which it could be merged; a child's copy joins its parent's, so that a walk
 * visits all relatives, also for a page that one of them alone has. A. Arcangeli, 2004.
 *
 * Not modelled: where a merged VMA has no anon_vma and the other one has, Linux allocates nothing either, but
 * links before it unlinks. For rmap_halves.c.
 */
#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/rmap_anon.h"

struct anon_vma {
	struct vma *first, *last;
	struct rmap_lock lock;
	u64 va;
};

static struct anon_vma *anon_vma_new(struct rmap *r, struct cpu *c)
{
	u64 va = rmap_object_new(r, c, RMAP_OBJECT_ANON_VMA);
	struct anon_vma *a;

	if (!va)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->va = va;
	return a;
}

static void lock(struct rmap *r, struct cpu *c, struct anon_vma *a, enum rmap_locking how)
{
	rmap_lock(r, c, &a->lock, RMAP_LOCK_ANON, a->va, how);
}

/* The VMA's line and those of its neighbours, of which the head is one. */
static void touch_links(struct rmap *r, struct cpu *c, const struct vma *v)
{
	const struct vma_links *l = &v->rmap.anon.list;
	u32 word = r->k->layout.word;

	rmap_step(r, c, STEP_RMAP_LINK_LIST, 1);
	rmap_store_vma(r, c, v, r->vma.anon_links, 2 * word);
	if (l->prev)
		rmap_store_vma(r, c, l->prev, r->vma.anon_links, word);
	if (l->next)
		rmap_store_vma(r, c, l->next, r->vma.anon_links, word);
	if (!l->prev || !l->next)
		rmap_store(r, c, v->rmap.anon_vma->va, 3 * word);
}

static void join(struct rmap *r, struct cpu *c, struct vma *v, struct anon_vma *a)
{
	lock(r, c, a, RMAP_WRITE);
	v->rmap.anon_vma = a;
	v->rmap.anon.list = (struct vma_links){ .prev = a->last };
	*(a->last ? &a->last->rmap.anon.list.next : &a->first) = v;
	a->last = v;
	touch_links(r, c, v);
	rmap_unlock(r, c, &a->lock, RMAP_WRITE);
}

/* anon_vma_unlink() */
static void leave(struct rmap *r, struct cpu *c, struct vma *v)
{
	struct anon_vma *a = v->rmap.anon_vma;
	struct vma_links *l = &v->rmap.anon.list;

	if (!a)
		return;
	lock(r, c, a, RMAP_WRITE);
	touch_links(r, c, v);
	*(l->prev ? &l->prev->rmap.anon.list.next : &a->first) = l->next;
	*(l->next ? &l->next->rmap.anon.list.prev : &a->last) = l->prev;
	rmap_unlock(r, c, &a->lock, RMAP_WRITE);
	v->rmap.anon_vma = NULL;
	if (a->first)
		return;
	rmap_object_free(r, c, RMAP_OBJECT_ANON_VMA, a->va);
	free(a);
}

static bool has_anon_vma(const struct vma *v)
{
	return v->rmap.anon_vma;
}

static bool prepare(struct rmap *r, struct cpu *c, struct vma *v, u32 pages)
{
	const struct vma *neighbour;
	struct anon_vma *a;

	if (v->rmap.anon_vma)
		return true;
	neighbour = rmap_find_mergeable(r, c, v, has_anon_vma);
	a = neighbour ? neighbour->rmap.anon_vma : anon_vma_new(r, c);
	if (!a)
		return false;
	rmap_step(r, c, STEP_RMAP_PREPARE, 1);
	join(r, c, v, a);
	return true;
}

static void add_new(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	ASSERT(e->vma->rmap.anon_vma);
	p->mapping = (uintptr_t)e->vma->rmap.anon_vma | PAGE_MAPPING_ANON;
	p->index = linear_page_index(e->vma, e->va);
	rmap_step(r, c, STEP_RMAP_ADD_ANON_VMA, 1);
	rmap_page_lock(r, c);
}

static bool fork_vma(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to)
{
	if (from->rmap.anon_vma) {
		rmap_step(r, c, STEP_RMAP_FORK_VMA, 1);
		join(r, c, to, from->rmap.anon_vma);
	}
	return true;
}

static void split(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to)
{
	if (from->rmap.anon_vma)
		join(r, c, to, from->rmap.anon_vma);
}

static void merge(struct rmap *r, struct cpu *c, struct vma *keep, struct vma *gone)
{
	if (!keep->rmap.anon_vma && gone->rmap.anon_vma)
		join(r, c, keep, gone->rmap.anon_vma);
}

/* is_mergeable_anon_vma() */
static bool mergeable(const struct rmap *r, const struct vma *a, const struct vma *b)
{
	return !a->rmap.anon_vma || !b->rmap.anon_vma || a->rmap.anon_vma == b->rmap.anon_vma;
}

/* page_referenced_anon(), try_to_unmap_anon() */
static void walk(struct rmap_walk *w, struct page *p)
{
	struct anon_vma *a = (struct anon_vma *)(uintptr_t)(p->mapping & ~(u64)PAGE_MAPPING_ANON);
	struct rmap *r = w->k->rmap;
	struct vma *v, *next;

	lock(r, w->c, a, RMAP_READ);
	for (v = a->first; v; v = next) {
		next = v->rmap.anon.list.next;
		if (next)
			__builtin_prefetch(next);
		rmap_load_vma(r, w->c, v, r->vma.anon_links, r->k->layout.word);
		rmap_load_range(r, w->c, v);
		if (next)
			__builtin_prefetch(next->mm);
		if (!rmap_visit(w, v->mm, v, vma_address(v, p->index)))
			break;
	}
	rmap_unlock(r, w->c, &a->lock, RMAP_READ);
}

const struct rmap_ops rmap_anon_vma = {
	.name = "anon_vma",
	.prepare = prepare,
	.add_new = add_new,
	.add = rmap_count,
	.remove = rmap_uncount,
	.unlink = leave,
	.fork_vma = fork_vma,
	.split = split,
	.merge = merge,
	.mergeable = mergeable,
	.walk = walk,
};
