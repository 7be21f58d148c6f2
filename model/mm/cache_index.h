/*
 * The index of an object's pages: a radix tree of nodes with 64 slots, lib/radix-tree.c of Linux 2.6 and
 * lib/xarray.c of 6.x. A slot holds a page, or a value that somebody left where a page was; tags say of pages
 * what is to be found fast. As many levels as the largest index needs; a tree of index 0 alone has no node.
 *
 * Nodes are objects of the slabs if there are any. Nothing is charged here but for those: who looks something
 * up walks the nodes and charges their lines (page_cache.c). Kernels without such a tree (2.4) have the same
 * one on the host, without objects. For model/mm.
 */
#ifndef MMSIM_MM_CACHE_INDEX_H
#define MMSIM_MM_CACHE_INDEX_H

#include "model/arch/addr.h"

#define CACHE_NODE_SHIFT 6u
#define CACHE_NODE_SLOTS 64u
#define CACHE_LEVELS_MAX 11u /* of 64-bit indices */
#define CACHE_INDEX_END  (~(u64)0)

enum cache_tag { CACHE_TAG_DIRTY, CACHE_TAG_WRITEBACK, NR_CACHE_TAGS };

/* What a slot holds: nothing (0), a frame, or a value of 63 bits. */
static inline u64 cache_page(u64 pfn)
{
	return (pfn + 1) << 1;
}

static inline u64 cache_value(u64 value)
{
	return value << 1 | 1;
}

static inline bool cache_is_value(u64 entry)
{
	return entry & 1;
}

/* NO_FRAME: it is none. */
static inline u64 cache_pfn(u64 entry)
{
	return entry && !cache_is_value(entry) ? (entry >> 1) - 1 : NO_FRAME;
}

struct cache_node {
	struct cache_node *parent;
	u64 va; /* of its object, 0: none */
	u8 shift, offset, count;
	u64 tag[NR_CACHE_TAGS]; /* a bit a slot; above the leaves: something below it has the tag */
	union {
		u64 entry[CACHE_NODE_SLOTS]; /* shift 0 */
		struct cache_node *below[CACHE_NODE_SLOTS];
	};
};

struct cpu;
struct kmem_cache;
/* Where nodes come from. */
struct cache_nodes {
	struct kmem_cache *slab; /* NULL: they are no objects */
	bool shrinks;            /* the tree gets lower again: since 2.6.13 */
	u64 n;
};

struct page_index {
	struct cache_node *root; /* NULL: at most `first` */
	u64 first;               /* entry of index 0 while there is no root */
	bool first_tag[NR_CACHE_TAGS];
	u64 pages, values;
};

u64 cache_index_load(const struct page_index *ix, u64 index);
/* The node whose slot the index has; NULL: there is none. */
struct cache_node *cache_index_leaf(const struct page_index *ix, u64 index);
/* entry 0 takes away. False: no memory for a node, nothing has changed. Tags of another entry are gone. */
bool cache_index_store(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c, u64 index, u64 entry);
/* The first entry from *index on, whose index it becomes; 0: there is none. */
u64 cache_index_next(const struct page_index *ix, u64 *index);
/* The entry there must be a page. */
void cache_index_tag(struct page_index *ix, u64 index, enum cache_tag tag, bool on);
bool cache_index_tagged(const struct page_index *ix, u64 index, enum cache_tag tag);
u64 cache_index_next_tagged(const struct page_index *ix, u64 *index, enum cache_tag tag);
/* Gives all nodes back; entries are the caller's. */
void cache_index_clear(struct page_index *ix, struct cache_nodes *nodes, struct cpu *c);
/* ASSERTs counts, tags and heights; nodes of this tree. */
u64 cache_index_sane(const struct page_index *ix);

/* Whether the tree is high enough for an index, and which slot of a node is on the way. */
static inline bool cache_node_covers(const struct cache_node *root, u64 index)
{
	return root->shift + CACHE_NODE_SHIFT >= 64 || !(index >> (root->shift + CACHE_NODE_SHIFT));
}

static inline u32 cache_node_slot(const struct cache_node *n, u64 index)
{
	return index >> n->shift & (CACHE_NODE_SLOTS - 1);
}

#endif
