/* mmsim replay: recordings through a machine. */
#include "cli/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "analysis/core_latency.h"
#include "analysis/identities.h"
#include "analysis/results.h"
#include "analysis/syscalls.h"
#include "cli/progress.h"
#include "model/base/error.h"
#include "model/core/machine.h"
#include "plots/plot.h"

#define CHECK_EVERY     1000000u /* records */
#define MAX_SETTINGS    256u

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
	      "      --max N          stop after N records (block runs; lines of a text trace)\n"
	      "      --loop N         replay everything N times, as new processes on the warm machine\n"
	      "      --keep-going     step over damaged parts of a recording\n"
	      "      --decode-thread  read and decompress on a thread of its own; changes no result\n"
	      "      --decode-only    decode and count, no machine\n"
	      "      --format NAME    do not guess the recording's format\n"
	      "      --check          walk the whole simulated state now and then (slow)\n"
	      "  -q, --quiet          no table, no progress line\n"
	      "  -h, --help           this text\n\n"
	      "Examples:\n"
	      "  mmsim replay ls.mmtrace.gz\n"
	      "  mmsim replay ls.mmtrace.gz -m zen4 -s l1d.size=16K -o out --plot\n"
	      "  mmsim record -o - -- ls | mmsim replay -\n",
	      f);
}

struct args {
	const char *machine, *kernel, *output;
	const char *settings[MAX_SETTINGS];
	u32 n_settings;
	const char *const *files;
	u32 n_files;
	struct trace_opts trace;
	u64 max;
	u32 loop;
	bool plot, check, quiet, decode_only;
};

/* ---- running ---- */

static struct trace *open_trace(const struct args *a, u32 i)
{
	char err[TR_ERRBUF];
	struct trace *t = trace_open(a->files[i], &a->trace, err);

	if (!t)
		die("%s", err);
	return t;
}

/* What runs, and what is known of it only then. */
struct replay {
	const struct args *args;
	struct machine *machine;
	double begin;
	bool x86_64; /* every recording, so that numbers of system calls have names */
};

static void add_trace(struct replay *r, u32 file)
{
	struct trace *t = open_trace(r->args, file);

	r->x86_64 &= !strcmp(trace_isa(t), "x86_64");
	engine_add(r->machine->engine, t);
}

/* Once through all files. False: --max is reached. */
static bool replay_once(struct replay *r, struct progress *p)
{
	struct engine *e = r->machine->engine;
	const struct engine_stats *st = engine_counts(e);
	enum engine_status status;
	u32 i;

	for (i = 0; i < r->args->n_files; i++)
		add_trace(r, i);
	while ((status = engine_run(e, r->args->max)) == ENGINE_MORE)
		progress_show(p, st->references, engine_bytes_read(e), engine_bytes_total(e));
	return status == ENGINE_END;
}

static void replay_all(struct replay *r)
{
	struct progress p;
	u32 n;

	progress_begin(&p, r->args->quiet);
	for (n = 0; n < r->args->loop && replay_once(r, &p); n++)
		;
	progress_end(&p);
	machine_finish(r->machine);
	machine_settle(r->machine);
}

/* ---- results ---- */

struct notes {
	char *text[64];
	u32 n;
};

static void note(struct notes *n, char *text)
{
	if (n->n < ARRAY_SIZE(n->text))
		n->text[n->n++] = text;
	else
		free(text);
}

static void note_deaths(struct notes *n, const struct engine *e)
{
	static const char *const verb[] = { "reading", "writing", "executing" };
	const struct engine_death *d;
	u32 count = engine_deaths(e, &d), i;

	for (i = 0; i < count; i++, d++)
		note(n, xasprintf("simulated %s: process %u thread %u %s 0x%" PRIx64 ", record %" PRIu64
				  "; %s", d->oom ? "out of memory" : "SIGSEGV", d->pid, d->tid,
				  verb[d->trap.access], d->trap.va, d->record, d->around));
}

/* "close (412), getpid (6)": system calls, by number where there is no name, and how often. */
static void note_syscalls(struct notes *n, const struct engine *e, bool x86_64)
{
	char text[1000] = "", digits[16];
	size_t at = 0;
	u32 i;

	for (i = 0; i < ENGINE_SYSCALLS && at < sizeof(text) - 64; i++) {
		const char *name = x86_64 ? syscall_name_x86_64(i) : NULL;

		if (!engine_syscalls(e, i))
			continue;
		snprintf(digits, sizeof(digits), "%u", i);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s (%" PRIu64 ")", at ? ", " : "",
				       name ? name : digits, engine_syscalls(e, i));
	}
	if (at)
		note(n, xasprintf("system calls that only cost entry and exit: %s", text));
}

static void note_order(struct notes *n, const struct machine *m)
{
	u64 gaps = stats_value(m->stats, "replay.order_gaps"), lost = stats_value(m->stats, "replay.lost");
	u64 sleeps = stats_value(m->stats, "replay.sleeps");
	u64 dropped = stats_value(m->stats, "replay.dropped");

	if (gaps)
		note(n, xasprintf("%" PRIu64 " ordering numbers are missing from the recording; the order "
				  "of threads around them is a guess", gaps));
	if (lost)
		note(n, xasprintf("something is missing from the recording in %" PRIu64 " places", lost));
	if (dropped)
		note(n, xasprintf("%" PRIu64 " block runs were not made: their threads had been ended",
				  dropped));
	if (sleeps)
		note(n, xasprintf("%" PRIu64 " recorded waits for the outside are replayed at %u %% of "
				  "their time (replay.sleep_scale)", sleeps, m->cfg.engine.sleep_scale));
}

static void gather_notes(struct notes *n, const struct replay *r)
{
	note_deaths(n, r->machine->engine);
	note_order(n, r->machine);
	note_syscalls(n, r->machine->engine, r->x86_64);
}

static struct results_host host_cost(double begin)
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

static void report(const struct replay *run, const struct config *c)
{
	const struct args *a = run->args;
	const struct machine *m = run->machine;
	struct results_latency latency[CORE_LATENCY_ROWS];
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
		.hz = m->cfg.core.frequency,
		.host = host_cost(run->begin),
	};

	core_latency_rows(core_latency(m->core), latency);
	identities_assert(&r);
	gather_notes(&notes, run);
	r.notes = (const char *const *)notes.text;
	r.n_notes = notes.n;
	if (!a->quiet)
		results_print(stdout, &r, true);
	if (a->output)
		results_write(a->output, &r);
	while (notes.n)
		free(notes.text[--notes.n]);
}

static void replay(const struct args *a)
{
	struct replay r = { .args = a, .begin = host_seconds(), .x86_64 = true };
	struct machine_cfg cfg;
	struct config *c = cli_configure(&cfg, a->machine, a->kernel, a->settings, a->n_settings);

	if (a->output)
		results_prepare(a->output);
	r.machine = machine_new(&cfg, a->check ? CHECK_EVERY : 0);
	replay_all(&r);
	report(&r, c);
	machine_free(r.machine);
	config_free(c);
	if (a->plot)
		plots_default(a->output);
}

/* ---- decoding alone ---- */

struct decoded {
	u64 packets, runs, accesses, events;
};

static void decode(const struct args *a, u32 file, struct decoded *d)
{
	struct trace *t = open_trace(a, file);
	struct tr_cursor *cursor = tr_cursor_new(t);
	enum trace_status status;
	struct trace_packet *p;
	struct tr_chunk chunk;

	while ((status = trace_next(t, &p)) == TRACE_OK) {
		tr_cursor_set(cursor, p);
		while (tr_cursor_next(cursor, &chunk)) {
			d->runs += chunk.n_runs;
			d->accesses += chunk.n_addrs;
			d->events += chunk.event != NULL;
		}
		d->packets++;
		trace_packet_free(t, p);
	}
	if (status == TRACE_ERROR)
		die("%s", trace_error(t));
	tr_cursor_free(cursor);
	trace_close(t);
}

static void decode_all(const struct args *a)
{
	double begin = host_seconds();
	struct decoded d = { 0 };
	struct results_host cost;
	u32 n, i;

	for (n = 0; n < a->loop; n++)
		for (i = 0; i < a->n_files; i++)
			decode(a, i, &d);
	cost = host_cost(begin);
	if (a->quiet)
		return;
	printf("%" PRIu64 " packets, %" PRIu64 " block runs, %" PRIu64 " data accesses, %" PRIu64 " events\n",
	       d.packets, d.runs, d.accesses, d.events);
	printf("%.3f s CPU, %.3f s; %.2f ns a block run\n", cost.cpu_seconds, cost.wall_seconds,
	       d.runs ? cost.cpu_seconds * 1e9 / (double)d.runs : 0);
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

static void add_setting(struct args *a, const char *setting)
{
	if (a->n_settings == MAX_SETTINGS)
		die("more than %u settings: put them into a file and give it with -m", MAX_SETTINGS);
	a->settings[a->n_settings++] = setting;
}

enum { OPT_PLOT = 256, OPT_MAX, OPT_LOOP, OPT_KEEP, OPT_THREAD, OPT_DECODE, OPT_FORMAT, OPT_CHECK };
static const struct option options[] = {
	{ "machine", required_argument, NULL, 'm' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "set", required_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "plot", no_argument, NULL, OPT_PLOT },
	{ "max", required_argument, NULL, OPT_MAX },
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

static void take_option(struct args *a, int opt)
{
	switch (opt) {
	case 'm': a->machine = optarg; break;
	case 'k': a->kernel = optarg; break;
	case 's': add_setting(a, optarg); break;
	case 'o': a->output = optarg; break;
	case 'q': a->quiet = true; break;
	case OPT_PLOT: a->plot = true; break;
	case OPT_MAX: a->max = number("--max", optarg); break;
	case OPT_LOOP: a->loop = (u32)MIN(number("--loop", optarg), UINT32_MAX); break;
	case OPT_KEEP: a->trace.keep_going = true; break;
	case OPT_THREAD: a->trace.decode_thread = true; break;
	case OPT_DECODE: a->decode_only = true; break;
	case OPT_FORMAT: a->trace.format = optarg; break;
	case OPT_CHECK: a->check = true; break;
	default: die("'mmsim replay --help' lists the options");
	}
}

static void check_args(const struct args *a)
{
	u32 i;

	if (!a->n_files)
		die("say what to replay: mmsim replay FILE; `mmsim record` makes one");
	if (a->plot && !a->output)
		die("--plot needs a directory for the pictures: -o DIR");
	for (i = 0; i < a->n_files; i++)
		if (a->loop > 1 && !strcmp(a->files[i], "-"))
			die("--loop: standard input can be read only once; write it to a file first");
}

int cmd_replay(int argc, char **argv)
{
	struct args a = { .max = ~(u64)0, .loop = 1 };
	int opt;

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
		decode_all(&a);
	else
		replay(&a);
	return 0;
}
