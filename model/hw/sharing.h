/*
 * Sharing misses by line: how often a line was missed because another core had written to it, to the bytes
 * that were accessed (true sharing) or to others (false sharing; coherence.h says what is compared). Counted
 * by the directories; whoever reports asks for the worst lines.
 */
#ifndef MMSIM_HW_SHARING_H
#define MMSIM_HW_SHARING_H

#include "model/base/map64.h"

struct sharing {
	struct map64 lines; /* true misses in the upper half, false ones in the lower */
};

struct sharing_line {
	u64 line; /* number of the physical line */
	u32 true_misses, false_misses;
};

void sharing_fini(struct sharing *s);
void sharing_count(struct sharing *s, u64 line, bool is_true);
/*
 * The n lines with the most false-sharing misses, of equal ones those with more true ones, then the lower
 * address. Returns how many there are, at most n.
 */
u32 sharing_top(const struct sharing *s, struct sharing_line *top, u32 n);

#endif
