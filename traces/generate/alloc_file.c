/*
 * A file is read once from its beginning to its end: readahead takes pages that the device has written, so
 * none of their lines is in a cache, the program's copy reads them, and the oldest ones are given back cold,
 * as reclaim does (__GFP_COLD and free_cold_page() of 2.5.45 to 4.14; later kernels have only the pages).
 */
#include <stdlib.h>

#include "model/base/error.h"
#include "traces/generate/alloc.h"

#define AHEAD 32u /* pages: 128 KB, VM_READAHEAD_PAGES of include/linux/mm.h */

static struct alloc_ask page(const struct generation *g)
{
	return (struct alloc_ask){
		.gfp = TR_GFP_MOVABLE_USER | TR_GFP_COLD,
		.touch = g->o.touch,
		.cold = true,
		.reads = true,
	};
}

/* The ring of one CPU's pages. */
struct window {
	struct alloc_block *block;
	u64 first, n;
};

static void take_some(struct alloc_work *w, u32 cpu, struct window *v, u64 n)
{
	struct alloc_ask ask = page(w->g);
	u64 i;

	for (i = 0; i < n; i++)
		v->block[(v->first + v->n++) % w->live] = alloc_take(w, cpu, &ask);
}

static void give_some(struct alloc_work *w, u32 cpu, struct window *v, u64 n)
{
	for (; n; n--, v->n--, v->first = (v->first + 1) % w->live)
		alloc_give(w, cpu, &v->block[v->first]);
}

/* Room is made for what is read ahead. */
static void read_on(struct alloc_work *w, u32 cpu, struct window *v, u64 n)
{
	u64 room = w->live - v->n;

	if (room < n)
		give_some(w, cpu, v, n - room);
	take_some(w, cpu, v, n);
}

static void run(struct generation *g)
{
	u64 left = generate_count(g, g->o.live), n;
	struct window window[GENERATE_THREADS] = { 0 };
	struct alloc_work w;
	u32 cpus, i;

	alloc_begin(&w, g);
	cpus = w.cpus;
	ASSERT(cpus > 0 && w.live > 0);
	for (i = 0; i < cpus; i++)
		window[i] = (struct window){ .block = alloc_room(w.live) };
	for (i = 0; left; left -= n, i = (i + 1) % cpus) {
		n = MIN(left, MIN(AHEAD, w.live));
		read_on(&w, i, &window[i], n);
	}
	for (i = 0; i < cpus; i++) {
		give_some(&w, i, &window[i], window[i].n);
		free(window[i].block);
	}
	alloc_end(&w);
}

const struct generator generate_alloc_file = {
	.name = "alloc-file",
	.help = "a file read on each of --cpus: 32 pages at once are taken, used, and freed cold when --live "
		"are in "
		"use",
	.example = "--live 2000 --count 100000 --touch 4096",
	.run = run,
};
