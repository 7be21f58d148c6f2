/*
 * The second dimension of a walk: translating the addresses that a guest's tables hold, by the tables of the
 * host (host.h), through caches of its own. Walks of a guest go through here for every table that they read
 * and for the page at last: four levels over four read up to 24 entries.
 *
 * What it keeps: walk caches of the host's tables (nested.pwc), and the translations of the guest's tables
 * themselves (nested.tlb: the nested TLB of Bhargava et al., ASPLOS 2008). The guest's flushes, INVLPG and
 * MOV to CR3, leave both (Intel SDM volume 3, "VMX Support for Address Translation": they need not drop
 * guest-physical mappings); the host never changes a mapping.
 *
 * Called by walker.c.
 */
#ifndef MMSIM_HW_WALKER_NESTED_H
#define MMSIM_HW_WALKER_NESTED_H

#include "model/hw/stage2.h"
#include "model/hw/port.h"
#include "model/hw/walk_cache.h"
#include "model/sim/stat.h"

#define NESTED_STATS(X)                                                                       \
	X(nested_walks, "walks", "guest-physical addresses translated by the host's tables")  \
	X(nested_reads, "reads", "entries of the host's tables read, also in pte_reads")      \
	X(nested_pwc_hits, "walks", "of those walks, that started below the host's root")     \
	X(nested_tlb_hits, "lookups", "tables of the guest found in the nested TLB, no walk") \
	X(nested_faults, "faults", "first uses of a page of the host")

struct nested_stats {
	NESTED_STATS(STAT_FIELD)
};

struct walker;

struct nested {
	struct stage2 *host; /* NULL: no guest */
	struct walk_caches caches;
	struct tags tlb; /* the host's pages in which tables of the guest lie, by the guest's address */
	u64 *tlb_page;   /* by id: the host's address */
	bool has_tlb;
	bool combined;   /* the guest's walk caches hold host addresses */
	struct nested_stats st;
};

void nested_init(struct nested *n, const struct nested_cfg *cfg, struct stage2 *host, u64 seed);
void nested_fini(struct nested *n);
void nested_stats_add(const struct nested *n, struct stats *s, const char *prefix);
void nested_sane(const struct nested *n);

/* The host's address of a table of the guest's, or of a page; *now goes on by what that takes. */
u64 nested_table(struct walker *w, u64 gpa, u64 *now);
u64 nested_page(struct walker *w, u64 gpa, enum page_size *size, u64 *now);

#endif
