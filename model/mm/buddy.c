#include "model/mm/buddy.h"

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/mm/fallback.h"
#include "model/mm/pcp.h"
#include "model/mm/page_layout.h"

/* mm/page_alloc.c of each tree: expand(), __free_pages_ok(), __free_one_page(). */
const struct buddy_rules buddy_rules[NR_ERAS] = {
	[ERA_2_4_0] = { .keeps_upper = true, .bitmap = true },
	[ERA_2_4_21] = { .keeps_upper = true, .bitmap = true },
	[ERA_2_5_66] = { .bitmap = true },
	[ERA_2_6_5] = { .bitmap = true },
	[ERA_2_6_9] = { .bitmap = true },
	[ERA_2_6_18] = { 0 },
	[ERA_2_6_26] = { 0 },
	[ERA_2_6_37] = { .tail = true },
	[ERA_6_X] = { .tail = true, .block_types = true },
};

static const struct buddy_rules *rules_of(const struct zone *z)
{
	return &buddy_rules[z->pa->cfg.era];
}

static bool has_types(const struct zone *z)
{
	return era_has_types(z->pa->cfg.era);
}

/*
 * The pairs' bitmap of order k has pages >> (k + 4) bytes and begins where those below it end: a geometric
 * sum, and a word for each that does not come out even.
 */
static u64 bitmap_offset(u64 pages, u32 order)
{
	return (pages >> 3) - (pages >> (order + 3)) + 8ull * order;
}

u64 buddy_map_bytes(enum kernel_era era, u64 pages, u32 pageblock_order)
{
	if (buddy_rules[era].bitmap)
		return bitmap_offset(pages, MAX_ORDERS) + 8;
	return era_has_types(era) ? (pages >> pageblock_order) / 2 + 16 : 0;
}

/* The word that has a pair's bit. */
static u64 pair_va(const struct zone *z, u64 pfn, u32 order)
{
	u64 bit = (pfn - z->start) >> (order + 1);

	return z->map_va + bitmap_offset(z->end - z->start, order) + bit / 32 * 4;
}

static u64 list_va(const struct zone *z, u32 order, enum migratetype type)
{
	u64 list = has_types(z) ? 2ull * z->pa->cfg.word * type : 0;

	return zone_line(z, ZONE_LINE_FREE_AREA) + (u64)zone_area_bytes(z) * order + list;
}

static bool charged(const struct zone *z, const struct cpu *c)
{
	return c && z->pa->charger->on;
}

static void touch(struct zone *z, struct cpu *c, u64 va, u32 bytes)
{
	charge_store(z->pa->charger, c, KPATH_BUDDY, va, bytes);
}

static void touch_page(struct zone *z, struct cpu *c, u64 pfn)
{
	const struct page_layout *l;

	if (!charged(z, c))
		return;
	l = page_layout(z->pa->cfg.era, z->pa->cfg.word);
	touch(z, c, page_struct_va(&z->pa->map, pfn), l->touched);
}

/* The links of a neighbour in a list; without one it is the list's head. */
static void touch_neighbour(struct zone *z, struct cpu *c, u32 pfn, u32 order, enum migratetype type)
{
	const struct page_layout *l;
	u32 links = 2 * z->pa->cfg.word;

	if (!charged(z, c))
		return;
	l = page_layout(z->pa->cfg.era, z->pa->cfg.word);
	if (pfn == NO_PAGE)
		touch(z, c, list_va(z, order, type), links);
	else
		touch(z, c, page_struct_va(&z->pa->map, pfn) + l->list, links);
}

static void touch_pair(struct zone *z, struct cpu *c, u64 pfn, u32 order)
{
	if (charged(z, c) && rules_of(z)->bitmap && order + 1 < z->pa->max_order)
		touch(z, c, pair_va(z, pfn, order), 4);
}

/* free_pages or NR_FREE_PAGES, and the area's nr_free. */
static void touch_counts(struct zone *z, struct cpu *c)
{
	if (charged(z, c))
		touch(z, c, zone_line(z, ZONE_LINE_STAT), z->pa->cfg.word);
}

static void count_list(struct zone *z, u32 order, enum migratetype type, bool more)
{
	struct free_area *a = &z->area[order];
	u64 blocks = more ? 1 : ~(u64)0;

	a->nr[type] += blocks;
	a->nr_free += blocks;
	if (type == MIGRATE_HIGHATOMIC)
		z->free_highatomic += blocks << order;
}

static void link_block(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool tail)
{
	struct free_list *l = &z->area[order].list[type];
	struct page *p = page_of(&z->pa->map, pfn);
	u32 neighbour = tail ? l->last : l->first;

	p->state = PAGE_BUDDY;
	p->order = order;
	p->type = type;
	p->prev = tail ? l->last : NO_PAGE;
	p->next = tail ? NO_PAGE : l->first;
	if (neighbour == NO_PAGE)
		l->first = l->last = pfn;
	else if (tail)
		page_of(&z->pa->map, neighbour)->next = l->last = pfn;
	else
		page_of(&z->pa->map, neighbour)->prev = l->first = pfn;
	count_list(z, order, type, true);
	touch_page(z, c, pfn);
	touch_neighbour(z, c, neighbour, order, type);
	if (neighbour != NO_PAGE)
		touch_neighbour(z, c, NO_PAGE, order, type);
}

static void unlink_block(struct zone *z, struct cpu *c, u64 pfn)
{
	struct page *p = page_of(&z->pa->map, pfn);
	struct free_list *l = &z->area[p->order].list[p->type];

	if (p->prev == NO_PAGE)
		l->first = p->next;
	else
		page_of(&z->pa->map, p->prev)->next = p->next;
	if (p->next == NO_PAGE)
		l->last = p->prev;
	else
		page_of(&z->pa->map, p->next)->prev = p->prev;
	count_list(z, p->order, p->type, false);
	p->state = PAGE_UNUSED;
	touch_page(z, c, pfn);
	touch_neighbour(z, c, p->prev, p->order, p->type);
	if (p->prev != p->next)
		touch_neighbour(z, c, p->next, p->order, p->type);
}

/* expand(): the halves that nobody asked for go to the lists; returns where the block is then. */
static u64 expand(struct zone *z, struct cpu *c, u64 pfn, u32 high, u32 low, enum migratetype type)
{
	bool upper = rules_of(z)->keeps_upper;

	if (high == PAGE_CHUNK_SHIFT && low < high)
		memmap_populate(&z->pa->map, pfn);
	while (high > low) {
		u64 half = 1ull << --high;

		link_block(z, c, upper ? pfn : pfn + half, high, type, false);
		touch_pair(z, c, pfn, high);
		charge_step(z->pa->charger, c, STEP_BUDDY_SPLIT);
		pfn += upper ? half : 0;
		z->st.splits++;
	}
	return pfn;
}

u64 buddy_take_block(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type)
{
	u32 high = page_of(&z->pa->map, pfn)->order;
	struct page *p;

	unlink_block(z, c, pfn);
	touch_pair(z, c, pfn, high);
	pfn = expand(z, c, pfn, high, order, type);
	p = page_of(&z->pa->map, pfn);
	*p = (struct page){ .state = PAGE_ALLOCATED, .order = order, .prev = NO_PAGE, .next = NO_PAGE };
	z->free -= 1ull << order;
	z->st.alloc += 1ull << order;
	touch_counts(z, c);
	return pfn;
}

/* percpu_refill says that the lists take pages of the order, whoever takes this one. */
static u64 take_smallest(struct zone *z, struct cpu *c, u64 first, u32 order, enum migratetype type)
{
	u64 pfn = buddy_take_block(z, c, first, order, type);

	charge_trace(z->pa->charger, c, TRACE_ZONE_LOCKED,
		     TRACE(pfn, order, type, type < NR_PCP_TYPES && pcp_takes(z->pa, order)), NULL);
	return pfn;
}

u64 buddy_take_own(struct zone *z, struct cpu *c, u32 order, enum migratetype type)
{
	u32 high;

	for (high = order; high < z->pa->max_order; high++) {
		u32 first = z->area[high].list[type].first;

		if (charged(z, c))
			charge_load(z->pa->charger, c, KPATH_BUDDY, list_va(z, high, type), 8);
		if (first != NO_PAGE)
			return take_smallest(z, c, first, order, type);
	}
	return NO_FRAME;
}

u64 buddy_take(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp)
{
	bool types = has_types(z);
	u64 pfn = buddy_take_own(z, c, order, types ? type : MIGRATE_UNMOVABLE);

	if (pfn == NO_FRAME && types && type < NR_PCP_TYPES)
		pfn = fallback_take(z, c, order, type, gfp);
	return pfn;
}

/* migratetype_is_mergeable() */
static bool mergeable(enum migratetype type)
{
	return type < NR_PCP_TYPES;
}

/*
 * Whether the block may become one with its free buddy. 6.x: a pageblock of another type takes on that of the
 * one that is freed, so that they are split onto the right lists.
 */
static bool match_types(struct zone *z, u64 buddy, u32 order, enum migratetype type)
{
	enum migratetype other;

	if (!rules_of(z)->block_types || order < z->pa->pageblock_order)
		return true;
	other = block_type(z, buddy);
	if (other == type)
		return true;
	if (!mergeable(other) || !mergeable(type))
		return false;
	set_block_types(z, buddy, order, type);
	return true;
}

/* page_is_buddy(): it is free as one block of the same order. */
static bool free_as(const struct zone *z, u64 pfn, u32 order)
{
	const struct page *p;

	if (!zone_has(z, pfn))
		return false;
	p = page_of(&z->pa->map, pfn);
	return p->state == PAGE_BUDDY && p->order == order;
}

static void look_at_page(struct zone *z, struct cpu *c, u64 pfn)
{
	if (charged(z, c) && zone_has(z, pfn))
		charge_load(z->pa->charger, c, KPATH_BUDDY, page_struct_va(&z->pa->map, pfn), 24);
}

static void look_at_buddy(struct zone *z, struct cpu *c, u64 buddy, u32 order)
{
	if (rules_of(z)->bitmap)
		touch_pair(z, c, buddy, order);
	else
		look_at_page(z, c, buddy);
}

/* buddy_merge_likely(): the block that this one and its buddy would make has a free buddy. */
static bool will_merge(struct zone *z, struct cpu *c, u64 pfn, u32 order)
{
	u64 higher = (pfn & ~(1ull << order)) ^ 2ull << order;

	if (!rules_of(z)->tail || order + 2 >= z->pa->max_order)
		return false;
	look_at_page(z, c, higher);
	return free_as(z, higher, order + 1);
}

/* Takes the free buddies in, one after the other; *order is the block's then. */
static u64 merge(struct zone *z, struct cpu *c, u64 pfn, u32 *order, enum migratetype type)
{
	for (; *order + 1 < z->pa->max_order; ++*order) {
		u64 buddy = pfn ^ 1ull << *order;

		look_at_buddy(z, c, buddy, *order);
		if (!free_as(z, buddy, *order) || !match_types(z, buddy, *order, type))
			break;
		unlink_block(z, c, buddy);
		page_of(&z->pa->map, pfn)->state = PAGE_UNUSED;
		pfn &= buddy;
		z->st.merges++;
		charge_step(z->pa->charger, c, STEP_BUDDY_MERGE);
	}
	return pfn;
}

void buddy_give(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool to_tail)
{
	u64 pages = 1ull << order;

	ASSERT(pfn % pages == 0 && pfn >= z->start && pfn + pages <= z->end && order < z->pa->max_order);
	if (!has_types(z))
		type = MIGRATE_UNMOVABLE;
	if (order < PAGE_CHUNK_SHIFT)
		memmap_populate(&z->pa->map, pfn);
	z->free += pages;
	z->st.free += pages;
	touch_counts(z, c);
	pfn = merge(z, c, pfn, &order, type);
	if (order == PAGE_CHUNK_SHIFT)
		memmap_depopulate(&z->pa->map, pfn);
	page_of(&z->pa->map, pfn)->flags = 0;
	link_block(z, c, pfn, order, type, to_tail || will_merge(z, c, pfn, order));
}

static u64 block_index(const struct zone *z, u64 pfn)
{
	return (pfn >> z->pa->pageblock_order) - (z->start >> z->pa->pageblock_order);
}

/* Four bits a pageblock, the type and PB_migrate_skip; read as a word. */
u64 block_type_va(const struct zone *z, u64 pfn)
{
	return z->map_va + block_index(z, pfn) / 16 * 8;
}

enum migratetype block_type(const struct zone *z, u64 pfn)
{
	return has_types(z) ? z->block_type[block_index(z, pfn)] : MIGRATE_UNMOVABLE;
}

void set_block_type(struct zone *z, u64 pfn, enum migratetype type)
{
	if (has_types(z))
		z->block_type[block_index(z, pfn)] = type;
}

void set_block_types(struct zone *z, u64 pfn, u32 order, enum migratetype type)
{
	u64 at, step = 1ull << z->pa->pageblock_order;

	for (at = pfn; at < pfn + (1ull << order); at += step)
		set_block_type(z, at, type);
}

/* list_move() up to 5.9, list_move_tail() later. */
void buddy_move(struct zone *z, struct cpu *c, u64 pfn, enum migratetype to)
{
	u32 order = page_of(&z->pa->map, pfn)->order;

	unlink_block(z, c, pfn);
	link_block(z, c, pfn, order, to, z->pa->cfg.era == ERA_6_X);
}

/* A pageblock inside a chunk that is one block begins with the block or has nothing to be moved. */
static u64 block_scan_end(const struct zone *z, u64 start)
{
	if (memmap_has(&z->pa->map, start))
		return start + (1ull << z->pa->pageblock_order);
	return start % PAGE_CHUNK ? start : start + 1;
}

u64 buddy_move_block(struct zone *z, struct cpu *c, u64 pfn, enum migratetype to)
{
	u64 size = 1ull << z->pa->pageblock_order, start = align_down(pfn, size), at, end, moved = 0;

	if (start < z->start || start + size > z->end)
		return 0;
	end = block_scan_end(z, start);
	for (at = start; at < end;) {
		const struct page *p = page_of(&z->pa->map, at);
		u64 pages = p->state == PAGE_BUDDY ? 1ull << p->order : 1;

		charge_load(z->pa->charger, c, KPATH_FALLBACK, page_struct_va(&z->pa->map, at), 8);
		if (p->state == PAGE_BUDDY) {
			buddy_move(z, c, at, to);
			moved += pages;
		}
		at += pages;
	}
	return moved;
}

u64 buddy_retype(struct zone *z, struct cpu *c, u64 pfn, enum migratetype type)
{
	u64 moved = buddy_move_block(z, c, pfn, type);

	set_block_type(z, pfn, type);
	charge_store(z->pa->charger, c, KPATH_FALLBACK, block_type_va(z, pfn), 8);
	return moved;
}

void buddy_init(struct zone *z)
{
	u32 order, type;

	for (order = 0; order < MAX_ORDERS; order++) {
		z->area[order] = (struct free_area){ 0 };
		for (type = 0; type < NR_MIGRATETYPES; type++)
			z->area[order].list[type] = (struct free_list){ NO_PAGE, NO_PAGE };
	}
	z->free = z->free_highatomic = 0;
}

/* Blocks of one list; ASSERTs that each is what the list says. */
static u64 count_blocks(const struct zone *z, u32 order, enum migratetype type)
{
	const struct free_list *l = &z->area[order].list[type];
	u32 pfn, before = NO_PAGE;
	u64 blocks = 0;

	for (pfn = l->first; pfn != NO_PAGE; pfn = page_of(&z->pa->map, pfn)->next) {
		const struct page *p = page_of(&z->pa->map, pfn);

		ASSERT(p->state == PAGE_BUDDY && p->order == order && p->type == type && p->prev == before);
		ASSERT(zone_has(z, pfn) && pfn % (1u << order) == 0);
		before = pfn;
		blocks++;
	}
	ASSERT(l->last == before);
	return blocks;
}

void buddy_sane(const struct zone *z)
{
	u64 pages = 0;
	u32 order, type;

	for (order = 0; order < MAX_ORDERS; order++) {
		u64 blocks = 0;

		for (type = 0; type < NR_MIGRATETYPES; type++) {
			ASSERT(count_blocks(z, order, type) == z->area[order].nr[type]);
			blocks += z->area[order].nr[type];
		}
		ASSERT(blocks == z->area[order].nr_free && (!blocks || order < z->pa->max_order));
		pages += blocks << order;
	}
	ASSERT(pages == z->free);
}
