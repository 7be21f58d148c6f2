#include "plots/plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/events_json.h"
#include "analysis/intervals.h"
#include "model/base/error.h"

const struct plot_kind *const plot_kinds[] = {
	&plot_latency,  &plot_tail,      &plot_time,  &plot_stack,  &plot_served,
	&plot_timeline, &plot_intervals, &plot_steps, &plot_loaded, &plot_blocks,
	&plot_ladder,   &plot_heat,      &plot_lines, &plot_parts,  &plot_measures,
	&plot_mrc,      &plot_ws,        &plot_map,   NULL,
};

const struct plot_kind *plot_kind_find(const char *name)
{
	const struct plot_kind *const *k;

	for (k = plot_kinds; *k; k++)
		if (!strcmp((*k)->name, name))
			return *k;
	return NULL;
}

char *plot_make(const struct plot_kind *kind, const struct plot_request *q)
{
	struct figure f;
	char *bad;

	figure_begin(&f, q->dir, q->stem);
	bad = kind->draw(&f, q);
	if (bad)
		figure_drop(&f);
	else
		figure_draw(&f, q->formats);
	return bad;
}

static void draw_default(const struct plot_kind *kind, const struct run *run, const char *dir)
{
	struct plot_request q = {
		.runs = run, .n_runs = 1, .dir = dir, .stem = kind->name, .formats = FIGURE_SVG | FIGURE_PNG
	};
	char *bad = plot_make(kind, &q);

	if (bad)
		warn("no %s plot: %s", kind->name, bad);
	free(bad);
}

/* The pictures of every run, and those of what a run may have written besides. */
static const struct {
	const struct plot_kind *kind;
	const char *file; /* NULL: every run has what it needs */
} defaults[] = {
	{ &plot_latency, NULL },
	{ &plot_stack, NULL },
	{ &plot_served, NULL },
	{ &plot_timeline, EVENTS_FILE },
	{ &plot_intervals, INTERVALS_FILE },
	{ &plot_time, INTERVALS_FILE },
};

static bool has_file(const char *dir, const char *file)
{
	char *path = xasprintf("%s/%s", dir, file);
	bool has = !access(path, R_OK);

	free(path);
	return has;
}

void plots_default(const char *run_dir)
{
	char *dir = xasprintf("%s/plots", run_dir), *bad;
	struct run run;
	u32 i;

	bad = run_open(&run, run_dir, NULL);
	if (bad)
		die("%s", bad);
	if (mkdir(dir, 0777) && errno != EEXIST)
		fail("cannot make the directory '%s' for the plots: %s", dir, strerror(errno));
	for (i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!defaults[i].file || has_file(run_dir, defaults[i].file))
			draw_default(defaults[i].kind, &run, dir);
	run_close(&run);
	free(dir);
}
