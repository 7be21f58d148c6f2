/* What only a shortage reaches in the page allocator: the last exits of requests, each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/arch/addr.h"
#include "model/mm/alloc.h"
#include "model/mm/compact.h"
#include "model/mm/mempool.h"
#include "model/mm/pcp.h"
#include "model/mm/slab_impl.h"
#include "model/mm/watermark.h"

#define PAGE 4096ull

static struct cpu cpu0 = { .id = 0, .node = 0 };

/* One zone, or with dma32_end two; 8 pages a pageblock. */
static struct page_alloc_cfg tiny(enum kernel_era era, u64 pages)
{
	return (struct page_alloc_cfg){ .era = era,
					.bytes = pages * PAGE,
					.shift = 12,
					.nodes = 1,
					.cpus = 1,
					.word = 8,
					.direct_map = 0xffff888000000000,
					.pageblock_order = 3,
					.min_free_kbytes = 128 };
}

static void set_marks(struct page_alloc *pa, u64 min)
{
	u32 i;

	for (i = 0; i < pa->n_zones; i++) {
		pa->zone[i].wmark[WMARK_MIN] = min;
		pa->zone[i].wmark[WMARK_LOW] = 2 * min;
		pa->zone[i].wmark[WMARK_HIGH] = 3 * min;
	}
}

static u64 take_all(struct page_alloc *pa, u32 gfp, u32 order)
{
	u64 n = 0;

	while (alloc_pages(pa, NULL, gfp, order) != NO_FRAME)
		n++;
	return n;
}

static void end(struct page_alloc *pa)
{
	page_alloc_sane(pa);
	page_alloc_free(pa);
}

static void test_too_large(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		struct page_alloc_cfg cfg = tiny(era, 4096);
		struct page_alloc *pa = page_alloc_new(&cfg, NULL);

		assert_true(alloc_pages(pa, NULL, GFP_KERNEL | GFP_NOFAIL, pa->max_order) == NO_FRAME);
		assert_true(alloc_pages(pa, &cpu0, GFP_ATOMIC, 31) == NO_FRAME);
		assert_int_equal(pa->st.failed, 2);
		assert_int_equal(page_alloc_free_pages(pa), page_alloc_managed(pa));
		end(pa);
	}
}

/* rmqueue_buddy(): when nothing else is left, single pages that cannot wait come out of the highatomic
 * reserve. */
static void test_single_atomic_pages_use_the_reserve(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1024);
	struct page_alloc *pa = page_alloc_new(&cfg, NULL);
	struct zone *z = &pa->zone[0];
	u64 pfn, n;

	set_marks(pa, 16);
	while (z->free > z->wmark[WMARK_MIN])
		alloc_pages(pa, NULL, GFP_KERNEL, 0);
	pfn = alloc_pages(pa, NULL, GFP_ATOMIC, 1);
	assert_int_equal(z->reserved_highatomic, 8);
	free_pages(pa, NULL, pfn, 1);
	set_marks(pa, 0);
	n = take_all(pa, GFP_KERNEL | GFP_NORETRY, 0);
	assert_true(n > 0 && z->free_highatomic == 8 && z->free == 8);
	assert_int_equal(take_all(pa, GFP_ATOMIC, 0), 8);
	assert_int_equal(z->free, 0);
	end(pa);
}

/* A boost of the marks, which keeps fragmentation away, is no reason for an interrupt to go without a page.
 */
static void test_a_boost_stops_no_interrupt(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1024);
	struct page_alloc *pa = page_alloc_new(&cfg, NULL);
	struct zone *z = &pa->zone[0];

	set_marks(pa, 16);
	while (z->free > 20)
		alloc_pages(pa, NULL, GFP_KERNEL, 0);
	while (z->boost < 72)
		assert_true(zone_boost(z));
	assert_true(alloc_pages(pa, NULL, GFP_KERNEL | GFP_NORETRY, 0) == NO_FRAME);
	assert_true(alloc_pages(pa, NULL, GFP_ATOMIC, 0) != NO_FRAME);
	assert_true(alloc_pages(pa, NULL, GFP_ATOMIC, 1) == NO_FRAME);
	end(pa);
}

/*
 * What cannot be moved looks for memory without breaking up a pageblock of another type, on its own node
 * alone; then it does break one up rather than go to the other node.
 */
static void test_mixed_blocks_come_before_other_nodes(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 2048);
	struct page_alloc *pa;
	u32 i;
	u64 pfn;

	cfg.nodes = 2;
	cfg.dma32_end = 512 * PAGE;
	pa = page_alloc_new(&cfg, NULL);
	set_marks(pa, 4);
	/* A page of each pageblock of node 0 is free, all of them movable. */
	for (i = 0; i < 1024; i++) {
		pfn = alloc_pages_node(pa, NULL, GFP_HIGHUSER_MOVABLE | GFP_THISNODE | GFP_MEMALLOC, 0, 0);
		assert_true(pfn < 1024);
	}
	for (i = 0; i < 1024; i += 8)
		free_pages(pa, NULL, i, 0);
	pfn = alloc_pages_node(pa, NULL, GFP_KERNEL, 0, 0);
	assert_true(pfn < 1024);
	end(pa);
}

/*
 * mm/khugepaged.c: 11 pageblocks a zone, at most a twentieth of what lies above the high marks. Those of 32
 * MB are 271 pages: 4 x sqrt(32768) = 724 KB are 181, and twice a quarter of that.
 */
static void test_large_pages_raise_the_marks(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1u << 18);
	struct page_alloc *pa;

	cfg.min_free_kbytes = 0;
	cfg.pageblock_order = 9;
	cfg.thp = true;
	pa = page_alloc_new(&cfg, NULL);
	assert_int_equal(pa->min_free_kbytes, 11 * 512 * 4);
	end(pa);
	cfg.bytes = 8192 * PAGE;
	pa = page_alloc_new(&cfg, NULL);
	assert_int_equal(pa->min_free_kbytes, (8192 - 271) / 20 * 4);
	end(pa);
}

/* An allocator that has memory serves a pool's users; a full pool gives what it gets back to it. */
static void test_a_pool_that_is_not_needed(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_2_6_37, 256);
	struct page_alloc *pa = page_alloc_new(&cfg, NULL);
	u64 free, pfn;
	struct mempool pool;

	set_marks(pa, 4);
	assert_true(mempool_init(&pool, pa, NULL, 4, 1));
	free = page_alloc_free_pages(pa);
	pfn = mempool_alloc(&pool, NULL, GFP_NOIO);
	assert_true(pfn != NO_FRAME && pool.n == 4 && !pool.fallbacks);
	mempool_free(&pool, NULL, pfn);
	assert_int_equal(page_alloc_free_pages(pa), free);
	mempool_fini(&pool, NULL);
	assert_int_equal(page_alloc_free_pages(pa), page_alloc_managed(pa));
	end(pa);
}

/* NOFAIL is the only one whom an exhausted machine of any era gives its last page. */
static void test_the_last_pages(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		struct page_alloc_cfg cfg = tiny(era, 64);
		struct page_alloc *pa = page_alloc_new(&cfg, NULL);

		set_marks(pa, 8);
		take_all(pa, GFP_KERNEL, 0);
		take_all(pa, GFP_ATOMIC, 0);
		assert_true(page_alloc_free_pages(pa) > 0);
		assert_true(take_all(pa, GFP_KERNEL | GFP_NOFAIL, 0) > 0);
		assert_int_equal(page_alloc_free_pages(pa), 0);
		assert_true(alloc_pages(pa, &cpu0, GFP_KERNEL | GFP_MEMALLOC, 0) == NO_FRAME);
		end(pa);
	}
}

static void is_own(void *arg, u64 pfn, u32 order)
{
	*(u64 *)arg += 1ull << order;
}

/* Caches, objects and large objects until nothing is left, in 64 to 1,024 pages: what fails leaves nothing
 * behind. */
static void objects_until_the_end(enum kernel_era era, enum slab_form form, u64 pages)
{
	static const u32 bytes[] = { 8, 192, 700, 3000, 20000, 100000 };
	struct page_alloc_cfg cfg = tiny(era, pages);
	struct page_alloc *pa;
	struct slabs *s;
	u64 got = 0, of_slabs = 0;
	u32 i;

	cfg.dma_end = pages / 2 * PAGE;
	pa = page_alloc_new(&cfg, NULL);
	set_marks(pa, 2);
	s = slabs_new(pa, form, 64);
	if (s) {
		slabs_boot(s);
		for (i = 0; i < 20000; i++)
			got += kmalloc(s, i % 2 ? &cpu0 : NULL, bytes[i % ARRAY_SIZE(bytes)],
				       i % 5 ? GFP_KERNEL : GFP_ATOMIC | GFP_DMA) != 0;
		kmem_cache_find_or_create(s, "another", 500);
		slabs_sane(s);
		slabs_each_block(s, is_own, &of_slabs);
		assert_int_equal(of_slabs, s->st.pages);
		assert_true(s->st.failed > 0 && (got > 0 || pages < 512));
		slabs_shrink(s, &cpu0);
		slabs_sane(s);
		slabs_free(s);
	}
	end(pa);
}

static void test_objects_run_out(void **state)
{
	static const u16 pages[] = { 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024 };
	u32 era, i;

	for (era = 0; era < NR_ERAS; era++) {
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			objects_until_the_end(era, SLAB_CLASSIC, pages[i]);
			objects_until_the_end(era, SLAB_SLUB, pages[i]);
		}
	}
}

/* refresh_cpu_vm_stats(): another node's pages leave a list at the third tick in which nobody used it. */
static void test_lists_of_other_nodes_empty(void **state)
{
	static const u8 eras[] = { ERA_2_6_26, ERA_2_6_37, ERA_6_X };
	struct cpu far = { .id = 0, .node = 1 };
	u32 i, tick;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct page_alloc_cfg cfg = tiny(eras[i], 1u << 18);
		struct page_alloc *pa;
		struct zone *z;

		cfg.nodes = 2;
		cfg.pcp = eras[i] == ERA_6_X ? PCP_LISTS : PCP_MERGED;
		pa = page_alloc_new(&cfg, NULL);
		z = &pa->zone[0];
		free_pages(pa, &far, alloc_pages_node(pa, &far, GFP_KERNEL, 0, 0), 0);
		assert_true(z->pcp[0].count > 0 && z->pcp[0].count <= z->pcp[0].batch);
		for (tick = 0; tick < 3; tick++) {
			assert_true(z->pcp[0].count > 0);
			assert_true(pcp_tick(z, &far, 0));
		}
		assert_int_equal(z->pcp[0].count, 0);
		assert_false(pcp_tick(z, &far, 0));
		end(pa);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_single_atomic_pages_use_the_reserve),
		cmocka_unit_test(test_a_boost_stops_no_interrupt),
		cmocka_unit_test(test_mixed_blocks_come_before_other_nodes),
		cmocka_unit_test(test_large_pages_raise_the_marks),
		cmocka_unit_test(test_a_pool_that_is_not_needed),
		cmocka_unit_test(test_the_last_pages),
		cmocka_unit_test(test_objects_run_out),
		cmocka_unit_test(test_lists_of_other_nodes_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
