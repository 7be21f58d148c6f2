#include "model/mm/fallback.h"

#include "model/arch/addr.h"
#include "model/mm/watermark.h"

const enum fallback_rule fallback_rules[NR_ERAS] = {
	[ERA_2_6_26] = FALLBACK_MOVES,
	[ERA_2_6_37] = FALLBACK_STEALS,
	[ERA_6_X] = FALLBACK_CLAIMS,
};

/* mm/page_alloc.c:fallbacks[] */
const u8 fallback_types[NR_PCP_TYPES][NR_PCP_TYPES - 1] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

struct request {
	struct zone *z;
	struct cpu *c;
	u32 order;
	enum migratetype type;
	u32 gfp;
};

/* The first block of another type's list of just that order; NO_PAGE: none. find_suitable_fallback() */
static u32 other_block(const struct request *r, u32 order)
{
	const struct free_area *a = &r->z->area[order];
	u32 i;

	for (i = 0; a->nr_free && i < NR_PCP_TYPES - 1; i++)
		if (a->nr[fallback_types[r->type][i]])
			return a->list[fallback_types[r->type][i]].first;
	return NO_PAGE;
}

/* The largest block of another type, from order low on. */
static u32 largest_block(const struct request *r, u32 low)
{
	u32 order, pfn;

	for (order = r->z->pa->max_order; order-- > low;) {
		pfn = other_block(r, order);
		if (pfn != NO_PAGE)
			return pfn;
	}
	return NO_PAGE;
}

static u32 smallest_block(const struct request *r)
{
	u32 order, pfn;

	for (order = r->order; order < r->z->pa->max_order; order++) {
		pfn = other_block(r, order);
		if (pfn != NO_PAGE)
			return pfn;
	}
	return NO_PAGE;
}

static const struct page *page_at(const struct zone *z, u64 pfn)
{
	return page_of(&z->pa->map, pfn);
}

static u32 lowest_order(const struct request *r)
{
	return r->gfp & GFP_NOFRAGMENT ? MAX(r->order, r->z->pa->pageblock_order) : r->order;
}

static bool half_a_block(const struct zone *z, u64 pages)
{
	return pages >= 1ull << (z->pa->pageblock_order - 1);
}

/* can_steal_fallback(), should_try_claim_block() */
static bool may_steal(const struct request *r, u32 order)
{
	return order >= r->z->pa->pageblock_order / 2 || r->type != MIGRATE_MOVABLE;
}

/* Pageblocks change their type and nothing else. change_pageblock_range() */
static void take_over(const struct request *r, u64 pfn, u32 order)
{
	u32 block = r->z->pa->pageblock_order;

	set_block_types(r->z, pfn, order, r->type);
	r->z->st.steals += 1ull << (order > block ? order - block : 0);
	charge_store(r->z->pa->charger, r->c, KPATH_FALLBACK, block_type_va(r->z, pfn), 8);
}

static void boost_watermark(const struct request *r)
{
	if (zone_boost(r->z) && r->gfp & GFP_KSWAPD_RECLAIM)
		r->z->flags |= ZONE_BOOSTED;
}

struct block_use {
	u64 free, movable;
};

static void count_page(const struct zone *z, u64 pfn, struct block_use *use, u64 *step)
{
	const struct page *p = page_at(z, pfn);

	*step = 1;
	if (p->state == PAGE_BUDDY) {
		*step = 1ull << p->order;
		use->free += *step;
	} else if (p->state == PAGE_ALLOCATED && p->flags & PAGE_MOVABLE) {
		*step = 1ull << p->order;
		use->movable += *step;
	}
}

/* prep_move_freepages_block(); false: the pageblock crosses the zone's border. Its chunk was split. */
static bool count_block(const struct request *r, u64 pfn, struct block_use *use)
{
	const struct page_alloc *pa = r->z->pa;
	u64 size = 1ull << pa->pageblock_order, start = align_down(pfn, size), at, step;

	*use = (struct block_use){ 0 };
	if (start < r->z->start || start + size > r->z->end)
		return false;
	for (at = start; at < start + size; at += step) {
		count_page(r->z, at, use, &step);
		charge_load(pa->charger, r->c, KPATH_FALLBACK, page_struct_va(&pa->map, at), 8);
		charge_step(pa->charger, r->c, STEP_FALLBACK_PAGE);
	}
	return true;
}

/*
 * Whether half of the pageblock is free or suits the request. What sits in a movable block and cannot be
 * moved suits what cannot be moved; the other way round nobody knows.
 */
static bool block_suits(const struct request *r, const struct block_use *use, enum migratetype victim)
{
	u64 alike = 0;

	if (r->type == MIGRATE_MOVABLE)
		alike = use->movable;
	else if (victim == MIGRATE_MOVABLE)
		alike = (1ull << r->z->pa->pageblock_order) - use->free - use->movable;
	return half_a_block(r->z, use->free + alike);
}

static u64 count_fallback(const struct request *r, u64 pfn)
{
	r->z->st.fallbacks += pfn != NO_FRAME;
	return pfn;
}

/* A block of `order` off another type's list serves the request. */
static void tell(const struct request *r, u64 pfn, u32 order, enum migratetype from)
{
	charge_trace(r->z->pa->charger, r->c, TRACE_EXTFRAG,
		     TRACE(pfn, r->order, order, r->z->pa->pageblock_order, r->type, from,
			   block_type(r->z, pfn) == r->type),
		     NULL);
}

/* Up to 4.11: the largest block is split onto the lists of the type that took its free neighbours along. */
static u64 take_moving(const struct request *r)
{
	struct zone *z = r->z;
	u32 pfn = largest_block(r, lowest_order(r)), order;
	enum migratetype from, to;

	if (pfn == NO_PAGE)
		return NO_FRAME;
	order = page_at(z, pfn)->order;
	from = to = page_at(z, pfn)->type;
	if (order >= z->pa->pageblock_order / 2 || r->type == MIGRATE_RECLAIMABLE) {
		u64 moved = buddy_move_block(z, r->c, pfn, r->type);

		to = r->type;
		if (half_a_block(z, moved) && order < z->pa->pageblock_order)
			take_over(r, pfn, 0);
	}
	if (order >= z->pa->pageblock_order)
		take_over(r, pfn, order);
	tell(r, pfn, order, from);
	return count_fallback(r, buddy_take_block(z, r->c, pfn, r->order, to));
}

/* steal_suitable_fallback(): afterwards the lists of the type have a block. */
static void steal(const struct request *r, u64 pfn, u32 order)
{
	struct zone *z = r->z;
	enum migratetype victim = block_type(z, pfn);
	struct block_use use;

	if (order >= z->pa->pageblock_order) {
		take_over(r, pfn, order);
	} else {
		boost_watermark(r);
		if (may_steal(r, order) && victim < NR_PCP_TYPES && count_block(r, pfn, &use)) {
			buddy_move_block(z, r->c, pfn, r->type);
			if (block_suits(r, &use, victim))
				take_over(r, pfn, 0);
			return;
		}
	}
	buddy_move(z, r->c, pfn, r->type);
}

/* 4.12 to 6.10: of two blocks that MOVABLE may not steal the smallest does. */
static u64 take_stealing(const struct request *r)
{
	u32 pfn = largest_block(r, lowest_order(r)), order;
	enum migratetype from;

	if (pfn == NO_PAGE)
		return NO_FRAME;
	order = page_at(r->z, pfn)->order;
	if (!may_steal(r, order) && order > r->order)
		pfn = smallest_block(r);
	order = page_at(r->z, pfn)->order;
	from = page_at(r->z, pfn)->type;
	steal(r, pfn, order);
	tell(r, pfn, order, from);
	return count_fallback(r, buddy_take_own(r->z, r->c, r->order, r->type));
}

/* try_to_claim_block() */
static u64 claim_block(const struct request *r, u64 pfn, u32 order)
{
	struct zone *z = r->z;
	struct block_use use;

	if (order >= z->pa->pageblock_order) {
		take_over(r, pfn, order);
		return buddy_take_block(z, r->c, pfn, r->order, r->type);
	}
	boost_watermark(r);
	if (!count_block(r, pfn, &use) || !block_suits(r, &use, page_at(z, pfn)->type))
		return NO_FRAME;
	buddy_move_block(z, r->c, pfn, r->type);
	take_over(r, pfn, 0);
	return buddy_take_own(z, r->c, r->order, r->type);
}

/* __rmqueue_claim(): one try of each order, the largest first. */
static u64 claim(const struct request *r)
{
	u32 order, low = lowest_order(r), block;
	enum migratetype from;
	u64 pfn = NO_FRAME;

	for (order = r->z->pa->max_order; pfn == NO_FRAME && order-- > low && may_steal(r, order);) {
		block = other_block(r, order);
		if (block == NO_PAGE)
			continue;
		from = page_at(r->z, block)->type;
		pfn = claim_block(r, block, order);
		if (pfn != NO_FRAME)
			tell(r, pfn, order, from);
	}
	return pfn;
}

/* __rmqueue_steal() */
static u64 take_out(const struct request *r, u64 block)
{
	enum migratetype from = page_at(r->z, block)->type;
	u32 order = page_at(r->z, block)->order;
	u64 pfn = buddy_take_block(r->z, r->c, block, r->order, from);

	tell(r, pfn, order, from);
	return pfn;
}

/* 6.12: __rmqueue_claim(), then __rmqueue_steal(), which leaves the rest of its block where it is. */
static u64 take_claiming(const struct request *r)
{
	u64 pfn = claim(r);
	u32 block;

	if (pfn == NO_FRAME && !(r->gfp & GFP_NOFRAGMENT)) {
		block = smallest_block(r);
		if (block != NO_PAGE)
			pfn = take_out(r, block);
	}
	return count_fallback(r, pfn);
}

u64 fallback_take(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp)
{
	struct request r = { .z = z, .c = c, .order = order, .type = type, .gfp = gfp };

	charge_step(z->pa->charger, c, STEP_FALLBACK);
	switch (fallback_rules[z->pa->cfg.era]) {
	case FALLBACK_MOVES:
		return take_moving(&r);
	case FALLBACK_STEALS:
		return take_stealing(&r);
	default:
		return take_claiming(&r);
	}
}

bool fallback_claims(struct zone *z, u32 order, enum migratetype type)
{
	const struct request r = { .z = z, .type = type };

	return may_steal(&r, order) && other_block(&r, order) != NO_PAGE;
}
