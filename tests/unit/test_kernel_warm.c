/*
 * The kernel's lines at the beginning of a run: which caches have them, that counters and DRAM know nothing
 * of how they came there, and what it spares a program's first fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/core/core_state.h"
#include "model/core/machine.h"
#include "model/hw/cache_parts.h"
#include "model/mm/footprint.h"
#include "model/mm/kernel_warm.h"
#include "model/mm/kpgtable.h"
#include "model/mm/mm.h"
#include "model/sim/config.h"

#include <cmocka.h> /* last: its fail() is a macro */

static struct machine *build(const char *name, const char *key)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	struct machine *m;

	config_load(c, "machines", name);
	config_set(c, "kernel.placement=buddy");
	if (key)
		config_set(c, key);
	m = machine_new(&cfg, 0);
	config_free(c);
	return m;
}

static void end(struct machine *m)
{
	machine_settle(m);
	machine_free(m);
}

static bool has(const struct cache *c, u64 pa)
{
	return cache_find_pa(c, pa >> c->line_shift) != TAG_MISS;
}

struct seen {
	struct core *core;
	u32 lines, text, l1, l2, text_l2; /* a line may be told twice, one of text is not */
};

static void look(void *arg, u64 pa, bool text)
{
	struct seen *s = arg;

	s->lines++;
	s->text += text;
	s->l1 += has(&s->core->l1i, pa) + has(&s->core->l1d, pa);
	s->l2 += has(&s->core->lower[0], pa);
	s->text_l2 += text && has(&s->core->lower[0], pa);
}

static struct seen walk(struct machine *m, u32 cpu, bool all)
{
	struct seen s = { .core = m->cores[cpu] };
	struct warm_walk w = { .cpu = cpu, .line = 64, .all = all, .fn = look, .arg = &s };

	kernel_each_warm_line(m->kernel, &w);
	return s;
}

/* Two megabytes of L2 have room for all of it; no first level has any. */
static void lines_are_below_the_first_level(void **state)
{
	struct machine *m = build("golden-cove", NULL);
	struct seen s = walk(m, 0, true);
	/* What runs once a second, for other cores, where memory is short, or for files that are not read. */
	static const u8 cold[] = { KPATH_KTHREAD, KPATH_IPI,  KPATH_SHOOTDOWN, KPATH_RECLAIM,
				   KPATH_SWAP,    KPATH_ZRAM, KPATH_PAGE_CACHE };
	u32 text = 0, i;

	for (i = 0; i < NR_KERNEL_STEPS; i++)
		if (!memchr(cold, kernel_step_path[i], sizeof(cold)) && i != STEP_MLOCK &&
		    i != STEP_MLOCK_PAGE && i != STEP_POPULATE_PAGE)
			text += m->kernel->charger.step[i].bytes / 64;
	assert_int_equal(s.text, text);
	assert_true(s.lines > text);
	assert_int_equal(s.l1, 0);
	assert_int_equal(s.l2, s.lines);
	end(m);
}

/* Where L2 has not, what everybody uses is there. */
static void a_small_cache_keeps_the_common_ones(void **state)
{
	struct machine *m = build("skylake-sp", "l2.size=256K");
	struct seen common = walk(m, 0, false), all = walk(m, 0, true);

	assert_true(common.lines * 2 < all.lines);
	assert_in_range(common.l2, common.lines * 95 / 100, common.lines);
	assert_in_range(all.text_l2, 2048, 4096);
	end(m);
}

static void is_zero(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	const struct stats *cold = arg;

	assert_int_equal(value, stats_value(cold, name));
}

/* Every counter is what it is without, on machines with directories, victim caches, hosts and nodes. */
static void nothing_is_counted(void **state)
{
	static const char *const machines[] = { "golden-cove", "zen4",     "haswell-2s",          "kvm-guest",
						"numaq",       "pentium3", "neoverse-v2-prefetch" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		struct machine *cold = build(machines[i], "kernel.warm=no"), *warm = build(machines[i], NULL);

		stats_each(warm->stats, is_zero, cold->stats);
		end(cold);
		end(warm);
	}
}

/* Cores have their own idle task's lines, and share the text. */
static void every_core_is_warm(void **state)
{
	struct machine *m = build("haswell-2s", NULL);
	u32 i;

	for (i = 0; i < m->cfg.cores; i++) {
		struct seen s = walk(m, i, false);

		assert_int_equal(s.l1, 0);
		assert_in_range(s.l2, s.lines * 95 / 100, s.lines);
	}
	end(m);
}

static void no_lines(struct machine *m)
{
	assert_int_equal(walk(m, 0, true).lines, 0);
	end(m);
}

static void nothing_is_warm_without_its_cost(void **state)
{
	no_lines(build("golden-cove", "kernel.warm=no"));
	no_lines(build("golden-cove", "kernel.charge=no"));
	no_lines(build("golden-cove", "kernel.placement=sequential"));
}

/* Text of a step, run for the first time. */
static struct kernel_tally first_run(const char *key)
{
	struct machine *m = build("golden-cove", key);
	struct cpu *c = core_cpu(m->cores[0]);
	struct kernel_tally before, after;

	c->ops->tally(c, &before);
	charge_step(&m->kernel->charger, c, STEP_FAULT_ENTRY);
	charge_step(&m->kernel->charger, c, STEP_TABLE_WALK);
	c->ops->tally(c, &after);
	after.cycles -= before.cycles;
	end(m);
	return after;
}

/* 21 and 52 lines: none is in L1I; 16 cycles each from L2 instead of a hundred ns from DRAM. */
static void the_first_fault_misses_l1_only(void **state)
{
	struct kernel_tally warm = first_run(NULL), cold = first_run("kernel.warm=no");

	assert_int_equal(warm.lines, 21 + 52);
	assert_int_equal(warm.l1_misses, warm.lines);
	assert_int_equal(warm.l2_misses, 0);
	assert_int_equal(cold.memory, cold.lines);
	assert_true(warm.cycles * 10 < cold.cycles);
}

static void forgets(void **state)
{
	u64 a = 5, level = 7, values[2];
	struct stats *s = stats_new();

	stats_add_one(s, "a", &a, "", "");
	stats_add_one(s, "level", &level, "", "");
	stats_set_level(s, "level");
	stats_copy(s, values);
	a += 10;
	level += 10;
	stats_forget(s, values);
	assert_int_equal(stats_value(s, "a"), 5);
	assert_int_equal(stats_value(s, "level"), 17);
	stats_copy(s, values);
	a++;
	stats_forget(s, values);
	a++;
	assert_int_equal(stats_value(s, "a"), 6);
	stats_free(s);
}

/* A directory right below the first levels, where two threads share L2: what is asked for is nobody's. */
static void threads_share_l2(void **state)
{
	end(build("haswell-2s", "l2.sharers=2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_below_the_first_level),
		cmocka_unit_test(a_small_cache_keeps_the_common_ones),
		cmocka_unit_test(nothing_is_counted),
		cmocka_unit_test(every_core_is_warm),
		cmocka_unit_test(nothing_is_warm_without_its_cost),
		cmocka_unit_test(the_first_fault_misses_l1_only),
		cmocka_unit_test(forgets),
		cmocka_unit_test(threads_share_l2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
