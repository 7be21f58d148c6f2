/*
 * A second level between scripted levels: lines that others may hold, probes, and the three kinds of
 * inclusion. Which commands go up and down, in which order, and when the answer is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/hw/cache.h"
#include "model/hw/hw.h"
#include "tests/ref/ref_mock.h"

#define LATENCY 16u

struct bench {
	struct mock_below below;
	struct mock_above above;
	struct cache_cfg cfg;
	struct cache cache;
};

static void assert_told(const char *expected)
{
	assert_string_equal(mock_told(), expected);
}

/* Two sets of four ways; lines 0, 2, 4, ... are in set 0. */
static void setup(struct bench *b, enum cache_inclusion inclusion, u32 needs)
{
	struct cache_params p = { .cfg = &b->cfg, .name = "test", .level = MEM_L2, .hz = 1000000000,
				  .seed = 1, .needs = needs };

	memset(b, 0, sizeof(*b));
	mock_below_init(&b->below);
	mock_above_init(&b->above, 0);
	b->cfg = (struct cache_cfg){ .size = 8 * MOCK_LINE, .ways = 4, .line = MOCK_LINE,
				     .latency = { .cycles = LATENCY }, .slices = 1, .allocate = true,
				     .indexing = INDEX_PIPT, .inclusion = inclusion, .sharers = 1,
				     .mshrs = 4 };
	p.below = &b->below.port;
	cache_init(&b->cache, &p);
	cache_attach(&b->cache, &b->above.above);
}

static void teardown(struct bench *b)
{
	cache_sane(&b->cache);
	cache_fini(&b->cache);
}

/* The level above reads a line and keeps it as the answer allows. */
static struct mem_req read_line(struct bench *b, u64 pa, enum mem_class cls, u64 now, u64 latency)
{
	struct mem_req r = { .pa = pa, .bytes = 8, .cls = cls };

	assert_int_equal(port_read(&b->cache.port, &r, now) - now, latency);
	b->above.answer[pa / MOCK_LINE] = PROBE_FOUND | (r.shared ? 0 : PROBE_ALONE);
	return r;
}

/* The level above gives a line up, as a victim. */
static void let_go(struct bench *b, u64 pa, bool dirty, u64 now)
{
	struct mem_req wb = { .pa = pa, .bytes = MOCK_LINE, .cls = MEM_RFO, .dirty = true };

	b->above.answer[pa / MOCK_LINE] = 0;
	if (dirty)
		port_write(&b->cache.port, &wb, now);
	port_gone(&b->cache.port, pa, now);
}

static u8 state_of(const struct bench *b, u64 pa)
{
	u32 id = cache_find_pa(&b->cache, pa / MOCK_LINE);

	assert_int_not_equal(id, TAG_MISS);
	return b->cache.state[id];
}

static bool is_here(const struct bench *b, u64 pa)
{
	return cache_find_pa(&b->cache, pa / MOCK_LINE) != TAG_MISS;
}

/* Shared lines. */

/* A line that came as shared is asked for below before it is written, once; the level above waits for it. */
static void test_shared_line_is_owned_once(void **state)
{
	struct mem_req up = { .pa = 0x40, .bytes = 8, .cls = MEM_RFO };
	struct bench b;

	setup(&b, INCLUSION_NONE, NEEDS_DIRECTORY);
	b.below.shared = true;
	assert_true(read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY).shared);
	assert_int_equal(state_of(&b, 0x40), LINE_SHARED);
	assert_true(read_line(&b, 0x40, MEM_LOAD, 1000, LATENCY).shared);
	assert_told("r40 ");
	assert_int_equal(port_upgrade(&b.cache.port, &up, 2000), 2000 + MOCK_LATENCY);
	assert_int_equal(up.served, MEM_L3);
	assert_told("u40 ");
	assert_int_equal(state_of(&b, 0x40), 0);
	/* Now it has it alone, and answers itself. */
	assert_int_equal(port_upgrade(&b.cache.port, &up, 3000), 3000 + LATENCY);
	assert_int_equal(up.served, MEM_L2);
	assert_told("");
	assert_false(read_line(&b, 0x40, MEM_LOAD, 4000, LATENCY).shared);
	assert_int_equal(b.cache.st.coherence_upgrades, 1);
	teardown(&b);
}

/* A read to be written owns the line on its way; so does a write here, and an upgrade of what is not here. */
static void test_reads_to_write_own(void **state)
{
	struct mem_req w = { .pa = 0x80, .bytes = 8, .cls = MEM_PTE }, up = { .pa = 0xc0, .cls = MEM_RFO };
	struct bench b;

	setup(&b, INCLUSION_NONE, NEEDS_DIRECTORY);
	b.below.shared = true;
	read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY);
	assert_told("r40 ");
	assert_false(read_line(&b, 0x40, MEM_RFO, 1000, MOCK_LATENCY).shared);
	assert_told("u40 ");
	/* The walker's write reads as the walker does, so others may still hold the line. */
	port_write(&b.cache.port, &w, 2000);
	assert_told("r80 u80 ");
	assert_int_equal(state_of(&b, 0x80), LINE_DIRTY);
	assert_int_equal(port_upgrade(&b.cache.port, &up, 3000), 3000 + MOCK_LATENCY);
	assert_told("uc0 ");
	teardown(&b);
}

/* A write-back of a line that is not here asks nobody: its writer owned it. A store of a line does. */
static void test_whole_lines(void **state)
{
	struct mem_req st = { .pa = 0x80, .bytes = MOCK_LINE, .cls = MEM_KERNEL_RFO };
	struct bench b;

	setup(&b, INCLUSION_NONE, NEEDS_DIRECTORY);
	let_go(&b, 0x40, true, 0);
	assert_told("");
	port_write(&b.cache.port, &st, 1000);
	assert_told("u80 ");
	teardown(&b);
	setup(&b, INCLUSION_NONE, 0);
	port_write(&b.cache.port, &st, 1000);
	assert_told("");
	teardown(&b);
}

/* Who is asked to share keeps the line clean; who is asked to drop loses it; the level above first. */
static void test_probes(void **state)
{
	struct above *a;
	struct bench b;

	setup(&b, INCLUSION_NONE, NEEDS_DIRECTORY);
	a = &b.cache.above;
	read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY);
	let_go(&b, 0x40, true, 100);
	mock_told();
	assert_int_equal(above_probe(a, 0x40, PROBE_HOLDS, 200), PROBE_FOUND | PROBE_DIRTY | PROBE_ALONE);
	assert_int_equal(above_probe(a, 0x40, PROBE_SHARE, 200) & PROBE_DIRTY, PROBE_DIRTY);
	assert_int_equal(state_of(&b, 0x40), LINE_SHARED);
	assert_int_equal(above_probe(a, 0x40, PROBE_SHARE, 200), PROBE_FOUND);
	assert_int_equal(above_probe(a, 0x40, PROBE_DROP, 200), PROBE_FOUND);
	assert_int_equal(above_probe(a, 0x40, PROBE_DROP, 200), 0);
	assert_false(is_here(&b, 0x40));
	/* Dirty above, clean here. */
	assert_told("s0:40 s0:40 d0:40 d0:40 ");
	read_line(&b, 0x80, MEM_RFO, 1000, MOCK_LATENCY);
	b.above.answer[2] |= PROBE_DIRTY;
	assert_true(above_probe(a, 0x80, PROBE_SHARE, 2000) & PROBE_DIRTY);
	assert_int_equal(state_of(&b, 0x80), LINE_SHARED);
	assert_int_equal(b.cache.st.coherence_downgrades, 3);
	assert_int_equal(b.cache.st.coherence_invalidations, 1);
	assert_int_equal(b.cache.st.coherence_dirty, 1);
	teardown(&b);
}

/* Without a directory below nothing is told; with one, that nobody here holds the line any more. */
static void test_gone(void **state)
{
	struct bench b;

	setup(&b, INCLUSION_NONE, 0);
	read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY);
	mock_told();
	let_go(&b, 0x40, false, 100);
	cache_evict(&b.cache, cache_find_pa(&b.cache, 1), 200);
	assert_told("");
	teardown(&b);

	setup(&b, INCLUSION_NONE, NEEDS_DIRECTORY);
	read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY);
	read_line(&b, 0x80, MEM_LOAD, 0, MOCK_LATENCY);
	mock_told();
	let_go(&b, 0x40, false, 100); /* it is still here */
	assert_told("");
	cache_evict(&b.cache, cache_find_pa(&b.cache, 2), 200); /* it is still above */
	assert_told("");
	cache_evict(&b.cache, cache_find_pa(&b.cache, 1), 200);
	assert_told("g40 ");
	let_go(&b, 0x80, false, 100);
	assert_told("g80 ");
	teardown(&b);
}

/* Inclusive. */

/* Fills set 0 with lines 0x000, 0x080, 0x100, 0x180. */
static void fill_set(struct bench *b)
{
	u64 i;

	for (i = 0; i < 4; i++)
		read_line(b, 0x80 * i, MEM_LOAD, 1000 * i, MOCK_LATENCY);
	assert_told("r0 r80 r100 r180 ");
}

/* A victim goes above as well; dirty bytes from there go down with it, after the new line was read. */
static void test_back_invalidation(void **state)
{
	struct bench b;

	setup(&b, INCLUSION_INCLUSIVE, 0);
	fill_set(&b);
	read_line(&b, 0x200, MEM_LOAD, 10000, MOCK_LATENCY);
	assert_told("r200 d0:0 ");
	b.above.answer[2] |= PROBE_DIRTY;
	read_line(&b, 0x280, MEM_LOAD, 20000, MOCK_LATENCY);
	assert_told("r280 d0:80 w80:64 ");
	let_go(&b, 0x100, false, 25000);
	read_line(&b, 0x300, MEM_LOAD, 30000, MOCK_LATENCY);
	assert_told("r300 d0:100 ");
	assert_int_equal(b.cache.st.back_invalidations, 2);
	assert_int_equal(b.cache.st.back_invalidations_dirty, 1);
	assert_int_equal(b.cache.st.writebacks, 1);
	teardown(&b);
}

/* A line that is wholly written above, without being read, gets a place here; its bytes come later. */
static void test_inclusive_claim(void **state)
{
	struct mem_req up = { .pa = 0x40, .bytes = MOCK_LINE, .cls = MEM_RFO };
	struct bench b;

	setup(&b, INCLUSION_INCLUSIVE, 0);
	assert_int_equal(port_upgrade(&b.cache.port, &up, 1000), 1000 + LATENCY);
	assert_told("");
	assert_true(is_here(&b, 0x40));
	b.above.answer[1] = PROBE_FOUND | PROBE_ALONE | PROBE_DIRTY;
	let_go(&b, 0x40, true, 2000);
	assert_told("");
	assert_int_equal(b.cache.st.store_misses, 0);
	teardown(&b);
}

/* A prefetch does not push out what is just on its way up: the next way goes instead of the oldest. */
static void test_rising_line_is_no_victim(void **state)
{
	struct bench b;

	setup(&b, INCLUSION_INCLUSIVE, 0);
	fill_set(&b);
	b.above.answer[0] |= PROBE_RISING;
	read_line(&b, 0x200, MEM_PREFETCH, 10000, MOCK_LATENCY);
	assert_told("r200 d0:80 ");
	assert_true(is_here(&b, 0));
	teardown(&b);
}

/* Exclusive. */

/* What misses goes by; a victim of the level above comes in, and leaves when it is read. */
static void test_victim_level(void **state)
{
	struct bench b;

	setup(&b, INCLUSION_EXCLUSIVE, 0);
	read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY);
	assert_told("r40 ");
	assert_false(is_here(&b, 0x40));
	let_go(&b, 0x40, false, 1000);
	assert_told("");
	assert_int_equal(state_of(&b, 0x40), 0);
	assert_false(read_line(&b, 0x40, MEM_LOAD, 2000, LATENCY).dirty);
	assert_false(is_here(&b, 0x40));
	/* Dirty, it takes that along. */
	let_go(&b, 0x40, true, 3000);
	assert_int_equal(state_of(&b, 0x40), LINE_DIRTY);
	assert_true(read_line(&b, 0x40, MEM_LOAD, 4000, LATENCY).dirty);
	assert_told("");
	assert_int_equal(b.cache.st.victim_fills, 1);
	assert_int_equal(b.cache.st.handed_up, 2);
	assert_int_equal(b.cache.st.load_misses, 1);
	teardown(&b);
}

/* A line that another above has too stays when it is read, and goes when it is to be written. */
static void test_exclusive_shared_above(void **state)
{
	struct mem_req r = { .pa = 0x40, .bytes = 8, .cls = MEM_LOAD, .shared = true };
	struct mem_req up = { .pa = 0x40, .bytes = 8, .cls = MEM_RFO };
	struct bench b;

	setup(&b, INCLUSION_EXCLUSIVE, 0);
	let_go(&b, 0x40, true, 0);
	port_read(&b.cache.port, &r, 1000);
	assert_false(r.dirty);
	assert_int_equal(state_of(&b, 0x40), LINE_DIRTY);
	assert_int_equal(port_upgrade(&b.cache.port, &up, 2000), 2000 + LATENCY);
	assert_false(is_here(&b, 0x40));
	assert_told("");
	/* An L1I gets no dirty line. */
	let_go(&b, 0x40, true, 3000);
	assert_false(read_line(&b, 0x40, MEM_FETCH, 4000, LATENCY).dirty);
	assert_true(is_here(&b, 0x40));
	teardown(&b);
}

/* Its own victims go down dirty, or are told to an exclusive level below. */
static void test_exclusive_victims(void **state)
{
	struct bench b;
	u64 i;

	setup(&b, INCLUSION_EXCLUSIVE, NEEDS_EXCLUSIVE);
	for (i = 0; i < 4; i++)
		let_go(&b, 0x80 * i, i == 1, 1000 * i);
	assert_told("");
	let_go(&b, 0x200, false, 10000);
	assert_told("g0 ");
	let_go(&b, 0x280, false, 10000);
	assert_told("w80:64 g80 ");
	teardown(&b);
}

/* A cache above an exclusive level takes a dirty line as its own. */
static void test_dirty_line_from_below(void **state)
{
	struct bench b;

	setup(&b, INCLUSION_NONE, NEEDS_EXCLUSIVE);
	b.below.dirty = true;
	assert_false(read_line(&b, 0x40, MEM_LOAD, 0, MOCK_LATENCY).dirty);
	assert_int_equal(state_of(&b, 0x40), LINE_DIRTY);
	cache_evict(&b.cache, cache_find_pa(&b.cache, 1), 1000);
	assert_told("r40 w40:64 ");
	teardown(&b);
}

/* What cannot be. */

static struct cache_cfg level(u64 size, u32 ways, u32 sharers)
{
	return (struct cache_cfg){ .size = size, .ways = ways, .line = 64, .slices = 1, .allocate = true,
				   .indexing = INDEX_PIPT, .mshrs = 16, .sharers = sharers };
}

static void rejects(const struct hw_cfg *hw, u32 cores, const char *key, const char *what)
{
	struct cfg_fault fault;

	assert_false(hw_check(hw, cores, NR_PAGE_SIZES, &fault));
	assert_string_equal(fault.key, key);
	assert_non_null(strstr(fault.why, what));
}

static void accepts(const struct hw_cfg *hw, u32 cores)
{
	struct cfg_fault fault = { .why = "" };

	if (!hw_check(hw, cores, NR_PAGE_SIZES, &fault))
		fail_msg("%s: %s", fault.key, fault.why);
}

static void test_impossible_levels(void **state)
{
	struct hw_cfg good = { .l1i = level(32 << 10, 8, 1), .l1d = level(32 << 10, 8, 1),
			       .l2 = level(256 << 10, 8, 1), .l3 = level(2 << 20, 16, 0),
			       .dram = { .model = DRAM_FLAT, .channels = 1, .ranks = 1,
					 .mapping = DRAM_MAPPING, .flat = { .cycles = 100 } } };
	struct hw_cfg c;

	accepts(&good, 8);
	c = good;
	c.l3.inclusion = INCLUSION_INCLUSIVE;
	accepts(&c, 8);
	rejects(&c, 16, "l3.size", "2097152 bytes cannot hold the 4194304 bytes");
	c.l2.inclusion = INCLUSION_EXCLUSIVE; /* then the first levels count, too: 8 x 320K */
	rejects(&c, 8, "l3.size", "the 2621440 bytes");
	accepts(&c, 4);
	c = good;
	c.l2.size = 32 << 10;
	c.l2.inclusion = INCLUSION_INCLUSIVE;
	rejects(&c, 8, "l2.size", "32768 bytes cannot hold the 65536 bytes");
	c = good;
	c.l2.inclusion = INCLUSION_EXCLUSIVE;
	c.l1d.write = WRITE_THROUGH;
	rejects(&c, 8, "l2.inclusion", "written through");
	c.l2.inclusion = INCLUSION_NONE;
	c.l3.inclusion = INCLUSION_EXCLUSIVE;
	accepts(&c, 8);
	c.l3.write = WRITE_THROUGH;
	rejects(&c, 8, "l3.inclusion", "write = back");
	c = good;
	c.l3.inclusion = INCLUSION_INCLUSIVE;
	c.l3.ways = 2;
	rejects(&c, 1, "l3.inclusion", "4 ways");
	c = good;
	c.l3.sharers = 4;
	accepts(&c, 8);
	accepts(&c, 3); /* one L3, not fully used */
	rejects(&c, 6, "l3.sharers", "6 cores");
	c.l2.sharers = 8;
	rejects(&c, 8, "l3.sharers", "8 share the level above");
	c = good;
	rejects(&c, 128, "l3.sharers", "at most 64");
	c.l2.sharers = 2;
	accepts(&c, 128);
	c.l3.size = 0;
	rejects(&c, 256, "l4.sharers", "64");
	c = good;
	c.l2.inclusion = INCLUSION_EXCLUSIVE;
	c.walker.port = WALKER_L2;
	rejects(&c, 1, "walker.port", "exclusive");
	c = good;
	c.l4 = level(8 << 20, 16, 0);
	c.l4.line = 128;
	rejects(&c, 1, "l4.line", "same line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_line_is_owned_once),
		cmocka_unit_test(test_reads_to_write_own),
		cmocka_unit_test(test_whole_lines),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_back_invalidation),
		cmocka_unit_test(test_inclusive_claim),
		cmocka_unit_test(test_rising_line_is_no_victim),
		cmocka_unit_test(test_victim_level),
		cmocka_unit_test(test_exclusive_shared_above),
		cmocka_unit_test(test_exclusive_victims),
		cmocka_unit_test(test_dirty_line_from_below),
		cmocka_unit_test(test_impossible_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
