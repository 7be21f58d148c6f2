/* Page faults before a checkpoint: noted where they happen, and made to happen there again. */
#include "model/core/engine_state.h"

#include "model/base/error.h"

void engine_log_traps(struct engine *e, struct trap_log *log)
{
	e->log = log;
	core_log_traps(e->on->core, log);
}

void engine_repeat_traps(struct engine *e, struct trap_log *log)
{
	e->repeat = log;
}

void engine_note_place(struct engine *e, bool copies)
{
	if (!e->log)
		return;
	e->log->records = e->st.records;
	e->log->copies = copies;
}

void engine_note_stop(struct engine *e)
{
	if (e->log)
		e->log->unusual = true;
}

/* A run's come before it, so those of a copy at the same place came earlier. */
static bool is_due(const struct engine *e, const struct trap_note *n, bool copies)
{
	return copies ? n->copies || n->records < e->st.records : !n->copies && n->records <= e->st.records;
}

void engine_repeat(struct engine *e, bool copies)
{
	while (engine_repeat_within(e, copies, 0, ~(u64)0))
		;
}

bool engine_repeat_within(struct engine *e, bool copies, u64 start, u64 end)
{
	struct trap_log *l = e->repeat;
	const struct trap_note *n;
	enum core_stop stop;
	bool ended = false;

	for (; l && !ended && l->next < l->n && is_due(e, &l->note[l->next], copies); l->next++) {
		n = &l->note[l->next];
		if (n->va < start || n->va >= end)
			break;
		stop = core_fault(e->on->core, &(struct trap){ n->va, n->access, n->present });
		if (stop != CORE_DONE && !n->copies)
			die("the checkpoint is not of this recording: a page fault at 0x%llx, which it "
			    "holds, is impossible here", (unsigned long long)n->va);
		ended = stop == CORE_SEGV;
		e->st.efaults += ended;
	}
	return ended;
}
