/* mmsim compare: what differs between two runs, for people and for scripts that guard against regressions. */
#include "cli/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/run.h"
#include "analysis/sweep_points.h"
#include "cli/compare.h"
#include "model/base/error.h"

#define DEFAULT_WATCHED "core*.cycles"

static void usage(FILE *f)
{
	fputs("usage: mmsim compare [OPTION]... A B\n\n"
	      "Says what differs from run A to run B, directories that `mmsim replay -o` wrote: derived\n"
	      "figures first, then every counter that differs, the largest relative difference first.\n"
	      "Of two sweeps every point of A is compared with the one of B that has its values.\n\n"
	      "      --only PATTERN   of the counters only those: l1d.loads of all cores is "
	      "core*.l1d.loads;\n"
	      "                       core0.l1d.* is all that begin like this\n"
	      "      --fail-above P   exit status 1 if a watched figure got worse by more than P percent, "
	      "2%\n"
	      "      --watch NAME     watch this one: a counter, a pattern (added up), or a derived "
	      "figure's\n"
	      "                       name; may be given several times; default " DEFAULT_WATCHED "\n"
	      "      --json           as JSON\n"
	      "  -h, --help           this text\n\n"
	      "Worse is more, but for IPC, where it is less.\n\n"
	      "Examples:\n"
	      "  mmsim compare before after\n"
	      "  mmsim compare before after --fail-above 2% --watch core*.cycles --watch core*.dtlb.misses\n",
	      f);
}

struct compare {
	const struct compare_args *args;
	struct run a, b;
	struct units units_a, units_b;
	struct differences d;
	u32 n_worse;
};

static const char *unit_of(const struct compare *c, const char *counter)
{
	const struct unit_line *u = units_find(&c->units_a, counter);

	if (!u)
		u = units_find(&c->units_b, counter);
	return u ? u->unit : "";
}

static const struct figure *find_figure(const char *name)
{
	const struct figure *f;

	for (f = figures; f->name; f++)
		if (!strcmp(f->name, name))
			return f;
	return NULL;
}

struct watched compare_watch(const struct compare_args *args, const struct counters *a,
			     const struct counters *b, const char *name)
{
	const struct figure *f = find_figure(name);
	struct watched w = { .name = name };
	double change;

	if (f) {
		w.a = figure_value(f, a);
		w.b = figure_value(f, b);
		w.more_is_better = f->more_is_better;
	} else if (counters_has(a, name) || counters_has(b, name)) {
		w.a = (double)counters_get(a, name);
		w.b = (double)counters_get(b, name);
	} else {
		die("--watch: neither run has a counter '%s'; `mmsim config --counters` lists them", name);
	}
	change = relative(w.a, w.b);
	w.failed = args->limit >= 0 && (w.more_is_better ? -change : change) * 100 > args->limit;
	return w;
}

/* ---- for people ---- */

const char *compare_change_text(struct text *t, double a, double b)
{
	double change = relative(a, b);

	if (isinf(change))
		return "from 0";
	snprintf(t->s, sizeof(t->s), "%+.2f %%", 100 * change);
	return t->s;
}

static void print_figures(const struct compare *c)
{
	const struct figure *f;
	struct text t;
	double a, b;

	printf("  %-12s %18s %18s %12s\n", "", "A", "B", "change");
	for (f = figures; f->name; f++) {
		if (!figure_known(f, &c->a.counters) && !figure_known(f, &c->b.counters))
			continue;
		a = figure_value(f, &c->a.counters);
		b = figure_value(f, &c->b.counters);
		printf("  %-12s %18.*f %18.*f %12s  %s\n", f->name, f->whole[0] ? 3 : 0, a,
		       f->whole[0] ? 3 : 0, b, a == b ? "same" : compare_change_text(&t, a, b), f->unit);
	}
}

static void print_difference(const struct compare *c, const struct difference *d)
{
	struct text t, a, b, n;
	char by[64];
	const char *unit = unit_of(c, d->name), *change = compare_change_text(&t, (double)d->a, (double)d->b);
	u64 distance = d->b > d->a ? d->b - d->a : d->a - d->b;

	if (d->only_a || d->only_b)
		change = d->only_a ? "only in A" : "only in B";
	snprintf(by, sizeof(by), "%c%s", d->b < d->a ? '-' : '+', format_count(&n, distance));
	printf("%12s %17s %17s %17s  %s%s%s%s\n", change, by, format_count(&a, d->a), format_count(&b, d->b),
	       d->name, *unit ? " (" : "", unit, *unit ? ")" : "");
}

static void print_text(struct compare *c)
{
	const char *counters = c->args->only ? "counters of those asked for" : "counters";
	u32 i;

	printf("  A: %s (%s, %s, %s)\n  B: %s (%s, %s, %s)\n\n", c->a.dir, c->a.traces, c->a.machine,
	       c->a.kernel, c->b.dir, c->b.traces, c->b.machine, c->b.kernel);
	if (!c->d.n) {
		printf("  identical: %u %s are the same\n", c->d.same, counters);
		return;
	}
	print_figures(c);
	printf("\n  %u %s differ, %u are the same\n\n%12s %17s %17s %17s\n", c->d.n, counters, c->d.same,
	       "change", "by", "A", "B");
	for (i = 0; i < c->d.n; i++)
		print_difference(c, &c->d.at[i]);
}

void compare_say_worse(const struct compare_args *args, const struct watched *w, const char *where)
{
	struct text t;

	fprintf(stderr, "mmsim: %s%s%s got worse by more than %g %%: %s, from %.12g to %.12g\n",
		where ? where : "", where ? ": " : "", w->name, args->limit,
		compare_change_text(&t, w->a, w->b), w->a, w->b);
}

/* ---- for scripts ---- */

/* JSON knows no infinity: null. */
json_t *compare_change_json(double a, double b)
{
	double change = relative(a, b);

	return isinf(change) ? json_null() : json_real(change);
}

static json_t *figures_json(const struct compare *c)
{
	json_t *all = json_array();
	const struct figure *f;

	for (f = figures; f->name; f++) {
		double a = figure_value(f, &c->a.counters), b = figure_value(f, &c->b.counters);

		if (figure_known(f, &c->a.counters) || figure_known(f, &c->b.counters))
			json_array_append_new(all, json_pack("{ss ss sf sf so}", "name", f->name, "unit",
							     f->unit, "a", a, "b", b, "relative",
							     compare_change_json(a, b)));
	}
	return all;
}

static json_t *differences_json(const struct compare *c)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < c->d.n; i++) {
		const struct difference *d = &c->d.at[i];

		json_array_append_new(
			all, json_pack("{ss ss so so sI so}", "name", d->name, "unit", unit_of(c, d->name),
				       "a", d->only_b ? json_null() : json_integer((json_int_t)d->a), "b",
				       d->only_a ? json_null() : json_integer((json_int_t)d->b), "absolute",
				       (json_int_t)(d->b - d->a), "relative",
				       compare_change_json((double)d->a, (double)d->b)));
	}
	return all;
}

static void print_json(const struct compare *c, json_t *watched)
{
	json_t *all = json_pack("{ss ss sb so so so}", "a", c->a.dir, "b", c->b.dir, "identical", !c->d.n,
				"figures", figures_json(c), "watched", watched, "counters",
				differences_json(c));

	cli_print_json(all);
}

/* ---- the command line ---- */

static void open_run(struct run *r, struct units *u, const char *dir)
{
	char *bad = run_open(r, dir, NULL);

	if (bad)
		die("%s", bad);
	units_read(u, dir);
}

json_t *compare_watched_json(const struct watched *w)
{
	return json_pack("{ss sf sf so sb}", "name", w->name, "a", w->a, "b", w->b, "relative",
			 compare_change_json(w->a, w->b), "failed", w->failed);
}

static void compare(struct compare *c)
{
	struct watched watched[MAX_WATCHED];
	json_t *json = json_array();
	u32 i, n = c->args->n_watch;

	differences_of(&c->d, &c->a.counters, &c->b.counters, c->args->only);
	if (c->args->only && !c->d.n && !c->d.same)
		die("--only: neither run has a counter '%s'; `mmsim config --counters` lists them",
		    c->args->only);
	for (i = 0; i < n; i++) {
		watched[i] = compare_watch(c->args, &c->a.counters, &c->b.counters, c->args->watch[i]);
		c->n_worse += watched[i].failed;
		json_array_append_new(json, compare_watched_json(&watched[i]));
	}
	if (c->args->json) {
		print_json(c, json);
	} else {
		print_text(c);
		json_decref(json);
	}
	for (i = 0; i < n; i++)
		if (watched[i].failed)
			compare_say_worse(c->args, &watched[i], NULL);
}

static u32 compare_runs(const struct compare_args *args, const char *a, const char *b)
{
	struct compare c = { .args = args };

	open_run(&c.a, &c.units_a, a);
	open_run(&c.b, &c.units_b, b);
	compare(&c);
	differences_fini(&c.d);
	units_fini(&c.units_a);
	units_fini(&c.units_b);
	run_close(&c.a);
	run_close(&c.b);
	return c.n_worse;
}

static double percent(const char *text)
{
	char *end;
	double p = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) || !(p >= 0) || isinf(p))
		die("--fail-above: '%s' is not a number of percent, like 2%%", text);
	return p;
}

enum { OPT_ONLY = 256, OPT_FAIL, OPT_WATCH, OPT_JSON };
static const struct option options[] = {
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "fail-above", required_argument, NULL, OPT_FAIL },
	{ "watch", required_argument, NULL, OPT_WATCH },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void take_option(struct compare_args *a, int opt)
{
	switch (opt) {
	case OPT_ONLY:
		a->only = optarg;
		break;
	case OPT_FAIL:
		a->limit = percent(optarg);
		break;
	case OPT_JSON:
		a->json = true;
		break;
	case OPT_WATCH:
		if (a->n_watch == MAX_WATCHED)
			die("--watch: more than %u figures", MAX_WATCHED);
		a->watch[a->n_watch++] = optarg;
		break;
	default:
		die("'mmsim compare --help' lists the options");
	}
}

int cmd_compare(int argc, char **argv)
{
	struct compare_args a = { .limit = -1 };
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		take_option(&a, opt);
	}
	if (argc - optind != 2)
		die("name two run directories: mmsim compare A B; 'mmsim compare --help' tells more");
	if (!a.n_watch)
		a.watch[a.n_watch++] = DEFAULT_WATCHED;
	if (sweep_is_dir(argv[optind]) && sweep_is_dir(argv[optind + 1]))
		return compare_sweeps(&a, argv[optind], argv[optind + 1]) ? 1 : 0;
	return compare_runs(&a, argv[optind], argv[optind + 1]) ? 1 : 0;
}
