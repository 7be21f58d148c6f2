/*
 * Faults of threads of one process side by side: each of --threads threads writes --pages fresh pages of a
 * mapping of its own. With --maps yes one more thread maps a page and writes it, over and over: each time the
 * address space changes, for which it is locked. (It does not unmap: a recording orders what takes away
 * against all threads, which would then run in step.)
 *
 * Mark: "end" when the first thread has written its pages; the others have a half more to do, so that all run
 * until then.
 */
#include "traces/generate/process.h"

/* Between the mappings of the threads, which never merge. */
#define GAP (16 * GENERATE_PAGE)

static const struct process_map usual = {
	.prot = TR_PROT_READ | TR_PROT_WRITE,
	.flags = TR_MAP_ANON,
	.file = TR_NO_FILE,
};

static u64 pages_of(const struct generation *g)
{
	return g->o.pages + g->o.pages / 2;
}

/* Of each thread, or behind all of the one that maps. */
static u64 place(const struct generation *g, u32 thread)
{
	return GENERATE_DATA + thread * (pages_of(g) * GENERATE_PAGE + GAP);
}

static void map(struct tr_encoder *enc, u64 addr, u64 pages)
{
	struct process_map m = usual;

	m.addr = addr;
	m.len = pages * GENERATE_PAGE;
	process_map(enc, &m);
}

static void write_pages(struct tr_encoder *enc, u32 store, u64 at, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		process_touch(enc, store, at + i * GENERATE_PAGE);
}

static void map_pages(const struct generation *g, struct tr_encoder *enc, u32 store)
{
	u64 at = place(g, g->o.threads), i;

	for (i = 0; i < pages_of(g); i++, at += GENERATE_PAGE) {
		map(enc, at, 1);
		process_touch(enc, store, at);
	}
}

static void run(struct generation *g)
{
	u32 store = generate_block(g, TR_STORE, TR_DEP_NONE), all = g->o.threads + g->o.maps, t;
	struct tr_encoder *enc[GENERATE_THREADS + 1] = { NULL };

	for (t = 0; t < g->o.threads; t++)
		map(g->enc, place(g, t), pages_of(g));
	for (t = 1; t < all; t++)
		enc[t] = generate_thread(g, t);
	write_pages(g->enc, store, place(g, 0), g->o.pages);
	process_mark(g->enc, "end");
	for (t = 1; t < g->o.threads; t++)
		write_pages(enc[t], store, place(g, t), pages_of(g));
	if (g->o.maps)
		map_pages(g, enc[g->o.threads], store);
	for (t = 1; t < all; t++)
		generate_end_thread(g, enc[t]);
}

const struct generator generate_fault_threads = {
	.name = "fault-threads",
	.help = "--threads threads write --pages fresh pages each, and with --maps yes one more maps pages",
	.example = "--threads 8 --pages 2000 --maps yes",
	.run = run,
};
