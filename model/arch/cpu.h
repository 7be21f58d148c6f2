/*
 * Where hardware and kernel meet, and the only place. Traps go up through kernel_ops; what the kernel does to
 * the hardware thread that it runs on goes down through cpu_ops: time, loads and stores of its own objects
 * (charges), whole frames, flushes, the switch of address spaces. The kernel never names a TLB or a cache;
 * the walker never names a VMA.
 *
 * A kernel path runs at once: it advances its core's clock by what it charges, until it ends or must wait.
 */
#ifndef MMSIM_ARCH_CPU_H
#define MMSIM_ARCH_CPU_H

#include "model/arch/addr.h"
#include "model/sim/holds.h"
#include "model/sim/stat.h"

/* Whose cycles: parts "kernel.<path>" of the cycle stack, and "ipi". A new path is one row here. */
#define KERNEL_PATHS(X)                                                                               \
	X(FAULT, "fault", "entry, exit and body of a page fault")                                     \
	X(ZERO, "zero", "clearing a frame")                                                           \
	X(COPY, "copy", "copying a frame")                                                            \
	X(SYSCALL, "syscall", "system calls, without the copying")                                    \
	X(UIO, "uio", "copying between user buffers and the kernel")                                  \
	X(UNMAP, "unmap", "taking mappings away")                                                     \
	X(FORK, "fork", "copying an address space")                                                   \
	X(FLUSH, "flush", "TLB invalidation instructions")                                            \
	X(SHOOTDOWN, "shootdown", "interrupting others to flush, and waiting for them")               \
	X(CACHE_FLUSH, "cache_flush", "flushing lines of virtually indexed caches")                   \
	X(PCP, "pcp", "pages from and to per-CPU lists")                                              \
	X(REFILL, "refill", "refills of per-CPU lists")                                               \
	X(DRAIN, "drain", "giving pages of per-CPU lists back")                                       \
	X(BUDDY, "buddy", "blocks from and to the buddy")                                             \
	X(FALLBACK, "fallback", "blocks of another migratetype")                                      \
	X(COMPACT, "compact", "compaction")                                                           \
	X(PAGE_CACHE, "files", "pages of files: lookups, readahead, write-back, requests")            \
	X(RECLAIM, "reclaim", "reclaim, and shrinking of slabs")                                      \
	X(SWAP, "swap", "slots of swap, its cache and requests to its device")                        \
	X(ZRAM, "zram", "compressing and decompressing")                                              \
	X(SLAB, "slab", "objects from and to per-CPU arrays or freelists")                            \
	X(SLAB_REFILL, "slab_refill", "objects from and to slabs")                                    \
	X(SLAB_GROW, "slab_grow", "new slabs, and their end")                                         \
	X(KMAP, "kmap", "kmap, kmap_atomic and fixmap")                                               \
	X(VMALLOC, "vmalloc", "vmalloc, vmap and ioremap")                                            \
	X(IO_WAIT, "io_wait", "waiting for a device on the core, where a thread cannot be suspended") \
	X(LOCK, "lock", "waiting for the kernel's locks")                                             \
	X(USE, "use", "recorded users of pages and objects at their contents")                        \
	X(KTHREAD, "kthread", "timers, workers and kernel threads, but for the paths that they take") \
	X(IPI, "ipi", "interrupts from other cores, and the flushes that they ask for")

enum kernel_path {
#define X(id, name, help) KPATH_##id,
	KERNEL_PATHS(X)
#undef X
		NR_KERNEL_PATHS,
};
extern const char *const kernel_path_name[NR_KERNEL_PATHS];
extern const char *const kernel_path_help[NR_KERNEL_PATHS];

/* The tag of the kernel's translations, which is no address space's. */
#define KERNEL_ASID 0xffffu

/* Hardware threads of a machine, at most: sets of them are one word. */
#define MAX_CPUS 64u

enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };

/*
 * What the kernel made a program's access wait for, for histograms of latency. Of several the last in this
 * list counts. The first three are no faults.
 */
#define ACCESS_CAUSES(X)                                                               \
	X(NONE, "none", "nothing: no fault, and nobody came between")                  \
	X(KTHREAD, "kthread", "a timer's or kernel thread's work on its core")         \
	X(SHOOTDOWN, "shootdown", "interrupts for flushes that other cores asked for") \
	X(MINOR, "minor", "a fault that needed no page: rights, bits of the entry")    \
	X(ZERO_PAGE, "zero_page", "a fault that mapped the shared zero page")          \
	X(ZERO, "zero", "a fault that gave a cleared page")                            \
	X(FILE, "file", "a fault that mapped a page of a file")                        \
	X(SWAP, "swap", "a fault for a page that was swapped out, but in memory")      \
	X(HUGE, "huge", "a fault that gave a cleared large page")                      \
	X(COW, "cow", "a fault that copied a page")                                    \
	X(RECLAIM, "reclaim", "a fault that had to reclaim or compact memory")         \
	X(MAJOR, "major", "a fault that waited for a device")

enum access_cause {
#define X(id, name, help) CAUSE_##id,
	ACCESS_CAUSES(X)
#undef X
		NR_ACCESS_CAUSES,
};
#define NR_CAUSES_OF_NO_FAULT 3u
extern const char *const access_cause_name[NR_ACCESS_CAUSES];

/* What the kernel's own code did on a hardware thread, counted for each path as core0.kernel.<path>.<name>.
 */
#define KERNEL_TALLY(X)                                                                       \
	X(instructions, "instructions", "of kernel code")                                     \
	X(lines, "lines", "of text fetched, of data loaded or stored, as often as they were") \
	X(l1_misses, "lines", "of those, not in L1I or L1D")                                  \
	X(l2_misses, "lines", "of those, not in L2 either")                                   \
	X(memory, "lines", "of those, from memory or another core's cache")                   \
	X(tlb_misses, "lookups", "not in ITLB or DTLB")                                       \
	X(evicted_lines, "lines", "that the program had brought, turned out of a cache")      \
	X(evicted_translations, "entries", "of the program, turned out of a TLB")

struct kernel_tally {
	u64 cycles; /* of the thread's clock: within a path, what it takes */
	KERNEL_TALLY(STAT_FIELD)
};

struct cpu; /* a hardware thread as the kernel sees it; embedded first in struct core */

/* A stretch of one of some objects that a piece of kernel code touches each time that it runs. */
struct cpu_touch {
	u8 object;
	bool write;
	s32 at; /* from the object's address */
	u32 bytes;
};

#define CPU_OBJECTS 5u
#define CPU_TOUCHES 6u
#define CPU_CODES   256u

/* All of them, one after the other; `code` is less than CPU_CODES and has the same ones always. */
struct cpu_touches {
	u32 code, n;
	struct cpu_touch touch[CPU_TOUCHES];
};

struct cpu_ops {
	u64 (*now)(struct cpu *c);
	/* Busy for that many cycles on that path. */
	void (*spend)(struct cpu *c, enum kernel_path path, u64 cycles);
	/*
	 * Kernel code: so many instructions, whose text [va, va + bytes) is fetched once from end to end.
	 * They issue at the core's width, a line of text not before it is there: lines that L1I has take no
	 * time, others are waited for one after the other.
	 */
	void (*execute)(struct cpu *c, enum kernel_path path, u64 va, u32 bytes, u64 instructions);
	/*
	 * The kernel's own loads and stores, by kernel virtual address, translated by the kernel's tables. A
	 * line takes an issue slot; a load that L1D does not serve at once is waited for, a store goes to the
	 * store buffer, for whose room it waits.
	 */
	void (*load)(struct cpu *c, enum kernel_path path, u64 va, u32 bytes);
	void (*store)(struct cpu *c, enum kernel_path path, u64 va, u32 bytes);
	/* Such loads and stores of CPU_OBJECTS objects, by their addresses; 0: that one is not there. */
	void (*touch)(struct cpu *c, enum kernel_path path, const struct cpu_touches *t, const u64 *object);
	/*
	 * Whole lines, one after the other, in one page: stores, or loads and stores. A line takes a cycle;
	 * loads of a copy do not wait for each other.
	 */
	void (*zero)(struct cpu *c, enum kernel_path path, u64 va, u32 bytes);
	void (*copy)(struct cpu *c, enum kernel_path path, u64 to, u64 from, u32 bytes);
	/*
	 * From now on user addresses are translated by this root table (physical address) and tagged with
	 * asid.
	 */
	void (*switch_to)(struct cpu *c, u64 root_pa, u16 asid);
	/*
	 * Drop translations of this hardware thread, by the instruction for a page (which may take more of
	 * the walk caches) or without one. end is exclusive; also walk-cache entries that cover them.
	 */
	void (*flush_page)(struct cpu *c, u16 asid, u64 va);
	void (*flush_range)(struct cpu *c, u16 asid, u64 start, u64 end);
	void (*flush_asid)(struct cpu *c, u16 asid);
	void (*flush_all)(struct cpu *c); /* the kernel's too */
	/*
	 * From now on kernel virtual addresses are translated by the tables below this root (physical
	 * address), by entries that are valid, accessed and, where they may be written, dirty. While there is
	 * none (0), a kernel address is direct_map + pa, no TLB is asked, and text is not fetched.
	 */
	void (*set_kernel_root)(struct cpu *c, u64 root_pa);
	/* Drops translations of kernel addresses; end is exclusive. */
	void (*flush_kernel_range)(struct cpu *c, u64 start, u64 end);
	/*
	 * Of another hardware thread: an interrupt arrives. Returns the cycle at which it is taken: when it
	 * has arrived and interrupts are on, however far that thread's clock is. What the handler does is
	 * charged to that thread before its next access, by these ops, until interrupt_end(), which is told
	 * the cycle at which it is over. An idle one waits for the interrupt; a clock that is behind is ahead
	 * until the end.
	 */
	u64 (*interrupt)(struct cpu *c, u64 arrival, bool idle);
	void (*interrupt_end)(struct cpu *c, u64 cycle);
	/* All that the kernel did on this hardware thread so far, on whatever path. */
	void (*tally)(struct cpu *c, struct kernel_tally *t);
	/* Waits for others, on that path. */
	void (*wait_until)(struct cpu *c, enum kernel_path path, u64 cycle);
};

struct cpu {
	const struct cpu_ops *ops;
	u32 id;
	u32 node;                          /* of memory */
	u64 direct_map;                    /* kernel address of physical 0 */
	u64 kernel_root;                   /* 0: none */
	u64 irqs_off_from;                 /* cycle at which the kernel last turned interrupts off */
	struct holds irqs_off;             /* times for which it kept them so */
	u64 block_until; /* of TRAP_BLOCK: cycle at which the thread may go on; a past one: at its next turn
			  */
	u32 cause;       /* enum access_cause: what the kernel has done so far for the access at hand */
};

/* cpu_ops.touch of those that load and store each stretch by itself. */
void cpu_touch_each(struct cpu *c, enum kernel_path path, const struct cpu_touches *t, const u64 *object);

/* c NULL: nobody has the work to do. */
static inline void cpu_note_cause(struct cpu *c, enum access_cause cause)
{
	if (c && cause > c->cause)
		c->cause = cause;
}

/* What the hardware could not do by itself. */
struct trap {
	u64 va;
	enum access_kind access;
	bool present; /* there is a translation, but it forbids the access */
};

enum trap_result {
	TRAP_RETRY, /* translate again */
	TRAP_SEGV,  /* the address is not the program's: the simulated SIGSEGV */
	TRAP_OOM,   /* no memory: the program is killed */
	TRAP_BLOCK, /* wait; the access is made again when the thread goes on */
};

struct kernel; /* model/mm/kernel.h */
struct mm;     /* an address space */

struct kernel_ops {
	enum trap_result (*fault)(struct kernel *k, struct cpu *c, struct mm *mm, const struct trap *t);
};

#endif
