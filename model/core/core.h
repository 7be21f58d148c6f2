/*
 * One hardware thread: it executes block runs in order, a record at a time, through its L1s, TLBs and walker,
 * and keeps the time. Both models issue `width` instructions a cycle; an L1 hit costs its issue slot; a
 * dependent load starts when its producer's data is there; stores retire into a store buffer that drains in
 * order. In order anything slower blocks; the window core (window.h) goes on until its window is full.
 *
 * Not modelled: branch prediction, wrong path, store-to-load forwarding, SMT.
 * Called by the engine; the kernel calls back through arch/cpu.h.
 */
#ifndef MMSIM_CORE_CORE_H
#define MMSIM_CORE_CORE_H

#include "model/arch/cpu.h"
#include "model/arch/pt.h"
#include "model/core/code.h"
#include "model/core/latency.h"
#include "model/core/part.h"
#include "model/core/trap_log.h"
#include "model/hw/memory.h"

struct core; /* defined in core_state.h, for the hot path and the core's own files */

enum core_model { CORE_INORDER, CORE_WINDOW };

struct core_cfg {
	u32 model;
	u64 frequency; /* Hz */
	u32 width;     /* instructions a cycle */
	u32 window;    /* instructions dispatched and not retired */
	u32 mshrs;     /* outstanding misses of the L1D where l1d.mshrs does not say */
	u32 store_buffer;
	struct opt_time frame_line, frame_line_cold; /* of a line of a frame */
	char *unknown_dependence; /* "none", "chain", "25%" */
};
extern const struct opt core_opts[];
/* NULL, or why there can be no such core; *key is then the option at fault. */
const char *core_check(const struct core_cfg *cfg, const char **key);

struct core_params {
	const struct core_cfg *cfg;
	const struct hw_cfg *hw; /* of this core's private structures */
	struct memory *memory;
	u32 id;
	u64 seed;
	bool shortcut; /* engine.shortcut: take the exact shortcut; changes no result */
	/* Translation; format NULL: off, physical = virtual, no faults. */
	const struct pt_format *format;
	struct ptmem *ptmem;
	struct stage2 *host; /* beneath the machine, if that is a guest; else NULL */
	struct kernel *kernel;
	const struct kernel_ops *kernel_ops;
};

struct core *core_new(const struct core_params *p);
void core_free(struct core *c);
/*
 * Registers "core<id>." counters: instructions, cycles, cycles.<part>, l1i, l1d, l2 if private, TLBs,
 * walker.
 */
void core_stats(struct core *c, struct stats *s);
/* --check: walks every array; ASSERTs. The sums of the cycle stack are asserted always. */
void core_sane(const struct core *c);
/* --check: calls fn for each translation that the core holds: its page, and what an access gets there. */
struct core_translation {
	u64 va, bytes, pa;
	u16 asid;
	u32 flags; /* PTE_* */
};
typedef void (*core_translation_fn)(void *arg, const struct core_translation *t);
void core_each_translation(const struct core *c, core_translation_fn fn, void *arg);
/* The machine's address of what the kernel calls pa. */
u64 core_machine_pa(const struct core *c, u64 pa);
/* Writes every dirty line of the core's own caches down. */
void core_copy_back(struct core *c);

/* What kept an access from being made: cycles, and enum access_cause. */
struct core_delay {
	u64 cycles;
	u32 cause;
};

/* How far a chunk has been executed; the engine sets it up, core_run() moves it on. */
struct core_chunk {
	const struct code_table *code;
	const u32 *block;
	const u64 *addr;
	u32 n_runs;
	u32 run;  /* the next one, or the one that stopped in the middle */
	u32 slot; /* next memory slot of that run */
	u32 at;   /* index of the address of that run's first slot */
	bool begun; /* the run's instructions are fetched already */
	bool blocked; /* its next access, or fetch, has waited for a device, and could have been made at: */
	u64 blocked_at; /* cycle */
	u32 blocked_by; /* enum access_cause */
	/* Of a run that stopped in its middle: counted when it is done, as a measured part may end before. */
	code_counts rest[COUNT_VECTORS];
};

enum core_stop {
	CORE_DONE,    /* the chunk is executed */
	CORE_QUANTUM, /* the clock reached `until` */
	CORE_AHEAD,   /* the next access leaves what is the core's own: run again in its turn */
	CORE_BLOCK,   /* a trap said so: run again later, the access is made again */
	CORE_SEGV,    /* core_trap() tells the address; run again, or abandon the chunk */
	CORE_OOM,     /* the same */
};

/* Executes runs until the chunk ends, the clock reaches `until`, or a trap stops it. */
enum core_stop core_run(struct core *c, struct core_chunk *chunk, u64 until);
/* As core_run() when time stands, but the runs, none of which has begun, are not made: the core is idle. */
enum core_stop core_pass_over(struct core *c, struct core_chunk *chunk, u64 until);
/* Issue slot up to which the core may touch what it shares with others; ~0 at first. */
void core_set_horizon(struct core *c, u64 slot);
/* Issue slot at which core_run() would go on: later than the clock where it stopped for the horizon. */
u64 core_due(const struct core *c);
const struct trap *core_trap(const struct core *c);
u64 core_now(const struct core *c);
/* Executed, without those that a run stopped in the middle owes. */
u64 core_instructions(const struct core *c);
/* Fetches and data accesses so far. */
u64 core_references(const struct core *c);
/* Invalidations and interrupts that came when the clock was beyond their time. */
u64 core_late(const struct core *c);
struct cpu *core_cpu(struct core *c);
/*
 * Brings the registered cycle counters up to date; core_run(), core_wait_until() and core_user_copy() do it
 * themselves. Call it after system calls before counters are read.
 */
void core_sync(struct core *c);
/* Runs are made without shortcuts while it is on, so that all of them is told (model/sim/explain.h). */
void core_explain(struct core *c, bool on);
/* Tells of slow accesses from now on (profile.h); NULL: no longer. */
struct profile_hook;
void core_set_profile(struct core *c, const struct profile_hook *hook);
/* For checkpoints: page faults are noted from now on; NULL: no longer. */
void core_log_traps(struct core *c, struct trap_log *log);
/* The page fault is taken, as if the core had made the access. */
enum core_stop core_fault(struct core *c, const struct trap *t);
/* Register what a checkpoint holds of a core where time stands. */
void core_state(struct core *c, struct state *s);
void core_translation_state(struct core *c, struct state *s);
/* The registered memory was changed. */
void core_restored(struct core *c);
/* Calls fn for the lines of the L1I; or of the core's other caches, the L1D's last. See cache_each(). */
void core_cache_lines(const struct core *c, bool code, cache_line_fn fn, void *arg);
/* A line is used as by the kernel, or fetched, and so comes into the caches. */
void core_warm(struct core *c, u64 pa, bool fetch, bool dirty);
/*
 * A line of the kernel's is in the caches below the first as if it had left that one. pa is the kernel's.
 * Only while time stands.
 */
void core_warm_below(struct core *c, u64 pa, bool fetch);
/* The thread that runs from now on: whose address space traps belong to. */
void core_set_mm(struct core *c, struct mm *mm);
/* Its class of service (hw/partition.h), and that of the kernel while it runs. */
void core_set_service(struct core *c, u8 thread, u8 kernel);
/*
 * Lets the window run empty, and waits until `cycle`, charging the time to a part that is not the core's
 * doing (io_wait, idle, switch).
 */
void core_wait_until(struct core *c, u64 cycle, enum core_part part);
/* What the core has done since cycle `from` on somebody else's behalf delays its next access. */
void core_delayed(struct core *c, u64 from, enum access_cause cause);
/*
 * User buffers that the kernel reads or writes (read, write, ...): lines of user memory, translated, may
 * fault.
 */
enum core_stop core_user_copy(struct core *c, u64 va, u64 len, bool write, u64 *done);
/* The same between a user buffer and kernel memory, which lies in one page; as far as the buffer goes. */
enum core_stop core_file_copy(struct core *c, u64 va, u64 len, bool write, u64 kernel_va, u64 *done);

#endif
