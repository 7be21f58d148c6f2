/*
 * What SLAB gives back without being asked for objects: cache_reap() of 2.6, kmem_cache_reap() of 2.4,
 * kmem_cache_shrink() of both; and its checks.
 */
#include "model/mm/slab_impl.h"

#include <string.h>

#define REAP_CPU_SECONDS  2u /* REAPTIMEOUT_CPUC */
#define REAP_LIST_SECONDS 4u /* REAPTIMEOUT_LIST3 */

static void lists_lock(struct kmem_cache *k, struct cpu *c, struct slab_node *n)
{
	spin_lock(k->s->ch, c, KPATH_RECLAIM, &n->lock);
	charge_store(k->s->ch, c, KPATH_RECLAIM, n->va, 6 * k->s->word);
}

static void array_give(struct kmem_cache *k, struct cpu *c, u32 node, struct array_cache *ac, u32 count)
{
	slab_free_block(k, c, node, ac->entry, count);
	ac->avail -= count;
	if (ac->avail) /* an array of none has no memory */
		memmove(ac->entry, &ac->entry[count], ac->avail * sizeof(u64));
}

/* drain_array(): a fifth of an array that nobody used since the last time, or a half of what is in it. */
static void array_age(struct kmem_cache *k, struct cpu *c, u32 node, struct array_cache *ac)
{
	u32 count = (ac->limit + 4) / 5;

	charge_store(k->s->ch, c, KPATH_RECLAIM, ac->va, k->s->array_header);
	if (ac->touched) {
		ac->touched = false;
		return;
	}
	if (count > ac->avail)
		count = (ac->avail + 1) / 2;
	array_give(k, c, node, ac, count);
}

/* Empty slabs from one end of their list. */
static void give_empty(struct kmem_cache *k, struct cpu *c, struct slab_node *n, u64 most, bool tail)
{
	struct slab *sl;

	for (; most && n->empty.n; most--) {
		sl = tail ? n->empty.last : n->empty.first;
		slab_list_del(&n->empty, sl);
		n->free_objects -= sl->objects;
		k->s->st.reaped++;
		slab_destroy(sl, c);
	}
}

/* 2.6.14 on a list of the CPU's own node is looked at, and empty slabs leave from the end. */
static void reap_lists(struct kmem_cache *k, struct cpu *c, struct slab_node *n, u64 now)
{
	u32 num = k->g.num;

	if (n->next_reap > now)
		return;
	n->next_reap = now + REAP_LIST_SECONDS;
	if (n->shared)
		array_age(k, c, (u32)(n - k->node), n->shared);
	if (n->free_touched) {
		n->free_touched = false;
		return;
	}
	give_empty(k, c, n, (n->free_limit + 5 * num - 1) / (5 * num), k->s->era >= ERA_2_6_18);
}

void slab_reap_26(struct slabs *s, struct cpu *c)
{
	u64 now = s->reap_ticks[slab_cpu(c)] += REAP_CPU_SECONDS;
	u32 i;

	for (i = 0; i < s->n_caches; i++) {
		struct kmem_cache *k = s->cache[i];
		struct slab_node *n = &k->node[c && k->n_nodes > 1 ? c->node : 0];

		charge_step(s->ch, c, STEP_SLAB_REAP);
		lists_lock(k, c, n);
		array_age(k, c, (u32)(n - k->node), &k->array[slab_cpu(c)]);
		reap_lists(k, c, n, now);
		spin_unlock(s->ch, c, &n->lock);
	}
}

#define REAP_SCANLEN 10u
#define REAP_PERFECT 10u

/* 2.4: what a cache is worth: pages of its empty slabs, less for constructors and for large blocks. */
static u64 reap_worth(struct kmem_cache *k, struct cpu *c)
{
	struct array_cache *ac = &k->array[slab_cpu(c)];
	u64 pages;

	charge_step(k->s->ch, c, STEP_SLAB_REAP);
	lists_lock(k, c, k->node);
	array_give(k, c, 0, ac, ac->avail);
	spin_unlock(k->s->ch, c, &k->node->lock);
	pages = k->node->empty.n << k->g.order;
	if (k->flags & SLAB_CONSTRUCTED)
		pages = (pages * 4 + 1) / 5;
	return k->g.order ? (pages * 4 + 1) / 5 : pages;
}

/* Four fifths of the empty slabs of the best of ten caches, from where the last one ended. */
void slab_reap_24(struct slabs *s, struct cpu *c)
{
	struct kmem_cache *best = NULL;
	u64 worth, most = 0;
	u32 i;

	for (i = 0; i < REAP_SCANLEN && most < REAP_PERFECT; i++) {
		struct kmem_cache *k = s->cache[s->reap_hand];

		s->reap_hand = (s->reap_hand + 1) % s->n_caches;
		worth = reap_worth(k, c);
		if (worth > most) {
			most = worth;
			best = k;
		}
	}
	if (!best)
		return;
	lists_lock(best, c, best->node);
	give_empty(best, c, best->node, (best->node->empty.n * 4 + 1) / 5, true);
	spin_unlock(s->ch, c, &best->node->lock);
}

/* drain_cpu_caches(): all arrays, then the shared ones. */
static void drain_all(struct kmem_cache *k, struct cpu *c)
{
	u32 i, node;

	for (i = 0; i < k->s->cpus; i++) {
		struct array_cache *ac = &k->array[i];

		if (!ac->avail)
			continue;
		node = slab_of(k->s, ac->entry[0])->node;
		lists_lock(k, c, &k->node[node]);
		array_give(k, c, node, ac, ac->avail);
		spin_unlock(k->s->ch, c, &k->node[node].lock);
	}
	for (i = 0; i < k->n_nodes; i++)
		if (k->node[i].shared)
			array_give(k, c, i, k->node[i].shared, k->node[i].shared->avail);
}

void slab_classic_shrink(struct kmem_cache *k, struct cpu *c)
{
	u32 i;

	charge_step(k->s->ch, c, STEP_SLAB_REAP);
	drain_all(k, c);
	for (i = 0; i < k->n_nodes; i++) {
		lists_lock(k, c, &k->node[i]);
		give_empty(k, c, &k->node[i], ~0ull, true);
		spin_unlock(k->s->ch, c, &k->node[i].lock);
	}
}

static void array_sane(const struct kmem_cache *k, const struct array_cache *ac, u64 *held)
{
	u32 i;

	ASSERT(ac->avail <= ac->limit);
	for (i = 0; i < ac->avail; i++) {
		const struct slab *sl = slab_of(k->s, ac->entry[i]);

		ASSERT(sl->cache == k && sl->link[slab_object(sl, ac->entry[i])] == SLAB_USED);
	}
	*held += ac->avail;
}

/* Returns objects that are not in the lists of their slabs. */
static u64 list_objects(const struct kmem_cache *k, const struct slab_list *l, enum slab_place place)
{
	const struct slab *sl;
	u64 inuse = 0;

	slab_list_sane(l, place);
	for (sl = l->first; sl; sl = sl->next) {
		ASSERT(sl->cache == k && sl->objects == k->g.num && sl->inuse <= sl->objects);
		ASSERT(slab_count_free(sl, sl->free) == (u32)(sl->objects - sl->inuse));
		ASSERT(place != SLAB_FULL || sl->inuse == sl->objects);
		ASSERT(place != SLAB_EMPTY || !sl->inuse);
		ASSERT(place != SLAB_PARTIAL || (sl->inuse && sl->inuse < sl->objects));
		inuse += sl->inuse;
	}
	return inuse;
}

void slab_classic_sane(const struct kmem_cache *k)
{
	u64 inuse = 0, held = 0, here;
	u32 i;

	for (i = 0; i < k->s->cpus; i++)
		array_sane(k, &k->array[i], &held);
	for (i = 0; i < k->n_nodes; i++) {
		const struct slab_node *n = &k->node[i];

		if (n->shared)
			array_sane(k, n->shared, &held);
		here = list_objects(k, &n->partial, SLAB_PARTIAL) + list_objects(k, &n->full, SLAB_FULL) +
		       list_objects(k, &n->empty, SLAB_EMPTY);
		ASSERT(n->slabs == n->partial.n + n->full.n + n->empty.n);
		ASSERT(n->free_objects == n->slabs * k->g.num - here);
		inuse += here;
	}
	ASSERT(inuse == held + k->in_use);
}

void slab_classic_info(const struct kmem_cache *k, struct slab_info *info)
{
	const struct slab *sl;
	u32 i;

	info->limit = k->limit;
	info->batchcount = k->batch;
	info->shared = k->limit ? k->shared : 0;
	for (i = 0; i < k->n_nodes; i++) {
		const struct slab_node *n = &k->node[i];

		info->num_slabs += n->slabs;
		info->active_slabs += n->partial.n + n->full.n;
		info->active_objs += n->full.n * k->g.num;
		for (sl = n->partial.first; sl; sl = sl->next)
			info->active_objs += sl->inuse;
		info->shared_avail += n->shared ? n->shared->avail : 0;
	}
	info->num_objs = info->num_slabs * k->g.num;
}
