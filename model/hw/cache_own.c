/* Lines that others may hold too, and lines that leave an exclusive level upwards. */
#include "model/hw/cache_parts.h"

#include "model/sim/explain.h"

u64 cache_own_line(struct cache *c, struct mem_req *r, u32 id, u64 done, u64 now)
{
	struct mem_req up = { .pa = r->pa,
			      .bytes = r->bytes,
			      .cls = cache_asks_as(r->cls),
			      .ip = r->ip,
			      .kernels = r->kernels,
			      .turns_out = r->turns_out };
	u64 owned;

	if (explain_on()) /* what it takes longer than the line itself */
		explain_open(done, "%s asks for the line alone", mem_level_name[c->level]);
	owned = port_upgrade(c->below, &up, now);
	if (explain_on())
		explain_close(MAX(owned, done), "%s", "");
	c->st.coherence_upgrades++;
	c->state[id] &= (u8)~LINE_SHARED;
	if (owned <= done)
		return done;
	r->served = up.served;
	return owned;
}

static void hand_up(struct cache *c, struct mem_req *r, u32 id)
{
	r->dirty = c->state[id] & LINE_DIRTY;
	c->st.handed_up++;
	cache_take(c, id);
}

/*
 * Another above has the line too; or it is dirty, and what asks may be an L1I, which is no place for bytes
 * that nobody else has.
 */
static bool stays(const struct cache *c, const struct mem_req *r, u32 id)
{
	bool fetched = r->cls == MEM_FETCH || r->cls == MEM_KERNEL_FETCH || r->cls == MEM_PREFETCH;

	return r->shared || (fetched && c->state[id] & LINE_DIRTY);
}

u64 cache_load_special(struct cache *c, struct mem_req *r, u32 id, u64 done, u64 now)
{
	bool leaves = c->inclusion == INCLUSION_EXCLUSIVE && !stays(c, r, id);

	if (c->state[id] & LINE_SHARED) {
		if (r->cls == MEM_RFO || r->cls == MEM_KERNEL_RFO)
			done = cache_own_line(c, r, id, done, now);
		else
			r->shared = true;
	}
	if (leaves)
		hand_up(c, r, id);
	return done;
}

/* A line that is not here is to be written above. */
static u64 own_absent(struct cache *c, struct mem_req *r, u64 now)
{
	u64 done = now + c->latency, owned;
	u32 id;

	if (c->inclusion == INCLUSION_INCLUSIVE)
		return cache_allocate(c, r, &id, now);
	r->served = c->level;
	if (!c->needs)
		return done;
	owned = port_upgrade(c->below, r, now);
	return MAX(done, owned);
}

u64 cache_port_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	struct cache *c = container_of(p, struct cache, port);
	u64 done = now + c->latency;
	u32 id = cache_find_pa(c, r->pa >> c->line_shift);

	if (id == TAG_MISS)
		return own_absent(c, r, now);
	r->served = c->level;
	if (c->state[id] & LINE_SHARED)
		done = cache_own_line(c, r, id, done, now);
	if (c->inclusion == INCLUSION_EXCLUSIVE)
		hand_up(c, r, id);
	return done;
}

void cache_port_gone(struct port *p, u64 pa, u64 now)
{
	struct cache *c = container_of(p, struct cache, port);
	const struct mem_req r = { .pa = pa, .service = c->serves, .turns_out = c->turns_out };
	u64 line = pa >> c->line_shift;
	u32 id;

	if (cache_find_pa(c, line) != TAG_MISS || cache_held_above(c, line, now))
		return;
	if (c->inclusion == INCLUSION_EXCLUSIVE) {
		c->st.victim_fills++;
		cache_put(c, &r, c->coherent ? LINE_SHARED : 0, &id, now);
	} else if (c->tells) {
		port_gone(c->below, pa, now);
	}
}
