#include "model/hw/dram.h"

#include <stdlib.h>

#include "model/base/bits.h"
#include "model/base/error.h"
#include "model/sim/time.h"

/*
 * JEDEC speed bins as DRAMsim3 and Ramulator 2 give them: DDR4-2400 17-17-17, DDR4-3200AA 22-22-22, DDR5-4800
 * 36-36-36 (a channel is one 32-bit subchannel). Eight x8 devices of 8 Gb a DDR4 rank: rows of 8 KB.
 */
struct dram_preset {
	const char *name;
	u32 tcl, trcd, trp, tras, burst; /* ps */
	u32 banks;
	u32 row; /* bytes */
};

static const struct dram_preset presets[] = {
	{ "ddr4-2400", 14166, 14166, 14166, 32500, 3333, 16, 8192 },
	{ "ddr4-3200", 13750, 13750, 13750, 32500, 2500, 16, 8192 },
	{ "ddr5-4800", 15000, 15000, 15000, 32000, 3333, 32, 4096 },
};

static const char *const model_names[] = { "banks", "flat", NULL };
static const char *const preset_names[] = { "ddr4-2400", "ddr4-3200", "ddr5-4800", NULL };

#define AT(field) offsetof(struct dram_cfg, field)
#define TIME_UNIT "cycles or time"

const struct opt dram_opts[] = {
	{ "model", OPT_ENUM, AT(model), "banks", 0, 0, NULL, "open-row banks, or a fixed time", model_names },
	{ "preset", OPT_ENUM, AT(preset), "ddr5-4800", 0, 0, NULL, "timing and geometry", preset_names },
	{ "channels", OPT_U32, AT(channels), "4", 1, 64, "channels", "with a bus each", NULL },
	{ "ranks", OPT_U32, AT(ranks), "1", 1, 16, "ranks", "a channel", NULL },
	{ "banks", OPT_U32, AT(banks), "0", 0, 256, "banks", "a rank; 0: as the preset", NULL },
	{ "row", OPT_SIZE, AT(row), "0", 0, 1 << 20, "bytes", "of a bank's row; 0: as the preset", NULL },
	{ "fabric", OPT_TIME, AT(fabric), "35ns", 0, 0, TIME_UNIT, "last cache to device and back", NULL },
	{ "tcl", OPT_TIME, AT(tcl), "0", 0, 0, TIME_UNIT, "column read to first data; 0: as the preset",
	  NULL },
	{ "trcd", OPT_TIME, AT(trcd), "0", 0, 0, TIME_UNIT, "opening a row; 0: as the preset", NULL },
	{ "trp", OPT_TIME, AT(trp), "0", 0, 0, TIME_UNIT, "closing a row; 0: as the preset", NULL },
	{ "tras", OPT_TIME, AT(tras), "0", 0, 0, TIME_UNIT, "a row stays open at least; 0: as the preset",
	  NULL },
	{ "burst", OPT_TIME, AT(burst), "0", 0, 0, TIME_UNIT, "a line on the bus; 0: as the preset", NULL },
	{ "flat", OPT_TIME, AT(flat), "60ns", 0, 0, TIME_UNIT, "device time of model flat", NULL },
	{ 0 },
};

#define STAT_STRUCT struct dram_stats
static const struct stat_desc dram_table[] = { DRAM_STATS(STAT_ROW) { 0 } };
#undef STAT_STRUCT

#define NO_ROW (~(u64)0)

struct bank {
	u64 row;    /* open now, or NO_ROW */
	u64 opened; /* cycle of its activation */
	u64 free;   /* cycle from which the next request can use the bank */
};

struct dram {
	struct port port;
	struct dram_stats st;
	u32 model, channels, banks; /* banks: of a channel, all ranks */
	u64 row_lines, line;
	u64 reach; /* from the start of a request at the first level to the device */
	u64 flat;
	/* Cycles from command to last data, rounded up once each, and the times between commands. */
	u64 hit, closed, conflict, rp, rcd, tras, burst;
	struct bank *bank;
	u64 *bus; /* a channel: cycle from which its bus is free */
};

const char *dram_check(const struct dram_cfg *cfg, const char **key)
{
	*key = "row";
	if (cfg->row && (!is_pow2(cfg->row) || cfg->row < 1024))
		return "a row is a power of two of at least 1024 bytes";
	return NULL;
}

/* A time of the configuration, or the preset's if it is 0. In ps, so that sums are rounded once. */
static u64 pick(struct opt_time t, u64 preset_ps, u64 hz)
{
	if (t.ps)
		return t.ps;
	return t.cycles ? cycles_to_ps(t.cycles, hz) : preset_ps;
}

static void set_timing(struct dram *d, const struct dram_cfg *cfg, u64 hz)
{
	const struct dram_preset *p = &presets[cfg->preset];
	u64 tcl = pick(cfg->tcl, p->tcl, hz), trcd = pick(cfg->trcd, p->trcd, hz);
	u64 trp = pick(cfg->trp, p->trp, hz), burst = pick(cfg->burst, p->burst, hz);

	d->hit = ps_to_cycles(tcl + burst, hz);
	d->closed = ps_to_cycles(trcd + tcl + burst, hz);
	d->conflict = ps_to_cycles(trp + trcd + tcl + burst, hz);
	d->rcd = d->closed - d->hit;
	d->rp = d->conflict - d->closed;
	d->tras = ps_to_cycles(pick(cfg->tras, p->tras, hz), hz);
	d->burst = ps_to_cycles(burst, hz);
	d->flat = time_to_cycles(cfg->flat, hz);
}

/*
 * Where a line lies: consecutive lines go to one channel after the other, then along the row, then to the
 * next bank.
 */
static struct bank *locate(struct dram *d, u64 pa, u32 *channel, u64 *row)
{
	u64 x = pa / d->line;
	u32 bank;

	*channel = (u32)(x % d->channels);
	x /= d->channels;
	x /= d->row_lines;
	bank = (u32)(x % d->banks);
	*row = x / d->banks;
	return &d->bank[*channel * d->banks + bank];
}

/* Opens the row if need be. Returns the cycle of the column command's data, seen from an idle bus. */
static u64 bank_access(struct dram *d, struct bank *b, u64 row, u64 start)
{
	u64 precharge;

	if (b->row == row) {
		d->st.row_hits++;
		return start + d->hit;
	}
	if (b->row == NO_ROW) {
		d->st.row_closed++;
		b->opened = start;
		b->row = row;
		return start + d->closed;
	}
	d->st.row_conflicts++;
	precharge = MAX(start, b->opened + d->tras);
	b->opened = precharge + d->rp;
	b->row = row;
	return precharge + d->conflict;
}

/* Returns the cycle of the last data of a request that arrives at the device at `now`. */
static u64 device_access(struct dram *d, u64 pa, u64 now)
{
	u32 channel;
	u64 row, done, start, idle;
	struct bank *b;

	if (d->model == DRAM_FLAT)
		return now + d->flat;
	b = locate(d, pa, &channel, &row);
	start = MAX(now, b->free);
	idle = bank_access(d, b, row, start);
	done = MAX(idle, d->bus[channel] + d->burst);
	d->bus[channel] = done;
	/* The next column command may follow a burst after this one's. */
	b->free = done - d->hit + d->burst;
	return done;
}

static u64 dram_read(struct port *p, struct mem_req *r, u64 now)
{
	struct dram *d = container_of(p, struct dram, port);
	u64 arrive = now + d->reach, done;

	r->served = MEM_DRAM;
	d->st.reads++;
	done = device_access(d, r->pa, arrive);
	d->st.read_cycles += done - arrive;
	return done;
}

static u64 dram_write(struct port *p, const struct mem_req *r, u64 now)
{
	struct dram *d = container_of(p, struct dram, port);

	d->st.writes++;
	return device_access(d, r->pa, now + d->reach);
}

static const struct port_ops dram_ops = { dram_read, dram_write };

struct dram *dram_new(const struct dram_cfg *cfg, u32 line, u64 reach, u64 hz)
{
	const struct dram_preset *p = &presets[cfg->preset];
	struct dram *d = xcalloc(1, sizeof(*d));
	u32 i, n;

	d->port.ops = &dram_ops;
	d->model = cfg->model;
	d->reach = reach + time_to_cycles(cfg->fabric, hz);
	d->line = line;
	d->channels = cfg->channels;
	d->banks = cfg->ranks * (cfg->banks ? cfg->banks : p->banks);
	d->row_lines = MAX((cfg->row ? cfg->row : p->row) / line, 1);
	set_timing(d, cfg, hz);
	n = d->channels * d->banks;
	d->bank = xcalloc(n, sizeof(*d->bank));
	d->bus = xcalloc(d->channels, sizeof(*d->bus));
	for (i = 0; i < n; i++)
		d->bank[i].row = NO_ROW;
	return d;
}

void dram_free(struct dram *d)
{
	if (!d)
		return;
	free(d->bank);
	free(d->bus);
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
	stats_add(s, prefix, dram_table, &d->st);
}
