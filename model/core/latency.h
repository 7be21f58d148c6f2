/*
 * Latency histograms of a core, for analysis/: one sample a recorded data access, loads and stores apart
 * (an atomic is a store), by the level that had the data, by what translation needed, and by what the kernel
 * did meanwhile. From the cycle at which the access could start to its data (a store: to its line being
 * writable), with faults, waits for devices, and interrupts that came right before it. One that straddles is
 * one sample, the later half.
 */
#ifndef MMSIM_CORE_LATENCY_H
#define MMSIM_CORE_LATENCY_H

#include "model/arch/cpu.h"
#include "model/base/hist.h"
#include "model/hw/port.h"

enum core_xlate { XLATE_TLB, XLATE_STLB, XLATE_WALK, XLATE_FAULT, NR_CORE_XLATES };
extern const char *const core_xlate_name[NR_CORE_XLATES]; /* "tlb", "stlb", "walk", "fault" */

/* Translation and cause together: without a fault each of both, then the faults by cause. */
#define NR_FAULTLESS_CLASSES (XLATE_FAULT * NR_CAUSES_OF_NO_FAULT)
#define NR_CORE_CLASSES      (NR_FAULTLESS_CLASSES + NR_ACCESS_CAUSES - NR_CAUSES_OF_NO_FAULT)

static inline u32 core_class(enum core_xlate how, u32 cause)
{
	if (how == XLATE_FAULT || cause >= NR_CAUSES_OF_NO_FAULT)
		return NR_FAULTLESS_CLASSES + MAX(cause, NR_CAUSES_OF_NO_FAULT) - NR_CAUSES_OF_NO_FAULT;
	return cause * XLATE_FAULT + how;
}

static inline enum core_xlate core_class_xlate(u32 class)
{
	return class < NR_FAULTLESS_CLASSES ? (enum core_xlate)(class % XLATE_FAULT) : XLATE_FAULT;
}

static inline enum access_cause core_class_cause(u32 class)
{
	return (enum access_cause)(class < NR_FAULTLESS_CLASSES
					   ? class / XLATE_FAULT
					   : class - NR_FAULTLESS_CLASSES + NR_CAUSES_OF_NO_FAULT);
}

struct core_latency {
	struct hist load[NR_MEM_LEVELS][NR_CORE_CLASSES];
	struct hist store[NR_MEM_LEVELS][NR_CORE_CLASSES];
	struct hist fetch;  /* fetches that left L1I or the ITLB */
	struct hist kernel; /* the kernel's own loads and stores, a line each */
	struct hist pte;    /* page-table entries read by the walker */
};

void core_latency_add(struct core_latency *sum, const struct core_latency *l);

struct core;
/* Complete whenever core_sync() was called. */
const struct core_latency *core_latency(const struct core *c);

#endif
