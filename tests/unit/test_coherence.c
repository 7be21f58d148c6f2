/*
 * A directory between children and a level below that are scripted: which commands go up and down, in which
 * order, and when the answer is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "model/hw/coherence.h"
#include "model/hw/sharing.h"
#include "tests/ref/ref_mock.h"

#define LINE  MOCK_LINE
#define BELOW MOCK_LATENCY

static void assert_told(const char *expected)
{
	assert_string_equal(mock_told(), expected);
}

#define CHILDREN 3u

struct bench {
	struct mock_below below;
	struct mock_above child[CHILDREN];
	struct directory *d;
	struct sharing sharing;
};

static void setup(struct bench *b, bool forward, bool tells)
{
	struct directory_params p = { .children = CHILDREN, .line = LINE, .below = &b->below.port,
				      .tells = tells, .forward = forward, .transfer = 105, .probe = 85,
				      .reach = BELOW, .sharing = &b->sharing };
	u32 i;

	memset(b, 0, sizeof(*b));
	mock_below_init(&b->below);
	b->d = directory_new(&p);
	for (i = 0; i < CHILDREN; i++) {
		mock_above_init(&b->child[i], i);
		directory_attach(b->d, i, &b->child[i].above);
	}
}

static void teardown(struct bench *b)
{
	directory_sane(b->d);
	directory_free(b->d);
	sharing_fini(&b->sharing);
}

/* A child misses; what it then holds is what the answer allows. Returns the latency. */
static u64 ask(struct bench *b, u32 child, u64 pa, u32 bytes, enum mem_class cls, enum mem_level served)
{
	struct mem_req r = { .pa = pa, .bytes = bytes, .cls = cls };
	u64 done = port_read(directory_port(b->d, child), &r, 1000);

	assert_int_equal(r.served, served);
	b->child[child].answer[pa / LINE] = PROBE_FOUND | (r.shared ? 0 : PROBE_ALONE) |
					    (cls == MEM_RFO ? PROBE_DIRTY : 0);
	return done - 1000;
}

static u64 upgrade(struct bench *b, u32 child, u64 pa, u32 bytes)
{
	struct mem_req r = { .pa = pa, .bytes = bytes, .cls = MEM_RFO };
	u64 done = port_upgrade(directory_port(b->d, child), &r, 1000);

	b->child[child].answer[pa / LINE] = PROBE_FOUND | PROBE_ALONE | PROBE_DIRTY;
	return done - 1000;
}

static u64 counter(const struct bench *b, const char *name)
{
	struct stats *s = stats_new();
	char full[32];
	u64 n;

	directory_stats_add(b->d, s, "d");
	snprintf(full, sizeof(full), "d.%s", name);
	n = stats_value(s, full);
	stats_free(s);
	return n;
}

/* The first reader has the line alone; the second makes it shared; then nobody is asked any more. */
static void test_reads(void **state)
{
	struct bench b;

	setup(&b, false, false);
	assert_int_equal(ask(&b, 0, 0x40, 8, MEM_LOAD, MEM_L3), BELOW);
	assert_told("r40 ");
	assert_int_equal(b.child[0].answer[1], PROBE_FOUND | PROBE_ALONE);
	/* Clean there: the bytes come from below, used when the owner has answered. */
	assert_int_equal(ask(&b, 1, 0x48, 8, MEM_LOAD, MEM_REMOTE), 85);
	assert_told("s0:48 r48+ ");
	assert_int_equal(b.child[0].answer[1], PROBE_FOUND);
	assert_int_equal(b.child[1].answer[1], PROBE_FOUND);
	assert_int_equal(ask(&b, 2, 0x40, 8, MEM_FETCH, MEM_L3), BELOW);
	assert_told("r40+ ");
	assert_int_equal(counter(&b, "reads"), 3);
	assert_int_equal(counter(&b, "downgrades"), 1);
	assert_int_equal(counter(&b, "writebacks"), 0);
	teardown(&b);
}

/* A slow level below hides the probe: at 84 cycles the answers count, at 86 the data. */
static void test_later_of_probe_and_data(void **state)
{
	struct bench b;

	setup(&b, false, false);
	ask(&b, 0, 0x40, 8, MEM_LOAD, MEM_L3);
	ask(&b, 0, 0x80, 8, MEM_LOAD, MEM_L3);
	b.below.latency = 84;
	assert_int_equal(ask(&b, 1, 0x40, 8, MEM_LOAD, MEM_REMOTE), 85);
	b.below.latency = 86;
	assert_int_equal(ask(&b, 1, 0x80, 8, MEM_LOAD, MEM_L3), 86);
	teardown(&b);
}

/* Dirty bytes go from cache to cache, and down; the level below is not read. */
static void test_dirty_transfers(void **state)
{
	struct bench b;

	setup(&b, false, false);
	assert_int_equal(ask(&b, 0, 0x40, 8, MEM_RFO, MEM_L3), BELOW);
	assert_told("r40 ");
	assert_int_equal(ask(&b, 1, 0x60, 8, MEM_LOAD, MEM_REMOTE), 105);
	assert_told("s0:60 w40:64c ");
	assert_int_equal(b.child[0].answer[1], PROBE_FOUND);
	/* To be written: both copies go, which are clean. */
	assert_int_equal(ask(&b, 2, 0x40, 8, MEM_RFO, MEM_REMOTE), 85);
	assert_told("d0:40 d1:40 r40 ");
	/* And from owner to owner; whoever stands farther below hears of it. */
	assert_int_equal(ask(&b, 0, 0x40, 8, MEM_RFO, MEM_REMOTE), 105);
	assert_told("d2:40 w40:64c u40 ");
	assert_int_equal(counter(&b, "transfers_dirty"), 2);
	assert_int_equal(counter(&b, "transfers_clean"), 0);
	assert_int_equal(counter(&b, "writebacks"), 2);
	assert_int_equal(counter(&b, "invalidations"), 3);
	teardown(&b);
}

/* forward: who holds a line alone hands it over, clean too. */
static void test_forwarding(void **state)
{
	struct bench b;

	setup(&b, true, false);
	ask(&b, 0, 0x40, 8, MEM_LOAD, MEM_L3);
	mock_told();
	assert_int_equal(ask(&b, 1, 0x40, 8, MEM_LOAD, MEM_REMOTE), 105);
	assert_told("s0:40 ");
	assert_int_equal(ask(&b, 2, 0x40, 8, MEM_RFO, MEM_REMOTE), 105);
	assert_told("d0:40 d1:40 u40 ");
	assert_int_equal(counter(&b, "transfers_clean"), 2);
	teardown(&b);
}

/* An upgrade drops the others; where there are none it costs the way to the level below. */
static void test_upgrades(void **state)
{
	struct bench b;

	setup(&b, false, false);
	ask(&b, 0, 0x40, 8, MEM_LOAD, MEM_L3);
	ask(&b, 1, 0x40, 8, MEM_LOAD, MEM_REMOTE);
	mock_told();
	assert_int_equal(upgrade(&b, 0, 0x40, 8), 85);
	assert_told("d1:40 u40 ");
	assert_int_equal(upgrade(&b, 0, 0x40, 8), BELOW);
	assert_told("u40 ");
	/* Without a copy: the whole line is to be written. */
	assert_int_equal(upgrade(&b, 2, 0x40, LINE), 85);
	assert_told("d0:40 w40:64c u40 ");
	assert_int_equal(counter(&b, "upgrades"), 3);
	assert_int_equal(counter(&b, "invalidations"), 2);
	teardown(&b);
}

/* A child that is gone is asked no more; the level below hears of the last, if it cares. */
static void test_gone(void **state)
{
	struct bench b;
	u32 tells;

	for (tells = 0; tells < 2; tells++) {
		setup(&b, false, tells);
		ask(&b, 0, 0x40, 8, MEM_LOAD, MEM_L3);
		ask(&b, 1, 0x40, 8, MEM_LOAD, MEM_REMOTE);
		mock_told();
		b.child[0].answer[1] = 0;
		port_gone(directory_port(b.d, 0), 0x40, 1000);
		assert_told("");
		/* One is left, who may own the line for all that is known. */
		assert_int_equal(ask(&b, 2, 0x40, 8, MEM_LOAD, MEM_REMOTE), 85);
		assert_told("s1:40 r40+ ");
		b.child[1].answer[1] = b.child[2].answer[1] = 0;
		port_gone(directory_port(b.d, 1), 0x40, 1000);
		port_gone(directory_port(b.d, 2), 0x40, 1000);
		assert_told(tells ? "g40 " : "");
		assert_int_equal(ask(&b, 0, 0x40, 8, MEM_LOAD, MEM_L3), BELOW);
		assert_told("r40 ");
		teardown(&b);
	}
}

/* A write-back passes; a store that goes through drops others' copies first, and leaves no holder behind. */
static void test_writes(void **state)
{
	struct mem_req wb = { .pa = 0x40, .bytes = LINE, .cls = MEM_RFO };
	struct mem_req st = { .pa = 0x48, .bytes = 8, .cls = MEM_RFO };
	struct bench b;

	setup(&b, false, true);
	ask(&b, 0, 0x40, 8, MEM_RFO, MEM_L3);
	mock_told();
	port_write(directory_port(b.d, 0), &wb, 1000);
	assert_told("w40:64 ");
	b.child[0].answer[1] |= PROBE_DIRTY;
	port_write(directory_port(b.d, 1), &st, 1000);
	assert_told("d0:48 w40:64c w48:8 g48 ");
	assert_int_equal(counter(&b, "invalidations"), 1);
	teardown(&b);
}

/* What the level below asks of it: it asks its holders, all of them to drop, the only one to share. */
static void test_probes_from_below(void **state)
{
	struct bench b;
	struct above *a;

	setup(&b, false, false);
	a = directory_above(b.d);
	assert_int_equal(above_probe(a, 0x40, PROBE_DROP, 0), 0);
	ask(&b, 0, 0x40, 8, MEM_RFO, MEM_L3);
	ask(&b, 0, 0x80, 8, MEM_LOAD, MEM_L3);
	ask(&b, 1, 0x80, 8, MEM_LOAD, MEM_REMOTE);
	mock_told();
	assert_true(above_probe(a, 0x40, PROBE_HOLDS, 0) & PROBE_FOUND);
	assert_told("");
	assert_true(above_probe(a, 0x40, PROBE_SHARE, 0) & PROBE_DIRTY);
	assert_told("s0:40 ");
	assert_int_equal(above_probe(a, 0x80, PROBE_SHARE, 0), PROBE_FOUND);
	assert_told("");
	assert_int_equal(above_probe(a, 0x80, PROBE_DROP, 0), PROBE_FOUND);
	assert_told("d0:80 d1:80 ");
	assert_int_equal(above_probe(a, 0x80, PROBE_HOLDS, 0), 0);
	assert_int_equal(counter(&b, "recalls"), 2);
	assert_int_equal(counter(&b, "invalidations"), 0);
	teardown(&b);
}

/* Two children write in turn: to the same bytes, or to neighbours; a third only in between. */
static void test_true_and_false_sharing(void **state)
{
	struct sharing_line top[4];
	struct bench b;
	u32 i;

	setup(&b, false, false);
	for (i = 0; i < 10; i++) {
		ask(&b, i % 2, 0x40, 8, MEM_RFO, i ? MEM_REMOTE : MEM_L3);
		ask(&b, i % 2, 0x80 + 8 * (i % 2), 8, MEM_RFO, i ? MEM_REMOTE : MEM_L3);
	}
	/* The first misses of each child are cold. */
	assert_int_equal(counter(&b, "true_sharing"), 8);
	assert_int_equal(counter(&b, "false_sharing"), 8);
	/* Bytes 4 to 11 overlap both 0 to 7 and 8 to 15; what is compared is the write that took the line. */
	ask(&b, 0, 0x84, 8, MEM_LOAD, MEM_REMOTE);
	assert_int_equal(counter(&b, "true_sharing"), 9);
	/* A prefetch of a lost line is neither, and what comes after it is no miss. */
	ask(&b, 0, 0xc0, 8, MEM_LOAD, MEM_L3);
	upgrade(&b, 1, 0xc0, LINE);
	ask(&b, 0, 0xc0, 0, MEM_PREFETCH, MEM_REMOTE);
	b.child[0].answer[3] = 0;
	port_gone(directory_port(b.d, 0), 0xc0, 1000);
	ask(&b, 0, 0xc0, 8, MEM_LOAD, MEM_REMOTE);
	assert_int_equal(counter(&b, "true_sharing"), 9);
	assert_int_equal(sharing_top(&b.sharing, top, 4), 2);
	assert_int_equal(top[0].line, 2);
	assert_int_equal(top[0].false_misses, 8);
	assert_int_equal(top[0].true_misses, 1);
	assert_int_equal(top[1].line, 1);
	assert_int_equal(top[1].true_misses, 8);
	assert_int_equal(sharing_top(&b.sharing, top, 1), 1);
	assert_int_equal(top[0].line, 2);
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_later_of_probe_and_data),
		cmocka_unit_test(test_dirty_transfers),
		cmocka_unit_test(test_forwarding),
		cmocka_unit_test(test_upgrades),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_probes_from_below),
		cmocka_unit_test(test_true_and_false_sharing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
