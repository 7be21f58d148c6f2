/*
 * Random traffic of several cores on every kind of hierarchy, followed byte by byte (ref_coherence.h), and
 * each structure's own check now and then. The caches are so small that everything happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "tests/ref/ref_coherence.h"

#define LINE_BYTES 64u

/* A line that a core fetches is not stored to by that core: its L1I is not kept coherent with its L1D. */
static bool is_code(const struct ref_shape *shape, u32 core, u64 line)
{
	return line % (2 * shape->cores) == core;
}

/*
 * A line that a core's walker reads below the first levels is not touched by that core otherwise, for the
 * same reason; an exclusive level gives what is read away, so that no walker reads there.
 */
static bool is_table(const struct ref_shape *s, u32 core, u64 line)
{
	bool exclusive = s->l2 ? s->l2_inclusion == INCLUSION_EXCLUSIVE :
				 (s->cores_per_l3 && s->l3_inclusion == INCLUSION_EXCLUSIVE) || s->l4;

	return !exclusive && !s->prefetchers && line % (2 * s->cores) == core + s->cores;
}

/* Nor is it loaded where an exclusive level could hand another core's store to the L1D alone. */
static bool loads_code(const struct ref_shape *s)
{
	return (!s->l2 || s->l2_inclusion != INCLUSION_EXCLUSIVE) &&
	       (!s->cores_per_l3 || s->l3_inclusion != INCLUSION_EXCLUSIVE) &&
	       (!s->l4 || s->l4_inclusion != INCLUSION_EXCLUSIVE);
}

static void step(struct ref_coherence *s, struct rng *rng, u64 now)
{
	u32 core = (u32)rng_below(rng, s->shape.cores), what = (u32)rng_below(rng, 100);
	u64 line = rng_below(rng, REF_LINES) & (rng_below(rng, 2) ? ~(u64)0 : 7);
	u64 pa = line * LINE_BYTES + 8 * rng_below(rng, 8);

	if (is_table(&s->shape, core, line))
		ref_coherence_walk(s, core, pa, what < 20, now);
	else if (is_code(&s->shape, core, line) && (what < 60 || !loads_code(&s->shape)))
		ref_coherence_fetch(s, core, pa, now);
	else if (what < 50 || is_code(&s->shape, core, line))
		ref_coherence_load(s, core, pa, MEM_LOAD, now);
	else if (what < 80)
		ref_coherence_store(s, core, pa, 8, MEM_RFO, now);
	else if (what < 86)
		ref_coherence_store(s, core, line * LINE_BYTES, LINE_BYTES, MEM_KERNEL_RFO, now);
	else if (what < 90)
		ref_coherence_store(s, core, pa, 8, MEM_PTE, now);
	else if (what < 94)
		ref_coherence_load(s, core, pa, MEM_PTE, now);
	else if (what < 97)
		ref_coherence_load(s, core, pa, MEM_PREFETCH, now);
	else
		ref_coherence_load(s, core, pa, MEM_KERNEL_LOAD, now);
}

static void run(const struct ref_shape *shape, u64 seed, u32 steps)
{
	struct ref_coherence *s = ref_coherence_new(shape);
	struct rng rng;
	u64 now = 0;
	u32 i;

	rng_init(&rng, seed, "test");
	for (i = 0; i < steps; i++) {
		now += rng_below(&rng, 60);
		step(s, &rng, now);
		if (i % 512 == 0)
			ref_coherence_sane(s);
	}
	ref_coherence_sane(s);
	if (shape->cores > 1 && !shape->through)
		assert_true(s->transfers > steps / 100);
	ref_coherence_free(s);
}

static u32 step_count(void)
{
	const char *text = getenv("MMSIM_TEST_LONG");

	return text && !strcmp(text, "1") ? 20000 : 8000;
}

/* Two to eight cores; L2 and L3 of each kind, present or not; one L3, or one for two or four cores. */
static void test_every_hierarchy(void **state)
{
	static const u32 cores[] = { 2, 3, 4, 8 };
	u32 n, l2, l3, per;
	u64 seed = 1;

	for (n = 0; n < ARRAY_SIZE(cores); n++)
		for (l2 = 0; l2 < 4; l2++)
			for (l3 = 0; l3 < 4; l3++)
				for (per = 1; per <= cores[n]; per++) {
					struct ref_shape s = { .cores = cores[n], .l2 = l2 < 3,
							       .l2_inclusion = l2 % 3, .l3_inclusion = l3 % 3,
							       .cores_per_l3 = l3 < 3 ? per : 0,
							       .allocate = true,
							       .forward = seed % 3 == 0 };

					if (cores[n] % per == 0)
						run(&s, seed++, step_count());
				}
}

/* An L4 below: three directories deep where the L3s are private. */
static void test_fourth_level(void **state)
{
	u32 l2, l3, l4, per;
	u64 seed = 1;

	for (l2 = 0; l2 < 3; l2++)
		for (l3 = 0; l3 < 3; l3++)
			for (l4 = 0; l4 < 3; l4++)
				for (per = 1; per <= 4; per *= 2) {
					struct ref_shape s = { .cores = 4, .l2 = true, .l4 = true,
							       .l2_inclusion = l2, .l3_inclusion = l3,
							       .l4_inclusion = l4, .cores_per_l3 = per,
							       .allocate = true };

					run(&s, seed++, step_count());
				}
}

/* Stores that go through the first level; stores that bring no line in, anywhere. */
static void test_write_policies(void **state)
{
	u32 l2, l3, how;
	u64 seed = 1;

	for (l2 = 0; l2 < 3; l2++)
		for (l3 = 0; l3 < 4; l3++)
			for (how = 0; how < 4; how++) {
				struct ref_shape s = { .cores = 4, .l2 = l2 < 2, .l2_inclusion = l2 % 2,
						       .l3_inclusion = l3 % 3, .cores_per_l3 = l3 < 3 ? 2 : 0,
						       .through = how & 1, .allocate = how & 2 };

				/* Nothing that is written through stands right above an exclusive level. */
				if (s.l2 || !s.through || l3 != INCLUSION_EXCLUSIVE)
					run(&s, seed++, step_count());
			}
}

/* Victims that have nothing to do with age. */
static void test_random_replacement(void **state)
{
	u32 l2, l3;
	u64 seed = 1;

	for (l2 = 0; l2 < 3; l2++)
		for (l3 = 0; l3 < 3; l3++) {
			struct ref_shape s = { .cores = 4, .l2 = true, .l2_inclusion = l2,
					       .l3_inclusion = l3, .cores_per_l3 = 2, .allocate = true,
					       .policy = TAGS_RANDOM };

			run(&s, seed++, 5 * step_count());
		}
}

/* Prefetchers at every level: lines come and go while others are on their way up. */
static void test_prefetchers(void **state)
{
	u32 l2, l3, per;
	u64 seed = 1;

	for (l2 = 0; l2 < 4; l2++)
		for (l3 = 0; l3 < 4; l3++)
			for (per = 1; per <= 4; per *= 2) {
				struct ref_shape s = { .cores = 4, .l2 = l2 < 3, .l2_inclusion = l2 % 3,
						       .l3_inclusion = l3 % 3,
						       .cores_per_l3 = l3 < 3 ? per : 0, .allocate = true,
						       .prefetchers = true,
						       .policy = seed % 2 ? TAGS_RANDOM : TAGS_LRU };

				run(&s, seed++, step_count());
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_hierarchy),
		cmocka_unit_test(test_fourth_level),
		cmocka_unit_test(test_write_policies),
		cmocka_unit_test(test_random_replacement),
		cmocka_unit_test(test_prefetchers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
