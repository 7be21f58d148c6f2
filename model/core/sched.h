/*
 * Who runs where: round robin in quanta among the threads that can run. A core has `contexts`: that many
 * threads are taken to run on it at the same time and alternate in short slices, which gives the
 * interleavings of that many cores on one. Moving on to the next slice is free; giving a context to another
 * thread costs a switch.
 *
 * A thread that can run goes back to the core where it ran last, if that has an empty context (affinity);
 * else to the first core that has; else it waits in its last core's queue or, with sched.queue = shared, in
 * one queue of all. An empty context takes the longest waiting thread of its core's queue, then of the
 * shared one, then of the longest queue of a core that has no empty context itself.
 *
 * A thread that is bound to a core goes there, whatever else is said here.
 *
 * Not modelled: priorities, wake-up preemption, periodic balancing, where the scheduler's own data lie.
 * Called by the engine.
 */
#ifndef MMSIM_CORE_SCHED_H
#define MMSIM_CORE_SCHED_H

#include "model/core/process.h"
#include "model/sim/opt.h"
#include "model/sim/stat.h"

#define SCHED_MAX_CONTEXTS 64u

struct sched_cfg {
	u32 contexts, queue;
	bool affinity, pin;
	struct opt_time slice, quantum, switch_time;
};
extern const struct opt sched_opts[];

#define SCHED_STATS(X)                                                                 \
	X(switches, "switches", "times that a context was given to another thread")    \
	X(migrations, "switches", "times that a thread went on on another core")       \
	X(steals, "threads", "taken from the queue of a core that was busy")

struct sched_stats {
	SCHED_STATS(STAT_FIELD)
};

struct sched_context {
	struct thread *thread; /* NULL: empty */
	u64 last;              /* serial number of the thread that it ran before, 0: none */
};

struct sched_queue {
	struct thread *first, **end;
	u32 n, bound; /* bound: of those, who may run on one core only */
};

struct sched_core {
	u32 turn; /* the context that has or had the core */
	u32 busy; /* contexts that are not empty */
	struct sched_context context[SCHED_MAX_CONTEXTS];
	struct sched_queue queue; /* waiting for a context of it */
};

struct sched {
	u32 cores, contexts;
	bool one_queue, affinity, pin;
	u64 slice, quantum, switch_cycles;
	struct sched_core *core;
	struct sched_queue shared;
	u64 n_threads; /* met so far */
	struct sched_stats st;
};

#define SCHED_ANY (~(u32)0)

/* Threads that want the core now: on it, or waiting for it or any. */
static inline u32 sched_wanted(const struct sched *s, u32 core)
{
	return s->core[core].busy + s->core[core].queue.n + s->shared.n;
}

void sched_init(struct sched *s, const struct sched_cfg *cfg, u32 cores, u64 hz);
void sched_fini(struct sched *s);
void sched_stats_add(const struct sched *s, struct stats *st);
/* The thread can run. Returns the core that it goes to; SCHED_ANY: it waits for whichever has room first. */
u32 sched_add(struct sched *s, struct thread *th);
/*
 * Gives a core to its next context; NULL: there is nothing for it to run. *cost: cycles that the switch
 * takes. The thread may then have the core for sched_turn() cycles.
 */
struct thread *sched_next(struct sched *s, u32 core, u64 *cost);
u64 sched_turn(const struct sched *s, u32 core);
/*
 * The core's thread has used it for that many cycles and could go on. Where it goes to if its quantum is over
 * and others wait, as sched_add(); else its own core.
 */
u32 sched_used(struct sched *s, u32 core, u64 cycles);
/* The core's thread cannot go on. */
void sched_remove(struct sched *s, u32 core);
/* The core's thread goes to the end of the queue, as sched_add(). */
u32 sched_yield_turn(struct sched *s, u32 core);

#endif
