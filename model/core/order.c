#include "model/core/order.h"

#include "model/base/error.h"

void order_apply(struct order *o, const struct tr_event *ev)
{
	if (ev->kind == TR_EV_SEEN || !ev->seq)
		return;
	if (order_is_late(o, ev)) {
		o->st->order_late++;
		return;
	}
	ASSERT(ev->seq == o->applied + 1);
	o->applied = ev->seq;
}

void order_happened(struct order *o, const struct tr_event *ev, u64 now)
{
	if (ev->kind != TR_EV_SEEN && ev->seq && ev->seq + ORDER_TIMES > o->applied)
		o->time[ev->seq % ORDER_TIMES] = MAX(o->time[ev->seq % ORDER_TIMES], now);
}

void order_skip(struct order *o, u64 seq)
{
	ASSERT(seq > o->applied);
	o->st->order_gaps += seq - o->applied;
	o->applied = seq;
}

bool order_takes_away(const struct tr_event *ev, u64 brk)
{
	switch (ev->kind) {
	case TR_EV_UNMAP:
	case TR_EV_REMAP:
	case TR_EV_PROTECT:
	case TR_EV_ADVISE:
	case TR_EV_EXEC:
		return true;
	case TR_EV_MAP:
		return ev->flags & TR_MAP_FIXED;
	case TR_EV_BRK:
		return ev->addr < brk;
	case TR_EV_EXIT:
		return ev->flags & TR_EXIT_GROUP;
	default:
		return false;
	}
}
