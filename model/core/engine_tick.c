/*
 * What the kernel does unasked: the ticks of each core and node, at their cycles, and the threads of a node
 * that somebody has woken. An idle core does it at once, at that cycle; another one as it does an interrupt:
 * before its thread goes on, between two block runs or where an access waits for another core's turn.
 *
 * Threads that have more to do share a core with others as these do among themselves: for as long as they
 * ran, each of the others may run first. Real ones are preempted for that; here a slice of theirs ends by
 * itself.
 *
 * Ticks come at whole multiples of their period. Where the work itself takes more than a half of it,
 * multiples are left out, so that the rest of the time is not only theirs.
 * While nobody has anything to do, and nobody sleeps, the replay is at its end and there are none.
 */
#include "model/core/engine_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/base/error.h"

static void schedule(struct engine_job *j, u64 when)
{
	event_schedule(j->engine->p.events, &j->ev, when);
}

/* The first multiple that is later than half a period from the core's clock. */
static void schedule_next(struct engine_job *j, const struct engine_core *c)
{
	u64 now = core_now(c->core) + j->period / 2, late = now > j->ev.when ? now - j->ev.when : 0;

	schedule(j, j->ev.when + (late / j->period + 1) * j->period);
}

/* For tracepoints: who does it. */
static void name_task(const struct engine_job *j, const struct engine_core *c)
{
	char comm[TRACE_COMM];

	if (j->tick == NR_KERNEL_TICKS && !j->flusher)
		snprintf(comm, sizeof(comm), "kswapd%u", j->node);
	else
		snprintf(comm, sizeof(comm), j->flusher ? "kworker/%u:1" : "swapper/%u", c->id);
	tracer_set_task(j->engine->tracer, c->id, 0, 0, comm);
}

static bool node_has_idle_core(const struct engine *e, u32 node)
{
	u32 i;

	for (i = 0; i < e->p.n_cores; i++)
		if (!e->cores[i].active && e->cores[i].cpu->node == node)
			return true;
	return false;
}

/* The threads of a node have had the core since `from`; if they want to go on, others come first. */
static void take_turns(struct engine_job *j, const struct engine_core *c, u64 from)
{
	struct engine *e = j->engine;
	u64 now = core_now(c->core), others = sched_wanted(&e->sched, c->id);

	j->behind = event_scheduled(&j->ev) && others && !node_has_idle_core(e, j->node);
	if (!j->behind)
		return;
	now = MAX(j->ev.when, now + (now - from) * others);
	event_cancel(e->p.events, &j->ev);
	schedule(j, now);
}

/* Nobody wants the core any more. */
void engine_hasten_threads(struct engine *e, const struct engine_core *c)
{
	struct engine_job *j = &e->job[e->n_jobs - kernel_nodes(e->p.kernel) + c->cpu->node];

	if (!j->behind || !event_scheduled(&j->ev))
		return;
	j->behind = false;
	event_cancel(e->p.events, &j->ev);
	schedule(j, MAX(MAX(core_now(c->core), e->now), j->not_before));
}

static void work(struct engine_job *j, struct engine_core *c)
{
	struct kernel *k = j->engine->p.kernel;
	u64 from = core_now(c->core);

	j->behind = false;
	if (unlikely(j->engine->tracer != NULL))
		name_task(j, c);
	if (j->flusher)
		kernel_run_flusher(k, c->cpu);
	else if (j->tick == NR_KERNEL_TICKS)
		kernel_run_threads(k, c->cpu, j->node);
	else
		kernel_tick(k, c->cpu, (enum kernel_tick)j->tick, j->node);
	core_sync(c->core);
	if (j->period)
		schedule_next(j, c);
	else if (!j->flusher)
		take_turns(j, c, from);
}

/* The node's first idle core, or the one that is named. */
static struct engine_core *place(const struct engine_job *j)
{
	struct engine_core *c = j->engine->cores, *end = c + j->engine->p.n_cores;

	for (; j->of_node && c < end; c++)
		if (!c->active && c->cpu->node == j->node)
			return c;
	return &j->engine->cores[j->core];
}

static void fire(struct event *ev, u64 now)
{
	struct engine_job *j = container_of(ev, struct engine_job, ev), **end;
	struct engine_core *c = place(j);

	if (!c->active) {
		core_wait_until(c->core, now, j->engine->n_io_waits ? PART_IO_WAIT : PART_IDLE);
		work(j, c);
		return;
	}
	j->due = true;
	j->next = NULL;
	for (end = &c->due; *end; end = &(*end)->next)
		;
	*end = j;
}

void engine_do_due(struct engine *e, struct engine_core *c)
{
	struct engine_job *j;
	u64 from;

	core_wait_until(c->core, core_now(c->core), PART_IDLE); /* no longer than for what is under way */
	from = core_now(c->core);
	while ((j = c->due)) {
		c->due = j->next;
		j->due = false;
		work(j, c);
	}
	core_delayed(c->core, from, CAUSE_KTHREAD);
}

/* Threads of a node are woken on that core. */
static void wake(void *arg, struct cpu *cpu, u32 node, u64 when)
{
	struct engine *e = arg;
	struct engine_job *j = &e->job[e->n_jobs - kernel_nodes(e->p.kernel) + node];

	if (j->due || event_scheduled(&j->ev))
		return;
	j->core = cpu->id;
	j->not_before = when;
	schedule(j, MAX(MAX(core_now(e->cores[cpu->id].core), e->now), when));
}

static void flush(void *arg, struct cpu *cpu, u64 when)
{
	struct engine *e = arg;
	struct engine_job *j = e->flusher;

	if (j->due || event_scheduled(&j->ev))
		return;
	j->core = cpu->id;
	j->node = cpu->node;
	schedule(j, MAX(MAX(core_now(e->cores[cpu->id].core), e->now), when));
}

/* The first core of a node, or of all. */
static u32 core_of_node(const struct engine *e, u32 node)
{
	u32 i;

	for (i = 0; i < e->p.n_cores; i++)
		if (e->cores[i].cpu->node == node)
			return i;
	return 0;
}

static struct engine_job *add_job(struct engine *e, u32 tick)
{
	struct engine_job *j = &e->job[e->n_jobs++];

	*j = (struct engine_job){ .ev.fire = fire, .engine = e, .tick = tick };
	return j;
}

static void add_ticks(struct engine *e, enum kernel_tick tick)
{
	u64 period = kernel_tick_period(e->p.kernel, tick);
	bool of_node = kernel_tick_is_of_node(tick);
	u32 n = kernel_tick_places(e->p.kernel, tick, e->p.n_cores), i;
	struct engine_job *j;

	for (i = 0; period && i < n; i++) {
		j = add_job(e, tick);
		j->of_node = of_node;
		j->node = of_node ? i : e->cores[i].cpu->node;
		j->core = of_node ? core_of_node(e, i) : i;
		j->period = period;
		schedule(j, kernel_tick_first(e->p.kernel, tick, i));
	}
}

void engine_begin_ticks(struct engine *e)
{
	u32 nodes = kernel_nodes(e->p.kernel), tick, i;

	e->job = xcalloc(NR_KERNEL_TICKS * MAX(e->p.n_cores, nodes) + 1 + nodes, sizeof(*e->job));
	for (tick = 0; tick < NR_KERNEL_TICKS; tick++)
		add_ticks(e, (enum kernel_tick)tick);
	e->flusher = add_job(e, NR_KERNEL_TICKS);
	e->flusher->of_node = e->flusher->flusher = true;
	for (i = 0; i < nodes; i++) {
		struct engine_job *j = add_job(e, NR_KERNEL_TICKS);

		j->of_node = true;
		j->node = i;
	}
	kernel_on_wake(e->p.kernel, wake, e);
	kernel_on_flush(e->p.kernel, flush, e);
}

void engine_end_ticks(struct engine *e)
{
	u32 i;

	kernel_on_wake(e->p.kernel, NULL, NULL);
	kernel_on_flush(e->p.kernel, NULL, NULL);
	for (i = 0; i < e->n_jobs; i++)
		event_cancel(e->p.events, &e->job[i].ev);
	free(e->job);
}
