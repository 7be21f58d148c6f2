/*
 * Which address spaces the hardware threads hold. Each has ids of its own, with which its TLB tags the
 * translations of the address spaces that ran there last, as the dynamic PCIDs of Linux
 * (arch/x86/mm/tlb.c:choose_new_asid()); the id used longest ago is given to another space, after its
 * translations were flushed. With no ids in the hardware, or none used by the era's Linux, there is one here:
 * every switch of address spaces flushes.
 *
 * Not modelled: the generations of AArch64 and RISC-V, whose ids are the machine's and are all flushed when
 * they run out (arch/arm64/mm/context.c); with their 8 to 16 bits that is rare. For model/mm.
 */
#ifndef MMSIM_MM_ASID_H
#define MMSIM_MM_ASID_H

#include "model/mm/mm.h"

#define ASIDS_MAX 65534u /* 0 is nobody's, and 65535 global translations' */

extern const char *const asids_words[];

struct asid {
	struct mm *mm; /* NULL: nobody's */
	u16 newer, older;
	bool used; /* translations with it may be held */
};

/* Of one hardware thread. */
struct asids {
	struct cpu *cpu;
	struct mm *loaded;
	bool lazy;       /* it is idle, and has loaded what it ran last */
	struct asid *id; /* a ring by age, of which id 0 is the beginning and the end */
};

void asids_fini(struct asids *a);
/* Translations of the address space that the hardware thread holds are gone, and it is told of no others. */
void asid_forget(struct mm *mm, struct asids *a);
/* The address space ends: its ids are nobody's. */
void asid_end(struct mm *mm);

#endif
