#include "analysis/spread.h"

static double bin_middle(u32 i)
{
	u64 last = i + 1 < HIST_BINS ? hist_low(i + 1) - 1 : hist_low(i);

	return ((double)hist_low(i) + (double)last) / 2;
}

struct spread spread_of(const struct hist *h)
{
	struct spread s = { .n = hist_count(h) };
	double sum = 0;
	u32 i;

	for (i = 0; i < HIST_BINS; i++) {
		if (!h->bin[i])
			continue;
		sum += bin_middle(i) * (double)h->bin[i];
		s.max = hist_low(i);
	}
	s.mean = s.n ? sum / (double)s.n : 0;
	s.p50 = hist_percentile(h, 50, 100);
	s.p90 = hist_percentile(h, 90, 100);
	s.p99 = hist_percentile(h, 99, 100);
	s.p999 = hist_percentile(h, 999, 1000);
	return s;
}
