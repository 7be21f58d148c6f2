/*
 * 2.5.45 to 2.6.24: a hot and a cold list of single pages, mm/page_alloc.c:buffered_rmqueue(),
 * free_hot_cold_page(). Pages are freed cold by reclaim, and asked for cold by file reads. A list that is
 * full gives back a batch from its end; hot pages never become cold ones.
 */
#include "model/mm/pcp_form.h"

enum { HOT, COLD };

static const struct hot_cold_era {
	u32 low_batches;  /* hot: refilled at that count, not only when empty */
	u32 cap;          /* bytes of a zone's share that the batch counts */
	u32 cold_divisor; /* the cold batch is that part of the batch */
	bool rounded;     /* to 2^n - 1 */
	bool push_first;  /* a page is put into the list before it is seen that the list is full */
} hot_cold_eras[NR_ERAS] = {
	[ERA_2_4_0... ERA_2_6_9] = { 2, 256u << 10, 1, false, false },
	[ERA_2_6_18... ERA_6_X] = { 0, 512u << 10, 2, true, true },
};

static const struct hot_cold_era *rules(const struct zone *z)
{
	return &hot_cold_eras[z->pa->cfg.era];
}

/* zone_batchsize(), setup_pageset(): a small zone's rounded batch is 0, so is its high mark, and no page
 * stays. */
static void hot_cold_init(const struct zone *z, struct pcp *p, u32 cpus_of_node)
{
	const struct hot_cold_era *r = rules(z);
	u32 b = r->rounded ? pcp_batch(z, z->present, r->cap) : pcp_plain_batch(z, z->present, r->cap);

	p->batch = MAX(b, 1);
	p->cold_batch = MAX(b / r->cold_divisor, 1);
	p->low[HOT] = r->low_batches * b;
	p->low[COLD] = 0;
	p->hot_high = p->high = 6 * b;
	p->cold_high = 2 * b;
}

static bool hot_cold_takes(const struct page_alloc *pa, u32 order)
{
	return !order;
}

static u32 hot_cold_list_of(const struct page_alloc *pa, u32 order, enum migratetype type)
{
	return HOT;
}

/* With migratetypes, which this form saw in 2.6.24 alone, a list is searched. */
static u32 find(const struct zone *z, struct cpu *c, const struct pcp *p, u32 i, enum migratetype type)
{
	return era_has_types(z->pa->cfg.era) ? pcp_find(z, c, p, i, type, false) : p->list[i].first;
}

static u64 hot_cold_alloc(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp,
			  bool *refilled)
{
	struct pcp *p = &z->pcp[c->id];
	u32 i = gfp & GFP_COLD ? COLD : HOT, batch = i == COLD ? p->cold_batch : p->batch, pfn;

	charge_step(z->pa->charger, c, STEP_PCP_ALLOC);
	if (pcp_charged(z))
		pcp_charge_set(z, c, p);
	if (p->nr[i] <= p->low[i])
		*refilled = pcp_refill(z, c, p, i, 0, type, gfp, batch, TO_END) != 0;
	pfn = find(z, c, p, i, type);
	if (pfn == NO_PAGE && p->nr[i]) {
		*refilled = pcp_refill(z, c, p, i, 0, type, gfp, batch, TO_END) != 0;
		pfn = find(z, c, p, i, type);
	}
	return pfn == NO_PAGE ? NO_FRAME : pcp_hand_out(z, c, p, i, pfn, 1);
}

static void give_back(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 pages)
{
	pages = MIN(pages, p->nr[i]);
	pcp_drain_begin(z, c);
	while (pages--)
		pcp_give_last(z, c, p, i, page_of(&z->pa->map, p->list[i].last)->type);
	pcp_drain_end(z, c);
}

static void drain_full(struct zone *z, struct cpu *c, struct pcp *p, u32 i)
{
	if (p->nr[i] < (i == COLD ? p->cold_high : p->hot_high))
		return;
	z->pa->pcp_st.drains++;
	give_back(z, c, p, i, i == COLD ? p->cold_batch : p->batch);
}

static void hot_cold_free(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold)
{
	struct pcp *p = &z->pcp[c->id];
	u32 i = cold ? COLD : HOT;

	charge_step(z->pa->charger, c, STEP_PCP_FREE);
	if (!rules(z)->push_first)
		drain_full(z, c, p, i);
	pcp_take_in(z, c, p, i, (u32)pfn, order, type, NO_PAGE);
	if (rules(z)->push_first)
		drain_full(z, c, p, i);
}

static void hot_cold_drain(struct zone *z, struct cpu *c, struct pcp *p, u32 pages)
{
	u32 hot = MIN(pages, p->nr[HOT]);

	give_back(z, c, p, HOT, hot);
	give_back(z, c, p, COLD, pages - hot);
}

static bool hot_cold_decay(struct zone *z, struct cpu *c, struct pcp *p)
{
	return false;
}

/* struct per_cpu_pages of 32 bits: count, low, high, batch, list; the cold one follows. */
const struct pcp_form_ops pcp_hot_cold = {
	.init = hot_cold_init,
	.takes = hot_cold_takes,
	.list_of = hot_cold_list_of,
	.alloc = hot_cold_alloc,
	.free = hot_cold_free,
	.drain = hot_cold_drain,
	.decay = hot_cold_decay,
	.count_at = 0,
	.head_at = 16,
	.head_step = 16,
	.word_step = 2,
};
