/*
 * The window core written down from its definition, for differential tests: an array of slots for each event
 * of each instruction, every miss ever made remembered, every slot given to a part one by one. One level of
 * cache, memory of a fixed latency, no translation.
 */
#ifndef MMSIM_TESTS_REF_CORE_WINDOW_H
#define MMSIM_TESTS_REF_CORE_WINDOW_H

#include "model/base/hist.h"
#include "model/core/part.h"
#include "traces/block.h"

struct ref_window_cfg {
	u32 width, window, mshrs, store_buffer;
	u32 sets, ways; /* lines by their numbers, least recently used goes */
	u64 hit, memory; /* cycles */
};

struct ref_window_access {
	u64 insn; /* number of its instruction, never decreasing */
	u64 line;
	enum tr_kind kind; /* no prefetch */
	u32 dep;           /* the access that many before; 0: none */
};

struct ref_window_result {
	u64 slots; /* at which everything has retired */
	u64 stall[NR_CORE_PARTS];
	u64 load_misses, store_misses, pending_hits, mshr_waits;
	struct hist loads; /* latencies */
};

void ref_window_run(const struct ref_window_cfg *cfg, const struct ref_window_access *access, u32 n,
		    u64 n_insns, struct ref_window_result *result);

#endif
