#include "model/mm/slab_impl.h"

/* Slabs whose pages are the page allocator's, and what reclaim can have of them. Apart, so that tests can
 * have other pages. */
static const struct slab_pages buddy_pages = { alloc_pages, free_pages, node_of };

struct slabs *slabs_new(struct page_alloc *pa, enum slab_form form, u32 line)
{
	return slabs_new_from(pa, &buddy_pages, form, line);
}

static void wake_nobody(void *arg, struct cpu *c, struct zone *z, u32 order, u32 gfp)
{
}

static u64 direct(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	return slabs_shrink(arg, c);
}

/* zone_reclaimable_pages() counts what is in LRU lists, not slabs. */
static u64 reclaimable(void *arg, const struct zone *z)
{
	return 0;
}

static bool nobody_killed(void *arg, struct cpu *c, u32 gfp, u32 order)
{
	return false;
}

static bool never_waits(void *arg, const struct cpu *c)
{
	return false;
}

static bool never_naps(void *arg, struct cpu *c)
{
	return false;
}

static struct reclaim_progress *no_progress(void *arg, const struct cpu *c)
{
	return NULL;
}

const struct reclaim_ops slab_reclaim_ops = {
	.wake_kswapd = wake_nobody,
	.direct = direct,
	.reclaimable = reclaimable,
	.oom = nobody_killed,
	.waits = never_waits,
	.nap = never_naps,
	.progress = no_progress,
};
