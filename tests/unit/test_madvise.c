/*
 * Advice: what MADV_FREE gives away is freed by reclaim without being written, unless a write has taken it
 * back; MADV_WILLNEED, _SEQUENTIAL and _RANDOM change what is read of a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/lru.h"
#include "model/mm/page_cache.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/rmap.h"
#include "model/mm/vmscan.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE   4096ull
#define BASE   0x40000000ull
#define MEMORY (32ull << 20)
#define RW     (MM_READ | MM_WRITE)
#define FREE   8u

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu;
	struct cpu *c;
	struct mm *mm;
};

static struct env *env_new(enum kernel_era era, u32 page_cache)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = MEMORY, .hz = 1000000000, .seed = 1, .cpus = 1 };

	e->cfg = (struct kernel_cfg){ .era = era,
				      .colours = 1,
				      .flush_ceiling = 33,
				      .asids = 2,
				      .charge = true,
				      .zero_page = true,
				      .instruction_scale = 100,
				      .swappiness = 60,
				      .placement = FRAME_BUDDY,
				      .page_cache = page_cache,
				      .read_ahead = 32 * PAGE,
				      .dirty_background_ratio = 10,
				      .dirty_ratio = 20 };
	e->ptmem = ptmem_new(MEMORY / PAGE);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	e->cpu = calloc(1, sizeof(*e->cpu));
	ref_cpu_init(e->cpu, e->k);
	e->c = &e->cpu->cpu;
	e->mm = mm_new(e->k, false);
	return e;
}

static void env_free(struct env *e)
{
	kernel_check(e->k);
	mm_put(e->mm, e->c);
	kernel_check(e->k);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	free(e->cpu);
	free(e);
}

static u64 entry_pa(struct env *e, u32 page)
{
	return pgtable_entry(e->mm, NULL, KPATH_FAULT, BASE + page * PAGE, false);
}

/* The program's access; the walker sets bits that the kernel has not set. */
static void touch(struct env *e, u32 page, bool write)
{
	const struct pt_format *f = e->k->format;
	u32 traps, bits = write ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED;
	u64 entry;

	assert_int_equal(
		ref_access(e->cpu, e->mm, BASE + page * PAGE, write ? ACCESS_WRITE : ACCESS_READ, &traps),
		TRAP_RETRY);
	entry = pte_read(e->mm, entry_pa(e, page));
	pte_write(e->mm, NULL, KPATH_FAULT, entry_pa(e, page),
		  f->encode(f->pa(entry, 0), f->flags(entry, 0) | bits, 0));
}

static void map(struct env *e, u32 pages, u64 object)
{
	struct mm_map m = {
		.addr = BASE, .len = pages * PAGE, .flags = object ? MM_READ : RW | MM_ANON, .object = object
	};

	assert_int_equal(mm_mmap(e->mm, e->c, &m), MM_OK);
}

static u32 present(struct env *e, u32 pages)
{
	u32 i, n = 0;

	for (i = 0; i < pages; i++)
		n += entry_pa(e, i) != NO_ENTRY && pte_read(e->mm, entry_pa(e, i));
	return n;
}

/* Of 600 pages 100 are written to again: reclaim gets the others, though there is no swap. */
static void free_pages_go_first(void **state)
{
	struct env *e = env_new(ERA_6_X, PAGE_CACHE_OFF);
	u32 i;

	map(e, 600, 0);
	for (i = 0; i < 600; i++)
		touch(e, i, true);
	lru_add_drain(e->k, e->c);
	assert_int_equal(mm_madvise(e->mm, e->c, BASE, 600 * PAGE, FREE), MM_OK);
	assert_int_equal(present(e, 600), 600);
	assert_int_equal(e->mm->rss.anon, 600);
	assert_int_equal(e->k->lru->st.lazyfree, 600);
	kernel_check(e->k);
	ref_tlb_check(e->cpu);
	for (i = 0; i < 100; i++)
		touch(e, 3 * i, true);
	for (i = 0; i < 100; i++)
		reclaim_direct(e->k, e->c, GFP_HIGHUSER_MOVABLE, 0);
	assert_int_equal(present(e, 600), 100);
	for (i = 0; i < 100; i++)
		assert_true(rmap_page(e->k, pte_pfn(e->mm, pte_read(e->mm, entry_pa(e, 3 * i))))->marks &
			    PG_SWAPBACKED);
	assert_int_equal(e->k->reclaim.written, 0);
	ref_tlb_check(e->cpu);
	touch(e, 1, false);
	assert_int_equal(pte_pfn(e->mm, pte_read(e->mm, entry_pa(e, 1))), e->k->zero_pfn);
	env_free(e);
}

/* What a child has too stays as it is. */
static void shared_pages_are_not_free(void **state)
{
	struct env *e = env_new(ERA_6_X, PAGE_CACHE_OFF);
	struct mm *child;
	u32 i;

	map(e, 64, 0);
	for (i = 0; i < 64; i++)
		touch(e, i, true);
	child = mm_fork(e->mm, e->c);
	mm_madvise(e->mm, e->c, BASE, 64 * PAGE, FREE);
	assert_int_equal(e->k->lru->st.lazyfree, 0);
	mm_put(child, e->c);
	mm_madvise(e->mm, e->c, BASE, 64 * PAGE, FREE);
	assert_int_equal(e->k->lru->st.lazyfree, 64);
	env_free(e);
}

static void old_kernels_drop_at_once(void **state)
{
	struct env *e = env_new(ERA_2_6_18, PAGE_CACHE_OFF);

	map(e, 8, 0);
	touch(e, 0, true);
	mm_madvise(e->mm, e->c, BASE, 8 * PAGE, FREE);
	assert_int_equal(present(e, 8), 0);
	env_free(e);
}

static u64 cached(struct env *e)
{
	return object_named(&e->k->objects, e->c, 1)->pages.pages;
}

/* Around a fault 32 pages are read; after MADV_RANDOM one; after MADV_SEQUENTIAL only those behind. */
static void advice_on_reading(void **state)
{
	struct env *e = env_new(ERA_6_X, PAGE_CACHE_COLD);

	kernel_file_size(e->k, e->c, 1, 4000 * PAGE);
	map(e, 4000, 1);
	touch(e, 100, false);
	assert_int_equal(cached(e), 32);
	mm_madvise(e->mm, e->c, BASE + 1000 * PAGE, 100 * PAGE, 1);
	touch(e, 1050, false);
	assert_int_equal(cached(e), 33);
	mm_madvise(e->mm, e->c, BASE + 2000 * PAGE, 100 * PAGE, 2);
	touch(e, 2050, false);
	assert_int_equal(cached(e), 65);
	assert_true(object_page(object_named(&e->k->objects, e->c, 1), 2049) == NO_FRAME);
	mm_madvise(e->mm, e->c, BASE + 3000 * PAGE, 50 * PAGE, 3);
	assert_int_equal(cached(e), 115);
	assert_int_equal(e->k->call.madvise_ignored, 0);
	assert_int_equal(e->mm->vmas.n, 5);
	mm_madvise(e->mm, e->c, BASE, 4000 * PAGE, 0);
	assert_int_equal(e->mm->vmas.n, 1);
	env_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pages_go_first),
		cmocka_unit_test(shared_pages_are_not_free),
		cmocka_unit_test(old_kernels_drop_at_once),
		cmocka_unit_test(advice_on_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
