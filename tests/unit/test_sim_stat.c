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

static void a_view_has_other_values_under_the_same_names(void **state)
{
	struct stats *s = stats_new(), *view;
	struct toy t = { .hits = 2, .misses = 3 };
	u64 values[2];
	char text[300] = "";

	stats_add(s, "toy", toy_stats, &t);
	stats_set_level(s, "toy.misses");
	assert_int_equal(stats_count(s), 2);
	stats_copy(s, values);
	t.hits = 10;
	values[1] = 4;
	view = stats_view(s, values);
	stats_each(view, join_names, text);
	assert_string_equal(text, "toy.hits=2 accesses/found;toy.misses=4 accesses/not found;");
	assert_string_equal(stats_name(view, 1), "toy.misses");
	assert_false(stats_is_level(view, 0));
	assert_true(stats_is_level(view, 1));
	assert_int_equal(stats_value(s, "toy.hits"), 10);
	stats_free(view);
	stats_free(s);
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
		cmocka_unit_test(a_view_has_other_values_under_the_same_names),
		cmocka_unit_test(finds_each_of_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
