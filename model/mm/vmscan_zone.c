/*
 * One active and one inactive list a zone, private memory and files mixed: mm/vmscan.c of 2.6.9,
 * shrink_zone(), refill_inactive_zone(). The counters by which 2.5.66 to 2.6.6 spread the work over calls
 * differ a little; theirs are these.
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

	if (!p->mapcount)
		return false;
	return !mapped || (p->marks & PG_SWAPBACKED && !s->may_swap) || page_referenced(s, pfn);
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

/*
 * Pages to be looked at now: fewer than a batch are remembered until they are one, and what a pass that was
 * preempted left over.
 */
static u64 due(struct scan *s, struct lruvec *v, enum lru_list list)
{
	u64 n;

	if (!s->goes_on)
		v->due[list] += (v->n[list] >> s->priority) + 1;
	if (!s->goes_on && v->due[list] < SWAP_CLUSTER_MAX)
		return 0;
	n = v->due[list];
	v->due[list] = 0;
	return n;
}

/* Pages of one batch are not parted: a batch is as small as it has to be (kswapd.c). */
static bool is_preempted(struct scan *s)
{
	if (s->deadline != ~(u64)0)
		s->preempted = s->c->ops->now(s->c) >= s->deadline;
	return s->preempted;
}

void shrink_zone_lists(struct scan *s, struct lruvec *v)
{
	u64 active = due(s, v, LRU_ACTIVE_FILE), inactive = due(s, v, LRU_INACTIVE_FILE), before = s->freed;

	while ((active || inactive) && s->freed - before < s->want) {
		u32 n = (u32)MIN(active, s->batch);

		if (scan_is_blocked(s) || is_preempted(s))
			break;
		active -= n;
		if (n)
			refill_inactive(s, v, n);
		n = (u32)MIN(inactive, s->batch);
		inactive -= n;
		if (n)
			shrink_cache(s, v, n);
	}
	if (s->preempted) {
		v->due[LRU_ACTIVE_FILE] += active;
		v->due[LRU_INACTIVE_FILE] += inactive;
	}
	v->prev_priority = (u32)s->priority;
}
