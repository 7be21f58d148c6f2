#include "model/core/window.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

void window_init(struct window *w, u32 size)
{
	u32 entries = 1;

	while (entries < size)
		entries *= 2;
	memset(w, 0, sizeof(*w));
	w->size = size;
	w->limit = ~(u64)0;
	w->mask = entries - 1;
	if (size)
		w->ring = xcalloc(entries, sizeof(*w->ring));
}

void window_fini(struct window *w)
{
	free(w->ring);
}

static void set_limit(struct window *w)
{
	w->limit = w->n ? w->ring[w->head].number + w->size + w->stalled : ~(u64)0;
}

void window_hold(struct window *w, u64 at, u64 retired)
{
	struct window_entry *last = &w->ring[(w->head + w->n - 1) & w->mask];
	u64 number = at - w->stalled;

	/* One instruction may make several accesses. */
	if (!w->n || last->number != number) {
		last = &w->ring[(w->head + w->n++) & w->mask];
		last->number = number;
		ASSERT(w->n <= w->mask + 1);
	}
	last->retired = retired;
	set_limit(w);
}

u64 window_wait(struct window *w, u64 at)
{
	u64 before = w->stalled, wait;

	while (w->limit <= at) {
		const struct window_entry *e = &w->ring[w->head];

		wait = e->retired > w->limit ? e->retired - w->limit : 0;
		ASSERT(wait <= w->lag);
		at += wait;
		w->lag -= wait;
		w->stalled += wait;
		w->head = (w->head + 1) & w->mask;
		w->n--;
		set_limit(w);
	}
	return w->stalled - before;
}

void window_sane(const struct window *w)
{
	u32 i;

	ASSERT(w->n <= w->size);
	for (i = 1; i < w->n; i++) {
		const struct window_entry *e = &w->ring[(w->head + i) & w->mask];
		const struct window_entry *older = &w->ring[(w->head + i - 1) & w->mask];

		ASSERT(e->number > older->number && e->retired > older->retired);
	}
}
