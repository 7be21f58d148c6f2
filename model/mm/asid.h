/*
 * Which address spaces the hardware threads hold. Each has ids of its own, with which its TLB tags the
 * translations of the address spaces that ran there last, as the dynamic PCIDs of Linux
 * (arch/x86/mm/tlb.c:choose_new_asid()); they are given away in turn, after what is tagged with one was
 * flushed. With no ids in the hardware, or none used by the era's Linux, there is one here: every switch of
 * address spaces flushes.
 *
 * Generations: each change that needs a flush makes the address space's generation one higher, and each id
 * says to which generation its translations are up to date. A hardware thread that was not asked to flush,
 * because it was idle (lazy TLB) or ran something else, finds out when it loads the address space again, and
 * flushes all of it only then and only if it is behind.
 *
 * mm->cpus is mm_cpumask(): set at the switch to an address space; cleared at the switch to another, or since
 * 6.14 by the first flush that asks a hardware thread in vain (shootdown.c).
 *
 * Not modelled: the generations of AArch64 and RISC-V, whose ids are the machine's and are all flushed when
 * they run out (arch/arm64/mm/context.c); with their 8 to 16 bits that is rare. init_mm's own id. For
 * model/mm.
 */
#ifndef MMSIM_MM_ASID_H
#define MMSIM_MM_ASID_H

#include "model/mm/mm.h"

#define ASIDS_MAX 65534u /* 0 is nobody's, and 65535 global translations' */

extern const char *const asids_words[];

struct asid {
	struct mm *mm; /* NULL: nobody's */
	u64 gen;       /* of mm, that its translations are up to date with */
	bool used;     /* translations with it may be held */
};

/* Of one hardware thread. */
struct asids {
	struct cpu *cpu;
	struct mm *loaded; /* NULL: init_mm, the kernel's own */
	bool lazy;         /* no thread of the address space runs, but it is still loaded */
	bool idle;         /* there is nothing to run at all */
	u32 n, next;       /* ids 1 to n; the next that is given away */
	struct asid *id;
};

void asids_fini(struct asids *a);
/* Of the address space that the hardware thread has loaded. */
struct asid *asid_loaded(struct asids *a);
/* Everything that the hardware thread holds of it goes, and it is up to date. */
void asid_flush(struct asids *a, struct asid *id);
/* leave_mm(): the hardware thread is lazy, and has nothing of the address space loaded any more. */
void asid_leave(struct asids *a);
/* The address space ends: its ids are nobody's. */
void asid_end(struct mm *mm);
/* A kernel thread runs on the hardware thread, and its end; what was loaded, for the latter. */
struct mm *asid_lend(struct kernel *k, struct cpu *c);
void asid_return(struct mm *mm, struct cpu *c);
/* ASSERTs that who runs an address space is up to date with it. */
void asids_sane(const struct kernel *k);

#endif
