/*
 * A stack of blocks on each CPU, which grows and shrinks by chance: what is taken was given back a moment
 * ago, which per-CPU lists are made for.
 */
#include <stdlib.h>

#include "traces/generate/alloc.h"

struct stack {
	struct alloc_block *block;
	u64 n;
};

/* One step of one CPU. Returns whether it took a block. */
static bool step(struct alloc_work *w, u32 cpu, struct stack *s)
{
	struct alloc_ask ask = alloc_usual(w->g);
	bool take = !s->n || (s->n < w->live && rng_below(&w->g->rng, 2));

	if (take)
		s->block[s->n++] = alloc_take(w, cpu, &ask);
	else
		alloc_give(w, cpu, &s->block[--s->n]);
	return take;
}

static void run(struct generation *g)
{
	struct stack stack[GENERATE_THREADS] = { 0 };
	u64 left = generate_count(g, g->o.live);
	struct alloc_work w;
	u32 cpus, i;

	alloc_begin(&w, g);
	cpus = w.cpus;
	for (i = 0; i < cpus; i++)
		stack[i] = (struct stack){ .block = alloc_room(w.live) };
	while (left)
		for (i = 0; i < cpus && left; i++)
			left -= step(&w, i, &stack[i]);
	for (i = 0; i < cpus; i++) {
		while (stack[i].n)
			alloc_give(&w, i, &stack[i].block[--stack[i].n]);
		free(stack[i].block);
	}
	alloc_end(&w);
}

const struct generator generate_alloc_lifo = {
	.name = "alloc-lifo",
	.help = "on each of --cpus, a stack of up to --live blocks in all grows and shrinks by chance",
	.example = "--live 64 --count 100000 --object 192",
	.run = run,
};
