/*
 * What the page cache's structures cost: the lines of inode, address_space, tree nodes or hash chain that a
 * lookup or a change touches, and their locks. Nothing while kernel.page_cache is off.
 *
 * Not modelled: readers that share tree_lock (an rwlock from 2.6.12 to 2.6.26) wait for each other. For
 * page_cache*.c and their kin.
 */
#ifndef MMSIM_MM_CACHE_COST_H
#define MMSIM_MM_CACHE_COST_H

#include "model/mm/page_cache.h"

/* Its struct inode; 0: there is no memory, or objects have none. Sets the lock's line. */
void cache_inode_new(struct kernel *k, struct cpu *c, struct object *o);
void cache_inode_free(struct kernel *k, struct cpu *c, struct object *o);
/* find_get_page() */
void cache_cost_find(struct kernel *k, struct cpu *c, struct object *o, u64 index);
/* The next page of those that are looked through in turn: filemap_map_pages(). */
void cache_cost_next(struct kernel *k, struct cpu *c, struct object *o, u64 index);
/* The page is there now; is still there. */
void cache_cost_add(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn);
void cache_cost_delete(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn);
/* A tag of the page has changed. */
void cache_cost_tag(struct kernel *k, struct cpu *c, struct object *o, u64 index);

#endif
