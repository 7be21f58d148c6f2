/*
 * The page allocator in machines of a few hundred frames, where every zone runs out all the time: against a
 * naive one for the choice of zones and for success, against itself for everything else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/arch/addr.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/mempool.h"
#include "model/mm/watermark.h"
#include "tests/ref/ref_alloc.h"

#define PAGE     4096ull
#define MAX_HELD 1024u

struct held {
	u64 pfn;
	u32 order;
};

static struct cpu cpus[2] = { { .id = 0, .node = 0 }, { .id = 1, .node = 0 } };

static struct page_alloc_cfg tiny(enum kernel_era era, u64 pages)
{
	return (struct page_alloc_cfg){
		.era = era,
		.bytes = pages * PAGE,
		.shift = 12,
		.nodes = 1,
		.cpus = 2,
		.word = era <= ERA_2_6_18 ? 4 : 8,
		.dma_end = pages / 4 * PAGE,
		.lowmem_end = pages * 3 / 4 * PAGE,
		.direct_map = 0xc0000000,
		.min_free_kbytes = 128,
	};
}

static void set_marks(struct page_alloc *pa, u64 min)
{
	u32 i;

	for (i = 0; i < pa->n_zones; i++) {
		pa->zone[i].wmark[WMARK_MIN] = min + i;
		pa->zone[i].wmark[WMARK_LOW] = 2 * min + i;
		pa->zone[i].wmark[WMARK_HIGH] = 3 * min + i;
	}
}

/* All kinds of requests. */
static u32 random_gfp(struct rng *rng)
{
	static const u32 kind[] = {
		GFP_KERNEL,
		GFP_ATOMIC,
		GFP_NOWAIT,
		GFP_HIGHUSER_MOVABLE,
		GFP_HIGHUSER,
		GFP_KERNEL | GFP_DMA,
		GFP_ATOMIC | GFP_DMA,
		GFP_KERNEL | GFP_RECLAIMABLE,
		GFP_KERNEL | GFP_MEMALLOC,
		GFP_KERNEL | GFP_OOM_VICTIM,
		GFP_ATOMIC | GFP_OOM_VICTIM | GFP_HIGHMEM,
		GFP_KERNEL | GFP_MEMALLOC | GFP_NOMEMALLOC,
		GFP_HIGHUSER_MOVABLE | GFP_THISNODE,
		GFP_KERNEL | GFP_NOFAIL,
		GFP_HIGHUSER_MOVABLE | GFP_NORETRY,
	};

	return kind[rng_below(rng, ARRAY_SIZE(kind))];
}

static u32 random_order(struct rng *rng)
{
	return rng_below(rng, 3) ? 0 : (u32)rng_below(rng, 6);
}

/* What happened on the way: every one of these must have. */
struct seen {
	u32 zone[4], failed, slow;
};

static void one_alloc(struct page_alloc *pa, struct ref_alloc *t, struct rng *rng, struct held *h, u32 *n,
		      struct seen *seen)
{
	u32 gfp = random_gfp(rng), order = random_order(rng), want = ref_alloc_zone(t, gfp, order);
	u64 slow = pa->st.slow, pfn = alloc_pages(pa, NULL, gfp, order);

	seen->slow += pa->st.slow > slow;
	if (want == REF_NO_ZONE) {
		assert_true(pfn == NO_FRAME);
		seen->failed++;
		return;
	}
	assert_true(pfn != NO_FRAME);
	assert_int_equal(zone_of(pa, pfn)->index, want);
	assert_int_equal(page_of(&pa->map, pfn)->refs, 1);
	ref_alloc_take(t, pfn, order);
	h[(*n)++] = (struct held){ pfn, order };
	seen->zone[want]++;
}

static void one_free(struct page_alloc *pa, struct ref_alloc *t, struct rng *rng, struct held *h, u32 *n)
{
	u32 i = (u32)rng_below(rng, *n);

	free_pages(pa, NULL, h[i].pfn, h[i].order);
	ref_alloc_give(t, h[i].pfn, h[i].order);
	h[i] = h[--*n];
}

static void check_counts(const struct page_alloc *pa, const struct ref_alloc *t)
{
	u32 i;

	page_alloc_sane(pa);
	for (i = 0; i < pa->n_zones; i++)
		assert_int_equal(pa->zone[i].free, ref_alloc_free(t, &pa->zone[i]));
}

/* Fills up and empties again and again, so that every depth is passed in both directions. */
static void against_twin(const struct page_alloc_cfg *cfg, u64 marks, u32 steps)
{
	struct page_alloc *pa = page_alloc_new(cfg, NULL);
	struct held h[MAX_HELD];
	struct seen seen = { 0 };
	struct ref_alloc t;
	struct rng rng;
	u32 n = 0, i;

	rng_init(&rng, cfg->era, "alloc");
	set_marks(pa, marks);
	ref_alloc_init(&t, pa);
	for (i = 0; i < steps; i++) {
		u32 bias = i / 256 % 2 ? 3 : 7; /* of ten steps, allocations */

		if (!n || rng_below(&rng, 10) < bias)
			one_alloc(pa, &t, &rng, h, &n, &seen);
		else
			one_free(pa, &t, &rng, h, &n);
		if (i % 1000 == 999)
			check_counts(pa, &t);
	}
	for (i = 0; i < pa->n_zones; i++)
		assert_true(seen.zone[i] > 100);
	assert_true(seen.failed > 100 && seen.slow > 100);
	while (n)
		one_free(pa, &t, &rng, h, &n);
	check_counts(pa, &t);
	assert_int_equal(page_alloc_free_pages(pa), page_alloc_managed(pa));
	page_alloc_free(pa);
}

static void test_twin(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		struct page_alloc_cfg cfg = tiny(era, 256);

		against_twin(&cfg, 6, 120000);
		cfg = tiny(era, 64);
		against_twin(&cfg, 2, 60000);
		cfg.nodes = 2;
		against_twin(&cfg, 2, 20000);
	}
}

/* With per-CPU lists the buddy's counts are not known; no page may be handed out twice, and all come back. */
static void through_lists(enum kernel_era era, enum pcp_form form)
{
	struct page_alloc_cfg cfg = tiny(era, 1024);
	struct page_alloc *pa;
	struct held h[MAX_HELD];
	struct ref_alloc t;
	struct rng rng;
	u32 n = 0, i;

	cfg.pcp = form;
	pa = page_alloc_new(&cfg, NULL);
	ref_alloc_init(&t, pa);
	rng_init(&rng, form, "lists");
	for (i = 0; i < 60000; i++) {
		struct cpu *c = &cpus[rng_below(&rng, 2)];
		u32 order = random_order(&rng), j;

		if (!n || (n < MAX_HELD && rng_below(&rng, 10) < (i / 512 % 2 ? 3 : 7))) {
			u64 pfn = alloc_pages(pa, c, random_gfp(&rng), order);

			if (pfn == NO_FRAME)
				continue;
			ref_alloc_take(&t, pfn, order);
			h[n++] = (struct held){ pfn, order };
			continue;
		}
		j = (u32)rng_below(&rng, n);
		if (rng_below(&rng, 4))
			free_pages(pa, c, h[j].pfn, h[j].order);
		else
			free_pages_cold(pa, c, h[j].pfn, h[j].order);
		ref_alloc_give(&t, h[j].pfn, h[j].order);
		h[j] = h[--n];
		if (i % 1000 < 10)
			page_alloc_sane(pa);
	}
	while (n--)
		free_pages(pa, &cpus[0], h[n].pfn, h[n].order);
	drain_all_pages(pa, NULL);
	page_alloc_sane(pa);
	assert_int_equal(page_alloc_free_pages(pa), page_alloc_managed(pa));
	assert_true(pa->st.pcp_hits + pa->st.pcp_misses > 5000 && pa->st.drains > 0);
	page_alloc_free(pa);
}

static void test_lists(void **state)
{
	through_lists(ERA_2_6_9, PCP_HOT_COLD);
	through_lists(ERA_2_6_18, PCP_HOT_COLD);
	through_lists(ERA_2_6_26, PCP_MERGED);
	through_lists(ERA_2_6_37, PCP_MERGED);
	through_lists(ERA_6_X, PCP_LISTS);
}

/* A 6.x machine of one zone NORMAL whose pageblocks are 8 pages and whose hundredth is 16. */
static struct page_alloc *small_blocks(void)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1024);

	cfg.dma_end = cfg.lowmem_end = 0;
	cfg.pageblock_order = 3;
	return page_alloc_new(&cfg, NULL);
}

static void test_highatomic(void **state)
{
	struct page_alloc *pa = small_blocks();
	struct zone *z = &pa->zone[0];
	u64 a[64];
	u32 n = 0;

	/* Below the low mark an atomic block of two pages makes its pageblock one of the reserve. */
	while (z->free > z->wmark[WMARK_MIN])
		alloc_pages(pa, NULL, GFP_KERNEL, 0);
	assert_int_equal(z->reserved_highatomic, 0);
	a[n++] = alloc_pages(pa, NULL, GFP_ATOMIC, 1);
	assert_true(a[0] != NO_FRAME);
	assert_int_equal(z->reserved_highatomic, 8);
	assert_true(z->free_highatomic > 0);
	page_alloc_sane(pa);
	/* Others do not see these pages; the next atomic block comes from there. */
	a[n] = alloc_pages(pa, NULL, GFP_ATOMIC, 1);
	assert_int_equal(a[n] >> 3, a[0] >> 3);
	n++;
	/* Never more than the hundredth, rounded up: 16 pages of 1,024. */
	while (n < 64 && (a[n] = alloc_pages(pa, NULL, GFP_ATOMIC, 1)) != NO_FRAME)
		n++;
	assert_int_equal(z->reserved_highatomic, 16);
	while (n)
		free_pages(pa, NULL, a[--n], 1);
	assert_int_equal(z->free_highatomic, 16);
	page_alloc_sane(pa);
	page_alloc_free(pa);
}

static u64 progress_once(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	struct page_alloc *pa = arg;

	return pa->st.direct_reclaims == 1;
}

static u64 no_pages(void *arg, const struct zone *z)
{
	return 0;
}

static void no_kswapd(void *arg, struct cpu *c, struct zone *z, u32 order, u32 gfp)
{
}

static bool never(void *arg, const struct cpu *c)
{
	return false;
}

static bool no_nap(void *arg, struct cpu *c)
{
	return false;
}

static struct reclaim_progress *no_state(void *arg, const struct cpu *c)
{
	return NULL;
}

static bool nobody(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	return false;
}

/* When reclaim made progress in vain, the reserve gives a pageblock back before the allocation fails. */
static void test_highatomic_release(void **state)
{
	static const struct reclaim_ops ops = { no_kswapd, progress_once, no_pages, nobody,
						never,     no_nap,        no_state };
	struct page_alloc *pa = small_blocks();
	struct zone *z = &pa->zone[0];
	u64 a[64];
	u32 n = 0;

	while (z->free > z->wmark[WMARK_MIN])
		alloc_pages(pa, NULL, GFP_KERNEL, 0);
	while (n < 64 && (a[n] = alloc_pages(pa, NULL, GFP_ATOMIC, 1)) != NO_FRAME)
		n++;
	while (n)
		free_pages(pa, NULL, a[--n], 1);
	assert_int_equal(z->reserved_highatomic, 16);
	pa->reclaim = &ops;
	pa->reclaim_arg = pa;
	z->wmark[WMARK_MIN] = z->free - 12;
	assert_true(alloc_pages(pa, NULL, GFP_KERNEL, 0) != NO_FRAME);
	assert_int_equal(z->reserved_highatomic, 8);
	page_alloc_sane(pa);
	page_alloc_free(pa);
}

/* Killing someone helps order 0 to 3, if it helps: the victim's pages are there at the next round. */
struct victim {
	struct page_alloc *pa;
	u64 pfn;
	u32 kills;
};

static u64 no_progress(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	return 0;
}

static bool kill_one(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	struct victim *v = arg;

	if (v->pfn == NO_FRAME)
		return false;
	free_pages(v->pa, c, v->pfn, 5);
	v->pfn = NO_FRAME;
	v->kills++;
	return true;
}

static void test_oom(void **state)
{
	static const struct reclaim_ops ops = { no_kswapd, no_progress, no_pages, kill_one,
						never,     no_nap,      no_state };
	u32 era;

	for (era = ERA_2_4_21; era < NR_ERAS; era++) {
		struct page_alloc_cfg cfg = tiny(era, 256);
		struct page_alloc *pa;
		struct victim v = { 0 };

		cfg.dma_end = cfg.lowmem_end = 0;
		pa = page_alloc_new(&cfg, NULL);
		set_marks(pa, 4);
		v.pa = pa;
		v.pfn = alloc_pages(pa, NULL, GFP_KERNEL, 5);
		while (alloc_pages(pa, NULL, GFP_NOWAIT, 0) != NO_FRAME)
			;
		pa->reclaim = &ops;
		pa->reclaim_arg = &v;
		assert_true(alloc_pages(pa, NULL, GFP_KERNEL | GFP_NORETRY, 0) == NO_FRAME);
		assert_true(alloc_pages(pa, NULL, GFP_KERNEL, 4) == NO_FRAME);
		assert_int_equal(v.kills, 0);
		assert_true(alloc_pages(pa, NULL, GFP_KERNEL, 1) != NO_FRAME);
		assert_int_equal(v.kills, 1);
		while (alloc_pages(pa, NULL, GFP_KERNEL, 0) != NO_FRAME)
			;
		assert_int_equal(v.kills, 1);
		assert_true(pa->st.oom >= 2);
		page_alloc_free(pa);
	}
}

/* A mixed pageblock in NORMAL is the worse choice as long as DMA32 has memory. */
static void test_nofragment(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1024);
	struct page_alloc *pa;
	u64 pfn;

	cfg.dma_end = 128 * PAGE;
	cfg.dma32_end = 512 * PAGE;
	cfg.lowmem_end = 0;
	cfg.pageblock_order = 4;
	pa = page_alloc_new(&cfg, NULL);
	set_marks(pa, 1);
	/* Of NORMAL half a pageblock is left, which has movable pages. */
	while ((pfn = alloc_pages(pa, NULL, GFP_HIGHUSER_MOVABLE, 3)) != NO_FRAME && pfn >= 512)
		;
	assert_int_equal(zone_of(pa, alloc_pages(pa, NULL, GFP_KERNEL, 0))->type, ZONE_DMA32);
	page_alloc_sane(pa);
	page_alloc_free(pa);
}

static void test_policies(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 512);
	struct page_alloc *pa;
	u64 pfn;
	u32 i;

	cfg.nodes = 4;
	cfg.dma_end = cfg.lowmem_end = 0;
	pa = page_alloc_new(&cfg, NULL);
	set_marks(pa, 2);
	for (i = 0; i < 16; i++) {
		static const u32 turn[] = { 1, 2, 3 };

		pfn = alloc_pages_policy(pa, NULL, GFP_USER, 0, POLICY_INTERLEAVE, 0xe, i);
		assert_int_equal(node_of(pa, pfn), turn[i % 3]);
	}
	pfn = alloc_pages_policy(pa, NULL, GFP_USER, 0, POLICY_PREFERRED, 4, 0);
	assert_int_equal(node_of(pa, pfn), 2);
	pfn = alloc_pages_policy(pa, NULL, GFP_USER, 0, POLICY_LOCAL, 0, 0);
	assert_int_equal(node_of(pa, pfn), 0);
	/* Bound, it never leaves its nodes; preferred, it goes on. */
	while ((pfn = alloc_pages_policy(pa, NULL, GFP_USER, 0, POLICY_BIND, 0xa, 0)) != NO_FRAME)
		assert_true(node_of(pa, pfn) == 1 || node_of(pa, pfn) == 3);
	pfn = alloc_pages_policy(pa, NULL, GFP_USER, 0, POLICY_PREFERRED, 2, 0);
	assert_int_equal(node_of(pa, pfn), 2);
	page_alloc_sane(pa);
	page_alloc_free(pa);
}

/* Memory that nobody uses costs the host 40 bytes for 4 MB, and blocks of 4 MB no more than that. */
static void test_host_memory(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1u << 28); /* 1 TB */
	struct page_alloc *pa;
	u64 pfn[32], i;

	cfg.word = 8;
	cfg.dma_end = 4096 * PAGE;
	cfg.dma32_end = (1u << 20) * PAGE;
	cfg.lowmem_end = 0;
	cfg.memmap_va = 0xffffea0000000000;
	pa = page_alloc_new(&cfg, NULL);
	assert_int_equal(pa->map.chunks, 0);
	for (i = 0; i < 32; i++)
		pfn[i] = alloc_pages(pa, NULL, GFP_USER, 10);
	assert_int_equal(pa->map.chunks, 0);
	for (i = 0; i < 32; i++)
		free_pages(pa, NULL, pfn[i], 10);
	for (i = 0; i < 32; i++)
		pfn[i] = alloc_pages(pa, NULL, GFP_USER, 3);
	assert_int_equal(pa->map.chunks, 1);
	for (i = 0; i < 32; i++)
		free_pages(pa, NULL, pfn[i], 3);
	assert_int_equal(pa->map.chunks, 0);
	page_alloc_free(pa);
}

/* Modern kernels hand out the lowest addresses first, those before 5.10 the highest blocks. */
static void test_boot_order(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		struct page_alloc_cfg cfg = tiny(era, 8192);
		struct page_alloc *pa;
		u64 pfn, top = era == ERA_2_4_0 ? 8192 - 512 : 8192 - 1024;

		cfg.dma_end = cfg.lowmem_end = 0;
		pa = page_alloc_new(&cfg, NULL);
		pfn = alloc_pages(pa, NULL, GFP_KERNEL, 0);
		if (era == ERA_6_X)
			assert_int_equal(pfn, 0);
		else if (era <= ERA_2_4_21)
			assert_int_equal(pfn, 8191); /* and of a block the upper half */
		else
			assert_int_equal(pfn, top);
		page_alloc_free(pa);
	}
}

/* Eight pages for the emergency: exactly eight allocations succeed after the last other one. */
static void test_mempool(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 256);
	struct page_alloc *pa = page_alloc_new(&cfg, NULL);
	struct mempool pool;
	u64 pfn[8];
	u32 i;

	set_marks(pa, 4);
	assert_true(mempool_init(&pool, pa, NULL, 8, 0));
	while (alloc_pages(pa, NULL, GFP_NOWAIT, 0) != NO_FRAME)
		;
	for (i = 0; i < 8; i++) {
		pfn[i] = mempool_alloc(&pool, NULL, GFP_NOIO);
		assert_true(pfn[i] != NO_FRAME);
	}
	assert_int_equal(pool.fallbacks, 8);
	assert_true(mempool_alloc(&pool, NULL, GFP_NOIO) == NO_FRAME);
	mempool_free(&pool, NULL, pfn[3]);
	assert_int_equal(mempool_alloc(&pool, NULL, GFP_NOIO), pfn[3]);
	for (i = 0; i < 8; i++)
		mempool_free(&pool, NULL, pfn[i]);
	assert_int_equal(pool.n, 8);
	mempool_fini(&pool, NULL);
	page_alloc_sane(pa);
	assert_false(mempool_init(&pool, pa, NULL, 256, 0));
	page_alloc_sane(pa);
	page_alloc_free(pa);
}

static void test_split(void **state)
{
	struct page_alloc_cfg cfg = tiny(ERA_6_X, 1u << 13);
	struct page_alloc *pa;
	u64 pfn, i;

	cfg.dma_end = cfg.lowmem_end = 0;
	pa = page_alloc_new(&cfg, NULL);
	for (i = 0; i < 2; i++) {
		u32 order = i ? 10 : 4;
		u64 p;

		pfn = alloc_pages(pa, NULL, GFP_USER, order);
		split_page(pa, pfn, order);
		for (p = pfn; p < pfn + (1ull << order); p++)
			free_pages(pa, NULL, p, 0);
		page_alloc_sane(pa);
	}
	assert_int_equal(page_alloc_free_pages(pa), 1u << 13);
	page_alloc_free(pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twin),       cmocka_unit_test(test_lists),
		cmocka_unit_test(test_highatomic), cmocka_unit_test(test_highatomic_release),
		cmocka_unit_test(test_oom),        cmocka_unit_test(test_nofragment),
		cmocka_unit_test(test_policies),   cmocka_unit_test(test_host_memory),
		cmocka_unit_test(test_boot_order), cmocka_unit_test(test_split),
		cmocka_unit_test(test_mempool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
