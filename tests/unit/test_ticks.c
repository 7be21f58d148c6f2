/* Does periodic work come at its cycles, on its core, and do the threads of a node run when they are woken?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/identities.h"
#include "model/base/error.h"
#include "model/core/machine.h"
#include "model/mm/buddy.h"
#include "model/mm/kthread.h"
#include "model/mm/pcp.h"
#include "model/mm/slab.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE  "build/tests/ticks.pcap"
#define MAX_SETS 12u

/* One thread's pointer chase in 32 KB: so many loads, four cycles or more each. */
static void make_chase(u64 loads)
{
	struct generate_opts o = { .size = 32 << 10, .pages = 64, .apart = 1, .count = loads, .seed = 1 };
	char err[TR_ERRBUF];

	assert_true(generate(generator_find("chase"), &o, CAPTURE, err));
}

/* The default machine at 1 GHz, with one second a millisecond unless `settings` (NULL at the end) say else.
 */
static struct machine *build(const char *const *settings)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	char err[TR_ERRBUF];
	struct machine *m;

	config_set(c, "core.frequency=1GHz");
	config_set(c, "memory.size=64M");
	config_set(c, "kernel.time_scale=1000");
	for (; settings && *settings; settings++)
		config_set(c, *settings);
	machine_check(&cfg, c);
	m = machine_new(&cfg, 0);
	config_free(c);
	engine_add(m->engine, trace_open(CAPTURE, NULL, err));
	return m;
}

static void run_to(struct machine *m, u64 cycle)
{
	engine_set_goal(m->engine, &(struct engine_goal){ .instructions = ~(u64)0, .cycle = cycle });
	while (engine_run(m->engine, ~(u64)0) == ENGINE_MORE)
		;
}

static void finish(struct machine *m)
{
	struct counters counters;
	char *broken;
	u32 checked;

	run_to(m, ~(u64)0);
	machine_finish(m);
	machine_settle(m);
	counters_from_stats(&counters, m->stats);
	broken = identities_broken(&counters, &checked);
	if (broken)
		fail_msg("%s", broken);
	counters_fini(&counters);
}

static u64 value(const struct machine *m, const char *name)
{
	return stats_value(m->stats, name);
}

static u64 core_value(const struct machine *m, u32 core, const char *name)
{
	char full[80];

	snprintf(full, sizeof(full), "core%u.%s", core, name);
	return value(m, full);
}

/* ---- when and where ---- */

/* Periods are those of the keys, divided; a CPU's ticks are 3 ms, divided, behind the one's before it. */
static void test_periods(void **state)
{
	static const char *const slab[] = { "kernel.slab=slab", "cores=4", "kernel.time_scale=100", NULL };
	static const char *const others[] = { "kernel.vmstat_period=7us", "kernel.reap_period=0",
					      "kernel.compaction_period=50", "kernel.time_scale=7", NULL };
	struct machine *m;

	make_chase(1000);
	m = build(slab);
	assert_int_equal(kernel_tick_period(m->kernel, KERNEL_TICK_VMSTAT), 10000000);
	assert_int_equal(kernel_tick_period(m->kernel, KERNEL_TICK_REAP), 20000000);
	assert_int_equal(kernel_tick_period(m->kernel, KERNEL_TICK_COMPACTION), 5000000);
	assert_int_equal(kernel_tick_first(m->kernel, KERNEL_TICK_VMSTAT, 3), 10090000);
	machine_free(m);
	m = build(others);
	assert_int_equal(kernel_tick_period(m->kernel, KERNEL_TICK_VMSTAT), 1000);
	assert_int_equal(kernel_tick_period(m->kernel, KERNEL_TICK_REAP), 0);
	assert_int_equal(kernel_tick_period(m->kernel, KERNEL_TICK_COMPACTION), 7);
	machine_free(m);
}

/* Each era has what its kernels had, and without a page allocator there is nothing to look at. */
static void test_eras(void **state)
{
	static const struct {
		const char *settings[3];
		bool has[NR_KERNEL_TICKS];
	} rows[] = {
		{ { "kernel.era=6.x" }, { true, false, true } },
		{ { "kernel.era=6.x", "kernel.slab=slab" }, { true, true, true } },
		{ { "kernel.era=2.6.37" }, { true, false, false } },
		{ { "kernel.era=2.6.26", "kernel.slab=slab" }, { true, true, false } },
		{ { "kernel.era=2.6.9" }, { false, true, false } },
		{ { "kernel.era=2.5.66" }, { false, true, false } },
		{ { "kernel.era=2.4.21" }, { false, false, false } },
		{ { "kernel.era=6.x", "kernel.placement=sequential" }, { false, false, false } },
	};
	u32 i, t;

	make_chase(1000);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = build(rows[i].settings);

		for (t = 0; t < NR_KERNEL_TICKS; t++)
			assert_int_equal(kernel_tick_period(m->kernel, (enum kernel_tick)t) != 0,
					 rows[i].has[t]);
		finish(m);
		machine_free(m);
	}
}

/*
 * An idle core has been idle exactly until its tick begins: the first at 1 ms and 3 us for each core before
 * it, the next a millisecond later.
 */
static void test_idle_core(void **state)
{
	static const char *const settings[] = { "cores=3", "kernel.compaction_period=0", NULL };
	struct machine *m;
	u64 busy[3];
	u32 core;

	make_chase(700000);
	m = build(settings);
	run_to(m, 999900);
	for (core = 1; core < 3; core++)
		assert_int_equal(core_value(m, core, "cycles"), 0);
	run_to(m, 1200000);
	for (core = 1; core < 3; core++) {
		assert_int_equal(core_value(m, core, "cycles.idle"), 1000000 + core * 3000);
		assert_true(core_value(m, core, "cycles.kernel.kthread") > 0);
		assert_int_equal(core_value(m, core, "instructions"), 0);
		busy[core] = core_value(m, core, "cycles") - 1000000 - core * 3000;
		assert_in_range(busy[core], 1000, 100000);
	}
	run_to(m, 2200000);
	for (core = 1; core < 3; core++)
		assert_int_equal(core_value(m, core, "cycles.idle"), 2000000 + core * 3000 - busy[core]);
	assert_int_equal(value(m, "mm.kthread.vmstat_ticks"), 6);
	finish(m);
	machine_free(m);
}

/* A busy core's come between two of its block runs, and are its own time: the program pays for them. */
static void test_busy_core(void **state)
{
	static const char *const on[] = { "kernel.compaction_period=0", NULL };
	static const char *const off[] = { "kernel.compaction_period=0", "kernel.vmstat_period=0", NULL };
	struct machine *with, *without;
	u64 kernel;

	make_chase(700000);
	with = build(on);
	run_to(with, 1000000);
	assert_int_equal(value(with, "mm.kthread.vmstat_ticks"), 0);
	run_to(with, 1000050);
	assert_int_equal(value(with, "mm.kthread.vmstat_ticks"), 1);
	finish(with);
	assert_int_equal(value(with, "mm.kthread.vmstat_ticks"), core_value(with, 0, "cycles") / 1000000);
	without = build(off);
	finish(without);
	assert_int_equal(core_value(without, 0, "cycles.kernel.kthread"), 0);
	assert_int_equal(core_value(with, 0, "instructions"), core_value(without, 0, "instructions"));
	kernel = core_value(with, 0, "cycles.kernel.kthread");
	/* Its lines are in the way of the program's; which wait for each other anyhow. */
	assert_in_range(core_value(with, 0, "cycles") - core_value(without, 0, "cycles"), kernel * 9 / 10,
			kernel * 2);
	assert_int_equal(core_value(with, 0, "cycles.idle"), 0);
	machine_free(with);
	machine_free(without);
}

/* Work that takes longer than its period leaves multiples out, and the program goes on in between. */
static void test_too_often(void **state)
{
	static const char *const every_cycle[] = { "kernel.vmstat_period=1", "kernel.compaction_period=1",
						   "kernel.time_scale=1", "cores=2", NULL };
	struct machine *m;

	make_chase(2000);
	m = build(every_cycle);
	finish(m);
	assert_int_equal(value(m, "replay.threads"), 1);
	assert_true(value(m, "mm.kthread.vmstat_ticks") > 1000);
	machine_free(m);
}

/* Too short for any period: not a counter is other than without periodic work. */
static void test_nothing_due(void **state)
{
	static const char *const on[] = { "kernel.time_scale=1", "cores=2", NULL };
	static const char *const off[] = { "kernel.vmstat_period=0", "kernel.reap_period=0",
					   "kernel.compaction_period=0", "cores=2", NULL };
	struct machine *m[2];
	const char *const *settings[2] = { on, off };
	struct counters c[2];
	u32 i;

	make_chase(100000);
	for (i = 0; i < 2; i++) {
		m[i] = build(settings[i]);
		finish(m[i]);
		counters_from_stats(&c[i], m[i]->stats);
	}
	assert_int_equal(c[0].n, c[1].n);
	for (i = 0; i < c[0].n; i++)
		assert_int_equal(c[0].at[i].value, c[1].at[i].value);
	for (i = 0; i < 2; i++) {
		counters_fini(&c[i]);
		machine_free(m[i]);
	}
}

/* ---- what the ticks do ---- */

/* The largest zone. */
static struct zone *main_zone(const struct machine *m)
{
	struct page_alloc *pa = m->kernel->pa;
	struct zone *z = pa->zone;
	u32 i;

	for (i = 1; i < pa->n_zones; i++)
		if (pa->zone[i].managed > z->managed)
			z = &pa->zone[i];
	return z;
}

/*
 * decay_pcp_high(): each tick the mark of an idle core loses an eighth, but not below its lowest nor below
 * what is in the lists less 32 batches; what is above it goes to the buddy.
 */
static void test_decay(void **state)
{
	static const char *const settings[] = { "cores=2", "kernel.compaction_period=0", NULL };
	struct machine *m;
	struct zone *z;
	struct pcp *p;
	u64 tick, high, count, least, idle;

	make_chase(3000000);
	m = build(settings);
	z = main_zone(m);
	p = &z->pcp[1];
	high = p->high = 40 * p->high_min;
	count = p->count + pcp_fill(z, 1, 0, MIGRATE_MOVABLE, 3000);
	assert_int_equal(p->count, count);
	for (tick = 1; tick <= 12; tick++) {
		run_to(m, tick * 1000000 + 200000);
		least = count > p->batch * 32 ? count - p->batch * 32 : 0;
		high = MAX(MAX(least, high - high / 8), p->high_min);
		count = MIN(count, high);
		assert_int_equal(p->high, high);
		assert_int_equal(p->count, count);
	}
	idle = core_value(m, 1, "cycles.kernel.drain");
	assert_true(idle > 0);
	finish(m);
	machine_free(m);
}

/* Objects that were freed go back to the page allocator by and by, in SLAB's own time. */
static void test_reap(void **state)
{
	static const char *const settings[] = { "kernel.slab=slab", "cores=2", "kernel.time_scale=100000",
						NULL };
	struct machine *m;
	struct kmem_cache *k;
	struct slab_info before, after;
	u64 va[2000];
	u32 i;

	make_chase(700000);
	m = build(settings);
	k = kmem_cache_create(m->kernel->slabs, "x", 128, 0, 0);
	for (i = 0; i < ARRAY_SIZE(va); i++)
		va[i] = kmem_cache_alloc(k, NULL, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(va); i++)
		kmem_cache_free(k, NULL, va[i]);
	kmem_cache_info(k, &before);
	assert_true(before.num_slabs > 3);
	finish(m);
	kmem_cache_info(k, &after);
	assert_int_equal(after.num_slabs, 0);
	assert_true(value(m, "mm.kthread.reaped") >= before.num_slabs);
	assert_in_range(value(m, "mm.kthread.reap_ticks"), 50, 600);
	assert_true(core_value(m, 0, "cycles.kernel.reclaim") > 0);
	assert_true(core_value(m, 1, "cycles.kernel.reclaim") > 0);
	machine_free(m);
}

/* ---- kswapd and kcompactd ---- */

/* Takes single pages on core 0 until kswapd is woken, and some more. */
static u64 take_pages(struct machine *m, u64 *pfn)
{
	struct cpu *c = core_cpu(m->cores[0]);
	u64 n, end = ~(u64)0;

	for (n = 0; n < end; n++) {
		pfn[n] = alloc_pages(m->kernel->pa, c, GFP_HIGHUSER_MOVABLE, 0);
		assert_true(pfn[n] != NO_FRAME);
		if (end == ~(u64)0 && value(m, "mm.kthread.kswapd_wakes"))
			end = n + 10;
	}
	return n;
}

/* Who finds its zones low wakes kswapd once; it runs on the core that is idle, else on the one that woke it.
 */
static void check_kswapd(const char *cores, u32 on)
{
	const char *const settings[] = { cores, "kernel.time_scale=1", NULL };
	static u64 pfn[1 << 14];
	struct machine *m;
	u64 n;

	make_chase(300000);
	m = build(settings);
	run_to(m, 500000); /* the program has its pages */
	assert_int_equal(value(m, "mm.kthread.kswapd_wakes"), 0);
	n = take_pages(m, pfn);
	assert_int_equal(value(m, "mm.kthread.kswapd_wakes"), 1);
	assert_int_equal(value(m, "mm.vmstat.pageoutrun"), 0);
	run_to(m, engine_now(m->engine) + 20000);
	assert_int_equal(value(m, "mm.vmstat.pageoutrun"), 1);
	assert_true(core_value(m, on, "cycles.kernel.reclaim") > 0);
	assert_true(on == 0 || core_value(m, 0, "cycles.kernel.reclaim") == 0);
	while (n)
		free_pages(m->kernel->pa, core_cpu(m->cores[0]), pfn[--n], 0);
	finish(m);
	assert_int_equal(value(m, "mm.vmstat.pageoutrun"), value(m, "mm.kthread.kswapd_wakes"));
	machine_free(m);
}

static void test_kswapd(void **state)
{
	check_kswapd("cores=1", 0);
	check_kswapd("cores=2", 1);
}

/* A block that is nowhere wakes kswapd, which has pages enough, and before it sleeps kcompactd. */
static void test_kcompactd(void **state)
{
	static const char *const settings[] = { "cores=2", "kernel.time_scale=1", NULL };
	static u64 pfn[1 << 14], block[128];
	u64 n, blocks = 0, i;
	struct page_alloc *pa;
	struct machine *m;
	struct cpu *c;

	make_chase(2000000);
	m = build(settings);
	pa = m->kernel->pa;
	c = core_cpu(m->cores[0]);
	run_to(m, 500000); /* the program has its pages */
	n = take_pages(m, pfn);
	while ((block[blocks] = alloc_pages(pa, c, GFP_NOWAIT, 9)) != NO_FRAME)
		blocks++;
	run_to(m, engine_now(m->engine) + 100000);
	assert_int_equal(value(m, "mm.vmstat.pageoutrun"), 1);
	for (i = 0; i < n; i += 2)
		free_pages(pa, c, pfn[i], 0);
	drain_all_pages(pa, c);
	assert_int_equal(value(m, "mm.vmstat.compact_daemon_wake"), 0);
	assert_true(alloc_pages(pa, c, GFP_NOWAIT, 9) == NO_FRAME);
	run_to(m, engine_now(m->engine) + 100000);
	assert_int_equal(value(m, "mm.kthread.kswapd_wakes"), 2);
	assert_int_equal(value(m, "mm.vmstat.pageoutrun"), 2);
	assert_int_equal(value(m, "mm.kthread.kcompactd_wakes"), 1);
	assert_int_equal(value(m, "mm.vmstat.compact_daemon_wake"), 1);
	assert_true(core_value(m, 1, "cycles.kernel.compact") > 0);
	assert_int_equal(core_value(m, 0, "cycles.kernel.compact"), 0);
	for (i = 1; i < n; i += 2)
		free_pages(pa, c, pfn[i], 0);
	while (blocks)
		free_pages(pa, c, block[--blocks], 9);
	finish(m);
	machine_free(m);
}

/* Sixteen runs in a row that find nothing, and kswapd is left alone; direct reclaim that does wakes hope. */
static void test_hopeless(void **state)
{
	static const char *const settings[] = { "kernel.time_scale=1", NULL };
	static u64 pfn[1 << 14];
	u64 n = 0, va[300], i, runs;
	struct kmem_cache *k;
	struct machine *m;
	struct cpu *c;

	make_chase(2000000);
	m = build(settings);
	c = core_cpu(m->cores[0]);
	run_to(m, 500000); /* the program has its pages */
	k = kmem_cache_create(m->kernel->slabs, "x", 1024, 0, 0);
	for (i = 0; i < ARRAY_SIZE(va); i++)
		va[i] = kmem_cache_alloc(k, c, GFP_KERNEL);
	while ((pfn[n] = alloc_pages(m->kernel->pa, c, GFP_NOWAIT, 0)) != NO_FRAME)
		n++;
	for (i = 0; i < 60; i++) {
		run_to(m, engine_now(m->engine) + 100000); /* a run's slices are over */
		assert_true(alloc_pages(m->kernel->pa, c, GFP_NOWAIT, 9) == NO_FRAME);
	}
	runs = value(m, "mm.vmstat.pageoutrun");
	assert_in_range(runs, 16, 20);
	assert_int_equal(value(m, "mm.kthread.kswapd_wakes"), runs);
	assert_true(value(m, "mm.kthread.kswapd_hopeless") >= 60 - runs);
	for (i = 0; i < ARRAY_SIZE(va); i++)
		kmem_cache_free(k, c, va[i]);
	alloc_pages(m->kernel->pa, c, GFP_KERNEL | GFP_NORETRY, 9);
	alloc_pages(m->kernel->pa, c, GFP_NOWAIT, 9);
	run_to(m, engine_now(m->engine) + 100000);
	assert_int_equal(value(m, "mm.vmstat.pageoutrun"), runs + 1);
	while (n)
		free_pages(m->kernel->pa, c, pfn[--n], 0);
	finish(m);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_periods),   cmocka_unit_test(test_eras),
		cmocka_unit_test(test_idle_core), cmocka_unit_test(test_busy_core),
		cmocka_unit_test(test_too_often), cmocka_unit_test(test_nothing_due),
		cmocka_unit_test(test_decay),     cmocka_unit_test(test_reap),
		cmocka_unit_test(test_kswapd),    cmocka_unit_test(test_kcompactd),
		cmocka_unit_test(test_hopeless),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(CAPTURE);
	return failed;
}
