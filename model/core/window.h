/*
 * The reorder window of core.model = window. Instruction n dispatches at its issue slot, but not before
 * instruction n - size has retired; it starts at once, or when its producer's data is there; retirement is
 * in order, one a slot. The in-order core is the window of one instruction.
 *
 * Between two instructions that hold retirement up, each retires a slot after the one before, as each
 * dispatches a slot after the one before. So two numbers tell where both stand, and a ring keeps only the
 * instructions that held retirement: when as many instructions as the window holds have dispatched after
 * one, dispatch waits until it has retired. A hit in L1 and TLB holds for its slot only: its latency is
 * seen by those that depend on it.
 *
 * Not modelled: scheduler entries and execution ports, load and store queues other than the store buffer,
 * wrong paths. Called by the hot loop (inorder.h), which is the same for both cores, and by core_mem.c.
 */
#ifndef MMSIM_CORE_WINDOW_H
#define MMSIM_CORE_WINDOW_H

#include "model/base/types.h"

#define WINDOW_MAX 1024u

/* An instruction that held retirement up. */
struct window_entry {
	u64 number;
	u64 retired; /* slot at which it has retired */
};

struct window {
	u64 size;    /* instructions, 0: the in-order core */
	u64 lag;     /* slots from an instruction's dispatch to the end of the one before */
	u64 stalled; /* slots that dispatch has waited: an instruction's slot is its number and these */
	u64 limit;   /* slot of the first instruction that finds the window full; ~0: none in sight */
	u64 left;    /* slot of the next instruction when the core was left to others */
	struct window_entry *ring;
	u32 mask, head, n;
};

void window_init(struct window *w, u32 size);
void window_fini(struct window *w);

/* The instruction that dispatched in slot `at` has retired at slot `retired`, later than a hit would have. */
void window_hold(struct window *w, u64 at, u64 retired);
/* Dispatch has come to slot `at`, past the limit. Returns the slots that it waits for room. */
u64 window_wait(struct window *w, u64 at);

/* Dispatch was held up for something else. */
static inline void window_stall(struct window *w, u64 slots)
{
	w->stalled += slots;
	w->limit += w->n ? slots : 0;
}

/* The ring as it has to be; ASSERTs. */
void window_sane(const struct window *w);

#endif
