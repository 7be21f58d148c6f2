/* Do conditions hold when they should, and do wrong ones say what is wrong? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expr.h"
#include "model/base/types.h"

#include <cmocka.h>

static const char *get(void *arg, const char *key)
{
	static const char *const values[][2] = {
		{ "l1d.size", "48K" },     { "l2.size", "2M" }, { "l2.replacement", "tree-plru" },
		{ "dram.fabric", "14ns" }, { "cores", "4" },    { "core.frequency", "3.8GHz" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(values[i][0], key))
			return values[i][1];
	return NULL;
}

static void check(const char *text, bool expected)
{
	bool holds;
	char *bad = expr_test(text, get, NULL, &holds);

	if (bad)
		fail_msg("%s", bad);
	if (holds != expected)
		fail_msg("%s: %d", text, holds);
}

static void conditions_hold(void **state)
{
	check("l1d.size <= l2.size", true);
	check("l1d.size >= l2.size", false);
	check("l1d.size < 48K", false);
	check("l1d.size == 48K && l1d.size == 49152", true);
	check("l1d.size*2==96K", true);
	check("l2.size / l1d.size > 42 && l2.size / l1d.size < 43", true);
	check("l2.size % l1d.size != 0", true);
	check("l2.replacement == \"tree-plru\"", true);
	check("l2.replacement != \"lru\" && cores == 4", true);
	check("dram.fabric == 0.014us", true);
	check("core.frequency > 3GHz", true);
	check("cores", true);
	check("!cores", false);
	check("!!cores", true);
	check("0.5", true);
	check("0", false);
}

/* Beside what the C compiler makes of the same. */
static void operators_bind_as_in_c(void **state)
{
#define BOTH(e) check(#e, e)
	BOTH(1 + 2 * 3 == 7);
	BOTH((1 + 2) * 3 == 9);
	BOTH(10 - 4 - 3 == 3);
	BOTH(24 / 4 / 3 == 2);
	BOTH(17 % 5 * 2 == 4);
	BOTH((1 || 0) && 0);
	BOTH((0 && 0) || 1);
	BOTH(1 < 2 && 2 < 3);
	BOTH(3 - 2 < 2 && !(2 < 1));
	BOTH(!0 + 1 == 2);
	check("1 || 0 && 0", true);
	check("0 && 0 || 1", true);
}

static void wrong(const char *text, const char *word)
{
	bool holds;
	char *bad = expr_test(text, get, NULL, &holds);

	assert_non_null(bad);
	if (!strstr(bad, word))
		fail_msg("'%s' does not say '%s'", bad, word);
	free(bad);
}

static void wrong_ones_say_what(void **state)
{
	char deep[1000];

	wrong("l1d.sise < 3", "no key");
	wrong("lru == 3", "quotes");
	wrong("l2.replacement < 3", "text where a number");
	wrong("l2.replacement == 3", "text is compared with a number");
	wrong("\"a\" == \"a", "without its end");
	wrong("(1", "')'");
	wrong("1)", "operator");
	wrong("", "the end");
	wrong("1 +", "the end");
	wrong("1 = 1", "'=='");
	wrong("1 / 0", "division by 0");
	wrong("1 % (cores - 4)", "division by 0");
	wrong("3X < 4", "no key");
	wrong("l1d.size & 1", "operator");
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	wrong(deep, "parentheses");
}

static void numbers_are_read(void **state)
{
	enum expr_unit unit;
	double v;

	assert_true(expr_number("1.5M", &v, &unit) && v == 1572864 && unit == EXPR_BYTES);
	assert_true(expr_number("2us", &v, &unit) && v == 2000 && unit == EXPR_NS);
	assert_true(expr_number("12", &v, &unit) && v == 12 && unit == EXPR_PLAIN);
	assert_true(expr_number("800MHz", &v, &unit) && v == 8e8 && unit == EXPR_HZ);
	assert_false(expr_number("", &v, &unit));
	assert_false(expr_number("lru", &v, &unit));
	assert_false(expr_number("-1", &v, &unit));
	assert_false(expr_number("1 ", &v, &unit));
	assert_false(expr_number("1e999", &v, &unit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_hold),
		cmocka_unit_test(operators_bind_as_in_c),
		cmocka_unit_test(wrong_ones_say_what),
		cmocka_unit_test(numbers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
