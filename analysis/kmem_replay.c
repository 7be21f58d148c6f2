#include "analysis/kmem_replay.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/mm/buddy.h"

enum { KERNEL, MODEL };

struct replayer {
	struct kmem_replay *r;
	struct map64 live; /* pfn of the kernel * 32 + order -> pfn of the model */
	struct cpu cpu[MAX_CPUS];
	u64 step;
};

const char *kmem_list_name(u32 list)
{
	static const char *const names[PCP_MAX_LISTS] = {
		"unmovable",     "movable",       "reclaimable", "unmovable/1",   "movable/1",
		"reclaimable/1", "unmovable/2",   "movable/2",   "reclaimable/2", "unmovable/3",
		"movable/3",     "reclaimable/3", "huge",        "huge movable",
	};

	return names[list];
}

static u64 live_key(const struct kmem_step *s)
{
	return s->pfn * 32 + s->order;
}

static struct zone *zone_at(const struct kmem_replay *r, u32 i)
{
	return &r->pa[i]->zone[0];
}

static bool uses_lists(const struct kmem_replay *r, const struct kmem_step *s)
{
	return !s->past && pcp_takes(r->pa[s->zone], s->order);
}

static struct kmem_list *list_at(const struct kmem_replay *r, u32 zone, u32 cpu, u32 order, u32 type)
{
	return &kmem_set_of(r, zone, cpu)
			->list[pcp_list_of(r->pa[zone], order, MIN(type, MIGRATE_HIGHATOMIC))];
}

/* ---- what the recording says of each list ---- */

static void count_out(struct kmem_list *l, s64 blocks)
{
	if (l->refilled)
		return;
	l->out += blocks;
	l->most_out = MAX(l->most_out, l->out);
}

static void count_drain(struct kmem_replay *r, const struct kmem_step *s, u64 *drained)
{
	const struct kmem_recording *rec = r->rec;

	for (; *drained < rec->n_drained && rec->drained[*drained].burst == s->burst; ++*drained) {
		const struct kmem_drained *d = &rec->drained[*drained];
		struct kmem_list *l = list_at(r, s->zone, s->cpu, d->order, d->type);

		count_out(l, 1);
		l->drained[KERNEL] += 1ull << d->order;
	}
}

static void count_page(struct kmem_replay *r, const struct kmem_step *s)
{
	struct kmem_list *l;

	if (!uses_lists(r, s))
		return;
	l = list_at(r, s->zone, s->cpu, s->order, s->type);
	count_out(l, s->act == KMEM_ACT_ALLOC ? 1 : -1);
	*(s->act == KMEM_ACT_ALLOC ? &l->allocs : &l->frees) += 1ull << s->order;
}

static void count_refill(struct kmem_replay *r, const struct kmem_step *s)
{
	struct kmem_list *l = list_at(r, s->zone, s->cpu, s->order, s->type);

	l->refills[KERNEL]++;
	l->refilled_pages[KERNEL] += r->rec->kernel.burst[s->burst].pages;
	/* It was empty, so this is what it began with. */
	if (!l->refilled)
		l->most_out = MAX(l->out, 0);
	l->refilled = true;
}

static void count_steps(struct kmem_replay *r)
{
	u64 drained = 0, i;

	for (i = 0; i < r->rec->n; i++) {
		const struct kmem_step *s = &r->rec->step[i];

		if (s->act == KMEM_ACT_DRAIN || s->act == KMEM_ACT_TICK)
			count_drain(r, s, &drained);
		else if (s->act == KMEM_ACT_REFILL)
			count_refill(r, s);
		else if (s->act != KMEM_ACT_NONE)
			count_page(r, s);
	}
}

/* The list that gets what the count says more: one that was never refilled, of single pages. */
static struct kmem_list *list_for_rest(struct kmem_set *set)
{
	static const u8 order[] = { MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (!set->list[order[i]].refilled)
			return &set->list[order[i]];
	return NULL;
}

static u32 order_of_list(u32 list)
{
	return list >= 12 ? 9 : list / NR_PCP_TYPES;
}

static void settle_start(struct kmem_set *set, u64 count)
{
	struct kmem_list *rest = list_for_rest(set);
	u64 pages = 0;
	u32 i;

	for (i = 0; i < PCP_MAX_LISTS; i++) {
		set->list[i].start = (u64)set->list[i].most_out;
		pages += set->list[i].start << order_of_list(i);
	}
	set->missing = pages > count ? pages - count : 0;
	set->rest = rest && count > pages ? count - pages : 0;
	if (rest)
		rest->start += set->rest;
}

/* ---- zones ---- */

static struct page_alloc *make_zone(const struct kmem_replay *r, const struct kmem_zone *kz)
{
	struct page_alloc_cfg cfg = { .era = ERA_6_X, .pcp = PCP_LISTS, .shift = 12, .nodes = 1, .word = 8 };
	struct page_alloc *pa;
	struct zone *z;

	cfg.bytes = MAX(kz->spanned, PAGE_CHUNK) << cfg.shift;
	cfg.cpus = r->info->cpus;
	cfg.direct_map = 0xffff888000000000ull;
	cfg.memmap_va = 0xffffea0000000000ull;
	pa = page_alloc_zones(&cfg, NULL);
	z = &pa->zone[0];
	z->present = kz->present;
	z->managed = kz->managed;
	z->wmark[WMARK_MIN] = kz->min;
	z->wmark[WMARK_LOW] = kz->low;
	z->wmark[WMARK_HIGH] = kz->high;
	z->boost = kz->boost;
	pcp_init_zone(z, cfg.cpus);
	return pa;
}

/* So many free pages, in the largest blocks, from the zone's beginning. */
static void give_pages(struct zone *z, u64 pages)
{
	u64 pfn = 0;

	while (pages) {
		u32 order = MAX_ORDERS - 1;

		while (1ull << order > pages)
			order--;
		buddy_give(z, NULL, pfn, order, MIGRATE_MOVABLE, true);
		pfn += 1ull << order;
		pages -= 1ull << order;
	}
}

/* Sizes are the kernel's; the model's own are compared. */
static void size_set(struct kmem_replay *r, struct pcp *p, const struct kmem_pageset *s)
{
	r->odd_sizes += p->batch != s->batch || p->high_min != s->high_min || p->high_max != s->high_max;
	p->batch = s->batch;
	p->high = s->high;
	p->high_min = s->high_min;
	p->high_max = s->high_max;
	p->merge_from = p->batch + (r->before_6_16 ? 0 : s->high_min / 2);
}

static void fill_set(struct kmem_replay *r, u32 zone, u32 cpu)
{
	struct kmem_set *set = kmem_set_of(r, zone, cpu);
	u32 i;

	size_set(r, &zone_at(r, zone)->pcp[cpu], &r->info->zone[zone].cpu[cpu]);
	for (i = 0; i < PCP_MAX_LISTS; i++) {
		u32 type = i < 12 ? i % NR_PCP_TYPES : i - 12;

		pcp_fill(zone_at(r, zone), cpu, order_of_list(i), type, (u32)set->list[i].start);
	}
}

/* Free pages at the start: those of the zone, those of the lists, and those whose users give them back later.
 */
static void fill_zone(struct kmem_replay *r, u32 zone, u64 in_use)
{
	u64 pages = r->info->zone[zone].free + in_use;
	u32 cpu, i;

	for (cpu = 0; cpu < r->info->cpus; cpu++) {
		struct kmem_set *set = kmem_set_of(r, zone, cpu);

		settle_start(set, r->info->zone[zone].cpu[cpu].count);
		for (i = 0; i < PCP_MAX_LISTS; i++)
			pages += set->list[i].start << order_of_list(i);
	}
	give_pages(zone_at(r, zone), MIN(pages, r->info->zone[zone].managed));
	for (cpu = 0; cpu < r->info->cpus; cpu++)
		fill_set(r, zone, cpu);
}

/* Pages of each zone that are freed without having been allocated before in the recording. */
static void count_in_use(const struct kmem_replay *r, u64 in_use[KMEM_MAX_ZONES])
{
	struct map64 live = { 0 };
	u64 i;

	for (i = 0; i < r->rec->n; i++) {
		const struct kmem_step *s = &r->rec->step[i];

		if (s->act == KMEM_ACT_ALLOC)
			map64_set(&live, live_key(s), 1);
		else if (s->act != KMEM_ACT_FREE)
			continue;
		else if (map64_find(&live, live_key(s)))
			map64_remove(&live, live_key(s));
		else
			in_use[s->zone] += 1ull << s->order;
	}
	map64_fini(&live);
}

/* ---- the replay ---- */

static void note_refill(struct replayer *p, const struct kmem_step *s, u64 pages)
{
	struct kmem_burst b = { .step = p->step, .pages = pages, .blocks = pages >> s->order, .cpu = s->cpu };
	struct kmem_list *l = list_at(p->r, s->zone, s->cpu, s->order, s->type);

	b.zone = s->zone;
	b.order = s->order;
	b.type = s->type;
	kmem_bursts_add(&p->r->model, &b);
	l->refills[MODEL]++;
	l->refilled_pages[MODEL] += pages;
}

static void replay_alloc(struct replayer *p, const struct kmem_step *s)
{
	struct zone *z = zone_at(p->r, s->zone);
	u64 refilled = z->pa->pcp_st.refilled, pfn;
	bool refill = false;

	if (uses_lists(p->r, s))
		pfn = pcp_alloc(z, &p->cpu[s->cpu], s->order, s->type, 0, &refill);
	else
		pfn = buddy_take(z, NULL, s->order, s->type, 0);
	if (refill)
		note_refill(p, s, z->pa->pcp_st.refilled - refilled);
	if (pfn == NO_FRAME)
		p->r->failed++;
	else
		map64_set(&p->live, live_key(s), pfn);
}

/* A drain is told by the lists that got shorter. */
static void note_drain(struct replayer *p, const struct kmem_step *s, u32 zone, const u32 nr[PCP_MAX_LISTS],
		       bool tick)
{
	struct kmem_burst b = {
		.step = p->step, .cpu = s->cpu, .zone = (u8)zone, .drain = true, .tick = tick
	};
	const struct pcp *set = &zone_at(p->r, zone)->pcp[s->cpu];
	u32 i;

	for (i = 0; i < PCP_MAX_LISTS; i++) {
		u64 gone = nr[i] - set->nr[i];

		b.blocks += gone;
		b.pages += gone << order_of_list(i);
		kmem_set_of(p->r, zone, s->cpu)->list[i].drained[MODEL] += gone << order_of_list(i);
		if (gone)
			b.order = (u8)order_of_list(i);
	}
	if (b.blocks)
		kmem_bursts_add(&p->r->model, &b);
}

static u64 model_page(struct replayer *p, const struct kmem_step *s)
{
	u64 *live = map64_find(&p->live, live_key(s)), pfn;

	if (!live) {
		p->r->unknown_frees++;
		return buddy_take(zone_at(p->r, s->zone), NULL, s->order, MIGRATE_MOVABLE, 0);
	}
	pfn = *live;
	map64_remove(&p->live, live_key(s));
	return pfn;
}

static void replay_free(struct replayer *p, const struct kmem_step *s)
{
	struct zone *z = zone_at(p->r, s->zone);
	u64 pfn = model_page(p, s);
	u32 nr[PCP_MAX_LISTS];

	if (pfn == NO_FRAME) {
		p->r->failed++;
		return;
	}
	if (!uses_lists(p->r, s)) {
		buddy_give(z, NULL, pfn, s->order, block_type(z, pfn), false);
		return;
	}
	memcpy(nr, z->pcp[s->cpu].nr, sizeof(nr));
	nr[pcp_list_of(z->pa, s->order, s->type)]++;
	pcp_free(z, &p->cpu[s->cpu], pfn, s->order, s->type, false);
	note_drain(p, s, s->zone, nr, false);
}

/* Every zone's set of that CPU: refresh_cpu_vm_stats(). */
static void replay_tick(struct replayer *p, const struct kmem_step *s)
{
	u32 nr[PCP_MAX_LISTS], zone;

	p->r->ticks++;
	for (zone = 0; zone < p->r->info->n; zone++) {
		struct zone *z = zone_at(p->r, zone);

		memcpy(nr, z->pcp[s->cpu].nr, sizeof(nr));
		pcp_tick(z, &p->cpu[s->cpu], s->cpu);
		note_drain(p, s, zone, nr, true);
	}
}

static void replay_step(struct replayer *p, const struct kmem_step *s)
{
	if (s->act == KMEM_ACT_ALLOC)
		replay_alloc(p, s);
	else if (s->act == KMEM_ACT_FREE)
		replay_free(p, s);
	else if (s->act == KMEM_ACT_TICK)
		replay_tick(p, s);
}

void kmem_replay_run(struct kmem_replay *r, const struct kmem_recording *rec,
		     const struct kmem_zoneinfo *info, bool before_6_16)
{
	struct replayer p = { .r = r };
	u64 in_use[KMEM_MAX_ZONES] = { 0 };
	u32 i;

	*r = (struct kmem_replay){ .rec = rec, .info = info, .before_6_16 = before_6_16 };
	r->set = xcalloc((size_t)info->n * info->cpus, sizeof(*r->set));
	for (i = 0; i < info->n; i++)
		r->pa[i] = make_zone(r, &info->zone[i]);
	for (i = 0; i < info->cpus; i++)
		p.cpu[i].id = i;
	count_steps(r);
	count_in_use(r, in_use);
	for (i = 0; i < info->n; i++)
		fill_zone(r, i, in_use[i]);
	for (p.step = 0; p.step < rec->n; p.step++)
		replay_step(&p, &rec->step[p.step]);
	for (i = 0; i < info->n; i++)
		pcp_sane(zone_at(r, i));
	map64_fini(&p.live);
}

void kmem_replay_fini(struct kmem_replay *r)
{
	u32 i;

	for (i = 0; i < r->info->n; i++)
		page_alloc_free(r->pa[i]);
	free(r->set);
	free(r->model.burst);
}
