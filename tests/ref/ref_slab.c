#include "tests/ref/ref_slab.h"

#include <stdlib.h>
#include <string.h>

#define NEW GFP_KERNEL

static void insert(struct ref_stack *s, u32 at, u64 x)
{
	if (s->n == s->room)
		s->v = xrealloc(s->v, (s->room = 2 * s->room + 8) * sizeof(u64));
	memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof(u64));
	s->v[at] = x;
	s->n++;
}

static u64 cut(struct ref_stack *s, u32 at)
{
	u64 x = s->v[at];

	s->n--;
	memmove(&s->v[at], &s->v[at + 1], (s->n - at) * sizeof(u64));
	return x;
}

static void push(struct ref_stack *s, u64 x)
{
	insert(s, s->n, x);
}

static u64 pop(struct ref_stack *s)
{
	return cut(s, s->n - 1);
}

static bool drop(struct ref_stack *s, u64 x)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (s->v[i] == x) {
			cut(s, i);
			return true;
		}
	return false;
}

static bool slub(const struct ref_slab *r)
{
	return r->k->s->form == SLAB_SLUB;
}

static enum kernel_era era(const struct ref_slab *r)
{
	return r->k->s->era;
}

static bool is_24(const struct ref_slab *r)
{
	return !slub(r) && era(r) <= ERA_2_4_21;
}

static u32 lists(const struct ref_slab *r, u32 node)
{
	return r->k->n_nodes > 1 ? node : 0;
}

void ref_slab_init(struct ref_slab *r, const struct kmem_cache *k, struct ref_pages *pages,
		   struct ref_slab *desc)
{
	u32 i;

	*r = (struct ref_slab){ .k = k, .pages = pages, .desc = desc };
	for (i = 0; i < REF_CPUS; i++)
		r->active[i] = -1;
	for (i = 0; i < REF_NODES; i++)
		r->next_reap[i] = 4;
}

void ref_slab_fini(struct ref_slab *r)
{
	u32 i;

	for (i = 0; i < r->n_slabs; i++)
		free(r->slab[i].free.v);
	free(r->slab);
	for (i = 0; i < REF_NODES; i++) {
		free(r->partial[i].v);
		free(r->full[i].v);
		free(r->empty[i].v);
		free(r->shared[i].v);
	}
	for (i = 0; i < REF_CPUS; i++) {
		free(r->array[i].v);
		free(r->own[i].v);
		free(r->behind[i].v);
	}
}

/* By search: which slab has the object. */
static u32 slab_with(const struct ref_slab *r, u64 va)
{
	u64 pfn = (va - r->k->s->direct_map) >> 12;
	u32 i;

	for (i = r->n_slabs; i-- > 0;)
		if (r->slab[i].pfn != NO_FRAME && pfn - r->slab[i].pfn < 1ull << r->slab[i].order)
			return i;
	ASSERT(0);
	return 0;
}

static u32 slab_number(struct ref_slab *r)
{
	u32 i;

	for (i = 0; i < r->n_slabs; i++)
		if (r->slab[i].pfn == NO_FRAME)
			return i;
	r->slab = xrealloc(r->slab, ++r->n_slabs * sizeof(*r->slab));
	r->slab[i].free = (struct ref_stack){ 0 };
	return i;
}

static void slab_fill(struct ref_slab_pages *s, u64 pfn, u64 va, u32 order, u32 objects, u32 node)
{
	s->pfn = pfn;
	s->va = va;
	s->order = order;
	s->objects = objects;
	s->node = node;
	s->out = 0;
	s->free.n = 0;
	while (objects-- > 0)
		push(&s->free, objects);
}

static u64 object(const struct ref_slab *r, u32 slab)
{
	struct ref_slab_pages *s = &r->slab[slab];

	s->out++;
	return s->va + pop(&s->free) * r->k->g.size;
}

static void classic_end(struct ref_slab *r, u32 slab, u32 cpu, u32 node)
{
	ref_pages_put(r->pages, r->slab[slab].pfn, r->slab[slab].order);
	r->slab[slab].pfn = NO_FRAME;
	if (r->desc)
		ref_slab_free(r->desc, cpu, node, r->slab[slab].desc);
}

static bool classic_grow(struct ref_slab *r, u32 cpu, u32 node)
{
	const struct slab_geometry *g = &r->k->g;
	u32 colour = r->colour * g->colour_off, i;
	u64 pfn, desc = 0, va;

	r->colour = r->colour + 1 >= g->colours ? 0 : r->colour + 1;
	pfn = ref_pages_get(r->pages, node, NEW, g->order);
	if (pfn == NO_FRAME)
		return false;
	va = r->k->s->direct_map + (pfn << 12) + colour + (r->desc ? 0 : g->desc_bytes);
	if (r->desc && !(desc = ref_slab_alloc(r->desc, cpu, node))) {
		ref_pages_put(r->pages, pfn, g->order);
		return false;
	}
	i = slab_number(r);
	slab_fill(&r->slab[i], pfn, va, g->order, g->num, lists(r, node));
	r->slab[i].desc = desc;
	push(&r->empty[lists(r, node)], i);
	r->loose[lists(r, node)] += g->num;
	return true;
}

/* One object out of the lists; 0: they are exhausted. */
static u64 classic_one(struct ref_slab *r, u32 l)
{
	struct ref_stack *from = &r->partial[l];
	u32 slab;
	u64 va;

	if (!from->n) {
		from = &r->empty[l];
		r->free_touched[l] = true;
	}
	if (!from->n)
		return 0;
	slab = (u32)from->v[0];
	va = object(r, slab);
	cut(from, 0);
	if (r->slab[slab].free.n)
		insert(&r->partial[l], 0, slab);
	else
		push(&r->full[l], slab);
	return va;
}

static void classic_refill(struct ref_slab *r, u32 cpu, u32 l)
{
	u32 want = r->k->batch, i, n;
	u64 va;

	if (!r->touched[cpu] && !is_24(r))
		want = MIN(want, 16u);
	n = MIN(want, r->shared[l].n);
	if (n) {
		for (i = 0; i < n; i++)
			push(&r->array[cpu], r->shared[l].v[r->shared[l].n - n + i]);
		r->shared[l].n -= n;
		r->shared_touched[l] = true;
		return;
	}
	for (i = 0; i < want && (va = classic_one(r, l)); i++) {
		push(&r->array[cpu], va);
		r->loose[l]--;
	}
}

static u64 classic_alloc(struct ref_slab *r, u32 cpu, u32 node)
{
	struct ref_stack *a = &r->array[cpu];
	u32 l = lists(r, node);
	u64 va;

	while (!r->k->limit) {
		va = classic_one(r, l);
		if (va) {
			r->loose[l]--;
			return va;
		}
		if (!classic_grow(r, cpu, node))
			return 0;
	}
	while (!a->n) {
		classic_refill(r, cpu, l);
		if (!a->n && !classic_grow(r, cpu, node))
			return 0;
	}
	r->touched[cpu] = true;
	return pop(a);
}

static void classic_back(struct ref_slab *r, u32 cpu, u32 node, u32 l, u64 va)
{
	u32 i = slab_with(r, va);
	struct ref_slab_pages *s = &r->slab[i];
	bool was_full = !s->free.n;

	push(&s->free, (va - s->va) / r->k->g.size);
	s->out--;
	if (is_24(r) && s->out && !was_full)
		return;
	ASSERT(drop(was_full ? &r->full[l] : &r->partial[l], i));
	if (s->out)
		insert(&r->partial[l], is_24(r) ? 0 : r->partial[l].n, i);
	else if (!is_24(r) && r->loose[l] > (1 + r->k->s->cpus / r->k->n_nodes) * r->k->batch + r->k->g.num) {
		r->loose[l] -= s->objects;
		classic_end(r, i, cpu, node);
	} else {
		insert(&r->empty[l], era(r) == ERA_2_4_0 && !was_full ? r->empty[l].n : 0, i);
	}
}

/* The first n of a stack back to their slabs. */
static void classic_back_n(struct ref_slab *r, u32 cpu, u32 node, u32 l, struct ref_stack *s, u32 from, u32 n)
{
	r->loose[l] += n;
	while (n-- > 0)
		classic_back(r, cpu, node, l, cut(s, from));
}

static void classic_free(struct ref_slab *r, u32 cpu, u32 node, u64 va)
{
	struct ref_stack *a = &r->array[cpu], one = { &va, 1, 1 };
	u32 l = lists(r, node), owner, room, n;

	owner = r->k->n_nodes > 1 ? r->slab[slab_with(r, va)].node : 0;
	if (owner != l || !r->k->limit) {
		classic_back_n(r, cpu, node, owner, &one, 0, 1);
		return;
	}
	if (a->n == r->k->limit && is_24(r)) {
		classic_back_n(r, cpu, node, l, a, a->n - r->k->batch, r->k->batch);
	} else if (a->n == r->k->limit) {
		room = r->k->shared * r->k->batch - r->shared[l].n;
		for (n = 0; n < MIN(room, r->k->batch); n++)
			push(&r->shared[l], cut(a, 0));
		if (!n)
			classic_back_n(r, cpu, node, l, a, 0, r->k->batch);
	}
	push(a, va);
}

static void classic_shrink(struct ref_slab *r, u32 node)
{
	u32 i, l;

	for (i = 0; i < r->k->s->cpus; i++)
		if (r->array[i].n) {
			l = r->slab[slab_with(r, r->array[i].v[0])].node;
			classic_back_n(r, 0, node, l, &r->array[i], 0, r->array[i].n);
		}
	for (l = 0; l < r->k->n_nodes; l++)
		classic_back_n(r, 0, node, l, &r->shared[l], 0, r->shared[l].n);
	for (l = 0; l < r->k->n_nodes; l++)
		while (r->empty[l].n) {
			r->loose[l] -= r->k->g.num;
			classic_end(r, (u32)pop(&r->empty[l]), 0, node);
		}
}

static void age(struct ref_slab *r, u32 cpu, u32 node, u32 l, struct ref_stack *a, u32 limit, bool *touched)
{
	u32 n = (limit + 4) / 5;

	if (!*touched)
		classic_back_n(r, cpu, node, l, a, 0, n > a->n ? (a->n + 1) / 2 : n);
	*touched = false;
}

void ref_slab_reap(struct ref_slab *r, u32 cpu, u32 node)
{
	u32 l = lists(r, node), num = r->k->g.num, n;
	u64 now = r->ticks[cpu] += 2;

	age(r, cpu, node, l, &r->array[cpu], r->k->limit, &r->touched[cpu]);
	if (now < r->next_reap[l])
		return;
	r->next_reap[l] = now + 4;
	if (r->k->shared)
		age(r, cpu, node, l, &r->shared[l], r->k->shared * r->k->batch, &r->shared_touched[l]);
	if (r->free_touched[l]) {
		r->free_touched[l] = false;
		return;
	}
	n = (1 + r->k->s->cpus / r->k->n_nodes) * r->k->batch + num;
	for (n = (n + 5 * num - 1) / (5 * num); n > 0 && r->empty[l].n; n--) {
		u32 slab = (u32)cut(&r->empty[l], era(r) >= ERA_2_6_18 ? r->empty[l].n - 1 : 0);

		r->loose[l] -= num;
		classic_end(r, slab, cpu, node);
	}
}

static void slub_end(struct ref_slab *r, u32 slab)
{
	ref_pages_put(r->pages, r->slab[slab].pfn, r->slab[slab].order);
	r->slab[slab].pfn = NO_FRAME;
}

static bool new_rules(const struct ref_slab *r)
{
	return era(r) == ERA_6_X;
}

static s64 slub_grow(struct ref_slab *r, u32 node)
{
	const struct slab_geometry *g = &r->k->g;
	u32 order = g->order, i;
	u64 pfn = ref_pages_get(r->pages, node, NEW, order);

	if (pfn == NO_FRAME) {
		order = g->least;
		pfn = ref_pages_get(r->pages, node, NEW, order);
	}
	if (pfn == NO_FRAME)
		return -1;
	i = slab_number(r);
	slab_fill(&r->slab[i], pfn, r->k->s->direct_map + (pfn << 12), order, (4096u << order) / g->size,
		  ref_pages_node(r->pages, pfn));
	return i;
}

/* Slabs behind the CPU's present one, the newest last, go to their nodes, newest first. */
static void behind_put(struct ref_slab *r, u32 cpu)
{
	struct ref_stack gone = { 0 };

	while (r->behind[cpu].n) {
		u32 i = (u32)pop(&r->behind[cpu]), l = r->slab[i].node;

		if (!r->slab[i].out && r->partial[l].n >= r->k->min_partial)
			push(&gone, i);
		else
			push(&r->partial[l], i);
	}
	while (gone.n)
		slub_end(r, (u32)pop(&gone));
	free(gone.v);
}

static s64 slub_from_node(struct ref_slab *r, u32 cpu, u32 l)
{
	s64 first = -1;
	u32 more = 0;

	while (r->partial[l].n) {
		u32 i = (u32)cut(&r->partial[l], 0);

		if (first < 0)
			first = i;
		else
			push(&r->behind[cpu], i);
		if (!r->k->cpu_partial || (first != i && ++more > r->k->cpu_partial / 2))
			break;
	}
	return first;
}

static s64 slub_next(struct ref_slab *r, u32 cpu, u32 node)
{
	s64 i;
	u32 k;

	if (r->behind[cpu].n)
		return (s64)pop(&r->behind[cpu]);
	i = slub_from_node(r, cpu, node);
	for (k = 1; i < 0 && k < r->k->n_nodes; k++)
		if (r->partial[(node + k) % r->k->n_nodes].n > r->k->min_partial)
			i = slub_from_node(r, cpu, (node + k) % r->k->n_nodes);
	return i >= 0 ? i : slub_grow(r, node);
}

/* All free objects of the slab become the CPU's. */
static void slub_load(struct ref_slab *r, u32 cpu)
{
	struct ref_slab_pages *s = &r->slab[r->active[cpu]];
	u32 i;

	for (i = 0; i < s->free.n; i++)
		push(&r->own[cpu], s->free.v[i]);
	s->out += s->free.n;
	s->free.n = 0;
}

static u64 slub_alloc(struct ref_slab *r, u32 cpu, u32 node)
{
	if (!r->own[cpu].n && r->active[cpu] >= 0) {
		slub_load(r, cpu);
		if (!r->own[cpu].n)
			r->active[cpu] = -1;
	}
	if (r->active[cpu] < 0) {
		r->active[cpu] = slub_next(r, cpu, node);
		if (r->active[cpu] < 0)
			return 0;
		slub_load(r, cpu);
	}
	return r->slab[r->active[cpu]].va + pop(&r->own[cpu]) * r->k->g.size;
}

static bool active_somewhere(const struct ref_slab *r, s64 slab)
{
	u32 i;

	for (i = 0; i < REF_CPUS; i++)
		if (r->active[i] == slab)
			return true;
	return false;
}

static void slub_free(struct ref_slab *r, u32 cpu, u64 va)
{
	u32 i = slab_with(r, va), l = r->slab[i].node;
	struct ref_slab_pages *s = &r->slab[i];
	u64 nr = (va - s->va) / r->k->g.size;
	bool was_full = !s->free.n;

	if (r->active[cpu] == (s64)i) {
		push(&r->own[cpu], nr);
		return;
	}
	push(&s->free, nr);
	s->out--;
	if (active_somewhere(r, i))
		return;
	if (r->k->cpu_partial && was_full) {
		if (r->behind[cpu].n >= r->k->cpu_partial)
			behind_put(r, cpu);
		push(&r->behind[cpu], i);
		return;
	}
	if (!s->out && (!new_rules(r) || r->partial[l].n >= r->k->min_partial)) {
		if (was_full || drop(&r->partial[l], i))
			slub_end(r, i);
	} else if (was_full) {
		push(&r->partial[l], i);
	}
}

/* The CPU's slab back; 6.x keeps the order of its freelist, before each object went by itself. */
static void slub_flush(struct ref_slab *r, u32 cpu)
{
	u32 i = (u32)r->active[cpu], l = r->slab[i].node, n, at;
	struct ref_slab_pages *s = &r->slab[i];
	bool remote = s->free.n > 0, any = r->own[cpu].n > 0, tail;

	for (n = r->own[cpu].n, at = s->free.n; n > 0; n--, s->out--)
		if (new_rules(r))
			insert(&s->free, at, pop(&r->own[cpu]));
		else
			push(&s->free, pop(&r->own[cpu]));
	tail = new_rules(r) ? remote : !any || !s->out;
	r->active[cpu] = -1;
	if (!s->out && r->partial[l].n >= r->k->min_partial)
		slub_end(r, i);
	else if (s->free.n)
		insert(&r->partial[l], tail ? r->partial[l].n : 0, i);
}

/* Fullest first; of equals the last one first. 6.x leaves what has more than 32 free behind, as it is. */
static void slub_sort(struct ref_slab *r, u32 l)
{
	struct ref_stack sorted = { 0 }, rest = { 0 }, gone = { 0 };
	u32 i, n;

	for (i = 0; i < r->partial[l].n; i++)
		if (!r->slab[r->partial[l].v[i]].out)
			push(&gone, r->partial[l].v[i]);
	for (n = 1; n <= r->k->g.num; n++)
		for (i = r->partial[l].n; i-- > 0;) {
			const struct ref_slab_pages *s = &r->slab[r->partial[l].v[i]];
			u32 free = new_rules(r) ? s->objects - s->out : r->k->g.num - s->out;

			if (s->out && free == n && (!new_rules(r) || n <= 32))
				push(&sorted, r->partial[l].v[i]);
		}
	for (i = 0; i < r->partial[l].n; i++) {
		const struct ref_slab_pages *s = &r->slab[r->partial[l].v[i]];

		if (s->out && new_rules(r) && s->objects - s->out > 32)
			push(&rest, r->partial[l].v[i]);
	}
	r->partial[l].n = 0;
	for (i = 0; i < sorted.n; i++)
		push(&r->partial[l], sorted.v[i]);
	for (i = 0; i < rest.n; i++)
		push(&r->partial[l], rest.v[i]);
	while (gone.n)
		slub_end(r, (u32)(new_rules(r) ? pop(&gone) : cut(&gone, 0)));
	free(sorted.v);
	free(rest.v);
	free(gone.v);
}

static void slub_shrink_all(struct ref_slab *r)
{
	u32 i;

	for (i = 0; i < r->k->s->cpus; i++) {
		if (r->active[i] >= 0)
			slub_flush(r, i);
		behind_put(r, i);
	}
	for (i = 0; i < r->k->n_nodes; i++)
		slub_sort(r, i);
}

u64 ref_slab_alloc(struct ref_slab *r, u32 cpu, u32 node)
{
	return slub(r) ? slub_alloc(r, cpu, node) : classic_alloc(r, cpu, node);
}

void ref_slab_free(struct ref_slab *r, u32 cpu, u32 node, u64 va)
{
	if (slub(r))
		slub_free(r, cpu, va);
	else
		classic_free(r, cpu, node, va);
}

void ref_slab_shrink(struct ref_slab *r, u32 node)
{
	if (slub(r))
		slub_shrink_all(r);
	else
		classic_shrink(r, node);
}
