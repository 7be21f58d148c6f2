/* Runs of contiguous pages: counted by hand, and under random histories with a TLB that forgets nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/contig.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull
#define RUN  (16 * PAGE)
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

static struct env *env_new(u32 layout, u64 memory, bool contiguous)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = memory, .hz = 1000000000, .seed = 1 };

	e->cfg = (struct kernel_cfg){ .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 4095,
				      .layout = layout,
				      .contiguous = contiguous,
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

static void env_free(struct env *e)
{
	mm_put(e->mm, e->c);
	kernel_check(e->k);
	assert_int_equal(frames_in_use(e->k->frames), 0);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e);
}

static void map(struct env *e, u64 addr, u64 len)
{
	struct mm_map m = { .addr = addr, .len = len, .flags = RW };

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

static u32 shift_at(const struct env *e, const struct mm *mm, u64 va)
{
	return ref_pt_walk(e->cpu.kind, e->ptmem, mm_root(mm), va).shift;
}

static u64 data_frames(const struct env *e)
{
	return frames_in_use(e->k->frames) - e->k->pgtable.pages;
}

/* Arm ARM: 16 pages of 4 KB, 128 of 16 KB, 32 of 64 KB; elsewhere there is no such hint. */
static void formats_have_their_runs(void **state)
{
	assert_int_equal(contig_order(&pt_arm64_4k), 4);
	assert_int_equal(contig_order(&pt_arm64_16k), 7);
	assert_int_equal(contig_order(&pt_arm64_64k), 5);
	assert_int_equal(contig_order(&pt_x86_64), 0);
	assert_int_equal(contig_order(&pt_i386), 0);
	assert_int_equal(contig_order(&pt_riscv_sv39), 0);
}

static void one_fault_maps_a_run(void **state)
{
	struct env *e = env_new(KERNEL_LAYOUT_ARM64_4K, 64 << 20, true);
	u64 at;

	/* Four runs but for the first page and the last: two runs, and 15 pages on both sides. */
	map(e, BASE + PAGE, 4 * RUN - 2 * PAGE);
	for (at = PAGE; at < 4 * RUN - PAGE; at += PAGE)
		touch(e, e->mm, BASE + at, ACCESS_WRITE);
	assert_int_equal(e->k->contig.faults, 2);
	assert_int_equal(e->k->fault.zero, 2 + 2 * 15);
	assert_int_equal(data_frames(e), 62);
	assert_int_equal(shift_at(e, e->mm, BASE + RUN), 16);
	assert_int_equal(shift_at(e, e->mm, BASE + 2 * RUN + 5 * PAGE), 16);
	assert_int_equal(shift_at(e, e->mm, BASE + PAGE), 12);
	/* A run that a page is mapped in already: pages one by one. */
	map(e, BASE + 8 * RUN, RUN);
	touch(e, e->mm, BASE + 8 * RUN + 3 * PAGE, ACCESS_WRITE);
	assert_int_equal(e->k->contig.faults, 3);
	map(e, BASE + 9 * RUN, PAGE);
	touch(e, e->mm, BASE + 9 * RUN, ACCESS_WRITE);
	map(e, BASE + 9 * RUN + PAGE, 15 * PAGE);
	touch(e, e->mm, BASE + 9 * RUN + PAGE, ACCESS_WRITE);
	assert_int_equal(e->k->contig.faults, 3);
	env_free(e);
}

static void large_granules_have_large_runs(void **state)
{
	static const struct {
		u32 layout;
		u64 page, pages;
	} granules[] = { { KERNEL_LAYOUT_ARM64_16K, 16 << 10, 128 },
			 { KERNEL_LAYOUT_ARM64_64K, 64 << 10, 32 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(granules); i++) {
		struct env *e = env_new(granules[i].layout, 64 << 20, true);

		map(e, BASE, 2 << 20);
		touch(e, e->mm, BASE + 77 * PAGE, ACCESS_WRITE);
		assert_int_equal(e->k->contig.faults, 1);
		assert_int_equal(granules[i].page * granules[i].pages, 2 << 20);
		assert_int_equal(shift_at(e, e->mm, BASE), 21);
		assert_int_equal(data_frames(e), granules[i].pages);
		assert_int_equal(touch(e, e->mm, BASE + (2 << 20) - 1, ACCESS_WRITE), 0);
		env_free(e);
	}
}

static void changing_a_part_unfolds(void **state)
{
	struct env *e = env_new(KERNEL_LAYOUT_ARM64_4K, 64 << 20, true);
	u64 i;

	map(e, BASE, 4 * RUN);
	for (i = 0; i < 4; i++)
		touch(e, e->mm, BASE + i * RUN, ACCESS_WRITE);
	assert_int_equal(e->k->contig.faults, 4);
	/* The whole of a run goes without more ado. */
	mm_munmap(e->mm, e->c, BASE, RUN);
	assert_int_equal(e->k->contig.unfolds, 0);
	assert_int_equal(e->cpu.cycles[KPATH_UNMAP], 2920 + 16 * 750);
	mm_munmap(e->mm, e->c, BASE + RUN + 3 * PAGE, 2 * PAGE);
	ref_tlb_check(&e->cpu);
	assert_int_equal(e->k->contig.unfolds, 1);
	assert_int_equal(shift_at(e, e->mm, BASE + RUN), 12);
	assert_int_equal(data_frames(e), 14 + 32);
	/* Written once, so all of it is dirty: no trap, and no dirty bit to be set. */
	assert_true(ref_pt_walk(e->cpu.kind, e->ptmem, mm_root(e->mm), BASE + RUN + 9 * PAGE).dirty);
	assert_int_equal(touch(e, e->mm, BASE + RUN + 9 * PAGE, ACCESS_WRITE), 0);
	mm_mprotect(e->mm, e->c, BASE + 2 * RUN + PAGE, PAGE, MM_READ);
	ref_tlb_check(&e->cpu);
	assert_int_equal(e->k->contig.unfolds, 2);
	assert_int_equal(shift_at(e, e->mm, BASE + 3 * RUN), 16);
	env_free(e);
}

static void fork_shares_and_a_write_unfolds(void **state)
{
	struct env *e = env_new(KERNEL_LAYOUT_ARM64_4K, 64 << 20, true);
	struct mm *child;

	map(e, BASE, RUN);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	child = mm_fork(e->mm, e->c);
	kernel_check(e->k);
	ref_tlb_check(&e->cpu);
	assert_int_equal(shift_at(e, child, BASE), 16);
	assert_int_equal(touch(e, child, BASE + 5 * PAGE, ACCESS_READ), 0);
	assert_int_equal(touch(e, child, BASE + 5 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->contig.unfolds, 1);
	assert_int_equal(e->cpu.copied, 1);
	assert_int_equal(data_frames(e), 17);
	assert_int_equal(shift_at(e, child, BASE), 12);
	assert_int_equal(shift_at(e, e->mm, BASE), 16);
	mm_put(child, e->c);
	assert_int_equal(touch(e, e->mm, BASE + 9 * PAGE, ACCESS_WRITE), 1);
	assert_int_equal(e->k->fault.reuse, 1);
	assert_int_equal(e->k->contig.unfolds, 2);
	env_free(e);
}

static void pages_serve_where_there_is_no_block(void **state)
{
	struct env *e = env_new(KERNEL_LAYOUT_ARM64_4K, 16 * PAGE, true);

	map(e, BASE, RUN);
	touch(e, e->mm, BASE, ACCESS_WRITE);
	assert_int_equal(e->k->contig.faults, 0);
	assert_int_equal(e->k->contig.fallbacks, 1);
	assert_int_equal(shift_at(e, e->mm, BASE), 12);
	env_free(e);
}

static void only_who_asks_gets_them(void **state)
{
	static const u32 layouts[] = { KERNEL_LAYOUT_ARM64_4K, KERNEL_LAYOUT_X86_64 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct env *e = env_new(layouts[i], 64 << 20, i == 1);

		map(e, BASE, RUN);
		touch(e, e->mm, BASE, ACCESS_WRITE);
		assert_int_equal(shift_at(e, e->mm, BASE), 12);
		assert_int_equal(data_frames(e), 1);
		env_free(e);
	}
}

/* ---- random histories ---- */

#define SPACES 3u
#define PAGES  400u

static void change(struct env *e, struct mm **mm, struct rng *rng)
{
	static const u32 rights[] = { MM_READ | MM_WRITE, MM_READ | MM_WRITE, MM_READ, 0 };
	u32 m = (u32)rng_below(rng, SPACES);
	u64 page = page_size(e->k), len = (1 + rng_below(rng, 90)) * page;
	u64 from = BASE + rng_below(rng, PAGES) * page, to = BASE + rng_below(rng, PAGES) * page;
	struct mm_map anon = { .addr = from, .len = len, .flags = RW };

	switch (rng_below(rng, 7)) {
	case 0:
	case 1:
		mm_mmap(mm[m], e->c, &anon);
		break;
	case 2:
		mm_munmap(mm[m], e->c, from, len);
		break;
	case 3:
		mm_mprotect(mm[m], e->c, from, len, rights[rng_below(rng, ARRAY_SIZE(rights))]);
		break;
	case 4:
		mm_mremap(mm[m], e->c, from, len, to, len);
		break;
	case 5:
		mm_madvise(mm[m], e->c, from, len, 4);
		break;
	default:
		mm_put(mm[m], e->c);
		mm[m] = mm_fork(mm[(m + 1) % SPACES], e->c);
	}
}

/* What an access may do is what the mapping says, whatever the tables look like. */
static void access_somewhere(struct env *e, struct mm **mm, struct rng *rng)
{
	u32 m = (u32)rng_below(rng, SPACES), traps;
	u64 va = BASE + rng_below(rng, PAGES * page_size(e->k));
	enum access_kind access = rng_below(rng, 2) ? ACCESS_WRITE : ACCESS_READ;
	const struct vma *v = vma_find(&mm[m]->vmas, va);
	bool may = v && (v->flags & (access == ACCESS_WRITE ? MM_WRITE : MM_READ | MM_WRITE));

	if (e->cpu.n_tlb > 300)
		e->cpu.n_tlb = 100;
	assert_int_equal(ref_access(&e->cpu, mm[m], va, access, &traps) == TRAP_RETRY, may);
}

static void histories_keep_everything_in_order(void **state)
{
	static const u32 layouts[] = { KERNEL_LAYOUT_ARM64_4K, KERNEL_LAYOUT_ARM64_16K,
				       KERNEL_LAYOUT_ARM64_64K };
	u32 i, step;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct env *e = env_new(layouts[i], 256 << 20, true);
		struct mm *mm[SPACES] = { e->mm, mm_new(e->k, false), mm_new(e->k, false) };
		struct rng rng;

		rng_init(&rng, i, "contig");
		for (step = 0; step < 40000; step++) {
			if (rng_below(&rng, 5))
				access_somewhere(e, mm, &rng);
			else
				change(e, mm, &rng);
			ref_tlb_check(&e->cpu);
			if (step % 16 == 0)
				kernel_check(e->k);
		}
		if (layouts[i] == KERNEL_LAYOUT_ARM64_4K)
			assert_true(e->k->contig.faults > 500 && e->k->contig.unfolds > 500);
		mm_put(mm[1], e->c);
		mm_put(mm[2], e->c);
		e->mm = mm[0];
		env_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_have_their_runs),
		cmocka_unit_test(one_fault_maps_a_run),
		cmocka_unit_test(large_granules_have_large_runs),
		cmocka_unit_test(changing_a_part_unfolds),
		cmocka_unit_test(fork_shares_and_a_write_unfolds),
		cmocka_unit_test(pages_serve_where_there_is_no_block),
		cmocka_unit_test(only_who_asks_gets_them),
		cmocka_unit_test(histories_keep_everything_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
