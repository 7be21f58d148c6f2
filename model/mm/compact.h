/*
 * Compaction: pages in use move from the beginning of a zone to free ones at its end, until a block of the
 * order asked for is free. As mm/compaction.c of 6.12; an era before 2.6.35 has none.
 *
 * Two scanners: the one from below takes up to 32 pages at a time that can be moved, of pageblocks of the
 * request's type if it is direct and asynchronous; the one from above finds free pages for them in movable
 * pageblocks. They meet: the zone is done. Pageblocks where a scanner found nothing are skipped until a
 * reset; a zone where compaction failed is left alone for up to 63 requests.
 *
 * Moved are single pages with PAGE_MOVABLE, by the hook below, which knows who uses them. The page that is
 * left goes to the buddy at once, where Linux lets it pass through a per-CPU list that it drains later.
 *
 * Not modelled: blocks of more than one page as what is moved, the short cuts of 5.1 (candidates out of the
 * free lists for both scanners, pageblocks sampled in strides), capture of the block by the allocation,
 * need_resched(), waiting for write-back in SYNC mode. For the page allocator's own files, kernel threads and
 * who wires them.
 */
#ifndef MMSIM_MM_COMPACT_H
#define MMSIM_MM_COMPACT_H

#include "model/mm/alloc.h"

/* Priorities of a direct compaction, in the order in which it becomes more serious. */
enum compact_mode { COMPACT_ASYNC, COMPACT_SYNC_LIGHT, COMPACT_SYNC };

/* In the order of the kernel's: a run over several zones is as good as its best. */
enum compact_result {
	COMPACT_SKIPPED,         /* not enough free memory, or fragmentation is not what is wrong */
	COMPACT_DEFERRED,        /* it failed lately */
	COMPACT_CONTINUE,        /* it would be worth while */
	COMPACT_COMPLETE,        /* the whole zone was scanned, in vain */
	COMPACT_PARTIAL_SKIPPED, /* a part of it */
	COMPACT_CONTENDED,       /* asynchronous compaction met a lock that was taken, or there was no room */
	COMPACT_SUCCESS,
};

struct migrate_ops {
	/* A run begins: nothing else happens to the pages until it ends. */
	void (*begin)(void *arg);
	/*
	 * All who use page `from` shall use page `to`, whose struct page is the same already, and get its
	 * content there. False: it cannot be moved, and nothing has changed.
	 */
	bool (*unmap_and_move)(void *arg, struct cpu *c, u64 from, u64 to);
};

/* Names of /proc/vmstat. */
#define COMPACT_STATS(X)                                                                \
	X(compact_stall, "calls", "of direct compaction that did something")            \
	X(compact_success, "calls", "of these after which the allocation succeeded")    \
	X(compact_fail, "calls", "of these after which it did not")                     \
	X(compact_migrate_scanned, "pages", "looked at from below")                     \
	X(compact_free_scanned, "pages", "looked at from above")                        \
	X(compact_isolated, "pages", "taken out of their place, in use and free ones")  \
	X(compact_daemon_wake, "wakes", "of kcompactd")                                 \
	X(compact_daemon_migrate_scanned, "pages", "looked at from below by kcompactd") \
	X(compact_daemon_free_scanned, "pages", "looked at from above by kcompactd")    \
	X(pgmigrate_success, "pages", "moved")                                          \
	X(pgmigrate_fail, "pages", "that could not be moved")

/* Beside them, what the kernel does not tell. */
#define COMPACT_MORE_STATS(X)                                                  \
	X(runs, "runs", "over a zone")                                         \
	X(deferred, "runs", "not begun because compaction had failed lately")  \
	X(contended, "runs", "given up")                                       \
	X(unmovable, "blocks", "in use and met from below, that nobody moves") \
	X(skipped, "pageblocks", "not looked at: nothing was found there lately")

struct compact_stats {
	COMPACT_STATS(STAT_FIELD)
	COMPACT_MORE_STATS(STAT_FIELD)
};

/* Of a zone. */
struct compact {
	u64 migrate_pfn[2], free_pfn; /* where the scanners begin: asynchronous or not */
	u32 considered, defer_shift, order_failed;
	bool flush; /* the scanners have met: what is skipped shall be forgotten */
	u8 *skip;   /* of each pageblock: nothing was found there */
};

/* Of all zones; page_alloc.compaction. */
struct compaction {
	const struct migrate_ops *ops;
	void *arg;
	struct compact_stats st;
};

/* From now on allocations compact, with these hooks; the allocator of an era that cannot stays as it is. */
void compact_init(struct page_alloc *pa, const struct migrate_ops *ops, void *arg);
void compact_fini(struct page_alloc *pa);
void compact_stats_add(struct page_alloc *pa, struct stats *s); /* registers mm.vmstat.*, mm.compact.* */

/* struct compact_control. */
struct compact_request {
	u32 order; /* NO_ORDER: compact as much as there is */
	u32 gfp;
	enum compact_mode mode;
	bool direct;     /* by who wants the block, not by kcompactd */
	bool proactive;  /* until the zone's fragmentation is below 80 */
	bool whole_zone; /* from the ends of the zone, and no pageblock is skipped */
};
#define NO_ORDER (~0u)
/* One zone, if it is suitable. Says why that ended. */
enum compact_result compact_zone(struct zone *z, struct cpu *c, const struct compact_request *r,
				 enum zone_type highest);
/*
 * Direct compaction of the zones of a list, try_to_compact_pages(): true, an allocation is worth a try, and
 * compact_ended() is told how that went.
 */
bool compact_direct(struct page_alloc *pa, struct cpu *c, const struct zonelist *l, u32 gfp, u32 order,
		    u32 priority);
/* z: of the block, NULL: there was none. */
void compact_ended(struct page_alloc *pa, struct zone *z, u32 order);
/* kswapd goes to sleep: pageblocks where scanners that have met found nothing may be looked at again. */
void compact_forget_skips(struct zone *z);

/* Whether it would be worth while to wake kcompactd for such a block: kcompactd_node_suitable(). */
bool kcompactd_suits(const struct page_alloc *pa, u32 node, u32 order, enum zone_type highest);
/* kcompactd of a node, woken for blocks of an order in zones up to `highest`. kcompactd_do_work() */
void kcompactd_run(struct page_alloc *pa, struct cpu *c, u32 node, u32 order, enum zone_type highest);
/*
 * Every 500 ms: compacts while the node's fragmentation_score() is above 90, down to 80. False: it did not
 * get better, and the next time is 64 periods off.
 */
bool kcompactd_proactive(struct page_alloc *pa, struct cpu *c, u32 node);

#endif
