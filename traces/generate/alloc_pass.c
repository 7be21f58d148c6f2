/*
 * Producers and consumers: in each round every CPU takes its part of the blocks, and the next CPU gives them
 * back. Nothing comes back to the per-CPU lists that it was taken from.
 */
#include <stdlib.h>

#include "traces/generate/alloc.h"

/* One round of n blocks; the CPUs run at the same time in each half of it. */
static void pass(struct alloc_work *w, struct alloc_block *block, const struct alloc_ask *ask, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++)
		block[i] = alloc_take(w, (u32)(i % w->cpus), ask);
	alloc_meet(w);
	for (i = 0; i < n; i++)
		alloc_give(w, (u32)((i + 1) % w->cpus), &block[i]);
	alloc_meet(w);
}

static void run(struct generation *g)
{
	u64 left = generate_count(g, g->o.live), n;
	struct alloc_ask ask = alloc_usual(g);
	struct alloc_block *block;
	struct alloc_work w;

	alloc_begin(&w, g);
	block = alloc_room(w.live * w.cpus);
	for (; left; left -= n) {
		n = MIN(left, w.live * w.cpus);
		pass(&w, block, &ask, n);
	}
	free(block);
	alloc_end(&w);
}

const struct generator generate_alloc_pass = {
	.name = "alloc-pass",
	.help = "rounds in which each of --cpus takes its part of --live blocks and the next one frees them",
	.example = "--cpus 4 --live 512 --count 50000 --object 256 --cache packet",
	.run = run,
};
