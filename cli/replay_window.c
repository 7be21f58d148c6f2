/* mmsim replay: the parts of a replay, one after the other: skipped, without time, to warm up, measured. */
#include <inttypes.h>
#include <string.h>

#include "cli/replay.h"
#include "model/base/error.h"

static const struct replay_goal never = { ~(u64)0, ~(u64)0, ~(u64)0 };

static struct engine *engine_of(const struct replay *r)
{
	return r->machine->engine;
}

static u64 *goal_unit(struct replay_goal *g, enum unit unit)
{
	return unit == UNIT_RUNS ? &g->records : unit == UNIT_INSNS ? &g->instructions : &g->cycle;
}

struct replay_goal replay_position(const struct replay *r)
{
	const struct engine *e = engine_of(r);

	return (struct replay_goal){ engine_counts(e)->records, engine_instructions(e), engine_now(e) };
}

static struct replay_goal goal_after(const struct replay *r, struct amount a)
{
	struct replay_goal g = never, now = replay_position(r);
	u64 here = *goal_unit(&now, a.unit);

	if (a.n && a.n < ~(u64)0 - here)
		*goal_unit(&g, a.unit) = here + a.n;
	return g;
}

static struct replay_goal first_of(const struct replay_goal *a, const struct replay_goal *b)
{
	return (struct replay_goal){ MIN(a->records, b->records), MIN(a->instructions, b->instructions),
			      MIN(a->cycle, b->cycle) };
}

static bool is_reached(const struct replay *r, const struct replay_goal *g)
{
	struct replay_goal now = replay_position(r);

	return now.records >= g->records || now.instructions >= g->instructions || now.cycle >= g->cycle;
}

enum replay_stop replay_run_to(struct replay *r, enum engine_mode mode, const struct replay_goal *g,
			       bool marks)
{
	const struct engine_goal goal = { g->instructions, g->cycle, marks };
	struct engine *e = engine_of(r);

	engine_set_mode(e, mode);
	engine_set_goal(e, &goal);
	for (;;) {
		switch (engine_run(e, g->records)) {
		case ENGINE_LIMIT:
			return REPLAY_AT_GOAL;
		case ENGINE_MARK:
			return REPLAY_AT_MARK;
		case ENGINE_END:
			if (!r->loops_left)
				return REPLAY_AT_END;
			r->loops_left--;
			replay_begin_traces(r);
			break;
		case ENGINE_MORE:
			progress_show(&r->progress, engine_counts(e)->references, engine_bytes_read(e),
				      engine_bytes_total(e));
		}
	}
}

/* A part before the measured one. */
static void pass(struct replay *r, const char *option, struct amount a, enum engine_mode mode)
{
	struct replay_goal g = goal_after(r, a);

	if (a.n && replay_run_to(r, mode, &g, false) == REPLAY_AT_END)
		die("%s: the recordings end after %" PRIu64 " block runs (%" PRIu64
		    " instructions) in all, so nothing is left to measure; give a smaller number",
		    option, replay_position(r).records, replay_position(r).instructions);
}

void replay_pass_to(struct replay *r, const char *option, u64 records)
{
	u64 here = replay_position(r).records;

	if (records > here)
		pass(r, option, (struct amount){ records - here, UNIT_RUNS }, ENGINE_SKIP);
}

static void refresh_latency(struct replay *r)
{
	core_latency_rows(machine_latency(r->machine), r->latency);
}

static void snapshot(struct replay *r)
{
	struct replay_goal now = replay_position(r);

	snapshots_take(r->snapshots, now.instructions, now.cycle);
}

static void end_interval(struct replay *r)
{
	struct replay_goal now = replay_position(r);

	if (!r->intervals)
		return;
	refresh_latency(r);
	if (intervals_end(r->intervals, now.instructions, now.cycle))
		snapshot(r);
}

static void listen(const struct replay *r, bool on)
{
	if (r->profile)
		profile_hook(r->profile)->on = on;
	if (r->trace)
		trace_text_tracer(r->trace)->paused = !on;
	if (!r->events)
		return;
	engine_tell_turns(engine_of(r));
	events_timeline(r->events)->paused = !on;
}

void replay_begin_measuring(struct replay *r)
{
	listen(r, true);
	if (r->snapshots && !snapshots_taken(r->snapshots))
		snapshot(r);
	if (!r->window) /* everything is measured, what building the machine counted too */
		return;
	refresh_latency(r);
	window_open(r->window);
	ladder_part_begin(r->ladder);
	if (r->intervals)
		intervals_begin(r->intervals, replay_position(r).cycle);
}

void replay_end_measuring(struct replay *r)
{
	listen(r, false);
	refresh_latency(r);
	if (r->window) {
		window_close(r->window);
		ladder_part_end(r->ladder);
	}
	end_interval(r);
}

static bool is_measuring(const struct replay *r)
{
	return !r->window || window_is_open(r->window);
}

/* How often the places were passed. */
struct passed {
	u64 from, to;
};

static bool passes(const struct place *p, const char *mark, u64 *times)
{
	if (!p->name || strcmp(p->name, mark))
		return false;
	++*times;
	return !p->nth || *times == p->nth;
}

/* A mark was passed. False: nothing is left to measure. */
static bool pass_mark(struct replay *r, struct passed *p)
{
	const struct replay_args *a = r->args;
	const char *mark = engine_mark(engine_of(r));
	bool from = passes(&a->from, mark, &p->from), to = passes(&a->to, mark, &p->to);

	if (to && is_measuring(r))
		replay_end_measuring(r);
	if (from && !is_measuring(r))
		replay_begin_measuring(r);
	return is_measuring(r) || (a->from.name && (!a->from.nth || p->from < a->from.nth));
}

/* The end of the row of intervals.csv that begins now. */
static struct replay_goal next_row(const struct replay *r)
{
	return r->intervals && is_measuring(r) ? goal_after(r, r->args->interval) : never;
}

/* The rows' ends are N apart, wherever block runs end. */
static void end_row(struct replay *r, struct replay_goal *row)
{
	end_interval(r);
	*goal_unit(row, r->args->interval.unit) += r->args->interval.n;
}

static void measure(struct replay *r)
{
	const struct replay_args *a = r->args;
	bool marks = a->from.name || a->to.name;
	struct replay_goal end = goal_after(r, a->max), row, goal;
	struct passed passed = { 0 };

	if (!a->from.name)
		replay_begin_measuring(r);
	for (row = next_row(r);;) {
		goal = first_of(&end, &row);
		switch (replay_run_to(r, ENGINE_TIMED, &goal, marks)) {
		case REPLAY_AT_END:
			return;
		case REPLAY_AT_MARK:
			if (!pass_mark(r, &passed))
				return;
			row = next_row(r);
			break;
		case REPLAY_AT_GOAL:
			if (is_reached(r, &end))
				return;
			end_row(r, &row);
		}
	}
}

static void need_region(const struct replay *r)
{
	const struct replay_args *a = r->args;

	if (r->window && !window_times(r->window))
		die("--from: the mark '%s' was passed too seldom in what was replayed, so nothing is "
		    "measured; `mmsim info FILE` lists the marks of a recording",
		    a->from.name);
}

static void replay_in_order(struct replay *r)
{
	const struct replay_args *a = r->args;

	if (a->restore)
		replay_restore(r);
	pass(r, "--skip", a->skip, ENGINE_SKIP);
	r->skipped = replay_position(r).records;
	if (a->checkpoint)
		engine_log_traps(r->machine->engine, &r->traps);
	pass(r, "--fast-forward", a->fast_forward, ENGINE_FUNCTIONAL);
	if (a->checkpoint)
		replay_write_checkpoint(r);
	pass(r, "--warmup", a->warmup, ENGINE_TIMED);
	measure(r);
}

static bool measures_a_part(const struct replay_args *a)
{
	return a->simpoints || a->restore || a->skip.n || a->fast_forward.n || a->warmup.n || a->from.name ||
	       a->to.name;
}

static void open_window(struct replay *r)
{
	r->window = window_new(r->machine->stats, r->latency, CORE_LATENCY_ROWS);
	r->ladder = ladder_part_new(kernel_ladder(r->machine->kernel));
}

static void open_intervals(struct replay *r)
{
	struct proc_source proc = proc_source(r->machine->kernel, r->machine->stats);

	r->intervals = intervals_new(&(struct intervals_params){ .dir = r->args->output,
								 .live = r->machine->stats,
								 .latency = r->latency,
								 .n_latency = CORE_LATENCY_ROWS,
								 .patterns = r->args->patterns,
								 .n_patterns = r->args->n_patterns });
	r->snapshots = snapshots_new(r->args->output, &proc);
}

static void close_intervals(struct replay *r)
{
	intervals_close(r->intervals);
	snapshots_close(r->snapshots);
}

void replay_parts(struct replay *r)
{
	const struct replay_args *a = r->args;

	refresh_latency(r);
	if (measures_a_part(a))
		open_window(r);
	if (a->interval.n && !a->simpoints)
		open_intervals(r);
	progress_begin(&r->progress, a->quiet);
	replay_begin_traces(r);
	if (a->simpoints)
		replay_simpoints(r);
	else
		replay_in_order(r);
	progress_end(&r->progress);
	need_region(r);
	machine_finish(r->machine);
	if (is_measuring(r))
		replay_end_measuring(r);
	if (r->intervals)
		close_intervals(r);
	machine_settle(r->machine);
}
