#include "model/sim/event.h"

#include <stdlib.h>

#include "model/base/error.h"

void event_queue_init(struct event_queue *q)
{
	*q = (struct event_queue){ 0 };
}

void event_queue_fini(struct event_queue *q)
{
	free(q->heap);
	event_queue_init(q);
}

static bool before(const struct event *a, const struct event *b)
{
	return a->when < b->when || (a->when == b->when && a->seq < b->seq);
}

static void put(struct event_queue *q, struct event *ev, u32 pos)
{
	q->heap[pos] = ev;
	ev->pos = pos;
}

static void sift_up(struct event_queue *q, struct event *ev, u32 pos)
{
	for (; pos > 1 && before(ev, q->heap[pos / 2]); pos /= 2)
		put(q, q->heap[pos / 2], pos);
	put(q, ev, pos);
}

static void sift_down(struct event_queue *q, struct event *ev, u32 pos)
{
	u32 child;

	for (; (child = 2 * pos) <= q->n; pos = child) {
		if (child < q->n && before(q->heap[child + 1], q->heap[child]))
			child++;
		if (!before(q->heap[child], ev))
			break;
		put(q, q->heap[child], pos);
	}
	put(q, ev, pos);
}

void event_schedule(struct event_queue *q, struct event *ev, u64 when)
{
	ASSERT(!event_scheduled(ev));
	ASSERT(when >= q->now);
	if (q->n + 1 >= q->cap) {
		q->cap = q->cap ? 2 * q->cap : 64;
		q->heap = xrealloc(q->heap, q->cap * sizeof(*q->heap));
	}
	ev->when = when;
	ev->seq = q->seq++;
	sift_up(q, ev, ++q->n);
}

void event_cancel(struct event_queue *q, struct event *ev)
{
	struct event *last;
	u32 pos = ev->pos;

	if (!pos)
		return;
	ASSERT(pos <= q->n && q->heap[pos] == ev);
	last = q->heap[q->n--];
	ev->pos = 0;
	if (last == ev)
		return;
	if (pos > 1 && before(last, q->heap[pos / 2]))
		sift_up(q, last, pos);
	else
		sift_down(q, last, pos);
}

void event_run(struct event_queue *q, u64 until)
{
	while (q->n && q->heap[1]->when <= until) {
		struct event *ev = q->heap[1];

		event_cancel(q, ev);
		q->now = ev->when;
		ev->fire(ev, q->now);
	}
}
