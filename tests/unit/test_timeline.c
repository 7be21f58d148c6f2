/*
 * Is events.json what trace viewers read: well-formed, spans in their order and one inside the other, lanes
 * named? Does it tell of as many faults, calls, runs and marks as the counters do?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/events_json.h"
#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/core/machine.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define DIR       "build/tests"
#define CAPTURE   "build/tests/timeline.pcap"
#define LANES     256u
#define MAX_DEPTH 512u

/* ---- a file read back ---- */

/* The spans of a lane that no later one has held yet, in cycles and in ns. */
struct lane {
	json_int_t pid, tid;
	bool named;
	u64 start[MAX_DEPTH], end[MAX_DEPTH], start_ns[MAX_DEPTH], end_ns[MAX_DEPTH];
	u32 n;
};

struct file {
	json_t *root;
	u64 open, open_ns; /* a request that has begun: its number, 0: none, and time */
	struct lane *lane;
	u32 n_lanes;
};

static struct lane *lane_of(struct file *f, json_t *event)
{
	json_int_t pid = json_integer_value(json_object_get(event, "pid"));
	json_int_t tid = json_integer_value(json_object_get(event, "tid"));
	u32 i;

	assert_true(pid > 0);
	for (i = 0; i < f->n_lanes; i++)
		if (f->lane[i].pid == pid && f->lane[i].tid == tid)
			return &f->lane[i];
	assert_true(f->n_lanes < LANES);
	f->lane[f->n_lanes] = (struct lane){ .pid = pid, .tid = tid };
	return &f->lane[f->n_lanes++];
}

static const char *text_of(json_t *event, const char *key)
{
	const char *s = json_string_value(json_object_get(event, key));

	assert_non_null(s);
	return s;
}

static u64 number_of(json_t *event, const char *key)
{
	json_t *n = json_object_get(event, key);

	assert_true(json_is_integer(n) && json_integer_value(n) >= 0);
	return (u64)json_integer_value(n);
}

/* Microseconds with three decimals. */
static u64 ns_of(json_t *event, const char *key)
{
	json_t *t = json_object_get(event, key);
	double ns = json_real_value(t) * 1000;

	assert_true(json_is_real(t) && ns >= 0);
	return (u64)(ns + 0.5);
}

static void take_span(struct lane *l, json_t *event)
{
	json_t *args = json_object_get(event, "args");
	u64 start = number_of(args, "cycle"), end = start + number_of(args, "cycles");
	u64 start_ns = ns_of(event, "ts"), end_ns = start_ns + ns_of(event, "dur");

	assert_true(l->named);
	if (l->n) {
		assert_true(end >= l->end[l->n - 1]);
		assert_true(end_ns >= l->end_ns[l->n - 1]);
	}
	while (l->n && l->start[l->n - 1] >= start) {
		l->n--;
		assert_true(l->start_ns[l->n] >= start_ns);
	}
	if (l->n) {
		assert_true(l->end[l->n - 1] <= start);
		assert_true(l->end_ns[l->n - 1] <= start_ns);
		l->n -= l->n > MAX_DEPTH / 2;
	}
	l->start[l->n] = start;
	l->end[l->n] = end;
	l->start_ns[l->n] = start_ns;
	l->end_ns[l->n++] = end_ns;
}

static void take_event(struct file *f, json_t *event)
{
	struct lane *l = lane_of(f, event);
	const char *ph = text_of(event, "ph"), *name = text_of(event, "name");

	assert_true(*name);
	if (!strcmp(ph, "M")) {
		l->named |= !strcmp(name, "thread_name");
		assert_non_null(json_object_get(event, "args"));
		return;
	}
	assert_true(*text_of(event, "cat"));
	if (!strcmp(ph, "X")) {
		take_span(l, event);
	} else if (!strcmp(ph, "b")) {
		assert_int_equal(f->open, 0);
		f->open = number_of(event, "id");
		f->open_ns = ns_of(event, "ts");
	} else if (!strcmp(ph, "e")) {
		assert_int_equal(f->open, number_of(event, "id"));
		assert_true(ns_of(event, "ts") >= f->open_ns);
		f->open = 0;
	} else {
		assert_string_equal(ph, "i");
		assert_non_null(strstr("tg", text_of(event, "s")));
		ns_of(event, "ts");
	}
}

static struct file load(void)
{
	struct file f = { .lane = xcalloc(LANES, sizeof(*f.lane)) };
	json_error_t err;
	json_t *event;
	size_t i;

	f.root = json_load_file(DIR "/" EVENTS_FILE, JSON_REJECT_DUPLICATES, &err);
	if (!f.root)
		fail_msg("line %d: %s", err.line, err.text);
	json_array_foreach(json_object_get(f.root, "traceEvents"), i, event) take_event(&f, event);
	return f;
}

static void unload(struct file *f)
{
	json_decref(f->root);
	free(f->lane);
}

/* How many events have that name, but for the second showing of a kernel thread's. */
static u64 count(const struct file *f, const char *name)
{
	json_t *event;
	size_t i;
	u64 n = 0;

	json_array_foreach(json_object_get(f->root, "traceEvents"), i, event)
		n += !strcmp(text_of(event, "name"), name) && *text_of(event, "ph") != 'M' &&
		     *text_of(event, "ph") != 'e' && strcmp(text_of(event, "cat"), EVENTS_ON_CORE);
	return n;
}

/* ---- made-up timelines ---- */

/* Spans inside of spans, some of no cycle at all; returns where it ends. */
static u64 tell_nest(struct timeline *t, struct rng *r, u32 cpu, u64 now, u32 depth)
{
	u64 start = now, i;

	for (i = rng_below(r, 4); i && depth; i--)
		now = tell_nest(t, r, cpu, now + rng_below(r, 5), depth - 1);
	now += rng_below(r, 7);
	timeline_span(t, cpu, (enum timeline_kind)rng_below(r, TL_MARK), start, now, rng_next(r) >> 1, 1);
	return now;
}

static void spans_nest_at_any_clock(void **state)
{
	static const u64 clocks[] = { 1000000, 1600000000, 3000000000, 3800000000, 99999999999 };
	struct events *ev;
	struct file f;
	struct rng r;
	u64 now;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		rng_init(&r, i, "timeline");
		ev = events_new(DIR, clocks[i], ~(u64)0);
		events_timeline(ev)->paused = false;
		for (k = 0, now = rng_below(&r, 1u << 30); k < 300; k++)
			now = tell_nest(events_timeline(ev), &r, k % 3, now + rng_below(&r, 3), 4);
		events_close(ev);
		f = load();
		assert_int_equal(f.n_lanes, 3 + 1);
		unload(&f);
	}
}

static void requests_of_a_device_get_lanes(void **state)
{
	struct events *ev = events_new(DIR, 1000000000, 1000);
	struct timeline *t = events_timeline(ev);
	struct file f;

	t->paused = false;
	timeline_span(t, 0, TL_SWAP_READ, 100, 200, 1, 8);
	timeline_span(t, 0, TL_SWAP_READ, 150, 250, 2, 8);
	timeline_span(t, 0, TL_SWAP_WRITE, 200, 260, 3, 8);
	timeline_span(t, 1, TL_SWAP_WRITE, 210, 230, 4, 8);
	events_close(ev);
	f = load();
	assert_int_equal(count(&f, "swap.read"), 2);
	assert_int_equal(count(&f, "swap.write"), 2);
	assert_int_equal(f.n_lanes, 3 + 1);
	unload(&f);
}

static void the_limit_is_told(void **state)
{
	struct events *ev = events_new(DIR, 1000000000, 10);
	struct timeline *t = events_timeline(ev);
	struct file f;
	u64 i;

	timeline_span(t, 0, TL_FAULT_ZERO, 0, 1, 0, 0); /* paused */
	t->paused = false;
	for (i = 1; i <= 25; i++)
		timeline_span(t, 0, TL_FAULT_ZERO, 10 * i, 10 * i + 5, i, 0);
	timeline_mark(t, 0, 300, "\"quoted\\ and \x01 odd\"");
	events_close(ev);
	f = load();
	assert_int_equal(count(&f, "fault.zero"), 10);
	assert_int_equal(count(&f, "limit of 10 events reached: 16 more are left out"), 1);
	assert_int_equal(number_of(json_object_get(f.root, "otherData"), "left_out"), 16);
	assert_int_equal(
		number_of(json_object_get(json_object_get(f.root, "otherData"), "counts"), "fault.zero"), 25);
	unload(&f);
}

/* ---- replays ---- */

static void generate_file(const char *kind, u64 pages, u64 n, u32 threads)
{
	struct generate_opts o = { .size = 1 << 20,
				   .pages = pages,
				   .apart = 1,
				   .count = n,
				   .threads = threads,
				   .seed = 1,
				   .stores = 50 };
	char err[TR_ERRBUF];

	assert_true(generate(generator_find(kind), &o, CAPTURE, err));
}

/* limit 0: nobody listens */
static struct machine *replay(const char *const *settings, u64 limit)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	char err[TR_ERRBUF];
	struct events *ev = NULL;
	struct machine *m;

	config_set(c, "memory.size=64M");
	for (; settings && *settings; settings++)
		config_set(c, *settings);
	machine_check(&cfg, c);
	m = machine_new(&cfg, 0);
	config_free(c);
	engine_add(m->engine, trace_open(CAPTURE, NULL, err));
	if (limit) {
		ev = events_new(DIR, cfg.core.frequency, limit);
		events_timeline(ev)->paused = false;
		engine_set_timeline(m->engine, events_timeline(ev));
	}
	while (engine_run(m->engine, ~(u64)0) != ENGINE_END)
		;
	machine_finish(m);
	if (ev)
		events_close(ev);
	return m;
}

static u64 value(const struct machine *m, const char *name)
{
	return stats_value(m->stats, name);
}

static void agree(const struct machine *m, const struct file *f)
{
	static const char *const same[][2] = {
		{ "fault.zero", "mm.fault.zero" },        { "fault.zero_page", "mm.fault.zero_page" },
		{ "fault.huge", "mm.fault.huge" },        { "fault.cow", "mm.fault.cow" },
		{ "fault.reuse", "mm.fault.reuse" },      { "fault.file", "mm.fault.file" },
		{ "fault.swap", "mm.fault.swap" },        { "fault.spurious", "mm.fault.spurious" },
		{ "fault.segv", "mm.fault.segv" },        { "fault.oom", "mm.fault.oom" },
		{ "call.mmap", "mm.call.mmap" },          { "call.mprotect", "mm.call.mprotect" },
		{ "kswapd", "mm.kthread.kswapd_slices" }, { "kcompactd", "mm.kthread.kcompactd_wakes" },
		{ "ipi", "mm.shootdown.ipis" },           { "shootdown", "mm.shootdown.waits" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(same); i++)
		if (count(f, same[i][0]) != value(m, same[i][1]))
			fail_msg("%s: %llu in the file, %llu counted", same[i][0],
				 (unsigned long long)count(f, same[i][0]),
				 (unsigned long long)value(m, same[i][1]));
}

static const char *const machines[][5] = {
	{ "cores=1" },
	{ "cores=1", "sched.quantum=5000" },
	{ "cores=1", "kernel.thp=always", "kernel.time_scale=10000" },
	{ "cores=4", "kernel.time_scale=1000" },
	{ "cores=4", "core.model=window", "engine.run_ahead=0" },
	{ "cores=2", "sched.queue=shared", "sched.quantum=3000", "kernel.charge=no" },
};

static void every_replay_tells_what_it_counts(void **state)
{
	struct machine *m;
	struct file f;
	u32 i;

	generate_file("protect", 64, 4096, 4);
	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		m = replay(machines[i], ~(u64)0);
		f = load();
		agree(m, &f);
		assert_true(count(&f, "run") >= 4);
		assert_int_equal(count(&f, "ipi") > 0, m->cfg.cores > 1);
		unload(&f);
		machine_free(m);
	}
}

/* Memory runs out: reclaim, compaction and the end are in it. */
static void shortage_is_shown(void **state)
{
	static const char *const settings[] = { "memory.size=16M", "kernel.thp=always", NULL };
	struct machine *m;
	struct file f;

	generate_file("touch", 8000, 8000, 1);
	m = replay(settings, ~(u64)0);
	f = load();
	agree(m, &f);
	assert_int_equal(count(&f, "fault.oom"), 1);
	assert_true(count(&f, "reclaim.direct") > 0);
	assert_true(count(&f, "alloc.slow") > 0);
	unload(&f);
	machine_free(m);
}

/* Half of the memory that the program has: it waits for devices, and kernel threads work on the other core.
 */
static void swapping_is_shown(void **state)
{
	static const char *const settings[][3] = {
		{ "swap.device=nvme", "cores=1", "kernel.reclaim=split" },
		{ "swap.device=hdd", "cores=2", "kernel.reclaim=mglru" },
		{ "swap.device=zram", "cores=2", "core.model=window" },
	};
	struct generate_opts o = {
		.size = 24 << 20, .pages = 64, .apart = 1, .count = 20000, .seed = 1, .stores = 50
	};
	const char *all[8] = { "memory.size=24M", "swap.size=64M", "kernel.time_scale=1000" };
	char err[TR_ERRBUF];
	struct machine *m;
	struct file f;
	u32 i, k;

	assert_true(generate(generator_find("random"), &o, CAPTURE, err));
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		for (k = 0; k < 3; k++)
			all[3 + k] = settings[i][k];
		m = replay(all, ~(u64)0);
		f = load();
		agree(m, &f);
		assert_true(count(&f, "fault.swap") > 1000);
		assert_true(count(&f, "kswapd") > 10);
		if (i < 2) {
			assert_int_equal(count(&f, "swap.read"), value(m, "mm.blockdev.swap.reads"));
			assert_int_equal(count(&f, "swap.write"), value(m, "mm.blockdev.swap.writes"));
			assert_int_equal(count(&f, "fault.wait"), value(m, "mm.fault.blocked"));
		}
		unload(&f);
		machine_free(m);
	}
}

static void telling_changes_nothing(void **state)
{
	u64 *told, *untold;
	struct machine *m;
	u32 n;

	generate_file("protect", 64, 4096, 3);
	m = replay(machines[3], ~(u64)0);
	n = stats_count(m->stats);
	told = xcalloc(n, sizeof(u64));
	untold = xcalloc(n, sizeof(u64));
	stats_copy(m->stats, told);
	machine_free(m);
	m = replay(machines[3], 0);
	stats_copy(m->stats, untold);
	assert_memory_equal(told, untold, n * sizeof(u64));
	machine_free(m);
	free(told);
	free(untold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_nest_at_any_clock),
		cmocka_unit_test(requests_of_a_device_get_lanes),
		cmocka_unit_test(the_limit_is_told),
		cmocka_unit_test(every_replay_tells_what_it_counts),
		cmocka_unit_test(shortage_is_shown),
		cmocka_unit_test(swapping_is_shown),
		cmocka_unit_test(telling_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
