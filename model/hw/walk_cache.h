/*
 * Page-walk caches: for each level of table that lies below the root, which table translates an address. A
 * walk begins at the one nearest to the page that is known: the longest match. The walker has them for the
 * program's tables and, under a hypervisor, others for the host's.
 *
 * Called by walker.c and walker_nested.c.
 */
#ifndef MMSIM_HW_WALK_CACHE_H
#define MMSIM_HW_WALK_CACHE_H

#include "model/arch/pt.h"
#include "model/hw/tags.h"
#include "model/hw/tlb_cfg.h"

/* A table: where its entries say it is, and where the caches find it; they differ in a guest. */
struct walk_table {
	u64 pa;
	u64 host; /* NO_FRAME: not known yet */
};

struct walk_cache {
	struct tags tags;
	struct walk_table *table; /* by id */
	bool present;
};

struct walk_caches {
	const struct pt_format *format;
	struct walk_cache level[NR_PWC_LEVELS]; /* [n]: finds the table of level n */
};

/* cfg: one a level, so many. */
void walk_caches_init(struct walk_caches *w, const struct tlb_array_cfg *cfg, u32 levels,
		      const struct pt_format *format, const char *name, u64 seed);
void walk_caches_fini(struct walk_caches *w);
void walk_caches_sane(const struct walk_caches *w);
void walk_caches_state(struct walk_caches *w, struct state *s, const char *owner);

/* Level of the nearest table that is known, made the newest; false: none is, begin at the root. */
bool walk_caches_find(struct walk_caches *w, u64 va, u16 asid, u32 *level, struct walk_table *table);
void walk_caches_put(struct walk_caches *w, u64 va, u16 asid, u32 level, const struct walk_table *table);
/* Drops what covers an address from start to last, of one space or of any. */
void walk_caches_flush(struct walk_caches *w, bool any_asid, u16 asid, u64 start, u64 last);

#endif
