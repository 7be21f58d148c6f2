#include "model/hw/dram.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"
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

/* All times in ticks. */
struct bank {
	u64 row;       /* open now, or NO_ROW */
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

/* Lines that wait to be written, oldest first. */
struct write_queue {
	u32 n;
	u64 line[MAX_QUEUE];
	struct dram_place place[MAX_QUEUE];
	u64 written; /* last command of the last batch */
};

struct channel {
	struct dram_columns columns;
	struct write_queue queue;
	u64 busy; /* ticks of the data bus not yet counted as cycles */
	struct dram_channel_stats st;
};

struct dram {
	struct port port;
	struct dram_stats st;
	u32 model, line_shift;
	struct dram_geometry geo;
	struct dram_map map;
	u64 t[NR_DRAM_TIMES];
	struct dram_gaps gaps;
	u64 keep; /* an unused row stays open */
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

static struct rank *rank_at(struct dram *d, const struct dram_place *p)
{
	return &d->rank[p->channel * d->geo.ranks + p->rank];
}

/* The banks of the place's rank, group after group. */
static struct bank *banks_at(struct dram *d, const struct dram_place *p)
{
	return &d->bank[(p->channel * d->geo.ranks + p->rank) * d->geo.groups * d->geo.banks];
}

static struct bank *bank_at(struct dram *d, const struct dram_place *p)
{
	return &banks_at(d, p)[p->group * d->geo.banks + p->bank];
}

static void refresh_once(struct dram *d, struct rank *r, const struct dram_place *p)
{
	struct bank *b = banks_at(d, p);
	u64 start = MAX(r->due, r->quiet);
	u32 i;

	if (r->quiet > r->ready)
		tell(d, DRAM_PREA, p, start - d->t[DRAM_T_RP]);
	tell(d, DRAM_REF, p, start);
	for (i = 0; i < d->geo.groups * d->geo.banks; i++)
		b[i].row = NO_ROW;
	r->ready = r->quiet = start + d->t[DRAM_T_RFC];
	r->due = MAX(r->due + d->t[DRAM_T_REFI], r->ready);
	d->st.refreshes++;
}

/* Does what was due by now. Of many refreshes in an idle time only the first and the last are of consequence.
 */
static void refresh(struct dram *d, struct rank *r, const struct dram_place *p, u64 now)
{
	u64 skip;

	while (unlikely(now >= r->due)) {
		refresh_once(d, r, p);
		if (now > r->due + d->t[DRAM_T_REFI]) {
			skip = (now - r->due) / d->t[DRAM_T_REFI];
			r->due += skip * d->t[DRAM_T_REFI];
			d->st.refreshes += skip;
		}
	}
}

static void close_row(struct dram *d, const struct dram_place *p, struct bank *b, u64 at)
{
	tell(d, DRAM_PRE, p, at);
	b->row = NO_ROW;
	b->can_open = at + d->t[DRAM_T_RP];
}

/* Policies closed and timeout: the row was closed before now if nobody asked for it in time. */
static void close_unused(struct dram *d, const struct dram_place *p, struct bank *b, u64 now)
{
	u64 end = b->used + d->keep;

	if (b->row != NO_ROW && now >= end)
		close_row(d, p, b, MAX(end, b->can_close));
}

static void open_row(struct dram *d, const struct dram_place *p, struct bank *b, u64 earliest)
{
	b->opened = dram_activations_take(&rank_at(d, p)->activations, d->t, p->group,
					  MAX(earliest, b->can_open));
	b->row = p->row;
	b->can_close = b->opened + d->t[DRAM_T_RAS];
	tell(d, DRAM_ACT, p, b->opened);
}

/* Sees to it that the row is open. Returns the earliest time of a column command. */
static u64 reach_row(struct dram *d, const struct dram_place *p, struct bank *b, u64 earliest)
{
	if (b->row == p->row) {
		d->st.row_hits++;
	} else if (b->row == NO_ROW) {
		d->st.row_closed++;
		open_row(d, p, b, earliest);
	} else {
		d->st.row_conflicts++;
		close_row(d, p, b, MAX(earliest, b->can_close));
		open_row(d, p, b, earliest);
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
static u64 reserve(struct dram *d, const struct dram_place *p, bool write, u64 now)
{
	struct channel *ch = &d->channel[p->channel];
	struct rank *r = rank_at(d, p);
	struct bank *b = bank_at(d, p);
	struct dram_column want = { .rank = p->rank, .group = p->group, .write = write };
	const u64 *t = d->t;
	u64 at, start;

	refresh(d, r, p, now);
	start = MAX(now, r->ready);
	close_unused(d, p, b, start);
	want.at = reach_row(d, p, b, start);
	at = dram_columns_take(&ch->columns, &d->gaps, want);
	tell(d, write ? DRAM_WR : DRAM_RD, p, at);
	count_burst(d, ch);
	b->used = MAX(b->used, at);
	b->can_close = MAX(b->can_close,
			   at + (write ? t[DRAM_T_CWL] + t[DRAM_T_BURST] + t[DRAM_T_WR] : t[DRAM_T_RTP]));
	r->quiet = MAX(r->quiet, b->can_close + t[DRAM_T_RP]);
	return at;
}

static bool queue_has(const struct write_queue *q, u64 line)
{
	u32 found = 0, i;

	for (i = 0; i < q->n; i++)
		found |= q->line[i] == line;
	return found;
}

/* The oldest to an open row, or else the oldest. */
static u32 queue_choose(struct dram *d, const struct write_queue *q)
{
	u32 i;

	for (i = 0; i < q->n; i++)
		if (bank_at(d, &q->place[i])->row == q->place[i].row)
			return i;
	return 0;
}

static void queue_remove(struct write_queue *q, u32 i)
{
	q->n--;
	for (; i < q->n; i++) {
		q->line[i] = q->line[i + 1];
		q->place[i] = q->place[i + 1];
	}
}

static void write_batch(struct dram *d, struct write_queue *q, u64 now)
{
	u64 at;
	u32 i;

	d->st.batches++;
	while (q->n > d->queue_low) {
		i = queue_choose(d, q);
		at = reserve(d, &q->place[i], true, now);
		q->written = MAX(q->written, at);
		queue_remove(q, i);
		d->st.waiting--;
	}
}

/* Returns when there was room: a batch can only begin when the one before is written. */
static u64 queue_write(struct dram *d, const struct dram_place *p, u64 line, u64 now)
{
	struct write_queue *q = &d->channel[p->channel].queue;

	if (queue_has(q, line)) {
		d->st.merged++;
		return now;
	}
	q->line[q->n] = line;
	q->place[q->n++] = *p;
	d->st.waiting++;
	if (q->n < d->queue_full)
		return now;
	now = MAX(now, q->written);
	write_batch(d, q, now);
	return now;
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
	struct dram_place p;
	u64 at;

	if (d->model == DRAM_FLAT)
		return fixed_time(d, arrive);
	dram_map_find(&d->map, line, &p);
	if (queue_has(&d->channel[p.channel].queue, line)) {
		d->st.forwarded++;
		return arrive;
	}
	at = reserve(d, &p, false, arrive << DRAM_TICK_BITS);
	return to_cycles(at + d->t[DRAM_T_CL] + d->t[DRAM_T_BURST]);
}

static u64 device_write(struct dram *d, u64 line, u64 arrive)
{
	struct dram_place p;

	if (d->model == DRAM_FLAT)
		return fixed_time(d, arrive);
	dram_map_find(&d->map, line, &p);
	if (d->queue_full)
		return to_cycles(queue_write(d, &p, line, arrive << DRAM_TICK_BITS));
	return to_cycles(reserve(d, &p, true, arrive << DRAM_TICK_BITS));
}

static u64 dram_read(struct port *p, struct mem_req *r, u64 now)
{
	struct dram *d = container_of(p, struct dram, port);
	u64 arrive = now + d->reach, done;

	r->served = MEM_DRAM;
	d->st.reads++;
	done = device_read(d, r->pa >> d->line_shift, arrive);
	d->st.read_cycles += done - arrive;
	return done;
}

static u64 dram_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct dram *d = container_of(p, struct dram, port);

	d->st.writes++;
	return device_write(d, r->pa >> d->line_shift, now + d->reach);
}

static const struct port_ops dram_ops = { dram_read, dram_write };

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

/* Ranks, all channels' included, are refreshed in turn. */
static void make_ranks(struct dram *d, u32 refresh)
{
	u32 n = d->geo.channels * d->geo.ranks, i;

	d->rank = xcalloc(n, sizeof(*d->rank));
	for (i = 0; i < n; i++)
		d->rank[i].due = refresh == DRAM_REFRESH_NONE ? FOR_EVER : d->t[DRAM_T_REFI] * (i + 1) / n;
}

static void make_banks(struct dram *d)
{
	u32 n = d->geo.channels * d->geo.ranks * d->geo.groups * d->geo.banks, i;

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
	why = dram_map_init(&d->map, cfg->mapping, &d->geo, cfg->bank_xor);
	ASSERT(!why);
	dram_timing(cfg, line, hz, d->t);
	dram_gaps_init(&d->gaps, d->t);
	d->keep = row_stays(cfg, hz);
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

void dram_stats_add(const struct dram *d, struct stats *s, const char *prefix)
{
	char name[64];
	u32 i;

	stats_add(s, prefix, dram_table, &d->st);
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
