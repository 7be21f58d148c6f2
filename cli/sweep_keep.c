/*
 * Recordings that several points replay are decoded once, for all of them.
 *
 * Not kept: translated streams, for sweeps of caches alone. Replays without any translation (translation =
 * off) take a sixth less time than with it, so no more than that could be saved, and walks, which read page
 * tables through the caches that are swept, would have to be made all the same.
 */
#include "cli/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "cli/amount.h"
#include "model/base/error.h"
#include "traces/trace.h"

u64 sweep_keep_usual(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long kb = 0;
	char *line = NULL;
	size_t cap = 0;

	while (f && !kb && getline(&line, &cap, f) > 0)
		if (sscanf(line, "MemAvailable: %llu kB", &kb) != 1)
			kb = 0;
	if (f)
		fclose(f);
	free(line);
	return kb * 1024 / 2;
}

/* What no point goes beyond. */
static struct trace_limits limits(const struct sweep *s)
{
	struct trace_limits l = { ~(u64)0, ~(u64)0, ~(u64)0 };
	struct amount warmup = { 0 }, max;

	if (!s->max)
		return l;
	max = amount_parse("--max", s->max, UNIT_RUNS, true);
	if (s->warmup)
		warmup = amount_parse("--warmup", s->warmup, UNIT_RUNS, true);
	if (max.unit == UNIT_CYCLES || (warmup.n && warmup.unit != max.unit) || max.n > ~(u64)0 - warmup.n)
		return l;
	*(max.unit == UNIT_RUNS ? &l.runs : &l.insns) = max.n + warmup.n;
	return l;
}

static u64 points_left(const struct sweep_job *job, const struct sweep_axis *traces, const char *trace)
{
	u64 i, n = 0;
	char *name;

	for (i = 0; i < job->sweep.points; i++) {
		if (strcmp(sweep_value(&job->sweep, i, traces), trace) || !sweep_is_left(job, i, &name))
			continue;
		free(name);
		n++;
	}
	return n;
}

static bool said_before(const struct strings *s, u32 at)
{
	u32 i;

	for (i = 0; i < at && strcmp(s->at[i], s->at[at]); i++)
		;
	return i < at;
}

void sweep_keep(const struct sweep_job *job, bool say)
{
	const struct sweep_axis *traces = sweep_axis(&job->sweep, SWEEP_TRACE);
	struct trace_limits l = limits(&job->sweep);
	u64 left = job->keep, kept;
	u32 i;

	for (i = 0; i < traces->values.n && left; i++) {
		const char *trace = traces->values.at[i];

		if (said_before(&traces->values, i) || points_left(job, traces, trace) < 2)
			continue;
		if (say)
			fprintf(stderr, "\rdecoding %s\033[K", format_base(trace));
		l.bytes = left;
		kept = trace_keep(trace, &l).bytes;
		left -= MIN(left, kept);
	}
}
