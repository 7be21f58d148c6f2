#include "model/mm/kevents.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/mm/kmap.h"
#include "model/mm/mm.h"
#include "model/mm/page.h"
#include "model/mm/slab.h"

/* A block's order stands above its frame's number. */
#define ORDER_SHIFT 56u
#define MAX_ORDER   10u       /* of a request; more is damage, and nobody has it */
#define FAILED      (~(u64)0) /* in the place of a frame or an object: the request got nothing */

struct kevents {
	struct kernel *k;
	struct map64 pages;   /* name -> frame and order */
	struct map64 objects; /* name -> kernel address */
	struct kevents *next;
};

#define STAT_STRUCT struct kevent_stats
static const struct stat_desc stat_table[] = { KEVENT_STATS(STAT_ROW){ 0 } };

struct kevents *kevents_new(struct kernel *k)
{
	struct kevents *s = xcalloc(1, sizeof(*s));

	s->k = k;
	s->next = k->kevents;
	k->kevents = s;
	return s;
}

void kevents_free(struct kevents *s)
{
	struct kevents *next;

	for (; s; s = next) {
		next = s->next;
		map64_fini(&s->pages);
		map64_fini(&s->objects);
		free(s);
	}
}

void kevents_stats(struct kernel *k, struct stats *s)
{
	stats_add(s, "mm.kevents", stat_table, &k->kevent);
	stats_set_level(s, "mm.kevents.pages");
	stats_set_level(s, "mm.kevents.objects");
}

/* ---- their users ---- */

/* Lines that lie in one page, one after the other. */
static void touch_part(const struct kernel *k, struct cpu *c, u64 va, u32 bytes, bool write)
{
	if (write)
		charge_store(&k->charger, c, KPATH_USE, va, bytes);
	else
		charge_load(&k->charger, c, KPATH_USE, va, bytes);
}

static void touch_object(struct kernel *k, struct cpu *c, u64 va, u64 bytes, bool write)
{
	u64 end = va + bytes;
	u32 part;

	k->kevent.touched += bytes;
	for (; va < end; va += part) {
		part = (u32)(MIN(end, align_down(va, FRAME_SIZE) + FRAME_SIZE) - va);
		touch_part(k, c, va, part, write);
	}
}

/* Pages of high memory get an address for it, one by one. */
static void touch_pages(struct kernel *k, struct cpu *c, u64 pfn, u64 bytes, bool write)
{
	u32 part;
	u64 va;

	k->kevent.touched += bytes;
	for (; bytes; bytes -= part, pfn++) {
		part = (u32)MIN(bytes, FRAME_SIZE);
		va = kmap_atomic(k, c, pfn);
		touch_part(k, c, va, part, write);
		kunmap_atomic(k, c, va);
	}
}

/* ---- pages ---- */

static u64 block_bytes(const struct kernel *k, u32 order)
{
	return page_size(k) << order;
}

static u64 take_block(struct kernel *k, struct cpu *c, const struct kevent *e)
{
	if (e->of_node)
		return frame_alloc(k->frames, c, e->gfp, e->order, ~(u64)0, e->node % k->nodes);
	return page_alloc(k, c, e->gfp, e->order, ~(u64)0);
}

static void give_block(struct kernel *k, struct cpu *c, u64 pfn, u32 order, bool cold)
{
	if (cold && !order)
		frame_put_cold(k->frames, c, pfn);
	else
		frame_put_block(k->frames, c, pfn, order);
	k->kevent.pages -= 1ull << order;
	k->kevent.pages_given += 1ull << order;
}

static void zero_block(const struct kernel *k, struct cpu *c, u64 pfn, u32 order)
{
	u64 step = page_size(k) >> FRAME_SHIFT, i;

	for (i = 0; i < 1ull << order; i++)
		page_zero(k, c, pfn + i * step);
}

static u64 block_of(u64 value)
{
	return value & ((1ull << ORDER_SHIFT) - 1);
}

static u32 order_of(u64 value)
{
	return (u32)(value >> ORDER_SHIFT);
}

/* The block goes; what a failed request left behind is only forgotten. */
static void drop_block(struct kevents *s, struct cpu *c, u64 name, u64 value, bool cold)
{
	if (value != FAILED)
		give_block(s->k, c, block_of(value), order_of(value), cold);
	map64_remove(&s->pages, name);
}

/* A free was not recorded. */
static void forget_block(struct kevents *s, struct cpu *c, u64 name)
{
	const u64 *old = map64_find(&s->pages, name);

	if (!old)
		return;
	s->k->kevent.reused += *old != FAILED;
	drop_block(s, c, name, *old, false);
}

void kevents_page_alloc(struct kevents *s, struct cpu *c, const struct kevent *e)
{
	struct kernel *k = s->k;
	u64 pfn = NO_FRAME;

	k->kevent.page_allocs++;
	forget_block(s, c, e->name);
	if (e->order <= MAX_ORDER)
		pfn = take_block(k, c, e);
	if (pfn == NO_FRAME) {
		k->kevent.failed++;
		map64_set(&s->pages, e->name, FAILED);
		return;
	}
	k->kevent.pages += 1ull << e->order;
	k->kevent.pages_taken += 1ull << e->order;
	map64_set(&s->pages, e->name, (u64)e->order << ORDER_SHIFT | pfn);
	if (e->gfp & GFP_ZERO)
		zero_block(k, c, pfn, e->order);
	touch_pages(k, c, pfn, MIN(e->touch, block_bytes(k, e->order)), !e->reads);
}

/* From now on each page of the block is one for itself, named by its own number. */
static void split_block(struct kevents *s, u64 name, u64 value)
{
	u64 step = page_size(s->k) >> FRAME_SHIFT, i;

	s->k->kevent.splits++;
	for (i = 0; i < 1ull << order_of(value); i++)
		map64_set(&s->pages, name + i, block_of(value) + i * step);
}

/* A larger block that begins at or before the name is split if the name lies in it. */
static void split_around(struct kevents *s, u64 name, u32 order)
{
	const u64 *value;
	u32 i;

	for (i = order + 1; i <= MAX_ORDER; i++) {
		u64 first = name & ~((1ull << i) - 1);

		value = map64_find(&s->pages, first);
		if (!value || *value == FAILED || order_of(*value) != i)
			continue;
		split_block(s, first, *value);
		return;
	}
}

static void touch_block(struct kevents *s, struct cpu *c, u64 value, u64 bytes)
{
	if (value != FAILED)
		touch_pages(s->k, c, block_of(value), MIN(bytes, block_bytes(s->k, order_of(value))), false);
}

/* One free of 2^order pages that are taken one by one; false: none of them is. */
static bool free_singles(struct kevents *s, struct cpu *c, const struct kevent *e)
{
	const u64 *value;
	bool any = false;
	u64 i;

	for (i = 0; i < 1ull << e->order; i++) {
		value = map64_find(&s->pages, e->name + i);
		if (!value || *value == FAILED || order_of(*value))
			continue;
		any = true;
		touch_block(s, c, *value, e->touch);
		drop_block(s, c, e->name + i, *value, e->cold);
	}
	return any;
}

/* A block that nobody pays for stands in for one that was taken before the recording, mostly by users. */
static void free_stand_in(struct kernel *k, struct cpu *c, const struct kevent *e)
{
	struct kevent taken = { .order = e->order, .gfp = GFP_HIGHUSER_MOVABLE | GFP_NORETRY | GFP_NOWARN };
	u64 pfn = take_block(k, NULL, &taken);

	if (pfn == NO_FRAME)
		return;
	k->kevent.stand_ins++;
	k->kevent.pages += 1ull << e->order;
	k->kevent.pages_taken += 1ull << e->order;
	give_block(k, c, pfn, e->order, e->cold);
}

/* The block of that name and order, or one whose request failed. */
static const u64 *find_block(const struct kevents *s, u64 name, u32 order)
{
	const u64 *value = map64_find(&s->pages, name);

	return value && (*value == FAILED || order_of(*value) == order) ? value : NULL;
}

void kevents_page_free(struct kevents *s, struct cpu *c, const struct kevent *e)
{
	struct kevent_stats *st = &s->k->kevent;
	const u64 *value = find_block(s, e->name, e->order);

	st->page_frees++;
	if (value) {
		st->failed_frees += *value == FAILED;
		touch_block(s, c, *value, e->touch);
		drop_block(s, c, e->name, *value, e->cold);
		return;
	}
	if (e->order <= MAX_ORDER)
		split_around(s, e->name, e->order);
	if (e->order > MAX_ORDER || !free_singles(s, c, e)) {
		st->unknown_frees++;
		if (e->stand_in && e->order <= MAX_ORDER)
			free_stand_in(s->k, c, e);
	}
}

/* ---- objects ---- */

#define MAX_OBJECT (128u << 10) /* of a cache; more is damage */

static bool of_cache(const struct kevent *e)
{
	return e->cache && *e->cache;
}

/* A cache that the era does not have by itself is made for the size of its first object. */
static u64 take_object(struct kernel *k, struct cpu *c, const struct kevent *e)
{
	struct kmem_cache *cache;

	if (!of_cache(e))
		return kmalloc(k->slabs, c, e->bytes, e->gfp);
	cache = e->bytes <= MAX_OBJECT ? kmem_cache_find_or_create(k->slabs, e->cache, (u32)e->bytes) : NULL;
	return cache ? kmem_cache_alloc(cache, c, e->gfp) : 0;
}

/* Of the cache that it came from, whatever the free says. */
static void give_object(struct kernel *k, struct cpu *c, const struct kevent *e, u64 va)
{
	struct kmem_cache *cache = of_cache(e) ? kmem_cache_of(k->slabs, va) : NULL;

	if (cache)
		kmem_cache_free(cache, c, va);
	else
		kfree(k->slabs, c, va);
	k->kevent.objects--;
	k->kevent.objects_given++;
}

/* A free was not recorded. */
static void forget_object(struct kevents *s, struct cpu *c, const struct kevent *e)
{
	const u64 *old = map64_find(&s->objects, e->name);

	if (!old)
		return;
	if (*old != FAILED) {
		s->k->kevent.reused++;
		give_object(s->k, c, e, *old);
	}
	map64_remove(&s->objects, e->name);
}

void kevents_object_alloc(struct kevents *s, struct cpu *c, const struct kevent *e)
{
	struct kernel *k = s->k;
	u64 va;

	k->kevent.object_allocs++;
	if (!k->slabs) {
		k->kevent.unmodelled++;
		return;
	}
	forget_object(s, c, e);
	va = take_object(k, c, e);
	map64_set(&s->objects, e->name, va ? va : FAILED);
	if (!va) {
		k->kevent.failed++;
		return;
	}
	k->kevent.objects++;
	k->kevent.objects_taken++;
	touch_object(k, c, va, MIN(MIN(e->touch, e->bytes), ksize(k->slabs, va)), !e->reads);
}

void kevents_object_free(struct kevents *s, struct cpu *c, const struct kevent *e)
{
	const u64 *va = map64_find(&s->objects, e->name);
	struct kevent_stats *st = &s->k->kevent;

	st->object_frees++;
	if (!s->k->slabs) {
		st->unmodelled++;
		return;
	}
	if (!va) {
		st->unknown_frees++;
		return;
	}
	if (*va == FAILED) {
		st->failed_frees++;
	} else {
		touch_object(s->k, c, *va, MIN(e->touch, ksize(s->k->slabs, *va)), false);
		give_object(s->k, c, e, *va);
	}
	map64_remove(&s->objects, e->name);
}

/* ---- for model/mm ---- */

static void each_frame(const struct kernel *k, u64 value, void (*fn)(void *arg, u64 pfn), void *arg)
{
	u64 step = page_size(k) >> FRAME_SHIFT, i;

	for (i = 0; i < 1ull << order_of(value); i++)
		fn(arg, block_of(value) + i * step);
}

void kevents_each_frame(const struct kernel *k, void (*fn)(void *arg, u64 pfn), void *arg)
{
	const struct map64_slot *slot;
	const struct kevents *s;

	for (s = k->kevents; s; s = s->next)
		for (slot = map64_next(&s->pages, NULL); slot; slot = map64_next(&s->pages, slot))
			if (slot->value != FAILED)
				each_frame(k, slot->value, fn, arg);
}

static void large_object(const struct kernel *k, u64 va, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	u64 pfn = (va - k->direct_map) >> k->page_shift;

	if (!kmem_cache_of(k->slabs, va))
		fn(arg, pfn, page_of(&k->pa->map, pfn)->order);
}

void kevents_each_block(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg)
{
	const struct map64_slot *slot;
	const struct kevents *s;

	for (s = k->kevents; s; s = s->next)
		for (slot = map64_next(&s->objects, NULL); slot; slot = map64_next(&s->objects, slot))
			if (slot->value != FAILED)
				large_object(k, slot->value, fn, arg);
}
