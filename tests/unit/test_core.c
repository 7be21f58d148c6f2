/*
 * The in-order core: latencies by closed formulas, counting rules, the store buffer, traps, and what must
 * be conserved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "tests/ref/ref_hw_machine.h"

#define PAGE 0x1000ull
#define HEAP 0x10000000ull
#define CODE 0x400000ull

static const struct tr_slot load8 = { .size = 8, .kind = TR_LOAD };
static const struct tr_slot store8 = { .size = 8, .kind = TR_STORE };
static const struct tr_slot chase8 = { .size = 8, .kind = TR_LOAD, .dep = 1 };

/* Runs a block of one instruction with one slot over the addresses; returns the cycles that it took. */
static u64 run_over(struct ref_machine *m, u32 block, const u64 *addr, u32 n)
{
	u64 before = core_now(m->core);

	assert_int_equal(ref_machine_run(m, block, addr, n), CORE_DONE);
	return core_now(m->core) - before;
}

/* Cycles a load of a pointer chase, once caches and TLBs are warm. */
static u64 chase(u32 n, u64 stride, u64 line_step)
{
	u64 *addr = malloc(n * sizeof(*addr)), cycles;
	struct ref_machine m;
	u32 i, block;

	ref_machine_cfg(&m);
	ref_machine_init(&m);
	for (i = 0; i < n; i++)
		addr[i] = HEAP + i * stride + i * line_step % PAGE;
	block = ref_machine_block(&m, CODE, 1, &chase8, 1);
	run_over(&m, block, addr, n);
	run_over(&m, block, addr, n);
	cycles = run_over(&m, block, addr, n);
	assert_int_equal(cycles % n, 0);
	ref_machine_fini(&m);
	free(addr);
	return cycles / n;
}

/* L1 5, L2 16, and 7 more where the DTLB misses and the STLB hits; 96 DTLB entries, 768 lines of L1D. */
static void test_steps(void **state)
{
	assert_int_equal(chase(512, 64, 0), 5);	  /* 32 KB */
	assert_int_equal(chase(768, 64, 0), 5);	  /* 48 KB: just fits */
	assert_int_equal(chase(2048, 64, 0), 16); /* 128 KB in 32 pages */
	assert_int_equal(chase(96, PAGE, 64), 5);
	assert_int_equal(chase(192, PAGE, 64), 12);
	assert_int_equal(chase(768, PAGE, 64), 12);
	assert_int_equal(chase(1536, PAGE, 64), 23);
}

/*
 * Beyond the STLB: 7, then one PTE read where the PDE is known. 4096 PTEs are 512 lines, which stay in L2
 * at least.
 */
static void test_walk_step(void **state)
{
	struct ref_machine m;
	u64 *addr = malloc(4096 * sizeof(*addr)), walks, reads, cycles;
	u32 i, block;

	ref_machine_cfg(&m);
	ref_machine_init(&m);
	for (i = 0; i < 4096; i++)
		addr[i] = HEAP + i * PAGE + i * 64ull % PAGE;
	block = ref_machine_block(&m, CODE, 1, &chase8, 1);
	run_over(&m, block, addr, 4096);
	run_over(&m, block, addr, 4096);
	walks = ref_stat(&m, "core0.walker.walks");
	reads = ref_stat(&m, "core0.walker.pte_reads");
	cycles = ref_stat(&m, "core0.walker.cycles");
	run_over(&m, block, addr, 4096);
	assert_int_equal(ref_stat(&m, "core0.walker.walks") - walks, 4096);
	assert_int_equal(ref_stat(&m, "core0.walker.pte_reads") - reads, 4096);
	/* Eight PTEs a line: the first comes from L2 (16), seven from L1 (5). */
	assert_int_equal(ref_stat(&m, "core0.walker.cycles") - cycles, 512 * (16 + 7 * 5));
	ref_machine_fini(&m);
	free(addr);
}

static void init(struct ref_machine *m)
{
	ref_machine_cfg(m);
	ref_machine_init(m);
}

/* INVLPG takes all that walk caches hold, wherever its page is; where a range goes, they keep the rest. */
static void test_flushes_and_walk_caches(void **state)
{
	u64 addr[5], other = HEAP + (1ull << 30), reads;
	struct ref_machine m;
	struct cpu *cpu;
	u32 i, block;

	init(&m);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = HEAP + i * PAGE;
	block = ref_machine_block(&m, CODE, 1, &load8, 1);
	run_over(&m, block, addr, ARRAY_SIZE(addr));
	cpu = core_cpu(m.core);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		if (!i)
			cpu->ops->flush_asid(cpu, 1);
		if (i == 2)
			cpu->ops->flush_page(cpu, 1, other);
		if (i == 3)
			cpu->ops->flush_range(cpu, 1, other, other + PAGE);
		reads = ref_stat(&m, "core0.walker.pte_reads");
		run_over(&m, block, &addr[i], 1);
		/* With the first walk come the code's page. */
		assert_int_equal(ref_stat(&m, "core0.walker.pte_reads") - reads, !i ? 4 + 2 : i == 2 ? 4 : 1);
	}
	ref_machine_fini(&m);
}

/*
 * A load to memory on an idle machine: last level's latency and the device; the parts tell who had the core
 * wait.
 */
static void test_memory_latency(void **state)
{
	const u64 addr[] = { HEAP, HEAP + PAGE / 2 };
	struct ref_machine m;
	u32 block;

	init(&m);
	block = ref_machine_block(&m, CODE, 1, &load8, 1);
	run_over(&m, block, addr, 1);
	assert_int_equal(run_over(&m, block, addr + 1, 1), 16 + 84);
	assert_int_equal(core_latency(m.core)->load[MEM_DRAM][XLATE_TLB].bin[100], 1);
	assert_int_equal(ref_stat(&m, "core0.cycles.dram"), 99 + 99); /* and its issue slot */
	ref_machine_fini(&m);
}

/* Independent L1 hits cost their issue slots and nothing else. */
static void test_hits_are_free(void **state)
{
	struct ref_machine m;
	u64 addr[600];
	u32 i, block;

	ref_machine_cfg(&m);
	m.core_cfg.width = 6;
	ref_machine_init(&m);
	for (i = 0; i < 600; i++)
		addr[i] = HEAP + i % 4 * 64;
	block = ref_machine_block(&m, CODE, 1, &load8, 1);
	run_over(&m, block, addr, 600);
	assert_int_equal(run_over(&m, block, addr, 600), 100);
	assert_int_equal(core_latency(m.core)->load[MEM_L1][XLATE_TLB].bin[5], 1196);
	ref_machine_fini(&m);
}

/* pipt: the TLB's latency comes before the cache's. vipt: side by side, the longer one counts. */
static void test_indexing_latency(void **state)
{
	const u64 addr[] = { HEAP, HEAP, HEAP, HEAP, HEAP };
	struct ref_machine m;
	u32 block;

	ref_machine_cfg(&m);
	m.hw.l1d.indexing = INDEX_PIPT;
	m.hw.dtlb.latency.cycles = 2;
	ref_machine_init(&m);
	block = ref_machine_block(&m, CODE, 1, &chase8, 1);
	run_over(&m, block, addr, 5);
	assert_int_equal(run_over(&m, block, addr, 5), 5 * 7);
	ref_machine_fini(&m);
	ref_machine_cfg(&m);
	m.hw.dtlb.latency.cycles = 8;
	ref_machine_init(&m);
	block = ref_machine_block(&m, CODE, 1, &chase8, 1);
	run_over(&m, block, addr, 5);
	assert_int_equal(run_over(&m, block, addr, 5), 5 * 8);
	ref_machine_fini(&m);
}

/* Each line of an access counts at L1, each page at the TLB, and the histogram has one sample. */
static void test_straddles(void **state)
{
	const u64 addr[] = { HEAP + 60, HEAP + PAGE - 4, HEAP + 2 * PAGE - 64 };
	const struct tr_slot big = { .size = 128, .kind = TR_LOAD };
	struct ref_machine m;
	u64 samples = 0;
	u32 block, i, level, how;

	init(&m);
	block = ref_machine_block(&m, CODE, 1, &load8, 1);
	run_over(&m, block, addr, 1);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads"), 2);
	assert_int_equal(ref_stat(&m, "core0.l1d.load_misses"), 2);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups"), 1);
	run_over(&m, block, addr + 1, 1);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads"), 4);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups"), 3);
	assert_int_equal(ref_stat(&m, "core0.dtlb.misses"), 2);
	block = ref_machine_block(&m, CODE, 1, &big, 1);
	run_over(&m, block, addr + 2, 1);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads"), 6);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups"), 5);
	assert_int_equal(ref_stat(&m, "core0.line_straddles"), 3);
	assert_int_equal(ref_stat(&m, "core0.page_straddles"), 2);
	for (level = 0; level < NR_MEM_LEVELS; level++) {
		for (how = 0; how < NR_CORE_CLASSES; how++)
			samples += hist_count(&core_latency(m.core)->load[level][how]);
	}
	assert_int_equal(samples, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(run_over(&m, 0, addr, 1), 1); /* two hits */
	ref_machine_fini(&m);
}

/* One instruction over two pages of code: a fetch in each line, a lookup in each page. */
static void test_fetches(void **state)
{
	struct ref_machine m;
	u32 block;

	init(&m);
	block = ref_machine_block(&m, CODE + PAGE - 10, 5, NULL, 0);
	run_over(&m, block, NULL, 1);
	assert_int_equal(ref_stat(&m, "core0.instructions"), 5);
	assert_int_equal(ref_stat(&m, "core0.l1i.fetches"), 6);
	assert_int_equal(ref_stat(&m, "core0.l1i.fetch_misses"), 2);
	assert_int_equal(ref_stat(&m, "core0.itlb.lookups"), 6);
	assert_int_equal(ref_stat(&m, "core0.itlb.misses"), 2);
	assert_int_equal(run_over(&m, block, NULL, 1), 5);
	ref_machine_fini(&m);
}

/* An atomic is one load and one store and asks for its line once, to write. */
static void test_atomics(void **state)
{
	const struct tr_slot atomic = { .size = 8, .kind = TR_ATOMIC };
	const u64 addr[] = { HEAP, HEAP + 64 };
	struct ref_machine m;
	u32 block;

	init(&m);
	block = ref_machine_block(&m, CODE, 1, &atomic, 1);
	run_over(&m, block, addr, 2);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads"), 2);
	assert_int_equal(ref_stat(&m, "core0.l1d.stores"), 2);
	assert_int_equal(ref_stat(&m, "core0.l1d.load_misses"), 0);
	assert_int_equal(ref_stat(&m, "core0.l1d.store_misses"), 2);
	assert_int_equal(ref_stat(&m, "core0.l2.rfo"), 2);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups"), 2);
	assert_int_equal(ref_stat(&m, "core0.atomics"), 2);
	ref_machine_fini(&m);
}

/*
 * Eight entries. Each store misses to memory, 100 cycles: the first eight retire in their issue slots, the
 * ninth waits until the first line is there, and each further one a slot, as the lines come one a cycle.
 */
static void test_store_buffer(void **state)
{
	u64 addr[17];
	struct ref_machine m;
	u32 i, block;

	init(&m);
	addr[16] = HEAP;
	for (i = 0; i < 16; i++)
		addr[i] = HEAP + 64 * (i + 1);
	block = ref_machine_block(&m, CODE, 1, &store8, 1);
	run_over(&m, block, addr + 16, 1);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	assert_int_equal(run_over(&m, block, addr, 8), 8);
	assert_int_equal(run_over(&m, block, addr + 8, 1), 100 - 8 + 1);
	assert_int_equal(run_over(&m, block, addr + 9, 7), 7);
	assert_int_equal(ref_stat(&m, "core0.cycles.store_buffer"), 100 - 8);
	assert_int_equal(ref_stat(&m, "core0.l1d.store_misses"), 17);
	ref_machine_fini(&m);
}

/* A load of a line that a store is still waiting for: a hit that waits. */
static void test_pending_hit(void **state)
{
	const u64 addr[] = { HEAP, HEAP + 64 };
	struct ref_machine m;
	u32 store, load;

	init(&m);
	store = ref_machine_block(&m, CODE, 1, &store8, 1);
	load = ref_machine_block(&m, CODE, 1, &load8, 1);
	run_over(&m, store, addr, 1);
	run_over(&m, load, addr, 1);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	assert_int_equal(run_over(&m, store, addr + 1, 1), 1);
	assert_int_equal(run_over(&m, load, addr + 1, 1), 100 - 1);
	assert_int_equal(ref_stat(&m, "core0.l1d.pending_hits"), 2);
	assert_int_equal(ref_stat(&m, "core0.l1d.load_misses"), 0);
	ref_machine_fini(&m);
}

/* An atomic waits until the stores before it are drained. */
static void test_atomic_drains(void **state)
{
	const struct tr_slot atomic = { .size = 8, .kind = TR_ATOMIC };
	const u64 addr[] = { HEAP, HEAP + 64 };
	struct ref_machine m;
	u32 store, block;

	init(&m);
	store = ref_machine_block(&m, CODE, 1, &store8, 1);
	block = ref_machine_block(&m, CODE, 1, &atomic, 1);
	run_over(&m, block, addr, 1);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	assert_int_equal(run_over(&m, store, addr + 1, 1), 1);
	assert_int_equal(run_over(&m, block, addr, 1), 99 + 1);
	ref_machine_fini(&m);
}

/* Two MSHRs: the third store that misses finds none free. */
static void test_mshr_full(void **state)
{
	const u64 addr[] = { HEAP, HEAP + 64, HEAP + 128, HEAP + 192 };
	struct ref_machine m;
	u32 block;

	ref_machine_cfg(&m);
	m.core_cfg.mshrs = 2;
	ref_machine_init(&m);
	block = ref_machine_block(&m, CODE, 1, &store8, 1);
	run_over(&m, block, addr, 1);
	core_wait_until(m.core, core_now(m.core) + 1000, PART_IDLE);
	assert_int_equal(run_over(&m, block, addr + 1, 2), 2);
	assert_int_equal(run_over(&m, block, addr + 3, 1), 98 + 1);
	assert_int_equal(ref_stat(&m, "core0.cycles.mshr_full"), 98);
	assert_int_equal(ref_stat(&m, "core0.l1d.mshr_waits"), 1);
	ref_machine_fini(&m);
}

/* A fault is taken once a page and charged to the kernel; the access is a sample "fault". */
static void test_faults(void **state)
{
	u64 addr[50];
	struct ref_machine m;
	u64 samples = 0;
	u32 i, block;

	ref_machine_cfg(&m);
	m.fault_cycles = 700;
	ref_machine_init(&m);
	for (i = 0; i < 50; i++)
		addr[i] = HEAP + i / 2 * PAGE;
	block = ref_machine_block(&m, CODE, 1, &store8, 1);
	run_over(&m, block, addr, 50);
	assert_int_equal(m.faults, 25 + 1); /* and the page of the code */
	assert_int_equal(ref_stat(&m, "core0.traps"), 26);
	assert_int_equal(ref_stat(&m, "core0.cycles.kernel.fault"), 26 * 700);
	for (i = 0; i < NR_MEM_LEVELS; i++)
		samples += hist_count(&core_latency(m.core)->store[i][core_class(XLATE_FAULT, CAUSE_NONE)]);
	assert_int_equal(samples, 25);
	assert_int_equal(ref_stat(&m, "core0.dtlb.misses"), 25);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups"), 50);
	ref_machine_fini(&m);
}

/* A bad address in the middle of a run stops it there, and what did not happen is not counted. */
static void test_segv(void **state)
{
	const struct tr_slot slots[] = { { .size = 8, .insn = 0, .kind = TR_LOAD },
					 { .size = 8, .insn = 2, .kind = TR_STORE },
					 { .size = 8, .insn = 3, .kind = TR_LOAD } };
	const u64 addr[] = { HEAP, REF_BAD + 8, HEAP };
	struct ref_machine m;
	u32 block;

	init(&m);
	block = ref_machine_block(&m, CODE, 5, slots, 3);
	assert_int_equal(ref_machine_run(&m, block, addr, 1), CORE_SEGV);
	assert_int_equal(core_trap(m.core)->va, REF_BAD + 8);
	assert_int_equal(core_trap(m.core)->access, ACCESS_WRITE);
	assert_int_equal(ref_stat(&m, "core0.instructions"), 2);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads"), 1);
	assert_int_equal(ref_stat(&m, "core0.l1d.stores"), 0);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups"), 2);
	ref_machine_fini(&m);
}

/*
 * Faults that block: the run goes on at its slot, and counts as if nothing had been, but for the lookups
 * made again.
 */
static void test_block_and_resume(void **state)
{
	const struct tr_slot slots[] = { { .size = 8, .insn = 0, .kind = TR_LOAD },
					 { .size = 8, .insn = 1, .kind = TR_STORE },
					 { .size = 8, .insn = 1, .kind = TR_LOAD } };
	const u64 addr[] = { HEAP, HEAP + PAGE, HEAP + 2 * PAGE, HEAP, HEAP + PAGE, HEAP + 2 * PAGE };
	struct ref_machine m;
	u32 block;

	init(&m);
	m.block_faults = 3;
	block = ref_machine_block(&m, CODE, 3, slots, 3);
	assert_int_equal(ref_machine_run(&m, block, addr, 2), CORE_DONE);
	assert_int_equal(ref_stat(&m, "core0.instructions"), 6);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads"), 4);
	assert_int_equal(ref_stat(&m, "core0.l1d.stores"), 2);
	assert_int_equal(ref_stat(&m, "core0.dtlb.lookups") + ref_stat(&m, "core0.itlb.lookups"), 6 + 6 + 3);
	assert_int_equal(ref_stat(&m, "core0.dtlb.misses") + ref_stat(&m, "core0.itlb.misses"), 4 + 3);
	ref_machine_fini(&m);
}

/* A measured part that begins or ends while the run waits has what was made, and no more. */
static void test_counts_in_the_middle(void **state)
{
	const struct tr_slot slots[] = { { .size = 8, .insn = 0, .kind = TR_LOAD },
					 { .size = 8, .insn = 1, .kind = TR_STORE },
					 { .size = 8, .insn = 2, .kind = TR_ATOMIC } };
	const u64 addr[] = { HEAP, HEAP + PAGE, HEAP };
	const u32 blocks[] = { 0 };
	struct core_chunk ch = { .block = blocks, .addr = addr, .n_runs = 1 };
	/* of a run before, up to the store, its lookup to be made again, and all of the run */
	static const struct {
		const char *name;
		u64 before, middle, end;
	} counts[] = {
		{ "core0.instructions", 4, 5, 8 },    { "core0.l1d.loads", 2, 3, 4 },
		{ "core0.l1d.stores", 2, 2, 4 },      { "core0.atomics", 1, 1, 2 },
		{ "core0.dtlb.lookups", 3, 3 + 2, 7 }, { "core0.dtlb.misses", 1, 2, 3 },
	};
	struct ref_machine m;
	u32 i;

	init(&m);
	ref_machine_block(&m, CODE, 4, slots, 3);
	run_over(&m, 0, (const u64[]){ HEAP, HEAP, HEAP }, 1);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(ref_stat(&m, counts[i].name), counts[i].before);
	m.block_faults = 1;
	ch.code = &m.code;
	assert_int_equal(core_run(m.core, &ch, ~0ull), CORE_BLOCK);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(ref_stat(&m, counts[i].name), counts[i].middle);
	assert_int_equal(core_run(m.core, &ch, ~0ull), CORE_DONE);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(ref_stat(&m, counts[i].name), counts[i].end);
	ref_machine_fini(&m);
}

/* The quantum stops between runs, no earlier than asked for. */
static void test_quantum(void **state)
{
	const u64 no_address = 0;
	struct core_chunk ch = { .n_runs = 10, .addr = &no_address };
	struct ref_machine m;
	u32 blocks[10] = { 0 };

	init(&m);
	ref_machine_block(&m, CODE, 4, NULL, 0);
	run_over(&m, 0, NULL, 1);
	ch.code = &m.code;
	ch.block = blocks;
	assert_int_equal(core_run(m.core, &ch, core_now(m.core) + 9), CORE_QUANTUM);
	assert_int_equal(ch.run, 3);
	assert_int_equal(core_run(m.core, &ch, ~0ull), CORE_DONE);
	assert_int_equal(ref_stat(&m, "core0.instructions"), 44);
	ref_machine_fini(&m);
}

/* The kernel's traffic goes through the same caches, and is counted beside. */
static void test_kernel_traffic(void **state)
{
	struct ref_machine m;
	struct cpu *cpu;
	u64 before;

	init(&m);
	cpu = core_cpu(m.core);
	cpu->ops->zero(cpu, KPATH_ZERO, 0x500000, FRAME_SIZE);
	assert_int_equal(ref_stat(&m, "core0.l1d.kernel_stores"), 64);
	assert_int_equal(ref_stat(&m, "core0.l1d.kernel_store_misses"), 64);
	core_sync(m.core);
	assert_int_equal(ref_stat(&m, "core0.cycles.kernel.zero"), 64);
	assert_int_equal(ref_stat(&m, "dram.reads"), 0); /* whole lines are not read */
	before = cpu->ops->now(cpu);
	cpu->ops->load(cpu, KPATH_FAULT, 0x500000 + 60, 8);
	assert_int_equal(cpu->ops->now(cpu) - before, 2);
	cpu->ops->load(cpu, KPATH_FAULT, 0x600000, 8);
	assert_int_equal(cpu->ops->now(cpu) - before, 2 + 100);
	assert_int_equal(ref_stat(&m, "core0.l1d.kernel_loads"), 3);
	cpu->ops->copy(cpu, KPATH_COPY, 0x700000, 0x500000, FRAME_SIZE);
	core_sync(m.core);
	assert_in_range(ref_stat(&m, "core0.cycles.kernel.copy"), 128, 140);
	assert_int_equal(ref_stat(&m, "core0.l1d.loads") + ref_stat(&m, "core0.l1d.stores"), 0);
	ref_machine_fini(&m);
}

/* Unknown dependences: none overlap, chain makes a chase of every load, a percentage lies between. */
static u64 unknown_cycles(char *how)
{
	const struct tr_slot load = { .size = 8, .kind = TR_LOAD, .dep = TR_DEP_UNKNOWN };
	u64 addr[1000], cycles;
	struct ref_machine m;
	u32 i, block;

	ref_machine_cfg(&m);
	m.core_cfg.unknown_dependence = how;
	ref_machine_init(&m);
	for (i = 0; i < 1000; i++)
		addr[i] = HEAP + i % 8 * 64;
	block = ref_machine_block(&m, CODE, 1, &load, 1);
	run_over(&m, block, addr, 1000);
	cycles = run_over(&m, block, addr, 1000);
	ref_machine_fini(&m);
	return cycles;
}

static void test_unknown_dependence(void **state)
{
	assert_int_equal(unknown_cycles("none"), 1000);
	assert_int_equal(unknown_cycles("chain"), 5000);
	assert_in_range(unknown_cycles("25%"), 1850, 2150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_walk_step),
		cmocka_unit_test(test_flushes_and_walk_caches),
		cmocka_unit_test(test_memory_latency),
		cmocka_unit_test(test_hits_are_free),
		cmocka_unit_test(test_indexing_latency),
		cmocka_unit_test(test_straddles),
		cmocka_unit_test(test_fetches),
		cmocka_unit_test(test_atomics),
		cmocka_unit_test(test_store_buffer),
		cmocka_unit_test(test_pending_hit),
		cmocka_unit_test(test_atomic_drains),
		cmocka_unit_test(test_mshr_full),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_segv),
		cmocka_unit_test(test_block_and_resume),
		cmocka_unit_test(test_counts_in_the_middle),
		cmocka_unit_test(test_quantum),
		cmocka_unit_test(test_kernel_traffic),
		cmocka_unit_test(test_unknown_dependence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
