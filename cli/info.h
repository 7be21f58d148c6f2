/*
 * The inside of mmsim info: what was gathered of a trace. Private to cli/info*.c.
 */
#ifndef MMSIM_CLI_INFO_H
#define MMSIM_CLI_INFO_H

#include <jansson.h>

#include "cli/info_alloc.h"
#include "traces/footprint.h"
#include "traces/trace.h"

struct info_thread {
	u32 pid, tid;
	u32 packets; /* also: the number that the next one must have, when verifying */
	u64 first_insn, insns, runs;
	u64 by_kind[TR_NR_KINDS];
};

struct info_mark {
	char *name;
	u64 passed;
};

struct info {
	struct trace *t;
	bool verify;
	struct info_thread *thread;
	u32 n_threads;
	struct block_sum *block;
	u32 n_blocks;
	struct footprint *footprint;
	struct info_alloc *alloc;
	u64 packets, bytes, dict_bytes, addrs, unknown;
	u64 events[TR_NR_EVENTS];
	u64 event_bytes[TR_NR_EVENTS];
	u8 *seq_seen; /* a bit a sequence number, when verifying */
	u64 seq_size, seq_max, seq_n;
	struct bbv *bbv; /* NULL: not asked for */
	struct info_mark *mark;
	u32 n_marks;
	u64 faults;
	char fault[TR_ERRBUF]; /* the first thing that verifying found */
};

/* info.c */
u64 info_sum_kind(const struct info *in, enum tr_kind kind);
u32 info_processes(const struct info *in);
u64 info_sum_insns(const struct info *in, u64 *runs, u64 *longest);

/* info_json.c: error: what stopped reading, or NULL. */
json_t *info_json(const struct info *in, const char *error);

#endif
