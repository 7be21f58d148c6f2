/*
 * Several hardware threads: whom a change of translations interrupts by each era's rules, what each part of
 * that takes, who catches up later, and that only what has changed is flushed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "model/mm/asid.h"
#include "model/mm/pgtable.h"
#include "model/mm/pte.h"
#include "model/mm/shootdown.h"
#include "model/mm/tlb_batch.h"
#include "tests/ref/ref_mm_cpu.h"

#define PAGE   4096ull
#define BASE   0x7f0000000000ull
#define BASE32 0x40000000ull
#define RW     (MM_READ | MM_WRITE)
#define CPUS   3u
#define SECOND 1000000000ull

struct env {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	u64 base;
	struct ref_cpu *cpu[CPUS];
};

/* Times that tell their sums apart. */
static const struct kernel_cfg test_cfg = {
	.colours = 1,
	.flush_ceiling = FLUSH_CEILING_ERA,
	.asids = 2,
	.era = ERA_6_X,
	.charge = true,
	.instruction_scale = 100,
	.time_scale = 1,
	.flush = { .cycles = 100 },
	.flush_all = { .cycles = 60 },
	.ipi_send = { .cycles = 10 },
	.ipi_latency = { .cycles = 2000 },
	.ipi_far = { .cycles = 500000 },
	.ipi_exit = { .cycles = 70000 },
	.dvm_latency = { .cycles = 9000000 },
};

static struct env *env_of(const struct kernel_cfg *cfg, u32 cpus, u64 frames)
{
	struct env *e = calloc(1, sizeof(*e));
	struct kernel_params p = { .cfg = &e->cfg, .memory = frames * PAGE, .hz = SECOND, .seed = 1 };
	u32 i;

	e->cfg = *cfg;
	e->base = cfg->layout == KERNEL_LAYOUT_I386 ? BASE32 : BASE;
	e->ptmem = ptmem_new(frames);
	p.format = kernel_format(&e->cfg);
	p.ptmem = e->ptmem;
	e->k = kernel_new(&p);
	for (i = 0; i < cpus; i++) {
		e->cpu[i] = calloc(1, sizeof(*e->cpu[i]));
		ref_cpu_init(e->cpu[i], e->k);
	}
	return e;
}

static struct env *env_new(enum kernel_era era)
{
	struct kernel_cfg cfg = test_cfg;

	cfg.era = era;
	return env_of(&cfg, CPUS, 4096);
}

static void env_free(struct env *e)
{
	u32 i;

	kernel_check(e->k);
	assert_int_equal(e->k->pgtable.pages, 0);
	assert_int_equal(e->k->shootdown.cycles,
			 e->k->shootdown.send_cycles + e->k->shootdown.deliver_cycles +
				 e->k->shootdown.handle_cycles + e->k->shootdown.local_cycles +
				 e->k->shootdown.ack_cycles);
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

static const struct shootdown_stats *st(const struct env *e)
{
	return &e->k->shootdown;
}

static void map(struct env *e, struct mm *mm, u64 pages)
{
	struct mm_map m = { .addr = e->base, .len = pages * PAGE, .flags = RW | MM_ANON };

	assert_int_equal(mm_mmap(mm, cpu(e, 0), &m), MM_OK);
}

static struct mm *new_mm(struct env *e, u64 pages)
{
	struct mm *mm = mm_new(e->k, false);

	map(e, mm, pages);
	return mm;
}

static void touch(struct env *e, u32 i, struct mm *mm, u64 page)
{
	u32 traps;

	assert_int_equal(ref_access(e->cpu[i], mm, e->base + page * PAGE, ACCESS_WRITE, &traps), TRAP_RETRY);
}

static void protect(struct env *e, u32 i, struct mm *mm, u64 pages, u32 rights)
{
	assert_int_equal(mm_mprotect(mm, cpu(e, i), e->base, pages * PAGE, rights), MM_OK);
}

static void check(const struct env *e)
{
	u32 i;

	for (i = 0; i < CPUS && e->cpu[i]; i++)
		ref_tlb_check(e->cpu[i]);
}

/* ---- the parts ---- */

static u64 step(enum kernel_step s, enum era_class class)
{
	return kernel_step_instructions[s][class];
}

/* Two others: one write of the APIC for both, the own flush while they work, the rest of the answer. */
static void test_each_part_takes_its_time(void **state)
{
	struct env *e = env_new(ERA_6_X);
	struct mm *mm = new_mm(e, 8);
	u64 handle = step(STEP_IPI_ENTRY, CLASS_6_X) + step(STEP_IPI_QUEUE, CLASS_6_X) +
		     step(STEP_IPI_FLUSH, CLASS_6_X) + 100;
	u64 send = step(STEP_IPI_CALL, CLASS_6_X) + 10;
	u32 i;

	for (i = 0; i < CPUS; i++)
		touch(e, i, mm, 0);
	protect(e, 0, mm, 4, MM_READ);
	check(e);
	assert_int_equal(st(e)->ipis, 2);
	assert_int_equal(st(e)->waits, 1);
	assert_int_equal(st(e)->send_cycles, send);
	assert_int_equal(st(e)->deliver_cycles, 2000);
	assert_int_equal(st(e)->handle_cycles, handle);
	assert_int_equal(st(e)->local_cycles + st(e)->ack_cycles, 0);
	assert_int_equal(st(e)->cycles, send + 2000 + handle);
	assert_int_equal(st(e)->remote_pages, 2);
	assert_int_equal(e->cpu[0]->cycles[KPATH_FLUSH], 200 + 1 * 100);
	assert_int_equal(e->cpu[0]->cycles[KPATH_SHOOTDOWN], send + 2000 + handle - 100);
	for (i = 1; i < CPUS; i++) {
		assert_int_equal(e->cpu[i]->interrupts, 1);
		assert_int_equal(e->cpu[i]->cycles[KPATH_IPI],
				 handle + step(STEP_IPI_EXIT, CLASS_6_X) + 70000);
	}
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* Up to 5.12 the own flush comes first; two CPUs' requests stand in the same line. */
static void test_the_own_flush_came_first(void **state)
{
	static const struct {
		enum kernel_era era;
		enum era_class class;
	} row[] = { { ERA_2_4_0, CLASS_2_4 }, { ERA_2_6_9, CLASS_2_6_9 }, { ERA_2_6_37, CLASS_2_6_37 } };
	u32 n, i;

	for (n = 0; n < ARRAY_SIZE(row); n++) {
		struct env *e = env_new(row[n].era);
		struct mm *mm = new_mm(e, 8);
		u64 handle = step(STEP_IPI_ENTRY, row[n].class) + step(STEP_IPI_QUEUE, row[n].class) +
			     step(STEP_IPI_FLUSH, row[n].class) + 60;
		u64 send = step(STEP_IPI_CALL, row[n].class) + 10;

		for (i = 0; i < CPUS; i++)
			touch(e, i, mm, 0);
		protect(e, 0, mm, 1, MM_READ);
		/* flush_tlb_range() is flush_tlb_mm(). */
		assert_int_equal(st(e)->remote_full, 2);
		assert_int_equal(e->k->flush.full, 1);
		assert_int_equal(e->k->flush.pages, 0);
		assert_int_equal(e->cpu[0]->cycles[KPATH_SHOOTDOWN], send + 2000 + handle);
		assert_int_equal(st(e)->cycles, send + 2000 + handle);
		/* flush_tlb_page() is one of a page. */
		tlb_flush_page(mm, cpu(e, 0), e->base);
		assert_int_equal(st(e)->remote_pages, 2);
		assert_int_equal(e->k->flush.pages, 1);
		check(e);
		mm_put(mm, cpu(e, 0));
		env_free(e);
	}
}

/* The later answer counts: that from another socket; and the own flush, where it takes longer. */
static void test_who_is_last(void **state)
{
	struct env *e = env_new(ERA_6_X);
	struct mm *mm = new_mm(e, 33), *other = new_mm(e, 1);
	u64 nothing = step(STEP_IPI_ENTRY, CLASS_6_X) + step(STEP_IPI_QUEUE, CLASS_6_X) +
		      step(STEP_IPI_FLUSH, CLASS_6_X);
	u32 i, page;

	e->cpu[2]->cpu.node = 1;
	for (page = 0; page < 33; page++)
		touch(e, 0, mm, page);
	for (i = 1; i < CPUS; i++)
		touch(e, i, mm, 0);
	protect(e, 0, mm, 1, MM_READ);
	assert_int_equal(st(e)->deliver_cycles, 2000 + 500000);
	assert_int_equal(st(e)->send_cycles, step(STEP_IPI_CALL, CLASS_6_X) + 2 * 10);
	assert_int_equal(st(e)->local_cycles, 0);
	/* One leaves, and one has it loaded no more: 33 pages here take longer than both. */
	e->cpu[2]->cpu.node = 0;
	kernel_set_idle(e->k, cpu(e, 1), true);
	touch(e, 2, other, 0);
	e->k->cost.ipi_latency = 100;
	mm_munmap(mm, cpu(e, 0), e->base, 33 * PAGE);
	assert_int_equal(st(e)->wrong_cpu, 1);
	assert_int_equal(st(e)->left, 1);
	assert_int_equal(st(e)->local_cycles, 3300 - 100 - nothing - 60);
	mm_put(mm, cpu(e, 0));
	mm_put(other, cpu(e, 0));
	env_free(e);
}

/* While it is held interrupts are off, or not; it is had between times for which others will have had it. */
static void test_locks_keep_interrupts_off(void **state)
{
	struct env *e = env_new(ERA_6_X);
	struct mm *mm = mm_new(e->k, false);
	struct spinlock with = { .va = mm_root(mm),
				 .irqsave = true,
				 .held = { .last = 500,
					   .n = 3,
					   .at = { { 0, 200 }, { 200, 300 }, { 400, 500 } } } };
	struct spinlock without = { .va = mm_root(mm) };

	spin_lock(&e->k->charger, cpu(e, 0), KPATH_BUDDY, &with);
	cpu(e, 0)->ops->spend(cpu(e, 0), KPATH_BUDDY, 40);
	spin_unlock(&e->k->charger, cpu(e, 0), &with);
	spin_lock(&e->k->charger, cpu(e, 0), KPATH_BUDDY, &without);
	cpu(e, 0)->ops->spend(cpu(e, 0), KPATH_BUDDY, 50);
	spin_unlock(&e->k->charger, cpu(e, 0), &without);
	assert_int_equal(cpu(e, 0)->irqs_off.n, 1);
	assert_int_equal(cpu(e, 0)->irqs_off.at[0].from, 0);
	assert_int_equal(cpu(e, 0)->irqs_off.at[0].until, 340);
	assert_int_equal(without.held.last, 390);
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* kernel.pti: every invalidation twice. */
static void test_isolation_doubles_invalidations(void **state)
{
	struct kernel_cfg cfg = test_cfg;
	struct env *e;
	struct mm *mm;

	cfg.pti = true;
	e = env_of(&cfg, 1, 4096);
	mm = new_mm(e, 64);
	touch(e, 0, mm, 0);
	protect(e, 0, mm, 1, MM_READ);
	assert_int_equal(e->cpu[0]->cycles[KPATH_FLUSH], 200 + 2 * 100);
	tlb_flush_mm(mm, cpu(e, 0), 1);
	assert_int_equal(e->cpu[0]->cycles[KPATH_FLUSH], 2 * 200 + 2 * 100 + 2 * 60);
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* ---- who is asked ---- */

/* Since 4.14: who idles finds out by itself, and only if there is something to find out. */
static void test_lazy_ones_catch_up(void **state)
{
	struct env *e = env_new(ERA_6_X);
	struct mm *mm = new_mm(e, 8);
	u32 i;

	for (i = 0; i < CPUS; i++)
		touch(e, i, mm, 0);
	kernel_set_idle(e->k, cpu(e, 1), true);
	touch(e, 1, mm, 0); /* nothing has changed */
	assert_int_equal(e->k->flush.stale, 0);
	kernel_set_idle(e->k, cpu(e, 1), true);
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->ipis, 1);
	assert_int_equal(st(e)->deferred, 1);
	assert_int_equal(e->cpu[1]->n_tlb, 1); /* stale, and yet allowed */
	kernel_check(e->k);
	check(e);
	protect(e, 0, mm, 4, RW);
	touch(e, 0, mm, 1);
	kernel_set_idle(e->k, cpu(e, 1), false); /* it has a thread, but has not switched to it */
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->deferred, 2);
	mm_load(mm, cpu(e, 1));
	assert_int_equal(e->k->flush.stale, 1);
	assert_int_equal(e->cpu[1]->n_tlb, 0);
	protect(e, 0, mm, 4, RW);
	touch(e, 0, mm, 2);
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->deferred, 2);
	/* Page tables that go are everybody's business who may be walking them; who is lazy leaves. */
	kernel_set_idle(e->k, cpu(e, 1), true);
	mm_munmap(mm, cpu(e, 0), e->base, 8 * PAGE);
	assert_int_equal(st(e)->deferred, 2);
	assert_int_equal(st(e)->left, 1);
	assert_null(e->k->asids[1].loaded);
	map(e, mm, 1);
	touch(e, 1, mm, 0);
	check(e);
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* Up to 4.13 all in the mask are asked, and who is lazy leaves, so that it is asked once. */
static void test_lazy_ones_left(void **state)
{
	struct env *e = env_new(ERA_2_6_9);
	struct mm *mm = new_mm(e, 8);
	u32 i;

	for (i = 0; i < CPUS; i++)
		touch(e, i, mm, 0);
	kernel_set_idle(e->k, cpu(e, 1), true);
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->ipis, 2);
	assert_int_equal(st(e)->left, 1);
	assert_int_equal(st(e)->remote_full, 1);
	assert_null(e->k->asids[1].loaded);
	protect(e, 0, mm, 4, RW);
	assert_int_equal(st(e)->ipis, 3);
	touch(e, 1, mm, 0);
	check(e);
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* A switch took the bit out of the mask; since 6.14 the first flush in a second that asks in vain does. */
static void test_the_mask_is_trimmed(void **state)
{
	struct env *e = env_new(ERA_2_6_37);
	struct mm *mm = new_mm(e, 8), *other = new_mm(e, 8);

	touch(e, 0, mm, 0);
	touch(e, 1, mm, 0);
	touch(e, 1, other, 0);
	assert_int_equal(mm->cpus, 1);
	mm_put(mm, cpu(e, 0));
	mm_put(other, cpu(e, 1));
	env_free(e);

	e = env_new(ERA_6_X);
	mm = new_mm(e, 8);
	other = new_mm(e, 8);
	touch(e, 0, mm, 0);
	touch(e, 1, mm, 0);
	touch(e, 1, other, 0);
	assert_int_equal(mm->cpus, 3);
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->deferred, 1);
	assert_int_equal(mm->cpus, 3);
	e->cpu[0]->cycles[KPATH_USE] += SECOND;
	protect(e, 0, mm, 4, RW);
	touch(e, 0, mm, 0);
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->ipis, 1);
	assert_int_equal(st(e)->wrong_cpu, 1);
	assert_int_equal(mm->cpus, 1);
	/* What it holds of the address space is stale, and is flushed when it comes back. */
	assert_int_equal(e->cpu[1]->n_tlb, 2);
	mm_load(mm, cpu(e, 1));
	assert_int_equal(e->k->flush.stale, 1);
	assert_int_equal(e->cpu[1]->n_tlb, 1);
	assert_int_equal(mm->cpus, 3);
	check(e);
	mm_put(mm, cpu(e, 0));
	mm_put(other, cpu(e, 0));
	env_free(e);
}

/* A kernel thread borrows the address space: flushed meanwhile, the core has none until the thread's end. */
static void test_kernel_threads_are_lazy(void **state)
{
	struct env *e = env_new(ERA_6_X);
	struct mm *mm = new_mm(e, 8), *lent;

	touch(e, 0, mm, 0);
	touch(e, 1, mm, 0);
	lent = asid_lend(e->k, cpu(e, 0));
	assert_ptr_equal(lent, mm);
	assert_null(asid_lend(e->k, cpu(e, 0)));
	protect(e, 1, mm, 4, MM_READ); /* by another: not asked */
	assert_int_equal(st(e)->deferred, 1);
	protect(e, 0, mm, 4, RW);
	touch(e, 1, mm, 0);
	tlb_flush_page(mm, cpu(e, 0), e->base);
	assert_int_equal(st(e)->left, 1);
	assert_int_equal(st(e)->remote_pages, 1);
	assert_null(e->k->asids[0].loaded);
	asid_return(lent, cpu(e, 0));
	assert_ptr_equal(e->k->asids[0].loaded, mm);
	assert_int_equal(e->k->flush.stale, 1);
	touch(e, 0, mm, 0);
	check(e);
	kernel_set_idle(e->k, cpu(e, 1), true);
	assert_null(asid_lend(e->k, cpu(e, 1))); /* there is nothing to come back to */
	asid_return(NULL, cpu(e, 1));
	assert_true(e->k->asids[1].lazy);
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* A page is flushed alone only where that is all that is missing. */
static void test_who_is_behind_flushes_all(void **state)
{
	struct env *e = env_new(ERA_6_X);
	struct mm *mm = new_mm(e, 8);
	u64 cpus;
	u32 i;

	for (i = 0; i < 2; i++)
		touch(e, i, mm, 0);
	tlb_flush_page(mm, cpu(e, 0), e->base);
	assert_int_equal(st(e)->remote_pages, 1);
	cpus = tlb_put_off(mm, cpu(e, 0));
	assert_int_equal(cpus, 3);
	tlb_flush_page(mm, cpu(e, 0), e->base + PAGE);
	assert_int_equal(st(e)->remote_pages, 1);
	assert_int_equal(st(e)->remote_full, 1);
	assert_int_equal(e->k->flush.full, 1);
	/* Now everybody is up to date, and there is nothing to do: as 53 % of the answers in a live kernel.
	 */
	tlb_flush_cpus(e->k, cpu(e, 0), cpus);
	assert_int_equal(st(e)->up_to_date, 2);
	assert_int_equal(st(e)->remote_full, 1);
	mm_put(mm, cpu(e, 0));
	env_free(e);
}

/* TLBI ...IS: nobody is interrupted, nobody is left out, and the DSB waits. */
static void test_a_broadcast_reaches_everybody(void **state)
{
	struct kernel_cfg cfg = test_cfg;
	struct mm *mm, *other;
	struct env *e;
	u32 i;

	cfg.layout = KERNEL_LAYOUT_ARM64_4K;
	e = env_of(&cfg, CPUS, 4096);
	mm = new_mm(e, 600);
	other = new_mm(e, 8);
	for (i = 0; i < CPUS; i++)
		touch(e, i, mm, 0);
	touch(e, 2, other, 0);
	kernel_set_idle(e->k, cpu(e, 1), true);
	protect(e, 0, mm, 4, MM_READ);
	assert_int_equal(st(e)->ipis + st(e)->deferred, 0);
	assert_int_equal(st(e)->broadcasts, 1);
	assert_int_equal(e->cpu[0]->n_tlb + e->cpu[1]->n_tlb, 0);
	assert_int_equal(e->cpu[2]->n_tlb, 1);
	assert_int_equal(e->cpu[0]->cycles[KPATH_SHOOTDOWN], 9000000);
	assert_int_equal(e->cpu[0]->cycles[KPATH_FLUSH], 200 + 100);
	touch(e, 2, mm, 512);
	assert_int_equal(e->k->flush.stale, 0);
	/* MAX_DVM_OPS: 512 pages of 4 KB are too many for single operations, 511 are not. */
	tlb_flush(mm, cpu(e, 0), &(struct flush){ e->base, e->base + 511 * PAGE, 12, .entries = 1 });
	assert_int_equal(e->k->flush.pages, 1 + 511);
	tlb_flush(mm, cpu(e, 0), &(struct flush){ e->base, e->base + 512 * PAGE, 12, .entries = 1 });
	assert_int_equal(e->k->flush.full, 1);
	mm_put(mm, cpu(e, 0));
	mm_put(other, cpu(e, 0));
	env_free(e);
}

static void test_rules_follow_era_and_layout(void **state)
{
	static const struct {
		u32 era, layout, tlbi, form, vectors, ceiling;
	} row[] = {
		{ ERA_2_4_0, KERNEL_LAYOUT_I386, KERNEL_TLBI_LAYOUT, FLUSH_BY_VECTOR, 1, 0 },
		{ ERA_2_6_18, KERNEL_LAYOUT_I386_PAE, KERNEL_TLBI_LAYOUT, FLUSH_BY_VECTOR, 1, 0 },
		{ ERA_2_6_18, KERNEL_LAYOUT_X86_64, KERNEL_TLBI_LAYOUT, FLUSH_BY_VECTOR, 8, 0 },
		{ ERA_2_6_37, KERNEL_LAYOUT_X86_64, KERNEL_TLBI_LAYOUT, FLUSH_BY_VECTOR, 8, 0 },
		{ ERA_6_X, KERNEL_LAYOUT_X86_64, KERNEL_TLBI_LAYOUT, FLUSH_BY_CALL, 8, 33 },
		{ ERA_6_X, KERNEL_LAYOUT_X86_64, KERNEL_TLBI_BROADCAST, FLUSH_BY_BROADCAST, 8, 33 },
		{ ERA_6_X, KERNEL_LAYOUT_ARM64_4K, KERNEL_TLBI_LAYOUT, FLUSH_BY_BROADCAST, 8, 511 },
		{ ERA_6_X, KERNEL_LAYOUT_ARM64_64K, KERNEL_TLBI_IPI, FLUSH_BY_CALL, 8, 8191 },
		{ ERA_6_X, KERNEL_LAYOUT_SV48, KERNEL_TLBI_LAYOUT, FLUSH_BY_CALL, 8, 64 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		struct kernel_cfg cfg = { .era = row[i].era,
					  .layout = row[i].layout,
					  .tlbi = row[i].tlbi,
					  .flush_ceiling = FLUSH_CEILING_ERA };
		struct flush_rules r = flush_rules_of(&cfg);

		assert_int_equal(r.form, row[i].form);
		assert_int_equal(r.vectors, row[i].vectors);
		assert_int_equal(r.ceiling, row[i].ceiling);
	}
}

/* ---- many pages ---- */

/* How many flushes of the address space a munmap() of so many touched pages takes. */
static u64 flushes_of_munmap(enum kernel_era era, u32 cpus, u64 pages)
{
	struct kernel_cfg cfg = test_cfg;
	struct mm *mm;
	struct env *e;
	u64 i, n;

	cfg.era = era;
	e = env_of(&cfg, cpus, 16384);
	mm = new_mm(e, pages);
	for (i = 0; i < pages; i++)
		touch(e, 0, mm, i);
	n = e->k->flush.full;
	mm_munmap(mm, cpu(e, 0), e->base, pages * PAGE);
	n = e->k->flush.full - n;
	assert_int_equal(st(e)->needless, 0);
	mm_put(mm, cpu(e, 0));
	env_free(e);
	return n;
}

/* 506 pages at a time up to 2.6.39, where there are several CPUs; 8 + 19 * 510 since. */
static void test_gathers_are_as_large_as_the_eras(void **state)
{
	assert_int_equal(flushes_of_munmap(ERA_2_6_9, 2, 506), 1 + 1);
	assert_int_equal(flushes_of_munmap(ERA_2_6_9, 2, 1300), 3);
	assert_int_equal(flushes_of_munmap(ERA_2_6_37, 2, 1300), 3);
	assert_int_equal(flushes_of_munmap(ERA_2_4_21, 2, 1300), 3);
	assert_int_equal(flushes_of_munmap(ERA_2_6_9, 1, 1300), 1);
	assert_int_equal(flushes_of_munmap(ERA_6_X, 2, 1300), 1);
	assert_int_equal(flushes_of_munmap(ERA_6_X, 2, 9650), 1);
	assert_int_equal(flushes_of_munmap(ERA_6_X, 2, 9700), 2);
}

/* As reclaim takes a page away. Returns its frame. */
static u64 unmap_one(struct env *e, struct tlb_batch *b, struct mm *mm, u64 page, bool dirty)
{
	u64 va = e->base + page * PAGE, at = pgtable_entry(mm, cpu(e, 0), KPATH_RECLAIM, va, false);
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
		struct env *e = env_new(eras[i / 2]);
		struct mm *mm = new_mm(e, 8);
		struct tlb_batch b = { 0 };
		u64 pfn[4];

		others = i % 2 ? 2 : 0;
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
		assert_int_equal(st(e)->ipis, i == 3 ? 4 * others : 0);
		tlb_batch_flush_dirty(&b, e->k, cpu(e, 0));
		assert_int_equal(st(e)->ipis, i == 1 ? others : i == 3 ? 4 * others : 0);
		assert_int_equal(st(e)->batched_pages, i == 1 ? 4 : 0);
		assert_int_equal(e->k->flush.full, i == 1);
		assert_int_equal(e->k->flush.pages, i == 1 ? 0 : 4);
		tlb_batch_flush(&b, e->k, cpu(e, 0));
		assert_int_equal(st(e)->batches, i == 1);
		check(e);
		for (page = 0; page < 4; page++)
			frame_put(e->k->frames, cpu(e, 0), pfn[page]);
		mm_put(mm, cpu(e, 0));
		env_free(e);
	}
}

/* ---- for a reason ---- */

/* Rights that are given need no flush; up to 3.7 mprotect() flushed even so. A fork always does. */
static void test_what_is_needless(void **state)
{
	static const enum kernel_era eras[] = { ERA_6_X, ERA_2_6_9 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct env *e = env_new(eras[i]);
		struct mm *mm = new_mm(e, 8), *child;

		touch(e, 0, mm, 0);
		protect(e, 0, mm, 8, MM_READ);
		assert_int_equal(st(e)->needless, 0);
		assert_int_equal(e->k->flush.pages + e->k->flush.full, 1);
		protect(e, 0, mm, 8, RW);
		assert_int_equal(st(e)->needless, i);
		assert_int_equal(e->k->flush.pages + e->k->flush.full, 1 + i);
		protect(e, 0, mm, 8, MM_READ);
		child = mm_fork(mm, cpu(e, 0));
		assert_non_null(child);
		assert_int_equal(st(e)->needless, i + 1);
		mm_put(child, cpu(e, 0));
		mm_put(mm, cpu(e, 0));
		env_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_part_takes_its_time),
		cmocka_unit_test(test_the_own_flush_came_first),
		cmocka_unit_test(test_who_is_last),
		cmocka_unit_test(test_locks_keep_interrupts_off),
		cmocka_unit_test(test_isolation_doubles_invalidations),
		cmocka_unit_test(test_lazy_ones_catch_up),
		cmocka_unit_test(test_lazy_ones_left),
		cmocka_unit_test(test_the_mask_is_trimmed),
		cmocka_unit_test(test_kernel_threads_are_lazy),
		cmocka_unit_test(test_who_is_behind_flushes_all),
		cmocka_unit_test(test_a_broadcast_reaches_everybody),
		cmocka_unit_test(test_rules_follow_era_and_layout),
		cmocka_unit_test(test_gathers_are_as_large_as_the_eras),
		cmocka_unit_test(test_reclaim_flushes_once_for_many),
		cmocka_unit_test(test_what_is_needless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
