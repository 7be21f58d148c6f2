/*
 * Bursts of received packets: interrupts of a CPU take buffers of order 3 that may not wait for memory, and
 * the program's CPU gives them back in the same order after it has read them. Between bursts is silence.
 */
#include <stdlib.h>

#include "traces/generate/alloc.h"

#define SILENCE 100000u /* ns */

static struct alloc_ask buffer(const struct generation *g)
{
	struct alloc_ask ask = alloc_usual(g);

	ask.order = g->o.order ? g->o.order : 3;
	ask.gfp = TR_GFP_ATOMIC | TR_GFP_NOWARN | TR_GFP_COMP;
	return ask;
}

static void burst(struct alloc_work *w, struct alloc_block *block, struct alloc_ask ask, u64 n)
{
	u64 i;

	ask.gap = SILENCE;
	for (i = 0; i < n; i++) {
		block[i] = alloc_take(w, 0, &ask);
		ask.gap = 0;
	}
	alloc_meet(w);
	for (i = 0; i < n; i++)
		alloc_give(w, (u32)(w->cpus > 1 ? 1 + i % (w->cpus - 1) : 0), &block[i]);
	alloc_meet(w);
}

static void run(struct generation *g)
{
	u64 left = generate_count(g, g->o.live), n;
	struct alloc_block *block = alloc_room(g->o.live);
	struct alloc_work w;

	alloc_begin(&w, g);
	for (; left; left -= n) {
		n = 1 + rng_below(&g->rng, g->o.live);
		n = MIN(n, left);
		burst(&w, block, buffer(g), n);
	}
	free(block);
	alloc_end(&w);
}

const struct generator generate_alloc_network = {
	.name = "alloc-network",
	.help = "bursts of up to --live buffers of --order (0: 3), taken with GFP_ATOMIC on one CPU, freed "
		"on the "
		"others",
	.example = "--cpus 2 --live 64 --count 20000",
	.run = run,
};
