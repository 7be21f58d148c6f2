/*
 * Reclaim: pages that were not used for long are taken from their owners, written where they have to be, and
 * freed; by the allocation that finds no memory, by kswapd, or for a group's limit. mm/vmscan.c of each era:
 * what happens to one page (vmscan_page.c) is much the same in all of them, how many of which lists are
 * looked at is not (vmscan_split.c, vmscan_zone.c, vmscan_scan.c).
 *
 * A path runs at once, so what Linux would sleep for is a cycle to wait for: in a fault, read() and write()
 * the thread sleeps, others run, and it goes on where reclaim was (kernel.h's TRAP_BLOCK); elsewhere, as in
 * fork(), the core's clock passes. Not modelled: isolated pages as others see them (nobody runs meanwhile),
 * lumpy reclaim, compaction's demands beyond what alloc_slow.c asks, demotion between nodes. For model/mm.
 */
#ifndef MMSIM_MM_VMSCAN_H
#define MMSIM_MM_VMSCAN_H

#include "model/mm/lru.h"
#include "model/mm/tlb_batch.h"

#define SWAP_CLUSTER_MAX 32u /* include/linux/swap.h */
#define DEF_PRIORITY     12  /* include/linux/mmzone.h */

/* struct scan_control */
struct scan {
	struct kernel *k;
	struct cpu *c;
	u32 gfp, order;
	s32 priority;
	enum zone_type highest;
	u32 node;
	u32 group; /* whose limit, 0: memory itself */
	bool kswapd, may_swap;
	bool for_boost; /* kswapd's, and only because marks are boosted: nothing is swapped out */
	bool age_anon, age_file; /* since 5.8: may_deactivate */
	bool cache_trim, file_tiny;
	bool text, locked;        /* the page looked at last is of a file that runs; of a locked mapping */
	u64 want, scanned, freed; /* pages */
	u32 batch;                /* pages that are isolated together */
	u64 deadline;             /* cycle from which on kswapd is preempted; ~0: never */
	bool goes_on, preempted;  /* with a pass that was preempted; this one was */
	u64 until;                /* cycle at which the first transfer that was met is over, ~0: none was */
	u64 blocked;              /* at which who looks on must not sleep any more, ~0: he need not */
	struct met {
		u64 dirty, congested; /* of files; those that the device makes wait */
		u64 taken, writeback; /* of all; those that are being written */
		u64 again;            /* of these, that kswapd knows already: nr_immediate */
	} met;                        /* pages of the list that was looked at last: reclaim_stat */
	u64 pass_scanned, pass_freed; /* before this pass */
	struct tlb_batch tlb;
};

/* vmscan.c */
/* Frees memory for an allocation, or for a group's limit; pages that were freed. */
u64 reclaim_direct(struct kernel *k, struct cpu *c, u32 gfp, u32 order);
u64 reclaim_group(struct kernel *k, struct cpu *c, u32 group, u64 pages);
/* DEF_PRIORITY of the form; kswapd begins there too. */
s32 reclaim_first_priority(const struct kernel *k);
/* kswapd's look at a node, at one priority, for some pages: struct scan tells what came of it. */
void reclaim_kswapd(struct scan *s);

/* vmscan_wait.c */
/*
 * Behind a pass that was not enough: waits for what the rules of the era want, and sets the priority of the
 * next one. False: the thread waits (kernel_cpu.reclaim_until), and shall reclaim on afterwards.
 */
bool reclaim_wait(struct scan *s);
/* The same before an allocation tries again for which something was freed. */
bool reclaim_nap(struct kernel *k, struct cpu *c);
/* The cycle until which kswapd sleeps behind its pass; not in the future: it need not. */
u64 reclaim_kswapd_until(const struct scan *s);
void reclaim_count_sleep(struct kernel *k, struct cpu *c, u64 until, s32 priority);
/* What the look at a lruvec says of devices that are too slow; and that kswapd has enough. */
void reclaim_note_met(struct scan *s, struct lruvec *v);
void reclaim_forget_met(struct kernel *k, u32 node);
/* Whether an allocation of the running thread failed because that has to wait. */
bool reclaim_waits(const struct kernel *k, const struct cpu *c);
/* Of the thread that runs; and its allocation is over, however. */
struct reclaim_progress *reclaim_progress(struct kernel *k, const struct cpu *c);
void reclaim_is_over(struct kernel *k, struct cpu *c);

/* vmscan.c */
/* A batch of an inactive list, or of the oldest generation, was looked at; file: its pages are of files
 * alone. */
void scan_count(struct scan *s, u64 looked_at, u64 freed, bool file);
u64 reclaim_possible(const struct kernel *k, const struct zone *z); /* zone_reclaimable_pages() */
void reclaim_stats_add(const struct kernel *k, struct stats *s);    /* registers mm.reclaim.* */
/* What lies behind a lruvec of the scan: its zone's or node's pages. */
bool scan_covers(const struct scan *s, const struct lruvec *v);

/* vmscan_split.c, vmscan_zone.c, vmscan_scan.c, vmscan_gen.c: one lruvec at the scan's priority. */
void shrink_split(struct scan *s, struct lruvec *v);
void shrink_zone_lists(struct scan *s, struct lruvec *v);
void shrink_scan(struct scan *s, struct lruvec *v);
void shrink_gen(struct scan *s, struct lruvec *v);
/* mm/vmscan.c:swap_out() of 2.4: page tables are scanned until so many pages can be freed. */
void swap_out(struct scan *s, u32 pages);
void swap_out_forget(struct mm *mm); /* the address space ends */

/* vmscan_page.c */
struct page_batch {
	u32 pfn[SWAP_CLUSTER_MAX];
	u32 n;
	u32 pages; /* that these were when they were taken, large ones by their size; or were looked at as */
};
bool scan_is_blocked(struct scan *s);
/* Takes pages from the end of a list, at most `want`, and holds them. */
void isolate_pages(struct scan *s, struct lruvec *v, enum lru_list list, u32 want, struct page_batch *b);
/* They go to the heads of the lists that their marks tell, and are let go. */
void putback_pages(struct scan *s, struct page_batch *b);
/* Frees what can be freed of them; what stays is left in the batch. Pages that were freed. */
u32 shrink_pages(struct scan *s, struct page_batch *b);
/* Entries of the page that were used since somebody looked: page_referenced(). They are marked unused. */
u32 page_referenced(struct scan *s, u64 pfn);
/* The entry of a page gives way to what swap or the file will say: try_to_unmap_one(). */
void unmap_entry(struct scan *s, struct mm *mm, u64 va, u64 entry_pa);

#endif
