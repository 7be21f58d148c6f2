#include "tests/ref/ref_alloc.h"

#include "model/base/error.h"

void ref_alloc_init(struct ref_alloc *t, const struct page_alloc *pa)
{
	u64 pfn;
	u32 i;

	*t = (struct ref_alloc){ .pa = pa };
	ASSERT(pa->map.pages <= REF_ALLOC_PAGES);
	for (i = 0; i < pa->n_ranges; i++)
		for (pfn = pa->range[i].start; pfn < pa->range[i].end; pfn++)
			t->used[pfn] = true;
}

static void set(struct ref_alloc *t, u64 pfn, u32 order, bool used)
{
	u64 i;

	ASSERT(pfn % (1ull << order) == 0 && pfn + (1ull << order) <= t->pa->map.pages);
	for (i = pfn; i < pfn + (1ull << order); i++) {
		ASSERT(t->used[i] != used);
		t->used[i] = used;
	}
}

void ref_alloc_take(struct ref_alloc *t, u64 pfn, u32 order)
{
	set(t, pfn, order, true);
}

void ref_alloc_give(struct ref_alloc *t, u64 pfn, u32 order)
{
	set(t, pfn, order, false);
}

u64 ref_alloc_free(const struct ref_alloc *t, const struct zone *z)
{
	u64 pfn, n = 0;

	for (pfn = z->start; pfn < z->end; pfn++)
		n += !t->used[pfn];
	return n;
}

static bool is_block(const struct ref_alloc *t, const struct zone *z, u64 pfn, u32 order)
{
	u64 i;

	if (pfn < z->start || pfn + (1ull << order) > z->end)
		return false;
	for (i = pfn; i < pfn + (1ull << order); i++)
		if (t->used[i])
			return false;
	return true;
}

/* Aligned free runs of that size, whether or not they are parts of larger ones. */
static u64 runs(const struct ref_alloc *t, const struct zone *z, u32 order)
{
	u64 size = 1ull << order, pfn, n = 0;

	for (pfn = z->start & ~(size - 1); pfn < z->end; pfn += size)
		n += is_block(t, z, pfn, order);
	return n;
}

/* Blocks of just that order, when all that can merge has merged. */
static u64 blocks(const struct ref_alloc *t, const struct zone *z, u32 order)
{
	return runs(t, z, order) - (order + 1 < t->pa->max_order ? 2 * runs(t, z, order + 1) : 0);
}

struct ask {
	const struct ref_alloc *t;
	u32 gfp, order;
	u32 highest;
	bool wait, high, memalloc, victim;
};

/* The first zone of the list for which the rule holds and that has a block. */
typedef bool (*rule_fn)(const struct ask *a, const struct zone *z, u64 free, u64 *sum);

static u32 first_zone(const struct ask *a, rule_fn rule)
{
	const struct zonelist *l = &a->t->pa->zonelist[a->highest];
	u64 sum = 1ull << a->order;
	u32 i;

	for (i = 0; i < l->n; i++) {
		const struct zone *z = l->zone[i];

		if ((a->gfp & GFP_THISNODE) && z->node != 0)
			continue;
		if (rule(a, z, ref_alloc_free(a->t, z), &sum) && runs(a->t, z, a->order))
			return z->index;
	}
	return REF_NO_ZONE;
}

static bool any(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return true;
}

/* ---- 2.4.0 ---- */

static bool low_2_4_0(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return free >= z->wmark[WMARK_LOW];
}

static bool min_2_4_0(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return free > z->wmark[WMARK_MIN];
}

static bool quarter_2_4_0(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return free >= z->wmark[WMARK_MIN] / 4;
}

/* ---- 2.4.10 and on ---- */

static bool low_2_4(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	*sum += z->wmark[WMARK_LOW];
	return free > *sum;
}

static bool min_2_4(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	*sum += a->wait ? z->wmark[WMARK_MIN] : z->wmark[WMARK_MIN] / 4;
	return free > *sum;
}

/* ---- 2.5.66 to 2.6.6 ---- */

static bool low_2_5(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	*sum += z->wmark[WMARK_LOW];
	return free >= *sum || (!a->wait && free >= z->wmark[WMARK_HIGH]);
}

static bool min_2_5(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	*sum += a->high ? z->wmark[WMARK_MIN] / 4 : z->wmark[WMARK_MIN];
	return free >= *sum || (!a->wait && free >= z->wmark[WMARK_HIGH]);
}

/* ---- 2.6.9 ---- */

static bool low_2_6_9(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return free >= z->wmark[WMARK_LOW] + (1ull << a->order);
}

static bool min_2_6_9(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	u64 min = z->wmark[WMARK_MIN];

	if (a->high)
		min = min - min / 2;
	if (!a->wait)
		min = min - min / 4;
	return free >= min + (1ull << a->order);
}

/* ---- 2.6.11 to before 4.4: blocks too small for it do not count ---- */

static bool leaves(const struct ask *a, const struct zone *z, u64 free, u64 mark)
{
	s64 rest = (s64)free - (1ll << a->order) + 1;
	u32 o;

	if (rest <= (s64)(mark + z->lowmem_reserve[a->highest]))
		return false;
	for (o = 0; o < a->order; o++) {
		rest -= (s64)(blocks(a->t, z, o) << o);
		mark /= 2;
		if (rest <= (s64)mark)
			return false;
	}
	return true;
}

static bool low_2_6_18(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return leaves(a, z, free, z->wmark[WMARK_LOW]);
}

static bool min_2_6_18(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	u64 min = z->wmark[WMARK_MIN];

	if (a->high)
		min = min - min / 2;
	if (!a->wait)
		min = min - min / 4;
	return leaves(a, z, free, min);
}

/* ---- 6.x ---- */

static bool above(const struct ask *a, const struct zone *z, u64 free, u64 mark)
{
	return free + 1 > mark + z->lowmem_reserve[a->highest] + (1ull << a->order);
}

static bool low_6(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	return above(a, z, free, z->wmark[WMARK_LOW]);
}

static bool min_6(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	u64 min = z->wmark[WMARK_MIN];

	if (a->high)
		min = min - min / 2;
	if (a->high && !a->wait)
		min = min - min / 4;
	return above(a, z, free, min);
}

static bool victim_6(const struct ask *a, const struct zone *z, u64 free, u64 *sum)
{
	u64 min = z->wmark[WMARK_MIN];

	if (a->high)
		min = min - min / 2;
	if (a->high && !a->wait)
		min = min - min / 4;
	return above(a, z, free, min - min / 2);
}

static const struct {
	rule_fn low, min, victim, last;
} rules[NR_ERAS] = {
	[ERA_2_4_0] = { low_2_4_0, min_2_4_0, any, quarter_2_4_0 },
	[ERA_2_4_21] = { low_2_4, min_2_4, any, NULL },
	[ERA_2_5_66] = { low_2_5, min_2_5, any, NULL },
	[ERA_2_6_5] = { low_2_5, min_2_5, any, NULL },
	[ERA_2_6_9] = { low_2_6_9, min_2_6_9, any, NULL },
	[ERA_2_6_18] = { low_2_6_18, min_2_6_18, any, NULL },
	[ERA_2_6_26] = { low_2_6_18, min_2_6_18, any, NULL },
	[ERA_2_6_37] = { low_2_6_18, min_2_6_18, any, NULL },
	[ERA_6_X] = { low_6, min_6, victim_6, NULL },
};

static u32 highest_of(u32 gfp)
{
	if (gfp & GFP_DMA)
		return ZONE_DMA;
	if (gfp & GFP_DMA32)
		return ZONE_DMA32;
	if ((gfp & (GFP_HIGHMEM | GFP_MOVABLE)) == (GFP_HIGHMEM | GFP_MOVABLE))
		return ZONE_MOVABLE;
	return gfp & GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

u32 ref_alloc_zone(const struct ref_alloc *t, u32 gfp, u32 order)
{
	enum kernel_era era = t->pa->cfg.era;
	struct ask a = { .t = t, .gfp = gfp, .order = order, .highest = highest_of(gfp) };
	u32 zone;

	a.wait = gfp & GFP_DIRECT_RECLAIM;
	a.high = gfp & GFP_HIGH;
	a.memalloc = (gfp & GFP_MEMALLOC) && !(gfp & GFP_NOMEMALLOC);
	a.victim = (gfp & GFP_OOM_VICTIM) && !(gfp & GFP_NOMEMALLOC);
	zone = first_zone(&a, rules[era].low);
	if (zone == REF_NO_ZONE)
		zone = first_zone(&a, rules[era].min);
	if (zone == REF_NO_ZONE && a.memalloc)
		zone = first_zone(&a, any);
	if (zone == REF_NO_ZONE && a.victim)
		zone = first_zone(&a, rules[era].victim);
	if (zone == REF_NO_ZONE && rules[era].last)
		zone = first_zone(&a, rules[era].last);
	if (zone == REF_NO_ZONE && (gfp & GFP_NOFAIL))
		zone = first_zone(&a, any);
	return zone;
}
