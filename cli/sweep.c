/* mmsim sweep: every point of a product of settings, recordings and seeds. */
#include "cli/sweep.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/sweep_table.h"
#include "cli/amount.h"
#include "cli/cli.h"
#include "model/base/error.h"
#include "model/core/machine.h"
#include "model/sim/config.h"

#define MAX_SEEDS 100000u

static void usage(FILE *f)
{
	fputs("usage: mmsim sweep [OPTION]... [FILE.cfg] -o DIR\n"
	      "       mmsim sweep --resume DIR\n"
	      "       mmsim sweep --merge DIR --merge DIR... -o DIR\n\n"
	      "Replays every point of a sweep, each in a process of its own, into DIR/points, and writes\n"
	      "DIR/sweep.csv, a row a point with every counter, and DIR/units.csv. A sweep that was "
	      "stopped,\n"
	      "in whatever way, goes on where it was with --resume or the same command. FILE.cfg says the\n"
	      "same as these options; they add to what it says to vary and to set, and replace the rest.\n\n"
	      "      --vary KEY=V1,V2,...   values of a key, of machine or of kernel; several --vary make "
	      "all\n"
	      "                       combinations\n"
	      "      --zip KEY=V1,V2,...    values that go together, one by one, with the list before\n"
	      "      --where COND     only combinations for which this holds, \"l1d.size <= l2.size\": "
	      "keys,\n"
	      "                       numbers, words in \"\"; + - * / %, < <= > >= == !=, && || ! ( )\n"
	      "      --trace FILE     a recording; several are one more thing that varies\n"
	      "      --with FILE      a recording that runs beside it on the same machine in all points\n"
	      "      --seed LIST      seeds, 1..5 or 1,4,7; default 1\n"
	      "  -m, --machine NAME   as in mmsim replay, for all points; so are:\n"
	      "  -k, --kernel NAME\n"
	      "  -s, --set KEY=VALUE\n"
	      "      --warmup N\n"
	      "      --max N\n"
	      "  -o, --output DIR     directory of the sweep\n"
	      "      --resume DIR     go on with the sweep of DIR, which says all but the following\n"
	      "  -j, --jobs N         points at a time; default: as many as there are processors\n"
	      "      --keep SIZE      memory for decoded recordings, so that each is decoded once for all "
	      "points;\n"
	      "                       default: half of what is free; 0: each point reads them itself\n"
	      "      --merge DIR      take over the points of DIR, where a part of the same sweep was run\n"
	      "      --sqlite         write DIR/sweep.sqlite, too\n"
	      "      --json           say at the end as JSON how many points are done, have failed and why\n"
	      "      --part I/N       only the I-th of N parts; the others run elsewhere, in the same DIR\n"
	      "  -q, --quiet          no progress line\n"
	      "  -h, --help           this text\n\n"
	      "Exit status: 0, 1 if a point failed or the sweep was interrupted, 2 if usage or input are\n"
	      "wrong. The others go on when a point fails; --resume tries it again.\n\n"
	      "Examples:\n"
	      "  mmsim sweep --vary l2.size=1M,2M --vary machine=zen2,zen4 --trace a.mmtrace.gz -o s\n"
	      "  mmsim sweep --vary l1d.size=32K,48K --zip l1d.ways=8,12 --trace a.mmtrace.gz -o s\n"
	      "  mmsim sweep configs/sweeps/l1d-size.cfg --seed 1..5 -o s\n",
	      f);
}

/* ---- names of files ---- */

/* Absolute, as a resumed sweep may be elsewhere. */
static char *whole_path(const char *dir, const char *name)
{
	char *path = dir && *name != '/' ? xasprintf("%s/%s", dir, name) : xstrdup(name);
	char *whole = realpath(path, NULL);

	if (!whole)
		die("cannot read '%s': %s", path, strerror(errno));
	free(path);
	return whole;
}

char *sweep_config_name(const char *dir, const char *name)
{
	size_t n = strlen(name);

	if (strchr(name, '/') || (n > 4 && !strcmp(name + n - 4, ".cfg")))
		return whole_path(dir, name);
	return xstrdup(name);
}

void sweep_add_trace(struct strings *to, const char *dir, const char *name)
{
	char *path;

	if (!strcmp(name, "-"))
		die("--trace: a sweep cannot read standard input, which there is only once; write it to a "
		    "file first");
	path = whole_path(dir, name);
	strings_add(to, path);
	free(path);
}

/* ---- lists ---- */

void sweep_add_seeds(struct sweep_request *q, const char *where, const char *list)
{
	const char *at = list;
	u64 from, to;
	char *end, *text;

	do {
		from = to = strtoull(at, &end, 10);
		if (end != at && !strncmp(end, "..", 2)) {
			at = end + 2;
			to = strtoull(at, &end, 10);
		}
		if (end == at || *at == '-' || (*end && *end != ',') || to < from)
			die("%s: '%s' is not a list of seeds like 1..5 or 1,4,7", where, list);
		if (to - from >= MAX_SEEDS)
			die("%s: more than %u seeds", where, MAX_SEEDS);
		for (; from <= to; from++) {
			text = xasprintf("%" PRIu64, from);
			strings_add(&q->seeds, text);
			free(text);
		}
		at = end + 1;
	} while (*end);
}

void sweep_add_value(struct sweep_axis *a, const char *dir, const char *value)
{
	char *name = sweep_names_files(a) ? sweep_config_name(dir, value) : xstrdup(value);

	strings_add(&a->values, name);
	free(name);
}

/* "l1d.size=16K,32K" */
static void add_axis(struct sweep_request *q, const char *option, char *text, bool zipped)
{
	char *values = strchr(text, '='), *value;
	struct sweep_axis *a;

	if (!values || values == text || !values[1])
		die("%s: '%s' is not KEY=V1,V2,...", option, text);
	*values++ = '\0';
	a = sweep_add_axis(&q->sweep, text, zipped);
	while ((value = strsep(&values, ",")))
		sweep_add_value(a, NULL, value);
}

/* ---- one sweep of what was asked for ---- */

static void merge_text(char **to, char **from)
{
	if (!*from)
		return;
	free(*to);
	*to = *from;
	*from = NULL;
}

static void merge_list(struct strings *to, struct strings *from)
{
	if (!from->n)
		return;
	strings_fini(to);
	*to = *from;
	*from = (struct strings){ 0 };
}

static void merge_axes(struct sweep *to, const struct sweep *from)
{
	u32 i, k;

	for (i = 0; i < from->n_axes; i++) {
		struct sweep_axis *a = sweep_add_axis(to, from->axis[i].key, from->axis[i].zipped);

		for (k = 0; k < from->axis[i].values.n; k++)
			strings_add(&a->values, from->axis[i].values.at[k]);
	}
}

/* What the command line says, on top of what a file says. */
static void merge(struct sweep_request *to, struct sweep_request *from)
{
	u32 i;

	merge_text(&to->sweep.machine, &from->sweep.machine);
	merge_text(&to->sweep.kernel, &from->sweep.kernel);
	merge_text(&to->sweep.warmup, &from->sweep.warmup);
	merge_text(&to->sweep.max, &from->sweep.max);
	merge_list(&to->traces, &from->traces);
	merge_list(&to->seeds, &from->seeds);
	merge_list(&to->sweep.with, &from->sweep.with);
	for (i = 0; i < from->sweep.settings.n; i++)
		strings_add(&to->sweep.settings, from->sweep.settings.at[i]);
	for (i = 0; i < from->sweep.where.n; i++)
		strings_add(&to->sweep.where, from->sweep.where.at[i]);
	merge_axes(&to->sweep, &from->sweep);
}

/* Varied values are a point's to refuse; what no point can do without is an error of the sweep. */
static void check_keys(const struct sweep *s)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	char *setting, *value;
	u32 i;

	for (i = 0; i < s->n_axes; i++) {
		const struct sweep_axis *a = &s->axis[i];

		if (!strcmp(a->key, SWEEP_TRACE) || !strcmp(a->key, SWEEP_SEED))
			die("%s is not varied by --vary: give --%s several times, or a list", a->key, a->key);
		value = sweep_names_files(a) ? xstrdup("") : config_get(c, a->key);
		setting = xasprintf("%s=%s", a->key, a->values.n ? a->values.at[0] : "");
		if (!value)
			config_set(c, setting); /* says what is near */
		free(setting);
		free(value);
	}
	for (i = 0; i < s->settings.n; i++) {
		config_set(c, s->settings.at[i]);
		if (!strncmp(s->settings.at[i], "seed=", 5))
			die("-s %s: the seeds of a sweep are given by --seed", s->settings.at[i]);
	}
	if (s->machine)
		config_load(c, "machines", s->machine);
	if (s->kernel)
		config_load(c, "kernels", s->kernel);
	config_free(c);
}

static void add_list(struct sweep *s, const char *key, const struct strings *list)
{
	struct sweep_axis *a = sweep_add_axis(s, key, false);
	u32 i;

	for (i = 0; i < list->n; i++)
		strings_add(&a->values, list->at[i]);
}

static void complete(struct sweep_request *q)
{
	struct sweep *s = &q->sweep;
	char *bad;

	check_keys(s);
	if (s->warmup)
		amount_parse("--warmup", s->warmup, UNIT_RUNS, true);
	if (s->max)
		amount_parse("--max", s->max, UNIT_RUNS, true);
	if (!q->traces.n)
		die("say what to replay: --trace FILE, or traces in the sweep's file");
	if (!q->seeds.n)
		strings_add(&q->seeds, "1");
	add_list(s, SWEEP_TRACE, &q->traces);
	add_list(s, SWEEP_SEED, &q->seeds);
	bad = sweep_count(s);
	if (bad)
		die("this makes no sweep: %s", bad);
	bad = s->where.n ? sweep_choose(s, DEFAULT_MACHINE, DEFAULT_KERNEL) : NULL;
	if (bad)
		die("--where: %s", bad);
}

/* ---- running ---- */

/* Parts may end at the same time. */
static void write_tables(const struct sweep_job *job)
{
	int lock = sweep_dir_lock(job);
	char *bad = sweep_write_summary(job->dir, &job->sweep);

	if (!bad && job->sqlite)
		bad = sweep_write_sqlite(job->dir, &job->sweep);
	if (!bad)
		bad = sweep_write_csv(job->dir, &job->sweep);
	if (bad)
		fail("%s", bad);
	close(lock);
}

static json_t *failures_json(const struct sweep_job *job)
{
	json_t *all = json_array();
	struct sweep_row r;
	char *name, *bad;
	u64 i;

	for (i = 0; i < job->sweep.points; i++) {
		name = sweep_name(&job->sweep, i);
		if (!sweep_done(job->dir, name) && sweep_failed(job->dir, name)) {
			bad = sweep_row_open(&r, job->dir, &job->sweep, i);
			json_array_append_new(
				all, json_pack("{ss ss}", "point", name, "why", bad ? bad : r.error));
			free(bad);
			sweep_row_close(&r);
		}
		free(name);
	}
	return all;
}

static void say_json(const struct sweep_job *job, u64 missing, u64 failures)
{
	u64 points = job->sweep.points;

	cli_print_json(json_pack("{ss sI sI sI sI sb so}", "dir", job->dir, "points", (json_int_t)points,
				 "done", (json_int_t)(points - missing - failures), "failed",
				 (json_int_t)failures, "missing", (json_int_t)missing, "complete", !missing,
				 "failures", failures_json(job)));
}

static void say(const struct sweep_job *job, u64 missing, u64 failures)
{
	if (job->json)
		say_json(job, missing, failures);
	else if (!job->quiet && missing)
		printf("%s: %" PRIu64 " of %" PRIu64
		       " points are left to the other parts, the last of which writes sweep.csv\n",
		       job->dir, missing, job->sweep.points);
	else if (!job->quiet)
		printf("%s/sweep.csv: %" PRIu64 " points, %" PRIu64 " failed\n", job->dir, job->sweep.points,
		       failures);
}

static int run(struct sweep_job *job)
{
	bool all = sweep_run(job);
	u64 missing, failures;

	sweep_dir_finish(job);
	missing = sweep_dir_missing(job);
	failures = sweep_dir_failures(job);
	if (!all) {
		if (job->json)
			say_json(job, missing, failures);
		warn("interrupted; `mmsim sweep --resume %s` goes on", job->dir);
		return 1;
	}
	if (!missing)
		write_tables(job);
	say(job, missing, failures);
	return failures ? 1 : 0;
}

/* ---- the command line ---- */

struct args {
	struct sweep_request q;
	const char *output, *resume;
	struct strings merge;
	bool asked; /* for anything that a manifest says */
	struct sweep_job job;
};

enum {
	OPT_VARY = 256,
	OPT_ZIP,
	OPT_TRACE,
	OPT_WITH,
	OPT_SEED,
	OPT_WARMUP,
	OPT_MAX,
	OPT_RESUME,
	OPT_PART,
	OPT_KEEP,
	OPT_WHERE,
	OPT_SQLITE,
	OPT_MERGE,
	OPT_JSON,
};
static const struct option options[] = {
	{ "vary", required_argument, NULL, OPT_VARY },
	{ "zip", required_argument, NULL, OPT_ZIP },
	{ "where", required_argument, NULL, OPT_WHERE },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "with", required_argument, NULL, OPT_WITH },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "machine", required_argument, NULL, 'm' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "set", required_argument, NULL, 's' },
	{ "warmup", required_argument, NULL, OPT_WARMUP },
	{ "max", required_argument, NULL, OPT_MAX },
	{ "output", required_argument, NULL, 'o' },
	{ "resume", required_argument, NULL, OPT_RESUME },
	{ "jobs", required_argument, NULL, 'j' },
	{ "part", required_argument, NULL, OPT_PART },
	{ "keep", required_argument, NULL, OPT_KEEP },
	{ "merge", required_argument, NULL, OPT_MERGE },
	{ "sqlite", no_argument, NULL, OPT_SQLITE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void set_text(char **to, char *text)
{
	free(*to);
	*to = text;
}

/* "2/4" */
static void take_part(struct sweep_job *job, const char *text)
{
	unsigned i = 0, n = 0;
	int end = 0;

	if (sscanf(text, "%u/%u%n", &i, &n, &end) != 2 || text[end] || !i || i > n)
		die("--part: '%s' is not like 2/4, the second of four parts", text);
	job->part = i - 1;
	job->parts = n;
}

/* "512M" */
static u64 size(const char *option, const char *text)
{
	static const struct opt bytes = { .name = "size", .type = OPT_SIZE };
	char *bad;
	u64 n;

	bad = opt_parse(&bytes, text, &n);
	if (bad)
		die("%s: %s", option, bad);
	return n;
}

static void take_jobs(struct sweep_job *job, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || *text == '-' || !n || n > 4096)
		die("--jobs: '%s' is not a number from 1 to 4096", text);
	job->jobs = (u32)n;
}

/* What a manifest says; false: it is another option. */
static bool take_request(struct sweep_request *q, int opt)
{
	switch (opt) {
	case OPT_VARY:
		add_axis(q, "--vary", optarg, false);
		return true;
	case OPT_ZIP:
		add_axis(q, "--zip", optarg, true);
		return true;
	case OPT_TRACE:
		sweep_add_trace(&q->traces, NULL, optarg);
		return true;
	case OPT_WITH:
		sweep_add_trace(&q->sweep.with, NULL, optarg);
		return true;
	case OPT_SEED:
		sweep_add_seeds(q, "--seed", optarg);
		return true;
	case OPT_WHERE:
		strings_add(&q->sweep.where, optarg);
		return true;
	case OPT_WARMUP:
		set_text(&q->sweep.warmup, xstrdup(optarg));
		return true;
	case OPT_MAX:
		set_text(&q->sweep.max, xstrdup(optarg));
		return true;
	case 'm':
		set_text(&q->sweep.machine, sweep_config_name(NULL, optarg));
		return true;
	case 'k':
		set_text(&q->sweep.kernel, sweep_config_name(NULL, optarg));
		return true;
	case 's':
		strings_add(&q->sweep.settings, optarg);
		return true;
	default:
		return false;
	}
}

static void take_option(struct args *a, int opt)
{
	if (take_request(&a->q, opt)) {
		a->asked = true;
		return;
	}
	switch (opt) {
	case 'o':
		a->output = optarg;
		break;
	case 'j':
		take_jobs(&a->job, optarg);
		break;
	case 'q':
		a->job.quiet = true;
		break;
	case OPT_RESUME:
		a->resume = optarg;
		break;
	case OPT_PART:
		take_part(&a->job, optarg);
		break;
	case OPT_MERGE:
		strings_add(&a->merge, optarg);
		break;
	case OPT_JSON:
		a->job.json = true;
		break;
	case OPT_SQLITE:
		a->job.sqlite = true;
		break;
	case OPT_KEEP:
		a->job.keep = size("--keep", optarg);
		break;
	default:
		die("'mmsim sweep --help' lists the options");
	}
}

static void begin(struct args *a, const char *file)
{
	struct sweep_request all = { 0 };

	if (!a->output)
		die("a sweep needs a directory: -o DIR; 'mmsim sweep --help' tells more");
	if (file)
		sweep_read_file(&all, file);
	merge(&all, &a->q);
	complete(&all);
	a->job.sweep = all.sweep;
	a->job.dir = a->output;
	strings_fini(&all.traces);
	strings_fini(&all.seeds);
	sweep_dir_prepare(&a->job);
}

static void resume(struct args *a, const char *file)
{
	if (a->asked || a->output || file)
		die("--resume goes on with what '%s' says: only --jobs, --keep, --sqlite, --part and --quiet "
		    "go with "
		    "it",
		    a->resume);
	a->job.dir = a->resume;
	sweep_dir_resume(&a->job);
}

/* A new directory for the sweep of those that are merged. */
static void join(struct args *a, const char *file)
{
	if (a->asked || file)
		die("--merge takes what the sweep is from the directories: only -o, --jobs, --keep, "
		    "--sqlite, "
		    "--part and --quiet go with it");
	if (!a->output)
		die("--merge needs a directory for all: -o DIR");
	a->job.dir = a->output;
	sweep_dir_read(&a->job, a->merge.at[0]);
	sweep_dir_prepare(&a->job);
}

static void free_args(struct args *a)
{
	strings_fini(&a->merge);
	strings_fini(&a->q.traces);
	strings_fini(&a->q.seeds);
	sweep_fini(&a->q.sweep);
	sweep_fini(&a->job.sweep);
}

int cmd_sweep(int argc, char **argv)
{
	struct args a = { .job = { .jobs = (u32)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1),
				   .parts = 1,
				   .keep = sweep_keep_usual() } };
	int opt, status;
	u32 i;

	while ((opt = getopt_long(argc, argv, "m:k:s:o:j:qh", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		take_option(&a, opt);
	}
	if (argc - optind > 1)
		die("sweep: \"%s\" was not expected: recordings are given by --trace", argv[optind + 1]);
	(a.resume ? resume : a.merge.n ? join : begin)(&a, argv[optind]);
	for (i = 0; i < a.merge.n; i++)
		sweep_merge(&a.job, a.merge.at[i]);
	status = run(&a.job);
	free_args(&a);
	return status;
}
