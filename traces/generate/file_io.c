/*
 * A file of --size bytes is read by calls of --pages pages each, from its beginning to its end or in --random
 * order, --iterations times; of a hundred calls --stores write instead. After each call the program loads a
 * word of each page of its buffer (a call that writes: stores it before). At the end, if any has written, it
 * waits for all of it: fsync().
 *
 * Marks: "begin" before the first call, "end" after the last, "synced" after that.
 */
#include "traces/generate/process.h"

struct work {
	u32 load, store, file;
	u64 len; /* of a call */
};

static void touch_buffer(struct generation *g, u32 block, u64 len)
{
	u64 at;

	for (at = 0; at < len; at += GENERATE_PAGE)
		process_touch(g->enc, block, GENERATE_DATA + at);
}

static void call(struct generation *g, const struct work *w, u64 offset)
{
	bool write = rng_below(&g->rng, 100) < g->o.stores;
	u64 len = MIN(w->len, g->o.size - offset);
	struct tr_event ev = { .kind = write ? TR_EV_WRITE : TR_EV_READ,
			       .file = w->file,
			       .addr = GENERATE_DATA,
			       .len = len,
			       .offset = offset };

	if (write)
		touch_buffer(g, w->store, len);
	tr_encode_event(g->enc, &ev);
	if (!write)
		touch_buffer(g, w->load, len);
}

static void run(struct generation *g)
{
	struct work w = { .load = generate_block(g, TR_LOAD, TR_DEP_NONE),
			  .store = generate_block(g, TR_STORE, TR_DEP_NONE),
			  .file = process_file(g, g->enc, "data", g->o.size),
			  .len = g->o.pages * GENERATE_PAGE };
	struct tr_event sync = { .kind = TR_EV_SYSCALL, .flags = TR_CALL_SYNC, .file = w.file, .arg = 74 };
	u64 calls = (g->o.size + w.len - 1) / w.len, i, n;

	generate_map(g, w.len);
	touch_buffer(g, w.store, w.len);
	process_mark(g->enc, "begin");
	for (n = 0; n < g->o.iterations; n++)
		for (i = 0; i < calls; i++)
			call(g, &w, (g->o.random ? rng_below(&g->rng, calls) : i) * w.len);
	process_mark(g->enc, "end");
	if (g->o.stores)
		tr_encode_event(g->enc, &sync);
	process_mark(g->enc, "synced");
}

const struct generator generate_file_io = {
	.name = "file-io",
	.help = "a file of --size is read, or by --stores of 100 calls written, --pages a call, in order or "
		"at "
		"--random, --iterations times",
	.example = "--size 256M --pages 32 --iterations 2",
	.run = run,
};
