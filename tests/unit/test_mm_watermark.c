/*
 * Zones' marks and reserves against a live kernel's /proc/zoneinfo, against numbers computed by hand from the
 * sources of older ones, and the test of an allocation against them, one page below and at each depth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/mm/boot.h"
#include "model/mm/watermark.h"

#define MB   (1ull << 20)
#define GB   (1ull << 30)
#define LOW8 (896 * MB)

static const struct page_alloc_cfg x86_64 = {
	.era = ERA_6_X,
	.bytes = 24 * GB,
	.shift = 12,
	.nodes = 1,
	.cpus = 2,
	.word = 8,
	.dma_end = 16 * MB,
	.dma32_end = 4 * GB,
	.direct_map = 0xffff888000000000,
	.memmap_va = 0xffffea0000000000,
	.thp = true,
};

static const struct page_alloc_cfg i386 = {
	.era = ERA_2_6_18,
	.bytes = LOW8,
	.shift = 12,
	.nodes = 1,
	.cpus = 1,
	.word = 4,
	.dma_end = 16 * MB,
	.lowmem_end = LOW8,
	.direct_map = 0xc0000000,
};

static void check_marks(const struct zone *z, u64 min, u64 low, u64 high)
{
	assert_int_equal(z->wmark[WMARK_MIN], min);
	assert_int_equal(z->wmark[WMARK_LOW], low);
	assert_int_equal(z->wmark[WMARK_HIGH], high);
}

/* Three zones with these managed pages, as a live kernel had them. */
static struct page_alloc *live(u64 dma, u64 dma32, u64 normal)
{
	struct page_alloc *pa = page_alloc_zones(&x86_64, NULL);
	u64 managed[] = { dma, dma32, normal };
	u32 i;

	assert_int_equal(pa->n_zones, 3);
	for (i = 0; i < 3; i++)
		pa->zone[i].managed = managed[i];
	watermarks_set(pa);
	return pa;
}

/* Linux 6.18, 24 GB, THP on: /proc/zoneinfo and min_free_kbytes. */
static void test_live(void **state)
{
	struct page_alloc *pa = live(3840, 772915, 2916352);

	assert_int_equal(pa->min_free_kbytes, 67584);
	check_marks(&pa->zone[0], 17, 21, 25);
	check_marks(&pa->zone[1], 3536, 4420, 5304);
	check_marks(&pa->zone[2], 13342, 16677, 20012);
	assert_int_equal(pa->zone[0].wmark[WMARK_PROMO], 29);
	assert_int_equal(pa->zone[1].wmark[WMARK_PROMO], 6188);
	assert_int_equal(pa->zone[2].wmark[WMARK_PROMO], 23347);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_DMA32], 3019);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_NORMAL], 14411);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_MOVABLE], 14411);
	assert_int_equal(pa->zone[1].lowmem_reserve[ZONE_DMA32], 0);
	assert_int_equal(pa->zone[1].lowmem_reserve[ZONE_NORMAL], 11392);
	assert_int_equal(pa->zone[2].lowmem_reserve[ZONE_MOVABLE], 0);
	zones_free(pa);
}

/* The same kernel with less of its memory plugged in. */
static void test_live_small(void **state)
{
	struct page_alloc *pa = live(3840, 772915, 327680);

	assert_int_equal(pa->min_free_kbytes, 67584);
	check_marks(&pa->zone[1], 11824, 14780, 17736);
	check_marks(&pa->zone[2], 5012, 6265, 7518);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_DMA32], 3019);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_NORMAL], 4299);
	assert_int_equal(pa->zone[1].lowmem_reserve[ZONE_NORMAL], 1280);
	zones_free(pa);
}

/* What high_min of per-CPU lists is made of: the low mark by CPUs, 4 * batch at least. */
static void test_high_min(void **state)
{
	struct page_alloc *pa = live(3840, 772915, 327680);

	assert_int_equal(pa->zone[0].wmark[WMARK_LOW] / 2, 36);
	assert_int_equal(pa->zone[1].wmark[WMARK_LOW] / 2, 7390);
	assert_int_equal(pa->zone[2].wmark[WMARK_LOW] / 2, 3132);
	zones_free(pa);
}

static struct page_alloc *of_era(const struct page_alloc_cfg *cfg, enum kernel_era era, u64 bytes)
{
	struct page_alloc_cfg c = *cfg;

	c.era = era;
	c.bytes = bytes;
	return page_alloc_zones(&c, NULL);
}

/* 896 MB of low memory, 229,376 pages, of which DMA has 4,096. */
static void test_eras(void **state)
{
	static const struct {
		enum kernel_era era;
		u32 kbytes;         /* sqrt(917504), sqrt(917504 * 16) */
		u32 dma[3], low[3]; /* pages */
	} row[] = {
		{ ERA_2_4_0, 0, { 128, 256, 384 }, { 255, 510, 765 } },
		{ ERA_2_4_21, 0, { 32, 64, 96 }, { 255, 510, 765 } },
		{ ERA_2_5_66, 0, { 32, 64, 96 }, { 255, 510, 765 } },
		{ ERA_2_6_5, 957, { 4, 8, 12 }, { 234, 468, 702 } },
		{ ERA_2_6_9, 957, { 4, 8, 12 }, { 234, 468, 702 } },
		{ ERA_2_6_18, 3831, { 17, 21, 25 }, { 939, 1173, 1408 } },
		{ ERA_2_6_37, 3831, { 17, 21, 25 }, { 939, 1173, 1408 } },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		struct page_alloc *pa = of_era(&i386, row[i].era, LOW8);

		if (row[i].kbytes)
			assert_int_equal(pa->min_free_kbytes, row[i].kbytes);
		check_marks(&pa->zone[0], row[i].dma[0], row[i].dma[1], row[i].dma[2]);
		check_marks(&pa->zone[1], row[i].low[0], row[i].low[1], row[i].low[2]);
		zones_free(pa);
	}
}

/* High memory has 32 to 128 pages; what is above them is as far apart as a share of the whole would say. */
static void test_highmem(void **state)
{
	struct page_alloc *pa = of_era(&i386, ERA_2_6_18, GB);

	assert_int_equal(pa->n_zones, 3);
	assert_int_equal(pa->zone[2].type, ZONE_HIGHMEM);
	/* 32,768 pages; share 957 * 32768 / 229376 = 136. */
	check_marks(&pa->zone[2], 32, 66, 100);
	zones_free(pa);
	pa = of_era(&i386, ERA_2_6_9, GB);
	check_marks(&pa->zone[2], 32, 64, 96);
	zones_free(pa);
	pa = of_era(&i386, ERA_2_6_18, 4 * GB);
	assert_int_equal(pa->zone[2].wmark[WMARK_MIN], 128);
	zones_free(pa);
}

/* The example of mm/page_alloc.c for sysctl_lowmem_reserve_ratio: 16 MB DMA, 784 MB NORMAL, 224 MB HIGHMEM.
 */
static void test_reserve_example(void **state)
{
	struct page_alloc_cfg cfg = i386;
	struct page_alloc *pa;

	cfg.bytes = GB;
	cfg.lowmem_end = 800 * MB;
	pa = page_alloc_zones(&cfg, NULL);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_NORMAL], 784 * MB / 4096 / 256);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_HIGHMEM], (224 + 784) * MB / 4096 / 256);
	assert_int_equal(pa->zone[1].lowmem_reserve[ZONE_HIGHMEM], 224 * MB / 4096 / 32);
	zones_free(pa);
	pa = of_era(&i386, ERA_2_6_9, GB);
	assert_int_equal(pa->zone[0].lowmem_reserve[ZONE_HIGHMEM], 0);
	zones_free(pa);
}

/* Clamps: 128 KB at least; 16, 64 and 256 MB at most. */
static void test_clamps(void **state)
{
	struct page_alloc_cfg cfg = x86_64;
	struct page_alloc *pa;

	cfg.thp = false;
	pa = of_era(&cfg, ERA_6_X, 24 * GB);
	pa->zone[2].managed = 1u << 31; /* 8 TB */
	watermarks_set(pa);
	assert_int_equal(pa->min_free_kbytes, 262144);
	zones_free(pa);
	pa = of_era(&cfg, ERA_2_6_37, 512 * GB);
	assert_int_equal(pa->min_free_kbytes, 65536);
	zones_free(pa);
	pa = of_era(&cfg, ERA_2_6_9, 512 * GB);
	assert_int_equal(pa->min_free_kbytes, 16384);
	zones_free(pa);
	pa = of_era(&cfg, ERA_6_X, MB / 2);
	assert_int_equal(pa->min_free_kbytes, 128);
	zones_free(pa);
	/* khugepaged may not ask for more than a twentieth. */
	cfg.thp = true;
	pa = of_era(&cfg, ERA_6_X, 8 * MB);
	assert_true(pa->min_free_kbytes < 8192 / 20);
	zones_free(pa);
	cfg.min_free_kbytes = 4096;
	pa = of_era(&cfg, ERA_6_X, GB);
	assert_int_equal(pa->min_free_kbytes, 4096);
	zones_free(pa);
}

/* How many free pages an allocation needs, found by trying. */
static u64 depth(struct zone *z, u32 order, u32 alloc, enum zone_type highest)
{
	for (z->free = 0; !zone_watermark_ok(z, order, z->wmark[WMARK_MIN], highest, alloc);)
		z->free++;
	return z->free;
}

/* Marks of 1,024 pages: what each kind of allocation may leave, mm/page_alloc.c of the eras. */
static void test_depths(void **state)
{
	struct page_alloc *pa = of_era(&x86_64, ERA_6_X, 4 * GB);
	struct zone *z = &pa->zone[1];

	z->wmark[WMARK_MIN] = 1024;
	z->lowmem_reserve[ZONE_NORMAL] = 100;
	assert_int_equal(depth(z, 0, 0, ZONE_DMA32), 1025);
	assert_int_equal(depth(z, 0, 0, ZONE_NORMAL), 1125);
	assert_int_equal(depth(z, 0, ALLOC_HIGH, ZONE_DMA32), 513);
	assert_int_equal(depth(z, 0, ALLOC_HIGH | ALLOC_HARDER, ZONE_DMA32), 385); /* 3/8 */
	assert_int_equal(depth(z, 0, ALLOC_HARDER, ZONE_DMA32), 1025);
	assert_int_equal(depth(z, 0, ALLOC_OOM, ZONE_DMA32), 513);
	z->free_highatomic = 512;
	assert_int_equal(depth(z, 0, 0, ZONE_DMA32), 1537);
	assert_int_equal(depth(z, 0, ALLOC_HIGH, ZONE_DMA32), 513);
	z->free_highatomic = 0;
	z->area[3].nr[MIGRATE_MOVABLE] = 1;
	assert_int_equal(depth(z, 3, 0, ZONE_DMA32), 1032);
	z->area[3].nr[MIGRATE_MOVABLE] = 0;
	z->area[3].nr[MIGRATE_HIGHATOMIC] = 1;
	assert_int_equal(depth(z, 3, ALLOC_HIGH | ALLOC_HARDER | ALLOC_HIGHATOMIC, ZONE_DMA32), 392);
	z->free = 1u << 20;
	assert_false(zone_watermark_ok(z, 3, z->wmark[WMARK_MIN], ZONE_DMA32, 0));
	zones_free(pa);
}

static void test_depths_old(void **state)
{
	struct page_alloc *pa = of_era(&i386, ERA_2_6_37, LOW8);
	struct zone *z = &pa->zone[1];

	z->wmark[WMARK_MIN] = 1024;
	assert_int_equal(depth(z, 0, ALLOC_HIGH | ALLOC_HARDER, ZONE_NORMAL), 385);
	assert_int_equal(depth(z, 0, ALLOC_HARDER, ZONE_NORMAL), 769);
	/* 100 single pages do not count for order 1, and the mark is halved; 1,031 for order 3 anyway. */
	z->area[0].nr_free = 600;
	assert_int_equal(depth(z, 1, 0, ZONE_NORMAL), 600 + 512 + 2);
	zones_free(pa);
	pa = of_era(&i386, ERA_2_6_9, LOW8);
	z = &pa->zone[1];
	z->wmark[WMARK_MIN] = 1024;
	assert_int_equal(depth(z, 0, 0, ZONE_NORMAL), 1025);
	assert_int_equal(depth(z, 3, ALLOC_HIGH | ALLOC_HARDER, ZONE_NORMAL), 384 + 8);
	zones_free(pa);
}

/* The sum over zones of the eras before 2.6.7. */
static void test_incremental(void **state)
{
	struct page_alloc *pa = of_era(&i386, ERA_2_4_21, LOW8);
	struct zone *dma = &pa->zone[0], *normal = &pa->zone[1];
	u64 min = 1;

	normal->free = 511;
	assert_false(zone_incremental_ok(normal, &min, true, GFP_KERNEL));
	dma->free = 511 + 64;
	assert_false(zone_incremental_ok(dma, &min, true, GFP_KERNEL));
	assert_int_equal(min, 1 + 510 + 64);
	min = 1;
	normal->free = 512;
	assert_true(zone_incremental_ok(normal, &min, true, GFP_KERNEL));
	min = 1;
	normal->free = 65;
	assert_true(zone_incremental_ok(normal, &min, false, GFP_ATOMIC));
	zones_free(pa);
	pa = of_era(&i386, ERA_2_6_5, LOW8);
	min = 1;
	pa->zone[1].free = 234 / 4 + 1;
	assert_true(zone_incremental_ok(&pa->zone[1], &min, false, GFP_ATOMIC));
	min = 1;
	assert_false(zone_incremental_ok(&pa->zone[1], &min, false, GFP_KERNEL));
	zones_free(pa);
}

static void test_boost(void **state)
{
	struct page_alloc *pa = live(3840, 772915, 327680);
	struct zone *z = &pa->zone[2];
	u32 i;

	assert_true(zone_boost(z));
	assert_int_equal(z->boost, 512);
	assert_int_equal(zone_mark(z, WMARK_LOW), 6265 + 512);
	for (i = 0; i < 100; i++)
		zone_boost(z);
	assert_int_equal(z->boost, 7518 * 3 / 2);
	zones_free(pa);
	pa = live(2047, 772915, 327680);
	assert_false(zone_boost(&pa->zone[0]));
	zones_free(pa);
}

/* Zones of two nodes, and the order in which they are looked through. */
static void test_zonelists(void **state)
{
	struct page_alloc_cfg cfg = x86_64;
	struct page_alloc *pa;
	const struct zonelist *l;

	cfg.nodes = 2;
	pa = page_alloc_zones(&cfg, NULL);
	assert_int_equal(pa->n_zones, 4);
	assert_int_equal(pa->zone[3].start, 12 * GB >> 12);
	l = &pa->zonelist[1 * NR_ZONE_TYPES + ZONE_NORMAL];
	assert_int_equal(l->n, 4);
	assert_ptr_equal(l->zone[0], &pa->zone[3]);
	assert_ptr_equal(l->zone[1], &pa->zone[2]);
	assert_ptr_equal(l->zone[3], &pa->zone[0]);
	l = &pa->zonelist[1 * NR_ZONE_TYPES + ZONE_DMA32];
	assert_int_equal(l->n, 2);
	assert_ptr_equal(zone_of(pa, 4095), &pa->zone[0]);
	assert_ptr_equal(zone_of(pa, 4096), &pa->zone[1]);
	assert_int_equal(node_of(pa, 12 * GB >> 12), 1);
	zones_free(pa);
}

/* Boot keeps a PC's first megabyte, the image and what lies behind it, and mem_map of each node. */
static void test_reserved(void **state)
{
	struct page_alloc_cfg cfg = x86_64;
	struct page_alloc *pa;

	cfg.pc = true;
	cfg.image_pa = 16 * MB;
	cfg.image_bytes = 32 * MB;
	pa = page_alloc_zones(&cfg, NULL);
	assert_int_equal(pa->zone[0].managed, 3840); /* as the live kernel's */
	assert_int_equal(pa->zone[0].present, 4096 - 97);
	assert_int_equal(pa->n_ranges, 3);
	assert_int_equal(pa->range[1].start, 4096);
	assert_int_equal(pa->range[2].end - pa->range[2].start, 24 * GB / 4096 / 64);
	assert_int_equal(page_struct_pa(pa, 0), 24 * GB - 24 * GB / 64);
	zones_free(pa);
	/* 16 GB of i386 have 192 MB of mem_map in low memory. */
	cfg = i386;
	cfg.pc = true;
	cfg.era = ERA_2_4_21;
	cfg.image_pa = MB;
	cfg.image_bytes = 3 * MB;
	cfg.bytes = 16 * GB;
	pa = page_alloc_zones(&cfg, NULL);
	assert_in_range(pa->zone[0].managed + pa->zone[1].managed, (LOW8 - 198 * MB) >> 12,
			(LOW8 - 195 * MB) >> 12);
	assert_int_equal(page_va(pa, LOW8 >> 12), 0);
	assert_int_equal(page_va(pa, 1), 0xc0001000);
	zones_free(pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),       cmocka_unit_test(test_live_small),
		cmocka_unit_test(test_high_min),   cmocka_unit_test(test_eras),
		cmocka_unit_test(test_highmem),    cmocka_unit_test(test_reserve_example),
		cmocka_unit_test(test_clamps),     cmocka_unit_test(test_depths),
		cmocka_unit_test(test_depths_old), cmocka_unit_test(test_incremental),
		cmocka_unit_test(test_boost),      cmocka_unit_test(test_zonelists),
		cmocka_unit_test(test_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
