/*
 * The page walker: reads page-table entries at their physical addresses through a cache, one after the
 * other, starting below the longest match of the page-walk caches, and sets accessed and dirty bits there.
 * What it finds wanting is a result, from which the core makes a trap.
 *
 * Not modelled: nested walks, walks that share what they read. Called by the core.
 */
#ifndef MMSIM_HW_WALKER_H
#define MMSIM_HW_WALKER_H

#include "model/arch/cpu.h"
#include "model/arch/pt.h"
#include "model/base/hist.h"
#include "model/hw/hw.h"
#include "model/hw/tags.h"

#define WALKER_STATS(X)                                                              \
	X(walks, "walks", "page walks, those that end in a fault included")          \
	X(cycles, "cycles", "from start to end, added up")                           \
	X(pte_reads, "reads", "page-table entries read")                             \
	X(pte_writes, "writes", "accessed and dirty bits set")                       \
	X(faults, "walks", "that found no translation, or one that forbids the access") \
	X(pwc_hits, "walks", "that started below the root")                          \
	X(wait_cycles, "cycles", "until a walker was free")

struct walker_stats {
	WALKER_STATS(STAT_FIELD)
};

struct pwc_array {
	struct tags tags;
	u64 *table; /* by id: physical address of the table that the entry points to */
	bool present;
};

#define WALKER_MAX 16u

struct walker {
	struct pwc_array pwc[NR_PWC_LEVELS]; /* [n]: finds the table of level n */
	const struct pt_format *format;
	struct ptmem *ptmem;
	struct port *port;
	struct hist *pte_latency;
	u64 root;
	u16 asid;
	u64 line_mask;
	u32 count;
	u64 busy[WALKER_MAX]; /* until a cycle */
	struct walker_stats st;
};

/* One walk: what is asked, and what it found. */
struct walk {
	u64 va;
	enum access_kind access;
	/* answers */
	bool ok;
	bool present; /* not ok: there is a translation, but it forbids the access */
	enum page_size size;
	u64 entry; /* as a TLB holds it: page address | PTE_* flags */
	u64 done;  /* cycle */
};

struct walker_params {
	const struct walker_cfg *cfg;
	const struct pwc_cfg *pwc;
	const struct pt_format *format;
	struct ptmem *ptmem;
	struct port *port;
	struct hist *pte_latency;
	u32 line;
	u64 seed;
};

void walker_init(struct walker *w, const struct walker_params *p);
void walker_fini(struct walker *w);
void walker_stats_add(const struct walker *w, struct stats *s, const char *prefix);
void walker_sane(const struct walker *w);

void walker_walk(struct walker *w, struct walk *walk, u64 now);

/* Drops what the walk caches hold for [start, end) of an address space, for all of one, for all. */
void walker_flush_range(struct walker *w, u16 asid, u64 start, u64 end);
void walker_flush_asid(struct walker *w, u16 asid);
void walker_flush_all(struct walker *w);

#endif
