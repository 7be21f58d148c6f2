/*
 * The terminal table: what ran, how the caches and TLBs did, where the cycles went, how long accesses took,
 * and what the reader must know. No line is wider than 80 columns; a section without anything to say is left
 * out.
 */
#include "analysis/results.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "analysis/format.h"
#include "analysis/ladder_csv.h"
#include "analysis/profile.h"
#include "analysis/sharing.h"
#include "analysis/spread.h"
#include "analysis/stack.h"
#include "analysis/words.h"
#include "model/base/error.h"

#define COLUMNS 80

struct table {
	FILE *f;
	const struct results *r;
	struct counters c;
	u64 instructions, cycles; /* of all cores */
	u32 cores;
};

static double per_kilo(const struct table *t, u64 n)
{
	return t->instructions ? 1000.0 * (double)n / (double)t->instructions : 0;
}

static double seconds(const struct table *t, double cycles)
{
	return t->r->hz ? cycles / (double)t->r->hz : 0;
}

/*
 * How every line begins: what, and how often; the rest of the line is the caller's. A long name takes its
 * place from the number.
 */
static void print_count(const struct table *t, const char *label, u64 n)
{
	u32 width = 34 - MAX(16, MIN(24, (u32)strlen(label)));
	struct text a;

	fprintf(t->f, "  %-16.24s%*s", label, (int)width, format_count_in(&a, n, width - 1));
}

static void print_head(const struct table *t)
{
	const struct results *r = t->r;
	struct text a, b;
	u32 i;

	for (i = 0; i < r->n_traces; i++)
		fprintf(t->f, "  %-8s%s\n", i ? "" : "replay",
			format_clip(&a, format_base(r->traces[i]), 70));
	fprintf(t->f, "  %-8s%s, %u core%s at %s\n", "on", format_clip(&a, r->machine, 40), t->cores,
		t->cores == 1 ? "" : "s", format_hz(&b, r->hz));
	fprintf(t->f, "  %-8s%s\n", "kernel", format_clip(&a, r->kernel, 70));
	fprintf(t->f, "  %-8smmsim %s\n\n", "by", format_clip(&a, r->version, 40));
}

static u64 of_core(const struct table *t, u32 core, const char *counter)
{
	char name[64];

	snprintf(name, sizeof(name), "core%u.%s", core, counter);
	return counters_get(&t->c, name);
}

/* From the beginning to the end: cores that have nothing to do are idle. */
static u64 elapsed(const struct table *t)
{
	u64 most = 0, cycles;
	u32 i;

	for (i = 0; i < t->cores; i++) {
		cycles = of_core(t, i, "cycles");
		most = MAX(most, cycles);
	}
	return most;
}

static void print_totals(const struct table *t)
{
	double ipc = t->cycles ? (double)t->instructions / (double)t->cycles : 0;
	struct text a;

	print_count(t, "instructions", t->instructions);
	if (ipc > 0)
		fprintf(t->f, "%10.3f per cycle", ipc);
	fputs("\n", t->f);
	print_count(t, t->cores > 1 ? "cycles in all" : "cycles", t->cycles);
	if (ipc > 0)
		fprintf(t->f, "%10.3f per instruction", 1 / ipc);
	fprintf(t->f, "\n  %-16s%18s\n", "simulated time",
		format_seconds(&a, seconds(t, (double)elapsed(t))));
}

static void print_core(const struct table *t, u32 i)
{
	u64 insns = of_core(t, i, "instructions"), cycles = of_core(t, i, "cycles");
	u64 idle = of_core(t, i, "cycles.idle"), busy = cycles - MIN(idle, cycles);
	u64 remote = of_core(t, i, "cycles.remote");
	struct text a, b, c, d;

	fprintf(t->f, "  core %-11u%18s%17s%9.3f%9s%9s\n", i, format_count_in(&a, insns, 18),
		format_count_in(&b, busy, 16), busy ? (double)insns / (double)busy : 0.0,
		format_percent(&c, (double)remote, (double)busy),
		format_percent(&d, (double)idle, (double)cycles));
}

/* Each of several: what it did while it had something to do, and how long it had not. */
static void print_cores(const struct table *t)
{
	u32 i;

	if (t->cores == 1)
		return;
	fprintf(t->f, "\n  %-16s%18s%17s%9s%9s%9s\n", "", "instructions", "busy cycles", "IPC", "remote",
		"idle");
	for (i = 0; i < t->cores; i++)
		print_core(t, i);
}

/* Happenings worth a line of their own. Those that are zero are left out unless `always`. */
static const struct happening {
	const char *counter, *label;
	bool always;
} happenings[] = {
	{ "mm.fault.minor", "minor faults", true },   { "mm.fault.zero", "  demand-zero", false },
	{ "mm.fault.cow", "  copy-on-write", false }, { "mm.fault.file", "  file-backed", false },
	{ "mm.fault.spurious", "  spurious", false }, { "mm.fault.major", "major faults", false },
	{ "mm.fault.segv", "SIGSEGVs", true },        { "core*.l1i.alias_evictions", "L1I aliases", false },
	{ "core*.l1d.alias_evictions", "L1D aliases", false },
	{ "core*.l1i.virtual_flushes", "L1I lines gone", false },
	{ "core*.l1d.virtual_flushes", "L1D lines gone", false },
	{ "core*.l1i.way_mispredicts", "L1I wrong ways", false },
	{ "core*.l1d.way_mispredicts", "L1D wrong ways", false },
};

static void print_happenings(const struct table *t)
{
	const struct happening *h;
	u64 n;

	for (h = happenings; h < happenings + ARRAY_SIZE(happenings); h++) {
		n = counters_get(&t->c, h->counter);
		if (!n && !(h->always && counters_has(&t->c, h->counter)))
			continue;
		print_count(t, h->label, n);
		if (n && t->instructions)
			fprintf(t->f, "%10.3f per 1000 instructions", per_kilo(t, n));
		fputs("\n", t->f);
	}
}

/* Structures that are looked up: accesses and misses, wherever the level is (private or shared). */
static const struct lookup {
	const char *label;
	const char *accesses[4], *misses[4];
} lookups[] = {
	{ "L1I fetches", { "core*.l1i.fetches" }, { "core*.l1i.fetch_misses" } },
	{ "L1D loads", { "core*.l1d.loads" }, { "core*.l1d.load_misses" } },
	{ "L1D stores", { "core*.l1d.stores" }, { "core*.l1d.store_misses" } },
	{ "L2 fetches",
	  { "core*.l2.fetches", "l2*.fetches" },
	  { "core*.l2.fetch_misses", "l2*.fetch_misses" } },
	{ "L2 loads", { "core*.l2.loads", "l2*.loads" }, { "core*.l2.load_misses", "l2*.load_misses" } },
	{ "L3 fetches",
	  { "core*.l3.fetches", "l3*.fetches" },
	  { "core*.l3.fetch_misses", "l3*.fetch_misses" } },
	{ "L3 loads", { "core*.l3.loads", "l3*.loads" }, { "core*.l3.load_misses", "l3*.load_misses" } },
	{ "ITLB", { "core*.itlb.lookups" }, { "core*.itlb.misses" } },
	{ "DTLB", { "core*.dtlb.lookups" }, { "core*.dtlb.misses" } },
	{ "STLB", { "core*.stlb.lookups" }, { "core*.stlb.misses" } },
	{ "DRAM rows",
	  { "dram*.row_hits", "dram*.row_closed", "dram*.row_conflicts" },
	  { "dram*.row_closed", "dram*.row_conflicts" } },
	/* Pages of files; one that is still being read is a miss. */
	{ "page cache", { "mm.page_cache.lookups" }, { "mm.page_cache.misses", "mm.page_cache.locked" } },
	/* Where there are several, a line of another one. */
	{ "own node", { "numa.local_reads", "numa.remote_reads" }, { "numa.remote_reads" } },
};

static u64 sum(const struct counters *c, const char *const names[4])
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < 4 && names[i]; i++)
		n += counters_get(c, names[i]);
	return n;
}

static void print_lookup(const struct table *t, const struct lookup *l)
{
	u64 accesses = sum(&t->c, l->accesses), misses = sum(&t->c, l->misses);
	struct text a, b;

	if (!accesses)
		return;
	print_count(t, l->label, accesses);
	fprintf(t->f, "%18s%11s", format_count_in(&a, misses, 16),
		format_percent(&b, (double)misses, (double)accesses));
	if (t->instructions)
		fprintf(t->f, "%11.3f", per_kilo(t, misses));
	fputs("\n", t->f);
}

static void print_lookups(const struct table *t)
{
	bool any = false;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lookups); i++)
		any |= sum(&t->c, lookups[i].accesses) > 0;
	if (!any)
		return;
	fprintf(t->f, "\n  %-16s%18s%18s%11s%s\n", "looked up", "times", "missed", "miss rate",
		t->instructions ? "       MPKI" : "");
	for (i = 0; i < ARRAY_SIZE(lookups); i++)
		print_lookup(t, &lookups[i]);
}

/* A level's counter, wherever the level is (private or shared). */
static u64 level_counter(const struct table *t, const char *level, const char *counter)
{
	char *private = xasprintf("core*.%s.%s", level, counter);
	char *shared = xasprintf("%s*.%s", level, counter);
	u64 n = counters_get(&t->c, private) + counters_get(&t->c, shared);

	free(private);
	free(shared);
	return n;
}

/*
 * Accuracy: used of issued. Coverage: used of all that would have missed, which is those and the misses that
 * are left. Late: of the used, those that somebody waited for.
 */
static void print_prefetched(const struct table *t, const char *level, const char *label, u64 issued)
{
	u64 useful = level_counter(t, level, "prefetch_useful");
	u64 late = level_counter(t, level, "prefetch_late");
	u64 missed = level_counter(t, level, "fetch_misses") + level_counter(t, level, "load_misses");
	struct text a, b, c, d;

	if (!strcmp(level, "l1d"))
		missed += level_counter(t, level, "store_misses");
	print_count(t, label, issued);
	fprintf(t->f, "%10s%10s%10s%14s\n", format_percent(&a, (double)useful, (double)issued),
		format_percent(&b, (double)useful, (double)(useful + missed)),
		format_percent(&c, (double)late, (double)useful),
		format_count_in(&d, level_counter(t, level, "prefetch_dropped"), 14));
}

static void print_prefetches(const struct table *t)
{
	static const char *const levels[][2] = {
		{ "l1i", "L1I" }, { "l1d", "L1D" }, { "l2", "L2" }, { "l3", "L3" }, { "l4", "L4" }
	};
	bool any = false;
	u64 issued;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		issued = level_counter(t, levels[i][0], "prefetch_issued");
		if (!issued)
			continue;
		if (!any)
			fprintf(t->f, "\n  %-16s%18s%10s%10s%10s%14s\n", "prefetched by", "lines", "accuracy",
				"coverage", "late", "dropped");
		any = true;
		print_prefetched(t, levels[i][0], levels[i][1], issued);
	}
}

/* What the directories did, all of them added up; wherever children meet. */
static u64 directory_counter(const struct table *t, const char *counter)
{
	static const char *const place[] = { "l2*", "l3*", "l4*", "dram" };
	char *name;
	u64 n = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(place); i++) {
		name = xasprintf("%s.directory.%s", place[i], counter);
		n += counters_get(&t->c, name);
		free(name);
	}
	return n;
}

static void print_coherence(const struct table *t)
{
	static const char *const rows[][2] = {
		{ "upgrades", "upgrades" },
		{ "transfers_dirty", "dirty transfers" },
		{ "transfers_clean", "clean transfers" },
		{ "downgrades", "downgrades" },
		{ "invalidations", "invalidations" },
		{ "true_sharing", "true sharing" },
		{ "false_sharing", "false sharing" },
	};
	u32 i;

	if (!directory_counter(t, "invalidations") && !directory_counter(t, "downgrades"))
		return;
	fprintf(t->f, "\n  %-16s%18s%s\n", "between cores", "lines",
		t->instructions ? "   per 1000 instructions" : "");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 n = directory_counter(t, rows[i][0]);

		print_count(t, rows[i][1], n);
		if (t->instructions)
			fprintf(t->f, "%10.3f", per_kilo(t, n));
		fputs("\n", t->f);
	}
	sharing_print(t->f, t->r);
}

static void print_walks(const struct table *t)
{
	u64 walks = counters_get(&t->c, "core*.walker.walks"),
	    cycles = counters_get(&t->c, "core*.walker.cycles");
	u64 reads = counters_get(&t->c, "core*.walker.pte_reads");
	u64 hosts = counters_get(&t->c, "core*.walker.nested_reads");
	struct text a;

	if (!walks)
		return;
	print_count(t, "page walks", walks);
	fprintf(t->f, "%8.1f cycles each, %s of all cycles\n", (double)cycles / (double)walks,
		format_percent(&a, (double)cycles, (double)t->cycles));
	print_count(t, "PTE reads", reads);
	fprintf(t->f, "%9.2f a walk\n", (double)reads / (double)walks);
	if (!hosts)
		return;
	print_count(t, "  of the host", hosts);
	fprintf(t->f, "%9.2f a walk\n", (double)hosts / (double)walks);
}

static int larger_part_first(const void *a, const void *b)
{
	const struct stack_part *x = a, *y = b;

	if (x->cycles != y->cycles)
		return x->cycles < y->cycles ? 1 : -1;
	return strcmp(x->name, y->name);
}

#define BAR "########################"

static void print_part(const struct table *t, const char *name, u64 cycles)
{
	int bar = t->cycles ? (int)((double)cycles / (double)t->cycles * (double)strlen(BAR) + 0.5) : 0;
	struct text a;

	print_count(t, name, cycles);
	fprintf(t->f, "%10s", format_percent(&a, (double)cycles, (double)t->cycles));
	if (t->instructions)
		fprintf(t->f, "%8.3f", (double)cycles / (double)t->instructions);
	fprintf(t->f, bar ? "  %.*s\n" : "\n", bar, BAR);
}

static void print_stack(const struct table *t)
{
	struct stack s;
	u64 small = 0;
	u32 i;

	stack_of(&s, &t->c);
	if (!s.n)
		return;
	qsort(s.part, s.n, sizeof(*s.part), larger_part_first);
	fprintf(t->f, "\n  %-16s%18s%10s%s\n", "held up by", "cycles", "share",
		t->instructions ? "     CPI" : "");
	for (i = 0; i < s.n; i++) {
		if (i && (double)s.part[i].cycles < 0.0005 * (double)t->cycles)
			small += s.part[i].cycles;
		else
			print_part(t, s.part[i].name, s.part[i].cycles);
	}
	if (small)
		print_part(t, "all the rest", small);
}

static u64 served_count(const struct results *r, const char *kind, const char *served,
			const char *translation)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < r->n_latency; i++) {
		const struct results_latency *l = &r->latency[i];

		if (!strcmp(l->kind, kind) && (!served || !strcmp(l->served, served)) &&
		    (!translation || !strcmp(l->translation, translation)))
			n += hist_count(l->hist);
	}
	return n;
}

/* The histograms of one kind of access added up; the caller frees it. */
static struct hist *merge_kind(const struct results *r, const char *kind)
{
	struct hist *h = xcalloc(1, sizeof(*h));
	u32 i;

	for (i = 0; i < r->n_latency; i++)
		if (!strcmp(r->latency[i].kind, kind))
			hist_merge(h, r->latency[i].hist);
	return h;
}

static void print_spread(FILE *f, const struct spread *s, double scale)
{
	const double v[] = { s->mean,        (double)s->p50,  (double)s->p90,
			     (double)s->p99, (double)s->p999, (double)s->max };
	struct text a;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		fprintf(f, "%8s", format_latency(&a, v[i] * scale));
}

static void print_latency(const struct table *t, const char *kind, const char *label)
{
	struct hist *h = merge_kind(t->r, kind);
	struct spread s = spread_of(h);
	struct text a;

	free(h);
	if (!s.n)
		return;
	fprintf(t->f, "  %-12s%18s", label, format_count_in(&a, s.n, 18));
	print_spread(t->f, &s, 1);
	fprintf(t->f, "\n  %12s%18s", "ns", "");
	print_spread(t->f, &s, 1e9 * seconds(t, 1));
	fputs("\n", t->f);
}

static void print_latencies(const struct table *t)
{
	if (!served_count(t->r, "load", NULL, NULL) && !served_count(t->r, "store", NULL, NULL))
		return;
	fprintf(t->f, "\n  %-12s%18s%8s%8s%8s%8s%8s%8s\n", "latency", "accesses", "AMAT", "p50", "p90", "p99",
		"p99.9", "longest");
	print_latency(t, "load", "load cycles");
	print_latency(t, "store", "store cycles");
}

static void print_served_row(const struct table *t, const char *translation, u64 all)
{
	const struct word *w;
	struct text a;

	if (!served_count(t->r, "load", NULL, translation))
		return;
	fprintf(t->f, "  %-16s", word_label(words_translation, translation));
	for (w = words_served; w->token; w++)
		if (served_count(t->r, "load", w->token, NULL))
			fprintf(t->f, "%11s",
				format_percent(&a, (double)served_count(t->r, "load", w->token, translation),
					       (double)all));
	fputs("\n", t->f);
}

static void print_served(const struct table *t)
{
	u64 all = served_count(t->r, "load", NULL, NULL);
	const struct word *w;

	if (!all)
		return;
	fprintf(t->f, "\n  %-16s", "loads served by");
	for (w = words_served; w->token; w++)
		if (served_count(t->r, "load", w->token, NULL))
			fprintf(t->f, "%11s", w->label);
	fputs("\n", t->f);
	for (w = words_translation; w->token; w++)
		print_served_row(t, w->token, all);
}

static void print_ladder(const struct table *t)
{
	if (!t->r->print_ladder || !t->r->ladder || ladder_is_empty(t->r->ladder))
		return;
	fputc('\n', t->f);
	ladder_print(t->f, t->r->ladder);
}

/* A paragraph, words wrapped at the width of the table. */
static void print_note(FILE *f, const char *note)
{
	int at = fprintf(f, "  note:");
	const char *end;

	for (; *note; note = end) {
		note += strspn(note, " \n");
		end = note + strcspn(note, " \n");
		if (at + 1 + (int)(end - note) > COLUMNS)
			at = fprintf(f, "\n       ") - 1;
		at += fprintf(f, " %.*s", (int)(end - note), note);
	}
	fputs("\n", f);
}

static void print_host(const struct table *t)
{
	const struct results_host *h = &t->r->host;
	u64 refs = counters_get(&t->c, "replay.references");
	struct text a, b, c;

	fprintf(t->f, "  host: %s CPU, %s elapsed, %s memory", format_seconds(&a, h->cpu_seconds),
		format_seconds(&b, h->wall_seconds), format_bytes(&c, h->max_rss));
	if (refs && h->cpu_seconds > 0)
		fprintf(t->f, ", %s references/s", format_rate(&a, (double)refs / h->cpu_seconds));
	fputs("\n", t->f);
}

static void print_notes(const struct table *t)
{
	u32 i;

	fputs("\n", t->f);
	for (i = 0; i < t->r->n_notes; i++)
		print_note(t->f, t->r->notes[i]);
}

void results_print(FILE *f, const struct results *r, bool host)
{
	struct table t = { .f = f, .r = r };

	counters_from_stats(&t.c, r->stats);
	t.instructions = counters_get(&t.c, "core*.instructions");
	t.cores = MAX(counters_cores(&t.c), 1u);
	t.cycles = counters_get(&t.c, "core*.cycles");
	print_head(&t);
	print_totals(&t);
	print_happenings(&t);
	print_cores(&t);
	print_lookups(&t);
	print_walks(&t);
	print_prefetches(&t);
	print_coherence(&t);
	print_stack(&t);
	print_latencies(&t);
	print_served(&t);
	if (r->profile)
		profile_print(r->profile, f);
	print_ladder(&t);
	print_notes(&t);
	if (host)
		print_host(&t);
	counters_fini(&t.c);
}
