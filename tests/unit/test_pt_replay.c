/* A recording replayed under every layout: faults, walks and TLB misses follow the page size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/core/machine.h"
#include "traces/capture_write.h"
#include "traces/encode.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define CAPTURE "build/tests/pt_replay.pcap"
#define CODE    0x400000ull
#define DATA    0x10000000ull
#define BYTES   (16ull << 20)
#define PID     100u

struct take {
	struct capture_writer *w;
	struct tr_encoder *enc;
	u64 seq;
};

static void emit(void *arg, const u8 *packet, u32 len, u64 insns)
{
	assert_true(capture_write(((struct take *)arg)->w, packet, len, insns));
}

static void map(struct take *t, u64 addr, u64 len)
{
	struct tr_event ev = { .kind = TR_EV_MAP,
			       .flags = TR_MAP_ANON,
			       .seq = ++t->seq,
			       .addr = addr,
			       .len = len,
			       .offset = TR_NO_OFFSET,
			       .prot = TR_PROT_READ | TR_PROT_WRITE | TR_PROT_EXEC };

	tr_encode_event(t->enc, &ev);
}

/* A store to each 4 KB of the data, in order, twice; at `top`, one more mapping. */
static void record(u64 top)
{
	static const u8 sizes[1] = { 4 };
	struct tr_slot slot = { .size = 8, .kind = TR_STORE };
	struct tr_block b = { .pc = CODE, .n_insns = 1, .n_slots = 1, .insn_size = sizes, .slot = &slot };
	struct tr_dict *dict = tr_dict_new();
	char err[TR_ERRBUF];
	struct take t = { .w = capture_create(CAPTURE, err) };
	u32 block = tr_dict_add(dict, &b);
	u64 at, round;

	assert_non_null(t.w);
	t.enc = tr_encoder_new(&(struct tr_encoder_cfg){
		.dict = dict, .pid = PID, .tid = PID, .isa = "x86_64", .emit = emit, .arg = &t });
	map(&t, CODE, 4096);
	map(&t, DATA, BYTES);
	if (top)
		map(&t, top, 4096);
	for (round = 0; round < 2; round++)
		for (at = DATA; at < DATA + BYTES; at += 4096)
			tr_encode_run(t.enc, block, &at);
	tr_encode_event(t.enc,
			&(struct tr_event){ .kind = TR_EV_EXIT, .flags = TR_EXIT_GROUP, .seq = ++t.seq });
	tr_encoder_free(t.enc);
	tr_dict_free(dict);
	assert_true(capture_close(t.w, err));
}

static struct machine *replay_with(const char *layout, const char *setting, const char *memory)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	struct machine *m;
	char err[TR_ERRBUF], set[64];
	struct trace *t;

	snprintf(set, sizeof(set), "kernel.layout=%s", layout);
	config_set(c, set);
	config_set(c, setting);
	config_set(c, memory);
	config_set(c, "kernel.placement=sequential"); /* nothing but the program moves TLBs */
	machine_check(&cfg, c);
	m = machine_new(&cfg, 500);
	config_free(c);
	t = trace_open(CAPTURE, NULL, err);
	assert_non_null(t);
	engine_add(m->engine, t);
	while (engine_run(m->engine, ~(u64)0) != ENGINE_END)
		;
	machine_settle(m);
	return m;
}

static struct machine *replay(const char *layout, const char *thp)
{
	char set[64];

	snprintf(set, sizeof(set), "kernel.thp=%s", thp);
	return replay_with(layout, set, "memory.size=256M");
}

static u64 value(const struct machine *m, const char *name)
{
	return stats_value(m->stats, name);
}

static const struct {
	const char *layout;
	u32 shift; /* of a page */
	u32 reads; /* of a cold walk */
} layouts[] = {
	{ "x86-64", 12, 4 },    { "x86-64-la57", 12, 5 }, { "i386", 12, 2 },
	{ "i386-pae", 12, 2 },  { "arm64-4k", 12, 4 },    { "arm64-16k", 14, 4 },
	{ "arm64-64k", 16, 3 }, { "sv39", 12, 3 },        { "sv48", 12, 4 },
};

static void replay_under_every_layout(void **state)
{
	u32 i;

	record(0);
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		struct machine *m = replay(layouts[i].layout, "never");
		u64 pages = BYTES >> layouts[i].shift;

		assert_int_equal(value(m, "replay.refused"), 0);
		assert_int_equal(value(m, "mm.fault.segv"), 0);
		assert_int_equal(value(m, "mm.fault.zero") + value(m, "mm.fault.zero_page"), pages + 1);
		/* Data misses: each page in both rounds, if the TLB has no room for all of them. */
		assert_int_equal(value(m, "core0.dtlb.misses"), pages <= 96 ? pages : 2 * pages);
		assert_true(value(m, "core0.walker.pte_reads") >= layouts[i].reads);
		machine_free(m);
	}
}

/* A store of 8 bytes across each boundary of 4 KB in 256 KB, by an instruction that crosses one itself. */
static void record_straddles(void)
{
	static const u8 sizes[1] = { 4 };
	struct tr_slot slot = { .size = 8, .kind = TR_STORE };
	struct tr_block b = {
		.pc = CODE + 4094, .n_insns = 1, .n_slots = 1, .insn_size = sizes, .slot = &slot
	};
	struct tr_dict *dict = tr_dict_new();
	char err[TR_ERRBUF];
	struct take t = { .w = capture_create(CAPTURE, err) };
	u32 block = tr_dict_add(dict, &b);
	u64 at;

	assert_non_null(t.w);
	t.enc = tr_encoder_new(&(struct tr_encoder_cfg){
		.dict = dict, .pid = PID, .tid = PID, .isa = "x86_64", .emit = emit, .arg = &t });
	map(&t, CODE, 8192);
	map(&t, DATA, 256 << 10);
	for (at = DATA + 4092; at < DATA + (252 << 10); at += 4096)
		tr_encode_run(t.enc, block, &at);
	tr_encode_event(t.enc,
			&(struct tr_event){ .kind = TR_EV_EXIT, .flags = TR_EXIT_GROUP, .seq = ++t.seq });
	tr_encoder_free(t.enc);
	tr_dict_free(dict);
	assert_true(capture_close(t.w, err));
}

/* 63 boundaries of 4 KB, of which 15 are of 16 KB and 3 of 64 KB: so many accesses look two pages up. */
static void straddles_follow_the_page_size(void **state)
{
	static const struct {
		const char *layout;
		u64 straddles;
		u32 code_pages; /* that the instruction lies in */
	} want[] = { { "arm64-4k", 63, 2 }, { "arm64-16k", 15, 1 }, { "arm64-64k", 3, 1 } };
	u32 i;

	record_straddles();
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct machine *m = replay(want[i].layout, "never");

		assert_int_equal(value(m, "core0.page_straddles"), want[i].straddles);
		assert_int_equal(value(m, "core0.dtlb.lookups"), 63 + want[i].straddles);
		assert_int_equal(value(m, "core0.itlb.lookups"), 63 * want[i].code_pages);
		machine_free(m);
	}
}

/* 16 MB are eight pages of 2 MB, or four of 4 MB: so many faults, and no miss in the second round. */
static void replay_with_large_pages(void **state)
{
	static const struct {
		const char *layout;
		u64 pages;
	} large[] = { { "x86-64", 8 }, { "i386", 4 }, { "i386-pae", 8 }, { "arm64-4k", 8 }, { "sv39", 8 } };
	u32 i;

	record(0);
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		struct machine *m = replay(large[i].layout, "always");

		assert_int_equal(value(m, "mm.fault.huge"), large[i].pages);
		assert_int_equal(value(m, "core0.dtlb.misses"), large[i].pages);
		assert_int_equal(value(m, "mm.vmstat.thp_fault_alloc"), large[i].pages);
		machine_free(m);
	}
}

/* Runs of 64 KB: 256 entries for 16 MB, more than the DTLB has; of 2 MB: eight. One fault each. */
static void replay_with_contiguous_runs(void **state)
{
	static const struct {
		const char *layout;
		u64 runs, misses;
	} want[] = { { "arm64-4k", 256, 512 }, { "arm64-16k", 8, 8 }, { "arm64-64k", 8, 8 } };
	u32 i;

	record(0);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct machine *m =
			replay_with(want[i].layout, "kernel.contiguous=always", "memory.size=256M");

		assert_int_equal(value(m, "mm.contig.faults"), want[i].runs);
		assert_int_equal(value(m, "core0.dtlb.misses"), want[i].misses);
		machine_free(m);
	}
}

static int tell;

static void tell_and_leave(int status, const char *message)
{
	dprintf(tell, "%d %s", status, message);
	_exit(0);
}

/* In a child of its own, since whoever gives up leaves things behind. */
static void refused(const char *layout)
{
	char said[1024] = "";
	int ends[2], left;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		tell = ends[1];
		die_hook_set(tell_and_leave);
		replay(layout, "never");
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &left, 0), child);
	assert_memory_equal(said, "2 ", 2);
	assert_non_null(strstr(said, "0x7fff12345000-0x7fff12346000"));
	assert_non_null(strstr(said, "kernel.layout"));
}

static void refuse_what_does_not_fit(void **state)
{
	record(0x7fff12345000ull);
	machine_free(replay("arm64-64k", "never"));
	machine_free(replay("sv48", "never"));
	refused("sv39");
	refused("i386");
	refused("i386-pae");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_under_every_layout),
		cmocka_unit_test(replay_with_contiguous_runs),
		cmocka_unit_test(straddles_follow_the_page_size),
		cmocka_unit_test(replay_with_large_pages),
		cmocka_unit_test(refuse_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
