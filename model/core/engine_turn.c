/*
 * Whose turn it is: the core whose clock is least goes on, with the thread that the scheduler gives it, until
 * another core's clock is less.
 */
#include "model/core/engine_state.h"

#include "model/base/error.h"
#include "model/core/check_tlb.h"
#include "model/sim/time.h"

/* What engine_run() does before it lets its caller look: turns of cores, or block runs. */
#define BATCH      16384u
#define BATCH_RUNS 131072u

void engine_placed(struct engine *e, struct thread *th, u32 core)
{
	struct engine_core *c = &e->cores[core];
	enum core_part part = th->io_wait ? PART_IO_WAIT : PART_IDLE;

	th->io_wait = false;
	if (core == SCHED_ANY || c->active)
		return;
	c->active = true;
	e->n_idle--;
	kernel_set_idle(e->p.kernel, c->cpu, false);
	if (th->ready_at > core_now(c->core))
		core_wait_until(c->core, th->ready_at, part);
}

void engine_let_go(struct engine *e, struct thread *th)
{
	struct engine_core *c;

	if (!th->held_on)
		return;
	c = &e->cores[th->held_on - 1];
	th->held_on = 0;
	c->held = NULL;
	if (!c->active)
		kernel_set_idle(e->p.kernel, c->cpu, true);
}

/* Not in the middle of a block run, which belongs to the core. */
static bool turn_is_over(const struct engine_core *c)
{
	return core_now(c->core) >= c->turn_end && !c->current->chunk.begun;
}

static void end_turn(struct engine *e)
{
	struct engine_core *c = e->on;
	struct thread *th = c->current;

	th->ready_at = core_now(c->core);
	engine_placed(e, th, sched_used(&e->sched, c->id, th->ready_at - c->turn_start));
	c->current = NULL;
}

/* A turn of a thread, which may be gone, is over. */
static void tell_turn(const struct engine *e, struct engine_core *c, u32 pid, u32 tid)
{
	u64 now = core_now(c->core);

	timeline_span(e->timeline, c->id, TL_RUN, MAX(c->turn_start, c->turn_told), now, pid, tid);
	c->turn_told = now;
}

void engine_tell_turns(struct engine *e)
{
	struct engine_core *c;

	for (c = e->cores; c < e->cores + e->p.n_cores; c++)
		if (c->current)
			tell_turn(e, c, c->current->proc->pid, c->current->tid);
}

static void act(struct engine *e)
{
	const struct thread *th = e->on->current;
	u32 pid = th->proc->pid, tid = th->tid;

	if (engine_step(e, e->on->current) == STEP_LEFT)
		e->on->current = NULL;
	else if (turn_is_over(e->on))
		end_turn(e);
	if (!e->on->current)
		tell_turn(e, e->on, pid, tid);
}

/* ---- whose turn it is ---- */

/* The context's turn begins. */
static void begin_turn(struct engine *e, u64 cost)
{
	struct engine_core *c = e->on;
	u64 now;

	if (c->held && c->held != c->current)
		engine_let_go(e, c->held);
	engine_let_go(e, c->current);
	engine_idle_until(e, c->current->ready_at);
	now = core_now(c->core);
	if (cost)
		core_wait_until(c->core, now + cost, PART_SWITCH);
	c->turn_start = now + cost;
	c->turn_end = c->turn_start + sched_turn(&e->sched, c->id);
}

/* The core looks for a thread. False: there is none, it is idle. */
static bool pick(struct engine *e)
{
	struct engine_core *c = e->on;
	u64 cost;

	engine_wake_blocked(e);
	c->current = sched_next(&e->sched, c->id, &cost);
	if (c->current) {
		begin_turn(e, cost);
		return true;
	}
	c->active = false;
	c->loaded = NULL;
	e->n_idle++;
	if (c->held)
		kernel_hold(e->p.kernel, c->cpu);
	else
		kernel_set_idle(e->p.kernel, c->cpu, true);
	engine_hasten_threads(e, c);
	return false;
}

/* The core that is not idle and whose clock is least. *others: the slot at which another one's turn comes. */
static struct engine_core *earliest(struct engine *e, u64 *others)
{
	struct engine_core *first = NULL, *c;
	u64 least = ~(u64)0, due;

	*others = ~(u64)0;
	for (c = e->cores; c < e->cores + e->p.n_cores; c++) {
		if (!c->active)
			continue;
		due = core_due(c->core);
		if (due < least) {
			*others = least;
			least = due;
			first = c;
		} else {
			*others = MIN(*others, due + 1); /* of equal clocks the first core's is first */
		}
	}
	return first;
}

/* While a core is idle, who can go on is not left to wait. */
static void employ_idle(struct engine *e)
{
	if (!e->n_idle || e->n_idle == e->p.n_cores)
		return;
	engine_wake_blocked(e);
	while (e->n_idle && engine_read_ahead(e, true))
		;
}

/* Everybody is idle. False: for good. */
static bool revive(struct engine *e)
{
	engine_wake_blocked(e);
	if (e->n_idle < e->p.n_cores || engine_read_ahead(e, false))
		return true;
	if (!e->n_asleep)
		return engine_unblock(e);
	e->now = event_next(e->p.events);
	event_run(e->p.events, e->now);
	return true;
}

static u64 slots_of(const struct engine *e, u64 cycle)
{
	return cycle > ~(u64)0 / e->p.width ? ~(u64)0 : cycle * e->p.width;
}

/* The core goes on alone up to that slot, and a little further on its own. */
static void set_horizon(struct engine *e, u64 slot)
{
	u64 cycle = slot / e->p.width + 1;

	e->horizon = slot;
	e->run_until = slot == ~(u64)0 ? slot : cycle + e->p.run_ahead;
	core_set_horizon(e->on->core, slot);
}

/* It is the core's turn. False: not yet, something was due before, or it is idle. */
static bool take_turn(struct engine *e, struct engine_core *c, u64 others)
{
	u64 event = event_next(e->p.events);

	if (event <= e->now) {
		event_run(e->p.events, e->now);
		return false;
	}
	if (unlikely(c->due != NULL)) {
		engine_do_due(e, c);
		return false;
	}
	/* An event may give an idle core something to do. */
	set_horizon(e, e->n_idle ? MIN(others, slots_of(e, event)) : others);
	return c->current || pick(e);
}

/* Chooses the core that goes on, and how far it may. */
static enum engine_status choose(struct engine *e)
{
	struct engine_core *c;
	u64 others;

	for (;;) {
		employ_idle(e);
		c = earliest(e, &others);
		if (c) {
			e->on = c;
			e->now = core_due(c->core) / e->p.width;
		}
		if (engine_reached(e))
			return ENGINE_LIMIT;
		if (c ? take_turn(e, c, others) : !revive(e))
			return c ? ENGINE_MORE : ENGINE_END;
	}
}

static void check(struct engine *e)
{
	u32 i;

	e->next_check += e->p.check_every;
	kernel_check(e->p.kernel);
	for (i = 0; i < e->p.n_cores; i++) {
		core_sane(e->cores[i].core);
		check_tlb(e->cores[i].core, e->p.kernel);
	}
}

static void note_place(const struct engine *e)
{
	sim_place.core = e->on->id;
	sim_place.cycle = core_now(e->on->core);
	sim_place.record = e->st.records;
}

/* What a caller may look at between two calls of engine_run(). */
static void bring_up_to_date(struct engine *e)
{
	u32 i;

	kernel_sync(e->p.kernel);
	e->st.references = e->run_st.late = 0;
	for (i = 0; i < e->p.n_cores; i++) {
		core_sync(e->cores[i].core);
		e->st.references += core_references(e->cores[i].core);
		e->run_st.late += core_late(e->cores[i].core);
	}
}

static enum engine_status run_batch(struct engine *e)
{
	u64 enough = e->st.records + BATCH_RUNS;
	enum engine_status status;
	u32 n;

	for (n = 0; n < BATCH && e->st.records < enough; n++) {
		status = choose(e);
		if (status != ENGINE_MORE)
			return status;
		act(e);
		note_place(e);
		if (e->st.records >= e->next_check)
			check(e);
		if (e->marked && e->goal.marks)
			return ENGINE_MARK;
	}
	return ENGINE_MORE;
}

enum engine_status engine_run(struct engine *e, u64 limit)
{
	enum engine_status status;

	e->limit = limit;
	e->marked = false;
	time_stands = e->mode != ENGINE_TIMED;
	status = run_batch(e);
	time_stands = false;
	if (status == ENGINE_END) {
		engine_end_recordings(e);
		engine_finish(e);
	}
	bring_up_to_date(e);
	return status;
}

/* The cycle in which a core has issued last is begun, and so counts. */
static u64 cycles_begun(const struct engine *e, const struct engine_core *c)
{
	return (core_due(c->core) + e->p.width - 1) / e->p.width;
}

/* All cores end with the same number of cycles. */
void engine_finish(struct engine *e)
{
	struct engine_core *c;
	u64 last = 0;

	for (c = e->cores; c < e->cores + e->p.n_cores; c++)
		last = MAX(last, cycles_begun(e, c));
	for (c = e->cores; c < e->cores + e->p.n_cores; c++)
		if (!c->active && cycles_begun(e, c) < last)
			core_wait_until(c->core, last, PART_IDLE);
}

u64 engine_now(const struct engine *e)
{
	const struct engine_core *c;
	u64 least = ~(u64)0, most = 0;

	for (c = e->cores; c < e->cores + e->p.n_cores; c++) {
		most = MAX(most, core_now(c->core));
		if (c->active)
			least = MIN(least, core_now(c->core));
	}
	return MIN(least, most);
}
