/*
 * TLB shootdowns: one thread writes some pages and takes the right to write them away, or unmaps them and
 * maps them again, --iterations times; in between all read --size bytes of their own, and those pages where
 * they stay mapped: --between block runs of 64 instructions each an iteration, 200 if it is 0.
 *
 * Marks: "begin" when everybody has done the same some times, "end" after the last iteration; in between
 * "call" before each change that takes something away, "called" after it.
 */
#include "traces/generate/process.h"

#define DEFAULT_RUNS 200u
#define WORK_INSNS   64u
/* Iterations before the first mark. */
#define WARM 4u

struct work {
	u32 store, read;
	u64 len;            /* of the pages that change */
	u64 own, own_pages; /* of the readers: where, and of each */
	u64 reads;          /* of a reader in an iteration */
};

/* A load, and instructions that access nothing. */
static u32 reading_block(struct generation *g)
{
	u8 sizes[WORK_INSNS];
	const struct tr_slot slot = { .size = 8, .dep = TR_DEP_NONE, .kind = TR_LOAD };
	struct tr_block b = { .pc = GENERATE_CODE + GENERATE_PAGE / 2,
			      .n_insns = WORK_INSNS,
			      .n_slots = 1,
			      .insn_size = sizes,
			      .slot = &slot };
	u32 i;

	for (i = 0; i < WORK_INSNS; i++)
		sizes[i] = 4;
	return tr_dict_add(g->dict, &b);
}

static void map_pages(struct generation *g, const struct work *w)
{
	const struct process_map m = {
		.addr = GENERATE_DATA,
		.len = w->len,
		.prot = TR_PROT_READ | TR_PROT_WRITE,
		.flags = TR_MAP_ANON,
		.file = TR_NO_FILE,
	};

	process_map(g->enc, &m);
}

static void change(struct generation *g, const struct work *w, enum tr_event_kind kind, u8 prot)
{
	const struct tr_event ev = {
		.kind = kind,
		.prot = prot,
		.addr = GENERATE_DATA,
		.len = w->len,
		.offset = TR_NO_OFFSET,
	};

	generate_event(g, g->enc, ev);
}

static void write_and_change(struct generation *g, const struct work *w)
{
	u64 at;

	if (g->o.unmap)
		map_pages(g, w);
	for (at = 0; at < w->len; at += GENERATE_PAGE)
		process_touch(g->enc, w->store, GENERATE_DATA + at);
	process_mark(g->enc, "call");
	change(g, w, g->o.unmap ? TR_EV_UNMAP : TR_EV_PROTECT, TR_PROT_READ);
	process_mark(g->enc, "called");
	if (!g->o.unmap)
		change(g, w, TR_EV_PROTECT, TR_PROT_READ | TR_PROT_WRITE);
}

/* Page by page, a line each, over its own and what is mapped for all. */
static void read_on(const struct generation *g, const struct work *w, struct tr_encoder *enc, u32 thread,
		    u64 round)
{
	u64 shared = g->o.unmap ? 0 : g->o.pages, pages = w->own_pages + shared, i, n, at;

	for (i = 0; i < w->reads; i++) {
		n = (round * w->reads + i) % pages;
		at = n < shared ? GENERATE_DATA + n * GENERATE_PAGE
				: w->own + (thread * w->own_pages + n - shared) * GENERATE_PAGE;
		process_touch(enc, w->read, at + n % (GENERATE_PAGE / GENERATE_LINE) * GENERATE_LINE);
	}
}

static void prepare(struct generation *g, const struct work *w)
{
	const struct process_map own = {
		.addr = w->own,
		.len = g->o.threads * w->own_pages * GENERATE_PAGE,
		.prot = TR_PROT_READ | TR_PROT_WRITE,
		.flags = TR_MAP_ANON,
		.file = TR_NO_FILE,
	};
	u64 at;

	process_map(g->enc, &own);
	for (at = 0; at < own.len; at += GENERATE_LINE)
		process_touch(g->enc, w->store, own.addr + at);
	if (!g->o.unmap)
		map_pages(g, w);
	for (at = 0; at < w->len && !g->o.unmap; at += GENERATE_PAGE)
		process_touch(g->enc, w->store, GENERATE_DATA + at);
}

static void run(struct generation *g)
{
	struct work w = {
		.store = generate_block(g, TR_STORE, TR_DEP_NONE),
		.read = reading_block(g),
		.len = g->o.pages * GENERATE_PAGE,
		.own = GENERATE_DATA + (1ull << 30),
		.own_pages = (g->o.size + GENERATE_PAGE - 1) / GENERATE_PAGE,
		.reads = g->o.between ? g->o.between : DEFAULT_RUNS,
	};
	struct tr_encoder *enc[GENERATE_THREADS];
	u32 threads = g->o.threads, t;
	u64 i, n = WARM + g->o.iterations;

	prepare(g, &w);
	for (t = 1; t < threads; t++)
		enc[t] = generate_thread(g, t);
	read_on(g, &w, g->enc, 0, 0);
	for (i = 0; i < n; i++) {
		if (i == WARM)
			process_mark(g->enc, "begin");
		write_and_change(g, &w);
		read_on(g, &w, g->enc, 0, i);
		for (t = 1; t < threads; t++) {
			read_on(g, &w, enc[t], t, i);
			process_see(enc[t], g->seq);
		}
	}
	process_mark(g->enc, "end");
	for (t = 1; t < threads; t++)
		generate_end_thread(g, enc[t]);
}

const struct generator generate_shootdown = {
	.name = "shootdown",
	.help = "one of --threads threads changes rights of --pages pages, or unmaps them, and all read on",
	.example = "--threads 16 --pages 1 --iterations 50 --unmap yes",
	.run = run,
};
