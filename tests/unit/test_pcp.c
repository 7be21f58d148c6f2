/* Per-CPU lists by closed forms and published numbers: sizes of sets on a live machine and of old ones, how
 * refills double, how much a drain gives back, hot and cold ends, and which lines a page costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/arch/cpu.h"
#include "model/base/error.h"
#include "model/mm/buddy.h"
#include "model/mm/page_layout.h"
#include "model/mm/pcp.h"
#include "tests/ref/ref_zone.h"

#include <cmocka.h>

static struct zone *make(enum kernel_era era, enum pcp_form form, u64 pages, u64 low, u32 cpus,
			 struct charger *ch)
{
	struct ref_zone_cfg cfg = { .era = era, .n = 1, .end = { pages }, .cpus = cpus, .charger = ch };
	struct page_alloc *pa = ref_zone_new(&cfg);

	pa->cfg.pcp = form;
	pa->zone[0].wmark[WMARK_LOW] = low;
	ref_zone_fill(&pa->zone[0]);
	pcp_init_zone(&pa->zone[0], cpus);
	return &pa->zone[0];
}

static void unmake(struct zone *z)
{
	struct page_alloc *pa = z->pa;

	pcp_sane(z);
	pcp_fini_zone(z);
	ref_zone_free(pa);
}

static u64 get(struct zone *z, struct cpu *c, u32 gfp)
{
	bool refilled;

	return pcp_alloc(z, c, 0, era_has_types(z->pa->cfg.era) ? gfp_migratetype(gfp) : MIGRATE_UNMOVABLE,
			 gfp, &refilled);
}

/* /proc/zoneinfo of a Linux 6.18 guest with two CPUs. */
static void test_sizes_live(void **state)
{
	static const struct {
		u64 managed, low;
		u32 batch, high_min, high_max;
	} row[] = {
		{ 3840, 21, 1, 10, 240 },
		{ 772915, 4420, 63, 2210, 48307 },
		{ 772915, 14780, 63, 7390, 48307 },
		{ 327680, 6265, 63, 3132, 20480 },
		{ 2916352, 16677, 63, 8338, 182272 },
		{ 64, 32, 1, 16, 4 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		struct zone *z = make(ERA_6_X, PCP_LISTS, row[i].managed, row[i].low, 2, NULL);

		assert_int_equal(z->pcp[1].batch, row[i].batch);
		assert_int_equal(z->pcp[1].high_min, row[i].high_min);
		assert_int_equal(z->pcp[1].high_max, row[i].high_max);
		assert_int_equal(z->pcp[1].high, 0);
		unmake(z);
	}
}

/* 2.6.9: 896 MB have 16 a batch, the largest; 2.6.18: 31; DMA's 16 MB have 1, and 0 at the high mark. */
static void test_sizes_old(void **state)
{
	static const struct {
		enum kernel_era era;
		enum pcp_form form;
		u64 pages;
		u32 batch, low, hot_high, cold_high, cold_batch;
	} row[] = {
		{ ERA_2_5_66, PCP_HOT_COLD, 225280, 16, 32, 96, 32, 16 },
		{ ERA_2_6_9, PCP_HOT_COLD, 225280, 16, 32, 96, 32, 16 },
		{ ERA_2_6_9, PCP_HOT_COLD, 32768, 8, 16, 48, 16, 8 },
		{ ERA_2_6_9, PCP_HOT_COLD, 4096, 1, 2, 6, 2, 1 },
		{ ERA_2_6_18, PCP_HOT_COLD, 225280, 31, 0, 186, 62, 15 },
		{ ERA_2_6_18, PCP_HOT_COLD, 32768, 7, 0, 42, 14, 3 },
		{ ERA_2_6_18, PCP_HOT_COLD, 4096, 1, 0, 0, 0, 1 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		struct zone *z = make(row[i].era, row[i].form, row[i].pages, 0, 1, NULL);
		const struct pcp *p = &z->pcp[0];

		assert_int_equal(p->batch, row[i].batch);
		assert_int_equal(p->low[0], row[i].low);
		assert_int_equal(p->low[1], 0);
		assert_int_equal(p->hot_high, row[i].hot_high);
		assert_int_equal(p->cold_high, row[i].cold_high);
		assert_int_equal(p->cold_batch, row[i].cold_batch);
		unmake(z);
	}
}

static void test_sizes_merged(void **state)
{
	struct zone *z = make(ERA_2_6_37, PCP_MERGED, 1 << 20, 0, 1, NULL);

	assert_int_equal(z->pcp[0].batch, 31);
	assert_int_equal(z->pcp[0].high, 186);
	unmake(z);
	z = make(ERA_6_X, PCP_MERGED, 1 << 20, 0, 1, NULL); /* 5.9 */
	assert_int_equal(z->pcp[0].batch, 63);
	assert_int_equal(z->pcp[0].high, 378);
	unmake(z);
}

/* Seen on the live machine as bursts of mm_page_alloc_zone_locked while nothing was freed. */
static void test_refills_double(void **state)
{
	static const u32 burst[] = { 63, 126, 252, 504, 1008, 2016, 2016, 2016 };
	struct zone *z = make(ERA_6_X, PCP_LISTS, 2916352, 16677, 2, NULL);
	const struct pcp_stats *st = &z->pa->pcp_st;
	struct cpu c = { .id = 1 };
	u32 i, n;
	u64 before, last = NO_FRAME;

	for (i = 0; i < ARRAY_SIZE(burst); i++) {
		before = st->refilled;
		for (n = 0; n < burst[i]; n++) {
			u64 pfn = get(z, &c, GFP_HIGHUSER_MOVABLE);

			assert_true(n == 0 || pfn == last + 1 || pfn % 1024 == 0);
			last = pfn;
		}
		assert_int_equal(st->refilled - before, burst[i]);
		assert_int_equal(st->refills, i + 1);
		assert_int_equal(z->pcp[1].count, 0);
	}
	assert_int_equal(z->pcp[0].count, 0);
	unmake(z);
}

/*
 * Frees alone: the mark is 8338 and nothing was allocated lately, so the drain gives back all that was freed
 * lately, 32 batches at most; afterwards the count must come up to the mark again.
 */
static void test_drain_sizes(void **state)
{
	struct zone *z = make(ERA_6_X, PCP_LISTS, 2916352, 16677, 2, NULL);
	const struct pcp_stats *st = &z->pa->pcp_st;
	struct cpu c = { 0 };
	u64 pfn = buddy_take(z, NULL, 10, MIGRATE_MOVABLE, 0), i, drained = 0;

	buddy_give(z, NULL, pfn, 10, MIGRATE_MOVABLE, false);
	for (i = 1; i <= 8338 + 2016; i++) {
		pfn = buddy_take(z, NULL, 0, MIGRATE_MOVABLE, 0);
		pcp_free(z, &c, pfn, 0, MIGRATE_MOVABLE, false);
		if (i == 8338 || i == 8338 + 2016)
			drained += 2016;
		assert_int_equal(st->drained, drained);
		assert_int_equal(z->pcp[0].count, i - drained);
	}
	assert_int_equal(st->drains, 2);
	/* A tick lowers a mark by an eighth, here not at all, since it is the lowest. */
	assert_false(pcp_tick(z, &c, 0));
	z->pcp[0].high = 16000;
	assert_true(pcp_tick(z, &c, 0));
	assert_int_equal(z->pcp[0].high, 14000);
	pcp_drain(z, &c, 0);
	assert_int_equal(z->pcp[0].count, 0);
	assert_int_equal(z->free, 2916352);
	unmake(z);
}

/* Three pages freed hot, then three cold: who asks for hot ones gets the last freed hot one first. */
static void test_hot_and_cold_ends(void **state)
{
	static const u32 hot[] = { 12, 11, 10, 13, 14, 15 }, cold[] = { 15, 14, 13, 10, 11, 12 };
	struct cpu c = { 0 };
	u32 i, pass;

	for (pass = 0; pass < 2; pass++) {
		struct zone *z = make(ERA_2_6_37, PCP_MERGED, 1 << 18, 0, 1, NULL);

		for (i = 0; i < 16; i++)
			assert_int_equal(buddy_take(z, NULL, 0, MIGRATE_MOVABLE, 0), i);
		for (i = 10; i < 16; i++)
			pcp_free(z, &c, i, 0, MIGRATE_MOVABLE, i >= 13);
		for (i = 0; i < 6; i++)
			assert_int_equal(get(z, &c, GFP_MOVABLE | (pass ? GFP_COLD : 0)),
					 (pass ? cold : hot)[i]);
		/* A refill for a cold page, too, comes out in ascending order. */
		assert_int_equal(get(z, &c, GFP_MOVABLE | (pass ? GFP_COLD : 0)), 16);
		assert_int_equal(get(z, &c, GFP_MOVABLE | (pass ? GFP_COLD : 0)), 17);
		unmake(z);
	}
}

/* 2.6.9 with a batch of 16: refilled at 32, not at 0; cold pages are a list of their own. */
static void test_hot_cold_lists(void **state)
{
	struct zone *z = make(ERA_2_6_9, PCP_HOT_COLD, 225280, 0, 1, NULL);
	const struct pcp *p = &z->pcp[0];
	struct cpu c = { 0 };
	u32 i;

	/* 16 - 1, + 16 - 1, + 16 - 1 are more than 32; after 13 more there are 32: the next one refills. */
	for (i = 0; i < 16; i++)
		get(z, &c, 0);
	assert_int_equal(z->pa->pcp_st.refills, 3);
	assert_int_equal(p->nr[0], 32);
	get(z, &c, 0);
	assert_int_equal(z->pa->pcp_st.refills, 4);
	assert_int_equal(p->nr[0], 47);
	get(z, &c, GFP_COLD);
	assert_int_equal(p->nr[1], 15);
	for (i = 0; i < 17; i++)
		pcp_free(z, &c, i, 0, MIGRATE_UNMOVABLE, true);
	assert_int_equal(p->nr[1], 32);
	assert_int_equal(z->pa->pcp_st.drained, 0);
	unmake(z);
}

/* ---- costs ---- */

#define MAX_LINES 4096u

struct meter {
	struct cpu cpu;
	u64 line[MAX_LINES]; /* 64 bytes, stored to */
	u32 n;
	u64 instructions;
};

static u64 meter_now(struct cpu *c)
{
	return 0;
}

static void meter_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	container_of(c, struct meter, cpu)->instructions += instructions;
}

static void meter_load(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
}

static void meter_store(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
	struct meter *m = container_of(c, struct meter, cpu);
	u32 i;

	for (i = 0; i < m->n; i++)
		if (m->line[i] == va / 64)
			return;
	assert_true(m->n < MAX_LINES);
	m->line[m->n++] = va / 64;
}

static const struct cpu_ops meter_ops = {
	.now = meter_now,
	.execute = meter_execute,
	.load = meter_load,
	.store = meter_store,
};

static bool stored(const struct meter *m, u64 va)
{
	u32 i;

	for (i = 0; i < m->n; i++)
		if (m->line[i] == va / 64)
			return true;
	return false;
}

/* A page from a list: the set, the page, the one behind it, and the counter of events; four lines. */
static void test_lines(void **state)
{
	static struct charger ch;
	static struct meter m;
	struct zone *z;
	u64 pfn;

	charger_init(&ch, ERA_6_X, 0xffffffff81000000ull, 1u << 25, 100, true);
	z = make(ERA_6_X, PCP_LISTS, 1 << 20, 1200, 1, &ch);
	m.cpu.ops = &meter_ops;
	get(z, &m.cpu, GFP_MOVABLE);
	assert_int_equal(z->pa->pcp_st.refilled, 63);
	m.n = 0;
	m.instructions = 0;
	pfn = get(z, &m.cpu, GFP_MOVABLE);
	assert_int_equal(m.instructions, kernel_step_instructions[STEP_PCP_ALLOC][CLASS_6_X]);
	assert_int_equal(m.n, 4);
	assert_true(stored(&m, z->pcp[0].va));
	assert_true(stored(&m, page_struct_va(&z->pa->map, pfn)));
	assert_true(stored(&m, page_struct_va(&z->pa->map, pfn + 1)));
	/* Freed at once: its lines are the same. */
	pcp_free(z, &m.cpu, pfn, 0, MIGRATE_MOVABLE, false);
	assert_int_equal(m.n, 4);
	/* A list of order 1 has its head in another line of the set. */
	assert_true(z->pcp[0].va / 64 !=
		    (z->pcp[0].va + 32 + 16 * pcp_list_of(z->pa, 1, MIGRATE_MOVABLE)) / 64);
	unmake(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes_live),     cmocka_unit_test(test_sizes_old),
		cmocka_unit_test(test_sizes_merged),   cmocka_unit_test(test_refills_double),
		cmocka_unit_test(test_drain_sizes),    cmocka_unit_test(test_hot_and_cold_ends),
		cmocka_unit_test(test_hot_cold_lists), cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
