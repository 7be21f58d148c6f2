/*
 * A write-back buffer: dirty lines on their way down, each from the cycle at which it left to that at which
 * the level below has taken it. Requests come in the order of the simulation, not of time, so lines may be on
 * their way at once or one after the other, far ahead of the request that asks: the buffer is a calendar.
 *
 * What it answers is what a search of all lines would; it is quicker as they are kept in the order of their
 * ends, and as a span of cycles in which every place is taken is known to be one. Of more lines than it can
 * remember those that end first are forgotten, of equal ends the one that stands first; a new line then
 * stands where that stood, otherwise behind all.
 *
 * Called by backlog.c.
 */
#ifndef MMSIM_HW_VICTIMS_H
#define MMSIM_HW_VICTIMS_H

#include "model/base/types.h"

#define VICTIMS_KEPT 2048u /* a power of two */

struct victim_line {
	u64 line;
	u64 start, end;
	u64 place; /* among the others, in the order of coming */
	u16 next;  /* with the same hash; in a list of free ones */
};

struct victims {
	u32 cap; /* places */
	u32 n;
	u32 head;       /* of `order` */
	u64 places;     /* given so far */
	u64 longest;    /* way down of any since it was empty */
	u64 last;       /* cycle at which the last of all that ever were has been taken */
	u64 full, free; /* from one cycle to before the other every place is taken */
	u16 unused;
	u16 order[VICTIMS_KEPT]; /* lines by (end, place), a ring */
	u16 hash[VICTIMS_KEPT];
	struct victim_line at[VICTIMS_KEPT];
};

struct victims *victims_new(u32 cap);
void victims_free(struct victims *v);

/* Forgets lines that were taken at a cycle or before. */
void victims_expire(struct victims *v, u64 cycle);
/* The first cycle, `now` or later, with a free place. */
u64 victims_room(struct victims *v, u64 now);
void victims_add(struct victims *v, u64 line, u64 start, u64 end);
/* Whether a line is on its way at a cycle, or will be. */
bool victims_hold(const struct victims *v, u64 line, u64 now);

#endif
