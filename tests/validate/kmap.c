/*
 * What a page of high memory costs that the kernel uses across context switches, by the interface through
 * which it is reached: a real machine (pentium4, i386 with PAE, 2.6.9 unless said otherwise) switches between
 * two address spaces that each touch a working set, and reads the page after each switch.
 *
 *	build/validate/kmap [-n SWITCHES] [-w PAGES of each working set] [KEY=VALUE...]
 *
 * Cycles are those of the use alone (64 lines of the page) and of the calls around it; TLB misses likewise.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/core/machine.h"
#include "model/mm/kmap.h"
#include "model/mm/page.h"
#include "model/mm/vmalloc.h"

#define USER_SET 0x10000000ull
#define LINE     64u
#define TURNS    600u /* pages used in turn: more than the ring's slots */

struct bench {
	struct machine *m;
	struct kernel *k;
	struct core *core;
	struct cpu *c;
	struct mm *mm[2];
	u64 high[TURNS]; /* frames of high memory */
	u64 low;         /* and one of low memory */
	u64 held;        /* address of what stays mapped */
};

struct way {
	const char *name;
	void (*prepare)(struct bench *b); /* NULL: nothing */
	u64 (*begin)(struct bench *b, u32 turn);
	void (*end)(struct bench *b, u32 turn, u64 va);
};

struct sum {
	u64 use_cycles, use_misses, call_cycles, call_misses, flushes, ipis;
};

/* ---- the ways ---- */

static u64 begin_low(struct bench *b, u32 turn)
{
	return kmap(b->k, b->c, b->low);
}

static void end_low(struct bench *b, u32 turn, u64 va)
{
	kunmap(b->k, b->c, b->low);
}

static void hold_kmap(struct bench *b)
{
	b->held = kmap(b->k, b->c, b->high[0]);
}

static void hold_vmap(struct bench *b)
{
	b->held = vmap(b->k, b->c, b->high, 1);
}

static u64 begin_held(struct bench *b, u32 turn)
{
	return b->held;
}

static void end_held(struct bench *b, u32 turn, u64 va)
{
}

static u64 begin_kmap(struct bench *b, u32 turn)
{
	return kmap(b->k, b->c, b->high[0]);
}

static void end_kmap(struct bench *b, u32 turn, u64 va)
{
	kunmap(b->k, b->c, b->high[0]);
}

static u64 begin_kmap_turns(struct bench *b, u32 turn)
{
	return kmap(b->k, b->c, b->high[turn % TURNS]);
}

static void end_kmap_turns(struct bench *b, u32 turn, u64 va)
{
	kunmap(b->k, b->c, b->high[turn % TURNS]);
}

static u64 begin_atomic(struct bench *b, u32 turn)
{
	return kmap_atomic(b->k, b->c, b->high[0]);
}

static u64 begin_atomic_turns(struct bench *b, u32 turn)
{
	return kmap_atomic(b->k, b->c, b->high[turn % TURNS]);
}

static void end_atomic(struct bench *b, u32 turn, u64 va)
{
	kunmap_atomic(b->k, b->c, va);
}

static u64 begin_vmap(struct bench *b, u32 turn)
{
	return vmap(b->k, b->c, b->high, 1);
}

static void end_vmap(struct bench *b, u32 turn, u64 va)
{
	vfree(b->k, b->c, va);
}

static const struct way ways[] = {
	{ "direct map, a page of low memory", NULL, begin_low, end_low },
	{ "kmap, mapped throughout", hold_kmap, begin_held, end_held },
	{ "kmap, kunmap at each use", NULL, begin_kmap, end_kmap },
	{ "  the same, 600 pages in turn", NULL, begin_kmap_turns, end_kmap_turns },
	{ "kmap_atomic at each use", NULL, begin_atomic, end_atomic },
	{ "  the same, 600 pages in turn", NULL, begin_atomic_turns, end_atomic },
	{ "vmap, mapped throughout", hold_vmap, begin_held, end_held },
	{ "vmap, vunmap at each use", NULL, begin_vmap, end_vmap },
};

/* ---- the machine ---- */

static void take_frames(struct bench *b)
{
	u32 n;

	b->low = page_alloc(b->k, b->c, GFP_KERNEL, 0, ~(u64)0);
	for (n = 0; n < TURNS; n++)
		b->high[n] = page_alloc(b->k, b->c, GFP_HIGHUSER, 0, ~(u64)0);
	if (b->low == NO_FRAME || b->high[TURNS - 1] << FRAME_SHIFT < b->k->layout.direct_end)
		die("the machine has no high memory, or not enough");
}

static void bench_init(struct bench *b, const struct machine_cfg *cfg)
{
	*b = (struct bench){ .m = machine_new(cfg, 0) };
	b->k = b->m->kernel;
	b->core = b->m->cores[0];
	b->c = core_cpu(b->core);
	if (!b->k->kmaps)
		die("the machine has no high memory");
	take_frames(b);
	b->mm[0] = mm_new(b->k, true);
	b->mm[1] = mm_new(b->k, true);
}

static void touch_working_set(struct bench *b, struct mm *mm, u32 pages)
{
	u64 done;
	u32 i;

	core_set_mm(b->core, mm);
	mm_load(mm, b->c);
	for (i = 0; i < pages; i++) {
		done = 0;
		while (core_user_copy(b->core, USER_SET + i * FRAME_SIZE, 8, false, &done) != CORE_DONE)
			if (core_fault(b->core, core_trap(b->core)) != CORE_DONE)
				die("the working set has no memory");
	}
}

static void use_page(struct bench *b, u64 va)
{
	u32 at;

	for (at = 0; at < FRAME_SIZE; at += LINE)
		b->c->ops->load(b->c, KPATH_UIO, va + at, 8);
}

static void add_since(struct bench *b, struct kernel_tally *before, u64 *cycles, u64 *misses)
{
	struct kernel_tally now;

	b->c->ops->tally(b->c, &now);
	*cycles += now.cycles - before->cycles;
	*misses += now.tlb_misses - before->tlb_misses;
	*before = now;
}

static void one_switch(struct bench *b, const struct way *w, u32 turn, u32 pages, struct sum *s)
{
	struct kernel_tally t;
	u64 va;

	touch_working_set(b, b->mm[turn % 2], pages);
	b->c->ops->tally(b->c, &t);
	va = w->begin(b, turn);
	add_since(b, &t, &s->call_cycles, &s->call_misses);
	use_page(b, va);
	add_since(b, &t, &s->use_cycles, &s->use_misses);
	w->end(b, turn, va);
	add_since(b, &t, &s->call_cycles, &s->call_misses);
}

/* Two rounds before those that count, so that tables and caches are as they stay. */
static struct sum measure(const struct machine_cfg *cfg, const struct way *w, u32 switches, u32 pages)
{
	struct sum s = { 0 }, warm = { 0 };
	u64 flushes, ipis;
	struct bench b;
	u32 i;

	bench_init(&b, cfg);
	if (w->prepare)
		w->prepare(&b);
	for (i = 0; i < 2; i++)
		one_switch(&b, w, i, pages, &warm);
	flushes = b.k->vmalloc->st.flushes + b.k->kmaps->st.flushes;
	ipis = b.k->shootdown.ipis;
	for (i = 0; i < switches; i++)
		one_switch(&b, w, i, pages, &s);
	s.flushes = b.k->vmalloc->st.flushes + b.k->kmaps->st.flushes - flushes;
	s.ipis = b.k->shootdown.ipis - ipis;
	return s;
}

int main(int argc, char **argv)
{
	u32 switches = 1000, pages = 16, i;
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	int o;

	config_load(c, "machines", "pentium4");
	config_load(c, "kernels", "i386-pae");
	for (i = 0; i < 5; i++)
		config_set(c, (const char *const[]){ "kernel.placement=buddy", "memory.size=4G",
						     "kernel.era=2.6.9", "kernel.asids=0", "cores=2" }[i]);
	while ((o = getopt(argc, argv, "n:w:")) != -1) {
		if (o == '?')
			return 2;
		*(o == 'n' ? &switches : &pages) = (u32)strtoul(optarg, NULL, 10);
	}
	for (; optind < argc; optind++)
		config_set(c, argv[optind]);
	machine_check(&cfg, c);
	printf("%-34s %21s %21s %9s %6s\n", "", "the use", "calls around it", "flushes", "");
	printf("%-34s %10s %10s %10s %10s %9s %6s\n", "a switch", "cycles", "TLB misses", "cycles",
	       "TLB misses", "of all", "IPIs");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct sum s = measure(&cfg, &ways[i], switches, pages);

		printf("%-34s %10.1f %10.3f %10.1f %10.3f %9" PRIu64 " %6" PRIu64 "\n", ways[i].name,
		       (double)s.use_cycles / switches, (double)s.use_misses / switches,
		       (double)s.call_cycles / switches, (double)s.call_misses / switches, s.flushes, s.ipis);
	}
	config_free(c);
	return 0;
}
