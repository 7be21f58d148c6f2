/* One store a fresh page, in order: as many page faults as pages. */
#include "traces/generate/generate.h"

static void run(struct generation *g)
{
	u32 block = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 i, addr;

	generate_map(g, GENERATE_DATA, g->o.pages * GENERATE_PAGE);
	for (i = 0; i < g->o.pages; i++) {
		addr = GENERATE_DATA + i * GENERATE_PAGE;
		tr_encode_run(g->enc, block, &addr);
	}
}

const struct generator generate_touch = {
	.name = "touch",
	.help = "one store to each of --pages fresh pages",
	.run = run,
};
