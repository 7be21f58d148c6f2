/* Compaction of zones made by hand: blocks appear, contents stay with their owners, in vain it is put off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/arch/addr.h"
#include "model/base/rng.h"
#include "model/mm/buddy.h"
#include "model/mm/compact.h"
#include "model/mm/frag.h"
#include "tests/ref/ref_zone.h"

#define FRAMES 8192u

/* Who has each page, and a way to forbid moving some. */
struct world {
	struct page_alloc *pa;
	struct zone *z;
	u32 owner[FRAMES];     /* 0: nobody */
	u64 place[FRAMES + 1]; /* NO_FRAME: nowhere */
	bool pinned[FRAMES];
	u64 begun, moved;
};

static void begin_run(void *arg)
{
	((struct world *)arg)->begun++;
}

static bool move(void *arg, struct cpu *c, u64 from, u64 to)
{
	struct world *w = arg;

	assert_true(w->owner[from] && !w->owner[to]);
	if (w->pinned[from])
		return false;
	w->owner[to] = w->owner[from];
	w->place[w->owner[to]] = to;
	w->owner[from] = 0;
	w->moved++;
	return true;
}

static const struct migrate_ops ops = { begin_run, move };

static void begin(struct world *w, u32 block_order, u64 end)
{
	memset(w, 0, sizeof(*w));
	memset(w->place, 0xff, sizeof(w->place));
	w->pa = ref_zone_new(&(struct ref_zone_cfg){
		.era = ERA_6_X, .n = 1, .end = { end }, .pageblock_order = block_order });
	w->z = &w->pa->zone[0];
	w->z->wmark[WMARK_MIN] = 16;
	w->z->wmark[WMARK_LOW] = 20;
	w->z->wmark[WMARK_HIGH] = 24;
	compact_init(w->pa, &ops, w);
	ref_zone_fill(w->z);
}

static void end(struct world *w)
{
	compact_fini(w->pa);
	ref_zone_free(w->pa);
}

static u64 take(struct world *w, u32 id, enum migratetype type)
{
	u64 pfn = buddy_take(w->z, NULL, 0, type, 0);
	struct page *p;

	if (pfn == NO_FRAME)
		return pfn;
	p = page_of(&w->pa->map, pfn);
	p->refs = 1;
	p->private = id;
	p->flags = type == MIGRATE_MOVABLE ? PAGE_MOVABLE : 0;
	w->owner[pfn] = id;
	w->place[id] = pfn;
	return pfn;
}

static void give(struct world *w, u32 id)
{
	u64 pfn = w->place[id];

	w->owner[pfn] = 0;
	w->place[id] = NO_FRAME;
	buddy_give(w->z, NULL, pfn, 0, block_type(w->z, pfn), false);
}

/* Movable pages everywhere, of which those stay in use that keep() says. */
static void fill_if(struct world *w, bool (*keep)(u64 pfn))
{
	u64 frames = w->z->end;
	u32 id = 1;

	while (take(w, id, MIGRATE_MOVABLE) != NO_FRAME)
		id++;
	assert_int_equal(id, frames + 1);
	for (id = 1; id <= frames; id++)
		if (!keep(w->place[id]))
			give(w, id);
}

static bool every_second(u64 pfn)
{
	return pfn % 2 == 0;
}

static bool every_fourth(u64 pfn)
{
	return pfn % 4 == 0;
}

static bool lower_half(u64 pfn)
{
	return pfn % 512 < 256;
}

/* Every page is in use by the one that thinks so, or in one free block. */
static void check(const struct world *w)
{
	static bool seen[FRAMES];
	u32 order, type, pfn, i;
	u64 id;

	memset(seen, 0, sizeof(seen));
	buddy_sane(w->z);
	for (order = 0; order < MAX_ORDERS; order++)
		for (type = 0; type < NR_MIGRATETYPES; type++)
			for (pfn = w->z->area[order].list[type].first; pfn != NO_PAGE;
			     pfn = page_of(&w->pa->map, pfn)->next)
				for (i = 0; i < 1u << order; i++) {
					assert_true(!seen[pfn + i] && !w->owner[pfn + i]);
					seen[pfn + i] = true;
				}
	for (pfn = 0; pfn < w->z->end; pfn++) {
		assert_true(seen[pfn] != (w->owner[pfn] != 0));
		if (w->owner[pfn]) {
			const struct page *p = page_of(&w->pa->map, pfn);

			id = w->owner[pfn];
			assert_true(w->place[id] == pfn && p->private == id && p->refs == 1);
			assert_int_equal(p->state, PAGE_ALLOCATED);
		}
	}
}

static u64 blocks_from(const struct world *w, u32 order)
{
	return free_blocks(w->z, order).suitable;
}

static enum compact_result compact(struct world *w, u32 order, enum compact_mode mode, bool direct, u32 gfp)
{
	const struct compact_request r = {
		.order = order, .gfp = gfp, .mode = mode, .direct = direct, .whole_zone = mode == COMPACT_SYNC
	};

	return compact_zone(w->z, NULL, &r, ZONE_NORMAL);
}

/* Every second page is in use. One pageblock's moves into the upper half's holes, and there is a large page.
 */
static void test_checkerboard(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	u32 mode;

	for (mode = COMPACT_ASYNC; mode <= COMPACT_SYNC; mode++) {
		const struct compact_stats *st;

		begin(w, 9, FRAMES);
		st = &w->pa->compaction->st;
		fill_if(w, every_second);
		assert_int_equal(blocks_from(w, 1), 0);
		assert_int_equal(compact(w, 9, mode, true, GFP_HIGHUSER_MOVABLE), COMPACT_SUCCESS);
		assert_int_equal(blocks_from(w, 9), 1);
		check(w);
		assert_int_equal(w->moved, 256);
		assert_int_equal(w->begun, 1);
		assert_int_equal(st->pgmigrate_success, 256);
		assert_int_equal(st->compact_migrate_scanned, 512);
		assert_int_equal(st->compact_free_scanned, 512);
		assert_in_range(st->compact_isolated, 512, 512 + 31);
		assert_int_equal(w->z->free, FRAMES / 2);
		end(w);
	}
	free(w);
}

/* The whole zone: what is in use ends up at its end, and only the pageblock where they met is not whole. */
static void test_whole_zone(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct compact_request all = { .order = NO_ORDER, .mode = COMPACT_SYNC, .whole_zone = true };

	begin(w, 9, FRAMES);
	fill_if(w, every_fourth);
	assert_int_equal(compact_zone(w->z, NULL, &all, ZONE_NORMAL), COMPACT_COMPLETE);
	check(w);
	assert_true(blocks_from(w, 9) >= FRAMES / 512 * 3 / 4 - 1);
	assert_true(extfrag_for_order(w->z, 9) <= 8);
	end(w);
	free(w);
}

/* One page in each pageblock that nobody can move, or that its owner keeps: no large page comes of it. */
static void test_unmovable(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	u64 pfn;

	begin(w, 9, FRAMES);
	fill_if(w, every_second);
	for (pfn = 0; pfn < FRAMES; pfn += 1024) {
		page_of(&w->pa->map, pfn)->flags = 0;
		w->pinned[pfn + 512] = true;
	}
	assert_int_equal(compact(w, 9, COMPACT_SYNC, true, GFP_HIGHUSER_MOVABLE), COMPACT_COMPLETE);
	assert_int_equal(blocks_from(w, 9), 0);
	assert_true(w->pa->compaction->st.unmovable >= 3);
	assert_true(w->pa->compaction->st.pgmigrate_fail >= 3);
	assert_true(blocks_from(w, 8) >= 4);
	check(w);
	end(w);
	free(w);
}

/* Direct asynchronous compaction for the kernel's own pages leaves movable pageblocks alone. */
static void test_async_source(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	begin(w, 9, FRAMES);
	fill_if(w, every_second);
	assert_int_equal(compact(w, 9, COMPACT_ASYNC, true, GFP_KERNEL), COMPACT_COMPLETE);
	assert_int_equal(w->moved, 0);
	set_block_type(w->z, 1024, MIGRATE_UNMOVABLE);
	assert_int_equal(compact(w, 9, COMPACT_ASYNC, true, GFP_KERNEL), COMPACT_SUCCESS);
	assert_int_equal(w->moved, 256);
	assert_int_equal(page_of(&w->pa->map, 1024)->state, PAGE_BUDDY);
	check(w);
	end(w);
	free(w);
}

/* mm/compaction.c:compaction_suit_allocation_order() */
static void test_suitable(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	begin(w, 9, FRAMES);
	assert_int_equal(compact(w, 9, COMPACT_SYNC, true, GFP_HIGHUSER_MOVABLE), COMPACT_SUCCESS);
	fill_if(w, every_second);
	/* The low mark and twice the block have to be free, and one page more. */
	w->z->wmark[WMARK_LOW] = FRAMES / 2 - 1024;
	assert_int_equal(compact(w, 9, COMPACT_SYNC, true, GFP_HIGHUSER_MOVABLE), COMPACT_SKIPPED);
	w->z->wmark[WMARK_LOW]--;
	assert_int_equal(compact(w, 9, COMPACT_SYNC, true, GFP_HIGHUSER_MOVABLE), COMPACT_SUCCESS);
	end(w);

	/* Half of each pageblock is one block: index 437, so it is memory that is wanting. */
	begin(w, 9, FRAMES);
	fill_if(w, lower_half);
	assert_int_equal(blocks_from(w, 8), 16);
	assert_int_equal(fragmentation_index(w->z, 9), 1000 - (1000 + 1000 * 4096 / 512) / 16);
	assert_int_equal(compact(w, 9, COMPACT_SYNC, true, GFP_HIGHUSER_MOVABLE), COMPACT_SKIPPED);
	assert_int_equal(w->begun, 0);
	end(w);
	free(w);
}

static u64 tries(struct world *w, u32 calls, u32 priority)
{
	const struct zonelist l = { .zone = { w->z }, .n = 1 };
	u64 begun = w->begun;
	u32 i;

	for (i = 0; i < calls; i++)
		if (compact_direct(w->pa, NULL, &l, GFP_HIGHUSER_MOVABLE, 9, priority))
			compact_ended(w->pa, NULL, 9);
	return w->begun - begun;
}

/*
 * After the n-th failure 2^n - 1 requests are turned away, up to 63; asynchronous failures do not count, full
 * compaction does not ask, smaller orders than the one that failed are not kept off.
 */
static void test_deferral(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct compact_stats *st;
	u32 n;
	u64 pfn;

	begin(w, 9, FRAMES);
	st = &w->pa->compaction->st;
	fill_if(w, every_second);
	for (pfn = 0; pfn < FRAMES; pfn += 512)
		page_of(&w->pa->map, pfn)->flags = 0;
	assert_int_equal(tries(w, 10, COMPACT_ASYNC), 10);
	assert_int_equal(tries(w, 1, COMPACT_SYNC_LIGHT), 1);
	for (n = 1; n <= 9; n++) {
		u32 away = (1u << MIN(n, 6)) - 1;

		assert_int_equal(tries(w, away, COMPACT_SYNC_LIGHT), 0);
		assert_int_equal(tries(w, 1, COMPACT_SYNC_LIGHT), 1);
	}
	assert_int_equal(st->deferred, 1 + 3 + 7 + 15 + 31 + 4 * 63);
	assert_int_equal(st->compact_stall, 10 + 1 + 9);
	assert_int_equal(st->compact_fail, st->compact_stall);
	assert_int_equal(tries(w, 3, COMPACT_SYNC), 3);
	assert_int_equal(w->z->compact->order_failed, 0);
	check(w);
	end(w);
	free(w);
}

/* A successful allocation ends all deferral; success of compaction alone keeps off larger orders only. */
static void test_deferral_ends(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct compact *k;
	u64 pfn;

	begin(w, 9, FRAMES);
	k = w->z->compact;
	fill_if(w, every_second);
	for (pfn = 0; pfn < FRAMES; pfn += 512)
		page_of(&w->pa->map, pfn)->flags = 0;
	assert_int_equal(tries(w, 1, COMPACT_SYNC), 1);
	assert_int_equal(k->defer_shift, 1);
	for (pfn = 0; pfn < FRAMES; pfn += 512)
		page_of(&w->pa->map, pfn)->flags = PAGE_MOVABLE;
	assert_int_equal(tries(w, 1, COMPACT_SYNC_LIGHT), 0);
	assert_int_equal(tries(w, 1, COMPACT_SYNC), 1);
	assert_int_equal(blocks_from(w, 9), 1);
	assert_int_equal(k->order_failed, 10);
	assert_int_equal(k->defer_shift, 1);
	compact_ended(w->pa, w->z, 9);
	assert_int_equal(k->defer_shift, 0);
	assert_int_equal(w->pa->compaction->st.compact_success, 1);
	end(w);
	free(w);
}

/* Nobody waits: a thread whose clock is at 0, and a lock that is taken until cycle 100. */
static u64 clock_now;

static u64 mock_now(struct cpu *c)
{
	return clock_now;
}

static void mock_access(struct cpu *c, enum kernel_path path, u64 va, u32 bytes)
{
}

static void mock_execute(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions)
{
	clock_now += instructions;
}

static void mock_wait(struct cpu *c, enum kernel_path path, u64 cycle)
{
	clock_now = MAX(clock_now, cycle);
}

static const struct cpu_ops mock_ops = { .now = mock_now,
					 .execute = mock_execute,
					 .load = mock_access,
					 .store = mock_access,
					 .wait_until = mock_wait };

static enum compact_result against_lock(struct world *w, enum compact_mode mode)
{
	struct compact_request r = { .order = 9, .gfp = GFP_HIGHUSER_MOVABLE, .mode = mode, .direct = true };
	struct cpu cpu = { .ops = &mock_ops };
	static struct charger charger;

	begin(w, 9, FRAMES);
	fill_if(w, every_second);
	charger_init(&charger, ERA_6_X, 0xffffffff81000000, 1u << 25, 100, true);
	w->pa->charger = &charger;
	clock_now = 0;
	holds_add(&w->z->lock.held, 0, 10000000);
	return compact_zone(w->z, &cpu, &r, ZONE_NORMAL);
}

/* Asynchronous compaction gives up after the round in which it met a lock; others wait. */
static void test_contended(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_int_equal(against_lock(w, COMPACT_ASYNC), COMPACT_CONTENDED);
	assert_int_equal(w->moved, 32);
	assert_int_equal(w->pa->compaction->st.contended, 1);
	check(w);
	end(w);
	assert_int_equal(against_lock(w, COMPACT_SYNC_LIGHT), COMPACT_SUCCESS);
	assert_int_equal(w->moved, 256);
	assert_true(clock_now > 10000000);
	check(w);
	end(w);
	free(w);
}

/* The daemons: one block on demand; the score from 100 down to 80 by itself, and not if nothing helps. */
static void test_kcompactd(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct compact_stats *st;
	u64 pfn;

	begin(w, 9, FRAMES);
	st = &w->pa->compaction->st;
	fill_if(w, every_second);
	kcompactd_run(w->pa, NULL, 0, 9, ZONE_NORMAL);
	assert_int_equal(blocks_from(w, 9), 1);
	assert_int_equal(st->compact_daemon_wake, 1);
	assert_int_equal(st->compact_daemon_migrate_scanned, 512);
	assert_int_equal(st->compact_stall, 0);
	assert_int_equal(extfrag_for_order(w->z, 9), 87);
	assert_true(kcompactd_proactive(w->pa, NULL, 0));
	assert_int_equal(st->runs, 1);
	end(w);

	begin(w, 9, FRAMES);
	fill_if(w, every_second);
	assert_true(kcompactd_proactive(w->pa, NULL, 0));
	assert_int_equal(extfrag_for_order(w->z, 9), 75);
	assert_int_equal(blocks_from(w, 9), 2);
	check(w);
	end(w);

	begin(w, 9, FRAMES);
	fill_if(w, every_second);
	for (pfn = 0; pfn < FRAMES; pfn += 512)
		page_of(&w->pa->map, pfn)->flags = 0;
	assert_false(kcompactd_proactive(w->pa, NULL, 0));
	check(w);
	end(w);
	free(w);
}

/* A pageblock that had nothing is skipped until the scanners have met and kswapd goes to sleep. */
static void test_skips(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	u64 pfn, scanned;

	begin(w, 9, FRAMES);
	fill_if(w, every_second);
	for (pfn = 0; pfn < FRAMES; pfn++)
		page_of(&w->pa->map, pfn)->flags = 0;
	assert_int_equal(compact(w, 9, COMPACT_SYNC_LIGHT, true, GFP_HIGHUSER_MOVABLE), COMPACT_COMPLETE);
	scanned = w->pa->compaction->st.compact_migrate_scanned;
	assert_int_equal(scanned, FRAMES - 512);
	compact(w, 9, COMPACT_SYNC_LIGHT, true, GFP_HIGHUSER_MOVABLE);
	assert_int_equal(w->pa->compaction->st.compact_migrate_scanned, scanned);
	assert_int_equal(w->pa->compaction->st.skipped, FRAMES / 512 - 1);
	compact_forget_skips(w->z);
	compact(w, 9, COMPACT_SYNC_LIGHT, true, GFP_HIGHUSER_MOVABLE);
	assert_int_equal(w->pa->compaction->st.compact_migrate_scanned, 2 * scanned);
	end(w);
	free(w);
}

static enum compact_result compact_at_random(struct world *w, struct rng *rng)
{
	u32 order = rng_below(rng, 6) ? 1 + rng_below(rng, 9) : NO_ORDER;
	u32 gfp = rng_below(rng, 2) ? GFP_HIGHUSER_MOVABLE : GFP_KERNEL;
	enum compact_result why = compact(w, order, rng_below(rng, 3), rng_below(rng, 2), gfp);

	if (!rng_below(rng, 4))
		compact_forget_skips(w->z);
	return why;
}

static void run_at_random(struct world *w, struct rng *rng, u32 steps, u64 *seen)
{
	u32 i, id;

	for (i = 0; i < steps; i++) {
		id = 1 + rng_below(rng, w->z->end);
		if (w->place[id] != NO_FRAME)
			give(w, id);
		else if (rng_below(rng, 8) < (i / 4096 % 2 ? 7 : 2))
			take(w, id, rng_below(rng, 10) ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE);
		w->pinned[rng_below(rng, w->z->end)] = !rng_below(rng, 50);
		if (!rng_below(rng, 300))
			seen[compact_at_random(w, rng)]++;
		if (i % 1000 == 0)
			check(w);
	}
	check(w);
}

/* Pages come and go, and compaction runs between; a hostile zone of 64 frames, and one of 8 pageblocks. */
static void test_random(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	u64 seen[COMPACT_SUCCESS + 1] = { 0 };
	struct rng rng;

	rng_init(&rng, 5, "compact");
	begin(w, 3, 60);
	w->z->wmark[WMARK_MIN] = w->z->wmark[WMARK_LOW] = w->z->wmark[WMARK_HIGH] = 2;
	run_at_random(w, &rng, 1000000, seen);
	end(w);
	begin(w, 9, 4096);
	run_at_random(w, &rng, 400000, seen);
	end(w);
	assert_true(seen[COMPACT_SKIPPED] && seen[COMPACT_SUCCESS]);
	assert_true(seen[COMPACT_COMPLETE] && seen[COMPACT_PARTIAL_SKIPPED]);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checkerboard),  cmocka_unit_test(test_whole_zone),
		cmocka_unit_test(test_unmovable),     cmocka_unit_test(test_async_source),
		cmocka_unit_test(test_suitable),      cmocka_unit_test(test_deferral),
		cmocka_unit_test(test_deferral_ends), cmocka_unit_test(test_contended),
		cmocka_unit_test(test_kcompactd),     cmocka_unit_test(test_skips),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
