/* That a cache's arrays agree: ASSERTs. */
#include "model/base/error.h"
#include "model/hw/cache_parts.h"
#include "model/hw/cache_virtual.h"

/* What a row of the shortcut says of its line is true. */
static void hot_sane(const struct cache *c)
{
	u32 r;

	for (r = 0; r < HOT_ROWS; r++) {
		const struct hot_line *row = &c->hot->row[r];
		u32 id = (u32)(row->line_used - c->tags.used_at);

		if (row->number[HOT_READ] == HOT_NOTHING)
			continue;
		ASSERT(row->number[HOT_READ] % HOT_ROWS == r && (c->hot->row_of[id] & ~HOT_WATCHED) == r);
		ASSERT(c->tags.key[id] != TAG_NO_KEY);
		ASSERT(row->number[HOT_WRITE] == HOT_NOTHING ||
		       (row->number[HOT_WRITE] == row->number[HOT_READ] && c->state[id] & LINE_DIRTY));
		ASSERT(!c->hot->newest || c->hot->newest[tags_set(&c->tags, id)] == id);
	}
}

static u8 states_of(const struct cache *c, u32 set)
{
	u32 id = set << c->tags.way_shift, end = id + (1u << c->tags.way_shift);
	u8 all = 0;

	for (; id < end; id++)
		all |= c->state[id];
	return all;
}

/* The lines of a set. Returns how many of them were prefetched and not used. */
static u64 set_sane(const struct cache *c, u32 set)
{
	u32 id = set << c->tags.way_shift, end = id + (1u << c->tags.way_shift);
	u64 unused = 0;

	for (; id < end; id++) {
		u64 line = c->tags.key[id];

		ASSERT(!(c->state[id] & LINE_DIRTY) ||
		       (line != TAG_NO_KEY && !c->write_through && !(c->state[id] & LINE_SHARED)));
		if (line == TAG_NO_KEY)
			continue;
		unused += (c->state[id] & LINE_PREFETCHED) != 0;
		ASSERT((c->state[id] & LINE_WATCHED) == c->fresh);
		ASSERT(c->index.aliases || cache_set(c, line) == set);
	}
	return unused;
}

void cache_sane(const struct cache *c)
{
	u64 unused = 0, valid = 0;
	u32 set;

	tags_sane(&c->tags);
	for (set = 0; set < c->tags.sets; set++) {
		valid += c->tags.used[set];
		if (c->tags.used[set])
			unused += set_sane(c, set);
		else
			ASSERT(!(states_of(c, set) & LINE_DIRTY));
	}
	ASSERT(c->st.prefetch_issued == c->st.prefetch_useful + c->st.prefetch_useless + unused);
	ASSERT(valid == c->st.fills - c->st.evictions - c->st.coherence_invalidations - c->st.handed_up);
	if (c->inclusion == INCLUSION_INCLUSIVE)
		cache_includes_above(c);
	ASSERT(c->mshr.n <= MSHR_KEPT);
	if (c->hot)
		hot_sane(c);
	if (c->level == MEM_L1)
		cache_sane_virtual(c);
}
