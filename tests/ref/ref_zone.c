#include "tests/ref/ref_zone.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/mm/buddy.h"

#define DIRECT_MAP 0xffff888000000000ull
#define MEMMAP     0xffffea0000000000ull

static struct charger no_charges;

static void init_zone(struct page_alloc *pa, struct zone *z, const struct ref_zone_cfg *cfg, u32 i)
{
	z->pa = pa;
	z->index = i;
	z->type = cfg->n == 1 ? ZONE_NORMAL : (enum zone_type)i;
	z->start = i ? cfg->end[i - 1] : cfg->start;
	z->end = cfg->end[i];
	z->present = z->managed = z->end - z->start;
	z->block_type = xmalloc((z->present >> pa->pageblock_order) + 2);
	memset(z->block_type, MIGRATE_MOVABLE, (z->present >> pa->pageblock_order) + 2);
	z->va = DIRECT_MAP + 0x1000 + i * 0x100000ull;
	z->map_va = z->va + 0x1000;
	z->lock.va = zone_line(z, ZONE_LINE_LOCK);
	buddy_init(z);
}

struct page_alloc *ref_zone_new(const struct ref_zone_cfg *cfg)
{
	struct page_alloc *pa = xcalloc(1, sizeof(*pa));
	u64 bytes = cfg->end[cfg->n - 1] << 12;
	u32 i;

	ASSERT(cfg->n >= 1 && cfg->n <= 4);
	pa->cfg = (struct page_alloc_cfg){ .era = cfg->era, .bytes = bytes, .shift = 12, .nodes = 1 };
	pa->cfg.cpus = cfg->cpus ? cfg->cpus : 1;
	pa->cfg.word = cfg->era <= ERA_2_6_18 ? 4 : 8;
	pa->cfg.direct_map = DIRECT_MAP;
	pa->charger = cfg->charger ? cfg->charger : &no_charges;
	pa->max_order = cfg->max_order ? cfg->max_order : cfg->era == ERA_2_4_0 ? 10 : MAX_ORDERS;
	pa->pageblock_order = cfg->pageblock_order ? cfg->pageblock_order : 9;
	memmap_init(&pa->map, bytes, 12, MEMMAP, era_page_bytes(cfg->era, pa->cfg.word));
	pa->zone = xcalloc(cfg->n, sizeof(*pa->zone));
	pa->n_zones = cfg->n;
	for (i = 0; i < cfg->n; i++)
		init_zone(pa, &pa->zone[i], cfg, i);
	return pa;
}

void ref_zone_free(struct page_alloc *pa)
{
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		free(pa->zone[i].block_type);
	memmap_fini(&pa->map);
	free(pa->zone);
	free(pa);
}

void ref_zone_fill(struct zone *z)
{
	u64 pfn = z->start;

	while (pfn < z->end) {
		u32 order = z->pa->max_order - 1;

		while (pfn % (1ull << order) || pfn + (1ull << order) > z->end)
			order--;
		buddy_give(z, NULL, pfn, order, block_type(z, pfn), true);
		pfn += 1ull << order;
	}
}
