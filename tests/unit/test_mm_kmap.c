/* kmap() and kmap_atomic(): addresses, what is flushed where, who waits; a random run against a plain count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "model/mm/kmap.h"
#include "model/mm/kpgtable.h"
#include "model/mm/page.h"
#include "tests/ref/ref_kernel_cpu.h"

#define PAGE  4096ull
#define GB(n) ((u64)(n) << 30)
#define CPUS  3u
#define SLOTS 512u
#define HIGH  (GB(1) / PAGE) /* frames from here on are high memory */

struct bench {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct kmaps *m;
	struct ref_kernel_cpu cpu[CPUS];
};

static struct bench *bench_new(u32 layout, enum kernel_era era, u64 memory)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct kernel_params p = {
		.cfg = &b->cfg, .memory = memory, .cpus = CPUS, .hz = 1000000000, .seed = 1
	};
	u32 i;

	b->cfg = (struct kernel_cfg){ .colours = 1,
				      .placement = FRAME_BUDDY,
				      .asids = 1,
				      .layout = layout,
				      .era = era,
				      .charge = true,
				      .flush_ceiling = 33,
				      .instruction_scale = 100 };
	p.format = kernel_format(&b->cfg);
	b->ptmem = p.ptmem = ptmem_new(p.memory >> FRAME_SHIFT);
	b->k = kernel_new(&p);
	b->m = b->k->kmaps;
	for (i = 0; i < CPUS; i++)
		ref_kernel_cpu_init(&b->cpu[i], b->k);
	return b;
}

static void bench_free(struct bench *b)
{
	u32 i;

	kernel_check(b->k);
	for (i = 0; i < CPUS; i++)
		ref_kernel_cpu_fini(&b->cpu[i]);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	free(b);
}

static struct cpu *cpu_n(struct bench *b, u32 i)
{
	return &b->cpu[i].cpu;
}

/* All hardware threads see the frame there. */
static void shows(struct bench *b, u64 va, u64 pfn)
{
	u32 i;

	for (i = 0; i < CPUS; i++)
		assert_int_equal(ref_kernel_touch(&b->cpu[i], va + 5), (pfn << 12) + 5);
}

static u64 flushes(const struct bench *b)
{
	return b->cpu[0].full_flushes + b->cpu[1].full_flushes + b->cpu[2].full_flushes;
}

static u64 map_and_unmap(struct bench *b, u64 pfn)
{
	u64 va = kmap(b->k, cpu_n(b, 0), pfn);

	shows(b, va, pfn);
	kunmap(b->k, cpu_n(b, 0), pfn);
	return va;
}

static void low_pages_keep_their_address(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(2));
	struct cpu *c = cpu_n(b, 0);

	assert_int_equal(kmap(b->k, c, 1000), 0xc0000000 + 1000 * PAGE);
	kunmap(b->k, c, 1000);
	assert_int_equal(kmap_atomic(b->k, c, 0x37fff), 0xf7fff000);
	kunmap_atomic(b->k, c, 0xf7fff000);
	assert_int_equal(b->m->st.maps + b->m->st.atomics, 0);
	assert_int_equal(kmap(b->k, c, 0x38000), 0xff801000);
	bench_free(b);
}

static void nobody_maps_where_all_memory_has_addresses(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_X86_64, ERA_6_X, GB(8));
	u64 before;

	before = b->cpu[0].accesses;
	assert_int_equal(kmap(b->k, cpu_n(b, 0), HIGH), b->k->layout.direct_map + GB(1));
	assert_int_equal(kmap_atomic(b->k, cpu_n(b, 0), HIGH), b->k->layout.direct_map + GB(1));
	assert_int_equal(b->cpu[0].accesses, before);
	bench_free(b);
}

/* last_pkmap_nr begins at 0, so the first slot is the second; a page keeps it while the ring goes round. */
static void a_page_keeps_its_slot(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(2));
	u64 va = map_and_unmap(b, HIGH);

	assert_int_equal(va, 0xff801000);
	assert_int_equal(map_and_unmap(b, HIGH + 1), 0xff802000);
	assert_int_equal(map_and_unmap(b, HIGH), va);
	assert_int_equal(b->m->st.found, 1);
	shows(b, va, HIGH);
	assert_int_equal(flushes(b), 0);
	bench_free(b);
}

/* The ring has 512 slots, and wraps with the 512th, 1024th, ... new page: all CPUs flush then, and never
 * else. */
static void the_wrap_flushes_all(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(4));
	u64 n;

	for (n = 1; n <= 4 * SLOTS + 10; n++) {
		map_and_unmap(b, HIGH + n);
		assert_int_equal(b->m->st.flushes, n / SLOTS);
		assert_int_equal(flushes(b), n / SLOTS * CPUS);
		assert_int_equal(b->cpu[1].interrupts, n / SLOTS);
		assert_int_equal(b->cpu[0].interrupts, 0);
	}
	assert_int_equal(b->m->st.looked_at, n - 1);
	bench_free(b);
}

/* Pages with users stay where they are, and their slots are passed over. */
static void the_wrap_spares_users(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(4));
	u64 held = kmap(b->k, cpu_n(b, 1), HIGH), n;

	for (n = 1; n < 3 * SLOTS; n++) {
		map_and_unmap(b, HIGH + n);
		shows(b, held, HIGH);
	}
	assert_int_equal(kmap(b->k, cpu_n(b, 2), HIGH), held);
	bench_free(b);
}

static void all_slots_in_use(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(4));
	struct cpu *c = cpu_n(b, 0);
	u64 n;

	for (n = 0; n < SLOTS; n++)
		assert_true(kmap(b->k, c, HIGH + n));
	assert_int_equal(kmap(b->k, c, HIGH + SLOTS), 0);
	assert_int_equal(kmap(b->k, c, HIGH + SLOTS), 0);
	assert_int_equal(b->m->st.waits, 2);
	assert_true(kmap(b->k, c, HIGH + 7));
	kunmap(b->k, c, HIGH + 7);
	kunmap(b->k, c, HIGH + 7);
	shows(b, kmap(b->k, c, HIGH + SLOTS), HIGH + SLOTS);
	assert_int_equal(b->m->st.waits, 2);
	bench_free(b);
}

/* Since 2.6.2x a wrap that clears nothing does not flush. */
static void nothing_cleared_nothing_flushed(void **state)
{
	static const struct {
		enum kernel_era era;
		u64 flushes;
	} t[] = { { ERA_2_4_21, 1 }, { ERA_2_6_9, 1 }, { ERA_2_6_37, 0 }, { ERA_6_X, 0 } };
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, t[i].era, GB(4));

		for (n = 0; n < SLOTS; n++)
			kmap(b->k, cpu_n(b, 0), HIGH + n);
		assert_int_equal(b->m->st.wraps, 1);
		assert_int_equal(b->m->st.flushes, t[i].flushes);
		bench_free(b);
	}
}

/* Slots of CPU and level; 2.6.9: FIXADDR_TOP - (8 + 3 + 13 * cpu) pages for the first. */
static void atomic_slots_are_the_cpus(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(4));
	u64 one = kmap_atomic(b->k, cpu_n(b, 0), HIGH), two = kmap_atomic(b->k, cpu_n(b, 0), HIGH + 1);
	u64 other = kmap_atomic(b->k, cpu_n(b, 2), HIGH + 2);

	assert_int_equal(one, 0xfffff000 - 11 * PAGE);
	assert_int_equal(two, one - PAGE);
	assert_int_equal(other, one - 26 * PAGE);
	assert_int_equal(ref_kernel_touch(&b->cpu[0], one), HIGH << 12);
	assert_int_equal(ref_kernel_touch(&b->cpu[0], two), (HIGH + 1) << 12);
	assert_int_equal(ref_kernel_touch(&b->cpu[2], other), (HIGH + 2) << 12);
	kunmap_atomic(b->k, cpu_n(b, 0), two);
	kunmap_atomic(b->k, cpu_n(b, 0), one);
	kunmap_atomic(b->k, cpu_n(b, 2), other);
	bench_free(b);
}

/* One page is invalidated at each use, here alone; the slot is left mapped until 2.6.10, not so later. */
static void atomic_use_invalidates_here(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_4_21, ERA_2_6_9, ERA_2_6_18, ERA_2_6_37, ERA_6_X };
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, eras[i], GB(4));
		u64 va = 0;

		for (n = 1; n <= 50; n++) {
			va = kmap_atomic(b->k, cpu_n(b, 0), HIGH + n % 7);
			assert_int_equal(ref_kernel_touch(&b->cpu[0], va), (HIGH + n % 7) << 12);
			kunmap_atomic(b->k, cpu_n(b, 0), va);
			assert_int_equal(b->cpu[0].page_flushes, n);
		}
		assert_int_equal(b->cpu[1].page_flushes + b->cpu[1].interrupts + flushes(b), 0);
		assert_int_equal(kpgtable_pa(b->k->kpgtable, va, NULL, NULL) == NO_FRAME,
				 eras[i] >= ERA_2_6_18);
		bench_free(b);
	}
}

static void who_may_sleep(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(4));
	struct cpu *c = cpu_n(b, 0);
	u64 va = kmap_atomic(b->k, c, HIGH);

	kmap(b->k, cpu_n(b, 1), HIGH + 1);
	assert_int_equal(b->m->st.misuses, 0);
	kmap(b->k, c, HIGH + 1);
	kmap_might_sleep(b->k, c);
	assert_int_equal(b->m->st.misuses, 2);
	kunmap_atomic(b->k, c, va);
	kmap(b->k, c, HIGH + 1);
	kunmap(b->k, c, HIGH + 2);
	assert_int_equal(b->m->st.misuses, 3);
	bench_free(b);
}

/* Frames of high memory are cleared and copied through slots, those of low memory through the direct map. */
static void whole_frames(void **state)
{
	struct bench *b = bench_new(KERNEL_LAYOUT_I386_PAE, ERA_2_6_9, GB(4));

	page_zero(b->k, cpu_n(b, 0), HIGH);
	page_copy(b->k, cpu_n(b, 0), HIGH + 1, 1000);
	page_copy(b->k, cpu_n(b, 0), HIGH + 1, HIGH + 2);
	page_zero(b->k, cpu_n(b, 0), 1000);
	assert_int_equal(b->m->st.atomics, 4);
	assert_int_equal(b->m->depth[0], 0);
	bench_free(b);
}

/* ---- a random run ---- */

#define PAGES 900u

/* Who uses which page; addresses are watched: used ones stay, and are each one page's. */
struct run {
	struct bench *b;
	struct rng rng;
	u32 users[PAGES], in_use;
	u64 va[PAGES];
};

static void run_step(struct run *r)
{
	u32 i = (u32)rng_below(&r->rng, PAGES), cpu = (u32)rng_below(&r->rng, CPUS);
	u64 va;

	if (r->users[i] && rng_below(&r->rng, 3)) {
		kunmap(r->b->k, cpu_n(r->b, cpu), HIGH + i);
		r->in_use -= !--r->users[i];
		return;
	}
	va = kmap(r->b->k, cpu_n(r->b, cpu), HIGH + i);
	assert_int_equal(!va, !r->users[i] && r->in_use == SLOTS);
	if (!va)
		return;
	assert_true(!r->users[i] || va == r->va[i]);
	r->va[i] = va;
	r->in_use += !r->users[i]++;
	shows(r->b, va, HIGH + i);
}

static void random_runs(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_4_21, ERA_2_6_9, ERA_2_6_37, ERA_6_X };
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(eras); i++) {
		struct run *r = calloc(1, sizeof(*r));

		r->b = bench_new(KERNEL_LAYOUT_I386_PAE, eras[i], GB(4));
		rng_init(&r->rng, i, "kmap");
		for (n = 0; n < 3000; n++)
			run_step(r);
		for (n = 0; n < PAGES; n++)
			if (r->users[n])
				shows(r->b, r->va[n], HIGH + n);
		assert_true(r->b->m->st.waits && r->b->m->st.flushes);
		bench_free(r->b);
		free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(low_pages_keep_their_address),
		cmocka_unit_test(nobody_maps_where_all_memory_has_addresses),
		cmocka_unit_test(a_page_keeps_its_slot),
		cmocka_unit_test(the_wrap_flushes_all),
		cmocka_unit_test(the_wrap_spares_users),
		cmocka_unit_test(all_slots_in_use),
		cmocka_unit_test(nothing_cleared_nothing_flushed),
		cmocka_unit_test(atomic_slots_are_the_cpus),
		cmocka_unit_test(atomic_use_invalidates_here),
		cmocka_unit_test(who_may_sleep),
		cmocka_unit_test(whole_frames),
		cmocka_unit_test(random_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
