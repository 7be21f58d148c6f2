/* The order of recorded threads: what may happen when, and what becomes of numbers that never come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "model/base/types.h"
#include "model/core/order.h"

static struct tr_event event(enum tr_event_kind kind, u64 seq)
{
	return (struct tr_event){ .kind = kind, .seq = seq };
}

static void test_numbers_in_turn(void **state)
{
	struct order_stats st = { 0 };
	struct order o = { .st = &st };
	struct tr_event first = event(TR_EV_MAP, 1), second = event(TR_EV_MAP, 2),
			seen = event(TR_EV_SEEN, 2);

	assert_true(order_passed(&o, order_before(&first)));
	assert_false(order_passed(&o, order_before(&second)));
	order_apply(&o, &first);
	assert_true(order_passed(&o, order_before(&second)));
	assert_false(order_passed(&o, order_before(&seen)));
	order_apply(&o, &second);
	assert_true(order_passed(&o, order_before(&seen)));
	order_apply(&o, &seen);
	assert_int_equal(o.applied, 2);
	assert_int_equal(st.order_gaps + st.order_late, 0);
}

static void test_unnumbered_waits_for_nothing(void **state)
{
	struct order_stats st = { 0 };
	struct order o = { .st = &st };
	struct tr_event ev = event(TR_EV_MAP, 0);

	assert_true(order_passed(&o, order_before(&ev)));
	order_apply(&o, &ev);
	assert_int_equal(o.applied, 0);
}

static void test_skipped_numbers_are_counted_and_may_come_late(void **state)
{
	struct order_stats st = { 0 };
	struct order o = { .st = &st };
	struct tr_event third = event(TR_EV_UNMAP, 3), fifth = event(TR_EV_UNMAP, 5);

	order_skip(&o, 4);
	assert_int_equal(st.order_gaps, 4);
	assert_true(order_is_late(&o, &third));
	assert_false(order_is_late(&o, &fifth));
	order_apply(&o, &third);
	assert_int_equal(o.applied, 4);
	assert_int_equal(st.order_late, 1);
	order_apply(&o, &fifth);
	assert_int_equal(o.applied, 5);
}

static void test_highest_number(void **state)
{
	struct order_stats st = { 0 };
	struct order o = { .st = &st };
	struct tr_event last = event(TR_EV_MAP, ~(u64)0), seen = event(TR_EV_SEEN, ~(u64)0);

	order_skip(&o, order_before(&last));
	assert_false(order_passed(&o, order_before(&seen)));
	order_apply(&o, &last);
	assert_true(order_passed(&o, order_before(&seen)));
}

static void test_what_takes_away(void **state)
{
	static const enum tr_event_kind always[] = { TR_EV_UNMAP, TR_EV_REMAP, TR_EV_PROTECT, TR_EV_ADVISE,
						     TR_EV_EXEC };
	struct tr_event ev;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(always); i++) {
		ev = event(always[i], 1);
		assert_true(order_takes_away(&ev, 0));
	}
	ev = event(TR_EV_MAP, 1);
	assert_false(order_takes_away(&ev, 0));
	ev.flags = TR_MAP_FIXED;
	assert_true(order_takes_away(&ev, 0));
	ev = event(TR_EV_BRK, 1);
	ev.addr = 0x2000;
	assert_false(order_takes_away(&ev, 0x2000));
	assert_true(order_takes_away(&ev, 0x3000));
	ev = event(TR_EV_EXIT, 1);
	assert_false(order_takes_away(&ev, 0));
	ev.flags = TR_EXIT_GROUP;
	assert_true(order_takes_away(&ev, 0));
	ev = event(TR_EV_WAKE, 1);
	assert_false(order_takes_away(&ev, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_in_turn),
		cmocka_unit_test(test_unnumbered_waits_for_nothing),
		cmocka_unit_test(test_skipped_numbers_are_counted_and_may_come_late),
		cmocka_unit_test(test_highest_number),
		cmocka_unit_test(test_what_takes_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
