#include "model/core/sched.h"

#include <stdlib.h>

#include "model/base/error.h"
#include "model/sim/time.h"

enum { QUEUE_CORE, QUEUE_SHARED };
static const char *const queue_names[] = { "core", "shared", NULL };

#define AT(field) offsetof(struct sched_cfg, field)

const struct opt sched_opts[] = {
	{ "contexts", OPT_U32, AT(contexts), "1", 1, SCHED_MAX_CONTEXTS, "threads",
	  "threads taken to run at the same time on a core, alternating in slices", NULL },
	{ "slice", OPT_TIME, AT(slice), "1000", 1, 0, "cycles",
	  "how long one of several contexts runs before the next", NULL },
	/* base_slice_ns of Linux 6.6's EEVDF, 0.75 ms times 1 + log2 of 8 processors (kernel/sched/fair.c) */
	{ "quantum", OPT_TIME, AT(quantum), "3ms", 1, 0, "time",
	  "how long a thread keeps its context while others wait for one", NULL },
	{ "switch", OPT_TIME, AT(switch_time), "2000", 0, 0, "cycles", "giving a context to another thread",
	  NULL },
	{ "queue", OPT_ENUM, AT(queue), "core", 0, 0, NULL,
	  "where threads wait that find no core idle: one queue a core, or one for all", queue_names },
	{ "affinity", OPT_BOOL, AT(affinity), "yes", 0, 0, NULL,
	  "a thread goes back to the core where it ran last if that is idle", NULL },
	{ "pin", OPT_BOOL, AT(pin), "no", 0, 0, NULL, "thread n runs on core n modulo cores and nowhere else",
	  NULL },
	{ 0 },
};

#define STAT_STRUCT struct sched_stats
static const struct stat_desc stat_table[] = { SCHED_STATS(STAT_ROW){ 0 } };

/* ---- queues ---- */

static void queue_init(struct sched_queue *q)
{
	*q = (struct sched_queue){ .end = &q->first };
}

static void queue_put(struct sched_queue *q, struct thread *th)
{
	th->next = NULL;
	*q->end = th;
	q->end = &th->next;
	q->n++;
	q->bound += th->bound != 0;
}

/* The first one, or of those who may run anywhere. */

static struct thread *queue_take(struct sched_queue *q, bool anyone)
{
	struct thread **at = &q->first, *th;

	while (*at && !anyone && (*at)->bound)
		at = &(*at)->next;
	th = *at;
	if (!th)
		return NULL;
	*at = th->next;
	if (!th->next)
		q->end = at;
	q->n--;
	q->bound -= th->bound != 0;
	return th;
}

/* ---- */

void sched_init(struct sched *s, const struct sched_cfg *cfg, u32 cores, u64 hz)
{
	u32 i;

	*s = (struct sched){
		.cores = cores,
		.contexts = cfg->contexts,
		.one_queue = cfg->queue == QUEUE_SHARED,
		.affinity = cfg->affinity,
		.pin = cfg->pin,
		.slice = MAX(time_to_cycles(cfg->slice, hz), 1),
		.quantum = MAX(time_to_cycles(cfg->quantum, hz), 1),
		.switch_cycles = time_to_cycles(cfg->switch_time, hz),
		.core = xcalloc(cores, sizeof(*s->core)),
	};
	queue_init(&s->shared);
	for (i = 0; i < cores; i++)
		queue_init(&s->core[i].queue);
}

void sched_fini(struct sched *s)
{
	free(s->core);
}

void sched_stats_add(const struct sched *s, struct stats *st)
{
	stats_add(st, "sched", stat_table, &s->st);
}

/* ---- where a thread goes ---- */

/* Whether the core will take one thread more than those that wait for it already. */
static bool has_room(const struct sched *s, u32 core)
{
	return s->contexts > s->core[core].busy + s->core[core].queue.n;
}

static u32 idle_core(const struct sched *s, const struct thread *th)
{
	u32 i;

	if (s->shared.n)
		return SCHED_ANY;
	if (s->affinity && th->ran && has_room(s, th->last_core))
		return th->last_core;
	for (i = 0; i < s->cores; i++)
		if (has_room(s, i))
			return i;
	return SCHED_ANY;
}

static u32 shortest_queue(const struct sched *s)
{
	u32 i, best = 0;

	for (i = 1; i < s->cores; i++)
		if (s->core[i].queue.n < s->core[best].queue.n)
			best = i;
	return best;
}

static u32 home_of(const struct sched *s, const struct thread *th)
{
	u32 core;

	if (th->bound)
		return th->bound - 1;
	if (s->pin)
		return (u32)((th->serial - 1) % s->cores);
	core = idle_core(s, th);
	if (core != SCHED_ANY || s->one_queue)
		return core;
	return s->affinity && th->ran ? th->last_core : shortest_queue(s);
}

u32 sched_add(struct sched *s, struct thread *th)
{
	u32 core;

	if (!th->serial)
		th->serial = ++s->n_threads;
	core = home_of(s, th);
	queue_put(core == SCHED_ANY ? &s->shared : &s->core[core].queue, th);
	return core;
}

/* ---- what a core runs ---- */

/* The longest queue of the others in which somebody waits in vain. */
static struct sched_queue *longest_queue(struct sched *s)
{
	struct sched_queue *best = NULL;
	u32 i;

	for (i = 0; i < s->cores; i++) {
		struct sched_core *c = &s->core[i];

		if (c->queue.n == c->queue.bound || c->busy + c->queue.n <= s->contexts)
			continue;
		if (!best || c->queue.n > best->n)
			best = &c->queue;
	}
	return best;
}

static struct thread *steal(struct sched *s)
{
	struct sched_queue *q = s->pin || s->cores == 1 ? NULL : longest_queue(s);

	if (!q)
		return NULL;
	s->st.steals++;
	return queue_take(q, false);
}

static void fill(struct sched *s, struct sched_core *core, struct sched_context *c)
{
	if (c->thread)
		return;
	c->thread = queue_take(&core->queue, true);
	if (!c->thread)
		c->thread = queue_take(&s->shared, true);
	if (!c->thread)
		c->thread = steal(s);
	if (!c->thread)
		return;
	core->busy++;
	c->thread->quantum_left = s->quantum;
}

/* The thread is the context's: whether it was another's, or another core's, before. */
static u64 switch_cost(struct sched *s, struct sched_context *c, u32 core)
{
	struct thread *th = c->thread;
	bool other = c->last && c->last != th->serial;

	s->st.migrations += th->ran && th->last_core != core;
	s->st.switches += other;
	th->ran = true;
	th->last_core = core;
	c->last = th->serial;
	return other ? s->switch_cycles : 0;
}

struct thread *sched_next(struct sched *s, u32 core, u64 *cost)
{
	struct sched_core *sc = &s->core[core];
	struct sched_context *c;
	u32 i;

	for (i = 0; i < s->contexts; i++) {
		sc->turn = sc->turn + 1 < s->contexts ? sc->turn + 1 : 0;
		c = &sc->context[sc->turn];
		fill(s, sc, c);
		if (!c->thread)
			continue;
		*cost = switch_cost(s, c, core);
		return c->thread;
	}
	return NULL;
}

static struct thread *running(const struct sched *s, u32 core)
{
	const struct sched_core *c = &s->core[core];

	ASSERT(c->context[c->turn].thread);
	return c->context[c->turn].thread;
}

u64 sched_turn(const struct sched *s, u32 core)
{
	u64 left = running(s, core)->quantum_left;

	return s->contexts > 1 ? MIN(s->slice, left) : left;
}

u32 sched_used(struct sched *s, u32 core, u64 cycles)
{
	struct thread *th = running(s, core);

	if (cycles < th->quantum_left) {
		th->quantum_left -= cycles;
		return core;
	}
	th->quantum_left = s->quantum;
	if (s->core[core].queue.n || s->shared.n)
		return sched_yield_turn(s, core);
	return core;
}

void sched_remove(struct sched *s, u32 core)
{
	struct sched_core *c = &s->core[core];

	ASSERT(running(s, core));
	c->context[c->turn].thread = NULL;
	c->busy--;
}

u32 sched_yield_turn(struct sched *s, u32 core)
{
	struct thread *th = running(s, core);

	sched_remove(s, core);
	return sched_add(s, th);
}
