/*
 * What the files of a cache share: cache.c (tags, fills, victims), cache_own.c (shared lines, lines that
 * leave upwards) and cache_above.c (what stands above). Nobody else calls this.
 */
#ifndef MMSIM_HW_CACHE_PARTS_H
#define MMSIM_HW_CACHE_PARTS_H

#include "model/hw/cache.h"
#include "model/hw/cache_virtual.h"

/* cache.c */

extern const struct port_ops cache_port_ops;

/* What was taken out of a line's place; TAG_NO_KEY: nothing. */
struct cache_victim {
	u64 line;
	u8 state;
	bool kernels;
};

static always_inline bool cache_is_kernels(const struct cache *c, u32 id)
{
	return c->kernels[id / 64] >> id % 64 & 1;
}

static always_inline struct cache_victim cache_take_out(struct cache *c, u32 id)
{
	if (c->tags.key[id] == TAG_NO_KEY)
		return (struct cache_victim){ .line = TAG_NO_KEY };
	if (c->hot)
		hot_end_line(c->hot, id);
	c->st.evictions++;
	c->st.prefetch_useless += (c->state[id] & LINE_PREFETCHED) != 0;
	return (struct cache_victim){ cache_line_number(c, id), c->state[id], cache_is_kernels(c, id) };
}

/* A line takes the place of another, which is the caller's to send down. Not enough for a virtual level. */
static always_inline struct cache_victim cache_replace(struct cache *c, u32 id, const struct mem_req *r,
						       u64 key, u8 state)
{
	struct cache_victim v = cache_take_out(c, id);

	if (unlikely(r->turns_out) && v.line != TAG_NO_KEY)
		*r->turns_out += !v.kernels;
	if (unlikely(cache_is_kernels(c, id) != r->kernels))
		c->kernels[id / 64] ^= 1ull << id % 64;
	c->st.fills++;
	tags_put(&c->tags, id, key);
	c->state[id] = c->fresh | state;
	return v;
}

/* The same for a request's line. */
static always_inline struct cache_victim cache_put_line(struct cache *c, u32 id, const struct mem_req *r,
							u64 key, u8 state)
{
	struct cache_victim v = cache_replace(c, id, r, key, state);

	if (unlikely(c->index.line || c->way.utag))
		cache_fill_virtual(c, id, r);
	return v;
}

/* The class of a request's maker. */
static inline u8 cache_service_of(const struct cache *c, const struct mem_req *r)
{
	if (c->level != MEM_L1)
		return r->service;
	return mem_is_kernels(r->cls) ? c->kernel_service : c->service;
}

/* When a line that is present can be used. */
static always_inline u64 cache_hit_time(struct cache *c, struct mem_req *r, u64 now, bool *in_flight)
{
	u64 done = now + c->latency, ready;

	r->served = c->level;
	r->mshr_wait = 0;
	*in_flight = false;
	if (likely(!mshr_any(&c->mshr, now)))
		return done;
	ready = mshr_ready(&c->mshr, r->pa >> c->line_shift, now);
	if (ready <= now)
		return done;
	*in_flight = true;
	c->st.pending_hits++;
	return MAX(done, ready);
}

/* The request's line is put where it belongs; the victim is sent down, as soon as it can be. Returns when. */
u64 cache_put(struct cache *c, const struct mem_req *r, u8 state, u32 *id, u64 now);
/*
 * A whole line is to be written: nothing need be read, but others have to give it up, if the writer does not
 * own it. Returns when it may be.
 */
u64 cache_allocate(struct cache *c, struct mem_req *r, u32 *id, u64 now);

/* cache_own.c */

/* A miss of a store asks below as what it is: a line to be written. */
static inline enum mem_class cache_asks_as(enum mem_class cls)
{
	return cls == MEM_PTE || cls == MEM_KERNEL_RFO ? cls : MEM_RFO;
}

/*
 * The line, which others may hold, is asked for below to be written. `done` is when its bytes are here.
 * Returns the cycle at which it may be written.
 */
u64 cache_own_line(struct cache *c, struct mem_req *r, u32 id, u64 done, u64 now);
/* A read hits a line that is shared, or in an exclusive level. Returns the cycle of the data. */
u64 cache_load_special(struct cache *c, struct mem_req *r, u32 id, u64 done, u64 now);
u64 cache_port_upgrade(struct port *p, struct mem_req *r, u64 now);
void cache_port_gone(struct port *p, u64 pa, u64 now);

static always_inline u64 cache_make_dirty(struct cache *c, struct mem_req *r, u32 id, u64 done, u64 now)
{
	if (unlikely(c->state[id] & LINE_SHARED))
		done = cache_own_line(c, r, id, done, now);
	c->state[id] |= LINE_DIRTY;
	return done;
}

/* cache_above.c */

extern const struct above_ops cache_above_ops;

/* Someone above holds the line. */
bool cache_held_above(struct cache *c, u64 line, u64 now);
/* A victim of an inclusive cache is dropped above as well. Whether there were dirty bytes. */
bool cache_back_invalidate(struct cache *c, u64 line, u64 now);
/* Line `id`, or another of its set, that is not being filled above at this moment. */
u32 cache_not_rising(struct cache *c, u32 id);
/* The line's place becomes empty; its bytes are the caller's. */
void cache_take(struct cache *c, u32 id);
/* An inclusive cache has every line that stands above it: ASSERTs. */
void cache_includes_above(const struct cache *c);

#endif
