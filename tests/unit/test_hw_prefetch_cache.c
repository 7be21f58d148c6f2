/*
 * A cache with prefetchers between a driver above and a recorder below: what is asked for and when, what a
 * demand access waits for, and how every prefetch ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/hw/cache.h"
#include "tests/ref/ref_mock.h"

#define BELOW 100u /* cycles */
#define OWN   5u

/* The level below: notes what it is asked for, prefetches as "p", and answers after a fixed time. */
struct below {
	struct port port;
	u64 loads, prefetches;
	char log[1024];
};

static u64 below_read(struct port *p, struct mem_req *r, u64 now)
{
	struct below *b = container_of(p, struct below, port);
	size_t n = strlen(b->log);

	if (r->cls == MEM_PREFETCH)
		b->prefetches++;
	else
		b->loads++;
	if (n < sizeof(b->log) - 32)
		snprintf(b->log + n, sizeof(b->log) - n, "%c%llx ", r->cls == MEM_PREFETCH ? 'p' : 'r',
			 (unsigned long long)r->pa);
	r->served = MEM_DRAM;
	return now + BELOW;
}

static u64 below_write(struct port *p, const struct mem_req *r, u64 now)
{
	return now;
}

static const struct port_ops below_ops = { below_read, below_write, MOCK_PORT_ENDS };

struct bench {
	struct below below;
	struct cache_cfg cfg;
	struct cache cache;
};

static struct cache_cfg config_of(u64 size, u32 ways, u32 mshrs, char *prefetcher)
{
	struct cache_cfg cfg = { .size = size, .ways = ways, .line = 64, .latency = { .cycles = OWN },
				 .slices = 1, .indexing = INDEX_PIPT, .write = WRITE_BACK, .allocate = true,
				 .sharers = 1, .mshrs = mshrs, .prefetcher = prefetcher };

	cfg.prefetch.page = 4096;
	cfg.prefetch.reserve = 1;
	cfg.prefetch.stores = true;
	cfg.prefetch.of[PREFETCH_NEXT_LINE] = (struct prefetcher_cfg){ .degree = 1 };
	cfg.prefetch.of[PREFETCH_ADJACENT] = (struct prefetcher_cfg){ .block = 128 };
	cfg.prefetch.of[PREFETCH_IP_STRIDE] = (struct prefetcher_cfg){
		.degree = 1, .distance = 1, .entries = 24, .confidence = 2, .ip_bits = 8, .max_stride = 2048,
		.hits = true,
	};
	cfg.prefetch.of[PREFETCH_STREAM] = (struct prefetcher_cfg){
		.degree = 2, .distance = 20, .entries = 32, .confidence = 2, .max_stride = 4096,
	};
	return cfg;
}

static void setup(struct bench *b, const struct cache_cfg *cfg, enum mem_level level)
{
	struct cache_params p = { .name = "test", .level = level, .hz = 1000000000, .seed = 1 };

	memset(b, 0, sizeof(*b));
	b->below.port.ops = &below_ops;
	b->cfg = *cfg;
	p.cfg = &b->cfg;
	p.below = &b->below.port;
	cache_init(&b->cache, &p);
}

/* A load of one instruction at virtual address va, physical address pa. */
static u64 load_at(struct bench *b, u64 va, u64 pa, u64 now)
{
	struct mem_req r = { .pa = pa, .skew = va ^ pa, .bytes = 8, .cls = MEM_LOAD, .ip = 1 };

	return cache_load(&b->cache, &r, now);
}

static u64 load(struct bench *b, u64 pa, u64 now)
{
	return load_at(b, pa, pa, now);
}

static u64 store(struct bench *b, u64 pa, u32 bytes, u64 now)
{
	struct mem_req r = { .pa = pa, .bytes = bytes, .cls = MEM_RFO, .ip = 2 };

	return cache_store(&b->cache, &r, now);
}

static void expect_log(struct bench *b, const char *log)
{
	assert_string_equal(b->below.log, log);
	b->below.log[0] = 0;
}

/* issued, useful, late, useless, redundant, dropped */
static void expect_counts(const struct bench *b, const u64 n[6])
{
	const struct cache_stats *s = &b->cache.st;

	assert_int_equal(s->prefetch_issued, n[0]);
	assert_int_equal(s->prefetch_useful, n[1]);
	assert_int_equal(s->prefetch_late, n[2]);
	assert_int_equal(s->prefetch_useless, n[3]);
	assert_int_equal(s->prefetch_redundant, n[4]);
	assert_int_equal(s->prefetch_dropped, n[5]);
	cache_sane(&b->cache);
}
#define COUNTS(...) ((const u64[6]){ __VA_ARGS__ })

/* The demand miss goes first; who comes before the line waits for what is left, one cycle later for a hit. */
static void test_a_late_prefetch_costs_the_rest(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L2);
	assert_int_equal(load(&b, 0x1000, 1000), 1000 + BELOW);
	expect_log(&b, "r1000 p1040 ");
	assert_int_equal(load(&b, 0x1040, 1030), 1000 + BELOW);
	expect_log(&b, "p1080 ");
	expect_counts(&b, COUNTS(2, 1, 1, 0, 0, 0));
	assert_int_equal(b.cache.st.pending_hits, 1);
	assert_int_equal(load(&b, 0x1080, 1030 + BELOW - 1), 1030 + BELOW - 1 + OWN);
	expect_counts(&b, COUNTS(3, 2, 1, 0, 0, 0)); /* within a hit's time nobody waits */
	assert_int_equal(load(&b, 0x10c0, 1030 + 2 * BELOW - 1), 1030 + 2 * BELOW - 1 + OWN);
	expect_counts(&b, COUNTS(4, 3, 1, 0, 0, 0));
	assert_int_equal(b.cache.st.load_misses, 1);
	assert_int_equal(b.cache.st.prefetch_misses, 0);
	cache_fini(&b.cache);
}

static void test_second_uses_are_plain(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L1);
	load(&b, 0x1000, 0);
	assert_int_not_equal(cache_plain_hit(&b.cache, 0x1000, 0x1000, false, 6), TAG_MISS);
	assert_int_equal(cache_plain_hit(&b.cache, 0x1040, 0x1040, false, 6), TAG_MISS);
	load(&b, 0x1040, 1000);
	assert_int_not_equal(cache_plain_hit(&b.cache, 0x1040, 0x1040, false, 6), TAG_MISS);
	cache_fini(&b.cache);
}

/* ip-stride sees every load, so no load is plain; stores may be. */
static void test_who_sees_hits_sees_them_all(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "ip-stride");
	struct bench b;
	u64 i;

	setup(&b, &cfg, MEM_L1);
	load(&b, 0x1000, 0);
	assert_int_equal(cache_plain_hit(&b.cache, 0x1000, 0x1000, false, 6), TAG_MISS);
	assert_int_not_equal(cache_plain_hit(&b.cache, 0x1000, 0x1000, true, 6), TAG_MISS);
	for (i = 1; i < 8; i++)
		load(&b, 0x1000 + 8 * i, 1000);
	expect_log(&b, "r1000 p1040 "); /* the eighth load's next is the first of the next line */
	expect_counts(&b, COUNTS(1, 0, 0, 0, 0, 0));
	cache_fini(&b.cache);
}

/* Unless it is told not to: then only the first loads of lines reach it. */
static void test_who_needs_no_hits(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "ip-stride");
	struct bench b;

	cfg.prefetch.of[PREFETCH_IP_STRIDE].hits = false;
	setup(&b, &cfg, MEM_L1);
	load(&b, 0x1000, 0);
	assert_int_not_equal(cache_plain_hit(&b.cache, 0x1000, 0x1000, false, 6), TAG_MISS);
	load(&b, 0x1008, 1);
	load(&b, 0x1040, 2);
	load(&b, 0x1080, 3);
	expect_log(&b, "r1000 r1040 r1080 p10c0 ");
	cache_fini(&b.cache);
}

/* A prefetch leaves one MSHR to those who wait, and is forgotten if there is no other. */
static void test_without_mshr_it_is_dropped(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 3, "next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1000, 0);
	expect_log(&b, "r1000 p1040 ");
	assert_int_equal(load(&b, 0x2000, 0), BELOW);
	expect_log(&b, "r2000 ");
	expect_counts(&b, COUNTS(1, 0, 0, 0, 0, 1));
	assert_int_equal(b.cache.st.mshr_waits, 0);
	load(&b, 0x3000, BELOW);
	expect_log(&b, "r3000 p3040 ");
	cache_fini(&b.cache);

	cfg.mshrs = 2;
	cfg.prefetch.reserve = 0;
	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1000, 0);
	expect_log(&b, "r1000 p1040 ");
	cache_fini(&b.cache);
}

/* One set of two ways: what goes unused was useless, and once. */
static void test_unused_lines_are_useless(void **state)
{
	struct cache_cfg cfg = config_of(128, 2, 8, "next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1000, 0);
	expect_counts(&b, COUNTS(1, 0, 0, 0, 0, 0));
	load(&b, 0x3000, 1000); /* evicts 1000; its prefetch evicts 1040 */
	expect_counts(&b, COUNTS(2, 0, 0, 1, 0, 0));
	load(&b, 0x3040, 2000); /* evicts 3000 with 3080 */
	expect_counts(&b, COUNTS(3, 1, 0, 1, 0, 0));
	cache_fini(&b.cache);
}

static void test_what_is_there_is_not_asked_for(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "adjacent+next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1000, 0); /* both want 1040 */
	expect_log(&b, "r1000 p1040 ");
	expect_counts(&b, COUNTS(1, 0, 0, 0, 1, 0));
	load(&b, 0x10c0, 0);
	expect_log(&b, "r10c0 p1080 p1100 ");
	expect_counts(&b, COUNTS(3, 0, 0, 0, 1, 0));
	cache_fini(&b.cache);
}

/* A write-back over a prefetched line makes no use of it, a part of a line does. Neither is learnt from. */
static void test_writes_from_above(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1000, 0);
	load(&b, 0x2000, 0);
	expect_log(&b, "r1000 p1040 r2000 p2040 ");
	store(&b, 0x1040, 64, 1000);
	expect_counts(&b, COUNTS(2, 0, 0, 1, 0, 0));
	store(&b, 0x2048, 8, 1000);
	expect_counts(&b, COUNTS(2, 1, 0, 1, 0, 0));
	store(&b, 0x5000, 64, 1000);
	store(&b, 0x6000, 8, 1000);
	expect_log(&b, "r6000 ");
	cache_fini(&b.cache);
}

static void test_who_is_learnt_from(void **state)
{
	static const struct {
		enum mem_class cls;
		enum mem_level level;
		bool stores, learns;
	} rows[] = {
		{ MEM_LOAD, MEM_L1, false, true },	 { MEM_FETCH, MEM_L1, false, true },
		{ MEM_KERNEL_LOAD, MEM_L1, false, true }, { MEM_RFO, MEM_L1, false, false },
		{ MEM_RFO, MEM_L1, true, true },	 { MEM_RFO, MEM_L2, true, true },
		{ MEM_PTE, MEM_L1, true, false },	 { MEM_PTE, MEM_L2, true, false },
		{ MEM_PREFETCH, MEM_L1, true, false },	 { MEM_PREFETCH, MEM_L2, true, true },
	};
	struct cache_cfg cfg = config_of(4096, 4, 8, "next-line");
	struct bench b;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mem_req r = { .pa = 0x1000, .bytes = 8, .cls = rows[i].cls };

		cfg.prefetch.stores = rows[i].stores;
		setup(&b, &cfg, rows[i].level);
		cache_load(&b.cache, &r, 0);
		assert_int_equal(b.cache.st.prefetch_issued, rows[i].learns);
		cache_fini(&b.cache);
	}
}

/* Streams end with their page, at both ends; another page size moves the end. */
static void test_page_ends(void **state)
{
	struct cache_cfg cfg = config_of(1 << 16, 16, 32, "next-line");
	struct bench b;

	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1f80, 0);
	expect_log(&b, "r1f80 p1fc0 ");
	load(&b, 0x1fc0, 1000);
	expect_log(&b, "");
	cache_fini(&b.cache);

	cfg.prefetcher = "stream";
	setup(&b, &cfg, MEM_L2);
	load(&b, 0x1f40, 0);
	load(&b, 0x1f00, 0);
	load(&b, 0x1f40, 0);
	load(&b, 0x1f80, 1000);
	expect_log(&b, "r1f40 r1f00 r1f80 p1fc0 ");
	load(&b, 0x20c0, 2000);
	load(&b, 0x2080, 2000);
	load(&b, 0x2040, 2000);
	expect_log(&b, "r20c0 r2080 r2040 p2000 ");
	expect_counts(&b, COUNTS(2, 0, 0, 0, 0, 0));
	cache_fini(&b.cache);

	cfg.prefetch.page = 65536;
	setup(&b, &cfg, MEM_L2);
	load(&b, 0x20c0, 2000);
	load(&b, 0x2080, 2000);
	load(&b, 0x2040, 2000);
	expect_log(&b, "r20c0 r2080 r2040 p2000 p1fc0 ");
	cache_fini(&b.cache);
}

/* Virtual page v lies at physical page v ^ 0x10000; page 5 does not exist; a translation takes 7 cycles. */
static bool translate(void *arg, u64 va, u64 *pa, u64 *now)
{
	(*(u32 *)arg)++;
	*now += 7;
	*pa = va ^ 0x10000;
	return va >> 12 != 5;
}

static void test_crossing_pages(void **state)
{
	struct cache_cfg cfg = config_of(4096, 4, 8, "ip-stride");
	u32 translations = 0;
	struct bench b;
	u64 va;

	cfg.prefetch.of[PREFETCH_IP_STRIDE].cross_page = true;
	setup(&b, &cfg, MEM_L1);
	prefetch_translate_by(b.cache.prefetch, translate, &translations);
	for (va = 0x3e80; va < 0x4000; va += 0x80)
		load_at(&b, va, va ^ 0x10000, 0);
	expect_log(&b, "r13e80 r13f00 r13f80 p14000 ");
	assert_int_equal(translations, 1);
	assert_int_equal(load_at(&b, 0x4000, 0x14000, 50), BELOW + 7);
	assert_int_equal(translations, 1); /* inside the page nobody asks */
	for (va = 0x4080; va < 0x5000; va += 0x80)
		load_at(&b, va, va ^ 0x10000, 1000 + va);
	assert_int_equal(translations, 2);
	assert_int_equal(b.cache.st.prefetch_dropped, 1);
	assert_int_equal(b.cache.st.load_misses, 3);
	cache_fini(&b.cache);

	cfg.prefetch.of[PREFETCH_IP_STRIDE].cross_page = false;
	setup(&b, &cfg, MEM_L1);
	prefetch_translate_by(b.cache.prefetch, translate, &translations);
	for (va = 0x3e80; va < 0x4080; va += 0x80)
		load_at(&b, va, va ^ 0x10000, 0);
	expect_log(&b, "r13e80 r13f00 r13f80 r14000 p14080 ");
	assert_int_equal(translations, 2);
	cache_fini(&b.cache);
}

/* At random over much more than the cache: what is brought early goes unused, and all of it is accounted. */
static void test_random_accesses(void **state)
{
	struct cache_cfg cfg = config_of(32768, 8, 16, "ip-stride+next-line+adjacent+stream");
	struct bench b;
	struct rng rng;
	u64 i, now = 0;

	rng_init(&rng, 1, "test");
	setup(&b, &cfg, MEM_L2);
	for (i = 0; i < 200000; i++) {
		u64 pa = rng_below(&rng, 1 << 28);

		now = rng_below(&rng, 4) ? load(&b, pa, now) : store(&b, pa, (u32)MIN(8, 64 - pa % 64), now);
		if (i % 10000 == 0)
			cache_sane(&b.cache);
	}
	cache_sane(&b.cache);
	assert_int_equal(b.below.prefetches, b.cache.st.prefetch_issued);
	assert_int_equal(b.below.loads, b.cache.st.load_misses + b.cache.st.store_misses);
	assert_true(b.cache.st.prefetch_issued > 100000);
	assert_true(b.cache.st.prefetch_useful < b.cache.st.prefetch_issued / 1000);
	cache_fini(&b.cache);
}

/* A long sequence: all but its first lines are brought early and used; without prefetcher all are misses. */
static void test_a_sequence(void **state)
{
	struct cache_cfg cfg = config_of(32768, 8, 16, "next-line");
	struct bench b;
	u64 line, now = 0;

	cfg.prefetch.page = 1 << 30;
	setup(&b, &cfg, MEM_L2);
	for (line = 0; line < 10000; line++)
		now = load(&b, line * 64, now + 2 * BELOW);
	expect_counts(&b, COUNTS(10000, 9999, 0, 0, 0, 0));
	assert_int_equal(b.cache.st.load_misses, 1);
	cache_fini(&b.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_late_prefetch_costs_the_rest),
		cmocka_unit_test(test_second_uses_are_plain),
		cmocka_unit_test(test_who_sees_hits_sees_them_all),
		cmocka_unit_test(test_who_needs_no_hits),
		cmocka_unit_test(test_without_mshr_it_is_dropped),
		cmocka_unit_test(test_unused_lines_are_useless),
		cmocka_unit_test(test_what_is_there_is_not_asked_for),
		cmocka_unit_test(test_writes_from_above),
		cmocka_unit_test(test_who_is_learnt_from),
		cmocka_unit_test(test_page_ends),
		cmocka_unit_test(test_crossing_pages),
		cmocka_unit_test(test_random_accesses),
		cmocka_unit_test(test_a_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
