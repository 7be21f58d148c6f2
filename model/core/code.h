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
	u64 va;      /* of the first byte fetched in the line */
	u16 fetches; /* instruction fetches that touch the line; one that crosses counts in both */
	u16 insn;    /* first instruction that touches it */
};

struct code_slot {
	u32 size;
	u16 insn;
	u16 dep;
	u8 kind;
};

struct code_block {
	u64 pc;
	u16 n_insns, n_segs, n_slots;
	const struct code_seg *seg;
	const struct code_slot *slot;
};

struct code_table {
	struct code_block *block;
	u32 n, cap;
	u32 line; /* bytes */
	struct arena *arena;
};

void code_table_init(struct code_table *t, u32 line);
void code_table_fini(struct code_table *t);
/* Adds block number t->n. */
void code_table_add(struct code_table *t, const struct tr_block *b);

#endif
