/*
 * The measured part of a replay: what counters and latency histograms gained while the window was open, once
 * or several times. Nothing is ever set to zero, so the equalities that hold at every moment hold of the
 * measured part as well. Of counters that tell a state (stats_is_level()) the last value counts.
 *
 * Called by the verbs of cli/, between two calls of engine_run().
 */
#ifndef MMSIM_ANALYSIS_WINDOW_H
#define MMSIM_ANALYSIS_WINDOW_H

#include "analysis/results.h"

struct window;
/* rows: live histograms, n of them; live and rows must outlive the window. */
struct window *window_new(const struct stats *live, const struct results_latency *rows, u32 n);
void window_free(struct window *w);

void window_open(struct window *w);
void window_close(struct window *w);
bool window_is_open(const struct window *w);
u32 window_times(const struct window *w); /* that it was opened */

/* Of a closed window: what was measured; what every counter gained, states too. */
const struct stats *window_stats(struct window *w);
const struct stats *window_gains(struct window *w);
const struct results_latency *window_latency(const struct window *w); /* n rows */

#endif
