/*
 * next-line: the lines behind one that missed or that a prefetch brought and that is used for the first time
 * ("tagged prefetch", A. J. Smith, Cache Memories, Computing Surveys 14(3), 1982). With `entries`, only if
 * the line before it is among that many touched last: Intel's DCU prefetcher is "triggered by an ascending
 * access to very recently loaded data" (Optimization Reference Manual, "Data Prefetching").
 */
#include "model/hw/prefetch.h"

#include <stdlib.h>

#include "model/base/error.h"

#define AT(field) offsetof(struct prefetcher_cfg, field)

const struct opt prefetch_next_line_opts[] = {
	{ "degree", OPT_U32, AT(degree), "1", 1, 16, "lines", "asked for at a time", NULL },
	{ "entries", OPT_U32, AT(entries), "0", 0, 64, "lines",
	  "the line before must be among that many touched last; 0: it need not", NULL },
	{ "cross_page", OPT_BOOL, AT(cross_page), "no", 0, 0, NULL, "l1d: goes on into the next page", NULL },
	{ 0 },
};

struct next_line {
	u32 degree, entries, at, line_shift;
	u64 recent[]; /* line number + 1, a ring; 0: none */
};

static void *next_create(const struct prefetcher_cfg *cfg, u32 line_shift, u32 page_shift)
{
	struct next_line *n = xcalloc(1, sizeof(*n) + cfg->entries * sizeof(n->recent[0]));

	n->degree = cfg->degree;
	n->entries = cfg->entries;
	n->line_shift = line_shift;
	return n;
}

/* Whether the line before `line` was touched of late; remembers `line`. */
static bool ascends(struct next_line *n, u64 line)
{
	bool found = false, known = false;
	u32 i;

	for (i = 0; i < n->entries; i++) {
		found |= n->recent[i] == line;
		known |= n->recent[i] == line + 1;
	}
	if (n->entries && !known) {
		n->recent[n->at] = line + 1;
		n->at = (n->at + 1) % n->entries;
	}
	return found || !n->entries;
}

static void next_learn(void *state, const struct prefetch_access *a, struct prefetch_wishes *w)
{
	struct next_line *n = state;
	u64 line = a->addr >> n->line_shift;
	u32 i;

	if (!(a->miss || a->first_use) || !ascends(n, line))
		return;
	for (i = 1; i <= n->degree; i++)
		prefetch_wish(w, (line + i) << n->line_shift);
}

static void next_keep(void *state, struct state *s, const char *owner)
{
	struct next_line *n = state;

	state_add(s, owner, "at", &n->at, sizeof(n->at));
	state_add(s, owner, "recent", n->recent, n->entries * sizeof(n->recent[0]));
}

const struct prefetcher_ops prefetch_next_line = { "next-line", false, true, next_create, free,
						   next_learn, next_keep };
