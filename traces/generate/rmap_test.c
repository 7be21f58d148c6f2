/*
 * rmap-test, A. Morton's program of April 2003 (autotest carries it as rmap-test.c), with which the schemes
 * of reverse mapping were compared: many mappings of windows of one file, shared by many processes, that
 * together do not fit in memory. Its options are here:
 *
 *   -n  --vmas        windows           -l, -r  --random no, yes
 *   -s  --pages       of a window       -i      --iterations
 *   -t  --tasks       children          -V      --visits, windows' worth of random touches of an iteration
 *
 * The file has n*s + n-1 pages; window k maps s of them from page k*(s+1) on, MAP_SHARED, so that two windows
 * never become one mapping. One more shared page holds the number of running children. The parent adds one to
 * the first byte of every page, calls msync(MS_ASYNC) for each window and forks; the children sleep for a
 * second, that is until all are there, and go through the windows in order or at random, adding one to the
 * first byte of a page. The addition is one instruction: an access that reads and writes.
 *
 * Marks: "fork" before the first fork, "walk" where the children begin.
 *
 * Not here: -h, -m, -v; errors; time that the children sleep without need.
 */
#include "traces/generate/process.h"

#define SYS_MSYNC  26u /* x86-64 */
#define ONE_SECOND 1000000000ull

struct windows {
	u64 n, pages;
	u64 counter; /* address of the number of running children */
	u32 add;     /* block: one more in a byte */
};

static u64 window_at(const struct windows *w, u64 window, u64 page)
{
	return GENERATE_DATA + (window * w->pages + page) * GENERATE_PAGE;
}

static void map_windows(struct generation *g, struct windows *w)
{
	u64 len = w->pages * GENERATE_PAGE, k;
	struct process_map m = {
		.addr = w->counter,
		.len = GENERATE_PAGE,
		.prot = TR_PROT_READ | TR_PROT_WRITE,
		.flags = TR_MAP_SHARED | TR_MAP_ANON,
	};

	process_map(g->enc, &m);
	m.len = len;
	m.flags = TR_MAP_SHARED;
	m.file = process_file(g, g->enc, "rmap-test-file", (w->n * (w->pages + 1) - 1) * GENERATE_PAGE);
	for (k = 0; k < w->n; k++) {
		m.addr = window_at(w, k, 0);
		m.offset = k * (w->pages + 1) * GENERATE_PAGE;
		process_map(g->enc, &m);
	}
}

static void walk_linear(const struct windows *w, struct tr_encoder *enc)
{
	u64 k, page;

	for (k = 0; k < w->n; k++)
		for (page = 0; page < w->pages; page++)
			process_touch(enc, w->add, window_at(w, k, page));
}

static void walk_random(struct generation *g, const struct windows *w, struct tr_encoder *enc)
{
	u64 left = (g->o.visits ? g->o.visits : w->n) * w->pages, window;

	for (; left; left--) {
		window = rng_below(&g->rng, w->n);
		process_touch(enc, w->add, window_at(w, window, rng_below(&g->rng, w->pages)));
	}
}

/* Returns the number of its end. */
static u64 child(struct generation *g, const struct windows *w, struct tr_encoder *enc)
{
	const struct tr_event sleep = { .kind = TR_EV_SLEEP, .arg = ONE_SECOND };
	u64 i;

	tr_encode_event(enc, &sleep);
	for (i = 0; i < g->o.iterations; i++) {
		if (g->o.random)
			walk_random(g, w, enc);
		else
			walk_linear(w, enc);
	}
	process_touch(enc, w->add, w->counter);
	return process_exit(g, enc);
}

static void parent(struct generation *g, struct windows *w)
{
	u64 k;

	map_windows(g, w);
	walk_linear(w, g->enc);
	for (k = 0; k < w->n; k++)
		process_syscall(g->enc, SYS_MSYNC);
	process_mark(g->enc, "fork");
}

static void run(struct generation *g)
{
	struct windows w = {
		.n = g->o.vmas,
		.pages = g->o.pages,
		.add = generate_block(g, TR_ATOMIC, TR_DEP_NONE),
	};
	struct process_family f;
	u64 i, ended = 0;

	w.counter = window_at(&w, w.n, 0);
	parent(g, &w);
	f = process_fork_family(g, g->o.tasks);
	process_mark(g->enc, "walk");
	tr_encoder_flush(g->enc);
	for (i = 0; i < g->o.tasks; i++)
		ended = child(g, &w, process_family_begin(g, &f, i));
	process_wait(g->enc, ended);
}

const struct generator generate_rmap_test = {
	.name = "rmap-test",
	.help = "--tasks children write, --iterations times, in --vmas shared windows of --pages of a file, "
		"in "
		"order or (--random yes) --visits windows' worth at random",
	.example = "--random yes --vmas 100 --pages 600 --tasks 100 --visits 2",
	.run = run,
};
