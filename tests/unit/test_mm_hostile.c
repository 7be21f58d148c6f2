/* Calls and accesses that no program would make: anything may be refused, but nothing may break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/base/rng.h"
#include "tests/ref/ref_mm_cpu.h"

#define NR_MMS 4u

/* Ends of the space, of tables, of 64 bits, and addresses near each other. */
static u64 any_address(struct rng *rng)
{
	static const u64 bases[] = { 0,          1ull << 21, 1ull << 30,  1ull << 39,
				     1ull << 47, 1ull << 48, ~0ull << 47, ~0ull };
	u64 va = bases[rng_below(rng, ARRAY_SIZE(bases))];

	return va + rng_below(rng, 1u << 17) - (1u << 16);
}

static u64 any_length(struct rng *rng)
{
	return rng_below(rng, 4) ? rng_below(rng, 1u << 17) : rng_next(rng) >> rng_below(rng, 64);
}

static void any_call(struct rng *rng, struct mm *mm, struct ref_cpu *c)
{
	struct mm_map map = { .addr = any_address(rng),
			      .len = any_length(rng),
			      .flags = (u32)rng_below(rng, 128),
			      .object = rng_below(rng, 5),
			      .offset = rng_next(rng) >> rng_below(rng, 64) };
	u32 traps;

	switch (rng_below(rng, 12)) {
	case 0:
		mm_mmap(mm, &c->cpu, &map);
		break;
	case 1:
		mm_munmap(mm, &c->cpu, map.addr, map.len);
		break;
	case 2:
		mm_mremap(mm, &c->cpu, map.addr, map.len, any_address(rng), any_length(rng));
		break;
	case 3:
		mm_mprotect(mm, &c->cpu, map.addr, map.len, map.flags);
		break;
	case 4:
		mm_madvise(mm, &c->cpu, map.addr, map.len, (u32)rng_below(rng, 12));
		break;
	case 5:
		mm_brk(mm, &c->cpu, map.addr, map.addr + map.len);
		break;
	default:
		ref_access(c, mm, map.addr, (enum access_kind)rng_below(rng, 3), &traps);
	}
}

static void another(struct kernel *k, struct rng *rng, struct mm **mm, struct ref_cpu *c)
{
	if (*mm)
		mm_put(*mm, &c->cpu);
	*mm = mm_new(k, rng_below(rng, 2));
}

static void run(u64 frames, u64 seed)
{
	struct kernel_cfg cfg = { .colours = 1,
				  .flush_ceiling = 33,
				  .era = ERA_6_X,
				  .charge = true,
				  .instruction_scale = 100,
				  .asids = 2,
				  .stack_limit = 1u << 20,
				  .zero_page = true };
	struct ptmem *ptmem = ptmem_new(frames);
	struct kernel_params p = { .cfg = &cfg,
				   .format = &pt_x86_64,
				   .ptmem = ptmem,
				   .memory = frames * FRAME_SIZE,
				   .hz = 1000000000,
				   .seed = seed };
	struct kernel *k = kernel_new(&p);
	struct ref_cpu *c = calloc(1, sizeof(*c));
	struct mm *mm[NR_MMS] = { NULL };
	struct rng rng;
	u32 i;

	ref_cpu_init(c, k);
	rng_init(&rng, seed, "hostile");
	for (i = 0; i < 40000; i++) {
		u32 m = (u32)rng_below(&rng, NR_MMS), to = (u32)rng_below(&rng, NR_MMS);

		if (!mm[m] || rng_below(&rng, 400) == 0)
			another(k, &rng, &mm[m], c);
		else if (!mm[to])
			mm[to] = mm_fork(mm[m], &c->cpu);
		else
			any_call(&rng, mm[m], c);
		if (c->n_tlb > 300)
			c->n_tlb = c->n_pwc = 0;
		if (i % 16 == 0)
			kernel_check(k);
	}
	kernel_free(k);
	ptmem_free(ptmem);
	free(c);
}

static void nothing_breaks(void **state)
{
	run(100000, 1);
	run(300, 2);
	run(8, 3);
	run(1, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
