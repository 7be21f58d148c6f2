/* Do pages change places one to one, with all kept that a scramble promises to keep? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "traces/scramble.h"

#include <cmocka.h>

#define PAGE   4096ull
#define REGION (2ull << 20)
#define BASE   0x7f0000000000ull /* of 2 MB */

static u64 page_to(struct scramble *s, u64 page)
{
	u64 to = scramble_address(s, page * PAGE + 123);

	assert_int_equal(to % PAGE, 123);
	return to / PAGE;
}

/* Two pages share an aligned block of each size before and after, or do not. */
static void check_blocks(struct scramble *s, u64 a, u64 b)
{
	u64 x = page_to(s, a), y = page_to(s, b);
	u32 level;

	for (level = 0; level <= 9; level++)
		assert_int_equal(a >> level == b >> level, x >> level == y >> level);
	assert_int_equal(a >> 9, x >> 9); /* 2 MB stay where they are */
}

static void aligned_blocks_stay_blocks(void **state)
{
	struct rng rng;
	u64 key;
	u32 i;

	rng_init(&rng, 1, "scramble");
	for (key = 0; key < 20; key++) {
		struct scramble *s = scramble_new(key);
		u32 moved = 0;

		scramble_range(s, BASE, 8 * REGION);
		scramble_draw(s);
		for (i = 0; i < 2000; i++)
			check_blocks(s, BASE / PAGE + rng_below(&rng, 4096),
				     BASE / PAGE + rng_below(&rng, 4096));
		for (i = 0; i < 4096; i++)
			moved += page_to(s, BASE / PAGE + i) != BASE / PAGE + i;
		assert_true(moved > 4000); /* nothing holds any: one in 512 stays by chance */
		scramble_free(s);
	}
}

static void ranges_stay_ranges(void **state)
{
	u64 key, at[64], len[64];
	struct rng rng;
	u32 i, k;

	rng_init(&rng, 2, "scramble");
	for (key = 0; key < 50; key++) {
		struct scramble *s = scramble_new(key);

		for (i = 0; i < 64; i++) { /* they may lie across each other, and end inside a page */
			at[i] = BASE + rng_below(&rng, 4 * REGION);
			len[i] = 1 + rng_below(&rng, rng_below(&rng, 4) ? 20 * PAGE : 2 * REGION);
			scramble_range(s, at[i], len[i]);
		}
		scramble_draw(s);
		for (i = 0; i < 64; i++)
			for (k = 0; k < 100; k++) {
				u64 addr = at[i] + rng_below(&rng, len[i]), to = scramble_address(s, addr);

				assert_true(to >= at[i] && to < at[i] + len[i]);
			}
		scramble_free(s);
	}
}

static void pieces_stay_whole(void **state)
{
	struct rng rng;
	u64 key;
	u32 i;

	rng_init(&rng, 3, "scramble");
	for (key = 0; key < 50; key++) {
		struct scramble *s = scramble_new(key);
		u64 at[16], len[16];
		u32 moved = 0;

		for (i = 0; i < 16; i++) {
			at[i] = BASE + rng_below(&rng, 4 * REGION);
			len[i] = 1 + rng_below(&rng, rng_below(&rng, 4) ? 64 : 10 * PAGE);
			scramble_piece(s, at[i], len[i]);
		}
		scramble_draw(s);
		for (i = 0; i < 16; i++)
			assert_int_equal(scramble_address(s, at[i]) + len[i] - 1,
					 scramble_address(s, at[i] + len[i] - 1));
		for (i = 0; i < 2048; i++)
			moved += page_to(s, BASE / PAGE + i) != BASE / PAGE + i;
		assert_true(moved > 1000);
		scramble_free(s);
	}
}

/* Which page of the file is read through the n-th page of a mapping of it. */
static u64 file_page(struct scramble *s, u64 addr, u64 offset, u64 n)
{
	return page_to(s, addr / PAGE + n) - addr / PAGE + offset / PAGE;
}

/* Two mappings of a file at places that differ by a multiple of `apart`: its pages change places in both
 * alike. */
static u32 moved_in_both(u64 key, u64 apart)
{
	struct scramble *s = scramble_new(key);
	u64 a = BASE + 5 * PAGE, b = BASE + 64 * REGION + 5 * PAGE + 3 * apart + 40 * PAGE;
	u32 i, moved = 0;

	scramble_map(s, 7, 0, a, 900 * PAGE);
	scramble_map(s, 7, 40 * PAGE, b, 300 * PAGE);
	scramble_file_range(s, 7, 100 * PAGE + 1, 12);
	scramble_draw(s);
	for (i = 0; i < 900; i++)
		moved += file_page(s, a, 0, i) != i;
	for (i = 0; i < 300; i++)
		assert_int_equal(file_page(s, b, 40 * PAGE, i), file_page(s, a, 0, 40 + i));
	assert_int_equal(file_page(s, a, 0, 100), 100); /* was read in part */
	scramble_free(s);
	return moved;
}

static void pages_of_a_file_are_the_same_in_all_mappings(void **state)
{
	u64 key;

	for (key = 0; key < 30; key++) {
		assert_true(moved_in_both(key, REGION) > 400);
		assert_true(moved_in_both(key, 16 * PAGE) > 200); /* in blocks of up to 16 pages */
		assert_int_equal(moved_in_both(key, PAGE), 0);    /* no block is one of both */
	}
}

static void what_is_moved_goes_along(void **state)
{
	u64 from = BASE + 3 * PAGE, to = BASE + 9 * REGION + 19 * PAGE, key;
	u32 i;

	for (key = 0; key < 30; key++) {
		struct scramble *s = scramble_new(key);
		u32 moved = 0;

		scramble_map(s, 4, 0, BASE + 40 * REGION + 3 * PAGE, 8 * PAGE);
		scramble_map(s, 4, 0, from, 600 * PAGE);
		scramble_move(s, from, 600 * PAGE, to, 700 * PAGE);
		scramble_draw(s);
		for (i = 0; i < 600; i++) {
			moved += file_page(s, from, 0, i) != i;
			assert_int_equal(file_page(s, to, 0, i), file_page(s, from, 0, i));
		}
		for (i = 600; i < 700; i++) /* of the file, too: only there */
			assert_true(file_page(s, to, 0, i) >= 600 && file_page(s, to, 0, i) < 700);
		for (i = 0; i < 8; i++)
			assert_int_equal(file_page(s, BASE + 40 * REGION + 3 * PAGE, 0, i),
					 file_page(s, from, 0, i));
		assert_true(moved > 200);
		scramble_free(s);
	}
}

static void keys_draw_other_places(void **state)
{
	u64 key, to[50];
	u32 i, same = 0;

	for (key = 0; key < 50; key++) {
		struct scramble *s = scramble_new(key), *again = scramble_new(key);

		scramble_range(s, BASE, REGION);
		scramble_range(again, BASE, REGION);
		scramble_draw(s);
		scramble_draw(again);
		to[key] = page_to(s, BASE / PAGE + 77);
		assert_int_equal(page_to(again, BASE / PAGE + 77), to[key]);
		for (i = 0; i < key; i++)
			same += to[i] == to[key];
		scramble_free(s);
		scramble_free(again);
	}
	assert_true(same < 20); /* of 1,225 pairs, each by a chance of 1 in 512 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_blocks_stay_blocks),
		cmocka_unit_test(ranges_stay_ranges),
		cmocka_unit_test(pieces_stay_whole),
		cmocka_unit_test(pages_of_a_file_are_the_same_in_all_mappings),
		cmocka_unit_test(what_is_moved_goes_along),
		cmocka_unit_test(keys_draw_other_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
