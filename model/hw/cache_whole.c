#include "model/hw/cache_whole.h"

#include "model/hw/cache_parts.h"
#include "model/hw/tag_ops.h"
#include "model/sim/explain.h"

/* A write of a whole line finds it here or puts it here, and only a dirty victim goes further. */
static bool is_simple(const struct cache *c)
{
	return !c->needs && c->inclusion == INCLUSION_NONE && c->allocate && !c->write_through &&
	       !c->backlog && !c->partition;
}

bool cache_takes_whole(const struct cache *c)
{
	return is_simple(c) && !c->index.vivt && !c->index.aliases && !c->way.utag && !c->prefetch &&
	       !explain_on();
}

static always_inline void add_victim(struct cache_down *d, struct cache_victim v, u64 at)
{
	if (v.line == TAG_NO_KEY || !(v.state & LINE_DIRTY))
		return;
	d->line[d->n] = v.line;
	d->at[d->n] = at;
	d->kernels[d->n++] = v.kernels;
}

/* ---- the first level ---- */

static always_inline u32 first_level_set(const struct cache *c, const struct mem_req *r, u32 i)
{
	return ((u32)(index_address(&c->index, r->pa, r->skew) >> c->line_shift) + i) & c->set_mask;
}

u32 cache_absent(const struct cache *c, const struct mem_req *r, u32 n)
{
	u64 line = r->pa >> c->line_shift;
	u32 i;

	for (i = 0; i < n; i++)
		if (tags_find(&c->tags, first_level_set(c, r, i), line + i) != TAG_MISS)
			break;
	return i;
}

/*
 * The lines of cache_put_whole() where times of last use tell the victim: all that tags_victim(), tags_put()
 * and cache_put_line() would do. Returns how many lines of programs went.
 */
static always_inline u64 put_by_time(struct cache *c, const struct mem_req *r, u32 n, const u64 *at,
				     struct cache_down *d, u32 ways)
{
	u64 *key = c->tags.key, *used_at = c->tags.used_at, clock = *c->tags.clock, turned_out = 0, gone = 0;
	u64 line = r->pa >> c->line_shift;
	u32 i, m = d->n;

	for (i = 0; i < n; i++) {
		u32 set = first_level_set(c, r, i), base = set << c->tags.way_shift;
		u32 way = tag_oldest_of(&used_at[base], ways), id = base + way;
		u64 old = key[id], there = old != TAG_NO_KEY;
		bool kernels = cache_is_kernels(c, id);

		d->line[m] = old;
		d->at[m] = at[i];
		d->kernels[m] = kernels;
		m += there & (c->state[id] & LINE_DIRTY);
		gone += there;
		turned_out += there & !kernels;
		hot_end_line(c->hot, id);
		if (unlikely(kernels != r->kernels))
			c->kernels[id / 64] ^= 1ull << id % 64;
		if (unlikely(!there))
			c->tags.used[set]++;
		key[id] = line + i;
		c->tags.row[set].sig[way] = tag_sig(&c->tags, line + i);
		used_at[id] = ++clock;
		c->state[id] = LINE_DIRTY;
	}
	*c->tags.clock = clock;
	c->st.evictions += gone;
	d->n = m;
	return turned_out;
}

/* The same for any other policy. */
static noinline u64 put_by_policy(struct cache *c, const struct mem_req *r, u32 n, const u64 *at,
				  struct cache_down *d)
{
	u64 line = r->pa >> c->line_shift, turned_out = 0;
	struct cache_victim v;
	u32 i, id;

	for (i = 0; i < n; i++) {
		id = tags_victim(&c->tags, first_level_set(c, r, i));
		v = cache_take_out(c, id);
		turned_out += v.line != TAG_NO_KEY && !v.kernels;
		if (cache_is_kernels(c, id) != r->kernels)
			c->kernels[id / 64] ^= 1ull << id % 64;
		tags_put(&c->tags, id, line + i);
		c->state[id] = LINE_DIRTY;
		add_victim(d, v, at[i]);
		cache_renewed(c, id);
	}
	return turned_out;
}

void cache_put_whole(struct cache *c, const struct mem_req *r, u32 n, const u64 *at, struct cache_down *d)
{
	bool by_time = c->tags.by_time && c->tags.policy == TAGS_LRU && !c->hot->newest;
	u64 turned_out;

	if (d->n + n > CACHE_DOWN)
		cache_send_down(c, d);
	c->st.kernel_store_misses += n;
	c->st.fills += n;
	c->serves = d->service = cache_service_of(c, r);
	c->turns_out = d->turns_out = r->turns_out;
	if (by_time && c->tags.ways == 12)
		turned_out = put_by_time(c, r, n, at, d, 12);
	else if (by_time && c->tags.ways == 8)
		turned_out = put_by_time(c, r, n, at, d, 8);
	else
		turned_out = put_by_policy(c, r, n, at, d);
	if (r->turns_out)
		*r->turns_out += turned_out;
}

/* ---- the levels below ---- */

/* The cache that takes what leaves this one; NULL: it wants each line for itself, or is none. */
static struct cache *simple_below(const struct cache *c)
{
	struct cache *below = container_of(c->below, struct cache, port);

	if (c->below->ops != &cache_port_ops || !is_simple(below) || below->line_shift != c->line_shift)
		return NULL;
	return below;
}

static void send_each(struct cache *c, const struct cache_down *d)
{
	u32 i;

	for (i = 0; i < d->n; i++) {
		struct mem_req r = { .pa = d->line[i] << c->line_shift,
				     .bytes = 1u << c->line_shift,
				     .cls = MEM_RFO,
				     .dirty = true,
				     .kernels = d->kernels[i],
				     .turns_out = d->turns_out,
				     .service = d->service };

		port_write(c->below, &r, d->at[i]);
	}
}

/*
 * The host fetches what is looked at first of a set, and later what the line that has to go there has. All at
 * once would be more than its caches fetch at a time.
 */
static always_inline void expect_row(const struct cache *c, u32 set)
{
	__builtin_prefetch(&c->tags.row[set]);
	__builtin_prefetch(&c->tags.used[set], 1);
}

static always_inline void expect_line(struct cache *c, u32 set)
{
	u32 id = tags_victim_to_be(&c->tags, set);

	if (id == TAG_MISS)
		return;
	__builtin_prefetch(&c->tags.key[id], 1);
	__builtin_prefetch(&c->state[id], 1);
	__builtin_prefetch(&c->kernels[id / 64], 1);
}

/* As cache_store() of a line that is there. */
static always_inline void write_over(struct cache *c, u32 id, u64 line, u64 now)
{
	if (c->tags.tree)
		tag_tree_touch(&c->tags, id);
	else
		tags_touch(&c->tags, id);
	if (unlikely(mshr_any(&c->mshr, now)))
		c->st.pending_hits += mshr_ready(&c->mshr, line, now) > now;
	c->st.prefetch_useless += (c->state[id] & LINE_PREFETCHED) != 0;
	c->state[id] = (c->state[id] & (u8)~LINE_PREFETCHED) | LINE_DIRTY;
}

/* As cache_store() of one that is not: d->line[i] comes in, what goes is put at the end of `out`. */
static always_inline void put_in(struct cache *c, const struct cache_down *d, u32 i, u32 set,
				 struct cache_down *out)
{
	struct mem_req r = { .kernels = d->kernels[i], .turns_out = d->turns_out };
	u32 id = tags_victim(&c->tags, set);

	c->st.store_misses++;
	add_victim(out, cache_replace(c, id, &r, d->line[i], LINE_DIRTY), d->at[i]);
}

/* Lines ahead of which a set's row, and what else is looked at, is fetched. */
#define ROWS_AHEAD  24u
#define LINES_AHEAD 12u

static always_inline void expect(struct cache *c, const u32 *set, u32 i, u32 n)
{
	if (i + ROWS_AHEAD < n)
		expect_row(c, set[i + ROWS_AHEAD]);
	if (i + LINES_AHEAD < n)
		expect_line(c, set[i + LINES_AHEAD]);
}

/* Sets of L2 fit into the host's caches. */
static void expect_first(struct cache *c, const u32 *set, u32 n)
{
	u32 i;

	for (i = 0; i < MIN(n, ROWS_AHEAD); i++)
		expect_row(c, set[i]);
	for (i = 0; i < MIN(n, LINES_AHEAD); i++)
		expect_line(c, set[i]);
}

/* Victims take the room of the lines for which they go. */
static void take_all(struct cache *c, struct cache_down *d)
{
	u32 set[CACHE_DOWN], i, id, n = d->n;
	bool large = c->level > MEM_L2 && !c->tags.wide;

	for (i = 0; i < n; i++)
		set[i] = cache_set(c, d->line[i]);
	if (large)
		expect_first(c, set, n);
	c->st.stores += n;
	c->serves = d->service;
	c->turns_out = d->turns_out;
	for (i = d->n = 0; i < n; i++) {
		if (large)
			expect(c, set, i, n);
		id = tags_find(&c->tags, set[i], d->line[i]);
		if (id != TAG_MISS)
			write_over(c, id, d->line[i], d->at[i]);
		else
			put_in(c, d, i, set[i], d);
	}
}

void cache_send_down(struct cache *c, struct cache_down *d)
{
	struct cache *below;

	for (; d->n; c = below) {
		c->st.writebacks += d->n;
		below = simple_below(c);
		if (!below)
			break;
		take_all(below, d);
	}
	if (d->n)
		send_each(c, d);
	d->n = 0;
}
