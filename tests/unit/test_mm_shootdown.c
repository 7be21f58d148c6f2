/* Several hardware threads: whom a change of translations interrupts, what it costs, who is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/asid.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/tlb_batch.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE 4096ull
#define BASE 0x7f0000000000ull
#define RW   (MM_READ | MM_WRITE)
#define CPUS 3u

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct ref_cpu *cpu[CPUS];
};

/* Times that tell their sums apart. */
static const struct kernel_cfg test_cfg = {
	.colours = 1,
	.flush_ceiling = 33,
	.asids = 2,
	.era = ERA_6_X,
	.charge = true,
	.instruction_scale = 100,
	.flush = { .cycles = 100 },
	.flush_all = { .cycles = 60 },
	.ipi_send = { .cycles = 10 },
	.ipi_latency = { .cycles = 1000 },
	.ipi_handler = { .cycles = 30000 },
};

static struct env *env_new(u64 frames)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = frames * PAGE, .hz = 1000000000, .seed = 1 };
	u32 i;

	e->cfg = test_cfg;
	e->ptmem = ptmem_new(frames);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	for (i = 0; i < CPUS; i++) {
		e->cpu[i] = calloc(1, sizeof(*e->cpu[i]));
		ref_cpu_init(e->cpu[i], e->k);
	}
	return e;
}

static void env_free(struct env *e)
{
	u32 i;

	kernel_check(e->k);
	assert_int_equal(e->k->pgtable.pages, 0);
	kernel_free(e->k);
	ptmem_free(e->ptmem);
	for (i = 0; i < CPUS; i++)
		free(e->cpu[i]);
	free(e);
}

static struct cpu *cpu(const struct env *e, u32 i)
{
	return &e->cpu[i]->cpu;
}

static void map(struct env *e, struct mm *mm, u64 pages)
{
	struct mm_map m = { .addr = BASE, .len = pages * PAGE, .flags = RW | MM_ANON };

	assert_int_equal(mm_mmap(mm, cpu(e, 0), &m), MM_OK);
}

static void touch(struct env *e, u32 i, struct mm *mm, u64 page)
{
	u32 traps;

	assert_int_equal(ref_access(e->cpu[i], mm, BASE + page * PAGE, ACCESS_WRITE, &traps), TRAP_RETRY);
}

static void check(const struct env *e)
{
	u32 i;

	for (i = 0; i < CPUS; i++)
		ref_tlb_check(e->cpu[i]);
}

/* Two others: a send each, the own flush while they work, and the rest of the later one's answer. */
static void test_those_that_run_it_are_interrupted(void **state)
{
	struct env *e = env_new(256);
	struct mm *mm = mm_new(e->k, false);
	u64 sent = 2 * 10, answer = 1000 + 30000 + 100;
	u32 i;

	map(e, mm, 8);
	for (i = 0; i < CPUS; i++)
		touch(e, i, mm, 0);
	mm_mprotect(mm, cpu(e, 0), BASE, 4 * PAGE, MM_READ);
	check(e);
	assert_int_equal(e->k->shootdown.ipis, 2);
	assert_int_equal(e->k->shootdown.waits, 1);
	assert_int_equal(e->cpu[1]->interrupts + e->cpu[2]->interrupts, 2);
	assert_int_equal(e->cpu[0]->cycles[KPATH_FLUSH], 200 + 1 * 100);
	assert_int_equal(e->cpu[0]->cycles[KPATH_SHOOTDOWN], sent + answer - 300);
	mm_put(mm, cpu(e, 0));
	check(e);
	env_free(e);
}

/* Idle, or running something else: not interrupted, and yet nothing stale is left. */
static void test_those_that_do_not_are_left_alone(void **state)
{
	struct env *e = env_new(256);
	struct mm *mm = mm_new(e->k, false), *other = mm_new(e->k, false);
	u32 i;

	map(e, mm, 8);
	map(e, other, 8);
	for (i = 0; i < CPUS; i++)
		touch(e, i, mm, 0);
	kernel_set_idle(e->k, cpu(e, 1), true);
	touch(e, 2, other, 0);
	mm_mprotect(mm, cpu(e, 0), BASE, 4 * PAGE, MM_READ);
	check(e);
	assert_int_equal(e->k->shootdown.ipis, 0);
	assert_int_equal(e->k->shootdown.deferred, 2);
	/* Who has left the space is not asked again; the idle one has it loaded still. */
	mm_mprotect(mm, cpu(e, 0), BASE, 4 * PAGE, RW);
	touch(e, 0, mm, 1);
	mm_mprotect(mm, cpu(e, 0), BASE, 4 * PAGE, MM_READ);
	assert_int_equal(e->k->shootdown.ipis, 0);
	kernel_set_idle(e->k, cpu(e, 1), false);
	touch(e, 1, mm, 5);
	touch(e, 0, mm, 5);
	mm_mprotect(mm, cpu(e, 0), BASE, 8 * PAGE, MM_READ);
	assert_int_equal(e->k->shootdown.ipis, 1);
	check(e);
	/* Page tables that go are everybody's business who may be walking them. */
	kernel_set_idle(e->k, cpu(e, 1), true);
	mm_munmap(mm, cpu(e, 0), BASE, 8 * PAGE);
	assert_int_equal(e->k->shootdown.ipis, 2);
	mm_put(mm, cpu(e, 0));
	assert_null(e->k->asids[1].loaded);
	mm_put(other, cpu(e, 0));
	check(e);
	env_free(e);
}

/* As reclaim takes a page away. Returns its frame. */
static u64 unmap_one(struct env *e, struct tlb_batch *b, struct mm *mm, u64 page, bool dirty)
{
	u64 va = BASE + page * PAGE, at = pgtable_entry(mm, cpu(e, 0), KPATH_RECLAIM, va, false);
	u64 pfn = pte_pfn(mm, pte_read(mm, at));

	pte_write(mm, cpu(e, 0), KPATH_RECLAIM, at, 0);
	tlb_batch_add(b, mm, cpu(e, 0), va, dirty);
	return pfn;
}

static void test_reclaim_flushes_once_for_many(void **state)
{
	static const u32 eras[] = { ERA_6_X, ERA_2_6_9 };
	u32 i, page, others;

	for (i = 0; i < 4; i++) {
		struct env *e = env_new(256);
		struct mm *mm = mm_new(e->k, false);
		struct tlb_batch b = { 0 };
		u64 pfn[4];

		e->k->cfg.era = eras[i / 2];
		others = i % 2 ? 2 : 0;
		map(e, mm, 8);
		for (page = 0; page < 8; page++)
			touch(e, page < 4 && others ? page % 3 : 0, mm, page);
		touch(e, 0, mm, 0);
		for (page = 0; page < 4; page++) {
			pfn[page] = unmap_one(e, &b, mm, page, page == 3);
			if (page < 3)
				tlb_batch_flush_dirty(&b, e->k, cpu(e, 0));
		}
		/* Put off where there are others; at once, page by page, before 4.3 and where there are none.
		 */
		assert_int_equal(b.pages, i == 1 ? 4 : 0);
		assert_int_equal(e->k->shootdown.ipis, i == 3 ? 4 * others : 0);
		tlb_batch_flush_dirty(&b, e->k, cpu(e, 0));
		assert_int_equal(e->k->shootdown.ipis, i == 1 ? others : i == 3 ? 4 * others : 0);
		assert_int_equal(e->k->shootdown.batched_pages, i == 1 ? 4 : 0);
		assert_int_equal(e->k->flush.full, i == 1);
		assert_int_equal(e->k->flush.pages, i == 1 ? 0 : 4);
		tlb_batch_flush(&b, e->k, cpu(e, 0));
		assert_int_equal(e->k->shootdown.batches, i == 1);
		check(e);
		for (page = 0; page < 4; page++)
			frame_put(e->k->frames, cpu(e, 0), pfn[page]);
		mm_put(mm, cpu(e, 0));
		env_free(e);
	}
}

/* Random calls on any thread for any space, two ids for three spaces: TLBs that never forget stay right. */
static void test_no_translation_outlives_its_page(void **state)
{
	struct env *e = env_new(4096);
	struct mm *mm[3];
	struct rng r;
	u32 n, i, m;
	u64 page;

	rng_init(&r, 1, "shootdown");
	for (m = 0; m < 3; m++)
		mm[m] = mm_new(e->k, false);
	for (n = 0; n < 30000; n++) {
		i = (u32)rng_below(&r, CPUS);
		m = (u32)rng_below(&r, 3);
		page = rng_below(&r, 64);
		switch (rng_below(&r, 12)) {
		case 0:
			mm_munmap(mm[m], cpu(e, i), BASE + page * PAGE, (1 + rng_below(&r, 40)) * PAGE);
			break;
		case 1:
			mm_mprotect(mm[m], cpu(e, i), BASE + page * PAGE, 2 * PAGE, MM_READ);
			break;
		case 2:
			kernel_set_idle(e->k, cpu(e, i), rng_below(&r, 2));
			break;
		case 3:
			if (rng_below(&r, 20))
				break;
			mm_put(mm[m], cpu(e, i));
			mm[m] = mm_new(e->k, false);
			break;
		default:
			kernel_set_idle(e->k, cpu(e, i), false);
			if (!rng_below(&r, 30))
				map(e, mm[m], 64);
			ref_access(e->cpu[i], mm[m], BASE + page * PAGE, rng_below(&r, 2), &(u32){ 0 });
		}
		check(e);
	}
	assert_true(e->k->shootdown.ipis > 100 && e->k->shootdown.deferred > 100);
	assert_true(e->k->flush.recycled > 100);
	for (m = 0; m < 3; m++)
		mm_put(mm[m], cpu(e, 0));
	env_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_those_that_run_it_are_interrupted),
		cmocka_unit_test(test_those_that_do_not_are_left_alone),
		cmocka_unit_test(test_reclaim_flushes_once_for_many),
		cmocka_unit_test(test_no_translation_outlives_its_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
