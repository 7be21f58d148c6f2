/*
 * Tree-PLRU, and the policies made of trees over four ways each. Node 1 of a tree is its root, node n's
 * children are 2n and 2n + 1; a node tells the half that is to be replaced next, and an access turns those
 * on its way to the other half.
 *
 * So a node points away from the half used last, and times of last use say all that its bit says: where they
 * are kept there are no bits, and a hit is one store. The order of trees among each other follows from the
 * same times. An emptied way keeps its time, as it keeps the bits.
 */
#include "model/hw/tag_ops.h"

#define TREE4 4u

/* Leaves of the tree: ways rounded up to a power of two. */
static u32 leaves(const struct tags *t)
{
	return 1u << log2_ceil(t->ways);
}

static void plru_masks(struct tags *t)
{
	u32 w, node;

	for (w = 0; w < t->ways; w++) {
		t->plru_keep[w] = 0xffff;
		for (node = leaves(t) + w; node > 1; node /= 2) {
			t->plru_keep[w] &= (u16)~(1u << node / 2);
			if (!(node & 1))
				t->plru_set[w] |= (u16)(1u << node / 2);
		}
	}
}

static void tree_init(struct tags *t)
{
	if (t->by_time)
		return;
	if (t->wide) {
		t->node = tags_alloc(t, (size_t)t->sets * leaves(t), 1);
		return;
	}
	t->tree = tags_alloc(t, t->sets, sizeof(*t->tree));
	plru_masks(t);
}

static void tree_touch(struct tags *t, u32 id)
{
	u32 set = tags_set(t, id), way = tags_way(t, id), node;

	if (t->by_time) {
		t->used_at[id] = ++*t->clock;
		return;
	}
	if (!t->wide) {
		tag_tree_touch(t, id);
		return;
	}
	for (node = leaves(t) + way; node > 1; node /= 2)
		t->node[(size_t)set * leaves(t) + node / 2] = !(node & 1);
}

/* Some ways of a set: [first, first + n), as far as they exist. */
static u64 last_use(const struct tags *t, u32 set, u32 first, u32 n)
{
	const u64 *at = &t->used_at[tag_base(t, set)];
	u32 end = MIN(first + n, t->ways), way;
	u64 last = 0;

	for (way = first; way < end; way++)
		last = MAX(last, at[way]);
	return last;
}

static bool any_allowed(const struct tags *t, u32 first, u32 n, u64 mask)
{
	u32 end = MIN(first + n, t->ways), way;

	if (mask == TAG_ALL_WAYS)
		return first < end;
	for (way = first; way < end; way++) {
		if (tag_allows(mask, way))
			return true;
	}
	return false;
}

/* Whether a node over `half` ways from `first` on and as many behind them points to those behind. */
static bool points_right(const struct tags *t, u32 set, u32 node, u32 first, u32 half)
{
	if (t->by_time)
		return last_use(t, set, first, half) > last_use(t, set, first + half, half);
	if (t->wide)
		return t->node[(size_t)set * leaves(t) + node];
	ASSERT(t->tree);
	return t->tree[set] >> node & 1;
}

/* follow() by times through a whole tree, for sizes that the compiler can write out. */
static always_inline u32 follow_times(const u64 *at, u32 n)
{
	u32 first = 0, half, way;

	for (half = n / 2; half; half /= 2) {
		u64 left = 0, right = 0;

		for (way = first; way < first + half; way++) {
			left = MAX(left, at[way]);
			right = MAX(right, at[way + half]);
		}
		first += left > right ? half : 0;
	}
	return first;
}

/* follow() by a row's bits through a tree of as many ways as there are. */
static always_inline u32 follow_bits(u32 bits, u32 n)
{
	u32 node = 1;

	while (node < n)
		node = 2 * node + (bits >> node & 1);
	return node - n;
}

/* Follows a tree over `n` ways down from its root; a half without any allowed way is not entered. */
static u32 follow(const struct tags *t, u32 set, u32 first, u32 n, u64 mask)
{
	u32 node = 1, half;
	bool right;

	if (t->by_time && mask == TAG_ALL_WAYS && t->ways == 8 && n == 8)
		return follow_times(&t->used_at[tag_base(t, set)], 8);
	if (t->tree && mask == TAG_ALL_WAYS && t->ways == n)
		return follow_bits(t->tree[set], n);
	for (half = n / 2; half; half /= 2) {
		right = points_right(t, set, node, first, half) ? any_allowed(t, first + half, half, mask) :
								  !any_allowed(t, first, half, mask);
		first += right ? half : 0;
		node = 2 * node + right;
	}
	return first;
}

/* Trees of four: which is to give a way, by the times at which trees were used last. */

static u32 least_recent(const struct tags *t, u32 set, u64 mask)
{
	u64 least = ~(u64)0, at;
	u32 first, chosen = TAG_NO_WAY;

	for (first = 0; first < t->ways; first += TREE4) {
		at = last_use(t, set, first, TREE4);
		if (at < least && any_allowed(t, first, TREE4, mask)) {
			least = at;
			chosen = first;
		}
	}
	return chosen;
}

static u32 behind_most_recent(const struct tags *t, u32 set, u64 mask)
{
	u64 most = 0, at;
	u32 first, chosen = 0;

	for (first = 0; first < t->ways; first += TREE4) {
		at = last_use(t, set, first, TREE4);
		if (at > most) {
			most = at;
			chosen = first;
		}
	}
	do
		chosen = (chosen + TREE4) % t->ways;
	while (!any_allowed(t, chosen, TREE4, mask));
	return chosen;
}

static u32 tree_victim(struct tags *t, u32 set, u64 mask)
{
	u32 way = tag_empty_way(t, set, mask);

	if (way != TAG_NO_WAY)
		return way;
	if (t->policy == TAGS_LRU_PLRU4)
		return follow(t, set, least_recent(t, set, mask), TREE4, mask);
	if (t->policy == TAGS_MRU1_PLRU4)
		return follow(t, set, behind_most_recent(t, set, mask), TREE4, mask);
	return follow(t, set, 0, leaves(t), mask);
}

static void tree_drop(struct tags *t, u32 id)
{
}

static void tree_sane(const struct tags *t, u32 set)
{
	ASSERT(t->by_time || (t->policy == TAGS_PLRU && (t->wide || !(t->tree[set] & 1))));
}

const struct tag_ops tag_tree_ops = { tree_init, tree_victim, tree_touch, tree_touch, tree_drop, tree_sane };
