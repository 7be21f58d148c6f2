/*
 * The shared levels that memory.c puts together: where directories stand, how instances are called, and what
 * an access costs by who has the line: closed sums of the configured latencies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/hw/cache.h"
#include "model/hw/memory.h"
#include "tests/ref/ref_mock.h"

#define CORES 4u
#define HZ    1000000000ull

/* Cycles, from the start of the access. */
enum { L3 = 40, DRAM = 100, TRANSFER = 60, PROBE = 50, FAR_TRANSFER = 200, FAR_PROBE = 150 };

static struct cache_cfg level(u64 size, u64 latency, u32 sharers)
{
	return (struct cache_cfg){ .size = size, .ways = 8, .line = MOCK_LINE, .slices = 1, .allocate = true,
				   .latency = { .cycles = latency }, .indexing = INDEX_PIPT, .mshrs = 16,
				   .sharers = sharers };
}

static struct hw_cfg hardware(u32 l2_sharers, u32 l3_sharers)
{
	struct hw_cfg hw = { .l1i = level(4 << 10, 5, 1), .l1d = level(4 << 10, 5, 1),
			     .l2 = level(16 << 10, 15, l2_sharers), .l3 = level(256 << 10, L3, l3_sharers) };

	hw.dram = (struct dram_cfg){ .model = DRAM_FLAT, .channels = 1, .ranks = 1, .mapping = DRAM_MAPPING,
				     .flat = { .cycles = DRAM } };
	hw.coherence = (struct coherence_cfg){ .transfer = { .cycles = TRANSFER },
					       .probe = { .cycles = PROBE },
					       .far_transfer = { .cycles = FAR_TRANSFER },
					       .far_probe = { .cycles = FAR_PROBE } };
	return hw;
}

/* Each core's private caches are scripted, and hold what they were given. */
struct bench {
	struct hw_cfg hw;
	struct memory *memory;
	struct mock_above core[CORES];
	struct stats *stats;
	u64 now;
};

static void setup(struct bench *b, u32 l2_sharers, u32 l3_sharers, u32 cores)
{
	struct cfg_fault fault;
	u32 i;

	b->hw = hardware(l2_sharers, l3_sharers);
	b->now = 0;
	assert_true(hw_check(&b->hw, cores, NR_PAGE_SIZES, &fault));
	b->memory = memory_new(&b->hw, cores, HZ, 1);
	for (i = 0; i < cores; i++) {
		mock_above_init(&b->core[i], i);
		memory_attach(b->memory, i, &b->core[i].above);
	}
	b->stats = stats_new();
	memory_stats(b->memory, b->stats);
	mock_told();
}

static void teardown(struct bench *b)
{
	memory_sane(b->memory);
	memory_free(b->memory);
	stats_free(b->stats);
}

static void assert_told(const char *expected)
{
	assert_string_equal(mock_told(), expected);
}

/* A core misses; it keeps the line as the answer allows. Returns the latency. */
static u64 ask(struct bench *b, u32 core, u64 pa, enum mem_class cls, enum mem_level served)
{
	struct mem_req r = { .pa = pa, .bytes = 8, .cls = cls };
	u64 done;

	b->now += 1000;
	done = port_read(memory_port(b->memory, core), &r, b->now);
	assert_int_equal(r.served, served);
	b->core[core].answer[pa / MOCK_LINE] = PROBE_FOUND | (r.shared ? 0 : PROBE_ALONE) |
					       (cls == MEM_RFO ? PROBE_DIRTY : 0);
	return done - b->now;
}

static u64 upgrade(struct bench *b, u32 core, u64 pa)
{
	struct mem_req r = { .pa = pa, .bytes = 8, .cls = MEM_RFO };
	u64 done;

	b->now += 1000;
	done = port_upgrade(memory_port(b->memory, core), &r, b->now);
	b->core[core].answer[pa / MOCK_LINE] = PROBE_FOUND | PROBE_ALONE | PROBE_DIRTY;
	return done - b->now;
}

/* Two L3s of two cores each: cores meet above an L3, the L3s above DRAM. */
static void test_two_complexes(void **state)
{
	struct bench b;

	setup(&b, 1, 2, CORES);
	assert_int_equal(ask(&b, 0, 0x40, MEM_LOAD, MEM_DRAM), L3 + DRAM);
	assert_told("");
	assert_int_equal(ask(&b, 1, 0x40, MEM_LOAD, MEM_REMOTE), PROBE);
	assert_told("s0:40 ");
	/* Clean in the other complex, where it is shared already. */
	assert_int_equal(ask(&b, 2, 0x40, MEM_LOAD, MEM_REMOTE), FAR_PROBE);
	assert_told("");
	assert_int_equal(ask(&b, 3, 0x40, MEM_LOAD, MEM_REMOTE), PROBE);
	assert_told("s2:40 ");
	/* To write it, copies go near and far. */
	assert_int_equal(upgrade(&b, 2, 0x40), FAR_PROBE);
	assert_told("d3:40 d0:40 d1:40 ");
	assert_int_equal(ask(&b, 0, 0x40, MEM_RFO, MEM_REMOTE), FAR_TRANSFER);
	assert_told("d2:40 ");
	assert_int_equal(ask(&b, 1, 0x40, MEM_LOAD, MEM_REMOTE), TRANSFER);
	assert_told("s0:40 ");
	assert_int_equal(stats_value(b.stats, "dram.directory.transfers_dirty"), 1);
	assert_int_equal(stats_value(b.stats, "l3_0.directory.transfers_dirty"), 1);
	assert_int_equal(stats_value(b.stats, "l3_0.coherence_writes"), 1);
	assert_int_equal(stats_value(b.stats, "l3_1.directory.recalls"), 1);
	assert_int_equal(stats_value(b.stats, "dram.writes"), 1);
	teardown(&b);
}

/* Two cores that write a line in turn wait for it each time: n transfers, and nothing else. */
static void test_ping_pong(void **state)
{
	static const struct {
		u32 other;
		u64 each;
	} pairs[] = { { 1, TRANSFER }, { 2, FAR_TRANSFER } };
	struct sharing_line top;
	struct bench b;
	u32 p, i;
	u64 sum;

	for (p = 0; p < ARRAY_SIZE(pairs); p++) {
		setup(&b, 1, 2, CORES);
		ask(&b, 0, 0x80, MEM_RFO, MEM_DRAM);
		for (i = 1, sum = 0; i <= 1000; i++) {
			sum += ask(&b, i % 2 ? pairs[p].other : 0, 0x80, MEM_RFO, MEM_REMOTE);
			assert_told(i % 2 ? "d0:80 " : p ? "d2:80 " : "d1:80 ");
		}
		assert_int_equal(sum, 1000 * pairs[p].each);
		/* All but the other core's first are misses on a line that was lost, to the same bytes. */
		assert_int_equal(memory_sharing_top(b.memory, &top, 1), 1);
		assert_int_equal(top.line, 2);
		assert_int_equal(top.true_misses, 999);
		assert_int_equal(top.false_misses, 0);
		teardown(&b);
	}
}

static void has(const struct bench *b, const char *name, bool expected)
{
	if (stats_has(b->stats, name) != expected)
		fail_msg("%s: %s", name, expected ? "missing" : "there");
}

/* A directory where several meet, and nowhere else; private levels are none of memory's. */
static void test_places(void **state)
{
	struct bench b;

	setup(&b, 1, 0, 1);
	assert_int_equal(memory_needs(b.memory), 0);
	has(&b, "l3.loads", true);
	has(&b, "l3.directory.reads", false);
	has(&b, "dram.directory.reads", false);
	teardown(&b);

	setup(&b, 1, 0, CORES);
	assert_int_equal(memory_needs(b.memory), NEEDS_DIRECTORY);
	has(&b, "l3.directory.reads", true);
	has(&b, "l3_0.directory.reads", false);
	has(&b, "dram.directory.reads", false);
	teardown(&b);

	setup(&b, 2, 4, CORES);
	has(&b, "l2_0.directory.reads", true);
	has(&b, "l2_1.directory.reads", true);
	has(&b, "l3.directory.reads", true);
	has(&b, "l2.loads", false);
	has(&b, "dram.directory.reads", false);
	teardown(&b);

	setup(&b, 1, 1, CORES);
	has(&b, "dram.directory.reads", true);
	has(&b, "l3.loads", false);
	teardown(&b);
}

/* An L3 that holds everything above it gives up a core's line with its own. */
static void test_inclusive_l3(void **state)
{
	struct bench b;
	u64 i;

	setup(&b, 1, 0, CORES);
	teardown(&b);
	b.hw.l3.inclusion = INCLUSION_INCLUSIVE;
	b.hw.l3.size = 4 * MOCK_LINE;
	b.hw.l3.ways = 4;
	b.memory = memory_new(&b.hw, 2, HZ, 1);
	b.stats = stats_new();
	memory_stats(b.memory, b.stats);
	memory_attach(b.memory, 0, &b.core[0].above);
	memory_attach(b.memory, 1, &b.core[1].above);
	for (i = 0; i < 4; i++)
		ask(&b, i % 2, i * MOCK_LINE, i ? MEM_LOAD : MEM_RFO, MEM_DRAM);
	assert_told("");
	ask(&b, 1, 4 * MOCK_LINE, MEM_LOAD, MEM_DRAM);
	assert_told("d0:0 ");
	ask(&b, 1, 5 * MOCK_LINE, MEM_LOAD, MEM_DRAM);
	assert_told("d1:40 ");
	assert_int_equal(stats_value(b.stats, "l3.back_invalidations"), 2);
	assert_int_equal(stats_value(b.stats, "l3.back_invalidations_dirty"), 1);
	assert_int_equal(stats_value(b.stats, "l3.directory.recalls"), 2);
	assert_int_equal(stats_value(b.stats, "dram.writes"), 1);
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_complexes),
		cmocka_unit_test(test_ping_pong),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_inclusive_l3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
