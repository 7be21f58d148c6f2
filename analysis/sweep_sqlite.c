/*
 * sweep.sqlite: a sweep as a database, for questions in SQL.
 *
 *	points    id, name, error (NULL: it is done), then a column a varied key, named like it
 *	counters  id, name, unit, meaning
 *	results   point, counter, value
 *	tidy      a view that joins the three: the keys, counter, unit, value
 *
 * Counters stand in rows, as SQLite has no more than 2,000 columns and machines of some cores have more
 *counters.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/csv.h"
#include "analysis/sweep_table.h"
#include "model/base/error.h"

struct base {
	sqlite3 *db;
	const struct sweep *s;
	const char *dir;
	char *bad;
};

static bool check(struct base *b, bool good)
{
	if (!good && !b->bad)
		b->bad = xasprintf("%s/sweep.sqlite: %s", b->dir, sqlite3_errmsg(b->db));
	return !b->bad;
}

static void run(struct base *b, const char *sql)
{
	check(b, !b->bad && sqlite3_exec(b->db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static sqlite3_stmt *prepare(struct base *b, const char *sql)
{
	sqlite3_stmt *st = NULL;

	check(b, !b->bad && sqlite3_prepare_v2(b->db, sql, -1, &st, NULL) == SQLITE_OK);
	return st;
}

/* NULL text: a NULL. */
static void bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
}

static void step(struct base *b, sqlite3_stmt *st)
{
	check(b, !b->bad && sqlite3_step(st) == SQLITE_DONE && sqlite3_reset(st) == SQLITE_OK);
}

/* Keys as columns: letters, digits, dots and '_' only, which quotes hold. */
static char *key_columns(const struct sweep *s, const char *format)
{
	char *list = xstrdup(""), *one, *longer;
	u32 i;

	for (i = 0; i < s->n_axes; i++) {
		one = xasprintf(format, s->axis[i].key);
		longer = xasprintf("%s, %s", list, one);
		free(one);
		free(list);
		list = longer;
	}
	return list;
}

static void create(struct base *b)
{
	char *columns = key_columns(b->s, "\"%s\" NUMERIC"), *names = key_columns(b->s, "\"%s\"");
	char *sql = xasprintf(
		"CREATE TABLE points (id INTEGER PRIMARY KEY, name TEXT NOT NULL, error TEXT%s);"
		"CREATE TABLE counters (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, unit TEXT, "
		"meaning "
		"TEXT);"
		"CREATE TABLE results (point INTEGER REFERENCES points, counter INTEGER REFERENCES counters,"
		" value INTEGER NOT NULL, PRIMARY KEY (point, counter)) WITHOUT ROWID;"
		"CREATE VIEW tidy AS SELECT points.name AS point%s, counters.name AS counter, unit, value"
		" FROM results JOIN points ON points.id = point JOIN counters ON counters.id = counter;",
		columns, names);

	run(b, sql);
	free(sql);
	free(columns);
	free(names);
}

static void add_counters(struct base *b, const struct sweep_counters *c)
{
	sqlite3_stmt *st = prepare(b, "INSERT INTO counters VALUES (?, ?, ?, ?)");
	u32 i, k;

	for (i = 0; i < c->names.n && !b->bad; i++) {
		const char *line = c->units.at[i];

		sqlite3_bind_int64(st, 1, i + 1);
		for (k = 0; k < 3; k++) {
			char *field = csv_take(&line);

			bind_text(st, (int)k + 2, field);
			free(field);
		}
		step(b, st);
	}
	sqlite3_finalize(st);
}

static void bind_value(struct base *b, sqlite3_stmt *st, int at, u64 point, const struct sweep_axis *a)
{
	struct sweep_column c = sweep_column(a);
	char *cell = sweep_cell(b->s, point, a, &c);

	if (c.number)
		sqlite3_bind_double(st, at, strtod(cell, NULL));
	else
		bind_text(st, at, cell);
	free(cell);
}

static void add_point(struct base *b, sqlite3_stmt *st, u64 point, const struct sweep_row *r)
{
	u32 i;

	sqlite3_bind_int64(st, 1, (sqlite3_int64)point + 1);
	bind_text(st, 2, r->name);
	bind_text(st, 3, r->error);
	for (i = 0; i < b->s->n_axes; i++)
		bind_value(b, st, (int)i + 4, point, &b->s->axis[i]);
	step(b, st);
}

static void add_results(struct base *b, sqlite3_stmt *st, u64 point, const struct sweep_row *r,
			const struct sweep_counters *c)
{
	u32 i, hint = 0;

	for (i = 0; i < r->counters.n && !b->bad; i++) {
		sqlite3_bind_int64(st, 1, (sqlite3_int64)point + 1);
		sqlite3_bind_int64(st, 2, sweep_find(&c->names, r->counters.at[i].name, &hint) + 1);
		sqlite3_bind_int64(st, 3, (sqlite3_int64)r->counters.at[i].value);
		step(b, st);
	}
}

static void add_points(struct base *b, const struct sweep_counters *c)
{
	char *marks = key_columns(b->s, "?"),
	     *sql = xasprintf("INSERT INTO points VALUES (?, ?, ?%s)", marks);
	sqlite3_stmt *points = prepare(b, sql), *results = prepare(b, "INSERT INTO results VALUES (?, ?, ?)");
	struct sweep_row r;
	u64 i;

	for (i = 0; i < b->s->points && !b->bad; i++) {
		b->bad = sweep_row_open(&r, b->dir, b->s, i);
		add_point(b, points, i, &r);
		add_results(b, results, i, &r, c);
		sweep_row_close(&r);
	}
	sqlite3_finalize(points);
	sqlite3_finalize(results);
	free(marks);
	free(sql);
}

static void fill(struct base *b)
{
	struct sweep_counters c;

	b->bad = sweep_counters(&c, b->dir, b->s);
	run(b, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
	create(b);
	add_counters(b, &c);
	add_points(b, &c);
	run(b, "COMMIT");
	sweep_counters_fini(&c);
}

char *sweep_write_sqlite(const char *dir, const struct sweep *s)
{
	char *to = xasprintf("%s/sweep.sqlite", dir), *part = xasprintf("%s.part", to);
	struct base b = { .s = s, .dir = dir };

	unlink(part);
	if (check(&b, sqlite3_open(part, &b.db) == SQLITE_OK))
		fill(&b);
	sqlite3_close(b.db);
	if (!b.bad && rename(part, to))
		b.bad = xasprintf("cannot move '%s' into place: %s", part, strerror(errno));
	free(to);
	free(part);
	return b.bad;
}
