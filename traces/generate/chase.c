/* A pointer chase: each load's address is what the one before it loaded. */
#include <stdlib.h>

#include "traces/generate/generate.h"

static void run(struct generation *g)
{
	u32 n = (u32)(g->o.size / GENERATE_LINE), at = 0;
	u32 block = generate_block(g, TR_LOAD, 1);
	u32 *next = generate_cycle(g, n);
	u64 left, addr;

	generate_map(g, g->o.size);
	generate_fill(g, (u64)n * GENERATE_LINE, GENERATE_LINE);
	for (left = generate_count(g, n); left; left--) {
		addr = GENERATE_DATA + (u64)at * GENERATE_LINE;
		tr_encode_run(g->enc, block, &addr);
		at = next[at];
	}
	free(next);
}

const struct generator generate_chase = {
	.name = "chase",
	.help = "dependent loads, one a line, in a random cycle over --size bytes",
	.run = run,
};
