/* Are the quantiles of Student's t the published ones, and do intervals hold what they should? */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "analysis/confidence.h"
#include "model/base/rng.h"

#include <cmocka.h>

/* Two-sided 95 %: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2. */
static void quantiles_are_the_published(void **state)
{
	static const struct {
		u32 freedom;
		double t;
	} table[] = { { 1, 12.706 }, { 2, 4.303 },  { 3, 3.182 },  { 4, 2.776 },
		      { 5, 2.571 },  { 6, 2.447 },  { 7, 2.365 },  { 8, 2.306 },
		      { 9, 2.262 },  { 10, 2.228 }, { 15, 2.131 }, { 20, 2.086 },
		      { 29, 2.045 }, { 30, 2.042 }, { 60, 2.000 }, { 100, 1.984 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (fabs(student_t95(table[i].freedom) - table[i].t) > 0.0006)
			fail_msg("of %u degrees: %f, not %f", table[i].freedom, student_t95(table[i].freedom),
				 table[i].t);
}

/* By hand: mean 5, squares 4 + 1 + 0 + 1 + 4 = 10, sd sqrt(2.5), half 2.776 sqrt(2.5 / 5). */
static void an_interval_by_hand(void **state)
{
	static const double x[] = { 3, 4, 5, 6, 7 };
	struct confidence c = confidence_of(x, 5);

	assert_int_equal(c.n, 5);
	assert_true(c.mean == 5 && c.min == 3 && c.max == 7);
	assert_true(fabs(c.sd - sqrt(2.5)) < 1e-12);
	assert_true(fabs(c.high - c.mean - 2.7764 * sqrt(0.5)) < 1e-3);
	assert_true(fabs(c.mean - c.low - (c.high - c.mean)) < 1e-12);
	c = confidence_of(x, 1);
	assert_true(c.mean == 3 && isnan(c.sd) && isnan(c.low) && isnan(c.high));
}

/* Of many samples of four, 95 % of the intervals hold the true mean (here 0; a sum of twelve is nearly
 * normal). */
static void intervals_hold_the_mean(void **state)
{
	struct rng rng;
	u32 round, i, k, held = 0;
	double x[4];
	struct confidence c;

	rng_init(&rng, 1, "confidence");
	for (round = 0; round < 20000; round++) {
		for (i = 0; i < 4; i++)
			for (x[i] = -6, k = 0; k < 12; k++)
				x[i] += (double)(rng_next(&rng) >> 11) * 0x1p-53;
		c = confidence_of(x, 4);
		held += c.low <= 0 && c.high >= 0;
	}
	assert_true(held > 0.945 * 20000 && held < 0.955 * 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_the_published),
		cmocka_unit_test(an_interval_by_hand),
		cmocka_unit_test(intervals_hold_the_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
