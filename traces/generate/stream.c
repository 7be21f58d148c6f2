/* Independent accesses at a fixed stride, over and over: what bandwidth allows. */
#include "traces/generate/generate.h"

static void run(struct generation *g)
{
	u32 load = generate_block(g, TR_LOAD, TR_DEP_NONE), store = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 n = g->o.size / g->o.stride, i = 0, left, addr;

	generate_map(g, g->o.size + GENERATE_PAGE);
	generate_fill(g, g->o.size, GENERATE_PAGE);
	for (left = generate_count(g, n); left; left--) {
		addr = GENERATE_DATA + i * g->o.stride;
		tr_encode_run(g->enc, rng_below(&g->rng, 100) < g->o.stores ? store : load, &addr);
		i = i + 1 < n ? i + 1 : 0;
	}
}

const struct generator generate_stream = {
	.name = "stream",
	.help = "independent accesses in order over --size bytes, --stride apart, --stores percent stores",
	.run = run,
};
