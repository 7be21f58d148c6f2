/*
 * The host-side table of static blocks, made for execution: instruction count, the I-lines that a block
 * fetches with the number of fetches in each, and its memory slots. Built once a block from the trace's
 * table, for one line size.
 */
#ifndef MMSIM_CORE_CODE_H
#define MMSIM_CORE_CODE_H

#include "model/base/types.h"
#include "traces/block.h"

/* Consecutive instructions' fetches from one line: one ITLB and one L1I probe. */
struct code_seg {
	u64 va; /* of the first byte fetched in the line */
	u16 insn; /* first instruction that touches it */
};

struct code_slot {
	u32 size : 24; /* up to TR_MAX_SIZE */
	u32 kind : 8;
	u16 insn;
	u16 dep;
};

/* What a run of a block adds to the counters, whatever the machine does with it. */
enum code_count {
	COUNT_INSNS,
	COUNT_FETCHES,      /* instruction fetches; one that crosses lines counts in both */
	COUNT_ITLB_LOOKUPS, /* one an instruction and page */
	COUNT_LOADS,        /* atomics included */
	COUNT_STORES,       /* atomics included */
	COUNT_ATOMICS,
	COUNT_PREFETCHES,
	COUNT_SLOTS,
	NR_CODE_COUNTS,
};
typedef u32 code_counts __attribute__((vector_size(4 * NR_CODE_COUNTS), aligned(16)));

struct code_block {
	code_counts count;
	const struct code_seg *seg;
	const struct code_slot *slot;
	u64 pc;
	u16 n_insns, n_segs, n_slots;
} __attribute__((aligned(64)));

struct code_table {
	struct code_block *block;
	u32 n, cap;
	u32 line; /* bytes */
	bool known_dep, unknown_dep; /* some slot says so */
	struct arena *arena;
};

void code_table_init(struct code_table *t, u32 line);
void code_table_fini(struct code_table *t);
/* Adds block number t->n. */
void code_table_add(struct code_table *t, const struct tr_block *b);

#endif
