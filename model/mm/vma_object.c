#include "model/mm/vma_object.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/slab.h"

/* Of a maple node: 15 pivots in its first two lines, slots in the others (include/linux/maple_tree.h). */
#define NODE_PIVOTS 128u
#define NODE_SLOTS  128u
/* Mappings in a leaf, and nodes below a node: 16 slots, two thirds full, in a leaf half of them gaps. */
#define LEAF_VMAS  5u
#define NODE_BELOW 10u

static u64 take(struct kernel *k, struct cpu *c, const char *cache)
{
	struct kmem_cache *kc = slabs_named(k->slabs, cache);

	return kc ? kmem_cache_alloc(kc, c, GFP_KERNEL) : 0;
}

static void give(struct kernel *k, struct cpu *c, const char *cache, u64 va)
{
	if (va)
		kmem_cache_free(slabs_named(k->slabs, cache), c, va);
}

bool mm_object_new(struct mm *mm, struct cpu *c)
{
	if (!mm->k->slabs)
		return true;
	mm->va = take(mm->k, c, "mm_struct");
	return mm->va;
}

static bool has_maple_tree(const struct kernel *k)
{
	return k->cfg.era == ERA_6_X;
}

/* Nodes of a tree of n mappings: leaves first, then the levels above; an empty tree has none. */
static u32 nodes_for(u32 n)
{
	u32 level = (n + LEAF_VMAS - 1) / LEAF_VMAS, all = level;

	while (level > 1) {
		level = (level + NODE_BELOW - 1) / NODE_BELOW;
		all += level;
	}
	return all;
}

static void settle_nodes(struct mm *mm, struct cpu *c, u32 n)
{
	struct vma_nodes *t = &mm->nodes;

	if (n > t->cap) {
		t->cap = MAX(n, t->cap * 2);
		t->va = xrealloc(t->va, t->cap * sizeof(*t->va));
	}
	while (t->n < n)
		t->va[t->n++] = take(mm->k, c, "maple_node");
	while (t->n > n)
		give(mm->k, c, "maple_node", t->va[--t->n]);
}

void vma_objects_settle(struct mm *mm, struct cpu *c)
{
	struct vma_set *s = &mm->vmas;
	struct kernel *k = mm->k;
	u32 i;

	if (!k->slabs)
		return;
	while (s->n_gone)
		give(k, c, "vm_area_struct", s->gone[--s->n_gone]);
	for (i = 0; s->fresh && i < s->n; i++)
		if (!s->v[i]->va)
			s->v[i]->va = take(k, c, "vm_area_struct");
	s->fresh = false;
	if (has_maple_tree(k))
		settle_nodes(mm, c, nodes_for(s->n));
}

void mm_objects_free(struct mm *mm, struct cpu *c)
{
	vma_objects_settle(mm, c);
	if (!mm->k->slabs)
		return;
	settle_nodes(mm, c, 0);
	free(mm->nodes.va);
	give(mm->k, c, "mm_struct", mm->va);
}

/* mt_find(): a node a level from the root down, its pivots and the slot. */
static void walk_nodes(struct mm *mm, struct cpu *c, enum kernel_path path, u32 index)
{
	u32 first[8], nth[8], level = (mm->vmas.n + LEAF_VMAS - 1) / LEAF_VMAS, at = 0, depth = 0;
	u32 node = MIN(index, mm->vmas.n - 1) / LEAF_VMAS;

	for (;; depth++) {
		ASSERT(depth < ARRAY_SIZE(first));
		first[depth] = at;
		nth[depth] = node;
		if (level <= 1)
			break;
		at += level;
		level = (level + NODE_BELOW - 1) / NODE_BELOW;
		node /= NODE_BELOW;
	}
	for (;; depth--) {
		u64 va = mm->nodes.va[first[depth] + nth[depth]];

		if (va) {
			charge_load(&mm->k->charger, c, path, va, NODE_PIVOTS);
			charge_load(&mm->k->charger, c, path, va + NODE_SLOTS + (index % 16 * 8), 8);
		}
		if (!depth)
			return;
	}
}

static void look_at(struct mm *mm, struct cpu *c, enum kernel_path path, u32 index)
{
	const struct vma *v = mm->vmas.v[index];

	if (v->va)
		charge_load(&mm->k->charger, c, path, v->va, 2 * mm->k->layout.word * 4);
}

/* find_vma(): mmap_cache, then down the tree. */
static void walk_links(struct mm *mm, struct cpu *c, enum kernel_path path, u32 index, bool cached)
{
	u32 low = 0, high = mm->vmas.n;

	while (!cached && low < high) {
		u32 mid = (low + high) / 2;

		look_at(mm, c, path, mid);
		if (mid == index)
			break;
		if (mid > index)
			high = mid;
		else
			low = mid + 1;
	}
}

void vma_object_find(struct mm *mm, struct cpu *c, enum kernel_path path, u64 va)
{
	struct vma_set *s = &mm->vmas;
	u32 last = s->last, index;

	if (!mm->k->slabs || !mm->k->charger.on || !s->n)
		return;
	index = vma_index(s, va);
	if (has_maple_tree(mm->k))
		walk_nodes(mm, c, path, index);
	else
		walk_links(mm, c, path, index, index == last);
	if (index < s->n)
		look_at(mm, c, path, index);
}
