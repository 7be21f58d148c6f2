/* mmsim replay --simpoints: the chosen intervals are measured, what lies between only leads to them. */
#include <inttypes.h>
#include <string.h>

#include "cli/replay.h"
#include "model/base/error.h"

void replay_open_simpoints(struct replay *r)
{
	const struct replay_args *a = r->args;
	char *bad;

	if (!a->simpoints)
		return;
	bad = simpoints_read(&r->simpoints, a->simpoints, a->weights);
	if (bad)
		die("%s", bad);
}

static void run_gap(struct replay *r, u64 to, enum engine_mode mode)
{
	const struct replay_goal g = { ~(u64)0, to, ~(u64)0 };

	if (replay_run_to(r, mode, &g, false) == REPLAY_AT_END)
		die("--simpoints: the recordings end after %" PRIu64
		    " instructions, before an interval begins at %" PRIu64
		    "; the files are of another recording, or --interval is not theirs",
		    replay_position(r).instructions, to);
}

static void run_interval(struct replay *r, const struct simpoint *p)
{
	u64 length = r->args->interval.n, begin = p->interval * length;
	u64 warm = r->args->warmup.n, end;

	if (begin > warm)
		run_gap(r, begin - warm, r->args->between);
	run_gap(r, begin, ENGINE_TIMED);
	end = begin + length;
	replay_begin_measuring(r);
	replay_run_to(r, ENGINE_TIMED, &(struct replay_goal){ ~(u64)0, end, ~(u64)0 }, false);
	replay_end_measuring(r);
	weighted_add(r->weighted);
}

void replay_simpoints(struct replay *r)
{
	u32 i;

	r->weighted = weighted_new(&r->simpoints, window_gains(r->window));
	for (i = 0; i < r->simpoints.n; i++)
		run_interval(r, &r->simpoints.point[i]);
	if (r->args->output)
		weighted_write(r->weighted, r->args->output);
}
