#include "model/mm/cache_cost.h"

#include "model/mm/alloc.h"
#include "model/mm/cache_hash.h"
#include "model/mm/slab.h"

/*
 * Where struct inode has its address_space (estimated), and that its lock, root and count of pages: 2.6.9
 * i386 page_tree 4, tree_lock 16; 6.x i_pages 8 to 24, nrpages 88. 2.4 has lists of pages at its beginning,
 * and one lock for all.
 */
struct inode_layout {
	u16 mapping, lock, root, pages;
};

static const struct inode_layout layouts[NR_ERA_CLASSES] = {
	[CLASS_2_4] = { 160, 0, 0, 24 },
	[CLASS_2_6_9] = { 176, 16, 4, 52 },
	[CLASS_2_6_37] = { 352, 24, 8, 88 },
	[CLASS_6_X] = { 368, 8, 16, 88 },
};

/* Of a radix_tree_node: what precedes its slots, in words; lib/radix-tree.c, include/linux/xarray.h. */
static const u8 header_words[NR_ERA_CLASSES] = { 1, 1, 3, 5 };

static bool is_charged(const struct kernel *k, const struct cpu *c)
{
	return page_cache_on(k) && k->charger.on && c;
}

static void load(const struct kernel *k, struct cpu *c, u64 va, u32 bytes)
{
	charge_load(&k->charger, c, KPATH_PAGE_CACHE, va, bytes);
}

static void store(const struct kernel *k, struct cpu *c, u64 va, u32 bytes)
{
	charge_store(&k->charger, c, KPATH_PAGE_CACHE, va, bytes);
}

/* ---- inodes ---- */

static u64 mapping_va(const struct kernel *k, const struct object *o, u32 field)
{
	const struct inode_layout *l = &layouts[era_class(k->cfg.era)];
	u32 at = l->mapping + field;

	/* The layouts' own words are 4, 4, 8, 8 bytes. */
	if (era_class(k->cfg.era) <= CLASS_2_6_9)
		at = at * k->layout.word / 4;
	else
		at = at * k->layout.word / 8;
	return o->inode + at;
}

void cache_inode_new(struct kernel *k, struct cpu *c, struct object *o)
{
	struct kmem_cache *inodes;

	if (!k->slabs)
		return;
	inodes = slabs_named(k->slabs, "inode_cache");
	o->inode = inodes ? kmem_cache_alloc(inodes, c, GFP_KERNEL) : 0;
	k->page_cache->st.inodes += o->inode != 0;
	if (o->inode)
		o->lock.va = mapping_va(k, o, layouts[era_class(k->cfg.era)].lock);
}

void cache_inode_free(struct kernel *k, struct cpu *c, struct object *o)
{
	if (!o->inode)
		return;
	kmem_cache_free(slabs_named(k->slabs, "inode_cache"), c, o->inode);
	k->page_cache->st.inodes--;
	o->inode = 0;
}

/* ---- locks ---- */

static struct spinlock *lock_of(const struct kernel *k, struct object *o)
{
	return k->page_cache->hash ? &k->page_cache->lock : &o->lock;
}

/* Lookups do without since 2.6.27. */
static bool lookup_locks(const struct kernel *k)
{
	return k->cfg.era < ERA_2_6_26;
}

static void lock(struct kernel *k, struct cpu *c, struct object *o)
{
	if (lock_of(k, o)->va)
		spin_lock(&k->charger, c, KPATH_PAGE_CACHE, lock_of(k, o));
}

static void unlock(struct kernel *k, struct cpu *c, struct object *o)
{
	if (lock_of(k, o)->va)
		spin_unlock(&k->charger, c, lock_of(k, o));
}

/* ---- the tree ---- */

static u64 slot_va(const struct kernel *k, const struct cache_node *n, u64 index)
{
	u32 word = k->layout.word, header = header_words[era_class(k->cfg.era)] * word;

	return n->va + header + (u64)cache_node_slot(n, index) * word;
}

/* From the root down: of each node its header and the slot. Returns the last one. */
static const struct cache_node *walk(const struct kernel *k, struct cpu *c, const struct object *o, u64 index)
{
	const struct cache_node *n = o->pages.root, *last = NULL;

	if (o->inode)
		load(k, c, mapping_va(k, o, layouts[era_class(k->cfg.era)].root), 8);
	for (; n && cache_node_covers(n, index); n = n->shift ? n->below[cache_node_slot(n, index)] : NULL) {
		last = n;
		if (!n->va)
			continue;
		load(k, c, n->va, 8);
		load(k, c, slot_va(k, n, index), k->layout.word);
	}
	return last;
}

static void change_tree(const struct kernel *k, struct cpu *c, const struct object *o, u64 index)
{
	const struct cache_node *n = walk(k, c, o, index);

	if (n && n->va) {
		store(k, c, slot_va(k, n, index), k->layout.word);
		store(k, c, n->va, 8);
	}
	if (o->inode)
		store(k, c, mapping_va(k, o, layouts[era_class(k->cfg.era)].pages), 8);
}

/* ---- the hash ---- */

static u32 bucket_of(const struct kernel *k, const struct object *o, u64 index)
{
	return cache_hash_bucket(k->page_cache->hash, o->inode ? o->inode : o->id * 64, index);
}

/* mapping, index and next_hash of struct page */
static u64 hash_fields(const struct kernel *k, u64 pfn)
{
	return page_struct_va(&k->pa->map, pfn) + 2 * k->layout.word;
}

static void walk_chain(const struct kernel *k, struct cpu *c, const struct object *o, u64 index)
{
	const struct cache_hash *h = k->page_cache->hash;
	u32 bucket = bucket_of(k, o, index), pfn;
	u64 wanted = object_page(o, index);

	load(k, c, cache_hash_bucket_va(h, bucket), k->layout.word);
	for (pfn = h->bucket[bucket]; pfn != NO_PAGE; pfn = h->next[pfn]) {
		charge_step(&k->charger, c, STEP_CACHE_HOP);
		load(k, c, hash_fields(k, pfn), 3 * k->layout.word);
		if (pfn == wanted)
			break;
	}
}

/* The bucket, the page and its neighbour in the chain; and the list of its mapping. */
static void change_chain(const struct kernel *k, struct cpu *c, const struct object *o, u32 bucket, u64 pfn)
{
	const struct cache_hash *h = k->page_cache->hash;

	store(k, c, cache_hash_bucket_va(h, bucket), k->layout.word);
	store(k, c, page_struct_va(&k->pa->map, pfn), 5 * k->layout.word);
	if (h->next[pfn] != NO_PAGE)
		store(k, c, hash_fields(k, h->next[pfn]), k->layout.word);
	if (o->inode)
		store(k, c, mapping_va(k, o, 0), 4 * k->layout.word);
}

/* ---- ---- */

void cache_cost_find(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	if (!is_charged(k, c))
		return;
	if (lookup_locks(k))
		lock(k, c, o);
	if (k->page_cache->hash)
		walk_chain(k, c, o, index);
	else
		walk(k, c, o, index);
	if (lookup_locks(k))
		unlock(k, c, o);
}

void cache_cost_next(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	const struct cache_node *leaf = is_charged(k, c) ? cache_index_leaf(&o->pages, index) : NULL;

	if (leaf && leaf->va)
		load(k, c, slot_va(k, leaf, index), k->layout.word);
}

void cache_cost_add(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	struct cache_hash *h = k->page_cache->hash;
	u32 bucket = h ? bucket_of(k, o, index) : 0;

	if (h)
		cache_hash_add(h, bucket, pfn);
	if (!is_charged(k, c))
		return;
	charge_step(&k->charger, c, STEP_CACHE_ADD);
	lock(k, c, o);
	if (h)
		change_chain(k, c, o, bucket, pfn);
	else
		change_tree(k, c, o, index);
	unlock(k, c, o);
}

void cache_cost_delete(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	struct cache_hash *h = k->page_cache->hash;
	u32 bucket = h ? bucket_of(k, o, index) : 0;

	if (is_charged(k, c)) {
		charge_step(&k->charger, c, STEP_CACHE_DELETE);
		lock(k, c, o);
		if (h)
			change_chain(k, c, o, bucket, pfn);
		else
			change_tree(k, c, o, index);
		unlock(k, c, o);
	}
	if (h)
		cache_hash_remove(h, bucket, pfn);
}

/* Tags lie behind the slots. 2.4 moves the page from one list of its mapping to another. */
void cache_cost_tag(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	const struct cache_node *n;

	if (!is_charged(k, c))
		return;
	lock(k, c, o);
	if (k->page_cache->hash) {
		if (o->inode)
			store(k, c, mapping_va(k, o, 0), 4 * k->layout.word);
	} else {
		n = walk(k, c, o, index);
		if (n && n->va)
			store(k, c, slot_va(k, n, CACHE_NODE_SLOTS - 1), k->layout.word);
	}
	unlock(k, c, o);
}
