/*
 * mmsim record: runs a program under QEMU with the recorder's plugin and writes what it did to a capture
 * file.
 *
 * The recorded program keeps its standard input, output and error; we only collect (traces/collect.h) and say
 * one line at the end. Its exit status is ours. Recording ends when the program and every process that
 * came from it have ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "model/base/error.h"
#include "traces/collect.h"
#include "traces/program.h"

#ifndef MMSIM_LIBDIR
#define MMSIM_LIBDIR "/usr/local/lib/mmsim"
#endif
#define PLUGIN_NAME "mmsim-recorder.so"

static const char usage[] =
	"usage: mmsim record [OPTION]... [--] PROGRAM [ARGUMENT]...\n\n"
	"Runs PROGRAM and records instructions, memory accesses and memory-management calls of all\n"
	"its threads and children, to a capture that `mmsim replay` reads.\n\n"
	"  -o, --output FILE   default PROGRAM.mmtrace.gz; .gz compresses; with - the recording goes\n"
	"                      to standard output, and PROGRAM's own output to standard error\n"
	"      --skip N        leave out the first N instructions of each thread (k, M, G: thousands, ...)\n"
	"      --max N         record at most N instructions of each thread\n"
	"      --sample N:M    record N instructions, leave out M, and so on\n"
	"      --mark PLACE    begin when PROGRAM first reaches PLACE: a function's name, or an address\n"
	"                      as nm prints it; each time it is reached a mark is recorded\n"
	"  -q, --quiet         no summary\n"
	"  -h, --help          this text\n\n"
	"Mappings, threads, files and waits are recorded throughout, whatever is left out. A thread\n"
	"that executes another program counts anew. Recording ends when PROGRAM and all that it started\n"
	"have ended; the exit status is PROGRAM's. QEMU_CPU chooses the CPU that the program sees\n"
	"(`qemu-x86_64 -cpu help` lists them).\n\n"
	"Examples:\n"
	"  mmsim record -o ls.mmtrace.gz -- ls -la /usr/bin\n"
	"  mmsim record --mark main --max 100M -o app.mmtrace.gz -- ./app --fast\n"
	"  mmsim record -o - -- sort words | mmsim replay -\n";

struct options {
	const char *output;
	struct rec_window window;
	bool quiet;
	char **argv;
};

static u64 parse_count(const char *option, const char *text, char end, const char **rest)
{
	static const struct {
		char letter;
		u64 factor;
	} units[] = { { 'k', 1000 }, { 'M', 1000000 }, { 'G', 1000000000 } };
	char *p;
	u64 n;

	errno = 0;
	n = strtoull(text, &p, 10);
	if (p == text || *text == '-' || errno || n > 1000000000000ull)
		die("record: %s %s: a number of instructions is wanted, like 1000000 or 5M", option, text);
	for (u32 i = 0; i < ARRAY_SIZE(units); i++) {
		if (*p == units[i].letter) {
			n *= units[i].factor;
			p++;
			break;
		}
	}
	if (*p != end)
		die("record: %s %s: a number of instructions is wanted, like 1000000 or 5M", option, text);
	*rest = p + 1;
	return n;
}

static void parse_sample(struct rec_window *w, const char *text)
{
	const char *rest;

	if (!strchr(text, ':'))
		die("record: --sample %s: two numbers are wanted, record:leave out, like 1M:9M", text);
	w->sample_on = parse_count("--sample", text, ':', &rest);
	w->sample_skip = parse_count("--sample", rest, '\0', &rest);
	if (!w->sample_on)
		die("record: --sample %s would record nothing", text);
}

static void parse_option(struct options *o, int c)
{
	const char *rest;

	switch (c) {
	case 'o':
		o->output = optarg;
		break;
	case 'k':
		o->window.skip = parse_count("--skip", optarg, '\0', &rest);
		break;
	case 'x':
		o->window.max = parse_count("--max", optarg, '\0', &rest);
		if (!o->window.max)
			die("record: --max 0 would record nothing");
		break;
	case 's':
		parse_sample(&o->window, optarg);
		break;
	case 'm':
		if (!*optarg || strlen(optarg) >= REC_MAX_MARK)
			die("record: --mark: a function's name or an address is wanted");
		snprintf(o->window.mark, sizeof(o->window.mark), "%s", optarg);
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' }, { "skip", required_argument, NULL, 'k' },
		{ "max", required_argument, NULL, 'x' },    { "sample", required_argument, NULL, 's' },
		{ "mark", required_argument, NULL, 'm' },   { "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },         { 0 },
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "+o:qh", longs, NULL)) != -1)
		parse_option(o, c);
	o->argv = argv + optind;
	if (!*o->argv)
		die("record: which program? (mmsim record [-o FILE] [--] PROGRAM [ARGUMENT...])");
}

/* --- what has to be there --- */

/* As a shell finds it. Returns a new string, NULL: not found. */
static char *find_in_path(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return xstrdup(name);
	for (path = path ? path : "/usr/bin:/bin"; *path;) {
		int len = (int)strcspn(path, ":");
		char *full = xasprintf("%.*s/%s", len, len ? path : ".", name);

		if (!access(full, X_OK))
			return full;
		free(full);
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* The file's full name, NULL if it cannot be read. Frees path. */
static char *readable(char *path)
{
	char *full = access(path, R_OK) ? NULL : realpath(path, NULL);

	free(path);
	return full;
}

/* Beside the binary as built, as installed, or where $MMSIM_RECORDER says. */
static char *find_plugin(void)
{
	const char *given = getenv("MMSIM_RECORDER");
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *plugin = NULL;

	if (given) {
		plugin = readable(xstrdup(given));
		if (!plugin)
			fail("record: MMSIM_RECORDER names %s, which cannot be read", given);
		return plugin;
	}
	if (len > 0) {
		exe[len] = '\0';
		dirname(exe);
		plugin = readable(xasprintf("%s/build/" PLUGIN_NAME, exe));
		if (!plugin)
			plugin = readable(xasprintf("%s/" PLUGIN_NAME, exe));
		if (!plugin)
			plugin = readable(xasprintf("%s/../lib/mmsim/" PLUGIN_NAME, exe));
	}
	if (!plugin)
		plugin = readable(xstrdup(MMSIM_LIBDIR "/" PLUGIN_NAME));
	if (!plugin)
		fail("record: the recorder's plugin " PLUGIN_NAME
		     " is not there: `make recorder` builds it in build/, "
		     "`make install` puts it into " MMSIM_LIBDIR);
	return plugin;
}

static char *find_qemu(const char *isa)
{
	char *name = xasprintf("qemu-%s", isa);
	char *qemu = find_in_path(name);

	if (!qemu)
		fail("record: %s is not installed: the package qemu-user has it (apt-get install qemu-user)",
		     name);
	free(name);
	return qemu;
}

/* Cross-compiled programs find their libraries where the distribution's cross packages put them. */
static void set_library_root(const char *isa)
{
	char *root = xasprintf("/usr/%s-linux-gnu", strcmp(isa, "i386") ? isa : "i686");

	if (access(root, F_OK) == 0)
		setenv("QEMU_LD_PREFIX", root, 0);
	free(root);
}

static const char *native_isa(void)
{
#if defined(__x86_64__)
	return "x86_64";
#elif defined(__aarch64__)
	return "aarch64";
#else
	return "";
#endif
}

/* --- running --- */

static pid_t child;

static void forward(int sig)
{
	if (child > 0)
		kill(child, sig);
}

/* The terminal's signals reach the program by themselves; it decides what they mean. */
static void set_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGQUIT, &sa, NULL);
	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = forward;
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static void reset_signals(void)
{
	static const int changed[] = { SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGHUP };

	for (u32 i = 0; i < ARRAY_SIZE(changed); i++)
		signal(changed[i], SIG_DFL);
}

static _Noreturn void run_child(const char *qemu, char **command, bool stdout_is_ours)
{
	reset_signals();
	if (stdout_is_ours)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execv(qemu, command);
	fprintf(stderr, "mmsim: record: cannot run %s: %s\n", qemu, strerror(errno));
	_exit(127);
}

static void start(const struct options *o, struct collector *c, const struct program *p, const char *qemu,
		  const char *plugin)
{
	char *options = xasprintf("memory=%s,plugin=%s", collect_memory(c), plugin);
	char **command = program_command(p, qemu, plugin, options, o->argv, NULL);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(NULL);
	child = fork();
	if (child < 0)
		fail("record: cannot start a process: %s", strerror(errno));
	if (!child)
		run_child(qemu, command, !strcmp(o->output, "-"));
	collect_expect(c, child);
	program_command_free(command);
	free(options);
}

static int follow(struct collector *c)
{
	bool told = false;
	int status = -1;

	while (collect_step(c, child, &status)) {
		if (told || !collect_error(c))
			continue;
		told = true;
		fprintf(stderr, "mmsim: record: %s; what is in it can be read; the program is stopped\n",
			collect_error(c));
		kill(child, SIGTERM);
	}
	return told ? -1 : status;
}

static void print_count(const char *what, u64 n)
{
	if (n < 10000)
		fprintf(stderr, "%llu %s", (unsigned long long)n, what);
	else
		fprintf(stderr, "%.4g M %s", (double)n / 1e6, what);
}

static void summary(const struct options *o, const struct collect_stats *s, double seconds)
{
	fputs("mmsim: recorded ", stderr);
	print_count("instructions, ", s->insns);
	print_count("data accesses", s->accesses);
	fprintf(stderr,
		" (%u thread%s, %u process%s) in %.2f s, %.1f M references/s; %.2f MB before compression: "
		"%s\n",
		s->threads, s->threads == 1 ? "" : "s", s->processes, s->processes == 1 ? "" : "es", seconds,
		(double)(s->insns + s->accesses) / seconds / 1e6, (double)s->bytes / 1e6, o->output);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int record(const struct options *o, const struct program *p, const char *qemu, const char *plugin)
{
	struct collect_stats stats;
	char err[TR_ERRBUF];
	double begin = now();
	struct collector *c = collect_open(o->output, &o->window, err);
	int status;

	if (!c)
		fail("record: %s", err);
	set_signals();
	start(o, c, p, qemu, plugin);
	status = follow(c);
	if (!collect_close(c, &stats, err) && status >= 0) {
		fprintf(stderr, "mmsim: record: %s\n", err);
		status = -1;
	}
	if (!stats.threads && status > 0)
		fprintf(stderr,
			"mmsim: record: %s ended before the program's first instruction; if it does not know "
			"the option 'plugin', it was built without: put a QEMU with plugins first in PATH\n",
			qemu);
	else if (!o->quiet)
		summary(o, &stats, now() - begin);
	if (stats.threads_lost)
		warn("record: %u threads are not recorded: more than %u ran at once", stats.threads_lost,
		     REC_STREAMS);
	if (stats.blocks_lost)
		warn("record: the program has more code than fits; the part met last is not recorded");
	if (o->window.mark[0] && !stats.insns)
		warn("record: nothing was recorded: \"%s\" was never reached; a function has to be in a "
		     "symbol table of the "
		     "program or of a library that it loads (stripped programs have none for their own)",
		     o->window.mark);
	return status < 0 ? 1 : status;
}

static char *default_output(const char *path)
{
	const char *slash = strrchr(path, '/');

	return xasprintf("%s.mmtrace.gz", slash ? slash + 1 : path);
}

int cmd_record(int argc, char **argv)
{
	struct options o = { 0 };
	char err[PROGRAM_ERRBUF];
	struct program p;
	char *path, *qemu, *plugin, *output;
	int status;

	parse_options(&o, argc, argv);
	path = find_in_path(o.argv[0]);
	if (!path)
		die("record: %s: not found in the directories of $PATH", o.argv[0]);
	if (!program_resolve(&p, path, err))
		die("record: %s", err);
	if (p.privileged)
		warn("record: %s is set-user-id; it runs with your own rights", p.path);
	if (strcmp(p.isa, native_isa()))
		set_library_root(p.isa);
	output = default_output(path);
	if (!o.output)
		o.output = output;
	qemu = find_qemu(p.isa);
	plugin = find_plugin();
	status = record(&o, &p, qemu, plugin);
	program_release(&p);
	free(plugin);
	free(qemu);
	free(output);
	free(path);
	return status;
}
