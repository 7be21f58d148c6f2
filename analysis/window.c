#include "analysis/window.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "model/base/error.h"

struct window {
	const struct stats *live;
	const struct results_latency *row;
	u32 n_counters, n_rows;
	bool open;
	u32 times;
	u64 *begin, *end, *gain, *told; /* by counter */
	struct hist *hist_begin, *hist; /* by row */
	struct results_latency *latency;
	struct stats *stats, *gains; /* views, NULL till asked for */
};

struct window *window_new(const struct stats *live, const struct results_latency *rows, u32 n)
{
	struct window *w = xcalloc(1, sizeof(*w));
	u32 i;

	w->live = live;
	w->row = rows;
	w->n_rows = n;
	w->n_counters = stats_count(live);
	w->begin = xcalloc(w->n_counters, sizeof(u64));
	w->end = xcalloc(w->n_counters, sizeof(u64));
	w->gain = xcalloc(w->n_counters, sizeof(u64));
	w->told = xcalloc(w->n_counters, sizeof(u64));
	w->hist_begin = xcalloc(n, sizeof(*w->hist));
	w->hist = xcalloc(n, sizeof(*w->hist));
	w->latency = xcalloc(n, sizeof(*w->latency));
	for (i = 0; i < n; i++) {
		w->latency[i] = rows[i];
		w->latency[i].hist = &w->hist[i];
	}
	return w;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	stats_free(w->stats);
	stats_free(w->gains);
	free(w->begin);
	free(w->end);
	free(w->gain);
	free(w->told);
	free(w->hist_begin);
	free(w->hist);
	free(w->latency);
	free(w);
}

void window_open(struct window *w)
{
	u32 i;

	ASSERT(!w->open);
	w->open = true;
	w->times++;
	stats_copy(w->live, w->begin);
	for (i = 0; i < w->n_rows; i++)
		w->hist_begin[i] = *w->row[i].hist;
}

void window_close(struct window *w)
{
	u32 i, bin;

	ASSERT(w->open);
	w->open = false;
	stats_copy(w->live, w->end);
	for (i = 0; i < w->n_counters; i++)
		w->gain[i] += w->end[i] - w->begin[i];
	for (i = 0; i < w->n_rows; i++)
		for (bin = 0; bin < HIST_BINS; bin++)
			w->hist[i].bin[bin] += w->row[i].hist->bin[bin] - w->hist_begin[i].bin[bin];
}

bool window_is_open(const struct window *w)
{
	return w->open;
}

u32 window_times(const struct window *w)
{
	return w->times;
}

/*
 * The parts of a cycle stack are whole cycles of slots: their remainders go to the base, whose gain in a
 * short time may be some cycles below 0. They are taken from the largest part.
 */
static void mend_stack(const struct window *w, u32 base)
{
	u32 i, largest = base;

	if (!(w->told[base] >> 63))
		return;
	for (i = base + 1; i < w->n_counters && counters_cycle_part(stats_name(w->live, i)); i++)
		if (largest == base || w->told[i] > w->told[largest])
			largest = i;
	w->told[largest] += w->told[base];
	w->told[base] = 0;
}

const struct stats *window_stats(struct window *w)
{
	const char *part;
	u32 i;

	ASSERT(!w->open);
	for (i = 0; i < w->n_counters; i++)
		w->told[i] = stats_is_level(w->live, i) ? w->end[i] : w->gain[i];
	for (i = 0; i < w->n_counters; i++) {
		part = counters_cycle_part(stats_name(w->live, i));
		if (part && !strcmp(part, "base"))
			mend_stack(w, i);
	}
	if (!w->stats)
		w->stats = stats_view(w->live, w->told);
	return w->stats;
}

const struct stats *window_gains(struct window *w)
{
	ASSERT(!w->open);
	if (!w->gains)
		w->gains = stats_view(w->live, w->gain);
	return w->gains;
}

const struct results_latency *window_latency(const struct window *w)
{
	return w->latency;
}
