/*
 * Slots by clusters, mm/swapfile.c of 6.12 on devices without seeks: each hardware thread fills a cluster of
 * its own; when that is full it takes a free one, then one that is partly free (nonfull), then one where
 * somebody has looked already (frag). Slots are taken 64 at a time into a cache of the hardware thread
 * (mm/swap_slots.c, 4.11 to 6.14), while there are enough of them.
 *
 * Not modelled: orders above 0, discards, the cache of returned slots (until 6.11).
 */
#include "model/mm/swap_impl.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/alloc.h"

#define CLUSTER       512u /* SWAPFILE_CLUSTER with THP_SWAP: HPAGE_PMD_NR */
#define CLUSTER_BYTES 24u  /* struct swap_cluster_info: lock, count, flags, order, list */
#define BATCH         64u  /* SWAP_SLOTS_CACHE_SIZE */
/* Free slots a hardware thread above which slot caches work, and below which they stop: mm/swap_slots.c. */
#define ACTIVATE   (5 * BATCH)
#define DEACTIVATE (2 * BATCH)

/*
 * SWAP_CLUSTER_COLS: free clusters are listed so that neighbours in the list share neither a line of
 * cluster_info nor an index of the swap cache; Linux begins with a random column.
 */
#define COLUMNS    32u

#define NO_CLUSTER (~0u)

enum list { FREE, NONFULL, FRAG, FULL, NR_LISTS };

struct cluster {
	u32 prev, next;
	u16 used;
	u8 list;
};

struct head {
	u32 first, last, n;
};

struct slot_cache {
	u64 slot[BATCH];
	u32 n, at; /* taken; handed out */
	u64 next;  /* where this hardware thread looks next, NO_SLOT: nowhere */
};

struct clusters {
	struct cluster *v;
	u32 n;
	struct head list[NR_LISTS];
	struct slot_cache *cpu;
	u32 n_cpus;
	bool active; /* slot caches are in use */
};

/* ---- lists ---- */

static void list_remove(struct clusters *t, u32 i)
{
	struct cluster *c = &t->v[i];
	struct head *h = &t->list[c->list];

	*(c->prev == NO_CLUSTER ? &h->first : &t->v[c->prev].next) = c->next;
	*(c->next == NO_CLUSTER ? &h->last : &t->v[c->next].prev) = c->prev;
	h->n--;
}

static void list_append(struct clusters *t, u32 i, enum list list)
{
	struct cluster *c = &t->v[i];
	struct head *h = &t->list[list];

	c->list = (u8)list;
	c->prev = h->last;
	c->next = NO_CLUSTER;
	*(h->last == NO_CLUSTER ? &h->first : &t->v[h->last].next) = i;
	h->last = i;
	h->n++;
}

static void move_to(struct clusters *t, u32 i, enum list list)
{
	list_remove(t, i);
	list_append(t, i, list);
}

/* ---- beginning and end ---- */

static u32 slots_of(const struct swap *s, u32 i)
{
	return (u32)MIN(s->n - (u64)i * CLUSTER, CLUSTER);
}

/* The header is in use, and so is what a last cluster has beyond the end of the device. */
static void list_cluster(const struct swap *s, struct clusters *t, u32 i)
{
	struct cluster *c = &t->v[i];

	c->used = (u16)(CLUSTER - slots_of(s, i) + !i);
	list_append(t, i, !c->used ? FREE : c->used < CLUSTER ? NONFULL : FULL);
}

u64 swap_cluster_bytes(const struct swap *s)
{
	return (s->n + CLUSTER - 1) / CLUSTER * CLUSTER_BYTES;
}

static void *clusters_create(struct swap *s)
{
	struct clusters *t = xcalloc(1, sizeof(*t));
	u32 i, column;

	t->n = (u32)((s->n + CLUSTER - 1) / CLUSTER);
	t->v = xcalloc(t->n, sizeof(*t->v));
	for (i = 0; i < NR_LISTS; i++)
		t->list[i] = (struct head){ NO_CLUSTER, NO_CLUSTER, 0 };
	for (column = 0; column < COLUMNS; column++)
		for (i = column; i < t->n; i += COLUMNS)
			list_cluster(s, t, i);
	t->n_cpus = MAX(s->k->pa->cfg.cpus, 1);
	t->cpu = xcalloc(t->n_cpus, sizeof(*t->cpu));
	for (i = 0; i < t->n_cpus; i++)
		t->cpu[i].next = NO_SLOT;
	return t;
}

static void clusters_free(void *state)
{
	struct clusters *t = state;

	free(t->v);
	free(t->cpu);
	free(t);
}

/* ---- taking ---- */

static void touch(const struct swap *s, struct cpu *c, u32 i)
{
	if (s->cluster_va)
		charge_store(&s->k->charger, c, KPATH_SWAP, s->cluster_va + (u64)i * CLUSTER_BYTES,
			     CLUSTER_BYTES);
}

/* cluster_alloc_range() */
static void fill_one(struct swap *s, struct cpu *c, struct clusters *t, u64 slot)
{
	u32 i = (u32)(slot / CLUSTER);
	struct cluster *k = &t->v[i];

	swap_took(s, c, slot);
	touch(s, c, i);
	if (k->list == FREE)
		move_to(t, i, NONFULL);
	if (++k->used == CLUSTER)
		move_to(t, i, FULL);
}

/* alloc_swap_scan_cluster(): from a slot to the end of its cluster. *next: where to go on. */
static u64 scan_cluster(struct swap *s, struct cpu *c, struct clusters *t, u64 from, u64 *next)
{
	u64 end = MIN(align_down(from, CLUSTER) + CLUSTER, s->n), slot = from;
	u32 i = (u32)(from / CLUSTER);

	*next = NO_SLOT;
	if (t->v[i].used == CLUSTER)
		return NO_SLOT;
	while (slot < end && s->map[slot] &&
	       !(s->map[slot] == SWAP_HAS_CACHE && swap_full(s->k) && swap_reclaim_slot(s, c, slot)))
		slot++;
	swap_map_load(s, c, from, slot - from + (slot < end));
	swap_scanned(s, c, slot - from + (slot < end));
	if (slot == end)
		return NO_SLOT;
	fill_one(s, c, t, slot);
	if (t->v[i].used < CLUSTER && slot + 1 < end)
		*next = slot + 1;
	return slot;
}

/* swap_reclaim_full_clusters(): one that is full, for slots that idle pages in the cache keep. */
static void reclaim_full(struct swap *s, struct cpu *c, struct clusters *t)
{
	u32 i = t->list[FULL].first;
	u64 slot;

	if (i == NO_CLUSTER)
		return;
	move_to(t, i, FULL);
	for (slot = (u64)i * CLUSTER; slot < (u64)i * CLUSTER + slots_of(s, i); slot++)
		if (s->map[slot] == SWAP_HAS_CACHE)
			swap_reclaim_slot(s, c, slot);
	swap_map_load(s, c, (u64)i * CLUSTER, slots_of(s, i));
	swap_scanned(s, c, slots_of(s, i));
}

/* The first of a list, which goes to the end of the list of those that were looked at. */
static u64 from_list(struct swap *s, struct cpu *c, struct clusters *t, enum list list, u64 *next)
{
	u32 n = t->list[list].n, i;
	u64 slot = NO_SLOT;

	while (n-- && slot == NO_SLOT && t->list[list].n) {
		i = t->list[list].first;
		move_to(t, i, FRAG);
		slot = scan_cluster(s, c, t, (u64)i * CLUSTER, next);
	}
	return slot;
}

/* cluster_alloc_swap_entry() */
static u64 take_one(struct swap *s, struct cpu *c, struct clusters *t, struct slot_cache *cache)
{
	u64 slot = NO_SLOT;

	if (cache->next != NO_SLOT)
		slot = scan_cluster(s, c, t, cache->next, &cache->next);
	if (slot == NO_SLOT && t->list[FREE].n)
		slot = scan_cluster(s, c, t, (u64)t->list[FREE].first * CLUSTER, &cache->next);
	if (slot != NO_SLOT)
		return slot;
	if (swap_full(s->k))
		reclaim_full(s, c, t);
	slot = from_list(s, c, t, NONFULL, &cache->next);
	return slot != NO_SLOT ? slot : from_list(s, c, t, FRAG, &cache->next);
}

/* check_cache_active() */
static bool caches_work(const struct swap *s, struct clusters *t)
{
	u64 left = swap_usable(s) - s->st.used;

	if (left > (u64)t->n_cpus * ACTIVATE)
		t->active = true;
	else if (left < (u64)t->n_cpus * DEACTIVATE)
		t->active = false;
	return t->active;
}

/* drain_slots_cache(): when caches stop working, what they hold goes back. */
static void drain(struct swap *s, struct cpu *c, struct clusters *t)
{
	u32 i;

	for (i = 0; i < t->n_cpus; i++) {
		struct slot_cache *cache = &t->cpu[i];

		while (cache->at < cache->n)
			swap_give_back(s, c, cache->slot[cache->at++]);
		cache->at = cache->n = 0;
	}
}

static u64 clusters_take(struct swap *s, struct cpu *c)
{
	struct clusters *t = s->slots;
	struct slot_cache *cache = &t->cpu[c ? c->id : 0];
	bool worked = t->active;
	u64 slot;

	if (cache->at < cache->n)
		return cache->slot[cache->at++];
	if (!caches_work(s, t)) {
		if (worked)
			drain(s, c, t);
		return take_one(s, c, t, cache);
	}
	cache->n = cache->at = 0;
	while (cache->n < BATCH) {
		slot = take_one(s, c, t, cache);
		if (slot == NO_SLOT)
			break;
		cache->slot[cache->n++] = slot;
	}
	return cache->n ? cache->slot[cache->at++] : NO_SLOT;
}

/* dec_cluster_info_page() */
static void clusters_give(struct swap *s, struct cpu *c, u64 slot)
{
	struct clusters *t = s->slots;
	u32 i = (u32)(slot / CLUSTER);
	struct cluster *k = &t->v[i];

	touch(s, c, i);
	ASSERT(k->used);
	if (!--k->used)
		move_to(t, i, FREE);
	else if (k->list != NONFULL)
		move_to(t, i, NONFULL);
}

/* ---- sanity ---- */

static void cluster_sane(const struct swap *s, const struct clusters *t, u32 i)
{
	u32 used = CLUSTER - slots_of(s, i), j;

	for (j = 0; j < slots_of(s, i); j++)
		used += s->map[(u64)i * CLUSTER + j] != 0;
	ASSERT(used == t->v[i].used);
	ASSERT((t->v[i].list == FREE) == !used && (t->v[i].list == FULL) == (used == CLUSTER));
}

static void clusters_sane(const struct swap *s)
{
	const struct clusters *t = s->slots;
	u32 list, i, n, all = 0;

	for (i = 0; i < t->n; i++)
		cluster_sane(s, t, i);
	for (list = 0; list < NR_LISTS; list++) {
		for (n = 0, i = t->list[list].first; i != NO_CLUSTER; i = t->v[i].next, n++)
			ASSERT(t->v[i].list == list);
		ASSERT(n == t->list[list].n);
		all += n;
	}
	ASSERT(all == t->n);
}

static u64 clusters_held(const struct swap *s)
{
	const struct clusters *t = s->slots;
	u64 n = 0;
	u32 i;

	for (i = 0; i < t->n_cpus; i++)
		n += t->cpu[i].n - t->cpu[i].at;
	return n;
}

const struct slot_ops slots_clusters = { clusters_create, clusters_free, clusters_take,
					 clusters_give,   clusters_sane, clusters_held };
