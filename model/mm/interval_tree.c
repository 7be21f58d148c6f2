#include "model/mm/interval_tree.h"

#include "model/base/error.h"

/* ---- the red-black tree ---- */

static void set_last(struct interval_node *n)
{
	u64 last = n->last;

	if (n->left)
		last = MAX(last, n->left->subtree_last);
	if (n->right)
		last = MAX(last, n->right->subtree_last);
	n->subtree_last = last;
}

/* From n up to the root. */
static void set_lasts(struct interval_node *n)
{
	for (; n; n = n->parent)
		set_last(n);
}

/* What points to n: its parent, or the tree. */
static struct interval_node **link_to(struct interval_tree *t, const struct interval_node *n)
{
	if (!n->parent)
		return &t->root;
	return n->parent->left == n ? &n->parent->left : &n->parent->right;
}

/* The child that way takes n's place, n becomes its other child. */
static void rotate(struct interval_tree *t, struct interval_node *n, bool right_child)
{
	struct interval_node *up = right_child ? n->right : n->left;
	struct interval_node **inner = right_child ? &up->left : &up->right;

	*link_to(t, n) = up;
	up->parent = n->parent;
	*(right_child ? &n->right : &n->left) = *inner;
	if (*inner)
		(*inner)->parent = n;
	*inner = n;
	n->parent = up;
	set_last(n);
	set_last(up);
}

static bool is_red(const struct interval_node *n)
{
	return n && n->red;
}

/* n is red; its parent may be, too. */
static void balance_inserted(struct interval_tree *t, struct interval_node *n)
{
	while (is_red(n->parent)) {
		struct interval_node *parent = n->parent, *grand = parent->parent;
		bool right = grand->right == parent;
		struct interval_node *uncle = right ? grand->left : grand->right;

		if (is_red(uncle)) {
			parent->red = uncle->red = false;
			grand->red = true;
			n = grand;
			continue;
		}
		if ((parent->right == n) != right) {
			rotate(t, parent, !right);
			parent = n;
		}
		parent->red = false;
		grand->red = true;
		rotate(t, grand, right);
		break;
	}
	t->root->red = false;
}

u32 interval_insert(struct interval_tree *t, struct interval_node *n)
{
	struct interval_node **link = &t->root, *parent = NULL;
	u32 depth = 0;

	for (; *link; depth++) {
		parent = *link;
		parent->subtree_last = MAX(parent->subtree_last, n->last);
		link = n->start < parent->start ? &parent->left : &parent->right;
	}
	*link = n;
	n->parent = parent;
	n->left = n->right = NULL;
	n->subtree_last = n->last;
	n->red = true;
	balance_inserted(t, n);
	return depth;
}

/* A black node is missing where n (which may be none) hangs below parent. */
static void balance_removed(struct interval_tree *t, struct interval_node *n, struct interval_node *parent)
{
	while (parent && !is_red(n)) {
		bool right = parent->left == n; /* on which side the sibling is */
		struct interval_node *sibling = right ? parent->right : parent->left, *inner, *outer;

		ASSERT(sibling); /* its paths have as many black nodes as those on this side had */
		if (sibling->red) {
			sibling->red = false;
			parent->red = true;
			rotate(t, parent, right);
			sibling = right ? parent->right : parent->left;
		}
		inner = right ? sibling->left : sibling->right;
		outer = right ? sibling->right : sibling->left;
		if (!is_red(inner) && !is_red(outer)) {
			sibling->red = true;
			n = parent;
			parent = n->parent;
			continue;
		}
		if (!is_red(outer)) {
			inner->red = false;
			sibling->red = true;
			rotate(t, sibling, !right);
			outer = sibling;
			sibling = inner;
		}
		sibling->red = parent->red;
		parent->red = outer->red = false;
		rotate(t, parent, right);
		return;
	}
	if (n)
		n->red = false;
}

static struct interval_node *leftmost(struct interval_node *n)
{
	while (n->left)
		n = n->left;
	return n;
}

/* n, which has one child at most, leaves its place to that. */
static void cut(struct interval_tree *t, struct interval_node *n)
{
	struct interval_node *child = n->left ? n->left : n->right, *parent = n->parent;

	*link_to(t, n) = child;
	if (child)
		child->parent = parent;
	set_lasts(parent);
	if (!n->red)
		balance_removed(t, child, parent);
}

/* m, which is in no tree, takes n's place. */
static void replace(struct interval_tree *t, const struct interval_node *n, struct interval_node *m)
{
	m->parent = n->parent;
	m->left = n->left;
	m->right = n->right;
	m->red = n->red;
	*link_to(t, n) = m;
	if (m->left)
		m->left->parent = m;
	if (m->right)
		m->right->parent = m;
	set_lasts(m);
}

u32 interval_remove(struct interval_tree *t, struct interval_node *n)
{
	struct interval_node *next;
	u32 depth = 0;

	for (next = n; next->parent; next = next->parent)
		depth++;
	ASSERT(next == t->root);
	if (!n->left || !n->right) {
		cut(t, n);
		return depth;
	}
	next = leftmost(n->right);
	cut(t, next);
	replace(t, n, next);
	return depth;
}

/* ---- searches ---- */

static void pass(struct interval_search *s, const struct interval_node *n)
{
	if (s->pass)
		s->pass(s, n);
}

/* In order; n's subtree reaches s->first. */
static bool search(const struct interval_node *n, struct interval_search *s)
{
	for (;;) {
		pass(s, n);
		if (n->left && n->left->subtree_last >= s->first && !search(n->left, s))
			return false;
		if (n->start > s->last)
			return true;
		if (n->last >= s->first && !s->visit(s, (struct interval_node *)n))
			return false;
		n = n->right;
		if (!n || n->subtree_last < s->first)
			return true;
	}
}

bool interval_search(const struct interval_tree *t, struct interval_search *s)
{
	return !t->root || t->root->subtree_last < s->first || search(t->root, s);
}

static void each(struct interval_node *n, void (*fn)(void *arg, struct interval_node *n), void *arg)
{
	if (!n)
		return;
	each(n->left, fn, arg);
	fn(arg, n);
	each(n->right, fn, arg);
}

void interval_each(const struct interval_tree *t, void (*fn)(void *arg, struct interval_node *n), void *arg)
{
	each(t->root, fn, arg);
}

/* Black nodes on each way down; counts all. */
static u32 sane_below(const struct interval_node *n, const struct interval_node *parent, u32 *nodes)
{
	u64 last;
	u32 black;

	if (!n)
		return 0;
	++*nodes;
	ASSERT(n->parent == parent && n->start <= n->last);
	ASSERT(!n->red || (!is_red(n->left) && !is_red(n->right)));
	ASSERT(!n->left || n->left->start <= n->start);
	ASSERT(!n->right || n->right->start >= n->start);
	black = sane_below(n->left, n, nodes);
	ASSERT(sane_below(n->right, n, nodes) == black);
	last = MAX(n->last, n->left ? n->left->subtree_last : 0);
	ASSERT(n->subtree_last == MAX(last, n->right ? n->right->subtree_last : 0));
	return black + !n->red;
}

u32 interval_sane(const struct interval_tree *t)
{
	u32 nodes = 0;

	ASSERT(!is_red(t->root));
	sane_below(t->root, NULL, &nodes);
	return nodes;
}
