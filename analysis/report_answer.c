/*
 * What a run was, where its cycles went and what stands out, in words. Each finding has a threshold below
 * which it is not worth a reader's time; findings are listed by the share of the cycles that they are about.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "analysis/measure.h"
#include "analysis/report.h"
#include "analysis/stack.h"
#include "model/base/error.h"

void answer_fini(struct answer *a)
{
	free(a->title);
	strings_fini(&a->lead);
	strings_fini(&a->findings);
}

void answer_say(struct strings *s, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		fail("out of host memory while formatting a sentence");
	va_end(ap);
	strings_add(s, text);
	free(text);
}

/* ---- what is asked of a run ---- */

struct view {
	const struct run *r;
	struct stack stack;
	double busy; /* cycles in which cores had something to do */
};

static double part(const struct view *v, const char *name)
{
	return (double)stack_get(&v->stack, name);
}

/* All parts that begin like this. */
static double parts(const struct view *v, const char *begin)
{
	double sum = 0;
	u32 i;

	for (i = 0; i < v->stack.n; i++)
		if (!strncmp(v->stack.part[i].name, begin, strlen(begin)))
			sum += (double)v->stack.part[i].cycles;
	return sum;
}

static double share(const struct view *v, double cycles)
{
	return v->busy > 0 ? 100 * cycles / v->busy : 0;
}

static double figure(const struct view *v, const char *name)
{
	double value;

	return measure_of(v->r, name, &value) ? value : 0;
}

static double counter(const struct view *v, const char *pattern)
{
	return (double)counters_get(&v->r->counters, pattern);
}

/* ---- the lead ---- */

static const struct word {
	const char *part, *text;
} words[] = {
	{ "base", "issuing instructions" },
	{ "fetch", "waiting for instruction fetches" },
	{ "itlb", "translating instruction addresses in the STLB" },
	{ "dtlb", "translating data addresses in the STLB" },
	{ "walk", "walking page tables" },
	{ "l1", "waiting for L1" },
	{ "l2", "waiting for L2" },
	{ "l3", "waiting for L3" },
	{ "l4", "waiting for L4" },
	{ "dram", "waiting for DRAM" },
	{ "remote", "waiting for lines of other cores" },
	{ "store_buffer", "waiting for room in the store buffer" },
	{ "mshr_full", "waiting for a free MSHR" },
	{ "ipi", "handling interrupts of other cores" },
	{ "lock", "waiting for locks" },
	{ "io_wait", "waiting for devices" },
	{ "switch", "switching threads" },
};

static const char *word_of(const char *part)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].part, part))
			return words[i].text;
	return part;
}

static void say_what(struct answer *a, const struct view *v)
{
	const struct run *r = v->r;
	u32 cores = counters_cores(&r->counters);
	struct text i, c, t, hz;

	answer_say(
		&a->lead,
		"%s was replayed on %s, %u core%s at %s, with the kernel %s: %s instructions in %s cycles%s, "
		"%.2f a cycle%s; %s of simulated time.",
		r->traces, r->machine, cores, cores == 1 ? "" : "s", format_hz(&hz, r->hz), r->kernel,
		format_rate(&i, counter(v, "core*.instructions")),
		format_rate(&c, counter(v, "core*.cycles")), cores == 1 ? "" : " of all cores",
		v->busy > 0 ? counter(v, "core*.instructions") / v->busy : 0,
		cores == 1 ? "" : " that is not idle",
		format_seconds(&t, counter(v, "core0.cycles") / (double)r->hz));
}

static int larger_first(const void *a, const void *b)
{
	const struct stack_part *x = a, *y = b;

	return x->cycles < y->cycles ? 1 : x->cycles > y->cycles ? -1 : strcmp(x->name, y->name);
}

/* The kernel's parts as one, idle left out. */
static struct stack busy_parts(const struct view *v)
{
	struct stack s = { 0 };
	u32 i;

	for (i = 0; i < v->stack.n; i++)
		if (strncmp(v->stack.part[i].name, "kernel.", 7) && strcmp(v->stack.part[i].name, "idle"))
			s.part[s.n++] = v->stack.part[i];
	if (s.n < STACK_MAX)
		s.part[s.n++] = (struct stack_part){ "the kernel", (u64)parts(v, "kernel.") };
	qsort(s.part, s.n, sizeof(*s.part), larger_first);
	return s;
}

#define PARTS_SAID 5u

static void say_where(struct answer *a, const struct view *v)
{
	struct stack s = busy_parts(v);
	char *text = xstrdup(part(v, "idle") > 0 ? "Of the cycles that were not idle" : "Of the cycles"),
	     *longer;
	u32 i;

	for (i = 0; i < s.n && i < PARTS_SAID && share(v, (double)s.part[i].cycles) >= 2; i++) {
		longer = xasprintf("%s%s %.0f %% %sinto %s", text, i ? "," : "",
				   share(v, (double)s.part[i].cycles), i ? "" : "went ",
				   word_of(s.part[i].name));
		free(text);
		text = longer;
	}
	if (i)
		answer_say(&a->lead, "%s.", text);
	free(text);
}

/* ---- findings ---- */

struct found {
	double weight;
	char *text;
};

struct findings {
	struct found at[32];
	u32 n;
};

static void find(struct findings *f, double weight, const char *fmt, ...) printf_like(3, 4);
static void find(struct findings *f, double weight, const char *fmt, ...)
{
	va_list ap;

	ASSERT(f->n < ARRAY_SIZE(f->at));
	va_start(ap, fmt);
	if (vasprintf(&f->at[f->n].text, fmt, ap) < 0)
		fail("out of host memory while formatting a sentence");
	va_end(ap);
	f->at[f->n++].weight = weight;
}

static void find_idle(struct findings *f, const struct view *v)
{
	double idle = part(v, "idle"), all = (double)v->stack.total;

	if (all > 0 && idle / all > 0.2)
		find(f, 100 * idle / all,
		     "Cores were idle for %.0f %% of the time: there was too little to run side by side, or "
		     "threads waited "
		     "for each other.",
		     100 * idle / all);
}

static void find_kernel(struct findings *f, const struct view *v)
{
	const struct stack_part *most = NULL;
	double kernel = parts(v, "kernel.");
	u32 i;

	for (i = 0; i < v->stack.n; i++)
		if (!strncmp(v->stack.part[i].name, "kernel.", 7) &&
		    (!most || v->stack.part[i].cycles > most->cycles))
			most = &v->stack.part[i];
	if (share(v, kernel) < 5 || !most)
		return;
	find(f, share(v, kernel),
	     "The kernel took %.0f %% of the cycles, most of it in %s (%.0f %%), for %.0f page faults%s.",
	     share(v, kernel), most->name, share(v, (double)most->cycles),
	     counter(v, "mm.fault.minor") + counter(v, "mm.fault.major"),
	     counter(v, "mm.fault.zero") > 0.5 * counter(v, "mm.fault.minor")
		     ? ", mostly of memory touched for the first time"
		     : "");
}

static void find_translation(struct findings *f, const struct view *v)
{
	double cycles = part(v, "walk") + part(v, "dtlb") + part(v, "itlb");

	if (share(v, cycles) < 3)
		return;
	find(f, share(v, cycles),
	     "Address translation cost %.1f %% of the cycles: %.2f DTLB misses per 1000 instructions, of "
	     "which %.0f %% "
	     "needed a walk of %.0f cycles. Large pages (-k thp) would show how much of that is the page "
	     "size.",
	     share(v, cycles), figure(v, "DTLB MPKI"),
	     counter(v, "core*.stlb.lookups") > 0
		     ? 100 * counter(v, "core*.stlb.misses") / counter(v, "core*.stlb.lookups")
		     : 100,
	     counter(v, "core*.walker.walks") > 0
		     ? counter(v, "core*.walker.cycles") / counter(v, "core*.walker.walks")
		     : 0);
}

static void find_data(struct findings *f, const struct view *v)
{
	static const struct {
		const char *part, *name, *below;
	} levels[] = {
		{ "l2", "L2", "L2 MPKI" },
		{ "l3", "L3", "L3 MPKI" },
		{ "dram", "DRAM", NULL },
	};
	u32 i, most = 0;

	for (i = 1; i < ARRAY_SIZE(levels); i++)
		if (part(v, levels[i].part) > part(v, levels[most].part))
			most = i;
	if (share(v, part(v, levels[most].part)) < 5)
		return;
	if (levels[most].below)
		find(f, share(v, part(v, levels[most].part)),
		     "Of the levels of data %s held the program up most, for %.0f %% of the cycles: %.1f L1D "
		     "misses per 1000 "
		     "instructions, and only %.2f go on below it. A larger L1D would help more than a larger "
		     "%s.",
		     levels[most].name, share(v, part(v, levels[most].part)), figure(v, "L1D MPKI"),
		     figure(v, levels[most].below), levels[most].name);
	else
		find(f, share(v, part(v, "dram")),
		     "Loads that went to DRAM held the program up for %.0f %% of the cycles; %.0f %% of its "
		     "accesses found their row "
		     "open.",
		     share(v, part(v, "dram")),
		     100 * counter(v, "dram*.row_hits") /
			     fmax(counter(v, "dram*.row_hits") + counter(v, "dram*.row_closed") +
					  counter(v, "dram*.row_conflicts"),
				  1));
}

static void find_fetch(struct findings *f, const struct view *v)
{
	if (share(v, part(v, "fetch")) >= 8)
		find(f, share(v, part(v, "fetch")),
		     "Instruction fetch held the program up for %.0f %% of the cycles, with %.2f L1I misses "
		     "per 1000 "
		     "instructions.",
		     share(v, part(v, "fetch")), figure(v, "L1I MPKI"));
}

static void find_queues(struct findings *f, const struct view *v)
{
	if (share(v, part(v, "mshr_full")) >= 5)
		find(f, share(v, part(v, "mshr_full")),
		     "All MSHRs were in use for %.0f %% of the cycles: the program asks for more lines at a "
		     "time than the core "
		     "can have in flight.",
		     share(v, part(v, "mshr_full")));
	if (share(v, part(v, "store_buffer")) >= 5)
		find(f, share(v, part(v, "store_buffer")),
		     "The store buffer was full for %.0f %% of the cycles.",
		     share(v, part(v, "store_buffer")));
	if (share(v, part(v, "lock")) >= 2)
		find(f, share(v, part(v, "lock")),
		     "Cores waited for the kernel's locks for %.0f %% of the cycles.",
		     share(v, part(v, "lock")));
}

static void find_sharing(struct findings *f, const struct view *v)
{
	double false_ones =
		counter(v, "l2*.directory.false_sharing") + counter(v, "l3*.directory.false_sharing") +
		counter(v, "l4*.directory.false_sharing") + counter(v, "dram.directory.false_sharing");
	double insns = counter(v, "core*.instructions");

	if (insns > 0 && 1000 * false_ones / insns > 0.1)
		find(f, share(v, part(v, "remote")),
		     "%.0f misses were false sharing, %.2f per 1000 instructions: cores wrote to different "
		     "bytes of the same "
		     "lines. lines.csv (replay --profile) names them.",
		     false_ones, 1000 * false_ones / insns);
}

static void find_tail(struct findings *f, const struct view *v)
{
	double p50 = figure(v, "load p50"), p999 = figure(v, "load p99.9"), mean = figure(v, "load mean");
	struct text a, b;

	if (p50 > 0 && p999 > 20 * p50)
		find(f, 1,
		     "The tail is long: half of the loads took %s cycles or less, one in a thousand %s or "
		     "more; the mean is "
		     "%.1f.",
		     format_count(&a, (u64)p50), format_count(&b, (u64)p999), mean);
}

static int heavier_first(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->weight < y->weight ? 1 : x->weight > y->weight ? -1 : 0;
}

static void say_findings(struct answer *a, const struct view *v)
{
	static void (*const finders[])(struct findings *, const struct view *) = {
		find_idle,  find_kernel, find_translation, find_data,
		find_fetch, find_queues, find_sharing,     find_tail,
	};
	struct findings f = { 0 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(finders); i++)
		finders[i](&f, v);
	qsort(f.at, f.n, sizeof(*f.at), heavier_first);
	for (i = 0; i < f.n; i++) {
		strings_add(&a->findings, f.at[i].text);
		free(f.at[i].text);
	}
	if (!f.n)
		strings_add(&a->findings,
			    "Nothing stands out: the program's cycles went into issuing its instructions.");
}

void report_run_answer(struct answer *a, const struct run *r)
{
	struct view v = { .r = r };

	*a = (struct answer){ .title = xasprintf("%s on %s", r->traces, r->machine) };
	stack_of(&v.stack, &r->counters);
	v.busy = (double)v.stack.total - part(&v, "idle");
	say_what(a, &v);
	say_where(a, &v);
	say_findings(a, &v);
}
