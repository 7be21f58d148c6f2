#include "model/hw/dram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/sim/explain.h"
#include "model/hw/dram_slots.h"
#include "model/sim/time.h"

#define STAT_STRUCT struct dram_stats
static const struct stat_desc dram_table[] = { DRAM_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct dram_channel_stats
static const struct stat_desc channel_table[] = { DRAM_CHANNEL_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

#define NO_ROW    (~(u64)0)
#define FOR_EVER  ((u64)1 << 62)
#define TICK_MASK (((u64)1 << DRAM_TICK_BITS) - 1)
#define MAX_QUEUE 64u
#define QUEUE_FILTER 512u

/* All times in ticks. */
struct bank {
	u64 row;       /* open since `opened` if no refresh has come since, or NO_ROW */
	u64 opened;    /* when */
	u64 used;      /* last column command */
	u64 can_close; /* no earlier */
	u64 can_open;  /* no earlier; of a closed bank */
};

struct rank {
	struct dram_activations activations;
	u64 due;   /* next refresh */
	u64 ready; /* end of the last refresh */
	u64 quiet; /* when all its banks can be closed and ready to be refreshed */
};

/* Lines that wait to be written, oldest first, with the bank and the row of each. */
struct write_queue {
	u32 n;
	u64 line[MAX_QUEUE];
	u64 row[MAX_QUEUE];
	struct bank *bank[MAX_QUEUE];
	u64 filter[QUEUE_FILTER / 64]; /* by the lowest bits of a line: none like it waits */
	u64 written; /* last command of the last batch */
};

struct channel {
	struct dram_columns columns;
	struct write_queue queue;
	u64 busy; /* ticks of the data bus not yet counted as cycles */
	u64 latest; /* tick at which the latest of all requests came */
	struct dram_channel_stats st;
};

struct dram {
	struct port port;
	struct dram_stats st;
	u32 model, line_shift;
	struct dram_geometry geo;
	struct dram_map map;
	u32 rank_banks;
	u64 t[NR_DRAM_TIMES];
	u64 to_close[2]; /* from a column read, a column write, to closing the row */
	struct dram_gaps gaps;
	u64 keep; /* an unused row stays open */
	u64 early; /* so long before what is known, nothing is */
	u32 queue_full, queue_low;
	u64 reach; /* cycles from the start of a request at the first level to the device */
	u64 flat;  /* cycles */
	struct channel *channel;
	struct rank *rank;
	struct bank *bank;
	dram_watch_fn watch;
	void *watch_arg;
};

static void tell(struct dram *d, enum dram_command c, const struct dram_place *p, u64 tick)
{
	if (unlikely(d->watch != NULL))
		d->watch(d->watch_arg, c, p, tick);
}

/* Where a line lies, and what stands for that place. */
struct target {
	struct dram_place place;
	struct channel *channel;
	struct rank *rank;
	struct bank *bank;
};

static void find_target(struct dram *d, u64 line, struct target *t)
{
	struct dram_place *p = &t->place;
	u32 rank;

	dram_map_find(&d->map, line, p);
	rank = p->channel * d->geo.ranks + p->rank;
	t->channel = &d->channel[p->channel];
	t->rank = &d->rank[rank];
	t->bank = &d->bank[rank * d->rank_banks + p->group * d->geo.banks + p->bank];
}

static void refresh_once(struct dram *d, struct target *t)
{
	struct rank *r = t->rank;
	u64 start = MAX(r->due, r->quiet);

	if (r->quiet > r->ready)
		tell(d, DRAM_PREA, &t->place, start - d->t[DRAM_T_RP]);
	tell(d, DRAM_REF, &t->place, start);
	r->ready = r->quiet = start + d->t[DRAM_T_RFC];
	r->due = MAX(r->due + d->t[DRAM_T_REFI], r->ready);
	d->st.refreshes++;
}

/*
 * Does what was due by now. Of many refreshes in an idle time only the first and the last are of consequence;
 * the division is at most one a refresh.
 */
static void refresh(struct dram *d, struct target *t, u64 now)
{
	struct rank *r = t->rank;
	u64 skip;

	while (unlikely(now >= r->due)) {
		refresh_once(d, t);
		if (now > r->due + d->t[DRAM_T_REFI]) {
			skip = (now - r->due) / d->t[DRAM_T_REFI];
			r->due += skip * d->t[DRAM_T_REFI];
			d->st.refreshes += skip;
		}
	}
}

static void close_row(struct dram *d, struct target *t, u64 at)
{
	tell(d, DRAM_PRE, &t->place, at);
	t->bank->row = NO_ROW;
	t->bank->can_open = at + d->t[DRAM_T_RP];
}

/* Policies closed and timeout: the row was closed before now if nobody asked for it in time. */
static void close_unused(struct dram *d, struct target *t, u64 now)
{
	struct bank *b = t->bank;
	u64 end = b->used + d->keep;

	if (b->row != NO_ROW && now >= end)
		close_row(d, t, MAX(end, b->can_close));
}

static void open_row(struct dram *d, struct target *t, u64 earliest)
{
	struct bank *b = t->bank;

	earliest = MAX(earliest, b->can_open);
	b->opened = dram_activations_take(&t->rank->activations, d->t, t->place.group, earliest);
	b->row = t->place.row;
	b->can_close = b->opened + d->t[DRAM_T_RAS];
	tell(d, DRAM_ACT, &t->place, b->opened);
}

/* Sees to it that the row is open. Returns the earliest time of a column command. */
static u64 reach_row(struct dram *d, struct target *t, u64 earliest)
{
	struct bank *b = t->bank;

	if (b->row == t->place.row) {
		d->st.row_hits++;
	} else if (b->row == NO_ROW) {
		d->st.row_closed++;
		open_row(d, t, earliest);
	} else {
		d->st.row_conflicts++;
		close_row(d, t, MAX(earliest, b->can_close));
		open_row(d, t, earliest);
	}
	return MAX(earliest, b->opened + d->t[DRAM_T_RCD]);
}

static void count_burst(struct dram *d, struct channel *ch)
{
	ch->busy += d->t[DRAM_T_BURST];
	ch->st.requests++;
	ch->st.bus_cycles += ch->busy >> DRAM_TICK_BITS;
	d->st.bus_cycles += ch->busy >> DRAM_TICK_BITS;
	ch->busy &= TICK_MASK;
	d->st.turnarounds += ch->columns.turned;
}

/* Reserves all commands of a request that comes at `now`. Returns the time of its column command. */
static u64 reserve(struct dram *d, struct target *t, bool write, u64 now)
{
	struct dram_column want = { 0, (u16)t->place.rank, (u16)t->place.group, write };
	struct bank *b = t->bank;
	u64 start;

	t->channel->latest = MAX(t->channel->latest, now);
	refresh(d, t, now);
	if (b->opened < t->rank->ready) /* closed by the last refresh */
		b->row = NO_ROW;
	start = MAX(now, t->rank->ready);
	close_unused(d, t, start);
	want.at = reach_row(d, t, start);
	dram_columns_take(&t->channel->columns, &d->gaps, &want);
	tell(d, write ? DRAM_WR : DRAM_RD, &t->place, want.at);
	count_burst(d, t->channel);
	b->used = MAX(b->used, want.at);
	b->can_close = MAX(b->can_close, want.at + d->to_close[write]);
	t->rank->quiet = MAX(t->rank->quiet, b->can_close + d->t[DRAM_T_RP]);
	return want.at;
}

/*
 * A path of the kernel runs at once, so a core that is behind it asks for what lies a long time before the
 * last requests. Of that time no more is known: whether its row was open, who else was there.
 */
static bool is_early(const struct dram *d, const struct target *t, u64 now)
{
	return unlikely(now + d->early < t->channel->latest);
}

/* It finds another row open, nobody in its way, and is in nobody's. Returns when its column command comes. */
static u64 pass_early(struct dram *d, const struct target *t, u64 now)
{
	d->st.early++;
	d->st.row_conflicts++;
	t->channel->columns.turned = 0;
	count_burst(d, t->channel);
	return now + d->t[DRAM_T_RP] + d->t[DRAM_T_RCD];
}

/* Neighbours of a channel differ in the bits above its own. */
static u32 filter_bit(u64 line)
{
	return (u32)(line ^ line >> 4 ^ line >> 9) % QUEUE_FILTER;
}

static bool queue_has(const struct write_queue *q, u64 line)
{
	u32 bit = filter_bit(line), found = 0, i;

	if (likely(!(q->filter[bit / 64] >> bit % 64 & 1)))
		return false;
	for (i = 0; i < q->n; i++)
		found |= q->line[i] == line;
	return found;
}

static void queue_add(struct write_queue *q, u64 line, const struct target *t)
{
	u32 bit = filter_bit(line);

	q->filter[bit / 64] |= 1ull << bit % 64;
	q->line[q->n] = line;
	q->row[q->n] = t->place.row;
	q->bank[q->n++] = t->bank;
}

/* Of those left, the oldest to a row that is open, or was until a refresh, or else the oldest. */
static u32 queue_choose(const struct write_queue *q, u64 left)
{
	u64 m;

	for (m = left; m; m &= m - 1) {
		u32 i = (u32)__builtin_ctzll(m);

		if (q->bank[i]->row == q->row[i])
			return i;
	}
	return (u32)__builtin_ctzll(left);
}

static void queue_keep(struct write_queue *q, u64 left)
{
	u32 kept = 0, i;

	memset(q->filter, 0, sizeof(q->filter));
	for (; left; left &= left - 1, kept++) {
		u32 bit;

		i = (u32)__builtin_ctzll(left);
		bit = filter_bit(q->line[i]);
		q->filter[bit / 64] |= 1ull << bit % 64;
		q->line[kept] = q->line[i];
		q->row[kept] = q->row[i];
		q->bank[kept] = q->bank[i];
	}
	q->n = kept;
}

static void write_batch(struct dram *d, struct write_queue *q, u64 now)
{
	u64 left = ~(u64)0 >> (MAX_QUEUE - q->n), at;
	struct target t;
	u32 n, i;

	d->st.batches++;
	d->st.waiting -= q->n - d->queue_low;
	for (n = q->n; n > d->queue_low; n--) {
		i = queue_choose(q, left);
		find_target(d, q->line[i], &t);
		at = reserve(d, &t, true, now);
		q->written = MAX(q->written, at);
		left &= ~(1ull << i);
	}
	queue_keep(q, left);
}

/* Returns when there was room: a batch can only begin when the one before is written. */
static u64 queue_write(struct dram *d, const struct target *t, u64 line, u64 now)
{
	struct write_queue *q = &t->channel->queue;
	bool early;
	u64 begin;

	if (queue_has(q, line)) {
		d->st.merged++;
		return now;
	}
	queue_add(q, line, t);
	d->st.waiting++;
	if (q->n < d->queue_full)
		return now;
	early = is_early(d, t, now);
	begin = MAX(now, q->written);
	write_batch(d, q, begin);
	return early ? now : begin;
}

static u64 to_cycles(u64 ticks)
{
	return (ticks + TICK_MASK) >> DRAM_TICK_BITS;
}

static u64 fixed_time(struct dram *d, u64 arrive)
{
	d->st.fixed++;
	return arrive + d->flat;
}

/* Returns the cycle of the last data of a read that arrives at the device at `arrive`. */
static u64 device_read(struct dram *d, u64 line, u64 arrive)
{
	struct target t;
	u64 at;

	if (d->model == DRAM_FLAT || time_stands)
		return fixed_time(d, arrive);
	find_target(d, line, &t);
	if (queue_has(&t.channel->queue, line)) {
		d->st.forwarded++;
		return arrive;
	}
	at = arrive << DRAM_TICK_BITS;
	at = is_early(d, &t, at) ? pass_early(d, &t, at) : reserve(d, &t, false, at);
	return to_cycles(at + d->t[DRAM_T_CL] + d->t[DRAM_T_BURST]);
}

static u64 device_write(struct dram *d, u64 line, u64 arrive)
{
	struct target t;

	if (d->model == DRAM_FLAT || time_stands)
		return fixed_time(d, arrive);
	find_target(d, line, &t);
	arrive <<= DRAM_TICK_BITS;
	if (d->queue_full)
		return to_cycles(queue_write(d, &t, line, arrive));
	if (is_early(d, &t, arrive))
		return to_cycles(pass_early(d, &t, arrive));
	return to_cycles(reserve(d, &t, true, arrive));
}

/* Ticks that the device took at least, and what it did; by what has been counted since. */
static u64 least_time(const struct dram *d, const struct dram_stats *before, const char **how)
{
	u64 read = d->t[DRAM_T_CL] + d->t[DRAM_T_BURST];

	*how = "open row";
	if (d->st.row_hits != before->row_hits)
		return read;
	*how = "closed bank";
	if (d->st.row_closed != before->row_closed)
		return d->t[DRAM_T_RCD] + read;
	*how = "another row open";
	if (d->st.row_conflicts != before->row_conflicts)
		return d->t[DRAM_T_RP] + d->t[DRAM_T_RCD] + read;
	*how = d->st.forwarded != before->forwarded ? "from the write queue" : "fixed time";
	return 0;
}

static void tell_read(struct dram *d, u64 line, const struct dram_stats *before, u64 now, u64 done)
{
	const char *how;
	u64 arrive = now + d->reach, least = to_cycles(least_time(d, before, &how)), start;
	struct target t;

	find_target(d, line, &t);
	explain_open(now, "dram, channel %u rank %u group %u bank %u row %llu", t.place.channel, t.place.rank,
		     t.place.group, t.place.bank, (unsigned long long)t.place.row);
	explain_hop(now, arrive, "to the device");
	start = least && done > arrive + least ? done - least : arrive;
	if (start != arrive)
		explain_hop(arrive, start, "bank, bus or refresh in the way");
	explain_hop(start, done, "device: %s", how);
	explain_close(done, "%s", "");
}

static u64 dram_read(struct port *p, struct mem_req *r, u64 now)
{
	struct dram *d = container_of(p, struct dram, port);
	struct dram_stats before = d->st;
	u64 arrive = now + d->reach, done;

	r->served = MEM_DRAM;
	d->st.reads++;
	done = device_read(d, r->pa >> d->line_shift, arrive);
	if (explain_on())
		tell_read(d, r->pa >> d->line_shift, &before, now, done);
	d->st.read_cycles += done - arrive;
	return done;
}

static u64 dram_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct dram *d = container_of(p, struct dram, port);

	d->st.writes++;
	return device_write(d, r->pa >> d->line_shift, now + d->reach);
}

static void dram_expect(struct port *p, u64 pa, bool write)
{
}

static u64 dram_upgrade(struct port *p, struct mem_req *r, u64 now)
{
	return now;
}

static void dram_gone(struct port *p, u64 pa, u64 now)
{
}

static const struct port_ops dram_ops = { dram_read, dram_write, dram_expect, dram_upgrade, dram_gone };

static u64 row_stays(const struct dram_cfg *cfg, u64 hz)
{
	switch (cfg->policy) {
	case DRAM_CLOSED:
		return 0;
	case DRAM_TIMEOUT:
		return dram_ticks(cfg->timeout, hz);
	default:
		return FOR_EVER;
	}
}

static bool coprime(u32 a, u32 b)
{
	while (b) {
		u32 rest = a % b;

		a = b;
		b = rest;
	}
	return a == 1;
}

/*
 * Ranks, all channels' included, share the interval evenly, those of neighbouring channels about the golden
 * section of it apart. Were it a small part, a reader that goes from line to line, and so from channel to
 * channel, would keep step with the refreshes and wait for every one.
 */
static u64 first_refresh(const struct dram *d, u32 channel, u32 rank)
{
	u32 n = d->geo.channels * d->geo.ranks, step = n * 618 / 1000 + 1;

	while (!coprime(step, n))
		step++;
	return d->t[DRAM_T_REFI] * ((rank * d->geo.channels + channel) * step % n + 1) / n;
}

static void make_ranks(struct dram *d, u32 refresh)
{
	u32 n = d->geo.channels * d->geo.ranks, i;

	d->rank = xcalloc(n, sizeof(*d->rank));
	for (i = 0; i < n; i++)
		d->rank[i].due = refresh == DRAM_REFRESH_NONE
					 ? FOR_EVER
					 : first_refresh(d, i / d->geo.ranks, i % d->geo.ranks);
}

static void make_banks(struct dram *d)
{
	u32 n = d->geo.channels * d->geo.ranks * d->rank_banks, i;

	d->bank = xcalloc(n, sizeof(*d->bank));
	for (i = 0; i < n; i++)
		d->bank[i].row = NO_ROW;
}

struct dram *dram_new(const struct dram_cfg *cfg, u32 line, u64 reach, u64 hz)
{
	struct dram *d = xcalloc(1, sizeof(*d));
	const char *why;

	ASSERT(is_pow2(line));
	d->port.ops = &dram_ops;
	d->model = cfg->model;
	d->line_shift = log2_floor(line);
	dram_geometry(cfg, line, &d->geo);
	d->rank_banks = d->geo.groups * d->geo.banks;
	why = dram_map_init(&d->map, cfg->mapping, &d->geo, cfg->bank_xor);
	ASSERT(!why);
	dram_timing(cfg, line, hz, d->t);
	dram_gaps_init(&d->gaps, d->t);
	d->to_close[false] = d->t[DRAM_T_RTP];
	d->to_close[true] = d->t[DRAM_T_CWL] + d->t[DRAM_T_BURST] + d->t[DRAM_T_WR];
	d->keep = row_stays(cfg, hz);
	d->early = dram_ticks((struct opt_time){ .ps = DRAM_EARLY_PS }, hz);
	d->queue_full = cfg->write_queue;
	d->queue_low = cfg->write_low;
	d->reach = reach + time_to_cycles(cfg->fabric, hz);
	d->flat = time_to_cycles(cfg->flat, hz);
	d->channel = xcalloc(d->geo.channels, sizeof(*d->channel));
	make_ranks(d, cfg->refresh);
	make_banks(d);
	return d;
}

void dram_free(struct dram *d)
{
	if (!d)
		return;
	free(d->channel);
	free(d->rank);
	free(d->bank);
	free(d);
}

struct port *dram_port(struct dram *d)
{
	return &d->port;
}

const struct dram_stats *dram_stats(const struct dram *d)
{
	return &d->st;
}

void dram_state(struct dram *d, struct state *s)
{
	u32 i;

	state_add(s, "dram", "stats", &d->st, sizeof(d->st));
	for (i = 0; i < d->geo.channels; i++)
		state_add(s, "dram", "channel", &d->channel[i].st, sizeof(d->channel[i].st));
}

void dram_stats_add(const struct dram *d, struct stats *s, const char *prefix)
{
	char name[64];
	u32 i;

	stats_add(s, prefix, dram_table, &d->st);
	snprintf(name, sizeof(name), "%s.waiting", prefix);
	stats_set_level(s, name);
	for (i = 0; i < d->geo.channels; i++) {
		snprintf(name, sizeof(name), "%s.channel%u", prefix, i);
		stats_add(s, name, channel_table, &d->channel[i].st);
	}
}

void dram_watch(struct dram *d, dram_watch_fn fn, void *arg)
{
	d->watch = fn;
	d->watch_arg = arg;
}
