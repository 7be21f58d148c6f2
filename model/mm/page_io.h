/*
 * Pages that a device reads or writes: struct page.ready is the cycle at which that is over, PG_LOCKED or
 * PG_WRITEBACK says which. Nobody is told when that cycle comes: who looks at the page asks. For model/mm.
 */
#ifndef MMSIM_MM_PAGE_IO_H
#define MMSIM_MM_PAGE_IO_H

#include "model/mm/memmap.h"

static inline void page_io_begin(struct page *p, u16 mark, u64 ready)
{
	p->marks |= mark;
	p->ready = ready;
}

/* False: a transfer goes on. It is over from p->ready on: wait for that, or do without the page. */
static inline bool page_io_over(struct page *p, u64 now)
{
	if (p->ready > now)
		return false;
	p->marks &= ~(PG_LOCKED | PG_WRITEBACK);
	p->ready = 0;
	return true;
}

#endif
