/*
 * Are all commands that the model reserves legal, and would they be illegal a cycle earlier? Random traffic
 * with requests out of the order of time, judged by tests/ref/ref_dram.c. The rules are JEDEC's, with times
 * of their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/base/rng.h"
#include "model/sim/config.h"
#include "tests/ref/ref_dram.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define HZ       3700000000ull
#define TICK     1024u
#define REQUESTS 8000u

#define ACT      (1u << DRAM_ACT)
#define PRE      (1u << DRAM_PRE | 1u << DRAM_PREA)
#define RD       (1u << DRAM_RD)
#define WR       (1u << DRAM_WR)
#define REF      (1u << DRAM_REF)
#define COLUMN   (RD | WR)

/* DDR4-3200AA, 8 Gb x8, from JESD79-4: clocks of 625 ps. */
#define CK    625u
#define CL    (22u * CK)
#define CWL   (16u * CK)
#define RCD   (22u * CK)
#define RP    (22u * CK)
#define RAS   32500u
#define BURST (4u * CK)

static struct ref_rule ddr4_rules[] = {
	{ "tRC", ACT, ACT, REF_BANK, RAS + RP, 0 },
	{ "tRAS", ACT, PRE, REF_BANK, RAS, 0 },
	{ "tRCD", ACT, COLUMN, REF_BANK, RCD, 0 },
	{ "tRP", PRE, ACT, REF_BANK, RP, 0 },
	{ "tRTP", RD, PRE, REF_BANK, 7500, 0 },
	{ "tWR", WR, PRE, REF_BANK, CWL + BURST + 15000, 0 },
	{ "tRRD_S", ACT, ACT, REF_OTHER_GROUP, 4 * CK, 0 },
	{ "tRRD_L", ACT, ACT, REF_GROUP, 8 * CK, 0 },
	{ "tCCD_S read", RD, RD, REF_OTHER_GROUP, 4 * CK, 0 },
	{ "tCCD_L read", RD, RD, REF_GROUP, 8 * CK, 0 },
	{ "tCCD_S write", WR, WR, REF_OTHER_GROUP, 4 * CK, 0 },
	{ "tCCD_L write", WR, WR, REF_GROUP, 8 * CK, 0 },
	{ "tWTR_S", WR, RD, REF_OTHER_GROUP, CWL + BURST + 2500, 0 },
	{ "tWTR_L", WR, RD, REF_GROUP, CWL + BURST + 7500, 0 },
	{ "read to write", RD, WR, REF_RANK, CL + BURST + 2 * CK - CWL, 0 },
	{ "bus, reads of two ranks", RD, RD, REF_OTHER_RANK, BURST + CK, 0 },
	{ "bus, writes to two ranks", WR, WR, REF_OTHER_RANK, BURST + CK, 0 },
	{ "bus, read then write", RD, WR, REF_OTHER_RANK, CL + BURST + 2 * CK - CWL, 0 },
	{ "bus, write then read", WR, RD, REF_OTHER_RANK, CK, 0 },
	{ "tRP before refresh", PRE, REF, REF_RANK, RP, 0 },
	{ "tRFC", REF, ACT | PRE | COLUMN | REF, REF_RANK, 350000, 0 },
	{ 0 },
};

struct run {
	const char *mapping, *policy;
	u32 channels, ranks;
	u32 writes; /* of 16 requests */
	u32 rows;   /* that requests go to, of each bank */
	u32 pace;   /* cycles from one request to the next, on average */
};

static const struct opt_section sections[] = { { "dram", dram_opts, 0, "memory", NULL }, { 0 } };

static void set(struct config *c, const char *key, const char *value)
{
	char *assignment = xasprintf("dram.%s=%s", key, value);

	config_set(c, assignment);
	free(assignment);
}

static struct dram *build(const struct run *run)
{
	const char *why, *key;
	struct dram_cfg cfg;
	struct config *c = config_new(sections, &cfg);
	struct dram *d;

	set(c, "preset", "ddr4-3200");
	set(c, "fabric", "0");
	set(c, "mapping", run->mapping);
	set(c, "policy", run->policy);
	cfg.channels = run->channels;
	cfg.ranks = run->ranks;
	why = dram_check(&cfg, &key);
	assert_null(why);
	d = dram_new(&cfg, 64, 0, HZ);
	config_free(c);
	return d;
}

static void ask(struct dram *d, struct rng *r, const struct run *run, u64 *now)
{
	u64 lines = (u64)run->channels * run->ranks * 16 * 128 * run->rows;
	struct mem_req req = { .pa = rng_below(r, lines) * 64, .bytes = 64, .cls = MEM_LOAD };
	u64 jitter = rng_below(r, 40), idle = rng_below(r, 2000) ? 0 : rng_below(r, 200000);

	*now += rng_below(r, 2 * run->pace + 1) + idle;
	if (rng_below(r, 16) < run->writes)
		port_write(dram_port(d), &req, *now + jitter);
	else
		assert_true(port_read(dram_port(d), &req, *now + jitter) >= *now + jitter);
}

static void judge(const struct run *run, u64 seed, u64 closest[ARRAY_SIZE(ddr4_rules)])
{
	struct ref_dram ref = { .hz = HZ, .faw_ps = 34 * CK, .rule = ddr4_rules };
	struct dram *d = build(run);
	u64 now = 0;
	struct rng r;
	u32 i;

	rng_init(&r, seed, run->mapping);
	dram_watch(d, ref_dram_note, &ref);
	for (i = 0; i < REQUESTS; i++)
		ask(d, &r, run, &now);
	ref_dram_judge(&ref);
	assert_true(ref.n > REQUESTS);
	assert_int_equal(ref.broken, 0);
	for (i = 0; ddr4_rules[i].name; i++)
		closest[i] = MIN(closest[i], ddr4_rules[i].closest);
	closest[i] = MIN(closest[i], ref.faw_closest);
	free(ref.log);
	dram_free(d);
}

static const struct run runs[] = {
	{ "rorabacobgch", "open", 1, 1, 5, 4, 4 },    { "rochrababgco", "open", 2, 2, 5, 8, 6 },
	{ "rorabacobgch", "open", 1, 2, 8, 64, 30 },  { "rorabgbacoch", "open", 1, 1, 4, 2, 300 },
	{ "rorabacobgch", "closed", 1, 2, 5, 8, 20 }, { "rochrababgco", "timeout", 1, 2, 5, 4, 60 },
	{ "rocorababgchco4", "open", 3, 2, 5, 8, 8 }, { "rorabacobgch", "open", 1, 1, 0, 64, 2 },
};

/* Illegal at t - 1, legal at t: each rule is kept always, and met to less than a cycle somewhere. */
static void every_limit_is_kept_and_reached(void **state)
{
	u64 closest[ARRAY_SIZE(ddr4_rules)];
	u32 i;

	memset(closest, 0xff, sizeof(closest));
	for (i = 0; i < ARRAY_SIZE(runs); i++)
		judge(&runs[i], i + 1, closest);
	for (i = 0; i < ARRAY_SIZE(ddr4_rules); i++) {
		if (closest[i] >= TICK)
			print_message("%s: never closer than %llu ticks\n",
				      ddr4_rules[i].name ? ddr4_rules[i].name : "tFAW",
				      (unsigned long long)closest[i]);
		assert_true(closest[i] < TICK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_limit_is_kept_and_reached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
