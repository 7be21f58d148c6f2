/*
 * Write-back: which dirty pages of files are written, when, and who waits for it. A flusher (bdflush and
 * kupdate of 2.4, pdflush, bdi threads) writes files that have been dirty for longer than kernel.dirty_expire
 * and, beyond kernel.dirty_background_ratio, the others, the longest dirty first; who makes pages dirty
 * beyond kernel.dirty_ratio waits: by writing some himself until 5.x, by a pause that his part of the
 * device's bandwidth takes since 3.2 (era 6.x). mm/page-writeback.c, fs/fs-writeback.c, fs/buffer.c of 2.4.
 *
 * Pages of shared mappings become dirty with the write fault that made them writable, since write-back makes
 * them read-only again (2.6.19, era 2.6.18 on; it takes a reverse mapping); before that, and without one, the
 * dirty bit of an entry is seen when the entry goes.
 *
 * Not modelled: several devices, so the limits are the machine's; turns between files that are written; data
 * integrity rules beyond waiting for the pages; inodes, journals. For model/mm.
 */
#ifndef MMSIM_MM_WRITEBACK_H
#define MMSIM_MM_WRITEBACK_H

#include "model/mm/page_cache.h"

#define WRITEBACK_STATS(X)                                                                        \
	X(runs, "runs", "of the flusher")                                                         \
	X(wakes, "wakes", "of it, because too much is dirty")                                     \
	X(expired, "files", "written because they had been dirty for long")                       \
	X(background, "pages", "that the flusher began to write")                                 \
	X(by_writers, "pages", "that those began to write who had made too many dirty")           \
	X(synced, "pages", "that were written for fsync() and its kin")                           \
	X(throttled, "times", "that who made pages dirty had to wait")                            \
	X(throttle_cycles, "cycles", "of these waits")                                            \
	X(faults, "faults", "of writes that made a clean page of a shared mapping dirty")         \
	X(dirty_threshold, "pages", "dirty at which writers wait, as it was when last looked at") \
	X(background_threshold, "pages", "dirty at which the flusher begins")

struct writeback_stats {
	WRITEBACK_STATS(STAT_FIELD)
};

struct writeback {
	struct object *first, *last; /* files with dirty pages, the longest dirty first */
	u32 background, limit;       /* percent */
	u64 hz, expire;              /* cycles */
	u64 older;                   /* files dirty since then or before are to be written, 0: none */
	u64 wanted; /* pages that reclaim wants to be written: min_pages of background_writeout() */
	u64 ready;                   /* cycle at which all requests so far are over */
	bool awake;                  /* the flusher will run */
	u64 bandwidth, measured_at, measured; /* pages a second; when last, and written by then */
	u32 dirtied[MAX_CPUS];                /* pages since the limits were looked at last */
	kernel_flush_fn flush;                /* NULL: nobody runs the flusher */
	void *flush_arg;
	struct writeback_stats st;
};

void writeback_boot(struct kernel *k, u64 hz);
void writeback_free(struct kernel *k);
void writeback_stats_add(struct kernel *k, struct stats *s); /* registers mm.writeback.* */

/* ---- page_cache.c tells ---- */

void writeback_dirtied(struct kernel *k, struct cpu *c, struct object *o);
void writeback_cleaned(struct kernel *k, struct object *o);
/* page_mkclean(): the page's entries become read-only and clean, where pages are tracked. */
void writeback_protect(struct kernel *k, struct cpu *c, u64 pfn);

/* ---- entries of page tables ---- */

/* Whether entries of shared mappings of files are writable only while their page is dirty. */
bool writeback_tracks(const struct kernel *k, const struct object *o);
/* A write to a page of a shared mapping of the object was let through: page_mkwrite(). */
void writeback_fault(struct kernel *k, struct cpu *c, struct object *o, u64 pfn);

/* ---- writing ---- */

/*
 * Somebody has made so many pages dirty: balance_dirty_pages_ratelimited(). True: the thread waits until
 * block_until.
 */
bool writeback_balance(struct kernel *k, struct cpu *c, u32 pages);
/* Begins to write the dirty pages among first..last, at most max. Returns how many. */
u64 writeback_file(struct kernel *k, struct cpu *c, struct object *o, u64 first, u64 last, u64 max);
/* The cycle at which those are over that are being written; 0: none is. */
u64 writeback_wait(struct kernel *k, struct cpu *c, const struct object *o, u64 first, u64 last);
/* The flusher's turn by the clock, and when it was woken. */
void writeback_tick(struct kernel *k, struct cpu *c);
void writeback_run(struct kernel *k, struct cpu *c);
/* There is something to write; reclaim has met dirty pages: all of them are. wakeup_flusher_threads() */
void writeback_wake(struct kernel *k, struct cpu *c);
void writeback_wake_for_reclaim(struct kernel *k, struct cpu *c);
/* Reclaim wants so many pages to be written at least, the longest dirty first: wakeup_bdflush() */
void writeback_wake_for_pages(struct kernel *k, struct cpu *c, u64 pages);
/* The device has more to do than it takes: bdi_write_congested() */
bool writeback_is_congested(struct kernel *k, u64 now);

void writeback_check(const struct kernel *k);

#endif
