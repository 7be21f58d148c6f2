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
	u32 shift; /* of the size of the page that maps it */
	u32 reads; /* entries read from memory on the way */
	u64 entry_pa;
};

struct ref_pt ref_pt_walk(enum ref_pt_kind kind, const struct ptmem *m, u64 root, u64 va);

#endif
