/* Does perf script's text of allocator events come back as the events that it tells? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "traces/trace.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define FILE_NAME "build/tests/fmt_kmem.txt"
#define LIMIT       4096u

struct back {
	struct tr_event ev[LIMIT]; /* in the order of their numbers */
	char name[LIMIT][32];
	u32 n;
	u64 skipped, lost;
};

static struct back back;

static void write_text(const char *text)
{
	FILE *f = fopen(FILE_NAME, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void take(const struct tr_event *ev, u32 tid)
{
	u64 i = ev->seq - 1;

	assert_true(ev->seq && i < LIMIT && !back.ev[i].kind);
	if (ev->kind != TR_EV_EXIT)
		assert_int_equal(tid, TR_KMEM_CPU(ev->flags) + 1);
	back.ev[i] = *ev;
	snprintf(back.name[i], sizeof(back.name[i]), "%s", ev->name ? ev->name : "");
	back.n++;
}

/* Reads the file to its end. */
static void read_text(bool keep_going)
{
	const struct trace_opts opts = { .keep_going = keep_going };
	struct tr_cursor *cursor;
	struct trace_packet *p;
	struct tr_chunk chunk;
	char err[TR_ERRBUF];
	struct trace *t = trace_open(FILE_NAME, &opts, err);

	assert_non_null(t);
	assert_string_equal(trace_format(t), "kmem");
	assert_false(trace_has_mappings(t));
	memset(&back, 0, sizeof(back));
	cursor = tr_cursor_new(t);
	while (trace_next(t, &p) == TRACE_OK) {
		assert_int_equal(p->pid, 1);
		tr_cursor_set(cursor, p);
		while (tr_cursor_next(cursor, &chunk)) {
			assert_int_equal(chunk.n_runs, 0);
			if (chunk.event)
				take(chunk.event, p->tid);
		}
		trace_packet_free(t, p);
	}
	back.skipped = trace_skipped(t);
	back.lost = trace_lost(t);
	tr_cursor_free(cursor);
	trace_close(t);
	unlink(FILE_NAME);
}

static void test_pages(void **state)
{
	const struct tr_event *ev = back.ev;

	write_text("# captured on: somewhere\n"
		   "  30 [001]  10.000001: kmem:mm_page_alloc: page=0x10 pfn=0x352b26 order=3 migratetype=0 "
		   "gfp_flags=GFP_ATOMIC|__GFP_COMP\n"
		   "  30 [001]  10.000002: kmem:mm_page_alloc_zone_locked: page=0x11 pfn=0x11 order=0 "
		   "migratetype=1 percpu_refill=1\n"
		   "  31 [000]  10.000003: kmem:mm_page_free: page=0x10 pfn=0x352b26 order=3\n"
		   "  31 [000]  10.000003: kmem:mm_page_free_batched: page=0x10 pfn=0x352b26 order=0\n"
		   "  30 [001]  10.000005: kmem:mm_page_alloc: page=(nil) pfn=0x0 order=9 migratetype=1 "
		   "gfp_flags=GFP_HIGHUSER_MOVABLE|__GFP_ZERO\n"
		   "  30 [001]  10.000009: kmem:mm_page_pcpu_drain: page=0x7 pfn=0x7 order=0 migratetype=2\n"
		   "  30 [001]  10.000010: sched:sched_switch: prev_comm=x\n");
	read_text(false);
	assert_int_equal(back.n, 4 + 2);
	assert_int_equal(ev[0].kind, TR_EV_PAGE_ALLOC);
	assert_int_equal(TR_KMEM_CPU(ev[0].flags), 1);
	assert_int_equal(ev[0].addr, 0x352b26);
	assert_int_equal(ev[0].arg, 3);
	assert_int_equal(ev[0].addr2, TR_GFP_ATOMIC | TR_GFP_COMP);
	assert_int_equal(ev[0].len2, 0);
	assert_int_equal(ev[1].kind, TR_EV_PAGE_FREE);
	assert_int_equal(TR_KMEM_CPU(ev[1].flags), 0);
	assert_int_equal(ev[1].addr, 0x352b26);
	assert_int_equal(ev[1].addr2, 0);
	/* What failed is asked for and given back under a name that nobody has. */
	assert_int_equal(ev[2].kind, TR_EV_PAGE_ALLOC);
	assert_int_equal(ev[2].addr2, TR_GFP_MOVABLE_USER | TR_GFP_ZERO);
	assert_int_equal(ev[2].arg, 9);
	assert_int_equal(ev[2].len2, 4000);
	assert_int_equal(ev[3].kind, TR_EV_PAGE_FREE);
	assert_int_equal(ev[3].addr, ev[2].addr);
	assert_true(ev[3].addr > 1ull << 60);
	assert_int_equal(ev[4].kind, TR_EV_EXIT);
	assert_int_equal(ev[5].kind, TR_EV_EXIT);
	assert_int_equal(back.skipped, 5);
}

static void test_objects(void **state)
{
	const struct tr_event *ev = back.ev;

	write_text("cc1 7/8 [003] 1.5: kmem:kmalloc: call_site=f+0x1 ptr=0xffff888000001000 bytes_req=100 "
		   "bytes_alloc=128 gfp_flags=GFP_KERNEL|__GFP_ZERO node=-1 accounted=false\n"
		   "cc1 7/8 [003] 1.6: kmem:kmem_cache_alloc: call_site=g+0x1 ptr=0xffff888000002000 "
		   "name=vm_area_struct bytes_req=184 bytes_alloc=192 gfp_flags=GFP_KERNEL_ACCOUNT node=-1\n"
		   "cc1 7/8 [002] 1.7: kmem:kfree: call_site=f+0x9 ptr=0xffff888000001000\n"
		   "cc1 7/8 [002] 1.7: kmem:kfree: call_site=f+0x9 ptr=(nil)\n"
		   "cc1 7/8 [003] 1.8: kmem:kmem_cache_free: call_site=g ptr=0xffff888000002000 "
		   "name=vm_area_struct\n"
		   "cc1 7/8 [003] 1.9: kmem:kmalloc: call_site=f ptr=(nil) bytes_req=1 bytes_alloc=8 "
		   "gfp_flags=GFP_NOWAIT\n");
	read_text(false);
	assert_int_equal(back.n, 6 + 2);
	assert_int_equal(ev[0].kind, TR_EV_SLAB_ALLOC);
	assert_int_equal(ev[0].arg, 100);
	assert_int_equal(ev[0].addr, 0xffff888000001000);
	assert_int_equal(ev[0].addr2, TR_GFP_KERNEL | TR_GFP_ZERO);
	assert_string_equal(back.name[0], "");
	assert_string_equal(back.name[1], "vm_area_struct");
	assert_int_equal(ev[1].len2, 100000000);
	assert_int_equal(ev[2].kind, TR_EV_SLAB_FREE);
	assert_int_equal(TR_KMEM_CPU(ev[2].flags), 2);
	assert_int_equal(ev[3].kind, TR_EV_SLAB_FREE);
	assert_string_equal(back.name[3], "vm_area_struct");
	assert_int_equal(ev[4].kind, TR_EV_SLAB_ALLOC);
	assert_int_equal(ev[5].kind, TR_EV_SLAB_FREE);
	assert_int_equal(ev[4].addr, ev[5].addr);
}

/* Many events of many CPUs: all of them come out, and no packet waits for the end. */
static void test_many(void **state)
{
	FILE *f = fopen(FILE_NAME, "w");
	u32 i;

	assert_non_null(f);
	for (i = 0; i < 4000; i++)
		fprintf(f, " 1 [%03u] 5.%06u: kmem:mm_page_%s: page=0x1 pfn=0x%x order=0%s\n", i % 7, i,
			i % 2 ? "free" : "alloc", i / 2, i % 2 ? "" : " migratetype=0 gfp_flags=GFP_KERNEL");
	fclose(f);
	read_text(false);
	assert_int_equal(back.n, 4000 + 7);
	for (i = 0; i < 4000; i++) {
		assert_int_equal(TR_KMEM_CPU(back.ev[i].flags), i % 7);
		assert_int_equal(back.ev[i].addr, i / 2);
		assert_int_equal(back.ev[i].len2, i < 7 ? 0 : 7000);
	}
}

static void test_damage(void **state)
{
	static const char good[] = " 1 [000] 5.1: kmem:mm_page_free: page=0x1 pfn=0x1 order=0\n";
	static const char *const bad[] = { " 1 [000] 5.1: kmem:mm_page_free: page=0x1 pfn=0x1\n",
					   " 1 [000] 5.1: kmem:mm_page_free: pfn=0x1 order=99\n",
					   " 1 [700] 5.1: kmem:mm_page_free: pfn=0x1 order=0\n",
					   "rubbish\n" };
	struct trace_packet *p;
	char text[8192];
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char err[TR_ERRBUF];
		struct trace *t;

		text[0] = '\0';
		for (j = 0; j < 40; j++)
			strcat(text, good);
		strcat(text, bad[i]);
		strcat(text, good);
		write_text(text);
		t = trace_open(FILE_NAME, NULL, err);
		assert_non_null(t);
		assert_int_equal(trace_next(t, &p), TRACE_ERROR);
		assert_non_null(strstr(trace_error(t), "line 41"));
		trace_close(t);
		read_text(true);
		assert_int_equal(back.n, 41 + 1);
		assert_int_equal(back.lost, 1);
	}
}

/* Text that is something else, or damaged at its beginning, is not taken for it. */
static void test_probe(void **state)
{
	static const char *const others[] = {
		"", "\n\n", "# a comment\n", " 1 [000] 5.1: sched:sched_switch: x=1\n", "I  0400,3\n",
	};
	char err[TR_ERRBUF];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct trace *t;

		write_text(others[i]);
		t = trace_open(FILE_NAME, NULL, err);
		if (t)
			assert_string_not_equal(trace_format(t), "kmem");
		trace_close(t);
	}
	unlink(FILE_NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),  cmocka_unit_test(test_objects), cmocka_unit_test(test_many),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
