/*
 * The page walkers of a core: they read page-table entries at their physical addresses through a cache, one
 * after the other, starting below the longest match of the page-walk caches, and set accessed and dirty bits
 * there. In a guest every address of a table, and the page's at last, is translated once more
 * (walker_nested.h). What a walk finds wanting is a result, from which the core makes a trap.
 *
 * A walk for a page that is being walked already waits for that walk and reads nothing. Four pages of 4 KB
 * that lie together in both spaces, with entries alike, can be found as one of 16 KB (AMD, Software
 * Optimization Guide for the Zen 4 microarchitecture, publication 57647: page coalescing): their entries are
 * in one line, which the walk has read.
 *
 * Kernel addresses are walked from a root of their own; what is known of them is tagged TLB_GLOBAL.
 *
 * Not modelled: walks that share tables but not the page. Called by the core.
 */
#ifndef MMSIM_HW_WALKER_H
#define MMSIM_HW_WALKER_H

#include "model/arch/cpu.h"
#include "model/arch/pt.h"
#include "model/base/hist.h"
#include "model/hw/hw.h"
#include "model/hw/mshr.h"
#include "model/hw/tlb.h"
#include "model/hw/walk_cache.h"
#include "model/hw/walker_nested.h"

#define WALKER_STATS(X)                                                              \
	X(walks, "walks", "page walks, those that end in a fault included")          \
	X(cycles, "cycles", "from start to end, added up")                           \
	X(pte_reads, "reads", "page-table entries read")                             \
	X(pte_writes, "writes", "accessed and dirty bits set")                       \
	X(faults, "walks", "that found no translation, or one that forbids the access") \
	X(pwc_hits, "walks", "that started below the root")                          \
	X(merged, "walks", "beside these: the page was being walked already")        \
	X(coalesced, "walks", "that found four pages in one")                        \
	X(wait_cycles, "cycles", "until a walker was free")

struct walker_stats {
	WALKER_STATS(STAT_FIELD)
};

/* One walk: what is asked, and what it found. */
struct walk {
	u64 va;
	enum access_kind access;
	bool kernels; /* by the kernel's tables */
	/* answers */
	u64 asked; /* cycle */
	bool ok;
	bool present; /* not ok: there is a translation, but it forbids the access */
	enum page_size size; /* that is mapped in one piece: the guest's page or the host's, the smaller */
	u64 entry; /* as a TLB holds it: page address | its page's size | PTE_* flags */
	u64 done;  /* cycle */
};

#define WALKER_MAX 16u

struct walker {
	struct walk_caches pwc;
	struct nested nested;
	const struct pt_format *format;
	struct ptmem *ptmem;
	struct port *port;
	struct hist *pte_latency;
	u64 root, kernel_root;
	u16 asid;
	u8 service; /* class of the thread, see hw/partition.h */
	/* Where lines of the program are counted that reads for the kernel turn out; now: of the present
	 * walk. */
	u64 *kernel_turns_out, *turns_out;
	u64 pwc_latency, read_latency;
	bool coalesce;
	u32 count;
	struct mshr_file busy; /* walkers are taken as MSHRs are */
	u64 last; /* cycle at which the last walk ends */
	struct walk walk[WALKER_MAX]; /* the last ones */
	u16 walk_asid[WALKER_MAX];
	struct walker_stats st;
};

struct walker_params {
	const struct walker_cfg *cfg;
	const struct pwc_cfg *pwc;
	const struct pt_format *format;
	struct ptmem *ptmem;
	const struct nested_cfg *nested;
	struct stage2 *host; /* NULL: no guest */
	struct port *port;
	struct hist *pte_latency;
	u64 hz;
	u64 seed;
};

void walker_init(struct walker *w, const struct walker_params *p);
void walker_fini(struct walker *w);
void walker_stats_add(const struct walker *w, struct stats *s, const char *prefix);
void walker_sane(const struct walker *w);
/* Registers what a checkpoint holds of an idle walker that is not nested. */
void walker_state(struct walker *w, struct state *s, const char *owner);

void walker_walk(struct walker *w, struct walk *walk, u64 now);
bool walker_is_free(const struct walker *w, u64 now);
/* When the translation of va, which a TLB has already, is there: now, or the end of a walk for it. */
u64 walker_ready(const struct walker *w, u64 va, u64 now);
/* An entry of a page table is read at its address in the machine; for walker_nested.c. */
void walker_read(struct walker *w, u64 pa, u32 level, const char *whose, u64 *now);

/* Drops what the walk caches hold for [start, end) of an address space, for all of one, for all. */
void walker_flush_range(struct walker *w, u16 asid, u64 start, u64 end);
void walker_flush_asid(struct walker *w, u16 asid); /* TLB_GLOBAL: the kernel's */
void walker_flush_all(struct walker *w);
/* What walk caches hold of an address space goes, but walks under way are what they are. */
void walker_drop_tables(struct walker *w, u16 asid);

#endif
