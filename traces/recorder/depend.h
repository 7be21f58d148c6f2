/*
 * Which earlier access of a basic block gives an access its address: by following registers through the
 * block's x86-64 instructions. What a register held at the block's start is not known, except that the stack
 * pointer and fixed addresses depend on no access. Of several producers the last one counts.
 *
 * Not here: dependence from one block to the next, through memory, through vector registers and flags; other
 * architectures. For traces/recorder only; depends on traces/block.h.
 */
#ifndef MMSIM_RECORDER_DEPEND_H
#define MMSIM_RECORDER_DEPEND_H

#include "traces/block.h"

#define DEPEND_CODE 16u /* bytes kept of an instruction; x86 allows 15 */

/*
 * Sets dep of the slots of n instructions, whose codes lie DEPEND_CODE bytes apart. Slots are in program
 * order, slot.insn counts from the first of the instructions.
 */
void depend_fill(const u8 *code, u32 n_insns, struct tr_slot *slot, u32 n_slots);

/* For tests: the registers (bit 0 rax, 1 rcx, ... 15 r15) of which the addresses of its loads and stores are
 * made. */
void depend_addresses(const u8 *code, u32 *load, u32 *store);

#endif
