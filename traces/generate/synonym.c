/*
 * Synonyms: a shared object is mapped twice, and each line is used by the one address and then by the other.
 * The mappings are --apart pages from each other, besides a multiple of all that a cache or a way predictor
 * looks at, so that 0 makes addresses that look alike to them.
 */
#include "traces/generate/generate.h"

#define LOOKED_AT (1ull << 28)

static void run(struct generation *g)
{
	u32 load = generate_block(g, TR_LOAD, 1), store = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 len = g->o.pages * GENERATE_PAGE, lines = len / GENERATE_LINE, i, n, addr;
	u64 second = (len + LOOKED_AT - 1) / LOOKED_AT * LOOKED_AT + g->o.apart * GENERATE_PAGE;

	generate_map_shared(g, 0, len);
	generate_map_shared(g, second, len);
	generate_fill(g, len, GENERATE_PAGE);
	n = generate_count(g, 2 * lines);
	for (i = 0; i < n; i++) {
		addr = GENERATE_DATA + i / 2 % lines * GENERATE_LINE + (i & 1 ? second : 0);
		tr_encode_run(g->enc, rng_below(&g->rng, 100) < g->o.stores ? store : load, &addr);
	}
}

const struct generator generate_synonym = {
	.name = "synonym",
	.help = "dependent loads, --stores percent stores, by two mappings of --pages pages in turn, --apart "
		"pages from each other",
	.run = run,
};
