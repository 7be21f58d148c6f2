#include "model/sim/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define MAX_HOPS  1024u
#define MAX_DEPTH 32u

struct hop {
	u32 depth;
	u64 from, to;
	char text[160];
};

struct explain {
	FILE *out;
	const struct explain_range *range;
	u32 n_ranges;
	bool runs;             /* the ranges' numbers are those of runs, not of accesses */
	u64 run, access;       /* numbers of the present ones */
	const char *where;
	bool begun;
	u32 muted, depth, n;
	u32 left_out; /* hops for which there was no room */
	u64 start;
	char title[240];
	u32 open[MAX_DEPTH];
	struct hop hop[MAX_HOPS];
};

_Thread_local struct explain *explaining;

struct explain *explain_new(FILE *out, const struct explain_range *ranges, u32 n, bool runs)
{
	struct explain *x = xcalloc(1, sizeof(*x));

	x->out = out;
	x->range = ranges;
	x->n_ranges = n;
	x->runs = runs;
	return x;
}

void explain_free(struct explain *x)
{
	if (explaining == x)
		explaining = NULL;
	free(x);
}

u64 explain_distance(const struct explain *x, u64 runs, u64 accesses, bool *in_runs)
{
	u64 done = x->runs ? runs : accesses, least = ~(u64)0;
	u32 i;

	*in_runs = x->runs;
	for (i = 0; i < x->n_ranges; i++)
		if (done < x->range[i].last)
			least = MIN(least, x->range[i].first > done ? x->range[i].first - done - 1 : 0);
	return least;
}

void explain_run(struct explain *x, u64 runs, u64 accesses, const char *where)
{
	x->run = runs + 1;
	x->access = accesses;
	x->where = where;
}

static bool asked_for(const struct explain *x, bool data)
{
	u64 number = x->runs ? x->run : x->access;
	u32 i;

	for (i = 0; i < x->n_ranges; i++)
		if (number >= x->range[i].first && number <= x->range[i].last)
			return data || x->runs;
	return false;
}

static void begin(struct explain *x, u64 now)
{
	x->begun = true;
	x->start = now;
	x->muted = x->depth = x->n = x->left_out = 0;
}

void explain_access(u64 now, const char *fmt, ...)
{
	struct explain *x = explaining;
	va_list ap;
	int at;

	x->access++;
	if (!asked_for(x, true))
		return;
	begin(x, now);
	at = snprintf(x->title, sizeof(x->title), "access %" PRIu64 ", %s: ", x->access, x->where);
	va_start(ap, fmt);
	vsnprintf(x->title + at, sizeof(x->title) - (size_t)at, fmt, ap);
	va_end(ap);
}

void explain_fetch(u64 now, const char *fmt, ...)
{
	struct explain *x = explaining;
	va_list ap;
	int at;

	if (!asked_for(x, false))
		return;
	begin(x, now);
	at = snprintf(x->title, sizeof(x->title), "fetch, %s: ", x->where);
	va_start(ap, fmt);
	vsnprintf(x->title + at, sizeof(x->title) - (size_t)at, fmt, ap);
	va_end(ap);
}

static bool heard(const struct explain *x)
{
	return x->begun && !x->muted;
}

static struct hop *add(struct explain *x, u64 from, u64 to)
{
	struct hop *h = &x->hop[x->n];

	if (x->n == MAX_HOPS) {
		x->left_out++;
		return &x->hop[MAX_HOPS - 1];
	}
	x->n++;
	h->depth = x->depth;
	h->from = from;
	h->to = to;
	return h;
}

void explain_hop(u64 from, u64 to, const char *fmt, ...)
{
	struct explain *x = explaining;
	struct hop *h;
	va_list ap;

	if (!heard(x))
		return;
	h = add(x, from, to);
	va_start(ap, fmt);
	vsnprintf(h->text, sizeof(h->text), fmt, ap);
	va_end(ap);
}

void explain_open(u64 from, const char *fmt, ...)
{
	struct explain *x = explaining;
	struct hop *h;
	va_list ap;

	if (!heard(x))
		return;
	ASSERT(x->depth < MAX_DEPTH);
	h = add(x, from, from);
	x->open[x->depth++] = (u32)(h - x->hop);
	va_start(ap, fmt);
	vsnprintf(h->text, sizeof(h->text), fmt, ap);
	va_end(ap);
}

void explain_close(u64 to, const char *fmt, ...)
{
	struct explain *x = explaining;
	struct hop *h;
	size_t at;
	va_list ap;

	if (!heard(x))
		return;
	ASSERT(x->depth);
	h = &x->hop[x->open[--x->depth]];
	h->to = to;
	at = strlen(h->text);
	va_start(ap, fmt);
	vsnprintf(h->text + at, sizeof(h->text) - at, fmt, ap);
	va_end(ap);
}

void explain_mute(void)
{
	explaining->muted++;
}

void explain_unmute(void)
{
	if (explaining->muted)
		explaining->muted--;
}

/* A hop's own cycles stand in the column of its depth, so that the first column adds up to the latency. */
static void print(const struct explain *x)
{
	const struct hop *h;

	fprintf(x->out, "%s\n", x->title);
	for (h = x->hop; h < x->hop + x->n; h++)
		fprintf(x->out, "%10" PRIu64 "  %*s%8" PRIu64 "  %s\n", h->from - x->start,
			(int)h->depth * 3, "", h->to - h->from, h->text);
	if (x->left_out)
		fprintf(x->out, "            and %u hops more\n", x->left_out);
}

static u64 outermost(const struct explain *x)
{
	const struct hop *h;
	u64 sum = 0;

	for (h = x->hop; h < x->hop + x->n; h++)
		sum += h->depth ? 0 : h->to - h->from;
	return sum;
}

void explain_start(u64 now)
{
	explaining->start = now;
	explaining->n = 0;
}

void explain_end(u64 now, bool summed)
{
	struct explain *x = explaining;

	if (!x->begun)
		return;
	x->begun = false;
	print(x);
	fprintf(x->out, "%10s  %8" PRIu64 "  cycles\n\n", "", now - x->start);
	fflush(x->out);
	ASSERT(!summed || x->left_out || outermost(x) == now - x->start);
}

void explain_abandon(const char *why)
{
	struct explain *x = explaining;

	if (!x->begun)
		return;
	x->begun = false;
	print(x);
	fprintf(x->out, "            %s\n\n", why);
}
