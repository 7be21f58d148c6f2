#include "analysis/simpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/counters.h"
#include "analysis/out.h"
#include "model/base/error.h"

#define MAX_POINTS 100000u

/* ---- SimPoint's files ---- */

/* One line's two numbers; *done: the file has no more. NULL or what is wrong. */
static char *read_line(FILE *f, const char *path, u32 line, char first[64], u64 *second, bool *done)
{
	char text[128], *end, digits[64], more;

	*done = !fgets(text, sizeof(text), f);
	if (*done)
		return ferror(f) ? xasprintf("cannot read '%s': %s", path, strerror(errno)) : NULL;
	if (sscanf(text, "%63s %63s %c", first, digits, &more) != 2)
		return xasprintf("'%s' line %u: two numbers were expected, as SimPoint 3.2 writes them", path,
				 line);
	*second = strtoull(digits, &end, 10);
	return *end ? xasprintf("'%s' line %u: '%s' is not a cluster's number", path, line, digits) : NULL;
}

static char *take_point(struct simpoints *s, const char *path, u32 line, const char *first, u64 cluster)
{
	struct simpoint p = { .cluster = cluster, .weight = -1 };
	char *end;
	u32 i;

	p.interval = strtoull(first, &end, 10);
	if (*end || *first == '-')
		return xasprintf("'%s' line %u: '%s' is not an interval's number", path, line, first);
	for (i = 0; i < s->n; i++)
		if (s->point[i].cluster == cluster || s->point[i].interval == p.interval)
			return xasprintf("'%s' line %u: the interval or the cluster is there twice", path,
					 line);
	if (s->n == MAX_POINTS)
		return xasprintf("'%s': more than %u intervals", path, MAX_POINTS);
	s->point = xrealloc(s->point, (s->n + 1) * sizeof(p));
	s->point[s->n++] = p;
	return NULL;
}

static char *take_weight(struct simpoints *s, const char *path, u32 line, const char *first, u64 cluster)
{
	char *end;
	double weight = strtod(first, &end);
	u32 i;

	if (*end || !(weight >= 0 && weight <= 1))
		return xasprintf("'%s' line %u: '%s' is not a weight from 0 to 1", path, line, first);
	for (i = 0; i < s->n && s->point[i].cluster != cluster; i++)
		;
	if (i == s->n)
		return xasprintf("'%s' line %u: cluster %" PRIu64 " has no interval", path, line, cluster);
	s->point[i].weight = weight;
	return NULL;
}

typedef char *(*take_fn)(struct simpoints *s, const char *path, u32 line, const char *first, u64 cluster);

static char *read_file(struct simpoints *s, const char *path, take_fn take)
{
	FILE *f = fopen(path, "r");
	char first[64], *bad;
	bool done = false;
	u64 cluster = 0;
	u32 line;

	if (!f)
		return xasprintf("cannot read '%s': %s", path, strerror(errno));
	for (line = 1;; line++) {
		bad = read_line(f, path, line, first, &cluster, &done);
		if (bad || done)
			break;
		bad = take(s, path, line, first, cluster);
		if (bad)
			break;
	}
	fclose(f);
	return bad;
}

static char *divide_weights(struct simpoints *s, const char *points, const char *weights)
{
	double sum = 0;
	u32 i;

	for (i = 0; i < s->n; i++) {
		if (s->point[i].weight < 0)
			return xasprintf("'%s' has no weight of cluster %" PRIu64, weights,
					 s->point[i].cluster);
		sum += s->point[i].weight;
	}
	if (sum <= 0)
		return xasprintf("'%s' and '%s' name no interval with a weight", points, weights);
	for (i = 0; i < s->n; i++)
		s->point[i].weight /= sum;
	return NULL;
}

static int earlier_first(const void *a, const void *b)
{
	const struct simpoint *x = a, *y = b;

	return x->interval < y->interval ? -1 : x->interval > y->interval;
}

char *simpoints_read(struct simpoints *s, const char *points, const char *weights)
{
	char *bad;

	*s = (struct simpoints){ 0 };
	bad = read_file(s, points, take_point);
	if (!bad)
		bad = read_file(s, weights, take_weight);
	if (!bad)
		bad = divide_weights(s, points, weights);
	if (bad)
		simpoints_fini(s);
	else
		qsort(s->point, s->n, sizeof(*s->point), earlier_first);
	return bad;
}

void simpoints_fini(struct simpoints *s)
{
	free(s->point);
	*s = (struct simpoints){ 0 };
}

/* ---- what they say of the whole ---- */

struct weighted {
	const struct simpoints *s;
	const struct stats *gains;
	u32 n; /* intervals so far */
	u32 counters;
	u64 *before;
	u64 *gain; /* [interval][counter] */
};

struct weighted *weighted_new(const struct simpoints *s, const struct stats *gains)
{
	struct weighted *w = xcalloc(1, sizeof(*w));

	w->s = s;
	w->gains = gains;
	w->counters = stats_count(gains);
	w->before = xcalloc(w->counters, sizeof(u64));
	w->gain = xcalloc((size_t)s->n * w->counters, sizeof(u64));
	return w;
}

void weighted_free(struct weighted *w)
{
	if (!w)
		return;
	free(w->before);
	free(w->gain);
	free(w);
}

void weighted_add(struct weighted *w)
{
	u64 *gain = &w->gain[(size_t)w->n * w->counters];
	u32 i;

	ASSERT(w->n < w->s->n);
	w->n++;
	stats_copy(w->gains, gain);
	for (i = 0; i < w->counters; i++) {
		u64 now = gain[i];

		gain[i] -= w->before[i];
		w->before[i] = now;
	}
}

static s64 gain_of(const struct weighted *w, u32 interval, u32 counter)
{
	return (s64)w->gain[(size_t)interval * w->counters + counter];
}

static double mean_of(const struct weighted *w, u32 counter)
{
	double sum = 0;
	u32 i;

	for (i = 0; i < w->n; i++)
		sum += w->s->point[i].weight * (double)gain_of(w, i, counter);
	return sum;
}

double weighted_mean(const struct weighted *w, const char *pattern)
{
	double sum = 0;
	u32 i;

	for (i = 0; i < w->counters; i++)
		if (counters_match(pattern, stats_name(w->gains, i)))
			sum += mean_of(w, i);
	return sum;
}

static void write_head(const struct weighted *w, FILE *f)
{
	u32 i;

	fputs("counter", f);
	for (i = 0; i < w->n; i++)
		fprintf(f, ",%" PRIu64, w->s->point[i].interval);
	fputs(",weighted\nweight", f);
	for (i = 0; i < w->n; i++)
		fprintf(f, ",%.10g", w->s->point[i].weight);
	fputs(",1\n", f);
}

void weighted_write(const struct weighted *w, const char *dir)
{
	struct out o;
	u32 c, i;

	out_open(&o, dir, SIMPOINTS_FILE);
	write_head(w, o.f);
	for (c = 0; c < w->counters; c++) {
		if (stats_is_level(w->gains, c))
			continue;
		fputs(stats_name(w->gains, c), o.f);
		for (i = 0; i < w->n; i++)
			fprintf(o.f, ",%" PRId64, gain_of(w, i, c));
		fprintf(o.f, ",%.10g\n", mean_of(w, c));
	}
	out_close(&o);
}
