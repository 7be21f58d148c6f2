#include "model/mm/pcp.h"

#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/mm/page_layout.h"
#include "model/mm/pcp_form.h"

#define STAT_STRUCT struct pcp_stats
static const struct stat_desc stat_rows[] = { PCP_STATS(STAT_ROW){ 0 } };

static const struct pcp_form_ops *const forms[] = {
	[PCP_HOT_COLD] = &pcp_hot_cold,
	[PCP_MERGED] = &pcp_merged,
	[PCP_LISTS] = &pcp_lists,
};

const struct pcp_form_ops *pcp_form(const struct page_alloc *pa)
{
	return forms[pa->cfg.pcp];
}

/* ---- sizes ---- */

u32 pcp_plain_batch(const struct zone *z, u64 pages, u64 cap)
{
	return (u32)MAX(MIN(pages / 1024, cap >> z->pa->cfg.shift) / 4, 1);
}

u32 pcp_batch(const struct zone *z, u64 pages, u64 cap)
{
	u32 b = pcp_plain_batch(z, pages, cap);

	return (1u << log2_floor(b + b / 2)) - 1;
}

/*
 * The set of a CPU lies in the zone up to 2.6.10, a line apart from the next, and in the CPU's own area
 * afterwards.
 */
static u64 set_va(const struct zone *z, u32 cpu)
{
	if (z->pa->cfg.era < ERA_2_6_18)
		return zone_line(z, ZONE_LINE_PAGESET) + (u64)cpu * 64;
	return percpu_va(z->pa, cpu, percpu_pcp(z));
}

void pcp_init_zone(struct zone *z, u32 cpus)
{
	u32 here = MAX(cpus / z->pa->cfg.nodes, 1), i, l;

	z->pcp = xcalloc(cpus, sizeof(*z->pcp));
	for (i = 0; i < cpus; i++) {
		struct pcp *p = &z->pcp[i];

		p->va = set_va(z, i);
		for (l = 0; l < PCP_MAX_LISTS; l++)
			p->list[l] = (struct free_list){ NO_PAGE, NO_PAGE };
		if (z->pa->cfg.pcp != PCP_NONE)
			pcp_form(z->pa)->init(z, p, here);
	}
}

void pcp_fini_zone(struct zone *z)
{
	free(z->pcp);
	z->pcp = NULL;
}

/* ---- costs ---- */

/* Where in the per-CPU area the counters of events lie: vm_event_states. */
#define PERCPU_EVENTS 0u

static void charge_list_head(const struct zone *z, struct cpu *c, enum kernel_path path, const struct pcp *p,
			     u32 i)
{
	const struct pcp_form_ops *f = pcp_form(z->pa);
	u32 step = f->head_step + f->word_step * z->pa->cfg.word;

	charge_store(z->pa->charger, c, path, p->va + f->head_at + (u64)step * i, 2 * z->pa->cfg.word);
}

void pcp_charge_link(const struct zone *z, struct cpu *c, enum kernel_path path, const struct pcp *p, u32 i,
		     u64 pfn, u32 other)
{
	const struct page_layout *l = page_layout(z->pa->cfg.era, z->pa->cfg.word);
	const struct memmap *m = &z->pa->map;
	u32 links = 2 * z->pa->cfg.word;

	charge_list_head(z, c, path, p, i);
	charge_store(z->pa->charger, c, path, page_struct_va(m, pfn) + l->list, links);
	if (other != NO_PAGE)
		charge_store(z->pa->charger, c, path, page_struct_va(m, other) + l->list, links);
}

void pcp_charge_set(const struct zone *z, struct cpu *c, const struct pcp *p)
{
	const struct charger *ch = z->pa->charger;

	if (z->pa->cfg.era >= ERA_2_6_18)
		charge_load(ch, c, KPATH_PCP, zone_line(z, ZONE_LINE_PAGESET), z->pa->cfg.word);
	charge_store(ch, c, KPATH_PCP, p->va + pcp_form(z->pa)->count_at, 4);
	charge_store(ch, c, KPATH_PCP, percpu_va(z->pa, c->id, PERCPU_EVENTS), z->pa->cfg.word);
}

/* ---- what the forms share ---- */

u32 pcp_find(const struct zone *z, struct cpu *c, const struct pcp *p, u32 i, enum migratetype type,
	     bool last)
{
	u32 pfn = last ? p->list[i].last : p->list[i].first;

	while (pfn != NO_PAGE) {
		const struct page *pg = page_of(&z->pa->map, pfn);

		if (pg->type == type)
			break;
		charge_load(z->pa->charger, c, KPATH_PCP, page_struct_va(&z->pa->map, pfn), z->pa->map.bytes);
		pfn = last ? pg->prev : pg->next;
	}
	return pfn;
}

static void refill_one(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 pfn, u32 behind)
{
	pcp_insert(z, p, i, pfn, behind);
	if (pcp_charged(z))
		pcp_charge_link(z, c, KPATH_REFILL, p, i, pfn, behind);
}

u32 pcp_refill(struct zone *z, struct cpu *c, struct pcp *p, u32 i, u32 order, enum migratetype type, u32 gfp,
	       u32 blocks, enum refill_to to)
{
	const struct charger *ch = z->pa->charger;
	u32 n, at = to == TO_FRONT ? NO_PAGE : p->list[i].last, last = at;

	charge_step(ch, c, STEP_PCP_REFILL);
	spin_lock(ch, c, KPATH_REFILL, &z->lock);
	for (n = 0; n < blocks; n++) {
		u64 pfn = buddy_take(z, c, order, type, gfp);
		struct page *pg;

		if (pfn == NO_FRAME)
			break;
		charge_step(ch, c, STEP_PCP_REFILL_PAGE);
		pg = page_of(&z->pa->map, pfn);
		pg->state = PAGE_PCP;
		pg->order = (u8)order;
		pg->type = (u8)type;
		refill_one(z, c, p, i, (u32)pfn, to == TO_END_BACKWARDS ? last : at);
		at = (u32)pfn;
	}
	spin_unlock(ch, c, &z->lock);
	p->count += n << order;
	z->pa->pcp_st.refills += n != 0;
	z->pa->pcp_st.refilled += (u64)n << order;
	return n;
}

void pcp_drain_begin(struct zone *z, struct cpu *c)
{
	charge_step(z->pa->charger, c, STEP_PCP_DRAIN);
	spin_lock(z->pa->charger, c, KPATH_DRAIN, &z->lock);
}

void pcp_drain_end(struct zone *z, struct cpu *c)
{
	spin_unlock(z->pa->charger, c, &z->lock);
}

void pcp_give_last(struct zone *z, struct cpu *c, struct pcp *p, u32 i, enum migratetype type)
{
	u32 pfn = p->list[i].last, order;
	const struct page *pg = page_of(&z->pa->map, pfn);

	order = pg->order;
	charge_step(z->pa->charger, c, STEP_PCP_DRAIN_PAGE);
	if (pcp_charged(z))
		pcp_charge_link(z, c, KPATH_DRAIN, p, i, pfn, pg->prev);
	pcp_unlink(z, p, i, pfn);
	p->count -= 1u << order;
	z->pa->pcp_st.drained += 1u << order;
	buddy_give(z, c, pfn, order, type, false);
	charge_trace(z->pa->charger, c, TRACE_PCPU_DRAIN, TRACE(pfn, order, type), NULL);
}

/* ---- the interface ---- */

bool pcp_takes(const struct page_alloc *pa, u32 order)
{
	return pa->cfg.pcp != PCP_NONE && pcp_form(pa)->takes(pa, order);
}

u64 pcp_alloc(struct zone *z, struct cpu *c, u32 order, enum migratetype type, u32 gfp, bool *refilled)
{
	*refilled = false;
	return pcp_form(z->pa)->alloc(z, c, order, type, gfp, refilled);
}

void pcp_free(struct zone *z, struct cpu *c, u64 pfn, u32 order, enum migratetype type, bool cold)
{
	pcp_form(z->pa)->free(z, c, pfn, order, type, cold);
}

void pcp_drain(struct zone *z, struct cpu *c, u32 cpu)
{
	if (z->pa->cfg.pcp != PCP_NONE)
		pcp_form(z->pa)->drain(z, c, &z->pcp[cpu], z->pcp[cpu].count);
}

/*
 * drain_zone_pages(): a set of another node that was not used for three ticks gives back a batch a tick. Use
 * is told by the count, where the kernel tells it by counters that changed.
 */
static bool drain_remote(struct zone *z, struct cpu *c, struct pcp *p)
{
	if (p->count != p->seen)
		p->expire = 3;
	p->seen = p->count;
	if (!p->expire || !p->count)
		return false;
	if (!--p->expire)
		pcp_form(z->pa)->drain(z, c, p, MIN(p->count, p->batch));
	return true;
}

bool pcp_tick(struct zone *z, struct cpu *c, u32 cpu)
{
	struct pcp *p = &z->pcp[cpu];
	bool more;

	if (z->pa->cfg.pcp == PCP_NONE)
		return false;
	more = pcp_form(z->pa)->decay(z, c, p);
	if (c && c->node != z->node && z->pa->cfg.era >= ERA_2_6_26)
		more |= drain_remote(z, c, p);
	return more;
}

u32 pcp_list_of(const struct page_alloc *pa, u32 order, enum migratetype type)
{
	return pcp_form(pa)->list_of(pa, order, type);
}

u32 pcp_fill(struct zone *z, u32 cpu, u32 order, enum migratetype type, u32 blocks)
{
	const struct pcp_stats st = z->pa->pcp_st;
	u32 n = pcp_refill(z, NULL, &z->pcp[cpu], pcp_list_of(z->pa, order, type), order, type, 0, blocks,
			   TO_END);

	z->pa->pcp_st = st;
	return n;
}

void pcp_stats_add(const struct page_alloc *pa, struct stats *s)
{
	stats_add(s, "mm.pcp", stat_rows, &pa->pcp_st);
}

static void list_sane(const struct zone *z, const struct pcp *p, u32 i, u32 *pages)
{
	u32 pfn, prev = NO_PAGE, n = 0;

	for (pfn = p->list[i].first; pfn != NO_PAGE; pfn = page_of(&z->pa->map, pfn)->next) {
		const struct page *pg = page_of(&z->pa->map, pfn);

		ASSERT(pg->state == PAGE_PCP && pg->prev == prev && zone_has(z, pfn));
		ASSERT(n++ < p->nr[i]);
		*pages += 1u << pg->order;
		prev = pfn;
	}
	ASSERT(p->list[i].last == prev && n == p->nr[i]);
}

void pcp_sane(const struct zone *z)
{
	u32 cpu, i;

	for (cpu = 0; z->pcp && cpu < z->pa->cfg.cpus; cpu++) {
		const struct pcp *p = &z->pcp[cpu];
		u32 pages = 0;

		for (i = 0; i < PCP_MAX_LISTS; i++)
			list_sane(z, p, i, &pages);
		ASSERT(pages == p->count);
	}
}
