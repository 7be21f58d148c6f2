/* Fragmentation indices against what the free frames themselves say, and an attack that fragments a zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/arch/addr.h"
#include "model/base/rng.h"
#include "model/mm/buddy.h"
#include "model/mm/frag.h"
#include "tests/ref/ref_zone.h"

#define FRAMES 8192u

static bool is_free[FRAMES];

/* All of the aligned block is free. */
static bool whole(u64 pfn, u32 order)
{
	u64 i;

	for (i = 0; i < 1ull << order; i++)
		if (!is_free[pfn + i])
			return false;
	return true;
}

struct counted {
	double pages, blocks, suitable;
};

/* The largest aligned blocks that the free frames make, up to order 10; how many blocks of `order` they hold.
 */
static struct counted count(u32 order)
{
	struct counted n = { 0 };
	u64 pfn;

	for (pfn = 0; pfn < FRAMES;) {
		u32 o = 10;

		if (!is_free[pfn]) {
			pfn++;
			continue;
		}
		while (pfn % (1ull << o) || !whole(pfn, o))
			o--;
		n.blocks++;
		pfn += 1ull << o;
	}
	for (pfn = 0; pfn < FRAMES; pfn++)
		n.pages += is_free[pfn];
	for (pfn = 0; pfn < FRAMES; pfn += 1ull << order)
		n.suitable += whole(pfn, order);
	return n;
}

/* mm/vmstat.c in real numbers: the kernel's truncation makes a difference of at most one part. */
static void check_order(const struct zone *z, u32 order)
{
	struct counted n = count(order);
	double size = (double)(1u << order), unusable = 1000, index = 0, percent = 0;

	if (n.pages > 0) {
		unusable = 1000 * (n.pages - n.suitable * size) / n.pages;
		percent = unusable / 10;
		index = n.suitable > 0 ? -1000 : 1000 - (1000 + 1000 * n.pages / size) / n.blocks;
	}
	assert_in_range(unusable_free_index(z, order) + 1000, (u64)(unusable + 999), (u64)(unusable + 1001));
	assert_in_range(extfrag_for_order(z, order) + 1, (u64)percent, (u64)(percent + 2));
	assert_in_range(fragmentation_index(z, order) + 2000, (u64)(index + 1999), (u64)(index + 2001));
}

static void check(const struct zone *z)
{
	u32 order;

	for (order = 0; order < MAX_ORDERS; order++)
		check_order(z, order);
}

static struct page_alloc *make(void)
{
	struct page_alloc *pa =
		ref_zone_new(&(struct ref_zone_cfg){ .era = ERA_6_X, .n = 1, .end = { FRAMES } });
	u64 i;

	ref_zone_fill(&pa->zone[0]);
	for (i = 0; i < FRAMES; i++)
		is_free[i] = true;
	return pa;
}

static void take_all(struct zone *z)
{
	u64 pfn;

	while ((pfn = buddy_take(z, NULL, 0, MIGRATE_MOVABLE, 0)) != NO_FRAME)
		is_free[pfn] = false;
}

static void give(struct zone *z, u64 pfn)
{
	buddy_give(z, NULL, pfn, 0, MIGRATE_MOVABLE, false);
	is_free[pfn] = true;
}

/* Nothing but single pages, freed at random: the more are free, the more of them fit together again. */
static void test_random_frees(void **state)
{
	struct page_alloc *pa = make();
	struct zone *z = &pa->zone[0];
	u64 order_of[FRAMES], i, j, t;
	struct rng rng;

	rng_init(&rng, 3, "frees");
	check(z);
	take_all(z);
	check(z);
	for (i = 0; i < FRAMES; i++)
		order_of[i] = i;
	for (i = 0; i < FRAMES; i++) {
		j = i + rng_below(&rng, FRAMES - i);
		t = order_of[i];
		order_of[i] = order_of[j];
		order_of[j] = t;
		give(z, order_of[i]);
		if (i % 512 == 0 || i + 1 == FRAMES)
			check(z);
	}
	assert_int_equal(fragmentation_index(z, 10), -1000);
	assert_int_equal(unusable_free_index(z, 10), 0);
	ref_zone_free(pa);
}

/*
 * Every second page is free: the index of order k is 1000 - (1000 + 1000 F / 2^k) / F, half of the way to
 * 1000 for order 1 and near to it for large ones; no free page can be used.
 */
static void test_checkerboard(void **state)
{
	struct page_alloc *pa = make();
	struct zone *z = &pa->zone[0];
	u64 i, half = FRAMES / 2;
	u32 order;

	take_all(z);
	for (i = 0; i < FRAMES; i += 2)
		give(z, i);
	check(z);
	for (order = 1; order < MAX_ORDERS; order++) {
		assert_int_equal(fragmentation_index(z, order),
				 1000 - (1000 + 1000 * half / (1u << order)) / half);
		assert_int_equal(unusable_free_index(z, order), 1000);
		assert_int_equal(extfrag_for_order(z, order), 100);
	}
	assert_int_equal(fragmentation_index(z, 1), 500);
	assert_int_equal(fragmentation_index(z, 9), 998);
	assert_int_equal(fragmentation_score(pa, 0), 99); /* 8192 * 100 / 8193 */
	ref_zone_free(pa);
}

/* Want of memory: one page is free, and a block of 2^9 fails because of that. */
static void test_want(void **state)
{
	struct page_alloc *pa = make();
	struct zone *z = &pa->zone[0];

	take_all(z);
	assert_int_equal(fragmentation_index(z, 4), 0);
	assert_int_equal(unusable_free_index(z, 4), 1000);
	assert_int_equal(extfrag_for_order(z, 4), 0);
	give(z, 77);
	assert_int_equal(fragmentation_index(z, 9), 1000 - (1000 + 1));
	ref_zone_free(pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_frees),
		cmocka_unit_test(test_checkerboard),
		cmocka_unit_test(test_want),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
