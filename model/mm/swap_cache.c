#include "model/mm/swap_cache.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/cache_hash.h"
#include "model/mm/cache_index.h"
#include "model/mm/page_cache.h"
#include "model/mm/slab.h"

/* SWAP_ADDRESS_SPACE_PAGES: slots of an index, since 4.11. */
#define SPACE_SHIFT 14u

struct swap_cache {
	struct swap *s;
	struct cache_nodes nodes;
	struct page_index *index;
	u32 n, shift; /* indices; slots of each as a shift */
};

struct swap_cache *swap_cache_new(struct swap *s)
{
	struct swap_cache *sc = xcalloc(1, sizeof(*sc));
	enum kernel_era era = (enum kernel_era)s->k->cfg.era;

	sc->s = s;
	sc->shift = era == ERA_6_X ? SPACE_SHIFT : 63;
	sc->n = (u32)((s->n - 1) >> sc->shift) + 1;
	sc->index = xcalloc(sc->n, sizeof(*sc->index));
	sc->nodes.shrinks = era >= ERA_2_6_18;
	if (era > ERA_2_4_21)
		sc->nodes.slab = slabs_named(s->k->slabs, "radix_tree_node");
	return sc;
}

void swap_cache_free(struct swap_cache *sc)
{
	u32 i;

	for (i = 0; i < sc->n; i++)
		cache_index_clear(&sc->index[i], &sc->nodes, NULL);
	free(sc->index);
	free(sc);
}

static struct page_index *index_of(const struct swap_cache *sc, u64 slot)
{
	return &sc->index[slot >> sc->shift];
}

static u64 within(const struct swap_cache *sc, u64 slot)
{
	return slot & ((1ull << sc->shift) - 1);
}

/* Of 2.4, with the pages of files in it; NULL: an index by itself. */
static struct cache_hash *hash_of(const struct swap_cache *sc)
{
	return sc->s->k->page_cache->hash;
}

/* swapper_space is an object of the image. */
static u32 bucket_of(const struct swap_cache *sc, u64 slot)
{
	return cache_hash_bucket(hash_of(sc), sc->s->k->data_va, slot);
}

u64 swap_cache_entry(const struct swap_cache *sc, u64 slot)
{
	return cache_index_load(index_of(sc, slot), within(sc, slot));
}

/* What is read on the way down: of each node its head and a slot; the slot of the leaf may be written. */
static void touch_nodes(const struct swap_cache *sc, struct cpu *c, u64 slot, bool write)
{
	const struct kernel *k = sc->s->k;
	const struct cache_node *n = index_of(sc, slot)->root;
	u64 index = within(sc, slot), at;

	if (n && !cache_node_covers(n, index))
		return;
	for (; n; n = n->shift ? n->below[cache_node_slot(n, index)] : NULL) {
		if (!n->va)
			continue;
		at = n->va + (5 + (u64)cache_node_slot(n, index)) * k->layout.word;
		charge_load(&k->charger, c, KPATH_SWAP, n->va, 8);
		if (write && !n->shift)
			charge_store(&k->charger, c, KPATH_SWAP, at, k->layout.word);
		else
			charge_load(&k->charger, c, KPATH_SWAP, at, k->layout.word);
	}
}

/* 2.4: the bucket, and pages of the chain up to the one that is looked for, or whose place changes. */
static void touch_chain(const struct swap_cache *sc, struct cpu *c, u64 slot, u64 pfn, bool write)
{
	const struct kernel *k = sc->s->k;
	const struct cache_hash *h = k->page_cache->hash;
	u32 bucket = bucket_of(sc, slot), at = h->bucket[bucket];
	u64 va = cache_hash_bucket_va(h, bucket);

	if (write) {
		charge_store(&k->charger, c, KPATH_SWAP, va, k->layout.word);
		return;
	}
	charge_load(&k->charger, c, KPATH_SWAP, va, k->layout.word);
	for (; at != NO_PAGE && at != pfn; at = h->next[at])
		charge_load(&k->charger, c, KPATH_SWAP, page_struct_va(&k->pa->map, at) + 2 * k->layout.word,
			    3 * k->layout.word);
}

static void touch_index(const struct swap_cache *sc, struct cpu *c, u64 slot, u64 pfn, bool write)
{
	if (hash_of(sc))
		touch_chain(sc, c, slot, pfn, write);
	else
		touch_nodes(sc, c, slot, write);
}

static struct page *touch_page(const struct swap_cache *sc, struct cpu *c, u64 pfn)
{
	const struct kernel *k = sc->s->k;

	charge_store(&k->charger, c, KPATH_SWAP, page_struct_va(&k->pa->map, pfn), 8);
	return page_of(&k->pa->map, pfn);
}

/* False: no memory. */
static bool store(struct swap_cache *sc, struct cpu *c, u64 slot, u64 entry)
{
	u64 before = cache_pfn(swap_cache_entry(sc, slot)), now = cache_pfn(entry);
	struct cache_hash *h = hash_of(sc);

	if (!cache_index_store(index_of(sc, slot), &sc->nodes, c, within(sc, slot), entry))
		return false;
	touch_index(sc, c, slot, NO_FRAME, true);
	if (h && before != NO_FRAME)
		cache_hash_remove(h, bucket_of(sc, slot), before);
	if (h && now != NO_FRAME)
		cache_hash_add(h, bucket_of(sc, slot), now);
	return true;
}

bool swap_cache_add(struct swap_cache *sc, struct cpu *c, u64 slot, u64 pfn)
{
	struct kernel *k = sc->s->k;
	struct page *p;

	kernel_step(k, c, STEP_SWAP_CACHE_ADD);
	ASSERT(cache_pfn(swap_cache_entry(sc, slot)) == NO_FRAME && sc->s->map[slot] & SWAP_HAS_CACHE);
	if (!store(sc, c, slot, cache_page(pfn)))
		return false;
	p = touch_page(sc, c, pfn);
	ASSERT(!p->swap);
	p->swap = slot + 1;
	frame_get(k->frames, pfn);
	sc->s->st.added++;
	sc->s->st.cached++;
	return true;
}

void swap_cache_delete(struct swap_cache *sc, struct cpu *c, u64 slot, u64 shadow)
{
	u64 pfn = cache_pfn(swap_cache_entry(sc, slot));
	bool stored;

	ASSERT(pfn != NO_FRAME);
	kernel_step(sc->s->k, c, STEP_SWAP_CACHE_DELETE);
	touch_page(sc, c, pfn)->swap = 0;
	stored = store(sc, c, slot, shadow ? cache_value(shadow) : 0);
	ASSERT(stored); /* in the place of another entry */
	sc->s->st.removed++;
	sc->s->st.cached--;
}

void swap_cache_forget(struct swap_cache *sc, struct cpu *c, u64 slot)
{
	u64 entry = swap_cache_entry(sc, slot);

	ASSERT(!entry || cache_is_value(entry));
	if (entry)
		store(sc, c, slot, 0);
}

u64 swap_cache_find(struct swap_cache *sc, struct cpu *c, u64 slot)
{
	u64 pfn = cache_pfn(swap_cache_entry(sc, slot));

	kernel_step(sc->s->k, c, STEP_SWAP_CACHE_FIND);
	touch_index(sc, c, slot, pfn, false);
	if (pfn != NO_FRAME)
		touch_page(sc, c, pfn);
	return pfn;
}

u64 swap_cache_page(const struct kernel *k, u64 slot)
{
	return cache_pfn(swap_cache_entry(k->swap->cache, slot));
}

u64 swap_shadow(const struct kernel *k, u64 slot)
{
	u64 entry = swap_cache_entry(k->swap->cache, slot);

	return cache_is_value(entry) ? entry >> 1 : 0;
}

void swap_each_page(const struct kernel *k, void (*fn)(void *arg, u64 pfn), void *arg)
{
	const struct swap_cache *sc = k->swap ? k->swap->cache : NULL;
	u64 index, entry;
	u32 i;

	for (i = 0; sc && i < sc->n; i++)
		for (index = 0; (entry = cache_index_next(&sc->index[i], &index)); index++)
			if (!cache_is_value(entry))
				fn(arg, cache_pfn(entry));
}

void swap_cache_sane(const struct swap_cache *sc)
{
	u64 nodes = 0, pages = 0;
	u32 i;

	for (i = 0; i < sc->n; i++) {
		nodes += cache_index_sane(&sc->index[i]);
		pages += sc->index[i].pages;
	}
	ASSERT(nodes == sc->nodes.n && pages == sc->s->st.cached);
}
