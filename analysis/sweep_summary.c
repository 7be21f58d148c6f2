/*
 * summary.csv: the figures of each point over its seeds, one a row:
 *
 *	<key>...   the values that make the point, all but the seed
 *	figure     see measure.h
 *	unit
 *	seeds      how many of its points are done
 *	mean, min, max   over those
 *	sd         of the sample; empty, as the next two, with fewer than two seeds
 *	ci95_low, ci95_high   95 % confidence interval of the mean
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/confidence.h"
#include "analysis/csv.h"
#include "analysis/measure.h"
#include "analysis/out.h"
#include "analysis/sweep_points.h"
#include "analysis/sweep_table.h"
#include "model/base/error.h"

#define N_USUAL 32u

struct group {
	double *value[N_USUAL];
	u32 n[N_USUAL];
};

static void write_number(FILE *f, double v)
{
	if (isnan(v))
		fputc(',', f);
	else
		fprintf(f, ",%.10g", v);
}

static void write_point(FILE *f, const struct sweep *s, u64 point)
{
	u32 i;

	for (i = 0; i < s->n_axes; i++) {
		struct sweep_column c = sweep_column(&s->axis[i]);
		char *cell;

		if (!strcmp(s->axis[i].key, SWEEP_SEED))
			continue;
		cell = sweep_cell(s, point, &s->axis[i], &c);
		csv_field(f, cell);
		fputc(',', f);
		free(cell);
	}
}

static void write_group(FILE *f, const struct sweep *s, u64 point, const struct group *g)
{
	struct confidence c;
	u32 i;

	for (i = 0; measure_usual[i]; i++) {
		if (!g->n[i])
			continue;
		c = confidence_of(g->value[i], g->n[i]);
		write_point(f, s, point);
		csv_field(f, measure_usual[i]);
		fputc(',', f);
		csv_field(f, measure_unit(measure_usual[i]));
		fprintf(f, ",%u,%.10g,%.10g,%.10g", c.n, c.mean, c.min, c.max);
		write_number(f, c.sd);
		write_number(f, c.low);
		write_number(f, c.high);
		fputc('\n', f);
	}
}

static void take_run(struct group *g, const struct run *r)
{
	double v;
	u32 i;

	for (i = 0; measure_usual[i]; i++)
		if (measure_of(r, measure_usual[i], &v))
			g->value[i][g->n[i]++] = v;
}

static char *take_points(FILE *f, const char *dir, const struct sweep *s, const struct sweep_group *of)
{
	struct group g = { 0 };
	char *bad = NULL;
	struct run r;
	u32 i;

	for (i = 0; measure_usual[i]; i++)
		ASSERT(i < N_USUAL);
	for (i = 0; i < N_USUAL; i++)
		g.value[i] = xcalloc(of->n, sizeof(double));
	for (i = 0; i < of->n && !bad; i++) {
		if (!sweep_point_open(&r, dir, s, of->point[i], &bad))
			continue;
		take_run(&g, &r);
		run_close(&r);
	}
	if (!bad)
		write_group(f, s, of->point[0], &g);
	for (i = 0; i < N_USUAL; i++)
		free(g.value[i]);
	return bad;
}

static void write_header(FILE *f, const struct sweep *s)
{
	u32 i;

	for (i = 0; i < s->n_axes; i++) {
		if (!strcmp(s->axis[i].key, SWEEP_SEED))
			continue;
		csv_field(f, s->axis[i].key);
		fputc(',', f);
	}
	fputs("figure,unit,seeds,mean,min,max,sd,ci95_low,ci95_high\n", f);
}

char *sweep_write_summary(const char *dir, const struct sweep *s)
{
	struct sweep_groups groups = sweep_groups(s, NULL);
	char *bad = NULL;
	struct out o;
	u32 i;

	out_open(&o, dir, "summary.csv");
	write_header(o.f, s);
	for (i = 0; i < groups.n && !bad; i++)
		bad = take_points(o.f, dir, s, &groups.at[i]);
	if (!bad)
		out_close(&o);
	sweep_groups_fini(&groups);
	return bad;
}
