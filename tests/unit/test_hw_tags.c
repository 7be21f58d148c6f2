/* The tag array against naive twins: every policy, few ways and many, with entries dropped in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "model/hw/tags.h"
#include "model/sim/word.h"
#include "tests/ref/ref_hw_tags.h"

struct geometry {
	u32 sets, ways, keys, steps;
};

static const struct geometry geometries[] = {
	{ 1, 1, 4, 20000 },      { 4, 2, 20, 100000 },    { 2, 3, 12, 100000 },    { 8, 4, 60, 100000 },
	{ 1, 5, 12, 50000 },     { 4, 6, 40, 100000 },    { 2, 7, 20, 100000 },    { 64, 8, 900, 400000 },
	{ 2, 9, 30, 50000 },     { 2, 10, 30, 50000 },    { 8, 11, 150, 100000 },  { 64, 12, 1400, 400000 },
	{ 2, 13, 40, 50000 },    { 2, 14, 40, 50000 },    { 2, 15, 40, 100000 },   { 4, 16, 100, 100000 },
	{ 1, 17, 25, 100000 },   { 1, 18, 30, 50000 },    { 1, 19, 30, 50000 },    { 1, 20, 30, 50000 },
	{ 1, 21, 30, 50000 },    { 1, 22, 30, 50000 },    { 1, 23, 30, 50000 },    { 1, 24, 40, 50000 },
	{ 1, 40, 60, 50000 },    { 1, 64, 100, 50000 },   { 1, 96, 120, 50000 },   { 4, 512, 2600, 20000 },
	{ 1, 4096, 5000, 8000 },
	/* more lines than have times of last use */
	{ 1024, 8, 12000, 150000 }, { 512, 12, 9000, 150000 }, { 256, 24, 9000, 100000 },
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

/* An array beside its twin. */
struct pair {
	struct tags t;
	struct ref_tags *ref;
	struct rng rng;
};

static void pair_init(struct pair *p, const struct geometry *g, u32 policy)
{
	tags_init(&p->t, g->sets, g->ways, policy, 3, "test");
	p->ref = ref_tags_new(g->sets, g->ways, policy, 3, "test");
	rng_init(&p->rng, g->ways, "keys");
}

static void pair_fini(struct pair *p)
{
	tags_sane(&p->t);
	tags_fini(&p->t);
	ref_tags_free(p->ref);
}

/* Both take the same way for a new line. */
static void pair_fill(struct pair *p, u32 set, u64 key, u64 mask)
{
	u32 id = mask == TAG_ALL_WAYS ? tags_victim(&p->t, set) : tags_victim_among(&p->t, set, mask);
	u32 way = tags_way(&p->t, id), ref = ref_tags_victim(p->ref, set, mask);

	assert_int_equal(tags_set(&p->t, id), set);
	assert_true(way >= 64 || mask >> way & 1);
	if (ref == REF_ANY_EMPTY)
		assert_true(ref_tags_is_empty(p->ref, set, way));
	else
		assert_int_equal(way, ref);
	tags_put(&p->t, id, key);
	ref_tags_fill(p->ref, set, way, key);
}

static void pair_step(struct pair *p, u32 set, u64 key, u64 mask, bool drop)
{
	u32 id = tags_find(&p->t, set, key), way = ref_tags_find(p->ref, set, key);

	if (id == TAG_MISS) {
		assert_int_equal(way, REF_NO_WAY);
		if (!drop)
			pair_fill(p, set, key, mask);
		return;
	}
	assert_int_equal(way, tags_way(&p->t, id));
	if (drop) {
		tags_drop(&p->t, id);
		ref_tags_drop(p->ref, set, way);
	} else {
		tags_touch(&p->t, id);
		ref_tags_hit(p->ref, set, way);
	}
}

/* masks: that many classes with ways of their own, which overlap; 1: all ways for all. */
static void run_against_twin(const struct geometry *g, u32 policy, u32 masks, u32 steps)
{
	u64 mask[3] = { TAG_ALL_WAYS, TAG_ALL_WAYS, TAG_ALL_WAYS };
	struct pair p;
	u32 i;

	if (tag_policy_check(policy, g->ways))
		return;
	pair_init(&p, g, policy);
	for (i = 0; i < masks && masks > 1; i++) {
		mask[i] = rng_next(&p.rng) & rng_next(&p.rng);
		mask[i] |= 1ull << rng_below(&p.rng, MIN(g->ways, 64u));
	}
	for (i = 0; i < steps; i++) {
		u64 n = rng_below(&p.rng, g->keys), key = n << 20 | n;

		pair_step(&p, (u32)n % g->sets, key, mask[rng_below(&p.rng, masks)],
			  rng_below(&p.rng, 64) == 0);
	}
	pair_fini(&p);
}

static void run_all_geometries(u32 policy)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++) {
		run_against_twin(&geometries[i], policy, 1, geometries[i].steps);
		run_against_twin(&geometries[i], policy, 3, geometries[i].steps / 8);
	}
}

static void test_lru(void **state)
{
	run_all_geometries(TAGS_LRU);
}

static void test_fifo(void **state)
{
	run_all_geometries(TAGS_FIFO);
}

static void test_plru(void **state)
{
	run_all_geometries(TAGS_PLRU);
}

static void test_trees_of_four(void **state)
{
	run_all_geometries(TAGS_LRU_PLRU4);
	run_all_geometries(TAGS_MRU1_PLRU4);
}

static void test_nru(void **state)
{
	run_all_geometries(TAGS_NRU);
}

static void test_rrip(void **state)
{
	run_all_geometries(TAGS_SRRIP);
	run_all_geometries(TAGS_BRRIP);
	run_all_geometries(TAGS_DRRIP);
}

static u32 qlru(const char *name)
{
	u32 policy;

	assert_true(word_find(tag_policy_names, name, &policy));
	return policy;
}

/* Those that were found in processors in full, every other name for a while. */
static void test_qlru(void **state)
{
	static const char *const found[] = { "qlru", "qlru_h00_m1_r2_u1", "qlru_h11_m1_r1_u2",
					     "qlru_h00_m1_r0_u1", "qlru_h11_mr31_r0_u0" };
	static const struct geometry small[] = { { 2, 4, 14, 0 }, { 2, 12, 40, 0 }, { 1, 20, 40, 0 } };
	u32 i, choice, policy, tried = 0;

	for (i = 0; i < ARRAY_SIZE(found); i++)
		run_all_geometries(qlru(found[i]));
	for (choice = 0; choice < 5 * 10 * 3 * 4 * 2; choice++) {
		policy = TAGS_QLRU_NAMED | choice << WORD_BITS;
		for (i = 0; i < ARRAY_SIZE(small); i++)
			run_against_twin(&small[i], policy, 1 + choice % 3, 1000);
		tried += !tag_policy_check(policy, 4);
	}
	assert_int_equal(tried, 5 * 10 * (2 + 4 + 2) * 2);
}

/*
 * Permutation vectors: a full set's lines by the order in which they would go, 0 the last; a hit on line i
 * puts line vector[i][p] at place p. As measured on a Kaby Lake (12-way STLB, 4-way DTLB, 8-way ITLB) and
 * published with "TLB;DR" (Tatar et al., USENIX Security 2022), tool's output; for lru-plru4 from its policy
 * tables.
 */
static const u8 vector_mru1[12][12] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, { 1, 2, 0, 4, 5, 3, 7, 8, 6, 10, 11, 9 },
	{ 2, 0, 1, 5, 3, 4, 8, 6, 7, 11, 9, 10 }, { 3, 1, 2, 0, 4, 5, 9, 7, 8, 6, 10, 11 },
	{ 4, 2, 0, 1, 5, 3, 10, 8, 6, 7, 11, 9 }, { 5, 0, 1, 2, 3, 4, 11, 6, 7, 8, 9, 10 },
	{ 6, 1, 2, 3, 4, 5, 0, 7, 8, 9, 10, 11 }, { 7, 2, 0, 4, 5, 3, 1, 8, 6, 10, 11, 9 },
	{ 8, 0, 1, 5, 3, 4, 2, 6, 7, 11, 9, 10 }, { 9, 1, 2, 0, 4, 5, 3, 7, 8, 6, 10, 11 },
	{ 10, 2, 0, 1, 5, 3, 4, 8, 6, 7, 11, 9 }, { 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
};
static const u8 vector_lru[12][12] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, { 1, 0, 2, 4, 3, 5, 7, 6, 8, 10, 9, 11 },
	{ 2, 0, 1, 5, 3, 4, 8, 6, 7, 11, 9, 10 }, { 3, 1, 2, 0, 4, 5, 9, 7, 8, 6, 10, 11 },
	{ 4, 0, 2, 1, 3, 5, 10, 6, 8, 7, 9, 11 }, { 5, 0, 1, 2, 3, 4, 11, 6, 7, 8, 9, 10 },
	{ 6, 1, 2, 3, 4, 5, 0, 7, 8, 9, 10, 11 }, { 7, 0, 2, 4, 3, 5, 1, 6, 8, 10, 9, 11 },
	{ 8, 0, 1, 5, 3, 4, 2, 6, 7, 11, 9, 10 }, { 9, 1, 2, 0, 4, 5, 3, 7, 8, 6, 10, 11 },
	{ 10, 0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11 }, { 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
};
static const u8 vector_plru8[8][8] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7 }, { 1, 0, 3, 2, 5, 4, 7, 6 }, { 2, 1, 0, 3, 6, 5, 4, 7 },
	{ 3, 0, 1, 2, 7, 4, 5, 6 }, { 4, 1, 2, 3, 0, 5, 6, 7 }, { 5, 0, 3, 2, 1, 4, 7, 6 },
	{ 6, 1, 0, 3, 2, 5, 4, 7 }, { 7, 0, 1, 2, 3, 4, 5, 6 },
};
static const u8 vector_plru4[4][4] = { { 0, 1, 2, 3 }, { 1, 0, 3, 2 }, { 2, 1, 0, 3 }, { 3, 0, 1, 2 } };

/* What misses turn out, the last first, after line `hit` of a full set was hit. */
static void eviction_order(u32 policy, u32 ways, u64 hit, u64 *order)
{
	struct tags t;
	u64 key, out;

	tags_init(&t, 1, ways, policy, 1, "test");
	for (key = 0; key < 3 * ways; key++)
		use(&t, 0, 1000 + key, &out);
	use(&t, 0, hit, &out);
	assert_true(out == TAG_NO_KEY);
	for (key = 0; key < ways; key++)
		use(&t, 0, 2000 + key, &order[ways - 1 - key]);
	tags_fini(&t);
}

static void check_vectors(u32 policy, u32 ways, const u8 *vector)
{
	u64 before[16], after[16];
	u32 i, place;

	/* A hit on the line used last changes nothing. */
	eviction_order(policy, ways, 1000 + 3 * ways - 1, before);
	assert_true(before[0] == 1000 + 3 * ways - 1);
	for (i = 0; i < ways; i++) {
		eviction_order(policy, ways, before[i], after);
		for (place = 0; place < ways; place++)
			assert_true(after[place] == before[vector[i * ways + place]]);
	}
}

static void test_published_permutations(void **state)
{
	check_vectors(TAGS_MRU1_PLRU4, 12, &vector_mru1[0][0]);
	check_vectors(TAGS_LRU_PLRU4, 12, &vector_lru[0][0]);
	check_vectors(TAGS_PLRU, 8, &vector_plru8[0][0]);
	check_vectors(TAGS_PLRU, 4, &vector_plru4[0][0]);
}

/*
 * A cycle through more lines than there are ways: SRRIP, as LRU, never hits; BRRIP keeps most of the set;
 * DRRIP learns from its leaders to do as BRRIP does, and on a stream that SRRIP likes to do as SRRIP (Jaleel
 * et al.).
 */
static double hit_ratio(u32 policy, u32 lines, u32 scan)
{
	u32 sets = 256, round, set, line, hits = 0;
	struct tags t;
	u64 out;

	tags_init(&t, sets, 8, policy, 1, "test");
	for (round = 0; round < 400; round++) {
		for (line = 0; line < lines; line++) {
			for (set = 0; set < sets; set++)
				hits += use(&t, set, 1 + line, &out) && round >= 200;
		}
		for (line = 0; line < scan; line++) {
			for (set = 0; set < sets; set++)
				use(&t, set, 1000 + (u64)round * scan + line, &out);
		}
	}
	tags_fini(&t);
	return (double)hits / (200.0 * lines * sets);
}

static void test_duel(void **state)
{
	assert_true(hit_ratio(TAGS_SRRIP, 12, 0) == 0);
	assert_true(hit_ratio(TAGS_BRRIP, 12, 0) > 0.4);
	assert_true(hit_ratio(TAGS_DRRIP, 12, 0) > 0.8 * hit_ratio(TAGS_BRRIP, 12, 0));
	assert_true(hit_ratio(TAGS_LRU, 4, 8) == 0);
	assert_true(hit_ratio(TAGS_SRRIP, 4, 2) == 1);
	assert_true(hit_ratio(TAGS_DRRIP, 4, 2) > 0.99);
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
		cmocka_unit_test(test_plru),   cmocka_unit_test(test_trees_of_four),
		cmocka_unit_test(test_nru),    cmocka_unit_test(test_rrip),
		cmocka_unit_test(test_qlru),   cmocka_unit_test(test_published_permutations),
		cmocka_unit_test(test_duel),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_is_seeded), cmocka_unit_test(test_cold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
