#include "model/mm/frame.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/mm/alloc.h"
#include "model/mm/bitset.h"
#include "model/mm/frame_buddy.h"
#include "model/base/map64.h"

const char *const frame_placement_names[] = { "sequential", "random", "coloured", "identity", "buddy", NULL };

#define FRAME_STATS(X)                                      \
	X(total, "frames", "of the simulated memory")       \
	X(free, "frames", "free now")                       \
	X(peak, "frames", "in use at most")                 \
	X(allocated, "frames", "handed out")                \
	X(freed, "frames", "given back by their last user") \
	X(failed, "requests", "for which there was no frame")

struct frame_stats {
	FRAME_STATS(STAT_FIELD)
};

#define STAT_STRUCT struct frame_stats
static const struct stat_desc frame_stats[] = { FRAME_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

/*
 * `used` holds places, not frame numbers: a place is where a frame stands in the order in which the policy
 * looks for free ones. They differ for colours, where the frames of one colour stand together.
 */
struct frames {
	struct page_alloc *pa; /* the frames are its pages; the rest is then unused but for counts */
	u32 shift;             /* of a frame's size */
	u32 order;             /* a frame is that many times 4 KB; inside, frames are counted one by one */
	struct bitset used;
	struct map64 shared; /* references of frames that have more than one */
	enum frame_placement placement;
	u32 colours, nodes;
	u64 per_colour;
	u64 turn; /* next colour for pages that no address asks for */
	struct rng rng;
	struct frame_stats st;
};

static u64 place_of(const struct frames *f, u64 pfn)
{
	if (f->placement != FRAME_COLOURED)
		return pfn;
	return pfn % f->colours * f->per_colour + pfn / f->colours;
}

static u64 pfn_at(const struct frames *f, u64 place)
{
	if (f->placement != FRAME_COLOURED)
		return place;
	return place % f->per_colour * f->colours + place / f->per_colour;
}

struct frames *frames_new(const struct frames_cfg *cfg, u64 seed)
{
	struct frames *f = xcalloc(1, sizeof(*f));
	u64 pfn;

	f->pa = cfg->pa;
	f->shift = cfg->shift;
	f->order = f->shift - FRAME_SHIFT;
	f->st.total = f->st.free = f->pa ? page_alloc_managed(f->pa) : cfg->bytes >> cfg->shift;
	if (f->pa)
		return f;
	ASSERT(f->st.total > 0 && cfg->colours > 0 && cfg->nodes > 0 && cfg->placement != FRAME_BUDDY);
	f->placement = cfg->placement;
	f->colours = cfg->colours;
	f->nodes = cfg->nodes;
	f->per_colour = (f->st.total + f->colours - 1) / f->colours;
	rng_init(&f->rng, seed, "frames");
	bitset_init(&f->used, f->placement == FRAME_COLOURED ? f->per_colour * f->colours : f->st.total);
	/* Places of the last row that no frame has. */
	for (pfn = f->st.total; pfn < f->used.n[0]; pfn++)
		bitset_add(&f->used, place_of(f, pfn));
	return f;
}

void frames_free(struct frames *f)
{
	if (!f)
		return;
	bitset_fini(&f->used);
	map64_fini(&f->shared);
	free(f);
}

/* The page allocator's pages are not all of frames: its counts are those of everybody. */
static const u64 *counter(const struct frames *f, const struct stat_desc *d)
{
	const u64 *own = (const u64 *)((const char *)&f->st + d->offset);

	if (!f->pa)
		return own;
	if (own == &f->st.total)
		return &f->pa->usable;
	if (own == &f->st.free)
		return &f->pa->unused;
	if (own == &f->st.allocated)
		return &f->pa->st.allocated;
	return own == &f->st.freed ? &f->pa->st.freed : own;
}

void frames_stats(const struct frames *f, struct stats *s)
{
	const struct stat_desc *d;
	char name[32];

	for (d = frame_stats; d->name; d++) {
		snprintf(name, sizeof(name), "mm.frames.%s", d->name);
		stats_add_one(s, name, counter(f, d), d->unit, d->help);
	}
	stats_set_level(s, "mm.frames.total");
	stats_set_level(s, "mm.frames.free");
	stats_set_level(s, "mm.frames.peak");
}

/* Where the policy begins to look for a frame for va in a node; a full node is left for the next. */
static u64 wanted_place(struct frames *f, u64 va, u32 node)
{
	bool user = va != ~(u64)0;
	u64 first = f->st.total / f->nodes * node;

	switch (f->placement) {
	case FRAME_BUDDY:
		break;
	case FRAME_SEQUENTIAL:
		return first;
	case FRAME_RANDOM:
		return first + rng_below(&f->rng, f->st.total / f->nodes);
	case FRAME_COLOURED:
		return (user ? va >> f->shift : f->turn++) % f->colours * f->per_colour +
		       f->per_colour / f->nodes * node;
	case FRAME_IDENTITY:
		/* The kernel's own frames stay out of the way, in the last sixteenth. */
		return user ? (va >> f->shift) % f->st.total : f->st.total - f->st.total / 16 - 1;
	}
	ASSERT(!"placement");
	return 0;
}

static bool block_free(const struct frames *f, u64 pfn, u32 order)
{
	u64 i;

	for (i = 0; i < 1ull << order; i++)
		if (bitset_has(&f->used, place_of(f, pfn + i)))
			return false;
	return true;
}

/* The first block from block number `from` on that may be free: places before the next free one are not. */
static u64 next_block(const struct frames *f, u64 from, u32 order)
{
	u64 place;

	if (f->placement == FRAME_COLOURED)
		return from;
	place = bitset_next_free(&f->used, from << order);
	return place == BITSET_NONE ? f->st.total >> order : place >> order;
}

static u64 find_block(struct frames *f, u32 order, u64 va, u32 node)
{
	u64 blocks = f->st.total >> order, first = pfn_at(f, wanted_place(f, va, node)) >> order, i, turn;

	for (turn = 0; turn < 2; turn++) {
		u64 end = turn ? MIN(first, blocks) : blocks;

		for (i = turn ? 0 : first; (i = next_block(f, i, order)) < end; i++)
			if (block_free(f, i << order, order))
				return i << order;
	}
	return NO_FRAME;
}

static u64 find_one(struct frames *f, u64 va, u32 node)
{
	u64 place = bitset_next_free(&f->used, wanted_place(f, va, node));

	if (place == BITSET_NONE)
		place = bitset_next_free(&f->used, 0);
	return place == BITSET_NONE ? NO_FRAME : pfn_at(f, place);
}

static u64 pool_alloc(struct frames *f, u32 order, u64 va, u32 node)
{
	u64 pfn = order ? find_block(f, order, va, node) : find_one(f, va, node), i;

	for (i = 0; pfn != NO_FRAME && i < 1ull << order; i++)
		bitset_add(&f->used, place_of(f, pfn + i));
	return pfn;
}

u64 frame_alloc(struct frames *f, struct cpu *c, u32 gfp, u32 order, u64 va, u32 node)
{
	u64 pfn = f->pa ? frame_buddy_alloc(f->pa, c, gfp, order, node) : pool_alloc(f, order, va, node);

	if (pfn == NO_FRAME) {
		f->st.failed++;
		return NO_FRAME;
	}
	f->st.free -= 1ull << order;
	f->st.allocated += 1ull << order;
	f->st.peak = MAX(f->st.peak, frames_in_use(f));
	return pfn << f->order;
}

void frame_get(struct frames *f, u64 pfn)
{
	u64 *refs;

	if (f->pa) {
		frame_buddy_get(f->pa, pfn >> f->order);
		return;
	}
	refs = map64_find(&f->shared, pfn);
	ASSERT(frame_refs(f, pfn));
	if (refs)
		++*refs;
	else
		map64_set(&f->shared, pfn, 2);
}

static bool pool_put(struct frames *f, u64 pfn)
{
	u64 *refs = map64_find(&f->shared, pfn);

	if (refs) {
		if (--*refs == 1)
			map64_remove(&f->shared, pfn);
		return false;
	}
	bitset_remove(&f->used, place_of(f, pfn >> f->order));
	return true;
}

static void count_freed(struct frames *f, u64 n)
{
	f->st.free += n;
	f->st.freed += n;
}

static bool put(struct frames *f, struct cpu *c, u64 pfn, bool cold)
{
	bool last = f->pa ? frame_buddy_put(f->pa, c, pfn >> f->order, cold) : pool_put(f, pfn);

	count_freed(f, last);
	return last;
}

bool frame_put(struct frames *f, struct cpu *c, u64 pfn)
{
	return put(f, c, pfn, false);
}

bool frame_put_cold(struct frames *f, struct cpu *c, u64 pfn)
{
	return put(f, c, pfn, true);
}

void frame_get_block(struct frames *f, u64 pfn, u32 order)
{
	u64 i;

	if (f->pa)
		frame_buddy_get_block(f->pa, pfn >> f->order, order);
	else
		for (i = 0; i < 1ull << order; i++)
			frame_get(f, pfn + (i << f->order));
}

void frame_put_block(struct frames *f, struct cpu *c, u64 pfn, u32 order)
{
	u64 i;

	if (f->pa)
		count_freed(f, frame_buddy_put_block(f->pa, c, pfn >> f->order, order));
	else
		for (i = 0; i < 1ull << order; i++)
			frame_put(f, c, pfn + (i << f->order));
}

u32 frame_refs(const struct frames *f, u64 pfn)
{
	const u64 *refs;

	if (f->pa)
		return frame_buddy_refs(f->pa, pfn >> f->order);
	refs = map64_find(&f->shared, pfn);
	if (refs)
		return (u32)*refs;
	ASSERT(pfn >> f->order < f->st.total);
	return bitset_has(&f->used, place_of(f, pfn >> f->order));
}

u64 frames_in_use(const struct frames *f)
{
	return f->st.total - f->st.free;
}

u64 frames_total(const struct frames *f)
{
	return f->st.total;
}

void frames_sane(const struct frames *f)
{
	ASSERT(f->st.allocated == f->st.freed + frames_in_use(f));
	ASSERT(f->st.peak >= frames_in_use(f) && f->st.peak <= f->st.total);
	ASSERT(f->shared.n <= frames_in_use(f));
	if (f->pa)
		ASSERT(frame_buddy_count(f->pa) == frames_in_use(f));
}
