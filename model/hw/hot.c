#include "model/hw/hot.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

_Static_assert(sizeof(struct hot_line) == 1u << HOT_ROW_SHIFT, "rows are found by shifting");

void hot_init(struct hot_lines *h, u32 lines, u64 *used, u32 sets, u32 line_shift, bool off)
{
	u32 i;

	h->row_of = xcalloc(lines, sizeof(*h->row_of));
	for (i = 0; i < lines; i++)
		h->row_of[i] = HOT_NO_ROW;
	h->used = used;
	h->newest = sets ? xcalloc(sets, sizeof(*h->newest)) : NULL;
	h->line_shift = line_shift;
	h->off = off || !used;
	hot_clear(h);
}

void hot_fini(struct hot_lines *h)
{
	free(h->row_of);
	free(h->newest);
}

void hot_clear(struct hot_lines *h)
{
	h->gone++;
	memset(h->row, 0xff, sizeof(h->row));
}

/* A TLB's key holds that many bits of an address. */
#define KEY_BITS 57u

static void end_large_page(struct hot_lines *h, u64 first, u64 lines)
{
	u32 r, beyond = 64 - (KEY_BITS - h->line_shift);

	for (r = 0; r < HOT_ROWS; r++) {
		struct hot_line *row = &h->row[r];

		if (((row->number[HOT_READ] ^ first) & ~(lines - 1)) << beyond == 0)
			row->number[HOT_READ] = row->number[HOT_WRITE] = HOT_NOTHING;
	}
}

/* A page's lines have rows side by side. */
void hot_end_page(struct hot_lines *h, u64 va, u64 bytes)
{
	u64 first = (va & ~(bytes - 1)) >> h->line_shift, n = bytes >> h->line_shift, i;
	struct hot_line *row = &h->row[first % HOT_ROWS];
	u32 beyond = 64 - (KEY_BITS - h->line_shift);

	if (n >= HOT_ROWS) {
		end_large_page(h, first, n);
		return;
	}
	for (i = 0; i < n; i++)
		if (unlikely((row[i].number[HOT_READ] ^ (first + i)) << beyond == 0))
			row[i].number[HOT_READ] = row[i].number[HOT_WRITE] = HOT_NOTHING;
}
