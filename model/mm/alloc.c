#include "model/mm/alloc.h"

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/mm/alloc_request.h"
#include "model/mm/boot.h"
#include "model/mm/buddy.h"
#include "model/mm/compact.h"
#include "model/mm/highatomic.h"
#include "model/mm/pcp.h"

struct page_alloc *page_alloc_new(const struct page_alloc_cfg *cfg, struct charger *ch)
{
	struct page_alloc *pa = page_alloc_zones(cfg, ch);
	u32 i;

	boot_release(pa);
	pa->usable = pa->unused = page_alloc_managed(pa);
	for (i = 0; i < pa->n_zones && cfg->pcp != PCP_NONE; i++)
		pcp_init_zone(&pa->zone[i], cfg->cpus);
	return pa;
}

void page_alloc_free(struct page_alloc *pa)
{
	u32 i;

	if (!pa)
		return;
	for (i = 0; i < pa->n_zones && pa->cfg.pcp != PCP_NONE; i++)
		pcp_fini_zone(&pa->zone[i]);
	compact_fini(pa);
	zones_free(pa);
}

/* gfp_zone(); GFP_MOVABLE alone is no wish for a zone. */
enum zone_type gfp_highest_zone(u32 gfp)
{
	if (gfp & GFP_DMA)
		return ZONE_DMA;
	if (gfp & GFP_DMA32)
		return ZONE_DMA32;
	if (gfp & GFP_HIGHMEM)
		return gfp & GFP_MOVABLE ? ZONE_MOVABLE : ZONE_HIGHMEM;
	return ZONE_NORMAL;
}

static u64 take_from_buddy(struct request *r, struct zone *z)
{
	const struct charger *ch = r->pa->charger;
	u32 gfp = r->gfp;
	u64 pfn = NO_FRAME;

	if (r->alloc & ALLOC_NOFRAGMENT)
		gfp |= GFP_NOFRAGMENT;
	r->served = LADDER_PAGE_BUDDY;
	spin_lock(ch, r->c, KPATH_BUDDY, &z->lock);
	charge_step(ch, r->c, STEP_BUDDY_ALLOC);
	if (r->alloc & ALLOC_HIGHATOMIC)
		pfn = buddy_take_own(z, r->c, r->order, MIGRATE_HIGHATOMIC);
	if (pfn == NO_FRAME)
		pfn = buddy_take(z, r->c, r->order, r->type, gfp);
	if (pfn == NO_FRAME && r->pa->cfg.era == ERA_6_X && (r->alloc & (ALLOC_OOM | ALLOC_HARDER)))
		pfn = buddy_take_own(z, r->c, r->order, MIGRATE_HIGHATOMIC);
	spin_unlock(ch, r->c, &z->lock);
	return pfn;
}

/* rmqueue() */
static u64 take(struct request *r, struct zone *z)
{
	struct page_alloc *pa = r->pa;
	u64 pfn = NO_FRAME;
	bool refilled = false;

	if (r->c && pcp_takes(pa, r->order)) {
		pfn = pcp_alloc(z, r->c, r->order, r->type,
				r->alloc & ALLOC_NOFRAGMENT ? r->gfp | GFP_NOFRAGMENT : r->gfp, &refilled);
		pa->st.pcp_hits += pfn != NO_FRAME && !refilled;
		pa->st.pcp_misses += refilled;
		r->served = refilled ? LADDER_PAGE_REFILL : LADDER_PAGE_PCP;
	}
	/* The lists have no part in the highatomic reserve; who may use it goes on to the buddy. */
	if (pfn == NO_FRAME)
		pfn = take_from_buddy(r, z);
	if (unlikely(z->flags & ZONE_BOOSTED) && (r->alloc & ALLOC_KSWAPD)) {
		z->flags &= ~ZONE_BOOSTED;
		page_alloc_wake_kswapd(z, r->c, 0, 0);
	}
	return pfn;
}

void page_alloc_wake_kswapd(struct zone *z, struct cpu *c, u32 order, u32 gfp)
{
	struct page_alloc *pa = z->pa;

	pa->st.kswapd_wakes++;
	if (pa->reclaim)
		pa->reclaim->wake_kswapd(pa->reclaim_arg, c, z, order, gfp);
}

static u64 mark_of(const struct zone *z, enum pass pass)
{
	static const u8 mark[] = { WMARK_LOW, WMARK_MIN, WMARK_HIGH, WMARK_MIN };

	return zone_mark(z, mark[pass]);
}

/* 2.4.0 looks at each zone for itself; reclaimed clean pages, which its limits count too, are none here. */
static bool ok_2_4_0(const struct zone *z, enum pass pass)
{
	if (pass == PASS_LOW)
		return z->free >= z->wmark[WMARK_LOW];
	return pass == PASS_LAST ? z->free >= z->wmark[WMARK_MIN] / 4 : z->free > z->wmark[WMARK_MIN];
}

/* 6.x: whether the zone is above its high mark, and its lists may grow, is found out on the way. */
static bool above_high(struct zone *z, const struct request *r)
{
	if (z->flags & ZONE_BELOW_HIGH)
		return false;
	if (zone_watermark_fast(z, r->order, zone_mark(z, WMARK_HIGH), r->highest, r->alloc))
		return true;
	z->flags |= ZONE_BELOW_HIGH;
	return false;
}

/* The zones' marks allow it to take from this one; *min is the incremental sum. */
static bool zone_ok(struct zone *z, const struct request *r, enum pass pass, u64 *min)
{
	enum kernel_era era = r->pa->cfg.era;
	bool ok;

	if (r->alloc & ALLOC_NO_WATERMARKS)
		return true;
	if (era <= ERA_2_6_5)
		return era == ERA_2_4_0 ? ok_2_4_0(z, pass)
					: zone_incremental_ok(z, min, pass == PASS_LOW, r->gfp);
	if (era == ERA_6_X && above_high(z, r))
		return true;
	ok = zone_watermark_fast(z, r->order, mark_of(z, pass), r->highest, r->alloc);
	/* A boost is no reason to refuse a single page that cannot wait. */
	if (!ok && z->boost && !r->order && (r->alloc & ALLOC_HIGH) && pass == PASS_MIN)
		ok = zone_watermark_ok(z, 0, z->wmark[WMARK_MIN], r->highest, r->alloc);
	return ok;
}

static void charge_zone(const struct request *r, const struct zone *z)
{
	const struct charger *ch = r->pa->charger;

	if (!r->c || !ch->on)
		return;
	charge_load(ch, r->c, KPATH_PCP, zone_line(z, ZONE_LINE_MARKS), 64);
	charge_load(ch, r->c, KPATH_PCP, zone_line(z, ZONE_LINE_STAT), 8);
}

u64 alloc_pass(struct request *r, enum pass pass)
{
	u64 min = 1ull << r->order, pfn;
	u32 i;

	for (i = 0; i < r->list->n; i++) {
		struct zone *z = r->list->zone[i];

		if (!(r->nodes >> z->node & 1))
			continue;
		/* Rather a mixed pageblock than another node's memory. */
		if ((r->alloc & ALLOC_NOFRAGMENT) && z->node != r->list->zone[0]->node)
			break;
		charge_zone(r, z);
		if (!zone_ok(z, r, pass, &min)) {
			z->st.below_mark++;
			continue;
		}
		pfn = take(r, z);
		if (pfn != NO_FRAME) {
			if (r->order && (r->alloc & ALLOC_HIGHATOMIC))
				highatomic_reserve(z, r->c, pfn);
			return pfn;
		}
		z->st.failed++;
	}
	if (!(r->alloc & ALLOC_NOFRAGMENT))
		return NO_FRAME;
	r->alloc &= ~ALLOC_NOFRAGMENT;
	return alloc_pass(r, pass);
}

/* alloc_flags_nofragment(), since 5.0: memory below 4 GB is used before a pageblock gets a second type. */
static bool keeps_blocks_pure(const struct request *r)
{
	const struct zone *z = r->list->zone[0];

	if (r->pa->cfg.era != ERA_6_X || !r->pa->cfg.dma32_end || z->type != ZONE_NORMAL)
		return false;
	return r->pa->cfg.nodes == 1 || (z->index && z[-1].node == z->node && z[-1].type == ZONE_DMA32);
}

/* prep_new_page() */
void page_alloc_took(struct zone *z, u64 pfn, u32 order)
{
	struct page_alloc *pa = z->pa;
	struct page *p = page_of(&pa->map, pfn);

	p->state = PAGE_ALLOCATED;
	p->order = order;
	p->refs = 1;
	p->flags = 0;
	p->private = 0;
	pa->st.allocated += 1ull << order;
	pa->unused -= 1ull << order;
	pa->pgalloc[z->type] += 1ull << order;
}

static u64 hand_out(struct request *r, u64 pfn)
{
	if (pfn == NO_FRAME)
		r->pa->st.failed++;
	else
		page_alloc_took(zone_of(r->pa, pfn), pfn, r->order);
	return pfn;
}

static u64 serve(struct request *r)
{
	struct page_alloc *pa = r->pa;
	u64 pfn;

	charge_step(pa->charger, r->c, STEP_ALLOC_PAGE);
	if (r->order >= pa->max_order || !r->list->n)
		return NO_FRAME;
	r->type = era_has_types(pa->cfg.era) ? gfp_migratetype(r->gfp) : MIGRATE_UNMOVABLE;
	r->alloc = r->gfp & GFP_KSWAPD_RECLAIM ? ALLOC_KSWAPD : 0;
	if (keeps_blocks_pure(r))
		r->alloc |= ALLOC_NOFRAGMENT;
	pfn = alloc_pass(r, PASS_LOW);
	if (likely(pfn != NO_FRAME))
		return pfn;
	pfn = alloc_slow(r);
	r->served = LADDER_PAGE_SLOW;
	return pfn;
}

static u64 allocate(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, u32 node, u64 nodes)
{
	struct request r = { .pa = pa, .c = c, .nodes = nodes, .gfp = gfp, .order = order };
	struct ladder_scope scope;
	u64 pfn;

	pa->st.requests++;
	r.highest = gfp_highest_zone(gfp);
	r.list = &pa->zonelist[node * NR_ZONE_TYPES + r.highest];
	if (gfp & GFP_THISNODE)
		r.nodes &= 1ull << node;
	ladder_begin(pa->charger->ladder, c, &scope);
	pfn = hand_out(&r, serve(&r));
	ladder_end(pa->charger->ladder, &scope, pfn == NO_FRAME ? LADDER_PAGE_FAILED : r.served);
	charge_trace(pa->charger, c, TRACE_PAGE_ALLOC, TRACE(pfn, order, r.type, gfp), NULL);
	return pfn;
}

u64 alloc_pages(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order)
{
	return allocate(pa, c, gfp, order, c ? c->node : 0, ~(u64)0);
}

u64 alloc_pages_node(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, u32 node)
{
	return allocate(pa, c, gfp, order, node, ~(u64)0);
}

/* The node of the set that comes after `index` others, in turns. */
static u32 nth_node(u64 nodes, u64 index)
{
	u32 n = (u32)(index % (u32)__builtin_popcountll(nodes));

	while (n--)
		nodes &= nodes - 1;
	return (u32)__builtin_ctzll(nodes);
}

u64 alloc_pages_policy(struct page_alloc *pa, struct cpu *c, u32 gfp, u32 order, enum mempolicy policy,
		       u64 nodes, u64 index)
{
	u32 local = c ? c->node : 0;

	if (policy == POLICY_LOCAL || !nodes)
		return allocate(pa, c, gfp, order, local, ~(u64)0);
	switch (policy) {
	case POLICY_INTERLEAVE:
		return allocate(pa, c, gfp, order, nth_node(nodes, index), ~(u64)0);
	case POLICY_PREFERRED:
		return allocate(pa, c, gfp, order, nth_node(nodes, 0), ~(u64)0);
	default:
		return allocate(pa, c, gfp, order, local, nodes);
	}
}

static void give_to_buddy(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type)
{
	const struct charger *ch = z->pa->charger;

	spin_lock(ch, c, KPATH_BUDDY, &z->lock);
	charge_step(ch, c, STEP_BUDDY_FREE);
	buddy_give(z, c, pfn, order, type, false);
	spin_unlock(ch, c, &z->lock);
}

/* free_unref_page(), free_hot_cold_page(), __free_pages_ok() */
static void give(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order, bool cold)
{
	struct zone *z = zone_of(pa, pfn);
	enum migratetype type = block_type(z, pfn);
	struct page *p = page_of(&pa->map, pfn);
	u64 drains = pa->pcp_st.drains;
	enum ladder_kind how = LADDER_FREE_BUDDY;
	struct ladder_scope scope;

	ASSERT(p->state == PAGE_ALLOCATED && p->order == order);
	ladder_begin(pa->charger->ladder, c, &scope);
	charge_trace(pa->charger, c, TRACE_PAGE_FREE, TRACE(pfn, order), NULL);
	p->refs = 0;
	p->flags = 0;
	pa->st.freed += 1ull << order;
	pa->unused += 1ull << order;
	if (era_has_types(pa->cfg.era))
		charge_load(pa->charger, c, KPATH_PCP, block_type_va(z, pfn), 8);
	if (!c || !pcp_takes(pa, order) || type == MIGRATE_ISOLATE) {
		give_to_buddy(z, c, pfn, order, type);
	} else {
		pcp_free(z, c, pfn, order, type == MIGRATE_HIGHATOMIC ? MIGRATE_MOVABLE : type, cold);
		how = pa->pcp_st.drains == drains ? LADDER_FREE_PCP : LADDER_FREE_DRAIN;
	}
	ladder_end(pa->charger->ladder, &scope, how);
}

void free_pages(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order)
{
	give(pa, c, pfn, order, false);
}

void free_pages_cold(struct page_alloc *pa, struct cpu *c, u64 pfn, u32 order)
{
	give(pa, c, pfn, order, true);
}

/* A page of a block has the allocator's fields from its head, and keeps what is known of its user. */
static void be_like(struct page *p, const struct page *head)
{
	p->prev = head->prev;
	p->next = head->next;
	p->refs = head->refs;
	p->state = head->state;
	p->order = head->order;
	p->type = head->type;
	p->flags = head->flags;
	p->private = head->private;
}

void split_page(struct page_alloc *pa, u64 pfn, u32 order)
{
	struct page *p = page_of(&pa->map, pfn);
	struct page one = *p;
	u64 i;

	ASSERT(p->state == PAGE_ALLOCATED && p->order == order);
	one.order = 0;
	for (i = 0; i < 1ull << order; i++) {
		if (order >= PAGE_CHUNK_SHIFT)
			memmap_populate(&pa->map, pfn + i);
		be_like(page_of(&pa->map, pfn + i), &one);
	}
}
