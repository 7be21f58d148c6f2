#include "model/mm/boot.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/buddy.h"

#define MB          (1ull << 20)
#define ZONE_BYTES  2048u /* room for a struct zone */
#define PGDAT_BYTES (NR_ZONE_TYPES * ZONE_BYTES)
#define PMD_BYTES   (2 * MB)
#define PC_HOLE     (640u * 1024)

static u64 page_bytes(const struct page_alloc *pa)
{
	return 1ull << pa->cfg.shift;
}

/* Adds physical start..end, made whole pages, in its place; what overlaps becomes one. */
static void reserve(struct page_alloc *pa, u64 start, u64 end)
{
	struct boot_range r = { start >> pa->cfg.shift,
				MIN(align_up(end, page_bytes(pa)) >> pa->cfg.shift, pa->map.pages) };
	struct boot_range *old = pa->range;
	u32 n = pa->n_ranges, i, out = 0;

	if (r.start >= r.end)
		return;
	pa->range = xmalloc((n + 1) * sizeof(*pa->range));
	for (i = 0; i < n && old[i].end < r.start; i++)
		pa->range[out++] = old[i];
	for (; i < n && old[i].start <= r.end; i++)
		r = (struct boot_range){ MIN(r.start, old[i].start), MAX(r.end, old[i].end) };
	pa->range[out++] = r;
	for (; i < n; i++)
		pa->range[out++] = old[i];
	pa->n_ranges = out;
	free(old);
}

/*
 * mem_map of 32 bits is one array behind zone DMA, which alloc_bootmem() spares (its goal is
 * MAX_DMA_ADDRESS), or behind the image where there is no room.
 */
static u64 place_low_memmap(struct page_alloc *pa, u64 next)
{
	u64 end = pa->cfg.lowmem_end ? pa->cfg.lowmem_end : pa->cfg.bytes,
	    bytes = pa->map.pages * pa->map.bytes;
	u64 start = align_up(MAX(next, pa->cfg.dma_end), page_bytes(pa));
	u32 node;

	if (start + bytes > end)
		start = next;
	for (node = 0; node < pa->cfg.nodes; node++)
		pa->memmap_pa[node] = start + node_start(pa, node) * pa->map.bytes;
	if (pa->cfg.image_bytes)
		reserve(pa, start, start + bytes);
	return start == next ? next + bytes : next;
}

/* mem_map of a node lies at the end of the node, as memblock allocates downwards. */
static void place_memmap(struct page_alloc *pa, u32 node)
{
	u64 end = node_start(pa, node + 1), bytes = (end - node_start(pa, node)) * pa->map.bytes;
	u64 align = bytes >= PMD_BYTES ? PMD_BYTES : page_bytes(pa), start;

	start = end << pa->cfg.shift;
	ASSERT(bytes < start);
	pa->memmap_pa[node] = align_down(start - bytes, align);
	if (pa->cfg.image_bytes)
		reserve(pa, pa->memmap_pa[node], pa->memmap_pa[node] + bytes);
}

/* The bitmaps of pairs, or the types of pageblocks; returns what lies behind. */
static u64 place_maps(struct page_alloc *pa, u64 next)
{
	u32 i;

	for (i = 0; i < pa->n_zones; i++) {
		struct zone *z = &pa->zone[i];

		z->map_va = pa->cfg.direct_map + next;
		next += align_up(buddy_map_bytes(pa->cfg.era, z->end - z->start, pa->pageblock_order), 64);
	}
	return next;
}

/* Of the image and what boot allocates behind it. Without an image nothing is kept, for small tests. */
static void reserve_kernel(struct page_alloc *pa)
{
	const struct page_alloc_cfg *cfg = &pa->cfg;
	u64 next = align_up(cfg->image_pa + cfg->image_bytes, page_bytes(pa)), zones = next;
	u32 i;

	next = place_maps(pa, next + (u64)cfg->nodes * PGDAT_BYTES);
	pa->percpu_pa = next = align_up(next, page_bytes(pa));
	pa->percpu_bytes = percpu_pcp(&pa->zone[pa->n_zones - 1]) + PERCPU_PCP_BYTES;
	pa->percpu_bytes = (u32)align_up(pa->percpu_bytes, FRAME_SIZE);
	next = align_up(next + (u64)cfg->cpus * pa->percpu_bytes, page_bytes(pa));
	pa->memmap_pa = xcalloc(cfg->nodes, sizeof(*pa->memmap_pa));
	if (!cfg->memmap_va)
		next = place_low_memmap(pa, next);
	for (i = 0; cfg->memmap_va && i < cfg->nodes; i++)
		place_memmap(pa, i);
	pa->map.va = cfg->memmap_va ? cfg->memmap_va : cfg->direct_map + pa->memmap_pa[0];
	if (cfg->image_bytes)
		reserve(pa, cfg->image_pa, next);
	for (i = 0; i < pa->n_zones; i++) {
		struct zone *z = &pa->zone[i];

		z->va = cfg->direct_map + zones + z->node * PGDAT_BYTES + z->type * ZONE_BYTES;
		z->lock.va = zone_line(z, ZONE_LINE_LOCK);
		z->lock.irqsave = true;
	}
}

/* Page 0 is the BIOS's; arch/x86/realmode/init.c:reserve_real_mode() keeps all of the first megabyte. */
static void reserve_pc(struct page_alloc *pa)
{
	if (!pa->cfg.pc)
		return;
	reserve(pa, 0, pa->cfg.era == ERA_6_X ? MB : 1);
	reserve(pa, PC_HOLE, MB);
}

static u64 overlap(const struct zone *z, u64 start, u64 end)
{
	u64 from = MAX(z->start, start), to = MIN(z->end, end);

	return from < to ? to - from : 0;
}

static void count_pages(struct zone *z)
{
	const struct page_alloc *pa = z->pa;
	u32 i;

	z->present = z->managed = z->end - z->start;
	if (pa->cfg.pc)
		z->present -= overlap(z, 0, 1) + overlap(z, PC_HOLE >> pa->cfg.shift, MB >> pa->cfg.shift);
	for (i = 0; i < pa->n_ranges; i++)
		z->managed -= overlap(z, pa->range[i].start, pa->range[i].end);
}

void boot_reserve(struct page_alloc *pa)
{
	u32 i;

	reserve_kernel(pa);
	reserve_pc(pa);
	for (i = 0; i < pa->n_zones; i++)
		count_pages(&pa->zone[i]);
}
