/*
 * The VMAs of an object in an interval tree, since 3.7: mm/interval_tree.c. Private and shared ones are in
 * one tree; its nodes lie in the VMAs. For rmap_halves.c.
 */
#include "model/base/error.h"
#include "model/mm/rmap_halves.h"

static struct vma *vma_of(const struct interval_node *n)
{
	return container_of(n, struct vma, rmap.file.interval);
}

static void touch_node(const struct rmap *r, struct cpu *c, const struct interval_node *n)
{
	const struct vma *v = vma_of(n);

	rmap_load_vma(r, c, v, r->vma.i_mmap, 4 * r->k->layout.word);
	rmap_load_vma(r, c, v, r->vma.pgoff, r->k->layout.word);
}

/* The node, what it hangs below, and the root. */
static void touch_changed(const struct rmap *r, struct cpu *c, const struct object *o, const struct vma *v)
{
	const struct interval_node *parent = v->rmap.file.interval.parent;
	u32 word = r->k->layout.word;

	rmap_store_vma(r, c, v, r->vma.i_mmap, 4 * word);
	if (parent)
		rmap_store_vma(r, c, vma_of(parent), r->vma.i_mmap, 4 * word);
	else
		rmap_store(r, c, rmap_i_mmap_va(r, o), word);
}

static void link_vma(struct rmap *r, struct cpu *c, struct object *o, struct vma *v)
{
	struct interval_node *n = &v->rmap.file.interval;

	n->start = v->pgoff;
	n->last = linear_page_index(v, v->end) - 1;
	interval_insert(&o->i_mmap.tree, n);
	rmap_touch_path(r, c, n, touch_node);
	touch_changed(r, c, o, v);
}

static void unlink_vma(struct rmap *r, struct cpu *c, struct object *o, struct vma *v)
{
	rmap_touch_path(r, c, &v->rmap.file.interval, touch_node);
	touch_changed(r, c, o, v);
	interval_remove(&o->i_mmap.tree, &v->rmap.file.interval);
}

static bool visit(struct interval_search *s, struct interval_node *n)
{
	struct i_mmap_scan *scan = s->arg;

	return scan->vma(scan, vma_of(n));
}

static void pass(struct interval_search *s, const struct interval_node *n)
{
	struct i_mmap_scan *scan = s->arg;

	scan->nodes++;
	rmap_step(scan->r, scan->c, STEP_RMAP_NODE, 1);
	touch_node(scan->r, scan->c, n);
}

static void scan(struct i_mmap_scan *scan, const struct object *o)
{
	struct interval_search s = {
		.first = scan->first, .last = scan->last, .visit = visit, .pass = pass, .arg = scan
	};

	rmap_load(scan->r, scan->c, rmap_i_mmap_va(scan->r, o), scan->r->k->layout.word);
	interval_search(&o->i_mmap.tree, &s);
}

static void check_node(void *arg, struct interval_node *n)
{
	const struct vma *v = vma_of(n);

	ASSERT(v->object == arg && n->start == v->pgoff && n->last == linear_page_index(v, v->end) - 1);
}

static u32 sane(const struct object *o)
{
	interval_each(&o->i_mmap.tree, check_node, (void *)(uintptr_t)o);
	return interval_sane(&o->i_mmap.tree);
}

const struct i_mmap_ops i_mmap_interval_tree = {
	.name = "interval_tree",
	.link = link_vma,
	.unlink = unlink_vma,
	.scan = scan,
	.moves = true,
	.sane = sane,
};
