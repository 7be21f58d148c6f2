/*
 * --explain: the runs that hold what is asked for are made one by one, and told of. --profile: accesses are
 * told as they come.
 */
#include "model/core/engine_state.h"

#include <inttypes.h>
#include <stdio.h>

void engine_set_explain(struct engine *e, struct explain *x)
{
	e->explain = x;
}

u32 engine_unexplained(const struct engine *e, const struct core_chunk *c, u32 n)
{
	bool in_runs;
	u64 left = explain_distance(e->explain, e->st.records, e->accesses, &in_runs);
	u32 i;

	if (e->mode == ENGINE_SKIP || in_runs)
		return e->mode == ENGINE_SKIP ? n : (u32)MIN(n, left);
	for (i = 0; i < n; i++) {
		u32 slots = c->code->block[c->block[c->run + i]].n_slots;

		if (left < slots)
			break;
		left -= slots;
	}
	return i;
}

enum core_stop engine_explain_run(struct engine *e, struct core_chunk *c, u64 until)
{
	const struct thread *th = e->on->current;
	enum core_stop stop;
	char where[96];

	snprintf(where, sizeof(where), "run %" PRIu64 ", process %u thread %u", e->st.records + 1,
		 th->proc->pid, th->tid);
	explain_run(e->explain, e->st.records, e->accesses + (c->begun ? c->slot : 0), where);
	c->n_runs = c->run + 1;
	core_explain(e->on->core, true);
	explaining = e->explain;
	stop = core_run(e->on->core, c, until);
	explaining = NULL;
	core_explain(e->on->core, false);
	return stop;
}

void engine_set_profile(struct engine *e, const struct profile_hook *hook)
{
	u32 i;

	e->profile = hook;
	for (i = 0; i < e->p.n_cores; i++)
		core_set_profile(e->cores[i].core, hook);
}

void engine_tell_runs(struct engine *e)
{
	const struct thread *th = e->on->current;

	e->profile->runs(e->profile->arg, e->on->id, th->rec->index, th->proc->pid);
}

/* A run that stopped in its middle is told when it is done. */
void engine_tell_accesses(struct engine *e, const struct core_chunk *c, u32 from)
{
	if (e->profile->on && e->mode == ENGINE_TIMED && c->at > from)
		e->profile->accesses(e->profile->arg, e->on->id, c->addr + from, c->at - from);
}
