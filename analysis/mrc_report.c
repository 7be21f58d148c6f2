#include "analysis/mrc_report.h"

#include <inttypes.h>

#include "analysis/format.h"
#include "analysis/mrc_csv.h"

#define MAX_THREADS 8u /* in the table */
#define LEAST_BYTES 1024u
#define LEAST_PAGES 8u

/* The curves of one thread and one unit, side by side. */
struct columns {
	const struct mrc *m;
	const struct mrc_curve *curve; /* n of them */
	u32 n;
	u32 bytes; /* of a unit */
};

static struct columns columns_of(const struct mrc *m, u32 thread, u32 unit)
{
	struct columns c = { .m = m, .bytes = m->cfg->unit[unit] };
	u32 i;

	for (i = 0; i < m->n_curves; i++) {
		if (m->curve[i].thread != thread || m->curve[i].unit != unit)
			continue;
		if (!c.n++)
			c.curve = &m->curve[i];
	}
	return c;
}

/* 64 bytes, 4 KB: what is a whole number of a unit, in that. */
static const char *size_text(struct text *t, u64 bytes)
{
	static const char *const unit[] = { "bytes", "KB", "MB", "GB", "TB" };
	u32 i = 0;

	while (bytes % 1024 == 0 && i + 1 < ARRAY_SIZE(unit)) {
		bytes /= 1024;
		i++;
	}
	snprintf(t->s, sizeof(t->s), "%" PRIu64 " %s", bytes, unit[i]);
	return t->s;
}

/* 1K, 64K, 4M: powers of two. */
static const char *short_count(struct text *t, u64 n)
{
	u32 i;

	for (i = 0; n % 1024 == 0 && i < 3; i++)
		n /= 1024;
	snprintf(t->s, sizeof(t->s), "%" PRIu64 "%.1s", n, &"\0KMG"[i]);
	return t->s;
}

static void head(FILE *f, const struct columns *c, bool page)
{
	struct text t;
	char name[64];
	u32 i;

	snprintf(name, sizeof(name), page ? "pages of %s" : "lines of %s", size_text(&t, c->bytes));
	fprintf(f, "\n  %-22s", name);
	for (i = 0; i < c->n; i++)
		fprintf(f, "%18s", mrc_kind_name[c->curve[i].kind]);
	fputc('\n', f);
}

static void counts(FILE *f, const struct columns *c, bool page)
{
	struct text t;
	u32 i;

	fprintf(f, "  %-22s", "references");
	for (i = 0; i < c->n; i++)
		fprintf(f, "%18s", format_count(&t, stackdist_references(c->curve[i].dist)));
	fprintf(f, "\n  %-22s", page ? "different pages" : "different lines");
	for (i = 0; i < c->n; i++)
		fprintf(f, "%18s", format_count(&t, (u64)(stackdist_units(c->curve[i].dist) + 0.5)));
	fputc('\n', f);
}

static void ratio(FILE *f, const struct stackdist *d, u64 capacity)
{
	double all = (double)stackdist_references(d);
	char cell[64];
	struct text t;

	if (capacity < stackdist_least(d) || all <= 0) {
		fprintf(f, "%18s", "-");
	} else if (stackdist_least(d) == 1) {
		fprintf(f, "%18s", format_percent(&t, stackdist_misses(d, capacity), all));
	} else {
		snprintf(cell, sizeof(cell), "%.2f \u00b1%.2f %%", 100 * stackdist_misses(d, capacity) / all,
			 100 * stackdist_bound(d, capacity) / all);
		fprintf(f, "%19s", cell); /* the sign has two bytes */
	}
}

static u64 most_units(const struct columns *c)
{
	double most = 0;
	u32 i;

	for (i = 0; i < c->n; i++)
		most = MAX(most, stackdist_units(c->curve[i].dist));
	return (u64)most;
}

/* Sizes from small to what holds all. */
static void ratios(FILE *f, const struct columns *c, bool page)
{
	u64 capacity = page ? LEAST_PAGES : MAX(LEAST_BYTES / c->bytes, 1), all = most_units(c);
	u64 factor = page && all < 1024 ? 2 : 4;
	struct text t;
	char name[64];
	bool last;
	u32 i;

	do {
		last = capacity >= all;
		snprintf(name, sizeof(name), "misses of %.20s%s",
			 page ? short_count(&t, capacity) : size_text(&t, capacity * c->bytes),
			 page ? " entries" : "");
		fprintf(f, "  %-22s", name);
		for (i = 0; i < c->n; i++)
			ratio(f, c->curve[i].dist, capacity);
		fputc('\n', f);
		capacity *= factor;
	} while (!last);
}

static void working_sets(FILE *f, const struct columns *c)
{
	static const u64 windows[] = { 1u << 10, 1u << 16, 1u << 22 };
	struct text t;
	char name[64];
	u32 i, w;

	for (w = 0; w < ARRAY_SIZE(windows); w++) {
		snprintf(name, sizeof(name), "used in %.20s refs", short_count(&t, windows[w]));
		fprintf(f, "  %-22s", name);
		for (i = 0; i < c->n; i++) {
			const struct stackdist *d = c->curve[i].dist;
			double units = stackdist_working_set(d, stackdist_step_below(windows[w]));

			fprintf(f, "%18s",
				windows[w] > stackdist_references(d)
					? "-"
					: format_bytes(&t, (u64)(units * c->bytes)));
		}
		fputc('\n', f);
	}
}

static void one_thread(FILE *f, const struct mrc *m, u32 thread)
{
	struct columns c;
	u32 unit;

	if (m->cfg->per_thread)
		fprintf(f, "\n  process %u, thread %u\n", m->thread[thread].pid, m->thread[thread].tid);
	for (unit = 0; unit < m->cfg->n_units; unit++) {
		c = columns_of(m, thread, unit);
		head(f, &c, unit);
		counts(f, &c, unit);
		ratios(f, &c, unit);
		working_sets(f, &c);
	}
}

void mrc_report_table(FILE *f, const struct mrc *m, const char *recording)
{
	u32 n = m->cfg->per_thread ? m->n_threads : 1, i;
	struct text t;

	fprintf(f, "  %s: fully associative, least recently used\n", format_clip(&t, recording, 33));
	for (i = 0; i < n && i < MAX_THREADS; i++)
		one_thread(f, m, i);
	if (n > MAX_THREADS)
		fprintf(f, "\n  and %u more threads: -o and --json tell them all\n", n - MAX_THREADS);
}

/* ---- JSON ---- */

static void add(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void points(const struct stackdist *d, json_t *o)
{
	json_t *capacity = json_array(), *misses = json_array(), *bound = json_array();
	u32 i, last;

	for (mrc_steps(d, &i, &last); i <= last; i++) {
		u64 c = stackdist_step(i);

		json_array_append_new(capacity, json_integer((json_int_t)c));
		json_array_append_new(misses, json_integer((json_int_t)(stackdist_misses(d, c) + 0.5)));
		json_array_append_new(bound, json_integer((json_int_t)(stackdist_bound(d, c) + 0.5)));
	}
	add(o, "capacity", capacity);
	add(o, "misses", misses);
	add(o, "bound", bound);
}

static void windows(const struct stackdist *d, json_t *o)
{
	json_t *tau = json_array(), *units = json_array();
	u32 i;

	for (i = 0; !i || stackdist_step(i - 1) < stackdist_references(d); i++) {
		json_array_append_new(tau, json_integer((json_int_t)stackdist_step(i)));
		json_array_append_new(units, json_real(stackdist_working_set(d, i)));
	}
	add(o, "tau", tau);
	add(o, "working_set", units);
}

static json_t *curve(const struct mrc *m, const struct mrc_curve *c)
{
	json_t *o = json_object();

	if (m->cfg->per_thread) {
		add(o, "process", json_integer(m->thread[c->thread].pid));
		add(o, "thread", json_integer(m->thread[c->thread].tid));
	}
	add(o, "kind", json_string(mrc_kind_name[c->kind]));
	add(o, "unit", json_string(c->unit ? "page" : "line"));
	add(o, "unit_bytes", json_integer(m->cfg->unit[c->unit]));
	add(o, "references", json_integer((json_int_t)stackdist_references(c->dist)));
	add(o, "units", json_integer((json_int_t)(stackdist_units(c->dist) + 0.5)));
	points(c->dist, o);
	windows(c->dist, o);
	return o;
}

json_t *mrc_report_json(const struct mrc *m, const char *recording)
{
	json_t *o = json_object(), *curves = json_array();
	u32 i;

	add(o, "recording", json_string(recording));
	for (i = 0; i < m->n_curves; i++)
		json_array_append_new(curves, curve(m, &m->curve[i]));
	add(o, "curves", curves);
	return o;
}
