#include "traces/generate/alloc.h"

#include "model/base/error.h"

void alloc_begin(struct alloc_work *w, struct generation *g)
{
	u32 i;

	*w = (struct alloc_work){ .g = g, .cpus = g->o.cpus, .live = MAX(g->o.live / g->o.cpus, 1) };
	generate_own(g, GENERATE_DATA, w->cpus);
	w->enc[0] = g->enc;
	for (i = 1; i < w->cpus; i++)
		w->enc[i] = generate_thread(g, i);
}

static void write_last(struct alloc_work *w, u32 cpu, u64 seq)
{
	struct tr_event *ev = &w->last[cpu];

	if (ev->kind == TR_EV_NONE)
		return;
	generate_between(w->g, w->enc[cpu], cpu);
	ev->seq = seq;
	tr_encode_event(w->enc[cpu], ev);
	ev->kind = TR_EV_NONE;
}

void alloc_end(struct alloc_work *w)
{
	u32 i;

	for (i = 0; i < w->cpus; i++)
		write_last(w, i, 0);
	for (i = 1; i < w->cpus; i++)
		generate_end_thread(w->g, w->enc[i]);
}

struct alloc_ask alloc_usual(const struct generation *g)
{
	return (struct alloc_ask){
		.bytes = g->o.object,
		.order = g->o.order,
		.gfp = TR_GFP_KERNEL,
		.touch = g->o.touch,
		.again = g->o.touch,
	};
}

/* Names of blocks have room for the numbers of their pages. */
#define NAME_SHIFT 10u

static void put(struct alloc_work *w, u32 cpu, const struct alloc_block *b, bool take)
{
	const struct alloc_ask *a = &b->ask;
	struct tr_event ev = {
		.flags = cpu,
		.addr = b->name,
		.arg = a->bytes ? a->bytes : a->order,
		.len = take ? a->touch : a->again,
		.addr2 = take ? a->gfp : 0,
		.len2 = take ? a->gap : 0,
	};

	if (take ? a->reads : a->cold)
		ev.flags |= take ? TR_KMEM_READS : TR_KMEM_COLD;
	if (a->bytes) {
		ev.kind = take ? TR_EV_SLAB_ALLOC : TR_EV_SLAB_FREE;
		ev.name = *w->g->o.cache ? w->g->o.cache : NULL;
	} else {
		ev.kind = take ? TR_EV_PAGE_ALLOC : TR_EV_PAGE_FREE;
	}
	write_last(w, cpu, 0);
	w->last[cpu] = ev;
}

struct alloc_block alloc_take(struct alloc_work *w, u32 cpu, const struct alloc_ask *ask)
{
	struct alloc_block b = { .ask = *ask, .name = ++w->names << NAME_SHIFT };

	put(w, cpu, &b, true);
	return b;
}

void alloc_give(struct alloc_work *w, u32 cpu, const struct alloc_block *b)
{
	put(w, cpu, b, false);
}

void alloc_meet(struct alloc_work *w)
{
	struct tr_event seen = { .kind = TR_EV_SEEN };
	u32 i;

	for (i = 0; i < w->cpus; i++)
		if (w->last[i].kind != TR_EV_NONE)
			write_last(w, i, ++w->g->seq);
	seen.seq = w->g->seq;
	for (i = 0; i < w->cpus; i++)
		tr_encode_event(w->enc[i], &seen);
}

struct alloc_block *alloc_room(u64 n)
{
	return xmalloc(n * sizeof(struct alloc_block));
}
