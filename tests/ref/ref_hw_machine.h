/*
 * A core on a kernel that maps every page at its first use, for tests of the hardware: page tables are
 * built by hand, faults cost nothing unless told so, and addresses below REF_BAD are the program's.
 */
#ifndef MMSIM_TESTS_REF_HW_MACHINE_H
#define MMSIM_TESTS_REF_HW_MACHINE_H

#include "model/core/core.h"

#define REF_BAD 0x700000000000ull /* addresses from here on are a SEGV */

struct ref_tables {
	struct ptmem *ptmem;
	u64 root, next_frame;
};

void ref_tables_init(struct ref_tables *t);
void ref_tables_fini(struct ref_tables *t);
/*
 * Maps va to a page at pa of the level's size (0: 4 KB), making tables as needed; flags are PTE_* of
 * arch/pt.h.
 */
void ref_tables_map(struct ref_tables *t, u64 va, u64 pa, u32 level, u32 flags);
/* Physical address of the entry that maps va at that level. */
u64 ref_tables_entry(const struct ref_tables *t, u64 va, u32 level);

struct ref_machine {
	struct hw_cfg hw;
	struct core_cfg core_cfg;
	bool shortcut, xlate;
	struct ref_tables tables;
	struct stage2 *host;
	struct memory *memory;
	struct core *core;
	struct stats *stats;
	struct code_table code;
	u64 fault_cycles;
	u32 block_faults; /* so many faults answer TRAP_BLOCK first */
	u64 faults;
	/* If there is one, it resolves the faults, however it likes. */
	enum trap_result (*resolve)(struct ref_machine *m, struct cpu *cpu, const struct trap *t);
	void *arg; /* its own */
};

/* Fills in the default: Golden Cove's private caches and TLBs, a cycle of 1 ns, one instruction a cycle. */
void ref_machine_cfg(struct ref_machine *m);
void ref_machine_init(struct ref_machine *m);
void ref_machine_fini(struct ref_machine *m);
/* Adds a block of n_insns four-byte instructions at pc; returns its number. */
u32 ref_machine_block(struct ref_machine *m, u64 pc, u32 n_insns, const struct tr_slot *slot, u32 n_slots);
/* Runs a block n times on n * its slots addresses; CORE_BLOCK is run again. */
enum core_stop ref_machine_run(struct ref_machine *m, u32 block, const u64 *addr, u32 n);
u64 ref_stat(const struct ref_machine *m, const char *name);

#endif
