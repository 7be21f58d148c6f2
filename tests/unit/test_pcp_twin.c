/* The per-CPU lists of each form and era against their naive twin (tests/ref/ref_pcp.h), over random
 * histories in zones of all sizes: the same pages, counts, refills and drains at every step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/arch/cpu.h"
#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/buddy.h"
#include "model/mm/pcp.h"
#include "tests/ref/ref_pcp.h"
#include "tests/ref/ref_zone.h"

#include <cmocka.h>

#define CPUS     2u
#define MAX_HELD 20000u

struct world {
	const char *what;
	enum kernel_era era;
	enum pcp_form form;
	u64 start, pages;
	u64 low;  /* mark; min and high beside it */
	u32 held; /* blocks in use, about */
	u32 ops;
	bool flags; /* of the zone, that come and go */
};

struct held {
	u32 pfn, order;
};

struct run {
	const struct world *w;
	struct page_alloc *pa, *twins;
	struct zone *z;
	struct ref_pcp ref;
	struct cpu cpu[CPUS];
	struct rng rng;
	struct held held[MAX_HELD];
	u32 n_held;
};

static u32 pick(struct run *r, u32 n)
{
	return (u32)rng_below(&r->rng, n);
}

static struct page_alloc *make_zone(const struct world *w)
{
	struct ref_zone_cfg cfg = {
		.era = w->era, .n = 1, .start = w->start, .end = { w->start + w->pages }
	};
	struct page_alloc *pa;

	cfg.cpus = CPUS;
	pa = ref_zone_new(&cfg);
	pa->cfg.pcp = w->form;
	pa->zone[0].wmark[WMARK_MIN] = w->low / 2;
	pa->zone[0].wmark[WMARK_LOW] = w->low;
	pa->zone[0].wmark[WMARK_HIGH] = w->low + w->low / 2;
	ref_zone_fill(&pa->zone[0]);
	return pa;
}

static void begin(struct run *r, const struct world *w)
{
	u32 i;

	r->w = w;
	r->n_held = 0;
	r->pa = make_zone(w);
	r->twins = make_zone(w);
	r->z = &r->pa->zone[0];
	pcp_init_zone(r->z, CPUS);
	ref_pcp_init(&r->ref, &r->twins->zone[0], w->form, CPUS);
	rng_init(&r->rng, w->pages + w->era, w->what);
	for (i = 0; i < CPUS; i++)
		r->cpu[i] = (struct cpu){ .id = i };
}

static void same(struct run *r)
{
	const struct pcp_stats *st = &r->pa->pcp_st;
	u32 cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		assert_int_equal(r->z->pcp[cpu].count, ref_pcp_count(&r->ref, cpu));
		if (r->w->form != PCP_LISTS)
			continue;
		assert_int_equal(r->z->pcp[cpu].high, r->ref.cpu[cpu].high);
		assert_int_equal(r->z->pcp[cpu].alloc_factor, r->ref.cpu[cpu].factor);
		assert_int_equal(r->z->pcp[cpu].free_count, r->ref.cpu[cpu].freed);
	}
	assert_int_equal(st->refills, r->ref.refills);
	assert_int_equal(st->refilled, r->ref.refilled);
	assert_int_equal(st->drains, r->ref.drains);
	assert_int_equal(st->drained, r->ref.drained);
	assert_int_equal(r->z->free, r->ref.zone->free);
	assert_int_equal(r->z->flags, r->ref.zone->flags);
}

static u32 pick_order(struct run *r)
{
	static const u32 rare[] = { 1, 1, 1, 2, 2, 3, 3, 9 };

	return r->w->form == PCP_LISTS && !pick(r, 12) ? rare[pick(r, ARRAY_SIZE(rare))] : 0;
}

static enum migratetype pick_type(struct run *r)
{
	return era_has_types(r->w->era) ? (enum migratetype)pick(r, NR_PCP_TYPES) : MIGRATE_UNMOVABLE;
}

static void allocate(struct run *r, u32 order)
{
	u32 cpu = pick(r, CPUS), cold = !pick(r, 5);
	enum migratetype type = pick_type(r);
	u64 refills = r->pa->pcp_st.refills, pfn, expected;
	bool refilled;

	expected = ref_pcp_alloc(&r->ref, cpu, order, type, cold);
	pfn = pcp_alloc(r->z, &r->cpu[cpu], order, type, cold ? GFP_COLD : 0, &refilled);
	assert_int_equal(pfn, expected);
	assert_int_equal(refilled, r->pa->pcp_st.refills != refills);
	if (pfn != NO_FRAME)
		r->held[r->n_held++] = (struct held){ (u32)pfn, order };
}

static void give(struct run *r, u32 i)
{
	const struct held h = r->held[i];
	u32 cpu = pick(r, CPUS), cold = !pick(r, 5);
	enum migratetype type = block_type(r->z, h.pfn);

	if (!era_has_types(r->w->era))
		type = MIGRATE_UNMOVABLE;
	else if (r->w->form == PCP_LISTS && !pick(r, 50))
		type = pick(r, 2) ? MIGRATE_HIGHATOMIC : MIGRATE_ISOLATE;
	r->held[i] = r->held[--r->n_held];
	pcp_free(r->z, &r->cpu[cpu], h.pfn, h.order, type, cold);
	ref_pcp_free(&r->ref, cpu, h.pfn, h.order, type, cold);
}

/* Ticks, drains, and the marks of the zone that others set. */
static void rarely(struct run *r)
{
	u32 cpu = pick(r, CPUS);

	if (pick(r, 3)) {
		assert_int_equal(pcp_tick(r->z, &r->cpu[cpu], cpu), ref_pcp_tick(&r->ref, cpu));
	} else if (!pick(r, 4)) {
		pcp_drain(r->z, &r->cpu[cpu], cpu);
		ref_pcp_drain(&r->ref, cpu);
		assert_int_equal(r->z->pcp[cpu].count, 0);
	}
	if (r->w->flags)
		r->z->flags = r->ref.zone->flags = pick(r, 2) ? pick(r, 4) : 0;
}

/* For a while there are mostly allocations, then mostly frees, also of blocks one after the other. */
static void history(struct run *r)
{
	u32 op, more = 70, order = 0;

	for (op = 0; op < r->w->ops; op++) {
		if (op % 1000 == 0) {
			more = r->n_held > r->w->held ? 10 + pick(r, 40) : 40 + pick(r, 60);
			order = pick_order(r);
			rarely(r);
			same(r);
		}
		if (!r->n_held || (r->n_held < MAX_HELD && pick(r, 100) < more))
			allocate(r, pick(r, 3) ? pick_order(r) : order);
		else
			give(r, pick(r, r->n_held));
		same(r);
	}
	pcp_sane(r->z);
}

static void end(struct run *r)
{
	u32 cpu;

	while (r->n_held)
		give(r, r->n_held - 1);
	for (cpu = 0; cpu < CPUS; cpu++) {
		pcp_drain(r->z, &r->cpu[0], cpu);
		ref_pcp_drain(&r->ref, cpu);
	}
	same(r);
	pcp_sane(r->z);
	assert_int_equal(r->z->free, r->w->pages);
	ref_pcp_fini(&r->ref);
	pcp_fini_zone(r->z);
	ref_zone_free(r->pa);
	ref_zone_free(r->twins);
}

static void play(const struct world *w)
{
	struct run *r = xcalloc(1, sizeof(*r));

	begin(r, w);
	history(r);
	end(r);
	free(r);
}

static void test_hot_cold(void **state)
{
	static const struct world worlds[] = {
		{ "2.5.66", ERA_2_5_66, PCP_HOT_COLD, 4096, 225280, 0, 3000, 400000, false },
		{ "2.6.9", ERA_2_6_9, PCP_HOT_COLD, 0, 4096, 0, 2000, 300000, false },
		{ "2.6.18", ERA_2_6_18, PCP_HOT_COLD, 4096, 225280, 0, 3000, 400000, false },
		{ "2.6.18, small", ERA_2_6_18, PCP_HOT_COLD, 0, 3000, 0, 1000, 200000, false },
		{ "2.6.5, tiny", ERA_2_6_5, PCP_HOT_COLD, 0, 64, 0, 64, 200000, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++)
		play(&worlds[i]);
}

static void test_merged(void **state)
{
	static const struct world worlds[] = {
		{ "2.6.26", ERA_2_6_26, PCP_MERGED, 4096, 225280, 0, 3000, 400000, false },
		{ "2.6.26, tiny", ERA_2_6_26, PCP_MERGED, 0, 700, 0, 700, 200000, false },
		{ "2.6.37", ERA_2_6_37, PCP_MERGED, 1 << 20, 1 << 20, 0, 6000, 600000, false },
		{ "2.6.37, small", ERA_2_6_37, PCP_MERGED, 0, 9000, 0, 1000, 300000, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++)
		play(&worlds[i]);
}

static void test_lists(void **state)
{
	static const struct world worlds[] = {
		{ "6.x", ERA_6_X, PCP_LISTS, 1 << 20, 1 << 20, 1200, 8000, 200000, false },
		{ "6.x, flags", ERA_6_X, PCP_LISTS, 4096, 65536, 400, 4000, 300000, true },
		{ "6.x, small", ERA_6_X, PCP_LISTS, 0, 3840, 21, 500, 300000, true },
		{ "6.x, tiny", ERA_6_X, PCP_LISTS, 0, 600, 21, 500, 200000, true },
		{ "6.x, fixed high", ERA_6_X, PCP_LISTS, 0, 16384, 2048, 2000, 200000, true },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(worlds); i++)
		play(&worlds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hot_cold),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
