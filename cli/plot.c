/* mmsim plot: pictures of finished runs. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "model/base/error.h"
#include "plots/plot.h"

static void usage(FILE *f)
{
	const struct plot_kind *const *k;

	fputs("usage: mmsim plot KIND [OPTION]... RUN...\n"
	      "       mmsim plot RUN\n\n"
	      "Draws a picture of runs, the directories that `mmsim replay -o` wrote. LABEL=RUN gives\n"
	      "a run another name in the legend. Without a KIND, latency, stack and served of one run\n"
	      "are drawn into RUN/plots, and timeline, intervals and time where there is what they need.\n"
	      "Needs gnuplot (package gnuplot-nox). KIND is\n\n",
	      f);
	for (k = plot_kinds; *k; k++)
		fprintf(f, "  %-10s %s\n", (*k)->name, (*k)->help);
	fputs("\nheat and lines are drawn of a sweep, mrc and ws of what `mmsim mrc -o` wrote.\n"
	      "\nOptions:\n"
	      "  -o, --output FILE    the picture: .svg, .png or .pdf; default KIND.svg and KIND.png here;\n"
	      "                       its data (.dat) and its gnuplot script (.gp) are left beside it\n"
	      "      --by WHAT        latency: a line each of one run's accesses by cause (faults, reclaim,\n"
	      "                       interrupts), translation or served\n"
	      "      --percent        stack: share of the cycles instead of cycles per instruction\n"
	      "      --x COUNTER      steps: lay the runs out by this counter; default: pages touched\n"
	      "      --x KEY --y KEY  heat, lines: keys of the axes; default: the first that vary\n"
	      "      --figure NAME    heat, lines: what is drawn: a figure of summary.csv (\"L1D MPKI\",\n"
	      "                       \"load p99\") or a counter; default: cycles\n"
	      "      --only KEY=VALUE heat, lines: only points with this value; several must all hold\n"
	      "      --points FILE    steps, parts: published points to lay over: CSV, see the manual\n"
	      "      --unit SIZE      mrc, ws: of pages of that size (4K), or lines; default: lines\n"
	      "  -h, --help           this text\n\n"

	      "Examples:\n"
	      "  mmsim plot latency out                         latency.svg and latency.png of one run\n"
	      "  mmsim plot latency -o both.svg old=a new=b     two runs over each other\n"
	      "  mmsim plot stack -o stack.png a b c            where the cycles of three runs went\n"
	      "  mmsim plot heat --figure IPC -o ipc.svg SWEEP  of two keys of a sweep\n"
	      "  mmsim plot mrc --unit 4K -o tlb.svg a b        TLB misses of two recordings, from mmsim "
	      "mrc\n",
	      f);
}

struct args {
	struct plot_request q;
	struct run *runs;
	const char **tables, **labels, **only;
	char *dir, *stem;
};

static bool is_table(const char *name)
{
	struct stat st;

	return strlen(name) > 4 && !strcmp(name + strlen(name) - 4, ".csv") && !stat(name, &st) &&
	       S_ISREG(st.st_mode);
}

/* "LABEL=NAME", where no file is called that: a new string, and *name goes on behind it; else NULL. */
static char *take_label(const char **name)
{
	const char *equals = strchr(*name, '=');
	struct stat st;
	char *label;

	if (!equals || equals == *name || !stat(*name, &st))
		return NULL;
	label = xasprintf("%.*s", (int)(equals - *name), *name);
	*name = equals + 1;
	return label;
}

static void open_run(struct run *run, const char *name)
{
	char *label = take_label(&name), *bad = run_open(run, name, label);

	if (bad)
		die("%s", bad);
	free(label);
}

/* A table, or a directory that has one. */
static void take_table(struct args *a, const struct plot_kind *kind, const char *name)
{
	u32 i = a->q.n_tables++;

	a->labels[i] = take_label(&name);
	a->tables[i] = is_table(name) || !*kind->table ? xstrdup(name)
						       : xasprintf("%s/%s", name, kind->table);
}

static void take_inputs(struct args *a, const struct plot_kind *kind, char **names, u32 n)
{
	u32 i;

	a->runs = xcalloc(n, sizeof(*a->runs));
	a->tables = xcalloc(n, sizeof(*a->tables));
	a->labels = xcalloc(n, sizeof(*a->labels));
	if (kind->takes_sweep && n != 1)
		die("%s is drawn of one sweep: mmsim plot %s DIR", kind->name, kind->name);
	for (i = 0; i < n; i++) {
		if (kind->takes_sweep)
			a->q.sweep = names[i];
		else if (kind->table)
			take_table(a, kind, names[i]);
		else if (kind->takes_tables && is_table(names[i]))
			a->tables[a->q.n_tables++] = xstrdup(names[i]);
		else
			open_run(&a->runs[a->q.n_runs++], names[i]);
	}
	a->q.runs = a->runs;
	a->q.tables = a->tables;
	a->q.labels = a->labels;
}

static u32 format_of(const char *end)
{
	static const struct {
		const char *end;
		u32 format;
	} formats[] = { { ".svg", FIGURE_SVG }, { ".png", FIGURE_PNG }, { ".pdf", FIGURE_PDF } };
	u32 i;

	for (i = 0; end && i < ARRAY_SIZE(formats); i++)
		if (!strcmp(end, formats[i].end))
			return formats[i].format;
	return 0;
}

/* Takes -o apart into directory, stem and format. */
static void take_output(struct args *a, const struct plot_kind *kind, const char *output)
{
	const char *slash, *name, *dot;

	if (!output) {
		a->dir = xstrdup(".");
		a->stem = xstrdup(kind->name);
		a->q.formats = FIGURE_SVG | FIGURE_PNG;
	} else {
		slash = strrchr(output, '/');
		name = slash ? slash + 1 : output;
		dot = strrchr(name, '.');
		a->q.formats = format_of(dot);
		if (!a->q.formats || dot == name)
			die("cannot tell the format of '%s': its name must end in .svg, .png or .pdf",
			    output);
		a->dir = slash ? xasprintf("%.*s", (int)MAX(slash - output, 1), output) : xstrdup(".");
		a->stem = xasprintf("%.*s", (int)(dot - name), name);
	}
	a->q.dir = a->dir;
	a->q.stem = a->stem;
}

static void free_args(struct args *a)
{
	u32 i;

	for (i = 0; i < a->q.n_runs; i++)
		run_close(&a->runs[i]);
	for (i = 0; i < a->q.n_tables; i++) {
		free((char *)a->tables[i]);
		free((char *)a->labels[i]);
	}
	free(a->runs);
	free(a->tables);
	free(a->labels);
	free(a->only);
	free(a->dir);
	free(a->stem);
}

static const struct plot_kind *find_kind(const char *name)
{
	const struct plot_kind *kind = plot_kind_find(name), *const * k;
	char known[512] = "";

	for (k = plot_kinds; *k; k++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", *known ? ", " : "",
			 (*k)->name);
	if (!kind)
		die("no kind of plot is called '%s': there are %s", name, known);
	return kind;
}

/* "64", "4K", "2M" */
static u64 parse_unit(const char *text)
{
	char *end;
	u64 n = strtoull(text, &end, 10);

	if (*end == 'K' || *end == 'M')
		n <<= *end++ == 'K' ? 10 : 20;
	if (!n || *end)
		die("--unit %s: not the size of a line or page, such as 64, 4K or 2M", text);
	return n;
}

enum { OPT_X = 256, OPT_Y, OPT_POINTS, OPT_PERCENT, OPT_UNIT, OPT_BY, OPT_FIGURE, OPT_ONLY };
static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "by", required_argument, NULL, OPT_BY },
	{ "x", required_argument, NULL, OPT_X },
	{ "y", required_argument, NULL, OPT_Y },
	{ "figure", required_argument, NULL, OPT_FIGURE },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "points", required_argument, NULL, OPT_POINTS },
	{ "unit", required_argument, NULL, OPT_UNIT },
	{ "percent", no_argument, NULL, OPT_PERCENT },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void take_option(struct args *a, int opt)
{
	switch (opt) {
	case OPT_X:
		a->q.x = optarg;
		break;
	case OPT_Y:
		a->q.y = optarg;
		break;
	case OPT_FIGURE:
		a->q.figure = optarg;
		break;
	case OPT_ONLY:
		a->only = xrealloc(a->only, (a->q.n_only + 1) * sizeof(*a->only));
		a->only[a->q.n_only++] = optarg;
		a->q.only = a->only;
		break;
	case OPT_BY:
		a->q.by = optarg;
		break;
	case OPT_POINTS:
		a->q.points = optarg;
		break;
	case OPT_UNIT:
		a->q.unit = parse_unit(optarg);
		break;
	case OPT_PERCENT:
		a->q.percent = true;
		break;
	default:
		die("'mmsim plot --help' lists the options");
	}
}

static void draw(struct args *a, const char *output, char **names, u32 n)
{
	const struct plot_kind *kind = find_kind(names[0]);
	char *bad;

	take_output(a, kind, output);
	take_inputs(a, kind, names + 1, n - 1);
	bad = plot_make(kind, &a->q);
	if (bad)
		die("no %s plot: %s", kind->name, bad);
}

int cmd_plot(int argc, char **argv)
{
	struct args a = { .q.version = MMSIM_VERSION };
	const char *output = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		if (opt == 'o')
			output = optarg;
		else
			take_option(&a, opt);
	}
	if (argc - optind == 1 && !plot_kind_find(argv[optind]) && !output) {
		plots_default(argv[optind]);
		return 0;
	}
	if (argc - optind < 2)
		die("say what to plot, and of which runs: mmsim plot KIND RUN...; 'mmsim plot --help' tells "
		    "more");
	draw(&a, output, argv + optind, (u32)(argc - optind));
	free_args(&a);
	return 0;
}
