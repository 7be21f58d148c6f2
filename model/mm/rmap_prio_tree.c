/*
 * The VMAs of an object in a priority search tree, 2.6.7 to 3.6: mm/prio_tree.c. Of those with the same pages
 * one is in the tree and has the others in a list (vm_set). R. Venkatasubramanian, 2004. For rmap_halves.c.
 */
#include "model/base/error.h"
#include "model/mm/rmap_halves.h"

static struct vma *vma_of(const struct prio_node *n)
{
	return container_of(n, struct vma, rmap.file.prio.node);
}

struct touched {
	const struct rmap *r;
	struct cpu *c;
	u32 nodes;
};

/* A node is compared by its vm_pgoff and length. */
static void touch_node(void *arg, const struct prio_node *n)
{
	struct touched *t = arg;

	t->nodes++;
	rmap_load_vma(t->r, t->c, vma_of(n), t->r->vma.i_mmap, 4 * t->r->k->layout.word);
	rmap_load_range(t->r, t->c, vma_of(n));
}

/* The VMA, and the node above it or the root. */
static void touch_changed(const struct touched *t, const struct object *o, const struct vma *v)
{
	const struct prio_node *parent = v->rmap.file.prio.node.parent;
	u32 word = t->r->k->layout.word;

	rmap_step(t->r, t->c, STEP_RMAP_LINK_PRIO, 1);
	rmap_step(t->r, t->c, STEP_RMAP_LINK_PRIO_LEVEL, t->nodes);
	rmap_store_vma(t->r, t->c, v, t->r->vma.i_mmap, 4 * word);
	if (parent)
		rmap_store_vma(t->r, t->c, vma_of(parent), t->r->vma.i_mmap, 3 * word);
	else
		rmap_store(t->r, t->c, rmap_i_mmap_va(t->r, o), word);
}

/* ---- vm_set ---- */

/* `in_tree` has v at the end of its list: vma_prio_tree_add(). */
static void set_add(struct rmap *r, struct cpu *c, struct vma *in_tree, struct vma *v)
{
	struct vma_prio *set = &in_tree->rmap.file.prio, *p = &v->rmap.file.prio;
	u32 word = r->k->layout.word;

	*p = (struct vma_prio){ .in_tree = in_tree, .links = { .prev = set->last } };
	*(set->last ? &set->last->rmap.file.prio.links.next : &set->first) = v;
	rmap_store_vma(r, c, v, r->vma.i_mmap, 4 * word);
	rmap_store_vma(r, c, set->last ? set->last : in_tree, r->vma.i_mmap, word);
	set->last = v;
}

static void set_remove(struct rmap *r, struct cpu *c, struct vma *v)
{
	struct vma_links *l = &v->rmap.file.prio.links;
	struct vma_prio *set = &v->rmap.file.prio.in_tree->rmap.file.prio;
	u32 word = r->k->layout.word;

	*(l->prev ? &l->prev->rmap.file.prio.links.next : &set->first) = l->next;
	*(l->next ? &l->next->rmap.file.prio.links.prev : &set->last) = l->prev;
	if (l->prev)
		rmap_store_vma(r, c, l->prev, r->vma.i_mmap, word);
	if (l->next)
		rmap_store_vma(r, c, l->next, r->vma.i_mmap, word);
}

/* The first of the list takes the place in the tree. */
static void set_inherit(struct rmap *r, struct cpu *c, struct prio_tree *t, struct vma *v)
{
	struct vma *heir = v->rmap.file.prio.first, *w;
	struct vma_prio *p = &heir->rmap.file.prio, *was = &v->rmap.file.prio;

	p->node.start = was->node.start;
	p->node.last = was->node.last;
	prio_replace(t, &was->node, &p->node);
	p->first = p->links.next;
	p->last = p->first ? was->last : NULL;
	p->links = (struct vma_links){ 0 };
	if (p->first)
		p->first->rmap.file.prio.links.prev = NULL;
	for (w = p->first; w; w = w->rmap.file.prio.links.next)
		w->rmap.file.prio.in_tree = heir;
	p->in_tree = heir;
	rmap_store_vma(r, c, heir, r->vma.i_mmap, 4 * r->k->layout.word);
}

/* ---- the structure ---- */

static void link_vma(struct rmap *r, struct cpu *c, struct object *o, struct vma *v)
{
	struct touched t = { .r = r, .c = c };
	struct vma_prio *p = &v->rmap.file.prio;
	struct prio_node *n;

	*p = (struct vma_prio){ .in_tree = v };
	p->node.start = v->pgoff;
	p->node.last = linear_page_index(v, v->end) - 1;
	o->i_mmap.prio.word_bits = r->k->layout.word * 8;
	n = prio_insert(&o->i_mmap.prio, &p->node, touch_node, &t);
	if (n != &p->node)
		set_add(r, c, vma_of(n), v);
	touch_changed(&t, o, vma_of(n));
}

static void unlink_vma(struct rmap *r, struct cpu *c, struct object *o, struct vma *v)
{
	struct touched t = { .r = r, .c = c };
	struct vma_prio *p = &v->rmap.file.prio;

	if (p->in_tree != v) {
		set_remove(r, c, v);
	} else if (p->first) {
		set_inherit(r, c, &o->i_mmap.prio, v);
	} else {
		prio_remove(&o->i_mmap.prio, &p->node, touch_node, &t);
		touch_changed(&t, o, v);
	}
}

static bool visit(struct prio_search *s, struct prio_node *n)
{
	struct i_mmap_scan *scan = s->arg;
	struct vma *v = vma_of(n);

	if (!scan->vma(scan, v))
		return false;
	for (v = v->rmap.file.prio.first; v; v = v->rmap.file.prio.links.next) {
		rmap_load_vma(scan->r, scan->c, v, scan->r->vma.i_mmap, scan->r->k->layout.word);
		if (!scan->vma(scan, v))
			return false;
	}
	return true;
}

static void pass(void *arg, const struct prio_node *n)
{
	struct i_mmap_scan *scan = arg;
	struct touched t = { .r = scan->r, .c = scan->c };

	scan->nodes++;
	rmap_step(scan->r, scan->c, STEP_RMAP_NODE, 1);
	touch_node(&t, n);
}

static void scan(struct i_mmap_scan *scan, const struct object *o)
{
	struct prio_search s = {
		.first = scan->first, .last = scan->last, .visit = visit, .pass = pass, .arg = scan
	};

	rmap_load(scan->r, scan->c, rmap_i_mmap_va(scan->r, o), scan->r->k->layout.word);
	prio_search(&o->i_mmap.prio, &s);
}

struct census {
	const struct object *o;
	u32 vmas;
};

static void check_vma(struct census *s, const struct vma *v, const struct vma *in_tree)
{
	ASSERT(v->object == s->o && v->rmap.file.prio.in_tree == in_tree);
	ASSERT(v->pgoff == in_tree->pgoff && v->end - v->start == in_tree->end - in_tree->start);
	s->vmas++;
}

static void check_node(void *arg, struct prio_node *n)
{
	const struct vma *v = vma_of(n), *w, *prev = NULL;
	struct census *s = arg;

	ASSERT(n->start == v->pgoff && n->last == linear_page_index(v, v->end) - 1);
	check_vma(s, v, v);
	for (w = v->rmap.file.prio.first; w; prev = w, w = w->rmap.file.prio.links.next) {
		ASSERT(w->rmap.file.prio.links.prev == prev);
		check_vma(s, w, v);
	}
	ASSERT(v->rmap.file.prio.last == prev);
}

static u32 sane(const struct object *o)
{
	struct census s = { .o = o };

	prio_sane(&o->i_mmap.prio, check_node, &s);
	return s.vmas;
}

const struct i_mmap_ops i_mmap_prio_tree = {
	.name = "prio_tree",
	.link = link_vma,
	.unlink = unlink_vma,
	.scan = scan,
	.moves = true,
	.sane = sane,
};
