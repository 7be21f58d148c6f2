/*
 * Memory shared by many processes, as data bases have it: --tasks processes map --size bytes of it, and each
 * touches every page, or with --share every page with that probability. They live until all have done so.
 * (A. Arcangeli, linux-mm 2004-03-08: 2.7 GB and 100 processes; P. Wong, 2002-09: a data base of 100 GB.)
 *
 * With --share 100 a page has --tasks mappings, else their number is binomially distributed. With --groups
 * there are so many such memories, each of other --tasks processes, which map it themselves, as a file.
 * Marks: "touch" where the processes begin, "end" where all have done.
 */
#include "traces/generate/process.h"

/* Low, so that 2.8 GB have room in 3 GB of user space. */
#define BASE 0x08000000ull

static void touch(struct generation *g, struct tr_encoder *enc, u32 store, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		if (g->o.share == 100 || rng_below(&g->rng, 100) < g->o.share)
			process_touch(enc, store, BASE + i * GENERATE_PAGE);
}

static void run(struct generation *g)
{
	u32 store = generate_block(g, TR_STORE, TR_DEP_NONE), first = 0;
	u64 pages = (g->o.size + GENERATE_PAGE - 1) / GENERATE_PAGE, i;
	struct process_map m = {
		.addr = BASE,
		.len = pages * GENERATE_PAGE,
		.prot = TR_PROT_READ | TR_PROT_WRITE,
		.flags = TR_MAP_SHARED | TR_MAP_ANON,
	};
	struct process_family f;
	struct tr_encoder *child;

	if (g->o.groups == 1)
		process_map(g->enc, &m);
	for (i = 0; g->o.groups > 1 && i < g->o.groups; i++)
		first = process_file(g, g->enc, "shared", m.len) - (u32)i;
	f = process_fork_family(g, g->o.groups * g->o.tasks);
	process_mark(g->enc, "touch");
	tr_encoder_flush(g->enc);
	for (i = 0; i < f.n; i++) {
		child = process_family_begin(g, &f, i);
		if (g->o.groups > 1) {
			m.flags = TR_MAP_SHARED;
			m.file = first + (u32)(i / g->o.tasks);
			process_map(child, &m);
		}
		touch(g, child, store, pages);
		process_family_meet(&f, i, child);
		process_family_end(&f, i, child);
	}
	process_family_await(g, &f);
	process_mark(g->enc, "end");
	process_family_release(g, &f);
}

const struct generator generate_shared_map = {
	.name = "shared-map",
	.help = "--tasks processes write to each page, or to --share percent, of --size bytes of shared "
		"memory",
	.example = "--tasks 100 --size 2700M",
	.run = run,
};
