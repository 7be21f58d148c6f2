/*
 * SLUB's slabs that are no CPU's present one: the partial lists of CPUs (3.2 on) and of nodes, shrinking, and
 * the checks of all.
 */
#include "model/mm/slab_impl.h"

#include <stdlib.h>

static bool is_6x(const struct kmem_cache *k)
{
	return k->s->era == ERA_6_X;
}

static void lists_lock(struct kmem_cache *k, struct cpu *c, enum kernel_path path, struct slab_node *n)
{
	spin_lock(k->s->ch, c, path, &n->lock);
	charge_store(k->s->ch, c, path, n->va + k->s->word, 3 * k->s->word);
}

void slub_add_partial(struct slab *sl, bool tail)
{
	struct slab_list *l = &sl->cache->node[sl->node].partial;

	if (tail)
		slab_list_add_tail(l, sl, SLAB_PARTIAL);
	else
		slab_list_add(l, sl, SLAB_PARTIAL);
}

void slub_discard(struct slab *sl, struct cpu *c)
{
	charge_step(sl->cache->s->ch, c, STEP_SLAB_DESTROY);
	sl->cache->node[sl->node].slabs--;
	slab_put(sl, c);
}

/* put_cpu_partial(): a full list goes to the nodes, unless the slabs come from there (drain false). */
void slub_put_cpu_partial(struct kmem_cache *k, struct cpu *c, struct slab *sl, bool drain)
{
	struct cpu_slab *cs = &k->cpu[slab_cpu(c)];
	struct slab *old = cs->partial, *put = NULL;

	if (drain && old && old->behind >= k->cpu_partial) {
		put = old;
		old = NULL;
	}
	sl->behind = (old ? old->behind : 0) + 1;
	sl->next = old;
	sl->place = SLAB_CPU_PARTIAL;
	cs->partial = sl;
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, cs->va + 3 * k->s->word, k->s->word);
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl) + 2 * k->s->word, 2 * k->s->word);
	if (put)
		slub_put_partials(k, c, put);
}

/* __put_partials(): empty ones leave if their node has enough, the last one first. */
void slub_put_partials(struct kmem_cache *k, struct cpu *c, struct slab *sl)
{
	struct slab *next, *gone = NULL;

	for (; sl; sl = next) {
		struct slab_node *n = &k->node[sl->node];

		next = sl->next;
		k->s->st.flushes++;
		charge_step(k->s->ch, c, STEP_SLUB_UNFREEZE);
		lists_lock(k, c, KPATH_SLAB_REFILL, n);
		if (!sl->inuse && n->partial.n >= k->min_partial) {
			sl->next = gone;
			gone = sl;
		} else {
			slub_add_partial(sl, true);
		}
		spin_unlock(k->s->ch, c, &n->lock);
	}
	for (; gone; gone = next) {
		next = gone->next;
		k->s->st.shrunk++;
		slub_discard(gone, c);
	}
}

/*
 * deactivate_slab(): the CPU's objects go back to the slab's list, in 6.x in their order, before one by one.
 * A slab whose own list was empty is hot and goes to the front; 2.6.37: one of which the CPU had objects.
 */
static bool merge_freelist(struct slab *sl, u16 *free)
{
	bool remote = sl->free != SLAB_NONE, any = *free != SLAB_NONE;
	u16 i, next, last = SLAB_NONE;

	for (i = *free; i != SLAB_NONE; i = next) {
		next = sl->link[i];
		sl->inuse--;
		if (sl->cache->s->era != ERA_6_X) {
			sl->link[i] = sl->free;
			sl->free = i;
		}
		last = i;
	}
	if (any && sl->cache->s->era == ERA_6_X) {
		sl->link[last] = sl->free;
		sl->free = *free;
	}
	*free = SLAB_NONE;
	return sl->cache->s->era == ERA_6_X ? remote : !any;
}

void slub_deactivate(struct kmem_cache *k, struct cpu *c, struct cpu_slab *cs)
{
	struct slab *sl = cs->slab;
	struct slab_node *n = &k->node[sl->node];
	bool tail = merge_freelist(sl, &cs->free);

	cs->slab = NULL;
	k->s->st.flushes++;
	sl->place = SLAB_NOWHERE;
	charge_step(k->s->ch, c, STEP_SLUB_UNFREEZE);
	charge_store(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl) + 2 * k->s->word, 2 * k->s->word);
	if (!sl->inuse && n->partial.n >= k->min_partial) {
		k->s->st.shrunk++;
		slub_discard(sl, c);
		return;
	}
	if (sl->free == SLAB_NONE)
		return;
	lists_lock(k, c, KPATH_SLAB_REFILL, n);
	slub_add_partial(sl, tail || (!sl->inuse && !is_6x(k)));
	spin_unlock(k->s->ch, c, &n->lock);
}

/* get_partial_node(): the first slab, and for the CPU's own list half as many more as that may hold. */
static struct slab *get_partial_node(struct kmem_cache *k, struct cpu *c, struct slab_node *n)
{
	struct slab *first = NULL, *sl;
	u32 more = 0;

	charge_load(k->s->ch, c, KPATH_SLAB_REFILL, n->va + k->s->word, k->s->word);
	if (!n->partial.n)
		return NULL;
	charge_step(k->s->ch, c, STEP_SLUB_NODE);
	lists_lock(k, c, KPATH_SLAB_REFILL, n);
	while (more <= k->cpu_partial / 2 && (sl = n->partial.first)) {
		slab_list_del(&n->partial, sl);
		charge_store(k->s->ch, c, KPATH_SLAB_REFILL, slab_struct_va(sl) + k->s->word, 2 * k->s->word);
		if (!first) {
			first = sl;
			if (!k->cpu_partial)
				break;
		} else {
			slub_put_cpu_partial(k, c, sl, false);
			more++;
		}
	}
	spin_unlock(k->s->ch, c, &n->lock);
	return first;
}

/*
 * get_partial(), get_any_partial(): the own node, then another that has more than its minimum. One call in 40
 * does not look at others there (remote_node_defrag_ratio, by the clock's low bits); here none.
 */
struct slab *slub_get_partial(struct kmem_cache *k, struct cpu *c, u32 gfp)
{
	u32 own = c ? c->node : 0, i;
	struct slab *sl = get_partial_node(k, c, &k->node[own]);

	for (i = 1; !sl && i < k->n_nodes && !(gfp & GFP_THISNODE); i++) {
		struct slab_node *n = &k->node[(own + i) % k->n_nodes];

		if (n->partial.n > k->min_partial)
			sl = get_partial_node(k, c, n);
	}
	return sl;
}

/* flush_all() */
static void flush_cpus(struct kmem_cache *k, struct cpu *c)
{
	u32 i;

	for (i = 0; i < k->s->cpus; i++) {
		struct cpu_slab *cs = &k->cpu[i];
		struct slab *partial = cs->partial;

		if (cs->slab)
			slub_deactivate(k, c, cs);
		cs->partial = NULL;
		slub_put_partials(k, c, partial);
	}
}

#define SHRINK_PROMOTE_MAX 32u /* 6.x: slabs with more free objects stay where they are */

/*
 * __kmem_cache_shrink(): empty slabs leave, others are sorted, fullest first; each number of free objects is
 * a list to whose front slabs are moved, so that equals end up in reverse order. Before 6.x empty ones leave
 * in the order in which they are met.
 */
static void sort_partial(struct kmem_cache *k, struct slab_node *n, struct slab_list *by_free, u32 lists)
{
	struct slab *sl, *next;
	u32 i;

	for (sl = n->partial.first; sl; sl = next) {
		u32 free = (is_6x(k) ? sl->objects : k->g.num) - sl->inuse;

		next = sl->next;
		if (free >= lists && sl->inuse)
			continue;
		slab_list_del(&n->partial, sl);
		if (sl->inuse || is_6x(k))
			slab_list_add(&by_free[sl->inuse ? free : 0], sl, SLAB_PARTIAL);
		else
			slab_list_add_tail(&by_free[0], sl, SLAB_PARTIAL);
	}
	for (i = is_6x(k) ? lists - 1 : 1; i > 0 && i < lists; i += is_6x(k) ? -1u : 1u)
		while (by_free[i].n) {
			sl = is_6x(k) ? by_free[i].last : by_free[i].first;
			slab_list_del(&by_free[i], sl);
			slub_add_partial(sl, !is_6x(k));
		}
}

void slub_shrink(struct kmem_cache *k, struct cpu *c)
{
	u32 lists = is_6x(k) ? SHRINK_PROMOTE_MAX + 1 : k->g.num + 1, i;
	struct slab_list *by_free = xcalloc(lists, sizeof(*by_free));
	struct slab *sl;

	charge_step(k->s->ch, c, STEP_SLAB_REAP);
	flush_cpus(k, c);
	for (i = 0; i < k->n_nodes; i++) {
		lists_lock(k, c, KPATH_RECLAIM, &k->node[i]);
		sort_partial(k, &k->node[i], by_free, lists);
		spin_unlock(k->s->ch, c, &k->node[i].lock);
		while ((sl = by_free[0].first)) {
			slab_list_del(&by_free[0], sl);
			k->s->st.reaped++;
			slub_discard(sl, c);
		}
	}
	free(by_free);
}

static void slab_sane(const struct slab *sl, u16 cpu_free)
{
	u32 held = slab_count_free(sl, cpu_free), i, used = 0;

	ASSERT(slab_count_free(sl, sl->free) + sl->inuse == sl->objects && held <= sl->inuse);
	for (i = 0; i < sl->objects; i++)
		used += sl->link[i] == SLAB_USED;
	ASSERT(used + held == sl->inuse);
}

static const struct cpu_slab *owner(const struct kmem_cache *k, const struct slab *sl)
{
	u32 i;

	for (i = 0; i < k->s->cpus; i++)
		if (k->cpu[i].slab == sl)
			return &k->cpu[i];
	return NULL;
}

static u64 cpu_partial_sane(const struct cpu_slab *cs)
{
	const struct slab *sl;
	u64 n = 0;

	for (sl = cs->partial; sl; sl = sl->next, n++)
		ASSERT(sl->place == SLAB_CPU_PARTIAL && sl->free != SLAB_NONE);
	ASSERT(!cs->partial || cs->partial->behind == n);
	ASSERT(cs->slab || cs->free == SLAB_NONE);
	return n;
}

void slub_sane(const struct kmem_cache *k)
{
	u64 slabs = 0, listed = 0, partial = 0, used = 0;
	u32 i;

	for (i = 0; i < k->n_nodes; i++) {
		slab_list_sane(&k->node[i].partial, SLAB_PARTIAL);
		slabs += k->node[i].slabs;
		partial += k->node[i].partial.n;
	}
	for (i = 0; i < k->s->cpus; i++)
		partial += cpu_partial_sane(&k->cpu[i]);
	for (i = 0; i < k->s->slabs_end; i++) {
		const struct slab *sl = k->s->slab[i];
		const struct cpu_slab *cs;

		if (!sl || sl->cache != k)
			continue;
		cs = owner(k, sl);
		ASSERT(!!cs == (sl->place == SLAB_CPU));
		slab_sane(sl, cs ? cs->free : SLAB_NONE);
		ASSERT(sl->place != SLAB_NOWHERE || sl->inuse == sl->objects);
		ASSERT(sl->place != SLAB_PARTIAL || sl->free != SLAB_NONE);
		partial -= sl->place == SLAB_PARTIAL || sl->place == SLAB_CPU_PARTIAL;
		used += sl->inuse - (cs ? slab_count_free(sl, cs->free) : 0);
		listed++;
	}
	ASSERT(slabs == listed && !partial && used == k->in_use);
}

/* Objects in a CPU's list count as active, as /proc/slabinfo counts them. */
void slub_info(const struct kmem_cache *k, struct slab_info *info)
{
	u32 i;

	info->min_partial = k->min_partial;
	info->cpu_partial = k->cpu_partial;
	for (i = 0; i < k->s->slabs_end; i++) {
		const struct slab *sl = k->s->slab[i];

		if (!sl || sl->cache != k)
			continue;
		info->num_slabs++;
		info->num_objs += sl->objects;
		info->active_objs += sl->inuse;
	}
	info->active_slabs = info->num_slabs;
}
