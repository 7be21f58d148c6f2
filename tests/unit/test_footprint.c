/* Are touched pages counted once, in the mapping that they lay in when they were touched? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "traces/footprint.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define PAGE 4096u

static u64 pages_of(struct footprint *f, const char *name)
{
	const struct footprint_row *row;
	u32 n = footprint_rows(f, &row), i;

	for (i = 0; i < n; i++)
		if (!strcmp(row[i].name, name))
			return row[i].pages;
	return 0;
}

static void event(struct footprint *f, u32 pid, struct tr_event ev)
{
	footprint_event(f, pid, &ev);
}

static void map_file(struct footprint *f, u64 page, u64 n, u32 file)
{
	event(f, 1,
	      (struct tr_event){ .kind = TR_EV_MAP, .addr = page * PAGE, .len = n * PAGE, .file = file });
}

static void test_mappings(void **state)
{
	struct footprint *f = footprint_new();
	u32 i;

	event(f, 1, (struct tr_event){ .kind = TR_EV_FILE, .file = 3, .name = "/bin/true" });
	map_file(f, 10, 10, 3);
	event(f, 1,
	      (struct tr_event){
		      .kind = TR_EV_MAP, .addr = 100 * PAGE, .len = 8 * PAGE, .flags = TR_MAP_ANON });
	event(f, 1,
	      (struct tr_event){ .kind = TR_EV_MAP,
				 .addr = 200 * PAGE,
				 .len = 8 * PAGE,
				 .flags = TR_MAP_ANON | TR_MAP_GROWSDOWN });
	event(f, 1, (struct tr_event){ .kind = TR_EV_BRK, .addr = 304 * PAGE, .addr2 = 300 * PAGE });
	for (i = 0; i < 3; i++) {
		footprint_touch(f, 1, 10 * PAGE + i, 1);
		footprint_touch(f, 1, 12 * PAGE - 1, 2); /* two pages */
		footprint_touch(f, 1, 100 * PAGE, 8);
		footprint_touch(f, 1, 207 * PAGE, 8);
		footprint_touch(f, 1, 303 * PAGE, 8);
		footprint_touch(f, 1, 304 * PAGE, 8);
		footprint_touch(f, 2, 100 * PAGE, 8); /* another process maps nothing */
	}
	assert_int_equal(pages_of(f, "/bin/true"), 3);
	assert_int_equal(pages_of(f, "[anon]"), 1);
	assert_int_equal(pages_of(f, "[stack]"), 1);
	assert_int_equal(pages_of(f, "[heap]"), 1);
	assert_int_equal(pages_of(f, "(no mapping)"), 2);
	assert_int_equal(footprint_pages(f), 8);
	footprint_free(f);
}

/* A hole in the middle, something else in its place, and a move. */
static void test_changes(void **state)
{
	struct footprint *f = footprint_new();

	event(f, 1, (struct tr_event){ .kind = TR_EV_FILE, .file = 1, .name = "a" });
	event(f, 1, (struct tr_event){ .kind = TR_EV_FILE, .file = 2, .name = "b" });
	map_file(f, 10, 10, 1);
	footprint_touch(f, 1, 14 * PAGE, 1);
	event(f, 1, (struct tr_event){ .kind = TR_EV_UNMAP, .addr = 14 * PAGE, .len = 2 * PAGE });
	map_file(f, 15, 1, 2);
	footprint_touch(f, 1, 13 * PAGE, 1);
	footprint_touch(f, 1, 14 * PAGE, 1);
	footprint_touch(f, 1, 15 * PAGE, 1);
	footprint_touch(f, 1, 16 * PAGE, 1);
	assert_int_equal(pages_of(f, "a"), 3);
	assert_int_equal(pages_of(f, "b"), 1);
	assert_int_equal(pages_of(f, "(no mapping)"), 0); /* 14 was a's */
	event(f, 1,
	      (struct tr_event){ .kind = TR_EV_REMAP,
				 .addr = 15 * PAGE,
				 .len = PAGE,
				 .addr2 = 50 * PAGE,
				 .len2 = 2 * PAGE });
	footprint_touch(f, 1, 51 * PAGE, 1);
	assert_int_equal(pages_of(f, "b"), 2);
	footprint_free(f);
}

/* Another thread's packet comes first and tells of touches before the mapping. */
static void test_late_mapping(void **state)
{
	struct footprint *f = footprint_new();

	footprint_touch(f, 1, 14 * PAGE, 1);
	footprint_touch(f, 1, 99 * PAGE, 1);
	event(f, 1, (struct tr_event){ .kind = TR_EV_FILE, .file = 1, .name = "a" });
	footprint_touch(f, 1, 15 * PAGE, 1);
	map_file(f, 10, 10, 1);
	footprint_touch(f, 1, 15 * PAGE, 1);
	assert_int_equal(pages_of(f, "a"), 2);
	assert_int_equal(pages_of(f, "(no mapping)"), 1);
	footprint_free(f);
}

static void test_fork_and_exec(void **state)
{
	struct footprint *f = footprint_new();

	event(f, 1, (struct tr_event){ .kind = TR_EV_FILE, .file = 1, .name = "a" });
	map_file(f, 10, 2, 1);
	event(f, 1, (struct tr_event){ .kind = TR_EV_FORK, .arg = 2 });
	footprint_touch(f, 2, 10 * PAGE, 1);
	event(f, 2, (struct tr_event){ .kind = TR_EV_EXEC, .arg = 1 });
	footprint_touch(f, 2, 11 * PAGE, 1);
	footprint_touch(f, 1, 11 * PAGE, 1);
	assert_int_equal(pages_of(f, "a"), 2);
	assert_int_equal(pages_of(f, "(no mapping)"), 1);
	footprint_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_late_mapping),
		cmocka_unit_test(test_fork_and_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
