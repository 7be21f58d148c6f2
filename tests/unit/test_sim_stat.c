/* The registry of counters: order, names, values as they are at the moment of looking. */
#include <stdio.h>
#include <string.h>

#include "model/sim/stat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TOY_STATS(X)                 \
	X(hits, "accesses", "found") \
	X(misses, "accesses", "not found")

struct toy {
	u32 other;
	TOY_STATS(STAT_FIELD)
};
#define STAT_STRUCT struct toy
static const struct stat_desc toy_stats[] = { TOY_STATS(STAT_ROW) { 0 } };

static void join_names(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s=%u %s/%s;", name, (u32)value, unit, help);
}

static void visits_in_order_with_present_values(void **state)
{
	struct stats *s = stats_new();
	struct toy a = { 0 }, b = { 0 };
	u64 alone = 3;
	char text[300] = "";

	stats_add(s, "b.toy", toy_stats, &b);
	stats_add_one(s, "alone", &alone, "things", "one");
	stats_add(s, "", toy_stats, &a);
	a.hits = 5;
	b.misses = 7;
	stats_each(s, join_names, text);
	assert_string_equal(text, "b.toy.hits=0 accesses/found;b.toy.misses=7 accesses/not found;"
				  "alone=3 things/one;hits=5 accesses/found;misses=0 accesses/not found;");
	assert_int_equal(stats_value(s, "b.toy.misses"), 7);
	assert_true(stats_has(s, "hits"));
	assert_false(stats_has(s, "b.toy"));
	assert_false(stats_has(s, ""));
	stats_free(s);
}

static void clearing_touches_only_the_table(void **state)
{
	struct toy t = { .other = 1, .hits = 2, .misses = 3 };

	stats_clear_table(toy_stats, &t);
	assert_int_equal(t.other, 1);
	assert_int_equal(t.hits + t.misses, 0);
}

static void finds_each_of_thousands(void **state)
{
	static u64 values[5000];
	struct stats *s = stats_new();
	char name[32];

	for (u32 i = 0; i < 5000; i++) {
		values[i] = i;
		sprintf(name, "core%u.x", i);
		stats_add_one(s, name, &values[i], "", "");
	}
	for (u32 i = 0; i < 5000; i++) {
		sprintf(name, "core%u.x", i);
		assert_int_equal(stats_value(s, name), i);
	}
	assert_false(stats_has(s, "core5000.x"));
	stats_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visits_in_order_with_present_values),
		cmocka_unit_test(clearing_touches_only_the_table),
		cmocka_unit_test(finds_each_of_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
