/*
 * Threads that wait: for a number, for each other, for their next packet; and how the replay goes on when
 * nobody can.
 */
#include "model/core/engine_state.h"

#include "model/base/error.h"

void engine_ready(struct engine *e, struct thread *th, u64 when)
{
	if (th->state == THREAD_STARVED)
		th->rec->n_starved--;
	th->rec->n_going += th->state != THREAD_ASLEEP;
	th->state = THREAD_READY;
	th->ready_at = MAX(MAX(th->ready_at, when), e->now);
	engine_placed(e, th, sched_add(&e->sched, th));
}

void engine_yield(struct engine *e)
{
	struct thread *th = e->on->current;

	th->ready_at = core_now(e->on->core);
	engine_placed(e, th, sched_yield_turn(&e->sched, e->on->id));
}

static void leave_core(struct engine *e, struct thread *th, enum thread_state state)
{
	ASSERT(th == e->on->current);
	sched_remove(&e->sched, e->on->id);
	th->rec->n_going -= state != THREAD_ASLEEP;
	th->state = state;
	th->ready_at = core_now(e->on->core);
	e->on->loaded = NULL;
	if (state != THREAD_ASLEEP && !th->resting) {
		e->on->held = th;
		th->held_on = e->on->id + 1;
	} else {
		kernel_enter_lazy(e->p.kernel, e->on->cpu);
	}
	engine_changed(e, th->rec);
}

static enum step block(struct engine *e, struct thread *th, enum thread_state state)
{
	struct recording *r = th->rec;

	leave_core(e, th, state);
	th->next = NULL;
	*r->blocked_end = th;
	r->blocked_end = &th->next;
	e->st.order_waits++;
	return STEP_LEFT;
}

enum step engine_wait_order(struct engine *e, struct thread *th, u64 need, u64 stands)
{
	th->need = need;
	th->stands = stands;
	return block(e, th, THREAD_ORDER);
}

enum step engine_wait_taking(struct engine *e, struct thread *th)
{
	th->stands = order_before(&th->event);
	return block(e, th, THREAD_TAKING);
}

static void wake_up(struct event *ev, u64 now)
{
	struct thread *th = container_of(ev, struct thread, wake);

	th->rec->engine->n_asleep--;
	th->rec->engine->n_io_waits -= th->io_wait;
	engine_ready(th->rec->engine, th, now);
}

enum step engine_sleep(struct engine *e, struct thread *th, u64 until)
{
	leave_core(e, th, THREAD_ASLEEP);
	e->n_asleep++;
	th->wake.fire = wake_up;
	event_schedule(e->p.events, &th->wake, until);
	return STEP_LEFT;
}

enum step engine_block(struct engine *e, struct thread *th)
{
	u64 until = e->on->cpu->block_until;

	if (until > core_now(e->on->core)) {
		th->io_wait = true;
		e->n_io_waits++;
		return engine_sleep(e, th, until);
	}
	engine_yield(e);
	return STEP_LEFT;
}

enum step engine_starve(struct engine *e, struct thread *th)
{
	leave_core(e, th, THREAD_STARVED);
	th->rec->n_starved++;
	return STEP_LEFT;
}

bool engine_others_stand(const struct thread *th, u64 n, u64 *when)
{
	const struct thread *other;

	*when = 0;
	for (other = th->proc->threads; other; other = other->next_of_process) {
		if (other == th)
			continue;
		if (!thread_stands(other, n))
			return false;
		*when = MAX(*when, other->ready_at);
	}
	return true;
}

static bool can_go_on(const struct thread *th)
{
	u64 when;

	if (th->state == THREAD_ORDER)
		return order_passed(&th->rec->order, th->need);
	return engine_others_stand(th, th->event.seq, &when);
}

/* The blocked thread that *at points to goes to the scheduler. */
static void unlink_blocked(struct recording *r, struct thread **at)
{
	struct thread *th = *at;

	*at = th->next;
	if (!th->next)
		r->blocked_end = at;
}

bool engine_read(struct engine *e, struct recording *r)
{
	struct thread *th;

	if (r->buffered >= e->p.cfg->buffer)
		return false;
	th = recording_read(r);
	if (!th)
		return false;
	e->st.packets++;
	if (th->state == THREAD_STARVED)
		engine_ready(e, th, 0);
	return true;
}

static void wake_blocked(struct engine *e, struct recording *r)
{
	struct thread **at = &r->blocked, *th;

	while ((th = *at)) {
		if (!can_go_on(th)) {
			at = &th->next;
			continue;
		}
		unlink_blocked(r, at);
		engine_ready(e, th, r->changed_at);
	}
	/* Who could let them go on stands further on in the file: other programs do not run on meanwhile. */
	while (!r->n_going && engine_read(e, r))
		;
}

void engine_wake_blocked(struct engine *e)
{
	u32 i;

	if (!e->recheck)
		return;
	e->recheck = false;
	for (i = 0; i < e->n_recordings; i++)
		wake_blocked(e, e->recordings[i]);
}

bool engine_read_for(struct engine *e, struct thread *th)
{
	while (!th->first)
		if (!engine_read(e, th->rec))
			return false;
	return true;
}

bool engine_read_ahead(struct engine *e, bool starved)
{
	u32 i;

	for (i = 0; i < e->n_recordings; i++) {
		struct recording *r = e->recordings[i];

		if ((r->n_starved || !starved) && engine_read(e, r))
			return true;
	}
	return false;
}

/* At the end of a recording nobody has anything to wait for any more. */
static bool end_starved(struct engine *e, struct recording *r)
{
	struct process *p;
	struct thread *th, *next;

	if (!r->ended || !r->n_starved)
		return false;
	for (p = r->processes; p; p = p->next) {
		for (th = p->threads; th; th = next) {
			next = th->next_of_process;
			if (th->state != THREAD_STARVED)
				continue;
			e->st.cut++;
			engine_end_thread(e, th);
		}
	}
	return true;
}

/* Somebody waits for threads that have nothing to run as far as the recording was read: do not wait. */
static bool assume_they_stand(struct engine *e, struct recording *r)
{
	struct thread **at;

	for (at = &r->blocked; *at; at = &(*at)->next) {
		struct thread *th = *at;

		if (th->state != THREAD_TAKING)
			continue;
		unlink_blocked(r, at);
		r->order.st->order_assumed++;
		th->assumed = true;
		engine_ready(e, th, 0);
		return true;
	}
	return false;
}

/* Nobody holds the numbers below those at which the threads stand: go on without them. */
static bool skip_gap(struct engine *e, struct recording *r)
{
	u64 least = ~(u64)0;
	const struct thread *th;

	if (!r->blocked)
		return false;
	for (th = r->blocked; th; th = th->next)
		least = MIN(least, th->stands);
	order_skip(&r->order, least);
	engine_changed(e, r);
	return true;
}

bool engine_unblock(struct engine *e)
{
	u32 i;

	for (i = 0; i < e->n_recordings; i++) {
		struct recording *r = e->recordings[i];

		if (end_starved(e, r) || assume_they_stand(e, r) || skip_gap(e, r))
			return true;
	}
	return false;
}
