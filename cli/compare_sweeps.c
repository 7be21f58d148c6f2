/* mmsim compare of two sweeps: points with the same values of keys, recording and seed are pairs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sweep_points.h"
#include "analysis/sweep_table.h"
#include "cli/cli.h"
#include "cli/compare.h"
#include "model/base/error.h"

struct side {
	const char *dir;
	struct sweep sweep;
	struct sweep_column *column; /* one an axis */
};

/* What a counter or figure did over all pairs. */
struct moved {
	char *name;
	const char *unit;
	u32 pairs, differ;
	double sum;   /* of relative changes, where A is not 0 */
	u32 counted;  /* those */
	double worst; /* the largest relative change, with its sign; infinite: from 0, or only in one */
	double a, b;  /* there */
	u64 at;       /* point of A */
};

struct moves {
	struct moved *at;
	u32 n, cap, hint;
};

struct comparison {
	const struct compare_args *args;
	struct side a, b;
	struct moves figures, counters;
	u64 pairs, only_a, only_b, worse;
	json_t *points;
};

/* ---- pairs ---- */

static void open_side(struct side *s, const char *dir)
{
	char *bad = sweep_open(&s->sweep, dir);
	u32 i;

	if (bad)
		die("%s", bad);
	s->dir = dir;
	s->column = xcalloc(s->sweep.n_axes, sizeof(*s->column));
	for (i = 0; i < s->sweep.n_axes; i++)
		s->column[i] = sweep_column(&s->sweep.axis[i]);
}

static void close_side(struct side *s)
{
	free(s->column);
	sweep_fini(&s->sweep);
}

/* An axis that only one of them has tells nothing, unless it has several values. */
static void check_axes(const struct side *a, const struct side *b)
{
	u32 i;

	for (i = 0; i < a->sweep.n_axes; i++)
		if (a->sweep.axis[i].values.n > 1 && !sweep_axis(&b->sweep, a->sweep.axis[i].key))
			die("'%s' varies %s, which '%s' does not: their points make no pairs", a->dir,
			    a->sweep.axis[i].key, b->dir);
}

static bool same_values(const struct side *a, u64 p, const struct side *b, u64 q)
{
	u32 i;

	for (i = 0; i < a->sweep.n_axes; i++) {
		const struct sweep_axis *x = &a->sweep.axis[i], *y = sweep_axis(&b->sweep, x->key);
		char *v, *w;
		bool same;

		if (!y)
			continue;
		v = sweep_cell(&a->sweep, p, x, &a->column[i]);
		w = sweep_cell(&b->sweep, q, y, &b->column[y - b->sweep.axis]);
		same = !strcmp(v, w);
		free(v);
		free(w);
		if (!same)
			return false;
	}
	return true;
}

/* Sweeps of the same shape have pairs in the same places: the search begins there. */
static bool find_pair(const struct comparison *c, u64 p, u64 *q)
{
	u64 i, n = c->b.sweep.points;

	for (i = 0; i < n; i++) {
		*q = (p + i) % n;
		if (same_values(&c->a, p, &c->b, *q))
			return true;
	}
	return false;
}

/* ---- adding up ---- */

static struct moved *find_moved(struct moves *m, const char *name)
{
	u32 i, at;

	for (i = 0; i < m->n; i++) {
		at = (m->hint + i) % m->n;
		if (!strcmp(m->at[at].name, name)) {
			m->hint = at + 1;
			return &m->at[at];
		}
	}
	if (m->n == m->cap) {
		m->cap = 2 * m->cap + 256;
		m->at = xrealloc(m->at, m->cap * sizeof(*m->at));
	}
	m->hint = m->n + 1;
	m->at[m->n] = (struct moved){ .name = xstrdup(name), .unit = "" };
	return &m->at[m->n++];
}

static void move(struct moves *m, const char *name, const char *unit, u64 at, double a, double b)
{
	struct moved *v = find_moved(m, name);
	double change = relative(a, b);

	v->unit = unit;
	v->pairs++;
	v->differ += a != b;
	if (!isinf(change)) {
		v->sum += change;
		v->counted++;
	}
	if (fabs(change) <= fabs(v->worst))
		return;
	v->worst = change;
	v->a = a;
	v->b = b;
	v->at = at;
}

static void move_all(struct comparison *c, u64 at, const struct counters *a, const struct counters *b,
		     const struct differences *d)
{
	const struct figure *f;
	u32 i;

	for (f = figures; f->name; f++)
		if (figure_known(f, a) || figure_known(f, b))
			move(&c->figures, f->name, f->unit, at, figure_value(f, a), figure_value(f, b));
	for (i = 0; i < d->n; i++)
		move(&c->counters, d->at[i].name, "", at, (double)d->at[i].a, (double)d->at[i].b);
}

static json_t *pair_json(const struct sweep_row *a, const struct sweep_row *b, const struct differences *d)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < d->n; i++)
		json_array_append_new(
			all, json_pack("{ss sI sI so}", "name", d->at[i].name, "a", (json_int_t)d->at[i].a,
				       "b", (json_int_t)d->at[i].b, "relative",
				       compare_change_json((double)d->at[i].a, (double)d->at[i].b)));
	return json_pack("{ss ss so}", "a", a->name, "b", b->name, "counters", all);
}

static void watch_pair(struct comparison *c, const struct sweep_row *a, const struct sweep_row *b)
{
	struct watched w;
	u32 i;

	for (i = 0; i < c->args->n_watch; i++) {
		w = compare_watch(c->args, &a->counters, &b->counters, c->args->watch[i]);
		if (w.failed)
			compare_say_worse(c->args, &w, a->name);
		c->worse += w.failed;
	}
}

static void compare_rows(struct comparison *c, u64 p, const struct sweep_row *a, const struct sweep_row *b)
{
	struct differences d;

	if (a->error || b->error) {
		c->only_a += !a->error;
		c->only_b += !b->error;
		return;
	}
	c->pairs++;
	differences_of(&d, &a->counters, &b->counters, c->args->only);
	move_all(c, p, &a->counters, &b->counters, &d);
	watch_pair(c, a, b);
	if (c->args->json)
		json_array_append_new(c->points, pair_json(a, b, &d));
	differences_fini(&d);
}

static void open_row(struct sweep_row *r, const struct side *s, u64 point)
{
	char *bad = sweep_row_open(r, s->dir, &s->sweep, point);

	if (bad)
		die("%s", bad);
}

static void compare_pair(struct comparison *c, u64 p, u64 q)
{
	struct sweep_row a, b;

	open_row(&a, &c->a, p);
	open_row(&b, &c->b, q);
	compare_rows(c, p, &a, &b);
	sweep_row_close(&a);
	sweep_row_close(&b);
}

static void compare_all(struct comparison *c)
{
	u64 p, q, paired = 0;

	for (p = 0; p < c->a.sweep.points; p++) {
		if (find_pair(c, p, &q)) {
			compare_pair(c, p, q);
			paired++;
		} else {
			c->only_a++;
		}
	}
	c->only_b += c->b.sweep.points - MIN(paired, c->b.sweep.points);
	if (!c->pairs)
		die("'%s' and '%s' have no points that can be compared", c->a.dir, c->b.dir);
}

/* ---- for people ---- */

static int larger_first(const void *x, const void *y)
{
	const struct moved *a = x, *b = y;

	if (fabs(a->worst) != fabs(b->worst))
		return fabs(a->worst) < fabs(b->worst) ? 1 : -1;
	return strcmp(a->name, b->name);
}

static void print_moved(const struct comparison *c, const struct moved *m)
{
	struct text mean, worst;
	char *point = sweep_name(&c->a.sweep, m->at);

	snprintf(mean.s, sizeof(mean.s), "%+.2f %%", m->counted ? 100 * m->sum / m->counted : 0);
	printf("%12s %12s %6u  %s%s%s%s  %s\n", compare_change_text(&worst, m->a, m->b),
	       m->counted ? mean.s : "", m->differ, m->name, *m->unit ? " (" : "", m->unit,
	       *m->unit ? ")" : "", m->differ ? point : "");
	free(point);
}

static void print_moves(const struct comparison *c, struct moves *m, const char *what)
{
	u32 i;

	if (m->n)
		qsort(m->at, m->n, sizeof(*m->at), larger_first);
	printf("\n  %s\n%12s %12s %6s\n", what, "largest", "mean", "points");
	for (i = 0; i < m->n; i++)
		print_moved(c, &m->at[i]);
}

static void print_text(struct comparison *c)
{
	printf("  A: %s\n  B: %s\n  %" PRIu64 " pairs of points", c->a.dir, c->b.dir, c->pairs);
	if (c->only_a || c->only_b)
		printf("; without a partner: %" PRIu64 " of A, %" PRIu64 " of B", c->only_a, c->only_b);
	putchar('\n');
	if (!c->counters.n) {
		puts("  identical: all counters are the same");
		return;
	}
	print_moves(c, &c->figures, "change from A to B, over the points: the largest, where, and the mean");
	print_moves(c, &c->counters, "counters that differ, the largest relative difference first");
}

/* ---- for scripts ---- */

static json_t *moves_json(const struct comparison *c, const struct moves *m)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < m->n; i++) {
		const struct moved *v = &m->at[i];
		char *point = sweep_name(&c->a.sweep, v->at);

		json_array_append_new(
			all, json_pack("{ss ss si si so so ss sf sf}", "name", v->name, "unit", v->unit,
				       "pairs", v->pairs, "differ", v->differ, "mean",
				       v->counted ? json_real(v->sum / v->counted) : json_null(), "largest",
				       compare_change_json(v->a, v->b), "at", point, "a", v->a, "b", v->b));
		free(point);
	}
	return all;
}

static void print_json(struct comparison *c)
{
	if (c->counters.n)
		qsort(c->counters.at, c->counters.n, sizeof(*c->counters.at), larger_first);
	cli_print_json(json_pack("{ss ss sI sI sI sb sI so so so}", "a", c->a.dir, "b", c->b.dir, "pairs",
				 (json_int_t)c->pairs, "only_a", (json_int_t)c->only_a, "only_b",
				 (json_int_t)c->only_b, "identical", !c->counters.n, "worse",
				 (json_int_t)c->worse, "figures", moves_json(c, &c->figures), "counters",
				 moves_json(c, &c->counters), "points", c->points));
}

static void free_moves(struct moves *m)
{
	u32 i;

	for (i = 0; i < m->n; i++)
		free(m->at[i].name);
	free(m->at);
}

u64 compare_sweeps(const struct compare_args *args, const char *a, const char *b)
{
	struct comparison c = { .args = args, .points = json_array() };

	open_side(&c.a, a);
	open_side(&c.b, b);
	check_axes(&c.a, &c.b);
	check_axes(&c.b, &c.a);
	compare_all(&c);
	if (args->json) {
		print_json(&c);
	} else {
		print_text(&c);
		json_decref(c.points);
	}
	free_moves(&c.figures);
	free_moves(&c.counters);
	close_side(&c.a);
	close_side(&c.b);
	return c.worse;
}
