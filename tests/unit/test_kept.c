/* Is a recording that is kept decoded the same as when it is read, whole, in part, and where it is damaged?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/hash.h"
#include "traces/trace.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define SAMPLE "traces/samples/threads.mmtrace.gz"
#define COPY   "build/tests/kept.tmp.%u"

static const struct trace_limits everything = { ~(u64)0, ~(u64)0, ~(u64)0 };

/* What is known of a recording when all of it has gone through a cursor. */
struct told {
	u64 packets, runs, addrs, events, sum;
	enum trace_status status;
};

static u64 mix(u64 sum, const void *bytes, size_t len)
{
	return hash_bytes(bytes, (u32)len, sum);
}

static void tell_event(struct told *d, const struct tr_event *e)
{
	struct tr_event copy = *e;

	copy.name = NULL;
	d->sum = mix(d->sum, &copy, sizeof(copy));
	d->sum = mix(d->sum, e->name ? e->name : "", e->name ? strlen(e->name) : 0);
	d->events++;
}

static void tell_chunk(struct told *d, const struct trace *t, const struct tr_chunk *c)
{
	u32 i;

	for (i = 0; i < c->n_runs; i++) {
		const struct tr_block *b = trace_block(t, c->block[i]);

		d->sum = mix(d->sum, &b->pc, sizeof(b->pc));
		d->sum = mix(d->sum, b->slot, b->n_slots * sizeof(*b->slot));
	}
	d->sum = mix(d->sum, c->block, c->n_runs * sizeof(*c->block));
	d->sum = mix(d->sum, c->addr, c->n_addrs * sizeof(*c->addr));
	d->runs += c->n_runs;
	d->addrs += c->n_addrs;
	if (c->event)
		tell_event(d, c->event);
}

static struct told tell(const char *path)
{
	char err[TR_ERRBUF];
	struct trace *t = trace_open(path, NULL, err);
	struct told d = { 0 };
	struct trace_packet *p;
	struct tr_cursor *cursor;
	struct tr_chunk chunk;

	assert_non_null(t);
	cursor = tr_cursor_new(t);
	while ((d.status = trace_next(t, &p)) == TRACE_OK) {
		u64 head[] = { p->pid,     p->tid,    p->seen,    p->insns,    p->number,
			       p->n_insns, p->n_runs, p->n_addrs, p->n_blocks, p->len };

		d.sum = mix(d.sum, head, sizeof(head));
		for (tr_cursor_set(cursor, p); tr_cursor_next(cursor, &chunk);)
			tell_chunk(&d, t, &chunk);
		assert_false(tr_cursor_next(cursor, &chunk));
		d.packets++;
		trace_packet_free(t, p);
	}
	if (d.status == TRACE_ERROR)
		d.sum = mix(d.sum, trace_error(t), strlen(trace_error(t)));
	assert_true(trace_bytes_total(t) >= trace_bytes_read(t));
	assert_string_equal(trace_format(t), "capture");
	assert_string_equal(trace_isa(t), "x86_64");
	tr_cursor_free(cursor);
	trace_close(t);
	return d;
}

/* What is kept is found by name: each test has a file of its own. */
static char *copy_sample(u32 n, long cut)
{
	char *path = xasprintf(COPY, n), *bytes = xmalloc(1 << 20);
	FILE *from = fopen(SAMPLE, "r"), *to = fopen(path, "w");
	size_t len;

	assert_non_null(from);
	assert_non_null(to);
	len = fread(bytes, 1, 1 << 20, from);
	assert_int_equal(fwrite(bytes, 1, len - (size_t)cut, to), len - (size_t)cut);
	fclose(from);
	fclose(to);
	free(bytes);
	return path;
}

static void check_same(const struct told *a, const struct told *b)
{
	assert_int_equal(a->packets, b->packets);
	assert_int_equal(a->runs, b->runs);
	assert_int_equal(a->addrs, b->addrs);
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->status, b->status);
	assert_true(a->sum == b->sum);
}

static void whole_recordings_are_the_same(void **state)
{
	char *path = copy_sample(1, 0);
	struct told read = tell(path), kept;
	struct trace_kept k = trace_keep(path, &everything);

	assert_true(k.whole);
	assert_int_equal(k.runs, read.runs);
	assert_true(k.bytes >= 8 * read.addrs);
	unlink(path); /* it is not read again */
	kept = tell(path);
	check_same(&read, &kept);
	kept = tell(path);
	check_same(&read, &kept);
	free(path);
}

static void what_follows_is_read(void **state)
{
	static const u64 runs[] = { 1, 1000, 100000 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		char *path = copy_sample(2 + i, 0);
		struct told read = tell(path), kept;
		struct trace_limits l = everything;
		struct trace_kept k;

		l.runs = runs[i];
		k = trace_keep(path, &l);
		assert_false(k.whole);
		assert_true(k.runs >= runs[i] && k.runs < read.runs);
		kept = tell(path);
		check_same(&read, &kept);
		unlink(path);
		free(path);
	}
}

static void children_have_it_too(void **state)
{
	char *path = copy_sample(5, 0);
	struct told read = tell(path), kept;
	struct trace_limits l = everything;
	int status, i;

	l.runs = 50000;
	trace_keep(path, &l);
	for (i = 0; i < 3; i++) {
		if (!fork()) {
			kept = tell(path);
			_exit(read.sum == kept.sum && read.status == kept.status ? 0 : 1);
		}
		wait(&status);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	unlink(path);
	free(path);
}

static void damage_is_met_where_it_is(void **state)
{
	char *path = copy_sample(6, 3000);
	struct told read = tell(path), kept;
	struct trace_kept k = trace_keep(path, &everything);

	assert_int_equal(read.status, TRACE_ERROR);
	assert_false(k.whole);
	kept = tell(path);
	check_same(&read, &kept);
	unlink(path);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_recordings_are_the_same),
		cmocka_unit_test(what_follows_is_read),
		cmocka_unit_test(children_have_it_too),
		cmocka_unit_test(damage_is_met_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
