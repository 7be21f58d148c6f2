#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define PERIOD 0.1 /* s */

double host_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_begin(struct progress *p, bool quiet)
{
	*p = (struct progress){ .on = !quiet && isatty(STDERR_FILENO) };
	p->begin = p->last = host_seconds();
}

static void print_eta(const struct progress *p, double now, u64 part, u64 whole)
{
	double left = (now - p->begin) * (double)(whole - part) / (double)part;

	fprintf(stderr, "  %3.0f %%  %u:%02u left", 100.0 * (double)part / (double)whole, (unsigned)left / 60,
		(unsigned)left % 60);
}

void progress_show(struct progress *p, u64 done, u64 part, u64 whole)
{
	double now, rate;

	if (!p->on)
		return;
	now = host_seconds();
	if (now - p->last < PERIOD)
		return;
	rate = (double)(done - p->last_done) / (now - p->last);
	p->rate = p->rate > 0 ? 0.8 * p->rate + 0.2 * rate : rate;
	p->last = now;
	p->last_done = done;
	fprintf(stderr, "\r%10.1f M references  %6.1f M/s", (double)done * 1e-6, p->rate * 1e-6);
	if (part && part <= whole)
		print_eta(p, now, part, whole);
	fputs("\033[K", stderr);
	p->shown = true;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
