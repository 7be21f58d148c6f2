/*
 * One thread writes some pages, takes the right to write them away and gives it back; the others read the
 * pages between the changes. What a change of rights costs grows with its pages, until a kernel drops the
 * whole TLB instead. Marks: "protect" and "unprotect" before the two changes, "changed" after them.
 */
#include "traces/generate/process.h"

/* Times that a reader goes over the pages between two changes. */
#define READS 8u

static void protect(struct generation *g, u64 len, u8 prot)
{
	struct tr_event ev = {
		.kind = TR_EV_PROTECT,
		.prot = prot,
		.seq = ++g->seq,
		.addr = GENERATE_DATA,
		.len = len,
		.offset = TR_NO_OFFSET,
	};

	tr_encode_event(g->enc, &ev);
}

/* n accesses to the pages in turn. */
static void touch(struct generation *g, struct tr_encoder *enc, u32 block, u64 n)
{
	u64 i, addr;

	for (i = 0; i < n; i++) {
		addr = GENERATE_DATA + i % g->o.pages * GENERATE_PAGE;
		tr_encode_run(enc, block, &addr);
	}
}

static void run(struct generation *g)
{
	u32 load = generate_block(g, TR_LOAD, TR_DEP_NONE);
	u32 store = generate_block(g, TR_STORE, TR_DEP_NONE);
	u64 len = g->o.pages * GENERATE_PAGE, n = generate_count(g, g->o.pages), i;
	u32 threads = g->o.threads, t;
	struct tr_encoder *enc[GENERATE_THREADS];

	generate_map(g, len);
	generate_fill(g, len, GENERATE_PAGE);
	for (t = 1; t < threads; t++)
		enc[t] = generate_thread(g, t);
	for (i = 0; i < n; i += g->o.pages) {
		for (t = 1; t < threads; t++)
			touch(g, enc[t], load, READS * g->o.pages);
		touch(g, g->enc, store, g->o.pages);
		process_mark(g->enc, "protect");
		protect(g, len, TR_PROT_READ);
		process_mark(g->enc, "unprotect");
		protect(g, len, TR_PROT_READ | TR_PROT_WRITE);
		process_mark(g->enc, "changed");
		for (t = 1; t < threads; t++)
			process_see(enc[t], g->seq);
	}
	for (t = 1; t < threads; t++)
		generate_end_thread(g, enc[t]);
}

const struct generator generate_protect = {
	.name = "protect",
	.help = "one of --threads threads writes --pages pages and changes their rights, the others read",
	.run = run,
};
