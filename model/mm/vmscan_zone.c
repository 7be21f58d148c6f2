/*
 * One active and one inactive list a zone, private memory and files mixed: mm/vmscan.c of 2.6.9,
 * shrink_zone(), refill_inactive_zone(); of 2.6.0 and 2.6.5 how much of each is looked at (theirs of 2.5.44
 * on).
 */
#include "model/mm/footprint.h"
#include "model/mm/rmap.h"
#include "model/mm/swap.h"
#include "model/mm/vmscan.h"

/* Whether it is time to take mapped pages: how much is mapped, how hard it was, and swappiness. */
static bool takes_mapped(const struct scan *s, const struct lruvec *v)
{
	u64 mapped = rmap_mapped_pages(s->k), all = page_alloc_managed(s->k->pa);
	u32 distress = 100u >> v->prev_priority;

	return mapped * 100 / all / 2 + distress + s->k->cfg.swappiness >= 100;
}

static bool stays_active(struct scan *s, const struct lruvec *v, u64 pfn, bool mapped)
{
	const struct page *p = page_of(&s->k->pa->map, pfn);
	bool stays = !mapped || (p->marks & PG_SWAPBACKED && !s->may_swap);

	if (!p->mapcount)
		return false;
	/* To 2.6.6 its mappings are asked in any case. */
	if (!stays || s->k->cfg.era < ERA_2_6_9)
		stays |= page_referenced(s, pfn);
	return stays;
}

static void refill_inactive(struct scan *s, struct lruvec *v, u32 want)
{
	bool mapped = takes_mapped(s, v);
	struct page_batch b;
	u32 i;

	lru_add_drain(s->k, s->c);
	isolate_pages(s, v, LRU_ACTIVE_FILE, want, &b);
	s->k->reclaim.refilled += b.pages;
	for (i = 0; i < b.n; i++) {
		kernel_step(s->k, s->c, STEP_AGE_PAGE);
		if (stays_active(s, v, b.pfn[i], mapped))
			continue;
		page_of(&s->k->pa->map, b.pfn[i])->marks &= (u16)~PG_ACTIVE;
		s->k->lru->st.deactivated += lru_pages_in(page_of(&s->k->pa->map, b.pfn[i]));
	}
	putback_pages(s, &b);
}

static void shrink_cache(struct scan *s, struct lruvec *v, u32 want)
{
	struct page_batch b;
	u32 taken, freed;

	lru_add_drain(s->k, s->c);
	isolate_pages(s, v, LRU_INACTIVE_FILE, want, &b);
	freed = shrink_pages(s, &b);
	taken = b.pages;
	putback_pages(s, &b);
	scan_count(s, taken, freed, false);
}

/* ---- how much ---- */

struct share {
	u64 active, inactive; /* pages to be looked at now */
	bool refills_first;
};

static u64 take_due(struct lruvec *v, enum lru_list list, u64 least, u64 most)
{
	u64 n = MIN(v->due[list], most);

	if (n < least)
		return 0;
	v->due[list] -= n;
	return n;
}

/* As many active pages for each inactive one as keep the active list twice as long: shrink_zone() to 2.6.6.
 */
static u64 refill_ratio(const struct lruvec *v, u64 want)
{
	return want * v->n[LRU_ACTIVE_FILE] / ((v->n[LRU_INACTIVE_FILE] | 1) * 2) + 1;
}

/* 2.5.44 to 2.6.3: twice what is wanted at least, and four batches of active pages at most. */
static struct share share_of_2_5(const struct scan *s, struct lruvec *v, u64 want)
{
	v->due[LRU_ACTIVE_FILE] += refill_ratio(v, want);
	return (struct share){ .active = take_due(v, LRU_ACTIVE_FILE, SWAP_CLUSTER_MAX + 1,
						  4 * SWAP_CLUSTER_MAX),
			       .inactive = MAX(v->n[LRU_INACTIVE_FILE] >> s->priority, 2 * want),
			       .refills_first = true };
}

/* 2.6.4 to 2.6.6: inactive pages are saved up too. */
static struct share share_of_2_6_5(const struct scan *s, struct lruvec *v)
{
	v->due[LRU_ACTIVE_FILE] += refill_ratio(v, SWAP_CLUSTER_MAX);
	v->due[LRU_INACTIVE_FILE] += v->n[LRU_INACTIVE_FILE] >> s->priority;
	return (struct share){ .active = take_due(v, LRU_ACTIVE_FILE, SWAP_CLUSTER_MAX, ~(u64)0),
			       .inactive = take_due(v, LRU_INACTIVE_FILE, SWAP_CLUSTER_MAX, ~(u64)0),
			       .refills_first = true };
}

/* Since 2.6.7: of each list by its length, in turns. */
static struct share share_of_2_6_9(const struct scan *s, struct lruvec *v)
{
	v->due[LRU_ACTIVE_FILE] += (v->n[LRU_ACTIVE_FILE] >> s->priority) + 1;
	v->due[LRU_INACTIVE_FILE] += (v->n[LRU_INACTIVE_FILE] >> s->priority) + 1;
	return (struct share){ .active = take_due(v, LRU_ACTIVE_FILE, SWAP_CLUSTER_MAX, ~(u64)0),
			       .inactive = take_due(v, LRU_INACTIVE_FILE, SWAP_CLUSTER_MAX, ~(u64)0) };
}

/* What a pass that was preempted left over comes first. */
static struct share share_now(const struct scan *s, struct lruvec *v, u64 want)
{
	if (s->goes_on)
		return (struct share){ .active = take_due(v, LRU_ACTIVE_FILE, 0, ~(u64)0),
				       .inactive = take_due(v, LRU_INACTIVE_FILE, 0, ~(u64)0) };
	if (s->k->cfg.era < ERA_2_6_5)
		return share_of_2_5(s, v, want);
	return s->k->cfg.era < ERA_2_6_9 ? share_of_2_6_5(s, v) : share_of_2_6_9(s, v);
}

/* Pages that a zone shall give: to 2.6.6 kswapd takes what the zone lacks. */
static u64 wanted_of(const struct scan *s, const struct lruvec *v)
{
	const struct zone *z = &s->k->pa->zone[v->unit];

	if (!s->kswapd || s->k->cfg.era >= ERA_2_6_9)
		return s->want;
	return z->wmark[WMARK_HIGH] - MIN(z->wmark[WMARK_HIGH], z->free);
}

/* Pages of one batch are not parted: a batch is as small as it has to be (kswapd.c). */
static bool is_preempted(struct scan *s)
{
	if (s->deadline != ~(u64)0)
		s->preempted = s->c->ops->now(s->c) >= s->deadline;
	return s->preempted;
}

static u32 batch_of(const struct scan *s, u64 *left)
{
	u32 n = (u32)MIN(*left, s->batch);

	*left -= n;
	return n;
}

void shrink_zone_lists(struct scan *s, struct lruvec *v)
{
	u64 want = wanted_of(s, v), before = s->freed;
	struct share left;
	u32 n;

	if (!want)
		return;
	left = share_now(s, v, want);
	while ((left.active || left.inactive) && s->freed - before < want) {
		if (scan_is_blocked(s) || is_preempted(s))
			break;
		n = batch_of(s, &left.active);
		if (n)
			refill_inactive(s, v, n);
		if (left.refills_first && left.active)
			continue;
		n = batch_of(s, &left.inactive);
		if (n)
			shrink_cache(s, v, n);
	}
	if (s->preempted) {
		v->due[LRU_ACTIVE_FILE] += left.active;
		v->due[LRU_INACTIVE_FILE] += left.inactive;
	}
	v->prev_priority = (u32)s->priority;
}
