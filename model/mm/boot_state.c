#include "model/mm/boot_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/buddy.h"

void boot_settle(struct page_alloc *pa)
{
	u32 i;

	pa->boot_used += pa->st.allocated - pa->st.freed;
	pa->usable = pa->unused;
	pa->st = (struct page_alloc_stats){ 0 };
	pa->pcp_st = (struct pcp_stats){ 0 };
	memset(pa->pgalloc, 0, sizeof(pa->pgalloc));
	for (i = 0; i < pa->n_zones; i++)
		pa->zone[i].st = (struct zone_stats){ 0 };
}

/* ---- aged ---- */

static u32 random_gfp(struct rng *rng)
{
	static const u32 gfp[10] = { GFP_NOWAIT, GFP_NOWAIT | GFP_RECLAIMABLE };
	u32 i = (u32)rng_below(rng, 10);

	return gfp[i] ? gfp[i] : GFP_NOWAIT | GFP_HIGHMEM | GFP_MOVABLE;
}

/* A pageblock of which half is in use; returns pages that are. */
static u64 scatter(struct page_alloc *pa, struct rng *rng)
{
	u32 order = pa->pageblock_order;
	u64 pfn = alloc_pages(pa, NULL, random_gfp(rng), order), used = 0, i;

	if (pfn == NO_FRAME)
		return 0;
	split_page(pa, pfn, order);
	for (i = 0; i < 1ull << order; i++) {
		if (rng_below(rng, 2))
			used++;
		else
			free_pages(pa, NULL, pfn + i, 0);
	}
	return used;
}

void boot_age(struct page_alloc *pa, u32 occupancy, u32 fragmentation)
{
	u64 wanted = page_alloc_managed(pa) * occupancy / 100, scattered = wanted * fragmentation / 100,
	    used = 0, n;
	struct rng rng;

	rng_init(&rng, pa->cfg.seed, "boot");
	while (used < scattered && (n = scatter(pa, &rng)))
		used += n;
	while (used < wanted && alloc_pages(pa, NULL, random_gfp(&rng), pa->pageblock_order) != NO_FRAME)
		used += 1ull << pa->pageblock_order;
}

/* ---- as recorded ---- */

/* Aligned blocks that nobody has yet, of each order. */
struct pool {
	u64 *pfn;
	u64 n, cap;
};

struct layout_of_zone {
	struct zone *z;
	struct rng rng;
	struct pool pool[MAX_ORDERS];
	struct pool alone[MAX_ORDERS]; /* those whose buddy never was free */
};

static void pool_add(struct pool *p, u64 pfn)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 64;
		p->pfn = xrealloc(p->pfn, p->cap * sizeof(*p->pfn));
	}
	p->pfn[p->n++] = pfn;
}

static u64 pool_take(struct pool *p, struct rng *rng)
{
	u64 i = rng_below(rng, p->n), pfn = p->pfn[i];

	p->pfn[i] = p->pfn[--p->n];
	return pfn;
}

/* Any of that order; a larger one is halved if there is none. */
static u64 part_of(struct layout_of_zone *l, u32 order)
{
	u64 pfn;

	if (order == l->z->pa->max_order)
		return NO_FRAME;
	if (l->pool[order].n)
		return pool_take(&l->pool[order], &l->rng);
	if (l->alone[order].n)
		return pool_take(&l->alone[order], &l->rng);
	pfn = part_of(l, order + 1);
	if (pfn != NO_FRAME)
		pool_add(&l->pool[order], pfn + (1ull << order));
	return pfn;
}

/* Where a free block of that order can lie without merging: its buddy stays in use, at least in part. */
static u64 lonely(struct layout_of_zone *l, u32 order)
{
	u32 top = l->z->pa->max_order - 1;
	u64 half, pfn;

	ASSERT(order <= top && top < MAX_ORDERS);
	half = 1ull << order;
	if (l->alone[order].n)
		return pool_take(&l->alone[order], &l->rng);
	pfn = part_of(l, MIN(order + 1, top));
	if (pfn == NO_FRAME || order == top)
		return pfn;
	if (rng_below(&l->rng, 2)) {
		pool_add(&l->pool[order], pfn);
		return pfn + half;
	}
	pool_add(&l->pool[order], pfn + half);
	return pfn;
}

/* All free blocks of the zone leave its lists. */
static void take_all(struct layout_of_zone *l)
{
	struct zone *z = l->z;
	u32 order, type;

	for (order = 0; order < z->pa->max_order; order++) {
		for (type = 0; type < NR_MIGRATETYPES; type++) {
			u32 pfn;

			while ((pfn = z->area[order].list[type].first) != NO_PAGE) {
				buddy_take_block(z, NULL, pfn, order, type);
				pool_add(order + 1 < z->pa->max_order ? &l->alone[order] : &l->pool[order],
					 pfn);
			}
		}
	}
}

/* What is left is in use, in blocks as large as they are. */
static void use_pool(struct zone *z, struct pool *p, u32 order)
{
	u64 i;

	for (i = 0; i < p->n; i++) {
		if (order < PAGE_CHUNK_SHIFT)
			memmap_populate(&z->pa->map, p->pfn[i]);
		page_alloc_took(z, p->pfn[i], order);
	}
	free(p->pfn);
}

static void use_rest(struct layout_of_zone *l)
{
	u32 order;

	for (order = 0; order < l->z->pa->max_order; order++) {
		use_pool(l->z, &l->pool[order], order);
		use_pool(l->z, &l->alone[order], order);
	}
}

static void lay_out(struct zone *z, const u64 *blocks, const char *path)
{
	struct layout_of_zone l = { .z = z };
	u32 order;
	u64 i, pfn;

	rng_init(&l.rng, z->pa->cfg.seed + z->index, "buddyinfo");
	take_all(&l);
	for (order = z->pa->max_order; order-- > 0;) {
		for (i = 0; i < blocks[order]; i++) {
			pfn = lonely(&l, order);
			if (pfn == NO_FRAME)
				die("%s: zone %s of node %u has no room for %llu free blocks of order %u",
				    path, zone_type_name[z->type], z->node, (unsigned long long)blocks[order],
				    order);
			buddy_give(z, NULL, pfn, order, block_type(z, pfn), true);
		}
	}
	use_rest(&l);
}

static struct zone *zone_named(struct page_alloc *pa, u32 node, const char *name)
{
	u32 i;

	for (i = 0; i < pa->n_zones; i++)
		if (pa->zone[i].node == node && !strcmp(zone_type_name[pa->zone[i].type], name))
			return &pa->zone[i];
	return NULL;
}

/* "Node 0, zone      DMA      1      1 ..." */
static bool parse_line(const char *line, u32 *node, char name[16], u64 blocks[MAX_ORDERS])
{
	int at = 0, step;
	u32 order;

	memset(blocks, 0, MAX_ORDERS * sizeof(*blocks));
	if (sscanf(line, "Node %u, zone %15s%n", node, name, &at) != 2)
		return false;
	for (order = 0; order < MAX_ORDERS; order++, at += step) {
		unsigned long long n;

		if (sscanf(line + at, "%llu%n", &n, &step) != 1)
			break;
		blocks[order] = n;
	}
	return order >= 10;
}

void boot_buddyinfo(struct page_alloc *pa, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], name[16];
	u64 blocks[MAX_ORDERS];
	struct zone *z;
	u32 node;

	if (!f)
		die("%s: cannot be read", path);
	while (fgets(line, sizeof(line), f)) {
		if (!parse_line(line, &node, name, blocks))
			die("%s: is no /proc/buddyinfo: %s", path, line);
		z = zone_named(pa, node, name);
		if (!z)
			die("%s: this machine has no zone %s in node %u", path, name, node);
		lay_out(z, blocks, path);
	}
	fclose(f);
}
