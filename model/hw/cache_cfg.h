/*
 * What the user says about a cache, and whether it can be built. Whoever configures includes this; cache.h
 * is for those who use one.
 */
#ifndef MMSIM_HW_CACHE_CFG_H
#define MMSIM_HW_CACHE_CFG_H

#include "model/hw/prefetch_cfg.h"
#include "model/hw/tag_policy.h"
#include "model/sim/opt.h"

enum cache_indexing { INDEX_VIPT, INDEX_PIPT, INDEX_VIVT };
/* Who keeps a line from being in two places, of a first level where it could. */
enum cache_alias { ALIAS_HARDWARE, ALIAS_COLOUR, ALIAS_FLUSH };
enum cache_write { WRITE_BACK, WRITE_THROUGH };
enum cache_inclusion { INCLUSION_NONE, INCLUSION_INCLUSIVE, INCLUSION_EXCLUSIVE };

struct cache_cfg {
	u64 size; /* 0: there is no such level */
	u32 ways;
	u32 line;
	struct opt_time latency; /* total load-to-use of a hit here on an idle machine */
	u32 replacement; /* a number of tag_policy_names */
	u32 write;
	bool allocate; /* on a write miss */
	u32 inclusion;
	u32 sharers; /* cores that share it, 0: all */
	u32 slices;
	char *classes; /* ways that each class may fill, "": all (partition.h) */
	u32 set_hash, slice_hash; /* enum set_hash_kind, enum slice_hash_kind */
	u32 mshrs;
	u32 ports;     /* 0: as many as it takes */
	u32 bandwidth; /* bytes a cycle of a port, 0: any */
	u32 writeback_buffer; /* lines, 0: as many as it takes */
	char *prefetcher; /* list of names */
	struct prefetch_cfg prefetch;
	/* Of a first level; the others are pipt and have no such keys. */
	u32 indexing;     /* enum cache_indexing */
	u32 alias;        /* enum cache_alias */
	bool asid_tagged; /* vivt */
	u32 way_predictor; /* enum way_predictor */
	struct opt_time way_mispredict;
};
extern const struct opt cache_opts[], cache_l1_opts[];

/*
 * NULL, or why there can be no such cache; *key is then the option at fault. page is the smallest page in
 * bytes, level 1 to 4.
 */
const char *cache_check(const struct cache_cfg *cfg, u32 level, u64 page, const char **key);

#endif
