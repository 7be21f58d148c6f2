/*
 * The half of private pages since 2.6.34: mm/rmap.c of 2.6.37 and of 6.12. Every VMA has an anon_vma of its
 * own for the pages that it gets, and an anon_vma_chain (AVC) for each anon_vma whose pages it may show: its
 * own, and its ancestors' of before the forks. So a page that a child has for itself is found in one step,
 * and one of before a fork in as many as there are descendants whose VMAs still show its place. All anon_vmas
 * of a family share the lock of its root. R. van Riel, commit 5beb49305251.
 *
 * Until 3.6 an anon_vma has its AVCs in a list, since 3.7 in an interval tree. A child takes over an
 * ancestor's anon_vma that nobody uses and that has one child at most (since 3.19), so that there are at most
 * twice as many as VMAs; and a VMA is only merged with one that has no ancestors (since 3.0,
 * is_mergeable_anon_vma()).
 *
 * Not modelled: 2.6.34 and 2.6.35, where each anon_vma had a lock. Of two VMAs that are merged Linux asks
 * which of them grows; here the one that has an anon_vma counts. A merge hands AVCs over where Linux clones
 * and then unlinks them. For rmap_halves.c.
 */
#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/rmap_anon.h"

struct anon_vma {
	struct interval_tree tree; /* of its AVCs; or their list */
	struct anon_vma_chain *first, *last;
	struct anon_vma *root, *parent; /* a root is its own parent, and its child */
	u32 children, active_vmas;      /* num_children; VMAs whose own it is */
	u32 n_chains;
	u32 relatives;         /* of a root: anon_vmas of its family that are in use */
	struct rmap_lock lock; /* of a root */
	u64 va;
};

struct anon_vma_chain {
	struct interval_node node; /* pages that the VMA shows */
	struct vma *vma;
	u64 va;
	struct anon_vma *anon_vma;
	struct anon_vma_chain *prev, *next;   /* in the anon_vma's list */
	struct anon_vma_chain *older, *newer; /* of the VMA's, same_vma */
};

static bool has_trees(const struct rmap *r)
{
	return r->k->cfg.era == ERA_6_X;
}

static struct anon_vma_chain *chain_of_node(const struct interval_node *n)
{
	return container_of(n, struct anon_vma_chain, node);
}

/* ---- objects ---- */

static struct anon_vma *anon_vma_new(struct rmap *r, struct cpu *c, struct anon_vma *parent)
{
	u64 va = rmap_object_new(r, c, RMAP_OBJECT_ANON_VMA);
	struct anon_vma *a;

	if (!va)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->va = va;
	a->parent = parent ? parent : a;
	a->root = parent ? parent->root : a;
	a->parent->children++;
	a->root->relatives++;
	return a;
}

static void anon_vma_free(struct rmap *r, struct cpu *c, struct anon_vma *a)
{
	ASSERT(!a->n_chains && !a->active_vmas);
	rmap_object_free(r, c, RMAP_OBJECT_ANON_VMA, a->va);
	free(a);
}

/* put_anon_vma(): nobody shows its pages any more. The root stays as long as others have its lock. */
static void anon_vma_put(struct rmap *r, struct cpu *c, struct anon_vma *a)
{
	struct anon_vma *root = a->root;

	root->relatives--;
	if (a != root)
		anon_vma_free(r, c, a);
	if (!root->relatives)
		anon_vma_free(r, c, root);
}

static void lock(struct rmap *r, struct cpu *c, struct anon_vma *root, enum rmap_locking how)
{
	rmap_lock(r, c, &root->lock, RMAP_LOCK_ANON, root->va, how);
}

static void unlock(struct rmap *r, struct cpu *c, struct anon_vma *root, enum rmap_locking how)
{
	rmap_unlock(r, c, &root->lock, how);
}

/* ---- an anon_vma's AVCs ---- */

/* A node is compared by its VMA's vm_pgoff. */
static void touch_node(const struct rmap *r, struct cpu *c, const struct interval_node *n)
{
	const struct anon_vma_chain *avc = chain_of_node(n);

	rmap_load(r, c, avc->va, 6 * r->k->layout.word);
	rmap_load_vma(r, c, avc->vma, r->vma.pgoff, r->k->layout.word);
}

static void insert_node(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc)
{
	avc->node.start = avc->vma->pgoff;
	avc->node.last = linear_page_index(avc->vma, avc->vma->end) - 1;
	interval_insert(&avc->anon_vma->tree, &avc->node);
	rmap_touch_path(r, c, &avc->node, touch_node);
}

static void insert_link(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc)
{
	struct anon_vma *a = avc->anon_vma;

	avc->prev = a->last;
	avc->next = NULL;
	*(a->last ? &a->last->next : &a->first) = avc;
	if (a->last)
		rmap_store(r, c, a->last->va, r->k->layout.word);
	a->last = avc;
	rmap_step(r, c, STEP_RMAP_LINK_LIST, 1);
}

static void remove_link(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc)
{
	struct anon_vma *a = avc->anon_vma;

	*(avc->prev ? &avc->prev->next : &a->first) = avc->next;
	*(avc->next ? &avc->next->prev : &a->last) = avc->prev;
	if (avc->prev)
		rmap_store(r, c, avc->prev->va, r->k->layout.word);
	if (avc->next)
		rmap_store(r, c, avc->next->va, r->k->layout.word);
	rmap_step(r, c, STEP_RMAP_LINK_LIST, 1);
}

static void insert(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc)
{
	if (has_trees(r))
		insert_node(r, c, avc);
	else
		insert_link(r, c, avc);
	avc->anon_vma->n_chains++;
	rmap_store(r, c, avc->va, 6 * r->k->layout.word);
	rmap_store(r, c, avc->anon_vma->va, r->k->layout.word);
}

static void take_out(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc)
{
	if (has_trees(r)) {
		rmap_touch_path(r, c, &avc->node, touch_node);
		interval_remove(&avc->anon_vma->tree, &avc->node);
	} else {
		remove_link(r, c, avc);
	}
	avc->anon_vma->n_chains--;
}

/* ---- a VMA's AVCs ---- */

static struct anon_vma_chain *chain_new(struct rmap *r, struct cpu *c, bool needed)
{
	u64 va = needed ? rmap_object_need(r, c, RMAP_OBJECT_ANON_VMA_CHAIN)
			: rmap_object_new(r, c, RMAP_OBJECT_ANON_VMA_CHAIN);
	struct anon_vma_chain *avc;

	if (!va && !needed)
		return NULL;
	avc = xcalloc(1, sizeof(*avc));
	avc->va = va;
	return avc;
}

static void chain_free(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc)
{
	rmap_object_free(r, c, RMAP_OBJECT_ANON_VMA_CHAIN, avc->va);
	free(avc);
}

/* anon_vma_chain_link() */
static void chain_link(struct rmap *r, struct cpu *c, struct anon_vma_chain *avc, struct vma *v,
		       struct anon_vma *a)
{
	avc->vma = v;
	avc->anon_vma = a;
	avc->older = v->rmap.anon.newest;
	if (avc->older)
		avc->older->newer = avc;
	v->rmap.anon.newest = avc;
	rmap_store_vma(r, c, v, r->vma.anon_links, r->k->layout.word);
	insert(r, c, avc);
}

static struct anon_vma_chain *oldest(const struct vma *v)
{
	struct anon_vma_chain *avc = v->rmap.anon.newest;

	while (avc && avc->older)
		avc = avc->older;
	return avc;
}

/* Its AVCs leave their anon_vmas, of which those that have no others go after the lock has been left. */
static void unlink_chains(struct rmap *r, struct cpu *c, struct vma *v)
{
	struct anon_vma_chain *avc;

	for (avc = v->rmap.anon.newest; avc; avc = avc->older) {
		take_out(r, c, avc);
		if (!avc->anon_vma->n_chains)
			avc->anon_vma->parent->children--;
	}
	if (v->rmap.anon_vma)
		v->rmap.anon_vma->active_vmas--;
	v->rmap.anon_vma = NULL;
}

/* unlink_anon_vmas() */
static void leave(struct rmap *r, struct cpu *c, struct vma *v)
{
	struct anon_vma_chain *avc = v->rmap.anon.newest, *older;
	struct anon_vma *root = avc ? avc->anon_vma->root : NULL;

	if (!avc)
		return;
	lock(r, c, root, RMAP_WRITE);
	unlink_chains(r, c, v);
	unlock(r, c, root, RMAP_WRITE);
	v->rmap.anon.newest = NULL;
	for (; avc; avc = older) {
		older = avc->older;
		if (!avc->anon_vma->n_chains)
			anon_vma_put(r, c, avc->anon_vma);
		chain_free(r, c, avc);
	}
}

/* anon_vma_clone(): from the oldest to the newest. False: no memory, and nothing is left of it. */
static bool clone(struct rmap *r, struct cpu *c, struct vma *to, const struct vma *from, bool needed)
{
	struct anon_vma_chain *of, *avc;
	bool done = true;

	lock(r, c, from->rmap.anon_vma->root, RMAP_WRITE);
	for (of = oldest(from); of && done; of = of->newer) {
		struct anon_vma *a = of->anon_vma;

		rmap_load(r, c, of->va, 2 * r->k->layout.word);
		rmap_step(r, c, STEP_RMAP_FORK_VMA, 1);
		avc = chain_new(r, c, needed);
		done = avc;
		if (!avc)
			break;
		chain_link(r, c, avc, to, a);
		if (has_trees(r) && !to->rmap.anon_vma && a->children < 2 && !a->active_vmas)
			to->rmap.anon_vma = a;
	}
	unlock(r, c, from->rmap.anon_vma->root, RMAP_WRITE);
	if (done && to->rmap.anon_vma)
		to->rmap.anon_vma->active_vmas++;
	if (done)
		return true;
	to->rmap.anon_vma = NULL;
	leave(r, c, to);
	return false;
}

/* A new anon_vma, of a root or a child, with its AVC. */
static bool add_own(struct rmap *r, struct cpu *c, struct vma *v, struct anon_vma *parent)
{
	struct anon_vma_chain *avc = chain_new(r, c, false);
	struct anon_vma *a = avc ? anon_vma_new(r, c, parent) : NULL;

	if (!a) {
		if (avc)
			chain_free(r, c, avc);
		return false;
	}
	rmap_step(r, c, STEP_RMAP_PREPARE, 1);
	lock(r, c, a->root, RMAP_WRITE);
	chain_link(r, c, avc, v, a);
	v->rmap.anon_vma = a;
	a->active_vmas++;
	unlock(r, c, a->root, RMAP_WRITE);
	return true;
}

static bool is_singular(const struct vma *v)
{
	return v->rmap.anon.newest && !v->rmap.anon.newest->older;
}

/* A neighbour's, which has no other. */
static bool share(struct rmap *r, struct cpu *c, struct vma *v, struct anon_vma *a)
{
	struct anon_vma_chain *avc = chain_new(r, c, false);

	if (!avc)
		return false;
	lock(r, c, a->root, RMAP_WRITE);
	chain_link(r, c, avc, v, a);
	v->rmap.anon_vma = a;
	a->active_vmas++;
	unlock(r, c, a->root, RMAP_WRITE);
	return true;
}

static bool prepare(struct rmap *r, struct cpu *c, struct vma *v, u32 pages)
{
	const struct vma *neighbour;

	if (v->rmap.anon_vma)
		return true;
	neighbour = rmap_find_mergeable(r, c, v, is_singular);
	return neighbour ? share(r, c, v, neighbour->rmap.anon_vma) : add_own(r, c, v, NULL);
}

/* anon_vma_fork() */
static bool fork_vma(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to)
{
	if (!from->rmap.anon_vma)
		return true;
	if (!clone(r, c, to, from, false))
		return false;
	if (to->rmap.anon_vma || add_own(r, c, to, from->rmap.anon_vma))
		return true;
	leave(r, c, to);
	return false;
}

static void split(struct rmap *r, struct cpu *c, struct vma *from, struct vma *to)
{
	if (!from->rmap.anon_vma)
		return;
	to->rmap.anon_vma = from->rmap.anon_vma;
	clone(r, c, to, from, true);
}

static void take_all_out(struct rmap *r, struct cpu *c, struct vma *v)
{
	struct anon_vma_chain *avc;

	lock(r, c, v->rmap.anon_vma->root, RMAP_WRITE);
	for (avc = v->rmap.anon.newest; avc; avc = avc->older)
		take_out(r, c, avc);
	unlock(r, c, v->rmap.anon_vma->root, RMAP_WRITE);
}

static void insert_all(struct rmap *r, struct cpu *c, struct vma *v)
{
	struct anon_vma_chain *avc;

	lock(r, c, v->rmap.anon_vma->root, RMAP_WRITE);
	for (avc = v->rmap.anon.newest; avc; avc = avc->older)
		insert(r, c, avc);
	unlock(r, c, v->rmap.anon_vma->root, RMAP_WRITE);
}

static void merge(struct rmap *r, struct cpu *c, struct vma *keep, struct vma *gone)
{
	struct anon_vma_chain *avc;

	if (keep->rmap.anon_vma || !gone->rmap.anon_vma)
		return;
	take_all_out(r, c, gone);
	keep->rmap.anon_vma = gone->rmap.anon_vma;
	keep->rmap.anon.newest = gone->rmap.anon.newest;
	gone->rmap.anon_vma = NULL;
	gone->rmap.anon.newest = NULL;
	for (avc = keep->rmap.anon.newest; avc; avc = avc->older)
		avc->vma = keep;
	insert_all(r, c, keep);
}

static bool mergeable(const struct rmap *r, const struct vma *a, const struct vma *b)
{
	if (a->rmap.anon_vma == b->rmap.anon_vma)
		return true;
	if (a->rmap.anon_vma && b->rmap.anon_vma)
		return false;
	return !has_trees(r) || is_singular(a->rmap.anon_vma ? a : b);
}

/* anon_vma_interval_tree_pre_update_vma() */
static void before_change(struct rmap *r, struct cpu *c, struct vma *v)
{
	if (v->rmap.anon_vma && has_trees(r))
		take_all_out(r, c, v);
}

static void after_change(struct rmap *r, struct cpu *c, struct vma *v)
{
	if (v->rmap.anon_vma && has_trees(r))
		insert_all(r, c, v);
}

/* ---- pages ---- */

/* __page_set_anon_rmap(): what others may have in any VMA of the family is the root's. */
static void add_new(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	const struct anon_vma *a = e->vma->rmap.anon_vma;

	ASSERT(a);
	if (!(p->marks & PG_EXCLUSIVE))
		a = a->root;
	p->mapping = (uintptr_t)a | PAGE_MAPPING_ANON;
	p->index = linear_page_index(e->vma, e->va);
	rmap_step(r, c, STEP_RMAP_ADD_CHAIN_VMA, 1);
}

/* ---- walks ---- */

static bool visit(struct rmap_walk *w, const struct anon_vma_chain *avc, u64 index)
{
	rmap_load_range(w->k->rmap, w->c, avc->vma);
	return rmap_visit(w, avc->vma->mm, avc->vma, vma_address(avc->vma, index));
}

static bool visit_node(struct interval_search *s, struct interval_node *n)
{
	return visit(s->arg, chain_of_node(n), s->first);
}

static void pass_node(struct interval_search *s, const struct interval_node *n)
{
	struct rmap_walk *w = s->arg;

	w->nodes++;
	rmap_step(w->k->rmap, w->c, STEP_RMAP_NODE, 1);
	touch_node(w->k->rmap, w->c, n);
}

static void walk_list(struct rmap_walk *w, const struct anon_vma *a, u64 index)
{
	const struct anon_vma_chain *avc;

	for (avc = a->first; avc; avc = avc->next) {
		if (avc->next)
			__builtin_prefetch(avc->next->vma);
		rmap_load(w->k->rmap, w->c, avc->va, 6 * w->k->layout.word);
		if (!visit(w, avc, index))
			return;
	}
}

/* rmap_walk_anon() */
static void walk(struct rmap_walk *w, struct page *p)
{
	struct anon_vma *a = (struct anon_vma *)(uintptr_t)(p->mapping & ~(u64)PAGE_MAPPING_ANON);
	struct interval_search s = {
		.first = p->index, .last = p->index, .visit = visit_node, .pass = pass_node, .arg = w
	};
	struct rmap *r = w->k->rmap;

	rmap_load(r, w->c, a->va, r->k->layout.word);
	lock(r, w->c, a->root, RMAP_READ);
	if (has_trees(r))
		interval_search(&a->tree, &s);
	else
		walk_list(w, a, p->index);
	unlock(r, w->c, a->root, RMAP_READ);
}

/* ---- --check ---- */

struct census {
	const struct rmap *r;
	struct map64 active, chains; /* of each anon_vma, by its address on the host */
	u64 backed;
};

static void count(struct map64 *m, const struct anon_vma *a)
{
	u64 *n = map64_find(m, (uintptr_t)a);

	if (n)
		++*n;
	else
		map64_set(m, (uintptr_t)a, 1);
}

static void census_vma(struct census *s, const struct vma *v)
{
	const struct anon_vma_chain *avc, *newer = NULL;
	bool own = false;

	for (avc = v->rmap.anon.newest; avc; newer = avc, avc = avc->older) {
		ASSERT(avc->vma == v && avc->newer == newer && avc->anon_vma->root == v->rmap.anon_vma->root);
		own |= avc->anon_vma == v->rmap.anon_vma;
		s->backed += avc->va != 0;
		count(&s->chains, avc->anon_vma);
	}
	ASSERT(own == !!v->rmap.anon_vma);
	if (own)
		count(&s->active, v->rmap.anon_vma);
}

static void census_take(struct census *s)
{
	const struct mm *mm;
	u32 i;

	for (mm = s->r->k->mms; mm; mm = mm->next) {
		census_vma(s, &mm->implicit);
		for (i = 0; i < mm->vmas.n; i++)
			census_vma(s, mm->vmas.v[i]);
	}
}

static u32 list_length(const struct anon_vma *a)
{
	const struct anon_vma_chain *avc;
	u32 n = 0;

	for (avc = a->first; avc; avc = avc->next)
		n++;
	return n;
}

static void sane(const struct rmap *r)
{
	struct census s = { .r = r };
	const struct map64_slot *slot;

	census_take(&s);
	for (slot = map64_next(&s.chains, NULL); slot; slot = map64_next(&s.chains, slot)) {
		const struct anon_vma *a = (const struct anon_vma *)(uintptr_t)slot->key;
		const u64 *active = map64_find(&s.active, slot->key);

		ASSERT(a->n_chains == slot->value && a->active_vmas == (active ? *active : 0));
		ASSERT((has_trees(r) ? interval_sane(&a->tree) : list_length(a)) == a->n_chains);
	}
	ASSERT(s.backed == r->object[RMAP_OBJECT_ANON_VMA_CHAIN].objects);
	ASSERT(s.chains.n <= r->object[RMAP_OBJECT_ANON_VMA].objects);
	map64_fini(&s.active);
	map64_fini(&s.chains);
}

const struct rmap_ops rmap_anon_vma_chain = {
	.name = "anon_vma_chain",
	.prepare = prepare,
	.add_new = add_new,
	.add = rmap_count,
	.remove = rmap_uncount,
	.unlink = leave,
	.fork_vma = fork_vma,
	.split = split,
	.merge = merge,
	.mergeable = mergeable,
	.before_change = before_change,
	.after_change = after_change,
	.walk = walk,
	.sane = sane,
};
