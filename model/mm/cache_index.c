#include "model/mm/cache_index.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/mm/slab.h"

/* ---- nodes ---- */

/* radix_tree_preload(), xas_nomem() */
static struct cache_node *node_new(struct cache_nodes *nodes, struct cpu *c)
{
	struct cache_node *n;
	u64 va = nodes->slab ? kmem_cache_alloc(nodes->slab, c, GFP_KERNEL) : 0;

	if (nodes->slab && !va)
		return NULL;
	n = xcalloc(1, sizeof(*n));
	n->va = va;
	nodes->n++;
	return n;
}

static void node_free(struct cache_nodes *nodes, struct cpu *c, struct cache_node *n)
{
	if (n->va)
		kmem_cache_free(nodes->slab, c, n->va);
	nodes->n--;
	free(n);
}

struct cache_node *cache_index_leaf(const struct page_index *ix, u64 index)
{
	struct cache_node *n = ix->root;

	if (!n || !cache_node_covers(n, index))
		return NULL;
	while (n && n->shift)
		n = n->below[cache_node_slot(n, index)];
	return n;
}

u64 cache_index_load(const struct page_index *ix, u64 index)
{
	const struct cache_node *leaf = cache_index_leaf(ix, index);

	if (leaf)
		return leaf->entry[cache_node_slot(leaf, index)];
	return ix->root || index ? 0 : ix->first;
}

/* ---- growing ---- */

/* Of the root that an index needs. */
static u32 shift_for(u64 index)
{
	return index ? log2_floor(index) / CACHE_NODE_SHIFT * CACHE_NODE_SHIFT : 0;
}

/* A root as high as the index needs, or one more level on top of what there is. */
static void put_root(struct page_index *ix, struct cache_node *n, u64 index)
{
	struct cache_node *old = ix->root;
	u32 t;

	n->shift = (u8)(old ? old->shift + CACHE_NODE_SHIFT : ix->first ? 0 : shift_for(index));
	n->count = old || ix->first;
	for (t = 0; t < NR_CACHE_TAGS; t++)
		n->tag[t] = old ? old->tag[t] != 0 : ix->first_tag[t];
	if (old) {
		n->below[0] = old;
		old->parent = n;
	} else if (ix->first) {
		n->entry[0] = ix->first;
	}
	ix->root = n;
	ix->first = 0;
	memset(ix->first_tag, 0, sizeof(ix->first_tag));
}

static void put_child(struct cache_node *parent, struct cache_node *n, u64 index)
{
	u32 slot = cache_node_slot(parent, index);

	n->shift = parent->shift - CACHE_NODE_SHIFT;
	n->parent = parent;
	n->offset = (u8)slot;
	parent->below[slot] = n;
	parent->count++;
}

/* Whether the index has a leaf; if not, under which node the next one is missing, NULL: above the root. */
static bool is_reached(const struct page_index *ix, u64 index, struct cache_node **under)
{
	struct cache_node *n;

	*under = NULL;
	if (!ix->root || !cache_node_covers(ix->root, index))
		return false;
	for (n = ix->root; n->shift; n = n->below[cache_node_slot(n, index)]) {
		if (n->below[cache_node_slot(n, index)])
			continue;
		*under = n;
		return false;
	}
	return true;
}

/*
 * Memory comes first, as by radix_tree_preload() and xas_nomem(): to get it, pages of this very index may be
 * reclaimed, and nodes with them. What is missing is seen after that.
 */
static bool reach(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c, u64 index)
{
	struct cache_node *ready = NULL, *under;

	while (!is_reached(ix, index, &under)) {
		if (!ready) {
			ready = node_new(nodes, c);
			if (!ready)
				return false;
			continue;
		}
		if (under)
			put_child(under, ready, index);
		else
			put_root(ix, ready, index);
		ready = NULL;
	}
	if (ready)
		node_free(nodes, c, ready);
	return true;
}

/* ---- shrinking ---- */

static void clear_tag(struct cache_node *n, u32 slot, u32 tag)
{
	for (; n; slot = n->offset, n = n->parent) {
		n->tag[tag] &= ~(1ull << slot);
		if (n->tag[tag])
			return;
	}
}

static void set_tag(struct cache_node *n, u32 slot, u32 tag)
{
	for (; n && !(n->tag[tag] >> slot & 1); slot = n->offset, n = n->parent)
		n->tag[tag] |= 1ull << slot;
}

/* A root whose only child is the first one is not needed: radix_tree_shrink(), xas_shrink(). */
static void lower_root(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c)
{
	struct cache_node *n;
	u32 t;

	while ((n = ix->root) && n->count == 1 && nodes->shrinks) {
		if (n->shift ? !n->below[0] : !n->entry[0])
			return;
		ix->root = n->shift ? n->below[0] : NULL;
		if (ix->root)
			ix->root->parent = NULL;
		else
			ix->first = n->entry[0];
		for (t = 0; t < NR_CACHE_TAGS && !ix->root; t++)
			ix->first_tag[t] = n->tag[t];
		node_free(nodes, c, n);
	}
}

/* Nodes without entries go. */
static void prune(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c, struct cache_node *n)
{
	struct cache_node *parent;

	for (; n && !n->count; n = parent) {
		parent = n->parent;
		if (parent) {
			ASSERT(ix->root != n);
			parent->below[n->offset] = NULL;
			parent->count--;
		} else {
			ix->root = NULL;
		}
		node_free(nodes, c, n);
	}
	lower_root(ix, nodes, c);
}

/* The lowest node on the way to an index. */
static struct cache_node *lowest(const struct page_index *ix, u64 index)
{
	struct cache_node *n = ix->root;

	if (!n || !cache_node_covers(n, index))
		return NULL;
	while (n->shift && n->below[cache_node_slot(n, index)])
		n = n->below[cache_node_slot(n, index)];
	return n;
}

/* ---- entries ---- */

static void count(struct page_index *ix, u64 entry, u64 by)
{
	if (cache_is_value(entry))
		ix->values += by;
	else if (entry)
		ix->pages += by;
}

static void put_first(struct page_index *ix, u64 entry)
{
	count(ix, ix->first, ~(u64)0);
	count(ix, entry, 1);
	ix->first = entry;
	memset(ix->first_tag, 0, sizeof(ix->first_tag));
}

static void put_entry(struct page_index *ix, struct cache_node *leaf, u32 slot, u64 entry)
{
	u64 old = leaf->entry[slot];
	u32 t;

	count(ix, old, ~(u64)0);
	count(ix, entry, 1);
	leaf->count += (entry != 0) - (old != 0);
	for (t = 0; t < NR_CACHE_TAGS; t++)
		clear_tag(leaf, slot, t);
	leaf->entry[slot] = entry;
}

bool cache_index_store(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c, u64 index, u64 entry)
{
	struct cache_node *leaf;

	if (!ix->root && !index) {
		put_first(ix, entry);
		return true;
	}
	if (!entry && !cache_index_load(ix, index))
		return true;
	if (!reach(ix, nodes, c, index)) {
		prune(ix, nodes, c, lowest(ix, index));
		return false;
	}
	leaf = cache_index_leaf(ix, index);
	put_entry(ix, leaf, cache_node_slot(leaf, index), entry);
	if (!entry)
		prune(ix, nodes, c, leaf);
	return true;
}

void cache_index_tag(struct page_index *ix, u64 index, enum cache_tag tag, bool on)
{
	struct cache_node *leaf = cache_index_leaf(ix, index);

	ASSERT(cache_pfn(cache_index_load(ix, index)) != NO_FRAME);
	if (!leaf)
		ix->first_tag[tag] = on;
	else if (on)
		set_tag(leaf, cache_node_slot(leaf, index), tag);
	else
		clear_tag(leaf, cache_node_slot(leaf, index), tag);
}

bool cache_index_tagged(const struct page_index *ix, u64 index, enum cache_tag tag)
{
	const struct cache_node *leaf = cache_index_leaf(ix, index);

	if (leaf)
		return leaf->tag[tag] >> cache_node_slot(leaf, index) & 1;
	return !ix->root && !index && ix->first_tag[tag];
}

/* ---- looking for the next one ---- */

/* Slots of a node that have something to find. */
static u64 full_slots(const struct cache_node *n, u32 tag)
{
	u64 full = 0;
	u32 i;

	if (tag < NR_CACHE_TAGS)
		return n->tag[tag];
	for (i = 0; i < CACHE_NODE_SLOTS; i++)
		full |= (u64)(n->shift ? n->below[i] != NULL : n->entry[i] != 0) << i;
	return full;
}

static u64 next(const struct page_index *ix, u64 *index, u32 tag)
{
	const struct cache_node *n = ix->root;
	u64 full;
	u32 slot;

	if (!n) {
		bool found = !*index && ix->first && (tag == NR_CACHE_TAGS || ix->first_tag[tag]);

		return found ? ix->first : 0;
	}
	if (!cache_node_covers(n, *index))
		return 0;
	for (;;) {
		slot = cache_node_slot(n, *index);
		full = full_slots(n, tag) >> slot;
		if (full & 1) {
			if (!n->shift)
				return n->entry[slot];
			n = n->below[slot];
			continue;
		}
		/* From the first index of the next slot on, in this node or in one above. */
		slot += full ? (u32)__builtin_ctzll(full) : CACHE_NODE_SLOTS - slot;
		while (slot == CACHE_NODE_SLOTS) {
			slot = n->offset + 1u;
			n = n->parent;
			if (!n)
				return 0;
		}
		*index = (*index >> n->shift >> CACHE_NODE_SHIFT << CACHE_NODE_SHIFT | slot) << n->shift;
	}
}

u64 cache_index_next(const struct page_index *ix, u64 *index)
{
	return next(ix, index, NR_CACHE_TAGS);
}

u64 cache_index_next_tagged(const struct page_index *ix, u64 *index, enum cache_tag tag)
{
	return next(ix, index, tag);
}

/* ---- the whole tree ---- */

static void free_below(struct cache_nodes *nodes, struct cpu *c, struct cache_node *n)
{
	u32 i;

	for (i = 0; n->shift && i < CACHE_NODE_SLOTS; i++)
		if (n->below[i])
			free_below(nodes, c, n->below[i]);
	node_free(nodes, c, n);
}

void cache_index_clear(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c)
{
	if (ix->root)
		free_below(nodes, c, ix->root);
	*ix = (struct page_index){ 0 };
}

static u64 node_sane(const struct cache_node *n, struct page_index *sum)
{
	u64 nodes = 1, i, t;
	u32 full = 0;

	for (i = 0; i < CACHE_NODE_SLOTS; i++) {
		const struct cache_node *child = n->shift ? n->below[i] : NULL;

		full += n->shift ? child != NULL : n->entry[i] != 0;
		if (!n->shift)
			count(sum, n->entry[i], 1);
		for (t = 0; t < NR_CACHE_TAGS; t++)
			if (n->tag[t] >> i & 1)
				ASSERT(n->shift ? child && child->tag[t]
						: cache_pfn(n->entry[i]) != NO_FRAME);
			else
				ASSERT(!child || !child->tag[t]);
		if (!child)
			continue;
		ASSERT(child->parent == n && child->offset == i);
		ASSERT(child->shift + CACHE_NODE_SHIFT == n->shift);
		nodes += node_sane(child, sum);
	}
	ASSERT(n->count && n->count == full);
	return nodes;
}

u64 cache_index_sane(const struct page_index *ix)
{
	struct page_index sum = { 0 };
	u64 nodes = 0;

	ASSERT(!ix->root || (!ix->root->parent && !ix->first));
	if (ix->root)
		nodes = node_sane(ix->root, &sum);
	else
		count(&sum, ix->first, 1);
	ASSERT(sum.pages == ix->pages && sum.values == ix->values);
	return nodes;
}
