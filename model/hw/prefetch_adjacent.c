/*
 * adjacent: a line that misses brings the others of its aligned block. Intel's spatial prefetcher "strives to
 * complete every cache line fetched to the L2 cache with the pair line that completes it to a 128-byte
 * aligned chunk" (Optimization Reference Manual, "Data Prefetching"). Lines that another prefetcher of the
 * same level brings are not completed.
 */
#include "model/hw/prefetch.h"

#include <stdlib.h>

#include "model/base/error.h"

const struct opt prefetch_adjacent_opts[] = {
	{ "block", OPT_SIZE, offsetof(struct prefetcher_cfg, block), "128", 32, 4096, "bytes",
	  "aligned block whose lines are fetched together", NULL },
	{ 0 },
};

struct adjacent {
	u64 block, line;
};

static void *adjacent_create(const struct prefetcher_cfg *cfg, u32 line_shift, u32 page_shift)
{
	struct adjacent *s = xcalloc(1, sizeof(*s));

	s->block = cfg->block;
	s->line = 1ull << line_shift;
	return s;
}

static void adjacent_learn(void *state, const struct prefetch_access *a, struct prefetch_wishes *w)
{
	const struct adjacent *s = state;
	u64 line = a->addr & ~(s->line - 1), off;

	for (off = s->line; a->miss && off < s->block; off += s->line)
		prefetch_wish(w, line ^ off);
}

/* It learns nothing. */
static void adjacent_keep(void *state, struct state *s, const char *owner)
{
}

const struct prefetcher_ops prefetch_adjacent = { "adjacent", false, false, adjacent_create, free,
						  adjacent_learn, adjacent_keep };
