#include "model/mm/boot.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/buddy.h"
#include "model/mm/watermark.h"

const char *const zone_type_name[NR_ZONE_TYPES] = { "DMA", "DMA32", "Normal", "HighMem", "Movable" };

/*
 * include/linux/mmzone.h of 2.4.27, 2.6.9 and 2.6.18 (i386), 2.6.37 and 6.12 (x86-64), in bytes: the marks,
 * the pointer to per-CPU sets (2.4: none), free_area[] and its element, the lock, the counter of free pages.
 */
static const struct zone_offsets {
	u16 line[NR_ZONE_LINES];
	u16 area;
} zone_offsets[NR_ERAS] = {
	[ERA_2_4_0] = { { 0, 0, 64, 0, 0 }, 12 },        [ERA_2_4_21] = { { 0, 0, 64, 0, 0 }, 12 },
	[ERA_2_5_66] = { { 0, 320, 128, 0, 0 }, 12 },    [ERA_2_6_5] = { { 0, 320, 128, 0, 0 }, 12 },
	[ERA_2_6_9] = { { 0, 320, 128, 0, 0 }, 12 },     [ERA_2_6_18] = { { 0, 32, 76, 72, 0 }, 12 },
	[ERA_2_6_26] = { { 0, 72, 96, 80, 1280 }, 88 },  [ERA_2_6_37] = { { 0, 72, 96, 80, 1280 }, 88 },
	[ERA_6_X] = { { 0, 80, 192, 1344, 1408 }, 104 },
};

u64 zone_line(const struct zone *z, enum zone_line line)
{
	return z->va + zone_offsets[z->pa->cfg.era].line[line];
}

u32 zone_area_bytes(const struct zone *z)
{
	return zone_offsets[z->pa->cfg.era].area;
}

static u64 pages_of(const struct page_alloc *pa, u64 bytes)
{
	return MIN(bytes >> pa->cfg.shift, pa->map.pages);
}

u64 node_start(const struct page_alloc *pa, u32 node)
{
	return node == pa->cfg.nodes ? pa->map.pages : pa->map.pages / pa->cfg.nodes * node;
}

/* Where each type of zone ends, in pages; a layout that has none of a type lets it end where it begins. */
static void type_ends(const struct page_alloc *pa, u64 end[NR_ZONE_TYPES])
{
	const struct page_alloc_cfg *cfg = &pa->cfg;
	u32 t;

	end[ZONE_DMA] = pages_of(pa, cfg->dma_end);
	end[ZONE_DMA32] = pages_of(pa, cfg->dma32_end);
	end[ZONE_NORMAL] = cfg->lowmem_end ? pages_of(pa, cfg->lowmem_end) : pa->map.pages;
	end[ZONE_HIGHMEM] = pa->map.pages;
	end[ZONE_MOVABLE] = pa->map.pages;
	for (t = 1; t < NR_ZONE_TYPES; t++)
		end[t] = MAX(end[t], end[t - 1]);
}

static void zone_init(struct page_alloc *pa, u32 node, enum zone_type type, u64 start, u64 end)
{
	struct zone *z = &pa->zone[pa->n_zones];

	*z = (struct zone){ .pa = pa, .type = type, .node = node, .index = pa->n_zones++ };
	z->start = start;
	z->end = end;
	buddy_init(z);
}

static void make_zones(struct page_alloc *pa)
{
	u64 ends[NR_ZONE_TYPES], start, end;
	u32 node, t;

	pa->zone = xcalloc((size_t)pa->cfg.nodes + NR_ZONE_TYPES, sizeof(*pa->zone));
	type_ends(pa, ends);
	for (node = 0; node < pa->cfg.nodes; node++) {
		for (t = 0; t < NR_ZONE_TYPES; t++) {
			start = MAX(node_start(pa, node), t ? ends[t - 1] : 0);
			end = MIN(node_start(pa, node + 1), ends[t]);
			if (start < end)
				zone_init(pa, node, t, start, end);
		}
	}
	ASSERT(pa->n_zones <= MAX_ZONES);
}

/* Before 2.6.24 blocks had no type; afterwards all of them begin as movable ones. */
static void type_blocks(struct zone *z)
{
	u32 order = z->pa->pageblock_order;
	u64 n = ((z->end - 1) >> order) - (z->start >> order) + 1, i;

	z->block_type = xmalloc(n);
	for (i = 0; i < n; i++)
		z->block_type[i] = era_has_types(z->pa->cfg.era) ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE;
}

static void index_chunks(struct page_alloc *pa)
{
	u64 n = (pa->map.pages + PAGE_CHUNK - 1) >> PAGE_CHUNK_SHIFT, i;
	u8 z = 0;

	pa->chunk_zone = xmalloc(n);
	for (i = 0; i < n; i++) {
		while (pa->zone[z].end <= i << PAGE_CHUNK_SHIFT)
			z++;
		pa->chunk_zone[i] = z;
	}
}

static void zonelist_add_node(struct zonelist *l, struct page_alloc *pa, u32 node, u32 highest)
{
	u32 i;

	for (i = pa->n_zones; i-- > 0;)
		if (pa->zone[i].node == node && pa->zone[i].type <= highest)
			l->zone[l->n++] = &pa->zone[i];
}

/* Its own node's zones downwards, then those of the next nodes: build_zonelists(), in the order of nodes. */
static void make_zonelists(struct page_alloc *pa)
{
	u32 nodes = pa->cfg.nodes, node, t, i;

	pa->zonelist = xcalloc((size_t)nodes * NR_ZONE_TYPES, sizeof(*pa->zonelist));
	for (node = 0; node < nodes; node++)
		for (t = 0; t < NR_ZONE_TYPES; t++)
			for (i = 0; i < nodes; i++)
				zonelist_add_node(&pa->zonelist[node * NR_ZONE_TYPES + t], pa,
						  (node + i) % nodes, t);
}

static struct charger no_charges;

struct page_alloc *page_alloc_zones(const struct page_alloc_cfg *cfg, struct charger *ch)
{
	struct page_alloc *pa = xcalloc(1, sizeof(*pa));
	u32 i;

	ASSERT(cfg->nodes > 0 && cfg->bytes >> cfg->shift >= cfg->nodes);
	pa->cfg = *cfg;
	pa->charger = ch ? ch : &no_charges;
	pa->max_order = cfg->era == ERA_2_4_0 ? 10 : MAX_ORDERS;
	pa->pageblock_order = MIN(cfg->pageblock_order ? cfg->pageblock_order : 9, pa->max_order - 1);
	memmap_init(&pa->map, cfg->bytes, cfg->shift, cfg->memmap_va, era_page_bytes(cfg->era, cfg->word));
	make_zones(pa);
	index_chunks(pa);
	make_zonelists(pa);
	boot_reserve(pa);
	for (i = 0; i < pa->n_zones; i++)
		type_blocks(&pa->zone[i]);
	watermarks_set(pa);
	return pa;
}

void zones_free(struct page_alloc *pa)
{
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		free(pa->zone[i].block_type);
	memmap_fini(&pa->map);
	free(pa->zone);
	free(pa->chunk_zone);
	free(pa->zonelist);
	free(pa->range);
	free(pa->memmap_pa);
	free(pa);
}

struct zone *zone_of(const struct page_alloc *pa, u64 pfn)
{
	struct zone *z = &pa->zone[pa->chunk_zone[pfn >> PAGE_CHUNK_SHIFT]];

	while (pfn >= z->end)
		z++;
	return z;
}

u32 node_of(const struct page_alloc *pa, u64 pfn)
{
	return zone_of(pa, pfn)->node;
}

u64 page_va(const struct page_alloc *pa, u64 pfn)
{
	u64 pa_bytes = pfn << pa->cfg.shift;

	return pa->cfg.lowmem_end && pa_bytes >= pa->cfg.lowmem_end ? 0 : pa->cfg.direct_map + pa_bytes;
}

u64 page_struct_pa(const struct page_alloc *pa, u64 pfn)
{
	u32 node = (u32)MIN(pfn / (pa->map.pages / pa->cfg.nodes), pa->cfg.nodes - 1);

	return pa->memmap_pa[node] + (pfn - node_start(pa, node)) * pa->map.bytes;
}

#define PERCPU_OTHERS 8192u /* of the area, for what others have there */

u64 percpu_va(const struct page_alloc *pa, u32 cpu, u32 offset)
{
	return pa->cfg.direct_map + pa->percpu_pa + (u64)cpu * pa->percpu_bytes + offset;
}

u32 percpu_pcp(const struct zone *z)
{
	return PERCPU_OTHERS + z->index * PERCPU_PCP_BYTES;
}
