/*
 * The page cache: which pages of files and of shared anonymous memory are in memory, which of them are dirty,
 * and which a device reads or writes just now. mm/filemap.c, mm/page-writeback.c, mm/truncate.c.
 *
 * kernel.page_cache: off: files are there, and cost nothing but kernel.file_fill; cold: what is asked for is
 * read from storage.device; warm: what is asked for first has been in memory all the time, and is read only
 * after it was taken away. On, inodes and the nodes of the index come out of the slabs, read() and write() go
 * through the cache, and dirty pages are written (writeback.h). A kernel without zones and slabs, or with
 * pages of more than 4 KB, can only have it off.
 *
 * A page that a device has is PG_LOCKED (being read) or PG_WRITEBACK (being written) until page.ready; who
 * wants to know calls page_cache_settle() first, which ends what is over.
 *
 * Not modelled: large folios; buffer heads and block maps: a page is read and written whole, and a file lies
 * on the device in one piece; reading of inodes and directories; the file system's journal. For model/mm.
 */
#ifndef MMSIM_MM_PAGE_CACHE_H
#define MMSIM_MM_PAGE_CACHE_H

#include "model/mm/memmap.h"
#include "model/mm/mm.h"

enum page_cache_mode { PAGE_CACHE_OFF, PAGE_CACHE_WARM, PAGE_CACHE_COLD };

#define PAGE_CACHE_STATS(X)                                                             \
	X(lookups, "pages", "asked for by faults, read() and write()")                  \
	X(hits, "pages", "of those, that were there and not being read")                \
	X(locked, "pages", "that were still being read")                                \
	X(misses, "pages", "that were not there")                                       \
	X(resident, "pages", "of a warm cache, that had been there from the beginning") \
	X(holes, "pages", "that the device has not, cleared instead")                   \
	X(added, "pages", "that came into the cache")                                   \
	X(removed, "pages", "that left it")                                             \
	X(shadows, "pages", "of these, that left a shadow")                             \
	X(reads, "requests", "to read pages")                                           \
	X(read_pages, "pages", "that they read")                                        \
	X(ahead_pages, "pages", "of those, that nobody had asked for")                  \
	X(no_memory, "pages", "that were not read ahead for want of a frame")           \
	X(writes, "requests", "to write pages")                                         \
	X(dirtied, "pages", "that became dirty")                                        \
	X(written, "pages", "that the device has written")                              \
	X(mkclean, "entries", "of page tables, made read-only for write-back")          \
	X(inodes, "files", "that have an inode in memory")                              \
	X(nodes, "nodes", "of their trees now")

struct page_cache_stats {
	PAGE_CACHE_STATS(STAT_FIELD)
};

/* A transfer under way; `pfn` is what it was begun for if page.ready is still the same. */
struct transfer {
	u64 ready, serial, pfn;
};

struct page_cache {
	enum page_cache_mode mode;
	struct cache_nodes nodes;
	struct cache_hash *hash;   /* of 2.4; NULL: the index is a tree */
	struct spinlock lock;      /* 2.4: pagecache_lock */
	struct transfer *transfer; /* a heap, the first to be over on top */
	u32 n_transfers, cap_transfers;
	u64 serial;
	u64 pages, dirty, writeback, locked; /* now */
	u64 pgpgin, pgpgout;                 /* KB */
	struct writeback *wb;
	struct page_cache_stats st;
};

/* With slabs and k->hz. */
void page_cache_boot(struct kernel *k);
void page_cache_free(struct kernel *k);
void page_cache_stats_add(struct kernel *k, struct stats *s); /* registers mm.page_cache.* */

static inline bool page_cache_on(const struct kernel *k)
{
	return k->page_cache->mode != PAGE_CACHE_OFF;
}

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
/*
 * The page becomes nobody's, and a value takes its place; the object's reference is the caller's now. And the
 * reverse: in the place of a value, which must be there, comes a page that is in the lists already.
 */
void page_cache_leave(struct kernel *k, struct cpu *c, u64 pfn, u64 value);
void page_cache_return(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 pfn);
/* Compaction: what is in the page is in another frame from now on. */
void page_cache_migrate(struct kernel *k, u64 from, u64 to);
/* What page_cache_remove() left there; 0: nothing, or there is a page. */
u64 page_cache_shadow(const struct object *o, u64 index);
/* Whose page it is; NULL: no object's. */
struct object *page_object(const struct page *p);
/* NULL: it is known by no struct page, as of a pool. */
struct page *page_cache_page(const struct kernel *k, u64 pfn);
/* Calls for the block of pages that the cache has for itself. */
void page_cache_each_block(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg);

/* ---- asking for pages: file_read.c ---- */

enum cache_answer {
	CACHE_READY,
	CACHE_WAIT,  /* the thread has to wait until the hardware thread's block_until, and to ask again */
	CACHE_NOMEM, /* no memory */
};

/* A page of a file, up to date. again: it was asked for already, and waited for. */
enum cache_answer page_cache_get(struct kernel *k, struct cpu *c, const struct page_want *w, bool again,
				 u64 *pfn);
/* The page if it is there and up to date, or would be in a warm cache; else NO_FRAME: for fault-around. */
u64 page_cache_peek(struct kernel *k, struct cpu *c, struct object *o, u64 index);
/*
 * Reads those of first..first+n-1 that are not there, as far as the file goes and memory lasts. The last
 * `ahead` pages (0: none) are reached when the one before them asks for more. Returns how many are read.
 */
u64 page_cache_read(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 n, u64 ahead);
/* MADV_WILLNEED, POSIX_FADV_WILLNEED */
void page_cache_will_need(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last);
/* A page that will be overwritten as a whole, so that it need not be read: made if it is not there. */
enum cache_answer page_cache_grab(struct kernel *k, struct cpu *c, struct object *o, u64 index, u64 *pfn);
/* Pages up to the file's end, as far as it is known; whether the device has that one. */
u64 object_file_pages(const struct object *o);
bool object_on_device(const struct object *o, u64 index);
/* Whether the page is known to have been in memory. */
bool object_was_cached(const struct object *o, u64 index);

/* ---- transfers: page_transfer.c ---- */

/*
 * A request for pages of the object; the cycle at which it is over. It is charged, and with storage.device =
 * none a read costs kernel.file_fill a page.
 */
u64 page_request(struct kernel *k, struct cpu *c, struct object *o, bool write, u64 index, u32 pages);
/* The page is PG_LOCKED or PG_WRITEBACK from now on; and then, until that cycle. */
void page_transfer_begin(struct kernel *k, u64 pfn, u16 mark);
void page_transfer_until(struct kernel *k, struct cpu *c, u64 pfn, u64 ready);
/* Both at once, of a page of the swap cache. */
void page_transfer_of_swap(struct kernel *k, u64 pfn, u16 mark, u64 ready);
/* What the page was doing is not waited for any more. */
void page_transfer_end(struct kernel *k, struct cpu *c, u64 pfn);
/* Transfers that are over by now end: end_page_writeback(), unlock_page(). */
void page_cache_settle(struct kernel *k, struct cpu *c);
/* The cycle at which the next transfer is over; 0: there is none. */
u64 page_cache_next_over(const struct kernel *k);
/* Pages under write-back, swap's too; *when: the cycle at which more than `nth` are done, ~0: never. */
u64 page_transfer_writes(const struct kernel *k, u64 nth, u64 *when);

/* ---- dirty pages; see writeback.h ---- */

static inline bool page_cache_dirty(const struct page *p)
{
	return p->marks & PG_DIRTY;
}

/* An object's page has changed: set_page_dirty(). */
void page_cache_set_dirty(struct kernel *k, struct cpu *c, u64 pfn);
/* It ceases to be dirty, and its entries of page tables become read-only: clear_page_dirty_for_io(). */
void page_cache_clean(struct kernel *k, struct cpu *c, u64 pfn);
/*
 * Begins to write a dirty page that no device has: it is clean from now on, and under write-back until the
 * cycle that is returned. pageout()
 */
u64 page_cache_write(struct kernel *k, struct cpu *c, u64 pfn);

/* --check: ASSERTs that pages, index, marks and counts agree. */
void page_cache_check(const struct kernel *k);

#endif
