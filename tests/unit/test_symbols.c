/* Are a program's functions and data found by their places in the file, and does no damaged file lead astray?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/symbols.h"
#include "model/base/error.h"
#include "model/base/rng.h"

#include <cmocka.h>

#define COPY "build/tests/symbols.tmp"

static int some_data[100] = { 1, 2, 3 };
static int some_zeros[2000];

static noinline int some_function(int x)
{
	some_zeros[x]++;
	return some_data[x % 100] + some_zeros[x];
}

/* Where the file has what lies at an address of this process. */
static bool offset_of(const void *at, u64 *offset)
{
	unsigned long from, to, start;
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %*s %lx", &from, &to, &start) != 3)
			continue;
		found = (uintptr_t)at >= from && (uintptr_t)at < to;
		*offset = (uintptr_t)at - from + start;
	}
	fclose(f);
	return found;
}

static void functions_and_data_are_found(void **state)
{
	struct symbols *s = symbols_open("/proc/self/exe", 0);
	u64 offset, behind;

	assert_non_null(s);
	assert_true(offset_of((const void *)(uintptr_t)some_function, &offset));
	assert_string_equal(symbols_find(s, offset, &behind), "some_function");
	assert_int_equal(behind, 0);
	assert_string_equal(symbols_find(s, offset + 3, &behind), "some_function");
	assert_int_equal(behind, 3);
	assert_true(offset_of(&some_data[50], &offset));
	assert_string_equal(symbols_find(s, offset, &behind), "some_data");
	assert_int_equal(behind, 200);
	assert_null(symbols_find(s, 0, &behind)); /* the file's header */
	assert_false(symbols_loads(s, 1ull << 40));
	assert_true(some_function(1) == 2 + 1);
	symbols_free(s);
}

static void other_files_have_none(void **state)
{
	struct stat st;

	assert_null(symbols_open("/nonexistent", 0));
	assert_null(symbols_open("Makefile", 0));
	assert_null(symbols_open("/dev/zero", 0));
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	assert_null(symbols_open("/proc/self/exe", (u64)st.st_size + 1));
	symbols_free(symbols_open("/proc/self/exe", (u64)st.st_size));
}

/* What this test's own file would be with some bytes changed, mostly in its headers. */
static void damaged_files_do_no_harm(void **state)
{
	static u8 bytes[1 << 20], damaged[1 << 20];
	FILE *f = fopen("/proc/self/exe", "r");
	struct symbols *s;
	struct rng rng;
	u64 behind;
	size_t len;
	u32 round, i;

	assert_non_null(f);
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	rng_init(&rng, 1, "symbols");
	for (round = 0; round < 400; round++) {
		size_t cut = round % 4 ? len : rng_below(&rng, len);

		memcpy(damaged, bytes, len);
		for (i = rng_below(&rng, 20); i; i--)
			damaged[rng_below(&rng, round % 3 ? 1024 : len)] = (u8)rng_next(&rng);
		f = fopen(COPY, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(damaged, 1, cut, f), cut);
		fclose(f);
		s = symbols_open(COPY, 0);
		for (i = 0; s && i < 100; i++)
			symbols_find(s, rng_below(&rng, 2 * len), &behind);
		symbols_free(s);
	}
	unlink(COPY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_and_data_are_found),
		cmocka_unit_test(other_files_have_none),
		cmocka_unit_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
