/*
 * The page cache: which pages of files and of shared anonymous memory are in memory, which of them are dirty,
 * and which a device reads or writes just now. mm/filemap.c, mm/page-writeback.c, mm/truncate.c.
 *
 * A page that a device has is PG_LOCKED (being read) or PG_WRITEBACK (being written) until page.ready; who
 * wants to know calls page_cache_settle() first, which ends what is over.
 *
 * Not modelled: large folios; buffer heads and block maps, so that a page is read and written whole; holes in
 * the middle of files. For model/mm.
 */
#ifndef MMSIM_MM_PAGE_CACHE_H
#define MMSIM_MM_PAGE_CACHE_H

#include "model/mm/memmap.h"
#include "model/mm/mm.h"

/* A transfer under way; `pfn` is what it was begun for if page.ready is still the same. */
struct transfer {
	u64 ready, serial, pfn;
};

struct page_cache {
	struct cache_nodes nodes;
	struct transfer *transfer; /* a heap, the first to be over on top */
	u32 n_transfers, cap_transfers;
	u64 serial;
	u64 pages, dirty, writeback, locked; /* now */
};

struct page_cache *page_cache_new(struct kernel *k);
void page_cache_free(struct page_cache *pc);

/* ---- pages come and go ---- */

/*
 * The frame becomes the object's page; takes over the caller's reference. False: no memory, the reference
 * stays the caller's. Nothing but a value may be there.
 */
bool page_cache_add(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn);
/* The page is taken out of the object, whatever it is doing: truncation. It must be there. */
void page_cache_drop(struct kernel *k, struct cpu *c, struct object *o, u64 index);
/* A value is taken out. */
void page_cache_forget(struct kernel *k, struct cpu *c, struct object *o, u64 index);
/*
 * Reclaim: a page that is clean, idle and mapped by nobody, whose only reference is the object's, is freed;
 * shadow (63 bits, 0: nothing) takes its place. False: it is not such a page.
 */
bool page_cache_remove(struct kernel *k, struct cpu *c, u64 pfn, u64 shadow);
/* What page_cache_remove() left there; 0: nothing, or there is a page. */
u64 page_cache_shadow(const struct object *o, u64 index);
/* Whose page it is; NULL: no object's. */
struct object *page_object(const struct page *p);

/* ---- dirty pages ---- */

static inline bool page_cache_dirty(const struct page *p)
{
	return p->marks & PG_DIRTY;
}

/* An object's page has changed: set_page_dirty(). */
void page_cache_set_dirty(struct kernel *k, struct cpu *c, u64 pfn);
/*
 * Begins to write a dirty page that no device has: it is clean from now on, and under write-back until the
 * cycle that is returned.
 */
u64 page_cache_write(struct kernel *k, struct cpu *c, u64 pfn);
/* Transfers that are over by now end: end_page_writeback(), unlock_page(). */
void page_cache_settle(struct kernel *k, struct cpu *c);

/* --check: ASSERTs that pages, index, marks and counts agree. */
void page_cache_check(const struct kernel *k);

#endif
