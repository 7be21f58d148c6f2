/*
 * The kernel's tracepoints: what its paths tell while somebody listens (replay --trace-events), under Linux's
 * names and with its fields (include/trace/events of 6.12, whatever the era). Told at the cycle and on the
 * hardware thread where it happens, as an event of the task that runs there. Telling changes no result, and
 * costs a test of a pointer while nobody listens.
 *
 * Not told: what the boot does, and fields of which the model knows nothing (who called, the user's
 * instruction). Anyone of model/mm may tell; who writes them down is a listener (analysis/trace_text.c).
 */
#ifndef MMSIM_SIM_TRACEPOINT_H
#define MMSIM_SIM_TRACEPOINT_H

#include "model/base/types.h"

/*
 * Identifier, group and name, arguments in their order. type: a migratetype; other_*: of the block that is
 * found; owns: it changes its pageblock's type.
 */
#define TRACEPOINTS(X)                                                                                    \
	X(PAGE_ALLOC, "kmem:mm_page_alloc", "pfn order type gfp")                                         \
	X(PAGE_FREE, "kmem:mm_page_free", "pfn order")                                                    \
	X(ZONE_LOCKED, "kmem:mm_page_alloc_zone_locked", "pfn order type percpu_refill")                  \
	X(PCPU_DRAIN, "kmem:mm_page_pcpu_drain", "pfn order type")                                        \
	X(EXTFRAG, "kmem:mm_page_alloc_extfrag", "pfn order other_order pageblock type other_type owns")  \
	X(KMALLOC, "kmem:kmalloc", "ptr bytes_req bytes_alloc gfp")                                       \
	X(KFREE, "kmem:kfree", "ptr")                                                                     \
	X(CACHE_ALLOC, "kmem:kmem_cache_alloc", "ptr bytes_req bytes_alloc gfp")                          \
	X(CACHE_FREE, "kmem:kmem_cache_free", "ptr")                                                      \
	X(FAULT_USER, "exceptions:page_fault_user", "address error_code")                                 \
	X(TLB_FLUSH, "tlb:tlb_flush", "pages reason")                                                     \
	X(RECLAIM_BEGIN, "vmscan:mm_vmscan_direct_reclaim_begin", "order gfp")                            \
	X(RECLAIM_END, "vmscan:mm_vmscan_direct_reclaim_end", "nr_reclaimed")                             \
	X(WAKEUP_KSWAPD, "vmscan:mm_vmscan_wakeup_kswapd", "nid order gfp")                               \
	X(KSWAPD_WAKE, "vmscan:mm_vmscan_kswapd_wake", "nid order")                                       \
	X(KSWAPD_SLEEP, "vmscan:mm_vmscan_kswapd_sleep", "nid")                                           \
	X(SHRINK_INACTIVE, "vmscan:mm_vmscan_lru_shrink_inactive", "nid scanned reclaimed priority file") \
	X(FILEMAP_ADD, "filemap:mm_filemap_add_to_page_cache", "ino pfn ofs")                             \
	X(FILEMAP_DELETE, "filemap:mm_filemap_delete_from_page_cache", "ino pfn ofs")

enum tracepoint {
#define X(id, name, args) TRACE_##id,
	TRACEPOINTS(X)
#undef X
		NR_TRACEPOINTS,
};
extern const char *const tracepoint_name[NR_TRACEPOINTS];

/* enum tlb_flush_reason of include/linux/mm_types.h */
enum tlb_flush_reason {
	TLB_FLUSH_ON_TASK_SWITCH,
	TLB_REMOTE_SHOOTDOWN,
	TLB_LOCAL_SHOOTDOWN,
	TLB_LOCAL_MM_SHOOTDOWN,
	TLB_REMOTE_SEND_IPI,
	TLB_REMOTE_WRONG_CPU,
	NR_TLB_FLUSH_REASONS,
};

#define TRACE_ARGS     7u
#define TRACE_ALL      (~(u64)0) /* pages of a TLB flush */
#define TRACE_NO_PFN   (~(u64)0)
#define TRACE_COMM     16u /* TASK_COMM_LEN */
#define TRACE_MAX_CPUS 64u

struct trace_event {
	enum tracepoint kind;
	u32 cpu;
	u64 cycle;
	u64 arg[TRACE_ARGS];
	const char *name; /* of a cache */
};

/* Who runs on a hardware thread. */
struct trace_task {
	u32 pid, tid;
	char comm[TRACE_COMM];
};

struct tracer;
typedef void (*tracer_fn)(void *arg, const struct trace_event *e, const struct trace_task *task);

/* Who listens keeps one; paused but for the part of a replay that is measured. */
struct tracer {
	tracer_fn tell;
	void *arg;
	bool paused;
	u64 count[NR_TRACEPOINTS];
	struct trace_task task[TRACE_MAX_CPUS];
};

void tracer_tell(struct tracer *t, const struct trace_event *e);
/* That task runs on the hardware thread from now on. t NULL: nobody listens. */
void tracer_set_task(struct tracer *t, u32 cpu, u32 pid, u32 tid, const char *comm);

static inline bool tracer_on(const struct tracer *t)
{
	return unlikely(t != NULL) && !t->paused;
}

#endif
