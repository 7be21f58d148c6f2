/* mmsim replay: recordings through a machine. */
#include "cli/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "analysis/sharing.h"
#include "analysis/identities.h"
#include "cli/replay.h"
#include "model/base/error.h"
#include "plots/plot.h"

#define PROFILE_ROWS 1000u
#define CHECK_EVERY  1000000u /* records */

static void usage(FILE *f)
{
	fputs("usage: mmsim replay [OPTION]... FILE...\n\n"
	      "Replays recordings through a modelled machine and prints what it measured. Several FILEs are\n"
	      "several programs of one machine; - is standard input. Formats are recognised by content.\n\n"
	      "  -m, --machine NAME   a built-in machine or a file NAME.cfg; default " DEFAULT_MACHINE "\n"
	      "  -k, --kernel NAME    a built-in kernel or a file NAME.cfg; default " DEFAULT_KERNEL "\n"
	      "  -s, --set KEY=VALUE  override a key; `mmsim config` lists them\n"
	      "  -o, --output DIR     write the run directory: table, counters, latencies, configuration\n"
	      "      --plot           and pictures into DIR/plots (needs gnuplot)\n"
	      "      --timeline[=N]   write events.json: faults, reclaim, interrupts, ... of each core,\n"
	      "                       for ui.perfetto.dev; at most N (1000000) of them\n"
	      "      --profile[=N]    tables of mappings, pages, lines and functions, worst first (1000)\n"
	      "      --trace-events FILE  write the kernel's tracepoints as `perf script` prints them\n"
	      "      --ladder         tell where allocations were served, and what that cost\n"
	      "      --loop N         replay everything N times, as new processes on the warm machine\n"
	      "      --keep-going     step over damaged parts of a recording\n"
	      "      --decode-thread  read and decompress on a thread of its own; changes no result\n"
	      "      --decode-only    decode and count, no machine\n"
	      "      --format NAME    do not guess the recording's format\n"
	      "      --check          walk the whole simulated state now and then (slow)\n"
	      "  -q, --quiet          no table, no progress line\n"
	      "  -h, --help           this text\n\n"
	      "What is replayed and measured, in this order. N is a number of block runs (lines of a text\n"
	      "trace), 250000 or 10M, or of instructions, 10Minsns. Counters and latencies are of the last\n"
	      "part alone:\n"
	      "      --skip N         pass N over; only mappings and other calls happen\n"
	      "      --fast-forward N replay N without time: caches, TLBs and page tables change, nothing\n"
	      "                       waits\n"
	      "      --checkpoint FILE  and write what they hold to FILE\n"
	      "      --restore FILE   in place of both: begin with what FILE holds; caches and TLBs can be\n"
	      "                       others than it was written with\n"
	      "      --warmup N       replay N, not measured\n"
	      "      --max N          replay and measure N, then stop\n"
	      "      --from MARK      measure from a mark of the recording on, each time it is passed\n"
	      "      --to MARK        and up to this one; NAME#3 is the third passing alone\n"
	      "      --interval N     write intervals.csv: what each counter gained in every N instructions\n"
	      "                       (or 50kruns, 50kcycles), and the latencies in it\n"
	      "      --interval-counters LIST   only these, like mm.fault.*,core*.cycles\n"
	      "      --simpoints FILE --weights FILE   in place of all these, but for --warmup: measure the\n"
	      "                       intervals that SimPoint chose, each of --interval N instructions\n"
	      "      --between HOW    get to them by fast-forward (default), skip or warmup\n"
	      "      --explain LIST   tell what became of accesses, hop by hop with its cycles: 5000 or\n"
	      "                       10-20,99 number them from 1; 7-8runs: whole block runs\n\n"
	      "Examples:\n"
	      "  mmsim replay ls.mmtrace.gz\n"
	      "  mmsim replay ls.mmtrace.gz -m zen4 -s l1d.size=16K -o out --plot\n"
	      "  mmsim record -o - -- ls | mmsim replay -\n",
	      f);
}

/* ---- running ---- */

struct trace *replay_open(const struct replay_args *a, u32 file)
{
	char err[TR_ERRBUF];
	struct trace *t = trace_open(a->files[file], &a->trace, err);

	if (!t)
		die("%s", err);
	return t;
}

static void add_trace(struct replay *r, u32 file)
{
	struct trace *t = replay_open(r->args, file);

	r->file_bytes[file] = trace_bytes_total(t);
	r->x86_64 &= !strcmp(trace_isa(t), "x86_64");
	engine_add(r->machine->engine, t);
}

void replay_begin_traces(struct replay *r)
{
	u32 i;

	for (i = 0; i < r->args->n_files; i++)
		add_trace(r, i);
}

/* ---- results ---- */

struct results_host replay_cost(double begin)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (struct results_host){
		.cpu_seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6,
		.wall_seconds = host_seconds() - begin,
		.max_rss = (u64)u.ru_maxrss * 1024,
	};
}

/* What the timeline tells is what was counted. */
static void close_timeline(const struct replay *run, const struct stats *gains)
{
	struct counters c;
	char *bad;

	if (!run->events)
		return;
	counters_from_stats(&c, gains);
	bad = events_miscounted(events_timeline(run->events), &c);
	if (bad)
		assert_failed(bad, __FILE__, __LINE__);
	counters_fini(&c);
	events_close(run->events);
}

/* The results are those of the window; the identities that are equalities hold of it alone too. */
static void take_window(struct window *w, struct results *r)
{
	r->latency = window_latency(w);
	r->stats = window_gains(w);
	identities_assert(r, true);
	r->stats = window_stats(w);
}

static void report(const struct replay *run, const struct config *c)
{
	const struct replay_args *a = run->args;
	const struct machine *m = run->machine;
	struct results_latency latency[CORE_LATENCY_ROWS];
	struct sharing_line sharing[SHARING_LINES];
	struct notes notes = { 0 };
	struct results r = {
		.stats = m->stats,
		.config = c,
		.latency = latency,
		.n_latency = CORE_LATENCY_ROWS,
		.machine = a->machine ? a->machine : DEFAULT_MACHINE,
		.kernel = a->kernel ? a->kernel : DEFAULT_KERNEL,
		.traces = a->files,
		.n_traces = a->n_files,
		.version = MMSIM_VERSION,
		.command = a->command,
		.n_command = a->n_command,
		.hz = m->cfg.core.frequency,
		.sharing = sharing,
		.n_sharing = memory_sharing_top(m->memory, sharing, SHARING_LINES),
		.line_bytes = m->cfg.hw.l1d.line,
		.ladder = run->ladder ? ladder_part_sum(run->ladder) : kernel_ladder(m->kernel),
		.proc = proc_source(m->kernel, m->stats),
		.print_ladder = a->ladder,
		.profile = run->profile,
		.profile_rows = a->profile,
		.host = replay_cost(run->begin),
	};

	core_latency_rows(machine_latency(run->machine), latency);
	identities_assert(&r, false);
	if (run->window)
		take_window(run->window, &r);
	notes_gather(&notes, run);
	close_timeline(run, run->window ? window_gains(run->window) : m->stats);
	r.notes = (const char *const *)notes.text;
	r.n_notes = notes.n;
	if (!a->quiet)
		results_print(stdout, &r, true);
	if (a->output)
		results_write(a->output, &r);
	notes_fini(&notes);
}

static void open_timeline(struct replay *r)
{
	const struct replay_args *a = r->args;

	if (a->trace_events) {
		r->trace = trace_text_new(a->trace_events, r->machine->cfg.core.frequency);
		engine_set_tracer(r->machine->engine, trace_text_tracer(r->trace));
	}
	if (!a->timeline)
		return;
	r->events = events_new(a->output, r->machine->cfg.core.frequency, a->timeline_limit);
	engine_set_timeline(r->machine->engine, events_timeline(r->events));
}

static void open_profile(struct replay *r)
{
	const struct replay_args *a = r->args;
	const struct machine_cfg *cfg = &r->machine->cfg;

	if (!a->profile)
		return;
	r->profile = profile_new(cfg->cores, a->n_files, cfg->hw.l1d.line);
	engine_set_profile(r->machine->engine, profile_hook(r->profile));
}

static void replay(const struct replay_args *a)
{
	struct replay r = { .args = a, .begin = host_seconds(), .x86_64 = true, .loops_left = a->loop - 1 };
	struct explain *explain = NULL;
	struct machine_cfg cfg;
	struct config *c = cli_configure(&cfg, a->machine, a->kernel, a->settings, a->n_settings);

	replay_open_simpoints(&r);
	if (a->output)
		results_prepare(a->output);
	r.config = c;
	r.file_bytes = xcalloc(a->n_files, sizeof(*r.file_bytes));
	r.machine = machine_new(&cfg, a->check ? CHECK_EVERY : 0);
	if (a->n_explain)
		explain = explain_new(stdout, a->explain, a->n_explain, a->explain_runs);
	engine_set_explain(r.machine->engine, explain);
	open_timeline(&r);
	open_profile(&r);
	replay_parts(&r);
	report(&r, c);
	if (r.trace)
		trace_text_close(r.trace);
	trap_log_fini(&r.traps);
	free(r.file_bytes);
	weighted_free(r.weighted);
	simpoints_fini(&r.simpoints);
	window_free(r.window);
	ladder_part_free(r.ladder);
	profile_free(r.profile);
	machine_free(r.machine);
	explain_free(explain);
	config_free(c);
	if (a->plot)
		plots_default(a->output);
}

/* ---- the command line ---- */

static u64 number(const char *option, const char *text)
{
	char *end;
	u64 n = strtoull(text, &end, 10);

	if (*end || end == text || *text == '-' || !n)
		die("%s: '%s' is not a number above 0", option, text);
	return n;
}

static u32 profile_rows(const char *text)
{
	u64 n = text ? number("--profile", text) : PROFILE_ROWS;

	return (u32)MIN(n, UINT32_MAX);
}

static void add_setting(struct replay_args *a, const char *setting)
{
	if (a->n_settings == MAX_SETTINGS)
		die("more than %u settings: put them into a file and give it with -m", MAX_SETTINGS);
	a->settings[a->n_settings++] = setting;
}

/* "name#3" */
static struct place place(const char *option, char *text)
{
	char *hash = strrchr(text, '#');
	struct place p = { .name = text };

	if (hash) {
		*hash = '\0';
		p.nth = number(option, hash + 1);
	}
	if (!*text)
		die("%s needs the name of a mark; `mmsim info` lists those of a recording", option);
	return p;
}

static const char *take_range(struct replay_args *a, const char *text)
{
	struct explain_range r;
	char *end;

	r.first = r.last = strtoull(text, &end, 10);
	if (end != text && *end == '-')
		r.last = strtoull(end + 1, &end, 10);
	if (end == text || !r.first || r.last < r.first || (*end && *end != ','))
		die("--explain: '%s' is not a list like 5000 or 10-20,99 or 7-8runs", text);
	if (a->n_explain == MAX_EXPLAIN)
		die("--explain: more than %u ranges", MAX_EXPLAIN);
	a->explain[a->n_explain++] = r;
	return *end ? end + 1 : NULL;
}

/* "10-20,99", "7-8runs" */
static void take_explain(struct replay_args *a, char *text)
{
	size_t n = strlen(text);
	const char *at = text;

	a->explain_runs = n > 4 && !strcmp(text + n - 4, "runs");
	if (a->explain_runs)
		text[n - 4] = '\0';
	while (at)
		at = take_range(a, at);
}

/* "mm.fault.*,core*.cycles" */
static void take_patterns(struct replay_args *a, char *text)
{
	char *save, *word;

	for (word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (a->n_patterns == MAX_PATTERNS)
			die("--interval-counters: more than %u patterns", MAX_PATTERNS);
		a->patterns[a->n_patterns++] = word;
	}
}

static enum engine_mode between(const char *text)
{
	if (!strcmp(text, "skip"))
		return ENGINE_SKIP;
	if (!strcmp(text, "fast-forward"))
		return ENGINE_FUNCTIONAL;
	if (strcmp(text, "warmup"))
		die("--between: '%s' is not skip, fast-forward or warmup", text);
	return ENGINE_TIMED;
}

enum {
	OPT_PLOT = 256,
	OPT_LOOP,
	OPT_KEEP,
	OPT_THREAD,
	OPT_DECODE,
	OPT_FORMAT,
	OPT_CHECK,
	OPT_SKIP,
	OPT_FORWARD,
	OPT_WARMUP,
	OPT_MAX,
	OPT_FROM,
	OPT_TO,
	OPT_INTERVAL,
	OPT_EXPLAIN,
	OPT_LADDER,
	OPT_PROFILE,
	OPT_SIMPOINTS,
	OPT_WEIGHTS,
	OPT_BETWEEN,
	OPT_CHECKPOINT,
	OPT_RESTORE,
	OPT_TIMELINE,
	OPT_PATTERNS,
	OPT_TRACE,
};
static const struct option options[] = {
	{ "machine", required_argument, NULL, 'm' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "set", required_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "plot", no_argument, NULL, OPT_PLOT },
	{ "skip", required_argument, NULL, OPT_SKIP },
	{ "fast-forward", required_argument, NULL, OPT_FORWARD },
	{ "warmup", required_argument, NULL, OPT_WARMUP },
	{ "max", required_argument, NULL, OPT_MAX },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "trace-events", required_argument, NULL, OPT_TRACE },
	{ "interval-counters", required_argument, NULL, OPT_PATTERNS },
	{ "ladder", no_argument, NULL, OPT_LADDER },
	{ "timeline", optional_argument, NULL, OPT_TIMELINE },
	{ "profile", optional_argument, NULL, OPT_PROFILE },
	{ "explain", required_argument, NULL, OPT_EXPLAIN },
	{ "simpoints", required_argument, NULL, OPT_SIMPOINTS },
	{ "weights", required_argument, NULL, OPT_WEIGHTS },
	{ "between", required_argument, NULL, OPT_BETWEEN },
	{ "checkpoint", required_argument, NULL, OPT_CHECKPOINT },
	{ "restore", required_argument, NULL, OPT_RESTORE },
	{ "loop", required_argument, NULL, OPT_LOOP },
	{ "keep-going", no_argument, NULL, OPT_KEEP },
	{ "decode-thread", no_argument, NULL, OPT_THREAD },
	{ "decode-only", no_argument, NULL, OPT_DECODE },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void take_option(struct replay_args *a, int opt)
{
	switch (opt) {
	case 'm': a->machine = optarg; break;
	case 'k': a->kernel = optarg; break;
	case 's': add_setting(a, optarg); break;
	case 'o': a->output = optarg; break;
	case 'q': a->quiet = true; break;
	case OPT_PLOT: a->plot = true; break;
	case OPT_SKIP: a->skip = amount_parse("--skip", optarg, UNIT_RUNS, false); break;
	case OPT_FORWARD: a->fast_forward = amount_parse("--fast-forward", optarg, UNIT_RUNS, false); break;
	case OPT_WARMUP: a->warmup = amount_parse("--warmup", optarg, UNIT_RUNS, true); break;
	case OPT_MAX: a->max = amount_parse("--max", optarg, UNIT_RUNS, true); break;
	case OPT_FROM: a->from = place("--from", optarg); break;
	case OPT_TO: a->to = place("--to", optarg); break;
	case OPT_INTERVAL: a->interval = amount_parse("--interval", optarg, UNIT_INSNS, true); break;
	case OPT_TRACE: a->trace_events = optarg; break;
	case OPT_PATTERNS: take_patterns(a, optarg); break;
	case OPT_SIMPOINTS: a->simpoints = optarg; break;
	case OPT_WEIGHTS: a->weights = optarg; break;
	case OPT_BETWEEN: a->between = between(optarg); break;
	case OPT_CHECKPOINT: a->checkpoint = optarg; break;
	case OPT_RESTORE: a->restore = optarg; break;
	case OPT_EXPLAIN: take_explain(a, optarg); break;
	case OPT_LADDER: a->ladder = true; break;
	case OPT_PROFILE: a->profile = profile_rows(optarg); break;
	case OPT_TIMELINE:
		a->timeline = true;
		a->timeline_limit = optarg ? number("--timeline", optarg) : EVENTS_LIMIT;
		break;
	case OPT_LOOP: a->loop = (u32)MIN(number("--loop", optarg), UINT32_MAX); break;
	case OPT_KEEP: a->trace.keep_going = true; break;
	case OPT_THREAD: a->trace.decode_thread = true; break;
	case OPT_DECODE: a->decode_only = true; break;
	case OPT_FORMAT: a->trace.format = optarg; break;
	case OPT_CHECK: a->check = true; break;
	default: die("'mmsim replay --help' lists the options");
	}
}

static void check_simpoints(const struct replay_args *a)
{
	if (!a->simpoints != !a->weights)
		die("--simpoints and --weights belong together: SimPoint writes both files");
	if (!a->simpoints)
		return;
	if (!a->interval.n || a->interval.unit != UNIT_INSNS)
		die("--simpoints needs --interval N, the instructions of an interval that the basic-block "
		    "vectors were made with (mmsim info --bbv)");
	if (a->warmup.n && a->warmup.unit != UNIT_INSNS)
		die("--simpoints: --warmup before each interval is a number of instructions, like 10Minsns");
	if (a->skip.n || a->fast_forward.n || a->max.n || a->from.name || a->to.name || a->loop > 1)
		die("--simpoints takes the place of --skip, --fast-forward, --max, --from, --to and --loop; "
		    "--between says how to get from one interval to the next");
}

static void check_checkpoint(const struct replay_args *a)
{
	if (a->checkpoint && !a->fast_forward.n)
		die("--checkpoint is written at the end of --fast-forward N: say how far that is");
	if (a->restore && (a->skip.n || a->fast_forward.n || a->checkpoint || a->simpoints))
		die("--restore takes the place of --skip and --fast-forward, and goes with neither "
		    "--checkpoint nor --simpoints");
	if ((a->checkpoint || a->restore) && a->loop > 1)
		die("--checkpoint and --restore do not go with --loop");
}

static void check_args(const struct replay_args *a)
{
	u32 i;

	if (!a->n_files)
		die("say what to replay: mmsim replay FILE; `mmsim record` makes one");
	if (a->plot && !a->output)
		die("--plot needs a directory for the pictures: -o DIR");
	check_simpoints(a);
	check_checkpoint(a);
	if (a->timeline && !a->output)
		die("--timeline needs a directory for " EVENTS_FILE ": -o DIR");
	if (a->n_patterns && (!a->interval.n || a->simpoints))
		die("--interval-counters needs --interval N: how often the counters are looked at");
	if (a->interval.n && !a->simpoints && !a->output)
		die("--interval needs a directory for intervals.csv: -o DIR");
	for (i = 0; i < a->n_files; i++)
		if (a->loop > 1 && !strcmp(a->files[i], "-"))
			die("--loop: standard input can be read only once; write it to a file first");
}

/* getopt and some options change what they are given. */
static void take_command(struct replay_args *a, int argc, char **argv)
{
	int i;

	a->command = xcalloc((size_t)argc + 1, sizeof(*a->command));
	a->command[a->n_command++] = "mmsim";
	for (i = 0; i < argc; i++)
		a->command[a->n_command++] = xstrdup(argv[i]);
}

static void free_command(struct replay_args *a)
{
	u32 i;

	for (i = 1; i < a->n_command; i++)
		free((char *)a->command[i]);
	free(a->command);
}

int cmd_replay(int argc, char **argv)
{
	struct replay_args a = { .loop = 1, .between = ENGINE_FUNCTIONAL };
	int opt;

	take_command(&a, argc, argv);
	while ((opt = getopt_long(argc, argv, "m:k:s:o:qh", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		take_option(&a, opt);
	}
	a.files = (const char *const *)argv + optind;
	a.n_files = (u32)(argc - optind);
	check_args(&a);
	if (a.decode_only)
		replay_decode(&a);
	else
		replay(&a);
	free_command(&a);
	return 0;
}
