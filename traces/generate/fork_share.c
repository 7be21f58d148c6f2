/*
 * What every generation of reverse mapping had to do, in one program: processes fork, share, copy, and memory
 * runs out.
 *
 * The parent writes --pages of private memory and one page of each of --vmas mappings, each four pages of one
 * file. It forks --tasks children. Each child writes every --apart-th private page, that is, copies it, and
 * every page of the file. While all live, the parent writes --size bytes of another mapping, and then each
 * child reads its private pages once more, and ends.
 * Marks: "fork", "share" (children run), "pressure", "again", "end".
 */
#include "traces/generate/process.h"

#define WINDOW (4 * GENERATE_PAGE)

struct places {
	u64 private, file, more; /* addresses */
	u32 load, store;
};

static const struct process_map usual = { .prot = TR_PROT_READ | TR_PROT_WRITE, .flags = TR_MAP_ANON };

static void touch(struct tr_encoder *enc, u32 block, u64 at, u64 pages, u64 step)
{
	u64 i;

	for (i = 0; i < pages; i += step)
		process_touch(enc, block, at + i * GENERATE_PAGE);
}

/* Windows of the file, with one page between them that nobody maps: they never become one mapping. */
static void map_file(struct generation *g, const struct places *p)
{
	struct process_map m = usual;
	u64 i;

	m.file = process_file(g, g->enc, "shared", g->o.vmas * (WINDOW + GENERATE_PAGE));
	m.flags = TR_MAP_SHARED;
	m.len = WINDOW;
	for (i = 0; i < g->o.vmas; i++) {
		m.addr = p->file + i * WINDOW;
		m.offset = i * (WINDOW + GENERATE_PAGE);
		process_map(g->enc, &m);
	}
}

static void parent_begins(struct generation *g, const struct places *p)
{
	generate_map(g, g->o.pages * GENERATE_PAGE);
	map_file(g, p);
	touch(g->enc, p->store, p->private, g->o.pages, 1);
	touch(g->enc, p->store, p->file, g->o.vmas * (WINDOW / GENERATE_PAGE), WINDOW / GENERATE_PAGE);
	process_mark(g->enc, "fork");
}

static void child_lives(struct generation *g, const struct places *p, const struct process_family *f, u64 n)
{
	struct tr_encoder *enc = process_family_begin(g, f, n);

	touch(enc, p->store, p->private, g->o.pages, MAX(g->o.apart, 1));
	touch(enc, p->store, p->file, g->o.vmas * (WINDOW / GENERATE_PAGE), 1);
	process_family_meet(f, n, enc);
	touch(enc, p->load, p->private, g->o.pages, 1);
	process_family_end(f, n, enc);
}

static void run(struct generation *g)
{
	u64 more = MAX(g->o.size / GENERATE_PAGE, 1), i;
	struct process_map m = usual;
	struct process_family f;
	const struct places p = {
		.private = GENERATE_DATA,
		.file = GENERATE_DATA + (g->o.pages + 1) * GENERATE_PAGE,
		.more = GENERATE_DATA + (g->o.pages + 2) * GENERATE_PAGE + g->o.vmas * WINDOW,
		.load = generate_block(g, TR_LOAD, TR_DEP_NONE),
		.store = generate_block(g, TR_STORE, TR_DEP_NONE),
	};

	parent_begins(g, &p);
	f = process_fork_family(g, g->o.tasks);
	process_mark(g->enc, "share");
	tr_encoder_flush(g->enc);
	for (i = 0; i < f.n; i++)
		child_lives(g, &p, &f, i);
	process_family_await(g, &f);
	process_mark(g->enc, "pressure");
	m.addr = p.more;
	m.len = more * GENERATE_PAGE;
	process_map(g->enc, &m);
	touch(g->enc, p.store, p.more, more, 1);
	process_mark(g->enc, "again");
	process_family_release(g, &f);
	process_mark(g->enc, "end");
}

const struct generator generate_fork_share = {
	.name = "fork-share",
	.help = "--tasks children copy every --apart-th of --pages and share --vmas windows of a file, then "
		"the "
		"parent writes --size bytes",
	.example = "--tasks 100 --pages 1000 --apart 4 --vmas 50 --size 64M",
	.run = run,
};
