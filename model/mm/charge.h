/*
 * What the kernel's code costs while it runs on a hardware thread: instructions with the lines of text that
 * they stand in, loads and stores of kernel objects at their simulated addresses, all through the thread's
 * own TLBs and caches. Files of model/mm call these beside what they do; who has no cpu (the boot) or has
 * kernel.charge off pays nothing.
 *
 * Not modelled: which instruction does which access; a step executes, then its accesses follow.
 */
#ifndef MMSIM_MM_CHARGE_H
#define MMSIM_MM_CHARGE_H

#include <string.h>

#include "model/arch/cpu.h"
#include "model/mm/ladder.h"
#include "model/mm/step.h"
#include "model/sim/holds.h"
#include "model/sim/timeline.h"
#include "model/sim/tracepoint.h"

/*
 * Text: 10 to 13 instructions a line of 64 bytes on straight paths (counted: the lines that a fault, a fork,
 * an exit fetch against their instructions), and of a function 30 to 50 % is executed, so steps lie that much
 * apart.
 */
#define INSTRUCTIONS_A_LINE 11u
#define TEXT_LINE           64u
/* However long exit and wait ran, they fetched 1,916 lines: long steps are loops, which have theirs already.
 */
#define STEP_LINES_MAX 1916u

struct step_text {
	u64 va;           /* where its text begins */
	u32 bytes;        /* of text that one execution walks through */
	u32 instructions; /* scaled */
	/* Cycles that they take beside, always, and where the step is no loop: step_stall.c. */
	u32 stall, once;
};

/*
 * How often a hardware thread has run each step since it entered the kernel. From the third time on the step
 * is the body of a loop, whose code is decoded and whose branches are foreseen.
 */
#define STEP_LOOPS 2u

struct step_runs {
	u8 n[NR_KERNEL_STEPS];
};

/* One a kernel. */
struct charger {
	bool on;                   /* off: kernel code takes no time at all, and touches nothing */
	struct ladder *ladder;     /* NULL: nobody keeps one */
	struct timeline *timeline; /* NULL: nobody listens */
	struct tracer *tracer;     /* the same, to tracepoints */
	struct step_text step[NR_KERNEL_STEPS];
	struct step_runs
		*runs; /* by hardware thread; NULL: instructions and accesses are all that takes time */
};

/* Here the kernel is entered, or a thread of its own goes on. */
static inline bool step_enters(enum kernel_step s)
{
	return s == STEP_FAULT_ENTRY || s == STEP_SYSCALL || s == STEP_IPI_ENTRY || s == STEP_TIMER_WORK ||
	       s == STEP_KSWAPD_RUN;
}

static inline u32 step_stall(const struct charger *ch, const struct cpu *c, enum kernel_step s)
{
	struct step_runs *r = &ch->runs[c->id];

	if (step_enters(s))
		memset(r, 0, sizeof(*r));
	if (r->n[s] == STEP_LOOPS)
		return ch->step[s].stall;
	r->n[s]++;
	return ch->step[s].stall + ch->step[s].once;
}

static inline void charge_step(const struct charger *ch, struct cpu *c, enum kernel_step s)
{
	const struct step_text *t = &ch->step[s];

	if (!ch->on || !c)
		return;
	c->ops->execute(c, kernel_step_path[s], t->va, t->bytes, t->instructions);
	if (ch->runs)
		c->ops->spend(c, kernel_step_path[s], step_stall(ch, c, s));
}

static inline void charge_load(const struct charger *ch, struct cpu *c, enum kernel_path path, u64 va,
			       u32 bytes)
{
	if (ch->on && c)
		c->ops->load(c, path, va, bytes);
}

static inline void charge_store(const struct charger *ch, struct cpu *c, enum kernel_path path, u64 va,
				u32 bytes)
{
	if (ch->on && c)
		c->ops->store(c, path, va, bytes);
}

/* What is no instruction of the kernel: a write of CR3, INVLPG, a device. */
static inline void charge_time(const struct charger *ch, struct cpu *c, enum kernel_path path, u64 cycles)
{
	if (ch->on && c)
		c->ops->spend(c, path, cycles);
}

/* A span of the timeline begins: its first cycle. */
static inline u64 charge_begin(const struct charger *ch, struct cpu *c)
{
	return timeline_on(ch->timeline) && c ? c->ops->now(c) : 0;
}

/* It is over. */
static inline void charge_end(const struct charger *ch, struct cpu *c, enum timeline_kind kind, u64 begin,
			      u64 arg0, u64 arg1)
{
	if (timeline_on(ch->timeline) && c)
		timeline_span(ch->timeline, c->id, kind, begin, c->ops->now(c), arg0, arg1);
}

/* A tracepoint is passed; name NULL: it has none. */
static inline void charge_trace(const struct charger *ch, struct cpu *c, enum tracepoint kind,
				const u64 (*arg)[TRACE_ARGS], const char *name)
{
	struct trace_event e;

	if (!tracer_on(ch->tracer) || !c)
		return;
	e = (struct trace_event){ .kind = kind, .cpu = c->id, .cycle = c->ops->now(c), .name = name };
	memcpy(e.arg, *arg, sizeof(e.arg));
	tracer_tell(ch->tracer, &e);
}
/* Its arguments. */
#define TRACE(...) (&(const u64[TRACE_ARGS]){ __VA_ARGS__ })

/* A spinlock; va is its line. */
struct spinlock {
	u64 va;
	u64 since; /* cycle at which who has it got it */
	struct holds held;
	bool irqsave; /* interrupts are off while it is held */
	u64 taken, waited, wait_cycles;
};

static inline void spin_lock(const struct charger *ch, struct cpu *c, enum kernel_path path,
			     struct spinlock *l)
{
	u64 now, until;

	l->taken++;
	if (!ch->on || !c)
		return;
	c->ops->store(c, path, l->va, 4);
	now = c->ops->now(c);
	if (l->irqsave)
		c->irqs_off_from = now;
	until = holds_free_at(&l->held, now);
	l->since = until;
	if (until == now)
		return;
	l->waited++;
	l->wait_cycles += until - now;
	c->ops->wait_until(c, KPATH_LOCK, until);
}

static inline void spin_unlock(const struct charger *ch, struct cpu *c, struct spinlock *l)
{
	u64 now;

	if (!ch->on || !c)
		return;
	now = c->ops->now(c);
	holds_add(&l->held, l->since, now);
	if (l->irqsave)
		holds_add(&c->irqs_off, c->irqs_off_from, now);
}

#endif
