#include "model/mm/workingset.h"

#include "model/mm/footprint.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"

/*
 * Of a shadow: a bit that makes it one, whether the page had been active, which lruvec, and its age. Linux
 * packs the same into a word, and drops low bits of the age where it has to (bucket_order).
 */
#define SHADOW        1ull
#define SHADOW_ACTIVE 2ull
#define SHADOW_VEC    2u
#define SHADOW_AGE    16u

static bool has_shadows(const struct kernel *k, const struct page *p)
{
	return k->cfg.era == ERA_6_X || (k->cfg.era == ERA_2_6_37 && !(p->marks & PG_SWAPBACKED));
}

static u64 shadow_of(const struct kernel *k, const struct lruvec *v, u64 age, const struct page *p)
{
	return age << SHADOW_AGE | (u64)(v - k->lru->vec) << SHADOW_VEC |
	       (p->marks & PG_WORKINGSET ? SHADOW_ACTIVE : 0) | SHADOW;
}

u64 workingset_eviction(struct kernel *k, u64 pfn)
{
	const struct page *p = page_of(&k->pa->map, pfn);
	struct lruvec *v = lruvec_of(k, pfn);

	if (k->lru->form == RECLAIM_MGLRU)
		return shadow_of(k, v, v->min_seq[!(p->marks & PG_SWAPBACKED)], p);
	if (!has_shadows(k, p))
		return 0;
	return shadow_of(k, v, ++v->nonresident_age, p);
}

/* What could have made room for the page: the other lists of its lruvec. */
static u64 workingset_size(const struct kernel *k, const struct lruvec *v, bool file)
{
	u64 n = v->n[LRU_ACTIVE_FILE];

	if (!file)
		n += v->n[LRU_INACTIVE_FILE];
	if (swap_free_slots(k)) {
		n += v->n[LRU_ACTIVE_ANON];
		if (file)
			n += v->n[LRU_INACTIVE_ANON];
	}
	return n;
}

void workingset_refault(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow)
{
	struct page *p = page_of(&k->pa->map, pfn);
	bool file = !(p->marks & PG_SWAPBACKED);
	struct lruvec *v;

	if (!(shadow & SHADOW) || !k->lru)
		return;
	v = &k->lru->vec[(shadow & ((1u << SHADOW_AGE) - 1)) >> SHADOW_VEC];
	kernel_step(k, c, STEP_REFAULT);
	++*(file ? &k->reclaim.refaults_file : &k->reclaim.refaults_anon);
	v->refaults[file]++;
	if (k->lru->form == RECLAIM_MGLRU) {
		v->gen_refaulted[file] += v->max_seq - (shadow >> SHADOW_AGE) < LRU_GENS;
		return;
	}
	if (v->nonresident_age - (shadow >> SHADOW_AGE) > workingset_size(k, v, file))
		return;
	p->marks |= PG_ACTIVE;
	v->nonresident_age++;
	k->reclaim.activates++;
	if (!(shadow & SHADOW_ACTIVE))
		return;
	p->marks |= PG_WORKINGSET;
	workingset_note_cost(k, v, file, 1, 0);
}

void workingset_activation(struct kernel *k, u64 pfn)
{
	lruvec_of(k, pfn)->nonresident_age++;
}

void workingset_note_cost(struct kernel *k, struct lruvec *v, bool file, u64 transfers, u64 rotated)
{
	u64 all = v->n[LRU_INACTIVE_ANON] + v->n[LRU_ACTIVE_ANON] + v->n[LRU_INACTIVE_FILE] +
		  v->n[LRU_ACTIVE_FILE];

	*(file ? &v->file_cost : &v->anon_cost) += transfers * SWAP_CLUSTER_MAX + rotated;
	if (v->anon_cost + v->file_cost > all / 4) {
		v->anon_cost /= 2;
		v->file_cost /= 2;
	}
}

bool workingset_refaulted(struct kernel *k, struct lruvec *v, bool file)
{
	bool came_back = v->refaults[file] != v->seen_refaults[file];

	v->seen_refaults[file] = v->refaults[file];
	return came_back;
}
