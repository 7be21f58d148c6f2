/*
 * The latency histograms of a core (model/core/latency.h) as rows of struct results. Called by the verbs of
 * cli/.
 */
#ifndef MMSIM_ANALYSIS_CORE_LATENCY_H
#define MMSIM_ANALYSIS_CORE_LATENCY_H

#include "analysis/results.h"
#include "model/core/latency.h"

#define CORE_LATENCY_ROWS (2u * NR_MEM_LEVELS * NR_CORE_CLASSES + 3u)

/* Fills all CORE_LATENCY_ROWS rows, which refer to l's histograms. */
void core_latency_rows(const struct core_latency *l, struct results_latency rows[CORE_LATENCY_ROWS]);

#endif
