/* How hard reclaim tries, and how often: try_to_free_pages(), balance_pgdat()'s part of it, memcg's. */
#include "model/mm/vmscan.h"

#include <stdio.h>

#include "model/base/error.h"
#include "model/mm/footprint.h"
#include "model/mm/rmap.h"
#include "model/mm/slab.h"
#include "model/mm/swap.h"
#include "model/sim/timeline.h"

#define STAT_STRUCT struct reclaim_stats
static const struct stat_desc stat_rows[] = { RECLAIM_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/* The same under the names of /proc/vmstat (mm/vmstat.c:vmstat_text). */
static const struct {
	const char *name;
	size_t offset;
	const char *help;
} vmstat_rows[] = {
#define ROW(name, field, help)                                    \
	{                                                         \
		name, offsetof(struct reclaim_stats, field), help \
	}
	ROW("pgscan_kswapd", scanned_kswapd, "that kswapd looked at"),
	ROW("pgscan_direct", scanned_direct, "that direct reclaim looked at"),
	ROW("pgsteal_kswapd", stolen_kswapd, "that kswapd freed"),
	ROW("pgsteal_direct", stolen_direct, "that direct reclaim freed"),
	ROW("pgscan_anon", scanned_anon, "of private memory, looked at"),
	ROW("pgscan_file", scanned_file, "of files, looked at"),
	ROW("pgsteal_anon", stolen_anon, "of private memory, freed"),
	ROW("pgsteal_file", stolen_file, "of files, freed"),
	ROW("kswapd_steal", stolen_kswapd, "that kswapd freed, as kernels before 3.5 call it"),
	ROW("pgrefill", refilled, "of active lists, looked at"),
	ROW("nr_vmscan_write", written, "whose write reclaim began"),
	ROW("allocstall_normal", direct, "calls of direct reclaim, all zones"),
	ROW("workingset_refault_anon", refaults_anon, "of private memory, that came back"),
	ROW("workingset_refault_file", refaults_file, "of files, that came back"),
	ROW("oom_kill", oom_kills, "processes killed"),
#undef ROW
};

void reclaim_stats_add(const struct kernel *k, struct stats *s)
{
	char full[64];
	u32 i;

	stats_add(s, "mm.reclaim", stat_rows, &k->reclaim);
	for (i = 0; i < ARRAY_SIZE(vmstat_rows); i++) {
		snprintf(full, sizeof(full), "mm.vmstat.%s", vmstat_rows[i].name);
		stats_add_one(s, full, (const u64 *)((const char *)&k->reclaim + vmstat_rows[i].offset),
			      "pages", vmstat_rows[i].help);
	}
	stats_add_one(s, "mm.vmstat.pgactivate", &k->lru->st.activated, "pages", "moved to an active list");
	stats_add_one(s, "mm.vmstat.pgdeactivate", &k->lru->st.deactivated, "pages",
		      "moved to an inactive list");
	stats_add_one(s, "mm.vmstat.pglazyfree", &k->lru->st.lazyfree, "pages", "that MADV_FREE gave away");
}

bool scan_covers(const struct scan *s, const struct lruvec *v)
{
	const struct kernel *k = s->k;

	if (v->group != s->group && s->group)
		return false;
	if (k->lru->by_node)
		return !s->kswapd || v->unit == s->node;
	return k->pa->zone[v->unit].type <= s->highest &&
	       (!s->kswapd || k->pa->zone[v->unit].node == s->node);
}

static void shrink_lists(struct scan *s, struct lruvec *v)
{
	switch (s->k->lru->form) {
	case RECLAIM_SCAN:
		shrink_scan(s, v);
		return;
	case RECLAIM_ZONE:
		shrink_zone_lists(s, v);
		return;
	case RECLAIM_MGLRU:
		shrink_gen(s, v);
		return;
	default:
		shrink_split(s, v);
	}
}

static void shrink_lruvec(struct scan *s, struct lruvec *v)
{
	u64 kept = s->k->reclaim.kept_mapped;

	kernel_path_step(s->k, s->c, NULL, STEP_SHRINK_NODE);
	s->k->reclaim.priority_passes++;
	s->met = (struct met){ .again = s->met.again };
	shrink_lists(s, v);
	reclaim_note_met(s, v);
	/* Nobody knows who maps the pages that stayed. */
	if (s->k->lru->form != RECLAIM_SCAN && s->k->reclaim.kept_mapped > kept &&
	    s->k->rmap->anon == &rmap_none)
		swap_out(s, SWAP_CLUSTER_MAX);
}

static bool is_enough(const struct scan *s)
{
	return s->freed >= s->want;
}

/* shrink_caches() up to 2.6.6 is content with the first zone that has enough. */
static bool ends_with_enough(const struct scan *s)
{
	return s->k->lru->form == RECLAIM_ZONE && s->k->cfg.era < ERA_2_6_9 && !s->kswapd && is_enough(s);
}

/* All that the scan covers, once: shrink_zones(), the highest zone first; balance_pgdat(), the lowest. */
static void shrink_all(struct scan *s)
{
	const struct lru *l = s->k->lru;
	u32 n = l->units * l->groups, i, at;

	for (i = 0; i < n && !ends_with_enough(s); i++) {
		at = l->by_node || s->kswapd ? i : n - 1 - i;
		if (scan_covers(s, &l->vec[at]))
			shrink_lruvec(s, &l->vec[at]);
	}
}

/* 2.4.10 to 2.4.22 begin at 6 and end at 1: mm/vmscan.c:DEF_PRIORITY. */
s32 reclaim_first_priority(const struct kernel *k)
{
	return k->lru && k->lru->form == RECLAIM_SCAN ? 6 : DEF_PRIORITY;
}

static s32 last_priority(const struct kernel *k)
{
	return k->lru->form == RECLAIM_SCAN ? 1 : 0;
}

/* False: the thread has to wait, and goes on afterwards. */
static bool try_harder_and_harder(struct scan *s)
{
	while (s->priority >= last_priority(s->k)) {
		s->pass_scanned = s->scanned;
		s->pass_freed = s->freed;
		shrink_all(s);
		if (is_enough(s))
			return true;
		if (!reclaim_wait(s))
			return false;
	}
	return true;
}

static struct scan scan_begin(struct kernel *k, struct cpu *c, u32 gfp, u64 want)
{
	return (struct scan){
		.k = k,
		.c = c,
		.gfp = gfp,
		.priority = reclaim_first_priority(k),
		.want = want,
		.batch = SWAP_CLUSTER_MAX,
		.deadline = ~(u64)0,
		.highest = gfp_highest_zone(gfp),
		.may_swap = swap_free_slots(k) != 0,
		.until = ~(u64)0,
		.blocked = ~(u64)0,
	};
}

/* kmem_cache_reap(), shrink_slab(): what slabs have to give. */
static u64 shrink_slabs(struct kernel *k, struct cpu *c, u32 gfp, u32 order)
{
	return slab_reclaim_ops.direct(k->slabs, c, gfp, order);
}

void scan_count(struct scan *s, u64 looked_at, u64 freed, bool file)
{
	struct reclaim_stats *st = &s->k->reclaim;

	*(s->kswapd ? &st->scanned_kswapd : &st->scanned_direct) += looked_at;
	*(s->kswapd ? &st->stolen_kswapd : &st->stolen_direct) += freed;
	s->scanned += looked_at;
	s->freed += freed;
	charge_trace(&s->k->charger, s->c, TRACE_SHRINK_INACTIVE,
		     TRACE(s->node, looked_at, freed, (u64)s->priority, file), NULL);
}

/* Anew, or where the thread was when it began to wait. */
static void begin_or_go_on(struct scan *s, struct reclaim_progress *p)
{
	if (p->waits) {
		s->priority = p->priority;
		s->scanned = p->scanned;
		s->freed = p->freed;
		p->waits = false;
		return;
	}
	s->k->reclaim.direct++;
	kernel_path_step(s->k, s->c, NULL, STEP_DIRECT_RECLAIM);
	s->freed = shrink_slabs(s->k, s->c, s->gfp, s->order);
}

u64 reclaim_direct(struct kernel *k, struct cpu *c, u32 gfp, u32 order)
{
	struct reclaim_progress *p;
	struct scan s;

	if (!c || !k->lru || k->pa->reclaiming || gfp & GFP_MEMALLOC)
		return shrink_slabs(k, c, gfp, order);
	p = reclaim_progress(k, c);
	s = scan_begin(k, c, gfp, SWAP_CLUSTER_MAX);
	s.order = order;
	k->pa->reclaiming = true;
	begin_or_go_on(&s, p);
	if (!is_enough(&s) && !try_harder_and_harder(&s)) {
		p->waits = true;
		p->priority = s.priority;
		p->scanned = s.scanned;
		p->freed = s.freed;
	}
	k->pa->reclaiming = false;
	return p->waits ? 0 : s.freed;
}

u64 reclaim_group(struct kernel *k, struct cpu *c, u32 group, u64 pages)
{
	struct scan s = scan_begin(k, c, GFP_HIGHUSER_MOVABLE, pages);

	if (k->pa->reclaiming)
		return 0;
	s.group = group;
	s.highest = ZONE_MOVABLE;
	k->pa->reclaiming = true;
	k->reclaim.group++;
	kernel_path_step(k, c, NULL, STEP_DIRECT_RECLAIM);
	try_harder_and_harder(&s);
	k->pa->reclaiming = false;
	return s.freed;
}

void reclaim_kswapd(struct scan *s)
{
	s->kswapd = true;
	s->gfp = GFP_KERNEL;
	s->until = s->blocked = ~(u64)0;
	s->may_swap = !s->for_boost && swap_free_slots(s->k) != 0;
	s->k->pa->reclaiming = true;
	shrink_all(s);
	s->k->pa->reclaiming = false;
}

u64 reclaim_possible(const struct kernel *k, const struct zone *z)
{
	u64 n = slab_reclaim_ops.reclaimable(k->slabs, z);

	if (!k->lru)
		return n;
	n += lru_zone_pages(k, z->index, LRU_INACTIVE_FILE) + lru_zone_pages(k, z->index, LRU_ACTIVE_FILE);
	if (swap_free_slots(k))
		n += lru_zone_pages(k, z->index, LRU_INACTIVE_ANON) +
		     lru_zone_pages(k, z->index, LRU_ACTIVE_ANON);
	return n;
}
