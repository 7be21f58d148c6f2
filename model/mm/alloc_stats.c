/* What the page allocator tells of itself: counters, and whether its state agrees with itself. */
#include <stdio.h>

#include "model/base/error.h"
#include "model/mm/buddy.h"
#include "model/mm/compact.h"
#include "model/mm/pcp.h"

#define STAT_STRUCT struct page_alloc_stats
static const struct stat_desc alloc_rows[] = { PAGE_ALLOC_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct zone_stats
static const struct stat_desc zone_rows[] = { ZONE_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

static void add_level(struct stats *s, const char *prefix, const char *name, const u64 *value,
		      const char *help)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.%s", prefix, name);
	stats_add_one(s, full, value, "pages", help);
	stats_set_level(s, full);
}

static void zone_stats_add(struct zone *z, struct stats *s)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "mm.zone.%u.%s", z->node, zone_type_name[z->type]);
	add_level(s, prefix, "managed", &z->managed, "that boot gave to the buddy");
	add_level(s, prefix, "free_pages", &z->free, "free now, without per-CPU lists");
	add_level(s, prefix, "boost", &z->boost, "by which its marks are raised now");
	stats_add(s, prefix, zone_rows, &z->st);
}

/* Names of /proc/vmstat. */
static void vmstat_add(struct page_alloc *pa, struct stats *s)
{
	static const char *const pgalloc[NR_ZONE_TYPES] = {
		"mm.vmstat.pgalloc_dma",  "mm.vmstat.pgalloc_dma32",   "mm.vmstat.pgalloc_normal",
		"mm.vmstat.pgalloc_high", "mm.vmstat.pgalloc_movable",
	};
	bool has[NR_ZONE_TYPES] = { false };
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		has[pa->zone[i].type] = true;
	for (i = 0; i < NR_ZONE_TYPES; i++)
		if (has[i])
			stats_add_one(s, pgalloc[i], &pa->pgalloc[i], "pages", "handed out of such zones");
	stats_add_one(s, "mm.vmstat.pgfree", &pa->st.freed, "pages", "given back");
	stats_add_one(s, "mm.vmstat.allocstall", &pa->st.direct_reclaims, "calls", "of direct reclaim");
}

void page_alloc_stats_add(struct page_alloc *pa, struct stats *s)
{
	u32 i;

	stats_add(s, "mm.alloc", alloc_rows, &pa->st);
	for (i = 0; i < pa->n_zones; i++)
		zone_stats_add(&pa->zone[i], s);
	if (pa->cfg.pcp != PCP_NONE)
		pcp_stats_add(pa, s);
	vmstat_add(pa, s);
	compact_stats_add(pa, s);
}

u64 page_alloc_in_lists(const struct page_alloc *pa)
{
	u64 pages = 0;
	u32 i, cpu;

	for (i = 0; i < pa->n_zones && pa->cfg.pcp != PCP_NONE; i++)
		for (cpu = 0; cpu < pa->cfg.cpus; cpu++)
			pages += pa->zone[i].pcp[cpu].count;
	return pages;
}

u64 page_alloc_free_pages(const struct page_alloc *pa)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		pages += pa->zone[i].free;
	return pages;
}

u64 page_alloc_managed(const struct page_alloc *pa)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		pages += pa->zone[i].managed;
	return pages;
}

void page_alloc_sane(const struct page_alloc *pa)
{
	u64 unused = page_alloc_free_pages(pa) + page_alloc_in_lists(pa);
	u64 used = page_alloc_managed(pa) - unused;
	u32 i;

	ASSERT(unused == pa->unused);
	ASSERT(pa->st.allocated + pa->boot_used == pa->st.freed + used);
	for (i = 0; i < pa->n_zones; i++) {
		const struct zone *z = &pa->zone[i];

		ASSERT(z->free <= z->managed && z->free_highatomic <= z->free);
		ASSERT(z->wmark[WMARK_MIN] <= z->wmark[WMARK_LOW] &&
		       z->wmark[WMARK_LOW] <= z->wmark[WMARK_HIGH]);
		buddy_sane(z);
		if (pa->cfg.pcp != PCP_NONE)
			pcp_sane(z);
	}
}
