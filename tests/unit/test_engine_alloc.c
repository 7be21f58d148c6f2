/* Do allocation events happen on their CPUs, in their order, and do their results add up? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/core/machine.h"
#include "model/mm/era.h"
#include "traces/capture_write.h"
#include "traces/encode.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE "build/tests/engine_alloc.pcap"
#define CPUS    4u

/* ---- a recording in the making: one thread a CPU, all events numbered ---- */

struct take {
	struct capture_writer *w;
	struct tr_dict *dict;
	struct tr_encoder *enc[CPUS];
	u64 seq;
};

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct take *t = arg;

	assert_true(capture_write(t->w, packet, len, insns));
}

static void begin_take_of(struct take *t, u32 cpus)
{
	char err[TR_ERRBUF];
	u32 i;

	*t = (struct take){ .dict = tr_dict_new(), .w = capture_create(CAPTURE, err) };
	assert_non_null(t->w);
	for (i = 0; i < cpus; i++)
		t->enc[i] = tr_encoder_new(&(struct tr_encoder_cfg){
			.dict = t->dict, .pid = 1, .tid = 1 + i, .isa = "x86_64", .emit = emit, .arg = t });
}

static void begin_take(struct take *t)
{
	begin_take_of(t, CPUS);
}

static void end_take(struct take *t)
{
	char err[TR_ERRBUF];
	u32 i;

	for (i = 0; i < CPUS && t->enc[i]; i++) {
		tr_encode_event(t->enc[i], &(struct tr_event){ .kind = TR_EV_EXIT, .seq = ++t->seq });
		tr_encoder_free(t->enc[i]);
	}
	tr_dict_free(t->dict);
	assert_true(capture_close(t->w, err));
}

static void put(struct take *t, u32 cpu, struct tr_event ev)
{
	ev.flags |= cpu;
	ev.seq = ++t->seq;
	tr_encode_event(t->enc[cpu % CPUS], &ev);
}

static void take(struct take *t, u32 cpu, u64 name, u64 order)
{
	put(t, cpu,
	    (struct tr_event){
		    .kind = TR_EV_PAGE_ALLOC, .addr = name, .arg = order, .addr2 = TR_GFP_KERNEL });
}

static void give(struct take *t, u32 cpu, u64 name, u64 order)
{
	put(t, cpu, (struct tr_event){ .kind = TR_EV_PAGE_FREE, .addr = name, .arg = order });
}

/* ---- a replay ---- */

static struct machine *replay(const char *const *settings)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	char err[TR_ERRBUF];
	struct machine *m;
	struct trace *t;

	config_set(c, "memory.size=64M");
	for (; settings && *settings; settings++)
		config_set(c, *settings);
	machine_check(&cfg, c);
	m = machine_new(&cfg, 0);
	t = trace_open(CAPTURE, NULL, err);
	assert_non_null(t);
	engine_add(m->engine, t);
	while (engine_run(m->engine, ~(u64)0) != ENGINE_END)
		;
	machine_settle(m);
	config_free(c);
	unlink(CAPTURE);
	return m;
}

static u64 value(const struct machine *m, const char *name)
{
	return stats_value(m->stats, name);
}

static void assert_all_well(const struct machine *m)
{
	assert_int_equal(value(m, "replay.order_gaps"), 0);
	assert_int_equal(value(m, "replay.order_late"), 0);
	assert_int_equal(value(m, "replay.cut"), 0);
	assert_int_equal(value(m, "mm.kevents.reused"), 0);
	assert_int_equal(value(m, "mm.kevents.unknown_frees"), 0);
}

static const char *const four_cores[] = { "cores=4", NULL };

/* What one CPU takes another frees, in any order of the cores' clocks. */
static void test_across(void **state)
{
	struct take t;
	struct machine *m;
	struct rng r;
	u64 i;

	rng_init(&r, 1, "across");
	begin_take(&t);
	for (i = 0; i < 2000; i++) {
		take(&t, (u32)rng_below(&r, CPUS), i << 4, i % 3);
		if (i >= 10)
			give(&t, (u32)rng_below(&r, CPUS), (i - 10) << 4, (i - 10) % 3);
	}
	end_take(&t);
	m = replay(four_cores);
	assert_all_well(m);
	assert_int_equal(value(m, "mm.kevents.page_allocs"), 2000);
	assert_int_equal(value(m, "mm.kevents.page_frees"), 1990);
	assert_int_equal(value(m, "mm.kevents.pages_taken"), 667 * 1 + 667 * 2 + 666 * 4);
	assert_int_equal(value(m, "mm.kevents.pages"), 10 / 3 * 7 + 2); /* orders 1 2 0 ... 1 */
	assert_int_equal(value(m, "replay.threads"), CPUS);
	machine_free(m);
}

/* A CPU's events use its core and no other; more CPUs than cores share them. */
static void test_cpus(void **state)
{
	static const char *const two_cores[] = { "cores=2", "replay.touch=all", "kernel.placement=sequential",
						 NULL };
	struct machine *m;
	struct take t;

	begin_take(&t);
	take(&t, 3, 16, 0);
	end_take(&t);
	m = replay(two_cores);
	assert_all_well(m);
	assert_true(value(m, "core0.l1d.kernel_stores") < 64);
	assert_true(value(m, "core1.l1d.kernel_stores") >= 64);
	assert_int_equal(value(m, "mm.kevents.touched"), 4096);
	machine_free(m);
}

/* One thread whose events are of several CPUs goes where they are. */
static void test_moves(void **state)
{
	struct machine *m;
	struct take t;
	u32 i;

	begin_take(&t);
	for (i = 0; i < 40; i++)
		put(&t, 4 * (i % 10) + 0,
		    (struct tr_event){ .kind = TR_EV_PAGE_ALLOC, .addr = i, .len = 64 });
	end_take(&t);
	m = replay((const char *const[]){ "cores=3", NULL });
	assert_all_well(m);
	for (i = 0; i < 3; i++) {
		char name[40];

		snprintf(name, sizeof(name), "core%u.l1d.kernel_stores", i);
		assert_true(value(m, name) >= 12);
	}
	machine_free(m);
}

/* Frees of what is not there, of parts, of what was taken twice, and with numbers that are damage. */
static void test_odd(void **state)
{
	struct machine *m;
	struct take t;

	begin_take(&t);
	give(&t, 0, 77, 0); /* unknown */
	take(&t, 0, 64, 3);
	give(&t, 1, 66, 0); /* one page of eight */
	give(&t, 1, 64, 1); /* two */
	give(&t, 1, 66, 0); /* unknown: given back already */
	give(&t, 1, 68, 2); /* four, so that one is left */
	take(&t, 2, 128, 1);
	take(&t, 2, 128, 0); /* the free of the first is missing */
	take(&t, 0, ~0ull, 0);
	give(&t, 0, ~0ull, 0);
	take(&t, 0, 4096, 200); /* fails */
	give(&t, 0, 4096, 200);
	give(&t, 0, 4096, 200); /* unknown */
	give(&t, 0, 0, ~0ull);  /* unknown */
	end_take(&t);
	m = replay(four_cores);
	assert_int_equal(value(m, "mm.kevents.unknown_frees"), 4);
	assert_int_equal(value(m, "mm.kevents.splits"), 1);
	assert_int_equal(value(m, "mm.kevents.reused"), 1);
	assert_int_equal(value(m, "mm.kevents.failed"), 1);
	assert_int_equal(value(m, "mm.kevents.failed_frees"), 1);
	assert_int_equal(value(m, "mm.kevents.pages"), 1 + 1);
	machine_free(m);
}

/* Memory runs out: a result, and the frees of what was not got are not made. */
static void test_full(void **state)
{
	struct machine *m;
	struct take t;
	u64 i;

	begin_take(&t);
	for (i = 0; i < 20000; i++)
		take(&t, 0, i, 0);
	for (i = 0; i < 20000; i++)
		give(&t, 0, i, 0);
	end_take(&t);
	m = replay(four_cores);
	assert_all_well(m);
	assert_true(value(m, "mm.kevents.failed") >= 20000 - 16384);
	assert_true(value(m, "mm.kevents.failed") < 20000 - 8192);
	assert_int_equal(value(m, "mm.kevents.failed"), value(m, "mm.kevents.failed_frees"));
	assert_int_equal(value(m, "mm.kevents.pages"), 0);
	assert_int_equal(value(m, "replay.oom"), 0);
	machine_free(m);
}

/* Ten gaps of a microsecond at 50 % of their time, at 3 GHz; what the events take is part of them. */
static void test_gaps(void **state)
{
	static const char *const half[] = { "replay.gap_scale=50", "core.frequency=3GHz", NULL };
	struct machine *m;
	u64 idle[2], i, turn;
	struct take t;

	for (turn = 0; turn < 2; turn++) {
		begin_take_of(&t, 1);
		for (i = 0; i < 11; i++)
			put(&t, 0, (struct tr_event){ .kind = TR_EV_PAGE_ALLOC, .addr = i, .len2 = 1000 });
		end_take(&t);
		m = replay(turn ? half : half + 2);
		idle[turn] = value(m, "core0.cycles.idle");
		machine_free(m);
	}
	assert_true(idle[0] <= 1); /* a cycle that had begun */
	assert_true(idle[1] <= idle[0] + 10 * 1500 && idle[1] > 5 * 1500);
}

/* Cleared pages cost the clearing of their lines; a page that its user touches whole is found in the cache.
 */
static void test_lines(void **state)
{
	struct machine *m;
	u64 zeroed;
	struct take t;
	u32 i;

	begin_take(&t);
	for (i = 0; i < 8; i++)
		put(&t, 0, (struct tr_event){ .kind = TR_EV_PAGE_ALLOC, .addr = i, .addr2 = TR_GFP_ZERO });
	end_take(&t);
	m = replay(NULL);
	zeroed = value(m, "core0.cycles.kernel.zero");
	assert_true(zeroed >= 8 * 64);
	assert_int_equal(value(m, "core0.cycles.kernel.use"), 0);
	machine_free(m);
	begin_take(&t);
	put(&t, 0, (struct tr_event){ .kind = TR_EV_PAGE_ALLOC, .addr = 1, .len = 4096 });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_PAGE_FREE, .addr = 1, .len = 1 << 20 });
	end_take(&t);
	m = replay(NULL);
	assert_int_equal(value(m, "mm.kevents.touched"), 2 * 4096);
	machine_free(m);
}

static const char *const kinds[] = { "alloc-lifo", "alloc-random",  "alloc-pass",
				     "alloc-file", "alloc-network", "alloc-fragment" };

/* A workload of 1,500 allocations for five CPUs, replayed on four, leaves nothing over. */
static void check_generated(const struct generate_opts *o, const char *const *settings, bool objects)
{
	struct machine *m;
	char err[TR_ERRBUF];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		u64 expected = i < 5 ? 1500 : 1700;

		assert_true(generate(generator_find(kinds[i]), o, CAPTURE, err));
		m = replay(settings);
		assert_all_well(m);
		assert_int_equal(value(m, "mm.kevents.page_allocs") + value(m, "mm.kevents.object_allocs"),
				 expected);
		assert_int_equal(value(m, "mm.kevents.page_frees") + value(m, "mm.kevents.object_frees"),
				 expected);
		assert_int_equal(value(m, "mm.kevents.failed"), 0);
		assert_int_equal(value(m, "mm.kevents.pages"), 0);
		assert_int_equal(value(m, "mm.kevents.objects"), 0);
		assert_int_equal(value(m, "mm.kevents.objects_taken"),
				 objects ? value(m, "mm.kevents.object_allocs") : 0);
		machine_free(m);
	}
}

static const struct generate_opts usual = {
	.size = 4096, .stride = 8, .seed = 3, .count = 1500, .live = 200, .cpus = 5, .touch = 128, .cache = ""
};

static void test_generated(void **state)
{
	check_generated(&usual, four_cores, false);
}

/* The allocators of every era take them all and get all back. */
static void test_eras(void **state)
{
	const char *settings[] = { "cores=4", "kernel.placement=buddy", NULL, NULL };
	struct generate_opts o = usual;
	char era[40];
	u32 i;

	for (i = 0; era_names[i]; i++) {
		snprintf(era, sizeof(era), "kernel.era=%s", era_names[i]);
		settings[2] = era;
		o.object = 0;
		check_generated(&o, settings, true);
		o.object = 500;
		o.cache = "";
		check_generated(&o, settings, true);
		o.cache = "vm_area_struct";
		check_generated(&o, settings, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_across), cmocka_unit_test(test_cpus),      cmocka_unit_test(test_moves),
		cmocka_unit_test(test_odd),    cmocka_unit_test(test_full),      cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_lines),  cmocka_unit_test(test_generated), cmocka_unit_test(test_eras),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
