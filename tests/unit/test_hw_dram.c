/* DRAM against closed formulas and the figures of the data sheets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "model/hw/dram.h"

#define HZ 100000000000ull /* a cycle is 10 ps */
#define ROW_BYTES 8192u
#define BANKS     16u

static const struct dram_cfg ddr4_3200 = { .model = DRAM_BANKS, .preset = 1, .channels = 1, .ranks = 1 };

static u64 read_at(struct dram *d, u64 pa, u64 now)
{
	struct mem_req r = { .pa = pa, .cls = MEM_LOAD };
	u64 done = port_read(dram_port(d), &r, now);

	assert_int_equal(r.served, MEM_DRAM);
	return done - now;
}

/* DDR4-3200AA: 13.75 ns each of tCL, tRCD and tRP, burst 2.5 ns: 16.25, 30.0 and 43.75 ns. */
static void test_row_buffer(void **state)
{
	struct dram *d = dram_new(&ddr4_3200, 64, 0, HZ);
	const struct dram_stats *st = dram_stats(d);

	assert_int_equal(read_at(d, 0, 0), 3000);
	assert_int_equal(read_at(d, 64, 100000), 1625);
	assert_int_equal(read_at(d, ROW_BYTES * BANKS, 200000), 4375);
	assert_int_equal(read_at(d, ROW_BYTES, 300000), 3000);
	assert_int_equal(st->row_closed, 2);
	assert_int_equal(st->row_hits, 1);
	assert_int_equal(st->row_conflicts, 1);
	assert_int_equal(st->reads, 4);
	assert_int_equal(st->read_cycles, 3000 + 1625 + 4375 + 3000);
	dram_free(d);
}

static void test_the_way_is_added(void **state)
{
	struct dram_cfg cfg = ddr4_3200;
	struct dram *d;

	cfg.fabric.ps = 20000;
	d = dram_new(&cfg, 64, 70, HZ);
	assert_int_equal(read_at(d, 0, 0), 70 + 2000 + 3000);
	dram_free(d);
}

/* Lines of an open row follow each other on the bus, a burst apart; another channel has a bus of its own. */
static void test_bandwidth(void **state)
{
	struct dram_cfg cfg = ddr4_3200;
	struct dram *d = dram_new(&cfg, 64, 0, HZ);
	u32 i;

	for (i = 0; i < 64; i++)
		assert_int_equal(read_at(d, i * 64, 0), 3000 + i * 250);
	dram_free(d);
	cfg.channels = 2;
	d = dram_new(&cfg, 64, 0, HZ);
	for (i = 0; i < 64; i++)
		assert_int_equal(read_at(d, i * 64, 0), 3000 + i / 2 * 250);
	dram_free(d);
}

/* Banks open their rows side by side; only the bus is shared. */
static void test_banks_overlap(void **state)
{
	struct dram *d = dram_new(&ddr4_3200, 64, 0, HZ);
	u32 i;

	for (i = 0; i < BANKS; i++)
		assert_int_equal(read_at(d, i * ROW_BYTES, 0), 3000 + i * 250);
	dram_free(d);
}

/*
 * A row stays open for tRAS (32.5 ns) at least: a conflict right after the activation waits for it, a later
 * one not.
 */
static void test_tras(void **state)
{
	struct dram *d = dram_new(&ddr4_3200, 64, 0, HZ);

	read_at(d, 0, 0);
	assert_int_equal(read_at(d, ROW_BYTES * BANKS, 2000), 1250 + 4375);
	dram_free(d);
	d = dram_new(&ddr4_3200, 64, 0, HZ);
	read_at(d, 0, 0);
	assert_int_equal(read_at(d, ROW_BYTES * BANKS, 3249), 1 + 4375);
	dram_free(d);
	d = dram_new(&ddr4_3200, 64, 0, HZ);
	read_at(d, 0, 0);
	assert_int_equal(read_at(d, ROW_BYTES * BANKS, 3250), 4375);
	dram_free(d);
}

/* Writes take bus time, and what comes after them waits for it; nobody waits for the write. */
static void test_writes_take_the_bus(void **state)
{
	struct dram *d = dram_new(&ddr4_3200, 64, 0, HZ);
	struct mem_req w = { .pa = 64, .bytes = 64, .cls = MEM_RFO };

	read_at(d, 0, 0);
	port_write(dram_port(d), &w, 100000);
	assert_int_equal(read_at(d, 128, 100000), 1625 + 250);
	assert_int_equal(dram_stats(d)->writes, 1);
	assert_int_equal(dram_stats(d)->reads, 2);
	dram_free(d);
}

static void test_flat(void **state)
{
	const struct dram_cfg cfg = {
		.model = DRAM_FLAT, .channels = 1, .ranks = 1, .flat = { .ps = 80000 }
	};
	struct dram *d = dram_new(&cfg, 64, 0, HZ);

	assert_int_equal(read_at(d, 0, 0), 8000);
	assert_int_equal(read_at(d, 1 << 20, 0), 8000);
	assert_int_equal(dram_stats(d)->row_closed, 0);
	dram_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_buffer),	  cmocka_unit_test(test_the_way_is_added),
		cmocka_unit_test(test_bandwidth),	  cmocka_unit_test(test_banks_overlap),
		cmocka_unit_test(test_tras),		  cmocka_unit_test(test_writes_take_the_bus),
		cmocka_unit_test(test_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
