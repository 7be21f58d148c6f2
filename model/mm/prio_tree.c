#include "model/mm/prio_tree.h"

#include "model/base/error.h"

static u64 max_index(u32 bits)
{
	return bits < 64 ? (1ull << bits) - 1 : ~(u64)0;
}

/* Where the bits of a way down stand: of starts, then of lengths. */
struct place {
	u64 mask;
	bool lengths;
};

static struct place top(const struct prio_tree *t)
{
	return (struct place){ 1ull << (t->bits - 1), false };
}

static struct place below(const struct prio_tree *t, struct place p)
{
	p.mask >>= 1;
	return p.mask ? p : (struct place){ 1ull << (t->word_bits - 1), true };
}

static bool goes_right(const struct prio_node *n, struct place p)
{
	return (p.lengths ? n->last - n->start : n->start) & p.mask;
}

static bool same(const struct prio_node *a, const struct prio_node *b)
{
	return a->start == b->start && a->last == b->last;
}

/* Whether a must stand above b. */
static bool is_above(const struct prio_node *a, const struct prio_node *b)
{
	return a->last > b->last || (a->last == b->last && a->start < b->start);
}

static struct prio_node **link_to(struct prio_tree *t, const struct prio_node *n)
{
	if (!n->parent)
		return &t->root;
	return n->parent->left == n ? &n->parent->left : &n->parent->right;
}

void prio_replace(struct prio_tree *t, struct prio_node *old, struct prio_node *n)
{
	n->parent = old->parent;
	n->left = old->left;
	n->right = old->right;
	*link_to(t, old) = n;
	if (n->left)
		n->left->parent = n;
	if (n->right)
		n->right->parent = n;
}

static void hang(struct prio_node *parent, struct prio_node *n, bool right)
{
	*(right ? &parent->right : &parent->left) = n;
	n->parent = parent;
}

static void clear(struct prio_node *n)
{
	n->parent = n->left = n->right = NULL;
}

/*
 * The tree gets room for n's end, which is beyond all others: n stands on top, and below it one node for each
 * further bit, the one with the largest end of those that are left, as all starts have that bit clear.
 */
static void expand(struct prio_tree *t, struct prio_node *n, prio_pass pass, void *arg)
{
	struct prio_node *end = n, *root;

	clear(n);
	if (n->last > max_index(t->bits))
		t->bits++;
	while (n->last > max_index(t->bits)) {
		t->bits++;
		root = t->root;
		if (!root)
			continue;
		prio_remove(t, root, pass, arg);
		clear(root);
		hang(end, root, false);
		end = root;
	}
	if (t->root)
		hang(end, t->root, false);
	t->root = n;
}

struct prio_node *prio_insert(struct prio_tree *t, struct prio_node *n, prio_pass pass, void *arg)
{
	struct prio_node *at = t->root, *displaced;
	struct place p;

	if (!t->bits)
		t->bits = 1;
	if (!at || n->last > max_index(t->bits)) {
		expand(t, n, pass, arg);
		return n;
	}
	displaced = n;
	for (p = top(t);; p = below(t, p)) {
		bool right;

		if (pass)
			pass(arg, at);
		if (same(at, displaced))
			break;
		if (is_above(displaced, at)) {
			struct prio_node *was = at;

			prio_replace(t, at, displaced);
			at = displaced;
			displaced = was;
		}
		right = goes_right(displaced, p);
		if (!(right ? at->right : at->left)) {
			clear(displaced);
			hang(at, displaced, right);
			return n;
		}
		at = right ? at->right : at->left;
	}
	/* Until something is displaced nothing has changed; the like of what is in the tree is not in it
	 * twice. */
	ASSERT(displaced == n);
	return at;
}

/* The one of its children that must stand above the other. */
static struct prio_node *upper_child(const struct prio_node *n)
{
	if (!n->left || !n->right)
		return n->left ? n->left : n->right;
	return n->left->last >= n->right->last ? n->left : n->right;
}

void prio_remove(struct prio_tree *t, struct prio_node *n, prio_pass pass, void *arg)
{
	struct prio_node *leaf = n, *child, *up;

	while ((child = upper_child(leaf))) {
		if (pass)
			pass(arg, child);
		leaf = child;
	}
	*link_to(t, leaf) = NULL;
	/* Everybody on the way moves up by one. */
	while (leaf != n) {
		up = leaf->parent;
		prio_replace(t, up, leaf);
		leaf = up;
	}
}

/* low: the smallest start that there can be below. */
static bool search(const struct prio_tree *t, const struct prio_node *n, struct place p, u64 low,
		   struct prio_search *s)
{
	u64 right_low = p.lengths ? low : low | p.mask;

	if (s->pass)
		s->pass(s->arg, n);
	if (n->last < s->first)
		return true;
	if (n->start <= s->last && !s->visit(s, (struct prio_node *)n))
		return false;
	if (n->left && !search(t, n->left, below(t, p), low, s))
		return false;
	return !n->right || right_low > s->last || search(t, n->right, below(t, p), right_low, s);
}

bool prio_search(const struct prio_tree *t, struct prio_search *s)
{
	return !t->root || search(t, t->root, top(t), 0, s);
}

struct check {
	const struct prio_tree *t;
	void (*fn)(void *arg, struct prio_node *n);
	void *arg;
	u32 nodes;
};

/* low..high: the starts that may stand there. */
static void check_below(struct check *c, struct prio_node *n, const struct prio_node *parent, struct place p,
			u64 low, u64 high, u32 depth)
{
	struct place next = below(c->t, p);

	if (!n)
		return;
	c->nodes++;
	ASSERT(n->parent == parent && n->start <= n->last && n->last <= max_index(c->t->bits));
	ASSERT(!parent || is_above(parent, n));
	ASSERT(low <= n->start && n->start <= high && depth <= c->t->bits + c->t->word_bits);
	c->fn(c->arg, n);
	if (p.lengths) {
		check_below(c, n->left, n, next, low, high, depth + 1);
		check_below(c, n->right, n, next, low, high, depth + 1);
		return;
	}
	check_below(c, n->left, n, next, low, low + p.mask - 1, depth + 1);
	check_below(c, n->right, n, next, low + p.mask, high, depth + 1);
}

u32 prio_sane(const struct prio_tree *t, void (*fn)(void *arg, struct prio_node *n), void *arg)
{
	struct check c = { t, fn, arg, 0 };

	if (t->root)
		check_below(&c, t->root, NULL, top(t), 0, max_index(t->bits), 0);
	return c.nodes;
}
