/* The tag array against naive twins: every policy, few ways and many, with entries dropped in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "model/hw/tags.h"
#include "tests/ref/ref_hw_tags.h"

struct geometry {
	u32 sets, ways, keys, steps;
};

static const struct geometry geometries[] = {
	{ 1, 1, 4, 20000 },      { 4, 2, 20, 100000 },    { 2, 3, 12, 100000 },    { 8, 4, 60, 200000 },
	{ 4, 6, 40, 200000 },    { 2, 7, 20, 100000 },    { 64, 8, 900, 1000000 }, { 8, 11, 150, 300000 },
	{ 64, 12, 1400, 1000000 }, { 2, 15, 40, 200000 }, { 4, 16, 100, 300000 },  { 1, 17, 25, 200000 },
	{ 1, 40, 60, 300000 },   { 1, 64, 100, 300000 },  { 1, 96, 120, 300000 },  { 4, 512, 2600, 300000 },
	{ 1, 4096, 5000, 30000 },
};

/* One access as a cache or a TLB makes it; what had to go is returned. */
static bool use(struct tags *t, u32 set, u64 key, u64 *evicted)
{
	u32 id = tags_find(t, set, key);

	*evicted = TAG_NO_KEY;
	if (id != TAG_MISS) {
		tags_touch(t, id);
		return true;
	}
	id = tags_victim(t, set);
	*evicted = t->key[id];
	tags_put(t, id, key);
	return false;
}

static void run_against_twin(const struct geometry *g, enum tag_policy policy)
{
	struct ref_tags *ref = ref_tags_new(g->sets, g->ways, policy);
	struct tags t;
	struct rng rng;
	u64 out, ref_out;
	u32 i;

	tags_init(&t, g->sets, g->ways, policy, 1, "test");
	rng_init(&rng, g->ways, "keys");
	for (i = 0; i < g->steps; i++) {
		u64 n = rng_below(&rng, g->keys), key = n << 20 | n;
		u32 set = (u32)n % g->sets, id;

		if (rng_below(&rng, 64) == 0) {
			id = tags_find(&t, set, key);
			assert_int_equal(ref_tags_drop(ref, set, key), id != TAG_MISS);
			if (id != TAG_MISS)
				tags_drop(&t, id);
			continue;
		}
		assert_int_equal(use(&t, set, key, &out), ref_tags_access(ref, set, key, &ref_out));
		assert_true(out == ref_out);
	}
	tags_sane(&t);
	tags_fini(&t);
	ref_tags_free(ref);
}

static void test_lru(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++)
		run_against_twin(&geometries[i], TAGS_LRU);
}

static void test_fifo(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++)
		run_against_twin(&geometries[i], TAGS_FIFO);
}

static void test_plru(void **state)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++)
		run_against_twin(&geometries[i], TAGS_PLRU);
}

/* A full set loses each of its ways about equally often, and only when it is full. */
static void random_victims(u32 ways)
{
	u32 count[512] = { 0 }, i;
	struct tags t;
	u64 out;

	tags_init(&t, 1, ways, TAGS_RANDOM, 7, "test");
	for (i = 0; i < ways; i++) {
		use(&t, 0, i, &out);
		assert_true(out == TAG_NO_KEY);
	}
	for (i = 0; i < 1000 * ways; i++) {
		u32 id = tags_victim(&t, 0);

		count[id]++;
		tags_put(&t, id, 100000 + i);
	}
	for (i = 0; i < ways; i++)
		assert_in_range(count[i], 800, 1200);
	tags_sane(&t);
	tags_fini(&t);
}

static void test_random(void **state)
{
	random_victims(3);
	random_victims(16);
	random_victims(96);
	random_victims(512);
}

/* Two arrays with the same seed and name choose alike; another name chooses differently. */
static void test_random_is_seeded(void **state)
{
	struct tags a, b, other;
	u32 i, same = 0;
	u64 out;

	tags_init(&a, 1, 8, TAGS_RANDOM, 1, "a");
	tags_init(&b, 1, 8, TAGS_RANDOM, 1, "a");
	tags_init(&other, 1, 8, TAGS_RANDOM, 1, "other");
	for (i = 0; i < 8; i++) {
		use(&a, 0, i, &out);
		use(&b, 0, i, &out);
		use(&other, 0, i, &out);
	}
	for (i = 0; i < 1000; i++) {
		u32 id = tags_victim(&a, 0);

		assert_int_equal(id, tags_victim(&b, 0));
		same += id == tags_victim(&other, 0);
	}
	assert_in_range(same, 60, 190); /* one in eight by chance */
	tags_fini(&a);
	tags_fini(&b);
	tags_fini(&other);
}

/* A cold access to key 0 is a miss: nothing is there before it was put there. */
static void test_cold(void **state)
{
	struct tags t;

	tags_init(&t, 4, 8, TAGS_LRU, 1, "test");
	assert_int_equal(tags_find(&t, 0, 0), TAG_MISS);
	tags_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lru),    cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_plru),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_is_seeded), cmocka_unit_test(test_cold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
