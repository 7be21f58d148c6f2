/* Option values as text: what is read, what is refused and with which words, and the way back. */
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "model/sim/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *const words[] = { "lru", "fifo", "tree-plru", NULL };
static const struct opt size = { "size", OPT_SIZE, 0, NULL, 0, 0, NULL, "", NULL };
static const struct opt narrow = { "narrow", OPT_SIZE, 0, NULL, 4096, 1 << 20, NULL, "", NULL };
static const struct opt time_ = { "time", OPT_TIME, 0, NULL, 0, 0, NULL, "", NULL };
static const struct opt freq = { "freq", OPT_FREQ, 0, NULL, 0, 0, NULL, "", NULL };
static const struct opt u32_ = { "u32", OPT_U32, 0, NULL, 0, 0, NULL, "", NULL };
static const struct opt ways = { "ways", OPT_U32, 0, NULL, 1, 4096, NULL, "", NULL };
static const char *const auto_words[] = { "auto", "all", NULL };
static const struct opt or_word = { "or_word", OPT_U32, 0, NULL, 0, 64, NULL, "", auto_words };
static const struct opt u64_ = { "u64", OPT_U64, 0, NULL, 0, 0, NULL, "", NULL };
static const struct opt flag = { "flag", OPT_BOOL, 0, NULL, 0, 0, NULL, "", NULL };
static const char *const patterns[] = { "lru", "q_{a,ab,}c{x,y}", NULL };
static const struct opt pattern = { "pattern", OPT_ENUM, 0, NULL, 0, 0, NULL, "", patterns };
static const struct opt word = { "word", OPT_ENUM, 0, NULL, 0, 0, NULL, "", words };

union field {
	bool b;
	u32 u;
	u64 v;
	struct opt_time t;
};

static void gives(const struct opt *o, const char *text, u64 value, const char *back)
{
	union field f;
	char *s;

	memset(&f, 0, sizeof(f));
	assert_null(opt_parse(o, text, &f));
	if (o->type == OPT_TIME)
		assert_int_equal(f.t.ps ? f.t.ps : f.t.cycles, value);
	else
		assert_int_equal(f.v, value);
	s = opt_format(o, &f);
	assert_string_equal(s, back);
	free(s);
}

/* Refused with a message that has both words in it, and the field stays as it was. */
static void refuses(const struct opt *o, const char *text, const char *a, const char *b)
{
	union field f, before;
	char *error;

	memset(&f, 0x55, sizeof(f));
	before = f;
	error = opt_parse(o, text, &f);
	assert_non_null(error);
	assert_non_null(strstr(error, a));
	assert_non_null(strstr(error, b));
	assert_memory_equal(&f, &before, sizeof(f));
	free(error);
}

static void sizes(void **state)
{
	gives(&size, "0", 0, "0");
	gives(&size, "48K", 49152, "48K");
	gives(&size, "48k", 49152, "48K");
	gives(&size, "1.25M", 1310720, "1280K");
	gives(&size, "1.375M", 1441792, "1408K");
	gives(&size, "32768", 32768, "32K");
	gives(&size, "0x1000", 4096, "4K");
	gives(&size, "4G", 4ull << 30, "4G");
	gives(&size, "16777215T", 16777215ull << 40, "16777215T");
	gives(&size, "18446744073709551615", ~0ull, "18446744073709551615");
	refuses(&size, "16777216T", "not a size", "48K");
	refuses(&size, "18446744073709551616", "not a size", "48K");
	refuses(&size, "0.3K", "not a size", "48K"); /* 307.2 bytes */
	refuses(&size, "48Q", "48Q", "not a size");
	refuses(&size, "-1", "-1", "not a size");
	refuses(&size, "", "not a size", "48K");
	refuses(&size, "K", "not a size", "48K");
	refuses(&size, "1.K", "not a size", "48K");
	refuses(&size, "1.0000000000000000000000K", "not a size", "48K");
	refuses(&size, " 1", "not a size", "48K");
	refuses(&narrow, "2K", "out of range", "4K to 1M");
	refuses(&narrow, "2M", "out of range", "4K to 1M");
	gives(&narrow, "4096", 4096, "4K");
}

static void times(void **state)
{
	gives(&time_, "5", 5, "5");
	gives(&time_, "0", 0, "0");
	gives(&time_, "0ns", 0, "0");
	gives(&time_, "14ns", 14000, "14ns");
	gives(&time_, "1.5us", 1500000, "1.5us");
	gives(&time_, "13.75ns", 13750, "13.75ns");
	gives(&time_, "0.416ns", 416, "416ps");
	gives(&time_, "2ms", 2000000000, "2ms");
	gives(&time_, "1s", 1000000000000, "1s");
	refuses(&time_, "0.0001ns", "not a time", "14ns");
	refuses(&time_, "14n", "not a time", "14ns");
	refuses(&time_, "99999999999s", "not a time", "14ns");
}

static void frequencies(void **state)
{
	gives(&freq, "3.0GHz", 3000000000, "3GHz");
	gives(&freq, "2.95GHz", 2950000000, "2.95GHz");
	gives(&freq, "800MHz", 800000000, "800MHz");
	gives(&freq, "1", 1, "1Hz");
	refuses(&freq, "3G", "not a frequency", "3.0GHz");
}

static void numbers(void **state)
{
	gives(&u32_, "4294967295", UINT32_MAX, "4294967295");
	gives(&u32_, "0x10", 16, "16");
	gives(&u32_, "010", 10, "10");
	gives(&u64_, "18446744073709551615", ~0ull, "18446744073709551615");
	refuses(&u32_, "4294967296", "out of range", "whole number");
	refuses(&u64_, "18446744073709551616", "not a whole number", "whole number");
	refuses(&u32_, "1.5", "not a whole number", "1.5");
	refuses(&u32_, "8K", "not a whole number", "8K");
	refuses(&u32_, "0x", "not a whole number", "0x");
	refuses(&ways, "0", "out of range", "1 to 4096");
	refuses(&ways, "4097", "out of range", "1 to 4096");
}

static void words_and_flags(void **state)
{
	gives(&word, "tree-plru", 2, "tree-plru");
	refuses(&word, "tree-prlu", "did you mean \"tree-plru\"", "lru, fifo, tree-plru");
	refuses(&word, "mru-insertion", "not one of", "lru, fifo, tree-plru");
	refuses(&word, "", "not one of", "lru, fifo, tree-plru");
	gives(&flag, "yes", 1, "yes");
	gives(&flag, "false", 0, "no");
	gives(&flag, "ON", 1, "yes");
	refuses(&flag, "2", "neither yes nor no", "yes, no");
}

static void formatted_values_read_back_the_same(void **state)
{
	static const struct opt *const opts[] = { &size, &time_, &freq, &u64_ };
	struct rng r;

	rng_init(&r, 1, "opt");
	for (u32 i = 0; i < 100000; i++) {
		const struct opt *o = opts[i % 4];
		union field f, g;
		char *text;

		memset(&f, 0, sizeof(f));
		memset(&g, 0, sizeof(g));
		f.v = rng_next(&r) >> rng_below(&r, 64);
		f.v <<= rng_below(&r, 40);
		if (o == &time_ && i % 8 < 4)
			f.t = (struct opt_time){ .ps = f.v };
		text = opt_format(o, &f);
		assert_null(opt_parse(o, text, &g));
		assert_memory_equal(&f, &g, sizeof(f));
		free(text);
	}
}

/* A pattern's number: its index, and above that which of its combinations. */
static void test_patterns(void **state)
{
	gives(&pattern, "lru", 0, "lru");
	gives(&pattern, "q_acx", 1, "q_acx");
	gives(&pattern, "q_abcx", 1 | 1 << 8, "q_abcx");
	gives(&pattern, "q_cx", 1 | 2 << 8, "q_cx");
	gives(&pattern, "q_acy", 1 | 3 << 8, "q_acy");
	gives(&pattern, "q_cy", 1 | 5 << 8, "q_cy");
	refuses(&pattern, "q_bcx", "q_bcx", "q_{a,ab,}c{x,y}");
	refuses(&pattern, "q_acxx", "q_acxx", "lru");
	refuses(&pattern, "q_{a,ab,}c{x,y}", "q_", "allowed");
}

static void numbers_may_be_words(void **state)
{
	gives(&or_word, "64", 64, "64");
	gives(&or_word, "0", 0, "0");
	gives(&or_word, "auto", OPT_WORD(0), "auto");
	gives(&or_word, "all", OPT_WORD(1), "all");
	refuses(&or_word, "65", "out of range", "0 to 64, or auto, all");
	refuses(&or_word, "4294967295", "out of range", "auto");
	refuses(&or_word, "some", "whole number", "auto");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_may_be_words),
		cmocka_unit_test(sizes),
		cmocka_unit_test(times),
		cmocka_unit_test(frequencies),
		cmocka_unit_test(numbers),
		cmocka_unit_test(words_and_flags),
		cmocka_unit_test(formatted_values_read_back_the_same),
		cmocka_unit_test(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
