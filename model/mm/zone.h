/*
 * Nodes and zones of physical memory: their pages, marks, reserves, free lists, and the order in which an
 * allocation looks through them.
 *
 * Who does what: zone.c which zones a layout has, zonelists; watermark.c marks, lowmem_reserve and the test
 * of an allocation against them; buddy.c blocks; fallback.c what happens when a migratetype has none; pcp.c
 * per-CPU lists; compact.c compaction; alloc.c the whole pipeline, which others call. For model/mm.
 */
#ifndef MMSIM_MM_ZONE_H
#define MMSIM_MM_ZONE_H

#include "model/mm/charge.h"
#include "model/mm/gfp.h"
#include "model/mm/memmap.h"
#include "model/sim/stat.h"

/* Lowest first: an allocation falls back downwards. A layout has some of them. */
enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, NR_ZONE_TYPES };
extern const char *const zone_type_name[NR_ZONE_TYPES]; /* "DMA", ..., "HighMem", "Movable" */

#define MAX_ORDERS 11u /* 0..10: 4 MB of 4 KB pages; 2.4.0 has 10 */

enum wmark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, WMARK_PROMO, NR_WMARKS };

struct free_list {
	u32 first, last; /* pfns, NO_PAGE: empty */
};

struct free_area {
	struct free_list list[NR_MIGRATETYPES];
	u64 nr[NR_MIGRATETYPES]; /* blocks in each list */
	u64 nr_free;             /* in all */
};

#define ZONE_STATS(X)                                                                 \
	X(alloc, "pages", "handed out by the buddy, to per-CPU lists too")            \
	X(free, "pages", "taken back by the buddy, from per-CPU lists too")           \
	X(splits, "blocks", "split in two")                                           \
	X(merges, "blocks", "merged with their buddy")                                \
	X(fallbacks, "blocks", "of another migratetype (mm_page_alloc_extfrag)")      \
	X(steals, "pageblocks", "that changed their migratetype for it")              \
	X(failed, "requests", "that found no block here though the marks allowed it") \
	X(below_mark, "requests", "that the marks turned away")

struct zone_stats {
	ZONE_STATS(STAT_FIELD)
};

/* struct zone.flags */
#define ZONE_BELOW_HIGH     1u /* seen below its high mark, by the fast path */
#define ZONE_RECLAIM_ACTIVE 2u /* kswapd works on it */
#define ZONE_BOOSTED        4u /* wakes kswapd at the next allocation */

struct pcp;     /* pcp.h */
struct compact; /* compact.h */
struct page_alloc;

struct zone {
	struct page_alloc *pa;
	enum zone_type type;
	u32 node, index; /* index: in page_alloc.zone[] */
	u64 start, end;  /* pfns: spanned */
	u64 present;     /* without holes */
	u64 managed;     /* given to the buddy at boot */
	u64 free;        /* NR_FREE_PAGES: in free lists; per-CPU lists are not counted */
	u64 free_highatomic;
	u64 wmark[NR_WMARKS];
	u64 boost;                         /* watermark_boost */
	u64 boost_seen;                    /* as it was when kswapd began its run */
	u64 lowmem_reserve[NR_ZONE_TYPES]; /* kept from allocations that could have that zone */
	struct free_area area[MAX_ORDERS];
	u8 *block_type;          /* migratetype of each pageblock from that of `start` on */
	u32 flags;               /* ZONE_* */
	u32 reserved_highatomic; /* pages */
	struct pcp *pcp;         /* one a cpu */
	struct compact *compact;
	struct spinlock lock;
	u64 map_va; /* of the bitmaps of pairs (up to 2.6.10), or of pageblock_flags */
	u64 va;     /* of struct zone, whose fields are found by zone_line() */
	struct zone_stats st;
};

static inline bool zone_has(const struct zone *z, u64 pfn)
{
	return pfn >= z->start && pfn < z->end;
}

/*
 * Lines of struct zone that code touches, by their distance from zone.va. Offsets are those of the era: 2.4
 * and 2.6.9 i386 have lock, counter and marks in the first line and free_area[] behind it; from 2.6.26 on
 * marks and reserves come first, then the list of per-CPU sets, then free_area[], the lock and vm_stat[]
 * (include/linux/mmzone.h).
 */
enum zone_line {
	ZONE_LINE_MARKS,     /* _watermark[], lowmem_reserve[] */
	ZONE_LINE_PAGESET,   /* pointer to the per-CPU sets */
	ZONE_LINE_FREE_AREA, /* of order 0; the next orders follow, zone_area_bytes() apart */
	ZONE_LINE_LOCK,
	ZONE_LINE_STAT, /* vm_stat[]: the counter of free pages */
	NR_ZONE_LINES,
};
u64 zone_line(const struct zone *z, enum zone_line line);
u32 zone_area_bytes(const struct zone *z); /* of a struct free_area */

#define MAX_ZONES 192u /* of all nodes */

#endif
