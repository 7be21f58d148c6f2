/* Does one line of perf script's text give the event that it says, in every form that perf writes, and is a
 * line that cannot be read told apart from one that nobody needs?
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model/base/rng.h"
#include "traces/kmem_text.h"

#include <cmocka.h>

static struct kmem_event event(const char *line)
{
	struct kmem_event ev;
	const char *why;

	if (kmem_parse(line, &ev, &why) != KMEM_LINE_EVENT)
		fail_msg("'%s': %s", line, why ? why : "taken for something else");
	assert_null(why);
	return ev;
}

static void is_damaged(const char *line)
{
	struct kmem_event ev;
	const char *why;

	if (kmem_parse(line, &ev, &why) != KMEM_LINE_DAMAGED)
		fail_msg("'%s' is not damaged", line);
	assert_non_null(why);
}

static void is_other(const char *line)
{
	struct kmem_event ev;
	const char *why;

	if (kmem_parse(line, &ev, &why) != KMEM_LINE_OTHER)
		fail_msg("'%s' is not another line", line);
	assert_null(why);
}

/* Lines of recordings of Linux 6.18, perf script -F pid,cpu,time,event,trace. */
static void test_pages(void **state)
{
	struct kmem_event ev =
		event("30887 [001]  4090.044187:             kmem:mm_page_alloc: page=0x14d360 "
		      "pfn=0x14d360 order=3 migratetype=2 "
		      "gfp_flags=GFP_NOFS|__GFP_NOFAIL|__GFP_COMP|__GFP_HARDWALL");

	assert_int_equal(ev.kind, KMEM_PAGE_ALLOC);
	assert_int_equal(ev.pid, 30887);
	assert_int_equal(ev.cpu, 1);
	assert_int_equal(ev.time_ns, 4090044187000u);
	assert_int_equal(ev.pfn, 0x14d360);
	assert_int_equal(ev.order, 3);
	assert_int_equal(ev.migratetype, 2);
	assert_int_equal(ev.gfp, KMEM_GFP_DIRECT_RECLAIM | KMEM_GFP_KSWAPD_RECLAIM | KMEM_GFP_IO |
					 KMEM_GFP_NOFAIL | KMEM_GFP_COMP | KMEM_GFP_HARDWALL);

	ev = event("   77 [000]  4090.047564:        kmem:mm_page_pcpu_drain: page=0x104599 pfn=0x104599 "
		   "order=0 "
		   "migratetype=1");
	assert_int_equal(ev.kind, KMEM_PCPU_DRAIN);
	assert_int_equal(ev.pid, 77);
	assert_int_equal(ev.pfn, 0x104599);
	assert_int_equal(ev.migratetype, 1);

	ev = event("30889 [000]  4090.048792: kmem:mm_page_alloc_zone_locked: page=0x14c344 pfn=0x14c344 "
		   "order=2 "
		   "migratetype=0 percpu_refill=1");
	assert_int_equal(ev.kind, KMEM_ZONE_LOCKED);
	assert_true(ev.percpu_refill);
	assert_int_equal(ev.order, 2);

	ev = event("30887 [001]  4090.044650:      kmem:mm_page_free_batched: page=0x33ed67 pfn=0x33ed67 "
		   "order=0");
	assert_int_equal(ev.kind, KMEM_PAGE_FREE_BATCHED);
	ev = event("30887 [001]  4090.044650:              kmem:mm_page_free: page=0x33ed67 pfn=0x33ed67 "
		   "order=9\r");
	assert_int_equal(ev.kind, KMEM_PAGE_FREE);
	assert_int_equal(ev.order, 9);
	assert_int_equal(ev.gfp, 0);
}

static void test_extfrag(void **state)
{
	struct kmem_event ev =
		event("1 [000] 1.5: kmem:mm_page_alloc_extfrag: page=0x5 pfn=0x500 alloc_order=1 "
		      "fallback_order=7 pageblock_order=9 alloc_migratetype=0 "
		      "fallback_migratetype=1 fragmenting=1 change_ownership=1");

	assert_int_equal(ev.kind, KMEM_EXTFRAG);
	assert_int_equal(ev.time_ns, 1500000000u);
	assert_int_equal(ev.pfn, 0x500);
	assert_int_equal(ev.order, 1);
	assert_int_equal(ev.fallback_order, 7);
	assert_int_equal(ev.migratetype, 0);
	assert_int_equal(ev.fallback_migratetype, 1);
	assert_true(ev.change_ownership);
}

static bool word_is(struct kmem_word w, const char *s)
{
	return w.len == strlen(s) && !memcmp(w.at, s, w.len);
}

static void test_objects(void **state)
{
	struct kmem_event ev = event(
		"bash  4711/4712 [003] 12.000000001: kmem:kmem_cache_alloc: call_site=getname_flags+0x4f "
		"ptr=0xffff8881066c0000 name=names cache bytes_req=4096 bytes_alloc=4104 "
		"gfp_flags=GFP_KERNEL|__GFP_ZERO node=-1 accounted=false");

	assert_int_equal(ev.kind, KMEM_CACHE_ALLOC);
	assert_int_equal(ev.pid, 4711);
	assert_int_equal(ev.tid, 4712);
	assert_int_equal(ev.time_ns, 12000000001u);
	assert_int_equal(ev.ptr, 0xffff8881066c0000);
	assert_int_equal(ev.bytes_req, 4096);
	assert_int_equal(ev.bytes_alloc, 4104);
	assert_true(ev.gfp & KMEM_GFP_ZERO);
	assert_true(word_is(ev.call_site, "getname_flags+0x4f"));
	assert_int_equal(ev.call_site_va, 0);
	assert_true(word_is(ev.cache, "names cache"));

	ev = event("bash 4711 [003] 12.1: kmem:kmalloc: call_site=ffffffff81234567 ptr=0xffff888100000010 "
		   "bytes_req=24 bytes_alloc=32 gfp_flags=0x400dc0 node=-1 accounted=true");
	assert_int_equal(ev.kind, KMEM_KMALLOC);
	assert_int_equal(ev.call_site_va, 0xffffffff81234567);
	assert_int_equal(ev.gfp, KMEM_GFP_OTHER);
	assert_int_equal(ev.cache.len, 0);

	ev = event("bash 4711 [003] 12.1: kmem:kfree: call_site=security_cred_free+0x42 ptr=(nil)");
	assert_int_equal(ev.kind, KMEM_KFREE);
	assert_int_equal(ev.ptr, 0);

	ev = event("bash 4711 [003] 12.1: kmem:kmem_cache_free: call_site=x ptr=0x10 name=:0000064");
	assert_true(word_is(ev.cache, ":0000064"));
	assert_int_equal(event("b 1 [0] 1.0: kmem:kmem_cache_alloc_node: call_site=x ptr=0x10 bytes_req=1 "
			       "bytes_alloc=8 gfp_flags=none node=0")
				 .kind,
			 KMEM_CACHE_ALLOC_NODE);
	assert_int_equal(
		event("b 1 [0] 1.0: kmem:kmalloc_node: call_site=x ptr=0x10 bytes_req=1 bytes_alloc=8 "
		      "gfp_flags=0")
			.gfp,
		0);
}

/* What perf writes before the event: a command of any characters, with or without a CPU. */
static void test_heads(void **state)
{
	static const char tail[] = " kmem:mm_page_free: page=0x1 pfn=4660 order=0";
	static const struct {
		const char *head;
		u32 pid, cpu;
	} row[] = {
		{ "swapper     0 [001]   100.000001:", 0, 1 },
		{ "Web Content [2] 9 77 [001]   100.000001:", 77, 1 },
		{ "1.0: x [000] 77 [12]   100.000001:", 77, 12 },
		{ "cc1 55 100.000001:", 55, KMEM_NO_CPU },
		{ "55 100.000001:", 55, KMEM_NO_CPU },
		{ ":-1    -1 [000] 100.000001:", ~0u, 0 },
		{ "\t 8/9 [000] 100.000001:", 8, 0 },
		{ "cc1 55 [000] 100.000001:          1", 55, 0 },
	};
	char line[256];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		struct kmem_event ev;

		snprintf(line, sizeof(line), "%s%s", row[i].head, tail);
		ev = event(line);
		assert_int_equal(ev.pid, row[i].pid);
		assert_int_equal(ev.cpu, row[i].cpu);
		assert_int_equal(ev.time_ns, 100000001000u);
		assert_int_equal(ev.pfn, 4660);
	}
}

static void test_failed_allocation(void **state)
{
	static const char head[] = "1 [0] 1.0: kmem:mm_page_alloc:";
	char line[256];

	snprintf(line, sizeof(line), "%s page=(nil) pfn=0 order=0 migratetype=0 gfp_flags=GFP_NOWAIT", head);
	assert_int_equal(event(line).pfn, KMEM_NO_PFN);
	snprintf(line, sizeof(line), "%s page=0x0 pfn=0x0 order=9 migratetype=0 gfp_flags=GFP_NOWAIT", head);
	assert_int_equal(event(line).pfn, KMEM_NO_PFN);
	snprintf(line, sizeof(line),
		 "%s page=0xffffea0000000000 pfn=0x0 order=0 migratetype=0 gfp_flags=GFP_NOWAIT", head);
	assert_int_equal(event(line).pfn, 0);
}

static void test_other(void **state)
{
	is_other("");
	is_other("  \t");
	is_other("# captured on: Tue");
	is_other("\tffffffff81234567 __alloc_pages+0x1 ([kernel.kallsyms])");
	is_other("bash 1 [000] 1.0: sched:sched_switch: prev_comm=kmem:mm_page_free: next_pid=0");
	is_other("bash 1 [000] 1.0: kmem:rss_stat: mm_id=1 curr=1 type=MM_ANONPAGES size=4096B");
	is_other("bash 1 [000] 1.0: kmem:mm_page_allocation: pfn=1");
	is_other("bash 1 [000] 1.0: 250000 cycles:P: ffffffff81234567 f+0x1");
}

static void test_damaged(void **state)
{
	is_damaged("30887 [001]  4090.0441");
	is_damaged("hello");
	is_damaged("   77 ");
	is_damaged("   77 [0");
	is_damaged("30887 [001]  4090.044187: ");
	is_damaged("30887 [001]  4090.044187: kmem:mm_page_a");
	is_damaged("30887 [001] 99999999999999999999.0: kmem:mm_page_free: pfn=0x1 order=0");
	is_damaged("30887 [001] 18446744073.999999999: kmem:mm_page_free: pfn=0x1 order=0");
	is_damaged("x [001] 1.0: kmem:mm_page_free: pfn=0x1 order=0");
	is_damaged("1 [001] 1.0: kmem:mm_page_free: page=0x1 order=0");
	is_damaged("1 [001] 1.0: kmem:mm_page_free: page=0x1 pfn=0x1");
	is_damaged("1 [001] 1.0: kmem:mm_page_free: page=0x1 pfn=0x1 order=31");
	is_damaged("1 [001] 1.0: kmem:mm_page_free: page=0x1 pfn=0x1g order=0");
	is_damaged("1 [001] 1.0: kmem:mm_page_free: page=0x1 pfn=-1 order=0");
	is_damaged("1 [001] 1.0: kmem:mm_page_free: pfn=0x10000000000000000 order=0");
	is_damaged("1 [001] 1.0: kmem:mm_page_alloc: pfn=0x1 order=0 gfp_flags=GFP_KERNEL");
	is_damaged("1 [001] 1.0: kmem:mm_page_alloc: pfn=0x1 order=0 migratetype=1");
	is_damaged("1 [001] 1.0: kmem:mm_page_alloc: pfn=0x1 order=0 migratetype=1 gfp_flags=");
	is_damaged("1 [001] 1.0: kmem:mm_page_alloc: pfn=0x1 order=0 migratetype=1 gfp_flags=GFP_KERNEL|");
	is_damaged("1 [001] 1.0: kmem:mm_page_alloc_extfrag: pfn=0x1 alloc_order=0 fallback_order=1");
	is_damaged("1 [001] 1.0: kmem:kfree: call_site=x");
	is_damaged("1 [001] 1.0: kmem:kmalloc: call_site=x ptr=0x10 bytes_req=8 gfp_flags=GFP_KERNEL");
}

/* Bytes of a good line changed at random: nothing is read outside of the line, whatever comes out. */
static void test_mutations(void **state)
{
	static const char good[] =
		"cc1 7/8 [001] 12.000001: kmem:kmem_cache_alloc: call_site=f+0x1 ptr=0xff00 "
		"name=a b bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL|__GFP_ZERO pfn=0x1 "
		"order=0 migratetype=1";
	struct rng rng;
	char line[sizeof(good)];
	u32 i, n;

	rng_init(&rng, 1, "kmem");
	for (i = 0; i < 200000; i++) {
		struct kmem_event ev;
		const char *why;

		memcpy(line, good, sizeof(good));
		for (n = 1 + (u32)rng_below(&rng, 4); n; n--)
			line[rng_below(&rng, sizeof(good) - 1)] = (char)rng_below(&rng, 256);
		if (kmem_parse(line, &ev, &why) != KMEM_LINE_EVENT)
			continue;
		assert_true(ev.kind < NR_KMEM_KINDS);
		assert_true(ev.cache.len < sizeof(good) && ev.call_site.len < sizeof(good));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),   cmocka_unit_test(test_extfrag),
		cmocka_unit_test(test_objects), cmocka_unit_test(test_heads),
		cmocka_unit_test(test_other),   cmocka_unit_test(test_failed_allocation),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
