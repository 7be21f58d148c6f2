/* One store a fresh page, in order: as many page faults as pages. */
#include "traces/generate/generate.h"

static void run(struct generation *g)
{
	generate_map(g, g->o.pages * GENERATE_PAGE);
	generate_fill(g, g->o.pages * GENERATE_PAGE, GENERATE_PAGE);
}

const struct generator generate_touch = {
	.name = "touch",
	.help = "one store to each of --pages fresh pages",
	.run = run,
};
