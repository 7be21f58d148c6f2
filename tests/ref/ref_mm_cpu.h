/*
 * A hardware thread for tests of the kernel: it adds up what is charged, and has a TLB and page-walk caches
 * that never forget by themselves, so that every flush that is missing is found. It walks page tables by the
 * bits of the manuals, without the model's own code; walk caches it has for x86-64 only.
 */
#ifndef MMSIM_TESTS_REF_MM_CPU_H
#define MMSIM_TESTS_REF_MM_CPU_H

#include "model/mm/mm.h"
#include "tests/ref/ref_pt.h"

#define REF_TLB_MAX 16384u

struct ref_tlb_entry {
	u64 vpn, pfn; /* of the page's first frame */
	u64 frames;
	u16 asid;
	bool write, exec;
};

/* A table of a level, found on the way to a page. */
struct ref_pwc_entry {
	u64 prefix; /* va >> the bits that the entry of `level` that points to the table translates */
	u64 pfn;
	u32 level;
	u16 asid;
};

struct ref_cpu {
	struct cpu cpu;
	struct kernel *k;
	enum ref_pt_kind kind; /* the kernel's layout */
	u64 memory;            /* bytes in the direct map */
	u64 cycles[NR_KERNEL_PATHS];
	u64 loads, stores, zeroed, copied, page_flushes, full_flushes, interrupts;
	u64 last_flush; /* va of the last page flush */
	struct ref_tlb_entry tlb[REF_TLB_MAX];
	u32 n_tlb;
	struct ref_pwc_entry pwc[REF_TLB_MAX];
	u32 n_pwc;
};

void ref_cpu_init(struct ref_cpu *c, struct kernel *k);

/* x86-64: the entry of the last level for va by a walk of the raw tables; 0 if some level is not there. */
u64 ref_walk(const struct ptmem *m, u64 root, u64 va);
/* The program's access: TLB, walk, traps until it succeeds. Number of traps taken in *traps. */
enum trap_result ref_access(struct ref_cpu *c, struct mm *mm, u64 va, enum access_kind access, u32 *traps);
/*
 * ASSERTs that TLB and walk caches hold nothing but what the tables say, of address spaces whose translations
 * are up to date (their generation, asid.h). ref_access() ASSERTs that of each translation that it uses.
 */
void ref_tlb_check(const struct ref_cpu *c);

#endif
