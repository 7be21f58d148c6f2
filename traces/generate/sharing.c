/*
 * Threads that count, each in a word of its own, and read their own data meanwhile. How far apart the words
 * are is what it is about: below 8 bytes threads write the same bytes (true sharing), below a line they write
 * neighbours in it (false sharing), from a line on nothing is shared (padding).
 */
#include "traces/generate/generate.h"

#define WORD          8u
#define LOADS_BETWEEN 8u

struct work {
	u32 load, store;
	u64 words, own, own_size; /* where they lie */
};

/* One more is counted: the word is loaded and stored, and the next of the thread's own words are loaded. */
static void count_one(struct generation *g, const struct work *w, struct tr_encoder *enc, u32 thread, u64 n)
{
	u64 word = w->words + thread * g->o.stride, addr;
	u32 i;

	tr_encode_run(enc, w->load, &word);
	tr_encode_run(enc, w->store, &word);
	for (i = 0; i < LOADS_BETWEEN; i++) {
		addr = w->own + thread * w->own_size + (n * LOADS_BETWEEN + i) * WORD % w->own_size;
		tr_encode_run(enc, w->load, &addr);
	}
}

static u64 whole_pages(u64 bytes)
{
	return (bytes + GENERATE_PAGE - 1) / GENERATE_PAGE * GENERATE_PAGE;
}

static void run(struct generation *g)
{
	struct work w = { .load = generate_block(g, TR_LOAD, TR_DEP_NONE),
			  .store = generate_block(g, TR_STORE, TR_DEP_NONE),
			  .words = GENERATE_DATA,
			  .own_size = whole_pages(g->o.size) };
	u64 shared = whole_pages(g->o.threads * g->o.stride + WORD), n, i;
	u32 threads = g->o.threads, t;
	struct tr_encoder *enc[GENERATE_THREADS];

	w.own = w.words + shared;
	generate_map(g, shared + g->o.threads * w.own_size);
	generate_fill(g, shared + g->o.threads * w.own_size, GENERATE_PAGE);
	n = generate_count(g, w.own_size / WORD / LOADS_BETWEEN);
	for (t = 0; t < threads; t++)
		enc[t] = t ? generate_thread(g, t) : g->enc;
	for (i = 0; i < n; i++)
		for (t = 0; t < threads; t++)
			count_one(g, &w, enc[t], t, i);
	for (t = 1; t < threads; t++)
		generate_end_thread(g, enc[t]);
}

const struct generator generate_sharing = {
	.name = "sharing",
	.help = "--threads threads count in words --stride apart, each beside --size bytes of its own",
	.run = run,
};
