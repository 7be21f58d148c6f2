#include "tests/ref/ref_buddy.h"

#include <string.h>

#include "model/arch/addr.h"
#include "model/base/error.h"

#define HALF(b) (1ull << ((b)->block_order - 1))

void ref_buddy_init(struct ref_buddy *b, const struct zone *z)
{
	memset(b, 0, sizeof(*b));
	memset(b->order, -1, sizeof(b->order));
	ASSERT(z->end <= REF_FRAMES);
	b->era = z->pa->cfg.era;
	b->start = z->start;
	b->end = z->end;
	b->max_order = z->pa->max_order;
	b->block_order = z->pa->pageblock_order;
	b->high_mark = z->wmark[WMARK_HIGH];
	b->managed = z->managed;
	memset(b->block, b->era >= ERA_2_6_26 ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE, sizeof(b->block));
}

static void put(struct ref_buddy *b, u64 pfn, u32 order, enum migratetype type, bool tail)
{
	b->order[pfn] = order;
	b->type[pfn] = type;
	b->rank[pfn] = tail ? --b->oldest : ++b->newest;
}

/* The head of the list of an order and a type; NO_FRAME: it is empty. */
static u64 head(const struct ref_buddy *b, u32 order, enum migratetype type)
{
	u64 pfn, best = NO_FRAME;

	for (pfn = b->start; pfn < b->end; pfn++)
		if (b->order[pfn] == (s8)order && b->type[pfn] == type &&
		    (best == NO_FRAME || b->rank[pfn] > b->rank[best]))
			best = pfn;
	return best;
}

/* The same of all orders at once: in a zone of 16 MB every look at all frames counts. */
static u64 smallest_head(const struct ref_buddy *b, u32 order, enum migratetype type)
{
	u64 pfn, best = NO_FRAME;

	for (pfn = b->start; pfn < b->end; pfn++) {
		if (b->order[pfn] < (s8)order || b->type[pfn] != type)
			continue;
		if (best == NO_FRAME || b->order[pfn] < b->order[best] ||
		    (b->order[pfn] == b->order[best] && b->rank[pfn] > b->rank[best]))
			best = pfn;
	}
	return best;
}

static void toggle(struct ref_buddy *b, u64 pfn, u32 order)
{
	b->pair[order][pfn >> (order + 1)] ^= 1;
}

/* Splits the free block at pfn; what is left over goes to the lists of `rest`. */
static u64 carve(struct ref_buddy *b, u64 pfn, u32 order, enum migratetype rest)
{
	u32 high = b->order[pfn];

	b->order[pfn] = -1;
	if (high != b->max_order - 1)
		toggle(b, pfn, high);
	while (high > order) {
		high--;
		if (b->era <= ERA_2_4_21) {
			put(b, pfn, high, rest, false);
			pfn += 1ull << high;
		} else {
			put(b, pfn + (1ull << high), high, rest, false);
		}
		toggle(b, pfn, high);
	}
	return pfn;
}

static u64 take_type(struct ref_buddy *b, u32 order, enum migratetype type)
{
	u64 pfn = smallest_head(b, order, type);

	return pfn == NO_FRAME ? pfn : carve(b, pfn, order, type);
}

static const enum migratetype others[3][2] = {
	{ MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	{ MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	{ MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

static u64 other_head(const struct ref_buddy *b, u32 order, enum migratetype type)
{
	u64 pfn = head(b, order, others[type][0]);

	return pfn != NO_FRAME ? pfn : head(b, order, others[type][1]);
}

static u64 block_start(const struct ref_buddy *b, u64 pfn)
{
	return pfn >> b->block_order << b->block_order;
}

static bool block_inside(const struct ref_buddy *b, u64 pfn)
{
	u64 first = block_start(b, pfn);

	return first >= b->start && first + (1ull << b->block_order) <= b->end;
}

static bool begins_free(const struct ref_buddy *b, u64 pfn)
{
	return b->order[pfn] >= 0;
}

static u64 move_all(struct ref_buddy *b, u64 pfn, enum migratetype to)
{
	u64 first = block_start(b, pfn), at, moved = 0;

	if (!block_inside(b, pfn))
		return 0;
	for (at = first; at < first + (1ull << b->block_order); at++)
		if (begins_free(b, at)) {
			put(b, at, b->order[at], to, b->era == ERA_6_X);
			moved += 1ull << b->order[at];
		}
	b->moves++;
	return moved;
}

static void retype(struct ref_buddy *b, u64 pfn, u32 order, enum migratetype to)
{
	u64 at = pfn;

	do {
		b->block[at >> b->block_order] = to;
		b->steals++;
		at += 1ull << b->block_order;
	} while (at < pfn + (1ull << order));
}

static u64 free_in_block(const struct ref_buddy *b, u64 pfn)
{
	u64 first = block_start(b, pfn), at, n = 0;

	for (at = first; at < first + (1ull << b->block_order); at++)
		n += begins_free(b, at) ? 1ull << b->order[at] : 0;
	return n;
}

static u64 movable_in_block(const struct ref_buddy *b, u64 pfn)
{
	u64 first = block_start(b, pfn), at, n = 0;

	for (at = first; at < first + (1ull << b->block_order); at++)
		n += b->movable[at];
	return n;
}

static u64 alike(const struct ref_buddy *b, u64 pfn, enum migratetype type, enum migratetype victim)
{
	if (type == MIGRATE_MOVABLE)
		return movable_in_block(b, pfn);
	if (victim == MIGRATE_MOVABLE)
		return (1ull << b->block_order) - free_in_block(b, pfn) - movable_in_block(b, pfn);
	return 0;
}

static bool stealable(const struct ref_buddy *b, u32 order, enum migratetype type)
{
	return order >= b->block_order / 2 || type == MIGRATE_UNMOVABLE || type == MIGRATE_RECLAIMABLE;
}

/* 2.6.24's rule. */
static u64 fall_moving(struct ref_buddy *b, u32 order, enum migratetype type, u32 low)
{
	enum migratetype rest;
	u64 pfn = NO_FRAME;
	u32 at;

	for (at = b->max_order; pfn == NO_FRAME && at-- > low;)
		pfn = other_head(b, at, type);
	if (pfn == NO_FRAME)
		return NO_FRAME;
	rest = b->type[pfn];
	if (at >= b->block_order / 2 || type == MIGRATE_RECLAIMABLE) {
		u64 moved = move_all(b, pfn, type);

		if (moved >= HALF(b) && at < b->block_order) {
			retype(b, pfn, 0, type);
			b->claims++;
		}
		rest = type;
	} else {
		b->small_steals++;
	}
	if (at >= b->block_order) {
		retype(b, pfn, at, type);
		b->whole++;
	}
	return carve(b, pfn, order, rest);
}

/* 5.9's rule. */
static u64 fall_stealing(struct ref_buddy *b, u32 order, enum migratetype type, u32 low)
{
	enum migratetype victim;
	u64 pfn = NO_FRAME;
	u32 at;

	for (at = b->max_order; pfn == NO_FRAME && at-- > low;)
		pfn = other_head(b, at, type);
	if (pfn == NO_FRAME)
		return NO_FRAME;
	if (!stealable(b, at, type) && at > order)
		for (at = order; (pfn = other_head(b, at, type)) == NO_FRAME; at++)
			;
	victim = b->block[pfn >> b->block_order];
	if (at >= b->block_order) {
		retype(b, pfn, at, type);
		b->whole++;
		put(b, pfn, at, type, false);
	} else if (stealable(b, at, type) && block_inside(b, pfn)) {
		u64 suits = free_in_block(b, pfn) + alike(b, pfn, type, victim);

		move_all(b, pfn, type);
		if (suits >= HALF(b)) {
			retype(b, pfn, 0, type);
			b->claims++;
		} else {
			b->refusals++;
		}
	} else {
		b->small_steals++;
		put(b, pfn, at, type, false);
	}
	return take_type(b, order, type);
}

static void boost(struct ref_buddy *b)
{
	u64 most = b->high_mark * 3 / 2, block = 1ull << b->block_order;

	if (b->managed < 4 * block || !most)
		return;
	b->boost += block;
	if (b->boost > MAX(most, block))
		b->boost = MAX(most, block);
}

/* 6.12's rule. */
static u64 fall_claiming(struct ref_buddy *b, u32 order, enum migratetype type, u32 low, bool whole_only)
{
	u64 pfn;
	u32 at;

	for (at = b->max_order; at-- > low && stealable(b, at, type);) {
		pfn = other_head(b, at, type);
		if (pfn == NO_FRAME)
			continue;
		if (at >= b->block_order) {
			retype(b, pfn, at, type);
			b->whole++;
			return carve(b, pfn, order, type);
		}
		boost(b);
		if (!block_inside(b, pfn) ||
		    free_in_block(b, pfn) + alike(b, pfn, type, b->type[pfn]) < HALF(b)) {
			b->refusals++;
			continue;
		}
		move_all(b, pfn, type);
		retype(b, pfn, 0, type);
		b->claims++;
		return take_type(b, order, type);
	}
	for (at = order; !whole_only && at < b->max_order; at++) {
		pfn = other_head(b, at, type);
		if (pfn != NO_FRAME) {
			b->small_steals++;
			return carve(b, pfn, order, b->type[pfn]);
		}
	}
	return NO_FRAME;
}

u64 ref_buddy_take(struct ref_buddy *b, u32 order, enum migratetype type, u32 gfp)
{
	u32 low = gfp & GFP_NOFRAGMENT && order < b->block_order ? b->block_order : order;
	u64 pfn;

	if (b->era < ERA_2_6_26)
		type = MIGRATE_UNMOVABLE;
	pfn = take_type(b, order, type);
	if (pfn != NO_FRAME || b->era < ERA_2_6_26)
		return pfn;
	if (b->era == ERA_2_6_26)
		pfn = fall_moving(b, order, type, low);
	else if (b->era == ERA_2_6_37)
		pfn = fall_stealing(b, order, type, low);
	else
		pfn = fall_claiming(b, order, type, low, gfp & GFP_NOFRAGMENT);
	b->fallbacks += pfn != NO_FRAME;
	return pfn;
}

static bool free_block(const struct ref_buddy *b, u64 pfn, u32 order)
{
	return pfn >= b->start && pfn < b->end && b->order[pfn] == (s8)order;
}

/* Whether the buddy may be taken in: up to 2.6.10 the pair's bit alone says so. */
static bool joins(struct ref_buddy *b, u64 pfn, u32 order, enum migratetype type)
{
	u64 buddy = pfn ^ 1ull << order;
	bool there = free_block(b, buddy, order), bit = b->pair[order][pfn >> (order + 1)];

	if (b->era <= ERA_2_6_9) {
		ASSERT(bit == there);
		return bit;
	}
	if (there && b->era == ERA_6_X && order >= b->block_order &&
	    b->block[buddy >> b->block_order] != type) {
		u64 at;

		for (at = buddy; at < buddy + (1ull << order); at += 1ull << b->block_order)
			b->block[at >> b->block_order] = type;
	}
	return there;
}

void ref_buddy_give(struct ref_buddy *b, u64 pfn, u32 order, enum migratetype type, bool to_tail)
{
	if (b->era < ERA_2_6_26)
		type = MIGRATE_UNMOVABLE;
	for (; order < b->max_order - 1; order++) {
		bool join = joins(b, pfn, order, type);

		toggle(b, pfn, order);
		if (!join)
			break;
		b->order[pfn ^ 1ull << order] = -1;
		pfn &= ~(1ull << order);
	}
	if (b->era >= ERA_2_6_37 && order + 2 < b->max_order) {
		u64 both = pfn & ~(1ull << order);

		to_tail |= free_block(b, both ^ 2ull << order, order + 1);
	}
	put(b, pfn, order, type, to_tail);
}
