/*
 * The kernel's beginning: physical memory by the layout, its frames, its own address space. For kernel.c.
 */
#ifndef MMSIM_MM_KERNEL_BOOT_H
#define MMSIM_MM_KERNEL_BOOT_H

#include "model/mm/mm.h"

/* Fills k->pa and k->frames; with the page allocator k->kpgtable and k->kmaps too, which know direct_map. */
void kernel_boot(struct kernel *k, const struct kernel_params *p);
/* A hardware thread gets the kernel's address space. */
void kernel_boot_cpu(struct kernel *k, struct cpu *c);
void kernel_boot_undo(struct kernel *k);
/* NULL, or why the machine is too small. */
const char *kernel_boot_check(const struct kernel_cfg *cfg, u64 memory);

#endif
