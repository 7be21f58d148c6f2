#include "model/hw/tlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct tlb_stats
static const struct stat_desc tlb_table[] = { TLB_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

static u8 add_array(struct tlb *t, const struct tlb_array_cfg *cfg, const char *name, u64 seed)
{
	struct tlb_array *a = &t->array[t->n_arrays];
	u32 ways = cfg->ways ? cfg->ways : cfg->entries;
	char full[64];

	snprintf(full, sizeof(full), "%s.%u", name, t->n_arrays);
	tags_init(&a->tags, cfg->entries / ways, ways, cfg->replacement, seed, full);
	a->entry = xcalloc(tags_ids(&a->tags), sizeof(*a->entry));
	a->hot = a->tags.used_at && (a->tags.by_time || a->tags.policy == TAGS_FIFO ||
				     a->tags.policy == TAGS_RANDOM);
	return (u8)t->n_arrays++;
}

void tlb_init(struct tlb *t, const struct tlb_cfg *cfg, const char *name, u64 hz, u64 seed)
{
	u8 any = TLB_NO_ARRAY;
	u32 i;

	memset(t, 0, sizeof(*t));
	t->latency = time_to_cycles(cfg->latency, hz);
	if (cfg->any.entries)
		any = add_array(t, &cfg->any, name, seed);
	for (i = 0; i < NR_PAGE_SIZES; i++)
		t->which[i] = cfg->own[i].entries ? add_array(t, &cfg->own[i], name, seed) : any;
}

void tlb_add_hot(struct tlb *t, struct hot_lines *hot, u64 *clock)
{
	u32 i;

	t->hot = hot;
	for (i = 0; i < t->n_arrays; i++)
		t->array[i].tags.clock = clock;
}

void tlb_fini(struct tlb *t)
{
	u32 i;

	for (i = 0; i < t->n_arrays; i++) {
		tags_fini(&t->array[i].tags);
		free(t->array[i].entry);
	}
}

void tlb_stats_add(const struct tlb *t, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, tlb_table, &t->st);
}

void tlb_sane(const struct tlb *t)
{
	u32 i;

	for (i = 0; i < t->n_arrays; i++)
		tags_sane(&t->array[i].tags);
}

/* The translation with that key is gone. */
static void end_hot(struct tlb *t, u64 key)
{
	u32 shift = tlb_shift(key & 7);

	if (t->hot)
		hot_end_page(t->hot, (key >> 19) << shift, 1ull << shift);
}

static void evict(struct tlb *t, u64 key)
{
	if (key == TAG_NO_KEY)
		return;
	t->st.evictions++;
	end_hot(t, key);
}

void tlb_fill(struct tlb *t, u64 va, u16 asid, enum page_size size, u64 entry)
{
	struct tlb_hit h = { .size = size };
	u64 key = tlb_key(va, asid, size);
	u32 set;

	if (t->which[size] == TLB_NO_ARRAY)
		return;
	h.array = &t->array[t->which[size]];
	set = tlb_set(h.array, va, size);
	h.id = tags_find(&h.array->tags, set, key);
	if (h.id == TAG_MISS) {
		h.id = tags_victim(&h.array->tags, set);
		evict(t, h.array->tags.key[h.id]);
		tags_put(&h.array->tags, h.id, key);
	}
	h.entry = &h.array->entry[h.id];
	*h.entry = entry;
	t->sizes |= 1u << size;
}

void tlb_drop(struct tlb *t, const struct tlb_hit *h)
{
	end_hot(t, h->array->tags.key[h->id]);
	tags_drop(&h->array->tags, h->id);
	t->st.flushed++;
}

/* Drops every entry whose key `what` names; the array is walked, which is rare enough. */
struct doomed {
	bool any_asid;
	u16 asid;
	u64 start, end;
};

static bool is_doomed(const struct doomed *d, u64 key)
{
	u32 shift = page_size_shift[key & 7];
	u64 va_bits = ~(u64)0 >> 7; /* a key holds 57 bits of address */
	u64 first = (key >> 19) << shift, last = first + (1ull << shift) - 1;

	if (!d->any_asid && (u16)(key >> 3) != d->asid)
		return false;
	return last >= (d->start & va_bits) && first <= ((d->end - 1) & va_bits);
}

static void flush(struct tlb *t, const struct doomed *d)
{
	struct tlb_hit h;
	u32 i, id;

	for (i = 0; i < t->n_arrays; i++) {
		h.array = &t->array[i];
		for (id = 0; id < tags_ids(&h.array->tags); id++) {
			u64 key = h.array->tags.key[id];

			h.id = id;
			if (key != TAG_NO_KEY && is_doomed(d, key))
				tlb_drop(t, &h);
		}
	}
}

/* Up to this many pages are looked up one by one. */
#define FLUSH_BY_PAGE 16u

void tlb_flush_range(struct tlb *t, u16 asid, u64 start, u64 end)
{
	const struct doomed range = { .asid = asid, .start = start, .end = end };
	u64 va;
	struct tlb_hit h;

	if (end - start > FLUSH_BY_PAGE * FRAME_SIZE) {
		flush(t, &range);
		return;
	}
	for (va = start & ~FRAME_MASK; va < end; va += FRAME_SIZE) {
		h = tlb_lookup(t, va, asid);
		if (h.entry)
			tlb_drop(t, &h);
	}
}

void tlb_flush_asid(struct tlb *t, u16 asid)
{
	const struct doomed all = { .asid = asid, .start = 0, .end = 0 };

	flush(t, &all);
}

void tlb_flush_all(struct tlb *t)
{
	const struct doomed all = { .any_asid = true, .start = 0, .end = 0 };

	flush(t, &all);
}
