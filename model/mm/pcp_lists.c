/*
 * 6.7 on: 14 lists, of orders 0 to 3 and of a huge page's, whose high mark follows what is freed and
 * allocated, and whose refills double while nothing is freed. mm/page_alloc.c of 6.12, functions as named.
 */
#include "model/mm/pcp_form.h"
#include "model/mm/watermark.h"

#define COSTLY_ORDER 3u
#define THP_LIST     (NR_PCP_TYPES * (COSTLY_ORDER + 1)) /* others; then movable */
#define BATCH_SCALE  5u                                  /* CONFIG_PCP_BATCH_SCALE_MAX */

/* struct pcp.flags, PCPF_* */
#define FREED_HIGH_ORDER 1u /* the last block that was freed was of order 1 to 3 */
#define FREE_HIGH_BATCH  2u /* the data caches are large enough to keep a batch: more than 3 batches a CPU */

/* zone_highsize() */
static u32 high_size(u64 pages, u32 cpus, u32 batch)
{
	return (u32)MAX(pages / cpus, 4 * batch);
}

/* The mark itself is 0, a boot set's, until it is used. */
static void lists_init(const struct zone *z, struct pcp *p, u32 cpus_of_node)
{
	p->batch = MAX(pcp_batch(z, z->managed, 1u << 20), 1);
	p->high_min = high_size(z->wmark[WMARK_LOW], cpus_of_node, p->batch);
	p->high_max = high_size(z->managed / 8, cpus_of_node, p->batch);
	p->merge_from = p->batch;
	p->flags = FREE_HIGH_BATCH;
}

static bool lists_takes(const struct page_alloc *pa, u32 order)
{
	return order <= COSTLY_ORDER || order == pa->pageblock_order;
}

/* order_to_pindex(); blocks of highatomic pageblocks go among movable ones. */
static u32 lists_list_of(const struct page_alloc *pa, u32 order, enum migratetype type)
{
	if (order > COSTLY_ORDER)
		return THP_LIST + (type == MIGRATE_MOVABLE);
	return NR_PCP_TYPES * order + (type < NR_PCP_TYPES ? type : MIGRATE_MOVABLE);
}

static u32 order_of_list(const struct page_alloc *pa, u32 i)
{
	return i >= THP_LIST ? pa->pageblock_order : i / NR_PCP_TYPES;
}

static u32 clamp(u32 v, u32 low, u32 high)
{
	return MIN(MAX(v, low), high);
}

/* a - b, but at least c. */
static u32 less(u32 a, u32 b, u32 c)
{
	return a > b ? MAX(a - b, c) : c;
}

/* nr_pcp_alloc(): blocks of a refill. */
static u32 refill_size(const struct zone *z, struct pcp *p, u32 order)
{
	u32 high = p->high = clamp(p->high, p->high_min, p->high_max);
	u32 batch = order ? p->batch : p->batch << p->alloc_factor, most;

	if (high < p->batch)
		return 1;
	if (p->high_min != p->high_max && !(z->flags & ZONE_BELOW_HIGH))
		high = p->high = MIN(high + batch, p->high_max);
	if (!order) {
		most = less(high, p->count + p->batch, p->batch);
		if (batch <= most && p->alloc_factor < BATCH_SCALE)
			p->alloc_factor++;
		batch = MIN(batch, most);
	}
	return batch > 1 ? MAX(batch >> order, 2) : batch;
}

static noinline u32 refill(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 order,
			   enum migratetype type, u32 gfp)
{
	return pcp_refill(z, c, p, i, order, type, gfp, refill_size(z, p, order), TO_END);
}

/* rmqueue_pcplist() */
static u64 lists_alloc(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp,
		       bool *refilled)
{
	struct pcp *p = &z->pcp[c->id];
	u32 i = lists_list_of(z->pa, order, type);

	charge_step(z->pa->charger, c, STEP_PCP_ALLOC);
	if (pcp_charged(z))
		pcp_charge_set(z, c, p);
	p->free_count >>= 1;
	if (unlikely(p->list[i].first == NO_PAGE)) {
		if (!refill(z, c, p, i, order, type, gfp))
			return NO_FRAME;
		*refilled = true;
	}
	return pcp_hand_out(z, c, p, i, p->list[i].first, 1u << order);
}

/* free_pcppages_bulk(): from list i on, each from its end until it is empty. */
static void give_back(struct zone *z, struct cpu *c, struct pcp *p, u32 pages, u32 i)
{
	s64 left = MIN(pages, p->count);

	pcp_drain_begin(z, c);
	while (left > 0) {
		if (!p->nr[i]) {
			i = (i + 1) % PCP_MAX_LISTS;
			continue;
		}
		left -= 1 << order_of_list(z->pa, i);
		pcp_give_last(z, c, p, i, block_type(z, p->list[i].last));
	}
	pcp_drain_end(z, c);
}

/* nr_pcp_high(): the count from which on pages go back; the mark changes for the next. */
static u32 high_now(const struct zone *z, struct pcp *p, bool free_high)
{
	u32 high = p->high = clamp(p->high, p->high_min, p->high_max), freed = MAX(p->free_count, p->batch);

	if (!high)
		return 0;
	if (free_high) {
		p->high = less(high, p->batch << BATCH_SCALE, p->high_min);
		return 0;
	}
	if (z->flags & ZONE_RECLAIM_ACTIVE) {
		p->high = less(high, freed, p->high_min);
		return MIN(4 * p->batch, p->high);
	}
	if (p->high_min == p->high_max)
		return high;
	if (z->flags & ZONE_BELOW_HIGH) {
		p->high = less(high, freed, p->high_min);
		return MAX(p->count, p->high_min);
	}
	if (p->count >= high && p->high < p->free_count + p->batch)
		p->high = clamp(p->free_count + p->batch, p->high_min, p->high_max);
	return high;
}

/* nr_pcp_free() */
static u32 drain_size(const struct pcp *p, u32 high, bool free_high)
{
	if (free_high)
		return MIN(p->count, p->batch << BATCH_SCALE);
	if (high < p->batch)
		return 1;
	return clamp(p->free_count, p->batch, high - p->batch);
}

/* Blocks of orders 1 to 3 that are freed one after the other: they are for the buddy to merge. */
static bool frees_high(struct pcp *p, u32 order)
{
	bool high;

	if (!order || order > COSTLY_ORDER) {
		p->flags &= ~FREED_HIGH_ORDER;
		return false;
	}
	high = p->free_count >= p->merge_from && (p->flags & FREED_HIGH_ORDER) &&
	       (!(p->flags & FREE_HIGH_BATCH) || p->count >= p->batch);
	p->flags |= FREED_HIGH_ORDER;
	return high;
}

static noinline void drain_full(struct zone *z, struct cpu *c, struct pcp *p, u32 pages, u32 i)
{
	z->pa->pcp_st.drains++;
	give_back(z, c, p, pages, i);
	if ((z->flags & ZONE_BELOW_HIGH) &&
	    zone_watermark_ok(z, 0, zone_mark(z, WMARK_HIGH), ZONE_MOVABLE, 0))
		z->flags &= ~ZONE_BELOW_HIGH;
}

/* A pageblock that is being isolated gets its pages at once. */
static void free_past(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type)
{
	spin_lock(z->pa->charger, c, KPATH_BUDDY, &z->lock);
	charge_step(z->pa->charger, c, STEP_BUDDY_FREE);
	buddy_give(z, c, pfn, order, type, false);
	spin_unlock(z->pa->charger, c, &z->lock);
}

/* free_unref_page_commit() */
static void lists_free(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold)
{
	struct pcp *p = &z->pcp[c->id];
	u32 i = lists_list_of(z->pa, order, type), high;
	bool free_high;

	if (unlikely(type == MIGRATE_ISOLATE)) {
		free_past(z, c, pfn, order, type);
		return;
	}
	charge_step(z->pa->charger, c, STEP_PCP_FREE);
	p->alloc_factor >>= 1;
	pcp_take_in(z, c, p, i, (u32)pfn, order, type, NO_PAGE);
	free_high = frees_high(p, order);
	if (p->free_count < p->batch << BATCH_SCALE)
		p->free_count += 1u << order;
	high = high_now(z, p, free_high);
	if (unlikely(p->count >= high))
		drain_full(z, c, p, drain_size(p, high, free_high), i);
}

/* drain_pages_zone(): in parts, so that the lock is not held for long. */
static void lists_drain(struct zone *z, struct cpu *c, struct pcp *p, u32 pages)
{
	u32 part;

	for (; pages; pages -= part) {
		part = MIN(pages, p->batch << BATCH_SCALE);
		give_back(z, c, p, part, 0);
	}
}

/* decay_pcp_high() */
static bool lists_decay(struct zone *z, struct cpu *c, struct pcp *p)
{
	bool more = false;
	u32 high, left, part;

	if (p->high > p->high_min) {
		high = MAX(less(p->count, p->batch << BATCH_SCALE, 0), p->high - (p->high >> 3));
		p->high = MAX(high, p->high_min);
		z->pa->pcp_st.decays++;
		more = p->high > p->high_min;
	}
	for (left = less(p->count, p->high, 0); left; left -= part) {
		part = MIN(left, p->batch);
		give_back(z, c, p, part, 0);
		more = true;
	}
	return more;
}

/* struct per_cpu_pages of 6.x, 256 bytes: lock, count, high, high_min, high_max, batch, ..., lists[] from 32.
 */
const struct pcp_form_ops pcp_lists = {
	.init = lists_init,
	.takes = lists_takes,
	.list_of = lists_list_of,
	.alloc = lists_alloc,
	.free = lists_free,
	.drain = lists_drain,
	.decay = lists_decay,
	.count_at = 0,
	.head_at = 32,
	.head_step = 16,
	.word_step = 0,
};
