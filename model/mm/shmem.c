#include "model/mm/shmem.h"

#include "model/base/error.h"
#include "model/mm/alloc.h"
#include "model/mm/fault_impl.h"
#include "model/mm/memcg.h"
#include "model/mm/page_io.h"
#include "model/mm/swap_cache.h"

/* Of the value in the index: the slot, and above it the group that the slot is charged to (swap_cgroup). */
#define GROUP_SHIFT 48u

static u64 value_of(u64 slot, u32 group)
{
	return slot | (u64)group << GROUP_SHIFT;
}

bool shmem_in_swap(const struct object *o, u64 index)
{
	return o->anon && cache_is_value(cache_index_load(&o->pages, index));
}

static u64 value_at(const struct object *o, u64 index)
{
	return cache_index_load(&o->pages, index) >> 1;
}

u64 shmem_slot(const struct object *o, u64 index)
{
	return value_at(o, index) & ((1ull << GROUP_SHIFT) - 1);
}

static u32 group_at(const struct object *o, u64 index)
{
	return (u32)(value_at(o, index) >> GROUP_SHIFT);
}

/*
 * The object lets go of the page before the swap cache has it, because 2.4 keeps both in one hash; Linux
 * since 2.6 does it the other way round, and gives up before.
 */
bool shmem_to_swap(struct kernel *k, struct cpu *c, u64 pfn)
{
	const struct page *p = rmap_page(k, pfn);
	struct object *o = page_object(p);
	u64 slot = k->swap ? swap_take_slot(k, c) : NO_SLOT, index = p->index;

	ASSERT(o->anon && !p->mapcount && !p->swap);
	if (slot == NO_SLOT)
		return false;
	kernel_step(k, c, STEP_SHMEM_OUT);
	page_cache_leave(k, c, pfn, value_of(slot, p->group));
	if (!swap_cache_take(k, c, slot, pfn)) {
		page_cache_return(k, c, o, index, pfn);
		return false;
	}
	swap_duplicate(k, c, slot); /* swap_shmem_alloc() */
	memcg_count_shmem(k, p->group, 1);
	k->swap->st.shmem++;
	k->swap->st.shmem_out++;
	frame_put(k->frames, c, pfn);
	return true;
}

/* The index has the slot no more; its page, if there is one, is the caller's business. */
static void slot_is_left(struct kernel *k, u32 group)
{
	memcg_count_shmem(k, group, -1);
	k->swap->st.shmem--;
}

/* shmem_swapin_folio(): what the page has is nowhere else from now on. */
static void take_back(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn)
{
	u64 slot = shmem_slot(o, index);

	kernel_step(k, c, STEP_SHMEM_IN);
	slot_is_left(k, group_at(o, index));
	k->swap->st.shmem_in++;
	frame_get(k->frames, pfn);
	swap_cache_remove(k, c, pfn, 0);
	page_cache_return(k, c, o, index, pfn);
	page_cache_set_dirty(k, c, pfn);
	swap_free_entry(k, c, slot);
}

/* A page that is being written is waited for as well: it must not change. */
enum cache_answer shmem_from_swap(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 *pfn,
				  bool *major)
{
	/* Of no VMA: slots near each other are read together, not pages (shmem_swapin_cluster()). */
	struct fault f = { .k = k, .c = c, .va = index << FRAME_SHIFT };
	u64 slot = shmem_slot(o, index);
	struct page *p;

	*pfn = swap_cache_find(k->swap->cache, c, slot);
	*major = *pfn == NO_FRAME;
	if (*major)
		*pfn = swap_read(&f, slot);
	if (*pfn == NO_FRAME)
		return CACHE_NOMEM;
	p = rmap_page(k, *pfn);
	if (!*major)
		swap_readahead_hit(&f, p);
	if (!page_io_over(p, c->ops->now(c))) {
		c->block_until = p->ready;
		return CACHE_WAIT;
	}
	take_back(k, c, o, index, *pfn);
	return CACHE_READY;
}

void shmem_forget(struct kernel *k, struct cpu *c, struct object *o, u64 index)
{
	u64 slot = shmem_slot(o, index);

	slot_is_left(k, group_at(o, index));
	page_cache_forget(k, c, o, index);
	swap_free(k, c, slot);
}

/* ---- --check ---- */

struct check {
	const struct kernel *k;
	struct map64 *users;
	u64 slots, group[MEMCG_MAX + 1];
};

static void check_slot(struct check *ch, const struct object *o, u64 index)
{
	u64 slot = shmem_slot(o, index), pfn = swap_cache_page(ch->k, slot);

	ASSERT(!map64_find(ch->users, slot));
	map64_set(ch->users, slot, 1);
	ASSERT(pfn == NO_FRAME || !rmap_page(ch->k, pfn)->mapping);
	ASSERT(group_at(o, index) <= MEMCG_MAX);
	ch->slots++;
	ch->group[group_at(o, index)]++;
}

void shmem_check(const struct kernel *k, struct map64 *users)
{
	struct check ch = { .k = k, .users = users };
	const struct object *o;
	u64 index, entry;
	u32 i;

	for (o = k->objects.first; o; o = o->next)
		for (index = 0; o->anon && (entry = cache_index_next(&o->pages, &index)); index++)
			if (cache_is_value(entry))
				check_slot(&ch, o, index);
	if (k->swap)
		ASSERT(ch.slots == k->swap->st.shmem);
	for (i = 0; i <= MEMCG_MAX; i++)
		ASSERT(!k->memcgs || ch.group[i] == memcg_shmem(k, i));
}
