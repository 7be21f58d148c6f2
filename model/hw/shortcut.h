/*
 * The exact shortcut of the hot path. For each set of an L1 cache or L1 TLB a row tells the number of the
 * virtual line or page that was used last there: using it again changes no state, so it is only counted.
 * Column SHORT_READ holds for reads, SHORT_WRITE for writes as well (the line is dirty; the page's dirty
 * bit is set), SHORT_NEVER for nothing. SHORT_DATA is what the owner wants to find with it: a page's frame.
 *
 * Whatever else happens in the set (another line used, a fill, an eviction, an invalidation, a line in
 * flight) ends what the row said. Rows are found by virtual bits; a set whose index is physical says which
 * row speaks of it.
 */
#ifndef MMSIM_HW_SHORTCUT_H
#define MMSIM_HW_SHORTCUT_H

#include "model/base/types.h"

#define SHORT_NOTHING (~(u64)0)
enum { SHORT_READ, SHORT_WRITE, SHORT_NEVER, SHORT_DATA, SHORT_COLUMNS };

struct shortcut {
	u64 (*row)[SHORT_COLUMNS];
	u64 (*seen)[SHORT_COLUMNS]; /* what is looked at: the rows, or if it is off, some that say nothing */
	u32 mask; /* rows - 1 */
	u32 *of_set; /* the row that may speak of a set */
};

void shortcut_init(struct shortcut *s, u32 rows, u32 sets, bool off);
void shortcut_fini(struct shortcut *s);
void shortcut_clear(struct shortcut *s);

static always_inline void shortcut_end(struct shortcut *s, u32 set)
{
	u64 *row = s->row[s->of_set[set]];

	row[SHORT_READ] = SHORT_NOTHING;
	row[SHORT_WRITE] = SHORT_NOTHING;
}

/*
 * From now on `number` is what was used last in the set; writes: 1, using it to write changes nothing either,
 * else 0.
 */
static always_inline u64 *shortcut_set(struct shortcut *s, u32 set, u64 number, u64 writes)
{
	u32 r = (u32)number & s->mask;

	if (unlikely(s->of_set[set] != r)) {
		shortcut_end(s, set);
		s->of_set[set] = r;
	}
	s->row[r][SHORT_READ] = number;
	s->row[r][SHORT_WRITE] = number | (writes - 1);
	return s->row[r];
}

#endif
