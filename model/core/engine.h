/*
 * The engine: runs the threads of one or several recordings on the cores, in an order that their numbers
 * allow (order.h) and the scheduler picks (sched.h), and turns their events into calls of the kernel.
 *
 * Each core has its own clock, and the one whose clock is least goes on (of equal ones the first). It goes on
 * alone until it would touch what others may touch, too, at a time that another core has not reached: then
 * the other one's turn has come. What stays in a core's own caches and TLBs may run ahead of the others by
 * engine.run_ahead; so only invalidations and interrupts can come late, which engine.late counts. Events,
 * traps and system calls happen in the order of time. A number (order.h) is passed on another core not
 * before the time at which it was applied; till then the core is idle.
 *
 * What a thread did while it was blocked is not replayed: it waits for as long as the replay makes it. Waits
 * for the outside (sleep, network) are dropped or scaled by replay.sleep_scale.
 *
 * A thread with allocation events (traces/block.h) runs them on the cores that have the numbers of their
 * CPUs, modulo cores, and moves there when it comes to one.
 *
 * Not modelled: signals other than the fatal SIGSEGV.
 *
 * Called by the verbs of cli/ and by tests.
 */
#ifndef MMSIM_CORE_ENGINE_H
#define MMSIM_CORE_ENGINE_H

#include "model/core/core.h"
#include "model/core/profile.h"
#include "model/core/sched.h"
#include "model/core/service.h"
#include "model/mm/kernel.h"
#include "model/sim/event.h"
#include "model/sim/explain.h"
#include "traces/trace.h"

struct engine_cfg {
	u64 buffer;      /* bytes of packets read ahead */
	u32 sleep_scale; /* percent */
	u32 gap_scale;   /* percent */
	u32 touch;       /* enum engine_touch */
	bool stand_ins;
	u32 allocations; /* enum engine_allocations */
	bool rebase;     /* layout.rebase: recordings that do not fit the layout are packed */
};
extern const struct opt engine_opts[], layout_opts[];

#define ENGINE_STATS(X)                                                                                     \
	X(records, "runs", "block runs")                                                                    \
	X(skipped, "runs", "of those, passed over without being made (--skip)")                             \
	X(dropped, "runs", "block runs not made because their thread had been ended")                       \
	X(references, "references",                                                                         \
	  "instruction fetches and data accesses, one that crosses lines once in each")                     \
	X(events, "events", "system calls, marks and ordering marks")                                       \
	X(packets, "packets", "packets of the recordings")                                                  \
	X(processes, "processes", "processes begun")                                                        \
	X(threads, "threads", "threads that ended")                                                         \
	X(cut, "threads", "of those, because the recording ended without their exit")                       \
	X(order_waits, "waits", "times that a thread waited for another to get as far as recorded")         \
	X(early_accesses, "accesses", "accesses that waited for a mapping which another thread was making") \
	X(unforked, "processes", "processes whose fork was not recorded: implicit mappings")                \
	X(waits, "calls", "recorded calls that waited for another thread")                                  \
	X(wakes, "calls", "recorded calls that can let another thread go on")                               \
	X(sleeps, "calls", "recorded waits for the outside")                                                \
	X(sleep_ns, "ns", "recorded time in waits for the outside, before scaling")                         \
	X(syscalls, "calls", "system calls that only cost entry and exit")                                  \
	X(user_bytes, "bytes", "copied between user buffers and the kernel")                                \
	X(efaults, "calls", "reads and writes that met an unmapped user buffer")                            \
	X(refused, "calls", "recorded changes of an address space that the kernel refused")                 \
	X(segv, "threads", "threads ended by a simulated SIGSEGV")                                          \
	X(oom, "processes", "processes ended because memory ran out")                                       \
	X(marks, "marks", "named places passed")                                                            \
	X(lost, "events", "places where the recording says that something is missing")

struct engine_stats {
	ENGINE_STATS(STAT_FIELD)
};

/* How the simulation itself went: "engine." */
#define ENGINE_RUN_STATS(X)                                                                                \
	X(late, "probes", "invalidations and interrupts that came to a core whose clock was beyond theirs")

struct engine_run_stats {
	ENGINE_RUN_STATS(STAT_FIELD)
};

/* Calls without a model of their own are counted by number, up to this; the last bin takes the rest. */
#define ENGINE_SYSCALLS 1024u

/* The end of a thread by a simulated SIGSEGV, or of a process for lack of memory. */
struct engine_death {
	u32 pid, tid;
	bool oom;
	struct trap trap;
	u64 record;       /* block runs replayed before */
	char around[256]; /* what is mapped near the address */
};
#define ENGINE_DEATHS 16u /* reported; all are counted */

struct engine_params {
	const struct engine_cfg *cfg;
	const struct sched_cfg *sched;
	const struct service_cfg *service;
	struct core *const *cores;
	u32 n_cores;
	u32 width;     /* issue slots of a cycle */
	u32 run_ahead; /* cycles */
	struct kernel *kernel;
	struct event_queue *events;
	u64 hz;
	u32 line;           /* bytes of an instruction-cache line */
	u32 page_shift;     /* of the smallest pages */
	u64 check_every;    /* records between walks over the kernel's state, 0: never */
};

struct engine;
struct engine *engine_new(const struct engine_params *p);
void engine_free(struct engine *e);
void engine_stats_add(struct engine *e, struct stats *s); /* registers replay.*, engine.* and sched.* */

/* One more recording, which the engine owns from now on; all that are added before the end run together. */
void engine_add(struct engine *e, struct trace *t);

/* What users of pages and objects of allocation events touch at least. */
enum engine_touch {
	TOUCH_NOTHING, /* what the recording says, if it does */
	TOUCH_LINE,    /* the first line */
	TOUCH_ALL,
};

/* Which allocation events happen: a recording of both also has the pages that its slabs took. */
enum engine_allocations { ALLOCATIONS_ALL, ALLOCATIONS_PAGES, ALLOCATIONS_OBJECTS };

/* What becomes of block runs from now on. Events happen in every mode, but for copies of user buffers. */
enum engine_mode {
	ENGINE_TIMED,
	ENGINE_FUNCTIONAL, /* they are made, but time stands (model/sim/time.h) */
	ENGINE_SKIP,       /* they are not made; time passes as if they were, functionally */
};
void engine_set_mode(struct engine *e, enum engine_mode mode);

/* Where engine_run() stops, beside its own limit: at the first end of a run that gets there; ~0: never. */
struct engine_goal {
	u64 instructions; /* engine_instructions() */
	u64 cycle;
	bool marks; /* behind every named mark */
};
void engine_set_goal(struct engine *e, const struct engine_goal *goal);

/* Tells from now on of what is asked for (model/sim/explain.h); changes no result. NULL: of nothing. */
void engine_set_explain(struct engine *e, struct explain *x);
/* Tells of accesses, by address and by code (profile.h); changes no result. NULL: to nobody. */
void engine_set_profile(struct engine *e, const struct profile_hook *hook);

/* Who listens from now on to what delays the threads, the kernel's work included; NULL: nobody. */
void engine_set_timeline(struct engine *e, struct timeline *t);
/* The same, to the kernel's tracepoints. */
void engine_set_tracer(struct engine *e, struct tracer *t);
/* The listener is told of the turns under way as far as they got, and later of the rest. */
void engine_tell_turns(struct engine *e);

/* For checkpoints: page faults are noted, or where block runs are skipped they are asked for again. */
void engine_log_traps(struct engine *e, struct trap_log *log);
void engine_repeat_traps(struct engine *e, struct trap_log *log);

enum engine_status { ENGINE_MORE, ENGINE_LIMIT, ENGINE_MARK, ENGINE_END };
/*
 * Goes on for a while: some hundred thousand references. ENGINE_LIMIT: `limit` records (block runs) are done,
 * exactly, or the goal is reached. ENGINE_MARK: engine_mark() was passed. ENGINE_END: all recordings have
 * ended and their processes are gone; more may be added. die()s when a trace is damaged.
 */
enum engine_status engine_run(struct engine *e, u64 limit);
const char *engine_mark(const struct engine *e);
u64 engine_instructions(const struct engine *e); /* of all block runs so far, of those passed over too */
u64 engine_now(const struct engine *e);          /* cycle */

/* The end of a run: cores that have been done earlier are idle until the last one is. */
void engine_finish(struct engine *e);

const struct engine_stats *engine_counts(const struct engine *e);
u64 engine_bytes_read(const struct engine *e);
u64 engine_bytes_total(const struct engine *e); /* 0: unknown */
/* Calls of that number so far; number < ENGINE_SYSCALLS. */
u64 engine_syscalls(const struct engine *e, u32 number);
/* Whether some recording had loads of which it does not say what they depend on. */
bool engine_unknown_dependence(const struct engine *e);
/* Returns how many are told about, at most ENGINE_DEATHS. */
u32 engine_deaths(const struct engine *e, const struct engine_death **deaths);

#endif
