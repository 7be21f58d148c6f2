/*
 * The table of files, and those that tell of free lists: mm/vmstat.c:frag_show_print(), pagetypeinfo_show(),
 * extfrag_show_print(), unusable_show_print().
 */
#include "model/mm/procfs.h"

#include <inttypes.h>

#include "model/mm/buddy.h"
#include "model/mm/frag.h"
#include "model/mm/mm.h"

bool proc_has_type(const struct page_alloc *pa, enum zone_type type)
{
	switch (type) {
	case ZONE_DMA:
		return pa->cfg.dma_end != 0;
	case ZONE_DMA32:
		return pa->cfg.dma32_end != 0;
	case ZONE_HIGHMEM:
		return pa->cfg.lowmem_end != 0;
	case ZONE_MOVABLE:
		return pa->cfg.era >= ERA_2_6_26; /* 2.6.23 */
	default:
		return true;
	}
}

const struct zone *proc_zone(const struct page_alloc *pa, u32 node, enum zone_type type)
{
	const struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		if (z->node == node && z->type == type)
			return z;
	return NULL;
}

u64 proc_free_in_pageblocks(const struct zone *z)
{
	u64 pages = 0;
	u32 order;

	for (order = z->pa->pageblock_order; order < z->pa->max_order; order++)
		pages += z->area[order].nr_free << order;
	return pages;
}

typedef void (*zone_fn)(FILE *f, const struct zone *z);

static void each_zone(FILE *f, const struct page_alloc *pa, zone_fn fn)
{
	const struct zone *z;

	for (z = pa->zone; z < pa->zone + pa->n_zones; z++)
		fn(f, z);
}

static void begin_line(FILE *f, const struct zone *z)
{
	fprintf(f, "Node %u, zone %8s ", z->node, zone_type_name[z->type]);
}

static void buddyinfo_line(FILE *f, const struct zone *z)
{
	u32 order;

	begin_line(f, z);
	for (order = 0; order < z->pa->max_order; order++)
		fprintf(f, "%6" PRIu64 " ", z->area[order].nr_free);
	fputc('\n', f);
}

static void buddyinfo(FILE *f, const struct proc_source *p)
{
	each_zone(f, p->pa, buddyinfo_line);
}

/* Columns of pagetypeinfo; type NR_MIGRATETYPES: the model has none of it. */
struct type_column {
	const char *name;
	u32 type;
};

/* The order of enum migratetype changed in 3.19, MIGRATE_RESERVE became HighAtomic in 4.4. */
static const struct type_column *type_columns(const struct page_alloc *pa)
{
	static const struct type_column old[] = {
		{ "Unmovable", MIGRATE_UNMOVABLE }, { "Reclaimable", MIGRATE_RECLAIMABLE },
		{ "Movable", MIGRATE_MOVABLE },     { "Reserve", NR_MIGRATETYPES },
		{ "Isolate", MIGRATE_ISOLATE },     { NULL, 0 }
	};
	static const struct type_column now[] = {
		{ "Unmovable", MIGRATE_UNMOVABLE },     { "Movable", MIGRATE_MOVABLE },
		{ "Reclaimable", MIGRATE_RECLAIMABLE }, { "HighAtomic", MIGRATE_HIGHATOMIC },
		{ "Isolate", MIGRATE_ISOLATE },         { NULL, 0 }
	};

	return pa->cfg.era == ERA_6_X ? now : old;
}

#define LIST_COUNTED 100000u /* since 5.5 the kernel counts no further */

static void print_list(FILE *f, const struct zone *z, u32 order, u32 type)
{
	u64 n = type < NR_MIGRATETYPES ? z->area[order].nr[type] : 0;

	if (z->pa->cfg.era == ERA_6_X && n >= LIST_COUNTED)
		fprintf(f, ">%6u ", LIST_COUNTED);
	else
		fprintf(f, "%6" PRIu64 " ", n);
}

static void free_lists(FILE *f, const struct zone *z)
{
	const struct type_column *t;
	u32 order;

	for (t = type_columns(z->pa); t->name; t++) {
		fprintf(f, "Node %4u, zone %8s, type %12s ", z->node, zone_type_name[z->type], t->name);
		for (order = 0; order < z->pa->max_order; order++)
			print_list(f, z, order, t->type);
		fputc('\n', f);
	}
}

/* Pageblocks whose first page is the zone's, as pagetypeinfo_showblockcount_print() finds them. */
static void count_blocks(const struct zone *z, u64 n[NR_MIGRATETYPES])
{
	u64 pfn, pages = 1ull << z->pa->pageblock_order;

	for (pfn = z->start; pfn < z->end; pfn = (pfn / pages + 1) * pages)
		n[block_type(z, pfn)]++;
}

static void block_counts(FILE *f, const struct zone *z)
{
	u64 n[NR_MIGRATETYPES + 1] = { 0 };
	const struct type_column *t;

	count_blocks(z, n);
	begin_line(f, z);
	for (t = type_columns(z->pa); t->name; t++)
		fprintf(f, "%12" PRIu64 " ", n[t->type]);
	fputc('\n', f);
}

static void pagetypeinfo(FILE *f, const struct proc_source *p)
{
	const struct type_column *t;
	u32 order;

	fprintf(f, "Page block order: %u\nPages per block:  %u\n\n", p->pa->pageblock_order,
		1u << p->pa->pageblock_order);
	fprintf(f, "%-43s ", "Free pages count per migrate type at order");
	for (order = 0; order < p->pa->max_order; order++)
		fprintf(f, "%6u ", order);
	fputc('\n', f);
	each_zone(f, p->pa, free_lists);
	fprintf(f, "\n%-23s", "Number of blocks type ");
	for (t = type_columns(p->pa); t->name; t++)
		fprintf(f, "%12s ", t->name);
	fputc('\n', f);
	each_zone(f, p->pa, block_counts);
}

static void extfrag_line(FILE *f, const struct zone *z)
{
	s32 index;
	u32 order;

	begin_line(f, z);
	for (order = 0; order < z->pa->max_order; order++) {
		index = fragmentation_index(z, order);
		fprintf(f, "%2d.%03d ", index / 1000, index % 1000);
	}
	fputc('\n', f);
}

static void extfrag_index(FILE *f, const struct proc_source *p)
{
	each_zone(f, p->pa, extfrag_line);
}

static void unusable_line(FILE *f, const struct zone *z)
{
	s32 index;
	u32 order;

	begin_line(f, z);
	for (order = 0; order < z->pa->max_order; order++) {
		index = unusable_free_index(z, order);
		fprintf(f, "%d.%03d ", index / 1000, index % 1000);
	}
	fputc('\n', f);
}

static void unusable_index(FILE *f, const struct proc_source *p)
{
	each_zone(f, p->pa, unusable_line);
}

/* Fragmentation can be told of any free lists, and was looked at in 2.4's by other means. */
const struct proc_file proc_files[] = {
	{ "buddyinfo", buddyinfo, ERA_2_4_0, false },
	{ "extfrag_index", extfrag_index, ERA_2_4_0, false },
	{ "meminfo", proc_meminfo, ERA_2_4_0, false },
	{ "pagetypeinfo", pagetypeinfo, ERA_2_6_26, false },
	{ "slabinfo", proc_slabinfo, ERA_2_4_0, true },
	{ "unusable_index", unusable_index, ERA_2_4_0, false },
	{ "vmstat", proc_vmstat, ERA_2_5_66, false },
	{ "zoneinfo", proc_zoneinfo, ERA_2_6_18, false },
	{ 0 },
};

bool proc_has(const struct proc_file *file, const struct proc_source *p)
{
	return p->pa && p->pa->cfg.era >= file->since && (p->slabs || !file->of_slabs);
}

struct proc_source proc_source(const struct kernel *k, const struct stats *s)
{
	return (struct proc_source){ .pa = k->pa, .slabs = k->slabs, .kernel = k, .stats = s };
}

void proc_refresh(struct proc_source *p)
{
	if (p->pa && p->kernel)
		p->mapped = proc_count_mapped(p->kernel);
}
