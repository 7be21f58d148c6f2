/* The index of an object's pages against a plain array over random histories, with failing memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/cache_index.h"
#include "model/mm/slab_impl.h"
#include "tests/ref/ref_pages.h"

#include <cmocka.h> /* last: its fail() is a macro */

/* Places that are used, in clusters up to the largest index. */
#define PLACES 1500u

struct world {
	struct page_index ix;
	struct cache_nodes nodes;
	struct rng rng;
	u64 index[PLACES]; /* ascending */
	u64 entry[PLACES];
	bool tag[PLACES][NR_CACHE_TAGS];
};

static u32 pick(struct world *w, u32 n)
{
	return (u32)rng_below(&w->rng, n);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static void place(struct world *w)
{
	u64 at = 0;
	u32 i;

	for (i = 0; i < PLACES; i++) {
		if (i % 100 == 99)
			at = rng_next(&w->rng) >> 12 >> pick(w, 52);
		w->index[i] = at;
		at += 1 + (pick(w, 4) ? 0 : pick(w, 200));
	}
	qsort(w->index, PLACES, sizeof(w->index[0]), compare);
	for (i = 1; i < PLACES; i++)
		w->index[i] += w->index[i] <= w->index[i - 1] ? w->index[i - 1] + 1 - w->index[i] : 0;
}

static void store(struct world *w, u32 i)
{
	u64 entry = 0;
	u32 t;

	if (pick(w, 3))
		entry = pick(w, 4) ? cache_page(pick(w, 1u << 20)) : cache_value(pick(w, 1u << 20));
	if (!cache_index_store(&w->ix, &w->nodes, NULL, w->index[i], entry))
		return;
	if (!entry && !w->entry[i])
		return;
	w->entry[i] = entry;
	for (t = 0; t < NR_CACHE_TAGS; t++)
		w->tag[i][t] = false;
}

static void tag(struct world *w, u32 i)
{
	u32 t = pick(w, NR_CACHE_TAGS);

	if (!w->entry[i] || cache_is_value(w->entry[i]))
		return;
	w->tag[i][t] = pick(w, 2);
	cache_index_tag(&w->ix, w->index[i], (enum cache_tag)t, w->tag[i][t]);
}

static void compare_walks(struct world *w)
{
	u64 at = 0, n[NR_CACHE_TAGS] = { 0 }, all = 0, tagged;
	u32 i, t;

	for (i = 0; i < PLACES; i++) {
		assert_int_equal(cache_index_load(&w->ix, w->index[i]), w->entry[i]);
		if (!w->entry[i])
			continue;
		assert_int_equal(cache_index_next(&w->ix, &at), w->entry[i]);
		assert_int_equal(at++, w->index[i]);
		all++;
		for (t = 0; t < NR_CACHE_TAGS; t++)
			assert_int_equal(cache_index_tagged(&w->ix, w->index[i], (enum cache_tag)t),
					 w->tag[i][t]);
	}
	assert_int_equal(cache_index_next(&w->ix, &at), 0);
	assert_int_equal(w->ix.pages + w->ix.values, all);
	for (t = 0; t < NR_CACHE_TAGS; t++)
		for (i = 0; i < PLACES; i++) {
			if (!w->tag[i][t])
				continue;
			tagged = cache_index_next_tagged(&w->ix, &n[t], (enum cache_tag)t);
			assert_int_equal(tagged, w->entry[i]);
			assert_int_equal(n[t]++, w->index[i]);
		}
	assert_int_equal(cache_index_sane(&w->ix), w->nodes.n);
}

static void empty(struct world *w)
{
	u32 i;

	for (i = 0; i < PLACES; i++)
		if (!pick(w, 2) || pick(w, 2)) {
			cache_index_store(&w->ix, &w->nodes, NULL, w->index[i], 0);
			w->entry[i] = 0;
			w->tag[i][0] = w->tag[i][1] = false;
		}
}

static void random_history(struct kmem_cache *slab, struct ref_pages *pages, bool shrinks, u64 seed)
{
	struct world *w = xcalloc(1, sizeof(*w));
	u32 step;

	w->nodes = (struct cache_nodes){ .slab = slab, .shrinks = shrinks };
	rng_init(&w->rng, seed, "cache_index");
	place(w);
	for (step = 0; step < 40000; step++) {
		if (pages)
			pages->fail_one_in = pick(w, 2) ? 20 : 0;
		if (pick(w, 2))
			store(w, pick(w, PLACES));
		else
			tag(w, pick(w, PLACES));
		if (step % 1000 == 0)
			compare_walks(w);
		if (step % 10000 == 9999)
			empty(w);
	}
	compare_walks(w);
	cache_index_clear(&w->ix, &w->nodes, NULL);
	assert_int_equal(w->nodes.n, 0);
	free(w);
}

static void test_like_an_array(void **state)
{
	random_history(NULL, NULL, true, 1);
	random_history(NULL, NULL, false, 2);
}

static void test_without_memory(void **state)
{
	struct page_alloc_cfg cfg = { .era = ERA_6_X,
				      .bytes = 64u << 20,
				      .shift = 12,
				      .nodes = 1,
				      .cpus = 1,
				      .word = 8,
				      .direct_map = 0xffff888000000000ull };
	struct ref_pages pages;
	struct slabs *s;
	u64 before;

	ref_pages_init(&pages, &cfg);
	s = slabs_new_from(&pages.pa, &ref_pages_ops, SLAB_SLUB, 64);
	assert_true(slabs_boot(s));
	before = pages.in_use;
	random_history(slabs_named(s, "radix_tree_node"), &pages, true, 3);
	slabs_shrink(s, NULL);
	assert_int_equal(pages.in_use, before);
	slabs_free(s);
	ref_pages_fini(&pages);
}

/* Levels as the largest index needs: 64 pages a leaf, 262,144 below a third level. */
static void test_levels(void **state)
{
	static const struct {
		u64 index, nodes;
	} cases[] = { { 0, 0 }, { 1, 1 }, { 63, 1 }, { 64, 3 }, { 4095, 3 }, { 4096, 5 }, { 262143, 5 } };
	struct cache_nodes nodes = { .shrinks = true };
	struct page_index ix = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(cache_index_store(&ix, &nodes, NULL, 0, cache_page(7)));
		assert_true(cache_index_store(&ix, &nodes, NULL, cases[i].index, cache_page(8)));
		assert_int_equal(nodes.n, cases[i].nodes);
		assert_true(cache_index_store(&ix, &nodes, NULL, cases[i].index, 0));
		assert_int_equal(nodes.n, 0);
		cache_index_clear(&ix, &nodes, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_an_array),
		cmocka_unit_test(test_without_memory),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
