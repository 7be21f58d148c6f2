/* Large pages, counted by hand on x86-64: 2 MB are 512 pages, and a table waits for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/mm/huge.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull
#define HUGE (2ull << 20)
#define BASE (1ull << 30)
#define RW   (MM_READ | MM_WRITE | MM_ANON)

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu cpu;
	struct cpu *c;
	struct mm *mm;
};

static struct env *env_of(u64 memory, bool thp, u32 layout, bool gigantic, bool zero_page)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = memory, .hz = 1000000000, .seed = 1 };

	e->cfg = (struct kernel_cfg){ .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 4095,
				      .thp = thp,
				      .layout = layout,
				      .hugetlb = gigantic,
				      .zero_page = zero_page,
				      .stack_limit = 8 << 20,
				      .era = ERA_6_X,
				      .charge = true,
				      .instruction_scale = 100 };
	e->ptmem = p.ptmem = ptmem_new(memory / PAGE);
	p.format = kernel_format(&e->cfg);
	e->k = kernel_new(&p);
	ref_cpu_init(&e->cpu, e->k);
	e->c = &e->cpu.cpu;
	e->mm = mm_new(e->k, false);
	return e;
}

static struct env *env_with(u64 memory, bool thp, u32 layout, bool gigantic)
{
	return env_of(memory, thp, layout, gigantic, false);
}

static struct env *env_new(u64 memory, bool thp)
{
	return env_with(memory, thp, KERNEL_LAYOUT_X86_64, false);
}

/* The zero pages are the kernel's, and stay. */
static u64 zero_frames(const struct env *e)
{
	return (e->k->zero_pfn != NO_FRAME) + (e->k->huge_zero_pfn != NO_FRAME ? 512 : 0);
}

static void env_free(struct env *e)
{
	mm_put(e->mm, e->c);
	kernel_check(e->k);
	assert_int_equal(frames_in_use(e->k->frames), zero_frames(e));
	assert_int_equal(e->k->pgtable.pages, 0);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e);
}

static void map(struct env *e, u64 addr, u64 len, u32 flags)
{
	struct mm_map m = { .addr = addr, .len = len, .flags = flags };

	assert_int_equal(mm_mmap(e->mm, e->c, &m), MM_OK);
}

static u32 touch(struct env *e, struct mm *mm, u64 va, enum access_kind access)
{
	u32 traps;

	assert_int_equal(ref_access(&e->cpu, mm, va, access, &traps), TRAP_RETRY);
	ref_tlb_check(&e->cpu);
	kernel_check(e->k);
	return traps;
}

static u32 shift_at(const struct env *e, u64 va)
{
	return ref_pt_walk(e->cpu.kind, e->ptmem, mm_root(e->mm), va).shift;
}

static void one_fault_maps_two_megabytes(void **state)
{
	struct env *e = env_new(64 << 20, true);
	u64 at, frames;

	/* 8 MB but for the first and the last page: three large pages, 511 small ones on both sides. */
	map(e, BASE + PAGE, 4 * HUGE - 2 * PAGE, RW);
	for (at = PAGE; at < 4 * HUGE - PAGE; at += 64 * PAGE)
		touch(e, e->mm, BASE + at, ACCESS_WRITE);
	assert_int_equal(e->k->fault.huge, 2);
	assert_int_equal(e->k->fault.zero, 2 * 8);
	assert_int_equal(shift_at(e, BASE + HUGE), 21);
	assert_int_equal(shift_at(e, BASE + PAGE), 12);
	/* Tables: three levels, two of the last level, and two that wait. */
	assert_int_equal(e->k->pgtable.pages, 3 + 2 + 2);
	frames = 2 * 512 + 16;
	assert_int_equal(frames_in_use(e->k->frames), frames + 7);
	assert_int_equal(e->cpu.zeroed, frames + 6);
	env_free(e);
}

static void unmapping_a_part_splits(void **state)
{
	struct env *e = env_new(64 << 20, true);
	u64 flushes;

	map(e, BASE, 2 * HUGE, RW);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	touch(e, e->mm, BASE + HUGE, ACCESS_READ);
	assert_int_equal(e->k->fault.huge, 2);
	/* The first whole, by one entry and one flush. */
	flushes = e->cpu.page_flushes;
	mm_munmap(e->mm, e->c, BASE, HUGE);
	assert_int_equal(e->k->huge.splits, 0);
	assert_int_equal(e->cpu.cycles[KPATH_UNMAP], 2920 + 750);
	assert_int_equal(e->cpu.page_flushes, flushes + 1);
	/* Ten pages of the second: it is 502 small ones afterwards, in the frames that they had. */
	mm_munmap(e->mm, e->c, BASE + HUGE + 100 * PAGE, 10 * PAGE);
	assert_int_equal(e->k->huge.splits, 1);
	assert_int_equal(e->cpu.cycles[KPATH_UNMAP], 2 * 2920 + 11 * 750);
	assert_int_equal(shift_at(e, BASE + HUGE), 12);
	assert_int_equal(frames_in_use(e->k->frames), 502 + e->k->pgtable.pages);
	assert_int_equal(touch(e, e->mm, BASE + HUGE, ACCESS_WRITE), 0);
	mm_mprotect(e->mm, e->c, BASE + HUGE, PAGE, MM_READ);
	ref_tlb_check(&e->cpu);
	env_free(e);
}

static void fork_shares_and_a_write_splits(void **state)
{
	struct env *e = env_new(64 << 20, true);
	struct mm *child;

	map(e, BASE, HUGE, RW);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	child = mm_fork(e->mm, e->c);
	assert_non_null(child);
	kernel_check(e->k);
	ref_tlb_check(&e->cpu);
	assert_int_equal(frames_in_use(e->k->frames), 512 + e->k->pgtable.pages);
	assert_int_equal(touch(e, child, BASE + 5 * PAGE, ACCESS_READ), 0);
	/* One page is copied, the other 511 stay shared. */
	assert_int_equal(touch(e, child, BASE + 5 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->huge.splits, 1);
	assert_int_equal(e->k->fault.cow, 1);
	assert_int_equal(e->cpu.copied, 1);
	assert_int_equal(frames_in_use(e->k->frames), 513 + e->k->pgtable.pages);
	assert_int_equal(shift_at(e, BASE), 21);
	mm_put(child, e->c);
	/* Alone again, the parent may write all of it at once. */
	assert_int_equal(touch(e, e->mm, BASE + 9 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(touch(e, e->mm, BASE + 99 * PAGE, ACCESS_WRITE), 0);
	assert_int_equal(e->k->fault.reuse, 1);
	env_free(e);
}

/* A read gets what all have, a write a small page of its own in the midst of small zero pages. */
static void reads_share_the_huge_zero_page(void **state)
{
	struct env *e = env_of(64 << 20, true, KERNEL_LAYOUT_X86_64, false, true);
	u64 i, zeroed;

	map(e, BASE, 4 * HUGE, RW);
	touch(e, e->mm, BASE + 3 * PAGE, ACCESS_READ);
	assert_int_equal(e->k->huge.zero_faults, 1);
	assert_int_equal(e->k->huge.zero_allocs, 1);
	assert_int_equal(e->k->fault.zero_page, 1);
	assert_int_equal(shift_at(e, BASE), 21);
	assert_int_equal(zero_frames(e), 513);
	assert_int_equal(frames_in_use(e->k->frames), 513 + e->k->pgtable.pages);
	/* Another one costs the table that waits, and nothing else. */
	zeroed = e->cpu.zeroed;
	touch(e, e->mm, BASE + HUGE, ACCESS_READ);
	assert_int_equal(e->cpu.zeroed, zeroed + 1);
	assert_int_equal(ref_pt_walk(e->cpu.kind, e->ptmem, mm_root(e->mm), BASE).pa,
			 ref_pt_walk(e->cpu.kind, e->ptmem, mm_root(e->mm), BASE + HUGE).pa);
	assert_int_equal(frames_in_use(e->k->frames), 513 + e->k->pgtable.pages);

	assert_int_equal(touch(e, e->mm, BASE + 5 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->huge.splits, 1);
	assert_int_equal(e->k->fault.cow, 1);
	assert_int_equal(e->cpu.copied, 0);
	assert_int_equal(frames_in_use(e->k->frames), 514 + e->k->pgtable.pages);
	for (i = 0; i < 512; i++) {
		u64 pa = ref_pt_walk(e->cpu.kind, e->ptmem, mm_root(e->mm), BASE + i * PAGE).pa;

		assert_int_equal(pa / PAGE == e->k->zero_pfn, i != 5);
	}
	assert_int_equal(touch(e, e->mm, BASE + 6 * PAGE, ACCESS_READ), 0);
	/* A write first gets a page of its own. */
	touch(e, e->mm, BASE + 2 * HUGE, ACCESS_WRITE);
	assert_int_equal(e->k->fault.huge, 1);
	assert_int_equal(frames_in_use(e->k->frames), 514 + 512 + e->k->pgtable.pages);
	mm_munmap(e->mm, e->c, BASE + HUGE, 3 * HUGE);
	assert_int_equal(frames_in_use(e->k->frames), 514 + e->k->pgtable.pages);
	env_free(e);
}

/* Without a block for it small zero pages serve; of hugetlb and of kernels before it there is none. */
static void where_there_is_no_huge_zero_page(void **state)
{
	struct env *e = env_of(1 << 20, true, KERNEL_LAYOUT_X86_64, false, true);

	map(e, BASE, HUGE, RW);
	touch(e, e->mm, BASE, ACCESS_READ);
	assert_int_equal(e->k->huge.zero_fails, 1);
	assert_int_equal(e->k->huge.fallbacks, 1);
	assert_int_equal(e->k->fault.zero_page, 1);
	assert_int_equal(shift_at(e, BASE), 12);
	env_free(e);

	e = env_of(64 << 20, false, KERNEL_LAYOUT_X86_64, false, true);
	map(e, BASE, HUGE, RW | MM_HUGETLB);
	touch(e, e->mm, BASE, ACCESS_READ);
	assert_int_equal(e->k->huge.zero_faults, 0);
	assert_int_equal(e->k->fault.huge, 1);
	env_free(e);
}

static void small_pages_serve_where_there_is_no_block(void **state)
{
	struct env *e = env_new(3 << 20, true);

	map(e, BASE, 2 * HUGE, RW);
	/* 768 frames with tables at the low end: one aligned block of 512 is not free. */
	touch(e, e->mm, BASE, ACCESS_WRITE);
	assert_int_equal(e->k->fault.huge, 0);
	assert_int_equal(e->k->fault.zero, 1);
	assert_int_equal(e->k->huge.fallbacks, 1);
	env_free(e);
}

static void only_who_asks_gets_them(void **state)
{
	struct env *e = env_new(64 << 20, false);

	map(e, BASE, HUGE, RW);
	map(e, BASE + HUGE, HUGE, RW | MM_HUGETLB);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	touch(e, e->mm, BASE + HUGE, ACCESS_WRITE);
	assert_int_equal(shift_at(e, BASE), 12);
	assert_int_equal(shift_at(e, BASE + HUGE), 21);
	env_free(e);
}

/* ---- 1 GB ---- */

#define GIGA (1ull << 30)

/* Tables beside those on the way to a page of 1 GB: one of its pages of 2 MB, and 512 of their pages. */
#define WAITING 513u

static void a_fault_maps_one_gigabyte(void **state)
{
	static const u32 layouts[] = { KERNEL_LAYOUT_X86_64, KERNEL_LAYOUT_ARM64_4K, KERNEL_LAYOUT_SV39 };
	static const u32 above[] = { 2, 2, 1 }; /* tables on the way */
	u32 i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct env *e = env_with(3 * GIGA, false, layouts[i], true);

		/* 2 GB but for a large page: one of 1 GB, and large ones behind it. */
		map(e, BASE, 2 * GIGA - HUGE, RW | MM_HUGETLB);
		touch(e, e->mm, BASE + 777 * PAGE, ACCESS_WRITE);
		assert_int_equal(e->k->fault.huge, 1);
		assert_int_equal(e->k->huge.gigantic, 1);
		assert_int_equal(shift_at(e, BASE), 30);
		assert_int_equal(e->k->pgtable.pages, above[i] + WAITING);
		assert_int_equal(frames_in_use(e->k->frames), GIGA / PAGE + above[i] + WAITING);
		assert_int_equal(touch(e, e->mm, BASE + GIGA - 1, ACCESS_WRITE), 0);
		touch(e, e->mm, BASE + GIGA, ACCESS_WRITE);
		assert_int_equal(e->k->huge.gigantic, 1);
		assert_int_equal(shift_at(e, BASE + GIGA), 21);
		env_free(e);
	}
}

/* A part that goes away splits in as many steps as it needs; the whole goes in none. */
static void one_gigabyte_splits_in_two_steps(void **state)
{
	struct env *e = env_with(2 * GIGA, false, KERNEL_LAYOUT_X86_64, true);

	map(e, BASE, GIGA, RW | MM_HUGETLB);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	mm_munmap(e->mm, e->c, BASE + 5 * HUGE, HUGE);
	ref_tlb_check(&e->cpu);
	assert_int_equal(e->k->huge.splits, 1);
	assert_int_equal(shift_at(e, BASE), 21);
	assert_int_equal(frames_in_use(e->k->frames), 511 * 512 + e->k->pgtable.pages);
	mm_munmap(e->mm, e->c, BASE + 7 * HUGE + PAGE, PAGE);
	ref_tlb_check(&e->cpu);
	kernel_check(e->k);
	assert_int_equal(e->k->huge.splits, 2);
	assert_int_equal(shift_at(e, BASE + 7 * HUGE), 12);
	assert_int_equal(shift_at(e, BASE + 8 * HUGE), 21);
	mm_munmap(e->mm, e->c, BASE, GIGA);
	assert_int_equal(frames_in_use(e->k->frames), e->k->pgtable.pages);
	map(e, BASE, GIGA, RW | MM_HUGETLB);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	assert_int_equal(shift_at(e, BASE), 30);
	mm_munmap(e->mm, e->c, BASE, GIGA);
	assert_int_equal(e->k->huge.splits, 2);
	env_free(e);
}

static void fork_shares_one_gigabyte(void **state)
{
	struct env *e = env_with(2 * GIGA, false, KERNEL_LAYOUT_X86_64, true);
	struct mm *child;

	map(e, BASE, GIGA, RW | MM_HUGETLB);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	child = mm_fork(e->mm, e->c);
	assert_non_null(child);
	ref_tlb_check(&e->cpu);
	assert_int_equal(touch(e, child, BASE + 5 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->huge.splits, 2);
	assert_int_equal(e->cpu.copied, 1);
	assert_int_equal(shift_at(e, BASE), 30);
	mm_put(child, e->c);
	assert_int_equal(touch(e, e->mm, BASE + 9 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(shift_at(e, BASE), 30);
	assert_int_equal(e->k->fault.reuse, 1);
	env_free(e);
}

/* Without a block of 1 GB, with tables that take the last of it, or without the format's leave: 2 MB. */
static void smaller_pages_serve_where_one_gigabyte_cannot(void **state)
{
	static const struct {
		u64 memory;
		u32 layout, shift;
	} cases[] = { { 512 << 20, KERNEL_LAYOUT_X86_64, 21 },
		      { GIGA, KERNEL_LAYOUT_X86_64, 21 },
		      { 2 * GIGA, KERNEL_LAYOUT_I386_PAE, 21 },
		      { 2 * GIGA, KERNEL_LAYOUT_ARM64_16K, 25 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct env *e = env_with(cases[i].memory, false, cases[i].layout, true);

		map(e, BASE, GIGA, RW | MM_HUGETLB);
		touch(e, e->mm, BASE, ACCESS_WRITE);
		assert_int_equal(e->k->huge.gigantic, 0);
		assert_int_equal(shift_at(e, BASE), cases[i].shift);
		env_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_fault_maps_two_megabytes),
		cmocka_unit_test(unmapping_a_part_splits),
		cmocka_unit_test(fork_shares_and_a_write_splits),
		cmocka_unit_test(reads_share_the_huge_zero_page),
		cmocka_unit_test(where_there_is_no_huge_zero_page),
		cmocka_unit_test(small_pages_serve_where_there_is_no_block),
		cmocka_unit_test(only_who_asks_gets_them),
		cmocka_unit_test(a_fault_maps_one_gigabyte),
		cmocka_unit_test(one_gigabyte_splits_in_two_steps),
		cmocka_unit_test(fork_shares_one_gigabyte),
		cmocka_unit_test(smaller_pages_serve_where_one_gigabyte_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
