#include "tests/ref/ref_hw_tags.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/rng.h"
#include "model/sim/word.h"

#define NONE (~(u64)0)

struct ref_set {
	u64 *key;   /* by way */
	u32 *list;  /* lru, fifo: ways in use, newest first; trees of four: the trees likewise */
	u32 n;
	bool *right; /* trees: by node, the half to be replaced next; a stretch of 4 a tree of four */
	u32 *age;
};

/* What the letters of a QLRU's name say: "qlru_h00_m1_r2_u1_umo". */
struct letters {
	u32 h, m, seldom, r, u; /* h: the two digits as a number */
	bool umo;
};

static struct letters letters_of(u32 policy)
{
	struct letters l = { .h = 11, .m = 1, .seldom = 1 };
	char *name = word_format(tag_policy_names, policy), *m;

	if (strlen(name) > 4) {
		l.h = (u32)(name[6] - '0') * 10 + (u32)(name[7] - '0');
		m = strstr(name, "_m") + 2;
		l.m = (u32)(m[m[0] == 'r'] - '0');
		l.seldom = m[0] == 'r' ? (u32)(m[2] - '0') : l.m;
		l.r = (u32)(strstr(m, "_r")[2] - '0');
		l.u = (u32)(strstr(m, "_u")[2] - '0');
		l.umo = strstr(m, "_umo") != NULL;
	}
	free(name);
	return l;
}

struct ref_tags {
	u32 sets, ways, leaves, policy;
	struct letters qlru;
	struct ref_set *set;
	char *leads; /* drrip: by set, 's', 'b' or 0 */
	u32 psel;
	struct rng rng;
};

/* Of each of 32 stretches of sets, one leads for SRRIP and one, half a stretch on, for BRRIP. */
static void choose_leaders(struct ref_tags *t)
{
	u32 n = t->sets / 2 < 32 ? t->sets / 2 : 32, i;

	t->leads = calloc(t->sets, 1);
	for (i = 0; i < n; i++) {
		u32 span = t->sets / n;

		t->leads[i * span + i % span] = 's';
		t->leads[i * span + (i + span / 2) % span] = 'b';
	}
}

struct ref_tags *ref_tags_new(u32 sets, u32 ways, u32 policy, u64 seed, const char *name)
{
	struct ref_tags *t = calloc(1, sizeof(*t));
	u32 s, w;

	t->sets = sets;
	t->ways = ways;
	t->policy = policy & WORD_INDEX;
	if (t->policy == TAGS_QLRU || t->policy == TAGS_QLRU_NAMED)
		t->qlru = letters_of(policy);
	t->psel = 511;
	rng_init(&t->rng, seed, name);
	choose_leaders(t);
	for (t->leaves = 1; t->leaves < ways; t->leaves *= 2)
		;
	t->set = calloc(sets, sizeof(*t->set));
	for (s = 0; s < sets; s++) {
		t->set[s].key = calloc(ways, sizeof(u64));
		t->set[s].list = calloc(ways, sizeof(u32));
		t->set[s].right = calloc(2 * t->leaves, sizeof(bool));
		t->set[s].age = calloc(ways, sizeof(u32));
		for (w = 0; w < ways; w++) {
			t->set[s].key[w] = NONE;
			t->set[s].age[w] = t->policy == TAGS_NRU ? 1 : 3;
		}
	}
	return t;
}

void ref_tags_free(struct ref_tags *t)
{
	u32 s;

	for (s = 0; s < t->sets; s++) {
		free(t->set[s].key);
		free(t->set[s].list);
		free(t->set[s].right);
		free(t->set[s].age);
	}
	free(t->leads);
	free(t->set);
	free(t);
}

u32 ref_tags_find(const struct ref_tags *t, u32 set, u64 key)
{
	u32 w;

	for (w = 0; w < t->ways; w++) {
		if (t->set[set].key[w] == key)
			return w;
	}
	return REF_NO_WAY;
}

bool ref_tags_is_empty(const struct ref_tags *t, u32 set, u32 way)
{
	return t->set[set].key[way] == NONE;
}

static bool allowed(u64 mask, u32 way)
{
	return way >= 64 || (mask >> way) % 2 == 1;
}

/* Lists, newest first. */

static void list_remove(struct ref_set *s, u32 item)
{
	u32 i;

	for (i = 0; i < s->n && s->list[i] != item; i++)
		;
	if (i == s->n)
		return;
	s->n--;
	memmove(&s->list[i], &s->list[i + 1], (s->n - i) * sizeof(u32));
}

static void list_push(struct ref_set *s, u32 item)
{
	list_remove(s, item);
	memmove(&s->list[1], &s->list[0], s->n * sizeof(u32));
	s->list[0] = item;
	s->n++;
}

static u32 list_victim(const struct ref_set *s, u64 mask)
{
	u32 i = s->n;

	while (i-- && !allowed(mask, s->list[i]))
		;
	return s->list[i];
}

/* Trees. */

/* Turns every node on the way to a leaf of [first, first + span) away from it. */
static void tree_away(bool *bits, u32 node, u32 first, u32 span, u32 way)
{
	u32 half = span / 2;

	if (span == 1)
		return;
	bits[node] = way < first + half;
	if (way < first + half)
		tree_away(bits, 2 * node, first, half, way);
	else
		tree_away(bits, 2 * node + 1, first + half, half, way);
}

static bool tree_has(const struct ref_tags *t, u32 first, u32 span, u64 mask)
{
	if (span == 1)
		return first < t->ways && allowed(mask, first);
	return tree_has(t, first, span / 2, mask) || tree_has(t, first + span / 2, span / 2, mask);
}

static u32 tree_victim(const struct ref_tags *t, const bool *bits, u32 node, u32 first, u32 span, u64 mask)
{
	u32 half = span / 2;
	bool right;

	if (span == 1)
		return first;
	right = bits[node];
	if (right && !tree_has(t, first + half, half, mask))
		right = false;
	if (!right && !tree_has(t, first, half, mask))
		right = true;
	if (right)
		return tree_victim(t, bits, 2 * node + 1, first + half, half, mask);
	return tree_victim(t, bits, 2 * node, first, half, mask);
}

static void four_used(struct ref_set *s, u32 way)
{
	tree_away(s->right + way / 4 * 4, 1, way / 4 * 4, 4, way);
	list_push(s, way / 4);
}

static u32 four_victim(const struct ref_tags *t, const struct ref_set *s, u64 mask)
{
	u32 trees = t->ways / 4, i = 0, tree;

	if (t->policy == TAGS_LRU_PLRU4) {
		for (i = s->n; i-- && !tree_has(t, s->list[i] * 4, 4, mask);)
			;
		tree = s->list[i];
	} else {
		do
			tree = (s->list[0] + ++i) % trees;
		while (!tree_has(t, tree * 4, 4, mask));
	}
	return tree_victim(t, s->right + tree * 4, 1, tree * 4, 4, mask);
}

/* RRIP: age is the re-reference prediction value, NRU's bit the same with one bit. */

static u32 rrip_victim(const struct ref_tags *t, struct ref_set *s, u64 mask)
{
	u32 distant = t->policy == TAGS_NRU ? 1 : 3, w;

	for (;;) {
		for (w = 0; w < t->ways; w++) {
			if (allowed(mask, w) && s->age[w] == distant)
				return w;
		}
		for (w = 0; w < t->ways; w++) {
			if (allowed(mask, w))
				s->age[w]++;
		}
	}
}

static u32 brrip_insertion(struct ref_tags *t)
{
	return rng_below(&t->rng, 32) == 0 ? 2 : 3;
}

static u32 drrip_insertion(struct ref_tags *t, u32 set)
{
	if (t->leads[set] == 's') {
		if (t->psel < 1023)
			t->psel++;
		return 2;
	}
	if (t->leads[set] == 'b') {
		if (t->psel > 0)
			t->psel--;
		return brrip_insertion(t);
	}
	return t->psel >= 512 ? brrip_insertion(t) : 2;
}

static u32 rrip_insertion(struct ref_tags *t, u32 set)
{
	switch (t->policy) {
	case TAGS_NRU:
		return 0;
	case TAGS_SRRIP:
		return 2;
	case TAGS_BRRIP:
		return brrip_insertion(t);
	default:
		return drrip_insertion(t, set);
	}
}

/* QLRU. */

/* Hxy: a line of age 3 becomes x, one of age 2 becomes y, any other 0; but H2y takes 2 to y, 1 to 0. */
static u32 qlru_hit_age(const struct letters *l, u32 age)
{
	if (age == 3)
		return l->h / 10;
	return age == 2 ? l->h % 10 : 0;
}

static u32 highest(const struct ref_tags *t, const struct ref_set *s, u32 but, u64 mask)
{
	u32 w, high = 0;

	for (w = 0; w < t->ways; w++) {
		if (w != but && allowed(mask, w) && s->age[w] > high)
			high = s->age[w];
	}
	return high;
}

static void qlru_update(const struct ref_tags *t, struct ref_set *s, u32 u, u32 used)
{
	u32 but = u % 2 ? used : REF_NO_WAY, by = 3 - highest(t, s, but, NONE), w;

	if (u >= 2)
		by = highest(t, s, REF_NO_WAY, NONE) < 3;
	for (w = 0; w < t->ways; w++) {
		if (w != but)
			s->age[w] += by;
	}
}

static u32 qlru_victim(const struct ref_tags *t, struct ref_set *s, u64 mask)
{
	struct letters l = t->qlru;
	u32 w, empty = REF_NO_WAY, high;

	if (l.umo)
		qlru_update(t, s, l.u, REF_NO_WAY);
	for (w = 0; w < t->ways; w++) {
		if (s->key[w] == NONE && allowed(mask, w) && (l.r == 2 || empty == REF_NO_WAY))
			empty = w;
	}
	if (empty != REF_NO_WAY)
		return empty;
	high = highest(t, s, REF_NO_WAY, mask);
	for (w = 0; w < t->ways; w++) {
		if (allowed(mask, w) && (s->age[w] == high || (l.r == 1 && high < 3)))
			break;
	}
	return w;
}

static void qlru_used(struct ref_tags *t, struct ref_set *s, u32 way, bool hit)
{
	struct letters l = t->qlru;

	if (hit)
		s->age[way] = qlru_hit_age(&l, s->age[way]);
	else
		s->age[way] = l.m != l.seldom && rng_below(&t->rng, 16) == 0 ? l.seldom : l.m;
	if (!l.umo)
		qlru_update(t, s, l.u, way);
}

/* All. */

static void used(struct ref_tags *t, u32 set, u32 way, bool hit)
{
	struct ref_set *s = &t->set[set];

	switch (t->policy) {
	case TAGS_FIFO:
		if (!hit)
			list_push(s, way);
		break;
	case TAGS_LRU:
		list_push(s, way);
		break;
	case TAGS_PLRU:
		tree_away(s->right, 1, 0, t->leaves, way);
		break;
	case TAGS_LRU_PLRU4:
	case TAGS_MRU1_PLRU4:
		four_used(s, way);
		break;
	case TAGS_QLRU:
	case TAGS_QLRU_NAMED:
		qlru_used(t, s, way, hit);
		break;
	default:
		s->age[way] = hit ? 0 : rrip_insertion(t, set);
	}
}

void ref_tags_hit(struct ref_tags *t, u32 set, u32 way)
{
	used(t, set, way, true);
}

void ref_tags_fill(struct ref_tags *t, u32 set, u32 way, u64 key)
{
	t->set[set].key[way] = key;
	used(t, set, way, false);
}

u32 ref_tags_victim(struct ref_tags *t, u32 set, u64 mask)
{
	struct ref_set *s = &t->set[set];
	u32 w;

	if (t->policy == TAGS_QLRU || t->policy == TAGS_QLRU_NAMED)
		return qlru_victim(t, s, mask);
	for (w = 0; w < t->ways; w++) {
		if (allowed(mask, w) && s->key[w] == NONE)
			return REF_ANY_EMPTY;
	}
	switch (t->policy) {
	case TAGS_LRU:
	case TAGS_FIFO:
		return list_victim(s, mask);
	case TAGS_PLRU:
		return tree_victim(t, s->right, 1, 0, t->leaves, mask);
	case TAGS_LRU_PLRU4:
	case TAGS_MRU1_PLRU4:
		return four_victim(t, s, mask);
	default:
		return rrip_victim(t, s, mask);
	}
}

void ref_tags_drop(struct ref_tags *t, u32 set, u32 way)
{
	t->set[set].key[way] = NONE;
	if (t->policy == TAGS_LRU || t->policy == TAGS_FIFO)
		list_remove(&t->set[set], way);
}
