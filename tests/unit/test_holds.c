/*
 * Times for which locks were held, beside naive twins: a table of cycles, and a queue that serves who asked
 * first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/sim/holds.h"

/* ---- one at a time ---- */

#define CYCLES 4096u

/* By cycle, whether it was had. */
static u64 naive_free_at(const bool *had, u64 when)
{
	while (when < CYCLES && had[when])
		when++;
	return when;
}

static void test_between(void **state)
{
	struct holds h = { 0 };

	holds_add(&h, 100, 200);
	holds_add(&h, 300, 400);
	assert_int_equal(holds_free_at(&h, 99), 99);
	assert_int_equal(holds_free_at(&h, 100), 200);
	assert_int_equal(holds_free_at(&h, 199), 200);
	assert_int_equal(holds_free_at(&h, 200), 200);
	assert_int_equal(holds_free_at(&h, 300), 400);
	assert_int_equal(holds_free_at(&h, 400), 400);
	/* It goes on at once. */
	holds_add(&h, 400, 450);
	assert_int_equal(h.n, 2);
	assert_int_equal(holds_free_at(&h, 300), 450);
	holds_add(&h, 200, 300);
	assert_int_equal(holds_free_at(&h, 150), 450);
}

/* In any order of times, as many as are remembered. */
static void test_times_beside_twin(void **state)
{
	u32 round, i, k;
	struct rng r;

	rng_init(&r, 1, "holds");
	for (round = 0; round < 200; round++) {
		bool had[CYCLES + 1] = { false };
		struct holds h = { 0 };

		for (i = 0; i < HOLDS; i++) {
			u64 from = rng_below(&r, CYCLES - 100), until = from + 1 + rng_below(&r, 90);

			holds_add(&h, from, until);
			for (; from < until; from++)
				had[from] = true;
			for (k = 0; k < 20; k++) {
				u64 when = rng_below(&r, CYCLES);

				assert_int_equal(holds_free_at(&h, when), naive_free_at(had, when));
			}
		}
	}
}

/* The first ones are forgotten. */
static void test_forgets(void **state)
{
	struct holds h = { 0 };
	u32 i;

	for (i = 0; i <= HOLDS; i++)
		holds_add(&h, i * 100, i * 100 + 50);
	assert_int_equal(holds_free_at(&h, 10), 10);
	assert_int_equal(holds_free_at(&h, 110), 150);
	assert_int_equal(holds_free_at(&h, HOLDS * 100), HOLDS * 100 + 50);
}

/* ---- readers and writers ---- */

#define ASKS 60u

struct ask {
	bool reads;
	u64 asked, got, done;
};

/* A reader gets it when all writers that asked before it are done, a writer when everybody is. */
static u64 naive_got(const struct ask *a, u32 n)
{
	u64 got = a[n].asked;
	u32 i;

	for (i = 0; i < n; i++)
		if (!a[i].reads || !a[n].reads)
			got = MAX(got, a[i].done);
	return got;
}

static void test_semaphore_beside_twin(void **state)
{
	u32 round, i;
	struct rng r;

	rng_init(&r, 2, "holds");
	for (round = 0; round < 500; round++) {
		struct ask a[ASKS];
		struct rw_holds h = { 0 };
		u64 clock = 0;

		for (i = 0; i < ASKS; i++) {
			clock += rng_below(&r, 60);
			a[i].reads = rng_below(&r, 4) != 0;
			a[i].asked = clock;
			a[i].got = rw_free_at(&h, a[i].reads, clock);
			assert_int_equal(a[i].got, naive_got(a, i));
			a[i].done = a[i].got + 1 + rng_below(&r, 80);
			rw_add(&h, a[i].reads, a[i].reads ? a[i].got : clock, a[i].done);
		}
	}
}

static void test_readers_together(void **state)
{
	struct rw_holds h = { 0 };

	rw_add(&h, true, 0, 100);
	rw_add(&h, true, 50, 150);
	assert_int_equal(rw_free_at(&h, true, 60), 60);
	assert_int_equal(rw_free_at(&h, false, 60), 150);
	/* A writer that asked at 60 has it from 150 on: who reads after 60 comes behind it. */
	rw_add(&h, false, 60, 170);
	assert_int_equal(rw_free_at(&h, true, 59), 59);
	assert_int_equal(rw_free_at(&h, true, 61), 170);
	assert_int_equal(rw_free_at(&h, false, 61), 170);
}

/* One time alone: what overlaps it makes it longer, what comes later takes its place. */
static void test_last_time(void **state)
{
	struct hold h = { 0, 0 };

	hold_add(&h, 100, 200);
	hold_add(&h, 50, 120);
	assert_int_equal(hold_free_at(&h, 50), 200);
	hold_add(&h, 10, 20);
	assert_int_equal(hold_free_at(&h, 10), 10);
	hold_add(&h, 300, 310);
	assert_int_equal(hold_free_at(&h, 100), 100);
	assert_int_equal(hold_free_at(&h, 309), 310);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_times_beside_twin),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_semaphore_beside_twin),
		cmocka_unit_test(test_readers_together),
		cmocka_unit_test(test_last_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
