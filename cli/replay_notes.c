/* mmsim replay: what the reader of its results has to know. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "analysis/format.h"
#include "analysis/syscalls.h"
#include "cli/replay.h"
#include "model/base/error.h"

static void add(struct notes *n, char *text)
{
	if (n->n < ARRAY_SIZE(n->text))
		n->text[n->n++] = text;
	else
		free(text);
}

static void note_deaths(struct notes *n, const struct engine *e)
{
	static const char *const verb[] = { "reading", "writing", "executing" };
	const struct engine_death *d;
	u32 count = engine_deaths(e, &d), i;

	for (i = 0; i < count; i++, d++)
		add(n,
		    xasprintf("simulated %s: process %u thread %u %s 0x%" PRIx64 ", record %" PRIu64 "; %s",
			      d->oom ? "out of memory" : "SIGSEGV", d->pid, d->tid, verb[d->trap.access],
			      d->trap.va, d->record, d->around));
}

/* "close (412), getpid (6)": system calls, by number where there is no name, and how often. */
static void note_syscalls(struct notes *n, const struct engine *e, bool x86_64)
{
	char text[1000] = "", digits[16];
	size_t at = 0;
	u32 i;

	for (i = 0; i < ENGINE_SYSCALLS && at < sizeof(text) - 64; i++) {
		const char *name = x86_64 ? syscall_name_x86_64(i) : NULL;

		if (!engine_syscalls(e, i))
			continue;
		snprintf(digits, sizeof(digits), "%u", i);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s (%" PRIu64 ")", at ? ", " : "",
				       name ? name : digits, engine_syscalls(e, i));
	}
	if (at)
		add(n, xasprintf("system calls that only cost entry and exit: %s", text));
}

static void note_order(struct notes *n, const struct machine *m)
{
	u64 gaps = stats_value(m->stats, "replay.order_gaps"), lost = stats_value(m->stats, "replay.lost");
	u64 sleeps = stats_value(m->stats, "replay.sleeps");
	u64 dropped = stats_value(m->stats, "replay.dropped");

	if (gaps)
		add(n, xasprintf("%" PRIu64 " ordering numbers are missing from the recording; the "
				 "order of threads around them is a guess",
				 gaps));
	if (lost)
		add(n, xasprintf("something is missing from the recording in %" PRIu64 " places", lost));
	if (dropped)
		add(n,
		    xasprintf("%" PRIu64 " block runs were not made: their threads had been ended", dropped));
	if (sleeps)
		add(n, xasprintf("%" PRIu64 " recorded waits for the outside are replayed at %u %% of "
				 "their time (replay.sleep_scale)",
				 sleeps, m->cfg.engine.sleep_scale));
}

/* "12 WHAT", behind a comma if something stands before it, unless there are none. */
static void append_count(char *text, size_t size, u64 n, const char *what)
{
	size_t at = strlen(text);

	if (n)
		snprintf(text + at, size - at, "%s%" PRIu64 " %s", at ? ", " : "", n, what);
}

/* What was asked for by allocation events, and what became of it. */
static void note_allocations(struct notes *n, const struct stats *s)
{
	static const struct {
		const char *counter, *what;
	} parts[] = {
		{ "page_allocs", "of pages" },
		{ "page_frees", "frees of pages" },
		{ "object_allocs", "of objects" },
		{ "object_frees", "frees of objects" },
		{ "failed", "that got nothing" },
		{ "unknown_frees", "frees of what was there before" },
		{ "stand_ins", "of them made with other pages" },
		{ "reused", "of what had not been freed" },
		{ "unmodelled", "of objects without a model of their allocator" },
	};
	char text[512] = "", name[64];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(name, sizeof(name), "mm.kevents.%s", parts[i].counter);
		append_count(text, sizeof(text), stats_value(s, name), parts[i].what);
	}
	if (!*text)
		return;
	add(n, xasprintf("allocation events: %s", text));
	if (stats_value(s, "mm.kevents.page_allocs") && stats_value(s, "mm.kevents.object_allocs"))
		add(n, xstrdup("the recorded pages may hold those of its slabs, which its objects take again "
			       "here; replay.allocations chooses"));
}

/* What the recording did not say, and what was taken for it. */
static void note_dependence(struct notes *n, const struct machine *m)
{
	if (engine_unknown_dependence(m->engine))
		add(n, xasprintf("loads of which the recording does not say what they depend on: "
				 "core.unknown_dependence = %s",
				 m->cfg.core.unknown_dependence));
}

static char *append(char *text, const char *more)
{
	char *longer = xasprintf("%s%s", text, more);

	free(text);
	return longer;
}

static char *append_amount(char *text, const char *before, struct amount a, const char *behind)
{
	char *amount = amount_text(a), *more = xasprintf("%s%s%s", before, amount, behind);

	free(amount);
	text = append(text, more);
	free(more);
	return text;
}

/* ", in 3 regions from BEGIN to END" */
static char *append_places(char *text, const struct replay_args *a, u32 times)
{
	const char *from = a->from.name ? a->from.name : "the beginning";
	const char *to = a->to.name ? a->to.name : "the end";
	char *more = xasprintf(", in %u region%s from %s to %s", times, times == 1 ? "" : "s", from, to);

	text = append(text, more);
	free(more);
	return text;
}

/* What the chosen intervals say of the whole. */
static void note_weighted(struct notes *n, const struct replay *r)
{
	const struct weighted *w = r->weighted;
	double insns;

	if (!w)
		return;
	insns = weighted_mean(w, "core*.instructions");
	add(n, xasprintf("weighted over %u intervals (simpoints.csv): %.3f cycles per instruction, "
			 "%.3f L1D load misses and %.3f page walks per 1000; all else here is their "
			 "plain sum",
			 r->simpoints.n, weighted_mean(w, "core*.cycles") / insns,
			 1000 * weighted_mean(w, "core*.l1d.load_misses") / insns,
			 1000 * weighted_mean(w, "core*.walker.walks") / insns));
}

/* By what kernel.time_scale would have to be larger for all of it to come, as a power of ten. NULL: in vain.
 */
static char *ticks_hint(const struct machine *m, u64 now)
{
	u64 most = 0, by = 1, scale;
	u32 i;

	for (i = 0; i < NR_KERNEL_TICKS; i++)
		if (kernel_tick_period(m->kernel, i) && !kernel_ticks(m->kernel, i))
			most = MAX(most, kernel_tick_first(m->kernel, i, 0));
	while (now * by < most && by < KERNEL_TIME_SCALE_MAX)
		by *= 10;
	scale = by * m->cfg.kernel.time_scale;
	if (scale > KERNEL_TIME_SCALE_MAX)
		return NULL;
	return xasprintf("; kernel.time_scale = %" PRIu64 " makes all of it run", scale);
}

/* Periodic work for which the replay was too short. */
static void note_ticks(struct notes *n, const struct machine *m)
{
	double hz = (double)m->cfg.core.frequency;
	u64 now = engine_now(m->engine);
	char *text = xstrdup(""), *hint = ticks_hint(m, MAX(now, 1));
	struct text time;
	u32 i;

	for (i = 0; i < NR_KERNEL_TICKS; i++) {
		u64 period = kernel_tick_period(m->kernel, i);
		char *one;

		if (!period || kernel_ticks(m->kernel, i))
			continue;
		one = xasprintf("%s%s (every %s)", *text ? ", " : "", kernel_tick_name[i],
				format_seconds(&time, (double)period / hz));
		text = append(text, one);
		free(one);
	}
	if (*text)
		add(n, xasprintf("never ran in %s of model time: %s%s",
				 format_seconds(&time, (double)now / hz), text, hint ? hint : ""));
	free(text);
	free(hint);
}

/* Which part of the replay the results are of. */
static void note_measured(struct notes *n, const struct replay *r)
{
	const struct replay_args *a = r->args;
	const struct stats *s;
	struct counters c;
	struct text insns, runs;
	char *text;

	if (!r->window)
		return;
	s = window_stats(r->window);
	counters_from_stats(&c, s);
	text = xasprintf("measured: %s instructions (%s block runs)",
			 format_count(&insns, counters_get(&c, "core*.instructions")),
			 format_count(&runs, stats_value(s, "replay.records")));
	counters_fini(&c);
	if (a->from.name || a->to.name)
		text = append_places(text, a, window_times(r->window));
	if (a->skip.n)
		text = append_amount(text, "; before it ", a->skip, " skipped");
	if (a->fast_forward.n)
		text = append_amount(text, "; before it ", a->fast_forward, " without time");
	if (a->warmup.n)
		text = append_amount(text, "; before it ", a->warmup, " of warm-up");
	add(n, text);
}

static void note_timeline(struct notes *n, const struct replay *r)
{
	const struct timeline *t = r->events ? events_timeline(r->events) : NULL;
	struct text told, all;

	if (t && t->dropped)
		add(n, xasprintf("%s holds the first %s of %s events; --timeline=N allows more", EVENTS_FILE,
				 format_count(&told, t->told), format_count(&all, t->told + t->dropped)));
}

void notes_gather(struct notes *n, const struct replay *r)
{
	note_measured(n, r);
	note_weighted(n, r);
	note_deaths(n, r->machine->engine);
	note_order(n, r->machine);
	note_dependence(n, r->machine);
	note_allocations(n, r->machine->stats);
	note_syscalls(n, r->machine->engine, r->x86_64);
	note_ticks(n, r->machine);
	note_timeline(n, r);
}

void notes_fini(struct notes *n)
{
	while (n->n)
		free(n->text[--n->n]);
}
