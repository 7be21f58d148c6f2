/* Reclaim in all its forms: what is used stays, limits hold, the largest process is killed, nothing is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/mm/lru.h"
#include "model/mm/memcg.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"
#include "model/mm/watermark.h"
#include "tests/ref/ref_blockdev.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull
#define BASE 0x400000ull
#define RW   (MM_READ | MM_WRITE)

struct form {
	const char *name;
	u32 era, layout, reclaim, rmap;
	u32 missed; /* of 1000 uses, at most */
};

static const struct form forms[] = {
	{ "2.4, page tables are scanned", ERA_2_4_21, KERNEL_LAYOUT_I386, 0, 0, 10 },
	{ "2.5, pte_chain", ERA_2_5_66, KERNEL_LAYOUT_I386, 0, 0, 10 },
	{ "2.6.9", ERA_2_6_9, KERNEL_LAYOUT_I386, 0, 0, 10 },
	{ "2.6.18", ERA_2_6_18, KERNEL_LAYOUT_X86_64, 0, 0, 10 },
	{ "2.6.37", ERA_2_6_37, KERNEL_LAYOUT_X86_64, 0, 0, 10 },
	{ "6.x", ERA_6_X, KERNEL_LAYOUT_X86_64, 0, 0, 10 },
	{ "6.x, generations", ERA_6_X, KERNEL_LAYOUT_X86_64, RECLAIM_MGLRU + 1, 0, 20 },
	{ "6.x, nobody knows who maps", ERA_6_X, KERNEL_LAYOUT_X86_64, 0, RMAP_NONE + 1, 10 },
};

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct cpu *c;
	bool woken; /* kswapd */
};

static void wake(void *arg, struct cpu *c, u32 node, u64 when)
{
	((struct env *)arg)->woken = true;
}

/* kswapd gets the hardware thread after each access. */
static void run_kswapd(struct env *e)
{
	while (e->woken) {
		e->woken = false;
		kernel_run_threads(e->k, e->c, 0);
	}
}

static struct env *env_new(const struct form *f, u64 memory, u32 swap, u64 limit)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = memory, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){
		.era = f->era,
		.layout = f->layout,
		.reclaim = f->reclaim,
		.rmap = f->rmap,
		.swappiness = 60,
		.colours = 1,
		.flush_ceiling = 33,
		.asids = 2,
		.charge = true,
		.instruction_scale = 100,
		.time_scale = 1000000,
		.blockdev = { .hdd = ref_disk },
		.swap = { .device = swap, .page_cluster = 3, .size = 4 * memory, .zram = { 10, 5, 15, 55 } },
		.placement = FRAME_BUDDY
	};
	if (limit)
		e->cfg.group[0] = (struct memcg_cfg){ "g", limit, 0, "all" };
	e->ptmem = ptmem_new(memory / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->c = &e->cpu->cpu;
	kernel_on_wake(e->k, wake, e);
	return e;
}

/* All processes are gone. */
static void env_free(struct env *e)
{
	u64 slot;

	kernel_check(e->k);
	assert_int_equal(rmap_mapped_pages(e->k), 0);
	for (slot = 0; slot < swap_slots(e->k); slot++)
		assert_int_equal(swap_count(e->k, slot), 0);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->cpu);
	free(e);
}

static struct mm *program(struct env *e, u64 pages)
{
	struct mm_map m = { .addr = BASE, .len = pages * PAGE, .flags = RW | MM_ANON };
	struct mm *mm = mm_new(e->k, false);

	mm_join_group(mm, NULL, 1);
	assert_int_equal(mm_mmap(mm, e->c, &m), MM_OK);
	return mm;
}

/* A write that no TLB hides. Whether it took a transfer. */
static enum trap_result use(struct env *e, struct mm *mm, u64 page, bool *major)
{
	u64 before = e->k->fault.swap, pa;
	enum trap_result result;
	u32 traps;

	mm_load(mm, e->c);
	e->cpu->n_tlb = e->cpu->n_pwc = 0;
	do
		result = ref_access(e->cpu, mm, BASE + page * PAGE, ACCESS_WRITE, &traps);
	while (result == TRAP_BLOCK);
	*major = e->k->fault.swap != before;
	run_kswapd(e);
	if (result != TRAP_RETRY)
		return result;
	pa = pgtable_entry(mm, NULL, KPATH_FAULT, BASE + page * PAGE, false);
	if (entry_is_swap(e->k->format, pte_read(mm, pa)))
		return result; /* kswapd has it again */
	pte_write(mm, NULL, KPATH_FAULT, pa,
		  e->k->format->encode(e->k->format->pa(pte_read(mm, pa), 0),
				       pte_flags(mm, pte_read(mm, pa)) | PTE_ACCESSED | PTE_DIRTY, 0));
	return result;
}

#define HOT   200u
#define COLD  12000u
#define ROUND 25u /* pages of the cold ones that are touched before the hot ones are again */

/*
 * Of pages that are used over and over, hardly any is ever taken; of the others, which do not fit, most are.
 * Where two generations are made in one run, because the old ones are used up, what was used before the first
 * is old with the second: that form takes some of what is used.
 */
static void what_is_used_stays(const struct form *f)
{
	struct env *e = env_new(f, 32ull << 20, SWAP_ZRAM, 0);
	struct mm *mm = program(e, HOT + COLD);
	u64 missed = 0, used = 0, i, h;
	bool major;

	for (i = 0; i < COLD; i++) {
		assert_int_equal(use(e, mm, HOT + i, &major), TRAP_RETRY);
		for (h = 0; i % ROUND == 0 && h < HOT; h++, used++) {
			assert_int_equal(use(e, mm, h, &major), TRAP_RETRY);
			missed += major;
		}
		if (i % 3000 == 0)
			kernel_check(e->k);
	}
	assert_true(e->k->reclaim.unmapped > COLD / 4);
	assert_true(mm->rss.swap > COLD / 4);
	assert_in_range(missed, 0, used * f->missed / 1000);
	mm_put(mm, e->c);
	env_free(e);
}

static void in_all_forms(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		print_message("%s\n", forms[i].name);
		what_is_used_stays(&forms[i]);
	}
}

/*
 * Pages that were touched once are all marked used: a group at its limit looks at all of them before one can
 * go, from the first priority down to where that is enough.
 */
static void a_full_group_walks_all_priorities(void **state)
{
	const u64 limit = 1024;
	struct env *e = env_new(&forms[5], 64ull << 20, SWAP_ZRAM, limit * PAGE);
	struct mm *mm = program(e, 4 * limit);
	u64 i, usage;
	bool major;

	for (i = 0; i < limit; i++)
		assert_int_equal(use(e, mm, i, &major), TRAP_RETRY);
	assert_int_equal(e->k->reclaim.scanned_direct, 0);
	assert_int_equal(use(e, mm, i, &major), TRAP_RETRY);
	assert_true(e->k->reclaim.kept_referenced >= limit / 2);
	assert_in_range(e->k->reclaim.priority_passes, 10, 13);
	for (i++; i < 4 * limit; i++) {
		assert_int_equal(use(e, mm, i, &major), TRAP_RETRY);
		usage = mm->rss.anon;
		assert_in_range(usage, limit / 2, limit);
	}
	kernel_check(e->k);
	mm_put(mm, e->c);
	env_free(e);
}

/* Without swap the one that has most is killed, though another one asks; its memory is free at once. */
static void the_largest_is_killed(void **state)
{
	struct env *e = env_new(&forms[5], 32ull << 20, BLOCKDEV_NONE, 0);
	struct mm *large = program(e, COLD), *small = program(e, COLD);
	u64 i;
	bool major;

	for (i = 0; i < 4000; i++)
		assert_int_equal(use(e, large, i, &major), TRAP_RETRY);
	for (i = 0; !large->oom_victim; i++)
		assert_int_equal(use(e, small, i, &major), TRAP_RETRY);
	assert_in_range(i, 500, 3990);
	assert_int_equal(large->rss.anon, 0);
	assert_int_equal(e->k->reclaim.oom_kills, 1);
	assert_int_equal(use(e, large, 0, &major), TRAP_OOM);
	mm_put(large, e->c);
	for (; use(e, small, i, &major) == TRAP_RETRY; i++)
		;
	assert_true(i > 4000 && small->oom_victim);
	mm_put(small, e->c);
	env_free(e);
}

/* Marks that are boosted while there is enough make kswapd look, but not swap; then they are down again. */
static void a_boost_swaps_nothing(void **state)
{
	struct env *e = env_new(&forms[5], 64ull << 20, SWAP_ZRAM, 0);
	struct mm *mm = program(e, 4000);
	struct zone *z = e->k->pa->zone + 1;
	bool major;
	u32 page;

	for (page = 0; page < 4000; page++)
		use(e, mm, page, &major);
	assert_true(zone_boost(z));
	e->k->pa->reclaim->wake_kswapd(e->k->pa->reclaim_arg, e->c, z, 0, GFP_NOWAIT);
	assert_true(e->woken);
	run_kswapd(e);
	assert_int_equal(z->boost, 0);
	assert_int_equal(e->k->reclaim.written, 0);
	mm_put(mm, e->c);
	env_free(e);
}

/* ---- what reclaim waits for ---- */

#define MS 1000000ull /* cycles */

/* Touches pages until the counter is not 0. The first one that was not. */
static u64 fill(struct env *e, struct mm *mm, u64 from, const u64 *until)
{
	u32 traps;
	u64 i;

	mm_load(mm, e->c);
	for (i = from; !*until; i++) {
		e->cpu->n_tlb = e->cpu->n_pwc = 0;
		ref_access(e->cpu, mm, BASE + i * PAGE, ACCESS_WRITE, &traps);
		assert_true(i < COLD);
	}
	return i;
}

static struct lruvec *zone_lists(const struct env *e)
{
	struct lruvec *v = e->k->lru->vec;

	return v[0].n[LRU_INACTIVE_FILE] > v[1].n[LRU_INACTIVE_FILE] ? &v[0] : &v[1];
}

/* Nobody has used the pages, and all are inactive. */
static void make_old(struct env *e, struct mm *mm, u64 pages)
{
	u64 i, pa, entry, pfn;

	lru_add_drain(e->k, e->c);
	for (i = 0; i < pages; i++) {
		pa = pgtable_entry(mm, NULL, KPATH_FAULT, BASE + i * PAGE, false);
		entry = pte_read(mm, pa);
		pfn = pte_pfn(mm, entry);
		pte_write(mm, NULL, KPATH_FAULT, pa, pte_without(mm, entry, PTE_ACCESSED));
		lru_remove(e->k, e->c, pfn);
		rmap_page(e->k, pfn)->marks &= (u16) ~(PG_ACTIVE | PG_REFERENCED);
		lru_insert(e->k, e->c, pfn, false);
	}
}

/* The thread waits, and goes on. False: it did not wait. */
static bool wait_and_go_on(struct env *e, struct mm *mm, u64 page)
{
	u32 traps;

	if (!reclaim_progress(e->k, e->c)->waits)
		return false;
	e->c->ops->wait_until(e->c, KPATH_IO_WAIT, e->c->block_until);
	ref_access(e->cpu, mm, BASE + page * PAGE, ACCESS_WRITE, &traps);
	return true;
}

enum expected_naps { NO_NAPS, ALL_NAPS, LATE_NAPS };

/* Of priorities below 10, from the one on at which so many inactive pages make a batch: 2.6.7 on. */
static u64 late_naps(u64 inactive)
{
	u64 due = 0;
	s32 priority = DEF_PRIORITY + 1;

	while (due < SWAP_CLUSTER_MAX)
		due += (inactive >> --priority) + 1;
	return (u64)MIN(priority, DEF_PRIORITY - 3) + 1;
}

/*
 * Pages are locked, so none can be freed, and swap has no queue whose writes would end, so every nap has its
 * whole length: behind each of the 13 passes in 2.5.66, in 2.6.9 behind those at less than priority 10 that
 * have looked at a page; later kernels see that no queue is full, and no write to wait for. All are of one
 * call of try_to_free_pages(), which goes on after each.
 */
static void naps_have_their_length(void **state)
{
	static const struct {
		const char *name;
		u32 form, rule;
		enum expected_naps naps;
		u64 length;
	} cases[] = {
		{ "2.5.66", 1, 0, ALL_NAPS, 250 * MS },
		{ "2.6.9", 2, 0, LATE_NAPS, 100 * MS },
		{ "2.6.18", 3, 0, LATE_NAPS, 100 * MS },
		{ "2.6.37", 4, 0, NO_NAPS, 0 },
		{ "6.x", 5, 0, NO_NAPS, 0 },
		{ "2.5.66 that never sleeps", 1, RECLAIM_WAIT_NEVER + 1, NO_NAPS, 0 },
		{ "2.6.9 by the rule of 2.5", 2, RECLAIM_WAIT_EACH + 1, ALL_NAPS, 100 * MS },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct env *e = env_new(&forms[cases[i].form], 32ull << 20, SWAP_ZRAM, 0);
		struct mm *mm = program(e, COLD);
		struct reclaim_stats *st = &e->k->reclaim;
		u64 n, at, expected = 0;

		print_message("%s\n", cases[i].name);
		mm->vmas.v[0]->flags |= MM_LOCKED;
		e->k->cfg.reclaim_wait = cases[i].rule;
		at = fill(e, mm, 0, &e->k->pa->st.slow);
		if (cases[i].naps != NO_NAPS) {
			make_old(e, mm, at);
			expected = cases[i].naps == ALL_NAPS ? DEF_PRIORITY + 1
							     : late_naps(zone_lists(e)->n[LRU_INACTIVE_FILE]);
		}
		at = fill(e, mm, at, &st->direct) - 1;
		for (n = 0; st->direct == 1 && st->waits == n + 1; n++) {
			assert_in_range(e->c->block_until - e->c->ops->now(e->c), cases[i].length - MS,
					cases[i].length);
			if (!wait_and_go_on(e, mm, at))
				break;
		}
		assert_int_equal(n, expected);
		assert_true(n == 0 || st->wait_cycles >= n * cases[i].length);
		mm_put(mm, e->c);
		env_free(e);
	}
}

/* With swap on a disk a nap ends with a write, and the page that it was is free for who waited. */
static void a_write_ends_a_nap(void **state)
{
	struct env *e = env_new(&forms[1], 32ull << 20, BLOCKDEV_HDD, 0);
	struct mm *mm = program(e, COLD);
	u64 at = fill(e, mm, 0, &e->k->pa->st.slow), now, woken = 0;
	u32 n = 0;

	make_old(e, mm, at);
	at = fill(e, mm, at, &e->k->reclaim.direct) - 1;
	do {
		now = e->c->ops->now(e->c);
		woken = blockdev_congestion_over(swap_device(e->k), now);
		assert_true(woken < now + 250 * MS);
		assert_int_equal(e->c->block_until, woken);
		assert_true(n++ < DEF_PRIORITY);
	} while (wait_and_go_on(e, mm, at) && reclaim_progress(e->k, e->c)->waits);
	assert_int_equal(e->k->reclaim.waits, n);
	assert_int_equal(e->k->reclaim.direct, 1);
	assert_true(e->k->reclaim.stolen_direct);
	mm_put(mm, e->c);
	env_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_all_forms),          cmocka_unit_test(a_full_group_walks_all_priorities),
		cmocka_unit_test(the_largest_is_killed), cmocka_unit_test(naps_have_their_length),
		cmocka_unit_test(a_boost_swaps_nothing), cmocka_unit_test(a_write_ends_a_nap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
