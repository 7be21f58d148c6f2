#include "traces/relocate.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/base/rng.h"

#define REGION_SHIFT 21
#define IN_GIGABYTE  512u /* regions of 2 MB */
#define GIGABYTES    256u /* that change places among each other */

struct region {
	u64 from, to; /* numbers of the region, before and after */
	bool linked;  /* to the next one */
};

struct relocation {
	struct rng rng;
	bool narrow;
	struct map64 known; /* region: index */
	struct region *region;
	u32 n, cap;
	u64 last; /* touched last */
	u32 last_at;
};

struct relocation *relocation_new(u64 key, const char *isa)
{
	struct relocation *r = xcalloc(1, sizeof(*r));

	r->narrow = !strcmp(isa, "i386") || !strcmp(isa, "arm");
	r->last = ~(u64)0;
	rng_init(&r->rng, key, "relocation");
	return r;
}

void relocation_free(struct relocation *r)
{
	map64_fini(&r->known);
	free(r->region);
	free(r);
}

static u32 find(struct relocation *r, u64 number)
{
	u64 *at;

	if (number == r->last)
		return r->last_at;
	at = map64_find(&r->known, number);
	r->last = number;
	if (at)
		return r->last_at = (u32)*at;
	if (r->n == r->cap) {
		r->cap = 2 * r->cap + 256;
		r->region = xrealloc(r->region, r->cap * sizeof(*r->region));
	}
	r->region[r->n] = (struct region){ .from = number, .to = number };
	map64_set(&r->known, number, r->n);
	return r->last_at = r->n++;
}

void relocation_touch(struct relocation *r, u64 addr, u64 len)
{
	u64 number = addr >> REGION_SHIFT, last = (addr + MAX(len, 1) - 1) >> REGION_SHIFT;

	for (; number < last; number++) {
		u32 at = find(r, number); /* may move them */

		r->region[at].linked = true;
	}
	find(r, last);
}

/* ---- drawing ---- */

static int by_number(const void *x, const void *y)
{
	const struct region *a = x, *b = y;

	return a->from < b->from ? -1 : a->from > b->from;
}

static void shuffle(struct relocation *r, u32 *list, u32 n)
{
	u32 i, k, other;

	for (i = n; i > 1; i--) {
		k = (u32)rng_below(&r->rng, i);
		other = list[i - 1];
		list[i - 1] = list[k];
		list[k] = other;
	}
}

/* Regions first to end - 1, which are linked or a single one, begin at a number. */
static void put(struct relocation *r, u32 first, u32 end, u64 to)
{
	u32 i;

	for (i = first; i < end; i++)
		r->region[i].to = to + (r->region[i].from - r->region[first].from);
}

static u32 cluster_end(const struct relocation *r, u32 first)
{
	while (r->region[first].linked)
		first++;
	return first + 1;
}

static u64 gigabyte(const struct relocation *r, u32 region)
{
	return r->region[region].from / IN_GIGABYTE;
}

/*
 * Clusters of one gigabyte, none of which goes beyond it: in an order drawn by lot, with gaps drawn by lot
 * between them. base: the number of the gigabyte's first region, after.
 */
static void draw_inside(struct relocation *r, u32 first, u32 end, u64 base)
{
	u32 *cluster = xcalloc(end - first, sizeof(*cluster)), n = 0, i;
	u64 free_regions = IN_GIGABYTE - (end - first), at = base, gap;

	for (i = first; i < end; i = cluster_end(r, i))
		cluster[n++] = i;
	shuffle(r, cluster, n);
	for (i = 0; i < n; i++) {
		gap = rng_below(&r->rng, free_regions + 1) / (n - i);
		put(r, cluster[i], cluster_end(r, cluster[i]), at + gap);
		free_regions -= gap;
		at += gap + (cluster_end(r, cluster[i]) - cluster[i]);
	}
	free(cluster);
}

/* The end of the gigabytes that stay side by side with that of the region: more than one if a cluster goes
 * across. */
static u32 group_end(const struct relocation *r, u32 first)
{
	u32 i = first;

	while (i < r->n && gigabyte(r, i) == gigabyte(r, first)) {
		u32 end = cluster_end(r, i);

		if (gigabyte(r, end - 1) != gigabyte(r, i))
			first = end - 1;
		i = end;
	}
	return i;
}

struct group {
	u32 first, end;
	u64 gigabytes;
};

/* Groups of one 256 GB: in an order drawn by lot, with gaps. */
static void draw_groups(struct relocation *r, const struct group *g, u32 n, u64 base)
{
	u32 *order = xcalloc(n, sizeof(*order)), i;
	u64 free_slots = GIGABYTES, at = base, gap;

	for (i = 0; i < n; i++) {
		order[i] = i;
		free_slots -= g[i].gigabytes;
	}
	shuffle(r, order, n);
	for (i = 0; i < n; i++) {
		const struct group *one = &g[order[i]];

		gap = rng_below(&r->rng, free_slots + 1) / (n - i);
		free_slots -= gap;
		at += gap;
		if (one->gigabytes == 1)
			draw_inside(r, one->first, one->end, at * IN_GIGABYTE);
		else
			put(r, one->first, one->end,
			    at * IN_GIGABYTE + r->region[one->first].from % IN_GIGABYTE);
		at += one->gigabytes;
	}
	free(order);
}

static u64 superblock(const struct relocation *r, u32 region)
{
	return gigabyte(r, region) / GIGABYTES;
}

/* One 256 GB; what goes beyond it stays where it is. Returns the region behind. */
static u32 draw_superblock(struct relocation *r, u32 first)
{
	struct group *g = xcalloc(GIGABYTES, sizeof(*g));
	u64 which = superblock(r, first);
	u32 n = 0, i = first;
	bool stays = r->narrow;

	while (i < r->n && superblock(r, i) == which) {
		u32 end = group_end(r, i);

		g[n++] = (struct group){ i, end, gigabyte(r, end - 1) - gigabyte(r, i) + 1 };
		stays |= superblock(r, end - 1) != which;
		i = end;
	}
	if (!stays)
		draw_groups(r, g, n, which * GIGABYTES);
	for (; stays && n; n--)
		if (g[n - 1].gigabytes == 1)
			draw_inside(r, g[n - 1].first, g[n - 1].end,
				    gigabyte(r, g[n - 1].first) * IN_GIGABYTE);
	free(g);
	return i;
}

void relocation_draw(struct relocation *r)
{
	u32 i;

	if (r->n)
		qsort(r->region, r->n, sizeof(*r->region), by_number);
	map64_fini(&r->known);
	r->known = (struct map64){ 0 };
	for (i = 0; i < r->n;)
		i = draw_superblock(r, i);
	for (i = 0; i < r->n; i++)
		map64_set(&r->known, r->region[i].from, i);
	r->last = ~(u64)0;
}

u64 relocation_address(const struct relocation *r, u64 addr)
{
	u64 *at = map64_find(&r->known, addr >> REGION_SHIFT);
	u64 in_region = addr & ((1u << REGION_SHIFT) - 1);

	return at ? r->region[*at].to << REGION_SHIFT | in_region : addr;
}
