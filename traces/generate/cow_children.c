/*
 * Children that copy all of what they share with their parent: the case that anon_vma was slow at (R. van
 * Riel's changelog of anon_vma_chain, Linux 2.6.34, commit 5beb49305251; LWN 383162: 1000 children of 1000
 * pages each). All mappings of one --pages anonymous mapping are related, each page is mapped once.
 *
 * The parent writes its --pages, forks --tasks children that write theirs, and then, while all of them live,
 * writes each page of another mapping of --size bytes: with too little memory the kernel has to find out who
 * maps the children's pages. Marks: "fork", "copy" (children run), "pressure", "end".
 */
#include "traces/generate/process.h"

/* The mapping that brings pressure begins so far behind a gap: it never merges with the first. */
#define GAP (16 * GENERATE_PAGE)

static const struct process_map usual = {
	.prot = TR_PROT_READ | TR_PROT_WRITE,
	.flags = TR_MAP_ANON,
};

static void write_pages(struct tr_encoder *enc, u32 store, u64 at, u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		process_touch(enc, store, at + i * GENERATE_PAGE);
}

static void run(struct generation *g)
{
	u32 store = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 bytes = g->o.pages * GENERATE_PAGE, more = g->o.size / GENERATE_PAGE, i;
	struct process_map m = usual;
	struct process_family f;
	struct tr_encoder *child;

	generate_map(g, bytes);
	write_pages(g->enc, store, GENERATE_DATA, g->o.pages);
	process_mark(g->enc, "fork");
	f = process_fork_family(g, g->o.tasks);
	process_mark(g->enc, "copy");
	tr_encoder_flush(g->enc);
	for (i = 0; i < f.n; i++) {
		child = process_family_begin(g, &f, i);
		write_pages(child, store, GENERATE_DATA, g->o.pages);
		process_family_meet(&f, i, child);
		process_family_end(&f, i, child);
	}
	process_family_await(g, &f);
	process_mark(g->enc, "pressure");
	m.addr = GENERATE_DATA + bytes + GAP;
	m.len = MAX(more, 1) * GENERATE_PAGE;
	process_map(g->enc, &m);
	write_pages(g->enc, store, m.addr, more);
	process_mark(g->enc, "end");
	process_family_release(g, &f);
}

const struct generator generate_cow_children = {
	.name = "cow-children",
	.help = "--tasks children copy all --pages of their parent, which then writes --size bytes of its "
		"own",
	.example = "--tasks 1000 --pages 1000 --size 64M",
	.run = run,
};
