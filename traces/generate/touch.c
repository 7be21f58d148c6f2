/*
 * One store a fresh page, in order: as many page faults as pages. In between the program may use data of its
 * own, so that what the kernel left in the caches grows old.
 */
#include "traces/generate/generate.h"

/* The program's own data begin at such a boundary: they share no page table with the pages. */
#define APART (1ull << 30)

static void run(struct generation *g)
{
	u64 step = MAX(g->o.apart, 1) * GENERATE_PAGE, bytes = g->o.pages * step, at;
	u32 store = generate_block(g, TR_STORE, TR_DEP_NONE);

	generate_map(g, bytes);
	generate_own(g, GENERATE_DATA + (bytes + APART - 1) / APART * APART, 1);
	for (at = 0; at < bytes; at += step) {
		u64 addr = GENERATE_DATA + at;

		generate_between(g, g->enc, 0);
		tr_encode_run(g->enc, store, &addr);
	}
}

const struct generator generate_touch = {
	.name = "touch",
	.help = "one store to each of --pages fresh pages, --apart from each other",
	.run = run,
};
