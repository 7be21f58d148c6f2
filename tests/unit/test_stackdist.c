/*
 * Stack distances against the naive list, closed formulas, and estimates against their own bound.
 */
#include "analysis/stackdist.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "tests/ref/ref_lru.h"

enum shape { UNIFORM, SKEWED, LOOPS, PHASES, NR_SHAPES };

/* Reference i of a stream over n units. */
static u64 make_reference(struct rng *rng, enum shape shape, u64 i, u64 n)
{
	double u = (double)rng_below(rng, 1u << 30) / (1u << 30);

	switch (shape) {
	case UNIFORM:
		return rng_below(rng, n);
	case SKEWED:
		return (u64)pow((double)n, u) - 1; /* Zipf's law with exponent 1 */
	case LOOPS:
		return rng_below(rng, 8) ? i % (n / 2) : n / 2 + rng_below(rng, n / 2);
	default:
		return (i / (4 * n) * (n / 4) + rng_below(rng, n / 4)) % n;
	}
}

static u64 *make_stream(enum shape shape, u32 n_units, u32 n, u64 seed)
{
	u64 *stream = xmalloc(n * sizeof(*stream));
	struct rng rng;
	u32 i;

	rng_init(&rng, seed, "stream");
	for (i = 0; i < n; i++)
		stream[i] = make_reference(&rng, shape, i, n_units);
	return stream;
}

static struct stackdist *measure(const u64 *stream, u32 n, double rate, u64 seed)
{
	struct stackdist *s = stackdist_new(rate, seed);
	u32 i;

	for (i = 0; i < n; i++)
		stackdist_touch(s, (u32)(stream[i] % 3), stream[i]);
	stackdist_finish(s);
	return s;
}

/* Misses at every capacity by the naive list: capacities 0 to n_units. */
static u64 *twin_misses(const u64 *stream, u32 n, u32 n_units)
{
	u64 *misses = xcalloc(n_units + 1, sizeof(*misses));
	struct ref_lru l = { 0 };
	u32 i, c, d;

	for (i = 0; i < n; i++) {
		d = ref_lru_touch(&l, stream[i]);
		for (c = 0; c <= n_units && c <= d; c++)
			misses[c]++;
	}
	ref_lru_fini(&l);
	return misses;
}

static void compare_with_twin(enum shape shape, u32 n_units, u32 n, u64 seed)
{
	u64 *stream = make_stream(shape, n_units, n, seed);
	u64 *misses = twin_misses(stream, n, n_units);
	struct stackdist *s = measure(stream, n, 1, 1);
	u32 c;

	assert_int_equal(stackdist_references(s), n);
	for (c = 1; c <= n_units; c++) {
		assert_true(stackdist_misses(s, c) == (double)misses[c]);
		assert_true(stackdist_bound(s, c) == 0);
	}
	assert_true(stackdist_misses(s, 1u << 30) == stackdist_units(s));
	stackdist_free(s);
	free(misses);
	free(stream);
}

static void test_twin(void **state)
{
	u32 shape, seed;

	for (shape = 0; shape < NR_SHAPES; shape++) {
		for (seed = 1; seed <= 5; seed++)
			compare_with_twin(shape, 8 * seed, 3000, seed);
		compare_with_twin(shape, 200, 12000, 7);
	}
}

/* More units than stamps at first: they are renumbered again and again. */
static void test_twin_of_many_units(void **state)
{
	compare_with_twin(UNIFORM, 3000, 16000, 1);
	compare_with_twin(LOOPS, 1600, 14000, 2);
}

static void test_again_is_touching(void **state)
{
	u64 *stream = make_stream(SKEWED, 50, 2000, 3);
	struct stackdist *a = stackdist_new(1, 1), *b = stackdist_new(1, 1);
	u32 i, j, n, c;

	for (i = 0; i < 2000; i++) {
		n = i % 5;
		stackdist_touch(a, 0, stream[i]);
		stackdist_touch(b, 0, stream[i]);
		stackdist_again(a, n);
		for (j = 0; j < n; j++)
			stackdist_touch(b, 0, stream[i]);
	}
	stackdist_finish(a);
	stackdist_finish(b);
	assert_int_equal(stackdist_references(a), stackdist_references(b));
	for (c = 1; c < 60; c++)
		assert_true(stackdist_misses(a, c) == stackdist_misses(b, c));
	for (c = 0; c < 60; c++)
		assert_true(stackdist_working_set(a, c) == stackdist_working_set(b, c));
	stackdist_free(a);
	stackdist_free(b);
	free(stream);
}

static void test_spaces_are_apart(void **state)
{
	struct stackdist *s = stackdist_new(1, 1);
	u32 i;

	for (i = 0; i < 10; i++)
		stackdist_touch(s, i % 2, 5);
	stackdist_finish(s);
	assert_true(stackdist_units(s) == 2);
	assert_true(stackdist_misses(s, 1) == 10);
	assert_true(stackdist_misses(s, 2) == 2);
	stackdist_free(s);
}

static void test_working_set(void **state)
{
	const u32 n = 300;
	struct stackdist *s;
	u64 *stream;
	u32 shape, i;

	for (shape = 0; shape < NR_SHAPES; shape++) {
		stream = make_stream(shape, 40, n, 5);
		s = measure(stream, n, 1, 1);
		for (i = 0; stackdist_step(i) <= 2 * n; i++)
			assert_float_equal(stackdist_working_set(s, i),
					   ref_working_set(stream, n, (u32)stackdist_step(i)), 1e-9);
		stackdist_free(s);
		free(stream);
	}
}

/* A loop over n units misses always or never; the last tau references are min(tau, n) units. */
static void test_loop(void **state)
{
	const u32 n = 100, rounds = 50;
	struct stackdist *s = stackdist_new(1, 1);
	u32 i;

	for (i = 0; i < n * rounds; i++)
		stackdist_touch(s, 0, i % n);
	stackdist_finish(s);
	assert_true(stackdist_misses(s, n - 1) == n * rounds);
	assert_true(stackdist_misses(s, n) == n);
	for (i = 0; stackdist_step(i) <= 2 * n; i++) {
		double tau = fmin((double)stackdist_step(i), n), all = n * rounds;

		/* the first tau - 1 windows are not full */
		assert_float_equal(stackdist_working_set(s, i), tau - tau * (tau - 1) / 2 / all, 1e-9);
	}
	stackdist_free(s);
}

static void test_steps(void **state)
{
	u64 n;
	u32 i;

	for (i = 0; i + 1 < STACKDIST_STEPS; i++) {
		assert_true(stackdist_step(i) < stackdist_step(i + 1));
		assert_int_equal(stackdist_step_below(stackdist_step(i)), i);
		assert_int_equal(stackdist_step_below(stackdist_step(i + 1) - 1), i);
	}
	for (n = 1; n < 40; n++)
		assert_int_equal(stackdist_step(stackdist_step_below(1ull << n)), 1ull << n);
}

static void test_no_references(void **state)
{
	struct stackdist *exact = stackdist_new(1, 1), *sampled = stackdist_new(0.01, 1);

	stackdist_finish(exact);
	stackdist_finish(sampled);
	assert_true(stackdist_misses(exact, 1) == 0);
	assert_true(stackdist_misses(sampled, 1000) == 0);
	assert_true(stackdist_bound(sampled, 1000) == 0);
	assert_true(stackdist_working_set(exact, 3) == 0);
	stackdist_free(exact);
	stackdist_free(sampled);
}

/* Of capacities, those at which the estimate is further from the truth than its bound. */
static u32 outside(const struct stackdist *exact, const struct stackdist *sampled, u32 *all)
{
	u32 i, n = 0;

	assert_int_equal(stackdist_references(sampled), stackdist_references(exact));
	for (i = stackdist_step_below(stackdist_least(sampled));
	     (double)stackdist_step(i) < 1.2 * stackdist_units(exact); i++, ++*all)
		n += fabs(stackdist_misses(exact, stackdist_step(i)) -
			  stackdist_misses(sampled, stackdist_step(i))) >
		     stackdist_bound(sampled, stackdist_step(i));
	return n;
}

static void sample(enum shape shape, double rate, u32 seeds, u32 *all, u32 *wrong)
{
	const u32 n = 100000;
	u64 *stream = make_stream(shape, 20000, n, 11);
	struct stackdist *exact = measure(stream, n, 1, 1), *sampled;
	u32 seed;

	for (seed = 1; seed <= seeds; seed++) {
		sampled = measure(stream, n, rate, seed);
		*wrong += outside(exact, sampled, all);
		stackdist_free(sampled);
	}
	stackdist_free(exact);
	free(stream);
}

static void test_sample_within_bound(void **state)
{
	u32 shape, all = 0, wrong = 0;

	for (shape = 0; shape < NR_SHAPES; shape++) {
		sample(shape, 0.1, 5, &all, &wrong);
		sample(shape, 0.02, 5, &all, &wrong);
	}
	assert_true(all > 1000);
	assert_int_equal(wrong, 0);
}

/* The bound is stated to hold in 99.7 % of all cases. */
static void test_bound_over_many_seeds(void **state)
{
	u32 shape, all = 0, wrong = 0;

	for (shape = 0; shape < NR_SHAPES; shape++)
		sample(shape, 0.05, 40, &all, &wrong);
	print_message("%u of %u outside of the bound\n", wrong, all);
	assert_true(wrong * 1000.0 <= 3.0 * all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_twin_of_many_units),
		cmocka_unit_test(test_again_is_touching),
		cmocka_unit_test(test_spaces_are_apart),
		cmocka_unit_test(test_working_set),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_no_references),
		cmocka_unit_test(test_sample_within_bound),
		cmocka_unit_test(test_bound_over_many_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
