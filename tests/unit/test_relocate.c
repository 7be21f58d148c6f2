/* Are addresses moved one to one, with all kept that a relocation promises to keep? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "traces/relocate.h"

#include <cmocka.h>

#define N 400u

struct range {
	u64 addr, len, to;
};

static int by_to(const void *x, const void *y)
{
	const struct range *a = x, *b = y;

	return a->to < b->to ? -1 : a->to > b->to;
}

static int by_addr(const void *x, const void *y)
{
	const struct range *a = x, *b = y;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

/* Ranges that do not overlap, near each other and far, short and across gigabytes. */
static u32 make(struct range *range, struct rng *rng, u64 top)
{
	u64 at = 0x10000;
	u32 n;

	for (n = 0; n < N; n++) {
		u64 far[] = { 0, 4096, 1 << 20, 8 << 20, 1ull << 30, 1ull << 33 };

		at += rng_below(rng, far[rng_below(rng, 6)] + 1) & ~4095ull;
		range[n].addr = at + rng_below(rng, 4096);
		range[n].len = 1 + rng_below(rng, rng_below(rng, 20) ? 1 << 21 : 3ull << 30);
		if (range[n].addr + range[n].len > top)
			break;
		at = range[n].addr + range[n].len;
	}
	return n;
}

static void check_range(const struct relocation *r, const struct range *g, struct rng *rng)
{
	u32 i;

	for (i = 0; i < 20; i++) {
		u64 in = rng_below(rng, g->len);

		/* It moves as a whole, by whole regions. */
		assert_int_equal(relocation_address(r, g->addr + in), g->to + in);
	}
	assert_int_equal((g->to - g->addr) & ((1u << 21) - 1), 0);
}

/* Two addresses share a table of every level before and after, or do not. */
static void check_tables(const struct range *a, const struct range *b)
{
	u32 shift;

	for (shift = 21; shift <= 38; shift += shift == 30 ? 8 : 9)
		if ((a->addr >> shift == b->addr >> shift) != (a->to >> shift == b->to >> shift))
			fail_msg("%llx and %llx, bits above %u", (unsigned long long)a->addr,
				 (unsigned long long)b->addr, shift);
}

static void check(u64 key, const char *isa, u64 top)
{
	static struct range range[N];
	struct relocation *r = relocation_new(key, isa), *again = relocation_new(key, isa);
	u32 n, i, k, moved = 0;
	struct rng rng;

	rng_init(&rng, key, isa);
	n = make(range, &rng, top);
	for (i = 0; i < n; i++)
		relocation_touch(r, range[i].addr, range[i].len);
	for (i = n; i-- > 0;) /* told in another order: the same is drawn */
		relocation_touch(again, range[i].addr, range[i].len);
	relocation_draw(r);
	relocation_draw(again);
	for (i = 0; i < n; i++) {
		range[i].to = relocation_address(r, range[i].addr);
		moved += range[i].to != range[i].addr;
		assert_int_equal(relocation_address(again, range[i].addr), range[i].to);
		assert_true(range[i].to + range[i].len <= top);
		check_range(r, &range[i], &rng);
	}
	for (k = 0; k < 2000; k++)
		check_tables(&range[rng_below(&rng, n)], &range[rng_below(&rng, n)]);
	qsort(range, n, sizeof(*range), by_to);
	for (i = 1; i < n; i++)
		assert_true(range[i - 1].to + range[i - 1].len <= range[i].to);
	qsort(range, n, sizeof(*range), by_addr);
	assert_true(moved > n / 4 || n < 8);
	relocation_free(r);
	relocation_free(again);
}

static void ranges_move_as_promised(void **state)
{
	u64 key;

	for (key = 0; key < 60; key++) {
		check(key, "x86_64", 1ull << 47);
		check(key, "riscv64", 1ull << 38);
		check(key, "i386", 3ull << 30);
	}
}

static void keys_draw_other_places(void **state)
{
	u32 same = 0, key;
	u64 first = 0;

	for (key = 0; key < 50; key++) {
		struct relocation *r = relocation_new(key, "x86_64");

		relocation_touch(r, 0x7f1234567000, 100);
		relocation_draw(r);
		same += key && relocation_address(r, 0x7f1234567000) == first;
		first = key ? first : relocation_address(r, 0x7f1234567000);
		relocation_free(r);
	}
	assert_true(same <= 1); /* of 131,072 places */
}

static void what_was_not_told_stays(void **state)
{
	struct relocation *r = relocation_new(1, "x86_64");

	relocation_touch(r, 0x400000, 0x1000);
	relocation_draw(r);
	assert_int_equal(relocation_address(r, 0x123456789), 0x123456789);
	assert_int_equal(relocation_address(r, 0x400123) & 0x1fffff, 0x123);
	relocation_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_move_as_promised),
		cmocka_unit_test(keys_draw_other_places),
		cmocka_unit_test(what_was_not_told_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
