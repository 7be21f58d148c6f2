/*
 * Prefetching of translations into the second-level TLB: at a miss there, and at the first use of what was
 * prefetched, a prefetcher names pages, and walkers that are free walk to them without a trap. What comes is
 * marked in the TLB until it is used; a use before the walk has ended waits for its end.
 *
 * A prefetcher is one file, one row of tlb_prefetchers, and its name in tlb_cfg.c.
 *
 * Not modelled: a buffer beside the TLB, prefetchers that learn. Called by the core's translation.
 */
#ifndef MMSIM_HW_TLB_PREFETCH_H
#define MMSIM_HW_TLB_PREFETCH_H

#include "model/hw/tlb.h"
#include "model/hw/walker.h"

/* What a prefetcher sees: a page that was asked for. */
struct tlb_prefetch_event {
	u64 va; /* where it begins */
	u64 bytes;
	bool miss; /* else the first use of a prefetched one */
};

#define TLB_PREFETCH_MAX 8u
struct tlb_prefetcher_ops {
	const char *name;
	/* Addresses of the pages that may be wanted next; returns how many. */
	u32 (*next)(const struct tlb_prefetch_event *e, u64 *va);
};
extern const struct tlb_prefetcher_ops tlb_prefetch_none, tlb_prefetch_next_page;

#define TLB_PREFETCH_STATS(X)                                                               \
	X(prefetch_issued, "walks", "for pages that may be wanted")                         \
	X(prefetch_failed, "walks", "of those, that found no page")                         \
	X(prefetch_dropped, "pages", "not walked to: every walker was busy")                \
	X(prefetch_late, "uses", "of prefetched pages before their walk had ended")

struct tlb_prefetch_stats {
	TLB_PREFETCH_STATS(STAT_FIELD)
};

struct tlb_prefetcher {
	const struct tlb_prefetcher_ops *ops;
	struct tlb *tlb;
	struct walker *walker;
	struct tlb_prefetch_stats st;
};

void tlb_prefetch_init(struct tlb_prefetcher *p, const struct tlb_prefetch_cfg *cfg, struct tlb *tlb,
		       struct walker *walker);
void tlb_prefetch_stats_add(const struct tlb_prefetcher *p, struct stats *s, const char *prefix);

/* A miss, and the walk that it took. */
void tlb_prefetch_miss(struct tlb_prefetcher *p, const struct walk *k);
/* A hit, at its address; it may be gone afterwards. */
void tlb_prefetch_hit(struct tlb_prefetcher *p, const struct tlb_hit *h, u64 va, u64 now);

#endif
