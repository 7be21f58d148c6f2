/* Is stats.json read as it was written, and refused with the place when it is damaged? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/counters.h"
#include "model/base/error.h"

#include <cmocka.h>

static char path[] = "/tmp/mmsim-counters-XXXXXX";

static char *read_text(struct counters *c, const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	return counters_from_json(c, path);
}

static void counters_are_read_in_their_order(void **state)
{
	struct counters c;

	assert_null(read_text(&c, "{\n \"b.x\": 7,\n\t\"a\":0 , \"c\":18446744073709551615\r\n}\n", 52));
	assert_int_equal(c.n, 3);
	assert_string_equal(c.at[0].name, "b.x");
	assert_int_equal(c.at[0].value, 7);
	assert_string_equal(c.at[1].name, "a");
	assert_int_equal(c.at[1].value, 0);
	assert_string_equal(c.at[2].name, "c");
	assert_true(c.at[2].value == ~(u64)0);
	counters_fini(&c);
	assert_null(read_text(&c, "{ }", 3));
	assert_int_equal(c.n, 0);
	counters_fini(&c);
}

static void damage_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
		{ "", "line 1: is not one JSON object" },
		{ "[1]", "line 1: is not one JSON object" },
		{ "{\n \"a\": 1,\n \"b\": -1\n}", "line 3: \"b\" is not a counter" },
		{ "{ \"a\": 1.5 }", "\"a\" is not a counter" },
		{ "{ \"a\": 1e3 }", "\"a\" is not a counter" },
		{ "{ \"a\": \"1\" }", "\"a\" is not a counter" },
		{ "{ \"a\": 18446744073709551616 }", "\"a\" is not a counter" },
		{ "{ \"a\" 1 }", "\"a\" is not a counter" },
		{ "{ \"a\": 1, \"a\": 1 }", "\"a\" is there twice" },
		{ "{ \"a\": 1,\n }", "line 2: a counter's name in \"\" is missing" },
		{ "{ \"a\\n\": 1 }", "a counter's name in \"\" is missing" },
		{ "{ \"a", "a counter's name in \"\" is missing" },
		{ "{ \"a\": 1\n \"b\": 2 }", "line 2: ',' or '}' is missing" },
		{ "{ \"a\": 1", "',' or '}' is missing" },
		{ "{ \"a\": 1 } {", "something follows the object" },
	};
	struct counters c;
	char *what;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		what = read_text(&c, bad[i].text, strlen(bad[i].text));
		assert_non_null(what);
		if (!strstr(what, bad[i].what) || !strstr(what, path))
			fail_msg("%s: said '%s', not '%s'", bad[i].text, what, bad[i].what);
		assert_int_equal(c.n, 0);
		free(what);
	}
	what = counters_from_json(&c, "/nowhere/stats.json");
	assert_non_null(strstr(what, "cannot read '/nowhere/stats.json'"));
	free(what);
}

/* No beginning of a file is taken for the whole of it. */
static void no_part_is_a_whole(void **state)
{
	static const char text[] = "{\n \"core0.cycles\": 123,\n \"core0.instructions\": 45\n}\n";
	struct counters c;
	char *what;
	size_t n;

	for (n = 0; n < sizeof(text) - 2; n++) {
		what = read_text(&c, text, n);
		assert_non_null(what);
		free(what);
	}
	assert_null(read_text(&c, text, sizeof(text) - 2));
	counters_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_read_in_their_order),
		cmocka_unit_test(damage_is_told_with_its_line),
		cmocka_unit_test(no_part_is_a_whole),
	};
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	close(fd);
	status = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return status;
}
