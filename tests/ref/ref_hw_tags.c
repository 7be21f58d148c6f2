#include "tests/ref/ref_hw_tags.h"

#include <stdlib.h>
#include <string.h>

#define NONE (~(u64)0)

struct ref_set {
	u64 *list;    /* lru, fifo: newest first, n of them */
	u64 *way;     /* tree-plru: by way */
	bool *right;  /* tree-plru: by node, the half to be replaced next */
	u32 n;
};

struct ref_tags {
	u32 sets, ways, leaves;
	enum tag_policy policy;
	struct ref_set *set;
};

struct ref_tags *ref_tags_new(u32 sets, u32 ways, enum tag_policy policy)
{
	struct ref_tags *t = calloc(1, sizeof(*t));
	u32 s, w;

	t->sets = sets;
	t->ways = ways;
	t->policy = policy;
	for (t->leaves = 1; t->leaves < ways; t->leaves *= 2)
		;
	t->set = calloc(sets, sizeof(*t->set));
	for (s = 0; s < sets; s++) {
		t->set[s].list = calloc(ways, sizeof(u64));
		t->set[s].way = calloc(ways, sizeof(u64));
		t->set[s].right = calloc(2 * t->leaves, sizeof(bool));
		for (w = 0; w < ways; w++)
			t->set[s].way[w] = NONE;
	}
	return t;
}

void ref_tags_free(struct ref_tags *t)
{
	u32 s;

	for (s = 0; s < t->sets; s++) {
		free(t->set[s].list);
		free(t->set[s].way);
		free(t->set[s].right);
	}
	free(t->set);
	free(t);
}

static int list_find(const struct ref_set *s, u64 key)
{
	u32 i;

	for (i = 0; i < s->n; i++) {
		if (s->list[i] == key)
			return (int)i;
	}
	return -1;
}

static void list_remove(struct ref_set *s, u32 i)
{
	memmove(&s->list[i], &s->list[i + 1], (s->n - i - 1) * sizeof(u64));
	s->n--;
}

static void list_push(struct ref_set *s, u64 key)
{
	memmove(&s->list[1], &s->list[0], s->n * sizeof(u64));
	s->list[0] = key;
	s->n++;
}

static bool list_access(struct ref_tags *t, struct ref_set *s, u64 key, u64 *evicted)
{
	int i = list_find(s, key);

	if (i >= 0) {
		if (t->policy == TAGS_LRU) {
			list_remove(s, (u32)i);
			list_push(s, key);
		}
		return true;
	}
	if (s->n == t->ways) {
		*evicted = s->list[s->n - 1];
		s->n--;
	}
	list_push(s, key);
	return false;
}

/* Turns every node on the way to a leaf of [first, first + span) away from it. */
static void tree_away(struct ref_set *s, u32 node, u32 first, u32 span, u32 way)
{
	u32 half = span / 2;

	if (span == 1)
		return;
	s->right[node] = way < first + half;
	if (way < first + half)
		tree_away(s, 2 * node, first, half, way);
	else
		tree_away(s, 2 * node + 1, first + half, half, way);
}

static u32 tree_victim(const struct ref_tags *t, const struct ref_set *s, u32 node, u32 first, u32 span)
{
	u32 half = span / 2;

	if (span == 1)
		return first;
	if (s->right[node] && first + half < t->ways)
		return tree_victim(t, s, 2 * node + 1, first + half, half);
	return tree_victim(t, s, 2 * node, first, half);
}

static u32 way_of(const struct ref_tags *t, const struct ref_set *s, u64 key)
{
	u32 w;

	for (w = 0; w < t->ways && s->way[w] != key; w++)
		;
	return w;
}

static bool tree_access(struct ref_tags *t, struct ref_set *s, u64 key, u64 *evicted)
{
	u32 way = way_of(t, s, key);
	bool hit = way < t->ways;

	if (!hit) {
		way = way_of(t, s, NONE);
		if (way == t->ways) {
			way = tree_victim(t, s, 1, 0, t->leaves);
			*evicted = s->way[way];
		}
		s->way[way] = key;
	}
	tree_away(s, 1, 0, t->leaves, way);
	return hit;
}

bool ref_tags_access(struct ref_tags *t, u32 set, u64 key, u64 *evicted)
{
	*evicted = NONE;
	if (t->policy == TAGS_PLRU)
		return tree_access(t, &t->set[set], key, evicted);
	return list_access(t, &t->set[set], key, evicted);
}

bool ref_tags_drop(struct ref_tags *t, u32 set, u64 key)
{
	struct ref_set *s = &t->set[set];
	u32 way = way_of(t, s, key);
	int i = list_find(s, key);

	if (t->policy == TAGS_PLRU && way < t->ways) {
		s->way[way] = NONE;
		return true;
	}
	if (i < 0)
		return false;
	list_remove(s, (u32)i);
	return true;
}
