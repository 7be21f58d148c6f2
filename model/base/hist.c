#include "model/base/hist.h"

u64 hist_count(const struct hist *h)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < HIST_BINS; i++)
		n += h->bin[i];
	return n;
}

u64 hist_percentile(const struct hist *h, u64 num, u64 den)
{
	unsigned __int128 goal = (unsigned __int128)hist_count(h) * num;
	u64 seen = 0;
	u32 i;

	for (i = 0; i < HIST_BINS; i++) {
		seen += h->bin[i];
		if (seen && (unsigned __int128)seen * den >= goal)
			return hist_low(i);
	}
	return 0;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	u32 i;

	for (i = 0; i < HIST_BINS; i++)
		into->bin[i] += from->bin[i];
}
