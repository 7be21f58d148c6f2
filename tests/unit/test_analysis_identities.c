/* Identities: those that hold pass, a single count off is found, those whose counters are missing do not
 * apply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "analysis/identities.h"
#include "analysis/stack.h"
#include "model/base/error.h"
#include "model/core/machine.h"

static void expect(const struct counters *c, const char *identity, bool applies, const char *broken)
{
	bool applied;
	char *bad = identity_broken(c, identity, &applied);

	assert_int_equal(applied, applies);
	if (broken)
		assert_string_equal(bad, broken);
	else
		assert_null(bad);
	free(bad);
}

static void terms_and_signs(void **state)
{
	struct counters c = { 0 };

	counters_add(&c, "core0.a", 3);
	counters_add(&c, "core1.a", 4);
	counters_add(&c, "core10.a", 5);
	counters_add(&c, "b", 12);
	counters_add(&c, "zero", 0);
	counters_add(&c, "corefile.a", 99);
	expect(&c, "b = core*.a", true, NULL);
	expect(&c, "b - core0.a = core1.a + core10.a", true, NULL);
	expect(&c, "zero - core0.a = zero - core0.a", true, NULL);
	expect(&c, "b >= core0.a", true, NULL);
	expect(&c, "core0.a >= b", true, "core0.a >= b: 3 against 12");
	expect(&c, "b = core0.a", true, "b = core0.a: 12 against 3");
	expect(&c, "b = core0.missing", false, NULL);
	expect(&c, "b = core*.a + zero - zero", true, NULL);
	counters_fini(&c);
}

static void cycle_stack_must_sum_up(void **state)
{
	struct counters c = { 0 };
	struct stack s;
	u32 checked;
	char *bad;

	counters_add(&c, "core0.cycles", 10);
	counters_add(&c, "core0.cycles.base", 6);
	counters_add(&c, "core0.cycles.kernel.fault", 3);
	counters_add(&c, "core0.cycles.idle", 0);
	counters_add(&c, "core1.cycles", 5);
	counters_add(&c, "core1.cycles.base", 6);
	assert_null(identities_broken(&c, &checked));
	assert_int_equal(checked, 1);
	stack_of(&s, &c);
	assert_int_equal(s.n, 2);
	assert_int_equal(stack_get(&s, "base"), 12);
	assert_int_equal(stack_get(&s, "kernel.fault"), 3);
	assert_int_equal(stack_get(&s, "dram"), 0);
	c.at[1].value++;
	bad = identities_broken(&c, &checked);
	assert_non_null(bad);
	assert_non_null(strstr(bad, "15 against 16"));
	free(bad);
	counters_fini(&c);
}

static void samples_are_accesses(void **state)
{
	struct hist *h = xcalloc(1, sizeof(*h));
	struct results_latency l[] = { { "load", "l1", "tlb", h, "none" },
				       { "store", "l2", "tlb", h, "none" },
				       { "fetch", "any", "any", h, "any" } };
	struct counters c = { 0 };
	u32 checked;
	char *bad;

	hist_add(h, 5, 7);
	counters_add(&c, "core0.l1d.loads", 9);
	counters_add(&c, "core0.l1d.stores", 8);
	counters_add(&c, "core0.atomics", 1);
	counters_add(&c, "core0.line_straddles", 2);
	identities_add_latency(&c, l, ARRAY_SIZE(l));
	assert_int_equal(counters_get(&c, "latency.load"), 7);
	assert_null(identities_broken(&c, &checked));
	assert_int_equal(checked, 2); /* and every sample has its cause */
	c.at[0].value = 8;
	bad = identities_broken(&c, &checked);
	assert_non_null(bad);
	free(bad);
	counters_fini(&c);
	free(h);
}

/* Machines with a level or a directory wherever one can be; 0 sharers: all cores. */
static const struct shape {
	u32 cores, l2_sharers, l3_sharers;
	u64 l4;
	u32 l4_sharers, sockets;
} shapes[] = {
	{ 1, 1, 0, 0, 0, 1 },       { 1, 0, 0, 0, 0, 1 },       { 4, 1, 0, 0, 0, 1 },
	{ 4, 2, 0, 0, 0, 1 },       { 4, 1, 2, 0, 0, 1 },       { 4, 1, 2, 1 << 26, 0, 1 },
	{ 4, 1, 1, 1 << 26, 0, 1 }, { 4, 1, 0, 0, 0, 2 },
};

#define MANY 128u

static void apply(const struct shape *shape, bool applies[MANY])
{
	struct machine_cfg cfg;
	struct config *config = config_new(machine_sections, &cfg);
	struct machine *m;
	struct counters c;
	bool applied;
	u32 i;

	config_load(config, "machines", "golden-cove");
	config_load(config, "kernels", "simple");
	cfg.cores = shape->cores;
	cfg.hw.l2.sharers = shape->l2_sharers;
	cfg.hw.l3.sharers = shape->l3_sharers;
	cfg.hw.l4.size = shape->l4;
	cfg.hw.l4.sharers = shape->l4_sharers;
	cfg.hw.sockets = MAX(shape->sockets, 1);
	machine_check(&cfg, config);
	m = machine_new(&cfg, 0);
	counters_from_stats(&c, m->stats);
	identities_add_latency(&c, NULL, 0);
	for (i = 0; identities[i]; i++) {
		assert_null(identity_broken(&c, identities[i], &applied));
		applies[i] |= applied;
	}
	counters_fini(&c);
	machine_free(m);
	config_free(config);
}

/* No identity is idle because of a name that nothing has. */
static void every_identity_applies_to_a_machine(void **state)
{
	bool applies[MANY] = { false };
	u32 i, idle = 0;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		apply(&shapes[i], applies);
	for (i = 0; identities[i]; i++) {
		assert_true(i < MANY);
		if (!applies[i]) {
			print_error("idle: %s\n", identities[i]);
			idle++;
		}
	}
	assert_int_equal(idle, 0);
}

static void patterns(void **state)
{
	assert_true(counters_match("l3*.loads", "l3.loads"));
	assert_true(counters_match("l3*.loads", "l3_0.loads"));
	assert_true(counters_match("l3*.directory.reads", "l3_12.directory.reads"));
	assert_false(counters_match("l3*.loads", "l3.load_misses"));
	assert_false(counters_match("l3*.loads", "l3_.directory.loads"));
	assert_false(counters_match("l3*.loads", "core0.l3.loads"));
	assert_false(counters_match("l3*.loads", "l30.loads"));
	assert_true(counters_match("core*.l3.loads", "core3.l3.loads"));
	assert_false(counters_match("core*.l3.loads", "core.l3.loads"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_and_signs),
		cmocka_unit_test(cycle_stack_must_sum_up),
		cmocka_unit_test(samples_are_accesses),
		cmocka_unit_test(every_identity_applies_to_a_machine),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
