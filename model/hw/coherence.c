#include "model/hw/coherence.h"

#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/base/map64.h"
#include "model/hw/numa.h"
#include "model/hw/sharing.h"

#define AT(field) offsetof(struct coherence_cfg, field)

/*
 * The defaults are guesses. Intel's optimization manual gives for Sandy Bridge a line in the L3 26 to 31
 * cycles, clean in another core's cache 43, dirty there 60; the defaults add as much to the default L3's 70.
 * The far ones are about a remote socket's or another core complex's cache at 3 GHz.
 */
const struct opt coherence_opts[] = {
	{ "transfer", OPT_TIME, AT(transfer), "105", 0, 0, "cycles or time",
	  "load-to-use of a line from another core's cache, from the start", NULL },
	{ "probe", OPT_TIME, AT(probe), "85", 0, 0, "cycles or time",
	  "until other cores have answered for a line, from the start", NULL },
	{ "far_transfer", OPT_TIME, AT(far_transfer), "110ns", 0, 0, "cycles or time",
	  "the same as transfer where caches meet above DRAM; between nodes the way comes on top", NULL },
	{ "far_probe", OPT_TIME, AT(far_probe), "90ns", 0, 0, "cycles or time",
	  "the same as probe where caches meet above DRAM; between nodes the way comes on top", NULL },
	{ "forward", OPT_BOOL, AT(forward), "no", 0, 0, NULL,
	  "a clean line comes from the cache that holds it too, not from the level below", NULL },
	{ 0 },
};

#define STAT_STRUCT struct directory_stats
static const struct stat_desc directory_table[] = { DIRECTORY_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

#define MAX_ABOVE 2u /* first levels for instructions and for data */

struct child {
	struct port port;
	struct directory *dir;
	struct port *below;
	u32 id, node;
	struct above *above[MAX_ABOVE];
	u32 n_above;
};

struct directory {
	struct above above;
	struct directory_params p;
	u32 line_shift;
	struct map64 holders; /* by line: a bit a child */
	struct map64 lost;    /* by line and child: the bytes of the write that took the line */
	struct directory_stats st;
	struct child child[];
};

static u64 bit_of(const struct child *ch)
{
	return 1ull << ch->id;
}

static u64 holders_of(const struct directory *d, u64 line)
{
	const u64 *holders = map64_find(&d->holders, line);

	return holders ? *holders : 0;
}

static void set_holders(struct directory *d, u64 line, u64 holders)
{
	if (holders)
		map64_set(&d->holders, line, holders);
	else if (map64_find(&d->holders, line))
		map64_remove(&d->holders, line);
}

static u32 ask(const struct child *ch, u64 pa, enum probe what, u64 now)
{
	u32 answer = 0, i;

	for (i = 0; i < ch->n_above; i++)
		answer |= above_probe(ch->above[i], pa, what, now);
	return answer;
}

#define for_each_holder(i, left) \
	for (; left && ((i) = (u32)__builtin_ctzll(left), true); left &= left - 1)

static u32 ask_all(struct directory *d, u64 holders, u64 pa, enum probe what, u64 now)
{
	u32 answer = 0, a, i;

	for_each_holder(i, holders) {
		a = ask(&d->child[i], pa, what, now);
		ASSERT(a & PROBE_FOUND);
		answer |= a;
	}
	return answer;
}

/* What was lost to which write. */

static u64 lost_key(const struct directory *d, u64 line, u32 child)
{
	return line * DIRECTORY_MAX_CHILDREN + child;
}

static void note_losers(struct directory *d, u64 losers, const struct mem_req *r)
{
	u64 line = r->pa >> d->line_shift, first = r->pa & (d->p.line - 1);
	u32 i;

	for_each_holder(i, losers)
		map64_set(&d->lost, lost_key(d, line, i), first << 32 | MAX(r->bytes, 1u));
}

/* A child misses a line: whether it is because another wrote it. */
static void note_miss(struct directory *d, const struct child *ch, const struct mem_req *r)
{
	u64 line = r->pa >> d->line_shift, first = r->pa & (d->p.line - 1), key = lost_key(d, line, ch->id);
	const u64 *taken = map64_find(&d->lost, key);
	bool overlap;

	if (!taken)
		return;
	overlap = first < (*taken >> 32) + (u32)*taken && *taken >> 32 < first + MAX(r->bytes, 1u);
	map64_remove(&d->lost, key);
	if (r->cls == MEM_PREFETCH)
		return;
	d->st.true_sharing += overlap;
	d->st.false_sharing += !overlap;
	sharing_count(d->p.sharing, line, overlap);
}

/* Downwards. */

static void write_down(struct child *owner, u64 pa, u64 now)
{
	struct directory *d = owner->dir;
	struct mem_req wb = { .pa = pa & ~(u64)(d->p.line - 1), .bytes = d->p.line,
			      .cls = MEM_COHERENCE, .dirty = true };

	d->st.writebacks++;
	port_write(owner->below, &wb, now);
}

/* Of children of which one has dirty bytes, or could have: nobody else then holds the line. */
static struct child *owner_of(struct directory *d, u64 holders)
{
	return &d->child[__builtin_ctzll(holders)];
}

/* Every copy of the others goes, for the write r; dirty bytes are written down. What they answered. */
static u32 drop_others(struct directory *d, u64 others, const struct mem_req *r, u64 now)
{
	u32 answer = ask_all(d, others, r->pa, PROBE_DROP, now);

	d->st.invalidations += (u64)__builtin_popcountll(others);
	note_losers(d, others, r);
	if (answer & PROBE_DIRTY)
		write_down(owner_of(d, others), r->pa, now);
	return answer;
}

/* A child that holds the line alone is to share it; one of several does already. */
static u32 share_with(struct directory *d, u64 others, bool alone, const struct mem_req *r, u64 now)
{
	u32 answer;

	if (!alone)
		return 0;
	d->st.downgrades++;
	answer = ask_all(d, others, r->pa, PROBE_SHARE, now);
	if (answer & PROBE_DIRTY)
		write_down(owner_of(d, others), r->pa, now);
	return answer;
}

static bool to_be_written(const struct mem_req *r)
{
	return r->cls == MEM_RFO || r->cls == MEM_KERNEL_RFO;
}

static u64 way(const struct child *a, const struct child *b)
{
	const struct directory *d = a->dir;

	return d->p.numa ? numa_way(d->p.numa, a->node, b->node) : 0;
}

/* The cycle at which the farthest of the others has answered. */
static u64 probed(const struct child *ch, u64 others, u64 now)
{
	u64 farthest = 0;
	u32 i;

	for_each_holder(i, others)
		farthest = MAX(farthest, way(ch, &ch->dir->child[i]));
	return now + ch->dir->p.probe + farthest;
}

/* The cycle at which the nearest of the others has handed the line over. */
static u64 transferred(const struct child *ch, u64 others, u64 now)
{
	const struct directory *d = ch->dir;
	const struct child *nearest = owner_of(ch->dir, others);
	u32 i;

	for_each_holder(i, others)
		if (way(ch, &d->child[i]) < way(ch, nearest))
			nearest = &d->child[i];
	now += d->p.transfer;
	return d->p.numa ? numa_transfer(d->p.numa, nearest->node, ch->node, now) : now;
}

/* Other children hold, or held, the line; they have answered. Returns the cycle of the data. */
static u64 read_answered(struct child *ch, struct mem_req *r, u64 others, u32 answer, u64 now)
{
	struct directory *d = ch->dir;
	u64 done;

	if (!(answer & PROBE_DIRTY) && !(d->p.forward && answer)) {
		done = port_read(ch->below, r, now);
		if (!answer || done >= probed(ch, others, now))
			return done;
		r->served = MEM_REMOTE;
		return probed(ch, others, now);
	}
	d->st.transfers_dirty += (answer & PROBE_DIRTY) != 0;
	d->st.transfers_clean += !(answer & PROBE_DIRTY);
	done = transferred(ch, others, now);
	if (to_be_written(r))
		done = MAX(done, port_upgrade(ch->below, r, now));
	r->served = MEM_REMOTE;
	return done;
}

/* The child's bit if it holds the line when it is read. A walker may read here that keeps nothing. */
static u64 reader(const struct child *ch, const struct mem_req *r, u64 now)
{
	if (r->cls == MEM_PTE && !(ask(ch, r->pa, PROBE_HOLDS, now) & PROBE_FOUND))
		return 0;
	return bit_of(ch);
}

static u64 child_read(struct port *p, struct mem_req *r, u64 now)
{
	struct child *ch = container_of(p, struct child, port);
	struct directory *d = ch->dir;
	u64 line = r->pa >> d->line_shift, holders = holders_of(d, line), others = holders & ~bit_of(ch);
	u64 self = reader(ch, r, now);
	u32 answer;

	d->st.reads++;
	note_miss(d, ch, r);
	if (!others) {
		set_holders(d, line, self);
		return port_read(ch->below, r, now);
	}
	if (to_be_written(r)) {
		answer = drop_others(d, others, r, now);
		set_holders(d, line, self);
	} else {
		answer = share_with(d, others, is_pow2(holders), r, now);
		set_holders(d, line, others | self);
		r->shared = true;
	}
	return read_answered(ch, r, others, answer, now);
}

static u64 child_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	struct child *ch = container_of(p, struct child, port);
	struct directory *d = ch->dir;
	u64 line = r->pa >> d->line_shift, others = holders_of(d, line) & ~bit_of(ch);
	u64 done = now + d->p.reach, below;

	d->st.upgrades++;
	note_miss(d, ch, r);
	if (others) {
		drop_others(d, others, r, now);
		done = MAX(done, probed(ch, others, now));
	}
	set_holders(d, line, bit_of(ch));
	r->served = MEM_REMOTE;
	below = port_upgrade(ch->below, r, now);
	if (others)
		r->served = MEM_REMOTE;
	return MAX(done, below);
}

static void tell_gone(struct directory *d, u64 pa, u64 now)
{
	if (d->p.tells)
		port_gone(d->p.below, pa, now);
}

/* Of an owner; or a write that passes through from a child that need not hold the line. */
static u64 child_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct child *ch = container_of(p, struct child, port);
	struct directory *d = ch->dir;
	u64 line = r->pa >> d->line_shift, holders = holders_of(d, line), others = holders & ~bit_of(ch);
	u64 done;

	if (!others)
		return port_write(ch->below, r, now);
	drop_others(d, others, r, now);
	set_holders(d, line, holders & bit_of(ch));
	done = port_write(ch->below, r, now);
	if (!(holders & bit_of(ch)))
		tell_gone(d, r->pa, now);
	return done;
}

static void child_gone(struct port *p, u64 pa, u64 now)
{
	struct child *ch = container_of(p, struct child, port);
	struct directory *d = ch->dir;
	u64 line = pa >> d->line_shift, holders = holders_of(d, line);

	ASSERT(holders & bit_of(ch));
	if (ask(ch, pa, PROBE_HOLDS, now) & PROBE_FOUND)
		return; /* the other first level has it */
	set_holders(d, line, holders & ~bit_of(ch));
	if (holders == bit_of(ch))
		tell_gone(d, pa, now);
}

static void child_expect(struct port *p, u64 pa, bool write)
{
	struct child *ch = container_of(p, struct child, port);
	struct directory *d = ch->dir;
	u64 line = pa >> d->line_shift;

	map64_expect(&d->holders, line);
	map64_expect(&d->lost, lost_key(d, line, ch->id));
	port_expect(d->p.below, pa, write);
}

static const struct port_ops child_ops = { child_read, child_write, child_expect, child_upgrade, child_gone };

/* Upwards. */

static u32 directory_probe(struct above *a, u64 pa, enum probe what, u64 now)
{
	struct directory *d = container_of(a, struct directory, above);
	u64 line = pa >> d->line_shift, holders = holders_of(d, line);
	u32 answer;

	if (!holders)
		return 0;
	if (what == PROBE_SHARE && !is_pow2(holders))
		return PROBE_FOUND;
	answer = ask_all(d, holders, pa, what, now);
	if (what == PROBE_SHARE)
		d->st.downgrades++;
	if (what != PROBE_DROP)
		return answer;
	d->st.recalls += (u64)__builtin_popcountll(holders);
	set_holders(d, line, 0);
	return answer;
}

static void directory_each(const struct above *a, above_line_fn fn, void *arg)
{
	const struct directory *d = container_of(a, struct directory, above);
	const struct map64_slot *s;

	for (s = map64_next(&d->holders, NULL); s; s = map64_next(&d->holders, s))
		fn(arg, s->key << d->line_shift);
}

static const struct above_ops directory_above_ops = { directory_probe, directory_each };

/* Building. */

struct directory *directory_new(const struct directory_params *p)
{
	struct directory *d = xcalloc(1, sizeof(*d) + p->children * sizeof(d->child[0]));
	u32 i;

	ASSERT(p->children <= DIRECTORY_MAX_CHILDREN);
	d->above.ops = &directory_above_ops;
	d->p = *p;
	d->line_shift = log2_floor(p->line);
	for (i = 0; i < p->children; i++)
		d->child[i] = (struct child){ .port = { &child_ops }, .dir = d, .below = p->below, .id = i };
	return d;
}

void directory_free(struct directory *d)
{
	if (!d)
		return;
	map64_fini(&d->holders);
	map64_fini(&d->lost);
	free(d);
}

struct port *directory_port(struct directory *d, u32 child)
{
	return &d->child[child].port;
}

void directory_attach(struct directory *d, u32 child, struct above *above)
{
	struct child *ch = &d->child[child];

	ASSERT(ch->n_above < MAX_ABOVE);
	ch->above[ch->n_above++] = above;
}

void directory_place(struct directory *d, u32 child, u32 node)
{
	d->child[child].node = node;
	d->child[child].below = numa_port(d->p.numa, node);
}

struct above *directory_above(struct directory *d)
{
	return &d->above;
}

void directory_stats_add(const struct directory *d, struct stats *s, const char *prefix)
{
	stats_add(s, prefix, directory_table, &d->st);
}

static void assert_known(void *arg, u64 pa)
{
	const struct child *ch = arg;

	ASSERT(holders_of(ch->dir, pa >> ch->dir->line_shift) & bit_of(ch));
}

void directory_sane(const struct directory *d)
{
	const struct map64_slot *s;
	u32 i, k, answer;

	/* Who lost a line to a write misses it for that reason once at most. */
	ASSERT(d->st.true_sharing + d->st.false_sharing <= d->st.invalidations);
	for (s = map64_next(&d->holders, NULL); s; s = map64_next(&d->holders, s)) {
		for (i = 0; i < d->p.children; i++) {
			answer = ask(&d->child[i], s->key << d->line_shift, PROBE_HOLDS, 0);
			ASSERT(!(answer & PROBE_FOUND) == !(s->value >> i & 1));
			ASSERT(is_pow2(s->value) || !(answer & (PROBE_DIRTY | PROBE_ALONE)));
		}
	}
	for (i = 0; i < d->p.children; i++) {
		const struct child *ch = &d->child[i];

		for (k = 0; k < ch->n_above; k++)
			above_each_line(ch->above[k], assert_known, (void *)ch);
	}
}
