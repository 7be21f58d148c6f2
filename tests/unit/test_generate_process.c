/* Do the generators of processes write what their headers promise? Counts beside closed formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/generate/images.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE   "build/tests/generate_process.pcap"
#define PROCESSES 64u
#define PAGES     (1u << 14)

/* What was read back of a process. */
struct one {
	u64 touches, first_page, last_page;
	u64 maps, map_bytes, reads, syscalls, execs, exits, waits, wakes;
	u64 last_seen; /* by its stream */
	u64 end;       /* number of its end */
	u64 by_kind[TR_NR_KINDS];
};

struct back {
	struct one p[PROCESSES]; /* by pid */
	u32 order[PROCESSES];    /* pids in the order of their forks */
	u32 n_forks;
	u64 fork_seq[PROCESSES]; /* by pid */
	u64 highest, numbered;   /* numbers; events that have one */
	u64 file_len;
	u64 offset[64]; /* of the mappings of files, in order */
	u32 n_offsets;
	u32 pages[PAGES]; /* touches by page from GENERATE_DATA on */
	char marks[256];
};

static const struct generate_opts usual = {
	.size = 32768,
	.pages = 6,
	.stride = 64,
	.seed = 1,
	.tasks = 5,
	.groups = 1,
	.vmas = 10,
	.iterations = 3,
	.share = 100,
};

static void take_event(struct back *b, struct one *p, const struct tr_event *ev)
{
	p->maps += ev->kind == TR_EV_MAP;
	p->map_bytes += ev->kind == TR_EV_MAP ? ev->len : 0;
	p->reads += ev->kind == TR_EV_READ;
	p->syscalls += ev->kind == TR_EV_SYSCALL;
	p->execs += ev->kind == TR_EV_EXEC;
	p->exits += ev->kind == TR_EV_EXIT;
	p->waits += ev->kind == TR_EV_WAIT;
	p->wakes += ev->kind == TR_EV_WAKE;
	if (ev->kind == TR_EV_EXIT)
		p->end = ev->seq;
	if (ev->kind == TR_EV_SEEN)
		p->last_seen = ev->seq;
	if (ev->kind == TR_EV_FORK) {
		b->order[b->n_forks++] = (u32)ev->arg;
		b->fork_seq[ev->arg] = ev->seq;
	}
	if (ev->kind == TR_EV_FILE)
		b->file_len = ev->len;
	if (ev->kind == TR_EV_MAP && ev->file != TR_NO_FILE && b->n_offsets < ARRAY_SIZE(b->offset))
		b->offset[b->n_offsets++] = ev->offset;
	if (ev->kind == TR_EV_MARK) {
		strcat(b->marks, ev->name);
		strcat(b->marks, " ");
	}
	if (ev->seq && ev->kind != TR_EV_SEEN) {
		b->numbered++;
		b->highest = MAX(b->highest, ev->seq);
	}
}

static void take_chunk(struct back *b, struct one *p, const struct trace *t, const struct tr_chunk *c)
{
	u32 i;

	for (i = 0; i < c->n_runs; i++) {
		u64 page = c->addr[i] / GENERATE_PAGE;

		assert_int_equal(trace_block(t, c->block[i])->n_slots, 1);
		p->by_kind[trace_block(t, c->block[i])->slot[0].kind]++;
		if (!p->touches++)
			p->first_page = page;
		p->last_page = MAX(p->last_page, page);
		page -= GENERATE_DATA / GENERATE_PAGE;
		if (page < PAGES)
			b->pages[page]++;
	}
	if (c->event)
		take_event(b, p, c->event);
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
		assert_true(p->pid < PROCESSES);
		assert_int_equal(p->pid, p->tid);
		if (!p->number && p->pid != GENERATE_PID)
			assert_true(p->seen >= b->fork_seq[p->pid] && p->seen);
		tr_cursor_set(cursor, p);
		while (tr_cursor_next(cursor, &chunk))
			take_chunk(b, &b->p[p->pid], t, &chunk);
		trace_packet_free(t, p);
	}
	tr_cursor_free(cursor);
	trace_close(t);
	unlink(CAPTURE);
	return b;
}

/* Every number is there once, every process ends once, and the first one last. */
static void assert_sound(const struct back *b)
{
	u32 i;

	assert_int_equal(b->numbered, b->highest);
	assert_int_equal(b->p[GENERATE_PID].exits, 1);
	assert_int_equal(b->p[GENERATE_PID].end, b->highest);
	for (i = 0; i < b->n_forks; i++)
		assert_int_equal(b->p[b->order[i]].exits, 1);
}

static void test_rmap_test_linear(void **state)
{
	struct back *b = make("rmap-test", &usual);
	u32 i;

	assert_sound(b);
	assert_int_equal(b->n_forks, 5);
	/* A file of n*s + n-1 pages, and windows with a page between them. */
	assert_int_equal(b->file_len, (10 * 6 + 10 - 1) * 4096);
	assert_int_equal(b->n_offsets, 10);
	for (i = 0; i < 10; i++)
		assert_int_equal(b->offset[i], i * 7 * 4096);
	assert_int_equal(b->p[GENERATE_PID].maps, 1 + 1 + 10);
	assert_int_equal(b->p[GENERATE_PID].touches, 60);
	assert_int_equal(b->p[GENERATE_PID].syscalls, 10);
	for (i = 0; i < 5; i++) {
		const struct one *p = &b->p[b->order[i]];

		assert_int_equal(p->touches, 3 * 60 + 1);
		assert_int_equal(p->by_kind[TR_ATOMIC], p->touches);
		assert_int_equal(p->last_page - p->first_page, 60);
		/* It begins when all are forked. */
		assert_true(b->fork_seq[b->order[4]] < p->end);
	}
	for (i = 0; i < 60; i++)
		assert_int_equal(b->pages[i], 1 + 5 * 3);
	assert_string_equal(b->marks, "fork walk ");
	free(b);
}

static void test_rmap_test_random(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i, met = 0;

	o.random = true;
	o.visits = 4;
	b = make("rmap-test", &o);
	assert_sound(b);
	for (i = 0; i < 5; i++)
		assert_int_equal(b->p[b->order[i]].touches, 3 * 4 * 6 + 1);
	for (i = 0; i < 60; i++)
		met += b->pages[i] > 1;
	assert_in_range(met, 55, 60); /* 360 touches of 60 pages */
	free(b);
	o.visits = 0; /* as many as there are windows */
	b = make("rmap-test", &o);
	assert_int_equal(b->p[b->order[0]].touches, 3 * 10 * 6 + 1);
	free(b);
}

static void test_cow_children(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i;

	o.size = 20 * 4096;
	b = make("cow-children", &o);
	assert_sound(b);
	assert_int_equal(b->p[GENERATE_PID].touches, 6 + 20);
	for (i = 0; i < 5; i++) {
		assert_int_equal(b->p[b->order[i]].touches, 6);
		assert_int_equal(b->p[b->order[i]].maps, 0);
		/* All of them live until the parent lets them go. */
		assert_true(b->p[b->order[i]].end > b->p[b->order[4]].last_seen);
	}
	for (i = 0; i < 6; i++)
		assert_int_equal(b->pages[i], 1 + 5);
	assert_string_equal(b->marks, "fork copy pressure end ");
	free(b);
}

static void test_fork_share(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u32 i;

	o.size = 20 * 4096;
	o.apart = 2;
	b = make("fork-share", &o);
	assert_sound(b);
	assert_int_equal(b->p[GENERATE_PID].touches, 6 + 10 + 20);
	assert_int_equal(b->p[GENERATE_PID].maps, 1 + 1 + 10 + 1);
	for (i = 0; i < 5; i++) {
		assert_int_equal(b->p[b->order[i]].by_kind[TR_STORE], 3 + 40);
		assert_int_equal(b->p[b->order[i]].by_kind[TR_LOAD], 6);
	}
	for (i = 0; i < 10; i++)
		assert_int_equal(b->offset[i], i * 5 * 4096);
	for (i = 0; i < 6; i++)
		assert_int_equal(b->pages[i], 1 + 5 * (i % 2 ? 1 : 2));
	assert_string_equal(b->marks, "fork share pressure again end ");
	free(b);
}

static void test_shared_map(void **state)
{
	struct generate_opts o = usual;
	struct back *b;
	u64 touches = 0;
	u32 i;

	o.size = 100 * 4096;
	b = make("shared-map", &o);
	assert_sound(b);
	assert_int_equal(b->p[GENERATE_PID].map_bytes, 4096 + 100 * 4096); /* the code's page too */
	for (i = 0; i < 5; i++) {
		assert_int_equal(b->p[b->order[i]].touches, 100);
		assert_true(b->p[b->order[i]].end > b->p[b->order[4]].last_seen);
	}
	free(b);
	o.groups = 3;
	b = make("shared-map", &o);
	assert_sound(b);
	assert_int_equal(b->n_forks, 15);
	assert_int_equal(b->p[GENERATE_PID].maps, 1); /* the code's page */
	for (i = 0; i < 15; i++) {
		assert_int_equal(b->p[b->order[i]].maps, 1);
		assert_int_equal(b->p[b->order[i]].touches, 100);
	}
	free(b);
	o.groups = 1;
	o.share = 30;
	o.tasks = 40;
	b = make("shared-map", &o);
	for (i = 0; i < 40; i++)
		touches += b->p[b->order[i]].touches;
	assert_in_range(touches, 1100, 1300); /* 1200, standard deviation 29 */
	free(b);
}

static void test_touchfork(void **state)
{
	struct generate_opts o = usual;
	struct back *b;

	o.pages = 1000;
	b = make("touchfork", &o);
	assert_sound(b);
	assert_int_equal(b->n_forks, 1);
	assert_int_equal(b->p[GENERATE_PID].touches, 1000);
	assert_int_equal(b->p[b->order[0]].touches, 250);
	assert_int_equal(b->pages[249], 2);
	assert_int_equal(b->pages[250], 1);
	assert_string_equal(b->marks, "touch end ");
	free(b);
}

static void test_thrash(void **state)
{
	struct generate_opts o = usual;
	struct back *b;

	o.threads = 1;
	b = make("thrash", &o);
	assert_sound(b);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_STORE], 3 * 6);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_LOAD], 0);
	assert_int_equal(b->pages[5], 3);
	assert_string_equal(b->marks, "begin end ");
	free(b);
}

/* Ten calls a pass, of which some write when told to; then all is made sure of. */
static void test_file_io(void **state)
{
	struct generate_opts o = usual;
	struct back *b;

	o.size = 10 * 6 * GENERATE_PAGE - 100;
	b = make("file-io", &o);
	assert_sound(b);
	assert_int_equal(b->file_len, o.size);
	assert_int_equal(b->p[GENERATE_PID].reads, 30);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_LOAD], 30 * 6);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_STORE], 6);
	assert_int_equal(b->p[GENERATE_PID].syscalls, 0);
	assert_string_equal(b->marks, "begin end synced ");
	free(b);
	o.stores = 100;
	o.random = true;
	b = make("file-io", &o);
	assert_int_equal(b->p[GENERATE_PID].reads, 0);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_LOAD], 0);
	assert_int_equal(b->p[GENERATE_PID].syscalls, 1);
	free(b);
}

static void test_faults(void **state)
{
	struct generate_opts o = usual;
	struct back *b;

	o.pages = 100;
	b = make("faults", &o);
	assert_sound(b);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_STORE], 300);
	assert_int_equal(b->p[GENERATE_PID].by_kind[TR_LOAD], 100);
	assert_int_equal(b->p[b->order[0]].by_kind[TR_STORE], 100);
	assert_string_equal(b->marks, "anon zero upgrade fork copy exit reuse end ");
	free(b);
}

/* What executions add up to: each image is mapped and touched as its row says. */
struct expected {
	u64 maps, reads, writes, copied, files, calls, execs;
};

static void expect(struct expected *e, const struct image *image, u32 times)
{
	e->maps += (u64)times * image_mappings(image);
	e->reads += (u64)times * image_read(image);
	e->writes += (u64)times * image_written(image);
	e->files += (u64)times * image->files * (IMAGE_FILE / GENERATE_PAGE);
	e->calls += (u64)times * image->calls;
	e->execs += times;
}

static void assert_expected(const struct back *b, const struct expected *e)
{
	struct expected met = { 0 };
	u32 i;

	for (i = GENERATE_PID + 1; i < PROCESSES; i++) {
		met.maps += b->p[i].maps;
		met.reads += b->p[i].by_kind[TR_LOAD];
		met.writes += b->p[i].by_kind[TR_STORE];
		met.files += b->p[i].reads;
		met.calls += b->p[i].syscalls;
		met.execs += b->p[i].execs;
	}
	assert_int_equal(met.maps, e->maps);
	assert_int_equal(met.reads, e->reads);
	assert_int_equal(met.writes, e->writes + e->copied);
	assert_int_equal(met.files, e->files);
	assert_int_equal(met.calls, e->calls);
	assert_int_equal(met.execs, e->execs);
}

static void test_forks(void **state)
{
	struct generate_opts o = usual;
	struct expected e = { 0 };
	struct back *b;

	o.tasks = 2;
	o.work = 0; /* kernbench: six children a time, one of make's, three of sh's, two of gcc's */
	b = make("forks", &o);
	assert_sound(b);
	assert_int_equal(b->n_forks, 2 + 2 * 3 * 6);
	expect(&e, &image_make, 2);
	expect(&e, &image_sh, 6);
	expect(&e, &image_gcc, 6);
	expect(&e, &image_cc1, 6);
	expect(&e, &image_as, 6);
	expect(&e, &image_fixdep, 6);
	expect(&e, &image_mv, 6);
	/* Parent and child write the same pages after each fork. */
	e.copied = 6 * 2 * (image_make.shared_rw + 3 * image_sh.shared_rw + 2 * image_gcc.shared_rw);
	assert_expected(b, &e);
	assert_string_equal(b->marks, "work end ");
	free(b);
}

static void test_forks_lat_proc(void **state)
{
	struct generate_opts o = usual;
	struct expected e = { 0 };
	struct back *b;

	o.tasks = 1;
	o.work = 1; /* fork */
	b = make("forks", &o);
	assert_sound(b);
	expect(&e, &image_lat_proc, 1);
	e.copied = 3 * 2 * image_lat_proc.shared_rw;
	assert_expected(b, &e);
	free(b);
	o.work = 2; /* exec */
	b = make("forks", &o);
	assert_sound(b);
	expect(&e, &image_hello, 3);
	assert_expected(b, &e);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rmap_test_linear), cmocka_unit_test(test_rmap_test_random),
		cmocka_unit_test(test_cow_children),     cmocka_unit_test(test_shared_map),
		cmocka_unit_test(test_fork_share),       cmocka_unit_test(test_touchfork),
		cmocka_unit_test(test_faults),           cmocka_unit_test(test_thrash),
		cmocka_unit_test(test_file_io),          cmocka_unit_test(test_forks),
		cmocka_unit_test(test_forks_lat_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
