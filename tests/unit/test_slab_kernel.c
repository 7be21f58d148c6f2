/*
 * The kernel with its slabs: recorded requests for objects in every era and with either allocator. Each
 * access that is charged must find a mapping of the kernel's, the whole state agrees, and all that was taken
 * comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/kevents.h"
#include "model/mm/slab.h"
#include "tests/ref/ref_kernel_cpu.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CPUS  2u
#define NAMES 3000u

struct bench {
	struct kernel_cfg cfg;
	struct ptmem *ptmem;
	struct kernel *k;
	struct kevents *set;
	struct ref_kernel_cpu cpu[CPUS];
	struct rng rng;
};

static struct bench *bench_new(enum kernel_layout layout, enum kernel_era era, u32 slab)
{
	struct bench *b = xcalloc(1, sizeof(*b));
	struct kernel_params p = {
		.cfg = &b->cfg, .memory = 24 << 20, .hz = 1000000000, .seed = 1, .cpus = CPUS
	};
	u32 i;

	b->cfg = (struct kernel_cfg){ .colours = 1,
				      .asids = 1,
				      .layout = layout,
				      .era = era,
				      .slab = slab,
				      .placement = FRAME_BUDDY,
				      .charge = true,
				      .flush_ceiling = 33,
				      .instruction_scale = 100 };
	p.format = kernel_format(&b->cfg);
	b->ptmem = p.ptmem = ptmem_new(p.memory >> FRAME_SHIFT);
	b->k = kernel_new(&p);
	for (i = 0; i < CPUS; i++)
		ref_kernel_cpu_init(&b->cpu[i], b->k);
	b->set = kevents_new(b->k);
	rng_init(&b->rng, era, "objects");
	return b;
}

static void bench_free(struct bench *b)
{
	u32 i;

	for (i = 0; i < CPUS; i++)
		ref_kernel_cpu_fini(&b->cpu[i]);
	kernel_free(b->k);
	ptmem_free(b->ptmem);
	free(b);
}

/* Of a name always the same: its cache and size follow from it. */
static struct kevent request(struct bench *b, u64 name)
{
	static const char *const cache[] = { NULL, "", "packet", "dentry", "vm_area_struct", "pte_chain" };
	static const u64 bytes[] = { 1, 24, 100, 192, 700, 2000, 4097, 20000 };
	u32 kind = (u32)(name % ARRAY_SIZE(cache));

	return (struct kevent){ .name = name,
				.bytes = kind < 2 ? bytes[name / 7 % ARRAY_SIZE(bytes)] : 192,
				.touch = rng_below(&b->rng, 2) ? ~(u64)0 : 64,
				.gfp = GFP_KERNEL | GFP_NORETRY | (name % 5 ? 0 : GFP_ZERO),
				.cache = cache[kind] };
}

static void one(struct bench *b, bool alloc, u64 name)
{
	struct cpu *c = &b->cpu[rng_below(&b->rng, CPUS)].cpu;
	struct kevent e = request(b, name);

	if (alloc)
		kevents_object_alloc(b->set, c, &e);
	else
		kevents_object_free(b->set, c, &e);
}

static void check(enum kernel_layout layout, enum kernel_era era, u32 slab)
{
	struct bench *b = bench_new(layout, era, slab);
	const struct kevent_stats *st = &b->k->kevent;
	u32 i;

	for (i = 0; i < 2 * NAMES; i++)
		one(b, rng_below(&b->rng, 100) < 70, rng_below(&b->rng, NAMES));
	kernel_check(b->k);
	assert_true(st->objects > NAMES / 8);
	assert_int_equal(st->object_allocs, st->objects_taken + st->failed);
	assert_int_equal(st->object_frees + st->reused,
			 st->objects_given + st->unknown_frees + st->failed_frees);
	for (i = 0; i < NAMES; i++)
		one(b, false, i);
	assert_int_equal(st->objects, 0);
	assert_int_equal(st->objects_taken, st->objects_given);
	assert_int_equal(st->unmodelled, 0);
	slabs_shrink(b->k->slabs, &b->cpu[0].cpu);
	kernel_check(b->k);
	bench_free(b);
}

static void test_i386(void **state)
{
	u32 era;

	for (era = 0; era <= ERA_2_6_37; era++)
		check(KERNEL_LAYOUT_I386, era, era % 3);
}

static void test_x86_64(void **state)
{
	u32 era;

	for (era = ERA_2_6_9; era < NR_ERAS; era++)
		check(KERNEL_LAYOUT_X86_64, era, (era + 1) % 3);
	check(KERNEL_LAYOUT_X86_64, ERA_6_X, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i386),
		cmocka_unit_test(test_x86_64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
