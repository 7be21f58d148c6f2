/*
 * A recording whose addresses do not fit the layout's user space, packed into it (layout.rebase): regions of
 * 2 MB of the recording have regions of the layout, offsets within them are kept, and with them what the bits
 * below 2 MB decide: cache sets, colours, alignment of large pages.
 *
 * A region that fits stays where it is if its place is free. Others are placed as they come, first come first
 * served: at the distance that they had to a region not far away, or else as high as there is room with as
 * much left on both sides as can be (at most a quarter of all), for a heap, a stack or mappings that grow. A
 * mapping is kept in one piece; a recording for which that is impossible is refused. No place is given back.
 *
 * Addresses above any machine's (2^48) stay as they are: damage, which is counted as ever. An access that
 * crosses regions goes on where it began. Where a recording's threads run in another order, places can be
 * others.
 *
 * Called by process.c, for one recording.
 */
#ifndef MMSIM_CORE_REBASE_H
#define MMSIM_CORE_REBASE_H

#include "model/base/map64.h"
#include "traces/trace.h"

#define REBASE_SHIFT 21u /* of a region */
#define REBASE_SEEN  256u

struct rebase {
	u64 n;           /* regions of the user space */
	u64 *taken;      /* a bit each */
	struct map64 at; /* recorded region: where it is */
	struct {
		u64 region, delta;
	} seen[REBASE_SEEN]; /* by the lowest bits of the region */
};

struct rebase *rebase_new(u64 user_end);
void rebase_free(struct rebase *r);

/* Where a recorded address is; its region has a place from now on. die()s if there is none. */
u64 rebase_slow(struct rebase *r, u64 va);
static inline u64 rebase_addr(struct rebase *r, u64 va)
{
	u64 region = va >> REBASE_SHIFT, i = region % REBASE_SEEN;

	if (likely(r->seen[i].region == region))
		return va + r->seen[i].delta;
	return rebase_slow(r, va);
}
/* The same of what must stay in one piece. */
u64 rebase_range(struct rebase *r, u64 va, u64 len);
/* An event's addresses become those of the layout. */
void rebase_event(struct rebase *r, struct tr_event *ev);

#endif
