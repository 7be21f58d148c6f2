/*
 * What a step touches beside the objects that its code names: its stack, words of the per-CPU area,
 * task_struct and mm_struct, the kernel's data. Numbers of lines of 64 bytes, counted on 6.12 with every
 * access between two marks logged; older kernels touch fewer, see footprint.c. For model/mm.
 */
#ifndef MMSIM_MM_FOOTPRINT_H
#define MMSIM_MM_FOOTPRINT_H

#include "model/mm/mm.h"

/* Works out what each step touches in this kernel: its era and layout are known. */
void footprint_init(struct kernel *k);
/* Charges the step's lines; mm NULL: none is at hand. */
void footprint_charge(const struct kernel *k, struct cpu *c, const struct mm *mm, enum kernel_step s);

/* A step with its lines. */
static inline void kernel_path_step(const struct kernel *k, struct cpu *c, const struct mm *mm,
				    enum kernel_step s)
{
	if (!k->charger.on || !c)
		return;
	charge_step(&k->charger, c, s);
	footprint_charge(k, c, mm, s);
}

#endif
