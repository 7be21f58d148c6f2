/*
 * A cache and those that stand above it: what it answers when the level below asks, and what it asks them.
 */
#include "model/hw/cache_parts.h"

#include "model/base/error.h"

void cache_attach(struct cache *c, struct above *above)
{
	ASSERT(c->n_up < ARRAY_SIZE(c->up));
	c->up[c->n_up++] = above;
}

u32 cache_needs(const struct cache *c)
{
	static const u32 own[] = { [INCLUSION_INCLUSIVE] = NEEDS_INCLUSIVE,
				   [INCLUSION_EXCLUSIVE] = NEEDS_EXCLUSIVE };

	return (c->needs & (NEEDS_DIRECTORY | NEEDS_INCLUSIVE)) | own[c->inclusion];
}

void cache_note_contention(struct cache *c, u64 pa, bool contended)
{
	u32 id = cache_find_pa(c, pa >> c->line_shift);

	if (id == TAG_MISS)
		return;
	if (contended) {
		c->state[id] |= LINE_CONTENDED;
		hot_end_line(c->hot, id);
	} else if (c->state[id] & LINE_CONTENDED) {
		c->state[id] -= LINE_CONTENDED_HIT;
	}
}

/* Asking. */

static u32 ask_above(struct cache *c, u64 pa, enum probe what, u64 now)
{
	u32 answer = 0, i;

	for (i = 0; i < c->n_up; i++)
		answer |= above_probe(c->up[i], pa, what, now);
	return answer;
}

bool cache_held_above(struct cache *c, u64 line, u64 now)
{
	return ask_above(c, line << c->line_shift, PROBE_HOLDS, now) & PROBE_FOUND;
}

bool cache_back_invalidate(struct cache *c, u64 line, u64 now)
{
	u32 above = ask_above(c, line << c->line_shift, PROBE_DROP, now);

	c->st.back_invalidations += (above & PROBE_FOUND) != 0;
	c->st.back_invalidations_dirty += (above & PROBE_DIRTY) != 0;
	return above & PROBE_DIRTY;
}

u32 cache_not_rising(struct cache *c, u32 id)
{
	u32 first = tags_set(&c->tags, id) << c->tags.way_shift, tries;

	for (tries = 0; tries < 2 * c->tags.ways; tries++) {
		u32 other = first + (tags_way(&c->tags, id) + tries) % c->tags.ways;
		u64 line = c->tags.key[other];

		/* Of the class's ways; then, which is as rare as can be, of the others. */
		if (tries < c->tags.ways && !cache_may_fill(c, other))
			continue;
		if (line == TAG_NO_KEY ||
		    !(ask_above(c, line << c->line_shift, PROBE_HOLDS, 0) & PROBE_RISING))
			return other;
	}
	ASSERT(!"every line of a set is being filled above");
	return id;
}

/* Answering. */

static u32 describe(const struct cache *c, u32 id)
{
	return PROBE_FOUND | (c->state[id] & LINE_DIRTY ? PROBE_DIRTY : 0) |
	       (c->state[id] & LINE_SHARED ? 0 : PROBE_ALONE);
}

void cache_take(struct cache *c, u32 id)
{
	c->st.prefetch_useless += (c->state[id] & LINE_PREFETCHED) != 0;
	tags_drop(&c->tags, id);
	c->state[id] = 0;
}

static void share_line(struct cache *c, u32 id)
{
	c->st.coherence_downgrades++;
	c->state[id] &= (u8)~LINE_DIRTY;
	c->state[id] |= LINE_SHARED;
}

static void drop_line(struct cache *c, u32 id)
{
	c->st.coherence_invalidations++;
	cache_take(c, id);
}

/* A line that is asked for below at this moment is as good as here: only who looks may ask for it. */
static u32 probe_absent(const struct cache *c, u64 line, enum probe what)
{
	if (likely(line != c->filling))
		return 0;
	ASSERT(what == PROBE_HOLDS);
	return PROBE_FOUND | PROBE_RISING;
}

static u32 cache_probe(struct above *a, u64 pa, enum probe what, u64 now)
{
	struct cache *c = container_of(a, struct cache, above);
	u64 line = pa >> c->line_shift;
	u32 answer = ask_above(c, pa, what, now), id = cache_find_pa(c, line);

	if (id == TAG_MISS)
		return answer | probe_absent(c, line, what);
	answer |= describe(c, id);
	if (what == PROBE_HOLDS)
		return answer;
	c->st.coherence_dirty += (c->state[id] & LINE_DIRTY) != 0;
	if (c->hot)
		hot_end_line(c->hot, id);
	if (what == PROBE_SHARE)
		share_line(c, id);
	else
		drop_line(c, id);
	return answer;
}

static void cache_each_line(const struct above *a, above_line_fn fn, void *arg)
{
	const struct cache *c = container_of(a, struct cache, above);
	u32 i;

	for (i = 0; i < c->n_up; i++)
		above_each_line(c->up[i], fn, arg);
	for (i = 0; i < tags_ids(&c->tags); i++) {
		if (c->tags.key[i] != TAG_NO_KEY)
			fn(arg, cache_line_number(c, i) << c->line_shift);
	}
}

const struct above_ops cache_above_ops = { cache_probe, cache_each_line };

static void assert_included(void *arg, u64 pa)
{
	const struct cache *c = arg;

	ASSERT(cache_find_pa(c, pa >> c->line_shift) != TAG_MISS);
}

void cache_includes_above(const struct cache *c)
{
	u32 i;

	for (i = 0; i < c->n_up; i++)
		above_each_line(c->up[i], assert_included, (void *)c);
}
