/*
 * The half of private pages as H. Dickins proposed it in 2003 and 2004 (anobjrmap): a page can only be at one
 * address, in address spaces that come from one another by forks. Its mapping is the anonmm of the one that
 * it was made for, its index the user address; a walk looks at that address in all living members of the
 * family, first in that one. Nothing is kept of VMAs.
 *
 * A page that others map too cannot be moved by mremap(), nor come back from swap at another address: it is
 * copied, as in the last form of the patch. For rmap_halves.c.
 */
#include <stdlib.h>

#include "model/base/arena.h"
#include "model/base/error.h"
#include "model/mm/rmap_halves.h"

struct anonmm {
	struct family *family;
	struct mm *mm;              /* NULL: it has ended */
	struct anonmm *prev, *next; /* of the family's living ones */
	u64 pages;                  /* whose mapping it is */
	u64 va;
};

struct family {
	struct anonmm *first, *last;
	u32 members; /* anonmms */
	struct rmap_lock lock;
	u64 va;                     /* of the first one's anonmm, which stays to the end */
	struct family *prev, *next; /* of the kernel's */
};

struct families {
	struct family *first;
	/* The host's memory: all of it, and what is not used now. */
	struct arena *arena;
	struct anonmm *unused_anonmms;
	struct family *unused;
};

static struct families *families(const struct rmap *r)
{
	return r->anon_state;
}

static void init(struct rmap *r)
{
	struct families *s = xcalloc(1, sizeof(*s));

	s->arena = arena_new();
	r->anon_state = s;
}

static void free_all(struct rmap *r)
{
	arena_free(families(r)->arena);
	free(families(r));
}

/* ---- families ---- */

static struct family *family_new(struct rmap *r)
{
	struct families *s = families(r);
	struct family *f = s->unused;

	if (f)
		s->unused = f->next;
	else
		f = arena_alloc(s->arena, sizeof(*f), sizeof(u64));
	*f = (struct family){ .next = s->first };
	if (f->next)
		f->next->prev = f;
	s->first = f;
	return f;
}

static void family_free(struct rmap *r, struct cpu *c, struct family *f)
{
	rmap_object_free(r, c, RMAP_OBJECT_ANONMM, f->va);
	*(f->prev ? &f->prev->next : &families(r)->first) = f->next;
	if (f->next)
		f->next->prev = f->prev;
	f->next = families(r)->unused;
	families(r)->unused = f;
}

static void lock(struct rmap *r, struct cpu *c, struct family *f, enum rmap_locking how)
{
	rmap_lock(r, c, &f->lock, RMAP_LOCK_ANON, f->va, how);
}

/* family NULL: it begins one. NULL: no memory. */
static struct anonmm *anonmm_new(struct rmap *r, struct cpu *c, struct mm *mm, struct family *f)
{
	u64 va = rmap_object_new(r, c, RMAP_OBJECT_ANONMM);
	struct families *s = families(r);
	struct anonmm *a = s->unused_anonmms;

	if (!va)
		return NULL;
	if (!f) {
		f = family_new(r);
		f->va = va;
	}
	if (a)
		s->unused_anonmms = a->next;
	else
		a = arena_alloc(s->arena, sizeof(*a), sizeof(u64));
	*a = (struct anonmm){ .family = f, .mm = mm, .va = va, .prev = f->last };
	rmap_step(r, c, STEP_RMAP_FORK_MM, 1);
	lock(r, c, f, RMAP_WRITE);
	*(f->last ? &f->last->next : &f->first) = a;
	if (f->last)
		rmap_store(r, c, f->last->va, r->k->layout.word);
	f->last = a;
	f->members++;
	rmap_store(r, c, va, 6 * r->k->layout.word);
	rmap_unlock(r, c, &f->lock, RMAP_WRITE);
	return a;
}

/* Neither address space nor pages are left of it. The first one's memory goes with the family. */
static void anonmm_put(struct rmap *r, struct cpu *c, struct anonmm *a)
{
	struct family *f = a->family;

	if (a->mm || a->pages)
		return;
	if (a->va != f->va)
		rmap_object_free(r, c, RMAP_OBJECT_ANONMM, a->va);
	a->next = families(r)->unused_anonmms;
	families(r)->unused_anonmms = a;
	if (!--f->members)
		family_free(r, c, f);
}

static bool fork_mm(struct rmap *r, struct cpu *c, struct mm *from, struct mm *to)
{
	const struct anonmm *a = from->rmap;

	if (a)
		to->rmap = anonmm_new(r, c, to, a->family);
	return !a || to->rmap;
}

/* exit_rmap() */
static void exit_mm(struct rmap *r, struct cpu *c, struct mm *mm)
{
	struct anonmm *a = mm->rmap;
	struct family *f;

	if (!a)
		return;
	f = a->family;
	rmap_step(r, c, STEP_RMAP_FORK_MM, 1);
	lock(r, c, f, RMAP_WRITE);
	*(a->prev ? &a->prev->next : &f->first) = a->next;
	*(a->next ? &a->next->prev : &f->last) = a->prev;
	if (a->prev)
		rmap_store(r, c, a->prev->va, r->k->layout.word);
	if (a->next)
		rmap_store(r, c, a->next->va, r->k->layout.word);
	rmap_store(r, c, a->va, 6 * r->k->layout.word);
	rmap_unlock(r, c, &f->lock, RMAP_WRITE);
	a->mm = NULL;
	mm->rmap = NULL;
	anonmm_put(r, c, a);
}

static bool prepare(struct rmap *r, struct cpu *c, struct vma *v, u32 pages)
{
	if (!v->mm->rmap)
		v->mm->rmap = anonmm_new(r, c, v->mm, NULL);
	return v->mm->rmap;
}

/* ---- pages ---- */

static struct anonmm *anonmm_of(const struct page *p)
{
	return (struct anonmm *)(uintptr_t)(p->mapping & ~(u64)PAGE_MAPPING_ANON);
}

static void set_mapping(struct page *p, struct anonmm *a, u64 va)
{
	p->mapping = (uintptr_t)a | PAGE_MAPPING_ANON;
	p->index = va >> FRAME_SHIFT;
	a->pages++;
}

static void add_new(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	ASSERT(e->mm->rmap);
	set_mapping(p, e->mm->rmap, e->va);
	rmap_step(r, c, STEP_RMAP_ADD_ANONMM, 1);
	rmap_page_lock(r, c);
}

static void remove_entry(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	rmap_uncount(r, c, p, e);
	if (p->mapcount > 1)
		return;
	anonmm_of(p)->pages--;
	anonmm_put(r, c, anonmm_of(p));
}

/* At another address it is this address space's alone. */
static void moved(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e, u64 from)
{
	struct anonmm *was = anonmm_of(p);

	if (p->index == e->va >> FRAME_SHIFT)
		return;
	ASSERT(p->mapcount == 1);
	set_mapping(p, e->mm->rmap, e->va);
	was->pages--;
	anonmm_put(r, c, was);
	rmap_step(r, c, STEP_RMAP_ADD_ANONMM, 1);
}

static bool fits(const struct page *p, u64 va)
{
	return p->index == va >> FRAME_SHIFT;
}

/* ---- walks ---- */

static bool visit(struct rmap_walk *w, const struct anonmm *a, u64 va)
{
	rmap_load(w->k->rmap, w->c, a->va, 3 * w->k->layout.word);
	return rmap_visit(w, a->mm, NULL, va);
}

static void walk(struct rmap_walk *w, struct page *p)
{
	const struct anonmm *own = anonmm_of(p), *a, *next;
	u64 va = p->index << FRAME_SHIFT;
	struct family *f = own->family;
	struct rmap *r = w->k->rmap;

	lock(r, w->c, f, RMAP_READ);
	if (!own->mm || visit(w, own, va)) {
		for (a = f->first; a; a = next) {
			next = a->next;
			if (a != own && !visit(w, a, va))
				break;
		}
	}
	rmap_unlock(r, w->c, &f->lock, RMAP_READ);
}

/* ---- --check ---- */

static void sane_page(const struct rmap *r, const struct page *p)
{
	ASSERT(anonmm_of(p)->pages && anonmm_of(p)->family->members);
}

static void sane_family(const struct rmap *r, const struct family *f)
{
	const struct anonmm *a, *prev = NULL;
	u32 living = 0;

	for (a = f->first; a; prev = a, a = a->next) {
		ASSERT(a->family == f && a->prev == prev && a->mm->rmap == a);
		living++;
	}
	ASSERT(f->last == prev && f->members && f->members >= living);
}

static void sane(const struct rmap *r)
{
	const struct family *f;
	u64 members = 0;

	for (f = families(r)->first; f; f = f->next) {
		sane_family(r, f);
		members += f->members;
	}
	/* A first one that has ended still lends its memory to the family. */
	ASSERT(members <= r->object[RMAP_OBJECT_ANONMM].objects);
}

const struct rmap_ops rmap_anonmm = {
	.name = "anonmm",
	.init = init,
	.prepare = prepare,
	.add_new = add_new,
	.add = rmap_count,
	.remove = remove_entry,
	.moved = moved,
	.fits = fits,
	.fork_mm = fork_mm,
	.exit_mm = exit_mm,
	.walk = walk,
	.sane = sane,
	.sane_page = sane_page,
	.free = free_all,
};
