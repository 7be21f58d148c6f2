/*
 * The exact shortcut of the hot path: for virtual lines used lately, that the line is in an L1 cache, that
 * its page is in the L1 TLB, and where both keep the time of their last use. An access to such a line is a
 * hit that does nothing but renew those two times: one comparison and two stores in the hot loop.
 *
 * A row holds as long as both are there: a line that is evicted or in flight, and a page whose translation
 * is dropped or replaced, end it (in a vivt cache the line alone does, which goes with its translation); a
 * switch of address spaces ends all. Where the cache's policy moves more
 * than a time at a hit (tree-plru, or more lines than have times), a row holds only while its line is the
 * one used last in its set, when a hit moves nothing.
 *
 * Rows of the kernel's addresses carry HOT_KERNEL, so that no access of a program finds them.
 *
 * Not here: what a hit counts. Filled by the core, ended by cache and TLB.
 */
#ifndef MMSIM_HW_HOT_H
#define MMSIM_HW_HOT_H

#include "model/base/types.h"

#define HOT_NOTHING (~(u64)0)
enum { HOT_READ, HOT_WRITE };

/* More rows would push the simulator's other data out of the host's L1. */
#define HOT_ROWS      512u
#define HOT_ROW_SHIFT 5u /* log2(sizeof(struct hot_line)) */

#define HOT_NO_ROW    0x7fffu
#define HOT_WATCHED   0x8000u /* beside the row: somebody wants to know when the line is gone */

#define HOT_KERNEL    (1ull << 63)

struct hot_line {
	/*
	 * Number of the virtual line, or HOT_NOTHING. [HOT_WRITE] holds it only if the line may be written as
	 * well: it is dirty, and so is the page.
	 */
	u64 number[2];
	u64 *line_used, *page_used;
};

struct hot_lines {
	struct hot_line row[HOT_ROWS];
	u16 *row_of; /* by line id: the row that may speak of it, or HOT_NO_ROW; HOT_WATCHED */
	u64 *used;   /* by line id: times of last use */
	u32 *newest; /* by set: id used last; NULL: rows need not be the newest */
	u32 line_shift;
	bool off; /* holds nothing, ever */
	u64 gone; /* moves when a watched line is gone */
};

/*
 * used: the cache's times by line id, `lines` of them. sets: 0, or that many where only the newest line of
 * each may hold.
 */
void hot_init(struct hot_lines *h, u32 lines, u64 *used, u32 sets, u32 line_shift, bool off);
void hot_fini(struct hot_lines *h);
void hot_clear(struct hot_lines *h);
/* The translation of a page of that many bytes (a power of two) at va is gone. */
void hot_end_page(struct hot_lines *h, u64 va, u64 bytes);

static always_inline void hot_end_row(struct hot_lines *h, u32 id)
{
	u16 r = h->row_of[id] & (u16)~HOT_WATCHED;

	if (likely(r == HOT_NO_ROW))
		return;
	h->row_of[id] |= HOT_NO_ROW;
	if (h->row[r].line_used == &h->used[id])
		h->row[r].number[HOT_READ] = h->row[r].number[HOT_WRITE] = HOT_NOTHING;
}

/* Line `id` is gone, or is no longer such that a hit does nothing but renew its time. */
static always_inline void hot_end_line(struct hot_lines *h, u32 id)
{
	if (likely(h->row_of[id] == HOT_NO_ROW))
		return;
	hot_end_row(h, id);
	h->gone += h->row_of[id] != HOT_NO_ROW;
	h->row_of[id] = HOT_NO_ROW;
}

/* When line `id` is gone, h->gone moves. */
static always_inline void hot_watch(struct hot_lines *h, u32 id)
{
	h->row_of[id] |= HOT_WATCHED;
}

/* Line `id` of a set was used, in whatever way. */
static always_inline void hot_newest(struct hot_lines *h, u32 set, u32 id)
{
	if (likely(!h->newest) || h->newest[set] == id)
		return;
	hot_end_row(h, h->newest[set]);
	h->newest[set] = id;
}

/* Whether a line is hot for an access; if so, it and its page are the newest. write: HOT_READ or HOT_WRITE.
 */
static always_inline bool hot_use(const struct hot_lines *h, u64 number, u32 write, u64 *clock)
{
	const struct hot_line *row = &h->row[number % HOT_ROWS];

	if (row->number[write] != number)
		return false;
	++*clock;
	*row->line_used = *clock;
	*row->page_used = *clock;
	return true;
}

/* Line `id`, at virtual line `vline`, is there and so is its page. writes: it may be written as well. */
static always_inline void hot_set(struct hot_lines *h, u32 id, u64 vline, u64 *page_used, bool writes)
{
	u16 r = (u16)(vline % HOT_ROWS);

	if (unlikely(h->off))
		return;
	if ((h->row_of[id] & ~HOT_WATCHED) != r) {
		hot_end_row(h, id);
		h->row_of[id] = (h->row_of[id] & HOT_WATCHED) | r;
	}
	h->row[r] = (struct hot_line){ { vline, writes ? vline : HOT_NOTHING }, &h->used[id], page_used };
}

#endif
