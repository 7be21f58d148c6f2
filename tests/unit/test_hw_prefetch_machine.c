/*
 * Prefetchers in a whole machine. A sequence that lives in Golden Cove's L2 costs 5 to 8 cycles a load with
 * the IP-stride prefetcher on, and L2's 16 with it off (Intel's manual 248966 and microbenchmarks of that
 * core); random accesses gain nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/core/machine.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE "build/tests/prefetch.pcap"
#define BYTES   (256u << 10) /* beyond L1, in L2, and within the DTLB */
#define LINES   (BYTES / GENERATE_LINE)
#define L1_LINES 768u
#define PAGES   (BYTES / GENERATE_PAGE)
#define ROUNDS  8u
#define WARM    2u

/* A pointer chase in order: each load's address is what the one before it loaded. */
static void run_forward(struct generation *g)
{
	u32 block = generate_block(g, TR_LOAD, 1);
	u64 i, addr;

	generate_map(g, BYTES);
	generate_fill(g, BYTES, GENERATE_LINE);
	for (i = 0; i < ROUNDS * LINES; i++) {
		addr = GENERATE_DATA + i % LINES * GENERATE_LINE;
		tr_encode_run(g->enc, block, &addr);
	}
}

static void run_backward(struct generation *g)
{
	u32 block = generate_block(g, TR_LOAD, 1);
	u64 i, addr;

	generate_map(g, BYTES);
	generate_fill(g, BYTES, GENERATE_LINE);
	for (i = 0; i < ROUNDS * LINES; i++) {
		addr = GENERATE_DATA + (LINES - 1 - i % LINES) * GENERATE_LINE;
		tr_encode_run(g->enc, block, &addr);
	}
}

static const struct generator forward = { .name = "forward", .help = "", .run = run_forward };
static const struct generator backward = { .name = "backward", .help = "", .run = run_backward };

/* settings: up to four "key=value", then NULL */
static struct machine *build(const char *const *settings)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	struct machine *m;

	config_load(c, "machines", "golden-cove");
	config_load(c, "kernels", "simple");
	for (; *settings; settings++)
		config_set(c, *settings);
	machine_check(&cfg, c);
	m = machine_new(&cfg, 0);
	config_free(c);
	return m;
}

static void record(const struct generator *g)
{
	struct generate_opts o = { .size = BYTES, .pages = 1, .stride = 8, .seed = 1,
				   .count = ROUNDS * LINES };
	char err[TR_ERRBUF];

	assert_true(generate(g, &o, CAPTURE, err));
}

static void replay_to(struct machine *m, u64 records)
{
	while (engine_run(m->engine, records) == ENGINE_MORE)
		;
}

struct result {
	u64 cycles; /* hundredths, a load, in warm rounds */
	u64 misses, issued, useful, late, useless, tlb_misses, crossings, crossing_misses;
};

static struct result replay(const char *const *settings)
{
	struct machine *m = build(settings);
	char err[TR_ERRBUF];
	struct result r;
	u64 start;

	engine_add(m->engine, trace_open(CAPTURE, NULL, err));
	replay_to(m, LINES + WARM * LINES); /* filled, and warm */
	start = core_now(m->cores[0]);
	replay_to(m, LINES + ROUNDS * LINES);
	r.cycles = 100 * (core_now(m->cores[0]) - start) / ((ROUNDS - WARM) * LINES);
	replay_to(m, ~(u64)0);
	machine_settle(m);
	r.tlb_misses = stats_value(m->stats, "core0.dtlb.misses");
	r.crossings = stats_value(m->stats, "core0.dtlb.prefetcher_lookups");
	r.crossing_misses = stats_value(m->stats, "core0.dtlb.prefetcher_misses");
	r.misses = stats_value(m->stats, "core0.l1d.load_misses");
	r.issued = stats_value(m->stats, "core0.l1d.prefetch_issued");
	r.useful = stats_value(m->stats, "core0.l1d.prefetch_useful");
	r.late = stats_value(m->stats, "core0.l1d.prefetch_late");
	r.useless = stats_value(m->stats, "core0.l1d.prefetch_useless");
	machine_free(m);
	return r;
}

#define SETTINGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/*
 * A prefetch d loads ahead lets d + 1 loads share L2's 16 cycles, but none is faster than L1's 5: 8, 5.33 and
 * 5 cycles a load. Where it stops at the end of the page, one load of each page's 64 takes up to 16 more.
 */
static void expect_sequence(const struct generator *g)
{
	struct result off, by1, by2, by3, stopped;

	record(g);
	off = replay(SETTINGS("l1d.prefetcher=none"));
	by1 = replay(SETTINGS("l1d.prefetcher=ip-stride", "l1d.prefetch.ip-stride.cross_page=yes"));
	by2 = replay(SETTINGS("l1d.prefetcher=ip-stride", "l1d.prefetch.ip-stride.cross_page=yes",
			      "l1d.prefetch.ip-stride.distance=2"));
	by3 = replay(SETTINGS("l1d.prefetcher=ip-stride", "l1d.prefetch.ip-stride.cross_page=yes",
			      "l1d.prefetch.ip-stride.distance=3"));
	stopped = replay(SETTINGS("l1d.prefetcher=ip-stride"));
	assert_in_range(off.cycles, 1600, 1602);
	assert_in_range(by1.cycles, 800, 802);
	assert_in_range(by2.cycles, 533, 535);
	assert_in_range(by3.cycles, 500, 502);
	assert_in_range(stopped.cycles, 800, 800 + 1600 / (GENERATE_PAGE / GENERATE_LINE));
	assert_int_equal(off.issued, 0);
	/* What was filled last is still in L1 for those who go backward. */
	assert_in_range(off.misses, ROUNDS * LINES - L1_LINES, ROUNDS * LINES);
	/* The three loads that show the stride, and the first of each page behind that of the first. */
	assert_in_range(by1.misses, 3 * (ROUNDS - 1), 3 * ROUNDS);
	assert_in_range(stopped.misses, (3 + PAGES - 1) * (ROUNDS - 1), (3 + PAGES - 1) * ROUNDS);
	/* Every round ends with a prefetch from the page behind the last, where there is nothing. */
	assert_int_equal(by1.crossings, ROUNDS * PAGES);
	assert_int_equal(by1.crossing_misses, ROUNDS);
	assert_int_equal(by1.tlb_misses, off.tlb_misses);
	assert_in_range(by1.useful, ROUNDS * (LINES - 3) - L1_LINES, ROUNDS * LINES);
	assert_in_range(by1.issued - by1.useful, 0, ROUNDS);
	assert_in_range(by1.late, by1.useful * 49 / 100, by1.useful * 51 / 100); /* 11 and 5 cycles in turn */
	assert_true(by3.late < by3.useful / 100);
}

static void test_sequence_forward(void **state)
{
	expect_sequence(&forward);
}

static void test_sequence_backward(void **state)
{
	expect_sequence(&backward);
}

/* A random cycle has no stride and no ascending lines that were touched just before. */
static void test_random_chase_gains_nothing(void **state)
{
	struct result off, on;

	record(generator_find("chase"));
	off = replay(SETTINGS("l1d.prefetcher=none"));
	on = replay(SETTINGS("l1d.prefetcher=ip-stride+next-line", "l1d.prefetch.next-line.entries=1"));
	assert_in_range(on.cycles, off.cycles * 99 / 100, off.cycles * 101 / 100);
	assert_true(on.issued < off.misses / 100);
	on = replay(SETTINGS("l1d.prefetcher=next-line"));
	/*
	 * A line stays for about 400 loads, so one in ten is used by chance before it goes; each of those is
	 * a miss less at best.
	 */
	assert_true(on.issued > off.misses * 8 / 10);
	assert_true(on.useless > on.issued * 8 / 10);
	assert_true(on.misses + on.useful >= off.misses);
}

/* What is only a shortcut for the simulator changes nothing. */
static void test_shortcut_changes_nothing(void **state)
{
	struct result a, b;

	record(generator_find("stream"));
	a = replay(SETTINGS("l1d.prefetcher=stream+next-line", "l2.prefetcher=stream+adjacent"));
	b = replay(SETTINGS("l1d.prefetcher=stream+next-line", "l2.prefetcher=stream+adjacent",
			    "engine.shortcut=no"));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(a.useful > 0);
}

static int cleanup(void **state)
{
	unlink(CAPTURE);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_forward),
		cmocka_unit_test(test_sequence_backward),
		cmocka_unit_test(test_random_chase_gains_nothing),
		cmocka_unit_test(test_shortcut_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, cleanup);
}
