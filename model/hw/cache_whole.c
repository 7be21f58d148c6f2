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

static u32 first_set(const struct cache *c, const struct mem_req *r)
{
	return (u32)(index_address(&c->index, r->pa, r->skew) >> c->line_shift);
}

u32 cache_absent(const struct cache *c, const struct mem_req *r, u32 n)
{
	u32 set = first_set(c, r), i;
	u64 line = r->pa >> c->line_shift;

	for (i = 0; i < n; i++)
		if (tags_find(&c->tags, (set + i) & c->set_mask, line + i) != TAG_MISS)
			break;
	return i;
}

/* The line that is the oldest, of as many sets as there are lines, by times of last use. */
static always_inline void find_oldest(const struct cache *c, u32 set, u32 n, u32 *id, u32 ways, bool by_four)
{
	const u64 *used_at = c->tags.used_at;
	u32 i, base, shift = c->tags.way_shift, mask = c->set_mask;

	for (i = 0; i < n; i++) {
		base = ((set + i) & mask) << shift;
		id[i] = base + (by_four ? tag_oldest_by_four(&used_at[base], ways) :
					  tag_oldest_of(&used_at[base], ways));
	}
}

static noinline void find_oldest_of(const struct cache *c, u32 set, u32 n, u32 *id)
{
	if (c->tags.ways == 12)
		find_oldest(c, set, n, id, 12, false);
	else
		find_oldest(c, set, n, id, c->tags.ways, false);
}

#ifdef __x86_64__
/* The same in a third of the instructions, on hosts that have AVX2. */
__attribute__((target("avx2"))) static noinline bool find_by_four(const struct cache *c, u32 set, u32 n,
								  u32 *id)
{
	if (c->tags.ways == 12)
		find_oldest(c, set, n, id, 12, true);
	else if (c->tags.ways == 8)
		find_oldest(c, set, n, id, 8, true);
	else
		return false;
	return true;
}

static bool find_oldest_quickly(const struct cache *c, u32 set, u32 n, u32 *id)
{
	return __builtin_cpu_supports("avx2") && find_by_four(c, set, n, id);
}
#else
static bool find_oldest_quickly(const struct cache *c, u32 set, u32 n, u32 *id)
{
	return false;
}
#endif

/* Line `id` is the kernel's from now on. Whether a program's, number `old`, has gone for that. */
static noinline bool take_over(struct cache *c, u32 id, u64 old)
{
	c->kernels[id / 64] |= 1ull << id % 64;
	return old != TAG_NO_KEY;
}

/* A place is filled for the first time. */
static noinline u32 fill_empty(struct cache *c, u32 id)
{
	c->tags.used[tags_set(&c->tags, id)]++;
	return 1;
}

/*
 * Lines from number `line` on come into the places id[], and those that were there go, if they are dirty
 * down. Each place is looked at once for all that is kept of it. Returns how many lines of programs went.
 */
static u32 put_at(struct cache *c, u64 line, u32 n, const u32 *id, const u64 *at, struct cache_down *d)
{
	u64 *const key = c->tags.key, *const used_at = c->tags.used_at, *const kernels = c->kernels;
	u32 shift = c->tags.way_shift, ways = (1u << shift) - 1, m = d->n, turned_out = 0, empty = 0, i;
	struct tag_row *const row = c->tags.row;
	struct hot_lines *const hot = c->hot;
	u64 clock = *c->tags.clock + 1;
	u8 *const state = c->state;

	for (i = 0; i < n; i++) {
		const u32 x = id[i];
		const u64 old = key[x];

		d->line[m] = old;
		d->at[m] = at[i];
		d->kernels[m] = kernels[x / 64] >> x % 64 & 1;
		if (unlikely(!d->kernels[m]))
			turned_out += take_over(c, x, old);
		if (unlikely(old == TAG_NO_KEY))
			empty += fill_empty(c, x);
		m += state[x] & LINE_DIRTY;
		hot_end_line(hot, x);
		key[x] = line + i;
		row[x >> shift].sig[x & ways] = tag_sig(&c->tags, line + i);
		used_at[x] = clock + i;
		state[x] = LINE_DIRTY;
	}
	d->n = m;
	*c->tags.clock += n;
	c->st.evictions += n - empty;
	return turned_out;
}

/*
 * The lines of cache_put_whole() where times of last use tell the victim and each line has a set of its own:
 * all that tags_victim(), tags_put() and cache_put_line() would do. Returns how many lines of programs went.
 */
static u32 put_by_time(struct cache *c, const struct mem_req *r, u32 n, const u64 *at,
		       struct cache_down *d)
{
	u32 id[CACHE_DOWN], set = first_set(c, r);

	if (!find_oldest_quickly(c, set, n, id))
		find_oldest_of(c, set, n, id);
	return put_at(c, r->pa >> c->line_shift, n, id, at, d);
}

/* The same for any other policy. */
static noinline u32 put_by_policy(struct cache *c, const struct mem_req *r, u32 n, const u64 *at,
				  struct cache_down *d)
{
	u32 first = first_set(c, r), turned_out = 0, i, id;
	u64 line = r->pa >> c->line_shift;
	struct cache_victim v;

	for (i = 0; i < n; i++) {
		id = tags_victim(&c->tags, (first + i) & c->set_mask);
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
	bool by_time = c->tags.by_time && c->tags.policy == TAGS_LRU && !c->tags.wide && n <= c->tags.sets;
	u32 turned_out;

	if (d->n + n > CACHE_DOWN)
		cache_send_down(c, d);
	c->st.kernel_store_misses += n;
	c->st.fills += n;
	c->serves = d->service = cache_service_of(c, r);
	c->turns_out = d->turns_out = r->turns_out;
	if (by_time)
		turned_out = put_by_time(c, r, n, at, d);
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
static always_inline void write_over(struct cache *c, u32 id, u64 line, u64 now, bool in_flight)
{
	u8 *state = &c->state[id];

	if (c->tags.tree)
		tag_tree_touch(&c->tags, id);
	else
		tags_touch(&c->tags, id);
	if (unlikely(in_flight))
		c->st.pending_hits += mshr_ready(&c->mshr, line, now) > now;
	if (unlikely(*state & LINE_PREFETCHED)) {
		c->st.prefetch_useless++;
		*state &= (u8)~LINE_PREFETCHED;
	}
	*state |= LINE_DIRTY;
}

/* As cache_store() of one that is not: d->line[i] comes in, what goes is put at the end of `d`. */
static noinline void put_in(struct cache *c, struct cache_down *d, u32 i, u32 set)
{
	struct mem_req r = { .kernels = d->kernels[i], .turns_out = d->turns_out };
	u32 id = tags_victim(&c->tags, set);

	c->st.store_misses++;
	add_victim(d, cache_replace(c, id, &r, d->line[i], LINE_DIRTY), d->at[i]);
}

static always_inline void take_line(struct cache *c, struct cache_down *d, u32 i, u32 set, bool in_flight)
{
	u32 id = tags_find(&c->tags, set, d->line[i]);

	if (id != TAG_MISS)
		write_over(c, id, d->line[i], d->at[i], in_flight);
	else
		put_in(c, d, i, set);
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

/* A level whose sets the host's caches do not hold. */
static void take_all_far(struct cache *c, struct cache_down *d, u32 n, bool in_flight)
{
	u32 set[CACHE_DOWN], i;

	for (i = 0; i < n; i++)
		set[i] = cache_set(c, d->line[i]);
	expect_first(c, set, n);
	for (i = 0; i < n; i++) {
		expect(c, set, i, n);
		take_line(c, d, i, set[i], in_flight);
	}
}

/* Any other. */
static void take_all_near(struct cache *c, struct cache_down *d, u32 n, bool in_flight)
{
	u32 i;

	for (i = 0; i < n; i++)
		take_line(c, d, i, cache_set(c, d->line[i]), in_flight);
}

/* Victims take the room of the lines for which they go. */
static void take_all(struct cache *c, struct cache_down *d)
{
	bool in_flight = mshr_any(&c->mshr, d->at[0]);
	u32 n = d->n;

	c->st.stores += n;
	c->serves = d->service;
	c->turns_out = d->turns_out;
	d->n = 0;
	if (c->level > MEM_L2 && !c->tags.wide)
		take_all_far(c, d, n, in_flight);
	else
		take_all_near(c, d, n, in_flight);
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
