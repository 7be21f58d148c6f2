/*
 * The trees in which reverse mapping keeps intervals against a list of all of them: random insertions and
 * removals, every search with the same results, the structure in order after each step, few nodes looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/interval_tree.h"
#include "model/mm/prio_tree.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define ITEMS 400u

struct item {
	struct interval_node interval;
	struct prio_node prio;
	u64 start, last;
	bool in;  /* in the list */
	bool own; /* and in the tree; else another one stands there for it */
	u32 seen;
};

struct world {
	struct item item[ITEMS];
	struct interval_tree interval;
	struct prio_tree prio;
	struct rng rng;
	u32 n, found, passed;
	u64 previous; /* start of the last one found */
	u32 stop;     /* the search ends after so many; 0: never */
};

static void pick_interval(struct world *w, struct item *i, u32 bits)
{
	u64 space = 1ull << (2 + rng_below(&w->rng, bits - 1));

	i->start = rng_below(&w->rng, space);
	i->last = i->start + rng_below(&w->rng, 1 + rng_below(&w->rng, MIN(space, 40)));
}

static bool meets(const struct item *i, u64 first, u64 last)
{
	return i->in && i->start <= last && first <= i->last;
}

static u32 count(const struct world *w, u64 first, u64 last)
{
	u32 n = 0, i;

	for (i = 0; i < ITEMS; i++)
		n += meets(&w->item[i], first, last);
	return n;
}

/* ---- interval trees ---- */

static bool found_interval(struct interval_search *s, struct interval_node *n)
{
	struct item *i = container_of(n, struct item, interval);
	struct world *w = s->arg;

	assert_true(meets(i, s->first, s->last));
	assert_true(i->start >= w->previous);
	w->previous = i->start;
	i->seen++;
	return ++w->found != w->stop;
}

static void passed_interval(struct interval_search *s, const struct interval_node *n)
{
	((struct world *)s->arg)->passed++;
}

static u32 log2_up(u32 n)
{
	u32 i = 0;

	while (1u << i < n)
		i++;
	return i;
}

static void search_interval(struct world *w, u64 first, u64 last)
{
	struct interval_search s = { first, last, found_interval, passed_interval, w };
	u32 i, expected = count(w, first, last);

	for (i = 0; i < ITEMS; i++)
		w->item[i].seen = 0;
	w->found = w->passed = 0;
	w->previous = 0;
	w->stop = 0;
	assert_true(interval_search(&w->interval, &s));
	assert_int_equal(w->found, expected);
	for (i = 0; i < ITEMS; i++)
		assert_int_equal(w->item[i].seen, meets(&w->item[i], first, last));
	/* O(log n + m) ways down, of a height of at most 2 log (n + 1). */
	assert_in_range(w->passed, 0, (expected + 1) * 2 * log2_up(w->n + 1) + 1);
	if (expected < 2)
		return;
	w->found = 0;
	w->previous = 0;
	w->stop = expected - 1;
	assert_false(interval_search(&w->interval, &s));
	assert_int_equal(w->found, expected - 1);
}

static void toggle_interval(struct world *w, u32 bits)
{
	struct item *i = &w->item[rng_below(&w->rng, ITEMS)];

	if (i->in) {
		interval_remove(&w->interval, &i->interval);
		w->n--;
	} else {
		pick_interval(w, i, bits);
		i->interval.start = i->start;
		i->interval.last = i->last;
		interval_insert(&w->interval, &i->interval);
		w->n++;
	}
	i->in = !i->in;
}

static void test_interval_tree(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	u32 step;

	rng_init(&w->rng, 1, "interval");
	for (step = 0; step < 20000; step++) {
		u64 first = rng_below(&w->rng, 1 + rng_below(&w->rng, 1u << 12));

		toggle_interval(w, 2 + step % 3 * 5);
		assert_int_equal(interval_sane(&w->interval), w->n);
		search_interval(w, first, first + rng_below(&w->rng, 3));
	}
	free(w);
}

/* Equal starts keep their order of insertion. */
static void test_interval_order(void **state)
{
	struct interval_node node[100] = { { 0 } };
	struct interval_tree t = { 0 };
	const struct interval_node *n;
	u32 i;

	for (i = 0; i < 100; i++) {
		node[i].start = 5;
		node[i].last = 5 + i % 7;
		interval_insert(&t, &node[i]);
	}
	for (n = t.root; n->left; n = n->left)
		;
	assert_ptr_equal(n, &node[0]);
	assert_int_equal(interval_sane(&t), 100);
}

/* ---- priority search trees ---- */

static bool found_prio(struct prio_search *s, struct prio_node *n)
{
	struct item *i = container_of(n, struct item, prio);
	struct world *w = s->arg;

	assert_true(i->own && meets(i, s->first, s->last));
	i->seen++;
	return ++w->found != w->stop;
}

static void passed_prio(void *arg, const struct prio_node *n)
{
	((struct world *)arg)->passed++;
}

static void search_prio(struct world *w, u64 first, u64 last)
{
	struct prio_search s = { first, last, found_prio, passed_prio, w };
	u32 i, expected = 0;

	for (i = 0; i < ITEMS; i++) {
		w->item[i].seen = 0;
		expected += w->item[i].own && meets(&w->item[i], first, last);
	}
	w->found = w->passed = 0;
	w->stop = 0;
	assert_true(prio_search(&w->prio, &s));
	assert_int_equal(w->found, expected);
	for (i = 0; i < ITEMS; i++)
		assert_in_range(w->item[i].seen, 0, 1);
	/* O(log n + m), with the bits of an index for log n; each that is found can have two children that
	 * are not. */
	assert_in_range(w->passed, 0, 3 * expected + 2 * w->prio.bits + 2);
	if (expected < 2)
		return;
	w->found = 0;
	w->stop = expected - 1;
	assert_false(prio_search(&w->prio, &s));
	assert_int_equal(w->found, expected - 1);
}

static void nothing(void *arg, struct prio_node *n)
{
}

static void toggle_prio(struct world *w, u32 bits)
{
	struct item *i = &w->item[rng_below(&w->rng, ITEMS)];
	struct prio_node *n;
	u32 k;

	if (i->own) {
		prio_remove(&w->prio, &i->prio, NULL, NULL);
		i->in = i->own = false;
		w->n--;
		return;
	}
	if (i->in)
		return;
	pick_interval(w, i, bits);
	i->prio.start = i->start;
	i->prio.last = i->last;
	n = prio_insert(&w->prio, &i->prio, NULL, NULL);
	if (n == &i->prio) {
		i->in = i->own = true;
		w->n++;
		for (k = 0; k < ITEMS; k++)
			assert_true(&w->item[k] == i || !w->item[k].own || w->item[k].start != i->start ||
				    w->item[k].last != i->last);
		return;
	}
	assert_int_equal(n->start, i->start);
	assert_int_equal(n->last, i->last);
	/* It takes the place of its like. */
	prio_replace(&w->prio, n, &i->prio);
	i->in = i->own = true;
	container_of(n, struct item, prio)->in = container_of(n, struct item, prio)->own = false;
}

static void test_prio_tree(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	u32 step;

	w->prio.word_bits = 64;
	rng_init(&w->rng, 1, "prio");
	for (step = 0; step < 20000; step++) {
		u64 first = rng_below(&w->rng, 1 + rng_below(&w->rng, 1u << 12));

		toggle_prio(w, 2 + step % 4 * 12);
		assert_int_equal(prio_sane(&w->prio, nothing, NULL), w->n);
		search_prio(w, first, first + rng_below(&w->rng, 3));
	}
	free(w);
}

/* Intervals with one start and all lengths: a way down by lengths, of their bits. */
static void test_prio_lengths(void **state)
{
	static struct prio_node node[1000];
	struct prio_tree t = { .word_bits = 32 };
	u32 i;

	for (i = 0; i < 1000; i++) {
		node[i].start = 77;
		node[i].last = 77 + i * 7 % 1000;
		assert_ptr_equal(prio_insert(&t, &node[i], NULL, NULL), &node[i]);
	}
	assert_int_equal(prio_sane(&t, nothing, NULL), 1000);
	for (i = 0; i < 1000; i += 2)
		prio_remove(&t, &node[i], NULL, NULL);
	assert_int_equal(prio_sane(&t, nothing, NULL), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval_tree),
		cmocka_unit_test(test_interval_order),
		cmocka_unit_test(test_prio_tree),
		cmocka_unit_test(test_prio_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
