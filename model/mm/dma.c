#include "model/mm/dma.h"

#include "model/base/bits.h"
#include "model/mm/alloc.h"
#include "model/mm/page.h"

#define MASK_32 0xffffffffull

static const u32 zones[] = { 0, GFP_DMA32, GFP_DMA };

/* The first of zones[] to try. */
static u32 first_zone(const struct kernel *k, u64 mask)
{
	const struct layout *l = &k->layout;

	if (k->cfg.era <= ERA_2_6_18)
		return mask < MASK_32 ? 2 : 0;
	if (l->dma_end && mask < l->dma_end)
		return 2;
	return l->dma32_end && mask < l->dma32_end ? 1 : 0;
}

static bool has_zone(const struct kernel *k, u32 gfp)
{
	const struct layout *l = &k->layout;

	return !gfp || (gfp == GFP_DMA ? l->dma_end : l->dma32_end);
}

static u32 order_of(const struct kernel *k, u64 bytes)
{
	return log2_ceil((bytes + page_size(k) - 1) >> k->page_shift);
}

/* A page number of the allocator's, whose block the mask reaches. */
static u64 take_block(struct kernel *k, struct cpu *c, u32 order, u64 mask, u32 gfp)
{
	u64 pfn, last;
	u32 i;

	for (i = first_zone(k, mask); i < ARRAY_SIZE(zones); i++) {
		if (!has_zone(k, zones[i]))
			continue;
		pfn = alloc_pages(k->pa, c, gfp | zones[i], order);
		last = ((pfn + (1ull << order)) << k->page_shift) - 1;
		if (pfn != NO_FRAME && last <= mask)
			return pfn;
		if (pfn != NO_FRAME)
			free_pages(k->pa, c, pfn, order);
	}
	return NO_FRAME;
}

u64 dma_alloc(struct kernel *k, struct cpu *c, u64 bytes, u64 mask, u32 gfp, u64 *dma)
{
	u32 order = order_of(k, bytes);
	u64 pfn = NO_FRAME, i;

	if (bytes && order < k->pa->max_order)
		pfn = take_block(k, c, order, mask, gfp & ~(u32)(GFP_HIGHMEM | GFP_DMA | GFP_DMA32));
	if (pfn == NO_FRAME)
		return 0;
	for (i = 0; c && i < 1ull << order; i++)
		page_zero(k, c, (pfn + i) << (k->page_shift - FRAME_SHIFT));
	*dma = pfn << k->page_shift;
	return kernel_va(k, *dma);
}

void dma_free(struct kernel *k, struct cpu *c, u64 bytes, u64 va)
{
	free_pages(k->pa, c, (va - k->direct_map) >> k->page_shift, order_of(k, bytes));
}
