/*
 * Touches --pages pages of anonymous memory, forks a child that rewrites the first quarter of them and exits,
 * and waits for it: the program of which the events of a live kernel were recorded (tests/data/kmem; 64 MB
 * there). Marks: "touch" before the first page, "end" when the child has written its last.
 */
#include "traces/generate/process.h"

#define MADV_NOHUGEPAGE 15u

static void write_pages(struct tr_encoder *enc, u32 store, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		process_touch(enc, store, GENERATE_DATA + i * GENERATE_PAGE);
}

static void run(struct generation *g)
{
	u32 store = generate_block(g, TR_STORE, TR_DEP_NONE), pid;
	const struct tr_event small = {
		.kind = TR_EV_ADVISE,
		.addr = GENERATE_DATA,
		.len = g->o.pages * GENERATE_PAGE,
		.arg = MADV_NOHUGEPAGE,
	};
	struct tr_encoder *child;

	generate_map(g, g->o.pages * GENERATE_PAGE);
	tr_encode_event(g->enc, &small);
	process_mark(g->enc, "touch");
	write_pages(g->enc, store, g->o.pages);
	pid = process_fork(g, g->enc);
	child = process_begin(g, pid, g->seq);
	write_pages(child, store, g->o.pages / 4);
	process_mark(child, "end");
	process_wait(g->enc, process_exit(g, child));
}

const struct generator generate_touchfork = {
	.name = "touchfork",
	.help = "--pages pages are touched, and a quarter of them rewritten by a forked child",
	.example = "--pages 16384",
	.run = run,
};
