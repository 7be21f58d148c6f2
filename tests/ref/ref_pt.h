/*
 * A recursive walker of every page-table format, written from the manuals' pictures of entries and of how an
 * address is cut up. It shares nothing with model/arch but the memory that it reads.
 */
#ifndef MMSIM_TESTS_REF_PT_H
#define MMSIM_TESTS_REF_PT_H

#include "model/arch/ptmem.h"

enum ref_pt_kind {
	REF_X86_64,
	REF_LA57,
	REF_I386,
	REF_PAE,
	REF_ARM_4K,
	REF_ARM_16K,
	REF_ARM_64K,
	REF_SV39,
	REF_SV48,
	NR_REF_PT,
};

struct ref_pt {
	bool present, write, user, exec, accessed, dirty;
	u64 pa;    /* of va itself */
	u32 shift; /* of the size of the page that maps it; in a guest the smaller of both spaces' */
	u32 page_shift; /* of the page in this space alone */
	u32 level; /* of the entry that maps it, 0 the last */
	u32 reads; /* entries read from memory on the way */
	u64 entry_pa;
};

/* Tables, and those of a host beneath them, which translate every address that they hold. */
struct ref_tspace {
	enum ref_pt_kind kind;
	const struct ptmem *m;
	u64 root;
	const struct ref_tspace *beneath; /* NULL: none */
};

/* Addresses in the machine of the entries read, in order. */
#define REF_MAX_READS 64u
struct ref_reads {
	u64 at[REF_MAX_READS];
	u32 n;
};

struct ref_pt ref_space_walk(const struct ref_tspace *s, u64 va, struct ref_reads *reads);
struct ref_pt ref_pt_walk(enum ref_pt_kind kind, const struct ptmem *m, u64 root, u64 va);

#endif
