/*
 * The terminal table: what ran, how the caches and TLBs did, where the cycles went, how long accesses took, and what
 * the reader must know. No line is wider than 80 columns; a section without anything to say is left out.
 */
#include "analysis/results.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "analysis/format.h"
#include "analysis/spread.h"
#include "analysis/words.h"
#include "model/base/error.h"

#define COLUMNS 80

struct table {
	FILE *f;
	const struct results *r;
	struct counters c;
	u64 instructions, cycles;
};

static double per_kilo(const struct table *t, u64 n)
{
	return t->instructions ? 1000.0 * (double)n / (double)t->instructions : 0;
}

static double seconds(const struct table *t, double cycles)
{
	return t->r->hz ? cycles / (double)t->r->hz : 0;
}

static void print_head(const struct table *t)
{
	const struct results *r = t->r;
	u32 cores = MAX(counters_cores(&t->c), 1u), i;
	struct text a, b, c;

	for (i = 0; i < r->n_traces; i++)
		fprintf(t->f, "  %s  %s\n", i ? "      " : "replay", format_clip(&a, format_base(r->traces[i]), 68));
	fprintf(t->f, "      on  %s, %u core%s at %s\n", format_clip(&a, r->machine, 40), cores, cores == 1 ? "" : "s",
		format_hz(&b, r->hz));
	fprintf(t->f, "  kernel  %s  (mmsim %s)\n\n", format_clip(&a, r->kernel, 40), format_clip(&c, r->version, 20));
}

static void print_totals(const struct table *t)
{
	double ipc = t->cycles ? (double)t->instructions / (double)t->cycles : 0;
	struct text a;

	fprintf(t->f, "%20s  instructions", format_count(&a, t->instructions));
	if (ipc > 0)
		fprintf(t->f, "%10.3f per cycle (%.3f cycles per instruction)", ipc, 1 / ipc);
	fprintf(t->f, "\n%20s  cycles", format_count(&a, t->cycles));
	fprintf(t->f, "%16s simulated\n", format_seconds(&a, seconds(t, (double)t->cycles)));
}

/* Happenings worth a line of their own. Those that are zero are left out unless `always`. */
static const struct happening {
	const char *counter, *label;
	bool always;
} happenings[] = {
	{ "mm.fault.minor", "minor page faults", true },
	{ "mm.fault.zero", "  of them demand-zero", false },
	{ "mm.fault.cow", "  of them copy-on-write", false },
	{ "mm.fault.file", "  of them on files", false },
	{ "mm.fault.major", "major page faults", false },
	{ "mm.fault.segv", "simulated SIGSEGVs", true },
};

static void print_happenings(const struct table *t)
{
	const struct happening *h;
	struct text a;
	u64 n;

	for (h = happenings; h < happenings + ARRAY_SIZE(happenings); h++) {
		n = counters_get(&t->c, h->counter);
		if (!n && !(h->always && counters_has(&t->c, h->counter)))
			continue;
		fprintf(t->f, "%20s  %-24s", format_count(&a, n), h->label);
		if (n && t->instructions)
			fprintf(t->f, "%10.4f per 1000 instructions", per_kilo(t, n));
		fputs("\n", t->f);
	}
}

/* Structures that are looked up: sums of accesses and of misses, wherever the level is (private or shared). */
static const struct lookup {
	const char *label;
	const char *accesses[4], *misses[4];
} lookups[] = {
	{ "L1I fetches", { "core*.l1i.fetches" }, { "core*.l1i.fetch_misses" } },
	{ "L1D loads", { "core*.l1d.loads" }, { "core*.l1d.load_misses" } },
	{ "L1D stores", { "core*.l1d.stores" }, { "core*.l1d.store_misses" } },
	{ "L2 fetches", { "core*.l2.fetches", "l2.fetches" }, { "core*.l2.fetch_misses", "l2.fetch_misses" } },
	{ "L2 loads", { "core*.l2.loads", "l2.loads" }, { "core*.l2.load_misses", "l2.load_misses" } },
	{ "L3 fetches", { "core*.l3.fetches", "l3.fetches" }, { "core*.l3.fetch_misses", "l3.fetch_misses" } },
	{ "L3 loads", { "core*.l3.loads", "l3.loads" }, { "core*.l3.load_misses", "l3.load_misses" } },
	{ "ITLB", { "core*.itlb.lookups" }, { "core*.itlb.misses" } },
	{ "DTLB", { "core*.dtlb.lookups" }, { "core*.dtlb.misses" } },
	{ "STLB", { "core*.stlb.lookups" }, { "core*.stlb.misses" } },
	{ "DRAM rows", { "dram.row_hits", "dram.row_closed", "dram.row_conflicts" },
	  { "dram.row_closed", "dram.row_conflicts" } },
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
	struct text a, b, c;

	if (!accesses)
		return;
	fprintf(t->f, "  %-12s%20s  %18s  %11s", l->label, format_count(&a, accesses), format_count(&b, misses),
		format_percent(&c, (double)misses, (double)accesses));
	if (t->instructions)
		fprintf(t->f, "  %9.3f", per_kilo(t, misses));
	fputs("\n", t->f);
}

static void print_lookups(const struct table *t)
{
	u32 i;

	fprintf(t->f, "\n  %-12s%20s  %18s  %11s  %9s\n", "", "accesses", "misses", "miss rate",
		t->instructions ? "MPKI" : "");
	for (i = 0; i < ARRAY_SIZE(lookups); i++)
		print_lookup(t, &lookups[i]);
}

static void print_walks(const struct table *t)
{
	double walks = (double)counters_get(&t->c, "core*.walker.walks");
	double cycles = (double)counters_get(&t->c, "core*.walker.cycles");
	double reads = (double)counters_get(&t->c, "core*.walker.pte_reads");
	struct text a, b;

	if (walks == 0)
		return;
	fprintf(t->f, "  %-12s%20s  %.1f cycles and %.2f PTE reads each, %s of all cycles\n", "page walks",
		format_count(&a, (u64)walks), cycles / walks, reads / walks,
		format_percent(&b, cycles, (double)t->cycles));
}

struct part {
	const char *name;
	u64 cycles;
};

/* The cycle stack over all cores, its parts in order of registration. Returns how many there are. */
static u32 gather_parts(const struct counters *c, struct part *parts, u32 max)
{
	const char *name;
	u32 n = 0, i, k;

	for (i = 0; i < c->n; i++) {
		name = counters_cycle_part(c->at[i].name);
		if (!name || !c->at[i].value)
			continue;
		for (k = 0; k < n && strcmp(parts[k].name, name); k++)
			;
		if (k == n) {
			ASSERT(n < max);
			parts[n++] = (struct part){ name, 0 };
		}
		parts[k].cycles += c->at[i].value;
	}
	return n;
}

static int larger_part_first(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->cycles != y->cycles)
		return x->cycles < y->cycles ? 1 : -1;
	return strcmp(x->name, y->name);
}

#define BAR "##############################"

static void print_part(const struct table *t, const char *name, u64 cycles)
{
	int bar = t->cycles ? (int)((double)cycles / (double)t->cycles * (double)strlen(BAR) + 0.5) : 0;
	struct text a, b;

	fprintf(t->f, "  %-14.14s%18s  %9s", name, format_count(&a, cycles),
		format_percent(&b, (double)cycles, (double)t->cycles));
	if (t->instructions)
		fprintf(t->f, "%8.3f", (double)cycles / (double)t->instructions);
	fprintf(t->f, bar ? "  %.*s\n" : "\n", bar, BAR);
}

static void print_stack(const struct table *t)
{
	struct part parts[64];
	u32 n = gather_parts(&t->c, parts, ARRAY_SIZE(parts)), i;
	u64 small = 0;

	if (!n)
		return;
	qsort(parts, n, sizeof(*parts), larger_part_first);
	fprintf(t->f, "\n  %-14s%18s  %9s%8s\n", "cycles held by", "cycles", "share", t->instructions ? "CPI" : "");
	for (i = 0; i < n; i++) {
		if (i && (double)parts[i].cycles < 0.0005 * (double)t->cycles)
			small += parts[i].cycles;
		else
			print_part(t, parts[i].name, parts[i].cycles);
	}
	if (small)
		print_part(t, "all the rest", small);
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

static void print_latency(const struct table *t, const char *kind)
{
	struct hist *h = merge_kind(t->r, kind);
	struct spread s = spread_of(h);
	double ns = 1e9 * seconds(t, 1);
	struct text a, b;

	free(h);
	if (!s.n)
		return;
	fprintf(t->f, "  %-7s cycles%17s%9.2f%7" PRIu64 "%7" PRIu64 "%7" PRIu64 "%9" PRIu64 "%13s\n", kind,
		format_count(&a, s.n), s.mean, s.p50, s.p90, s.p99, s.p999, format_count(&b, s.max));
	fprintf(t->f, "  %-7s     ns%17s%9.2f%7.1f%7.1f%7.1f%9.1f%13.1f\n", "", "", s.mean * ns, (double)s.p50 * ns,
		(double)s.p90 * ns, (double)s.p99 * ns, (double)s.p999 * ns, (double)s.max * ns);
}

static void print_latencies(const struct table *t)
{
	if (!t->r->n_latency)
		return;
	fprintf(t->f, "\n  latency       %17s%9s%7s%7s%7s%9s%13s\n", "accesses", "mean", "p50", "p90", "p99", "p99.9",
		"longest");
	print_latency(t, "load");
	print_latency(t, "store");
}

static u64 served_count(const struct results *r, const char *kind, const char *served, const char *translation)
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
				format_percent(&a, (double)served_count(t->r, "load", w->token, translation), (double)all));
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

	fprintf(t->f, "\n  host: %s CPU, %s elapsed, %s of memory", format_seconds(&a, h->cpu_seconds),
		format_seconds(&b, h->wall_seconds), format_bytes(&c, h->max_rss));
	if (refs && h->cpu_seconds > 0)
		fprintf(t->f, ", %s references/s", format_rate(&a, (double)refs / h->cpu_seconds));
	fputs("\n", t->f);
}

void results_print(FILE *f, const struct results *r)
{
	struct table t = { .f = f, .r = r };
	u32 i;

	counters_from_stats(&t.c, r->stats);
	t.instructions = counters_get(&t.c, "core*.instructions");
	t.cycles = counters_get(&t.c, "core*.cycles");
	print_head(&t);
	print_totals(&t);
	print_happenings(&t);
	print_lookups(&t);
	print_walks(&t);
	print_stack(&t);
	print_latencies(&t);
	print_served(&t);
	if (r->n_notes)
		fputs("\n", f);
	for (i = 0; i < r->n_notes; i++)
		print_note(f, r->notes[i]);
	print_host(&t);
	counters_fini(&t.c);
}
