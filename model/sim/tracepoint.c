#include "model/sim/tracepoint.h"

#include <stdio.h>

const char *const tracepoint_name[NR_TRACEPOINTS] = {
#define X(id, name, args) name,
	TRACEPOINTS(X)
#undef X
};

void tracer_tell(struct tracer *t, const struct trace_event *e)
{
	t->count[e->kind]++;
	t->tell(t->arg, e, &t->task[e->cpu]);
}

void tracer_set_task(struct tracer *t, u32 cpu, u32 pid, u32 tid, const char *comm)
{
	if (!t)
		return;
	t->task[cpu].pid = pid;
	t->task[cpu].tid = tid;
	snprintf(t->task[cpu].comm, TRACE_COMM, "%s", comm);
}
