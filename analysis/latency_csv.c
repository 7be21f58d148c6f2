#include "analysis/latency_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

static void write_hist(FILE *f, const struct results_latency *l)
{
	u32 i;

	for (i = 0; i < HIST_BINS; i++) {
		if (!l->hist->bin[i])
			continue;
		fprintf(f, "%s,%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s\n", l->kind, l->served,
			l->translation, hist_low(i), i + 1 < HIST_BINS ? hist_low(i + 1) - 1 : ~(u64)0,
			l->hist->bin[i], l->cause ? l->cause : "none");
	}
}

void latency_csv_write(FILE *f, const struct results_latency *l, u32 n)
{
	u32 i;

	fputs(LATENCY_CSV_HEADER "\n", f);
	for (i = 0; i < n; i++)
		write_hist(f, &l[i]);
}

static struct latency_row *add_row(struct latency_table *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->row = xrealloc(t->row, t->cap * sizeof(*t->row));
	}
	return &t->row[t->n++];
}

static bool parse_row(const char *line, bool causes, struct latency_row *r)
{
	int used = 0, n = sscanf(line, "%15[^,],%15[^,],%15[^,],%" SCNu64 ",%" SCNu64 ",%" SCNu64 "%n",
				 r->kind, r->served, r->translation, &r->from, &r->to, &r->accesses, &used);
	char after = 0;

	strcpy(r->cause, "any");
	if (n != 6 || r->from > r->to || strchr(line, '-'))
		return false;
	if (causes)
		return sscanf(line + used, ",%15[^,\n]%c", r->cause, &after) == 2 && after == '\n';
	return !strcmp(line + used, "\n");
}

char *latency_csv_read(FILE *f, struct latency_table *t)
{
	char line[256];
	bool causes;
	u32 n = 1;

	memset(t, 0, sizeof(*t));
	if (!fgets(line, sizeof(line), f) ||
	    (strcmp(line, LATENCY_CSV_HEADER "\n") && strcmp(line, LATENCY_CSV_BEFORE_CAUSES "\n")))
		return xasprintf("line 1 is not '%s'", LATENCY_CSV_HEADER);
	causes = !strcmp(line, LATENCY_CSV_HEADER "\n");
	while (fgets(line, sizeof(line), f)) {
		n++;
		if (!parse_row(line, causes, add_row(t))) {
			latency_table_fini(t);
			return xasprintf("line %u is not three words, three numbers and a word", n);
		}
	}
	return NULL;
}

void latency_table_fini(struct latency_table *t)
{
	free(t->row);
	memset(t, 0, sizeof(*t));
}
