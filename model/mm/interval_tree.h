/*
 * Intervals, and which of them contain a point or meet another one: a red-black tree ordered by their starts,
 * each node of which knows the largest end below it. Nodes are embedded in what they stand for. Equal starts
 * keep their order of insertion. M. Lespinasse, 2012; lib/interval_tree.c,
 * include/linux/interval_tree_generic.h; Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", 13
 * and 14.3.
 *
 * For rmap*.c and tests.
 */
#ifndef MMSIM_MM_INTERVAL_TREE_H
#define MMSIM_MM_INTERVAL_TREE_H

#include "model/base/types.h"

struct interval_node {
	struct interval_node *parent, *left, *right;
	u64 start, last; /* inclusive; not to be changed while it is in a tree */
	u64 subtree_last;
	bool red;
};

struct interval_tree {
	struct interval_node *root;
};

/* Depth that it went down to; start and last are set. */
u32 interval_insert(struct interval_tree *t, struct interval_node *n);
u32 interval_remove(struct interval_tree *t, struct interval_node *n);

/*
 * Nodes in ascending order that meet first..last; visit() ends the search by false. pass(), if there is one,
 * is called for every node whose fields are looked at, those included.
 */
struct interval_search {
	u64 first, last;
	bool (*visit)(struct interval_search *s, struct interval_node *n);
	void (*pass)(struct interval_search *s, const struct interval_node *n);
	void *arg;
};
/* False: visit() has ended it. */
bool interval_search(const struct interval_tree *t, struct interval_search *s);

/* Calls fn for all nodes in order. */
void interval_each(const struct interval_tree *t, void (*fn)(void *arg, struct interval_node *n), void *arg);
/* ASSERTs order, colours and ends; returns how many nodes there are. */
u32 interval_sane(const struct interval_tree *t);

#endif
