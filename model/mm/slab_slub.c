/*
 * SLUB, mm/slub.c: a CPU takes objects of one slab, from a list of its own; other CPUs' frees go to the
 * slab's list. What lies below, slabs that are nobody's, is in slab_node.c.
 */
#include "model/mm/slab_impl.h"

static bool is_6x(const struct kmem_cache *k)
{
	return k->s->era == ERA_6_X;
}

static u64 object_va(const struct slab *sl, u32 i)
{
	return sl->va + (u64)i * sl->cache->g.size;
}

static void charge_pointer(const struct slab *sl, struct cpu *c, u32 i, bool write)
{
	const struct kmem_cache *k = sl->cache;
	u64 va = object_va(sl, i) + k->g.pointer;

	if (write)
		charge_store(k->s->ch, c, KPATH_SLAB, va, k->s->word);
	else
		charge_load(k->s->ch, c, KPATH_SLAB, va, k->s->word);
}

/* The next object's pointer is fetched for the next call: prefetch_freepointer(), from 3.3 on. */
static u64 take(struct cpu_slab *cs, struct cpu *c)
{
	struct slab *sl = cs->slab;
	u32 i = cs->free;

	cs->free = sl->link[i];
	sl->link[i] = SLAB_USED;
	charge_pointer(sl, c, i, false);
	if (cs->free != SLAB_NONE && is_6x(sl->cache))
		charge_pointer(sl, c, cs->free, false);
	return object_va(sl, i);
}

/* get_freelist(): all free objects of a slab become the CPU's. False: it has none. */
static bool load_freelist(struct kmem_cache *k, struct cpu *c, struct cpu_slab *cs)
{
	struct slab *sl = cs->slab;

	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl) + 2 * k->s->word, 2 * k->s->word);
	cs->free = sl->free;
	sl->free = SLAB_NONE;
	sl->inuse = sl->objects;
	return cs->free != SLAB_NONE;
}

static void take_slab(struct cpu_slab *cs, struct slab *sl)
{
	cs->slab = sl;
	sl->place = SLAB_CPU;
}

/* allocate_slab(): without much ado for a large block, else the smallest that holds an object. */
static struct slab *new_slab(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	u32 try = (gfp | GFP_NOWARN | GFP_NORETRY) & ~GFP_NOFAIL, i;
	const struct charger *ch = k->s->ch;
	struct slab *sl;

	if (k->g.order > k->g.least && gfp & GFP_DIRECT_RECLAIM && is_6x(k))
		try = (try | GFP_NOMEMALLOC) & ~GFP_DIRECT_RECLAIM;
	charge_step(ch, c, STEP_SLAB_GROW);
	sl = slab_get(k, c, try, k->g.order, k->g.num);
	if (!sl)
		sl = slab_get(k, c, gfp, k->g.least, (k->s->page_bytes << k->g.least) / k->g.size);
	if (!sl)
		return NULL;
	k->node[sl->node].slabs++;
	charge_store(ch, c, KPATH_SLAB_GROW, slab_struct_va(sl), 8 * k->s->word);
	for (i = 0; c && i < sl->objects; i++) {
		charge_step(ch, c, STEP_SLAB_GROW_OBJECT);
		if (k->flags & SLAB_CONSTRUCTED)
			slab_charge_object(k, c, KPATH_SLAB_GROW, object_va(sl, i));
		charge_store(ch, c, KPATH_SLAB_GROW, object_va(sl, i) + k->g.pointer, k->s->word);
	}
	return sl;
}

/* The slab of a CPU has no more: the next of its own, of a node, or a new one; false: no memory. */
static bool next_slab(struct kmem_cache *k, struct cpu *c, u32 gfp, struct cpu_slab *cs)
{
	struct slab *sl = cs->partial;

	if (sl) {
		cs->partial = sl->next;
		charge_load(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl), k->s->word);
		take_slab(cs, sl);
		return true;
	}
	sl = slub_get_partial(k, c, gfp);
	k->s->st.node_refills++;
	if (!sl)
		sl = new_slab(k, c, gfp);
	if (!sl)
		return false;
	if (cs->slab)
		slub_deactivate(k, c, cs);
	take_slab(cs, sl);
	return true;
}

/* ___slab_alloc() */
static u64 alloc_slow(struct kmem_cache *k, struct cpu *c, u32 gfp, struct cpu_slab *cs)
{
	k->s->st.refills++;
	charge_step(k->s->ch, c, STEP_SLUB_SLOW);
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, cs->va, 3 * k->s->word);
	if (cs->slab && !load_freelist(k, c, cs)) {
		cs->slab->place = SLAB_NOWHERE;
		cs->slab = NULL;
	}
	if (!cs->slab) {
		if (!next_slab(k, c, gfp, cs))
			return 0;
		load_freelist(k, c, cs);
	}
	ASSERT(cs->free != SLAB_NONE);
	return take(cs, c);
}

static u64 slub_alloc(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	struct cpu_slab *cs = &k->cpu[slab_cpu(c)];

	charge_step(k->s->ch, c, STEP_SLAB_ALLOC);
	charge_load(k->s->ch, c, KPATH_SLAB, k->va, k->s->word);
	charge_store(k->s->ch, c, KPATH_SLAB, cs->va, 2 * k->s->word);
	if (unlikely(cs->free == SLAB_NONE))
		return alloc_slow(k, c, gfp, cs);
	k->s->st.hits++;
	return take(cs, c);
}

static void lists_lock(struct kmem_cache *k, struct cpu *c, struct slab_node *n)
{
	spin_lock(k->s->ch, c, KPATH_SLAB_REFILL, &n->lock);
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, n->va + k->s->word, 3 * k->s->word);
}

/*
 * __slab_free() of a slab that is not the CPU's; was_full: nobody listed it. An empty slab leaves: 6.x while
 * the node has enough others, 2.6.37 always.
 */
static void place_freed(struct kmem_cache *k, struct cpu *c, struct slab *sl, bool was_full)
{
	struct slab_node *n = &k->node[sl->node];
	bool empty = !sl->inuse, enough = !is_6x(k) || n->partial.n >= k->min_partial, gone;

	if (sl->place == SLAB_CPU)
		return;
	if (k->cpu_partial && was_full) {
		slub_put_cpu_partial(k, c, sl, true);
		return;
	}
	if (!empty && !was_full)
		return;
	lists_lock(k, c, n);
	gone = empty && enough && (was_full || sl->place == SLAB_PARTIAL);
	if (gone && sl->place == SLAB_PARTIAL)
		slab_list_del(&n->partial, sl);
	else if (was_full && !gone)
		slub_add_partial(sl, true);
	spin_unlock(k->s->ch, c, &n->lock);
	if (gone) {
		k->s->st.shrunk++;
		slub_discard(sl, c);
	}
}

static void free_slow(struct kmem_cache *k, struct cpu *c, struct slab *sl, u32 i)
{
	bool was_full = sl->free == SLAB_NONE;

	charge_step(k->s->ch, c, STEP_SLUB_FREE_SLOW);
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl) + 2 * k->s->word, 2 * k->s->word);
	sl->link[i] = sl->free;
	sl->free = (u16)i;
	sl->inuse--;
	place_freed(k, c, sl, was_full);
}

/* virt_to_head_page(): of a compound page's tail, first its own struct page. */
static void charge_head(const struct slab *sl, struct cpu *c, u64 va)
{
	const struct slabs *s = sl->cache->s;
	u64 pfn = (va - s->direct_map) >> s->shift;

	charge_load(s->ch, c, KPATH_SLAB, page_struct_va(&s->pa->map, pfn), s->word);
	if (pfn != sl->pfn)
		charge_load(s->ch, c, KPATH_SLAB, slab_struct_va(sl), s->word);
}

static void slub_free(struct kmem_cache *k, struct cpu *c, u64 va)
{
	struct cpu_slab *cs = &k->cpu[slab_cpu(c)];
	struct slab *sl = slab_of(k->s, va);
	u32 i = slab_object(sl, va);

	ASSERT(sl->cache == k && sl->link[i] == SLAB_USED);
	charge_step(k->s->ch, c, STEP_SLAB_FREE);
	if (c)
		charge_head(sl, c, va);
	charge_load(k->s->ch, c, KPATH_SLAB, k->va, k->s->word);
	charge_pointer(sl, c, i, true);
	if (unlikely(sl != cs->slab)) {
		free_slow(k, c, sl, i);
		return;
	}
	charge_store(k->s->ch, c, KPATH_SLAB, cs->va, 2 * k->s->word);
	k->s->st.free_hits++;
	sl->link[i] = cs->free;
	cs->free = (u16)i;
}

/* init_kmem_cache_nodes(), alloc_kmem_cache_cpus() */
static bool slub_setup(struct kmem_cache *k)
{
	struct slabs *s = k->s;
	struct slab_layout l = slab_layout(SLAB_SLUB, s->era, s->word);
	u32 i;

	slab_slub_tunables(s, &k->g, &k->min_partial, &k->cpu_partial);
	k->n_nodes = s->nodes;
	k->node = xcalloc(s->nodes, sizeof(*k->node));
	k->cpu = xcalloc(s->cpus, sizeof(*k->cpu));
	for (i = 0; i < s->nodes; i++) {
		k->node[i].va = s->node_cache ? kmem_cache_alloc(s->node_cache, NULL, GFP_KERNEL)
					      : slab_boot_alloc(s, &s->boot, l.node, s->line);
		k->node[i].lock.va = k->node[i].va;
		k->node[i].lock.irqsave = true;
		if (!k->node[i].va)
			return false;
	}
	for (i = 0; i < s->cpus; i++) {
		k->cpu[i].free = SLAB_NONE;
		k->cpu[i].va = slab_boot_alloc(s, &s->percpu[i], l.cpu, 16);
		if (!k->cpu[i].va)
			return false;
	}
	return true;
}

const struct slab_ops slab_slub_ops = {
	.alloc = slub_alloc,
	.free = slub_free,
	.shrink = slub_shrink,
	.setup = slub_setup,
	.sane = slub_sane,
	.info = slub_info,
};
