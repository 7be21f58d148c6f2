/*
 * The allocators against their naive twins: the same requests, from several CPUs, with frees on another one,
 * reaping, shrinking and a page allocator that fails, give the same addresses in every era.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/ref/ref_slab.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define OPS  25000u
#define LIVE 2500u

struct run {
	struct ref_pages pages, twin_pages;
	struct slabs *s;
	struct kmem_cache *k;
	struct ref_slab twin, desc;
	struct ref_slab_cpu cpu[REF_CPUS];
	struct rng rng;
	u64 va[LIVE];
	u32 n;
};

/* Other objects have come from the cache of descriptors: until its slabs are full. */
static void desc_exhaust(struct run *r)
{
	struct kmem_cache *k = r->k->desc_cache;
	const struct slab_node *n = &k->node[0];

	while (n->partial.n || n->empty.n || k->array[0].avail)
		assert_true(kmem_cache_alloc(k, NULL, GFP_KERNEL) != 0);
}

/* What that left behind beside slabs that the twin need not know. */
static void desc_init(struct run *r)
{
	const struct kmem_cache *k = r->k->desc_cache;

	ref_slab_init(&r->desc, k, &r->twin_pages, NULL);
	r->desc.touched[0] = k->array[0].touched;
	r->desc.free_touched[0] = k->node[0].free_touched;
	r->desc.colour = k->colour_next;
}

static void run_init(struct run *r, enum kernel_era era, enum slab_form form, u32 size, u32 cpus, u32 nodes)
{
	struct page_alloc_cfg cfg = {
		.era = era, .bytes = 32 << 20, .shift = 12, .nodes = nodes, .cpus = cpus
	};
	u32 i;

	cfg.word = era < ERA_2_6_26 ? 4 : 8;
	cfg.direct_map = era < ERA_2_6_26 ? 0xc0000000ull : 0xffff888000000000ull;
	cfg.seed = era * 100 + size;
	ref_pages_init(&r->pages, &cfg);
	r->pages.charger.on = false;
	r->s = slabs_new_from(&r->pages.pa, &ref_pages_ops, form, 64);
	r->k = kmem_cache_create(r->s, "x", size, 0, 0);
	slabs_shrink(r->s, NULL);
	for (i = 0; i < REF_CPUS; i++)
		ref_slab_cpu_init(&r->cpu[i], i, i * nodes / REF_CPUS);
	rng_init(&r->rng, cfg.seed, "twin");
	if (r->k->desc_cache)
		desc_exhaust(r);
	ref_pages_copy(&r->twin_pages, &r->pages);
	if (r->k->desc_cache)
		desc_init(r);
	ref_slab_init(&r->twin, r->k, &r->twin_pages, r->k->desc_cache ? &r->desc : NULL);
}

static void run_fini(struct run *r)
{
	ref_slab_fini(&r->twin);
	ref_slab_fini(&r->desc);
	slabs_free(r->s);
	ref_pages_fini(&r->pages);
	ref_pages_fini(&r->twin_pages);
	free(r);
}

static void run_alloc(struct run *r, u32 cpu)
{
	struct cpu *c = &r->cpu[cpu].cpu;
	u64 va = kmem_cache_alloc(r->k, c, GFP_KERNEL);

	assert_int_equal(va, ref_slab_alloc(&r->twin, cpu, c->node));
	if (va)
		r->va[r->n++] = va;
}

static void run_free(struct run *r, u32 cpu, u32 i)
{
	struct cpu *c = &r->cpu[cpu].cpu;

	kmem_cache_free(r->k, c, r->va[i]);
	ref_slab_free(&r->twin, cpu, c->node, r->va[i]);
	r->va[i] = r->va[--r->n];
}

static void run_rare(struct run *r, u32 cpu)
{
	struct cpu *c = &r->cpu[cpu].cpu;
	bool reaps = r->s->form == SLAB_CLASSIC && r->s->era > ERA_2_4_21;

	if (reaps && rng_below(&r->rng, 8)) {
		slabs_reap(r->s, c);
		if (r->twin.desc)
			ref_slab_reap(&r->desc, cpu, c->node);
		ref_slab_reap(&r->twin, cpu, c->node);
	} else {
		slabs_shrink(r->s, &r->cpu[0].cpu);
		ref_slab_shrink(&r->twin, r->cpu[0].cpu.node);
		if (r->twin.desc)
			ref_slab_shrink(&r->desc, r->cpu[0].cpu.node);
	}
	slabs_sane(r->s);
}

/* Phases in which most requests are allocations, or frees; an object is freed where it was made, or not. */
static void run_ops(struct run *r, u32 ops, u32 cpus)
{
	u32 i, cpu, share = 50;

	for (i = 0; i < ops; i++) {
		if (i % 1000 == 0)
			share = (u32)rng_below(&r->rng, 100);
		cpu = (u32)rng_below(&r->rng, cpus);
		if (!rng_below(&r->rng, 400))
			run_rare(r, cpu);
		else if (r->n < LIVE && (!r->n || rng_below(&r->rng, 100) < share))
			run_alloc(r, cpu);
		else
			run_free(r, cpu, (u32)rng_below(&r->rng, r->n));
		assert_int_equal(r->pages.in_use, r->twin_pages.in_use);
		assert_int_equal(r->pages.calls, r->twin_pages.calls);
	}
}

static void check(enum kernel_era era, enum slab_form form, u32 size, u32 cpus, u32 nodes, u32 fail_one_in)
{
	struct run *r = xcalloc(1, sizeof(*r));

	run_init(r, era, form, size, cpus, nodes);
	r->pages.fail_one_in = r->twin_pages.fail_one_in = fail_one_in;
	run_ops(r, OPS, cpus);
	while (r->n)
		run_free(r, 0, r->n - 1);
	slabs_sane(r->s);
	run_fini(r);
}

static void test_classic(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_4_0, ERA_2_4_21, ERA_2_5_66,
						ERA_2_6_5, ERA_2_6_9,  ERA_2_6_18 };
	static const u32 sizes[] = { 32, 300, 512, 1500, 5000 };
	u32 e, i;

	for (e = 0; e < ARRAY_SIZE(eras); e++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			check(eras[e], SLAB_CLASSIC, sizes[i], 1, 1, 0);
			check(eras[e], SLAB_CLASSIC, sizes[i], 4, 1, i % 2 ? 0 : 4);
		}
}

static void test_classic_nodes(void **state)
{
	check(ERA_2_6_18, SLAB_CLASSIC, 64, 4, 2, 0);
	check(ERA_2_6_18, SLAB_CLASSIC, 1000, 4, 2, 5);
	check(ERA_2_6_9, SLAB_CLASSIC, 64, 4, 2, 0);
}

static void test_slub(void **state)
{
	static const enum kernel_era eras[] = { ERA_2_6_26, ERA_2_6_37, ERA_6_X };
	static const u32 sizes[] = { 8, 64, 200, 1024, 5000 };
	u32 e, i;

	for (e = 0; e < ARRAY_SIZE(eras); e++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			check(eras[e], SLAB_SLUB, sizes[i], 1, 1, 0);
			check(eras[e], SLAB_SLUB, sizes[i], 4, 1, i % 2 ? 0 : 4);
			check(eras[e], SLAB_SLUB, sizes[i], 4, 2, 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classic),
		cmocka_unit_test(test_classic_nodes),
		cmocka_unit_test(test_slub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
