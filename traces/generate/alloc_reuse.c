/*
 * Pages used one after the other: a page is taken, and its user goes through --touch bytes of it. --live of
 * them are kept, then the oldest is given back, hot, before the next one is taken. Lists that give out what
 * they got last give that one again, whose lines are as old as all that was used since: of --live 1 the page
 * used just before. With __GFP_COLD (2.5.45 to 4.14) it is one that nobody has used for a while.
 */
#include <stdlib.h>

#include "traces/generate/alloc.h"

static struct alloc_ask page(const struct generation *g)
{
	struct alloc_ask ask = alloc_usual(g);

	ask.bytes = 0;
	ask.again = 0;
	ask.gfp = TR_GFP_MOVABLE_USER | (g->o.cold ? TR_GFP_COLD : 0);
	ask.reads = g->o.stores < 50;
	return ask;
}

static void run(struct generation *g)
{
	u64 n = generate_count(g, g->o.live), i;
	struct alloc_ask ask = page(g);
	struct alloc_block *block;
	struct alloc_work w;
	u64 slots;

	alloc_begin(&w, g);
	slots = w.live * w.cpus;
	block = alloc_room(slots);
	for (i = 0; i < n; i++) {
		if (i >= slots)
			alloc_give(&w, (u32)(i % w.cpus), &block[i % slots]);
		block[i % slots] = alloc_take(&w, (u32)(i % w.cpus), &ask);
	}
	for (i = 0; i < MIN(n, slots); i++)
		alloc_give(&w, (u32)(i % w.cpus), &block[i]);
	free(block);
	alloc_end(&w);
}

const struct generator generate_alloc_reuse = {
	.name = "alloc-reuse",
	.help = "a page is taken (--cold), --touch bytes of it are read (--stores 100: written), and it is "
		"freed",
	.example = "--live 1 --count 10000 --touch 4096 --cold yes",
	.run = run,
};
