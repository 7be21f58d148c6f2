/*
 * Each prefetcher by itself: short lists of accesses, with what it has to ask for worked out by hand from the
 * rule that is published for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/hw/prefetch.h"

#define LINE_SHIFT 6u
#define PAGE_SHIFT 12u

enum seen { MISS, FIRST, HIT };

struct step {
	u64 addr;
	enum seen seen;
	const char *wants; /* addresses, "40 80"; NULL ends a list */
	u64 ip;
};

static void format_wishes(const struct prefetch_wishes *w, char *text, size_t size)
{
	size_t n = 0;
	u32 i;

	text[0] = 0;
	for (i = 0; i < w->n; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%llx", i ? " " : "",
				      (unsigned long long)w->addr[i]);
}

static void take(const struct prefetcher_ops *ops, void *state, const struct step *s)
{
	struct prefetch_access a = { s->addr, s->ip, s->seen == MISS, s->seen == FIRST };
	struct prefetch_wishes w = { 0 };
	char text[1024];

	ops->learn(state, &a, &w);
	format_wishes(&w, text, sizeof(text));
	assert_string_equal(text, s->wants);
}

static void expect(const struct prefetcher_ops *ops, const struct prefetcher_cfg *cfg, const struct step *s)
{
	void *state = ops->create(cfg, LINE_SHIFT, PAGE_SHIFT);

	for (; s->wants; s++)
		take(ops, state, s);
	ops->destroy(state);
}

/* Smith's tagged prefetch: at a miss and at the first use of what was prefetched, not at other hits. */
static void test_next_line_is_tagged(void **state)
{
	expect(&prefetch_next_line, &(struct prefetcher_cfg){ .degree = 1 },
	       (struct step[]){ { 0x1008, MISS, "1040", 0 },
				{ 0x1010, HIT, "", 0 },
				{ 0x1040, FIRST, "1080", 0 },
				{ 0x1078, HIT, "", 0 },
				{ 0x107f, MISS, "1080", 0 },
				{ 0 } });
	expect(&prefetch_next_line, &(struct prefetcher_cfg){ .degree = 3 },
	       (struct step[]){ { 0x1fc0, MISS, "2000 2040 2080", 0 }, { 0 } });
}

/* "Triggered by an ascending access to very recently loaded data." */
static void test_next_line_waits_for_ascending_lines(void **state)
{
	expect(&prefetch_next_line, &(struct prefetcher_cfg){ .degree = 1, .entries = 2 },
	       (struct step[]){ { 0x1000, MISS, "", 0 },
				{ 0x1040, MISS, "1080", 0 },
				{ 0x5000, MISS, "", 0 },
				{ 0x1080, FIRST, "10c0", 0 },
				{ 0x6000, MISS, "", 0 },
				{ 0x7000, MISS, "", 0 },
				{ 0x10c0, MISS, "", 0 }, /* too long ago */
				{ 0x1080, MISS, "", 0 }, /* descending */
				{ 0 } });
}

/* "The pair line that completes it to a 128-byte aligned chunk." */
static void test_adjacent_completes_the_pair(void **state)
{
	expect(&prefetch_adjacent, &(struct prefetcher_cfg){ .block = 128 },
	       (struct step[]){ { 0x1000, MISS, "1040", 0 },
				{ 0x1040, FIRST, "", 0 },
				{ 0x1040, HIT, "", 0 },
				{ 0x2040, MISS, "2000", 0 },
				{ 0x20fc, MISS, "2080", 0 },
				{ 0 } });
	expect(&prefetch_adjacent, &(struct prefetcher_cfg){ .block = 256 },
	       (struct step[]){ { 0x1080, MISS, "10c0 1000 1040", 0 }, { 0 } });
	expect(&prefetch_adjacent, &(struct prefetcher_cfg){ .block = 64 },
	       (struct step[]){ { 0x1080, MISS, "", 0 }, { 0 } });
}

#define INTEL_IP                                                                                         \
	{                                                                                                \
		.degree = 1, .distance = 1, .entries = 24, .confidence = 2, .ip_bits = 8,                \
		.max_stride = 2048, .hits = true                                                         \
	}

/* "The sum of the current address and the stride", from the second equal stride on. */
static void test_ip_stride_adds_the_stride(void **state)
{
	const struct prefetcher_cfg intel = INTEL_IP;

	expect(&prefetch_ip_stride, &intel,
	       (struct step[]){ { 0x1000, MISS, "", 7 },
				{ 0x1080, MISS, "", 7 },
				{ 0x1100, MISS, "1180", 7 },
				{ 0x1180, FIRST, "1200", 7 },
				{ 0x1200, HIT, "1280", 7 },
				{ 0x3000, MISS, "", 7 },
				{ 0x3008, HIT, "", 7 },
				{ 0x3010, HIT, "3018", 7 },
				{ 0x3010, HIT, "", 7 },
				{ 0x3010, HIT, "", 7 }, /* a stride of nothing */
				{ 0 } });
}

/* "Any intervening stores or loads that hit in the data cache do not interfere." */
static void test_ip_stride_of_misses(void **state)
{
	struct prefetcher_cfg misses = INTEL_IP;

	misses.hits = false;
	expect(&prefetch_ip_stride, &misses,
	       (struct step[]){ { 0x1000, MISS, "", 7 },
				{ 0x1020, HIT, "", 7 },
				{ 0x1040, MISS, "", 7 },
				{ 0x5008, HIT, "", 7 },
				{ 0x1080, MISS, "10c0", 7 },
				{ 0x10a0, HIT, "", 7 },
				{ 0x10c0, FIRST, "1100", 7 },
				{ 0 } });
}

static void test_ip_stride_goes_backward(void **state)
{
	const struct prefetcher_cfg intel = INTEL_IP;

	expect(&prefetch_ip_stride, &intel,
	       (struct step[]){ { 0x9000, MISS, "", 7 },
				{ 0x8f00, MISS, "", 7 },
				{ 0x8e00, MISS, "8d00", 7 },
				{ 0x8d00, FIRST, "8c00", 7 },
				{ 0x8e00, HIT, "", 7 },
				{ 0x8f00, HIT, "9000", 7 },
				{ 0 } });
}

/* "Strides of up to 2K bytes", in both directions. */
static void test_ip_stride_is_limited(void **state)
{
	const struct prefetcher_cfg intel = INTEL_IP;

	expect(&prefetch_ip_stride, &intel,
	       (struct step[]){ { 0x10000, MISS, "", 7 },
				{ 0x10800, MISS, "", 7 },
				{ 0x11000, MISS, "11800", 7 },
				{ 0x11801, MISS, "", 7 },
				{ 0x12002, MISS, "", 7 },
				{ 0x12803, MISS, "", 7 },
				{ 0x12003, MISS, "", 7 },
				{ 0x11803, MISS, "11003", 7 },
				{ 0x11002, MISS, "", 7 },
				{ 0x10801, MISS, "", 7 },
				{ 0 } });
}

static void test_ip_stride_looks_further(void **state)
{
	struct prefetcher_cfg far = INTEL_IP;

	far.distance = 4;
	far.degree = 2;
	far.confidence = 1;
	expect(&prefetch_ip_stride, &far,
	       (struct step[]){ { 0x1000, MISS, "", 7 },
				{ 0x1040, MISS, "1140 1180", 7 },
				{ 0x1080, MISS, "1180 11c0", 7 },
				{ 0x1000, HIT, "e00 d80", 7 },
				{ 0 } });
}

/* Only the lowest 8 bits of an instruction's address tell it from others; without one nothing is learnt. */
static void test_ip_stride_tells_instructions_apart(void **state)
{
	const struct prefetcher_cfg intel = INTEL_IP;

	expect(&prefetch_ip_stride, &intel,
	       (struct step[]){ { 0x1000, MISS, "", 0x101 },
				{ 0x5000, MISS, "", 0x102 },
				{ 0x1040, MISS, "", 0x101 },
				{ 0x4f80, MISS, "", 0x102 },
				{ 0x9000, MISS, "", 0 },
				{ 0x1080, MISS, "10c0", 0x101 },
				{ 0x4f00, MISS, "4e80", 0x102 },
				{ 0x9040, MISS, "", 0 },
				{ 0x9080, MISS, "", 0 },
				{ 0 } });
	expect(&prefetch_ip_stride, &intel,
	       (struct step[]){ { 0x1000, MISS, "", 0x101 },
				{ 0x5000, MISS, "", 0x201 },
				{ 0x1040, MISS, "", 0x101 },
				{ 0x5040, MISS, "", 0x201 },
				{ 0x1080, MISS, "", 0x101 },
				{ 0x5080, MISS, "", 0x201 },
				{ 0x10c0, MISS, "", 0x101 },
				{ 0 } });
}

/* Instructions in turn, each with a stride of 64: how many prefetches come of three rounds? */
static u32 wishes_of(const struct prefetcher_ops *ops, const struct prefetcher_cfg *cfg, u32 flows)
{
	void *state = ops->create(cfg, LINE_SHIFT, PAGE_SHIFT);
	struct prefetch_wishes w = { 0 };
	u32 round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < flows; i++) {
			struct prefetch_access a = { .addr = ((u64)(i + 1) << 16) + round * 64,
						     .ip = i + 1,
						     .miss = true };

			ops->learn(state, &a, &w);
		}
	}
	ops->destroy(state);
	return w.n;
}

static void test_tables_are_as_large_as_published(void **state)
{
	const struct prefetcher_cfg intel = INTEL_IP;
	const struct prefetcher_cfg streamer = { .degree = 1, .distance = 20, .entries = 32, .confidence = 2,
						 .max_stride = 4096 };

	assert_int_equal(wishes_of(&prefetch_ip_stride, &intel, 24), 24);
	assert_int_equal(wishes_of(&prefetch_ip_stride, &intel, 25), 0);
	assert_int_equal(wishes_of(&prefetch_stream, &streamer, 32), 32);
	assert_int_equal(wishes_of(&prefetch_stream, &streamer, 33), 0);
}

#define INTEL_STREAM                                                                                   \
	{                                                                                              \
		.degree = 2, .distance = 20, .entries = 32, .confidence = 2, .max_stride = 4096        \
	}

/* "Two prefetch requests on every L2 lookup", forward and backward, misses and hits alike. */
static void test_stream_runs_ahead(void **state)
{
	const struct prefetcher_cfg intel = INTEL_STREAM;

	expect(&prefetch_stream, &intel,
	       (struct step[]){ { 0x1000, MISS, "", 0 },
				{ 0x1040, MISS, "", 0 },
				{ 0x1048, HIT, "", 0 }, /* the same line */
				{ 0x1080, MISS, "10c0 1100", 0 },
				{ 0x10c0, FIRST, "1140 1180", 0 },
				{ 0x1100, HIT, "11c0 1200", 0 },
				{ 0 } });
	expect(&prefetch_stream, &intel,
	       (struct step[]){ { 0x1fc0, MISS, "", 0 },
				{ 0x1f80, MISS, "", 0 },
				{ 0x1f40, MISS, "1f00 1ec0", 0 },
				{ 0x1f00, FIRST, "1e80 1e40", 0 },
				{ 0 } });
}

/* "Up to 20 lines ahead": it gains a line an access, and then keeps its lead. */
static void test_stream_keeps_its_lead(void **state)
{
	const struct prefetcher_cfg intel = INTEL_STREAM;
	void *streams = prefetch_stream.create(&intel, LINE_SHIFT, 16);
	u64 line, ahead = 0;
	u32 lead;

	for (line = 0; line < 200; line++) {
		struct prefetch_access a = { .addr = line << LINE_SHIFT, .miss = true };
		struct prefetch_wishes w = { 0 };

		prefetch_stream.learn(streams, &a, &w);
		if (line < 2) {
			assert_int_equal(w.n, 0);
			continue;
		}
		lead = (u32)MIN(line, 20);
		assert_int_equal(w.n, line <= 20 ? 2 : 1);
		assert_int_equal(w.addr[w.n - 1] >> LINE_SHIFT, line + lead);
		assert_true(w.addr[0] >> LINE_SHIFT == (line == 2 ? 3 : ahead + 1));
		ahead = w.addr[w.n - 1] >> LINE_SHIFT;
	}
	prefetch_stream.destroy(streams);
}

/* A page has one stream; it turns, jumps and is overtaken; pages do not know of each other. */
static void test_stream_turns(void **state)
{
	const struct prefetcher_cfg intel = INTEL_STREAM;

	expect(&prefetch_stream, &intel,
	       (struct step[]){ { 0x1000, MISS, "", 0 },
				{ 0x1040, MISS, "", 0 },
				{ 0x2000, MISS, "", 0 },
				{ 0x1080, MISS, "10c0 1100", 0 },
				{ 0x1040, HIT, "", 0 }, /* one step back is no stream yet */
				{ 0x1000, HIT, "fc0 f80", 0 },
				{ 0x1800, MISS, "", 0 },
				{ 0x1900, MISS, "1940 1980", 0 },
				{ 0x1a00, MISS, "1a40 1a80", 0 }, /* beyond what was asked for */
				{ 0 } });
}

static void test_stream_takes_no_long_steps(void **state)
{
	struct prefetcher_cfg near = INTEL_STREAM;

	near.max_stride = 64;
	near.confidence = 1;
	expect(&prefetch_stream, &near,
	       (struct step[]){ { 0x1000, MISS, "", 0 },
				{ 0x1080, MISS, "", 0 },
				{ 0x10c0, MISS, "1100 1140", 0 },
				{ 0x1000, MISS, "", 0 },
				{ 0 } });
}

static void test_lists_are_read(void **state)
{
	struct prefetcher_list l;

	assert_true(prefetch_parse(NULL, &l) && l.n == 0);
	assert_true(prefetch_parse("none", &l) && l.n == 0);
	assert_true(prefetch_parse("ip-stride+next-line", &l) && l.n == 2);
	assert_int_equal(l.id[0], PREFETCH_IP_STRIDE);
	assert_int_equal(l.id[1], PREFETCH_NEXT_LINE);
	assert_true(prefetch_parse("stream+adjacent+ip-stride+next-line", &l) && l.n == 4);
	assert_false(prefetch_parse("stream+", &l));
	assert_false(prefetch_parse("stream+stream", &l));
	assert_false(prefetch_parse("streams", &l));
	assert_false(prefetch_parse("none+stream", &l));
}

/* No member of a prefetcher is missing, and none has another's name. */
static void test_prefetchers_are_whole(void **state)
{
	u32 i, k;

	for (i = 0; i < NR_PREFETCHERS; i++) {
		const struct prefetcher_ops *o = prefetchers[i];

		assert_true(o->name && o->create && o->destroy && o->learn);
		for (k = 0; k < i; k++)
			assert_string_not_equal(o->name, prefetchers[k]->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_line_is_tagged),
		cmocka_unit_test(test_next_line_waits_for_ascending_lines),
		cmocka_unit_test(test_adjacent_completes_the_pair),
		cmocka_unit_test(test_ip_stride_adds_the_stride),
		cmocka_unit_test(test_ip_stride_of_misses),
		cmocka_unit_test(test_ip_stride_goes_backward),
		cmocka_unit_test(test_ip_stride_is_limited),
		cmocka_unit_test(test_ip_stride_looks_further),
		cmocka_unit_test(test_ip_stride_tells_instructions_apart),
		cmocka_unit_test(test_tables_are_as_large_as_published),
		cmocka_unit_test(test_stream_runs_ahead),
		cmocka_unit_test(test_stream_keeps_its_lead),
		cmocka_unit_test(test_stream_turns),
		cmocka_unit_test(test_stream_takes_no_long_steps),
		cmocka_unit_test(test_lists_are_read),
		cmocka_unit_test(test_prefetchers_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
