/*
 * Do a pointer chase and a walk over one line a page show the steps that were measured on Golden Cove?
 * 5 cycles in L1, 16 in L2 within the DTLB's reach, 23 beyond it; one line a page: 5 up to 96 pages, 12 up to
 * 768, 23 up to the STLB's reach, then walks (Intel's manual 248966 and microbenchmarks of the Golden Cove
 * core). The mean of a chase is over all its loads after two warm rounds.
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

#define CAPTURE "build/tests/steps.pcap"
#define ROUNDS  8u
#define WARM    2u

/* All samples of loads so far: how many, and their latency added up. */
struct sum {
	u64 n, cycles;
};

static struct sum sum_loads(const struct core_latency *l)
{
	struct sum s = { 0, 0 };
	u32 level, xlate, i;

	for (level = 0; level < NR_MEM_LEVELS; level++) {
		for (xlate = 0; xlate < NR_CORE_CLASSES; xlate++) {
			const struct hist *h = &l->load[level][xlate];

			for (i = 0; i < HIST_BINS; i++) {
				s.n += h->bin[i];
				s.cycles += h->bin[i] * hist_low(i);
			}
		}
	}
	return s;
}

static struct machine *build(void)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	struct machine *m;

	config_load(c, "machines", "golden-cove");
	config_load(c, "kernels", "simple");
	machine_check(&cfg, c);
	m = machine_new(&cfg, 0);
	config_free(c);
	return m;
}

/* Replays up to a number of records. */
static void replay_to(struct machine *m, u64 records)
{
	while (engine_run(m->engine, records) == ENGINE_MORE)
		;
}

/* Mean latency of a load in hundredths of a cycle, in rounds over n places. */
static u64 mean(const char *kind, const struct generate_opts *o, u64 n)
{
	struct machine *m = build();
	struct generate_opts all = *o;
	struct sum warm, end;
	char err[TR_ERRBUF];

	all.count = ROUNDS * n;
	assert_true(generate(generator_find(kind), &all, CAPTURE, err));
	engine_add(m->engine, trace_open(CAPTURE, NULL, err));
	replay_to(m, n + WARM * n); /* filled, and warm */
	warm = sum_loads(machine_latency(m));
	replay_to(m, ~(u64)0);
	end = sum_loads(machine_latency(m));
	machine_settle(m);
	assert_int_equal(stats_value(m->stats, "replay.records"), n + ROUNDS * n);
	machine_free(m);
	unlink(CAPTURE);
	assert_int_equal(end.n - warm.n, (ROUNDS - WARM) * n);
	return 100 * (end.cycles - warm.cycles) / (end.n - warm.n);
}

static u64 chase(u64 kb)
{
	struct generate_opts o = { .size = kb << 10, .pages = 1, .stride = 8, .seed = 1 };

	return mean("chase", &o, o.size / GENERATE_LINE);
}

static u64 pages(u64 n)
{
	struct generate_opts o = { .size = 64, .pages = n, .stride = 8, .seed = 1 };

	return mean("pages", &o, n);
}

#define assert_about(got, cycles) assert_in_range(got, (cycles) * 90, (cycles) * 110)

static void test_chase_in_l1(void **state)
{
	assert_int_equal(chase(4), 500);
	assert_int_equal(chase(32), 500);
	assert_int_equal(chase(48), 500);
}

static void test_chase_beyond_l1(void **state)
{
	assert_true(chase(52) > 600);
	assert_about(chase(128), 16);
	assert_about(chase(256), 16);
	assert_about(chase(384), 16);
}

/* At random, 96 of the chase's pages are in the DTLB: 16 + 7 (1 - 96 / pages) cycles, towards 23. */
static void test_chase_beyond_the_dtlb(void **state)
{
	u64 kb, formula;

	for (kb = 512; kb <= 1024; kb += 256) {
		formula = 1600 + 700 - 700 * 96 * 4 / kb;
		assert_in_range(chase(kb), formula - formula / 50, formula + formula / 50);
	}
}

static void test_pages_within_the_dtlb(void **state)
{
	assert_int_equal(pages(16), 500);
	assert_int_equal(pages(96), 500);
}

static void test_pages_within_l1_beyond_the_dtlb(void **state)
{
	assert_int_equal(pages(192), 1200);
	assert_int_equal(pages(768), 1200);
}

static void test_pages_beyond_l1(void **state)
{
	assert_about(pages(1024), 23);
	assert_about(pages(1536), 23);
}

/* The page-table entry of a page in L2's reach: one read at L1 or L2 latency on top. */
static void test_pages_beyond_the_stlb(void **state)
{
	u64 cycles = pages(4096);

	assert_in_range(cycles, 2300 + 500, 2300 + 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chase_in_l1),
		cmocka_unit_test(test_chase_beyond_l1),
		cmocka_unit_test(test_chase_beyond_the_dtlb),
		cmocka_unit_test(test_pages_within_the_dtlb),
		cmocka_unit_test(test_pages_within_l1_beyond_the_dtlb),
		cmocka_unit_test(test_pages_beyond_l1),
		cmocka_unit_test(test_pages_beyond_the_stlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
