#include "model/hw/cache.h"

#include <stdlib.h>

#include "model/arch/addr.h"
#include "model/base/error.h"
#include "model/hw/cache_parts.h"
#include "model/hw/cache_virtual.h"
#include "model/sim/explain.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct cache_stats
static const struct stat_desc cache_table[] = { CACHE_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

static void count_access(struct cache_stats *st, enum mem_class cls)
{
	switch (cls) {
	case MEM_FETCH:
		st->fetches++;
		break;
	case MEM_RFO:
		st->rfo++;
		st->loads++;
		break;
	case MEM_LOAD:
		st->loads++;
		break;
	case MEM_PTE:
		st->pte_reads++;
		break;
	case MEM_KERNEL_LOAD:
	case MEM_KERNEL_RFO:
		st->kernel_loads++;
		break;
	case MEM_KERNEL_FETCH:
		st->kernel_fetches++;
		break;
	default:
		st->prefetches++;
	}
}

static void count_miss(struct cache_stats *st, enum mem_class cls)
{
	switch (cls) {
	case MEM_FETCH:
		st->fetch_misses++;
		break;
	case MEM_LOAD:
	case MEM_RFO:
		st->load_misses++;
		break;
	case MEM_PTE:
		st->pte_read_misses++;
		break;
	case MEM_KERNEL_LOAD:
	case MEM_KERNEL_RFO:
		st->kernel_load_misses++;
		break;
	case MEM_KERNEL_FETCH:
		st->kernel_fetch_misses++;
		break;
	default:
		st->prefetch_misses++;
	}
}

static void count_write(struct cache_stats *st, enum mem_class cls)
{
	if (cls == MEM_PTE)
		st->pte_writes++;
	else if (cls == MEM_KERNEL_RFO)
		st->kernel_stores++;
	else if (cls == MEM_COHERENCE)
		st->coherence_writes++;
	else
		st->stores++;
}

static void count_write_miss(struct cache_stats *st, enum mem_class cls)
{
	if (cls == MEM_PTE)
		st->pte_write_misses++;
	else if (cls == MEM_KERNEL_RFO)
		st->kernel_store_misses++;
	else if (cls == MEM_COHERENCE)
		st->coherence_write_misses++;
	else
		st->store_misses++;
}

static void tell_hit(const struct cache *c, u32 id, u64 now, u64 done, bool in_flight)
{
	if (explain_on())
		explain_hop(now, done, "%s hit, set %u way %u%s", mem_level_name[c->level],
			    tags_set(&c->tags, id), tags_way(&c->tags, id),
			    in_flight ? ", in flight" : "");
}

static void tell_miss(const struct cache *c, u32 set, u64 now)
{
	if (explain_on())
		explain_open(now, "%s miss, set %u", mem_level_name[c->level], set);
}

static void tell_filled(const struct cache *c, u32 id, u64 done)
{
	if (explain_on())
		explain_close(done, ", into way %u", tags_way(&c->tags, id));
}

/* For a request that counts there what it turns out. */
static void write_back(struct cache *c, struct cache_victim v, u64 *turns_out, u64 now)
{
	struct mem_req wb = { .pa = v.line << c->line_shift,
			      .bytes = 1u << c->line_shift,
			      .cls = MEM_RFO,
			      .dirty = true,
			      .kernels = v.kernels,
			      .turns_out = turns_out,
			      .service = c->serves };
	u64 taken;

	if (explain_on()) {
		explain_hop(now, now, "%s writes a dirty line back", mem_level_name[c->level]);
		explain_mute();
	}
	c->st.writebacks++;
	taken = port_write(c->below, &wb, now);
	if (unlikely(c->backlog))
		backlog_add(c->backlog, v.line, now, taken);
	if (explain_on())
		explain_unmute();
}

/*
 * The end of a victim: its bytes are written down if they are dirty, here or above an inclusive cache. Its
 * successor stands in its place already, so whatever this moves below finds that one here.
 */
static always_inline void send_down(struct cache *c, struct cache_victim v, u64 *turns_out, u64 now)
{
	if (v.line == TAG_NO_KEY)
		return;
	if (unlikely(c->inclusion == INCLUSION_INCLUSIVE) && cache_back_invalidate(c, v.line, now))
		v.state |= LINE_DIRTY;
	if (v.state & LINE_DIRTY)
		write_back(c, v, turns_out, now);
	if (unlikely(c->tells) && !cache_held_above(c, v.line, now))
		port_gone(c->below, v.line << c->line_shift, now);
}

void cache_evict(struct cache *c, u32 id, u64 now)
{
	struct cache_victim v = cache_take_out(c, id);

	tags_drop(&c->tags, id);
	c->state[id] = 0;
	send_down(c, v, NULL, now);
}

/*
 * The line is not where a request looks for it: the copy that another virtual address brought is given up
 * first, once it is there. Returns when.
 */
static u64 give_up_alias(struct cache *c, u64 line, u64 now)
{
	u32 id = cache_find_synonym(c, line);
	u64 from = now;

	if (id == TAG_MISS)
		return now;
	now = MAX(now, mshr_ready(&c->mshr, line, now));
	c->virtual.alias_evictions++;
	if (explain_on())
		explain_hop(from, now, "another address's copy is given up");
	cache_evict(c, id, now);
	return now;
}

static always_inline u64 end_alias(struct cache *c, u64 line, u64 now)
{
	return unlikely(c->index.aliases) ? give_up_alias(c, line, now) : now;
}

/* Which line of a set has to go for a request. */
static inline u32 victim_for(struct cache *c, u32 set, const struct mem_req *r)
{
	c->serves = cache_service_of(c, r);
	c->turns_out = r->turns_out;
	if (likely(!c->partition))
		return tags_victim(&c->tags, set);
	return tags_victim_among(&c->tags, set, c->partition->ways[c->serves]);
}

/* The same; of an inclusive cache none that is still on its way up, if it can be. */
static always_inline u32 choose_victim(struct cache *c, u32 set, const struct mem_req *r)
{
	u32 id = victim_for(c, set, r);

	if (likely(c->inclusion != INCLUSION_INCLUSIVE || r->cls != MEM_PREFETCH))
		return id;
	return cache_not_rising(c, id);
}

/* A dirty victim needs room in the write-back buffer. */
static u64 await_room(struct cache *c, u32 id, u64 now)
{
	u64 start = c->state[id] & LINE_DIRTY ? backlog_room(c->backlog, now) : now;

	if (explain_on() && start != now)
		explain_hop(now, start, "the write-back buffer is full");
	return start;
}

/*
 * A line that is still on its way down is had back. Below it is asked for all the same, so that those who
 * keep books there see it.
 */
static u64 take_back(struct cache *c, struct mem_req *r, u64 start, u64 ready)
{
	if (ready <= start + c->latency || !backlog_holds(c->backlog, r->pa >> c->line_shift, start))
		return ready;
	r->served = c->level;
	return start + c->latency;
}

/*
 * Reads the line from below into the set; an MSHR is free. Returns the cycle at which it is there, in flight
 * till then.
 */
static always_inline u64 bring_line(struct cache *c, struct mem_req *r, u32 *id, u64 start)
{
	u64 line = r->pa >> c->line_shift, ready;
	struct cache_place at = cache_place(c, r);
	struct mem_req below = { .pa = r->pa,
				 .bytes = r->bytes,
				 .cls = r->cls,
				 .ip = r->ip,
				 .kernels = r->kernels,
				 .turns_out = r->turns_out,
				 .service = cache_service_of(c, r) };
	struct cache_victim v;

	if (c->level == MEM_L1 && r->cls != MEM_KERNEL_FETCH) /* which L2 mostly has */
		port_expect(c->below, r->pa, false);
	*id = choose_victim(c, at.set, r);
	if (c->state[*id] & LINE_DIRTY && c->level != MEM_L1)
		port_expect(c->below, cache_line_number(c, *id) << c->line_shift, true);
	if (unlikely(c->backlog))
		start = await_room(c, *id, start);
	c->filling = line;
	ready = port_read(c->below, &below, start);
	c->filling = TAG_NO_KEY;
	if (unlikely(c->backlog))
		ready = take_back(c, &below, start, ready);
	v = cache_put_line(c, *id, r, at.key,
		     (below.shared ? LINE_SHARED : 0) | (below.dirty ? LINE_DIRTY : 0));
	send_down(c, v, r->turns_out, start);
	mshr_add(&c->mshr, line, start, ready);
	r->served = below.served;
	r->shared |= below.shared;
	return ready;
}

/* When an MSHR is free for a miss that begins now. */
static u64 wait_mshr(struct cache *c, struct mem_req *r, u64 now)
{
	u64 start = mshr_start(&c->mshr, now);

	c->st.mshr_waits += start != now;
	if (explain_on() && start != now)
		explain_hop(now, start, "no MSHR is free");
	r->mshr_wait = start - now;
	return start;
}

/* The same, with the wait for an MSHR. */
static u64 fetch_line(struct cache *c, struct mem_req *r, u32 *id, u64 now)
{
	u64 start = wait_mshr(c, r, end_alias(c, r->pa >> c->line_shift, now));

	return bring_line(c, r, id, start);
}

/* A miss of an exclusive level: the line goes by. */
static u64 pass_read(struct cache *c, struct mem_req *r, u64 now)
{
	u64 start = wait_mshr(c, r, now), wait = r->mshr_wait, ready = port_read(c->below, r, start);

	c->serves = r->service;
	c->turns_out = r->turns_out;
	mshr_add(&c->mshr, r->pa >> c->line_shift, start, ready);
	r->mshr_wait = wait;
	if (explain_on())
		explain_close(ready, ", the line goes by");
	return ready;
}

void cache_prefetch(struct cache *c, struct mem_req *r, u64 now, u64 start)
{
	u32 id;

	if (cache_find_pa(c, r->pa >> c->line_shift) != TAG_MISS) {
		c->st.prefetch_redundant++;
		return;
	}
	mshr_expire(&c->mshr, now);
	if (c->mshr.n + prefetch_reserve(c->prefetch) >= c->mshr.cap) {
		c->st.prefetch_dropped++;
		return;
	}
	c->st.prefetch_issued++;
	bring_line(c, r, &id, start);
	c->state[id] |= LINE_PREFETCHED;
	cache_renewed(c, id);
}

/* Whether it is the first use of a line that a prefetch brought; counts it. late: it waits for the line. */
static always_inline bool first_use(struct cache *c, u32 id, bool late)
{
	if (likely(!(c->state[id] & LINE_PREFETCHED)))
		return false;
	c->state[id] &= (u8)~LINE_PREFETCHED;
	c->st.prefetch_useful++;
	c->st.prefetch_late += late;
	return true;
}

static always_inline u64 load(struct cache *c, struct mem_req *r, u64 now, bool prefetches)
{
	struct cache_place at = cache_place(c, r);
	u32 id = tags_find(&c->tags, at.set, at.key);
	u64 done;
	bool in_flight = true, miss = id == TAG_MISS, first = false;

	if (likely(!miss)) {
		tags_touch(&c->tags, id);
		done = cache_hit_time(c, r, now, &in_flight);
		first = prefetches && first_use(c, id, done > now + c->latency);
		if (unlikely(c->way.utag))
			done = cache_predict_way(c, id, r, now, done);
		tell_hit(c, id, now, done, in_flight);
		if (unlikely(c->state[id] & LINE_SHARED || c->inclusion == INCLUSION_EXCLUSIVE))
			done = cache_load_special(c, r, id, done, now);
	} else if (unlikely(c->inclusion == INCLUSION_EXCLUSIVE)) {
		count_miss(&c->st, r->cls);
		tell_miss(c, at.set, now);
		done = pass_read(c, r, now);
	} else {
		count_miss(&c->st, r->cls);
		tell_miss(c, at.set, now);
		done = fetch_line(c, r, &id, now);
		tell_filled(c, id, done);
	}
	cache_renewed(c, id);
	if (prefetches)
		prefetch_after(c, r, miss, first, now);
	return done;
}

static noinline u64 load_and_prefetch(struct cache *c, struct mem_req *r, u64 now)
{
	return load(c, r, now, true);
}

u64 cache_load(struct cache *c, struct mem_req *r, u64 now)
{
	return unlikely(c->prefetch) ? load_and_prefetch(c, r, now) : load(c, r, now, false);
}

/* Sends a write on at its own size. It is done when the level below has it: until then somebody holds it. */
static u64 write_below(struct cache *c, const struct mem_req *r, u64 now)
{
	struct mem_req below = *r;
	u64 done;

	below.service = cache_service_of(c, r);
	if (explain_on()) {
		explain_hop(now, now, "%s sends the write on", mem_level_name[c->level]);
		explain_mute();
	}
	done = port_write(c->below, &below, now);
	if (explain_on())
		explain_unmute();
	return MAX(done, now + c->latency);
}

/* This level is done with the write at cycle `done`; when all is. */
static u64 write_through(struct cache *c, const struct mem_req *r, u64 done, u64 now)
{
	u64 below = write_below(c, r, now);

	if (explain_on() && below > done)
		explain_hop(done, below, "%s waits until the level below has it", mem_level_name[c->level]);
	return MAX(done, below);
}

static u64 store_past(struct cache *c, const struct mem_req *r, u64 now)
{
	u64 begin = end_alias(c, r->pa >> c->line_shift, now);

	if (explain_on())
		explain_hop(begin, begin + c->latency, "%s miss, not allocated", mem_level_name[c->level]);
	return write_through(c, r, begin + c->latency, begin);
}

/* A whole line is written over what a prefetch brought: that was for nothing. */
static bool store_uses(struct cache *c, const struct mem_req *r, u32 id, bool late)
{
	if (likely(!(c->state[id] & LINE_PREFETCHED)))
		return false;
	if (r->bytes != 1u << c->line_shift)
		return first_use(c, id, late);
	c->state[id] &= (u8)~LINE_PREFETCHED;
	c->st.prefetch_useless++;
	return false;
}

static u64 store_hit(struct cache *c, struct mem_req *r, u32 id, u64 now)
{
	bool in_flight, first;
	u64 done;

	tags_touch(&c->tags, id);
	done = cache_hit_time(c, r, now, &in_flight);
	first = store_uses(c, r, id, done > now + c->latency);
	if (unlikely(c->way.utag))
		done = cache_predict_way(c, id, r, now, done);
	tell_hit(c, id, now, done, in_flight);
	if (c->write_through)
		done = write_through(c, r, done, now);
	else
		done = cache_make_dirty(c, r, id, done, now);
	cache_renewed(c, id);
	if (unlikely(c->prefetch && c->level == MEM_L1))
		prefetch_after(c, r, false, first, now);
	return done;
}

u64 cache_put(struct cache *c, const struct mem_req *r, u8 state, u32 *id, u64 now)
{
	struct cache_place at = cache_place(c, r);

	*id = victim_for(c, at.set, r);
	if (unlikely(c->backlog))
		now = await_room(c, *id, now);
	send_down(c, cache_put_line(c, *id, r, at.key, state), r->turns_out, now);
	return now;
}

u64 cache_allocate(struct cache *c, struct mem_req *r, u32 *id, u64 now)
{
	now = end_alias(c, r->pa >> c->line_shift, now);
	now = cache_put(c, r, 0, id, now);
	r->served = c->level;
	r->mshr_wait = 0;
	if (unlikely(c->needs && !r->dirty))
		return cache_own_line(c, r, *id, now + c->latency, now);
	return now + c->latency;
}

u64 cache_store(struct cache *c, struct mem_req *r, u64 now)
{
	struct cache_place at = cache_place(c, r);
	u32 id = tags_find(&c->tags, at.set, at.key);
	u64 done;
	bool whole = r->bytes == 1u << c->line_shift;

	if (likely(id != TAG_MISS))
		return store_hit(c, r, id, now);
	count_write_miss(&c->st, r->cls);
	r->served = c->level;
	r->mshr_wait = 0;
	if (!c->allocate)
		return store_past(c, r, now);
	r->cls = cache_asks_as(r->cls);
	tell_miss(c, at.set, now);
	done = whole ? cache_allocate(c, r, &id, now) : fetch_line(c, r, &id, now);
	tell_filled(c, id, done);
	if (c->write_through)
		done = write_through(c, r, done, now);
	else
		done = cache_make_dirty(c, r, id, done, now);
	cache_renewed(c, id);
	if (unlikely(c->prefetch && c->level == MEM_L1))
		prefetch_after(c, r, true, false, now);
	return done;
}

/* Requests that come through the port take one of the level's ports. */
static always_inline u64 take_port(struct cache *c, const struct mem_req *r, u32 bytes, u64 now)
{
	u64 start;

	if (likely(!c->backlog))
		return now;
	start = backlog_port(c->backlog, bytes, now);
	if (explain_on() && start != now)
		explain_hop(now, start, "%s has no free port", mem_level_name[c->level]);
	return start;
}

static u64 port_load(struct port *p, struct mem_req *r, u64 now)
{
	struct cache *c = container_of(p, struct cache, port);

	count_access(&c->st, r->cls);
	return cache_load(c, r, take_port(c, r, 1u << c->line_shift, now));
}

static u64 port_store(struct port *p, const struct mem_req *r, u64 now)
{
	struct cache *c = container_of(p, struct cache, port);
	struct mem_req req = *r;

	count_write(&c->st, r->cls);
	return cache_store(c, &req, take_port(c, r, r->bytes, now));
}

/* A line comes into a set: the one that goes for it is written down. */
static void expect_victim(struct cache *c, u32 set)
{
	u32 id = tags_victim_to_be(&c->tags, set);

	if (id != TAG_MISS && c->state[id] & LINE_DIRTY)
		port_expect(c->below, cache_line_number(c, id) << c->line_shift, true);
}

void cache_expect_store(struct cache *c, u64 pa)
{
	expect_victim(c, cache_set(c, pa >> c->line_shift));
}

/* What a large level keeps of a set's lines beside that. */
static always_inline void expect_set(const struct cache *c, u32 set)
{
	u32 id = set << c->tags.way_shift;

	if (c->tags.ways > 8)
		__builtin_prefetch(&c->tags.key[id + 8]);
	__builtin_prefetch(&c->tags.used[set]);
	__builtin_prefetch(&c->state[id], 1);
	__builtin_prefetch(&c->kernels[id / 64], 1);
}

/* Sets of L2 fit into the host's caches; its victims lie anywhere in the level below. */
static void port_await(struct port *p, u64 pa, bool write)
{
	struct cache *c = container_of(p, struct cache, port);
	u32 set = cache_set(c, pa >> c->line_shift);

	if (write && c->level == MEM_L2)
		expect_victim(c, set);
	else
		tags_expect(&c->tags, set);
	if (write && c->level > MEM_L2)
		expect_set(c, set);
	if (!write)
		port_expect(c->below, pa, false);
}

const struct port_ops cache_port_ops = { port_load, port_store, port_await, cache_port_upgrade,
					 cache_port_gone };

/*
 * Where a hit moves nothing, or only a time, a row holds while its line is there; where it moves an order,
 * while its line is the newest. Of lines that age at a hit nothing is told.
 */
static void add_hot(struct cache *c, bool off)
{
	const struct tags *t = &c->tags;
	enum tag_hit changes = tags_hit_changes(t);

	c->hot = aligned_alloc(64, (sizeof(*c->hot) + 63) & ~(size_t)63);
	if (!c->hot)
		fail("out of host memory: %zu bytes were asked for", sizeof(*c->hot));
	hot_init(c->hot, tags_ids(t), t->used_at, changes == TAG_HIT_ORDER ? t->sets : 0, c->line_shift,
		 off || changes == TAG_HIT_AGES);
}

static void add_hash(struct cache *c, const struct cache_cfg *cfg)
{
	c->hashed = cfg->slices > 1 || cfg->set_hash != SET_HASH_NONE;
	c->hash = (struct set_hash){ .bits = log2_ceil(c->set_mask + 1u),
				     .slices = cfg->slices,
				     .kind = cfg->set_hash,
				     .slice_kind = cfg->slice_hash,
				     .line_shift = c->line_shift };
}

void cache_init(struct cache *c, const struct cache_params *p)
{
	const struct cache_cfg *cfg = p->cfg;
	u32 sets = (u32)(cfg->size / cfg->line / cfg->ways);

	*c = (struct cache){ 0 };
	c->set_mask = sets / cfg->slices - 1;
	c->line_shift = log2_floor(cfg->line);
	add_hash(c, cfg);
	c->latency = time_to_cycles(cfg->latency, p->hz);
	c->write_through = cfg->write == WRITE_THROUGH;
	c->allocate = cfg->allocate;
	c->level = p->level;
	c->below = p->below;
	c->inclusion = cfg->inclusion;
	c->needs = p->needs;
	c->coherent = p->needs & NEEDS_DIRECTORY;
	c->tells = p->needs & (NEEDS_DIRECTORY | NEEDS_EXCLUSIVE);
	c->above.ops = &cache_above_ops;
	c->filling = TAG_NO_KEY;
	c->mshr.cap = cfg->mshrs;
	c->partition = partition_new(cfg->classes, cfg->ways);
	c->backlog = backlog_new(cfg, &c->mshr);
	c->port.ops = &cache_port_ops;
	tags_init(&c->tags, sets, cfg->ways, cfg->replacement, p->seed, p->name);
	if (cfg->slices > 1) /* by the highest bits: a slice's lines would all look alike */
		c->tags.sig_shift = 48;
	c->state = xcalloc(tags_ids(&c->tags), 1);
	c->kernels = xcalloc(tags_ids(&c->tags) / 64 + 1, sizeof(*c->kernels));
	c->prefetch = prefetch_new(&cfg->prefetch, cfg->prefetcher, p->level, c->line_shift);
	c->fresh = c->prefetch && prefetch_sees_hits(c->prefetch) ? LINE_WATCHED : 0;
	if (p->level == MEM_L1) {
		cache_init_virtual(c, p);
		add_hot(c, !p->shortcut || c->fresh);
	}
}

void cache_fini(struct cache *c)
{
	tags_fini(&c->tags);
	if (c->hot)
		hot_fini(c->hot);
	free(c->hot);
	cache_fini_virtual(c);
	backlog_free(c->backlog);
	free(c->partition);
	free(c->state);
	free(c->kernels);
	prefetch_free(c->prefetch);
}

void cache_copy_back(struct cache *c, u64 now)
{
	u32 set, n, id;

	for (set = 0; set < c->tags.sets; set++) {
		for (n = 0; n < c->tags.ways; n++) {
			id = tags_by_age(&c->tags, set, n);
			if (c->state[id] & LINE_DIRTY)
				write_back(c, (struct cache_victim){ .line = cache_line_number(c, id) }, NULL,
					   now);
			c->state[id] &= (u8)~LINE_DIRTY;
		}
	}
	if (c->hot)
		hot_clear(c->hot);
}

void cache_state(struct cache *c, struct state *s, const char *owner)
{
	u32 n = tags_ids(&c->tags);

	tags_state(&c->tags, s, owner);
	state_add(s, owner, "state", c->state, n);
	state_add(s, owner, "kernels", c->kernels, (n / 64 + 1) * sizeof(*c->kernels));
	state_add(s, owner, "stats", &c->st, sizeof(c->st));
	state_add(s, owner, "virtual", &c->virtual, sizeof(c->virtual));
	if (c->hot && c->hot->newest)
		state_add(s, owner, "newest", c->hot->newest, c->tags.sets * sizeof(*c->hot->newest));
	if (c->index.line) {
		state_add(s, owner, "lines", c->index.line, n * sizeof(*c->index.line));
		state_add(s, owner, "grants", c->index.grants, n);
	}
	if (c->way.utag)
		state_add(s, owner, "utag", c->way.utag, n * sizeof(*c->way.utag));
	if (c->prefetch)
		prefetch_state(c->prefetch, s, owner);
}

void cache_each(const struct cache *c, cache_line_fn fn, void *arg)
{
	u32 set, n, id;

	for (n = 0; n < c->tags.ways; n++) {
		for (set = 0; set < c->tags.sets; set++) {
			id = tags_by_age(&c->tags, set, n);
			if (c->tags.key[id] != TAG_NO_KEY)
				fn(arg, cache_line_number(c, id) << c->line_shift, c->state[id] & LINE_DIRTY);
		}
	}
}

void cache_stats_add(const struct cache *c, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, cache_table, &c->st);
	if (c->backlog)
		backlog_stats_add(c->backlog, s, prefix);
	if (c->level == MEM_L1)
		cache_stats_add_virtual(c, s, prefix);
}
