/* Do the generators of allocation events write what their help promises? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE "build/tests/generate_alloc.pcap"
#define LIMIT   20000u
#define CPUS    64u

/* What was read back, each CPU's events in order. */
struct back {
	struct tr_event ev[CPUS][LIMIT];
	u32 n[CPUS];
	u32 allocs, frees, cpus, runs;
	u64 hash;
	char cache[64];
};

static const struct generate_opts usual = {
	.size = 32768,
	.pages = 1,
	.stride = 64,
	.seed = 1,
	.cpus = 1,
	.live = 64,
	.count = 2000,
	.touch = 64,
	.cache = "",
};

static bool is_alloc(const struct tr_event *ev)
{
	return ev->kind == TR_EV_PAGE_ALLOC || ev->kind == TR_EV_SLAB_ALLOC;
}

static bool is_free(const struct tr_event *ev)
{
	return ev->kind == TR_EV_PAGE_FREE || ev->kind == TR_EV_SLAB_FREE;
}

static void take(struct back *b, const struct tr_event *ev, u32 tid)
{
	u32 cpu = TR_KMEM_CPU(ev->flags);

	if (ev->kind != TR_EV_SEEN && !is_alloc(ev) && !is_free(ev))
		return;
	if (ev->kind == TR_EV_SEEN)
		cpu = tid - 1;
	assert_int_equal(cpu, tid - 1);
	assert_true(cpu < CPUS && b->n[cpu] < LIMIT);
	b->ev[cpu][b->n[cpu]++] = *ev;
	b->allocs += is_alloc(ev);
	b->frees += is_free(ev);
	b->cpus = MAX(b->cpus, cpu + 1);
	b->hash = (b->hash ^ ev->addr ^ ev->arg << 32 ^ ev->kind) * 0x9e3779b97f4a7c15ull;
	if (ev->name)
		snprintf(b->cache, sizeof(b->cache), "%s", ev->name);
}

static struct back *make(const char *kind, const struct generate_opts *o)
{
	struct back *b = xcalloc(1, sizeof(*b));
	struct tr_cursor *cursor;
	struct trace_packet *p;
	struct tr_chunk chunk;
	struct trace *t;
	char err[TR_ERRBUF];

	assert_true(generate(generator_find(kind), o, CAPTURE, err));
	t = trace_open(CAPTURE, NULL, err);
	assert_non_null(t);
	cursor = tr_cursor_new(t);
	while (trace_next(t, &p) == TRACE_OK) {
		tr_cursor_set(cursor, p);
		while (tr_cursor_next(cursor, &chunk)) {
			b->runs += chunk.n_runs;
			if (chunk.event)
				take(b, chunk.event, p->tid);
		}
		trace_packet_free(t, p);
	}
	tr_cursor_free(cursor);
	trace_close(t);
	unlink(CAPTURE);
	return b;
}

/* An order in which all CPUs' events can happen: none before what it had seen, or out of its number. */
struct order {
	const struct back *b;
	u32 at[CPUS];
	u64 applied;
	struct map64 taken; /* name -> order or size, plus one */
	u64 live, most;
};

static bool can_happen(const struct order *o, const struct tr_event *ev)
{
	if (ev->kind == TR_EV_SEEN)
		return ev->seq <= o->applied;
	return !ev->seq || ev->seq == o->applied + 1;
}

static void happen(struct order *o, const struct tr_event *ev)
{
	const u64 *old = map64_find(&o->taken, ev->addr);

	if (ev->kind == TR_EV_SEEN)
		return;
	if (ev->seq)
		o->applied = ev->seq;
	if (is_alloc(ev)) {
		assert_null(old);
		map64_set(&o->taken, ev->addr, ev->arg + 1);
		o->live++;
		o->most = MAX(o->most, o->live);
		return;
	}
	assert_non_null(old);
	assert_int_equal(*old, ev->arg + 1);
	map64_remove(&o->taken, ev->addr);
	o->live--;
}

/* The CPU that comes first goes as far as it can: the one that takes most before others give back. */
static void run_order(struct order *o, bool last_first)
{
	u32 i, cpu;
	bool any;

	do {
		any = false;
		for (i = 0; i < o->b->cpus; i++) {
			cpu = last_first ? o->b->cpus - 1 - i : i;
			while (o->at[cpu] < o->b->n[cpu] && can_happen(o, &o->b->ev[cpu][o->at[cpu]])) {
				happen(o, &o->b->ev[cpu][o->at[cpu]++]);
				any = true;
			}
		}
	} while (any);
}

/* Every free has its allocation before it in every order; returns the most blocks that were live. */
static u64 assert_balanced(const struct back *b)
{
	u64 most = 0;
	u32 turn, i;

	assert_int_equal(b->allocs, b->frees);
	for (turn = 0; turn < 2; turn++) {
		struct order o = { .b = b, .applied = b->cpus };

		/* The mapping of the code has number 1, and the beginnings of the other CPUs follow. */
		run_order(&o, turn);
		for (i = 0; i < b->cpus; i++)
			assert_int_equal(o.at[i], b->n[i]);
		assert_int_equal(o.live, 0);
		assert_int_equal(o.taken.n, 0);
		most = MAX(most, o.most);
		map64_fini(&o.taken);
	}
	return most;
}

static const char *const kinds[] = { "alloc-lifo", "alloc-random",  "alloc-pass",
				     "alloc-file", "alloc-network", "alloc-fragment" };

static void test_balance(void **state)
{
	struct generate_opts o = usual;
	u32 i, cpus;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (cpus = 1; cpus <= 4; cpus++) {
			struct back *b;
			u64 most;

			o.cpus = cpus;
			b = make(kinds[i], &o);
			most = assert_balanced(b);
			assert_int_equal(b->cpus, cpus);
			if (i < ARRAY_SIZE(kinds) - 1) {
				assert_int_equal(b->allocs, 2000);
				assert_true(most <= 64 && most >= 32 / cpus);
			} else {
				assert_int_equal(b->allocs, 2000 + 64 / cpus * cpus);
			}
			free(b);
		}
	}
}

static void test_seeds(void **state)
{
	struct generate_opts o = usual;
	u32 i;

	o.order = 3;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct back *a = make(kinds[i], &o), *b = make(kinds[i], &o), *c;

		assert_int_equal(a->hash, b->hash);
		o.seed++;
		c = make(kinds[i], &o);
		assert_true((a->hash != c->hash) == (i < 2 || !strcmp(kinds[i], "alloc-network")));
		free(a);
		free(b);
		free(c);
	}
}

/* What is given back is what was taken last. */
static void test_lifo(void **state)
{
	struct back *b = make("alloc-lifo", &usual);
	u64 stack[64];
	u32 i, n = 0;

	for (i = 0; i < b->n[0]; i++) {
		const struct tr_event *ev = &b->ev[0][i];

		if (is_alloc(ev)) {
			assert_true(n < 64);
			stack[n++] = ev->addr;
		} else {
			assert_true(n);
			assert_int_equal(stack[--n], ev->addr);
		}
	}
	free(b);
}

/* Of orders up to 3 each is half as usual as the one before, but for the last. */
static void test_orders(void **state)
{
	struct generate_opts o = usual;
	u32 i, n[4] = { 0 };
	struct back *b;

	o.order = 3;
	o.count = 8000;
	b = make("alloc-random", &o);
	for (i = 0; i < b->n[0]; i++) {
		if (!is_alloc(&b->ev[0][i]))
			continue;
		assert_true(b->ev[0][i].arg <= 3);
		n[b->ev[0][i].arg]++;
	}
	assert_true(n[0] > 3800 && n[0] < 4200);
	assert_true(n[1] > 1850 && n[1] < 2150);
	assert_true(n[2] > 900 && n[2] < 1100);
	assert_true(n[3] > 900 && n[3] < 1100);
	free(b);
}

static void test_objects(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	bool differ = false;
	u32 i;

	o.object = 1000;
	b = make("alloc-random", &o);
	for (i = 0; i < b->n[0]; i++) {
		const struct tr_event *ev = &b->ev[0][i];

		assert_true(ev->kind == TR_EV_SLAB_ALLOC || ev->kind == TR_EV_SLAB_FREE);
		assert_true(ev->arg >= 4 && ev->arg <= 1000);
		differ |= ev->arg != b->ev[0][0].arg;
	}
	assert_true(differ);
	assert_string_equal(b->cache, "");
	free(b);
	o.cache = "things";
	b = make("alloc-random", &o);
	for (i = 0; i < b->n[0]; i++)
		assert_int_equal(b->ev[0][i].arg, 1000);
	assert_string_equal(b->cache, "things");
	free(b);
}

/* Each block is freed by the CPU after the one that took it. */
static void test_pass(void **state)
{
	struct generate_opts o = usual;
	struct map64 by = { 0 };
	struct back *b;
	u32 i, cpu;

	o.cpus = 4;
	b = make("alloc-pass", &o);
	for (cpu = 0; cpu < 4; cpu++)
		for (i = 0; i < b->n[cpu]; i++)
			if (is_alloc(&b->ev[cpu][i]))
				map64_set(&by, b->ev[cpu][i].addr, cpu);
	for (cpu = 0; cpu < 4; cpu++)
		for (i = 0; i < b->n[cpu]; i++)
			if (is_free(&b->ev[cpu][i]))
				assert_int_equal((*map64_find(&by, b->ev[cpu][i].addr) + 1) % 4, cpu);
	map64_fini(&by);
	free(b);
}

/* A page at a time, free before the next; or the oldest of five. */
static void test_reuse(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i;

	o.cold = true;
	o.live = 1;
	o.touch = 4096;
	b = make("alloc-reuse", &o);
	assert_int_equal(b->n[0], 2 * 2000);
	assert_int_equal(assert_balanced(b), 1);
	assert_int_equal(b->runs, 0);
	for (i = 0; i < b->n[0]; i += 2) {
		const struct tr_event *ev = &b->ev[0][i];

		assert_int_equal(ev->kind, TR_EV_PAGE_ALLOC);
		assert_true((ev->addr2 & TR_GFP_COLD) && (ev->flags & TR_KMEM_READS));
		assert_int_equal(ev->len, 4096);
		assert_false(ev[1].flags & TR_KMEM_COLD);
		assert_int_equal(ev[1].len, 0);
	}
	free(b);
	o.live = 5;
	b = make("alloc-reuse", &o);
	assert_int_equal(assert_balanced(b), 5);
	for (i = 0; i < 2000 - 5; i++) {
		const struct tr_event *ev = &b->ev[0][5 + 2 * i];

		assert_true(is_free(ev) && is_alloc(ev + 1));
		assert_int_equal(ev->addr, b->ev[0][i < 5 ? i : 2 * i - 4].addr);
	}
	free(b);
}

/* Before each event a CPU's program makes so many loads, after it has filled its data. */
static void test_between(void **state)
{
	struct generate_opts o = usual;
	struct back *b;

	o.between = 3;
	o.cpus = 2;
	o.size = 8192;
	b = make("alloc-lifo", &o);
	assert_int_equal(b->runs, 2 * 8192 / 64 + 3 * 2 * 2000);
	free(b);
}

static void test_network(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i, gaps = 0;

	o.cpus = 2;
	b = make("alloc-network", &o);
	for (i = 0; i < b->n[0]; i++) {
		const struct tr_event *ev = &b->ev[0][i];

		if (ev->kind == TR_EV_SEEN)
			continue;
		assert_int_equal(ev->kind, TR_EV_PAGE_ALLOC);
		assert_int_equal(ev->arg, 3);
		assert_int_equal(ev->addr2 & (TR_GFP_ATOMIC | TR_GFP_DIRECT_RECLAIM), TR_GFP_ATOMIC);
		gaps += ev->len2 != 0;
	}
	assert_true(gaps > 2000 / 64 && gaps < 2000 / 8);
	free(b);
}

/* The oldest pages go first, and cold. */
static void test_file(void **state)
{
	struct back *b = make("alloc-file", &usual);
	u64 next = 0;
	u32 i;

	for (i = 0; i < b->n[0]; i++) {
		const struct tr_event *ev = &b->ev[0][i];

		assert_int_equal(!!(ev->flags & TR_KMEM_COLD), is_free(ev));
		assert_int_equal(!!(ev->flags & TR_KMEM_READS), is_alloc(ev));
		if (!is_free(ev))
			continue;
		assert_true(ev->addr > next);
		next = ev->addr;
	}
	free(b);
}

static void test_fragment(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i;

	o.count = 10;
	o.order = 2;
	b = make("alloc-fragment", &o);
	for (i = 0; i < 64; i++)
		assert_true(is_alloc(&b->ev[0][i]) && !b->ev[0][i].arg);
	for (i = 0; i < 10; i++) {
		const struct tr_event *ev = &b->ev[0][64 + 1 + 32 + 1 + i];

		assert_true(is_alloc(ev) && ev->arg == 2 && (ev->addr2 & TR_GFP_NORETRY));
	}
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_balance),  cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_lifo),     cmocka_unit_test(test_orders),
		cmocka_unit_test(test_objects),  cmocka_unit_test(test_pass),
		cmocka_unit_test(test_network),  cmocka_unit_test(test_file),
		cmocka_unit_test(test_fragment), cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
