/*
 * Ports and write-back buffers by closed formulas: a level gives as many bytes a cycle as its ports have, a
 * full buffer lets a miss begin when the level below has taken a line, and a line in it comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/hw/cache.h"
#include "tests/ref/ref_hw_machine.h"
#include "tests/ref/ref_mock.h"

#define LINE   64u
#define STORES 64u /* in the store buffer */

/* The level below: takes a line, and has it, after fixed times. */
struct below {
	struct port port;
	u64 latency, taken;
};

static u64 below_read(struct port *p, struct mem_req *r, u64 now)
{
	r->served = MEM_DRAM;
	return now + container_of(p, struct below, port)->latency;
}

static u64 below_write(struct port *p, const struct mem_req *r, u64 now)
{
	return now + container_of(p, struct below, port)->taken;
}

static const struct port_ops below_ops = { below_read, below_write, MOCK_PORT_ENDS };

struct bench {
	struct below below;
	struct cache_cfg cfg;
	struct cache cache;
};

/* 64 sets of 4 ways; hits after 14 cycles. */
static void setup(struct bench *b, u32 ports, u32 bandwidth, u32 buffer)
{
	struct cache_params p = { .cfg = &b->cfg, .name = "test", .level = MEM_L2, .hz = 1000000000 };

	memset(b, 0, sizeof(*b));
	b->below.port.ops = &below_ops;
	b->below.latency = 100;
	b->below.taken = 40;
	b->cfg = (struct cache_cfg){ .size = 64 * 4 * LINE,
				     .ways = 4,
				     .line = LINE,
				     .latency = { .cycles = 14 },
				     .slices = 1,
				     .indexing = INDEX_PIPT,
				     .allocate = true,
				     .sharers = 1,
				     .mshrs = 256,
				     .ports = ports,
				     .bandwidth = bandwidth,
				     .writeback_buffer = buffer };
	p.below = &b->below.port;
	cache_init(&b->cache, &p);
}

static void teardown(struct bench *b)
{
	cache_sane(&b->cache);
	cache_fini(&b->cache);
}

static u64 read_line(struct bench *b, u64 line, u64 now)
{
	struct mem_req r = { .pa = line * LINE, .cls = MEM_LOAD };

	return port_read(&b->cache.port, &r, now);
}

static u64 write_line(struct bench *b, u64 line, u32 bytes, u64 now)
{
	struct mem_req r = { .pa = line * LINE, .bytes = bytes, .cls = MEM_RFO };

	return port_write(&b->cache.port, &r, now);
}

/*
 * n lines that are there, all wanted at once: each port has one every ceil(line / bandwidth) cycles, so the
 * last is there that many times (ceil(n / ports) - 1) cycles after the first.
 */
static void stream(u32 ports, u32 bandwidth, u32 n)
{
	u32 cycles = bandwidth ? (LINE + bandwidth - 1) / bandwidth : 1, line;
	u64 last = 0, waited = 0;
	struct bench b;

	setup(&b, ports, bandwidth, 0);
	for (line = 0; line < n; line++)
		read_line(&b, line, line * 1000);
	for (line = 0; line < n; line++) {
		last = read_line(&b, line, 1000000);
		assert_int_equal(last, 1000000 + line / ports * cycles + 14);
		waited += line / ports * cycles;
	}
	assert_int_equal(b.cache.backlog->st.port_wait_cycles, waited);
	assert_int_equal(b.cache.backlog->st.port_waits, n - ports);
	teardown(&b);
}

static void test_bandwidth(void **state)
{
	stream(1, 64, 200); /* 64 bytes a cycle: a line a cycle */
	stream(1, 32, 200);
	stream(1, 48, 100);
	stream(1, 0, 100);
	stream(2, 64, 200);
	stream(2, 16, 201);
	stream(4, 8, 50);
}

/* Requests that come no faster than the ports take them wait for nothing, and are as fast as ever. */
static void test_below_bandwidth(void **state)
{
	struct bench b;
	u64 i;

	setup(&b, 1, 32, 0);
	for (i = 0; i < 100; i++)
		read_line(&b, i, 1000 * i);
	for (i = 0; i < 100; i++)
		assert_int_equal(read_line(&b, i, 1000000 + 2 * i), 1000000 + 2 * i + 14);
	assert_int_equal(b.cache.backlog->st.port_waits, 0);
	/* eight bytes take one cycle, not two */
	assert_int_equal(write_line(&b, 0, 8, 2000000), 2000014);
	assert_int_equal(read_line(&b, 1, 2000000), 2000015);
	assert_int_equal(read_line(&b, 2, 2000000), 2000017);
	teardown(&b);
}

/*
 * Every miss evicts a dirty line, which the level below takes after 40 cycles: misses that come at once begin
 * in groups of as many as the buffer holds, 40 cycles apart.
 */
static void test_full_buffer(void **state)
{
	u32 sizes[] = { 1, 2, 5, 8 }, s, i;
	struct bench b;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		u64 waited = 0;

		setup(&b, 0, 0, sizes[s]);
		for (i = 0; i < 256; i++)
			write_line(&b, i, LINE, 1000 * i);
		for (i = 0; i < 60; i++) {
			assert_int_equal(read_line(&b, 1000 + i, 1000000), 1000000 + i / sizes[s] * 40 + 100);
			waited += i / sizes[s] * 40;
		}
		assert_int_equal(b.cache.backlog->st.writeback_waits, 60 - sizes[s]);
		assert_int_equal(b.cache.backlog->st.writeback_wait_cycles, waited);
		assert_int_equal(b.cache.st.writebacks, 60);
		teardown(&b);
	}
}

/* Clean victims, and dirty ones that the buffer has room for, delay nothing. */
static void test_room_in_buffer(void **state)
{
	struct bench b;
	u32 i;

	setup(&b, 0, 0, 1);
	for (i = 0; i < 256; i++)
		read_line(&b, i, 1000 * i);
	for (i = 0; i < 60; i++)
		assert_int_equal(read_line(&b, 1000 + i, 1000000), 1000100);
	for (i = 0; i < 60; i++)
		write_line(&b, 1000 + i, 8, 2000000);
	for (i = 0; i < 256; i++)
		assert_int_equal(read_line(&b, 2000 + i, 3000000 + 40 * i), 3000100 + 40 * i);
	assert_int_equal(b.cache.st.writebacks, 60);
	assert_int_equal(b.cache.backlog->st.writeback_waits, 0);
	teardown(&b);
}

/* A line that is on its way down is there after a hit's time, counted; later it comes from below. */
static void test_taken_back(void **state)
{
	struct mem_req r = { .cls = MEM_LOAD };
	struct bench b;
	u64 way;

	setup(&b, 0, 0, 4);
	write_line(&b, 0, LINE, 0);
	for (way = 1; way <= 4; way++)
		read_line(&b, 64 * way, 1000); /* the last of them turns line 0 out */
	assert_int_equal(b.cache.st.writebacks, 1);
	assert_int_equal(port_read(&b.cache.port, &r, 1039), 1039 + 14);
	assert_int_equal(r.served, MEM_L2);
	assert_int_equal(b.cache.backlog->st.writeback_hits, 1);
	teardown(&b);

	setup(&b, 0, 0, 4);
	write_line(&b, 0, LINE, 0);
	for (way = 1; way <= 4; way++)
		read_line(&b, 64 * way, 1000);
	assert_int_equal(port_read(&b.cache.port, &r, 1040), 1140);
	assert_int_equal(r.served, MEM_DRAM);
	assert_int_equal(b.cache.backlog->st.writeback_hits, 0);
	teardown(&b);
}

/*
 * Two levels whose victims are all dirty, with a buffer of one line each. A line written back is below after
 * the 14 cycles of that level, if that can turn a line out itself, which it can every 40 cycles: so write
 * number n begins 14 + 40 (n - 1) cycles after number 0.
 */
static void test_pressure_goes_up(void **state)
{
	struct bench upper, lower;
	u32 i;

	setup(&lower, 0, 0, 1);
	setup(&upper, 0, 0, 1);
	upper.cache.below = &lower.cache.port;
	for (i = 0; i < 256; i++) {
		write_line(&lower, i, LINE, 1000 * i);
		write_line(&upper, 512 + i, LINE, 1000 * i);
	}
	for (i = 0; i < 20; i++)
		assert_int_equal(write_line(&upper, 1024 + i, LINE, 1000000),
				 1000000 + (i ? 14 + 40 * (i - 1) : 0) + 14);
	assert_int_equal(upper.cache.st.writebacks, 20);
	assert_int_equal(lower.cache.st.writebacks, 20);
	assert_int_equal(lower.cache.backlog->st.writeback_waits, 19);
	teardown(&upper);
	teardown(&lower);
}

/*
 * A whole core, whose misses overlap, on 128 KB, which its L2 holds and its L1D does not: with enough in
 * flight, lines come as fast as the L2's port gives them. A store's line takes the port twice: when it is
 * asked for and when it is written back.
 */
static u64 stream_cycles(u8 kind, u32 bandwidth, u64 *lines)
{
	struct ref_machine *m = malloc(sizeof(*m));
	const struct tr_slot slot = { .size = 8, .kind = kind };
	u64 *addr, i, before, n = (128 << 10) / LINE;
	u32 block, round;

	addr = malloc(n * sizeof(*addr));
	for (i = 0; i < n; i++)
		addr[i] = 0x10000000 + i * LINE;
	ref_machine_cfg(m);
	m->xlate = false;
	m->core_cfg.model = CORE_WINDOW;
	m->core_cfg.window = 128;
	m->core_cfg.width = 6;
	m->core_cfg.mshrs = m->hw.l1d.mshrs = 64;
	m->core_cfg.store_buffer = STORES;
	m->hw.l2.ports = 1;
	m->hw.l2.bandwidth = bandwidth;
	ref_machine_init(m);
	block = ref_machine_block(m, 0x400000, 1, &slot, 1);
	for (round = 0; round < 2; round++) {
		core_wait_until(m->core, core_now(m->core) + 1000, PART_IDLE);
		before = core_now(m->core);
		assert_int_equal(ref_machine_run(m, block, addr, (u32)n), CORE_DONE);
		core_wait_until(m->core, core_now(m->core), PART_IDLE);
	}
	before = core_now(m->core) - before;
	ref_machine_fini(m);
	free(addr);
	free(m);
	*lines = n;
	return before;
}

static void test_core_streams(void **state)
{
	const u32 bandwidth[] = { 64, 32, 8 };
	u64 cycles, n;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bandwidth); i++) {
		cycles = stream_cycles(TR_LOAD, bandwidth[i], &n);
		assert_in_range(cycles, n * LINE / bandwidth[i], n * LINE / bandwidth[i] * 101 / 100 + 50);
		cycles = stream_cycles(TR_STORE, bandwidth[i], &n);
		/* the last of them are still in the store buffer */
		assert_in_range(cycles, 2 * (n - STORES) * LINE / bandwidth[i],
				2 * n * LINE / bandwidth[i] * 101 / 100 + 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bandwidth),      cmocka_unit_test(test_below_bandwidth),
		cmocka_unit_test(test_full_buffer),    cmocka_unit_test(test_room_in_buffer),
		cmocka_unit_test(test_taken_back),     cmocka_unit_test(test_pressure_goes_up),
		cmocka_unit_test(test_core_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
