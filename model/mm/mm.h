/*
 * The inside of the memory manager: what struct kernel and struct mm hold, and what its files call of each
 * other. From outside: kernel.h. For model/mm and its tests.
 */
#ifndef MMSIM_MM_MM_H
#define MMSIM_MM_MM_H

#include "model/mm/charge.h"
#include "model/mm/flush_rules.h"
#include "model/mm/frame.h"
#include "model/mm/kernel.h"
#include "model/mm/kevents.h"
#include "model/mm/layout.h"
#include "model/mm/object.h"
#include "model/mm/reclaim_progress.h"
#include "model/mm/reclaim_stats.h"
#include "model/mm/vma.h"

#define FAULT_STATS(X)                                                                     \
	X(minor, "faults", "resolved without a device")                                    \
	X(major, "faults", "that waited for a device")                                     \
	X(zero, "faults", "that gave a cleared frame")                                     \
	X(zero_page, "faults", "reads of untouched memory, which share one cleared frame") \
	X(huge, "faults", "that gave a cleared large page")                                \
	X(cow, "faults", "writes that got a frame of their own, copied or cleared")        \
	X(reuse, "faults", "writes to a frame that has no other user any more")            \
	X(file, "faults", "that mapped a page of a file or of shared memory")              \
	X(file_pages, "pages", "that these mapped, faults around them included")           \
	X(swap, "faults", "that mapped a page that was in swap")                           \
	X(spurious, "faults", "whose entry was already right")                             \
	X(segv, "faults", "outside every mapping, or against its permissions")             \
	X(oom, "faults", "for which there was no frame")                                   \
	X(blocked, "times", "that a fault had to wait, and was begun again")               \
	X(stack_growth, "faults", "that made the stack longer")

#define PGTABLE_STATS(X)                                  \
	X(pages, "frames", "that are page tables now")    \
	X(allocated, "frames", "that became page tables") \
	X(freed, "frames", "that stopped being page tables")

#define HUGE_STATS(X)                                                                  \
	X(faults, "faults", "that gave a large page")                                  \
	X(gigantic, "faults", "of those, that gave one of the third size")             \
	X(zero_faults, "faults", "that mapped the huge zero page")                     \
	X(zero_allocs, "pages", "huge zero ones, taken when first needed")             \
	X(zero_fails, "faults", "for which there was no block for it")                 \
	X(fallbacks, "faults", "that had to do with a small one, for want of a block") \
	X(splits, "pages", "large ones made small ones")

/* Of transparent large pages, with kernel.thp. */
#define THP_STATS(X)                                                                                   \
	X(pages_split, "pages", "large ones whose small ones are reclaimed by themselves from now on") \
	X(scans, "ranges", "that khugepaged looked at")                                                \
	X(full_scans, "passes", "of khugepaged over all address spaces")                               \
	X(collapses, "pages", "large ones that it put together")                                       \
	X(collapse_fails, "ranges", "for which it got no block")                                       \
	X(exceed_none, "ranges", "that it left, with too many pages that are not there")               \
	X(exceed_swap, "ranges", "that it left, with too many pages in swap")                          \
	X(exceed_shared, "ranges", "that it left, with too many pages of several address spaces")      \
	X(unused, "ranges", "that it left, as none of their pages had been used")                      \
	X(unfit, "ranges",                                                                             \
	  "that it left for other reasons: a page that is locked or held, or none writable")           \
	X(copied, "pages", "small ones that it copied into large ones")                                \
	X(cleared, "pages", "of large ones that it cleared")                                           \
	X(swapped_in, "pages", "that it read from swap for that")

#define CONTIG_STATS(X)                                                             \
	X(faults, "faults", "that gave a run of contiguous pages")                  \
	X(fallbacks, "faults", "that had to do with one page, for want of a block") \
	X(unfolds, "runs", "that lost the hint before a part of them changed")

#define FLUSH_STATS(X)                                 \
	X(pages, "flushes", "of one page")             \
	X(full, "flushes", "of a whole address space") \
	X(stale, "flushes", "at the switch to an address space that had changed meanwhile") \
	X(recycled, "ids", "of address spaces that were taken from one for another, and flushed")

#define SHOOTDOWN_STATS(X)                                                                        \
	X(waits, "flushes", "that waited for other hardware threads")                             \
	X(ipis, "interrupts", "sent for them")                                                    \
	X(cycles, "cycles", "from the first request to the last answer seen: the sum of these:")  \
	X(send_cycles, "cycles", "until the interrupt was sent whose answer came last")           \
	X(deliver_cycles, "cycles", "until that one was taken")                                   \
	X(handle_cycles, "cycles", "until its answer was written")                                \
	X(local_cycles, "cycles", "for which the own flush took longer")                          \
	X(ack_cycles, "cycles", "until all answers were seen")                                    \
	X(remote_pages, "flushes", "of one page, on hardware threads that were interrupted")      \
	X(remote_full, "flushes", "of a whole address space there")                               \
	X(up_to_date, "requests", "that found the generation reached already")                    \
	X(wrong_cpu, "interrupts", "of hardware threads that had loaded something else")          \
	X(left, "switches", "of lazy hardware threads away from an address space, instead of a flush") \
	X(deferred, "flushes", "of other hardware threads, that were lazy or ran something else") \
	X(broadcasts, "flushes", "of all hardware threads by the hardware")                       \
	X(batches, "flushes", "that reclaim had put off, for many pages at once")                 \
	X(batched_pages, "pages", "for which they were")                                          \
	X(needless, "flushes", "for which no entry had lost a right")

#define CALL_STATS(X)                                                   \
	X(mmap, "calls", "mappings made")                               \
	X(munmap, "calls", "mappings taken away")                       \
	X(mremap, "calls", "mappings moved or resized")                 \
	X(mprotect, "calls", "rights changed")                          \
	X(madvise, "calls", "advice given")                             \
	X(madvise_ignored, "calls", "advice that changes nothing here") \
	X(brk, "calls", "ends of the heap moved")                       \
	X(mlock, "calls", "mappings locked, by mlock() and mlockall()") \
	X(munlock, "calls", "mappings not locked any more")             \
	X(fork, "calls", "address spaces copied")                       \
	X(exit, "calls", "address spaces that ended")                   \
	X(failed, "calls", "of these that failed")

#define MMAP_LOCK_STATS(X)                                                                 \
	X(reads, "faults", "that took the lock of their address space or VMA")             \
	X(read_waits, "faults", "of these, that waited for a change of it")                \
	X(writes, "calls", "that took it to change an address space")                      \
	X(write_waits, "calls", "of these, that waited for faults or other calls")         \
	X(wait_cycles, "cycles", "of all that waited")

struct mmap_lock_stats {
	MMAP_LOCK_STATS(STAT_FIELD)
};
struct fault_stats {
	FAULT_STATS(STAT_FIELD)
};
struct pgtable_stats {
	PGTABLE_STATS(STAT_FIELD)
};
struct huge_stats {
	HUGE_STATS(STAT_FIELD)
};
struct thp_stats {
	THP_STATS(STAT_FIELD)
};
struct contig_stats {
	CONTIG_STATS(STAT_FIELD)
};
struct flush_stats {
	FLUSH_STATS(STAT_FIELD)
};
struct shootdown_stats {
	SHOOTDOWN_STATS(STAT_FIELD)
};
struct call_stats {
	CALL_STATS(STAT_FIELD)
};

/* Pages on their way to the LRU lists, a batch a hardware thread; lru.h. */
#define LRU_BATCH_MAX 31u

struct lru_batch {
	u64 pfn[LRU_BATCH_MAX];
	u32 n;
};

/* What the kernel has of a thread; task.c. */
struct task {
	u64 va;    /* of its task_struct */
	u64 stack; /* its end: it grows downwards */
	struct task *prev, *next;
	bool fault_major; /* the fault that it waits in has asked a device */
	struct reclaim_progress progress;
};

/* Of a hardware thread. */
struct kernel_cpu {
	struct task *task, *idle; /* that it runs; that it has of its own: NULL, none */
	struct lru_batch lru;
	bool in_fault;
	u64 reclaim_until; /* cycle that a failed allocation has to wait for, 0: none */
	bool fault_major;  /* as of its task, if it has none; the next too */
	struct reclaim_progress progress;
};

/* Nodes of the tree of an address space's mappings; vma_object.h. */
struct vma_nodes {
	u64 *va;
	u32 n, cap;
};

/* The configured times in cycles. */
struct kernel_costs {
#define X(name, def, help) u64 name;
	KERNEL_TIMES(X)
#undef X
};

/* Calls of the OOM killer of old kernels, which is not rash; oom.c. Cycles. */
struct oom_calls {
	u64 first, last, killed;
	u32 n, kills;
};

/* Where khugepaged goes on, NULL: with the oldest address space; times that it leaves out. */
struct khugepaged {
	struct mm *mm;
	u64 address;
	u32 asleep;
};

/* Pages of an address space: private ones, those of objects, private ones that lie in swap; and those of
 * objects that are shared memory. */
struct mm_rss {
	u64 anon, file, swap, shmem;
};

struct kernel {
	struct kernel_cfg cfg;
	struct kernel_costs cost;
	struct charger charger;
	struct cpu_touches *footprint; /* by step; footprint.h */
	u32 around_pages; /* of a fault-around */
	const struct pt_format *format;
	u32 page_shift;            /* of the format's smallest pages */
	u32 huge_top;              /* highest level of the tables at which pages are mapped */
	u32 contig_order;          /* pages of a contiguous run as a shift, 0: none; contig.h */
	u64 user_end;              /* mappings lie below */
	u64 direct_map;            /* kernel address of physical 0 */
	struct layout layout;      /* as this machine has it */
	struct kpgtable *kpgtable; /* the kernel's own tables; NULL: it has none */
	struct vmalloc *vmalloc;
	struct kmaps *kmaps;
	struct map64 deposits; /* tables for large pages that will be split, by entry; huge.h */
	struct ptmem *ptmem;
	struct page_alloc *pa;       /* NULL: frames come from a pool */
	struct migration *migration; /* with a page allocator */
	struct rmap *rmap;           /* NULL: there is none */
	struct lru *lru;             /* NULL: nothing is reclaimed but slabs */
	struct memcgs *memcgs;       /* NULL: no group has a limit */
	struct reclaim_stats reclaim;
	struct mm *swap_mm; /* that swap_out() looks at next, NULL: the first */
	struct khugepaged khugepaged;
	struct oom_calls oom;
	u64 hz;             /* cycles of a second */
	u32 table_walks;             /* that go on: entries must stay as they are; migrate.h */
	struct frames *frames;
	u32 nodes; /* of memory */
	struct objects objects;
	struct page_cache *page_cache;
	struct slabs *slabs; /* the kernel's objects; NULL: they are not modelled */
	u64 zero_pfn;        /* the shared zero page, NO_FRAME if there is none */
	u64 huge_zero_pfn;   /* the large one, NO_FRAME until it is needed */
	struct mm *mms;
	struct asids *asids; /* a hardware thread; asid.h */
	u32 n_cpus;
	struct kernel_cpu *cpu; /* a hardware thread */
	struct task *tasks;     /* all, idle ones too */
	u64 data_va;            /* where the image has its data */
	u64 *gather;            /* frames between their unmapping and their flush */
	u32 n_gather;
	struct fault_stats fault;
	struct pgtable_stats pgtable;
	struct huge_stats huge;
	struct thp_stats thp;
	struct contig_stats contig;
	struct flush_stats flush;
	struct shootdown_stats shootdown;
	struct flush_rules rules;
	struct spinlock flush_state[FLUSH_VECTORS]; /* ipi.h */
	u64 trim_period;                            /* cycles: after which masks are trimmed */
	struct call_stats call;
	struct mmap_lock_stats mmap_lock;
	struct kevents *kevents; /* of recordings with allocation events */
	struct kevent_stats kevent;
	struct kthreads *kthreads; /* kthread.h */
	struct blockdev *storage;  /* what files lie on; NULL: nothing that takes time */
	struct swap *swap;         /* NULL: there is none */
	u64 pgfault; /* as Linux counts them: resolved ones, and those that ran out of memory */
	struct mm_rss rss; /* of all address spaces at the last kernel_sync() */
};

/* mmap_lock; start..end is what the last writer changes, since: when he asked, or a fault got it. */
struct mmap_lock {
	struct rw_holds times;
	u64 since, start, end;
};

struct mm {
	struct kernel *k;
	struct vma_set vmas;
	struct mmap_lock lock;
	bool implicit_maps;
	struct vma implicit; /* what maps the rest of the space then */
	u64 root;            /* pa of the root table */
	u64 cpus;            /* mm_cpumask(): hardware threads that a flush may have to ask; asid.h */
	u64 tlb_gen;         /* changes that needed a flush; asid.h */
	u64 trimmed_at;      /* cycle */
	u16 asid[MAX_CPUS];  /* on each, 0: none */
	u64 va;              /* of its mm_struct */
	struct vma_nodes nodes;
	struct mm_rss rss; /* counted with a reverse mapping */
	void *rmap;        /* what its scheme has of it */
	u64 swap_address;  /* where swap_out() goes on */
	u32 group;         /* whose limit it is under, 0: none */
	u32 new_flags;     /* MM_LOCKED: new mappings are, mlockall(MCL_FUTURE) */
	bool oom_victim;   /* it was killed for its memory */
	u64 brk; /* end of the heap in whole pages, 0 before anything told */
	struct mm *prev, *next;
};

/* The kernel's address of a physical one, which has to lie in the direct map. */
static inline u64 kernel_va(const struct kernel *k, u64 pa)
{
	return k->direct_map + pa;
}

static inline void kernel_step(const struct kernel *k, struct cpu *c, enum kernel_step s)
{
	charge_step(&k->charger, c, s);
}

/* Accesses of what lies in the direct map. */
static inline void kernel_load(const struct kernel *k, struct cpu *c, enum kernel_path path, u64 pa,
			       u32 bytes)
{
	charge_load(&k->charger, c, path, kernel_va(k, pa), bytes);
}

static inline void kernel_store(const struct kernel *k, struct cpu *c, enum kernel_path path, u64 pa,
				u32 bytes)
{
	charge_store(&k->charger, c, path, kernel_va(k, pa), bytes);
}

/* Calls for each stack that is a block of the page allocator's; the others are vmalloc()'s. task.c */
void tasks_each_stack(const struct kernel *k, void (*fn)(void *arg, u64 pfn, u32 order), void *arg);
/* The VMA that va belongs to, the implicit one included; NULL if none. va is below 1 << va_bits. */
struct vma *mm_vma(struct mm *mm, u64 va);
/*
 * True if addr..addr+len, made whole frames, is a range that user space can have; it goes to start and end.
 */
bool mm_range(const struct mm *mm, u64 addr, u64 len, u64 *start, u64 *end);
/* Everything that is mapped in start..end is gone afterwards: pages, tables that nobody needs, VMAs. */
void mm_unmap(struct mm *mm, struct cpu *c, u64 start, u64 end);

#endif
