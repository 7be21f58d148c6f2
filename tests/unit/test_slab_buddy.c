/*
 * SLAB and SLUB on the page allocator, in machines that run out of memory: direct reclaim shrinks the very
 * caches in the middle of an allocation from them, and at the end every page is back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/ref/ref_pages.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define MB   (1ull << 20)
#define CPUS 4u
#define LIVE 60000u

struct machine {
	struct charger charger;
	struct page_alloc *pa;
	struct slabs *s;
	struct kmem_cache *k[4];
	struct ref_slab_cpu cpu[CPUS];
	struct rng rng;
	u64 va[LIVE];
	u8 kind[LIVE];
	u32 n;
};

static struct machine *machine_new(enum kernel_era era, enum slab_form form)
{
	static const u32 size[] = { 24, 192, 520, 3000 };
	static const u32 flags[] = { 0, SLAB_HWCACHE_ALIGN, SLAB_RECLAIM, SLAB_CONSTRUCTED };
	struct machine *m = xcalloc(1, sizeof(*m));
	const struct page_alloc_cfg cfg = {
		.era = era,
		.pcp = era <= ERA_2_4_21   ? PCP_NONE
		       : era <= ERA_2_6_18 ? PCP_HOT_COLD
		       : era <= ERA_2_6_37 ? PCP_MERGED
					   : PCP_LISTS,
		.bytes = 12 * MB,
		.shift = 12,
		.nodes = 1,
		.cpus = CPUS,
		.word = era <= ERA_2_6_18 ? 4 : 8,
		.dma_end = 4 * MB,
		.direct_map = era <= ERA_2_6_18 ? 0xc0000000 : 0xffff888000000000,
		.pageblock_order = 9,
		.seed = 1,
	};
	u32 i;

	charger_init(&m->charger, era, 0xffffffff81000000, 1u << 25, 100, false);
	m->pa = page_alloc_new(&cfg, &m->charger);
	m->s = slabs_new(m->pa, form, 64);
	assert_non_null(m->s);
	m->pa->reclaim = &slab_reclaim_ops;
	m->pa->reclaim_arg = m->s;
	for (i = 0; i < ARRAY_SIZE(m->k); i++)
		m->k[i] = kmem_cache_create(m->s, "x", size[i], 0, flags[i]);
	for (i = 0; i < CPUS; i++)
		ref_slab_cpu_init(&m->cpu[i], i, 0);
	rng_init(&m->rng, era, "slabs on the buddy");
	return m;
}

static void machine_free(struct machine *m)
{
	slabs_free(m->s);
	page_alloc_free(m->pa);
	free(m);
}

static u64 pages_in_use(const struct machine *m)
{
	return m->pa->st.allocated - m->pa->st.freed;
}

static void one_free(struct machine *m)
{
	u32 i = (u32)rng_below(&m->rng, m->n);
	struct cpu *c = &m->cpu[rng_below(&m->rng, CPUS)].cpu;

	kmem_cache_free(m->k[m->kind[i]], c, m->va[i]);
	m->va[i] = m->va[--m->n];
	m->kind[i] = m->kind[m->n];
}

static bool one_alloc(struct machine *m, u32 gfp)
{
	u32 kind = (u32)rng_below(&m->rng, ARRAY_SIZE(m->k));
	u64 va = kmem_cache_alloc(m->k[kind], &m->cpu[rng_below(&m->rng, CPUS)].cpu, gfp);

	if (!va)
		return false;
	m->va[m->n] = va;
	m->kind[m->n++] = (u8)kind;
	return true;
}

/* Fills memory until requests fail, lets a part go, fills it with another mixture, some times. */
static void check(enum kernel_era era, enum slab_form form)
{
	struct machine *m = machine_new(era, form);
	u64 before;
	u32 round, misses, keep;

	slabs_shrink(m->s, NULL);
	before = pages_in_use(m);
	assert_int_equal(before, m->s->st.pages);
	for (round = 0; round < 4; round++) {
		for (misses = 0; misses < 30 && m->n < LIVE;)
			misses += !one_alloc(m, round % 2 ? GFP_ATOMIC : GFP_KERNEL | GFP_NORETRY);
		slabs_sane(m->s);
		assert_int_equal(pages_in_use(m), m->s->st.pages);
		for (keep = m->n / 3; m->n > keep;)
			one_free(m);
	}
	assert_true(m->s->st.failed > 0);
	assert_true(m->pa->st.direct_reclaims > 0 || era <= ERA_2_4_21);
	while (m->n)
		one_free(m);
	slabs_shrink(m->s, &m->cpu[0].cpu);
	slabs_sane(m->s);
	page_alloc_sane(m->pa);
	assert_int_equal(pages_in_use(m), before);
	machine_free(m);
}

static void test_slab(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++)
		check(era, SLAB_CLASSIC);
}

static void test_slub(void **state)
{
	u32 era;

	for (era = 0; era < NR_ERAS; era++)
		check(era, SLAB_SLUB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab),
		cmocka_unit_test(test_slub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
