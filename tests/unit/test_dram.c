/*
 * DRAM beside closed formulas: idle latencies of every preset, bandwidth, overlap, activation rate and
 * refresh share; the mapping of addresses; the write queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/core/machine.h"
#include "model/hw/dram.h"
#include "model/sim/config.h"
#include "model/sim/time.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define GHZ  1000000000ull
#define HZ   (10 * GHZ) /* a cycle is 100 ps */
#define LINE 64u

static const struct opt_section sections[] = { { "dram", dram_opts, 0, "memory", NULL }, { 0 } };

/* Keys as on the command line, "preset=ddr4-3200 fabric=0". */
static void configure(struct config *c, const char *keys)
{
	char *words = xstrdup(keys), *save, *word, *assignment;

	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assignment = xasprintf("dram.%s", word);
		config_set(c, assignment);
		free(assignment);
	}
	free(words);
}

static struct dram *build(const char *keys)
{
	const char *why, *key;
	struct dram_cfg cfg;
	struct config *c = config_new(sections, &cfg);
	struct dram *d;

	configure(c, "fabric=0");
	configure(c, keys);
	why = dram_check(&cfg, &key);
	assert_null(why);
	d = dram_new(&cfg, LINE, 0, HZ);
	config_free(c);
	return d;
}

static u64 read_at(struct dram *d, u64 line, u64 now)
{
	struct mem_req r = { .pa = line * LINE, .bytes = LINE, .cls = MEM_LOAD };

	u64 done = port_read(dram_port(d), &r, now);

	assert_int_equal(r.served, MEM_DRAM);
	return done;
}

static u64 write_at(struct dram *d, u64 line, u64 now)
{
	struct mem_req r = { .pa = line * LINE, .bytes = LINE, .cls = MEM_LOAD };

	return port_write(dram_port(d), &r, now);
}

/* Published ns at the device: tCL + burst, + tRCD, + tRP, from clocks and transfer rates of the standards. */
static const struct idle {
	const char *preset;
	u32 row; /* lines */
	u32 banks;
	u64 hit, closed, conflict; /* cycles of 100 ps */
} idle[] = {
	{ "ddr4-2400", 128, 16, 175, 317, 459 }, /* 17.50, 31.67, 45.83 */
	{ "ddr4-2666", 128, 16, 173, 315, 458 }, /* 17.25, 31.50, 45.75 */
	{ "ddr4-3200", 128, 16, 163, 300, 438 }, /* 16.25, 30.00, 43.75 */
	{ "ddr5-4800", 64, 32, 184, 334, 484 },  /* 18.33, 33.33, 48.33 */
	{ "ddr2-533", 128, 8, 300, 450, 600 },   /* 30, 45, 60 */
	{ "sdr-133", 128, 4, 825, 1025, 1225 },  /* 22.5 + 60, and 20 each */
};

static void idle_latencies_are_the_published(void **state)
{
	char *keys;
	struct dram *d;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(idle); i++) {
		keys = xasprintf("preset=%s channels=1 mapping=rochrababgco bank_xor=no refresh=none",
				 idle[i].preset);
		d = build(keys);
		assert_int_equal(read_at(d, 0, 5000), 5000 + idle[i].closed);
		assert_int_equal(read_at(d, 1, 10000), 10000 + idle[i].hit);
		assert_int_equal(read_at(d, (u64)idle[i].row * idle[i].banks, 20000),
				 20000 + idle[i].conflict);
		assert_int_equal(dram_stats(d)->row_closed, 1);
		assert_int_equal(dram_stats(d)->row_hits, 1);
		assert_int_equal(dram_stats(d)->row_conflicts, 1);
		dram_free(d);
		free(keys);
	}
}

static void fabric_comes_on_top(void **state)
{
	struct dram *d = build("preset=ddr4-3200 refresh=none fabric=20ns");

	assert_int_equal(read_at(d, 0, 0), 200 + 300);
	dram_free(d);
	d = build("model=flat flat=60ns fabric=20ns");
	assert_int_equal(read_at(d, 0, 0), 800);
	assert_int_equal(read_at(d, 0, 0), 800);
	assert_int_equal(dram_stats(d)->fixed, 2);
	dram_free(d);
}

/* A key beats the preset, and a bare number is core cycles. */
static void times_can_be_set(void **state)
{
	struct dram *d = build("preset=ddr4-3200 refresh=none tcl=10ns trcd=77");

	assert_int_equal(read_at(d, 0, 0), 100 + 77 + 25);
	dram_free(d);
}

/* Who is far behind the last requests finds another row open and nobody in his way, and is in nobody's. */
static void the_past_is_not_the_futures(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 mapping=rochrababgco bank_xor=no refresh=none");
	u64 far = 40000, i;

	for (i = 0; i < 64; i++)
		read_at(d, i, far);
	assert_int_equal(read_at(d, 0, far - 12000), far - 12000 + 438);
	assert_int_equal(read_at(d, 0, far - 12000), far - 12000 + 438);
	assert_int_equal(dram_stats(d)->early, 2);
	assert_true(read_at(d, 64, far - 5000) > far);
	assert_int_equal(dram_stats(d)->early, 2);
	assert_int_equal(read_at(d, 1, far + 10000), far + 10000 + 163);
	dram_free(d);
}

/* Reads n lines of a stride with so many in flight. Returns cycles a line, in hundredths. */
static u64 pace(struct dram *d, u64 stride, u32 in_flight, u32 n)
{
	u64 *done = xcalloc(n, sizeof(*done)), last = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		done[i] = read_at(d, i * stride, i >= in_flight ? done[i - in_flight] : 0);
		last = MAX(last, done[i]);
	}
	free(done);
	return 100 * last / n;
}

#define assert_within(got, want, percent) \
	assert_in_range(got, (want) - (want) * (percent) / 100, (want) + (want) * (percent) / 100)

/* channels x line / burst, less the share of refresh. */
static void a_stream_gets_the_bandwidth(void **state)
{
	static const struct stream {
		const char *keys;
		u64 pace;
		u32 in_flight;
	} streams[] = {
		{ "preset=ddr4-3200 channels=1", 2500 * 7800 / (7800 - 350), 96 },
		{ "preset=ddr4-3200 channels=6 ranks=2", 2500 * 7800 / (7800 - 350) / 6, 96 },
		{ "preset=ddr4-2400 channels=2", 3333 * 7800 / (7800 - 350) / 2, 96 },
		{ "preset=ddr5-4800 channels=4", 3333 * 3900 / (3900 - 295) / 4, 96 },
		{ "preset=ddr2-533 channels=2", 15000 * 78000ull / (78000 - 1275) / 2, 96 },
		/* One bank group at a time: tCCD_L. */
		{ "preset=ddr4-3200 channels=1 mapping=rochrababgco", 5000 * 7800 / (7800 - 350), 8 },
	};
	struct dram *d;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(streams); i++) {
		d = build(streams[i].keys);
		assert_within(pace(d, 1, streams[i].in_flight, 100000), streams[i].pace, 5);
		dram_free(d);
	}
}

/* Little's law: so many in flight take latency / in_flight each, until the bus is full. */
static void independent_reads_overlap(void **state)
{
	const u64 hit = 16250, burst = 2500;
	u32 n;

	for (n = 1; n <= 16; n *= 2) {
		struct dram *d = build("preset=ddr4-3200 channels=1 refresh=none");

		assert_within(pace(d, 1, n, 20000), MAX(hit / n, burst), 5);
		dram_free(d);
	}
}

/* A row stays open for tRAS (32.5 ns) at least: a conflict soon after the activation waits, a later one not.
 */
static void a_row_is_closed_no_earlier_than_tras(void **state)
{
	static const u64 at[] = { 200, 324, 325 }, wait[] = { 125, 1, 0 };
	struct dram *d;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		d = build("preset=ddr4-3200 channels=1 refresh=none bank_xor=no mapping=rorababgcoch");
		assert_int_equal(read_at(d, 0, 0), 300);
		assert_int_equal(read_at(d, 128 * 16, at[i]), at[i] + wait[i] + 438);
		assert_int_equal(dram_stats(d)->read_cycles, 300 + wait[i] + 438);
		dram_free(d);
	}
}

/* Dependent conflicts of one bank: tRAS and tRP bind, as a row cannot be closed before tRAS; tRC each. */
static void conflicts_of_one_bank_take_trc(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 refresh=none bank_xor=no mapping=rorababgcoch");

	assert_within(pace(d, 128 * 16, 8, 10000), 46250, 1);
	dram_free(d);
}

/* A new row in another bank each time: four in tFAW; and when tFAW is short, tRRD_S. */
static void activations_are_limited(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 refresh=none bank_xor=no mapping=rocobabgrach");

	assert_within(pace(d, 1, 64, 20000), 2500, 5);
	dram_free(d);
	d = build("preset=ddr4-3200 channels=1 refresh=none bank_xor=no row=1K mapping=corobabgrach");
	assert_within(pace(d, 1, 64, 20000), 21250 / 4, 2);
	dram_free(d);
	d = build("preset=ddr4-3200 channels=1 refresh=none bank_xor=no row=1K mapping=corobabgrach tfaw=1ns "
		  "trrd_s=4ns");
	assert_within(pace(d, 1, 64, 20000), 4000, 2);
	dram_free(d);
}

/* Refreshes are counted by time, also through idle times, and take tRFC of every tREFI from a busy channel.
 */
static void refresh_takes_its_share(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 ranks=2");
	const u64 second = HZ;
	u64 with, without;

	read_at(d, 0, second);
	read_at(d, 1ull << 20, second);
	read_at(d, 128 * 16, second);
	assert_in_range(dram_stats(d)->refreshes, second / 78000 - 1, 2 * (second / 78000 + 1));
	dram_free(d);

	d = build("preset=ddr4-3200 channels=1 ranks=1");
	with = pace(d, 1, 96, 100000);
	assert_within(dram_stats(d)->refreshes, with * 1000 / 78000, 1);
	dram_free(d);
	d = build("preset=ddr4-3200 channels=1 ranks=1 refresh=none");
	without = pace(d, 1, 96, 100000);
	assert_int_equal(dram_stats(d)->refreshes, 0);
	dram_free(d);
	/* 350 / 7800 is 4.49 %; opening the rows again adds to it, but less than half a per cent. */
	assert_in_range((with - without) * 10000 / with, 449, 499);
}

/* A read that comes when a refresh has just begun waits for tRFC, and finds the bank closed. */
static void a_read_waits_for_a_refresh(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 ranks=1");
	const u64 due = 78000;

	assert_int_equal(read_at(d, 0, due - 1000), due - 1000 + 300);
	assert_int_equal(read_at(d, 0, due - 600), due - 600 + 163);
	assert_int_equal(read_at(d, 0, due), due + 3500 + 300);
	assert_int_equal(read_at(d, 0, 2 * due - 1), 2 * due - 1 + 163);
	/* The one before makes it start when the row is read (7.5) and closed (13.75). */
	assert_int_equal(read_at(d, 0, 2 * due + 3400), 2 * due + 212 + 3500 + 300);
	assert_int_equal(read_at(d, 0, 3 * due + 3501), 3 * due + 3501 + 300);
	dram_free(d);
}

/* Time of a walk from line to line that waits for each. */
static u64 walk(u32 channels, u32 ranks, u32 fabric, const char *refresh)
{
	char *keys =
		xasprintf("channels=%u ranks=%u fabric=%uns refresh=%s", channels, ranks, fabric, refresh);
	struct dram *d = build(keys);
	u64 now = 0, line;

	for (line = 0; line < 5000; line++)
		now = read_at(d, line, now);
	dram_free(d);
	free(keys);
	return now / 5000;
}

/*
 * Who comes at any time waits for half a refresh in tRFC of tREFI: 295 and 3900 ns, 11.2 ns a line. A walk
 * comes when its last line was there, and has its own rhythm with the channels; over walks of many paces it
 * waits longer, but not by a multiple of that.
 */
static void a_walk_does_not_march_with_refreshes(void **state)
{
	static const u32 channels[] = { 2, 4, 6, 8, 12, 16 };
	u32 i, ranks, fabric;
	u64 wait;

	for (i = 0; i < ARRAY_SIZE(channels); i++) {
		for (ranks = 1; ranks <= 2; ranks++) {
			wait = 0;
			for (fabric = 20; fabric < 120; fabric += 5)
				wait += walk(channels[i], ranks, fabric, "all-bank") -
					walk(channels[i], ranks, fabric, "none");
			assert_in_range(wait / 20, 112 / 2, 112 * 5 / 2);
		}
	}
}

static void policies_close_rows(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 refresh=none policy=closed mapping=rochrababgco");

	assert_int_equal(read_at(d, 0, 0), 300);
	assert_int_equal(read_at(d, 1, 1000), 1000 + 300);
	assert_int_equal(read_at(d, 128 * 16, 2000), 2000 + 300);
	assert_int_equal(dram_stats(d)->row_closed, 3);
	dram_free(d);

	d = build(
		"preset=ddr4-3200 channels=1 refresh=none policy=timeout timeout=200ns mapping=rochrababgco");
	assert_int_equal(read_at(d, 0, 0), 300); /* its column command: at 13.75 ns */
	assert_int_equal(read_at(d, 1, 2000), 2000 + 163);
	assert_int_equal(read_at(d, 2, 2000 + 2001), 4000 + 438); /* just closing */
	assert_int_equal(read_at(d, 3, 9000), 9000 + 300);
	dram_free(d);
}

/* Every place of a small device is hit once by its lines, whatever the order of fields. */
static void is_a_bijection(const char *mapping, const struct dram_geometry *g, bool bank_xor)
{
	u32 n = g->channels * g->ranks * g->groups * g->banks * g->row_lines * g->rows, i, at;
	bool *seen = xcalloc(n, sizeof(*seen));
	struct dram_place p;
	struct dram_map m;
	const char *why = dram_map_init(&m, mapping, g, bank_xor);

	assert_null(why);
	for (i = 0; i < n; i++) {
		dram_map_find(&m, i, &p);
		assert_true(p.channel < g->channels && p.rank < g->ranks && p.group < g->groups);
		assert_true(p.bank < g->banks && p.column < g->row_lines && p.row < g->rows);
		at = (p.channel * g->ranks + p.rank) * g->groups + p.group;
		at = ((at * g->banks + p.bank) * g->row_lines + p.column) * g->rows + (u32)p.row;
		assert_false(seen[at]);
		seen[at] = true;
	}
	dram_map_find(&m, n + 5, &p); /* beyond: rows that do not exist */
	assert_true(p.row >= g->rows && p.row < 2 * g->rows);
	free(seen);
}

static void mappings_are_bijections(void **state)
{
	static const char *const order[] = { "rochrababgco",    "rorabacobgch",      "robarachbgco",
					     "chrabarobgco",    "rocorababgchco4",   "corobabgrach",
					     "rorababgcobg2ch", "robgcorabachbg2co4" };
	static const struct dram_geometry geo[] = { { 2, 2, 4, 4, 16, 8 },
						    { 6, 1, 4, 2, 8, 16 },
						    { 1, 1, 1, 8, 32, 4 } };
	static const struct dram_geometry odd = { 3, 3, 3, 5, 16, 7 };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for (k = 0; k < ARRAY_SIZE(geo); k++) {
			is_a_bijection(order[i], &geo[k], false);
			is_a_bijection(order[i], &geo[k], true);
		}
		if (!strchr(order[i], '2')) /* three groups have no half */
			is_a_bijection(order[i], &odd, false);
	}
}

/* DRAMsim3's default order, field by field. */
static void a_mapping_means_what_it_says(void **state)
{
	const struct dram_geometry g = { 2, 2, 4, 4, 128, 65536 };
	struct dram_place p;
	struct dram_map m;

	dram_map_init(&m, "rochrababgco", &g, false);
	dram_map_find(&m, 77 + 128 * (3 + 4 * (2 + 4 * (1 + 2 * (1 + 2 * 4321)))), &p);
	assert_int_equal(p.column, 77);
	assert_int_equal(p.group, 3);
	assert_int_equal(p.bank, 2);
	assert_int_equal(p.rank, 1);
	assert_int_equal(p.channel, 1);
	assert_int_equal(p.row, 4321);

	dram_map_init(&m, "rorababgcobg2ch", &g, false);
	dram_map_find(&m, 1 + 2 * (1 + 2 * (77 + 128 * (1 + 2 * (2 + 4 * (1 + 2 * 4321))))), &p);
	assert_int_equal(p.channel, 1);
	assert_int_equal(p.group, 1 + 2 * 1);
	assert_int_equal(p.column, 77);
	assert_int_equal(p.bank, 2);
	assert_int_equal(p.rank, 1);
	assert_int_equal(p.row, 4321);
}

static void bad_mappings_are_refused(void **state)
{
	static const char *const bad[] = { "",
					   "ro",
					   "rochrababg",
					   "rochrababgcoco",
					   "rochrababgcoxx",
					   "rochrababgco4",
					   "rorochrababgco",
					   "rocochrababgco3",
					   "rococo4chrababgco4",
					   "ro4chrababgco",
					   "rochrababgcobg3",
					   "rochbg2rababgco",
					   "rochrababgcobg2bg2" };
	struct dram_cfg cfg;
	struct config *c = config_new(sections, &cfg);
	const char *key, *why;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *set = xasprintf("dram.mapping=%s", bad[i]);

		config_set(c, set);
		why = dram_check(&cfg, &key);
		assert_non_null(why);
		assert_string_equal(key, "mapping");
		free(set);
	}
	config_free(c);
}

/* Strides of all banks' rows meet in one bank, unless it is permuted. */
static void bank_xor_spreads_strides(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 bank_xor=no mapping=rorababgcoch");

	pace(d, 128 * 16, 1, 16);
	assert_int_equal(dram_stats(d)->row_closed, 1);
	dram_free(d);
	d = build("preset=ddr4-3200 channels=1 bank_xor=yes mapping=rorababgcoch");
	pace(d, 128 * 16, 1, 16);
	assert_int_equal(dram_stats(d)->row_closed, 16);
	dram_free(d);
}

static void writes_wait_and_go_in_a_batch(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 refresh=none write_queue=8 write_low=2");
	const struct dram_stats *st = dram_stats(d);
	u32 i;

	read_at(d, 1000, 0);
	for (i = 0; i < 7; i++)
		assert_int_equal(write_at(d, i, 1000), 1000);
	assert_int_equal(st->waiting, 7);
	assert_int_equal(read_at(d, 3, 2000), 2000); /* from the queue */
	write_at(d, 3, 2000);
	assert_int_equal(st->forwarded, 1);
	assert_int_equal(st->merged, 1);
	assert_int_equal(st->turnarounds, 0);
	write_at(d, 7, 3000);
	assert_int_equal(st->batches, 1);
	assert_int_equal(st->waiting, 2);
	assert_int_equal(st->turnarounds, 1);
	read_at(d, 1000, 9000);
	assert_int_equal(st->turnarounds, 2);
	assert_int_equal(st->reads + st->writes, st->row_hits + st->row_closed + st->row_conflicts +
							 st->forwarded + st->merged + st->waiting);
	assert_int_equal(st->bus_cycles, (2 + 6) * 25);
	dram_free(d);
}

/* In a batch row hits go before others; asked one by one, two rows of a bank in turn conflict each time. */
static void a_batch_takes_row_hits_first(void **state)
{
	const char *keys[] = { "write_queue=16 write_low=0", "write_queue=0" };
	const u64 conflicts[] = { 1, 15 };
	struct dram *d;
	u32 i, k;

	for (k = 0; k < 2; k++) {
		char *all =
			xasprintf("preset=ddr4-3200 channels=1 bank_xor=no mapping=rorababgcoch %s", keys[k]);

		d = build(all);
		for (i = 0; i < 16; i++)
			write_at(d, i / 2 + (i & 1) * 128 * 16, 0);
		assert_int_equal(dram_stats(d)->row_conflicts, conflicts[k]);
		assert_int_equal(dram_stats(d)->row_closed, 1);
		dram_free(d);
		free(all);
	}
}

/* A read of another bank takes the gap before a conflict that was asked for earlier. */
static void a_free_bank_does_not_wait_behind_a_conflict(void **state)
{
	struct dram *d = build("preset=ddr4-3200 channels=1 refresh=none bank_xor=no mapping=rorababgcoch");

	read_at(d, 0, 0);
	read_at(d, 128, 0);
	assert_true(read_at(d, 128 * 16, 5000) == 5000 + 438);
	assert_true(read_at(d, 128 + 1, 5000) == 5000 + 163);
	dram_free(d);
}

/* Load-to-use of a dependent chase at random over 1 GB, in hundredths of a ns: last cache, fabric, device,
 * refresh. */
static u64 chase(const char *name)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	const u32 n = 100000;
	u64 hz, last, now = 0;
	struct dram *d;
	struct rng r;
	u32 i;

	config_load(c, "machines", name);
	hz = cfg.core.frequency;
	last = time_to_cycles(cfg.hw.l3.size ? cfg.hw.l3.latency : cfg.hw.l2.latency, hz);
	d = dram_new(&cfg.hw.dram, LINE, last, hz);
	rng_init(&r, 1, name);
	for (i = 0; i < n; i++)
		now = read_at(d, rng_below(&r, (1u << 30) / LINE), now);
	dram_free(d);
	config_free(c);
	return cycles_to_ps(now, hz) / n / 10;
}

/* Chips and Cheese's measurements with large pages; Skylake-SP's is a guess. */
static void machines_idle_as_published(void **state)
{
	static const struct machine {
		const char *name;
		u64 ns;
	} machines[] = {
		{ "golden-cove", 107 }, { "zen4", 73 },       { "cortex-a72", 92 },
		{ "pentium4", 90 },     { "skylake-sp", 90 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		assert_within(chase(machines[i].name), machines[i].ns * 100, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_latencies_are_the_published),
		cmocka_unit_test(fabric_comes_on_top),
		cmocka_unit_test(times_can_be_set),
		cmocka_unit_test(the_past_is_not_the_futures),
		cmocka_unit_test(a_stream_gets_the_bandwidth),
		cmocka_unit_test(independent_reads_overlap),
		cmocka_unit_test(a_row_is_closed_no_earlier_than_tras),
		cmocka_unit_test(conflicts_of_one_bank_take_trc),
		cmocka_unit_test(activations_are_limited),
		cmocka_unit_test(refresh_takes_its_share),
		cmocka_unit_test(a_read_waits_for_a_refresh),
		cmocka_unit_test(a_walk_does_not_march_with_refreshes),
		cmocka_unit_test(policies_close_rows),
		cmocka_unit_test(mappings_are_bijections),
		cmocka_unit_test(a_mapping_means_what_it_says),
		cmocka_unit_test(bad_mappings_are_refused),
		cmocka_unit_test(bank_xor_spreads_strides),
		cmocka_unit_test(writes_wait_and_go_in_a_batch),
		cmocka_unit_test(a_batch_takes_row_hits_first),
		cmocka_unit_test(a_free_bank_does_not_wait_behind_a_conflict),
		cmocka_unit_test(machines_idle_as_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
