/* mm/vmstat.c:zoneinfo_show_print(). */
#include <inttypes.h>
#include <string.h>

#include "model/mm/pcp.h"
#include "model/mm/procfs.h"
#include "model/mm/watermark.h"

/* As they are printed, the node's before the zone's. */
static const char *const node_items[] = {
	"nr_slab_reclaimable",
	"nr_slab_unreclaimable",
	"nr_anon_pages",
	"nr_mapped",
	"nr_file_pages",
	"nr_shmem",
	"nr_anon_transparent_hugepages",
	"nr_kernel_stack",
	"nr_page_table_pages",
};

static void items(FILE *f, const struct proc_source *p, u32 node)
{
	u64 value;
	u32 i;

	fputs("\n  per-node stats", f);
	for (i = 0; i < ARRAY_SIZE(node_items); i++)
		if (proc_value(p, node_items[i], node, &value))
			fprintf(f, "\n      %-12s %" PRIu64, node_items[i], value);
}

/* Of all zones that the layout could have, the zone's own protection from allocations that may use those. */
static void protection(FILE *f, const struct page_alloc *pa, const struct zone *z)
{
	const char *comma = "";
	u32 t;

	for (t = 0; t < NR_ZONE_TYPES; t++) {
		if (!proc_has_type(pa, t))
			continue;
		fprintf(f, "%s%" PRIu64, comma, z ? z->lowmem_reserve[t] : 0);
		comma = ", ";
	}
}

/* Marks that even an empty zone has, __setup_per_zone_wmarks(): SWAP_CLUSTER_MAX. */
static u64 mark(const struct zone *z, enum zone_type type, enum wmark w)
{
	if (z)
		return zone_mark(z, w);
	return type == ZONE_HIGHMEM || type == ZONE_MOVABLE ? 32 : 0;
}

/* mm/vmstat.c:calculate_normal_threshold(): of pages that a CPU keeps to itself; the model keeps none. */
static u32 stat_threshold(const struct zone *z)
{
	u64 parts = z->managed >> (27 - z->pa->cfg.shift);
	u32 cpus = z->pa->cfg.cpus, n = 0, m = 0;

	for (; cpus; cpus >>= 1)
		n++;
	for (; parts; parts >>= 1)
		m++;
	return MIN(2 * n * (1 + m), 125);
}

static void pagesets(FILE *f, const struct zone *z)
{
	u32 cpu;

	fputs("\n  pagesets", f);
	for (cpu = 0; cpu < z->pa->cfg.cpus; cpu++) {
		const struct pcp *p = z->pa->cfg.pcp == PCP_NONE ? &(struct pcp){ 0 } : &z->pcp[cpu];

		fprintf(f,
			"\n    cpu: %u\n              count:    %u\n              high:     %u"
			"\n              batch:    %u\n              high_min: %u\n              high_max: "
			"%u",
			cpu, p->count, p->high, p->batch, p->high_min, p->high_max);
		fprintf(f, "\n  vm stats threshold: %u", stat_threshold(z));
	}
}

static void lines(FILE *f, const char *const *name, const u64 *value, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		fprintf(f, "\n        %-8s %" PRIu64, name[i], value[i]);
}

/* The zone's counters and per-CPU lists, which empty zones do not show. */
static void populated_6_x(FILE *f, const struct zone *z)
{
	fprintf(f,
		"\n      nr_free_pages %" PRIu64 "\n      nr_free_pages_blocks %" PRIu64
		"\n      nr_free_cma  0",
		z->free, proc_free_in_pageblocks(z));
	pagesets(f, z);
	fprintf(f, "\n  node_unreclaimable:  0\n  start_pfn:           %" PRIu64, z->start);
}

static void zone_6_x(FILE *f, const struct proc_source *p, u32 node, enum zone_type type)
{
	static const char *const names[] = { "boost",   "min",     "low",     "high", "promo",
					     "spanned", "present", "managed", "cma" };
	const struct zone *z = proc_zone(p->pa, node, type);
	const u64 values[] = {
		z ? z->boost : 0,          mark(z, type, WMARK_MIN),   mark(z, type, WMARK_LOW),
		mark(z, type, WMARK_HIGH), mark(z, type, WMARK_PROMO), z ? z->end - z->start : 0,
		z ? z->present : 0,        z ? z->managed : 0,         0
	};

	fprintf(f, "\n  pages free     %" PRIu64, z ? z->free : 0);
	lines(f, names, values, ARRAY_SIZE(names));
	fputs("\n        protection: (", f);
	protection(f, p->pa, z);
	fputc(')', f);
	if (z)
		populated_6_x(f, z);
	fputc('\n', f);
}

/* Up to 2.6.24 hot and cold lists. */
static void old_pageset(FILE *f, const struct zone *z, u32 cpu)
{
	const struct pcp *p = &z->pcp[cpu];

	if (z->pa->cfg.pcp != PCP_HOT_COLD) {
		fprintf(f,
			"\n    cpu: %u\n              count: %u\n              high:  %u"
			"\n              batch: %u",
			cpu, p->count, p->high, p->batch);
		return;
	}
	fprintf(f,
		"\n    cpu: %u pcp: 0\n              count: %u\n              high:  %u"
		"\n              batch: %u",
		cpu, p->nr[0], p->hot_high, p->batch);
	fprintf(f,
		"\n    cpu: %u pcp: 1\n              count: %u\n              high:  %u"
		"\n              batch: %u",
		cpu, p->nr[1], p->cold_high, p->cold_batch);
}

static void old_zone(FILE *f, const struct zone *z)
{
	static const char *const names[] = { "min", "low", "high", "spanned", "present" };
	const u64 values[] = { zone_mark(z, WMARK_MIN), zone_mark(z, WMARK_LOW), zone_mark(z, WMARK_HIGH),
			       z->end - z->start, z->present };
	u32 cpu;

	fprintf(f, "\n  pages free     %" PRIu64, z->free);
	lines(f, names, values, ARRAY_SIZE(names));
	if (z->pa->cfg.era >= ERA_2_6_26)
		fprintf(f, "\n    nr_free_pages %" PRIu64, z->free);
	fputs("\n        protection: (", f);
	protection(f, z->pa, z);
	fputs(")\n  pagesets", f);
	for (cpu = 0; cpu < z->pa->cfg.cpus && z->pa->cfg.pcp != PCP_NONE; cpu++) {
		old_pageset(f, z, cpu);
		fprintf(f, "\n  vm stats threshold: %u", stat_threshold(z));
	}
	fprintf(f, "\n  all_unreclaimable: 0\n  start_pfn:         %" PRIu64 "\n", z->start);
}

static void node_zones(FILE *f, const struct proc_source *p, u32 node)
{
	bool is_new = p->pa->cfg.era == ERA_6_X, first = is_new;
	const struct zone *z;
	u32 t;

	for (t = 0; t < NR_ZONE_TYPES; t++) {
		z = proc_zone(p->pa, node, t);
		if (!(z || (is_new && proc_has_type(p->pa, t))))
			continue;
		fprintf(f, "Node %u, zone %8s", node, zone_type_name[t]);
		if (z && first)
			items(f, p, node);
		first &= !z;
		if (is_new)
			zone_6_x(f, p, node, t);
		else
			old_zone(f, z);
	}
}

void proc_zoneinfo(FILE *f, const struct proc_source *p)
{
	u32 node;

	for (node = 0; node < p->pa->cfg.nodes; node++)
		node_zones(f, p, node);
}
