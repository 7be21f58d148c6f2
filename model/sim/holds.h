/*
 * For which times something was had that only one can have at a time: a lock, a core's interrupts; or that
 * several can have together to read, in the order in which they asked: a reader/writer semaphore.
 *
 * A path of the kernel runs at once, from its beginning to its end, before others that began a little later
 * or earlier have done anything in that time. So when somebody asks at a cycle, it may have been had for
 * times that lie ahead of him; these are remembered, and he gets it between them. Of more than HOLDS times
 * the first ones are forgotten: then it was free. Not modelled: that he keeps it for longer than there is
 * room, which those after him would have waited for.
 *
 * Anyone may include this.
 */
#ifndef MMSIM_SIM_HOLDS_H
#define MMSIM_SIM_HOLDS_H

#include "model/base/types.h"

#define HOLDS 32u

struct hold {
	u64 from, until;
};

struct holds {
	u64 last; /* cycle at which the last of all times ends */
	u32 n;    /* so far */
	struct hold at[HOLDS];
};

/* Who changes something bars others from when on he asks, not only when the readers before him are gone. */
struct rw_holds {
	struct holds changed, read;
};

/* The same of one time. */
static inline u64 hold_free_at(const struct hold *h, u64 when)
{
	return when >= h->from && when < h->until ? h->until : when;
}

/* Times that overlap are one; of two that do not, the later one stays. */
static inline void hold_add(struct hold *h, u64 from, u64 until)
{
	if (from <= h->until && until >= h->from)
		*h = (struct hold){ MIN(h->from, from), MAX(h->until, until) };
	else if (until > h->until)
		*h = (struct hold){ from, until };
}

/* From when on it can be had by who asks at a cycle. */
static inline u64 holds_free_at(const struct holds *h, u64 when)
{
	u32 i = 0;

	if (when >= h->last)
		return when;
	while (i < HOLDS) {
		if (when < h->at[i].from || when >= h->at[i].until) {
			i++;
			continue;
		}
		when = h->at[i].until;
		i = 0;
	}
	return when;
}

/* It was had so long. What follows the last time at once, or overlaps it, is one with it. */
static inline void holds_add(struct holds *h, u64 from, u64 until)
{
	struct hold *newest = &h->at[(h->n - 1) % HOLDS];

	h->last = MAX(h->last, until);
	if (h->n && from >= newest->from && from <= newest->until) {
		newest->until = MAX(newest->until, until);
		return;
	}
	h->at[h->n++ % HOLDS] = (struct hold){ from, until };
}

/* The same, to read or to change something. */
static inline u64 rw_free_at(const struct rw_holds *h, bool reads, u64 when)
{
	u64 at;

	do {
		at = when;
		when = holds_free_at(&h->changed, when);
		if (!reads)
			when = holds_free_at(&h->read, when);
	} while (when != at);
	return when;
}

/* from: when he got it to read, asked for it to change something. */
static inline void rw_add(struct rw_holds *h, bool reads, u64 from, u64 until)
{
	holds_add(reads ? &h->read : &h->changed, from, until);
}

#endif
