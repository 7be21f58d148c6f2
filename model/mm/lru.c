#include "model/mm/lru.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/footprint.h"
#include "model/mm/lru_gen.h"
#include "model/mm/memcg.h"
#include "model/mm/rmap.h"
#include "model/mm/slab.h"
#include "model/mm/workingset.h"

const char *const lru_list_name[NR_PLAIN_LISTS] = { "inactive_anon", "active_anon", "inactive_file",
						    "active_file", "unevictable" };

#define STAT_STRUCT struct lru_stats
static const struct stat_desc stat_rows[] = { LRU_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* struct lruvec: heads and lock in two lines, costs and ages behind (include/linux/mmzone.h). */
#define LRUVEC_BYTES 192u
#define LRUVEC_LOCK  80u

static const u8 era_form[NR_ERAS] = {
	[ERA_2_4_0] = RECLAIM_SCAN,   [ERA_2_4_21] = RECLAIM_SCAN,  [ERA_2_5_66] = RECLAIM_ZONE,
	[ERA_2_6_5] = RECLAIM_ZONE,   [ERA_2_6_9] = RECLAIM_ZONE,   [ERA_2_6_18] = RECLAIM_ZONE,
	[ERA_2_6_26] = RECLAIM_SPLIT, [ERA_2_6_37] = RECLAIM_SPLIT, [ERA_6_X] = RECLAIM_SPLIT,
};

/* ---- beginning and end ---- */

static void lruvec_init(struct kernel *k, struct lruvec *v, u32 unit, u32 group)
{
	u32 i;

	*v = (struct lruvec){ .unit = unit, .group = group, .prev_priority = 12 };
	v->lock.va = kmalloc(k->slabs, NULL, LRUVEC_BYTES, GFP_KERNEL);
	if (!v->lock.va)
		die("memory.size: no room for the kernel's lists of pages");
	for (i = 0; i < NR_LRU_LISTS; i++)
		v->head[i] = v->tail[i] = NO_PAGE;
	lru_gen_init(v);
}

static void release(void *arg, struct cpu *c, u64 pfn);
static void leave(struct kernel *k, struct cpu *c, u64 pfn);

void lru_boot(struct kernel *k, u32 groups)
{
	struct lru *l = xcalloc(1, sizeof(*l));
	u32 i;

	k->lru = l;
	l->form = k->cfg.reclaim ? (enum reclaim_form)(k->cfg.reclaim - 1)
				 : (enum reclaim_form)era_form[k->cfg.era];
	l->by_node = k->cfg.era == ERA_6_X || l->form == RECLAIM_MGLRU;
	l->units = l->by_node ? k->nodes : k->pa->n_zones;
	l->groups = groups + 1;
	l->vec = xcalloc(l->units * l->groups, sizeof(*l->vec));
	l->zone_n = xcalloc(k->pa->n_zones, sizeof(*l->zone_n));
	for (i = 0; i < l->units * l->groups; i++)
		lruvec_init(k, &l->vec[i], i % l->units, i / l->units);
	k->pa->release = release;
	k->pa->release_arg = k;
}

void lru_free(struct kernel *k)
{
	if (!k->lru)
		return;
	free(k->lru->vec);
	free(k->lru->zone_n);
	free(k->lru);
}

void lru_stats_add(const struct kernel *k, struct stats *s)
{
	stats_add(s, "mm.lru", stat_rows, &k->lru->st);
}

/* ---- lists ---- */

struct lruvec *lruvec_of(const struct kernel *k, u64 pfn)
{
	const struct lru *l = k->lru;
	u32 unit = l->by_node ? node_of(k->pa, pfn) : zone_of(k->pa, pfn)->index;

	return &l->vec[page_of(&k->pa->map, pfn)->group * l->units + unit];
}

enum lru_list lru_list_of(const struct lru *l, const struct page *p)
{
	u32 list = lru_is_split(l) && p->marks & PG_SWAPBACKED ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;

	if (p->marks & PG_UNEVICTABLE)
		return LRU_UNEVICTABLE;
	if (l->form == RECLAIM_MGLRU)
		return (enum lru_list)(LRU_GEN_FIRST + page_gen_slot(p) * 2 + !(p->marks & PG_SWAPBACKED));
	return (enum lru_list)(list + (p->marks & PG_ACTIVE ? 1u : 0u));
}

static void touch_struct(struct kernel *k, struct cpu *c, u64 pfn)
{
	charge_store(&k->charger, c, KPATH_RECLAIM, page_struct_va(&k->pa->map, pfn), 8);
}

static struct page *at(const struct kernel *k, u32 pfn)
{
	return page_of(&k->pa->map, pfn);
}

/* The list that it goes to; a page that has no generation gets one. */
static enum lru_list place(const struct kernel *k, struct lruvec *v, struct page *p)
{
	if (k->lru->form == RECLAIM_MGLRU && !(p->marks >> PG_GEN_SHIFT))
		lru_gen_place(v, p);
	return lru_list_of(k->lru, p);
}

void lru_insert(struct kernel *k, struct cpu *c, u64 pfn, bool tail)
{
	struct page *p = at(k, (u32)pfn);
	struct lruvec *v = lruvec_of(k, pfn);
	enum lru_list list = place(k, v, p);
	u32 *near = tail ? &v->tail[list] : &v->head[list], *far = tail ? &v->head[list] : &v->tail[list];
	u32 other = *near;

	ASSERT(!(p->marks & (PG_LRU | PG_BATCHED)));
	p->marks |= PG_LRU;
	p->prev = tail ? other : NO_PAGE;
	p->next = tail ? NO_PAGE : other;
	*near = (u32)pfn;
	if (other == NO_PAGE)
		*far = (u32)pfn;
	else if (tail)
		at(k, other)->next = (u32)pfn;
	else
		at(k, other)->prev = (u32)pfn;
	v->n[list] += lru_pages_in(p);
	k->lru->zone_n[zone_of(k->pa, pfn)->index][list] += lru_pages_in(p);
	touch_struct(k, c, pfn);
	if (other != NO_PAGE)
		touch_struct(k, c, other);
	charge_store(&k->charger, c, KPATH_RECLAIM, v->lock.va - LRUVEC_LOCK + 16u * list, 16);
}

static void unlink_page(struct kernel *k, struct lruvec *v, enum lru_list list, const struct page *p)
{
	if (p->prev == NO_PAGE)
		v->head[list] = p->next;
	else
		at(k, p->prev)->next = p->next;
	if (p->next == NO_PAGE)
		v->tail[list] = p->prev;
	else
		at(k, p->next)->prev = p->prev;
}

void lru_remove(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = at(k, (u32)pfn);
	struct lruvec *v = lruvec_of(k, pfn);
	enum lru_list list;

	if (!(p->marks & PG_LRU))
		return;
	list = lru_list_of(k->lru, p);
	unlink_page(k, v, list, p);
	p->marks &= (u16)(~PG_LRU & ((1u << PG_GEN_SHIFT) - 1));
	v->n[list] -= lru_pages_in(p);
	k->lru->zone_n[zone_of(k->pa, pfn)->index][list] -= lru_pages_in(p);
	touch_struct(k, c, pfn);
	if (p->prev != NO_PAGE)
		touch_struct(k, c, p->prev);
	if (p->next != NO_PAGE)
		touch_struct(k, c, p->next);
}

void lru_set_swapbacked(struct kernel *k, struct cpu *c, u64 pfn, bool swapbacked)
{
	struct page *p = at(k, (u32)pfn);
	bool listed = p->marks & PG_LRU;

	lru_remove(k, c, pfn);
	p->marks &= (u16) ~(PG_SWAPBACKED | PG_ACTIVE | PG_REFERENCED);
	p->marks |= swapbacked ? PG_SWAPBACKED : 0;
	if (listed)
		lru_insert(k, c, pfn, false);
}

void lru_replace(struct kernel *k, u64 from, u64 to)
{
	if (!k->lru || !(at(k, (u32)from)->marks & (PG_LRU | PG_BATCHED)))
		return;
	leave(k, NULL, from);
	lru_insert(k, NULL, to, false);
}

/* The two youngest generations are counted as active ones: lru_gen_is_active(). */
u64 lru_zone_pages(const struct kernel *k, u32 zone, enum lru_list list)
{
	const struct lru *l = k->lru;
	const struct zone *z = &k->pa->zone[zone];
	u64 youngest = l->vec[l->by_node ? z->node : zone].max_seq, n = l->zone_n[zone][list];
	u32 slot;

	for (slot = 0; l->form == RECLAIM_MGLRU && list < LRU_UNEVICTABLE && slot < LRU_GENS; slot++) {
		bool active = slot == gen_slot(youngest) || slot == gen_slot(youngest - 1);

		if (active == (list & 1))
			n += l->zone_n[zone][LRU_GEN_FIRST + slot * 2 + (list >= LRU_INACTIVE_FILE)];
	}
	return n;
}

u64 lru_pages(const struct kernel *k, u32 unit, enum lru_list list)
{
	const struct lru *l = k->lru;
	u64 n = 0;
	u32 g;

	for (g = 0; g < l->groups; g++)
		n += l->vec[g * l->units + unit].n[list];
	return n;
}

/* ---- batches ---- */

/*
 * Pages in a batch: 2.4 has none; PAGEVEC_SIZE was 16 (2.5), 14 (2.6.10), 15 (4.15); FOLIO_BATCH_SIZE is 31
 * since 6.11 (include/linux/pagevec.h).
 */
static u32 batch_size(enum kernel_era era)
{
	if (era <= ERA_2_4_21)
		return 1;
	if (era <= ERA_2_6_9)
		return 16;
	return era <= ERA_2_6_37 ? 14 : LRU_BATCH_MAX;
}

/*
 * Private memory began in the active list from 2.5 (lru_cache_add_active() of do_anonymous_page()) to 5.8;
 * 2.4.10 on and 5.9 on it has to be used again for that. Shared memory does as files do, but from 2.6.28,
 * which put it among private memory, to 2.6.34 (K. Motohiro, "tmpfs: Insert tmpfs cache pages to inactive
 * list at first", linux-mm, 2010-05-19).
 */
static bool begins_active(const struct kernel *k, const struct page *p)
{
	if (p->marks & (PG_ACTIVE | PG_UNEVICTABLE))
		return p->marks & PG_ACTIVE;
	if (k->lru->form == RECLAIM_SCAN || k->lru->form == RECLAIM_MGLRU)
		return false;
	if (p->mapping && !page_is_anon(p))
		return p->marks & PG_SWAPBACKED && k->cfg.era == ERA_2_6_26;
	return p->marks & PG_SWAPBACKED && k->cfg.era != ERA_6_X;
}

static void enter(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = at(k, (u32)pfn);

	p->marks &= (u16)~PG_BATCHED;
	if (begins_active(k, p))
		p->marks |= PG_ACTIVE;
	lru_insert(k, c, pfn, false);
	k->lru->st.inserted += lru_pages_in(p);
}

static void drain(struct kernel *k, struct cpu *c, struct lru_batch *b)
{
	u32 i;

	for (i = 0; i < b->n; i++) {
		kernel_step(k, c, STEP_LRU_DRAIN_PAGE);
		if (k->lru)
			enter(k, c, b->pfn[i]);
	}
	if (k->lru && b->n)
		k->lru->st.drains++;
	b->n = 0;
}

void lru_add_drain(struct kernel *k, struct cpu *c)
{
	drain(k, c, &k->cpu[c->id].lru);
}

void lru_add_drain_all(struct kernel *k, struct cpu *c)
{
	u32 i;

	for (i = 0; i < k->n_cpus; i++)
		drain(k, c, &k->cpu[i].lru);
}

void lru_add(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct lru_batch *b = &k->cpu[c->id].lru;

	if (k->lru)
		at(k, (u32)pfn)->marks |= PG_BATCHED;
	if (k->lru && k->lru->form == RECLAIM_MGLRU && k->cpu[c->id].in_fault && !k->pa->reclaiming)
		at(k, (u32)pfn)->marks |= PG_ACTIVE; /* lru_gen_in_fault() */
	kernel_path_step(k, c, NULL, STEP_LRU_ADD);
	b->pfn[b->n++] = pfn;
	if (b->n == batch_size(k->cfg.era))
		lru_add_drain(k, c);
}

bool lru_lock(const struct kernel *k, const struct vma *v, u64 pfn)
{
	struct page *p = rmap_page(k, pfn);

	if (!k->lru || !lru_is_split(k->lru) || !p || !v || !(v->flags & MM_LOCKED))
		return false;
	p->marks |= PG_UNEVICTABLE;
	return true;
}

void lru_mlock(struct kernel *k, struct cpu *c, const struct vma *v, u64 pfn)
{
	bool listed = at(k, (u32)pfn)->marks & PG_LRU;

	if (at(k, (u32)pfn)->marks & PG_UNEVICTABLE || !lru_is_split(k->lru))
		return;
	lru_remove(k, c, pfn);
	lru_lock(k, v, pfn);
	if (listed)
		lru_insert(k, c, pfn, false);
	k->lru->st.mlocked += lru_pages_in(at(k, (u32)pfn));
}

void lru_add_vma(struct kernel *k, struct cpu *c, const struct vma *v, u64 pfn)
{
	lru_lock(k, v, pfn);
	lru_add(k, c, pfn);
}

void lru_rescue(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = at(k, (u32)pfn);
	bool listed = p->marks & PG_LRU;

	lru_remove(k, c, pfn);
	p->marks &= (u16)~PG_UNEVICTABLE;
	if (listed)
		lru_insert(k, c, pfn, false);
	k->lru->st.rescued += lru_pages_in(p);
}

/* folio_batch_add_and_move() does not let a large one wait. */
void lru_add_large(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p;

	kernel_path_step(k, c, NULL, STEP_LRU_ADD);
	lru_add_drain(k, c);
	if (!k->lru)
		return;
	p = at(k, (u32)pfn);
	ASSERT(p->order && p->state == PAGE_ALLOCATED);
	p->flags |= PAGE_LARGE;
	if (k->lru->form == RECLAIM_MGLRU && k->cpu[c->id].in_fault && !k->pa->reclaiming)
		p->marks |= PG_ACTIVE;
	kernel_step(k, c, STEP_LRU_DRAIN_PAGE);
	enter(k, c, pfn);
}

/* What __split_folio_to_order() gives to the pages behind the first. */
#define SPLIT_MARKS (PG_REFERENCED | PG_ACTIVE | PG_UNEVICTABLE | PG_WORKINGSET | 7u << PG_GEN_SHIFT)

bool lru_split_large(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = at(k, (u32)pfn);
	u32 n = lru_pages_in(p), i;
	bool listed = p->marks & PG_LRU;
	u16 marks = p->marks & SPLIT_MARKS;

	if (n == 1)
		return false;
	if (!listed && k->lru->form == RECLAIM_MGLRU) /* reclaim has it, of the oldest generation */
		marks |= (u16)((gen_slot(lruvec_of(k, pfn)->min_seq[0]) + 1) << PG_GEN_SHIFT);
	lru_remove(k, c, pfn);
	p->flags &= (u8)~PAGE_LARGE;
	split_page(k->pa, pfn, p->order);
	if (listed) {
		p->marks |= marks;
		lru_insert(k, c, pfn, true);
	}
	for (i = 1; i < n; i++) {
		at(k, (u32)pfn + i)->marks |= marks;
		lru_insert(k, i == 1 ? c : NULL, pfn + i, true);
	}
	return true;
}

/* Out of whichever batch it is in. */
static void leave_batch(struct kernel *k, u64 pfn)
{
	u32 cpu, i;

	for (cpu = 0; cpu < k->n_cpus; cpu++) {
		struct lru_batch *b = &k->cpu[cpu].lru;

		for (i = 0; i < b->n; i++)
			if (b->pfn[i] == pfn) {
				b->pfn[i] = b->pfn[--b->n];
				return;
			}
	}
	ASSERT(!"a page that is on its way is in a batch");
}

/* Out of its list, or of the batch that it is in. */
static void leave(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = at(k, (u32)pfn);

	if (p->marks & PG_BATCHED) {
		leave_batch(k, pfn);
		p->marks &= (u16)~PG_BATCHED;
	}
	lru_remove(k, c, pfn);
}

/* __page_cache_release(): the page is freed. Linux's batches hold a reference, and free it when they are
 * emptied. */
static void release(void *arg, struct cpu *c, u64 pfn)
{
	struct kernel *k = arg;
	struct page *p = at(k, (u32)pfn);

	leave(k, c, pfn);
	p->flags &= (u8)~PAGE_LARGE;
	if (p->group)
		memcg_uncharge(k, p);
}

/*
 * mm/swap.c: inactive and unreferenced, then referenced, then active; 2.4's activates at once what was
 * referenced, as all of them do.
 */
void lru_mark_accessed(struct kernel *k, struct cpu *c, u64 pfn)
{
	struct page *p = rmap_page(k, pfn);

	if (!k->lru || !p)
		return;
	if (p->marks & (PG_ACTIVE | PG_UNEVICTABLE) || !(p->marks & PG_REFERENCED)) {
		p->marks |= PG_REFERENCED;
	} else if (k->lru->form == RECLAIM_MGLRU) {
		p->marks |= PG_WORKINGSET; /* folio_inc_refs(): the second tier */
	} else if (p->marks & PG_LRU) {
		lru_remove(k, c, pfn);
		p->marks = (u16)((p->marks | PG_ACTIVE) & ~PG_REFERENCED);
		lru_insert(k, c, pfn, false);
		workingset_activation(k, pfn);
		k->lru->st.activated++;
	} else {
		p->marks = (u16)((p->marks | PG_ACTIVE) & ~PG_REFERENCED);
	}
	touch_struct(k, c, pfn);
}

/* ---- --check ---- */

static u64 count_list(const struct kernel *k, const struct lruvec *v, enum lru_list list)
{
	u32 pfn, prev = NO_PAGE;
	u64 n = 0;

	for (pfn = v->head[list]; pfn != NO_PAGE; pfn = at(k, pfn)->next) {
		const struct page *p = at(k, pfn);

		ASSERT(p->state == PAGE_ALLOCATED && p->marks & PG_LRU && p->prev == prev);
		ASSERT(lruvec_of(k, pfn) == v && lru_list_of(k->lru, p) == list);
		ASSERT(!(p->flags & PAGE_LARGE) == !p->order);
		prev = pfn;
		n += lru_pages_in(p);
	}
	ASSERT(v->tail[list] == prev);
	return n;
}

void lru_sane(const struct kernel *k)
{
	const struct lru *l = k->lru;
	u32 i, list;

	if (!l)
		return;
	for (i = 0; i < l->units * l->groups; i++)
		for (list = 0; list < NR_LRU_LISTS; list++)
			ASSERT(count_list(k, &l->vec[i], (enum lru_list)list) == l->vec[i].n[list]);
}
