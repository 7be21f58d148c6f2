#include "model/mm/cache_hash.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

/* page_cache_init(): __get_free_pages() of an order that has room, then of the next lower ones. */
struct cache_hash *cache_hash_new(struct page_alloc *pa)
{
	u64 wanted = pa->map.pages * pa->cfg.word, pfn = NO_FRAME, buckets;
	struct cache_hash *h;
	u32 order = 0;

	while (order + 1 < pa->max_order && 1ull << (order + pa->cfg.shift) < wanted)
		order++;
	for (;; order--) {
		pfn = alloc_pages(pa, NULL, GFP_ATOMIC, order);
		if (pfn != NO_FRAME || !order)
			break;
	}
	if (pfn == NO_FRAME)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	*h = (struct cache_hash){ .pa = pa, .pfn = pfn, .order = order };
	for (buckets = (1ull << (order + pa->cfg.shift)) / pa->cfg.word; 2ull << h->bits <= buckets;)
		h->bits++;
	h->bucket = xmalloc((sizeof(*h->bucket)) << h->bits);
	memset(h->bucket, 0xff, (sizeof(*h->bucket)) << h->bits);
	h->next = xmalloc(pa->map.pages * sizeof(*h->next));
	return h;
}

void cache_hash_free(struct cache_hash *h)
{
	if (!h)
		return;
	free(h->bucket);
	free(h->next);
	free(h);
}

/* _page_hashfn(): the lowest set bit of sizeof(struct inode), 448, is 64. */
u32 cache_hash_bucket(const struct cache_hash *h, u64 mapping, u64 index)
{
	u64 sum = mapping / 64 + index;

	return (u32)(sum + (sum >> h->bits)) & ((1u << h->bits) - 1);
}

u64 cache_hash_bucket_va(const struct cache_hash *h, u32 bucket)
{
	return page_va(h->pa, h->pfn) + (u64)bucket * h->pa->cfg.word;
}

void cache_hash_add(struct cache_hash *h, u32 bucket, u64 pfn)
{
	h->next[pfn] = h->bucket[bucket];
	h->bucket[bucket] = (u32)pfn;
}

void cache_hash_remove(struct cache_hash *h, u32 bucket, u64 pfn)
{
	u32 *at;

	for (at = &h->bucket[bucket]; *at != pfn; at = &h->next[*at])
		ASSERT(*at != NO_PAGE);
	*at = h->next[pfn];
}
