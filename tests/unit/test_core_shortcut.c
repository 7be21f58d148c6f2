/*
 * The exact shortcut of the hot path changes nothing: the same random stream, with flushes, kernel traffic
 * and address spaces that come and go in between, gives the same counters and histograms with it on and
 * off, in order and with a window; and a window of one instruction is the in-order core. On the way, the
 * identities that counters obey.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/hw/mshr.h"
#include "model/hw/way_predict.h"
#include "tests/ref/ref_hw_machine.h"

#define PAGE 0x1000ull
#define HEAP 0x10000000ull
#define DIRECT   0xffff888000000000ull
#define TEXT     0xffffffff81000000ull
#define VMALLOC  0xffffc90000000000ull

#define N_BLOCKS 40u
#define N_RUNS	 256u
#define N_CHUNKS 60u

/* What differs from the default machine. */
struct variant {
	const char *name;
	enum tag_policy l1_policy, tlb_policy;
	u32 l1_ways, tlb_entries, tlb_ways;
	u32 l1_sets; /* pipt if a way is more than a page */
	enum cache_write write;
	bool allocate, xlate;
	u32 width;
	bool deps;
	enum walker_port port;
};

static const struct variant variants[] = {
	{ "lru", TAGS_LRU, TAGS_LRU, 12, 96, 6, 64, WRITE_BACK, true, true, 6, false, WALKER_L1D },
	{ "tiny", TAGS_LRU, TAGS_LRU, 2, 4, 2, 4, WRITE_BACK, true, true, 1, false, WALKER_L1D },
	{ "fifo", TAGS_FIFO, TAGS_FIFO, 8, 64, 4, 64, WRITE_BACK, true, true, 4, false, WALKER_L2 },
	{ "plru", TAGS_PLRU, TAGS_PLRU, 12, 96, 6, 64, WRITE_BACK, true, true, 6, false, WALKER_L1D },
	{ "nru", TAGS_NRU, TAGS_NRU, 8, 64, 4, 64, WRITE_BACK, true, true, 6, false, WALKER_L1D },
	{ "srrip", TAGS_SRRIP, TAGS_SRRIP, 12, 96, 6, 64, WRITE_BACK, true, true, 6, false, WALKER_L1D },
	{ "drrip", TAGS_DRRIP, TAGS_BRRIP, 8, 64, 4, 64, WRITE_BACK, true, true, 4, false, WALKER_L2 },
	{ "fours", TAGS_LRU_PLRU4, TAGS_MRU1_PLRU4, 12, 96, 12, 64, WRITE_BACK, true, true, 6, false,
	  WALKER_L1D },
	{ "qlru", TAGS_QLRU, TAGS_QLRU, 8, 64, 4, 64, WRITE_BACK, true, true, 4, false, WALKER_L1D },
	{ "large plru", TAGS_PLRU, TAGS_PLRU, 8, 64, 4, 1024, WRITE_BACK, true, true, 4, false, WALKER_L1D },
	{ "large srrip", TAGS_SRRIP, TAGS_SRRIP, 8, 64, 4, 1024, WRITE_BACK, true, true, 4, false,
	  WALKER_L1D },
	{ "random", TAGS_RANDOM, TAGS_RANDOM, 8, 64, 8, 64, WRITE_BACK, true, true, 2, false, WALKER_L1D },
	{ "full", TAGS_LRU, TAGS_LRU, 8, 72, 0, 64, WRITE_BACK, true, true, 6, false, WALKER_L2 },
	{ "wide", TAGS_LRU, TAGS_PLRU, 64, 40, 0, 8, WRITE_BACK, true, true, 3, false, WALKER_L1D },
	{ "pipt", TAGS_LRU, TAGS_LRU, 2, 32, 0, 256, WRITE_BACK, true, true, 3, false, WALKER_L2 },
	{ "through", TAGS_LRU, TAGS_LRU, 4, 64, 4, 32, WRITE_THROUGH, false, true, 3, false, WALKER_L2 },
	{ "no allocation", TAGS_LRU, TAGS_LRU, 4, 64, 4, 32, WRITE_BACK, false, true, 3, false, WALKER_L2 },
	{ "untranslated", TAGS_LRU, TAGS_LRU, 8, 64, 4, 64, WRITE_BACK, true, false, 6, false, WALKER_L1D },
	{ "dependences", TAGS_LRU, TAGS_LRU, 12, 96, 6, 64, WRITE_BACK, true, true, 6, true, WALKER_L1D },
};

/* Kinds of index and of way prediction, each on one of those machines with sets and ways of its own. */
static const struct index_variant {
	const char *on;
	u32 sets, ways;
	enum cache_indexing indexing;
	enum cache_alias alias;
	bool untagged;
	enum way_predictor way;
} index_variants[] = {
	{ "lru", 64, 12, INDEX_VIVT, ALIAS_HARDWARE, false, WAY_NONE },
	{ "tiny", 256, 2, INDEX_VIVT, ALIAS_HARDWARE, false, WAY_NONE },
	{ "plru", 128, 4, INDEX_VIVT, ALIAS_HARDWARE, true, WAY_NONE },
	{ "through", 32, 4, INDEX_VIVT, ALIAS_FLUSH, false, WAY_NONE },
	{ "dependences", 256, 4, INDEX_VIVT, ALIAS_FLUSH, true, WAY_NONE },
	{ "lru", 256, 4, INDEX_VIPT, ALIAS_HARDWARE, false, WAY_NONE },
	{ "dependences", 512, 2, INDEX_VIPT, ALIAS_FLUSH, false, WAY_NONE },
	{ "through", 256, 4, INDEX_VIPT, ALIAS_HARDWARE, false, WAY_NONE },
	{ "lru", 64, 8, INDEX_VIPT, ALIAS_HARDWARE, false, WAY_UTAG },
	{ "tiny", 256, 8, INDEX_PIPT, ALIAS_HARDWARE, false, WAY_UTAG },
	{ "plru", 256, 4, INDEX_VIPT, ALIAS_HARDWARE, false, WAY_LINEAR },
};

static void configure_index(struct cache_cfg *c, const struct index_variant *v)
{
	c->size = (u64)v->sets * v->ways * 64;
	c->ways = v->ways;
	c->indexing = v->indexing;
	c->alias = v->alias;
	c->asid_tagged = !v->untagged;
	c->way_predictor = v->way;
	c->way_mispredict.cycles = 8;
}

/* window: instructions, 0: in order. */
static void configure(struct ref_machine *m, const struct variant *v, const struct index_variant *index,
		      u32 window, bool shortcut)
{
	ref_machine_cfg(m);
	m->shortcut = shortcut;
	m->xlate = v->xlate;
	m->core_cfg.width = v->width;
	m->core_cfg.model = window ? CORE_WINDOW : CORE_INORDER;
	m->core_cfg.window = window;
	m->core_cfg.mshrs = 4;
	m->hw.l1d.size = (u64)v->l1_sets * v->l1_ways * 64;
	m->hw.l1d.ways = v->l1_ways;
	m->hw.l1d.replacement = v->l1_policy;
	m->hw.l1d.write = v->write;
	m->hw.l1d.allocate = v->allocate;
	m->hw.l1d.indexing = v->l1_sets * 64 > PAGE ? INDEX_PIPT : INDEX_VIPT;
	if (index)
		configure_index(&m->hw.l1d, index);
	m->hw.l1i = m->hw.l1d;
	m->hw.l2.size = 256 << 10;
	m->hw.dtlb.any = (struct tlb_array_cfg){ .entries = v->tlb_entries, .ways = v->tlb_ways,
						     .replacement = v->tlb_policy };
	m->hw.itlb.any = m->hw.dtlb.any;
	m->hw.stlb.any = (struct tlb_array_cfg){ .entries = 256, .ways = 4, .replacement = v->tlb_policy };
	m->hw.walker.port = v->port;
	m->hw.dram.model = DRAM_BANKS;
	m->fault_cycles = 50;
}

static void add_blocks(struct ref_machine *m, struct rng *r, bool deps, bool prefetches)
{
	struct tr_slot slot[8];
	u32 i, j, n;

	for (i = 0; i < N_BLOCKS; i++) {
		n = (u32)rng_below(r, 8);
		for (j = 0; j < n; j++) {
			u64 kind = rng_below(r, 40);

			slot[j] = (struct tr_slot){ .size = 1u << rng_below(r, 4), .insn = (u16)j };
			slot[j].kind = kind < 2 ? (u8)(TR_ATOMIC + kind) : kind < 14 ? TR_STORE : TR_LOAD;
			if (slot[j].kind == TR_PREFETCH && !prefetches)
				slot[j].kind = TR_LOAD;
			slot[j].dep = deps ? (u16)rng_below(r, 3) : TR_DEP_UNKNOWN;
			if (rng_below(r, 50) == 0)
				slot[j].size = 200;
		}
		ref_machine_block(m, 0x400000 + rng_below(r, 40000), n + 1 + (u32)rng_below(r, 12), slot, n);
	}
}

/* Pages next to each other, and one of the stack, are one frame. */
static void add_synonyms(struct ref_machine *m)
{
	const u32 flags = PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY;
	u32 i;

	for (i = 0; i < 4; i++)
		ref_tables_map(&m->tables, HEAP + i * PAGE, 0x5000000, 0, flags);
	ref_tables_map(&m->tables, 0x7fff0000, 0x5000000, 0, flags);
}

/* Mostly a stack and a few lines of a heap, sometimes anywhere in 4 MB. */
static u64 some_address(struct rng *r)
{
	u64 x = rng_below(r, 100);

	if (x < 40)
		return 0x7fff0000 + rng_below(r, 40) * 8;
	if (x < 70)
		return HEAP + rng_below(r, 30) * PAGE + rng_below(r, 4) * 200;
	if (x < 90)
		return HEAP + rng_below(r, 64 << 10);
	return HEAP + rng_below(r, 4 << 20);
}

/* The kernel's tables: 32 MB of direct map, text, and some pages of vmalloc that are synonyms. */
static void add_kernel(struct ref_machine *m)
{
	const u32 flags = PTE_WRITE | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL;
	struct ref_tables t = m->tables;
	struct cpu *cpu = core_cpu(m->core);
	u64 i;

	t.root = 0x80000ull << FRAME_SHIFT;
	t.next_frame = 0x80001;
	ptmem_add(t.ptmem, 0x80000);
	for (i = 0; i < 16; i++) {
		ref_tables_map(&t, DIRECT + (i << 21), i << 21, 1, flags);
		ref_tables_map(&t, VMALLOC + i * PAGE, (i * 7 % 5) * PAGE, 0, flags);
	}
	ref_tables_map(&t, TEXT, 1 << 21, 1, flags);
	cpu->ops->set_kernel_root(cpu, t.root);
}

/* Among few lines, few pages, or anywhere in 16 MB. */
static u64 some_kernel_address(struct ref_machine *m, struct rng *r)
{
	u64 x = rng_below(r, 100), direct = core_cpu(m->core)->direct_map;

	if (x < 50)
		return direct + rng_below(r, 24) * 0x1040;
	if (x < 70 && core_cpu(m->core)->kernel_root)
		return VMALLOC + rng_below(r, 16 * PAGE - 256);
	return direct + rng_below(r, 1 << 24);
}

/* A path of the kernel: text, and what it touches. */
static void run_kernel(struct ref_machine *m, struct rng *r)
{
	struct cpu *cpu = core_cpu(m->core);
	u32 i;

	for (i = 0; i < 24; i++) {
		u64 x = rng_below(r, 100), va = some_kernel_address(m, r);

		if (x < 40)
			cpu->ops->execute(cpu, KPATH_FAULT, TEXT + rng_below(r, 6) * 0xfc0,
					  1 + (u32)rng_below(r, 900), rng_below(r, 200));
		else if (x < 65)
			cpu->ops->load(cpu, KPATH_FAULT, va, 1 + (u32)rng_below(r, 200));
		else if (x < 90)
			cpu->ops->store(cpu, KPATH_FAULT, va, 1 + (u32)rng_below(r, 200));
		else if (x < 94)
			cpu->ops->zero(cpu, KPATH_COPY, va & ~(PAGE - 1), (u32)PAGE);
		else if (x < 96)
			cpu->ops->copy(cpu, KPATH_COPY, va & ~(PAGE - 1),
				       some_kernel_address(m, r) & ~(PAGE - 1), (u32)PAGE);
		else if (x < 98)
			cpu->ops->flush_kernel_range(cpu, va, va + 1 + rng_below(r, 4 * PAGE));
		else
			core_wait_until(m->core, core_now(m->core) + rng_below(r, 300), PART_IDLE);
	}
}

/* What the kernel might do between two chunks. */
static void interfere(struct ref_machine *m, struct rng *r)
{
	struct cpu *cpu = core_cpu(m->core);
	u64 va = some_address(r), done = 0;

	if (rng_below(r, 2))
		run_kernel(m, r);
	switch (rng_below(r, 8)) {
	case 0:
		cpu->ops->flush_page(cpu, 1, va);
		break;
	case 1:
		cpu->ops->flush_range(cpu, 1, va, va + 64 * PAGE);
		break;
	case 2:
		cpu->ops->load(cpu, KPATH_FAULT, cpu->direct_map + va % (1 << 24), 100);
		cpu->ops->store(cpu, KPATH_FAULT, cpu->direct_map + va % (1 << 24), 100);
		break;
	case 3:
		cpu->ops->copy(cpu, KPATH_COPY, cpu->direct_map + (rng_below(r, 4096) << FRAME_SHIFT),
			       cpu->direct_map + (rng_below(r, 4096) << FRAME_SHIFT), FRAME_SIZE);
		break;
	case 4:
		cpu->ops->switch_to(cpu, m->tables.root, (u16)(1 + rng_below(r, 2)));
		break;
	case 5:
		assert_int_equal(core_user_copy(m->core, va, 500, true, &done), CORE_DONE);
		assert_int_equal(done, 500);
		break;
	case 6:
		cpu->ops->flush_asid(cpu, (u16)(1 + rng_below(r, 2)));
		break;
	default:
		core_wait_until(m->core, core_now(m->core) + rng_below(r, 300), PART_IDLE);
	}
}

/* Returns what tells the cycles apart at which the core stopped for others. */
static u64 run_stream(struct ref_machine *m, const struct variant *v, bool prefetches)
{
	u32 block[N_RUNS], i, chunk;
	u64 *addr = malloc(N_RUNS * 8 * sizeof(*addr)), stops = 0;
	struct rng r;

	rng_init(&r, 3, v->name);
	add_blocks(m, &r, v->deps, prefetches);
	if (v->xlate)
		add_synonyms(m);
	core_cpu(m->core)->direct_map = v->xlate ? DIRECT : 0;
	for (chunk = 0; chunk < N_CHUNKS; chunk++) {
		struct core_chunk ch = { .code = &m->code, .block = block, .addr = addr, .n_runs = N_RUNS };

		if (chunk == N_CHUNKS / 4)
			add_kernel(m);
		for (i = 0; i < N_RUNS; i++)
			block[i] = (u32)rng_below(&r, chunk % 3 ? 6 : N_BLOCKS);
		for (i = 0; i < N_RUNS * 8; i++)
			addr[i] = some_address(&r);
		m->block_faults = (u32)rng_below(&r, 3);
		while (core_run(m->core, &ch, core_now(m->core) + 700) != CORE_DONE)
			stops = stops * 31 + core_now(m->core);
		interfere(m, &r);
		if (chunk % 8 == 0)
			core_sane(m->core);
	}
	core_sync(m->core);
	free(addr);
	return stops;
}

/* Identities. */

static void check_identities(const struct ref_machine *m, const struct variant *v)
{
	const char *parts[] = { "base",      "fetch", "itlb",         "dtlb",        "walk",
				"l1",        "l2",    "l3",           "dram",        "store_buffer",
				"mshr_full", "idle",  "kernel.fault", "kernel.copy", "kernel.uio",
				"kernel.cache_flush" };
	char name[64];
	u64 sum = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(name, sizeof(name), "core0.cycles.%s", parts[i]);
		sum += ref_stat(m, name);
	}
	assert_int_equal(sum, ref_stat(m, "core0.cycles"));
	assert_int_equal(ref_stat(m, "core0.l2.fetches"), ref_stat(m, "core0.l1i.fetch_misses"));
	assert_int_equal(ref_stat(m, "dram.reads") + ref_stat(m, "dram.writes"),
			 ref_stat(m, "dram.row_hits") + ref_stat(m, "dram.row_closed") +
				 ref_stat(m, "dram.row_conflicts") + ref_stat(m, "dram.forwarded") +
				 ref_stat(m, "dram.merged") + ref_stat(m, "dram.waiting"));
	if (v->write == WRITE_BACK && v->allocate)
		assert_int_equal(ref_stat(m, "core0.l2.stores"), ref_stat(m, "core0.l1d.writebacks"));
	if (!v->xlate)
		return;
	assert_int_equal(ref_stat(m, "core0.stlb.lookups"),
			 ref_stat(m, "core0.itlb.misses") + ref_stat(m, "core0.dtlb.misses"));
	assert_true(ref_stat(m, "core0.walker.walks") >= ref_stat(m, "core0.stlb.misses"));
	assert_true(ref_stat(m, "core0.dtlb.misses") <= ref_stat(m, "core0.dtlb.lookups"));
}

/* Every recorded access is one sample. */
static void check_samples(const struct ref_machine *m)
{
	const struct core_latency *l = core_latency(m->core);
	u64 samples = 0, extra = 0;
	u32 level, how;

	for (level = 0; level < NR_MEM_LEVELS; level++) {
		for (how = 0; how < NR_CORE_CLASSES; how++)
			samples += hist_count(&l->load[level][how]) + hist_count(&l->store[level][how]);
	}
	assert_true(samples > 10000);
	extra = ref_stat(m, "core0.l1d.loads") + ref_stat(m, "core0.l1d.stores") -
		ref_stat(m, "core0.atomics");
	assert_true(samples <= extra); /* straddles are references beyond the samples */
	assert_true(extra - samples >= ref_stat(m, "core0.line_straddles"));
}

/* Comparing two machines. */

/* The value of every counter must be the other's. */
static void compare_value(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	const struct ref_machine *other = arg;

	if (value != ref_stat(other, name))
		fail_msg("%s: %llu and %llu", name, (unsigned long long)value,
			 (unsigned long long)ref_stat(other, name));
}

static void compare(const struct ref_machine *a, struct ref_machine *b)
{
	stats_each(a->stats, compare_value, b);
	assert_memory_equal(core_latency(a->core), core_latency(b->core), sizeof(struct core_latency));
}

/* Runs the same stream on both, and wants the same of them. */
static void run_both(struct ref_machine *a, struct ref_machine *b, const struct variant *v, bool prefetches)
{
	ref_machine_init(a);
	ref_machine_init(b);
	assert_int_equal(run_stream(a, v, prefetches), run_stream(b, v, prefetches));
	compare(a, b);
	check_identities(a, v);
	check_samples(a);
	ref_machine_fini(a);
	ref_machine_fini(b);
}

static void compare_shortcut(const struct variant *v, const struct index_variant *index)
{
	struct ref_machine *on = malloc(sizeof(*on)), *off = malloc(sizeof(*off));
	const u32 windows[] = { 0, 30, 512 };
	u32 w;

	for (w = 0; w < ARRAY_SIZE(windows); w++) {
		configure(on, v, index, windows[w], true);
		configure(off, v, index, windows[w], false);
		run_both(on, off, v, true);
	}
	free(on);
	free(off);
}

static void test_on_and_off(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(variants); i++)
		compare_shortcut(&variants[i], NULL);
}

static void test_indexings(void **state)
{
	const struct index_variant *v;
	u32 i;

	for (v = index_variants; v < index_variants + ARRAY_SIZE(index_variants); v++) {
		for (i = 0; strcmp(variants[i].name, v->on); i++)
			;
		compare_shortcut(&variants[i], v);
	}
}

/*
 * The in-order core is the window of one instruction, as far as accesses come in the order of time: only the
 * window core expects others. A prefetch may ask for a later time than what comes after, as it has to be
 * translated first, and so may a store of the kernel that waits for an MSHR.
 */
static void test_window_of_one(void **state)
{
	struct ref_machine *inorder = malloc(sizeof(*inorder)), *window = malloc(sizeof(*window));
	u32 i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		configure(inorder, &variants[i], NULL, 0, true);
		configure(window, &variants[i], NULL, 1, true);
		inorder->core_cfg.mshrs = inorder->hw.l1d.mshrs = inorder->hw.l2.mshrs = MSHR_MAX;
		window->core_cfg.mshrs = window->hw.l1d.mshrs = window->hw.l2.mshrs = MSHR_MAX;
		run_both(inorder, window, &variants[i], false);
	}
	free(inorder);
	free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_and_off),
		cmocka_unit_test(test_indexings),
		cmocka_unit_test(test_window_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
