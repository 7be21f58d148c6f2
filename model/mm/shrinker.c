#include "model/mm/shrinker.h"

u64 shrinker_goal(const struct shrinker *s, u64 freeable, u32 priority)
{
	u64 delta = s->seeks ? (freeable >> priority) * 4 / s->seeks : freeable / 2;
	u64 goal = (s->deferred >> priority) + delta;

	return MIN(goal, 2 * freeable);
}

/*
 * Whole batches, or all at once if there are fewer objects than one; what is left is deferred, at most twice
 * what there is.
 */
u64 shrinker_run(struct shrinker *s, u32 priority)
{
	u64 batch = s->batch ? s->batch : SHRINK_BATCH, freeable = s->count(s->arg), goal, delta;
	u64 scanned = 0, freed = 0, nr, left;

	if (!freeable)
		return 0;
	delta = s->seeks ? (freeable >> priority) * 4 / s->seeks : freeable / 2;
	goal = shrinker_goal(s, freeable, priority);
	for (left = goal; left >= batch || left >= freeable; left -= nr) {
		nr = MIN(batch, left);
		if (!nr)
			break;
		freed += s->scan(s->arg, nr);
		scanned += nr;
	}
	left = s->deferred + delta;
	s->deferred = left > scanned ? MIN(left - scanned, 2 * freeable) : 0;
	return freed;
}
