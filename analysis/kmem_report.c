#include "analysis/kmem_report.h"

#include <inttypes.h>
#include <string.h>

enum kind { REFILLS, DRAINS, TICKS, NR_KINDS };

static const char *const kind_name[NR_KINDS] = { "refills", "drains", "ticks" };

static bool is_kind(const struct kmem_burst *b, enum kind kind)
{
	if (kind == REFILLS)
		return !b->drain;
	return b->drain && b->tick == (kind == TICKS);
}

struct sums {
	u64 n, pages;
};

static struct sums sum(const struct kmem_bursts *b, enum kind kind)
{
	struct sums s = { 0 };
	u32 i;

	for (i = 0; i < b->n; i++) {
		if (!is_kind(&b->burst[i], kind))
			continue;
		s.n++;
		s.pages += b->burst[i].pages;
	}
	return s;
}

/* Bursts of the kernel for which the model has one of as many pages, at the same allocation or free. */
static u64 count_same(const struct kmem_replay *r, enum kind kind)
{
	const struct kmem_bursts *k = &r->rec->kernel, *m = &r->model;
	u64 same = 0;
	u32 i, j;

	for (i = 0; i < k->n; i++) {
		const struct kmem_burst *a = &k->burst[i];

		for (j = 0; is_kind(a, kind) && j < m->n; j++) {
			const struct kmem_burst *b = &m->burst[j];

			if (!is_kind(b, kind) || b->step != a->step || b->pages != a->pages)
				continue;
			same++;
			break;
		}
	}
	return same;
}

/* The next run of bursts of one size, from *i on; false: there is none. */
static bool next_run(const struct kmem_bursts *b, enum kind kind, u32 *i, u64 *pages, u32 *n)
{
	*n = 0;
	for (; *i < b->n; ++*i) {
		const struct kmem_burst *at = &b->burst[*i];

		if (!is_kind(at, kind))
			continue;
		if (*n && at->pages != *pages)
			break;
		*pages = at->pages;
		++*n;
	}
	return *n;
}

/* ---- the table ---- */

static void print_sizes(FILE *f, const char *who, const struct kmem_bursts *b, enum kind kind)
{
	char word[48];
	u64 pages = 0;
	u32 i = 0, n;
	int column = fprintf(f, "    %-8s", who);

	while (next_run(b, kind, &i, &pages, &n)) {
		if (n > 1)
			snprintf(word, sizeof(word), " %" PRIu64 " x%u", pages, n);
		else
			snprintf(word, sizeof(word), " %" PRIu64, pages);
		if (column + (int)strlen(word) > 79)
			column = fprintf(f, "\n%12s", "") - 1;
		column += fprintf(f, "%s", word);
	}
	fputc('\n', f);
}

static void print_kind(FILE *f, const struct kmem_replay *r, enum kind kind, const char *what)
{
	const struct sums k = sum(&r->rec->kernel, kind), m = sum(&r->model, kind);

	fprintf(f, "  %-32s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n", what, k.n, m.n,
		count_same(r, kind));
	fprintf(f, "    %-30s %12" PRIu64 " %12" PRIu64 "\n", "pages", k.pages, m.pages);
	if (!k.n && !m.n)
		return;
	print_sizes(f, "kernel", &r->rec->kernel, kind);
	print_sizes(f, "model", &r->model, kind);
}

static void print_list(FILE *f, const struct kmem_replay *r, u32 zone, u32 cpu, u32 list)
{
	const struct kmem_list *l = &kmem_set_of(r, zone, cpu)->list[list];
	char name[40];

	if (!l->allocs && !l->frees && !l->drained[0] && !l->drained[1])
		return;
	snprintf(name, sizeof(name), "%u %s", cpu, kmem_list_name(list));
	fprintf(f,
		"  %-8.8s %-15.15s %6" PRIu64 "%c%7" PRIu64 "%7" PRIu64 " %7" PRIu64 "%7" PRIu64 " %7" PRIu64
		"%7" PRIu64 "\n",
		r->info->zone[zone].name, name, l->start, l->refilled ? ' ' : '?', l->allocs, l->frees,
		l->refilled_pages[0], l->refilled_pages[1], l->drained[0], l->drained[1]);
}

static void print_lists(FILE *f, const struct kmem_replay *r)
{
	u32 zone, cpu, list;

	fputs("\n  zone     CPU and list     start  allocs  frees    refilled        drained\n"
	      "                          blocks   pages  pages  kernel  model  kernel  model\n",
	      f);
	for (zone = 0; zone < r->info->n; zone++)
		for (cpu = 0; cpu < r->info->cpus; cpu++)
			for (list = 0; list < PCP_MAX_LISTS; list++)
				print_list(f, r, zone, cpu, list);
}

static void note(FILE *f, u64 n, const char *what)
{
	if (n)
		fprintf(f, "  %10" PRIu64 " %s\n", n, what);
}

static void print_notes(FILE *f, const struct kmem_replay *r)
{
	const struct kmem_recording *rec = r->rec;
	u64 missing = 0;
	u32 i;

	for (i = 0; i < r->info->n * r->info->cpus; i++)
		missing += r->set[i].missing;
	fputs("\nSettled by what the kernel does (?: not told by a refill):\n", f);
	note(f, rec->guessed, "frees of pageblocks of unknown type, taken for movable");
	note(f, rec->past, "events past the lists, in an interrupt during a refill");
	note(f, rec->batched, "frees that were said a second time (mm_page_free_batched)");
	note(f, r->unknown_frees, "frees of pages that were allocated before the recording");
	note(f, missing, "pages that lists must have had beyond zoneinfo's counts");
	note(f, r->odd_sizes, "sets whose sizes are not those that their zone's marks give");
	note(f, rec->extfrags, "fallbacks to other migratetypes (mm_page_alloc_extfrag)");
	note(f, rec->failed, "allocations that failed in the kernel");
	note(f, r->failed, "requests that failed in the model");
	note(f, rec->outside, "events of pages and CPUs that zoneinfo does not have");
	note(f, rec->others, "lines of other events");
	note(f, rec->damaged, "damaged lines left out");
}

void kmem_report_table(FILE *f, const struct kmem_replay *r, const char *name)
{
	const struct kmem_recording *rec = r->rec;

	fprintf(f, "%s: %" PRIu64 " events in %.3f s, %u zones, %u CPUs\n\n", name, rec->events,
		(double)(rec->last_ns - rec->first_ns) / 1e9, r->info->n, r->info->cpus);
	fprintf(f, "  %-32s %12s %12s %12s\n", "per-CPU lists", "kernel", "model", "the same");
	print_kind(f, r, REFILLS, "refills");
	print_kind(f, r, DRAINS, "drains by frees");
	print_kind(f, r, TICKS, "drains by ticks");
	print_lists(f, r);
	print_notes(f, r);
}

/* ---- JSON ---- */

static void json_sizes(FILE *f, const char *kind, const char *who, const struct kmem_bursts *b, enum kind k)
{
	const char *comma = "";
	u32 i;

	fprintf(f, "  \"%s.%s.sizes\": [", kind, who);
	for (i = 0; i < b->n; i++) {
		if (!is_kind(&b->burst[i], k))
			continue;
		fprintf(f, "%s%" PRIu64, comma, b->burst[i].pages);
		comma = ", ";
	}
	fputs("],\n", f);
}

static void json_kind(FILE *f, const struct kmem_replay *r, enum kind kind)
{
	const struct kmem_bursts *b[] = { &r->rec->kernel, &r->model };
	static const char *const who[] = { "kernel", "model" };
	u32 i;

	for (i = 0; i < 2; i++) {
		const struct sums s = sum(b[i], kind);

		fprintf(f, "  \"%s.%s.count\": %" PRIu64 ",\n", kind_name[kind], who[i], s.n);
		fprintf(f, "  \"%s.%s.pages\": %" PRIu64 ",\n", kind_name[kind], who[i], s.pages);
		json_sizes(f, kind_name[kind], who[i], b[i], kind);
	}
	fprintf(f, "  \"%s.same\": %" PRIu64 ",\n", kind_name[kind], count_same(r, kind));
}

static void json_list(FILE *f, const struct kmem_replay *r, u32 zone, u32 cpu, u32 list)
{
	const struct kmem_list *l = &kmem_set_of(r, zone, cpu)->list[list];
	const struct kmem_zone *z = &r->info->zone[zone];
	const struct {
		const char *name;
		u64 value;
	} row[] = {
		{ "start_blocks", l->start },
		{ "start_known", l->refilled },
		{ "allocs", l->allocs },
		{ "frees", l->frees },
		{ "kernel.refills", l->refills[0] },
		{ "kernel.refilled", l->refilled_pages[0] },
		{ "kernel.drained", l->drained[0] },
		{ "model.refills", l->refills[1] },
		{ "model.refilled", l->refilled_pages[1] },
		{ "model.drained", l->drained[1] },
	};
	u32 i;

	for (i = 0; (l->allocs || l->frees || l->start) && i < ARRAY_SIZE(row); i++)
		fprintf(f, "  \"node%u.%s.cpu%u.list%u.%s\": %" PRIu64 ",\n", z->node, z->name, cpu, list,
			row[i].name, row[i].value);
}

void kmem_report_json(FILE *f, const struct kmem_replay *r)
{
	u32 k, zone, cpu, list;

	fputs("{\n", f);
	for (k = 0; k < NR_KINDS; k++)
		json_kind(f, r, k);
	for (zone = 0; zone < r->info->n; zone++)
		for (cpu = 0; cpu < r->info->cpus; cpu++)
			for (list = 0; list < PCP_MAX_LISTS; list++)
				json_list(f, r, zone, cpu, list);
	fprintf(f, "  \"guessed\": %" PRIu64 ",\n  \"past_lists\": %" PRIu64 ",\n", r->rec->guessed,
		r->rec->past);
	fprintf(f, "  \"unknown_frees\": %" PRIu64 ",\n  \"odd_sizes\": %" PRIu64 ",\n", r->unknown_frees,
		r->odd_sizes);
	fprintf(f, "  \"model_failed\": %" PRIu64 ",\n  \"damaged\": %" PRIu64 ",\n", r->failed,
		r->rec->damaged);
	fprintf(f, "  \"events\": %" PRIu64 "\n}\n", r->rec->events);
}
