/*
 * What the user says about TLBs and page-walk caches, and whether they can be built.
 */
#ifndef MMSIM_HW_TLB_CFG_H
#define MMSIM_HW_TLB_CFG_H

#include "model/arch/addr.h"
#include "model/sim/opt.h"

/* How a page's number chooses its set: the low bits, or these XORed with the next ones, so many of each. */
enum tlb_set_hash { TLB_HASH_NONE, TLB_HASH_XOR6, TLB_HASH_XOR7, TLB_HASH_XOR8, TLB_HASH_XOR9 };

struct tlb_array_cfg {
	u32 entries; /* 0: none */
	u32 ways;    /* 0: fully associative */
	u32 replacement; /* a number of tag_policy_names */
	u32 set_hash;
};
extern const struct opt tlb_array_opts[];

/* One level: an array for all page sizes that have none of their own, and one a page size. */
struct tlb_cfg {
	struct tlb_array_cfg any;
	struct opt_time latency;
	struct tlb_array_cfg own[NR_PAGE_SIZES];
};
extern const struct opt tlb_opts[];

/* Who prefetches translations: tlb_prefetch.h. */
enum tlb_prefetch_kind { TLB_PREFETCH_NONE, TLB_PREFETCH_NEXT_PAGE };

struct tlb_prefetch_cfg {
	u32 prefetcher; /* enum tlb_prefetch_kind */
};
extern const struct opt tlb_prefetch_opts[];

/* Page-walk caches by what they save: an entry of "pde" leaves one table to read, of "pdpte" two, ... */
enum pwc_level { PWC_PDE, PWC_PDPTE, PWC_PML4E, PWC_PML5E, NR_PWC_LEVELS };

struct pwc_cfg {
	struct tlb_array_cfg level[NR_PWC_LEVELS];
};

/* Bits of an index that a hash makes; 0: no hash. */
u32 tlb_hash_bits(enum tlb_set_hash hash);
/* NULL, or why there can be no such array; *key is then the option at fault. */
const char *tlb_array_check(const struct tlb_array_cfg *cfg, const char **key);
bool tlb_has_entries(const struct tlb_cfg *cfg);
/* needed: the page size for which there must be room; NR_PAGE_SIZES: none. */
const char *tlb_check(const struct tlb_cfg *cfg, enum page_size needed, const char **key);

#endif
