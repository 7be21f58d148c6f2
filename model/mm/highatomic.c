#include "model/mm/highatomic.h"

#include "model/mm/buddy.h"

static u64 block_pages(const struct zone *z)
{
	return 1ull << z->pa->pageblock_order;
}

/* reserve_highatomic_pageblock(). A zone whose hundredth is no pageblock has none. */
static bool wants_more(const struct zone *z)
{
	u64 share = z->managed / 100;

	if (share < block_pages(z))
		return false;
	return z->reserved_highatomic < (share + block_pages(z) - 1) / block_pages(z) * block_pages(z);
}

void highatomic_reserve(struct zone *z, struct cpu *c, u64 pfn)
{
	const struct charger *ch = z->pa->charger;

	if (z->pa->cfg.era != ERA_6_X || !wants_more(z))
		return;
	spin_lock(ch, c, KPATH_FALLBACK, &z->lock);
	if (block_type(z, pfn) < NR_PCP_TYPES) {
		buddy_retype(z, c, pfn, MIGRATE_HIGHATOMIC);
		z->reserved_highatomic += (u32)block_pages(z);
	}
	spin_unlock(ch, c, &z->lock);
}

/* Of a zone, the first pageblock that has a free block in the reserve's lists;
 * unreserve_highatomic_pageblock(). */
static bool release_one(struct zone *z, struct cpu *c, enum migratetype type)
{
	u32 o, first;

	for (o = 0; o < z->pa->max_order; o++) {
		first = z->area[o].list[MIGRATE_HIGHATOMIC].first;
		if (first == NO_PAGE)
			continue;
		z->reserved_highatomic -= (u32)MIN(block_pages(z), z->reserved_highatomic);
		return buddy_retype(z, c, first, type) > 0;
	}
	return false;
}

bool highatomic_release(const struct zonelist *l, struct cpu *c, enum migratetype type, bool force)
{
	const struct charger *ch;
	bool released;
	u32 i;

	for (i = 0; i < l->n; i++) {
		struct zone *z = l->zone[i];

		if (z->reserved_highatomic <= (force ? 0 : block_pages(z)))
			continue;
		ch = z->pa->charger;
		spin_lock(ch, c, KPATH_FALLBACK, &z->lock);
		released = release_one(z, c, type);
		spin_unlock(ch, c, &z->lock);
		if (released)
			return true;
	}
	return false;
}
