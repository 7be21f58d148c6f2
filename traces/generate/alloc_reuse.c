/*
 * One page at a time: it is taken, its user goes through --touch bytes of it, and it is given back hot. The
 * next one is the same page again where lists give out what they got last; with __GFP_COLD (2.5.45 to 4.14)
 * it is one that nobody has used for a while.
 */
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
	u64 left = generate_count(g, g->o.live);
	struct alloc_ask ask = page(g);
	struct alloc_work w;
	u32 cpu;

	alloc_begin(&w, g);
	for (; left; left--) {
		cpu = (u32)(left % w.cpus);
		struct alloc_block block = alloc_take(&w, cpu, &ask);

		alloc_give(&w, cpu, &block);
	}
	alloc_end(&w);
}

const struct generator generate_alloc_reuse = {
	.name = "alloc-reuse",
	.help = "a page is taken (--cold), --touch bytes of it are read (--stores 100: written), and it is "
		"freed",
	.example = "--count 10000 --touch 4096 --cold yes",
	.run = run,
};
