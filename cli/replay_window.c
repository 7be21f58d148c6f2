/* mmsim replay: the parts of a replay, one after the other: skipped, without time, to warm up, measured. */
#include <inttypes.h>
#include <string.h>

#include "cli/replay.h"
#include "model/base/error.h"

/* Where a part ends, as positions of the whole replay; ~0: there is no such end. */
struct goal {
	u64 records, instructions, cycle;
};
static const struct goal never = { ~(u64)0, ~(u64)0, ~(u64)0 };

static struct engine *engine_of(const struct replay *r)
{
	return r->machine->engine;
}

static u64 *goal_unit(struct goal *g, enum unit unit)
{
	return unit == UNIT_RUNS ? &g->records : unit == UNIT_INSNS ? &g->instructions : &g->cycle;
}

static struct goal position(const struct replay *r)
{
	const struct engine *e = engine_of(r);

	return (struct goal){ engine_counts(e)->records, engine_instructions(e), engine_now(e) };
}

static struct goal goal_after(const struct replay *r, struct amount a)
{
	struct goal g = never, now = position(r);
	u64 here = *goal_unit(&now, a.unit);

	if (a.n && a.n < ~(u64)0 - here)
		*goal_unit(&g, a.unit) = here + a.n;
	return g;
}

static struct goal first_of(const struct goal *a, const struct goal *b)
{
	return (struct goal){ MIN(a->records, b->records), MIN(a->instructions, b->instructions),
			      MIN(a->cycle, b->cycle) };
}

static bool is_reached(const struct replay *r, const struct goal *g)
{
	struct goal now = position(r);

	return now.records >= g->records || now.instructions >= g->instructions || now.cycle >= g->cycle;
}

enum stop { AT_GOAL, AT_MARK, AT_END };

/* Replays up to the goal, or behind a mark if marks are looked for, or to the end of the last round. */
static enum stop run_to(struct replay *r, enum engine_mode mode, const struct goal *g, bool marks)
{
	const struct engine_goal goal = { g->instructions, g->cycle, marks };
	struct engine *e = engine_of(r);

	engine_set_mode(e, mode);
	engine_set_goal(e, &goal);
	for (;;) {
		switch (engine_run(e, g->records)) {
		case ENGINE_LIMIT:
			return AT_GOAL;
		case ENGINE_MARK:
			return AT_MARK;
		case ENGINE_END:
			if (!r->loops_left)
				return AT_END;
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
	struct goal g = goal_after(r, a);

	if (a.n && run_to(r, mode, &g, false) == AT_END)
		die("%s: the recordings end after %" PRIu64 " block runs (%" PRIu64
		    " instructions) in all, so nothing is left to measure; give a smaller number",
		    option, position(r).records, position(r).instructions);
}

static void refresh_latency(struct replay *r)
{
	core_latency_rows(machine_latency(r->machine), r->latency);
}

static void begin_measuring(struct replay *r)
{
	if (!r->window) /* everything is measured, what building the machine counted too */
		return;
	refresh_latency(r);
	window_open(r->window);
	if (r->intervals)
		intervals_begin(r->intervals);
}

static void end_measuring(struct replay *r)
{
	refresh_latency(r);
	if (r->window)
		window_close(r->window);
	if (r->intervals)
		intervals_end(r->intervals);
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
		end_measuring(r);
	if (from && !is_measuring(r))
		begin_measuring(r);
	return is_measuring(r) || (a->from.name && (!a->from.nth || p->from < a->from.nth));
}

/* The end of the row of intervals.csv that begins now. */
static struct goal next_row(const struct replay *r)
{
	return r->intervals && is_measuring(r) ? goal_after(r, r->args->interval) : never;
}

/* The rows' ends are N apart, wherever block runs end. */
static void end_row(struct replay *r, struct goal *row)
{
	intervals_end(r->intervals);
	*goal_unit(row, r->args->interval.unit) += r->args->interval.n;
}

static void measure(struct replay *r)
{
	const struct replay_args *a = r->args;
	bool marks = a->from.name || a->to.name;
	struct goal end = goal_after(r, a->max), row, goal;
	struct passed passed = { 0 };

	if (!a->from.name)
		begin_measuring(r);
	for (row = next_row(r);;) {
		goal = first_of(&end, &row);
		switch (run_to(r, ENGINE_TIMED, &goal, marks)) {
		case AT_END:
			return;
		case AT_MARK:
			if (!pass_mark(r, &passed))
				return;
			row = next_row(r);
			break;
		case AT_GOAL:
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

void replay_parts(struct replay *r)
{
	const struct replay_args *a = r->args;

	refresh_latency(r);
	if (a->skip.n || a->fast_forward.n || a->warmup.n || a->from.name || a->to.name)
		r->window = window_new(r->machine->stats, r->latency, CORE_LATENCY_ROWS);
	if (a->interval.n)
		r->intervals = intervals_new(a->output, r->machine->stats);
	progress_begin(&r->progress, a->quiet);
	replay_begin_traces(r);
	pass(r, "--skip", a->skip, ENGINE_SKIP);
	pass(r, "--fast-forward", a->fast_forward, ENGINE_FUNCTIONAL);
	pass(r, "--warmup", a->warmup, ENGINE_TIMED);
	measure(r);
	progress_end(&r->progress);
	need_region(r);
	machine_finish(r->machine);
	if (is_measuring(r))
		end_measuring(r);
	if (r->intervals)
		intervals_close(r->intervals);
	machine_settle(r->machine);
}
