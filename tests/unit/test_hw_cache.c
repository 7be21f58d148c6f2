/*
 * One cache between a driver above and a recorder below: what goes down, in which order, and when data is
 * there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/error.h"
#include "model/hw/cache.h"

/* The level below: notes what it is asked for, answers a read and takes a write after fixed times. */
struct below {
	struct port port;
	u64 latency, write_latency;
	char log[1024]; /* "r40 w80:8 " */
};

static void note(struct below *b, const char *fmt, u64 pa, u32 bytes)
{
	size_t n = strlen(b->log);

	assert_true(n < sizeof(b->log) - 32);
	snprintf(b->log + n, sizeof(b->log) - n, fmt, (unsigned long long)pa, bytes);
}

static u64 below_read(struct port *p, struct mem_req *r, u64 now)
{
	struct below *b = container_of(p, struct below, port);

	note(b, "r%llx ", r->pa, 0);
	r->served = MEM_DRAM;
	return now + b->latency;
}

static u64 below_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct below *b = container_of(p, struct below, port);

	note(b, "w%llx:%u ", r->pa, r->bytes);
	return now + b->write_latency;
}

static void below_expect(struct port *p, u64 pa, bool write)
{
}

static u64 below_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	note(container_of(p, struct below, port), "u%llx ", r->pa, 0);
	return now + 1;
}

static void below_gone(struct port *p, u64 pa, u64 now)
{
	note(container_of(p, struct below, port), "g%llx ", pa, 0);
}

static const struct port_ops below_ops = { below_read, below_write, below_expect, below_upgrade, below_gone };

struct bench {
	struct below below;
	struct cache_cfg cfg;
	struct cache cache;
};

/* Two sets of two ways, lines of 64 bytes, hits after 5 cycles, misses after 100. */
static void setup(struct bench *b, enum cache_write write, bool allocate)
{
	const struct cache_cfg cfg = { .size = 256,
				       .ways = 2,
				       .line = 64,
				       .latency = { .cycles = 5 },
				       .slices = 1,
				       .indexing = INDEX_PIPT,
				       .write = write,
				       .allocate = allocate,
				       .sharers = 1,
				       .mshrs = 2 };
	struct cache_params p = { .name = "test", .level = MEM_L2, .hz = 1000000000, .seed = 1 };

	memset(b, 0, sizeof(*b));
	b->below.port.ops = &below_ops;
	b->below.latency = 100;
	b->cfg = cfg;
	p.cfg = &b->cfg;
	p.below = &b->below.port;
	cache_init(&b->cache, &p);
}

static void teardown(struct bench *b)
{
	cache_sane(&b->cache);
	cache_fini(&b->cache);
}

static u64 read_line(struct bench *b, u64 pa, u64 now)
{
	struct mem_req r = { .pa = pa, .cls = MEM_LOAD };

	return port_read(&b->cache.port, &r, now) - now;
}

static void write_bytes(struct bench *b, u64 pa, u32 bytes, u64 now)
{
	struct mem_req r = { .pa = pa, .bytes = bytes, .cls = MEM_RFO };

	port_write(&b->cache.port, &r, now);
}

/* What went down since the last look. */
static void assert_below(struct bench *b, const char *expected)
{
	assert_string_equal(b->below.log, expected);
	b->below.log[0] = '\0';
}

static void test_hits_and_misses(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, true);
	assert_int_equal(read_line(&b, 0, 0), 100);
	assert_int_equal(read_line(&b, 0, 1000), 5);
	assert_int_equal(read_line(&b, 0x80, 2000), 100);
	assert_int_equal(read_line(&b, 0x100, 3000), 100); /* the third of set 0: line 0 has to go */
	assert_int_equal(read_line(&b, 0x80, 4000), 5);
	assert_int_equal(read_line(&b, 0, 5000), 100);
	assert_below(&b, "r0 r80 r100 r0 ");
	assert_int_equal(b.cache.st.loads, 6);
	assert_int_equal(b.cache.st.load_misses, 4);
	assert_int_equal(b.cache.st.fills, 4);
	assert_int_equal(b.cache.st.evictions, 2);
	assert_int_equal(b.cache.st.writebacks, 0);
	teardown(&b);
}

/* Part of a line: it is read first. The victim goes down after the read, as a whole line. */
static void test_write_back_allocates(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, true);
	write_bytes(&b, 0x8, 8, 0);
	assert_below(&b, "r8 "); /* the access's own address: whoever it passes sees what it is */
	write_bytes(&b, 0x10, 8, 1000);
	read_line(&b, 0x80, 2000);
	assert_below(&b, "r80 ");
	read_line(&b, 0x100, 3000);
	assert_below(&b, "r100 w0:64 ");
	assert_int_equal(b.cache.st.stores, 2);
	assert_int_equal(b.cache.st.store_misses, 1);
	assert_int_equal(b.cache.st.writebacks, 1);
	teardown(&b);
}

static void test_whole_line_is_not_read(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, true);
	write_bytes(&b, 0x40, 64, 0);
	assert_below(&b, "");
	assert_int_equal(read_line(&b, 0x40, 1000), 5);
	read_line(&b, 0xc0, 2000);
	read_line(&b, 0x140, 3000);
	assert_below(&b, "rc0 r140 w40:64 ");
	assert_int_equal(b.cache.st.store_misses, 1);
	teardown(&b);
}

static void test_write_back_without_allocation(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, false);
	write_bytes(&b, 0x8, 4, 0);
	assert_below(&b, "w8:4 ");
	read_line(&b, 0, 1000);
	write_bytes(&b, 0x8, 4, 2000);
	assert_below(&b, "r0 ");
	read_line(&b, 0x80, 3000);
	read_line(&b, 0x100, 4000);
	assert_below(&b, "r80 r100 w0:64 ");
	teardown(&b);
}

static void test_write_through(void **state)
{
	struct bench b;

	setup(&b, WRITE_THROUGH, true);
	write_bytes(&b, 0x8, 8, 0);
	assert_below(&b, "r8 w8:8 ");
	write_bytes(&b, 0x20, 4, 1000);
	assert_below(&b, "w20:4 ");
	read_line(&b, 0x80, 2000);
	read_line(&b, 0x100, 3000);
	assert_below(&b, "r80 r100 ");
	assert_int_equal(b.cache.st.writebacks, 0);
	teardown(&b);
	setup(&b, WRITE_THROUGH, false);
	write_bytes(&b, 0x8, 8, 0);
	assert_below(&b, "w8:8 ");
	assert_int_equal(read_line(&b, 0, 1000), 100);
	teardown(&b);
}

/*
 * Tags change at once: a second access to a line in flight is a hit that waits until the line is there, not
 * longer.
 */
/* A write that goes down is held until the level below has it; a write-back is not waited for. */
static void test_write_through_is_held(void **state)
{
	struct mem_req r = { .pa = 0x40, .bytes = 8, .cls = MEM_RFO };
	struct bench b;

	setup(&b, WRITE_THROUGH, false);
	b.below.write_latency = 30;
	assert_int_equal(cache_store(&b.cache, &r, 1000), 1030); /* not here, not allocated */
	r.cls = MEM_LOAD;
	cache_load(&b.cache, &r, 2000);
	r.cls = MEM_RFO;
	assert_int_equal(cache_store(&b.cache, &r, 3000), 3030); /* here */
	b.below.write_latency = 2;
	assert_int_equal(cache_store(&b.cache, &r, 4000), 4005); /* sooner below than here */
	teardown(&b);
	setup(&b, WRITE_BACK, true);
	b.below.write_latency = 30;
	r.bytes = 64;
	assert_int_equal(cache_store(&b.cache, &r, 1000), 1005);
	teardown(&b);
}

static void test_line_in_flight(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, true);
	assert_int_equal(read_line(&b, 0, 1000), 100);
	assert_int_equal(read_line(&b, 0, 1010), 90);
	assert_int_equal(read_line(&b, 0, 1097), 5);
	assert_int_equal(read_line(&b, 0, 1099), 5);
	assert_int_equal(b.cache.st.pending_hits, 3);
	assert_int_equal(read_line(&b, 0, 1100), 5);
	assert_int_equal(b.cache.st.pending_hits, 3);
	assert_int_equal(b.cache.st.load_misses, 1);
	teardown(&b);
}

/* Two MSHRs: the third miss starts when the first line is there. */
static void test_mshrs(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, true);
	assert_int_equal(read_line(&b, 0, 1000), 100);
	assert_int_equal(read_line(&b, 0x40, 1020), 100);
	assert_int_equal(read_line(&b, 0x80, 1030), 70 + 100);
	assert_int_equal(b.cache.st.mshr_waits, 1);
	assert_int_equal(read_line(&b, 0xc0, 1120), 100);
	assert_int_equal(b.cache.st.mshr_waits, 1);
	teardown(&b);
}

/* Who asks decides the counter, and nothing else. */
static void test_classes(void **state)
{
	static const enum mem_class cls[] = { MEM_FETCH, MEM_RFO, MEM_PTE, MEM_KERNEL_LOAD, MEM_PREFETCH };
	struct bench b;
	u32 i;

	setup(&b, WRITE_BACK, true);
	for (i = 0; i < ARRAY_SIZE(cls); i++) {
		struct mem_req r = { .pa = 0x1000 * (i + 1), .cls = cls[i] };

		port_read(&b.cache.port, &r, 1000 * i);
		port_read(&b.cache.port, &r, 1000 * i + 500);
	}
	assert_int_equal(b.cache.st.fetches, 2);
	assert_int_equal(b.cache.st.fetch_misses, 1);
	assert_int_equal(b.cache.st.loads, 2);
	assert_int_equal(b.cache.st.load_misses, 1);
	assert_int_equal(b.cache.st.rfo, 2);
	assert_int_equal(b.cache.st.pte_reads, 2);
	assert_int_equal(b.cache.st.pte_read_misses, 1);
	assert_int_equal(b.cache.st.kernel_loads, 2);
	assert_int_equal(b.cache.st.kernel_load_misses, 1);
	assert_int_equal(b.cache.st.prefetches, 2);
	assert_int_equal(b.cache.st.prefetch_misses, 1);
	teardown(&b);
}

static void test_copy_back(void **state)
{
	struct bench b;

	setup(&b, WRITE_BACK, true);
	write_bytes(&b, 0x0, 64, 0);
	write_bytes(&b, 0x40, 64, 0);
	write_bytes(&b, 0x80, 64, 0);
	cache_copy_back(&b.cache, 1000);
	assert_below(&b, "w0:64 w80:64 w40:64 ");
	cache_copy_back(&b.cache, 2000);
	assert_below(&b, "");
	assert_int_equal(read_line(&b, 0x80, 3000), 5);
	teardown(&b);
}

/* Slices share the lines about evenly, and a line is always looked for where it was put. */
static void test_slices(void **state)
{
	const struct cache_cfg cfg = { .size = 3 * 64 * 64 * 4,
				       .ways = 4,
				       .line = 64,
				       .latency = { .cycles = 5 },
				       .slices = 3,
				       .allocate = true,
				       .sharers = 1,
				       .mshrs = 2 };
	struct below below = { .port = { &below_ops }, .latency = 10 };
	struct cache_params p = { .cfg = &cfg, .name = "test", .level = MEM_L3, .below = &below.port,
				  .hz = 1000000000, .seed = 1 };
	u32 count[3] = { 0 };
	struct cache c;
	u64 line;

	cache_init(&c, &p);
	for (line = 0; line < 30000; line++)
		count[cache_set(&c, line) / 64]++;
	assert_in_range(count[0], 9000, 11000);
	assert_in_range(count[1], 9000, 11000);
	assert_in_range(count[2], 9000, 11000);
	for (line = 0; line < 64; line++) {
		struct mem_req r = { .pa = line * 64, .cls = MEM_LOAD };

		below.log[0] = '\0';
		port_read(&c.port, &r, line * 1000);
		assert_int_equal(r.served, MEM_DRAM);
		port_read(&c.port, &r, line * 1000 + 500);
		assert_int_equal(r.served, MEM_L3);
	}
	cache_sane(&c);
	cache_fini(&c);
}

static void rejects(struct cache_cfg cfg, u32 level, u64 page, const char *key)
{
	const char *at = NULL;

	assert_non_null(cache_check(&cfg, level, page, &at));
	assert_string_equal(at, key);
}

static void test_impossible_geometry(void **state)
{
	const struct cache_cfg good = { .size = 32768, .ways = 8, .line = 64, .slices = 1, .allocate = true,
					.sharers = 1, .mshrs = 16 };
	struct cache_cfg c = good;
	const char *key;

	assert_null(cache_check(&good, 1, 4096, &key));
	c.size = 0;
	rejects(c, 1, 4096, "size");
	assert_null(cache_check(&c, 2, 4096, &key));
	c = good;
	c.ways = 7;
	rejects(c, 1, 4096, "size");
	c = good;
	c.ways = 2;
	assert_null(cache_check(&c, 1, 4096, &key)); /* 16K a way: synonyms */
	c.indexing = INDEX_PIPT;
	assert_null(cache_check(&c, 1, 4096, &key));
	c = good;
	c.indexing = INDEX_VIVT;
	assert_null(cache_check(&c, 1, 4096, &key));
	c.alias = ALIAS_COLOUR;
	rejects(c, 1, 4096, "alias");
	assert_null(cache_check(&c, 2, 4096, &key)); /* a lower level has no index of its own */
	c = good;
	c.inclusion = INCLUSION_INCLUSIVE;
	rejects(c, 1, 4096, "inclusion");
	c = good;
	c.line = 48;
	rejects(c, 1, 4096, "line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hits_and_misses),
		cmocka_unit_test(test_write_back_allocates),
		cmocka_unit_test(test_whole_line_is_not_read),
		cmocka_unit_test(test_write_back_without_allocation),
		cmocka_unit_test(test_write_through),
		cmocka_unit_test(test_write_through_is_held),
		cmocka_unit_test(test_line_in_flight),
		cmocka_unit_test(test_mshrs),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_copy_back),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_impossible_geometry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
