/*
 * One thread writes --pages pages in order, --iterations times; the other --threads, if any, use a page of
 * their own meanwhile: for each page that is written, --between (500) runs of 512 instructions with one load.
 * With less memory than pages, each page goes out and comes back; what has to be told to the others' TLBs
 * depends on their being there.
 *
 * Marks: "begin" when the pages are mapped, "end" after the last page.
 */
#include "traces/generate/process.h"

#define DEFAULT_LOADS 500u

struct work {
	u32 load, store;
	u64 own; /* address of the others' pages */
	u64 loads;
};

/* Long enough to pass the time. */
static u32 long_block(struct generation *g)
{
	u8 sizes[TR_MAX_INSNS];
	const struct tr_slot slot = { .size = 8, .dep = TR_DEP_NONE, .kind = TR_LOAD };
	const struct tr_block b = { .pc = GENERATE_CODE + GENERATE_PAGE / 2,
				    .n_insns = TR_MAX_INSNS,
				    .n_slots = 1,
				    .insn_size = sizes,
				    .slot = &slot };
	u32 i;

	for (i = 0; i < TR_MAX_INSNS; i++)
		sizes[i] = 4;
	return tr_dict_add(g->dict, &b);
}

static void others_load(struct generation *g, const struct work *w, struct tr_encoder *const *enc)
{
	u64 page, i;
	u32 t;

	for (t = 1; t < g->o.threads; t++) {
		page = w->own + t * GENERATE_PAGE;
		for (i = 0; i < w->loads; i++)
			process_touch(enc[t], w->load, page + i * 8 % GENERATE_PAGE);
	}
}

static void run(struct generation *g)
{
	struct work w = { .load = long_block(g),
			  .store = generate_block(g, TR_STORE, TR_DEP_NONE),
			  .own = GENERATE_DATA + g->o.pages * GENERATE_PAGE,
			  .loads = g->o.between ? g->o.between : DEFAULT_LOADS };
	struct tr_encoder *enc[GENERATE_THREADS] = { NULL };
	u64 i, page;
	u32 t;

	generate_map(g, (g->o.pages + g->o.threads) * GENERATE_PAGE);
	for (t = 1; t < g->o.threads; t++) {
		process_touch(g->enc, w.store, w.own + t * GENERATE_PAGE);
		enc[t] = generate_thread(g, t);
	}
	process_mark(g->enc, "begin");
	for (i = 0; i < g->o.iterations; i++) {
		for (page = 0; page < g->o.pages; page++) {
			process_touch(g->enc, w.store, GENERATE_DATA + page * GENERATE_PAGE);
			others_load(g, &w, enc);
		}
	}
	process_mark(g->enc, "end");
	for (t = 1; t < g->o.threads; t++)
		generate_end_thread(g, enc[t]);
}

const struct generator generate_thrash = {
	.name = "thrash",
	.help = "one thread writes --pages pages --iterations times, the others of --threads run meanwhile",
	.example = "--pages 24576 --iterations 2 --threads 2",
	.run = run,
};
