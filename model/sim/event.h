/*
 * The event queue: a heap on (when, sequence). Events of equal time fire in the order in which they were
 * scheduled; "now" is legal, the past is a bug. Events are embedded in their owner: no allocation.
 *
 * What a requester waits for is a returned cycle; what it does not wait for (write-back, kswapd, swap I/O,
 * an IPI on its way) is an event.
 */
#ifndef MMSIM_SIM_EVENT_H
#define MMSIM_SIM_EVENT_H

#include "model/base/types.h"

struct event;
typedef void (*event_fn)(struct event *ev, u64 now);

struct event {
	u64 when; /* cycle */
	u64 seq;
	event_fn fire;
	u32 pos; /* in the heap, 0: not scheduled */
};

struct event_queue {
	struct event **heap; /* heap[0] unused */
	u32 n, cap;
	u64 seq;
	u64 now; /* time of the event fired last */
};

void event_queue_init(struct event_queue *q);
void event_queue_fini(struct event_queue *q);
void event_schedule(struct event_queue *q, struct event *ev, u64 when);
void event_cancel(struct event_queue *q, struct event *ev); /* nothing if it is not scheduled */
static inline bool event_scheduled(const struct event *ev)
{
	return ev->pos != 0;
}
/* Time of the earliest event, ~0 if there is none. */
static inline u64 event_next(const struct event_queue *q)
{
	return q->n ? q->heap[1]->when : ~(u64)0;
}
/* Fires every event up to and including cycle `until`, those that they schedule included. */
void event_run(struct event_queue *q, u64 until);

#endif
