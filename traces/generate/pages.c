/* A chase with one line a page: the TLBs' reach before the caches'. Lines are spread over the sets of L1. */
#include <stdlib.h>

#include "traces/generate/generate.h"

#define LINES (GENERATE_PAGE / GENERATE_LINE)

static void run(struct generation *g)
{
	u32 n = (u32)g->o.pages, at = 0;
	u32 block = generate_block(g, TR_LOAD, 1);
	u32 *next = generate_cycle(g, n);
	u64 left, addr;

	generate_map(g, (u64)n * GENERATE_PAGE);
	generate_fill(g, (u64)n * GENERATE_PAGE, GENERATE_PAGE);
	for (left = generate_count(g, n); left; left--) {
		addr = GENERATE_DATA + (u64)at * GENERATE_PAGE + at % LINES * GENERATE_LINE;
		tr_encode_run(g->enc, block, &addr);
		at = next[at];
	}
	free(next);
}

const struct generator generate_pages = {
	.name = "pages",
	.help = "dependent loads, one line a page, in a random cycle over --pages pages",
	.run = run,
};
