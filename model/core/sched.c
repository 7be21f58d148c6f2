#include "model/core/sched.h"

#include "model/base/error.h"
#include "model/sim/time.h"

const struct opt sched_opts[] = {
	{ "contexts", OPT_U32, offsetof(struct sched_cfg, contexts), "1", 1, SCHED_MAX_CONTEXTS, "threads",
	  "threads taken to run at the same time, alternating in slices", NULL },
	{ "slice", OPT_TIME, offsetof(struct sched_cfg, slice), "1000", 1, 0, "cycles",
	  "how long one of several contexts runs before the next", NULL },
	/* base_slice_ns of Linux 6.6's EEVDF, 0.75 ms times 1 + log2 of 8 processors (kernel/sched/fair.c) */
	{ "quantum", OPT_TIME, offsetof(struct sched_cfg, quantum), "3ms", 1, 0, "time",
	  "how long a thread keeps its context while others wait for one", NULL },
	{ "switch", OPT_TIME, offsetof(struct sched_cfg, switch_time), "2000", 0, 0, "cycles",
	  "giving a context to another thread", NULL },
	{ 0 },
};

#define STAT_STRUCT struct sched_stats
static const struct stat_desc stat_table[] = { SCHED_STATS(STAT_ROW){ 0 } };

void sched_init(struct sched *s, const struct sched_cfg *cfg, u64 hz)
{
	*s = (struct sched){
		.contexts = cfg->contexts,
		.slice = MAX(time_to_cycles(cfg->slice, hz), 1),
		.quantum = MAX(time_to_cycles(cfg->quantum, hz), 1),
		.switch_cycles = time_to_cycles(cfg->switch_time, hz),
	};
	s->end = &s->first;
}

void sched_stats_add(const struct sched *s, struct stats *st)
{
	stats_add(st, "sched", stat_table, &s->st);
}

void sched_add(struct sched *s, struct thread *th)
{
	if (!th->serial)
		th->serial = ++s->n_threads;
	th->next = NULL;
	*s->end = th;
	s->end = &th->next;
}

/* The longest waiting thread gets the context. */
static void fill(struct sched *s, struct sched_context *c)
{
	struct thread *th = s->first;

	if (c->thread || !th)
		return;
	s->first = th->next;
	if (!s->first)
		s->end = &s->first;
	th->quantum_left = s->quantum;
	c->thread = th;
}

struct thread *sched_next(struct sched *s, u64 *cost)
{
	struct sched_context *c;
	u32 i;

	*cost = 0;
	for (i = 0; i < s->contexts; i++) {
		s->turn = s->turn + 1 < s->contexts ? s->turn + 1 : 0;
		c = &s->context[s->turn];
		fill(s, c);
		if (!c->thread)
			continue;
		if (c->last && c->last != c->thread->serial) {
			s->st.switches++;
			*cost = s->switch_cycles;
		}
		c->last = c->thread->serial;
		return c->thread;
	}
	return NULL;
}

static struct thread *running(const struct sched *s)
{
	ASSERT(s->context[s->turn].thread);
	return s->context[s->turn].thread;
}

u64 sched_turn(const struct sched *s)
{
	u64 left = running(s)->quantum_left;

	return s->contexts > 1 ? MIN(s->slice, left) : left;
}

void sched_used(struct sched *s, u64 cycles)
{
	struct thread *th = running(s);

	if (cycles < th->quantum_left) {
		th->quantum_left -= cycles;
		return;
	}
	th->quantum_left = s->quantum;
	if (s->first)
		sched_yield_turn(s);
}

void sched_remove(struct sched *s)
{
	ASSERT(running(s));
	s->context[s->turn].thread = NULL;
}

void sched_yield_turn(struct sched *s)
{
	struct thread *th = running(s);

	sched_remove(s);
	sched_add(s, th);
}
