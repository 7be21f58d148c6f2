/* Independent accesses of 8 bytes at random places. */
#include "traces/generate/generate.h"

static void run(struct generation *g)
{
	u32 load = generate_block(g, TR_LOAD, TR_DEP_NONE), store = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 n = g->o.size / 8, left, addr;

	generate_map(g, g->o.size);
	generate_fill(g, g->o.size, GENERATE_PAGE);
	for (left = generate_count(g, n); left; left--) {
		addr = GENERATE_DATA + rng_below(&g->rng, n) * 8;
		tr_encode_run(g->enc, rng_below(&g->rng, 100) < g->o.stores ? store : load, &addr);
	}
}

const struct generator generate_random = {
	.name = "random",
	.help = "independent accesses at random over --size bytes, --stores percent stores",
	.run = run,
};
