/* Do the generators write the recordings that their help promises? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/generate/generate.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE "build/tests/generate.pcap"
#define LIMIT   100000u

/* What was read back. */
struct back {
	u64 addr[LIMIT];
	u16 dep[LIMIT];
	u8 kind[LIMIT];
	u32 n;
	u64 low, high; /* what the data mapping covers */
	u32 exits;
};

static const struct generate_opts usual = {
	.size = 32768,
	.pages = 100,
	.stride = 64,
	.stores = 0,
	.seed = 1,
};

static void take_chunk(struct back *b, const struct trace *t, const struct tr_chunk *c)
{
	u32 i, at = 0;

	for (i = 0; i < c->n_runs; i++) {
		const struct tr_block *block = trace_block(t, c->block[i]);

		assert_int_equal(block->n_slots, 1);
		assert_true(b->n < LIMIT);
		b->addr[b->n] = c->addr[at++];
		b->dep[b->n] = block->slot[0].dep;
		b->kind[b->n++] = block->slot[0].kind;
	}
	if (c->event && c->event->kind == TR_EV_MAP && c->event->addr >= GENERATE_DATA) {
		b->low = b->low ? b->low : c->event->addr;
		b->high = c->event->addr + c->event->len;
	}
	b->exits += c->event && c->event->kind == TR_EV_EXIT;
}

static struct back *make(const char *kind, const struct generate_opts *o)
{
	struct back *b = xcalloc(1, sizeof(*b));
	struct tr_cursor *cursor;
	struct trace_packet *p;
	struct tr_chunk chunk;
	struct trace *t;
	char err[TR_ERRBUF];
	u32 i;

	assert_true(generate(generator_find(kind), o, CAPTURE, err));
	t = trace_open(CAPTURE, NULL, err);
	assert_non_null(t);
	assert_true(trace_has_mappings(t));
	cursor = tr_cursor_new(t);
	while (trace_next(t, &p) == TRACE_OK) {
		tr_cursor_set(cursor, p);
		while (tr_cursor_next(cursor, &chunk))
			take_chunk(b, t, &chunk);
		trace_packet_free(t, p);
	}
	tr_cursor_free(cursor);
	trace_close(t);
	unlink(CAPTURE);
	assert_int_equal(b->exits, 1);
	for (i = 0; i < b->n; i++)
		assert_true(b->addr[i] >= b->low && b->addr[i] + 8 <= b->high);
	return b;
}

/* The first n accesses fill the places; they are dropped. */
static void assert_filled(struct back *b, u32 n, u64 step)
{
	u32 i;

	assert_true(b->n >= n);
	for (i = 0; i < n; i++) {
		assert_int_equal(b->kind[i], TR_STORE);
		assert_int_equal(b->addr[i], GENERATE_DATA + i * step);
	}
	b->n -= n;
	memmove(b->addr, b->addr + n, b->n * sizeof(b->addr[0]));
	memmove(b->dep, b->dep + n, b->n * sizeof(b->dep[0]));
	memmove(b->kind, b->kind + n, b->n * sizeof(b->kind[0]));
}

/* Each round of n accesses touches n places, in the same order as the round before. */
static void assert_cycle(const struct back *b, u32 n, u64 step)
{
	u8 *met = xcalloc(n, 1);
	u32 i;

	for (i = 0; i < n; i++)
		met[(b->addr[i] - GENERATE_DATA) / step] = 1;
	for (i = 0; i < n; i++)
		assert_int_equal(met[i], 1);
	for (i = n; i < b->n; i++)
		assert_int_equal(b->addr[i], b->addr[i - n]);
	for (i = 0; i < b->n; i++)
		assert_int_equal(b->dep[i], 1);
	free(met);
}

static void test_chase(void **state)
{
	struct back *b = make("chase", &usual);

	assert_filled(b, 512, 64);
	assert_int_equal(b->n, 4 * 512);
	assert_cycle(b, 512, 64);
	free(b);
}

static void test_pages(void **state)
{
	struct back *b = make("pages", &usual);

	assert_filled(b, 100, 4096);
	assert_int_equal(b->n, 4 * 100);
	assert_cycle(b, 100, 4096);
	free(b);
}

static void test_stream(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i, stores = 0;

	o.count = 10000;
	o.stores = 25;
	b = make("stream", &o);
	assert_filled(b, 8, 4096);
	assert_int_equal(b->n, 10000);
	for (i = 0; i < b->n; i++) {
		assert_int_equal(b->addr[i], GENERATE_DATA + i % 512 * 64);
		assert_int_equal(b->dep[i], TR_DEP_NONE);
		stores += b->kind[i] == TR_STORE;
	}
	assert_in_range(stores, 2300, 2700);
	free(b);
}

static void test_random(void **state)
{
	struct generate_opts o = usual;
	u64 seed_one;
	struct back *b;

	o.count = 5000;
	b = make("random", &o);
	assert_filled(b, 8, 4096);
	assert_int_equal(b->n, 5000);
	seed_one = b->addr[100];
	free(b);
	o.seed = 2;
	b = make("random", &o);
	assert_int_not_equal(b->addr[100], seed_one);
	free(b);
}

static void test_touch(void **state)
{
	struct generate_opts o = usual;
	struct back *b = make("touch", &o);

	assert_filled(b, 100, 4096);
	assert_int_equal(b->n, 0);
	free(b);
	o.apart = 512;
	b = make("touch", &o);
	assert_filled(b, 100, 512 * 4096);
	free(b);
	o.apart = 1;
	o.between = 7;
	o.size = 4096;
	b = make("touch", &o);
	assert_int_equal(b->n, 64 + 100 * (7 + 1));
	assert_int_equal(b->addr[64 + 7], GENERATE_DATA);
	assert_int_equal(b->addr[b->n - 1], GENERATE_DATA + 99 * 4096);
	free(b);
}

/* Line by line, first by the one mapping and then by the other. */
static void test_synonym(void **state)
{
	const u64 second = (1 << 28) + 3 * 4096;
	struct generate_opts o = usual;
	struct back *b;
	u32 i;

	o.pages = 2;
	o.apart = 3;
	b = make("synonym", &o);
	assert_filled(b, 2, 4096);
	assert_int_equal(b->n, 4 * 2 * 128);
	for (i = 0; i < b->n; i++) {
		assert_int_equal(b->addr[i], GENERATE_DATA + i / 2 % 128 * 64 + (i & 1 ? second : 0));
		assert_int_equal(b->dep[i], 1);
	}
	free(b);
}

static void test_one_line_cycle(void **state)
{
	struct generate_opts o = usual;
	struct back *b;

	o.size = 64;
	o.count = 10;
	b = make("chase", &o);
	assert_filled(b, 1, 64);
	assert_int_equal(b->n, 10);
	assert_cycle(b, 1, 64);
	free(b);
}

static void test_rows_are_complete(void **state)
{
	const struct generator *const *g;

	for (g = generators; *g; g++) {
		assert_non_null((*g)->name);
		assert_non_null((*g)->help);
		assert_non_null((*g)->run);
		assert_ptr_equal(generator_find((*g)->name), *g);
	}
	assert_null(generator_find("no such kind"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chase),          cmocka_unit_test(test_pages),
		cmocka_unit_test(test_stream),         cmocka_unit_test(test_random),
		cmocka_unit_test(test_touch),          cmocka_unit_test(test_synonym),
		cmocka_unit_test(test_one_line_cycle), cmocka_unit_test(test_rows_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
