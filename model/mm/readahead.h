/*
 * Readahead: which pages of a file are read before somebody asks for them. Of 2.4 generic_file_readahead()
 * and the clusters of filemap_nopage(); of 2.5.66 to 2.6.22 the current and the ahead window of
 * mm/readahead.c; since 2.6.23 readahead on demand, with a marked page that asks for the next window.
 *
 * A file has one state, as if all who read it had it from one open(). The maximum is kernel.read_ahead.
 *
 * Not modelled: how 2.5.66 to 2.6.10 let their windows grow, which are taken for those of 2.6.13; congested
 * queues, which 2.6 does not read ahead into. For page_cache*.c and their kin.
 */
#ifndef MMSIM_MM_READAHEAD_H
#define MMSIM_MM_READAHEAD_H

#include "model/base/types.h"

/* struct file_ra_state; indices and numbers of pages. */
struct readahead {
	u64 start, size;
	u64 async;      /* on demand: of those, how many are left when the next window is asked for */
	u64 ahead_size; /* windows: of the ahead window */
	u64 ahead_start;
	u64 prev;       /* the last page that was asked for; ~0: none yet */
	u32 cache_hits; /* windows: pages in a row that were there already */
	bool missed, in_cache, off;
	u64 max, end, len, window; /* 2.4: f_ramax, f_raend, f_ralen, f_rawin */
	s64 map_misses;            /* faults that did not find their page, less those that did */
};

struct kernel;
struct cpu;
struct object;

/* Somebody asks for a page. */
struct page_want {
	struct object *o;
	u64 index;
	u64 pages;               /* of the call from here on; a fault: 1 */
	bool fault;              /* else read() or write() */
	bool sequential, random; /* advice for the mapping or file */
	bool alone;              /* nothing is read ahead */
	bool goes_on;            /* 2.4: readahead may be done, the call continues where the last one ended */
};

void readahead_init(struct readahead *ra);
/* read() begins; the state of 2.4 forgets a file that is not read on. Sets goes_on. */
void readahead_call(struct kernel *k, struct page_want *w, u64 offset, u64 len);
/*
 * Before the page is looked for; the index up to which it need not be called again in the same call.
 */
u64 readahead_before(struct kernel *k, struct cpu *c, const struct page_want *w);
/* It is not there; afterwards it may be, or else is read by itself. */
void readahead_miss(struct kernel *k, struct cpu *c, const struct page_want *w);
/* It is there, perhaps still being read. */
void readahead_hit(struct kernel *k, struct cpu *c, const struct page_want *w, u64 pfn);
/* read() has used the page. */
void readahead_used(struct kernel *k, const struct page_want *w);
/* A fault-around has mapped pages. */
void readahead_mapped(struct object *o, u32 pages);

#endif
