/*
 * An attack on large blocks: memory is filled with single pages, every second one is given back, and then
 * blocks of --order are asked for, which fit nowhere. They may fail. At the end everything is given back.
 */
#include <stdlib.h>

#include "traces/generate/alloc.h"

/* Not to kill anything for want of a large block. */
static struct alloc_ask large(const struct generation *g)
{
	struct alloc_ask ask = alloc_usual(g);

	ask.bytes = 0;
	ask.order = g->o.order ? g->o.order : 3;
	ask.gfp |= TR_GFP_NORETRY | TR_GFP_NOWARN | TR_GFP_COMP;
	return ask;
}

static void fill(struct alloc_work *w, struct alloc_block *block, u64 n)
{
	struct alloc_ask ask = alloc_usual(w->g);
	u64 i;

	ask.order = 0;
	for (i = 0; i < n; i++)
		block[i] = alloc_take(w, (u32)(i / w->live), &ask);
}

static void give_all(struct alloc_work *w, const struct alloc_block *block, u64 from, u64 n, u32 step)
{
	u64 i;

	for (i = from; i < n; i += step)
		alloc_give(w, (u32)(i / w->live), &block[i]);
}

static void run(struct generation *g)
{
	u64 n, asked = g->o.count ? g->o.count : g->o.live / 16 + 1, i;
	struct alloc_ask ask = large(g);
	struct alloc_block *block, *more;
	struct alloc_work w;

	alloc_begin(&w, g);
	n = w.live * w.cpus;
	block = alloc_room(n);
	more = alloc_room(asked);
	fill(&w, block, n);
	alloc_meet(&w);
	give_all(&w, block, 1, n, 2);
	alloc_meet(&w);
	for (i = 0; i < asked; i++)
		more[i] = alloc_take(&w, (u32)(i % w.cpus), &ask);
	alloc_meet(&w);
	for (i = 0; i < asked; i++)
		alloc_give(&w, (u32)(i % w.cpus), &more[i]);
	give_all(&w, block, 0, n, 2);
	free(block);
	free(more);
	alloc_end(&w);
}

const struct generator generate_alloc_fragment = {
	.name = "alloc-fragment",
	.help = "--live single pages or objects, every second one freed, then --count blocks of --order (0: "
		"3)",
	.example = "--live 6000 --count 50 --order 4",
	.run = run,
};
