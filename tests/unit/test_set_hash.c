/* Which set and slice a line belongs to: against the published lists of bits, and by what hashes are for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/hw/set_hash.h"

static u32 bit(u64 x, u32 n)
{
	return x >> n & 1;
}

/* Maurice et al., RAID 2015, table 3: the address bits whose XOR gives each bit of the slice, -1 ends. */
static const int table3[3][24] = {
	{ 6, 10, 12, 14, 16, 17, 18, 20, 22, 24, 25, 26, 27, 28, 30, 32, 33, 35, 36, -1 },
	{ 7, 11, 13, 15, 17, 19, 20, 21, 22, 23, 24, 26, 28, 29, 31, 33, 34, 35, 37, -1 },
	{ 8, 12, 13, 16, 19, 22, 23, 26, 27, 30, 31, 34, 35, 36, 37, -1 },
};

static void test_intel_slices(void **state)
{
	struct rng r;
	u32 n, i, o, slices;

	rng_init(&r, 1, "lines");
	for (n = 0; n < 300000; n++) {
		u64 line = rng_next(&r) >> (26 + rng_below(&r, 30));
		u32 slice = 0;

		for (o = 0; o < 3; o++) {
			for (i = 0; table3[o][i] >= 0; i++)
				slice ^= bit(line << 6, (u32)table3[o][i]) << o;
		}
		for (slices = 1; slices <= 8; slices *= 2) {
			struct set_hash h = { .bits = 11,
					      .slices = slices,
					      .line_shift = 6,
					      .slice_kind = SLICE_HASH_INTEL };

			assert_int_equal(set_hash(&h, line), (slice % slices) << 11 | (line & 2047));
		}
	}
}

/* Bit by bit: bit i of the set is the XOR of bits i, i + n, ... of the line number. */
static void test_xor_and_fold(void **state)
{
	struct rng r;
	u32 n, i, at;

	rng_init(&r, 2, "lines");
	for (n = 0; n < 100000; n++) {
		u64 line = rng_next(&r) >> (6 + rng_below(&r, 40));
		u32 bits = (u32)rng_below(&r, 14), two = 0, all = 0;
		struct set_hash h = { .bits = bits, .slices = 1, .kind = SET_HASH_XOR, .line_shift = 6 };

		for (i = 0; i < bits; i++) {
			two |= (bit(line, i) ^ bit(line, i + bits)) << i;
			for (at = i; at < 64; at += bits)
				all ^= bit(line, at) << i;
		}
		assert_int_equal(set_hash(&h, line), two);
		h.kind = SET_HASH_FOLD;
		assert_int_equal(set_hash(&h, line), all);
	}
}

/* Sets of 1024 that 1024 lines meet which lie a stride apart. */
static u32 sets_met(enum set_hash_kind kind, u64 stride)
{
	struct set_hash h = { .bits = 10, .slices = 1, .kind = kind, .line_shift = 6 };
	u8 met[1024] = { 0 };
	u32 i, n = 0;

	for (i = 0; i < 1024; i++) {
		n += !met[set_hash(&h, i * stride)];
		met[set_hash(&h, i * stride)] = 1;
	}
	return n;
}

/*
 * Lines a cache way apart are in one set by their lowest bits, and each in its own by XOR with those above.
 */
static void test_strides(void **state)
{
	assert_int_equal(sets_met(SET_HASH_NONE, 1), 1024);
	assert_int_equal(sets_met(SET_HASH_NONE, 1024), 1);
	assert_int_equal(sets_met(SET_HASH_XOR, 1), 1024);
	assert_int_equal(sets_met(SET_HASH_XOR, 1024), 1024);
	assert_int_equal(sets_met(SET_HASH_XOR, 1 << 20), 1);
	assert_int_equal(sets_met(SET_HASH_FOLD, 1 << 20), 1024);
}

/* Every slice gets its share, whatever their number. */
static void test_mix(void **state)
{
	u32 slices, i, count[28];

	for (slices = 2; slices <= 28; slices++) {
		struct set_hash h = { .bits = 0, .slices = slices, .line_shift = 6 };

		memset(count, 0, sizeof(count));
		for (i = 0; i < slices * 1000; i++)
			count[set_hash(&h, 0x1000000 + i)]++;
		for (i = 0; i < slices; i++)
			assert_in_range(count[i], 900, 1100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intel_slices),
		cmocka_unit_test(test_xor_and_fold),
		cmocka_unit_test(test_strides),
		cmocka_unit_test(test_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
