/*
 * Blocks of mixed sizes live for random times: once all are taken, a random one is given back before each new
 * one. Smaller blocks are more usual: an order half as much as the one below it, and of objects each doubling
 * of the size as much as the one before.
 */
#include <stdlib.h>

#include "traces/generate/alloc.h"

#define SMALLEST 8u

static u32 any_order(struct generation *g)
{
	u32 order = 0;

	while (order < g->o.order && rng_below(&g->rng, 2))
		order++;
	return order;
}

/* From half of a power of two to it, and at most --object. */
static u64 any_size(struct generation *g)
{
	u64 size = g->o.object;

	while (size / 2 >= SMALLEST && rng_below(&g->rng, 2))
		size /= 2;
	return size - rng_below(&g->rng, size / 2);
}

/* Objects of a named cache are all alike. */
static struct alloc_ask any(struct generation *g)
{
	struct alloc_ask ask = alloc_usual(g);

	if (!ask.bytes)
		ask.order = any_order(g);
	else if (!*g->o.cache)
		ask.bytes = any_size(g);
	return ask;
}

static void run(struct generation *g)
{
	u64 n = generate_count(g, g->o.live), i, at;
	struct alloc_block *block;
	struct alloc_work w;
	struct alloc_ask ask;
	u32 cpu;

	alloc_begin(&w, g);
	block = alloc_room(w.live * w.cpus);
	for (i = 0; i < n; i++) {
		cpu = (u32)(i % w.cpus);
		at = cpu * w.live + (i / w.cpus < w.live ? i / w.cpus : rng_below(&g->rng, w.live));
		if (i / w.cpus >= w.live)
			alloc_give(&w, cpu, &block[at]);
		ask = any(g);
		block[at] = alloc_take(&w, cpu, &ask);
	}
	for (i = 0; i < MIN(n, w.live * w.cpus); i++) {
		cpu = (u32)(i % w.cpus);
		alloc_give(&w, cpu, &block[cpu * w.live + i / w.cpus]);
	}
	free(block);
	alloc_end(&w);
}

const struct generator generate_alloc_random = {
	.name = "alloc-random",
	.help = "--live blocks of orders up to --order, or of objects up to --object bytes, each freed after "
		"a "
		"random time",
	.example = "--live 1000 --count 100000 --order 4 --seed 7",
	.run = run,
};
