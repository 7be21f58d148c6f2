/*
 * One line of `perf script`'s text: an event of the kernel's allocators (tracepoints kmem:*).
 *
 *	[COMM] PID[/TID] [CPU] SECONDS.FRACTION: kmem:EVENT: FIELD=VALUE...
 *
 * which is what perf prints by itself, and with -F pid,cpu,time,event,trace; CPU may be missing. Fields are
 * found by name, as their order and number differ between kernels (include/trace/events/kmem.h).
 *
 * Not read: the kernel's own trace file (other columns). Anyone may include this.
 */
#ifndef MMSIM_TRACES_KMEM_TEXT_H
#define MMSIM_TRACES_KMEM_TEXT_H

#include "model/base/types.h"

#define KMEM_EVENTS(X)                                                                       \
	X(PAGE_ALLOC, "mm_page_alloc")               /* pages, to their user */              \
	X(PAGE_FREE, "mm_page_free")                 /* pages, from their user */            \
	X(PAGE_FREE_BATCHED, "mm_page_free_batched") /* says again what mm_page_free said */ \
	X(ZONE_LOCKED, "mm_page_alloc_zone_locked")  /* a block, out of the buddy */         \
	X(PCPU_DRAIN, "mm_page_pcpu_drain")          /* a block, per-CPU list to buddy */    \
	X(EXTFRAG, "mm_page_alloc_extfrag")          /* a block of another migratetype */    \
	X(KMALLOC, "kmalloc")                                                                \
	X(KMALLOC_NODE, "kmalloc_node")                                                      \
	X(KFREE, "kfree")                                                                    \
	X(CACHE_ALLOC, "kmem_cache_alloc")                                                   \
	X(CACHE_ALLOC_NODE, "kmem_cache_alloc_node")                                         \
	X(CACHE_FREE, "kmem_cache_free")

enum kmem_kind {
#define X(id, name) KMEM_##id,
	KMEM_EVENTS(X)
#undef X
		NR_KMEM_KINDS,
};
extern const char *const kmem_kind_name[NR_KMEM_KINDS];

/* Bits of kmem_event.gfp: __GFP_x that the text names, alone or within GFP_x. */
#define KMEM_GFP_DMA            0x1u
#define KMEM_GFP_HIGHMEM        0x2u
#define KMEM_GFP_DMA32          0x4u
#define KMEM_GFP_MOVABLE        0x8u
#define KMEM_GFP_RECLAIMABLE    0x10u
#define KMEM_GFP_HIGH           0x20u
#define KMEM_GFP_IO             0x40u
#define KMEM_GFP_FS             0x80u
#define KMEM_GFP_ZERO           0x100u
#define KMEM_GFP_DIRECT_RECLAIM 0x200u
#define KMEM_GFP_KSWAPD_RECLAIM 0x400u
#define KMEM_GFP_NORETRY        0x800u
#define KMEM_GFP_RETRY_MAYFAIL  0x1000u
#define KMEM_GFP_NOFAIL         0x2000u
#define KMEM_GFP_NOWARN         0x4000u
#define KMEM_GFP_COMP           0x8000u
#define KMEM_GFP_NOMEMALLOC     0x10000u
#define KMEM_GFP_MEMALLOC       0x20000u
#define KMEM_GFP_THISNODE       0x40000u
#define KMEM_GFP_COLD           0x80000u
#define KMEM_GFP_ACCOUNT        0x100000u
#define KMEM_GFP_HARDWALL       0x200000u
#define KMEM_GFP_WRITE          0x400000u
#define KMEM_GFP_OTHER          0x80000000u /* a flag that is none of these, or only a number */

#define KMEM_NO_CPU             (~0u)
#define KMEM_NO_PFN             (~(u64)0) /* the allocation failed */

/* A piece of the line; valid as long as that. len 0: the event has none. */
struct kmem_word {
	const char *at;
	u32 len;
};

struct kmem_event {
	enum kmem_kind kind;
	u32 pid, tid, cpu;
	u64 time_ns;
	/* Pages. Fields that the event does not have are 0. */
	u64 pfn;
	u32 order, migratetype;
	bool percpu_refill;                       /* ZONE_LOCKED: of an order that per-CPU lists take */
	u32 fallback_order, fallback_migratetype; /* EXTFRAG: what was found; order, migratetype: asked */
	bool change_ownership;                    /* EXTFRAG: the pageblock changed its migratetype */
	u32 gfp;                                  /* KMEM_GFP_* */
	/* Objects. */
	u64 ptr;
	u64 bytes_req, bytes_alloc;
	u64 call_site_va; /* 0: the text has a symbol */
	struct kmem_word call_site, cache;
};

enum kmem_line {
	KMEM_LINE_EVENT,
	KMEM_LINE_OTHER,   /* nothing, a comment, a call chain, an event of another kind */
	KMEM_LINE_DAMAGED, /* one of these events with something wrong in it, or no line of perf script's */
};

/* Parses a NUL-terminated line. KMEM_LINE_DAMAGED: *why says what is wrong; else NULL. */
enum kmem_line kmem_parse(const char *line, struct kmem_event *ev, const char **why);

#endif
