/* The page behind the one that was asked for, of the same size: tagged sequential prefetching. */
#include "model/hw/tlb_prefetch.h"

static u32 next_page(const struct tlb_prefetch_event *e, u64 *va)
{
	va[0] = e->va + e->bytes;
	return 1;
}

const struct tlb_prefetcher_ops tlb_prefetch_next_page = { "next-page", next_page };
