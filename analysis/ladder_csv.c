#include "analysis/ladder_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"

bool ladder_is_empty(const struct ladder *l)
{
	u32 i;

	for (i = 0; i < NR_LADDER_KINDS; i++)
		if (l->row[i].count)
			return false;
	return true;
}

/* Each, of one request. */
static double per(const struct ladder_row *r, u64 sum)
{
	return r->count ? (double)sum / (double)r->count : 0;
}

static void write_row(FILE *f, enum ladder_kind kind, const struct ladder_row *r)
{
	const struct kernel_tally *t = &r->sum;

	fprintf(f, "%s,%" PRIu64 ",%.3f,%" PRIu64 ",%" PRIu64 ",%" PRIu64, ladder_kind_name[kind], r->count,
		per(r, t->cycles), hist_percentile(&r->cycles, 1, 2), hist_percentile(&r->cycles, 99, 100),
		hist_percentile(&r->cycles, 1, 1));
	fprintf(f, ",%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f\n", per(r, t->instructions), per(r, t->lines),
		per(r, t->l1_misses), per(r, t->l2_misses), per(r, t->memory), per(r, t->tlb_misses),
		per(r, t->evicted_lines), per(r, t->evicted_translations));
}

void ladder_csv_write(FILE *f, const struct ladder *l)
{
	u32 i;

	fputs(LADDER_CSV_HEADER "\n", f);
	for (i = 0; i < NR_LADDER_KINDS; i++)
		write_row(f, i, &l->row[i]);
}

/* ---- the terminal ---- */

static const char *mean(struct text *t, const struct ladder_row *r, u64 sum)
{
	double v = per(r, sum);

	if (v >= 99.95)
		return format_count_in(t, (u64)(v + 0.5), 6);
	snprintf(t->s, sizeof(t->s), "%.1f", v);
	return t->s;
}

static void print_row(FILE *f, enum ladder_kind kind, const struct ladder_row *r)
{
	struct text a, b, c, d;

	fprintf(f, "  %-16s %6s %7s %6s %7s", ladder_kind_name[kind], format_count_in(&a, r->count, 6),
		format_latency(&b, per(r, r->sum.cycles)),
		format_count_in(&c, hist_percentile(&r->cycles, 1, 2), 6),
		format_count_in(&d, hist_percentile(&r->cycles, 99, 100), 7));
	fprintf(f, " %6s %6s", mean(&a, r, r->sum.instructions), mean(&b, r, r->sum.lines));
	fprintf(f, " %5s %5s %5s", mean(&a, r, r->sum.l1_misses), mean(&b, r, r->sum.memory),
		mean(&c, r, r->sum.evicted_lines));
	fputc('\n', f);
}

void ladder_print(FILE *f, const struct ladder *l)
{
	u32 i;

	fputs("  served by         count  cycles    p50     p99  insns  lines L1mis   mem evict\n", f);
	for (i = 0; i < NR_LADDER_KINDS; i++)
		if (l->row[i].count)
			print_row(f, i, &l->row[i]);
	fputs("  cycles to evict are means of one request: of lines touched, of those that L1\n"
	      "  did not have, from memory or another core, of the program's turned out\n",
	      f);
}

/* ---- parts ---- */

struct ladder_part {
	const struct ladder *live;
	struct ladder begin, sum;
};

struct ladder_part *ladder_part_new(const struct ladder *live)
{
	struct ladder_part *p = xcalloc(1, sizeof(*p));

	p->live = live;
	p->sum.on = live->on;
	return p;
}

void ladder_part_free(struct ladder_part *p)
{
	free(p);
}

void ladder_part_begin(struct ladder_part *p)
{
	p->begin = *p->live;
}

static void add_gain(struct ladder_row *sum, const struct ladder_row *begin, const struct ladder_row *end)
{
	u32 i;

	sum->count += end->count - begin->count;
	sum->sum.cycles += end->sum.cycles - begin->sum.cycles;
#define X(field, unit, help) sum->sum.field += end->sum.field - begin->sum.field;
	KERNEL_TALLY(X)
#undef X
	for (i = 0; i < HIST_BINS; i++)
		sum->cycles.bin[i] += end->cycles.bin[i] - begin->cycles.bin[i];
}

void ladder_part_end(struct ladder_part *p)
{
	u32 i;

	for (i = 0; i < NR_LADDER_KINDS; i++)
		add_gain(&p->sum.row[i], &p->begin.row[i], &p->live->row[i]);
}

const struct ladder *ladder_part_sum(const struct ladder_part *p)
{
	return &p->sum;
}

/* ---- reading ---- */

static bool parse_row(const char *line, struct ladder_csv_row *r)
{
	double rest[8];
	char after;
	int n = sscanf(line,
		       "%31[^,],%" SCNu64 ",%lf,%" SCNu64 ",%" SCNu64 ",%" SCNu64
		       ",%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf%c",
		       r->level, &r->count, &r->mean, &r->p50, &r->p99, &r->max, &rest[0], &rest[1], &rest[2],
		       &rest[3], &rest[4], &rest[5], &rest[6], &rest[7], &after);

	return n == 15 && after == '\n' && !strchr(line, '-') && r->mean >= 0 && r->mean < 1e18;
}

char *ladder_csv_read(FILE *f, struct ladder_table *t)
{
	char line[512];

	t->n = 0;
	if (!fgets(line, sizeof(line), f) || strcmp(line, LADDER_CSV_HEADER "\n"))
		return xasprintf("line 1 is not '%s'", LADDER_CSV_HEADER);
	while (fgets(line, sizeof(line), f)) {
		if (t->n == NR_LADDER_KINDS || !parse_row(line, &t->row[t->n]))
			return xasprintf("line %u is not a level and its numbers", t->n + 2);
		t->n++;
	}
	return NULL;
}
