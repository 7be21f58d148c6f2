/* Compaction under programs that run: their pages move, and every address space
 * finds its own again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/compact.h"
#include "model/mm/frag.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE   4096ull
#define BASE   0x7f0000000000ull
#define RW     (MM_READ | MM_WRITE)
#define MEMORY (40ull << 20)
#define FRAMES (MEMORY / PAGE)

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
};

static struct env *env_new_with(u32 rmap)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = MEMORY, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){ .era = ERA_6_X,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = true,
				      .instruction_scale = 100,
				      .rmap = rmap,
				      .placement = FRAME_BUDDY };
	e->ptmem = ptmem_new(MEMORY / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	return e;
}

static struct env *env_new(void)
{
	return env_new_with(0);
}

static void env_free(struct env *e)
{
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->cpu);
	free(e);
}

static struct mm *program(struct env *e, u64 pages)
{
	struct mm_map m = { .addr = BASE, .len = pages * PAGE, .flags = RW | MM_ANON };
	struct mm *mm = mm_new(e->k, false);

	mm_load(mm, &e->cpu->cpu);
	assert_int_equal(mm_mmap(mm, &e->cpu->cpu, &m), MM_OK);
	return mm;
}

/* False: there is no memory for it. */
static bool touch(struct env *e, struct mm *mm, u64 page)
{
	enum trap_result got;
	u32 traps;

	mm_load(mm, &e->cpu->cpu);
	got = ref_access(e->cpu, mm, BASE + page * PAGE, ACCESS_WRITE, &traps);
	assert_true(got == TRAP_RETRY || got == TRAP_OOM);
	return got == TRAP_RETRY;
}

static u64 frame_at(const struct env *e, const struct mm *mm, u64 page)
{
	return ref_walk(e->ptmem, mm_root(mm), BASE + page * PAGE) >> 12 & 0xffffffffff;
}

/* A block that the test takes for itself; --check has to know that somebody has it. */
static u64 take_large(struct env *e, struct cpu *c, u32 gfp)
{
	u64 pfn = alloc_pages(e->k->pa, c, gfp, 9);

	if (pfn != NO_FRAME)
		e->k->pa->boot_kept += 1u << 9;
	return pfn;
}

static u64 large_pages(const struct env *e)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < e->k->pa->n_zones; i++)
		n += free_blocks(&e->k->pa->zone[i], 9).suitable;
	return n;
}

/* All that there is goes to one program, then every second page comes back: a
 * checkerboard. */
static u64 checkerboard(struct env *e, struct mm *mm)
{
	u64 pages = 0, i;

	while (touch(e, mm, pages))
		pages++;
	for (i = 0; i < pages; i += 2)
		assert_int_equal(mm_munmap(mm, &e->cpu->cpu, BASE + i * PAGE, PAGE), MM_OK);
	drain_all_pages(e->k->pa, &e->cpu->cpu);
	mm->oom_victim = false; /* a machine's program would have been ended */
	return pages;
}

/* Everything that can be moved goes to the ends of the zones. */
static void compact(struct env *e)
{
	const struct compact_request all = { .order = NO_ORDER, .mode = COMPACT_SYNC, .whole_zone = true };
	u32 z;

	for (z = 0; z < e->k->pa->n_zones; z++)
		compact_zone(&e->k->pa->zone[z], &e->cpu->cpu, &all, ZONE_MOVABLE);
}

/* Large pages appear; each page has one frame and each frame one page; old
 * translations are flushed. */
static void test_moves(void **state)
{
	struct env *e = env_new();
	struct mm *mm = program(e, FRAMES);
	const struct compact_stats *st = &e->k->pa->compaction->st;
	u64 before, moved = 0, pages, i;
	u64 *old = calloc(FRAMES, sizeof(*old));
	u8 *used = calloc(FRAMES, 1);

	pages = checkerboard(e, mm);
	before = large_pages(e);
	for (i = 1; i < pages; i += 2)
		old[i] = frame_at(e, mm, i);
	compact(e);
	ref_tlb_check(e->cpu);
	kernel_check(e->k);
	page_alloc_sane(e->k->pa);
	for (i = 1; i < pages; i += 2) {
		u64 pfn = frame_at(e, mm, i);

		assert_true(pfn && !used[pfn]);
		used[pfn] = 1;
		moved += pfn != old[i];
		assert_int_equal(frame_refs(e->k->frames, pfn), 1);
	}
	assert_true(moved > 1000);
	assert_true(st->pgmigrate_success >= moved);
	assert_int_equal(e->cpu->copied, st->pgmigrate_success);
	assert_true(large_pages(e) >= before + 3);
	mm_put(mm, &e->cpu->cpu);
	free(old);
	free(used);
	env_free(e);
}

#define OBJECT (BASE + (1ull << 32))

static void map_object(struct env *e, struct mm *mm, u64 pages)
{
	struct mm_map m = { .addr = OBJECT, .len = pages * PAGE, .flags = RW | MM_SHARED, .object = 7 };
	u64 i;

	assert_int_equal(mm_mmap(mm, &e->cpu->cpu, &m), MM_OK);
	for (i = 0; i < pages; i++)
		assert_true(touch(e, mm, (OBJECT - BASE) / PAGE + i));
}

/* Without reverse mapping what fork shares stays where it is, and so do the pages
 * of a file, which it keeps itself. */
static void test_shared_stay(void **state)
{
	struct env *e = env_new_with(RMAP_NONE + 1);
	struct mm *mm = program(e, FRAMES), *child;
	u64 i, file[64];

	checkerboard(e, mm);
	map_object(e, mm, 64);
	for (i = 0; i < 64; i++)
		file[i] = frame_at(e, mm, (OBJECT - BASE) / PAGE + i);
	child = mm_fork(mm, &e->cpu->cpu);
	assert_non_null(child);
	compact(e);
	assert_int_equal(e->k->pa->compaction->st.pgmigrate_success, 0);
	assert_true(e->k->pa->compaction->st.pgmigrate_fail > 0);
	mm_put(child, &e->cpu->cpu);
	compact(e);
	assert_true(e->k->pa->compaction->st.pgmigrate_success > 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(frame_at(e, mm, (OBJECT - BASE) / PAGE + i), file[i]);
	mm_put(mm, &e->cpu->cpu);
	env_free(e);
}

/* With it they move, and all who have them follow. */
static void shared_move(u32 rmap)
{
	struct env *e = env_new_with(rmap);
	struct mm *mm = program(e, FRAMES), *child;
	const struct object *o;
	u64 i, file[64], moved = 0;

	map_object(e, mm, 64);
	assert_int_equal(mm_madvise(mm, &e->cpu->cpu, OBJECT, 64 * PAGE, 9), MM_OK);
	for (i = 0; i < 6000; i++) {
		assert_true(touch(e, mm, i));
		if (i % 90 == 0 && i / 90 < 64)
			assert_true(touch(e, mm, (OBJECT - BASE) / PAGE + i / 90));
	}
	for (i = 0; i < 6000; i += 2)
		assert_int_equal(mm_munmap(mm, &e->cpu->cpu, BASE + i * PAGE, PAGE), MM_OK);
	for (i = 0; i < 64; i++)
		file[i] = frame_at(e, mm, (OBJECT - BASE) / PAGE + i);
	child = mm_fork(mm, &e->cpu->cpu);
	assert_non_null(child);
	mm_load(child, &e->cpu->cpu);
	for (i = 0; i < 64; i += 2)
		assert_true(touch(e, child, (OBJECT - BASE) / PAGE + i));
	compact(e);
	ref_tlb_check(e->cpu);
	kernel_check(e->k);
	assert_true(e->k->pa->compaction->st.pgmigrate_success > 1000);
	o = mm_vma(mm, OBJECT)->object;
	for (i = 0; i < 64; i++) {
		u64 pfn = frame_at(e, mm, (OBJECT - BASE) / PAGE + i);

		assert_int_equal(object_page(o, i), pfn);
		assert_int_equal(frame_at(e, child, (OBJECT - BASE) / PAGE + i), i % 2 ? 0 : pfn);
		moved += pfn != file[i];
	}
	assert_true(moved > 0);
	for (i = 0; i < FRAMES; i++)
		assert_int_equal(frame_at(e, child, i), frame_at(e, mm, i));
	mm_put(mm, &e->cpu->cpu);
	kernel_check(e->k);
	mm_put(child, &e->cpu->cpu);
	env_free(e);
}

static void test_shared_move(void **state)
{
	u32 rmap;

	for (rmap = RMAP_PTE_CHAIN; rmap < NR_RMAP_SCHEMES; rmap++)
		shared_move(rmap + 1);
}

/* An allocation of a large page makes one; one that may not reclaim does not.
 */
static void test_direct(void **state)
{
	struct env *e = env_new();
	struct mm *mm = program(e, FRAMES);
	const struct compact_stats *st = &e->k->pa->compaction->st;
	u64 pfn;

	checkerboard(e, mm);
	while (large_pages(e))
		assert_true(take_large(e, NULL, GFP_TRANSHUGE_LIGHT | GFP_MEMALLOC) != NO_FRAME);
	assert_int_equal(take_large(e, &e->cpu->cpu, GFP_TRANSHUGE_LIGHT), NO_FRAME);
	assert_int_equal(st->compact_stall, 0);
	pfn = take_large(e, &e->cpu->cpu, GFP_TRANSHUGE);
	assert_true(pfn != NO_FRAME && pfn % 512 == 0);
	assert_int_equal(st->compact_stall, 1);
	assert_int_equal(st->compact_success, 1);
	assert_int_equal(st->compact_fail, 0);
	assert_true(e->cpu->cycles[KPATH_COMPACT] > 0 && e->cpu->cycles[KPATH_FLUSH] > 0);
	kernel_check(e->k);
	free_pages(e->k->pa, &e->cpu->cpu, pfn, 9);
	e->k->pa->boot_kept -= 1u << 9;
	mm_put(mm, &e->cpu->cpu);
	env_free(e);
}

/* Programs at random, with compaction between: the tables say the same as the
 * allocator, and TLBs too. */
static void test_random(void **state)
{
	struct env *e = env_new();
	struct mm *mm[3];
	struct rng rng;
	u32 i, n;

	rng_init(&rng, 9, "migrate");
	for (n = 0; n < 3; n++)
		mm[n] = program(e, 1700);
	for (i = 0; i < 10000; i++) {
		struct mm *one = mm[rng_below(&rng, 3)];
		u64 page = rng_below(&rng, 1700);

		if (i % 1500 == 1499) {
			mm_put(one, &e->cpu->cpu);
			for (n = 0; mm[n] != one; n++)
				;
			mm[n] = mm_fork(mm[(n + 1) % 3], &e->cpu->cpu);
			assert_non_null(mm[n]);
		} else if (rng_below(&rng, 3) || i < 4000)
			touch(e, one, page);
		else
			mm_madvise(one, &e->cpu->cpu, BASE + page * PAGE, PAGE, 4);
		if (rng_below(&rng, 200))
			continue;
		compact(e);
		ref_tlb_check(e->cpu);
		if (!rng_below(&rng, 8))
			kernel_check(e->k);
	}
	page_alloc_sane(e->k->pa);
	assert_true(e->k->pa->compaction->st.pgmigrate_success > 1000);
	for (n = 0; n < 3; n++)
		mm_put(mm[n], &e->cpu->cpu);
	env_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_shared_stay),
		cmocka_unit_test(test_shared_move),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
