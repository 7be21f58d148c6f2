#include "model/core/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/core/engine_state.h"

static const char *const allocation_names[] = { "all", "pages", "objects", NULL };
static const char *const touch_names[] = { "none", "line", "all", NULL };

const struct opt engine_opts[] = {
	{ "buffer", OPT_SIZE, offsetof(struct engine_cfg, buffer), "32M", 1u << 16, 1ull << 40, "bytes",
	  "packets of other threads read ahead while a thread waits for its next", NULL },
	{ "sleep_scale", OPT_U32, offsetof(struct engine_cfg, sleep_scale), "0", 0, 1000, "percent",
	  "of recorded waits for the outside (sleep, network) that are replayed; 0 drops them", NULL },
	{ "gap_scale", OPT_U32, offsetof(struct engine_cfg, gap_scale), "0", 0, 1000, "percent",
	  "of the recorded time between allocation events that passes at least; 0 drops it", NULL },
	{ "allocations", OPT_ENUM, offsetof(struct engine_cfg, allocations), "all", 0, 0, NULL,
	  "which allocation events happen; recordings of both hold the pages of the recorded slabs, too",
	  allocation_names },
	{ "stand_ins", OPT_BOOL, offsetof(struct engine_cfg, stand_ins), "no", 0, 0, NULL,
	  "frees of pages that were allocated before the recording free others in their place", NULL },
	{ "touch", OPT_ENUM, offsetof(struct engine_cfg, touch), "none", 0, 0, NULL,
	  "what users of recorded pages and objects touch of them, beyond what the recording says",
	  touch_names },
	{ 0 },
};

const struct opt layout_opts[] = {
	{ "rebase", OPT_BOOL, offsetof(struct engine_cfg, rebase), "no", 0, 0, NULL,
	  "recordings with addresses beyond the layout's user space are packed into it by regions of 2 MB",
	  NULL },
	{ 0 },
};

#define STAT_STRUCT struct engine_stats
static const struct stat_desc engine_table[] = { ENGINE_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct engine_run_stats
static const struct stat_desc engine_run_table[] = { ENGINE_RUN_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT
#define STAT_STRUCT struct order_stats
static const struct stat_desc order_table[] = { ORDER_STATS(STAT_ROW){ 0 } };
#undef STAT_STRUCT

struct engine *engine_new(const struct engine_params *p)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	u32 i;

	e->p = *p;
	e->cores = xcalloc(p->n_cores, sizeof(*e->cores));
	for (i = 0; i < p->n_cores; i++) {
		e->cores[i].core = p->cores[i];
		e->cores[i].cpu = core_cpu(p->cores[i]);
		e->cores[i].id = i;
	}
	e->on = e->cores;
	e->n_idle = p->n_cores;
	e->horizon = ~(u64)0;
	e->next_check = p->check_every ? p->check_every : ~(u64)0;
	e->goal = (struct engine_goal){ .instructions = ~(u64)0, .cycle = ~(u64)0 };
	sched_init(&e->sched, p->sched, p->n_cores, p->hz);
	engine_begin_ticks(e);
	return e;
}

/* Address spaces of processes that were forked, but of which no thread was ever seen, end here. */
void engine_end_recordings(struct engine *e)
{
	struct process *p;
	u32 i;

	for (i = 0; i < e->p.n_cores; i++)
		e->cores[i].held = NULL;
	while (e->n_recordings) {
		struct recording *r = e->recordings[--e->n_recordings];

		for (p = r->processes; p; p = p->next)
			engine_end_mm(e, p);
		e->st.lost += trace_lost(r->trace);
		e->unknown_dep |= r->code.unknown_dep;
		recording_free(r);
	}
}

bool engine_unknown_dependence(const struct engine *e)
{
	u32 i;

	for (i = 0; i < e->n_recordings; i++)
		if (e->recordings[i]->code.unknown_dep)
			return true;
	return e->unknown_dep;
}

void engine_free(struct engine *e)
{
	engine_end_recordings(e);
	engine_end_ticks(e);
	free(e->recordings);
	engine_files_free(e);
	sched_fini(&e->sched);
	free(e->cores);
	free(e);
}

void engine_stats_add(struct engine *e, struct stats *s)
{
	stats_add(s, "replay", engine_table, &e->st);
	stats_add(s, "replay", order_table, &e->order_st);
	stats_add(s, "engine", engine_run_table, &e->run_st);
	sched_stats_add(&e->sched, s);
}

void engine_add(struct engine *e, struct trace *t)
{
	struct rebase *rebase = e->p.cfg->rebase ? rebase_new(kernel_user_end(e->p.kernel)) : NULL;
	struct recording *r = recording_new(t, e->n_made++, e->p.line, e->p.page_shift, rebase, e);

	e->recordings = xrealloc(e->recordings, (e->n_recordings + 1) * sizeof(*e->recordings));
	r->order.st = &e->order_st;
	e->recordings[e->n_recordings++] = r;
	engine_read(e, r);
}

/* ---- address spaces ---- */

void engine_end_mm(struct engine *e, struct process *p)
{
	u32 i;

	if (!p->mm)
		return;
	for (i = 0; i < e->p.n_cores; i++)
		if (e->cores[i].loaded == p->mm)
			e->cores[i].loaded = NULL;
	mm_put(p->mm, e->on->cpu);
	p->mm = NULL;
}

/*
 * A process that no recorded FORK made: the one with which the recording starts, or one whose beginning is
 * lost, and with it what it mapped.
 */
static void be_born(struct engine *e, struct thread *th)
{
	struct process *p = th->proc;
	bool starts = !th->packet->number && (!th->packet->seen || p == th->rec->processes);

	if (!starts)
		e->st.unforked++;
	e->st.processes++;
	p->born = true;
	p->mm = mm_new(e->p.kernel, !starts || !trace_has_mappings(th->rec->trace));
	if (p->mm)
		mm_join_group(p->mm, NULL, p->pid);
	else
		e->st.oom++;
}

/* The thread's address space is the core's from now on. A thread whose process has none any more drains. */
static void load_mm(struct engine *e, struct thread *th)
{
	struct process *p = th->proc;
	u8 service;

	if (!p->born)
		be_born(e, th);
	if (!p->mm) {
		th->draining = true;
		return;
	}
	core_set_mm(e->on->core, p->mm);
	service = service_of(e->p.service, th->rec->index, p->pid);
	core_set_service(e->on->core, service, service_of_kernel(e->p.service, service));
	mm_load(p->mm, e->on->cpu);
	e->on->loaded = p->mm;
}

/* Tracepoints tell a thread by the name of its recording, "sort" of "traces/sort.mmtrace.gz". */
static void name_task(const struct engine *e, const struct thread *th)
{
	const char *path = trace_path(th->rec->trace), *slash = strrchr(path, '/'), *name;
	char comm[TRACE_COMM];

	name = slash ? slash + 1 : path;
	snprintf(comm, sizeof(comm), "%.*s", (int)MIN(strcspn(name, ". \t\n"), sizeof(comm) - 1), name);
	tracer_set_task(e->tracer, e->on->id, th->proc->pid, th->tid, *comm ? comm : "-");
}

/* What the kernel has of the thread is made when it runs first, at its own cost. */
static void run_task(struct engine *e, struct thread *th)
{
	if (unlikely(e->tracer != NULL))
		name_task(e, th);
	if (!th->task)
		th->task = kernel_task_new(e->p.kernel, e->on->cpu);
	kernel_task_run(e->p.kernel, e->on->cpu, th->task);
}

/* ---- ends ---- */

enum step engine_end_thread(struct engine *e, struct thread *th)
{
	struct process *p = th->proc;

	if (th == e->on->current) {
		sched_remove(&e->sched, e->on->id);
		th->rec->n_going--;
		e->on->loaded = NULL;
	}
	engine_let_go(e, th);
	e->st.threads++;
	kernel_task_free(e->p.kernel, e->on->cpu, th->task);
	th->task = NULL;
	engine_changed(e, th->rec);
	if (thread_end(th))
		engine_ready(e, th, core_now(e->on->core));
	if (!p->n_threads)
		engine_end_mm(e, p);
	return STEP_LEFT;
}

static void report(struct engine *e, const struct thread *th, bool oom)
{
	struct engine_death *d = &e->deaths[e->n_deaths];

	if (e->n_deaths == ENGINE_DEATHS)
		return;
	e->n_deaths++;
	*d = (struct engine_death){
		.pid = th->proc->pid,
		.tid = th->tid,
		.oom = oom,
		.trap = *core_trap(e->on->core),
		.record = e->st.records,
	};
	mm_describe(th->proc->mm, d->trap.va, d->around, sizeof(d->around));
}

enum step engine_kill_oom(struct engine *e, struct thread *th)
{
	report(e, th, true);
	e->st.oom++;
	engine_end_mm(e, th->proc);
	th->draining = true;
	return STEP_DONE;
}

/*
 * An access outside every mapping. The recorder notes what a thread has seen at the start of a block, so a
 * block may use what another thread mapped while it ran: as long as what follows tells of numbers that were
 * not applied yet, the access is made again after the next one.
 */
static enum step segv(struct engine *e, struct thread *th)
{
	struct order *o = &th->rec->order;
	u64 seen;

	engine_read_for(e, th);
	seen = thread_next_seen(th);
	if (!order_passed(o, seen)) {
		e->st.early_accesses++;
		return engine_wait_order(e, th, o->applied + 1, seen);
	}
	report(e, th, false);
	e->st.segv++;
	th->draining = true;
	return STEP_DONE;
}

/* ---- running ---- */

void engine_idle_until(struct engine *e, u64 when)
{
	if (when > core_now(e->on->core))
		core_wait_until(e->on->core, when, PART_IDLE);
}

bool engine_others_turn(const struct engine *e)
{
	return core_due(e->on->core) >= e->horizon;
}

void engine_changed(struct engine *e, struct recording *r)
{
	e->recheck = true;
	r->changed_at = MAX(r->changed_at, core_now(e->on->core));
}

/* With ~0, which no count reaches, nothing is added up. */
static u64 instructions_to_goal(const struct engine *e)
{
	u64 done = e->goal.instructions == ~(u64)0 ? 0 : engine_instructions(e);

	return e->goal.instructions - MIN(done, e->goal.instructions);
}

bool engine_reached(const struct engine *e)
{
	return e->st.records >= e->limit || !instructions_to_goal(e) || e->now >= e->goal.cycle;
}

/* Where to stop in the chunk: with the run that gets to the limit or the goal, or at its end. */
static u32 runs_to_goal(const struct engine *e, const struct core_chunk *c)
{
	u64 left = instructions_to_goal(e);
	u32 n = (u32)MIN(c->n_runs, c->run + (e->limit - e->st.records)), i;

	if (left >= (u64)TR_CHUNK_RUNS * TR_MAX_INSNS)
		return n;
	for (i = c->run; i < n && left; i++)
		left -= MIN(left, c->code->block[c->block[i]].n_insns);
	return i;
}

/* The runs pass without being made. One that has begun is not among them. */
static enum core_stop pass_over(struct engine *e, struct core_chunk *c, u64 until)
{
	u32 from = c->run, i;
	enum core_stop stop;

	engine_repeat(e, false);
	stop = core_pass_over(e->on->core, c, until);
	for (i = from; i < c->run; i++)
		e->skipped_insns += c->code->block[c->block[i]].n_insns;
	e->st.skipped += c->run - from;
	return stop;
}

static enum core_stop run_until(struct engine *e, struct core_chunk *c)
{
	u64 until = MIN(MIN(e->on->turn_end, event_next(e->p.events)), MIN(e->run_until, e->goal.cycle));
	u32 from = c->run, n_runs = c->n_runs, at = c->at;
	enum core_stop stop;

	engine_note_place(e, false);
	if (unlikely(e->profile != NULL))
		engine_tell_runs(e);
	c->n_runs = runs_to_goal(e, c);
	if (unlikely(e->explain != NULL))
		c->n_runs = c->run + engine_unexplained(e, c, c->n_runs - c->run);
	if (c->n_runs == c->run)
		stop = engine_explain_run(e, c, until);
	else if (e->mode == ENGINE_SKIP && !c->begun)
		stop = pass_over(e, c, until);
	else
		stop = core_run(e->on->core, c, until);
	c->n_runs = n_runs;
	if (unlikely(e->profile != NULL))
		engine_tell_accesses(e, c, at);
	e->accesses += c->at - at;
	e->st.records += c->run - from;
	return stop;
}

/* STEP_DONE: the chunk's runs are done. */
static enum step run_chunk(struct engine *e, struct thread *th)
{
	struct core_chunk *c = &th->chunk;

	th->resting &= c->run == c->n_runs;
	while (!th->draining && c->run < c->n_runs) {
		switch (run_until(e, c)) {
		case CORE_DONE:
			if (engine_reached(e))
				return STEP_AGAIN;
			break;
		case CORE_QUANTUM:
		case CORE_AHEAD:
			return STEP_AGAIN;
		case CORE_BLOCK:
			return engine_block(e, th);
		case CORE_SEGV:
			engine_note_stop(e);
			return segv(e, th);
		case CORE_OOM:
			engine_note_stop(e);
			return engine_kill_oom(e, th);
		}
	}
	c->begun = false;
	e->st.dropped += c->n_runs - c->run;
	c->run = c->n_runs;
	return STEP_DONE;
}

/* The thread gets its next chunk. A thread that waits for another is not read ahead for. */
static enum step fetch(struct engine *e, struct thread *th)
{
	while (!th->packet || !thread_next_chunk(th)) {
		if (!th->packet && !th->first && (th->waiting || !engine_read_for(e, th))) {
			if (!th->rec->ended)
				return engine_starve(e, th);
			e->st.cut++;
			return engine_end_thread(e, th);
		}
		if (!thread_next_packet(th))
			continue;
		if (!order_passed(&th->rec->order, th->packet->seen))
			return engine_wait_order(e, th, th->packet->seen, th->packet->seen);
		engine_idle_until(e, order_time(&th->rec->order, th->packet->seen));
	}
	th->waiting = false;
	th->alive = true;
	return STEP_DONE;
}

/* A chunk of the running thread, and the event behind it. */
enum step engine_step(struct engine *e, struct thread *th)
{
	enum step s;

	if (engine_others_turn(e))
		return STEP_AGAIN;
	if (!th->has_chunk && (s = fetch(e, th)) != STEP_DONE)
		return s;
	if (engine_others_turn(e))
		return STEP_AGAIN;
	if (!th->proc->mm || th->proc->mm != e->on->loaded)
		load_mm(e, th);
	run_task(e, th);
	s = run_chunk(e, th);
	if (s != STEP_DONE)
		return s;
	if (engine_others_turn(e))
		return STEP_AGAIN;
	s = engine_event(e, th);
	if (s == STEP_DONE)
		th->has_chunk = false;
	return s;
}

void engine_set_mode(struct engine *e, enum engine_mode mode)
{
	e->mode = mode;
}

void engine_set_goal(struct engine *e, const struct engine_goal *goal)
{
	e->goal = *goal;
}

void engine_set_timeline(struct engine *e, struct timeline *t)
{
	e->timeline = t;
	kernel_set_timeline(e->p.kernel, t);
}

void engine_set_tracer(struct engine *e, struct tracer *t)
{
	e->tracer = t;
	kernel_set_tracer(e->p.kernel, t);
}

const char *engine_mark(const struct engine *e)
{
	return e->mark;
}

u64 engine_instructions(const struct engine *e)
{
	u64 sum = e->skipped_insns;
	u32 i;

	for (i = 0; i < e->p.n_cores; i++)
		sum += core_instructions(e->cores[i].core);
	return sum;
}

const struct engine_stats *engine_counts(const struct engine *e)
{
	return &e->st;
}

u64 engine_bytes_read(const struct engine *e)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < e->n_recordings; i++)
		bytes += trace_bytes_read(e->recordings[i]->trace);
	return bytes;
}

u64 engine_bytes_total(const struct engine *e)
{
	u64 bytes = 0, one;
	u32 i;

	for (i = 0; i < e->n_recordings; i++) {
		one = trace_bytes_total(e->recordings[i]->trace);
		if (!one)
			return 0;
		bytes += one;
	}
	return bytes;
}

u64 engine_syscalls(const struct engine *e, u32 number)
{
	return e->syscalls[number];
}

u32 engine_deaths(const struct engine *e, const struct engine_death **deaths)
{
	*deaths = e->deaths;
	return e->n_deaths;
}
