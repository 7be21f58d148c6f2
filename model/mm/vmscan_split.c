/*
 * Lists of private memory and of files: how much of each is looked at, and when active pages become inactive.
 * mm/vmscan.c of 6.12: get_scan_count(), shrink_lruvec(), shrink_active_list(), shrink_inactive_list(); of
 * 2.6.37 where that differs (recent_rotated instead of costs, kernels before 5.8).
 */
#include <math.h>

#include "model/mm/footprint.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"
#include "model/mm/workingset.h"

static bool by_cost(const struct scan *s)
{
	return s->k->cfg.era == ERA_6_X;
}

static u32 swappiness(const struct scan *s)
{
	return s->k->cfg.swappiness;
}

/* ---- active or inactive ---- */

/* inactive_is_low(): since 4.7 by the square root of ten times the gigabytes; 2.6.37 half for files. */
static bool inactive_is_low(const struct scan *s, const struct lruvec *v, enum lru_list inactive)
{
	u64 low = v->n[inactive], high = v->n[inactive + 1], gb = ((low + high) << FRAME_SHIFT) >> 30;
	u64 ratio = gb ? (u64)sqrt((double)(10 * gb)) : 1;

	if (!by_cost(s) && inactive == LRU_INACTIVE_FILE)
		return high > low;
	return low * ratio < high;
}

/* shrink_active_list(): what runs from a file and was used stays; everything else goes a list down. */
static void shrink_active(struct scan *s, struct lruvec *v, enum lru_list active, u32 want)
{
	struct page_batch b;
	u32 i, rotated = 0, taken;

	isolate_pages(s, v, active, want, &b);
	taken = b.pages;
	for (i = 0; i < b.n; i++) {
		struct page *p = page_of(&s->k->pa->map, b.pfn[i]);

		kernel_step(s->k, s->c, STEP_AGE_PAGE);
		if (page_referenced(s, b.pfn[i]) && s->text) {
			rotated += lru_pages_in(p);
			continue;
		}
		p->marks = (u16)((p->marks | PG_WORKINGSET) & ~PG_ACTIVE);
		s->k->lru->st.deactivated += lru_pages_in(p);
	}
	s->k->reclaim.refilled += taken;
	v->rotated[active == LRU_ACTIVE_FILE] += rotated;
	if (by_cost(s) && rotated)
		workingset_note_cost(s->k, v, active == LRU_ACTIVE_FILE, 0, rotated);
	putback_pages(s, &b);
}

static void shrink_inactive(struct scan *s, struct lruvec *v, enum lru_list inactive, u32 want)
{
	u64 written = s->k->reclaim.written;
	struct page_batch b;
	u32 freed, taken;

	lru_add_drain(s->k, s->c);
	isolate_pages(s, v, inactive, want, &b);
	freed = shrink_pages(s, &b);
	taken = b.pages;
	v->scanned[inactive == LRU_INACTIVE_FILE] += taken;
	if (by_cost(s))
		workingset_note_cost(s->k, v, inactive == LRU_INACTIVE_FILE, s->k->reclaim.written - written,
				     taken - freed);
	putback_pages(s, &b);
	scan_count(s, taken, freed, inactive == LRU_INACTIVE_FILE);
}

/* ---- how much ---- */

struct balance {
	u64 anon, file, of; /* parts */
};

/* Since 5.8: costs, both halved when they are more than a quarter of all pages. */
static struct balance balance_costs(const struct scan *s, const struct lruvec *v)
{
	u64 total = v->anon_cost + v->file_cost, anon = total + v->anon_cost, file = total + v->file_cost;
	struct balance b;

	total = anon + file;
	b.anon = swappiness(s) * (total + 1) / (anon + 1);
	b.file = (200 - swappiness(s)) * (total + 1) / (file + 1);
	b.of = b.anon + b.file;
	return b;
}

/* 2.6.28 to 5.7: pages that were scanned against those that turned out to be used. */
static struct balance balance_rotation(const struct scan *s, struct lruvec *v)
{
	u64 all[2] = { v->n[LRU_INACTIVE_ANON] + v->n[LRU_ACTIVE_ANON],
		       v->n[LRU_INACTIVE_FILE] + v->n[LRU_ACTIVE_FILE] };
	struct balance b;
	u32 i;

	for (i = 0; i < 2; i++)
		if (v->scanned[i] > all[i] / 4) {
			v->scanned[i] /= 2;
			v->rotated[i] /= 2;
		}
	b.anon = (swappiness(s) + 1) * (v->scanned[0] + 1) / (v->rotated[0] + 1);
	b.file = (200 - swappiness(s) + 1) * (v->scanned[1] + 1) / (v->rotated[1] + 1);
	b.of = b.anon + b.file + 1;
	return b;
}

static struct balance find_balance(struct scan *s, struct lruvec *v)
{
	if (!s->may_swap || (s->group && !swappiness(s)))
		return (struct balance){ 0, 1, 1 };
	if (!s->priority && swappiness(s))
		return (struct balance){ 1, 1, 1 };
	if (s->file_tiny)
		return (struct balance){ 1, 0, 1 };
	if (s->cache_trim)
		return (struct balance){ 0, 1, 1 };
	return by_cost(s) ? balance_costs(s, v) : balance_rotation(s, v);
}

static void scan_counts(struct scan *s, struct lruvec *v, u64 *nr)
{
	struct balance b = find_balance(s, v);
	u32 list;

	for (list = LRU_INACTIVE_ANON; list <= LRU_ACTIVE_FILE; list++) {
		u64 scan = v->n[list] >> s->priority, part = list < LRU_INACTIVE_FILE ? b.anon : b.file;

		nr[list] = (scan * part + b.of - 1) / b.of;
	}
}

/* What prepare_scan_control() finds out about the lruvec. */
static void prepare(struct scan *s, struct lruvec *v)
{
	u64 file = v->n[LRU_INACTIVE_FILE] + v->n[LRU_ACTIVE_FILE], free = 0, high = 0;
	const struct zone *z;

	s->age_anon = s->age_file = true;
	if (by_cost(s)) {
		s->age_anon = inactive_is_low(s, v, LRU_INACTIVE_ANON) ||
			      workingset_refaulted(s->k, v, false);
		s->age_file = inactive_is_low(s, v, LRU_INACTIVE_FILE) || workingset_refaulted(s->k, v, true);
	}
	s->cache_trim = by_cost(s) && v->n[LRU_INACTIVE_FILE] >> s->priority && !s->age_file;
	s->file_tiny = false;
	if (s->group)
		return;
	for (z = s->k->pa->zone; z < s->k->pa->zone + s->k->pa->n_zones; z++) {
		if (s->k->lru->by_node ? z->node != v->unit : z->index != v->unit)
			continue;
		free += z->free;
		high += z->wmark[WMARK_HIGH];
	}
	s->file_tiny = file + free <= high && !s->age_anon && v->n[LRU_INACTIVE_ANON] >> s->priority;
	if (!by_cost(s))
		s->file_tiny = file + free <= high;
}

static void shrink_list(struct scan *s, struct lruvec *v, enum lru_list list, u32 want)
{
	bool file = list >= LRU_INACTIVE_FILE, active = list & 1;

	if (!active && !file && scan_is_blocked(s))
		return;
	if (!active)
		shrink_inactive(s, v, list, want);
	else if (by_cost(s) ? (file ? s->age_file : s->age_anon)
			    : inactive_is_low(s, v, (enum lru_list)(list - 1)))
		shrink_active(s, v, list, want);
}

void shrink_split(struct scan *s, struct lruvec *v)
{
	u64 nr[LRU_ACTIVE_FILE + 1], before = s->freed;
	bool more = true;
	u32 list;

	prepare(s, v);
	scan_counts(s, v, nr);
	while (more && (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE])) {
		for (list = LRU_INACTIVE_ANON; list <= LRU_ACTIVE_FILE; list++) {
			u32 want = (u32)MIN(nr[list], SWAP_CLUSTER_MAX);

			nr[list] -= want;
			if (want)
				shrink_list(s, v, (enum lru_list)list, want);
		}
		more = s->freed - before < s->want;
	}
	if (s->may_swap && inactive_is_low(s, v, LRU_INACTIVE_ANON))
		shrink_active(s, v, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}
