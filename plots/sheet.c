#include "plots/sheet.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

static void take_comment(struct sheet *s, const char *line)
{
	const struct {
		const char *mark;
		char **text;
	} marks[] = { { "# title ", &s->title }, { "# unit ", &s->unit }, { "# caption ", &s->caption } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		if (strncmp(line, marks[i].mark, strlen(marks[i].mark)))
			continue;
		free(*marks[i].text);
		*marks[i].text = xstrdup(line + strlen(marks[i].mark));
	}
}

static char *take_heading(struct sheet *s, const char *file, char *line)
{
	char *name;

	s->names = xstrdup(strsep(&line, ","));
	while ((name = strsep(&line, ","))) {
		if (s->n_columns == SHEET_COLUMNS)
			return xasprintf("'%s' has more than %u columns of numbers", file, SHEET_COLUMNS);
		s->column[s->n_columns++] = xstrdup(name);
	}
	if (!s->n_columns)
		return xasprintf("'%s' has no columns of numbers: its heading is 'NAME,COLUMN,...'", file);
	return NULL;
}

bool sheet_number(const char *s, double *v)
{
	char *end;

	*v = strtod(s, &end);
	return end != s && !*end && isfinite(*v) && *v >= 0;
}

static bool take_value(const char *field, bool gaps, double *v)
{
	if (!field || (!*field && !gaps))
		return false;
	if (*field)
		return sheet_number(field, v);
	*v = -1;
	return true;
}

static char *take_row(struct sheet *s, const char *file, u32 n, char *line, bool gaps)
{
	struct sheet_row *r = &s->row[s->n_rows];
	u32 i;

	if (s->n_rows == SHEET_ROWS)
		return xasprintf("'%s' has more than %u rows", file, SHEET_ROWS);
	s->n_rows++;
	r->name = xstrdup(strsep(&line, ","));
	for (i = 0; i < s->n_columns; i++)
		if (!take_value(strsep(&line, ","), gaps, &r->value[i]))
			return xasprintf("'%s' line %u has no number from 0 on for '%s'", file, n,
					 s->column[i]);
	return line ? xasprintf("'%s' line %u has more numbers than the heading has columns", file, n) : NULL;
}

static char *take_line(struct sheet *s, const char *file, u32 n, char *line, bool gaps)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '#') {
		take_comment(s, line);
		return NULL;
	}
	return s->names ? take_row(s, file, n, line, gaps) : take_heading(s, file, line);
}

char *sheet_read(struct sheet *s, const char *file, bool gaps)
{
	FILE *f = fopen(file, "r");
	char *line = NULL, *bad = NULL;
	size_t size = 0;
	u32 n;

	if (!f)
		return xasprintf("cannot read '%s': %s", file, strerror(errno));
	for (n = 1; !bad && getline(&line, &size, f) >= 0; n++)
		bad = take_line(s, file, n, line, gaps);
	free(line);
	fclose(f);
	if (!bad && !s->n_rows)
		bad = xasprintf("'%s' has no rows", file);
	return bad;
}

void sheet_fini(struct sheet *s)
{
	u32 i;

	for (i = 0; i < s->n_columns; i++)
		free(s->column[i]);
	for (i = 0; i < s->n_rows; i++)
		free(s->row[i].name);
	free(s->title);
	free(s->unit);
	free(s->caption);
	free(s->names);
}
