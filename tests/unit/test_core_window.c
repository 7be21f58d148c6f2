/*
 * The window core against closed formulas: Little's law, dependent chains, the window's reach, walks side by
 * side, the store buffer, what drains; and the window of one instruction against the in-order core.
 *
 * A load from memory takes L = 100 cycles here: 16 to the end of L2, 84 of flat DRAM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/core/window.h"
#include "tests/ref/ref_core_window.h"
#include "tests/ref/ref_hw_machine.h"

#define PAGE 0x1000ull
#define HEAP 0x10000000ull
#define CODE 0x400000ull
#define L    100u

static const struct tr_slot load8 = { .size = 8, .kind = TR_LOAD };
static const struct tr_slot store8 = { .size = 8, .kind = TR_STORE };
static const struct tr_slot chase8 = { .size = 8, .kind = TR_LOAD, .dep = 1 };
static const struct tr_slot atomic8 = { .size = 8, .kind = TR_ATOMIC };

/* Without translation, so that nothing but the accesses takes time. */
static void configure(struct ref_machine *m, u32 window)
{
	ref_machine_cfg(m);
	m->xlate = false;
	m->core_cfg.model = CORE_WINDOW;
	m->core_cfg.window = window;
	m->core_cfg.mshrs = 64;
	m->hw.l1d.mshrs = m->hw.l2.mshrs = 64;
}

/* Cycles until all accesses have retired. */
static u64 run_over(struct ref_machine *m, u32 block, const u64 *addr, u32 n)
{
	u64 before;

	core_wait_until(m->core, core_now(m->core), PART_IDLE);
	before = core_now(m->core);
	assert_int_equal(ref_machine_run(m, block, addr, n), CORE_DONE);
	core_wait_until(m->core, core_now(m->core), PART_IDLE);
	return core_now(m->core) - before;
}

/* A block of `insns` instructions, the first of which makes the access; its code is fetched already. */
static u32 add_block(struct ref_machine *m, const struct tr_slot *slot, u32 insns)
{
	const u64 addr = HEAP - 64 * m->code.n;
	u32 block = ref_machine_block(m, CODE + m->code.n * PAGE, insns, slot, 1);

	run_over(m, block, &addr, 1);
	core_wait_until(m->core, core_now(m->core) + 1000, PART_IDLE);
	return block;
}

/* Cycles of n accesses, each to a line of its own that comes from memory. */
static u64 miss(struct ref_machine *m, u32 block, u32 n)
{
	u64 *addr = malloc(n * sizeof(*addr)), cycles;
	static u64 line;
	u32 i;

	for (i = 0; i < n; i++)
		addr[i] = HEAP + 64 * ++line;
	cycles = run_over(m, block, addr, n);
	free(addr);
	return cycles;
}

/* Independent misses reach MSHRs lines in L cycles. */
static void test_little(void **state)
{
	struct ref_machine m;
	u32 mshrs, block;
	u64 cycles;

	for (mshrs = 1; mshrs <= 64; mshrs *= 2) {
		configure(&m, 512);
		m.core_cfg.width = 6;
		m.core_cfg.mshrs = mshrs;
		ref_machine_init(&m);
		block = add_block(&m, &load8, 1);
		cycles = miss(&m, block, 3200);
		assert_in_range(cycles * mshrs, 3200 * L, 3200 * L * 21 / 20);
		assert_int_equal(ref_stat(&m, "core0.l1d.load_misses"), 3201);
		ref_machine_fini(&m);
	}
}

/* A dependent chain takes L a load, whatever the window; of hits, the hit's latency. */
static void test_chain(void **state)
{
	const u32 sizes[] = { 1, 2, 7, 512, WINDOW_MAX };
	struct ref_machine m;
	u64 addr[300];
	u32 i, block;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		configure(&m, sizes[i]);
		ref_machine_init(&m);
		block = add_block(&m, &chase8, 1);
		assert_int_equal(miss(&m, block, 300), 300 * L);
		block = add_block(&m, &chase8, 4);
		assert_int_equal(miss(&m, block, 300), sizes[i] < 4 ? 300 * L + 299 * (4 - sizes[i]) + 3 :
								      300 * L + 3);
		ref_machine_fini(&m);
	}
	for (i = 0; i < 300; i++)
		addr[i] = HEAP + i % 8 * 64;
	configure(&m, 512);
	m.core_cfg.width = 6;
	ref_machine_init(&m);
	block = add_block(&m, &chase8, 3);
	run_over(&m, block, addr, 300);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	assert_int_equal(run_over(&m, block, addr, 300), 299 * 5);
	ref_machine_fini(&m);
}

/*
 * A miss every k instructions in a window of W: as many as begin within W instructions overlap, which are
 * o = ceil(W / k). Miss i dispatches when instruction i k - W has retired, which is o k - W instructions
 * behind miss i - o. So o misses take L + o k - W cycles, where that is more than their o k issue slots.
 */
static void test_reach(void **state)
{
	const struct { u32 w, k; } pairs[] = { { 1, 1 }, { 4, 1 }, { 16, 1 },	{ 16, 4 }, { 17, 4 },
					       { 19, 4 }, { 20, 4 }, { 64, 9 }, { 3, 8 },  { 8, 8 } };
	struct ref_machine m;
	u32 i, block;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		u32 w = pairs[i].w, k = pairs[i].k, o = (w + k - 1) / k;
		u64 few;

		configure(&m, w);
		ref_machine_init(&m);
		block = add_block(&m, &load8, k);
		few = miss(&m, block, o);
		assert_int_equal(miss(&m, block, 11 * o) - few, 10 * (L + o * k - w));
		ref_machine_fini(&m);
	}
}

/* Independent hits take their issue slots. */
static void test_width(void **state)
{
	struct ref_machine m;
	u64 addr[600];
	u32 i, block;

	configure(&m, 16);
	m.core_cfg.width = 6;
	ref_machine_init(&m);
	for (i = 0; i < 600; i++)
		addr[i] = HEAP + i % 4 * 64;
	block = add_block(&m, &load8, 1);
	run_over(&m, block, addr, 600);
	assert_int_equal(run_over(&m, block, addr, 600), 100);
	ref_machine_fini(&m);
}

/*
 * Eight entries; stores ask for their lines as they are dispatched. The ninth retires when the first line is
 * there, and the others follow a cycle apart, as their lines do. Behind a load that misses nothing retires
 * and the buffer fills only then.
 */
static void test_store_buffer(void **state)
{
	struct ref_machine m;
	u32 block, load;

	configure(&m, 512);
	ref_machine_init(&m);
	block = add_block(&m, &store8, 1);
	load = add_block(&m, &load8, 1);
	assert_int_equal(miss(&m, block, 8), 8);
	assert_int_equal(ref_stat(&m, "core0.cycles.store_buffer"), 0);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	assert_int_equal(miss(&m, block, 20), L + 12);
	assert_int_equal(ref_stat(&m, "core0.cycles.store_buffer"), L - 8);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	miss(&m, load, 1);
	assert_int_equal(ref_stat(&m, "core0.cycles.store_buffer"), L - 8);
	ref_machine_fini(&m);
}

/* An atomic begins when all before it has retired, and what follows begins after it. */
static void test_atomic_drains(void **state)
{
	const struct tr_slot slots[] = { { .size = 8, .insn = 0, .kind = TR_LOAD },
					 { .size = 8, .insn = 1, .kind = TR_ATOMIC },
					 { .size = 8, .insn = 2, .kind = TR_LOAD } };
	const u64 addr[] = { HEAP + 64, HEAP, HEAP + 128 };
	struct ref_machine m;
	u32 block;

	configure(&m, 512);
	ref_machine_init(&m);
	add_block(&m, &atomic8, 1);
	block = ref_machine_block(&m, CODE, 3, slots, 3);
	assert_int_equal(run_over(&m, block, addr, 1), L + 1 + L);
	assert_int_equal(ref_stat(&m, "core0.l1d.pending_hits"), 0);
	ref_machine_fini(&m);
}

/* Loads that miss the TLB overlap as far as there are walkers: 7 of the STLB, four PTEs of 5, 5 of L1. */
static u64 walk_four(u32 walkers)
{
	const u64 addr[] = { HEAP, HEAP + PAGE + 64, HEAP + 2 * PAGE + 128, HEAP + 3 * PAGE + 192 };
	struct ref_machine m;
	struct cpu *cpu;
	u64 cycles;
	u32 block;

	configure(&m, 512);
	m.xlate = true;
	m.hw.walker.count = walkers;
	m.hw.pwc = (struct pwc_cfg){ 0 };
	ref_machine_init(&m);
	block = ref_machine_block(&m, CODE, 1, &load8, 1);
	cpu = core_cpu(m.core);
	run_over(&m, block, addr, 4);
	run_over(&m, block, addr, 4);
	cpu->ops->flush_range(cpu, 1, HEAP, HEAP + 4 * PAGE);
	cycles = run_over(&m, block, addr, 4);
	assert_int_equal(hist_count(&core_latency(m.core)->load[MEM_L1][XLATE_WALK]), 4);
	ref_machine_fini(&m);
	return cycles;
}

/*
 * A load that waits for its producer leaves the walker to those behind it in the program until it starts: 100
 * cycles for the producer, then 7, 20 and 5; the third load's walk is over by then.
 */
static void test_walker_is_left(void **state)
{
	const struct tr_slot slots[] = { { .size = 8, .insn = 0, .kind = TR_LOAD },
					 { .size = 8, .insn = 1, .kind = TR_LOAD, .dep = 1 },
					 { .size = 8, .insn = 2, .kind = TR_LOAD } };
	const u64 addr[] = { HEAP, HEAP + PAGE + 64, HEAP + 2 * PAGE + 128, HEAP + 192, HEAP + PAGE + 64,
			     HEAP + 2 * PAGE + 128 };
	struct ref_machine m;
	struct cpu *cpu;
	u64 waited;
	u32 block;

	configure(&m, 512);
	m.xlate = true;
	m.hw.pwc = (struct pwc_cfg){ 0 };
	ref_machine_init(&m);
	block = ref_machine_block(&m, CODE, 3, slots, 3);
	cpu = core_cpu(m.core);
	run_over(&m, block, addr, 1);
	run_over(&m, block, addr, 1);
	cpu->ops->flush_range(cpu, 1, HEAP + PAGE, HEAP + 3 * PAGE);
	waited = ref_stat(&m, "core0.walker.wait_cycles");
	assert_int_equal(run_over(&m, block, addr + 3, 1), L + 7 + 20 + 5 + 1);
	assert_int_equal(ref_stat(&m, "core0.walker.wait_cycles"), waited);
	ref_machine_fini(&m);
}

static void test_walks_overlap(void **state)
{
	assert_int_equal(walk_four(4), 3 + 7 + 20 + 5);
	assert_int_equal(walk_four(2), 1 + 7 + 20 + 20 + 5);
	assert_int_equal(walk_four(1), 7 + 4 * 20 + 5);
}

/* ---- against the naive twin ---- */

#define N_BLOCKS 24u
#define N_RUNS   500u

struct shape {
	u32 width, window, mshrs, store_buffer, sets, ways, lines; /* lines: touched */
	u32 stores, atomics, deps;                                 /* percent */
};

static const struct shape shapes[] = {
	{ 1, 1, 4, 4, 8, 2, 40, 30, 2, 30 },	  { 1, 16, 4, 4, 8, 2, 40, 30, 2, 30 },
	{ 6, 512, 16, 72, 64, 12, 900, 30, 1, 30 }, { 6, 64, 2, 3, 8, 2, 200, 50, 2, 20 },
	{ 4, 192, 10, 56, 16, 4, 2000, 25, 0, 60 }, { 3, 40, 8, 8, 4, 8, 100, 10, 0, 90 },
	{ 2, 7, 1, 1, 4, 1, 12, 60, 5, 10 },	  { 8, 1024, 64, 112, 16, 4, 3000, 20, 0, 40 },
	{ 6, 512, 16, 72, 64, 12, 600, 5, 0, 95 },  { 6, 33, 16, 72, 64, 12, 4000, 0, 0, 0 },
};

struct block {
	struct tr_slot slot[6];
	u32 n_insns, n_slots;
};

/* far: dependences on accesses of earlier blocks too. */
static void add_random_block(struct block *b, struct rng *r, const struct shape *s, bool far)
{
	u32 i, insn = 0;

	b->n_insns = 1 + (u32)rng_below(r, 12);
	b->n_slots = (u32)rng_below(r, 6);
	for (i = 0; i < b->n_slots; i++) {
		u64 kind = rng_below(r, 100);

		insn += (u32)rng_below(r, 4);
		insn = MIN(insn, b->n_insns - 1);
		b->slot[i] = (struct tr_slot){ .size = 8, .insn = (u16)insn };
		b->slot[i].kind = kind < s->atomics ? TR_ATOMIC :
				  kind < s->atomics + s->stores ? TR_STORE : TR_LOAD;
		if (rng_below(r, 100) < s->deps)
			b->slot[i].dep = (u16)rng_below(r, far ? 12 : i + 1);
	}
}

struct stream {
	struct ref_machine m;
	struct block block[N_BLOCKS];
	u32 run[N_RUNS];
	u64 addr[6 * N_RUNS];
	struct ref_window_access access[6 * N_RUNS];
	u32 n_accesses;
	u64 n_insns;
};

static void add_run(struct stream *t, struct rng *r, const struct shape *s, u32 n)
{
	const struct block *b;
	u32 i;

	t->run[n] = (u32)rng_below(r, N_BLOCKS);
	b = &t->block[t->run[n]];
	for (i = 0; i < b->n_slots; i++) {
		u64 line = rng_below(r, 4) ? rng_below(r, s->lines) : rng_below(r, 8);

		t->addr[t->n_accesses] = line * 64 + 8 * rng_below(r, 8);
		t->access[t->n_accesses++] = (struct ref_window_access){
			.insn = t->n_insns + b->slot[i].insn, .line = line, .kind = b->slot[i].kind,
			.dep = b->slot[i].dep,
		};
	}
	t->n_insns += b->n_insns;
}

static void configure_as(struct ref_machine *m, const struct shape *s)
{
	configure(m, s->window);
	m->core_cfg.width = s->width;
	m->core_cfg.mshrs = s->mshrs;
	m->core_cfg.store_buffer = s->store_buffer;
	m->hw.l1d.size = (u64)s->sets * s->ways * 64;
	m->hw.l1d.ways = s->ways;
	m->hw.l1d.indexing = INDEX_PIPT;
	m->hw.l2.size = 0;
}

/* The code of all blocks has been fetched. */
static void add_blocks(struct stream *t, struct rng *r, const struct shape *s, bool far)
{
	struct tr_slot none[6] = { 0 };
	u32 i, warm;

	for (i = 0; i < N_BLOCKS; i++) {
		struct block *b = &t->block[i];

		add_random_block(b, r, s, far);
		ref_machine_block(&t->m, CODE + i * 64, b->n_insns, b->slot, b->n_slots);
	}
	for (i = 0; i < N_BLOCKS; i++) {
		warm = ref_machine_block(&t->m, CODE + i * 64, t->block[i].n_insns, none, 0);
		run_over(&t->m, warm, NULL, 1);
	}
}

static void run_stream(struct stream *t)
{
	struct core_chunk ch = { .code = &t->m.code, .block = t->run, .addr = t->addr, .n_runs = N_RUNS };
	u64 step = 1;

	/* In pieces: where a chunk ends is of no consequence. */
	while (core_run(t->m.core, &ch, core_now(t->m.core) + step) != CORE_DONE)
		step = step * 7 % 97;
	core_wait_until(t->m.core, core_now(t->m.core), PART_IDLE);
}

static void compare(const struct stream *t, const struct ref_window_result *r, const u64 *before, u32 width)
{
	const struct core_latency *l = core_latency(t->m.core);
	struct hist loads = { 0 };
	char name[40];
	u32 i;

	for (i = 0; i < NR_MEM_LEVELS; i++)
		hist_merge(&loads, &l->load[i][XLATE_TLB]);
	assert_memory_equal(&loads, &r->loads, sizeof(loads));
	assert_int_equal(ref_stat(&t->m, "core0.l1d.load_misses"), r->load_misses);
	assert_int_equal(ref_stat(&t->m, "core0.l1d.store_misses"), r->store_misses);
	assert_int_equal(ref_stat(&t->m, "core0.l1d.pending_hits"), r->pending_hits);
	assert_int_equal(ref_stat(&t->m, "core0.l1d.mshr_waits"), r->mshr_waits);
	for (i = PART_BASE + 1; i < PART_LOCK; i++) {
		snprintf(name, sizeof(name), "core0.cycles.%s", core_part_name(i));
		assert_int_equal(ref_stat(&t->m, name) - before[i], r->stall[i] / width);
	}
}

/* Cycle-exact: the end, the parts, each load's latency. */
static void test_twin(void **state)
{
	struct stream *t = malloc(sizeof(*t));
	struct ref_window_result *r = malloc(sizeof(*r));
	struct rng rng;
	u64 before[NR_CORE_PARTS], start;
	char name[40];
	u32 round, i;

	rng_init(&rng, 1, "twin");
	for (round = 0; round < 2 * ARRAY_SIZE(shapes); round++) {
		const struct shape *s = &shapes[round % ARRAY_SIZE(shapes)];
		struct ref_window_cfg cfg = { s->width, s->window, s->mshrs, s->store_buffer, s->sets,
					      s->ways,	5,	   5 + 84 };

		memset(t, 0, sizeof(*t));
		configure_as(&t->m, s);
		ref_machine_init(&t->m);
		add_blocks(t, &rng, s, round / ARRAY_SIZE(shapes) % 2);
		for (i = 0; i < N_RUNS; i++)
			add_run(t, &rng, s, i);
		for (i = 0; i < NR_CORE_PARTS; i++) {
			snprintf(name, sizeof(name), "core0.cycles.%s", core_part_name(i));
			before[i] = ref_stat(&t->m, name);
		}
		start = core_now(t->m.core);
		core_wait_until(t->m.core, start + 1, PART_IDLE); /* on a whole cycle */
		start = core_now(t->m.core);
		run_stream(t);
		ref_window_run(&cfg, t->access, t->n_accesses, t->n_insns, r);
		assert_int_equal(core_now(t->m.core) - start, r->slots / s->width);
		compare(t, r, before, s->width);
		ref_machine_fini(&t->m);
	}
	free(t);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_little),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_store_buffer),
		cmocka_unit_test(test_atomic_drains),
		cmocka_unit_test(test_walks_overlap),
		cmocka_unit_test(test_walker_is_left),
		cmocka_unit_test(test_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
