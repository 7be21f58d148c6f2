/*
 * Recordings that several points replay are decoded once, for all of them.
 *
 * Not kept: translations, for sweeps of caches alone. While the kernel's work takes time (kernel.charge, as
 * usual) they hang on what is swept: its accesses go through the same caches and TLBs, and when its threads
 * run, and which thread runs where, is a matter of time. Only one program of one thread without charge could
 * be told its translations, and there all that translation does (faults and walks, which would have to be
 * made all the same, are in it) is 9 to 14 % of a replay's instructions without decoding: sort 10, perl 14,
 * pipe 9, sqlite 10 (callgrind, kernel.charge = no beside translation = off). 6 in 7 accesses look nothing
 * up (model/core/inorder.h), but which they are is the cache's to say, so every access would need to be
 * told, in as much memory again as its address takes.
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

/* trace NULL: any. */
static u64 points_left(const struct sweep_job *job, const char *trace)
{
	const struct sweep_axis *traces = sweep_axis(&job->sweep, SWEEP_TRACE);
	u64 i, n = 0;
	char *name;

	for (i = 0; i < job->sweep.points; i++) {
		if ((trace && strcmp(sweep_value(&job->sweep, i, traces), trace)) ||
		    !sweep_is_left(job, i, &name))
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

static bool is_in(const struct strings *s, const char *text)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->at[i], text))
			return true;
	return false;
}

static void keep(const char *trace, struct trace_limits *l, bool say)
{
	u64 kept;

	if (!l->bytes)
		return;
	if (say)
		fprintf(stderr, "\rdecoding %s\033[K", format_base(trace));
	kept = trace_keep(trace, l).bytes;
	l->bytes -= MIN(l->bytes, kept);
}

void sweep_keep(const struct sweep_job *job, bool say)
{
	const struct strings *traces = &sweep_axis(&job->sweep, SWEEP_TRACE)->values,
			     *with = &job->sweep.with;
	struct trace_limits l = limits(&job->sweep);
	u32 i;

	l.bytes = job->keep;
	for (i = 0; i < with->n; i++)
		if (!said_before(with, i) && points_left(job, NULL) > 1)
			keep(with->at[i], &l, say);
	for (i = 0; i < traces->n; i++)
		if (!said_before(traces, i) && !is_in(with, traces->at[i]) &&
		    points_left(job, traces->at[i]) > 1)
			keep(traces->at[i], &l, say);
}
