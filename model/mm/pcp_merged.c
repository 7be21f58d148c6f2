/*
 * 2.6.25 to 5.12: one list of single pages, since 2.6.32 one a migratetype; cold pages are put to its end and
 * taken from there (until 4.14). mm/page_alloc.c:buffered_rmqueue(), free_hot_cold_page(),
 * free_pcppages_bulk() of 2.6.26 and 2.6.37.
 */
#include "model/mm/pcp_form.h"

/* Before 2.6.32 (the era of 2.6.26 is taken for what it was until then) the list is searched for a type. */
static bool has_lists(const struct page_alloc *pa)
{
	return pa->cfg.era >= ERA_2_6_37;
}

/* Up to 512 KB of a zone's share count; 1 MB since 4.19. The high mark of a small zone is 0: no page stays.
 */
static void merged_init(const struct zone *z, struct pcp *p, u32 cpus_of_node)
{
	u32 b = pcp_batch(z, z->present, z->pa->cfg.era == ERA_6_X ? 1u << 20 : 512u << 10);

	p->batch = MAX(b, 1);
	p->high = 6 * b;
}

static bool merged_takes(const struct page_alloc *pa, u32 order)
{
	return !order;
}

static u32 merged_list_of(const struct page_alloc *pa, u32 order, enum migratetype type)
{
	if (!has_lists(pa))
		return 0;
	return type < NR_PCP_TYPES ? type : MIGRATE_MOVABLE;
}

static u32 find(const struct zone *z, struct cpu *c, const struct pcp *p, u32 i, enum migratetype type,
		bool cold)
{
	if (!has_lists(z->pa) && era_has_types(z->pa->cfg.era))
		return pcp_find(z, c, p, i, type, cold);
	return cold ? p->list[i].last : p->list[i].first;
}

static u64 merged_alloc(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp,
			bool *refilled)
{
	struct pcp *p = &z->pcp[c->id];
	u32 i = merged_list_of(z->pa, order, type), pfn;
	bool cold = gfp & GFP_COLD;

	charge_step(z->pa->charger, c, STEP_PCP_ALLOC);
	if (pcp_charged(z))
		pcp_charge_set(z, c, p);
	pfn = find(z, c, p, i, type, cold);
	if (unlikely(pfn == NO_PAGE)) {
		enum refill_to to = cold && has_lists(z->pa) ? TO_END_BACKWARDS : TO_FRONT;

		*refilled = pcp_refill(z, c, p, i, 0, type, gfp, p->batch, to) != 0;
		/* Without lists of types the new ones stand in front, for a cold page too. */
		pfn = find(z, c, p, i, type, cold && has_lists(z->pa));
		if (pfn == NO_PAGE)
			return NO_FRAME;
	}
	return pcp_hand_out(z, c, p, i, pfn, 1);
}

/* Round the lists, one page more of a list for each empty one before it: free_pcppages_bulk(). */
static void give_back(struct zone *z, struct cpu *c, struct pcp *p, u32 pages)
{
	u32 lists = has_lists(z->pa) ? NR_PCP_TYPES : 1, i = 0, run = 0;

	pages = MIN(pages, p->count);
	pcp_drain_begin(z, c);
	while (pages) {
		do {
			run++;
			i = i + 1 == lists ? 0 : i + 1;
		} while (!p->nr[i]);
		do {
			pcp_give_last(z, c, p, i, page_of(&z->pa->map, p->list[i].last)->type);
		} while (--pages && --run && p->nr[i]);
	}
	pcp_drain_end(z, c);
}

static void merged_free(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold)
{
	struct pcp *p = &z->pcp[c->id];
	u32 i = merged_list_of(z->pa, order, type);

	charge_step(z->pa->charger, c, STEP_PCP_FREE);
	pcp_take_in(z, c, p, i, (u32)pfn, order, type, cold ? p->list[i].last : NO_PAGE);
	if (p->count < p->high)
		return;
	z->pa->pcp_st.drains++;
	give_back(z, c, p, p->batch);
}

static bool merged_decay(struct zone *z, struct cpu *c, struct pcp *p)
{
	return false;
}

/* struct per_cpu_pages of 2.6.37: count, high, batch, lists[]. */
const struct pcp_form_ops pcp_merged = {
	.init = merged_init,
	.takes = merged_takes,
	.list_of = merged_list_of,
	.alloc = merged_alloc,
	.free = merged_free,
	.drain = give_back,
	.decay = merged_decay,
	.count_at = 0,
	.head_at = 16,
	.head_step = 0,
	.word_step = 2,
};
