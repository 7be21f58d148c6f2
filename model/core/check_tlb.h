/*
 * --check: no core's TLB holds a translation that the page tables no longer grant. Every entry is looked up
 * in the tables of the address space that its tag belongs to; tags that are nobody's are flushed before
 * somebody gets them. Called by the engine and the machine.
 */
#ifndef MMSIM_CORE_CHECK_TLB_H
#define MMSIM_CORE_CHECK_TLB_H

#include "model/core/core.h"
#include "model/mm/kernel.h"

/* ASSERTs. */
void check_tlb(struct core *c, const struct kernel *k);

#endif
