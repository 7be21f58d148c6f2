/*
 * The half of objects since 2.6.7, and as a patch for 2.5: a page's mapping is its object, whose VMAs show it
 * where its index says, or not. The page itself keeps a count alone. D. McCracken, "Object-based Reverse
 * Mapping", OLS 2004.
 *
 * And the first structure for those VMAs: two lists, of private and of shared mappings, to 2.6.6. All are
 * looked at for every page; while somebody else has the lists, a page counts as referenced.
 */
#include "model/base/error.h"
#include "model/mm/page_cache.h"
#include "model/mm/rmap_halves.h"

static bool visit(struct i_mmap_scan *s, struct vma *v)
{
	struct rmap_walk *w = s->arg;

	rmap_load_range(s->r, s->c, v);
	return rmap_visit(w, v->mm, v, vma_address(v, s->first));
}

/* 2.5's page_referenced_obj() only tried i_shared_sem. */
static bool lock(struct rmap_walk *w, struct object *o)
{
	struct rmap *r = w->k->rmap;
	u64 va = rmap_i_mmap_lock_va(r, o);

	if (r->i_mmap == &i_mmap_list)
		return rmap_trylock(r, w->c, &o->i_mmap.lock, RMAP_LOCK_FILE, va, RMAP_READ);
	rmap_lock(r, w->c, &o->i_mmap.lock, RMAP_LOCK_FILE, va, RMAP_READ);
	return true;
}

static void walk(struct rmap_walk *w, struct page *p)
{
	struct object *o = page_object(p);
	struct i_mmap_scan s = {
		.r = w->k->rmap, .c = w->c, .first = p->index, .last = p->index, .vma = visit, .arg = w
	};

	if (!lock(w, o)) {
		w->busy = true;
		return;
	}
	s.r->i_mmap->scan(&s, o);
	w->nodes += s.nodes;
	rmap_unlock(s.r, w->c, &o->i_mmap.lock, RMAP_READ);
}

const struct rmap_ops rmap_objrmap = {
	.name = "objrmap",
	.add = rmap_count,
	.remove = rmap_uncount,
	.walk = walk,
};

/* ---- beside pte_chains, whose functions count objects' pages then ---- */

static void count_in_chain(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	rmap_chain_address(r, c);
	rmap_step(r, c, STEP_RMAP_CHAIN_COUNT, 1);
}

static void uncount_in_chain(struct rmap *r, struct cpu *c, struct page *p, const struct rmap_entry *e)
{
	rmap_chain_address(r, c);
	rmap_step(r, c, STEP_RMAP_CHAIN_UNCOUNT, 1);
}

/* A fault has a node ready before it knows whose page it will map. */
static bool prepare_chain(struct rmap *r, struct cpu *c, struct vma *v, u32 pages)
{
	return r->anon->prepare(r, c, v, pages);
}

const struct rmap_ops rmap_objrmap_chain = {
	.name = "objrmap",
	.prepare = prepare_chain,
	.add = count_in_chain,
	.remove = uncount_in_chain,
	.walk = walk,
};

/* ---- lists ---- */

static u32 list_of(const struct vma *v)
{
	return v->flags & MM_SHARED ? 1 : 0;
}

/* Three lines: the VMA's and those of its neighbours, of which the head is one. */
static void touch_links(const struct rmap *r, struct cpu *c, const struct object *o, const struct vma *v)
{
	const struct vma_links *l = &v->rmap.file.list;
	u32 word = r->k->layout.word;

	rmap_step(r, c, STEP_RMAP_LINK_LIST, 1);
	rmap_store_vma(r, c, v, r->vma.i_mmap, 2 * word);
	if (l->prev)
		rmap_store_vma(r, c, l->prev, r->vma.i_mmap, word);
	if (l->next)
		rmap_store_vma(r, c, l->next, r->vma.i_mmap, word);
	if (!l->prev || !l->next)
		rmap_store(r, c, rmap_i_mmap_va(r, o), word);
}

static void list_link(struct rmap *r, struct cpu *c, struct object *o, struct vma *v)
{
	struct vma **first = &o->i_mmap.first[list_of(v)], **last = &o->i_mmap.last[list_of(v)];

	v->rmap.file.list = (struct vma_links){ .prev = *last };
	*(*last ? &(*last)->rmap.file.list.next : first) = v;
	*last = v;
	touch_links(r, c, o, v);
}

static void list_unlink(struct rmap *r, struct cpu *c, struct object *o, struct vma *v)
{
	struct vma **first = &o->i_mmap.first[list_of(v)], **last = &o->i_mmap.last[list_of(v)];
	struct vma_links *l = &v->rmap.file.list;

	touch_links(r, c, o, v);
	*(l->prev ? &l->prev->rmap.file.list.next : first) = l->next;
	*(l->next ? &l->next->rmap.file.list.prev : last) = l->prev;
}

static bool scan_list(struct i_mmap_scan *s, struct vma *v)
{
	struct vma *next;

	for (; v; v = next) {
		next = v->rmap.file.list.next;
		if (next)
			__builtin_prefetch(next);
		rmap_load_vma(s->r, s->c, v, s->r->vma.i_mmap, s->r->k->layout.word);
		if (!s->vma(s, v))
			return false;
	}
	return true;
}

static void list_scan(struct i_mmap_scan *s, const struct object *o)
{
	rmap_load(s->r, s->c, rmap_i_mmap_va(s->r, o), s->r->k->layout.word);
	if (scan_list(s, o->i_mmap.first[0]))
		scan_list(s, o->i_mmap.first[1]);
}

static u32 list_sane(const struct object *o)
{
	const struct vma *v, *prev;
	u32 n = 0, i;

	for (i = 0; i < 2; i++) {
		for (prev = NULL, v = o->i_mmap.first[i]; v; prev = v, v = v->rmap.file.list.next) {
			ASSERT(v->object == o && list_of(v) == i && v->rmap.file.list.prev == prev);
			n++;
		}
		ASSERT(o->i_mmap.last[i] == prev);
	}
	return n;
}

const struct i_mmap_ops i_mmap_list = {
	.name = "list",
	.link = list_link,
	.unlink = list_unlink,
	.scan = list_scan,
	.sane = list_sane,
};
