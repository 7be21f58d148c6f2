/*
 * A TLB as a list: what was filled in, when it was used last. Lookups and flushes compare whole address
 * ranges; nothing is shared with model/hw/tlb.[ch] but the configuration's meaning. LRU only.
 */
#ifndef MMSIM_TESTS_REF_TLB_H
#define MMSIM_TESTS_REF_TLB_H

#include "model/base/types.h"

struct ref_tlb_entry {
	bool used, global;
	u64 va, pa;   /* where the entry begins, and what it maps that to */
	u64 bytes;    /* that the entry maps */
	u64 page, page_bytes; /* the page that it is a piece of */
	u32 space;
	u32 array;
	u64 set, when;
};

#define REF_TLB_MAX 512u

struct ref_tlb_array {
	u32 sets, ways, digit; /* digit: bits of the hash's two digits, 0: none */
	u32 n_shifts, shifts[4]; /* sizes of pages that it holds */
};

struct ref_tlb {
	struct ref_tlb_array array[4];
	u32 n_arrays;
	struct ref_tlb_entry entry[REF_TLB_MAX];
	u64 time;
};

void ref_tlb_fill(struct ref_tlb *t, u64 va, u32 space, u32 shift, u64 pa, bool global);
/* False: a miss. */
bool ref_tlb_lookup(struct ref_tlb *t, u64 va, u32 space, u64 *pa);
void ref_tlb_flush(struct ref_tlb *t, u32 space, u64 start, u64 end);
void ref_tlb_flush_space(struct ref_tlb *t, u32 space);
void ref_tlb_flush_all(struct ref_tlb *t);
u32 ref_tlb_entries(const struct ref_tlb *t);

#endif
