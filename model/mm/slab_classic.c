/*
 * SLAB, mm/slab.c of 2.4 to 2.6.24: a LIFO array of objects a CPU, from 2.6 on a shared one behind them, then
 * slabs in three lists: partly used, full, empty. Each era's order of insertion into the lists is kept, for
 * it decides which slabs become empty; 2.4.0's one list, sorted by that, is three here, too.
 */
#include "model/mm/slab_impl.h"

#include <string.h>

#define BATCHREFILL_LIMIT 16u /* objects for a CPU that did nothing with the cache lately */

static bool is_24(const struct slabs *s)
{
	return s->era <= ERA_2_4_21;
}

static struct slab_layout layout(const struct kmem_cache *k)
{
	return slab_layout(SLAB_CLASSIC, k->s->era, k->s->word);
}

/* Lists, one a node where they are. */
static struct slab_node *node_for(struct kmem_cache *k, const struct cpu *c)
{
	return &k->node[c && k->n_nodes > 1 ? c->node : 0];
}

static u64 bufctl_va(const struct slab *sl, u32 i)
{
	const struct slabs *s = sl->cache->s;

	return sl->desc + s->desc_header + (u64)i * s->bufctl;
}

static void charge_slab(const struct slab *sl, struct cpu *c, u32 i, bool write)
{
	const struct slabs *s = sl->cache->s;

	if (!c)
		return;
	charge_store(s->ch, c, KPATH_SLAB_REFILL, sl->desc, s->desc_header);
	if (write)
		charge_store(s->ch, c, KPATH_SLAB_REFILL, bufctl_va(sl, i), s->bufctl);
	else
		charge_load(s->ch, c, KPATH_SLAB_REFILL, bufctl_va(sl, i), s->bufctl);
}

static void lists_lock(struct kmem_cache *k, struct cpu *c, struct slab_node *n)
{
	spin_lock(k->s->ch, c, KPATH_SLAB_REFILL, &n->lock);
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, n->va, 6 * k->s->word);
}

/* The slab to take from: partly used, else empty; NULL: none. */
static struct slab *first_slab(struct slab_node *n)
{
	if (n->partial.first)
		return n->partial.first;
	n->free_touched = true;
	return n->empty.first;
}

/* A slab that was taken from goes to the list that it belongs to. */
static void place_taken(struct kmem_cache *k, struct slab_node *n, struct slab *sl)
{
	bool full = sl->free == SLAB_NONE;

	if (sl->place == SLAB_PARTIAL && !full && is_24(k->s))
		return;
	slab_list_del(sl->place == SLAB_PARTIAL ? &n->partial : &n->empty, sl);
	if (!full)
		slab_list_add(&n->partial, sl, SLAB_PARTIAL);
	else
		slab_list_add(&n->full, sl, SLAB_FULL);
}

/* cache_alloc_one_tail() */
static u64 take_object(struct slab *sl, struct cpu *c)
{
	u32 i = sl->free;

	ASSERT(i < sl->objects);
	charge_slab(sl, c, i, false);
	sl->free = sl->link[i];
	sl->link[i] = SLAB_USED;
	sl->inuse++;
	return sl->va + (u64)i * sl->cache->g.size;
}

/* Entries of an array that are copied from, or to. */
static void charge_entries(const struct slabs *s, struct cpu *c, const struct array_cache *ac, u32 first,
			   u32 n, bool write)
{
	u64 va = ac->va + s->array_header + (u64)first * s->word;

	if (!n)
		return;
	if (write)
		charge_store(s->ch, c, KPATH_SLAB_REFILL, va, n * s->word);
	else
		charge_load(s->ch, c, KPATH_SLAB_REFILL, va, n * s->word);
}

/* From the shared array, its newest; how many. */
static u32 refill_shared(struct kmem_cache *k, struct cpu *c, struct array_cache *ac, u32 batch)
{
	struct slab_node *n = node_for(k, c);
	struct array_cache *shared = n->shared;
	const struct slabs *s = k->s;

	if (!shared)
		return 0;
	charge_store(s->ch, c, KPATH_SLAB_REFILL, shared->va, s->array_header);
	batch = MIN(batch, shared->avail);
	if (!batch)
		return 0;
	shared->avail -= batch;
	memcpy(ac->entry, &shared->entry[shared->avail], batch * sizeof(u64));
	charge_entries(s, c, shared, shared->avail, batch, false);
	charge_entries(s, c, ac, 0, batch, true);
	ac->avail = batch;
	shared->touched = true;
	return batch;
}

static void refill_slabs(struct kmem_cache *k, struct cpu *c, struct array_cache *ac, u32 batch)
{
	struct slab_node *n = node_for(k, c);
	const struct slabs *s = k->s;
	struct slab *sl;

	while (batch && (sl = first_slab(n))) {
		while (batch && sl->free != SLAB_NONE) {
			charge_step(s->ch, c, STEP_SLAB_REFILL_OBJECT);
			ac->entry[ac->avail++] = take_object(sl, c);
			batch--;
		}
		place_taken(k, n, sl);
	}
	charge_entries(s, c, ac, 0, ac->avail, true);
	n->free_objects -= ac->avail;
}

/* cache_alloc_refill(), kmem_cache_alloc_batch(): true if there are objects now. */
static bool refill(struct kmem_cache *k, struct cpu *c, struct array_cache *ac)
{
	struct slab_node *n = node_for(k, c);
	u32 batch = ac->batch;

	k->s->st.refills++;
	charge_step(k->s->ch, c, STEP_SLAB_REFILL);
	if (!ac->touched && batch > BATCHREFILL_LIMIT && !is_24(k->s))
		batch = BATCHREFILL_LIMIT;
	lists_lock(k, c, n);
	if (!refill_shared(k, c, ac, batch)) {
		k->s->st.node_refills++;
		refill_slabs(k, c, ac, batch);
	}
	spin_unlock(k->s->ch, c, &n->lock);
	return ac->avail > 0;
}

/* Where the descriptor is: in front of the objects, or an object of another cache. */
static bool place_descriptor(struct kmem_cache *k, struct cpu *c, u32 gfp, struct slab *sl, u32 colour)
{
	if (k->desc_cache) {
		sl->desc = kmem_cache_alloc(k->desc_cache, c, gfp & ~GFP_ZERO);
		sl->va += colour;
		return sl->desc != 0;
	}
	sl->desc = sl->va + colour;
	sl->va += colour + k->g.desc_bytes;
	return true;
}

static u32 next_colour(struct kmem_cache *k)
{
	u32 colour = k->colour_next;

	k->colour_next = colour + 1 < k->g.colours ? colour + 1 : 0;
	return colour * k->g.colour_off;
}

/* set_slab_attr(), cache_init_objs() */
static void charge_grow(struct kmem_cache *k, struct cpu *c, const struct slab *sl)
{
	const struct charger *ch = k->s->ch;
	u32 i;

	if (!c)
		return;
	charge_step(ch, c, STEP_SLAB_GROW);
	for (i = 0; i < 1u << sl->order; i++)
		charge_store(ch, c, KPATH_SLAB_GROW, page_struct_va(&k->s->pa->map, sl->pfn + i), 8);
	charge_store(ch, c, KPATH_SLAB_GROW, sl->desc, k->s->desc_header);
	for (i = 0; i < sl->objects; i++) {
		charge_step(ch, c, STEP_SLAB_GROW_OBJECT);
		charge_store(ch, c, KPATH_SLAB_GROW, bufctl_va(sl, i), k->s->bufctl);
		if (k->flags & SLAB_CONSTRUCTED)
			slab_charge_object(k, c, KPATH_SLAB_GROW, sl->va + (u64)i * k->g.size);
	}
}

/* cache_grow(), kmem_cache_grow() */
static bool grow(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	struct slab_node *n = node_for(k, c);
	u32 colour = next_colour(k);
	struct slab *sl = slab_get(k, c, gfp, k->g.order, k->g.num);

	if (!sl)
		return false;
	if (!place_descriptor(k, c, gfp, sl, colour)) {
		slab_put(sl, c);
		return false;
	}
	sl->node = (u8)(n - k->node);
	charge_grow(k, c, sl);
	lists_lock(k, c, n);
	slab_list_add_tail(&n->empty, sl, SLAB_EMPTY);
	n->free_objects += sl->objects;
	n->slabs++;
	spin_unlock(k->s->ch, c, &n->lock);
	return true;
}

/* Without an array: 2.4 on one processor, or of large objects. */
static u64 alloc_one(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	struct slab_node *n = node_for(k, c);
	struct slab *sl;
	u64 va = 0;

	do {
		lists_lock(k, c, n);
		sl = first_slab(n);
		if (sl) {
			va = take_object(sl, c);
			place_taken(k, n, sl);
			n->free_objects--;
		}
		spin_unlock(k->s->ch, c, &n->lock);
	} while (!va && grow(k, c, gfp));
	return va;
}

static u64 classic_alloc(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	struct array_cache *ac = &k->array[slab_cpu(c)];
	const struct slabs *s = k->s;

	charge_step(s->ch, c, STEP_SLAB_ALLOC);
	charge_load(s->ch, c, KPATH_SLAB, k->va + s->arrays + slab_cpu(c) * s->word, s->word);
	if (!ac->limit)
		return alloc_one(k, c, gfp);
	charge_store(s->ch, c, KPATH_SLAB, ac->va, s->array_header);
	if (likely(ac->avail)) {
		k->s->st.hits++;
	} else {
		while (!refill(k, c, ac) && grow(k, c, gfp) && !ac->avail)
			;
		if (!ac->avail)
			return 0;
	}
	ac->touched = true;
	ac->avail--;
	charge_load(s->ch, c, KPATH_SLAB, ac->va + s->array_header + ac->avail * s->word, s->word);
	return ac->entry[ac->avail];
}

void slab_destroy(struct slab *sl, struct cpu *c)
{
	struct kmem_cache *k = sl->cache;
	u64 desc = sl->desc;

	charge_step(k->s->ch, c, STEP_SLAB_DESTROY);
	k->node[sl->node].slabs--;
	slab_put(sl, c);
	if (k->desc_cache)
		kmem_cache_free(k->desc_cache, c, desc);
}

/* 2.4's lists; full: it was. A slab of one object that was full is the first to be taken again in 2.4.0. */
static void place_freed_24(struct kmem_cache *k, struct slab_node *n, struct slab *sl)
{
	bool full = sl->place == SLAB_FULL;

	if (sl->inuse && !full)
		return;
	slab_list_del(full ? &n->full : &n->partial, sl);
	if (sl->inuse)
		slab_list_add(&n->partial, sl, SLAB_PARTIAL);
	else if (k->s->era == ERA_2_4_0 && !full)
		slab_list_add_tail(&n->empty, sl, SLAB_EMPTY);
	else
		slab_list_add(&n->empty, sl, SLAB_EMPTY);
}

/* 2.6: the end of the partial list, so that the other objects get time to be freed, too. */
static void place_freed(struct kmem_cache *k, struct cpu *c, struct slab_node *n, struct slab *sl)
{
	slab_list_del(sl->place == SLAB_FULL ? &n->full : &n->partial, sl);
	if (sl->inuse) {
		slab_list_add_tail(&n->partial, sl, SLAB_PARTIAL);
	} else if (n->free_objects > n->free_limit) {
		n->free_objects -= sl->objects;
		k->s->st.shrunk++;
		slab_destroy(sl, c);
	} else {
		slab_list_add(&n->empty, sl, SLAB_EMPTY);
	}
}

static void give_object(struct kmem_cache *k, struct cpu *c, struct slab_node *n, u64 va)
{
	struct slab *sl = slab_of(k->s, va);
	u32 i = slab_object(sl, va);

	ASSERT(sl->cache == k && sl->link[i] == SLAB_USED);
	charge_step(k->s->ch, c, STEP_SLAB_FLUSH_OBJECT);
	if (c)
		charge_load(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl), 8);
	charge_slab(sl, c, i, true);
	sl->link[i] = sl->free;
	sl->free = (u16)i;
	sl->inuse--;
	if (is_24(k->s))
		place_freed_24(k, n, sl);
	else
		place_freed(k, c, n, sl);
}

/* The lock of the node's lists is held. All objects count as free before the first goes back: 2.6.0. */
void slab_free_block(struct kmem_cache *k, struct cpu *c, u32 node, const u64 *entry, u32 count)
{
	struct slab_node *n = &k->node[node];
	u32 i;

	n->free_objects += count;
	for (i = 0; i < count; i++)
		give_object(k, c, n, entry[i]);
}

/* To the shared array as far as there is room; how many. */
static u32 flush_shared(struct kmem_cache *k, struct cpu *c, struct array_cache *ac, u32 batch)
{
	struct array_cache *shared = node_for(k, c)->shared;
	const struct slabs *s = k->s;

	if (!shared)
		return 0;
	charge_store(s->ch, c, KPATH_SLAB_REFILL, shared->va, s->array_header);
	batch = MIN(batch, shared->limit - shared->avail);
	memcpy(&shared->entry[shared->avail], ac->entry, batch * sizeof(u64));
	charge_entries(s, c, ac, 0, batch, false);
	charge_entries(s, c, shared, shared->avail, batch, true);
	shared->avail += batch;
	return batch;
}

/* cache_flusharray(): the oldest ones leave, the others move down. 2.4 gives the newest and moves nothing. */
static void flush(struct kmem_cache *k, struct cpu *c, struct array_cache *ac)
{
	struct slab_node *n = node_for(k, c);
	const struct slabs *s = k->s;
	u32 node = (u32)(n - k->node), gone;

	k->s->st.flushes++;
	charge_step(s->ch, c, STEP_SLAB_FLUSH);
	lists_lock(k, c, n);
	if (is_24(s)) {
		ac->avail -= ac->batch;
		slab_free_block(k, c, node, &ac->entry[ac->avail], ac->batch);
		spin_unlock(s->ch, c, &n->lock);
		return;
	}
	gone = flush_shared(k, c, ac, ac->batch);
	if (!gone) {
		gone = ac->batch;
		slab_free_block(k, c, node, ac->entry, gone);
	}
	spin_unlock(s->ch, c, &n->lock);
	ac->avail -= gone;
	memmove(ac->entry, &ac->entry[gone], ac->avail * sizeof(u64));
	charge_entries(s, c, ac, 0, ac->avail, true);
}

/* To its slab at once: there is no array, or it belongs to another node (2.6.14 on). */
static void free_one(struct kmem_cache *k, struct cpu *c, u32 node, u64 va)
{
	struct slab_node *n = &k->node[node];

	lists_lock(k, c, n);
	slab_free_block(k, c, node, &va, 1);
	spin_unlock(k->s->ch, c, &n->lock);
}

static void classic_free(struct kmem_cache *k, struct cpu *c, u64 va)
{
	struct array_cache *ac = &k->array[slab_cpu(c)];
	const struct slabs *s = k->s;

	charge_step(s->ch, c, STEP_SLAB_FREE);
	charge_load(s->ch, c, KPATH_SLAB, k->va + s->arrays + slab_cpu(c) * s->word, s->word);
	if (k->n_nodes > 1 && &k->node[slab_of(s, va)->node] != node_for(k, c)) {
		free_one(k, c, slab_of(s, va)->node, va);
		return;
	}
	if (!ac->limit) {
		free_one(k, c, 0, va);
		return;
	}
	charge_store(s->ch, c, KPATH_SLAB, ac->va, s->array_header);
	if (likely(ac->avail < ac->limit))
		k->s->st.free_hits++;
	else
		flush(k, c, ac);
	charge_store(s->ch, c, KPATH_SLAB, ac->va + s->array_header + ac->avail * s->word, s->word);
	ac->entry[ac->avail++] = va;
}

/* Memory for an array: kmalloc()'s, before there is that, boot memory. */
static bool array_setup(struct kmem_cache *k, struct array_cache *ac, u32 limit)
{
	struct slabs *s = k->s;
	u32 bytes = s->array_header + limit * s->word;

	*ac = (struct array_cache){ .limit = limit, .batch = k->batch };
	ac->va = s->booted ? kmalloc(s, NULL, bytes, GFP_KERNEL) : slab_boot_alloc(s, &s->boot, bytes, 16);
	if (!ac->va)
		return false;
	ac->entry = xmalloc(MAX(limit, 1u) * sizeof(u64));
	return true;
}

static bool node_setup(struct kmem_cache *k, u32 node, const struct slab_layout *l)
{
	struct slab_node *n = &k->node[node];
	struct slabs *s = k->s;

	n->va = k->va + l->lists;
	n->lock.va = k->va + l->lock;
	n->lock.irqsave = true;
	if (l->node) {
		n->va = s->booted ? kmalloc(s, NULL, l->node, GFP_KERNEL)
				  : slab_boot_alloc(s, &s->boot, l->node, 16);
		n->lock.va = n->va + l->node_lock;
	}
	if (!n->va)
		return false;
	n->next_reap = 4;
	n->free_limit = (1 + s->cpus / k->n_nodes) * k->batch + k->g.num;
	if (!k->shared || !k->limit)
		return true;
	n->shared = xcalloc(1, sizeof(*n->shared));
	return array_setup(k, n->shared, k->batch * k->shared);
}

/* do_tune_cpucache(): arrays of all CPUs, then the shared one. */
static bool classic_setup(struct kmem_cache *k)
{
	struct slab_layout l = layout(k);
	u32 i;

	slab_classic_tunables(k->s, k->g.size, &k->limit, &k->batch, &k->shared);
	k->array = xcalloc(k->s->cpus, sizeof(*k->array));
	k->n_nodes = l.node ? k->s->nodes : 1;
	k->node = xcalloc(k->n_nodes, sizeof(*k->node));
	if (k->g.off_slab) {
		k->desc_cache = kmalloc_cache(k->s, k->g.desc_bytes, KMALLOC_NORMAL);
		ASSERT(k->desc_cache && !k->desc_cache->g.off_slab);
	}
	for (i = 0; k->limit && i < k->s->cpus; i++)
		if (!array_setup(k, &k->array[i], k->limit))
			return false;
	for (i = 0; i < k->n_nodes; i++)
		if (!node_setup(k, i, &l))
			return false;
	return true;
}

const struct slab_ops slab_classic_ops = {
	.alloc = classic_alloc,
	.free = classic_free,
	.shrink = slab_classic_shrink,
	.setup = classic_setup,
	.sane = slab_classic_sane,
	.info = slab_classic_info,
};
