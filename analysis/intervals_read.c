/* intervals.csv read back. */
#include "analysis/intervals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "model/base/error.h"

static void take_names(struct intervals_table *t, char *line)
{
	char *save, *word;

	for (word = strtok_r(line, ",\n", &save); word; word = strtok_r(NULL, ",\n", &save)) {
		t->name = xrealloc(t->name, (t->n_columns + 1) * sizeof(*t->name));
		t->name[t->n_columns++] = xstrdup(word);
	}
}

static bool take_row(struct intervals_table *t, char *line)
{
	double *row;
	char *end = line;
	u32 i;

	t->at = xrealloc(t->at, (size_t)(t->n_rows + 1) * t->n_columns * sizeof(*t->at));
	row = t->at + (size_t)t->n_rows * t->n_columns;
	for (i = 0; i < t->n_columns; i++, line = end + 1) {
		row[i] = strtod(line, &end);
		if (end == line || *end != (i + 1 < t->n_columns ? ',' : '\n'))
			return false;
	}
	t->n_rows++;
	return true;
}

static char *read_rows(struct intervals_table *t, FILE *f, const char *path)
{
	char *line = NULL, *bad = NULL;
	size_t size = 0;
	u32 n = 1;

	if (getline(&line, &size, f) < 0 || strncmp(line, "interval,", strlen("interval,")))
		bad = xasprintf("line 1 of '%s' does not begin with 'interval,'", path);
	else
		take_names(t, line);
	while (!bad && getline(&line, &size, f) >= 0)
		if (n++, !take_row(t, line))
			bad = xasprintf("line %u of '%s' is not %u numbers", n, path, t->n_columns);
	free(line);
	return bad;
}

char *intervals_read(struct intervals_table *t, const char *path)
{
	FILE *f = fopen(path, "r");
	char *bad;

	*t = (struct intervals_table){ 0 };
	if (!f)
		return xasprintf("cannot read '%s' (%s): 'mmsim replay --interval 100k -o DIR' writes it",
				 path, strerror(errno));
	bad = read_rows(t, f, path);
	fclose(f);
	if (bad)
		intervals_table_fini(t);
	return bad;
}

void intervals_table_fini(struct intervals_table *t)
{
	while (t->n_columns)
		free(t->name[--t->n_columns]);
	free(t->name);
	free(t->at);
	*t = (struct intervals_table){ 0 };
}

u32 intervals_column(const struct intervals_table *t, const char *name)
{
	u32 i;

	for (i = 0; i < t->n_columns; i++)
		if (!strcmp(t->name[i], name))
			return i;
	return NO_COLUMN;
}

/* One of the patterns that '+' joins, the next one being behind *rest; false: there are no more. */
static bool next_pattern(const char **rest, char *one, size_t size)
{
	size_t n = strcspn(*rest, "+");

	if (!n || n >= size)
		return false;
	memcpy(one, *rest, n);
	one[n] = '\0';
	*rest += n + ((*rest)[n] == '+');
	return true;
}

/* The sum over a row's columns that patterns name; at NULL: how many those are. */
static double sum(const struct intervals_table *t, const double *at, const char *patterns)
{
	double n = 0;
	char one[128];
	u32 i;

	while (next_pattern(&patterns, one, sizeof(one)))
		for (i = 0; i < t->n_columns; i++)
			if (!strcmp(t->name[i], one) || counters_match(one, t->name[i]))
				n += at ? at[i] : 1;
	return n;
}

double intervals_sum(const struct intervals_table *t, u32 row, const char *patterns)
{
	return sum(t, t->at + (size_t)row * t->n_columns, patterns);
}

bool intervals_has(const struct intervals_table *t, const char *patterns)
{
	return sum(t, NULL, patterns) > 0;
}
