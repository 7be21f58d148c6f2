/*
 * khugepaged and large pages in reclaim, counted by hand on x86-64: what a range of small pages becomes, what
 * is left as it is, and that large pages are found, kept and taken by reclaim as others are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/huge.h"
#include "model/mm/lru.h"
#include "model/mm/memcg.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/vmscan.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE         4096ull
#define HUGE         (2ull << 20)
#define BASE         (1ull << 30)
#define RW           (MM_READ | MM_WRITE | MM_ANON)
#define HUGEPAGE     14u
#define X86_ACCESSED (1u << 5)
#define NOHUGEPAGE   15u
#define NR_MMS       3u
#define RANGES       4u /* of the space that random programs use */

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct cpu *c;
	struct mm *mm;
	struct rng rng;
};

/* A group "all" of everybody has the limit, if there is one. */
static struct env *env_new(u64 memory, u32 thp, u32 reclaim, u64 limit)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = memory, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){
		.era = ERA_6_X,
		.placement = FRAME_BUDDY,
		.colours = 1,
		.flush_ceiling = 33,
		.asids = 2,
		.thp = thp,
		.reclaim = reclaim,
		.swappiness = 60,
		.zero_page = true,
		.charge = true,
		.instruction_scale = 100,
		.stack_limit = 8 << 20,
		.time_scale = 1,
		.khugepaged_period = { .ps = 10000000000000ull },
		.swap = { .device = SWAP_ZRAM, .size = 64 << 20, .page_cluster = 3 },
		.group[0] = { .name = limit ? "all" : NULL, .limit = limit, .processes = "all" },
	};
	e->ptmem = p.ptmem = ptmem_new(memory / PAGE);
	p.format = kernel_format(&e->cfg);
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->c = &e->cpu->cpu;
	e->mm = mm_new(e->k, false);
	mm_join_group(e->mm, "test", 1);
	rng_init(&e->rng, memory + reclaim + thp, "khugepaged");
	return e;
}

static void env_free(struct env *e)
{
	if (e->mm)
		mm_put(e->mm, e->c);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->cpu);
	free(e);
}

static void map(struct env *e, u64 addr, u64 len)
{
	struct mm_map m = { .addr = addr, .len = len, .flags = RW };

	assert_int_equal(mm_mmap(e->mm, e->c, &m), MM_OK);
}

static enum trap_result use(struct env *e, struct mm *mm, u64 va, enum access_kind kind)
{
	struct cpu *c = e->c;
	enum trap_result got;
	u32 traps;

	while ((got = ref_access(e->cpu, mm, va, kind, &traps)) == TRAP_BLOCK)
		c->ops->wait_until(c, KPATH_LOCK, c->block_until);
	return got;
}

static void write_pages(struct env *e, u64 va, u32 pages)
{
	u32 i;

	for (i = 0; i < pages; i++)
		assert_int_equal(use(e, e->mm, va + i * PAGE, ACCESS_WRITE), TRAP_RETRY);
}

static void tick(struct env *e)
{
	kernel_tick(e->k, e->c, KERNEL_TICK_KHUGEPAGED, 0);
	kernel_check(e->k);
	ref_tlb_check(e->cpu);
}

static u32 shift_at(const struct env *e, const struct mm *mm, u64 va)
{
	return ref_pt_walk(e->cpu->kind, e->ptmem, mm_root(mm), va).shift;
}

/* ---- what is put together ---- */

/* 100 pages of 512 are copied and the others cleared; the table is neither new nor gone. */
static void a_range_becomes_a_large_page(void **state)
{
	struct env *e = env_new(64 << 20, KERNEL_THP_MADVISE, 0, 0);
	u64 frames, tables, cleared, copied, flushes, cycles;

	map(e, BASE + PAGE, 2 * HUGE);
	write_pages(e, BASE + HUGE, 100);
	tick(e);
	assert_int_equal(e->k->thp.scans, 0); /* nobody has asked */
	mm_madvise(e->mm, e->c, BASE + PAGE, 2 * HUGE, HUGEPAGE);
	frames = frames_in_use(e->k->frames);
	tables = e->k->pgtable.pages;
	cleared = e->cpu->zeroed;
	copied = e->cpu->copied;
	flushes = e->cpu->full_flushes;
	cycles = e->cpu->cycles[KPATH_KTHREAD];
	tick(e);
	/* One range lies in it as a whole, and is met once in each of two rounds. */
	assert_int_equal(e->k->thp.scans, 2);
	assert_int_equal(e->k->thp.full_scans, 2);
	assert_int_equal(e->k->thp.collapses, 1);
	assert_int_equal(e->k->thp.copied, 100);
	assert_int_equal(e->k->thp.cleared, 412);
	assert_int_equal(e->cpu->copied - copied, 100);
	assert_int_equal(e->cpu->zeroed - cleared, 412);
	assert_int_equal(e->cpu->full_flushes - flushes, 1);
	assert_int_equal(frames_in_use(e->k->frames), frames + 412);
	assert_int_equal(e->k->pgtable.pages, tables);
	assert_int_equal(e->mm->rss.anon, 512);
	/* The thread, 512 entries twice, the pages, and 30,000. */
	assert_int_equal(e->cpu->cycles[KPATH_KTHREAD] - cycles, 2300 + 2 * 512 * 20 + 512 * 150 + 30000);
	assert_int_equal(shift_at(e, e->mm, BASE + HUGE), 21);
	assert_int_equal(lru_pages(e->k, 0, LRU_INACTIVE_ANON), 512);
	write_pages(e, BASE + HUGE, 512);
	assert_int_equal(e->k->fault.zero, 100);
	/* It is one like any other: part of it may go. */
	mm_munmap(e->mm, e->c, BASE + HUGE + 5 * PAGE, PAGE);
	kernel_check(e->k);
	assert_int_equal(lru_pages(e->k, 0, LRU_INACTIVE_ANON), 511);
	assert_int_equal(e->k->thp.pages_split, 1);
	env_free(e);
}

/* 4096 pages at a time, address space after address space, the oldest first. */
static void it_goes_round(void **state)
{
	struct env *e = env_new(128 << 20, KERNEL_THP_MADVISE, 0, 0);
	struct mm *second;
	u32 i;

	map(e, BASE, 12 * HUGE);
	mm_madvise(e->mm, e->c, BASE, 12 * HUGE, HUGEPAGE);
	mm_madvise(e->mm, e->c, BASE, 12 * HUGE, NOHUGEPAGE);
	for (i = 0; i < 12; i++)
		write_pages(e, BASE + i * HUGE, 1);
	assert_int_equal(e->k->fault.huge, 0);
	mm_madvise(e->mm, e->c, BASE, 12 * HUGE, HUGEPAGE);
	second = mm_fork(e->mm, e->c);
	assert_non_null(second);
	tick(e);
	/* Shared pages may not be written: neither has any that can be put together. */
	assert_int_equal(e->k->thp.scans, 8);
	assert_int_equal(e->k->thp.unfit, 8);
	mm_put(second, e->c);
	tick(e);
	assert_int_equal(e->k->thp.scans, 16);
	assert_int_equal(e->k->thp.full_scans, 1);
	mm_put(e->mm, e->c);
	e->mm = NULL;
	tick(e);
	assert_int_equal(e->k->thp.scans, 16);
	env_free(e);
}

/* Takes the accessed bits of n small pages away. */
static void forget_use(struct env *e, u64 va, u32 n)
{
	u64 pa;
	u32 i;

	for (i = 0; i < n; i++) {
		pa = pgtable_entry(e->mm, NULL, KPATH_FAULT, va + i * PAGE, false);
		pte_write(e->mm, NULL, KPATH_FAULT, pa,
			  pte_without(e->mm, pte_read(e->mm, pa), PTE_ACCESSED));
	}
}

/* Shared pages: a half of a range and no more; unused ones; held ones. */
static void some_ranges_are_left(void **state)
{
	struct env *e = env_new(64 << 20, KERNEL_THP_MADVISE, 0, 0);
	struct mm *child;
	u64 pfn;

	map(e, BASE, 3 * HUGE);
	write_pages(e, BASE, 256);
	write_pages(e, BASE + HUGE, 257);
	child = mm_fork(e->mm, e->c);
	write_pages(e, BASE + 256 * PAGE, 1);
	write_pages(e, BASE + HUGE + 300 * PAGE, 1);
	write_pages(e, BASE + 2 * HUGE, 9);
	forget_use(e, BASE + 2 * HUGE, 9);
	mm_madvise(e->mm, e->c, BASE, 3 * HUGE, HUGEPAGE);
	tick(e);
	assert_int_equal(shift_at(e, e->mm, BASE), 21);
	assert_int_equal(shift_at(e, child, BASE), 12);
	assert_int_equal(shift_at(e, e->mm, BASE + HUGE), 12);
	assert_int_equal(shift_at(e, e->mm, BASE + 2 * HUGE), 12);
	assert_int_equal(e->k->thp.copied, 257);
	assert_int_equal(e->k->thp.exceed_shared, 2);
	assert_int_equal(e->k->thp.unused, 2);
	/* Somebody holds a page of the last one. */
	pfn = pte_pfn(e->mm,
		      pte_read(e->mm, pgtable_entry(e->mm, NULL, KPATH_FAULT, BASE + 2 * HUGE, false)));
	frame_get(e->k->frames, pfn);
	kernel_tick(e->k, e->c, KERNEL_TICK_KHUGEPAGED, 0);
	assert_int_equal(e->k->thp.unfit, 2);
	frame_put(e->k->frames, e->c, pfn);
	mm_put(child, e->c);
	env_free(e);
}

/* ---- swap ---- */

static u64 reclaim(struct env *e, u32 calls)
{
	u64 freed = 0;

	while (calls--)
		freed += reclaim_direct(e->k, e->c, GFP_HIGHUSER_MOVABLE, 0);
	kernel_check(e->k);
	ref_tlb_check(e->cpu);
	return freed;
}

/* With 32 pages in swap it reads them; with a hundred it does not. */
static void pages_in_swap_come_back(void **state)
{
	struct env *e = env_new(64 << 20, KERNEL_THP_MADVISE, 0, 0);
	u32 i;

	map(e, BASE, HUGE);
	write_pages(e, BASE, 512);
	/* Its accessed bits are what makes a first look keep a page. */
	while (e->mm->rss.swap < 96)
		reclaim(e, 1);
	mm_madvise(e->mm, e->c, BASE, HUGE, HUGEPAGE);
	tick(e);
	assert_int_equal(e->k->thp.collapses, 0);
	assert_int_equal(e->k->thp.exceed_swap, 2);
	for (i = 0; e->mm->rss.swap > 32; i++)
		use(e, e->mm, BASE + i * PAGE, ACCESS_WRITE);
	for (i = 0; i < 512; i++)
		if (!entry_is_swap(e->k->format, pte_read(e->mm, pgtable_entry(e->mm, NULL, KPATH_FAULT,
									       BASE + i * PAGE, false))))
			use(e, e->mm, BASE + i * PAGE, ACCESS_WRITE);
	tick(e);
	env_free(e);
}

/* ---- reclaim ---- */

/* One look clears the bit of the whole page, the next splits it; its pages then go one by one. */
static void reclaim_takes_large_pages(void **state)
{
	u32 forms[] = { RECLAIM_ZONE + 1, RECLAIM_SPLIT + 1, RECLAIM_MGLRU + 1 }, i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		struct env *e = env_new(64 << 20, KERNEL_THP_ALWAYS, forms[i], 0);

		map(e, BASE, 4 * HUGE);
		write_pages(e, BASE, 4 * 512);
		assert_int_equal(e->k->fault.huge, 4);
		assert_int_equal(e->k->lru->st.inserted, 4 * 512);
		while (e->mm->rss.swap < 512)
			assert_true(reclaim(e, 1) > 0);
		assert_in_range(e->k->huge.splits, 1, 2);
		assert_int_equal(e->k->thp.pages_split, e->k->huge.splits);
		assert_int_equal(e->mm->rss.anon + e->mm->rss.swap, 4 * 512);
		/* Those that nobody has looked at twice are still large. */
		assert_int_equal(shift_at(e, e->mm, BASE + 3 * HUGE), 21);
		write_pages(e, BASE, 4 * 512);
		assert_int_equal(e->k->fault.swap, e->k->reclaim.stolen_anon);
		env_free(e);
	}
}

/* What is used stays, as a whole. */
static void a_large_page_in_use_stays(void **state)
{
	struct env *e = env_new(64 << 20, KERNEL_THP_ALWAYS, RECLAIM_SPLIT + 1, 0);
	u64 pa;
	u32 i;

	map(e, BASE, 2 * HUGE);
	write_pages(e, BASE, 2 * 512);
	pa = pgtable_upper(e->mm, NULL, KPATH_FAULT, BASE + HUGE, 1, false);
	pte_write(e->mm, NULL, KPATH_FAULT, pa, pte_read(e->mm, pa) & ~(u64)X86_ACCESSED);
	for (i = 0; i < 12; i++) {
		pa = pgtable_upper(e->mm, NULL, KPATH_FAULT, BASE, 1, false);
		assert_true(huge_entry(e->k, pte_read(e->mm, pa), 1));
		pte_write(e->mm, NULL, KPATH_FAULT, pa, pte_read(e->mm, pa) | X86_ACCESSED);
		reclaim(e, 1);
	}
	assert_int_equal(e->k->huge.splits, 1);
	assert_int_equal(shift_at(e, e->mm, BASE), 21);
	env_free(e);
}

/* A group's limit is met page for page: what was charged is uncharged, and no fault kills for 2 MB. */
static void groups_count_pages(void **state)
{
	struct env *e = env_new(64 << 20, KERNEL_THP_ALWAYS, 0, 5 << 20);

	map(e, BASE, 5 * HUGE);
	write_pages(e, BASE, 5 * 512);
	kernel_check(e->k);
	assert_true(e->k->fault.huge >= 2);
	assert_true(e->k->huge.fallbacks >= 1);
	assert_int_equal(e->k->reclaim.oom_kills, 0);
	assert_in_range(e->mm->rss.anon, 512, 5 * 256);
	env_free(e);
}

/* ---- locked mappings ---- */

static u64 pages_of(struct env *e, enum lru_list list)
{
	return lru_pages(e->k, 0, list);
}

/* Pages of a locked mapping stay, large or small; a child's copy of the mapping is not locked. */
static void locked_pages_stay(void **state)
{
	u32 forms[] = { RECLAIM_ZONE + 1, RECLAIM_SPLIT + 1, RECLAIM_MGLRU + 1 }, i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		struct mm_map locked = { .addr = BASE, .len = HUGE + 100 * PAGE, .flags = RW | MM_LOCKED };
		struct env *e = env_new(64 << 20, KERNEL_THP_ALWAYS, forms[i], 0);
		bool listed = forms[i] != RECLAIM_ZONE + 1;
		struct mm *child;

		assert_int_equal(mm_mmap(e->mm, e->c, &locked), MM_OK);
		write_pages(e, BASE, 612);
		map(e, BASE + 2 * HUGE, 100 * PAGE);
		write_pages(e, BASE + 2 * HUGE, 100);
		lru_add_drain(e->k, e->c);
		assert_int_equal(pages_of(e, LRU_UNEVICTABLE), listed ? 612 : 0);
		reclaim(e, 30);
		assert_int_equal(e->mm->rss.swap, 100);
		assert_int_equal(e->mm->rss.anon, 612);
		assert_int_equal(e->k->huge.splits, listed ? 0 : 1);
		/* What is shared is still locked on one side. */
		child = mm_fork(e->mm, e->c);
		reclaim(e, 30);
		assert_int_equal(e->mm->rss.anon, 612);
		mm_munmap(e->mm, e->c, BASE, locked.len);
		assert_int_equal(pages_of(e, LRU_UNEVICTABLE), 0);
		while (child->rss.anon)
			assert_true(reclaim(e, 1) > 0);
		mm_put(child, e->c);
		env_free(e);
	}
}

/* ---- random programs ---- */

static u32 pick(struct env *e, u32 n)
{
	return (u32)rng_below(&e->rng, n);
}

static void one_thing(struct env *e, struct mm **mm, u32 m)
{
	u64 va = BASE + pick(e, RANGES * 512) * PAGE, len = (1 + pick(e, pick(e, 2) ? 16 : 1024)) * PAGE;
	struct mm_map again = { .addr = va, .len = len, .flags = RW };
	u32 other = pick(e, NR_MMS), i;

	switch (pick(e, 12)) {
	case 0:
		mm_munmap(mm[m], e->c, va, len);
		break;
	case 1:
		again.flags |= pick(e, 8) ? 0 : MM_LOCKED;
		mm_mmap(mm[m], e->c, &again);
		break;
	case 2:
		if (pick(e, 2))
			va &= ~(HUGE - 1), len = HUGE;
		mm_madvise(mm[m], e->c, va, len, pick(e, 4) ? HUGEPAGE : NOHUGEPAGE);
		break;
	case 3:
		mm_mprotect(mm[m], e->c, va, len, pick(e, 2) ? RW : MM_READ);
		break;
	case 4:
		mm_madvise(mm[m], e->c, va, len, pick(e, 2) ? 4 : 8);
		break;
	case 5:
		if (!mm[other])
			mm[other] = mm_fork(mm[m], e->c);
		break;
	case 6:
		if (pick(e, 3) == 0) {
			mm_put(mm[m], e->c);
			mm[m] = NULL;
		}
		break;
	case 7:
		reclaim_direct(e->k, e->c, GFP_HIGHUSER_MOVABLE, 0);
		break;
	case 8:
		e->k->khugepaged.asleep = 0;
		kernel_tick(e->k, e->c, KERNEL_TICK_KHUGEPAGED, 0);
		break;
	default:
		for (i = 0; i < 64; i++)
			use(e, mm[m], va + pick(e, 64) * PAGE, pick(e, 3) ? ACCESS_WRITE : ACCESS_READ);
	}
}

/* Returns how many large pages were put together. */
static u64 history(u32 thp, u32 reclaim, u64 memory, u64 limit)
{
	struct mm_map all = { .addr = BASE, .len = RANGES * HUGE, .flags = RW };
	struct env *e = env_new(memory, thp, reclaim, limit);
	struct mm *mm[NR_MMS] = { e->mm };
	u64 collapses;
	u32 i, m;

	e->mm = NULL;
	for (i = 0; i < 1500; i++) {
		m = pick(e, NR_MMS);
		if (!mm[m] && pick(e, 4) == 0) {
			mm[m] = mm_new(e->k, false);
			if (mm[m]) {
				mm_join_group(mm[m], "test", 1);
				mm_mmap(mm[m], e->c, &all);
			}
		}
		if (mm[m])
			one_thing(e, mm, m);
		if (i % 8 == 0) {
			kernel_check(e->k);
			ref_tlb_check(e->cpu);
		}
		if (e->cpu->n_tlb > 4000)
			e->cpu->n_tlb = e->cpu->n_pwc = 0;
	}
	collapses = e->k->thp.collapses;
	assert_true(e->k->thp.pages_split > 0);
	for (m = 0; m < NR_MMS; m++)
		if (mm[m])
			mm_put(mm[m], e->c);
	env_free(e);
	return collapses;
}

static void random_programs(void **state)
{
	u64 always = 0, madvise = 0;
	u32 form;

	for (form = RECLAIM_ZONE + 1; form <= NR_RECLAIM_FORMS; form++) {
		always += history(KERNEL_THP_ALWAYS, form, 24 << 20, 0);
		madvise += history(KERNEL_THP_MADVISE, form, 64 << 20, 6 << 20);
	}
	assert_true(always > 0 && madvise > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_becomes_a_large_page),
		cmocka_unit_test(it_goes_round),
		cmocka_unit_test(some_ranges_are_left),
		cmocka_unit_test(pages_in_swap_come_back),
		cmocka_unit_test(reclaim_takes_large_pages),
		cmocka_unit_test(a_large_page_in_use_stays),
		cmocka_unit_test(groups_count_pages),
		cmocka_unit_test(random_programs),
		cmocka_unit_test(locked_pages_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
