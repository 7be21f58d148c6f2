/*
 * The configuration of all the hardware between a core and its memory: one struct, its option sections with
 * the defaults of the default machine, and the checks that span them. The machine wires it; nothing here
 * runs.
 */
#ifndef MMSIM_HW_HW_H
#define MMSIM_HW_HW_H

#include "model/hw/cache_cfg.h"
#include "model/hw/coherence.h"
#include "model/hw/dram.h"
#include "model/hw/numa.h"
#include "model/hw/stage2.h"
#include "model/hw/port.h"
#include "model/hw/tlb_cfg.h"

enum walker_port { WALKER_L1D, WALKER_L2 };

struct walker_cfg {
	u32 count; /* walks at a time */
	u32 port;  /* enum walker_port: where page-table entries are read */
	bool coalesce;
	struct opt_time pwc_latency, read_latency;
};
extern const struct opt walker_opts[];

struct hw_cfg {
	struct cache_cfg l1i, l1d, l2, l3, l4;
	struct tlb_cfg itlb, dtlb, stlb;
	struct pwc_cfg pwc;
	struct walker_cfg walker;
	struct tlb_prefetch_cfg stlb_prefetch;
	struct nested_cfg nested;
	struct coherence_cfg coherence;
	struct dram_cfg dram;
	u32 sockets; /* 0 is 1 */
	struct numa_cfg numa;
};

/*
 * Rows for the machine's array of sections; base: offset of its struct hw_cfg. Defaults: Golden Cove, facts
 * in hw.c.
 */
#define HW_SECTION(base, prefix, opts, member, help, defaults) \
	{ prefix, opts, (base) + offsetof(struct hw_cfg, member), help, defaults }

#define HW_TLB_OWN(base, name, member, size, index, help) \
	HW_SECTION(base, name "." size, tlb_array_opts, member.own[index], help " for pages of one size", \
		   "entries = 0; ways = 0;")

#define HW_TLB_SECTIONS(base, name, member, help, defaults)                    \
	HW_SECTION(base, name, tlb_opts, member, help, defaults),              \
	HW_TLB_OWN(base, name, member, "p4k", PAGE_4K, help),                  \
	HW_TLB_OWN(base, name, member, "p16k", PAGE_16K, help),                \
	HW_TLB_OWN(base, name, member, "p64k", PAGE_64K, help),                \
	HW_TLB_OWN(base, name, member, "p2m", PAGE_2M, help),                  \
	HW_TLB_OWN(base, name, member, "p4m", PAGE_4M, help),                  \
	HW_TLB_OWN(base, name, member, "p32m", PAGE_32M, help),                \
	HW_TLB_OWN(base, name, member, "p512m", PAGE_512M, help),              \
	HW_TLB_OWN(base, name, member, "p1g", PAGE_1G, help)

#define HW_PREFETCHER(base, name, member, id, opts, word) \
	HW_SECTION(base, name ".prefetch." word, opts, member.prefetch.of[id], "prefetcher " word, NULL)

#define HW_PREFETCH_SECTIONS(base, name, member, defaults)                                                   \
	HW_SECTION(base, name ".prefetch", prefetch_opts, member.prefetch, "all prefetchers of " name,       \
		   defaults),                                                                                \
	HW_PREFETCHER(base, name, member, PREFETCH_NEXT_LINE, prefetch_next_line_opts, "next-line"),         \
	HW_PREFETCHER(base, name, member, PREFETCH_ADJACENT, prefetch_adjacent_opts, "adjacent"),            \
	HW_PREFETCHER(base, name, member, PREFETCH_IP_STRIDE, prefetch_ip_stride_opts, "ip-stride"),         \
	HW_PREFETCHER(base, name, member, PREFETCH_STREAM, prefetch_stream_opts, "stream")

/*
 * Of a first level for data prefetchers learn from loads alone: "data prefetching works on loads only"
 * (Intel, Optimization Reference Manual).
 */
#define HW_SECTIONS(base)                                                                                    \
	HW_SECTION(base, "l1i", cache_opts, l1i, "L1 instruction cache",                                     \
		   "size = \"32K\"; ways = 8; latency = 5; replacement = \"tree-plru\";"),                   \
	HW_SECTION(base, "l1i", cache_l1_opts, l1i, "its index", NULL),                                      \
	HW_SECTION(base, "l1d", cache_opts, l1d, "L1 data cache",                                            \
		   "size = \"48K\"; ways = 12; latency = 5; replacement = \"lru\";"),                        \
	HW_SECTION(base, "l1d", cache_l1_opts, l1d, "its index", NULL),                                      \
	HW_SECTION(base, "l2", cache_opts, l2, "second level; size = 0: none",                               \
		   "size = \"1280K\"; ways = 10; latency = 16; mshrs = 48;"),                                \
	HW_SECTION(base, "l3", cache_opts, l3, "third level; size = 0: none",                                \
		   "size = \"30M\"; ways = 12; slices = 10; latency = 70; mshrs = 64; sharers = 0;"),        \
	HW_SECTION(base, "l4", cache_opts, l4, "fourth level; size = 0: none",                               \
		   "size = 0; ways = 16; latency = 100; mshrs = 64; sharers = 0;"),                          \
	HW_PREFETCH_SECTIONS(base, "l1i", l1i, NULL),                                                        \
	HW_PREFETCH_SECTIONS(base, "l1d", l1d, "stores = \"no\";"),                                          \
	HW_PREFETCH_SECTIONS(base, "l2", l2, NULL),                                                          \
	HW_PREFETCH_SECTIONS(base, "l3", l3, NULL),                                                          \
	HW_PREFETCH_SECTIONS(base, "l4", l4, NULL),                                                          \
	HW_TLB_SECTIONS(base, "itlb", itlb, "L1 instruction TLB", "entries = 256; ways = 8; latency = 1;"),  \
	HW_TLB_SECTIONS(base, "dtlb", dtlb, "L1 data TLB", "entries = 96; ways = 6; latency = 1;"),          \
	HW_TLB_SECTIONS(base, "stlb", stlb, "second-level TLB", "entries = 2048; ways = 16; latency = 7;"),  \
	HW_SECTION(base, "stlb", tlb_prefetch_opts, stlb_prefetch, "prefetching into it", NULL),             \
	HW_SECTION(base, "pwc.pde", tlb_array_opts, pwc.level[PWC_PDE], "page-walk cache of PDEs",           \
		   "entries = 32; ways = 4;"),                                                               \
	HW_SECTION(base, "pwc.pdpte", tlb_array_opts, pwc.level[PWC_PDPTE], "page-walk cache of PDPTEs",     \
		   "entries = 8; ways = 4;"),                                                                \
	HW_SECTION(base, "pwc.pml4e", tlb_array_opts, pwc.level[PWC_PML4E], "page-walk cache of PML4Es",     \
		   "entries = 4; ways = 0;"),                                                                \
	HW_SECTION(base, "pwc.pml5e", tlb_array_opts, pwc.level[PWC_PML5E], "page-walk cache of PML5Es",     \
		   "entries = 2; ways = 0;"),                                                                \
	HW_SECTION(base, "walker", walker_opts, walker, "page walker", NULL),                                \
	HW_SECTION(base, "nested", nested_opts, nested, "the host, if the machine is a guest", NULL),        \
	HW_SECTION(base, "nested.tlb", tlb_array_opts, nested.tlb, "nested TLB, of the guest's page tables", \
		   "entries = 0; ways = 0;"),                                                                \
	HW_SECTION(base, "nested.pwc.pde", tlb_array_opts, nested.pwc[PWC_PDE],                              \
		   "page-walk cache of the host's PDEs", "entries = 32; ways = 4;"),                         \
	HW_SECTION(base, "nested.pwc.pdpte", tlb_array_opts, nested.pwc[PWC_PDPTE],                          \
		   "page-walk cache of the host's PDPTEs", "entries = 8; ways = 4;"),                        \
	HW_SECTION(base, "nested.pwc.pml4e", tlb_array_opts, nested.pwc[PWC_PML4E],                          \
		   "page-walk cache of the host's PML4Es", "entries = 4; ways = 0;"),                        \
	HW_SECTION(base, "coherence", coherence_opts, coherence, "between caches", NULL),                    \
	HW_SECTION(base, "dram", dram_opts, dram, "memory behind the last cache", NULL),                     \
	HW_SECTION(base, "numa", numa_opts, numa, "nodes of memory", NULL)

/* The configuration of a level below the first. */
const struct cache_cfg *hw_level(const struct hw_cfg *c, enum mem_level level);
/* Fills in what follows from other keys; before hw_check(), and before anything is built. memory: bytes. */
void hw_resolve(struct hw_cfg *c, u64 memory);
/* How many cores can share a level at most: those of a socket, or of a node where that has fewer. */
u32 hw_most_sharers(const struct hw_cfg *c, u32 cores);
/* How many cores share one such cache, if that many can. */
u32 hw_sharers(const struct cache_cfg *c, u32 cores);
/* A core has such a cache, and has it to itself. */
static inline bool hw_private(const struct cache_cfg *c)
{
	return c->size && c->sharers == 1;
}

/*
 * Whether this hardware can be built. False: *key is the full name of the key at fault ("l1d.size"), *why
 * what is wrong and what is allowed. page is the smallest page (NR_PAGE_SIZES: translation is off).
 */
struct cfg_fault {
	char key[48];
	char why[256];
};
bool hw_check(const struct hw_cfg *cfg, u32 cores, enum page_size page, struct cfg_fault *fault);

#endif
