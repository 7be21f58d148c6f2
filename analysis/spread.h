/*
 * What a histogram of latencies comes down to: count, mean and percentiles, in cycles. A percentile is the
 * smallest latency of the bin that it falls into; the mean takes the middle of each bin (exact to 255 cycles,
 * within 1.6 % above).
 */
#ifndef MMSIM_ANALYSIS_SPREAD_H
#define MMSIM_ANALYSIS_SPREAD_H

#include "model/base/hist.h"

struct spread {
	u64 n;
	double mean;
	u64 p50, p90, p99, p999;
	u64 max;
};

struct spread spread_of(const struct hist *h);

#endif
