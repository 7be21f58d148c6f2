/*
 * The kinds of page faults of anonymous memory, --pages of each: first writes, first reads (the zero page),
 * writes to what was read, copies by a forked child, and writes of the parent to what the child has copied.
 *
 * Marks: "anon", "zero", "upgrade", "fork", "copy", "exit", "reuse", "end", each before what it names.
 */
#include "traces/generate/process.h"

/* What is read lies behind what is written, in page tables of its own. */
#define READ_AT (GENERATE_DATA + (1ull << 30))

struct kinds {
	u32 load, store;
	u64 pages;
};

static void touch(struct tr_encoder *enc, u32 block, u64 at, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		process_touch(enc, block, at + i * GENERATE_PAGE);
}

static void alone(struct generation *g, const struct kinds *k)
{
	const struct process_map m = {
		.addr = READ_AT,
		.len = k->pages * GENERATE_PAGE,
		.prot = TR_PROT_READ | TR_PROT_WRITE,
		.flags = TR_MAP_ANON,
	};

	generate_map(g, k->pages * GENERATE_PAGE);
	process_map(g->enc, &m);
	process_mark(g->enc, "anon");
	touch(g->enc, k->store, GENERATE_DATA, k->pages);
	process_mark(g->enc, "zero");
	touch(g->enc, k->load, READ_AT, k->pages);
	process_mark(g->enc, "upgrade");
	touch(g->enc, k->store, READ_AT, k->pages);
}

static void run(struct generation *g)
{
	const struct kinds k = {
		.load = generate_block(g, TR_LOAD, TR_DEP_NONE),
		.store = generate_block(g, TR_STORE, TR_DEP_NONE),
		.pages = g->o.pages,
	};
	struct tr_encoder *child;
	u64 copied;
	u32 pid;

	alone(g, &k);
	process_mark(g->enc, "fork");
	pid = process_fork(g, g->enc);
	child = process_begin(g, pid, g->seq);
	process_mark(child, "copy");
	touch(child, k.store, GENERATE_DATA, k.pages);
	process_mark(child, "exit");
	copied = process_exit(g, child);
	process_wait(g->enc, copied);
	process_mark(g->enc, "reuse");
	touch(g->enc, k.store, GENERATE_DATA, k.pages);
	process_mark(g->enc, "end");
}

const struct generator generate_faults = {
	.name = "faults",
	.help = "--pages anonymous pages of each kind of fault: first writes, zero pages, copies, reuse",
	.example = "--pages 4096",
	.run = run,
};
