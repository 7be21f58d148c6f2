/*
 * The host-side table of static blocks, made for execution: instruction count, the I-lines that a block
 * fetches with the number of fetches in each, and its memory slots. Built once a block from the trace's
 * table, for one line size and one page size.
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

/* What the shortcut may have to leave alone: no load, of these the atomics, the prefetches. */
#define SLOT_WRITES   1u
#define SLOT_ATOMIC   2u
#define SLOT_PREFETCH 4u

/* As the hot loop wants it: eight bytes, no branch between loads and stores. */
struct code_slot {
	u32 last : 24; /* size - 1 */
	u32 writes : 8; /* 0: a load; others: SLOT_* */
	u16 insn : 12;
	u16 kind : 4; /* enum tr_kind */
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

/* In vectors of four, so that a run adds them with two instructions. */
typedef u32 code_counts __attribute__((vector_size(16)));
#define COUNT_VECTORS (NR_CODE_COUNTS / 4)

struct code_block {
	code_counts count[COUNT_VECTORS];
	const struct code_seg *seg;
	const struct code_slot *slot;
	u64 pc;
	u16 n_insns, n_segs, n_slots;
	bool deps; /* some slot is known to depend on another */
} __attribute__((aligned(64)));

struct code_table {
	struct code_block *block;
	u32 n, cap;
	u32 line; /* bytes */
	u32 page_shift; /* of the smallest pages */
	bool far_dep, unknown_dep; /* some slot depends on one of another run, some load who knows on what */
	struct arena *arena;
};

static inline u32 code_count(const code_counts *v, enum code_count n)
{
	return v[n / 4][n % 4];
}

void code_table_init(struct code_table *t, u32 line, u32 page_shift);
void code_table_fini(struct code_table *t);
/* Adds block number t->n. */
void code_table_add(struct code_table *t, const struct tr_block *b);

#endif
