/*
 * The page hash of 2.4: one table for all files, whose buckets are chains of pages by page->next_hash
 * (include/linux/pagemap.h, mm/filemap.c). For cache_cost.c.
 */
#ifndef MMSIM_MM_CACHE_HASH_H
#define MMSIM_MM_CACHE_HASH_H

#include "model/mm/alloc.h"

struct cache_hash {
	struct page_alloc *pa;
	u64 pfn; /* of the table */
	u32 order;
	u32 bits;           /* of buckets */
	u32 *bucket, *next; /* pfns, NO_PAGE: none; next: of each page */
};

/* A table with a bucket a page of memory, or as many as there is a block for. NULL: for none. */
struct cache_hash *cache_hash_new(struct page_alloc *pa);
void cache_hash_free(struct cache_hash *h);
u32 cache_hash_bucket(const struct cache_hash *h, u64 mapping, u64 index);
u64 cache_hash_bucket_va(const struct cache_hash *h, u32 bucket);
void cache_hash_add(struct cache_hash *h, u32 bucket, u64 pfn);
void cache_hash_remove(struct cache_hash *h, u32 bucket, u64 pfn);

#endif
