/* Are recordings replayed in a possible order, whatever the interleaving? Does damage stop a replay? */
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
#include "traces/capture_write.h"
#include "traces/encode.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define PAGE      4096ull
#define AREA(i)   (0x10000000ull + (i) * 0x100000ull)
#define CODE      0x400000ull
#define N_AREAS   16u
#define N_THREADS 4u
#define PID       100u
#define CAPTURE   "build/tests/engine.pcap"

/* ---- a recording in the making ---- */

struct take {
	struct capture_writer *w;
	struct tr_dict *dict;
	struct tr_encoder *enc[N_THREADS + 1];
	u32 load[4], store; /* blocks with 1..4 loads, and one store */
	u64 seq;
	u64 seen[N_THREADS + 1];
	u32 packets, drop_every; /* each so-many-th packet is lost; 0: none */
};

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	struct take *t = arg;

	if (!t->drop_every || ++t->packets % t->drop_every)
		assert_true(capture_write(t->w, packet, len, insns));
}

static u32 block(struct take *t, u64 pc, enum tr_kind kind, u16 n_slots)
{
	static const u8 sizes[4] = { 4, 4, 4, 4 };
	struct tr_slot slot[4];
	struct tr_block b = { .pc = pc, .n_insns = 4, .n_slots = n_slots, .insn_size = sizes, .slot = slot };
	u16 i;

	for (i = 0; i < n_slots; i++)
		slot[i] = (struct tr_slot){ .size = 8, .insn = i, .kind = kind };
	return tr_dict_add(t->dict, &b);
}

static void begin_thread(struct take *t, u32 i, u32 pid, u32 tid)
{
	t->seen[i] = t->seq;
	t->enc[i] = tr_encoder_new(&(struct tr_encoder_cfg){
		.dict = t->dict,
		.pid = pid,
		.tid = tid,
		.isa = "x86_64",
		.seen = t->seq,
		.emit = emit,
		.arg = t,
	});
}

static void put(struct take *t, u32 i, struct tr_event ev)
{
	tr_encode_event(t->enc[i], &ev);
}

static void map(struct take *t, u32 i, u64 addr, u64 len)
{
	put(t, i,
	    (struct tr_event){ .kind = TR_EV_MAP,
			       .prot = TR_PROT_READ | TR_PROT_WRITE | TR_PROT_EXEC,
			       .flags = TR_MAP_ANON,
			       .seq = ++t->seq,
			       .addr = addr,
			       .len = len,
			       .offset = TR_NO_OFFSET });
}

static void unmap(struct take *t, u32 i, u64 addr, u64 len)
{
	put(t, i, (struct tr_event){ .kind = TR_EV_UNMAP, .seq = ++t->seq, .addr = addr, .len = len });
}

/* As the recorder does at the start of a block. */
static void sample(struct take *t, u32 i)
{
	if (t->seen[i] == t->seq)
		return;
	t->seen[i] = t->seq;
	put(t, i, (struct tr_event){ .kind = TR_EV_SEEN, .seq = t->seq });
}

static void begin_take(struct take *t)
{
	char err[TR_ERRBUF];
	u16 i;

	*t = (struct take){ .dict = tr_dict_new(), .w = capture_create(CAPTURE, err) };
	assert_non_null(t->w);
	for (i = 0; i < 4; i++)
		t->load[i] = block(t, CODE + i * 64u, TR_LOAD, (u16)(i + 1));
	t->store = block(t, CODE + 512, TR_STORE, 1);
	begin_thread(t, 0, PID, PID);
	map(t, 0, CODE, PAGE);
}

static void end_take(struct take *t)
{
	char err[TR_ERRBUF];
	u32 i;

	for (i = 0; i <= N_THREADS; i++)
		if (t->enc[i])
			tr_encoder_free(t->enc[i]);
	tr_dict_free(t->dict);
	assert_true(capture_close(t->w, err));
}

static void exit_thread(struct take *t, u32 i, u32 flags)
{
	put(t, i, (struct tr_event){ .kind = TR_EV_EXIT, .flags = flags, .seq = ++t->seq });
}

static void clone_thread(struct take *t, u32 i)
{
	put(t, 0, (struct tr_event){ .kind = TR_EV_CLONE, .seq = ++t->seq, .arg = PID + i });
	begin_thread(t, i, PID, PID + i);
}

/* ---- a replay ---- */

static struct machine *build(const char *const *settings)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	struct machine *m;

	config_set(c, "memory.size=64M");
	for (; settings && *settings; settings++)
		config_set(c, *settings);
	machine_check(&cfg, c);
	m = machine_new(&cfg, 500);
	config_free(c);
	return m;
}

/* The end of a run: its state is sound, and its counters obey their identities. */
static void settle(struct machine *m)
{
	struct counters c;
	char *broken;
	u32 checked;

	machine_settle(m);
	counters_from_stats(&c, m->stats);
	broken = identities_broken(&c, &checked);
	if (broken)
		fail_msg("%s", broken);
	assert_true(checked > 10);
	counters_fini(&c);
}

static struct machine *replay(const char *const *settings)
{
	struct machine *m = build(settings);
	char err[TR_ERRBUF];
	struct trace *t = trace_open(CAPTURE, NULL, err);

	assert_non_null(t);
	engine_add(m->engine, t);
	while (engine_run(m->engine, ~(u64)0) != ENGINE_END)
		;
	settle(m);
	return m;
}

static u64 value(const struct machine *m, const char *name)
{
	return stats_value(m->stats, name);
}

static void assert_all_well(const struct machine *m)
{
	assert_int_equal(value(m, "replay.segv"), 0);
	assert_int_equal(value(m, "replay.dropped"), 0);
	assert_int_equal(value(m, "replay.refused"), 0);
	assert_int_equal(value(m, "replay.order_gaps"), 0);
	assert_int_equal(value(m, "replay.order_late"), 0);
	assert_int_equal(value(m, "replay.order_assumed"), 0);
	assert_int_equal(value(m, "replay.unforked"), 0);
	assert_int_equal(value(m, "replay.lost"), 0);
}

/* Interleavings on one core, as if on several, finely and coarsely; and several cores. */
static const char *const interleavings[][5] = {
	{ "sched.contexts=1" },
	{ "sched.contexts=1", "sched.quantum=50" },
	{ "sched.contexts=2", "sched.slice=1" },
	{ "sched.contexts=2", "sched.slice=100" },
	{ "sched.contexts=4", "sched.slice=1" },
	{ "sched.contexts=4", "sched.slice=300", "sched.quantum=1000" },
	{ "sched.contexts=4", "sched.slice=100", "replay.buffer=64K" },
	{ "cores=2", "sched.quantum=2000" },
	{ "cores=3", "engine.run_ahead=0" },
	{ "cores=4", "engine.run_ahead=100000", "sched.contexts=2", "sched.slice=50" },
	{ "cores=8", "sched.queue=shared", "replay.buffer=64K" },
	{ "cores=2", "sched.queue=shared", "sched.quantum=50", "sched.affinity=no" },
	{ "cores=2", "sched.pin=yes", "sched.quantum=50" },
};

/* ---- a program that maps, uses and unmaps areas in several threads ---- */

struct world {
	struct take t;
	struct rng rng;
	bool mapped[N_AREAS];
};

static u32 pick_area(struct world *w, bool mapped)
{
	u32 from = (u32)rng_below(&w->rng, N_AREAS), i;

	for (i = 0; i < N_AREAS; i++)
		if (w->mapped[(from + i) % N_AREAS] == mapped)
			return (from + i) % N_AREAS;
	return N_AREAS;
}

static u64 in_area(struct world *w, u32 area)
{
	return AREA(area) + rng_below(&w->rng, 8) * PAGE + rng_below(&w->rng, 500) * 8;
}

static void do_map(struct world *w, u32 i, u32 area)
{
	map(&w->t, i, AREA(area), 8 * PAGE);
	w->mapped[area] = true;
	w->t.seen[i] = w->t.seq; /* its own call */
}

static void do_unmap(struct world *w, u32 i, u32 area)
{
	unmap(&w->t, i, AREA(area), 8 * PAGE);
	w->mapped[area] = false;
	w->t.seen[i] = w->t.seq;
}

static void use(struct world *w, u32 i)
{
	u32 n = (u32)rng_below(&w->rng, 4) + 1, area = pick_area(w, true), fresh = pick_area(w, false), k;
	u32 other = (u32)rng_below(&w->rng, N_THREADS + 1);
	u64 addr[4];

	if (area == N_AREAS)
		return;
	sample(&w->t, i);
	for (k = 0; k < n; k++)
		addr[k] = in_area(w, area);
	/* Another thread may map an area while the block runs, and its last access may use it. */
	if (n > 1 && other != i && w->t.enc[other] && fresh < N_AREAS && !rng_below(&w->rng, 4)) {
		do_map(w, other, fresh);
		addr[n - 1] = in_area(w, fresh);
	}
	tr_encode_run(w->t.enc[i], w->t.load[n - 1], addr);
}

static void act(struct world *w, u32 i)
{
	u64 what = rng_below(&w->rng, 100);
	u32 area;

	if (what < 80) {
		use(w, i);
	} else if (what < 90) {
		area = pick_area(w, false);
		if (area < N_AREAS)
			do_map(w, i, area);
	} else if (what < 98) {
		area = pick_area(w, true);
		if (area < N_AREAS)
			do_unmap(w, i, area);
	} else {
		tr_encoder_flush(w->t.enc[i]);
	}
}

static void make_world(u64 seed, u32 steps, u32 drop_every)
{
	struct world w = { 0 };
	u32 i;

	rng_init(&w.rng, seed, "world");
	begin_take(&w.t);
	w.t.drop_every = drop_every;
	for (i = 1; i <= N_THREADS; i++)
		clone_thread(&w.t, i);
	while (steps--)
		act(&w, (u32)rng_below(&w.rng, N_THREADS + 1));
	for (i = 1; i <= N_THREADS; i++)
		exit_thread(&w.t, i, 0);
	exit_thread(&w.t, 0, TR_EXIT_GROUP);
	end_take(&w.t);
}

static void test_every_interleaving_is_possible(void **state)
{
	struct machine *m;
	u64 seed;
	u32 i;

	for (seed = 1; seed <= 8; seed++) {
		make_world(seed, 4000, 0);
		for (i = 0; i < ARRAY_SIZE(interleavings); i++) {
			m = replay(interleavings[i]);
			assert_all_well(m);
			assert_int_equal(value(m, "replay.threads"), N_THREADS + 1);
			assert_int_equal(value(m, "replay.cut"), 0);
			machine_free(m);
		}
	}
}

static void test_lost_packets_stop_nothing(void **state)
{
	static const u32 drops[] = { 2, 3, 5, 17 };
	struct machine *m;
	u64 gaps = 0;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(drops); i++) {
		make_world(100 + i, 4000, drops[i]);
		for (k = 0; k < ARRAY_SIZE(interleavings); k++) {
			m = replay(interleavings[k]);
			gaps += value(m, "replay.order_gaps");
			machine_free(m);
		}
	}
	assert_true(gaps > 0);
}

/* ---- single situations ---- */

static void test_missing_numbers_are_skipped(void **state)
{
	struct take t;
	struct machine *m;
	u64 addr = AREA(0);

	begin_take(&t);
	t.seq += 10; /* nobody holds these */
	map(&t, 0, AREA(0), PAGE);
	put(&t, 0, (struct tr_event){ .kind = TR_EV_SEEN, .seq = t.seq + 5 });
	tr_encode_run(t.enc[0], t.load[0], &addr);
	end_take(&t);
	m = replay(NULL);
	assert_int_equal(value(m, "replay.order_gaps"), 15);
	assert_int_equal(value(m, "replay.segv"), 0);
	assert_int_equal(value(m, "replay.records"), 1);
	assert_int_equal(value(m, "replay.cut"), 1);
	machine_free(m);
}

static void test_wild_numbers_stop_nothing(void **state)
{
	struct take t;
	struct machine *m;

	begin_take(&t);
	put(&t, 0, (struct tr_event){ .kind = TR_EV_UNMAP, .seq = ~(u64)0, .addr = ~(u64)0, .len = ~(u64)0 });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_MAP, .seq = 1, .addr = ~(u64)0 - 5, .len = ~(u64)0 });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_SEEN, .seq = ~(u64)0 });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_FORK, .seq = 7, .arg = PID });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_CLONE, .seq = 7, .arg = PID });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_SLEEP, .arg = ~(u64)0 });
	put(&t, 0, (struct tr_event){ .kind = TR_EV_READ, .addr = 0, .len = ~(u64)0 });
	exit_thread(&t, 0, TR_EXIT_GROUP);
	exit_thread(&t, 0, 0);
	end_take(&t);
	m = replay(NULL);
	assert_int_equal(value(m, "replay.efaults"), 1);
	machine_free(m);
}

static void test_segv_ends_the_thread_and_is_told(void **state)
{
	const struct engine_death *d;
	struct take t;
	struct machine *m;
	u64 addr = AREA(3) + 0x123;

	begin_take(&t);
	tr_encode_run(t.enc[0], t.load[0], &addr);
	tr_encode_run(t.enc[0], t.load[0], &addr);
	exit_thread(&t, 0, TR_EXIT_GROUP);
	end_take(&t);
	m = replay(NULL);
	assert_int_equal(value(m, "replay.segv"), 1);
	assert_int_equal(value(m, "replay.records"), 0);
	assert_int_equal(value(m, "replay.order_gaps"), 0);
	assert_int_equal(engine_deaths(m->engine, &d), 1);
	assert_int_equal(d->pid, PID);
	assert_int_equal(d->trap.va, addr);
	assert_int_equal(d->trap.access, ACCESS_READ);
	machine_free(m);
}

static void test_child_writes_its_own_copy(void **state)
{
	struct take t;
	struct machine *m;
	u64 addr[4], i;

	begin_take(&t);
	map(&t, 0, AREA(0), 4 * PAGE);
	for (i = 0; i < 4; i++) {
		addr[i] = AREA(0) + i * PAGE;
		tr_encode_run(t.enc[0], t.store, &addr[i]);
	}
	put(&t, 0, (struct tr_event){ .kind = TR_EV_FORK, .seq = ++t.seq, .arg = PID + 1 });
	begin_thread(&t, 1, PID + 1, PID + 1);
	for (i = 0; i < 4; i++)
		tr_encode_run(t.enc[1], t.store, &addr[i]);
	exit_thread(&t, 1, TR_EXIT_GROUP);
	tr_encoder_flush(t.enc[1]); /* before its parent's packet */
	exit_thread(&t, 0, TR_EXIT_GROUP);
	end_take(&t);
	m = replay(NULL);
	assert_all_well(m);
	assert_int_equal(value(m, "replay.processes"), 2);
	assert_int_equal(value(m, "mm.fault.cow"), 4);
	machine_free(m);
}

static void test_exec_begins_anew(void **state)
{
	struct take t;
	struct machine *m;
	u64 addr = AREA(0);

	begin_take(&t);
	map(&t, 0, AREA(0), PAGE);
	put(&t, 0, (struct tr_event){ .kind = TR_EV_EXEC, .seq = ++t.seq, .arg = 1 });
	map(&t, 0, CODE, PAGE);
	tr_encode_run(t.enc[0], t.load[0], &addr); /* it is gone */
	exit_thread(&t, 0, TR_EXIT_GROUP);
	end_take(&t);
	m = replay(NULL);
	assert_int_equal(value(m, "replay.segv"), 1);
	machine_free(m);
}

/* A thread's packet may come before its process's exec and the CLONE that makes it. */
static void test_exec_ends_no_later_threads(void **state)
{
	struct take t;
	struct machine *m;
	u64 addr = AREA(0);

	begin_take(&t);
	put(&t, 0, (struct tr_event){ .kind = TR_EV_EXEC, .seq = ++t.seq, .arg = 1 });
	map(&t, 0, CODE, PAGE);
	map(&t, 0, AREA(0), PAGE);
	clone_thread(&t, 1);
	tr_encode_run(t.enc[1], t.load[0], &addr);
	exit_thread(&t, 1, 0);
	tr_encoder_flush(t.enc[1]);
	exit_thread(&t, 0, TR_EXIT_GROUP);
	end_take(&t);
	m = replay(NULL);
	assert_all_well(m);
	assert_int_equal(value(m, "replay.records"), 1);
	machine_free(m);
}

static void test_exit_of_the_group_waits_for_what_others_did_before(void **state)
{
	struct machine *m;
	struct take t;
	u64 addr = AREA(0);
	u32 i;

	begin_take(&t);
	map(&t, 0, AREA(0), PAGE);
	clone_thread(&t, 1);
	for (i = 0; i < 500; i++)
		tr_encode_run(t.enc[1], t.load[0], &addr);
	exit_thread(&t, 0, TR_EXIT_GROUP);
	tr_encoder_flush(t.enc[0]);
	end_take(&t);
	m = replay(NULL);
	assert_all_well(m);
	assert_int_equal(value(m, "replay.records"), 500);
	machine_free(m);
}

static void test_sleep_is_dropped_or_scaled(void **state)
{
	static const char *const half[] = { "replay.sleep_scale=50", NULL };
	struct machine *m;
	struct take t;
	u64 ms;

	begin_take(&t);
	put(&t, 0, (struct tr_event){ .kind = TR_EV_SLEEP, .arg = 2000000 });
	exit_thread(&t, 0, TR_EXIT_GROUP);
	end_take(&t);
	m = replay(NULL);
	assert_int_equal(value(m, "core0.cycles.idle"), 0);
	assert_int_equal(value(m, "replay.sleep_ns"), 2000000);
	machine_free(m);
	m = replay(half);
	ms = m->cfg.core.frequency / 1000;
	/* It begins within a cycle of which the system call has used some issue slots. */
	assert_in_range(value(m, "core0.cycles.idle"), ms - 1, ms);
	machine_free(m);
}

static void test_recordings_run_side_by_side(void **state)
{
	struct machine *m;
	char err[TR_ERRBUF];
	u64 one;
	u32 i;

	make_world(7, 2000, 0);
	m = replay(interleavings[0]);
	one = value(m, "replay.records");
	machine_free(m);
	m = build(interleavings[5]);
	for (i = 0; i < 3; i++)
		engine_add(m->engine, trace_open(CAPTURE, NULL, err));
	while (engine_run(m->engine, ~(u64)0) != ENGINE_END)
		;
	settle(m);
	assert_all_well(m);
	assert_int_equal(value(m, "replay.records"), 3 * one);
	assert_true(value(m, "sched.switches") > 10);
	machine_free(m);
}

/*
 * A thread that has seen a mapping uses it on its core not before the other one has made it: 10,000 runs of 4
 * instructions later, of which no core makes more than 6 a cycle.
 */
static void test_numbers_are_passed_in_time_on_other_cores(void **state)
{
	static const char *const two[] = { "cores=2", NULL };
	struct machine *m;
	struct take t;
	u64 addr = AREA(0), far = AREA(1);
	u32 i;

	begin_take(&t);
	map(&t, 0, AREA(0), PAGE);
	clone_thread(&t, 1);
	for (i = 0; i < 10000; i++)
		tr_encode_run(t.enc[0], t.load[0], &addr);
	map(&t, 0, AREA(1), PAGE);
	sample(&t, 1);
	tr_encode_run(t.enc[1], t.load[0], &far);
	exit_thread(&t, 1, 0);
	exit_thread(&t, 0, TR_EXIT_GROUP);
	end_take(&t);
	m = replay(two);
	assert_all_well(m);
	assert_int_equal(value(m, "replay.early_accesses"), 0);
	assert_int_equal(value(m, "core1.instructions"), 4);
	assert_true(value(m, "core1.cycles.idle") >= 10000 * 4 / 6);
	assert_int_equal(value(m, "core0.cycles"), value(m, "core1.cycles"));
	/* The main thread's core waits for the other's end, as its exit takes everything away. */
	assert_true(value(m, "core0.cycles.idle") > 0);
	machine_free(m);
}

static void test_limit_is_exact(void **state)
{
	struct machine *m;
	char err[TR_ERRBUF];

	make_world(9, 3000, 0);
	m = build(NULL);
	engine_add(m->engine, trace_open(CAPTURE, NULL, err));
	while (engine_run(m->engine, 777) == ENGINE_MORE)
		;
	assert_int_equal(value(m, "replay.records"), 777);
	while (engine_run(m->engine, 778) == ENGINE_MORE)
		;
	assert_int_equal(value(m, "replay.records"), 778);
	settle(m);
	machine_free(m);
}

/* Any event with any fields: numbers, processes, threads and addresses of which nothing fits. */
static struct tr_event wild_event(struct rng *r)
{
	static const u64 places[] = { 0, CODE, AREA(0), AREA(1), AREA(2), 1ull << 47, ~(u64)0 - 4096 };

	return (struct tr_event){
		.kind = (u8)(1 + rng_below(r, TR_NR_EVENTS - 1)),
		.prot = (u8)rng_below(r, 8),
		.flags = (u32)rng_below(r, 1024),
		.file = (u32)rng_below(r, 3),
		.seq = rng_below(r, 3) ? rng_below(r, 300) : rng_next(r) >> rng_below(r, 64),
		.addr = places[rng_below(r, ARRAY_SIZE(places))] + rng_below(r, 3 * PAGE),
		.len = rng_next(r) >> (20 + rng_below(r, 44)),
		.addr2 = places[rng_below(r, ARRAY_SIZE(places))] + rng_below(r, 3 * PAGE),
		.len2 = rng_next(r) >> (20 + rng_below(r, 44)),
		.offset = rng_next(r) >> rng_below(r, 64),
		.arg = rng_below(r, 2) ? PID + rng_below(r, 6) : rng_next(r) >> rng_below(r, 64),
	};
}

static void make_wild(u64 seed, u32 steps)
{
	struct take t;
	struct rng r;
	u64 addr[4];
	u32 i, k;

	rng_init(&r, seed, "wild");
	begin_take(&t);
	for (i = 1; i <= N_THREADS; i++) {
		t.seq = rng_below(&r, 20);
		begin_thread(&t, i, PID + (u32)rng_below(&r, 3), PID + (u32)rng_below(&r, 6));
	}
	while (steps--) {
		i = (u32)rng_below(&r, N_THREADS + 1);
		k = (u32)rng_below(&r, 8);
		if (k < 4) {
			for (u32 n = 0; n <= k; n++)
				addr[n] = AREA(rng_below(&r, 3)) + rng_below(&r, 4 * PAGE);
			tr_encode_run(t.enc[i], t.load[k], addr);
		} else if (k < 7) {
			put(&t, i, wild_event(&r));
		} else {
			tr_encoder_flush(t.enc[i]);
		}
	}
	end_take(&t);
}

static void test_wild_events_stop_nothing(void **state)
{
	u64 seed;

	for (seed = 1; seed <= 30; seed++) {
		make_wild(seed, 600);
		machine_free(replay(interleavings[seed % ARRAY_SIZE(interleavings)]));
	}
}

static void test_fresh_pages_fault_once(void **state)
{
	struct generate_opts o = { .size = 64, .pages = 3000, .stride = 8, .seed = 1 };
	struct machine *m;
	char err[TR_ERRBUF];

	assert_true(generate(generator_find("touch"), &o, CAPTURE, err));
	m = replay(NULL);
	assert_all_well(m);
	assert_int_equal(value(m, "mm.fault.minor"), 3000 + 1); /* and the page of the code */
	machine_free(m);
}

struct values {
	u64 v[2048];
	u32 n;
};

static void keep(void *arg, const char *name, u64 v, const char *unit, const char *help)
{
	struct values *s = arg;

	assert_true(s->n < ARRAY_SIZE(s->v));
	s->v[s->n++] = v;
}

static void test_same_input_same_counters(void **state)
{
	struct values a = { .n = 0 }, b = { .n = 0 };
	struct machine *m;

	make_world(11, 4000, 0);
	m = replay(interleavings[3]);
	stats_each(m->stats, keep, &a);
	machine_free(m);
	m = replay(interleavings[3]);
	stats_each(m->stats, keep, &b);
	machine_free(m);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.v, b.v, a.n * sizeof(a.v[0]));
}

/* Who is held back until rights have changed ran when it was recorded; who waited then did not. */
static void test_who_is_held_back_is_interrupted(void **state)
{
	static const char *const settings[] = { "cores=2", NULL };
	u64 addr = AREA(0);
	struct machine *m;
	struct take t;
	u32 waits;

	for (waits = 0; waits < 2; waits++) {
		begin_take(&t);
		map(&t, 0, AREA(0), PAGE);
		tr_encode_run(t.enc[0], t.store, &addr);
		clone_thread(&t, 1);
		tr_encode_run(t.enc[1], t.load[0], &addr);
		if (waits)
			put(&t, 1, (struct tr_event){ .kind = TR_EV_WAIT });
		put(&t, 1, (struct tr_event){ .kind = TR_EV_SEEN, .seq = t.seq + 1 });
		put(&t, 0,
		    (struct tr_event){ .kind = TR_EV_PROTECT,
				       .prot = TR_PROT_READ,
				       .seq = ++t.seq,
				       .addr = AREA(0),
				       .len = PAGE });
		tr_encode_run(t.enc[1], t.load[0], &addr);
		exit_thread(&t, 1, 0);
		put(&t, 0, (struct tr_event){ .kind = TR_EV_SEEN, .seq = t.seq });
		exit_thread(&t, 0, TR_EXIT_GROUP);
		end_take(&t);
		m = replay(settings);
		assert_all_well(m);
		assert_int_equal(value(m, "mm.shootdown.remote_pages"), !waits);
		assert_int_equal(value(m, "mm.shootdown.deferred"), waits);
		assert_int_equal(value(m, "mm.flush.stale"), waits);
		assert_int_equal(value(m, "core1.cycles.ipi") > 0, 1);
		machine_free(m);
	}
}

/* Larger than memory: what is memory by its name goes to swap. */
static void test_memfds_are_shared_memory(void **state)
{
	static const char *const settings[] = { "memory.size=16M", "swap.device=zram", NULL };
	static const char *const names[] = { "/memfd:x (deleted)", "/dev/shm/x" };
	u64 addr, len = 5000 * PAGE, i;
	struct machine *m;
	struct take t;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		begin_take(&t);
		put(&t, 0, (struct tr_event){ .kind = TR_EV_FILE, .file = 1, .len = len, .name = names[i] });
		put(&t, 0, (struct tr_event){ .kind = TR_EV_MAP, .seq = ++t.seq, .addr = AREA(0), .len = len,
					      .prot = TR_PROT_WRITE, .flags = TR_MAP_SHARED, .file = 1 });
		for (addr = AREA(0); addr < AREA(0) + len; addr += PAGE)
			tr_encode_run(t.enc[0], t.store, &addr);
		exit_thread(&t, 0, TR_EXIT_GROUP);
		end_take(&t);
		m = replay(settings);
		assert_in_range(value(m, "mm.swap.shmem_out"), 1000, 5000);
		machine_free(m);
	}
}

static int cleanup(void **state)
{
	return unlink(CAPTURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_interleaving_is_possible),
		cmocka_unit_test(test_lost_packets_stop_nothing),
		cmocka_unit_test(test_missing_numbers_are_skipped),
		cmocka_unit_test(test_wild_numbers_stop_nothing),
		cmocka_unit_test(test_segv_ends_the_thread_and_is_told),
		cmocka_unit_test(test_child_writes_its_own_copy),
		cmocka_unit_test(test_exec_begins_anew),
		cmocka_unit_test(test_exec_ends_no_later_threads),
		cmocka_unit_test(test_exit_of_the_group_waits_for_what_others_did_before),
		cmocka_unit_test(test_sleep_is_dropped_or_scaled),
		cmocka_unit_test(test_recordings_run_side_by_side),
		cmocka_unit_test(test_numbers_are_passed_in_time_on_other_cores),
		cmocka_unit_test(test_limit_is_exact),
		cmocka_unit_test(test_wild_events_stop_nothing),
		cmocka_unit_test(test_fresh_pages_fault_once),
		cmocka_unit_test(test_same_input_same_counters),
		cmocka_unit_test(test_who_is_held_back_is_interrupted),
		cmocka_unit_test(test_memfds_are_shared_memory),
	};

	return cmocka_run_group_tests(tests, NULL, cleanup);
}
