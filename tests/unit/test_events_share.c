/* Is the time of a timeline's lanes divided right: spans in spans, interrupts, requests that overlap? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/events_share.h"
#include "model/base/error.h"
#include "model/base/rng.h"

#define DIR    "build/tests"
#define PATH   DIR "/" EVENTS_FILE
#define PIECES 10u

static struct events *begin(void)
{
	struct events *ev = events_new(DIR, 1000000000, ~(u64)0);

	events_timeline(ev)->paused = false;
	return ev;
}

static struct events_shares shares(struct events *ev, struct events_table *t)
{
	struct events_shares s;

	events_close(ev);
	assert_null(events_read(t, PATH));
	events_shares_of(t, PIECES, &s);
	return s;
}

static void end(struct events_shares *s, struct events_table *t)
{
	events_shares_fini(s);
	events_table_fini(t);
}

static double sum(const struct share_lane *l, enum share_part part)
{
	double n = 0;
	u32 i;

	for (i = 0; i < PIECES; i++)
		n += l->cycles[i][part];
	return n;
}

static void a_span_is_less_what_is_in_it(void **state)
{
	struct events *ev = begin();
	struct timeline *t = events_timeline(ev);
	struct events_table table;
	struct events_shares s;

	timeline_span(t, 0, TL_RECLAIM, 120, 150, 0, 0);
	timeline_span(t, 0, TL_RECLAIM, 160, 170, 0, 0);
	timeline_span(t, 0, TL_FAULT_ZERO, 100, 200, 0x1000, 0);
	timeline_span(t, 0, TL_FAULT_ZERO, 300, 330, 0x2000, 1);
	timeline_mark(t, 0, 400, "here");
	timeline_span(t, 0, TL_RUN, 0, 1000, 1, 2);
	timeline_span(t, 0, TL_TICK, 1000, 1010, 0, 0);
	s = shares(ev, &table);
	assert_int_equal(s.n_lanes, 1);
	assert_string_equal(s.lane[0].name, "core 0");
	assert_int_equal((s64)sum(&s.lane[0], SHARE_RECLAIM), 40);
	assert_int_equal((s64)sum(&s.lane[0], SHARE_FAULT), 60);
	assert_int_equal((s64)sum(&s.lane[0], SHARE_MAJOR), 30);
	assert_int_equal((s64)sum(&s.lane[0], SHARE_PROGRAM), 1000 - 130);
	assert_int_equal((s64)sum(&s.lane[0], SHARE_KTHREAD), 10);
	assert_int_equal((s64)s.lane[0].cycles[1][SHARE_RECLAIM], 40); /* 101 to 202 */
	assert_int_equal((s64)s.lane[0].cycles[1][SHARE_PROGRAM], 2);
	assert_string_equal(table.row[4].text, "here");
	end(&s, &table);
}

static void lanes_of_a_core_and_of_a_device_are_one(void **state)
{
	struct events *ev = begin();
	struct timeline *t = events_timeline(ev);
	struct events_table table;
	struct events_shares s;

	timeline_span(t, 1, TL_SWAP_READ, 100, 300, 0, 0);
	timeline_span(t, 1, TL_SWAP_READ, 200, 400, 0, 0);
	timeline_span(t, 1, TL_SWAP_READ, 350, 360, 0, 0);
	timeline_span(t, 1, TL_SWAP_READ, 500, 600, 0, 0);
	timeline_span(t, 3, TL_IPI, 700, 750, 0, 0);
	timeline_span(t, 3, TL_RUN, 600, 1000, 0, 0);
	timeline_span(t, 2, TL_KSWAPD, 900, 950, 0, 0);
	s = shares(ev, &table);
	assert_int_equal(s.n_lanes, 4);
	assert_string_equal(s.lane[0].name, "core 2");
	assert_string_equal(s.lane[1].name, "core 3");
	assert_string_equal(s.lane[2].name, "kswapd0");
	assert_string_equal(s.lane[3].name, "swap device");
	assert_int_equal((s64)sum(&s.lane[0], SHARE_KTHREAD), 50);
	assert_int_equal((s64)sum(&s.lane[2], SHARE_KTHREAD), 50);
	assert_int_equal((s64)sum(&s.lane[1], SHARE_IPI), 50);
	assert_int_equal((s64)sum(&s.lane[1], SHARE_PROGRAM), 350);
	assert_int_equal((s64)sum(&s.lane[3], SHARE_IO), 400);
	assert_int_equal((s64)s.all[SHARE_KTHREAD], 50);
	end(&s, &table);
}

/* Spans by chance, one in another: every cycle of the outermost belongs to one part. */
static u64 nest(struct timeline *t, struct rng *r, u64 now, u32 depth)
{
	u64 start = now, i;

	for (i = depth ? rng_below(r, 5) : 0; i; i--)
		now = nest(t, r, now + rng_below(r, 20), depth - 1);
	now += rng_below(r, 30);
	timeline_span(t, 0, depth == 5 ? TL_RUN : (enum timeline_kind)(1 + rng_below(r, TL_IPI - 1)), start,
		      now, 0, 0);
	return now;
}

static void every_cycle_is_told_once(void **state)
{
	struct events *ev = begin();
	struct events_table table;
	struct events_shares s;
	double all = 0;
	struct rng r;
	u64 now = 1000;
	u32 i;

	rng_init(&r, 1, "shares");
	for (i = 0; i < 100; i++)
		now = nest(events_timeline(ev), &r, now, 5);
	s = shares(ev, &table);
	for (i = 0; i < NR_SHARE_PARTS; i++)
		all += sum(&s.lane[0], i);
	assert_int_equal((s64)(all + 0.5), s.to - s.from);
	assert_true(s.to - s.from > 10000);
	end(&s, &table);
}

static void what_is_not_ours_is_refused(void **state)
{
	static const char *const files[] = {
		"", "[]\n", "{\"traceEvents\":[\n{\"ph\":\"X\"}\n",
		"{\"traceEvents\":[\nnonsense\n],\"otherData\":{\"left_out\":0}}\n"
	};
	struct events_table t;
	char *bad;
	FILE *f;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		f = fopen(PATH, "w");
		fputs(files[i], f);
		fclose(f);
		bad = events_read(&t, PATH);
		assert_non_null(bad);
		free(bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_less_what_is_in_it),
		cmocka_unit_test(lanes_of_a_core_and_of_a_device_are_one),
		cmocka_unit_test(every_cycle_is_told_once),
		cmocka_unit_test(what_is_not_ours_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
