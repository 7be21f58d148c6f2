/*
 * Who runs on one core: round robin in quanta among the threads that can run. `contexts` threads are taken to
 * run at the same time and alternate in short slices, which gives the interleavings of that many cores on
 * one. Moving on to the next slice is free; giving a context to another thread costs a switch.
 *
 * Not modelled: priorities, wake-up preemption, where the scheduler's own data lie.
 * Called by the engine.
 */
#ifndef MMSIM_CORE_SCHED_H
#define MMSIM_CORE_SCHED_H

#include "model/core/process.h"
#include "model/sim/opt.h"
#include "model/sim/stat.h"

#define SCHED_MAX_CONTEXTS 64u

struct sched_cfg {
	u32 contexts;
	struct opt_time slice, quantum, switch_time;
};
extern const struct opt sched_opts[];

#define SCHED_STATS(X) X(switches, "switches", "times that a context was given to another thread")

struct sched_stats {
	SCHED_STATS(STAT_FIELD)
};

struct sched_context {
	struct thread *thread; /* NULL: empty */
	u64 last;              /* serial number of the thread that it ran before, 0: none */
};

struct sched {
	u32 contexts;
	u64 slice, quantum, switch_cycles;
	u32 turn; /* the context that has or had the core */
	struct sched_context context[SCHED_MAX_CONTEXTS];
	struct thread *first, **end; /* waiting for a context */
	u64 n_threads;               /* met so far */
	struct sched_stats st;
};

void sched_init(struct sched *s, const struct sched_cfg *cfg, u64 hz);
void sched_stats_add(const struct sched *s, struct stats *st);
/* The thread can run. */
void sched_add(struct sched *s, struct thread *th);
/*
 * Gives the core to the next context; NULL: nothing can run. *cost: cycles that the switch takes. The thread
 * may then have the core for sched_turn() cycles.
 */
struct thread *sched_next(struct sched *s, u64 *cost);
u64 sched_turn(const struct sched *s);
/* The running thread has used the core for that many cycles and could go on. */
void sched_used(struct sched *s, u64 cycles);
/* The running thread cannot go on. */
void sched_remove(struct sched *s);
/* The running thread goes to the end of the queue. */
void sched_yield_turn(struct sched *s);

#endif
