/*
 * The ladder counts each request at the level that served it, with what it cost between its beginning and
 * its end; a machine whose kernel code is free keeps none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "model/mm/ladder.h"

/* A hardware thread whose tally is what the test says. */
struct fake {
	struct cpu cpu;
	struct kernel_tally tally;
};

static void fake_tally(struct cpu *c, struct kernel_tally *t)
{
	*t = ((struct fake *)c)->tally;
}

static const struct cpu_ops fake_ops = { .tally = fake_tally };

static void request(struct ladder *l, struct fake *f, enum ladder_kind kind, u64 cycles)
{
	struct ladder_scope s;

	ladder_begin(l, &f->cpu, &s);
	f->tally.cycles += cycles;
	f->tally.lines += 3;
	f->tally.evicted_translations += 1;
	ladder_end(l, &s, kind);
}

static void test_sums(void **state)
{
	struct fake f = { .cpu.ops = &fake_ops, .tally = { .cycles = 1000, .lines = 5 } };
	struct ladder *l = ladder_new(true);
	struct stats *s = stats_new();
	struct ladder_scope open;
	u32 i;

	ladder_stats(l, s);
	for (i = 1; i <= 100; i++)
		request(l, &f, LADDER_PAGE_PCP, i);
	request(l, &f, LADDER_OBJECT_GROW, 5000);
	ladder_begin(l, &f.cpu, &open); /* never ended */
	ladder_begin(l, NULL, &open);
	ladder_end(l, &open, LADDER_VFREE);
	assert_int_equal(stats_value(s, "mm.ladder.page.pcp.count"), 100);
	assert_int_equal(stats_value(s, "mm.ladder.page.pcp.cycles"), 5050);
	assert_int_equal(stats_value(s, "mm.ladder.page.pcp.lines"), 300);
	assert_int_equal(stats_value(s, "mm.ladder.page.pcp.evicted_translations"), 100);
	assert_int_equal(stats_value(s, "mm.ladder.object.grow.cycles"), 5000);
	assert_int_equal(stats_value(s, "mm.ladder.vmalloc.free.count"), 0);
	assert_int_equal(hist_percentile(ladder_hist(l, LADDER_PAGE_PCP), 99, 100), 99);
	assert_int_equal(hist_count(ladder_hist(l, LADDER_PAGE_PCP)), 100);
	stats_free(s);
	ladder_free(l);
}

/* Scopes nest: the outer one has all of the inner one. */
static void test_nested(void **state)
{
	struct fake f = { .cpu.ops = &fake_ops };
	struct ladder *l = ladder_new(true);
	struct ladder_scope outer;

	ladder_begin(l, &f.cpu, &outer);
	f.tally.cycles += 10;
	request(l, &f, LADDER_PAGE_BUDDY, 200);
	f.tally.cycles += 7;
	ladder_end(l, &outer, LADDER_OBJECT_GROW);
	assert_int_equal(l->row[LADDER_PAGE_BUDDY].sum.cycles, 200);
	assert_int_equal(l->row[LADDER_OBJECT_GROW].sum.cycles, 217);
	assert_int_equal(l->row[LADDER_OBJECT_GROW].sum.lines, 3);
	ladder_free(l);
}

static void test_off(void **state)
{
	struct fake f = { .cpu.ops = &fake_ops };
	struct ladder *l = ladder_new(false);
	struct ladder_scope s;

	request(l, &f, LADDER_PAGE_PCP, 10);
	assert_int_equal(l->row[LADDER_PAGE_PCP].count, 0);
	ladder_begin(NULL, &f.cpu, &s);
	ladder_end(NULL, &s, LADDER_PAGE_PCP);
	ladder_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
