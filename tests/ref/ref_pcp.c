#include "tests/ref/ref_pcp.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/buddy.h"

/* ---- arrays ---- */

static void put(struct ref_pcp_list *l, u32 at, u32 pfn, u32 order, u32 type)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->pfn = xrealloc(l->pfn, l->room * sizeof(*l->pfn));
		l->order = xrealloc(l->order, l->room);
		l->type = xrealloc(l->type, l->room);
	}
	memmove(l->pfn + at + 1, l->pfn + at, (l->n - at) * sizeof(*l->pfn));
	memmove(l->order + at + 1, l->order + at, l->n - at);
	memmove(l->type + at + 1, l->type + at, l->n - at);
	l->pfn[at] = pfn;
	l->order[at] = (u8)order;
	l->type[at] = (u8)type;
	l->n++;
}

static u32 take(struct ref_pcp_list *l, u32 at)
{
	u32 pfn = l->pfn[at];

	l->n--;
	memmove(l->pfn + at, l->pfn + at + 1, (l->n - at) * sizeof(*l->pfn));
	memmove(l->order + at, l->order + at + 1, l->n - at);
	memmove(l->type + at, l->type + at + 1, l->n - at);
	return pfn;
}

u64 ref_pcp_count(const struct ref_pcp *r, u32 cpu)
{
	u64 pages = 0;
	u32 i, j;

	for (i = 0; i < REF_PCP_LISTS; i++)
		for (j = 0; j < r->cpu[cpu].list[i].n; j++)
			pages += 1u << r->cpu[cpu].list[i].order[j];
	return pages;
}

static void give_tail(struct ref_pcp *r, struct ref_pcp_list *l, bool own_type)
{
	u32 order = l->order[l->n - 1], type = l->type[l->n - 1], pfn = take(l, l->n - 1);

	r->drained += 1u << order;
	r->last_burst += 1u << order;
	buddy_give(r->zone, NULL, pfn, order, own_type ? type : block_type(r->zone, pfn), false);
}

/* ---- sizes, in pages of 4 KB ---- */

/* The largest 2^n - 1 that is not more than 1.5 times a quarter of the share, less one at its end. */
static u64 rounded_batch(u64 pages, u64 cap)
{
	u64 b = pages / 1024, p = 1;

	if (b > cap)
		b = cap;
	b /= 4;
	if (b < 1)
		b = 1;
	while (p * 2 <= b + b / 2)
		p *= 2;
	return p - 1;
}

static u64 plain_batch(u64 pages)
{
	u64 b = pages / 1024;

	if (b > 64)
		b = 64;
	b /= 4;
	return b < 1 ? 1 : b;
}

static u64 at_least(u64 v, u64 least)
{
	return v < least ? least : v;
}

static u64 at_most(u64 v, u64 most)
{
	return v > most ? most : v;
}

static u64 minus(u64 a, u64 b)
{
	return a < b ? 0 : a - b;
}

/* ---- hot and cold ---- */

struct hot_cold_size {
	u64 low, high, batch;
};

static struct hot_cold_size hot_cold_size(const struct ref_pcp *r, bool cold)
{
	u64 b = plain_batch(r->zone->present);

	if (r->era <= ERA_2_6_9)
		return cold ? (struct hot_cold_size){ 0, 2 * b, b }
			    : (struct hot_cold_size){ 2 * b, 6 * b, b };
	b = rounded_batch(r->zone->present, 128);
	if (cold)
		return (struct hot_cold_size){ 0, 2 * b, at_least(b / 2, 1) };
	return (struct hot_cold_size){ 0, 6 * b, at_least(b, 1) };
}

static u64 hot_cold_alloc(struct ref_pcp *r, struct ref_pcp_set *s, bool cold)
{
	struct hot_cold_size size = hot_cold_size(r, cold);
	struct ref_pcp_list *l = &s->list[cold];
	u64 i, pfn;

	if (l->n <= size.low) {
		r->last_burst = 0;
		for (i = 0; i < size.batch; i++) {
			pfn = buddy_take(r->zone, NULL, 0, MIGRATE_UNMOVABLE, 0);
			if (pfn == NO_FRAME)
				break;
			put(l, l->n, (u32)pfn, 0, 0);
			r->refilled++;
			r->last_burst++;
		}
		r->refills += i > 0;
	}
	return l->n ? take(l, 0) : NO_FRAME;
}

static void hot_cold_spill(struct ref_pcp *r, struct ref_pcp_set *s, bool cold)
{
	struct hot_cold_size size = hot_cold_size(r, cold);
	u64 i;

	if (s->list[cold].n < size.high)
		return;
	r->drains++;
	r->last_burst = 0;
	for (i = 0; i < size.batch && s->list[cold].n; i++)
		give_tail(r, &s->list[cold], true);
}

static void hot_cold_free(struct ref_pcp *r, struct ref_pcp_set *s, u32 pfn, bool cold)
{
	if (r->era <= ERA_2_6_9) {
		hot_cold_spill(r, s, cold);
		put(&s->list[cold], 0, pfn, 0, 0);
	} else {
		put(&s->list[cold], 0, pfn, 0, 0);
		hot_cold_spill(r, s, cold);
	}
}

/* ---- merged ---- */

static u64 merged_refill(struct ref_pcp *r, struct ref_pcp_list *l, enum migratetype type, bool backwards)
{
	u64 batch = at_least(rounded_batch(r->zone->present, 128), 1), i;

	r->last_burst = 0;
	for (i = 0; i < batch; i++) {
		u64 pfn = buddy_take(r->zone, NULL, 0, type, 0);

		if (pfn == NO_FRAME)
			break;
		put(l, backwards ? 0 : (u32)i, (u32)pfn, 0, type);
		r->last_burst++;
	}
	r->refilled += i;
	r->refills += i > 0;
	return i;
}

/* 2.6.26: one list; the nearest page of the right type is taken. */
static u64 merged_alloc_one_list(struct ref_pcp *r, struct ref_pcp_list *l, enum migratetype type, bool cold)
{
	u32 i, at;

	for (i = 0; i < l->n; i++) {
		at = cold ? l->n - 1 - i : i;
		if (l->type[at] == type)
			return take(l, at);
	}
	return merged_refill(r, l, type, false) ? take(l, 0) : NO_FRAME;
}

static u64 merged_alloc(struct ref_pcp *r, struct ref_pcp_set *s, enum migratetype type, bool cold)
{
	struct ref_pcp_list *l = &s->list[type];

	if (r->era == ERA_2_6_26)
		return merged_alloc_one_list(r, &s->list[0], type, cold);
	if (!l->n && !merged_refill(r, l, type, cold))
		return NO_FRAME;
	return take(l, cold ? l->n - 1 : 0);
}

/* Begins at the second list; a list yields one page more for each empty one met before it. */
static void merged_spill(struct ref_pcp *r, struct ref_pcp_set *s, u64 pages)
{
	u32 lists = r->era == ERA_2_6_26 ? 1 : 3, i = 0, extra = 0;

	r->last_burst = 0;
	while (pages) {
		i = (i + 1) % lists;
		extra++;
		while (s->list[i].n && pages && extra) {
			give_tail(r, &s->list[i], true);
			pages--;
			extra--;
		}
	}
}

static void merged_free(struct ref_pcp *r, struct ref_pcp_set *s, u32 pfn, enum migratetype type, bool cold)
{
	struct ref_pcp_list *l = &s->list[r->era == ERA_2_6_26 ? 0 : type];
	u64 b = rounded_batch(r->zone->present, 128), count = 0, i;

	put(l, cold ? l->n : 0, pfn, 0, type);
	for (i = 0; i < 3; i++)
		count += s->list[i].n;
	if (count < 6 * b)
		return;
	r->drains++;
	merged_spill(r, s, at_least(b, 1));
}

/* ---- lists ---- */

struct sizes {
	u64 batch, high_min, high_max;
};

static struct sizes sizes(const struct ref_pcp *r)
{
	struct sizes s;

	s.batch = at_least(rounded_batch(r->zone->managed, 256), 1);
	s.high_min = at_least(r->zone->wmark[WMARK_LOW] / r->cpus, 4 * s.batch);
	s.high_max = at_least(r->zone->managed / 8 / r->cpus, 4 * s.batch);
	return s;
}

static u32 list_number(u32 order, enum migratetype type)
{
	if (order == 9)
		return type == MIGRATE_MOVABLE ? 13 : 12;
	return 3 * order + (type == MIGRATE_HIGHATOMIC ? MIGRATE_MOVABLE : type);
}

static u64 lists_blocks(struct ref_pcp *r, struct ref_pcp_set *s, u32 cpu, u32 order)
{
	struct sizes z = sizes(r);
	bool grows = z.high_min != z.high_max && !(r->zone->flags & ZONE_BELOW_HIGH);
	u64 n = z.batch, room;

	s->high = at_most(at_least(s->high, z.high_min), z.high_max);
	if (s->high < z.batch)
		return 1;
	if (!order)
		n = z.batch << s->factor;
	if (grows)
		s->high = at_most(s->high + n, z.high_max);
	if (!order) {
		room = at_least(minus(s->high, ref_pcp_count(r, cpu) + z.batch), z.batch);
		if (n <= room && s->factor < 5)
			s->factor++;
		n = at_most(n, room);
	}
	return n > 1 ? at_least(n >> order, 2) : n;
}

static u64 lists_alloc(struct ref_pcp *r, u32 cpu, u32 order, enum migratetype type)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	struct ref_pcp_list *l = &s->list[list_number(order, type)];
	u64 n, i, pfn;

	s->freed /= 2;
	if (l->n)
		return take(l, 0);
	n = lists_blocks(r, s, cpu, order);
	r->last_burst = 0;
	for (i = 0; i < n; i++) {
		pfn = buddy_take(r->zone, NULL, order, type, 0);
		if (pfn == NO_FRAME)
			break;
		put(l, l->n, (u32)pfn, order, type);
		r->refilled += 1u << order;
		r->last_burst += 1u << order;
	}
	r->refills += i > 0;
	return l->n ? take(l, 0) : NO_FRAME;
}

static void lists_spill(struct ref_pcp *r, u32 cpu, u64 pages, u32 i)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	u64 end = minus(r->drained + at_most(pages, ref_pcp_count(r, cpu)), 0);

	while (r->drained < end) {
		while (s->list[i].n && r->drained < end)
			give_tail(r, &s->list[i], false);
		i = i == 13 ? 0 : i + 1;
	}
}

static bool frees_for_merging(struct ref_pcp *r, u32 cpu, u32 order)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	bool before = s->freed_high_order;

	s->freed_high_order = order >= 1 && order <= 3;
	return s->freed_high_order && before && s->freed >= sizes(r).batch &&
	       ref_pcp_count(r, cpu) >= sizes(r).batch;
}

/* The limit for this free; the mark for later ones changes. */
static u64 limit(struct ref_pcp *r, u32 cpu, bool merging)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	struct sizes z = sizes(r);
	u64 many = at_least(s->freed, z.batch), old, count = ref_pcp_count(r, cpu);

	old = s->high = at_most(at_least(s->high, z.high_min), z.high_max);
	if (!old)
		return 0;
	if (merging) {
		s->high = at_least(minus(old, 32 * z.batch), z.high_min);
		return 0;
	}
	if (r->zone->flags & ZONE_RECLAIM_ACTIVE) {
		s->high = at_least(minus(old, many), z.high_min);
		return at_most(4 * z.batch, s->high);
	}
	if (z.high_min == z.high_max)
		return old;
	if (r->zone->flags & ZONE_BELOW_HIGH) {
		s->high = at_least(minus(old, many), z.high_min);
		return at_least(count, z.high_min);
	}
	if (count >= old && old < s->freed + z.batch)
		s->high = at_most(at_least(s->freed + z.batch, z.high_min), z.high_max);
	return old;
}

static void lists_free(struct ref_pcp *r, u32 cpu, u32 pfn, u32 order, enum migratetype type)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	struct zone *zone = r->zone;
	u64 batch = sizes(r).batch, high, n, enough;
	bool merging;

	if (type == MIGRATE_ISOLATE) {
		buddy_give(zone, NULL, pfn, order, type, false);
		return;
	}
	s->factor /= 2;
	put(&s->list[list_number(order, type)], 0, pfn, order, type);
	merging = frees_for_merging(r, cpu, order);
	if (s->freed < 32 * batch)
		s->freed += 1u << order;
	high = limit(r, cpu, merging);
	if (ref_pcp_count(r, cpu) < high)
		return;
	if (merging)
		n = at_most(ref_pcp_count(r, cpu), 32 * batch);
	else if (high < batch)
		n = 1;
	else
		n = at_most(at_least(s->freed, batch), high - batch);
	r->drains++;
	r->last_burst = 0;
	lists_spill(r, cpu, n, list_number(order, type));
	enough = zone->wmark[WMARK_HIGH] + zone->boost + zone->lowmem_reserve[ZONE_MOVABLE];
	if (zone->free - zone->free_highatomic > enough)
		zone->flags &= ~ZONE_BELOW_HIGH;
}

static bool lists_tick(struct ref_pcp *r, u32 cpu)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	struct sizes z = sizes(r);
	u64 count = ref_pcp_count(r, cpu), n;
	bool more = false;

	if (s->high > z.high_min) {
		s->high = at_least(at_least(minus(count, 32 * z.batch), s->high - s->high / 8), z.high_min);
		more = s->high > z.high_min;
	}
	n = minus(count, s->high);
	r->last_burst = 0;
	more = more || n;
	while (n) {
		u64 part = at_most(n, z.batch);

		lists_spill(r, cpu, part, 0);
		n -= part;
	}
	return more;
}

/* ---- whichever form ---- */

void ref_pcp_init(struct ref_pcp *r, struct zone *z, enum pcp_form form, u32 cpus)
{
	*r = (struct ref_pcp){ .zone = z, .form = form, .era = z->pa->cfg.era, .cpus = cpus };
	ASSERT(cpus <= REF_PCP_CPUS);
}

void ref_pcp_fini(struct ref_pcp *r)
{
	u32 cpu, i;

	for (cpu = 0; cpu < r->cpus; cpu++) {
		for (i = 0; i < REF_PCP_LISTS; i++) {
			free(r->cpu[cpu].list[i].pfn);
			free(r->cpu[cpu].list[i].order);
			free(r->cpu[cpu].list[i].type);
		}
	}
}

u64 ref_pcp_alloc(struct ref_pcp *r, u32 cpu, u32 order, enum migratetype type, bool cold)
{
	if (r->form == PCP_LISTS)
		return lists_alloc(r, cpu, order, type);
	if (r->form == PCP_MERGED)
		return merged_alloc(r, &r->cpu[cpu], type, cold);
	return hot_cold_alloc(r, &r->cpu[cpu], cold);
}

void ref_pcp_free(struct ref_pcp *r, u32 cpu, u64 pfn, u32 order, enum migratetype type, bool cold)
{
	if (r->form == PCP_LISTS)
		lists_free(r, cpu, (u32)pfn, order, type);
	else if (r->form == PCP_MERGED)
		merged_free(r, &r->cpu[cpu], (u32)pfn, type, cold);
	else
		hot_cold_free(r, &r->cpu[cpu], (u32)pfn, cold);
}

void ref_pcp_drain(struct ref_pcp *r, u32 cpu)
{
	struct ref_pcp_set *s = &r->cpu[cpu];
	u32 i;

	r->last_burst = 0;
	if (r->form == PCP_MERGED) {
		merged_spill(r, s, ref_pcp_count(r, cpu));
		return;
	}
	for (i = 0; i < REF_PCP_LISTS; i++)
		while (s->list[i].n)
			give_tail(r, &s->list[i], r->form != PCP_LISTS);
}

bool ref_pcp_tick(struct ref_pcp *r, u32 cpu)
{
	return r->form == PCP_LISTS && lists_tick(r, cpu);
}
