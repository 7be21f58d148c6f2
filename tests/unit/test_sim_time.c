/* Conversion of durations: known values, and the definition of rounding up checked by multiplying back. */

#include "model/base/rng.h"
#include "model/sim/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void known_values(void **state)
{
	const struct {
		u64 ps, hz, cycles;
	} t[] = {
		{ 0, 3000000000, 0 },
		{ 14000, 3000000000, 42 }, /* exactly: not 43 */
		{ 14001, 3000000000, 43 },
		{ 13999, 3000000000, 42 }, /* 41.997 */
		{ 13750, 3200000000, 44 },
		{ 1, 1000000, 1 },      /* any wait at all is a cycle */
		{ 333, 3000000000, 1 }, /* 0.999 */
		{ 334, 3000000000, 2 }, /* 1.002 */
		{ 1000000000000, 2666666667, 2666666667 },
		{ 7800000, 4800000000, 37440 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(ps_to_cycles(t[i].ps, t[i].hz), t[i].cycles);
	assert_int_equal(time_to_cycles((struct opt_time){ .cycles = 5 }, 3000000000), 5);
	assert_int_equal(time_to_cycles((struct opt_time){ .ps = 14000 }, 3000000000), 42);
	assert_int_equal(cycles_to_ps(42, 3000000000), 14000);
	assert_int_equal(cycles_to_ps(1, 3000000000), 333);
}

/* n is the smallest whole number with n / hz >= ps / 10^12, that is n * 10^12 >= ps * hz, in 128 bits. */
static void is_the_smallest_that_covers(u64 ps, u64 hz)
{
	unsigned __int128 want = (unsigned __int128)ps * hz, second = 1000000000000ull;
	u64 n = ps_to_cycles(ps, hz);

	assert_true(n * second >= want);
	assert_true(n == 0 || (n - 1) * second < want);
}

static void random_durations_round_up(void **state)
{
	struct rng r;

	rng_init(&r, 1, "time");
	for (u32 i = 0; i < 200000; i++) {
		u64 hz = 1000000 + rng_below(&r, 99999000001), ps = rng_next(&r) >> (rng_below(&r, 55) + 5);
		u64 back;

		is_the_smallest_that_covers(ps, hz);
		back = cycles_to_ps(ps_to_cycles(ps, hz), hz);
		assert_true(back + 1 >= ps); /* rounded down from something not below ps */
	}
	is_the_smallest_that_covers(~(u64)0, 100000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(random_durations_round_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
