#include "analysis/mrc_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "model/base/error.h"

#define STREAM "process,thread,kind,unit,unit_bytes"
#define MRC    STREAM ",capacity,bytes,references,misses,miss_ratio,bound,recording\n"
#define WS     STREAM ",tau,units,bytes,recording\n"

void mrc_csv_head(FILE *f)
{
	fputs(MRC, f);
}

void ws_csv_head(FILE *f)
{
	fputs(WS, f);
}

void mrc_steps(const struct stackdist *s, u32 *first, u32 *last)
{
	*first = stackdist_step_below(stackdist_least(s));
	*first += stackdist_step(*first) < stackdist_least(s);
	for (*last = *first; (double)stackdist_step(*last) < stackdist_units(s); ++*last)
		;
}

static void stream(FILE *f, const struct mrc *m, const struct mrc_curve *c)
{
	if (m->cfg->per_thread)
		fprintf(f, "%u,%u", m->thread[c->thread].pid, m->thread[c->thread].tid);
	else
		fputs("all,all", f);
	fprintf(f, ",%s,%s,%u", mrc_kind_name[c->kind], c->unit ? "page" : "line", m->cfg->unit[c->unit]);
}

static void end_row(FILE *f, const char *recording)
{
	fputc(',', f);
	csv_field(f, recording);
	fputc('\n', f);
}

static void misses(FILE *f, const struct mrc *m, const struct mrc_curve *c, const char *recording)
{
	const struct stackdist *d = c->dist;
	u64 all = stackdist_references(d), capacity;
	u32 i, last;

	for (mrc_steps(d, &i, &last); all && i <= last; i++) {
		capacity = stackdist_step(i);
		stream(f, m, c);
		fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.0f,%.8g,%.4g", capacity,
			capacity * m->cfg->unit[c->unit], all, stackdist_misses(d, capacity),
			stackdist_misses(d, capacity) / (double)all,
			stackdist_bound(d, capacity) / (double)all);
		end_row(f, recording);
	}
}

void mrc_csv_rows(FILE *f, const struct mrc *m, const char *recording)
{
	u32 i;

	for (i = 0; i < m->n_curves; i++)
		misses(f, m, &m->curve[i], recording);
}

static void working_sets(FILE *f, const struct mrc *m, const struct mrc_curve *c, const char *recording)
{
	u64 all = stackdist_references(c->dist);
	double units;
	u32 i;

	for (i = 0; all && (!i || stackdist_step(i - 1) < all); i++) {
		units = stackdist_working_set(c->dist, i);
		stream(f, m, c);
		fprintf(f, ",%" PRIu64 ",%.8g,%.8g", stackdist_step(i), units, units * m->cfg->unit[c->unit]);
		end_row(f, recording);
	}
}

void ws_csv_rows(FILE *f, const struct mrc *m, const char *recording)
{
	u32 i;

	for (i = 0; i < m->n_curves; i++)
		working_sets(f, m, &m->curve[i], recording);
}

/* ---- reading back ---- */

/* The last field without its quotes, in place. */
static char *unquote(char *s)
{
	char *to = s, *from = s;

	s[strcspn(s, "\n")] = 0;
	if (*s != '"')
		return s;
	for (from++; *from && (*from != '"' || from[1] == '"'); *to++ = *from++)
		from += *from == '"';
	*to = 0;
	return s;
}

static bool same_series(const struct mrc_series *a, const struct mrc_series *b)
{
	return a->unit_bytes == b->unit_bytes && !strcmp(a->kind, b->kind) &&
	       !strcmp(a->process, b->process) && !strcmp(a->thread, b->thread) &&
	       !strcmp(a->unit, b->unit) && !strcmp(a->recording, b->recording);
}

/* Rows of a series follow each other. */
static struct mrc_series *series_of(struct mrc_table *t, const struct mrc_series *s)
{
	if (t->n && same_series(&t->series[t->n - 1], s))
		return &t->series[t->n - 1];
	t->series = xrealloc(t->series, (t->n + 1) * sizeof(*t->series));
	t->series[t->n] = *s;
	t->series[t->n].recording = xstrdup(s->recording);
	return &t->series[t->n++];
}

static void add_point(struct mrc_series *s, struct mrc_point p)
{
	if (s->n == s->cap) {
		s->cap = MAX(2 * s->cap, 64);
		s->at = xrealloc(s->at, s->cap * sizeof(*s->at));
	}
	s->at[s->n++] = p;
}

static bool take_row(struct mrc_table *t, bool ws, char *line)
{
	struct mrc_series s = { 0 };
	struct mrc_point p = { 0 };
	int n, at = 0;

	n = sscanf(line, "%15[^,],%15[^,],%7[^,],%7[^,],%" SCNu64 "%n", s.process, s.thread, s.kind, s.unit,
		   &s.unit_bytes, &at);
	if (n != 5)
		return false;
	line += at;
	at = 0;
	if (ws)
		n = sscanf(line, ",%lf,%*f,%lf,%n", &p.x, &p.y, &at) + 1;
	else
		n = sscanf(line, ",%*u,%lf,%*u,%*f,%lf,%lf,%n", &p.x, &p.y, &p.bound, &at);
	if (n != 3 || !at || !(p.x > 0) || !(p.y >= 0) || !(p.bound >= 0))
		return false;
	s.recording = unquote(line + at);
	add_point(series_of(t, &s), p);
	return true;
}

char *mrc_csv_read(FILE *f, bool ws, struct mrc_table *t)
{
	const char *head = ws ? WS : MRC;
	char *line = NULL, *bad = NULL;
	size_t size = 0;
	u32 n;

	*t = (struct mrc_table){ 0 };
	if (getline(&line, &size, f) < 0 || strcmp(line, head))
		bad = xasprintf("line 1 is not '%.*s'", (int)strlen(head) - 1, head);
	for (n = 2; !bad && getline(&line, &size, f) >= 0; n++)
		if (!take_row(t, ws, line))
			bad = xasprintf("line %u is not a row of the curve", n);
	free(line);
	return bad;
}

void mrc_table_fini(struct mrc_table *t)
{
	u32 i;

	for (i = 0; i < t->n; i++) {
		free(t->series[i].at);
		free(t->series[i].recording);
	}
	free(t->series);
}
