#include "analysis/units.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "model/base/error.h"

static void write_line(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	FILE *f = arg;

	fprintf(f, "%s,", name);
	csv_field(f, unit);
	fputc(',', f);
	csv_field(f, help);
	fputc('\n', f);
}

void units_write(FILE *f, const struct stats *s)
{
	fputs(UNITS_HEADER "\n", f);
	stats_each(s, write_line, f);
}

static void take_line(struct units *u, const char *line)
{
	size_t name = strcspn(line, ",");
	const char *unit = line + name + (line[name] == ',');

	u->at = xrealloc(u->at, (u->n + 1) * sizeof(*u->at));
	u->at[u->n++] = (struct unit_line){
		.counter = xasprintf("%.*s", (int)name, line),
		.unit = xasprintf("%.*s", (int)strcspn(unit, ","), unit),
		.line = xstrdup(line),
	};
}

void units_read(struct units *u, const char *dir)
{
	char *path = xasprintf("%s/" UNITS_FILE, dir), *line = NULL;
	FILE *f = fopen(path, "r");
	size_t cap = 0;

	*u = (struct units){ 0 };
	while (f && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, UNITS_HEADER))
			take_line(u, line);
	}
	if (f)
		fclose(f);
	free(line);
	free(path);
}

void units_fini(struct units *u)
{
	u32 i;

	for (i = 0; i < u->n; i++) {
		free(u->at[i].counter);
		free(u->at[i].unit);
		free(u->at[i].line);
	}
	free(u->at);
	*u = (struct units){ 0 };
}

const struct unit_line *units_find(const struct units *u, const char *counter)
{
	u32 i;

	for (i = 0; i < u->n; i++)
		if (!strcmp(u->at[i].counter, counter))
			return &u->at[i];
	return NULL;
}
