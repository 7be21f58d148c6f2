#include "model/hw/tlb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct tlb_stats
static const struct stat_desc tlb_table[] = { TLB_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct tlb_prefetched_stats
static const struct stat_desc prefetched_table[] = { TLB_PREFETCHED_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

static u8 add_array(struct tlb *t, const struct tlb_array_cfg *cfg, const char *name, u64 seed)
{
	struct tlb_array *a = &t->array[t->n_arrays];
	u32 ways = cfg->ways ? cfg->ways : cfg->entries;
	char full[64];

	snprintf(full, sizeof(full), "%s.%u", name, t->n_arrays);
	tags_init(&a->tags, cfg->entries / ways, ways, cfg->replacement, seed, full);
	a->entry = xcalloc(tags_ids(&a->tags), sizeof(*a->entry));
	a->fold = cfg->set_hash ? tlb_hash_bits(cfg->set_hash) : 63;
	t->sizes |= cfg->set_hash ? TLB_HASHED : 0;
	a->hot = a->tags.used_at && tags_hit_changes(&a->tags) == TAG_HIT_NOTHING;
	return (u8)t->n_arrays++;
}

void tlb_init(struct tlb *t, const struct tlb_cfg *cfg, const char *name, u64 hz, u64 seed)
{
	u8 any = TLB_NO_ARRAY, held = NR_PAGE_SIZES;
	u32 i;

	memset(t, 0, sizeof(*t));
	t->latency = time_to_cycles(cfg->latency, hz);
	if (cfg->any.entries)
		any = add_array(t, &cfg->any, name, seed);
	for (i = 0; i < NR_PAGE_SIZES; i++) {
		t->which[i] = cfg->own[i].entries ? add_array(t, &cfg->own[i], name, seed) : any;
		held = t->which[i] == TLB_NO_ARRAY ? held : (u8)i;
		t->held[i] = held;
	}
	t->kernel_pieces_start = ~(u64)0;
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

void tlb_prefetched_stats_add(const struct tlb *t, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, prefetched_table, &t->prefetched);
}

void tlb_state(struct tlb *t, struct state *s, const char *owner)
{
	u32 i;

	for (i = 0; i < t->n_arrays; i++) {
		struct tlb_array *a = &t->array[i];

		tags_state(&a->tags, s, owner);
		state_add(s, owner, "entries", a->entry, tags_ids(&a->tags) * sizeof(*a->entry));
	}
	state_add(s, owner, "held", t->held, sizeof(t->held));
	state_add(s, owner, "sizes", &t->sizes, sizeof(t->sizes));
	state_add(s, owner, "kernel sizes", &t->kernel_sizes, sizeof(t->kernel_sizes));
	state_add(s, owner, "pieces", &t->pieces, sizeof(t->pieces));
	state_add(s, owner, "kernel pieces", &t->kernel_pieces_start, 2 * sizeof(u64));
	state_add(s, owner, "stats", &t->st, sizeof(t->st));
	state_add(s, owner, "prefetched", &t->prefetched, sizeof(t->prefetched));
}

void tlb_sane(const struct tlb *t)
{
	u32 i;

	for (i = 0; i < t->n_arrays; i++)
		tags_sane(&t->array[i].tags);
}

#define KEY_VA_BITS (~(u64)0 >> 7) /* a key holds 57 bits of address */

static u64 key_va(u64 key)
{
	return (key >> 19) << tlb_shift(key & 7) & KEY_VA_BITS;
}

void tlb_each(const struct tlb *t, tlb_fn fn, void *arg)
{
	u32 i, id;

	for (i = 0; i < t->n_arrays; i++) {
		const struct tlb_array *a = &t->array[i];

		for (id = 0; id < tags_ids(&a->tags); id++) {
			u64 key = a->tags.key[id];

			if (key != TAG_NO_KEY)
				fn(arg, key_va(key), (u16)(key >> 3), 1ull << tlb_shift(key & 7),
				   a->entry[id]);
		}
	}
}

/* The translation with that key is gone. */
static void end_hot(struct tlb *t, u64 key)
{
	if (t->hot)
		hot_end_page(t->hot, key_va(key), 1ull << tlb_shift(key & 7));
}

static bool is_kernels(u16 asid, u64 entry)
{
	return asid == TLB_GLOBAL && !(entry & PTE_USER);
}

/* kernels: by one of the kernel's. */
static void evict(struct tlb *t, u64 key, u64 entry, bool kernels)
{
	if (key == TAG_NO_KEY)
		return;
	t->st.evictions++;
	t->st.kernel_evictions += kernels && !is_kernels((u16)(key >> 3), entry);
	t->prefetched.prefetch_useless += (entry & TLB_PREFETCHED) != 0;
	end_hot(t, key);
}

/* What an entry of size `held` says of the page of a larger one. */
static u64 piece_of(u64 va, enum page_size size, enum page_size held, u64 entry)
{
	u64 in_page = (1ull << page_size_shift[size]) - 1, in_piece = (1ull << page_size_shift[held]) - 1;

	return entry + (va & in_page & ~in_piece);
}

/* Puts an entry of a size that has an array in. */
static void put(struct tlb *t, u64 va, u16 asid, u32 size, u64 entry)
{
	struct tlb_array *a = &t->array[t->which[size]];
	u64 key = tlb_key(va, asid, size);
	u32 set = tlb_set(a, va, size), id = tags_find(&a->tags, set, key);

	if (id == TAG_MISS) {
		id = tags_victim(&a->tags, set);
		evict(t, a->tags.key[id], a->entry[id], is_kernels(asid, entry));
		tags_put(&a->tags, id, key);
	} else if (a->entry[id] & TLB_PREFETCHED) {
		t->prefetched.prefetch_useless++; /* it did not serve, and was walked to once more */
	}
	a->entry[id] = entry;
}

void tlb_fill(struct tlb *t, u64 va, u16 asid, enum page_size size, u64 entry)
{
	enum page_size held = t->held[size], page = MAX(tlb_page(entry), size);

	ASSERT(asid != TLB_GLOBAL);
	if (held == NR_PAGE_SIZES)
		return;
	if (held != size)
		entry = piece_of(va, size, held, entry);
	t->pieces |= page > held;
	t->sizes |= 1u << (entry & PTE_GLOBAL ? held + NR_PAGE_SIZES : held);
	put(t, va, entry & PTE_GLOBAL ? TLB_GLOBAL : asid, held, tlb_entry(entry & ~TLB_PAGE, page, 0));
}

static void note_kernel_pieces(struct tlb *t, u64 va, enum page_size page)
{
	u64 bytes = 1ull << page_size_shift[page], first = align_down(va, bytes);

	t->kernel_pieces_start = MIN(t->kernel_pieces_start, first);
	t->kernel_pieces_last = MAX(t->kernel_pieces_last, first + bytes - 1);
}

void tlb_fill_kernel(struct tlb *t, u64 va, enum page_size size, u64 entry)
{
	enum page_size held = t->held[size], page = MAX(tlb_page(entry), size);

	if (held == NR_PAGE_SIZES)
		return;
	if (held != size)
		entry = piece_of(va, size, held, entry);
	if (page > held)
		note_kernel_pieces(t, va, page);
	t->kernel_sizes |= 1u << held;
	put(t, va, TLB_GLOBAL, held, tlb_entry(entry & ~(TLB_PAGE | PTE_USER), page, 0));
}

bool tlb_holds(const struct tlb *t, u64 va, u16 asid)
{
	u32 m, size;

	for (m = t->sizes & ~TLB_HASHED; m; m &= m - 1) {
		const struct tlb_array *a;
		u16 space = m & TLB_OWN_SIZES ? asid : TLB_GLOBAL;

		size = (u32)__builtin_ctz(m) % NR_PAGE_SIZES;
		a = &t->array[t->which[size]];
		if (tags_find(&a->tags, tlb_set(a, va, size), tlb_key(va, space, size)) != TAG_MISS)
			return true;
	}
	return false;
}

bool tlb_first_use(struct tlb *t, const struct tlb_hit *h)
{
	if (!(*h->entry & TLB_PREFETCHED))
		return false;
	*h->entry &= ~TLB_PREFETCHED;
	t->prefetched.prefetch_useful++;
	return true;
}

void tlb_drop(struct tlb *t, const struct tlb_hit *h)
{
	t->prefetched.prefetch_useless += (*h->entry & TLB_PREFETCHED) != 0;
	end_hot(t, h->array->tags.key[h->id]);
	tags_drop(&h->array->tags, h->id);
	t->st.flushed++;
}

/* Drops every entry whose key `what` names; the array is walked, which is rare enough. */
struct doomed {
	bool global; /* also global ones */
	bool any_asid;
	u16 asid;
	u64 start, end;
};

static bool is_doomed(const struct doomed *d, u64 key, u64 entry)
{
	u64 size = 1ull << page_size_shift[tlb_page(entry)];
	u64 first = align_down(key_va(key), size), last = first + size - 1;
	u16 asid = (u16)(key >> 3);

	if (asid == TLB_GLOBAL ? !d->global : asid != d->asid && !d->any_asid)
		return false;
	return last >= (d->start & KEY_VA_BITS) && first <= ((d->end - 1) & KEY_VA_BITS);
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
			h.entry = &h.array->entry[id];
			if (key != TAG_NO_KEY && is_doomed(d, key, *h.entry))
				tlb_drop(t, &h);
		}
	}
}

/* Up to this many pages are looked up one by one. */
#define FLUSH_BY_PAGE 16u

void tlb_flush_range(struct tlb *t, u16 asid, u64 start, u64 end)
{
	const struct doomed range = { .global = true, .asid = asid, .start = start, .end = end };
	u64 va;
	struct tlb_hit h;

	if (t->pieces || end - start > FLUSH_BY_PAGE * FRAME_SIZE) {
		flush(t, &range);
		return;
	}
	for (va = start & ~FRAME_MASK; va < end; va += FRAME_SIZE) {
		while ((h = tlb_lookup(t, va, asid)).entry)
			tlb_drop(t, &h);
	}
}

void tlb_flush_kernel_range(struct tlb *t, u64 start, u64 end)
{
	const struct doomed range = { .global = true, .asid = TLB_GLOBAL, .start = start, .end = end };
	bool pieces = start <= t->kernel_pieces_last && end > t->kernel_pieces_start;
	struct tlb_hit h;
	u64 va;

	if (pieces || end - start > FLUSH_BY_PAGE * FRAME_SIZE) {
		flush(t, &range);
		return;
	}
	for (va = start & ~FRAME_MASK; va < end; va += FRAME_SIZE) {
		while ((h = tlb_lookup_kernel(t, va)).entry)
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
	const struct doomed all = { .global = true, .any_asid = true, .start = 0, .end = 0 };

	flush(t, &all);
}
