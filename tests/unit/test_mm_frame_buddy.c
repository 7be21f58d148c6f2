/* Frames of the page allocator: counts of references against naive ones, blocks, and how memory begins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/arch/addr.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/boot_state.h"
#include "model/mm/frame.h"

#define PAGES 8192u
#define PAGE  4096ull
#define NO_VA (~(u64)0)

struct bench {
	struct page_alloc *pa;
	struct frames *f;
};

static struct cpu cpu0;

static struct bench make(enum kernel_era era, enum pcp_form pcp, u64 pages)
{
	struct page_alloc_cfg cfg = { .era = era,
				      .pcp = pcp,
				      .bytes = pages * PAGE,
				      .shift = 12,
				      .nodes = 1,
				      .cpus = 1,
				      .word = 8,
				      .direct_map = 0xffff888000000000,
				      .min_free_kbytes = 128,
				      .seed = 7 };
	struct bench b = { .pa = page_alloc_new(&cfg, NULL) };
	struct frames_cfg frames = { .pa = b.pa, .shift = 12, .placement = FRAME_BUDDY };

	b.f = frames_new(&frames, 1);
	return b;
}

static void end(struct bench *b)
{
	frames_sane(b->f);
	page_alloc_sane(b->pa);
	frames_free(b->f);
	page_alloc_free(b->pa);
}

struct counts {
	u32 refs[PAGES];
	u64 used;
};

static void check_counts(const struct bench *b, const struct counts *n)
{
	u64 pfn;

	for (pfn = 0; pfn < PAGES; pfn++)
		assert_int_equal(frame_refs(b->f, pfn), n->refs[pfn]);
	assert_int_equal(frames_in_use(b->f), n->used);
	frames_sane(b->f);
	page_alloc_sane(b->pa);
}

static void take(struct bench *b, struct counts *n, struct rng *rng)
{
	static const u32 orders[] = { 0, 0, 0, 0, 1, 4, 9, 10, 11 };
	u32 order = orders[rng_below(rng, ARRAY_SIZE(orders))];
	u64 pfn = frame_alloc(b->f, &cpu0, GFP_HIGHUSER_MOVABLE, order, NO_VA, 0), i;

	if (pfn == NO_FRAME)
		return;
	assert_int_equal(pfn % (1ull << order), 0);
	for (i = pfn; i < pfn + (1ull << order); i++) {
		assert_int_equal(n->refs[i], 0);
		n->refs[i] = 1;
	}
	n->used += 1ull << order;
}

static void count_down(struct counts *n, u64 pfn)
{
	if (!--n->refs[pfn])
		n->used--;
}

/* Pages of a random aligned range that are all in use get, or lose, a reference: one by one or as a block. */
static void change(struct bench *b, struct counts *n, struct rng *rng)
{
	u32 order = rng_below(rng, 2) ? 0 : (u32)rng_below(rng, 12);
	u64 pfn = rng_below(rng, PAGES) & ~((1ull << order) - 1), i;
	bool get = !rng_below(rng, 3);

	for (i = pfn; i < pfn + (1ull << order); i++)
		if (!n->refs[i])
			return;
	for (i = pfn; i < pfn + (1ull << order); i++) {
		if (get)
			n->refs[i]++;
		else
			count_down(n, i);
	}
	if (order && get)
		frame_get_block(b->f, pfn, order);
	else if (order)
		frame_put_block(b->f, &cpu0, pfn, order);
	else if (get)
		frame_get(b->f, pfn);
	else
		assert_int_equal(frame_put(b->f, &cpu0, pfn), n->refs[pfn] == 0);
}

static void test_counts(void **state)
{
	static const struct {
		enum kernel_era era;
		enum pcp_form pcp;
	} kind[] = { { ERA_2_4_0, PCP_NONE },
		     { ERA_2_6_9, PCP_HOT_COLD },
		     { ERA_2_6_37, PCP_MERGED },
		     { ERA_6_X, PCP_LISTS } };
	static struct counts n;
	u32 k, i;

	for (k = 0; k < ARRAY_SIZE(kind); k++) {
		struct bench b = make(kind[k].era, kind[k].pcp, PAGES);
		struct rng rng;

		rng_init(&rng, k, "frames");
		memset(&n, 0, sizeof(n));
		for (i = 0; i < 20000; i++) {
			if (rng_below(&rng, 12))
				change(&b, &n, &rng);
			else
				take(&b, &n, &rng);
			if (i % 2000 == 0)
				check_counts(&b, &n);
		}
		for (i = 0; i < PAGES; i++)
			while (n.refs[i]) {
				count_down(&n, i);
				frame_put(b.f, &cpu0, i);
			}
		check_counts(&b, &n);
		assert_int_equal(b.pa->unused, PAGES);
		end(&b);
	}
}

/* A large page that nobody else uses a part of goes back as the block that it is. */
static void test_block_goes_back_whole(void **state)
{
	struct bench b = make(ERA_6_X, PCP_NONE, PAGES);
	u64 pfn = frame_alloc(b.f, NULL, GFP_TRANSHUGE, 9, NO_VA, 0), merges = b.pa->zone[0].st.merges;

	frame_get_block(b.f, pfn, 9);
	frame_put_block(b.f, NULL, pfn, 9);
	assert_int_equal(frame_refs(b.f, pfn + 77), 1);
	frame_put_block(b.f, NULL, pfn, 9);
	assert_int_equal(b.pa->zone[0].st.merges, merges + 1); /* with the other half of 4 MB */
	assert_int_equal(frame_refs(b.f, pfn + 77), 0);
	/* One page is held: the others go one by one. */
	pfn = frame_alloc(b.f, NULL, GFP_TRANSHUGE, 9, NO_VA, 0);
	frame_get(b.f, pfn + 77);
	frame_put_block(b.f, NULL, pfn, 9);
	assert_int_equal(frames_in_use(b.f), 1);
	assert_true(frame_put(b.f, NULL, pfn + 77));
	end(&b);
}

/* 64 MB in one piece, which no free list has. */
static void test_gigantic(void **state)
{
	struct bench b = make(ERA_6_X, PCP_LISTS, 4 * 16384);
	u64 pfn = frame_alloc(b.f, &cpu0, GFP_TRANSHUGE, 14, NO_VA, 0);

	assert_int_equal(pfn % 16384, 0);
	assert_int_equal(b.pa->map.chunks, 0);
	assert_int_equal(frames_in_use(b.f), 16384);
	assert_int_equal(frame_refs(b.f, pfn + 5000), 1);
	frame_put_block(b.f, &cpu0, pfn, 14);
	assert_int_equal(frames_in_use(b.f), 0);
	frame_alloc(b.f, &cpu0, GFP_USER, 0, NO_VA, 0);
	assert_true(frame_alloc(b.f, &cpu0, GFP_TRANSHUGE, 16, NO_VA, 0) == NO_FRAME);
	end(&b);
}

static void test_aged(void **state)
{
	u64 scattered, whole;
	struct bench b;

	b = make(ERA_6_X, PCP_NONE, 65536);
	boot_age(b.pa, 50, 100);
	assert_in_range(b.pa->unused, 65536 / 2 - 512, 65536 / 2);
	scattered = b.pa->zone[0].area[0].nr_free;
	assert_true(scattered > 5000);
	boot_settle(b.pa);
	assert_int_equal(b.pa->st.allocated, 0);
	end(&b);
	b = make(ERA_6_X, PCP_NONE, 65536);
	boot_age(b.pa, 50, 0);
	whole = b.pa->zone[0].area[10].nr_free + b.pa->zone[0].area[9].nr_free;
	assert_in_range(whole, 31, 65);
	assert_int_equal(b.pa->zone[0].area[0].nr_free, 0);
	end(&b);
	/* The same seed, the same memory. */
	b = make(ERA_6_X, PCP_NONE, 65536);
	boot_age(b.pa, 50, 100);
	assert_int_equal(b.pa->zone[0].area[0].nr_free, scattered);
	end(&b);
}

static void test_buddyinfo(void **state)
{
	static const u64 want[11] = { 3173, 856, 529, 249, 121, 41, 21, 8, 4, 2, 5 };
	char path[] = "/tmp/mmsim-buddyinfo-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	u32 era, o;

	assert_non_null(f);
	fprintf(f, "Node 0, zone   Normal");
	for (o = 0; o < 11; o++)
		fprintf(f, " %6u", (u32)want[o]);
	fprintf(f, "\n");
	fclose(f);
	for (era = ERA_2_4_21; era < NR_ERAS; era++) {
		struct bench b = make(era, PCP_NONE, 65536);
		u64 free = 0;

		b.pa->zone[0].type = ZONE_NORMAL;
		boot_buddyinfo(b.pa, path);
		for (o = 0; o < 11; o++) {
			assert_int_equal(b.pa->zone[0].area[o].nr_free, want[o]);
			free += want[o] << o;
		}
		assert_int_equal(b.pa->unused, free);
		end(&b);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),    cmocka_unit_test(test_block_goes_back_whole),
		cmocka_unit_test(test_gigantic),  cmocka_unit_test(test_aged),
		cmocka_unit_test(test_buddyinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
