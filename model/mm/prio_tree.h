/*
 * Intervals in a radix priority search tree: each node has the largest end of all below it (heap), and its
 * children part what remains by the next bit of their starts (radix), after the last one by the bits of their
 * lengths. So a search takes as many steps as there are results, and the bits of an index; nothing has to be
 * balanced. Of like intervals only one can be in the tree. E. McCreight, "Priority search trees", SIAM
 * Journal on Computing 14 (1985); lib/prio_tree.c and mm/prio_tree.c of 2.6.7 to 3.6.
 *
 * For rmap*.c and tests.
 */
#ifndef MMSIM_MM_PRIO_TREE_H
#define MMSIM_MM_PRIO_TREE_H

#include "model/base/types.h"

struct prio_node {
	struct prio_node *parent, *left, *right;
	u64 start, last; /* inclusive; not to be changed while it is in a tree */
};

struct prio_tree {
	struct prio_node *root;
	u32 bits;      /* of the indices that it has room for now; 0: it is new */
	u32 word_bits; /* of an index at most, which is how many bits of lengths are looked at: 32 or 64 */
};

/* Called for each node that is looked at; NULL: nobody wants to know. */
typedef void (*prio_pass)(void *arg, const struct prio_node *n);

/* Returns the node, or the one that has the same interval already. */
struct prio_node *prio_insert(struct prio_tree *t, struct prio_node *n, prio_pass pass, void *arg);
void prio_remove(struct prio_tree *t, struct prio_node *n, prio_pass pass, void *arg);
/* `n`, with the same interval, takes the place of `old`. */
void prio_replace(struct prio_tree *t, struct prio_node *old, struct prio_node *n);

/* Nodes that meet first..last, each before those below it; visit() ends the search by false. */
struct prio_search {
	u64 first, last;
	bool (*visit)(struct prio_search *s, struct prio_node *n);
	prio_pass pass;
	void *arg; /* pass()'s too */
};
bool prio_search(const struct prio_tree *t, struct prio_search *s);

/* ASSERTs heap order, bits, and height; calls fn for all nodes, returns how many there are. */
u32 prio_sane(const struct prio_tree *t, void (*fn)(void *arg, struct prio_node *n), void *arg);

#endif
