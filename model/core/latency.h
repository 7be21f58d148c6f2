/*
 * Latency histograms of a core, for analysis/: one sample a recorded data access, loads and stores apart
 * (an atomic is a store), by the level that had the data and by what translation needed. From the cycle at
 * which the access could start to its data (a store: to its line being writable). One that straddles is one
 * sample, the later half.
 */
#ifndef MMSIM_CORE_LATENCY_H
#define MMSIM_CORE_LATENCY_H

#include "model/base/hist.h"
#include "model/hw/port.h"

enum core_xlate { XLATE_TLB, XLATE_STLB, XLATE_WALK, XLATE_FAULT, NR_CORE_XLATES };
extern const char *const core_xlate_name[NR_CORE_XLATES]; /* "tlb", "stlb", "walk", "fault" */

struct core_latency {
	struct hist load[NR_MEM_LEVELS][NR_CORE_XLATES];
	struct hist store[NR_MEM_LEVELS][NR_CORE_XLATES];
	struct hist fetch;  /* fetches that left L1I or the ITLB */
	struct hist kernel; /* the kernel's own loads and stores, a line each */
	struct hist pte;    /* page-table entries read by the walker */
};

void core_latency_add(struct core_latency *sum, const struct core_latency *l);

struct core;
/* Complete whenever core_sync() was called. */
const struct core_latency *core_latency(const struct core *c);

#endif
