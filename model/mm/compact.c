#include "model/mm/compact.h"

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/mm/buddy.h"
#include "model/mm/fallback.h"
#include "model/mm/frag.h"
#include "model/mm/watermark.h"

#include <string.h>

#define COMPACT_CLUSTER_MAX 32u
#define PAGE_ALLOC_COSTLY   3u
#define EXTFRAG_THRESHOLD   500 /* vm.extfrag_threshold */
#define PROACTIVE_LOW       80u /* 100 - vm.compaction_proactiveness */

/* A run over a zone. */
struct run {
	struct zone *z;
	struct compact *k;
	struct compaction *all;
	struct cpu *c;
	const struct compact_request *r;
	enum migratetype type;
	u64 migrate_pfn, free_pfn;
	u32 taken[COMPACT_CLUSTER_MAX]; /* pages in use, to be moved */
	u32 n_taken;
	u32 free_first, free_last; /* isolated pages, linked by their struct pages */
	u32 n_free;
	bool whole_zone;
	bool contended, no_room;
	u64 migrate_scanned, free_scanned;
};

static u64 block_pages(const struct run *r)
{
	return 1ull << r->z->pa->pageblock_order;
}

static u64 block_start(const struct run *r, u64 pfn)
{
	return MAX(align_down(pfn, block_pages(r)), r->z->start);
}

static u64 block_end(const struct run *r, u64 pfn)
{
	return MIN(align_down(pfn, block_pages(r)) + block_pages(r), r->z->end);
}

static u8 *skip_of(const struct run *r, u64 pfn)
{
	u32 order = r->z->pa->pageblock_order;

	return &r->k->skip[(pfn >> order) - (r->z->start >> order)];
}

static struct page *page_at(const struct run *r, u64 pfn)
{
	return page_of(&r->z->pa->map, pfn);
}

static void look_at(struct run *r, u64 pfn)
{
	const struct page_alloc *pa = r->z->pa;

	charge_step(pa->charger, r->c, STEP_COMPACT_SCAN);
	charge_load(pa->charger, r->c, KPATH_COMPACT, page_struct_va(&pa->map, pfn), 8);
}

/* compact_lock_irqsave(): who is asynchronous does not like to wait, takes the lock and gives up afterwards.
 */
static void lock_zone(struct run *r)
{
	struct page_alloc *pa = r->z->pa;

	if (r->r->mode == COMPACT_ASYNC && pa->charger->on && r->c &&
	    r->c->ops->now(r->c) < holds_free_at(&r->z->lock.held, r->c->ops->now(r->c)))
		r->contended = true;
	spin_lock(pa->charger, r->c, KPATH_COMPACT, &r->z->lock);
}

static void unlock_zone(struct run *r)
{
	spin_unlock(r->z->pa->charger, r->c, &r->z->lock);
}

/* A pageblock whose chunk is one block has nothing for either scanner. */
static bool is_whole(const struct run *r, u64 pfn)
{
	return !memmap_has(&r->z->pa->map, pfn);
}

/* suitable_migration_source(): direct asynchronous compaction works for its own type alone. */
static bool is_source(struct run *r, u64 pfn)
{
	if (!r->r->whole_zone && *skip_of(r, pfn)) {
		r->all->st.skipped++;
		return false;
	}
	return r->r->mode != COMPACT_ASYNC || !r->r->direct || block_type(r->z, pfn) == r->type;
}

/* How far to the next page that is worth a look; takes this one if it can be moved. */
static u64 consider_page(struct run *r, u64 pfn)
{
	const struct page *p = page_at(r, pfn);

	r->migrate_scanned++;
	look_at(r, pfn);
	if (p->state == PAGE_BUDDY)
		return 1ull << p->order;
	if (p->state != PAGE_ALLOCATED)
		return 1;
	if (p->order || !(p->flags & PAGE_MOVABLE)) {
		r->all->st.unmovable++;
		return 1ull << p->order;
	}
	r->taken[r->n_taken++] = pfn;
	r->all->st.compact_isolated++;
	charge_step(r->z->pa->charger, r->c, STEP_COMPACT_ISOLATE);
	return 1;
}

/* isolate_migratepages_block(): to the end of the pageblock, or until there are enough. */
static void take_from_block(struct run *r)
{
	u64 end = block_end(r, r->migrate_pfn), first = r->migrate_pfn, pfn = first;

	while (pfn < end && r->n_taken < COMPACT_CLUSTER_MAX)
		pfn += consider_page(r, pfn);
	r->migrate_pfn = MIN(pfn, end);
	if (!r->n_taken && first == block_start(r, first)) {
		*skip_of(r, first) = 1;
		r->k->migrate_pfn[0] = MAX(r->k->migrate_pfn[0], end);
		if (r->r->mode != COMPACT_ASYNC)
			r->k->migrate_pfn[1] = MAX(r->k->migrate_pfn[1], end);
	}
}

/* isolate_migratepages(): of the next suitable pageblock below the free scanner, be there any or not. */
static void take_pages(struct run *r)
{
	for (; block_end(r, r->migrate_pfn) <= r->free_pfn; r->migrate_pfn = block_end(r, r->migrate_pfn)) {
		bool begins = r->migrate_pfn == block_start(r, r->migrate_pfn);

		if (is_whole(r, r->migrate_pfn) || (begins && !is_source(r, r->migrate_pfn)))
			continue;
		take_from_block(r);
		return;
	}
}

static void add_free(struct run *r, u64 pfn)
{
	struct page *p = page_at(r, pfn);

	*p = (struct page){ .state = PAGE_ISOLATED, .prev = r->free_last, .next = NO_PAGE };
	if (r->free_last == NO_PAGE)
		r->free_first = pfn;
	else
		page_at(r, r->free_last)->next = pfn;
	r->free_last = pfn;
	r->n_free++;
}

static u32 pop_free(struct run *r)
{
	u32 pfn = r->free_first;

	r->free_first = page_at(r, pfn)->next;
	if (r->free_first == NO_PAGE)
		r->free_last = NO_PAGE;
	r->n_free--;
	return pfn;
}

/* __isolate_free_page() and split_map_pages(); false: the zone would fall below its mark. */
static bool isolate_free(struct run *r, u64 pfn)
{
	struct zone *z = r->z;
	u32 order = page_at(r, pfn)->order;
	u64 i, pages = 1ull << order;

	if (!zone_watermark_ok(z, 0, z->wmark[WMARK_MIN] + pages, ZONE_DMA, 0))
		return false;
	buddy_take_block(z, r->c, pfn, order, page_at(r, pfn)->type);
	if (order + 1 >= z->pa->pageblock_order && block_type(z, pfn) < NR_PCP_TYPES)
		set_block_types(z, pfn, order, MIGRATE_MOVABLE);
	for (i = 0; i < pages; i++)
		add_free(r, pfn + i);
	r->all->st.compact_isolated += pages;
	charge_step(z->pa->charger, r->c, STEP_COMPACT_ISOLATE);
	return true;
}

/* suitable_migration_target(): not into a block that is large enough already, nor among what cannot move. */
static bool is_target(struct run *r, u64 pfn)
{
	const struct page *p;
	u32 order = r->r->order == NO_ORDER ? r->z->pa->pageblock_order : r->r->order;

	if (is_whole(r, pfn))
		return false;
	p = page_at(r, pfn);
	if (p->state == PAGE_BUDDY && p->order >= order)
		return false;
	if (r->r->mode == COMPACT_SYNC && r->r->direct)
		return true;
	if (!r->r->whole_zone && *skip_of(r, pfn)) {
		r->all->st.skipped++;
		return false;
	}
	return block_type(r->z, pfn) == MIGRATE_MOVABLE;
}

/* isolate_freepages_block(): returns where it stopped. */
static u64 free_from_block(struct run *r, u64 pfn, u64 end)
{
	while (pfn < end && r->n_free < r->n_taken) {
		const struct page *p = page_at(r, pfn);
		u64 pages = 1ull << p->order;

		r->free_scanned++;
		look_at(r, pfn);
		if (p->state != PAGE_BUDDY) {
			pfn++;
			continue;
		}
		if (!isolate_free(r, pfn))
			break;
		pfn += pages;
	}
	return MIN(pfn, end);
}

/* isolate_freepages(): downwards by pageblocks, upwards in each. */
static void find_free(struct run *r)
{
	u64 size = block_pages(r), low = align_down(r->migrate_pfn, size) + size, pfn = r->free_pfn;
	u64 start = align_down(pfn, size);

	lock_zone(r);
	for (; start >= low; start -= size, pfn = start) {
		u64 end = block_end(r, start);
		u32 had = r->n_free;

		if (!is_target(r, start))
			continue;
		pfn = free_from_block(r, pfn, end);
		if (pfn == end && r->n_free == had)
			*skip_of(r, start) = 1;
		if (r->n_free >= r->n_taken && pfn == end)
			pfn = start - size;
		if (r->n_free >= r->n_taken || pfn < end)
			break;
	}
	r->free_pfn = pfn;
	unlock_zone(r);
}

/* The page that was left, or one that was not needed. */
static void release(struct run *r, u64 pfn)
{
	*page_at(r, pfn) = (struct page){ 0 };
	buddy_give(r->z, r->c, pfn, 0, block_type(r->z, pfn), false);
}

static void move_page(struct run *r, u64 from)
{
	u32 to = pop_free(r);

	*page_at(r, to) = *page_at(r, from);
	if (!r->all->ops->unmap_and_move(r->all->arg, r->c, from, to)) {
		r->all->st.pgmigrate_fail++;
		add_free(r, to);
		return;
	}
	charge_step(r->z->pa->charger, r->c, STEP_COMPACT_MOVE);
	r->all->st.pgmigrate_success++;
	lock_zone(r);
	release(r, from);
	unlock_zone(r);
}

/* migrate_pages() */
static void move_pages(struct run *r)
{
	u32 i;

	for (i = 0; i < r->n_taken; i++) {
		if (!r->n_free)
			find_free(r);
		if (!r->n_free) {
			r->no_room = true;
			break;
		}
		move_page(r, r->taken[i]);
	}
	r->n_taken = 0;
}

static bool scanners_met(const struct run *r)
{
	u32 order = r->z->pa->pageblock_order;

	return r->free_pfn >> order <= r->migrate_pfn >> order;
}

static u64 last_block(const struct zone *z)
{
	return align_down(z->end - 1, 1ull << z->pa->pageblock_order);
}

static void reset_scanners(struct zone *z)
{
	z->compact->migrate_pfn[0] = z->compact->migrate_pfn[1] = z->start;
	z->compact->free_pfn = last_block(z);
}

void compact_forget_skips(struct zone *z)
{
	u32 order = z->pa->pageblock_order;

	if (!z->compact || !z->compact->flush)
		return;
	z->compact->flush = false;
	memset(z->compact->skip, 0, (last_block(z) >> order) - (z->start >> order) + 1);
	reset_scanners(z);
}

/* Is there a block that the allocation would get, by stealing a pageblock as well? */
static bool has_block(const struct run *r)
{
	u32 order;

	for (order = r->r->order; order < r->z->pa->max_order; order++)
		if (r->z->area[order].nr[r->type] || fallback_claims(r->z, order, r->type))
			return true;
	return false;
}

/* __compact_finished() */
static enum compact_result finished(struct run *r)
{
	if (scanners_met(r)) {
		reset_scanners(r->z);
		r->k->flush |= r->r->direct;
		return r->whole_zone ? COMPACT_COMPLETE : COMPACT_PARTIAL_SKIPPED;
	}
	if (r->r->proactive && extfrag_for_order(r->z, r->z->pa->pageblock_order) <= PROACTIVE_LOW)
		return COMPACT_SUCCESS;
	if (r->r->order != NO_ORDER && r->migrate_pfn == block_start(r, r->migrate_pfn) && has_block(r))
		return COMPACT_SUCCESS;
	return r->contended || r->no_room ? COMPACT_CONTENDED : COMPACT_CONTINUE;
}

/* compaction_suit_allocation_order() */
static enum compact_result suitable(const struct zone *z, u32 order, enum zone_type highest)
{
	u64 gap = 2ull << order;
	enum wmark mark = order > PAGE_ALLOC_COSTLY ? WMARK_LOW : WMARK_MIN;
	s32 index;

	if (zone_watermark_ok(z, order, zone_mark(z, WMARK_MIN), highest, 0))
		return COMPACT_SUCCESS;
	if (!zone_watermark_ok(z, 0, zone_mark(z, mark) + gap, highest, 0))
		return COMPACT_SKIPPED;
	if (order <= PAGE_ALLOC_COSTLY)
		return COMPACT_CONTINUE;
	index = fragmentation_index(z, order);
	return index >= 0 && index <= EXTFRAG_THRESHOLD ? COMPACT_SKIPPED : COMPACT_CONTINUE;
}

bool kcompactd_suits(const struct page_alloc *pa, u32 node, u32 order, enum zone_type highest)
{
	u32 i;

	for (i = 0; pa->compaction && i < pa->n_zones; i++) {
		const struct zone *z = &pa->zone[i];

		if (z->node == node && z->type <= highest && suitable(z, order, highest) == COMPACT_CONTINUE)
			return true;
	}
	return false;
}

static void place_scanners(struct run *r)
{
	const struct compact *k = r->k;

	r->migrate_pfn = r->whole_zone ? r->z->start : k->migrate_pfn[r->r->mode != COMPACT_ASYNC];
	r->free_pfn = r->whole_zone ? last_block(r->z) : k->free_pfn;
	r->whole_zone |= r->migrate_pfn <= r->z->start;
}

/* release_free_list(): what was isolated and not needed; the next run begins where it lay. */
static void release_free(struct run *r)
{
	u64 highest = 0;

	if (!r->n_free)
		return;
	lock_zone(r);
	while (r->n_free) {
		u32 pfn = pop_free(r);

		highest = MAX(highest, pfn);
		release(r, pfn);
	}
	unlock_zone(r);
	r->k->free_pfn = MAX(r->k->free_pfn, align_down(highest, block_pages(r)));
}

static void count_run(const struct run *r)
{
	struct compact_stats *st = &r->all->st;

	st->compact_migrate_scanned += r->migrate_scanned;
	st->compact_free_scanned += r->free_scanned;
	if (!r->r->direct) {
		st->compact_daemon_migrate_scanned += r->migrate_scanned;
		st->compact_daemon_free_scanned += r->free_scanned;
	}
}

static enum compact_result run(struct run *r)
{
	enum compact_result result;

	place_scanners(r);
	r->all->st.runs++;
	r->all->ops->begin(r->all->arg);
	for (result = finished(r); result == COMPACT_CONTINUE; result = finished(r)) {
		charge_step(r->z->pa->charger, r->c, STEP_COMPACT_ROUND);
		take_pages(r);
		if (r->n_taken)
			move_pages(r);
	}
	if (result != COMPACT_COMPLETE && result != COMPACT_PARTIAL_SKIPPED)
		r->k->free_pfn = MIN(r->k->free_pfn, align_down(r->free_pfn, block_pages(r)));
	release_free(r);
	r->all->st.contended += result == COMPACT_CONTENDED;
	count_run(r);
	return result;
}

enum compact_result compact_zone(struct zone *z, struct cpu *c, const struct compact_request *request,
				 enum zone_type highest)
{
	struct run r = { .z = z,
			 .k = z->compact,
			 .all = z->pa->compaction,
			 .c = c,
			 .r = request,
			 .type = gfp_migratetype(request->gfp),
			 .free_first = NO_PAGE,
			 .free_last = NO_PAGE,
			 .whole_zone = request->whole_zone };
	enum compact_result why;

	if (request->order != NO_ORDER) {
		why = suitable(z, request->order, highest);
		if (why != COMPACT_CONTINUE)
			return why;
	}
	return run(&r);
}
