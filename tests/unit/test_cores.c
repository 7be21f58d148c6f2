/* Several cores: does it matter how they are simulated, and do they meet only in what they share? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/identities.h"
#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/core/machine.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define SAMPLE  "traces/samples/threads.mmtrace.gz"
#define N_ALONE 4u

static const char *path(u32 i)
{
	static char name[64];

	snprintf(name, sizeof(name), "build/tests/cores.%u.%d", i, getpid());
	return name;
}

static int cleanup(void **state)
{
	u32 i;

	for (i = 0; i < N_ALONE; i++)
		unlink(path(i));
	return 0;
}

/* A replay of recordings; settings and files end with NULL. */
static struct machine *replay(const char *const *settings, const char *const *files, u64 check_every)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	char err[TR_ERRBUF], *broken;
	struct counters counters;
	struct machine *m;
	u32 checked;

	for (; *settings; settings++)
		config_set(c, *settings);
	machine_check(&cfg, c);
	m = machine_new(&cfg, check_every);
	config_free(c);
	for (; *files; files++)
		engine_add(m->engine, trace_open(*files, NULL, err));
	while (engine_run(m->engine, ~(u64)0) != ENGINE_END)
		;
	machine_finish(m);
	machine_settle(m);
	counters_from_stats(&counters, m->stats);
	broken = identities_broken(&counters, &checked);
	if (broken)
		fail_msg("%s", broken);
	counters_fini(&counters);
	return m;
}

/* A counter, or the sum over all cores of "core*.". */
static u64 value(const struct machine *m, const char *pattern)
{
	struct counters c;
	u64 n;

	counters_from_stats(&c, m->stats);
	assert_true(counters_has(&c, pattern));
	n = counters_get(&c, pattern);
	counters_fini(&c);
	return n;
}

static void assert_near(u64 a, u64 b, u64 percent)
{
	assert_in_range(a * 100, b * (100 - percent), b * (100 + percent));
}

static void assert_replayed_well(const struct machine *m)
{
	assert_int_equal(value(m, "replay.segv"), 0);
	assert_int_equal(value(m, "replay.dropped"), 0);
	assert_int_equal(value(m, "replay.order_gaps"), 0);
	assert_int_equal(value(m, "replay.order_late"), 0);
	assert_int_equal(value(m, "replay.order_assumed"), 0);
}

static void make_sharing(u64 stride, u32 threads)
{
	struct generate_opts o = {
		.size = 4096, .pages = 1, .count = 10000, .stride = stride, .threads = threads, .seed = 1
	};
	char err[TR_ERRBUF];

	assert_true(generate(generator_find("sharing"), &o, path(0), err));
}

/* ---- how far cores may run ahead ---- */

static const char *const aheads[] = { "engine.run_ahead=0", "engine.run_ahead=100", "engine.run_ahead=1000",
				      "engine.run_ahead=10000" };

/*
 * What the program does is the same whoever runs ahead. Only when an invalidation or an interrupt comes may
 * differ, by the run-ahead at most: a few hits more or less of the lines that threads share.
 */
static void test_run_ahead_hardly_matters_to_a_program(void **state)
{
	static const char *const exact[] = { "core*.instructions", "core*.l1i.fetches", "core*.l1d.loads",
					     "core*.l1d.stores",   "replay.references", "mm.fault.zero" };
	static const char *const near[] = { "core0.cycles",          "core*.cycles.idle",
					    "core*.l1d.load_misses", "core*.l1d.store_misses",
					    "core*.l2.loads",        "core*.dtlb.misses",
					    "core*.walker.walks",    "l3.directory.upgrades" };
	struct machine *first = NULL, *m;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(aheads); i++) {
		m = replay((const char *const[]){ "cores=4", aheads[i], NULL },
			   (const char *const[]){ SAMPLE, NULL }, 0);
		assert_replayed_well(m);
		for (k = 0; first && k < ARRAY_SIZE(exact); k++)
			assert_int_equal(value(m, exact[k]), value(first, exact[k]));
		for (k = 0; first && k < ARRAY_SIZE(near); k++)
			assert_near(value(m, near[k]), value(first, near[k]), 1);
		if (first)
			machine_free(m);
		else
			first = m;
	}
	machine_free(first);
}

/*
 * Cores that fight for a line do it in the order of time, whoever runs ahead. Threads that all do the same
 * fall into one of several rhythms, which differ by 3 % in time; without that order it is a factor of seven.
 */
static void test_run_ahead_hardly_matters_to_a_contended_line(void **state)
{
	u64 cycles = 0;
	struct machine *m;
	u32 i;

	make_sharing(8, 4);
	for (i = 0; i < ARRAY_SIZE(aheads); i++) {
		m = replay((const char *const[]){ "cores=4", aheads[i], "kernel.placement=sequential", NULL },
			   (const char *const[]){ path(0), NULL }, 0);
		cycles = cycles ? cycles : value(m, "core0.cycles");
		assert_near(value(m, "core0.cycles"), cycles, 3);
		assert_true(value(m, "l3.directory.false_sharing") > 20000);
		machine_free(m);
	}
}

/* ---- sharing ---- */

static u64 sharing_cycles(u64 stride, const char *cores, u64 *true_sharing, u64 *false_sharing)
{
	struct machine *m;
	u64 cycles;

	make_sharing(stride, 4);
	/* The kernel's own lines, which cores share too, stay out of it. */
	m = replay((const char *const[]){ cores, "kernel.placement=sequential", NULL },
		   (const char *const[]){ path(0), NULL }, 0);
	assert_replayed_well(m);
	cycles = value(m, "core0.cycles");
	if (true_sharing) {
		*true_sharing = value(m, "l3.directory.true_sharing");
		*false_sharing = value(m, "l3.directory.false_sharing");
	}
	machine_free(m);
	return cycles;
}

/*
 * Words of one line go from core to core at nearly every count, whether threads write the same bytes or
 * others; words in lines of their own stay. A transfer is some 100 cycles, a count on its own about 20.
 */
static void test_padding_ends_the_ping_pong(void **state)
{
	u64 same_true, same_false, near_true, near_false, far_true, far_false;
	u64 same = sharing_cycles(4, "cores=4", &same_true, &same_false);
	u64 near = sharing_cycles(8, "cores=4", &near_true, &near_false);
	u64 far = sharing_cycles(64, "cores=4", &far_true, &far_false);

	assert_int_equal(far_true + far_false, 0);
	assert_int_equal(near_true, 0);
	assert_true(near_false > 20000);
	assert_true(same_true > 5000);
	assert_true(near > 3 * far);
	assert_true(same > 3 * far);
	/* On one core nothing moves. */
	assert_near(sharing_cycles(8, "cores=1", NULL, NULL), sharing_cycles(64, "cores=1", NULL, NULL), 1);
}

/* ---- a program of threads ---- */

static void test_threads_on_any_number_of_cores(void **state)
{
	static const char *const cores[] = { "cores=1", "cores=2", "cores=4", "cores=8" };
	u64 instructions = 0, faults = 0;
	struct machine *m;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cores); i++) {
		m = replay((const char *const[]){ cores[i], NULL }, (const char *const[]){ SAMPLE, NULL },
			   300000);
		assert_replayed_well(m);
		instructions = i ? instructions : value(m, "core*.instructions");
		faults = i ? faults : value(m, "mm.fault.zero");
		assert_int_equal(value(m, "core*.instructions"), instructions);
		assert_int_equal(value(m, "mm.fault.zero"), faults);
		/* Every core's time is the machine's. */
		assert_int_equal(value(m, "core*.cycles"), value(m, "core0.cycles") * m->cfg.cores);
		machine_free(m);
	}
}

/* ---- recordings side by side ---- */

/* A program of random accesses at addresses that no other one has. */
static void write_text(u32 i)
{
	FILE *f = fopen(path(i), "w");
	struct rng r;
	u32 n;

	assert_non_null(f);
	rng_init(&r, i, "text");
	for (n = 0; n < 20000 + 3000 * i; n++) {
		fprintf(f, "I  %x,4\n", 0x400000 + (i << 24) + (u32)rng_below(&r, 4096) * 4);
		fprintf(f, " %c %x,8\n", rng_below(&r, 3) ? 'L' : 'S',
			0x10000000 + (i << 24) + (u32)rng_below(&r, 1u << 18) * 8);
	}
	fclose(f);
}

struct sums {
	const struct machine *alone;
	u32 core;
	u32 n;
};

static void compare(void *arg, const char *name, u64 n, const char *unit, const char *help)
{
	struct sums *s = arg;
	char prefix[16], mine[96];

	snprintf(prefix, sizeof(prefix), "core%u.", s->core);
	if (strncmp(name, prefix, strlen(prefix)))
		return;
	snprintf(mine, sizeof(mine), "core0.%s", name + strlen(prefix));
	if (strcmp(mine, "core0.cycles") && strcmp(mine, "core0.cycles.idle")) {
		if (n != value(s->alone, mine))
			fail_msg("%s: %llu, alone %llu", name, (unsigned long long)n,
				 (unsigned long long)value(s->alone, mine));
		s->n++;
	}
}

/*
 * Programs that share nothing, on a core each with nothing shared but memory without state, are replayed as
 * if each were alone: every counter of a core is that of the machine with one.
 */
static void test_alone_on_a_core_as_on_a_machine(void **state)
{
	static const char *const one[] = { "translation=off", "l3.size=0", "dram.model=flat", NULL };
	static const char *const many[] = { "translation=off", "l3.size=0", "dram.model=flat", "cores=4",
					    NULL };
	char names[N_ALONE][64];
	const char *files[N_ALONE + 1] = { NULL };
	struct machine *all, *alone;
	u32 i;

	for (i = 0; i < N_ALONE; i++) {
		write_text(i);
		snprintf(names[i], sizeof(names[i]), "%s", path(i));
		files[i] = names[i];
	}
	all = replay(many, files, 0);
	assert_int_equal(value(all, "replay.processes"), N_ALONE);
	for (i = 0; i < N_ALONE; i++) {
		struct sums s = { .core = i };

		alone = replay(one, (const char *const[]){ files[i], NULL }, 0);
		s.alone = alone;
		stats_each(all->stats, compare, &s);
		assert_true(s.n > 50);
		assert_int_equal(stats_value(all->stats, "core0.cycles"), value(all, "core*.cycles") / 4);
		machine_free(alone);
	}
	machine_free(all);
}

/* Programs of several kinds on fewer cores than they are, and on more. */
static void test_recordings_share_cores(void **state)
{
	static const char *const kinds[] = { "chase", "stream", "random" };
	static const char *const settings[][3] = { { "cores=2", "sched.quantum=10000", NULL },
						   { "cores=2", "sched.queue=shared", NULL },
						   { "cores=8", NULL } };
	const struct generate_opts o = { .size = 1 << 20, .pages = 1, .stride = 64, .seed = 1 };
	char names[3][64], err[TR_ERRBUF];
	const char *files[4] = { NULL };
	u64 references = 0;
	struct machine *m;
	u32 i;

	for (i = 0; i < 3; i++) {
		snprintf(names[i], sizeof(names[i]), "%s", path(i));
		files[i] = names[i];
		assert_true(generate(generator_find(kinds[i]), &o, names[i], err));
	}
	for (i = 0; i < 3; i++) {
		m = replay(settings[i], files, 50000);
		assert_replayed_well(m);
		references = i ? references : value(m, "replay.references");
		assert_int_equal(value(m, "replay.references"), references);
		assert_int_equal(value(m, "replay.processes"), 3);
		assert_int_equal(value(m, "replay.threads"), 3);
		machine_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_ahead_hardly_matters_to_a_program),
		cmocka_unit_test(test_run_ahead_hardly_matters_to_a_contended_line),
		cmocka_unit_test(test_padding_ends_the_ping_pong),
		cmocka_unit_test(test_threads_on_any_number_of_cores),
		cmocka_unit_test(test_alone_on_a_core_as_on_a_machine),
		cmocka_unit_test(test_recordings_share_cores),
	};

	return cmocka_run_group_tests(tests, NULL, cleanup);
}
