/*
 * The lists in which pages wait for reclaim, and the way of a new page to them: a batch a hardware thread,
 * which is emptied as a whole, so that one fault in a batch is much dearer than the others (mm/swap.c:
 * pagevec, folio_batch). A list's heads and lock are a lruvec's: of a zone until 4.7, of a node since, and of
 * each group of processes with a limit (group 0 is everybody else).
 *
 * A page of a batch is not in a list yet; one that is freed leaves either. Which list is said by its marks:
 * PG_ACTIVE, PG_SWAPBACKED, PG_UNEVICTABLE. The first page of a large one (PAGE_LARGE) is in a list for all
 * of it, and counts as so many; when it is split, its pages are there by themselves.
 *
 * Pages of locked mappings go to a list that nobody scans, since 2.6.28: by mlock(), private ones at their
 * fault, others when reclaim meets them; they come back when a mapping of theirs goes or is unlocked, and
 * reclaim finds those that are still locked again. Before, they stay in the active list. For model/mm.
 */
#ifndef MMSIM_MM_LRU_H
#define MMSIM_MM_LRU_H

#include "model/mm/alloc.h"
#include "model/mm/mm.h"

/* Whose rules: kernel.reclaim. */
enum reclaim_form {
	RECLAIM_SCAN,  /* 2.4.10 on: lists of cached pages, and page tables are scanned for what is mapped */
	RECLAIM_ZONE,  /* 2.5 to 2.6.27: an active and an inactive list a zone */
	RECLAIM_SPLIT, /* 2.6.28 on: lists of their own for private memory and for files */
	RECLAIM_MGLRU, /* 6.1 on, where it is configured: generations; lru_gen.h */
	NR_RECLAIM_FORMS
};

#define LRU_GENS 4u /* MAX_NR_GENS */

/* include/linux/mmzone.h. Where lists are not split, those of files have all pages. */
enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,
	NR_PLAIN_LISTS,
	LRU_GEN_FIRST = NR_PLAIN_LISTS, /* private memory and files of each generation in turn */
	NR_LRU_LISTS = LRU_GEN_FIRST + 2 * LRU_GENS
};
extern const char *const lru_list_name[NR_PLAIN_LISTS]; /* "inactive_anon", ... */

struct lruvec {
	u32 unit, group;                            /* index of the zone or node; 0: the root group */
	u32 head[NR_LRU_LISTS], tail[NR_LRU_LISTS]; /* pfns, NO_PAGE: empty */
	u64 n[NR_LRU_LISTS];                        /* pages */
	struct spinlock lock;                       /* its line, and the lines of the heads */
	u64 anon_cost, file_cost;                   /* since 5.8: lru_note_cost() */
	u64 scanned[2], rotated[2]; /* 2.6.28 to 5.7: reclaim_stat; of private memory, of files */
	u64 nonresident_age;        /* workingset.h; the next two: of private memory, of files */
	u64 refaults[2], seen_refaults[2];
	u64 due[NR_LRU_LISTS];                /* 2.6: pages to be scanned that were fewer than a batch */
	u32 prev_priority;                    /* 2.6: how hard the last reclaim had to try */
	bool congested, writeback; /* reclaim met: all dirty pages waiting for the device, all pages */
	u64 max_seq, min_seq[2];              /* generations: the youngest, and the oldest of each type */
	u64 gen_evicted[2], gen_refaulted[2]; /* pages of each type, older ones for less */
};

#define LRU_STATS(X)                                                              \
	X(inserted, "pages", "put into a list for the first time")                \
	X(activated, "pages", "moved to an active list: pgactivate")              \
	X(deactivated, "pages", "moved to an inactive list: pgdeactivate")        \
	X(rotated, "pages", "moved to the end of their inactive list: pgrotated") \
	X(lazyfree, "pages", "given to reclaim by MADV_FREE: pglazyfree")         \
	X(promoted, "pages", "found used, and moved to the youngest generation")  \
	X(generations, "generations", "made by aging")                            \
	X(mlocked, "pages", "made unevictable by mlock(): unevictable_pgs_mlocked")       \
	X(rescued, "pages", "that are not any more: unevictable_pgs_munlocked")           \
	X(drains, "batches", "emptied")

struct lru_stats {
	LRU_STATS(STAT_FIELD)
};

struct lru {
	enum reclaim_form form;
	bool by_node;
	u32 units, groups;
	struct lruvec *vec;          /* [group * units + unit] */
	u64 (*zone_n)[NR_LRU_LISTS]; /* pages of each zone in all lruvecs */
	struct lru_stats st;
};

/* With its pages and slabs the kernel gets its lists; groups: with limits, beside the root. */
void lru_boot(struct kernel *k, u32 groups);
void lru_free(struct kernel *k);
void lru_stats_add(const struct kernel *k, struct stats *s); /* registers mm.lru.* */

/* A page that was mapped for the first time, or came into the page or swap cache, with its marks set. */
void lru_add(struct kernel *k, struct cpu *c, u64 pfn);
/* The same for a page of a mapping, which may be locked: folio_add_lru_vma(). */
void lru_add_vma(struct kernel *k, struct cpu *c, const struct vma *v, u64 pfn);
/* Its mapping is locked: mlock_vma_folio(). Whether it counts as unevictable, when it comes to a list. */
bool lru_lock(const struct kernel *k, const struct vma *v, u64 pfn);
/* The same of a page that may be in a list already: it changes to the right one. */
void lru_mlock(struct kernel *k, struct cpu *c, const struct vma *v, u64 pfn);
/* A mapping of an unevictable page went: check_move_unevictable_folios(). */
void lru_rescue(struct kernel *k, struct cpu *c, u64 pfn);
/*
 * The same for a large page of private memory, a block of the allocator's; it waits in no batch, and empties
 * the one that there is.
 */
void lru_add_large(struct kernel *k, struct cpu *c, u64 pfn);
/* Pages that it stands for. */
static inline u32 lru_pages_in(const struct page *p)
{
	return p->flags & PAGE_LARGE ? 1u << p->order : 1;
}
/* The large page that pfn begins, if it is one, is split: lru_add_split_folio(). Whether it was. */
bool lru_split_large(struct kernel *k, struct cpu *c, u64 pfn);
/* lru_add_drain(): the batch of this hardware thread is emptied. */
void lru_add_drain(struct kernel *k, struct cpu *c);
/* The same of all hardware threads, at the cost of this one. */
void lru_add_drain_all(struct kernel *k, struct cpu *c);
/* It was used: mark_page_accessed(), folio_mark_accessed(). */
void lru_mark_accessed(struct kernel *k, struct cpu *c, u64 pfn);

struct lruvec *lruvec_of(const struct kernel *k, u64 pfn);
enum lru_list lru_list_of(const struct lru *l, const struct page *p);
/* Whether the form keeps private memory apart from files. */
static inline bool lru_is_split(const struct lru *l)
{
	return l->form >= RECLAIM_SPLIT;
}

/* Into the list that the marks tell, at its head, or its tail. The caller has the lock and pays. */
void lru_insert(struct kernel *k, struct cpu *c, u64 pfn, bool tail);
/* Whether it would need a place in swap; it stays in the lists, in those of its kind. */
void lru_set_swapbacked(struct kernel *k, struct cpu *c, u64 pfn, bool swapbacked);
/* Out of its list; nothing if it is in none. */
void lru_remove(struct kernel *k, struct cpu *c, u64 pfn);
/* A page was moved: `to`, which has its marks already, is in a list in its stead. */
void lru_replace(struct kernel *k, u64 from, u64 to);
/* Pages of a zone that are counted as in that list, one of the first NR_PLAIN_LISTS. */
u64 lru_zone_pages(const struct kernel *k, u32 zone, enum lru_list list);
/* Pages in lists of a kind: of a node's or zone's lruvecs, of all groups. */
u64 lru_pages(const struct kernel *k, u32 unit, enum lru_list list);

/* ASSERTs that lists and marks agree, and that each page that should be in a list is in one. */
void lru_sane(const struct kernel *k);

#endif
