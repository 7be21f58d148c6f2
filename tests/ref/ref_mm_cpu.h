/*
 * A hardware thread for tests of the kernel: it adds up what is charged, and has a TLB that never forgets by itself,
 * so that every flush that is missing is found. It walks page tables by the bits of the Intel manual, without the
 * model's own code.
 */
#ifndef MMSIM_TESTS_REF_MM_CPU_H
#define MMSIM_TESTS_REF_MM_CPU_H

#include "model/mm/mm.h"

#define REF_TLB_MAX 16384u

struct ref_tlb_entry {
	u64 vpn, pfn;
	u16 asid;
	bool write, exec;
};

struct ref_cpu {
	struct cpu cpu;
	struct kernel *k;
	u64 cycles[NR_KERNEL_PATHS];
	u64 loads, stores, zeroed, copied, page_flushes, full_flushes;
	u64 last_flush; /* va of the last page flush */
	struct ref_tlb_entry tlb[REF_TLB_MAX];
	u32 n_tlb;
};

void ref_cpu_init(struct ref_cpu *c, struct kernel *k);

/* The entry of the last level for va by a walk of the raw tables; 0 if some level is not there. */
u64 ref_walk(const struct ptmem *m, u64 root, u64 va);
/* The program's access: TLB, walk, traps until it succeeds. Number of traps taken in *traps. */
enum trap_result ref_access(struct ref_cpu *c, struct mm *mm, u64 va, enum access_kind access, u32 *traps);
/* ASSERTs that the TLB holds nothing that the tables of the living address spaces do not grant. */
void ref_tlb_check(const struct ref_cpu *c);

#endif
