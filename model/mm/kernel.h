/*
 * The kernel's memory manager, as the engine calls it: address spaces, the system calls that change them,
 * faults. Functional state and cost at once: every call charges the hardware thread that it runs on through
 * arch/cpu.h.
 *
 * With kernel.placement = buddy it is a whole memory manager: zones, allocators, page cache, reverse mapping,
 * reclaim, swap; with another one frames come from a pool that knows nothing (frame.h), and nothing is
 * reclaimed. What each part leaves out, its header says.
 *
 * Results of the simulated machine (no memory, bad address) are return values, never an exit of mmsim.
 */
#ifndef MMSIM_MM_KERNEL_H
#define MMSIM_MM_KERNEL_H

#include "model/arch/cpu.h"
#include "model/arch/pt.h"
#include "model/mm/swap.h"
#include "model/sim/opt.h"
#include "model/sim/stat.h"
#include "model/sim/timeline.h"
#include "model/sim/tracepoint.h"

/*
 * What takes time beside instructions (step.h) and accesses: key, default, help.
 */
#define KERNEL_TIMES(X)                                                        \
	X(file_fill, "0", "first use of a page of a file")                     \
	X(atomic, "18", "an atomic read-modify-write (LOCK), beside its instruction") \
	X(trap, "400", "an exception's entry and return, beside instructions") \
	X(syscall, "90", "a system call's entry and return, beside instructions") \
	X(text_line, "5", "64 bytes of code outside of loops, beside its instructions") \
	X(flush, "260", "INVLPG: invalidation of one page in the TLB")         \
	X(flush_all, "96", "a write of CR3: invalidation of an address space") \
	X(ipi_send, "100", "a write of the local APIC that sends an interrupt")                           \
	X(ipi_latency, "500ns", "until the handler's first instruction on the other core")                  \
	X(ipi_far, "100ns", "more, to another socket")                                                    \
	X(ipi_exit, "150", "end of interrupt and return, beside instructions")                            \
	X(dvm_latency, "200ns", "DSB: until all cores have done a broadcast invalidation")

/*
 * Periodic work, of each hardware thread or (compaction) of each node: key of its period, default, name,
 * help.
 */
#define KERNEL_TICKS(X)                                                                                 \
	X(VMSTAT, vmstat_period, "1s", "vmstat tick",                                                   \
	  "between a core's looks at its lists of pages, which are emptied or lose "                    \
	  "their high marks; 0: never")                                                                 \
	X(REAP, reap_period, "2s", "slab reaper",                                                       \
	  "after which a core gives unused objects and slabs of SLAB back; 0: never")                   \
	X(COMPACTION, compaction_period, "500ms", "proactive compaction",                               \
	  "between kcompactd's looks at how fragmented its node is; 0: never")                          \
	X(FLUSHER, writeback_period, "5s", "periodic write-back",                                       \
	  "between looks for files that have been dirty for long: dirty_writeback_centisecs; 0: never") \
	X(KHUGEPAGED, khugepaged_period, "10s", "khugepaged",                                           \
	  "between looks for pages that can be put together to large ones, with kernel.thp; 0: never")

/* Beyond it a core would do little else. */
#define KERNEL_TIME_SCALE_MAX 100000u

/* Groups with a limit (memcg.h), beside the root. */
#define MEMCG_MAX 7u

struct memcg_cfg {
	char *name; /* empty: there is no such group */
	u64 limit, swap; /* bytes, 0: none */
	char *processes;
};
extern const struct opt memcg_opts[];

struct kernel_cfg {
	u32 era;                /* kernel.era: whose rules */
	u32 layout;             /* kernel.layout: enum kernel_layout */
	u32 direct_page;        /* kernel.direct_page: enum direct_page */
	bool charge;            /* kernel.charge: the kernel's work takes time */
	bool warm;              /* kernel.warm: its lines are in the caches at the beginning */
	u32 instruction_scale;  /* kernel.instruction_scale: percent */
	u32 placement;          /* kernel.placement: enum frame_placement */
	u32 pcp;                /* kernel.pcp: 0 the era's, else enum pcp_form + 1 */
	u32 slab;               /* kernel.slab: 0 the era's, else enum slab_form + 1 */
	u32 rmap;               /* kernel.rmap: 0 the era's, else enum rmap_scheme + 1 */
	u32 rmap_file;          /* kernel.rmap_file: 0 the scheme's, else enum rmap_file + 1 */
	u32 reclaim;            /* kernel.reclaim: 0 the era's, else enum reclaim_form + 1 */
	u32 reclaim_wait;       /* kernel.reclaim_wait: 0 the era's, else enum reclaim_wait_rule + 1 */
	u32 swappiness;         /* kernel.swappiness */
	struct memcg_cfg group[MEMCG_MAX];
	u32 cache_line;         /* kernel.cache_line; 0: kernel_params.line */
	bool highpte;           /* kernel.highpte: pte_chains have physical addresses of entries */
	u64 min_free_kbytes;    /* kernel.min_free_kbytes: 0 by the era's formula */
	u32 boot;               /* kernel.boot: enum kernel_boot_state */
	u32 boot_occupancy;     /* kernel.boot_occupancy: percent */
	u32 boot_fragmentation; /* kernel.boot_fragmentation: percent */
	char *boot_buddyinfo;   /* kernel.boot_buddyinfo: a file */
	u32 colours;            /* kernel.colours */
	u32 numa;               /* kernel.numa: enum numa_policy */
	bool zero_page;         /* kernel.zero_page: reads of untouched memory share one frame */
	u32 asids;              /* kernel.asids: a number, or ASIDS_ERA */
	u32 flush_ceiling;      /* kernel.flush_ceiling: pages, or FLUSH_CEILING_ERA */
	u32 tlbi;               /* kernel.tlbi: enum kernel_tlbi */
	bool pti;               /* kernel.pti: invalidations twice, as page-table isolation needs */
	u64 stack_limit;        /* kernel.stack_limit */
	u32 thp;                /* kernel.thp: enum kernel_thp */
	u32 hugetlb;            /* kernel.hugetlb: 0 pages of the second size, 1 of the third */
	u32 contiguous;         /* kernel.contiguous: 0 never, 1 always */
	u32 page_cache;         /* kernel.page_cache: enum page_cache_mode */
	u64 read_ahead;         /* kernel.read_ahead: bytes */
	u32 dirty_background_ratio, dirty_ratio; /* percent, or RATIO_ERA */
	struct opt_time dirty_expire;
	u64 fault_around;       /* kernel.fault_around: bytes that a read fault of an object maps at most */
	u32 time_scale;         /* kernel.time_scale: divides the periods of what happens by the clock */
	struct blockdev_cfg blockdev; /* hdd.*, sata_ssd.*, nvme.* */
	struct storage_cfg storage;   /* storage.* */
	struct swap_cfg swap;         /* swap.*, zram.* */
#define X(id, key, def, name, help) struct opt_time key;
	KERNEL_TICKS(X)
#undef X
#define X(name, def, help) struct opt_time name;
	KERNEL_TIMES(X)
#undef X
};
extern const struct opt kernel_opts[];

/* MPOL_LOCAL and MPOL_INTERLEAVE over all nodes, include/uapi/linux/mempolicy.h. */
enum numa_policy { NUMA_POLICY_LOCAL, NUMA_POLICY_INTERLEAVE };

/* What reclaim sleeps for between its passes; vmscan_wait.c. */
enum reclaim_wait_rule {
	RECLAIM_WAIT_NEVER,
	RECLAIM_WAIT_EACH,
	RECLAIM_WAIT_LATE,
	RECLAIM_WAIT_CONGESTED,
	RECLAIM_WAIT_THROTTLE,
};

/* transparent_hugepage/enabled */
enum kernel_thp { KERNEL_THP_NEVER, KERNEL_THP_ALWAYS, KERNEL_THP_MADVISE };

/* How other hardware threads flush: by interrupts, by broadcast, or what the layout's machines have. */
enum kernel_tlbi { KERNEL_TLBI_LAYOUT, KERNEL_TLBI_IPI, KERNEL_TLBI_BROADCAST };

enum kernel_boot_state { KERNEL_BOOT_FRESH, KERNEL_BOOT_AGED, KERNEL_BOOT_BUDDYINFO };

enum kernel_layout {
	KERNEL_LAYOUT_X86_64,
	KERNEL_LAYOUT_X86_64_LA57,
	KERNEL_LAYOUT_I386,
	KERNEL_LAYOUT_I386_PAE,
	KERNEL_LAYOUT_ARM64_4K,
	KERNEL_LAYOUT_ARM64_16K,
	KERNEL_LAYOUT_ARM64_64K,
	KERNEL_LAYOUT_SV39,
	KERNEL_LAYOUT_SV48,
};
#define ASIDS_ERA OPT_WORD(0)
#define RATIO_ERA OPT_WORD(0)
/* How many kernel.asids comes to with its era and layout. */
u32 kernel_asids(const struct kernel_cfg *cfg);
/* The page-table format that a layout has. */
const struct pt_format *kernel_format(const struct kernel_cfg *cfg);
/* NULL, or why a machine of so many bytes cannot have the layout: what memory.size "is". */
const char *kernel_layout_check(const struct kernel_cfg *cfg, u64 memory);

struct kernel_params {
	const struct kernel_cfg *cfg;
	const struct pt_format *format;
	struct ptmem *ptmem;
	u64 memory; /* bytes */
	u32 nodes;  /* of memory; 0 is 1 */
	u32 line;   /* bytes of the first cache's lines; 0 is 64 */
	u32 cpus;   /* hardware threads that will be added; 0 is 1 */
	u64 hz;
	u64 seed;
};

struct kernel *kernel_new(const struct kernel_params *p);
void kernel_free(struct kernel *k);
/* Whether the layout's user space has room for a mapping there. */
/* The machine's hardware threads, from number 0 on. */
void kernel_add_cpu(struct kernel *k, struct cpu *c);
/* The hardware thread has nothing to run; it keeps the address space loaded, lazily until mm_load(). */
void kernel_set_idle(struct kernel *k, struct cpu *c, bool idle);
/* The same, but only the replay has it idle: its thread counts as running. */
void kernel_hold(struct kernel *k, struct cpu *c);
/* No thread of the address space that it has loaded runs there, until mm_load(). */
void kernel_enter_lazy(struct kernel *k, struct cpu *c);
bool kernel_fits(const struct kernel *k, u64 addr, u64 len);
u64 kernel_user_end(const struct kernel *k);
void kernel_stats(struct kernel *k, struct stats *s); /* registers mm.* */
/* Brings counters up to date that are sums over address spaces. Call it before counters are read. */
void kernel_sync(struct kernel *k);
const struct ladder *kernel_ladder(const struct kernel *k);
/* Who listens to what the kernel does from now on; NULL: nobody. */
void kernel_set_timeline(struct kernel *k, struct timeline *t);
void kernel_set_tracer(struct kernel *k, struct tracer *t); /* to its tracepoints */
/*
 * What the kernel has of a thread: task_struct and stack, which its paths touch while they run for it. NULL:
 * there is no memory for them, or they are not modelled.
 */
struct task *kernel_task_new(struct kernel *k, struct cpu *c);
void kernel_task_free(struct kernel *k, struct cpu *c, struct task *t);
/* The hardware thread runs it from now on; NULL: the idle task that it has of its own. */
void kernel_task_run(struct kernel *k, struct cpu *c, struct task *t);
/* Entry and exit of a system call that has no body here. */
void kernel_syscall(struct kernel *k, struct cpu *c);
extern const struct kernel_ops kernel_ops;

/*
 * What the kernel does unasked. Who keeps the time (core/engine_tick.c) calls this on the hardware thread
 * that has it: the work runs at once, on the stack of that thread's idle task.
 */
enum kernel_tick {
#define X(id, key, def, name, help) KERNEL_TICK_##id,
	KERNEL_TICKS(X)
#undef X
		NR_KERNEL_TICKS,
};
extern const char *const kernel_tick_name[NR_KERNEL_TICKS];
u32 kernel_nodes(const struct kernel *k);
bool kernel_tick_is_of_node(enum kernel_tick what); /* else of each hardware thread */
/* Of how many nodes, or of that many hardware threads. */
u32 kernel_tick_places(const struct kernel *k, enum kernel_tick what, u32 cpus);
/* Cycles between two; 0: this kernel has no such work. */
u64 kernel_tick_period(const struct kernel *k, enum kernel_tick what);
/* Cycle of the first one of a hardware thread or node. */
u64 kernel_tick_first(const struct kernel *k, enum kernel_tick what, u32 of);
u64 kernel_ticks(const struct kernel *k, enum kernel_tick what); /* so far, of all */
void kernel_tick(struct kernel *k, struct cpu *c, enum kernel_tick what, u32 node);

/*
 * kswapd or kcompactd of a node was woken on a hardware thread, or has woken the other: kernel_run_threads(),
 * which runs one of them until it sleeps, is to be called soon. May be told again before it is.
 */
typedef void (*kernel_wake_fn)(void *arg, struct cpu *c, u32 node, u64 when);
void kernel_on_wake(struct kernel *k, kernel_wake_fn wake, void *arg);
void kernel_run_threads(struct kernel *k, struct cpu *c, u32 node);

/* The flusher has to run at that cycle or later: kernel_run_flusher(). */
typedef void (*kernel_flush_fn)(void *arg, struct cpu *c, u64 when);
void kernel_on_flush(struct kernel *k, kernel_flush_fn flush, void *arg);
void kernel_run_flusher(struct kernel *k, struct cpu *c);

/* Address spaces. Trace addresses and TR_* flags of events are translated by the caller. */
#define MM_READ      1u
#define MM_WRITE     2u
#define MM_EXEC      4u
#define MM_SHARED    8u
#define MM_ANON      16u
#define MM_GROWSDOWN 32u
#define MM_HEAP      64u
#define MM_HUGETLB   128u
#define MM_SEQUENTIAL 256u /* madvise(): files are read ahead far, or */
#define MM_RANDOM    512u /* not at all */
#define MM_HUGEPAGE   1024u /* large pages are wanted, or */
#define MM_NOHUGEPAGE 2048u /* not */
/* MAP_LOCKED, mlock(): its pages are not reclaimed. */
#define MM_LOCKED 4096u

struct mm_map {
	u64 addr, len; /* page-aligned outwards by the callee */
	u32 flags;     /* MM_* */
	u64 object;    /* what is mapped: 0 private anonymous, else identity of a file or shared object */
	u64 offset;    /* bytes into the object */
};

enum mm_result { MM_OK, MM_NOMEM, MM_INVALID };

/*
 * implicit_maps: every address that nobody mapped is private anonymous memory with all rights. NULL: no
 * memory for the root table.
 */
struct mm *mm_new(struct kernel *k, bool implicit_maps);
void mm_put(struct mm *mm, struct cpu *c); /* end of the process: everything it has is freed */
enum mm_result mm_mmap(struct mm *mm, struct cpu *c, const struct mm_map *map); /* replaces what overlaps */
enum mm_result mm_munmap(struct mm *mm, struct cpu *c, u64 addr, u64 len);
enum mm_result mm_mremap(struct mm *mm, struct cpu *c, u64 from, u64 from_len, u64 to, u64 to_len);
enum mm_result mm_mprotect(struct mm *mm, struct cpu *c, u64 addr, u64 len, u32 flags);
enum mm_result mm_madvise(struct mm *mm, struct cpu *c, u64 addr, u64 len, u32 advice);
/*
 * mlock(), munlock(), mlockall() with MCL_*, munlockall(). What is locked without MLOCK_ONFAULT or
 * MCL_ONFAULT, or mapped with MAP_LOCKED or MAP_POPULATE, or mapped at all when mm_locks_new() says so, is
 * faulted in then: mm_populate(), *at 0 at first. False: it has to wait until block_until, and to be called
 * again.
 */
enum mm_result mm_mlock(struct mm *mm, struct cpu *c, u64 addr, u64 len);
enum mm_result mm_munlock(struct mm *mm, struct cpu *c, u64 addr, u64 len);
void mm_mlockall(struct mm *mm, struct cpu *c, u32 flags);
void mm_munlockall(struct mm *mm, struct cpu *c);
bool mm_locks_new(const struct mm *mm);
bool mm_populate(struct mm *mm, struct cpu *c, u64 addr, u64 len, u64 *at);
/*
 * msync(): what is dirty of files that are mapped there is known to be, and with `write` begins to be
 * written. mm_msync_wait(): whether that has to be waited for, until block_until.
 */
void mm_msync(struct mm *mm, struct cpu *c, u64 addr, u64 len, bool write);
bool mm_msync_wait(struct mm *mm, struct cpu *c, u64 addr, u64 len);
enum mm_result mm_brk(struct mm *mm, struct cpu *c, u64 start, u64 end);
/* A copy-on-write copy; NULL: no memory. */
struct mm *mm_fork(struct mm *mm, struct cpu *c);

/* It belongs to the group that has the program's name or the recorded number, if there is one. */
void mm_join_group(struct mm *mm, const char *program, u32 pid);
u64 mm_root(const struct mm *mm); /* physical address of the root table */
/* The address space is the hardware thread's from now on. */
void mm_load(struct mm *mm, struct cpu *c);
u16 mm_asid(const struct mm *mm, const struct cpu *c); /* 0: the hardware thread has none for it */
/* Writes what is mapped around va, for the report of a simulated SIGSEGV. */
void mm_describe(const struct mm *mm, u64 va, char *buf, size_t size);

/*
 * The file that mm_map.object names is memory and nothing else: a memfd, or of a tmpfs. Before it is used.
 */
void kernel_file_is_shmem(struct kernel *k, struct cpu *c, u64 file);

/*
 * Files, where kernel.page_cache is on: read(), write() and their kin go through the page cache. A file has
 * the identity that mm_map.object gives it.
 */
bool kernel_has_files(const struct kernel *k);
/* So long is the file, as far as is known. */
void kernel_file_size(struct kernel *k, struct cpu *c, u64 file, u64 bytes);
/* The same, at least. */
void kernel_file_reaches(struct kernel *k, struct cpu *c, u64 file, u64 bytes);

/* A call under way: the first four fields are the caller's, the others 0 at first. */
struct file_io {
	u64 file, offset, len;
	bool write;
	u64 done; /* bytes */
	u64 next; /* index of the page at which readahead wants to be called again */
	u64 pfn;  /* of the page that is copied */
	bool begun, waited, goes_on, dirtied;
};

enum file_io_step {
	FILE_IO_COPY, /* bytes from, or of write() to, va are to be copied: kernel_file_copied() */
	FILE_IO_WAIT, /* until the hardware thread's block_until, then call again */
	FILE_IO_DONE, /* the call is over */
	FILE_IO_NOMEM,
};
/* One page at a time. */
enum file_io_step kernel_file_io(struct kernel *k, struct cpu *c, struct file_io *io, u64 *va, u32 *bytes);
/* So many of them were copied; 0: the user's buffer is not there, or not yet. */
void kernel_file_copied(struct kernel *k, struct cpu *c, struct file_io *io, u64 va, u32 bytes);

/*
 * fsync(), fdatasync(), msync(), sync_file_range(): the dirty pages of those bytes begin to be written; len
 * 0: up to the end. And whether those that are being written have to be waited for, until block_until.
 */
void kernel_file_write(struct kernel *k, struct cpu *c, u64 file, u64 offset, u64 len);
bool kernel_file_wait(struct kernel *k, struct cpu *c, u64 file, u64 offset, u64 len);
/* ftruncate() */
void kernel_file_truncate(struct kernel *k, struct cpu *c, u64 file, u64 bytes);
/* posix_fadvise(): include/uapi/linux/fadvise.h. len 0: up to the end. */
void kernel_file_advise(struct kernel *k, struct cpu *c, u64 file, u64 offset, u64 len, u32 advice);

/*
 * --check: what a hardware thread's tag and an address mean now. False: the tag is nobody's, or that of an
 * address space that is flushed before it is used again. An address that is not mapped has no flags (PTE_*).
 * KERNEL_ASID: the kernel's own; of what it has unmapped, and not flushed yet as nobody may use it, nothing
 * is said (false).
 */
bool kernel_translates(const struct kernel *k, const struct cpu *c, u16 asid, u64 va, u64 *pa, u32 *flags);
/* --check: walks everything (every frame one owner, VMAs sorted, every present PTE inside a VMA); ASSERTs. */
void kernel_check(const struct kernel *k);

#endif
