/*
 * The order between the recorded threads of one recording, kept by numbers (traces/block.h, "Order between
 * threads"). All that is known is how far the numbers were applied; who waits for what is the engine's.
 *
 * Numbers that never come (a lost packet, a recording cut short) are skipped when nothing else can go on, and
 * counted. Called by the engine.
 */
#ifndef MMSIM_CORE_ORDER_H
#define MMSIM_CORE_ORDER_H

#include "model/sim/stat.h"
#include "traces/block.h"

#define ORDER_STATS(X)                                                                     \
	X(order_gaps, "numbers", "ordering numbers skipped because nobody held them")      \
	X(order_late, "events", "numbered events met after their number had been skipped") \
	X(order_assumed, "events", "events that took something away without hearing from every other thread")

struct order_stats {
	ORDER_STATS(STAT_FIELD)
};

/* A thread may pass a number only after the time at which it was applied: kept of so many last numbers. */
#define ORDER_TIMES 64u

struct order {
	u64 applied; /* every number up to it was applied or skipped */
	u64 time[ORDER_TIMES]; /* cycle, by number */
	struct order_stats *st; /* of all recordings */
};

/* May a thread pass a SEEN of that number? */
static inline bool order_passed(const struct order *o, u64 seq)
{
	return seq <= o->applied;
}

/* The number that must have been applied before a thread may make this event happen. 0: none. */
static inline u64 order_before(const struct tr_event *ev)
{
	if (ev->kind == TR_EV_SEEN)
		return ev->seq;
	return ev->seq ? ev->seq - 1 : 0;
}

/* Its number's turn has passed already: it happens at once, waiting for nobody. */
static inline bool order_is_late(const struct order *o, const struct tr_event *ev)
{
	return ev->kind != TR_EV_SEEN && ev->seq && ev->seq <= o->applied;
}

/* The event happens now; order_before() was passed. */
void order_apply(struct order *o, const struct tr_event *ev);
/* It is over at that cycle: on other cores, too, nobody passes its number before. */
void order_happened(struct order *o, const struct tr_event *ev, u64 now);
/* The cycle from which on a number that was applied may be passed; 0: that is long ago. */
static inline u64 order_time(const struct order *o, u64 seq)
{
	return seq && seq + ORDER_TIMES > o->applied ? o->time[seq % ORDER_TIMES] : 0;
}
/* Gives up on the numbers up to seq. */
void order_skip(struct order *o, u64 seq);
/* Must the process's other threads have passed what they had seen before it? brk: where the heap ends now. */
bool order_takes_away(const struct tr_event *ev, u64 brk);

#endif
