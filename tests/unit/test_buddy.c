/* The buddy system against a naive twin: the very same pages in every era, and no page twice or never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/arch/addr.h"
#include "model/base/rng.h"
#include "model/mm/buddy.h"
#include "tests/ref/ref_buddy.h"
#include "tests/ref/ref_zone.h"

struct block {
	u64 pfn;
	u32 order;
};

struct world {
	struct page_alloc *pa;
	struct zone *z;
	struct ref_buddy *twin;
	struct rng rng;
	struct block held[REF_FRAMES];
	u32 n;
	bool filling;
	u64 fallbacks_seen;
};

struct shape {
	u64 start, end;
	u32 max_order, block_order, steps;
	u64 high_mark;
};

/* As ref_zone_fill(), to both. */
static void fill(struct world *w)
{
	u64 pfn = w->z->start;

	while (pfn < w->z->end) {
		u32 order = w->pa->max_order - 1;

		while (pfn % (1ull << order) || pfn + (1ull << order) > w->z->end)
			order--;
		ref_buddy_give(w->twin, pfn, order, MIGRATE_MOVABLE, true);
		pfn += 1ull << order;
	}
	ref_zone_fill(w->z);
}

static void begin(struct world *w, enum kernel_era era, const struct shape *s)
{
	const struct ref_zone_cfg cfg = { .era = era,
					  .n = 1,
					  .start = s->start,
					  .end = { s->end },
					  .max_order = s->max_order,
					  .pageblock_order = s->block_order };

	memset(w, 0, sizeof(*w));
	w->pa = ref_zone_new(&cfg);
	w->z = &w->pa->zone[0];
	w->z->wmark[WMARK_HIGH] = s->high_mark;
	w->twin = calloc(1, sizeof(*w->twin));
	ref_buddy_init(w->twin, w->z);
	rng_init(&w->rng, 7, era_names[era]);
	fill(w);
}

static void end(struct world *w)
{
	ref_zone_free(w->pa);
	free(w->twin);
}

static void set_movable(struct world *w, u64 pfn, u32 order, bool movable)
{
	u64 i;

	for (i = 0; i < 1ull << order; i++)
		w->twin->movable[pfn + i] = movable;
	if (movable)
		page_of(&w->pa->map, pfn)->flags |= PAGE_MOVABLE;
}

static u32 some_order(struct world *w)
{
	u32 order = __builtin_ctzll(rng_next(&w->rng) | 1ull << (w->pa->max_order - 1));

	return rng_below(&w->rng, 4) ? order / 2 : order;
}

static void take(struct world *w)
{
	u32 order = some_order(w), type = rng_below(&w->rng, NR_PCP_TYPES);
	u32 gfp = rng_below(&w->rng, 4) ? 0 : GFP_NOFRAGMENT;
	u64 expected = ref_buddy_take(w->twin, order, type, gfp);
	u64 pfn = buddy_take(w->z, NULL, order, type, gfp);

	assert_int_equal(pfn, expected);
	if (pfn == NO_FRAME) {
		w->filling = w->filling && order;
		return;
	}
	assert_int_equal(page_of(&w->pa->map, pfn)->state, PAGE_ALLOCATED);
	assert_int_equal(page_of(&w->pa->map, pfn)->order, order);
	set_movable(w, pfn, order, type == MIGRATE_MOVABLE);
	w->held[w->n++] = (struct block){ pfn, order };
}

static void give(struct world *w)
{
	u32 i = rng_below(&w->rng, w->n);
	struct block b = w->held[i];
	enum migratetype type = block_type(w->z, b.pfn);
	bool to_tail = !rng_below(&w->rng, 8);

	w->held[i] = w->held[--w->n];
	set_movable(w, b.pfn, b.order, false);
	ref_buddy_give(w->twin, b.pfn, b.order, type, to_tail);
	buddy_give(w->z, NULL, b.pfn, b.order, type, to_tail);
}

static void own(u8 *owned, u64 pfn, u32 order)
{
	u64 i;

	for (i = 0; i < 1ull << order; i++)
		assert_int_equal(owned[pfn + i]++, 0);
}

/* Every page is in one free block of one list or in one block that is held. */
static void check_owners(const struct world *w)
{
	static u8 owned[REF_FRAMES];
	u32 order, type, pfn, i;

	memset(owned, 0, sizeof(owned));
	for (i = 0; i < w->n; i++)
		own(owned, w->held[i].pfn, w->held[i].order);
	for (order = 0; order < w->pa->max_order; order++)
		for (type = 0; type < NR_MIGRATETYPES; type++)
			for (pfn = w->z->area[order].list[type].first; pfn != NO_PAGE;
			     pfn = page_of(&w->pa->map, pfn)->next)
				own(owned, pfn, order);
	for (i = 0; i < w->z->end; i++)
		assert_int_equal(owned[i], i >= w->z->start);
}

static void check(const struct world *w)
{
	u64 pfn;

	buddy_sane(w->z);
	check_owners(w);
	assert_int_equal(w->z->st.fallbacks, w->twin->fallbacks);
	assert_int_equal(w->z->st.steals, w->twin->steals);
	assert_int_equal(w->z->boost, w->twin->boost);
	for (pfn = w->z->start; pfn < w->z->end; pfn++)
		assert_int_equal(block_type(w->z, pfn), w->twin->block[pfn >> w->twin->block_order]);
}

static void run(struct world *w, u32 steps)
{
	u32 i;

	w->filling = false;
	for (i = 0; i < steps; i++) {
		if (!w->n || !rng_below(&w->rng, 8 * (w->z->end - w->z->start)))
			w->filling = !w->filling;
		if (w->n && rng_below(&w->rng, 8) >= (w->filling ? 5 : 3))
			give(w);
		else
			take(w);
		if (i % 1000 == 0)
			check(w);
	}
	check(w);
}

static void give_all(struct world *w)
{
	u32 order;
	u64 blocks = 0;

	while (w->n)
		give(w);
	check(w);
	for (order = 0; order < w->pa->max_order; order++)
		blocks += w->z->area[order].nr_free;
	assert_int_equal(w->z->free, w->z->end - w->z->start);
	assert_int_equal(w->z->st.alloc, w->z->st.free - w->z->managed);
	assert_true(blocks <= 12);
}

static void check_ways(const struct world *w)
{
	const struct ref_buddy *b = w->twin;

	if (b->era < ERA_2_6_26) {
		assert_int_equal(b->fallbacks, 0);
		return;
	}
	assert_true(b->whole && b->claims && b->small_steals && b->moves);
	assert_true(b->refusals || b->era == ERA_2_6_26);
	assert_true(b->boost || b->era != ERA_6_X);
}

static u32 long_factor(void)
{
	const char *text = getenv("MMSIM_TEST_LONG");

	return text ? MAX(atoi(text), 1) : 1;
}

static void all_eras(const struct shape *s)
{
	struct world *w = calloc(1, sizeof(*w));
	u32 era;

	for (era = 0; era < NR_ERAS; era++) {
		begin(w, era, s);
		run(w, s->steps * long_factor());
		check_ways(w);
		give_all(w);
		end(w);
	}
	free(w);
}

/* 64 frames, which begin and end inside a pageblock and inside a block of the highest order. */
static void test_hostile_zone(void **state)
{
	all_eras(&(struct shape){ 36, 100, 11, 3, 400000, 30 });
}

/* Nothing else is in the zone: order 5 is the highest and pageblocks are the highest order. */
static void test_whole_pageblocks(void **state)
{
	all_eras(&(struct shape){ 64, 192, 6, 5, 100000, 8 });
}

static void test_16_megabytes(void **state)
{
	all_eras(&(struct shape){ 0, 4096, 0, 9, 90000, 300 });
}

/* What was loaded and stored: kernel addresses in the order in which they were first touched. */
struct touched {
	u64 va[64];
	u32 n;
	u64 instructions;
};
static struct touched touched;

static void record(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	u32 i = 0;

	assert_int_equal(path, KPATH_BUDDY);
	while (i < touched.n && touched.va[i] != va)
		i++;
	assert_true(i < ARRAY_SIZE(touched.va));
	touched.va[i] = va;
	touched.n = MAX(touched.n, i + 1);
}

static void record_step(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	assert_int_equal(path, KPATH_BUDDY);
	touched.instructions += instructions;
}

static const struct cpu_ops record_ops = { .load = record, .store = record, .execute = record_step };

static bool was_touched(u64 va)
{
	u32 i;

	for (i = 0; i < touched.n; i++)
		if (touched.va[i] == va)
			return true;
	return false;
}

static u64 area_va(const struct zone *z, u32 order)
{
	return zone_line(z, ZONE_LINE_FREE_AREA) + (u64)order * zone_area_bytes(z);
}

struct charged_world {
	struct page_alloc *pa;
	struct zone *z;
	struct charger charger;
	struct cpu cpu;
};

/* 64 pages in one free block. */
static void begin_charged(struct charged_world *w, enum kernel_era era)
{
	charger_init(&w->charger, era, 0xffffffff81000000, 1u << 25, 100, true);
	w->cpu = (struct cpu){ .ops = &record_ops };
	w->pa = ref_zone_new(&(struct ref_zone_cfg){
		.era = era, .n = 1, .end = { 64 }, .pageblock_order = 5, .charger = &w->charger });
	w->z = &w->pa->zone[0];
	ref_zone_fill(w->z);
	memset(&touched, 0, sizeof(touched));
}

/*
 * 6.x, order 5 out of 64 pages: struct pages of both halves, the lists of orders 5 and 6 that lose and get
 * one, the counter of free pages; nothing else. Back again the same, and no more: the buddy is looked at.
 */
static void test_lines(void **state)
{
	struct charged_world w;
	u64 movable = 16 * MIGRATE_MOVABLE, pfn;

	begin_charged(&w, ERA_6_X);
	pfn = buddy_take(w.z, &w.cpu, 5, MIGRATE_MOVABLE, 0);
	assert_int_equal(pfn, 0);
	assert_int_equal(touched.n, 5);
	assert_true(was_touched(page_struct_va(&w.pa->map, 0)) &&
		    was_touched(page_struct_va(&w.pa->map, 32)));
	assert_true(was_touched(area_va(w.z, 5) + movable) && was_touched(area_va(w.z, 6) + movable));
	assert_true(was_touched(zone_line(w.z, ZONE_LINE_STAT)));
	assert_int_equal(touched.instructions, kernel_step_instructions[STEP_BUDDY_SPLIT][CLASS_6_X]);
	buddy_give(w.z, &w.cpu, pfn, 5, MIGRATE_MOVABLE, false);
	/* After the merge at order 5 the larger buddy, of page 64, is no page of the zone. */
	assert_int_equal(touched.n, 5);
	assert_int_equal(touched.instructions, kernel_step_instructions[STEP_BUDDY_SPLIT][CLASS_6_X] +
						       kernel_step_instructions[STEP_BUDDY_MERGE][CLASS_6_X]);
	ref_zone_free(w.pa);
}

/* 2.6.9: the word of the pair's bit beside, of each order that is split; the list's links alone of
 * neighbours. */
static void test_lines_of_bitmaps(void **state)
{
	struct charged_world w;
	u32 bits = 0, i;
	u64 pfn;

	begin_charged(&w, ERA_2_6_9);
	pfn = buddy_take(w.z, &w.cpu, 4, MIGRATE_UNMOVABLE, 0);
	assert_int_equal(pfn, 0);
	/* Pages 0, 16, 32; lists 4, 5, 6; the counter; bits of orders 4, 5, 6. */
	assert_int_equal(touched.n, 10);
	assert_true(was_touched(page_struct_va(&w.pa->map, 16)) && was_touched(area_va(w.z, 4)));
	for (i = 0; i < touched.n; i++)
		bits += touched.va[i] >= w.z->map_va &&
			touched.va[i] < w.z->map_va + buddy_map_bytes(ERA_2_6_9, 64, 5);
	assert_int_equal(bits, 3);
	ref_zone_free(w.pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_zone),     cmocka_unit_test(test_whole_pageblocks),
		cmocka_unit_test(test_16_megabytes),     cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_of_bitmaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
