/* The points of a sweep, each a replay in a process of its own. */
#include "cli/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "model/base/error.h"

#define TICK_NS 200000000 /* of the progress line */

struct child {
	pid_t pid; /* 0: none */
	char *name, *log;
};

struct runner {
	struct sweep_job *job;
	struct child *child;
	u32 running;
	u64 next;             /* point to look at */
	u64 mine, had;        /* of this part: all, done before */
	u64 done, failed;     /* now */
	bool on, interrupted; /* the progress line */
	double begin;
};

/* ---- what a point is replayed with ---- */

static void add_pair(struct strings *args, const char *option, const char *value)
{
	if (value) {
		strings_add(args, option);
		strings_add(args, value);
	}
}

static void add_setting(struct strings *args, const char *key, const char *value)
{
	char *setting = xasprintf("%s=%s", key, value);

	add_pair(args, "-s", setting);
	free(setting);
}

static const char *chosen(const struct sweep *s, u64 point, const char *word, const char *usual)
{
	const struct sweep_axis *a = sweep_axis(s, word);

	return a ? sweep_value(s, point, a) : usual;
}

static void add_varied(struct strings *args, const struct sweep *s, u64 point)
{
	const struct sweep_axis *a;

	for (a = s->axis; a < s->axis + s->n_axes; a++)
		if (!sweep_names_files(a))
			add_setting(args, a->key, sweep_value(s, point, a));
}

static struct strings replay_line(const struct sweep *s, u64 point, const char *output)
{
	struct strings args = { 0 };
	u32 i;

	strings_add(&args, "replay");
	strings_add(&args, "-q");
	add_pair(&args, "-o", output);
	add_pair(&args, "-m", chosen(s, point, SWEEP_MACHINE, s->machine));
	add_pair(&args, "-k", chosen(s, point, SWEEP_KERNEL, s->kernel));
	add_pair(&args, "--warmup", s->warmup);
	add_pair(&args, "--max", s->max);
	for (i = 0; i < s->settings.n; i++)
		add_pair(&args, "-s", s->settings.at[i]);
	add_varied(&args, s, point);
	strings_add(&args, chosen(s, point, SWEEP_TRACE, NULL));
	for (i = 0; i < s->with.n; i++)
		strings_add(&args, s->with.at[i]);
	return args;
}

/* ---- children ---- */

/* Never returns. The child dies with its parent: a resumed sweep has no strangers in its directory. */
static void run_child(const struct child *c, struct strings *args, pid_t parent, const sigset_t *mask)
{
	int log = open(c->log, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_IGN); /* of the terminal: the parent says what is to be done */
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (log < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(1);
	optind = 0; /* getopt begins again */
	exit(cmd_replay((int)args->n, args->at));
}

static struct child *free_slot(struct runner *r)
{
	struct child *c = r->child;

	while (c->pid)
		c++;
	return c;
}

/* Takes the name over. */
static void start(struct runner *r, u64 point, char *name, const sigset_t *mask)
{
	struct child *c = free_slot(r);
	char *output = xasprintf("%s/%s", r->job->tmp, name);
	struct strings args = replay_line(&r->job->sweep, point, output);
	pid_t parent = getpid();

	c->name = name;
	c->log = xasprintf("%s.log", output);
	fflush(NULL); /* or the child would write it again */
	c->pid = fork();
	if (c->pid < 0)
		fail("cannot start a process for a point: %s", strerror(errno));
	if (!c->pid)
		run_child(c, &args, parent, mask);
	r->running++;
	strings_fini(&args);
	free(output);
}

/* The last line of what it said, without the program's name. */
static char *last_words(const struct child *c, int status)
{
	char *line = NULL, *why = NULL;
	FILE *f = fopen(c->log, "r");
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		free(why);
		why = xstrdup(strncmp(line, "mmsim: ", 7) ? line : line + 7);
	}
	if (f)
		fclose(f);
	free(line);
	if (!why || !*why) {
		free(why);
		why = WIFSIGNALED(status) ? xasprintf("killed by signal %d", WTERMSIG(status))
					  : xasprintf("exit status %d", WEXITSTATUS(status));
	}
	return why;
}

static void hide_line(const struct runner *r)
{
	if (r->on)
		fputs("\r\033[K", stderr);
}

static void take_result(struct runner *r, const struct child *c, int status)
{
	char *why;

	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		sweep_dir_keep(r->job, c->name);
		r->done++;
		return;
	}
	why = last_words(c, status);
	sweep_dir_fail(r->job, c->name, why);
	r->failed++;
	hide_line(r);
	warn("point %s failed: %s", c->name, why);
	free(why);
}

static void reap(struct runner *r)
{
	struct child *c;
	int status;
	pid_t pid;

	while (r->running && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (c = r->child; c->pid != pid; c++)
			;
		if (!r->interrupted)
			take_result(r, c, status);
		free(c->name);
		free(c->log);
		*c = (struct child){ 0 };
		r->running--;
	}
}

static void stop_children(const struct runner *r)
{
	u32 i;

	for (i = 0; i < r->job->jobs; i++)
		if (r->child[i].pid)
			kill(r->child[i].pid, SIGKILL);
}

/* ---- progress ---- */

static void show(const struct runner *r)
{
	u64 now = r->done + r->failed, left = r->mine - r->had - now;
	double passed = host_seconds() - r->begin, eta = now ? passed / (double)now * (double)left : 0;

	if (!r->on)
		return;
	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " points", r->had + now, r->mine);
	if (now)
		fprintf(stderr, "  %.3g a minute  %u:%02u left", 60 * (double)now / passed,
			(unsigned)eta / 60, (unsigned)eta % 60);
	if (r->failed)
		fprintf(stderr, "  %" PRIu64 " failed", r->failed);
	fputs("\033[K", stderr);
}

/* ---- all of them ---- */

static bool is_mine(const struct sweep_job *job, u64 point)
{
	return point % job->parts == job->part;
}

bool sweep_is_left(const struct sweep_job *job, u64 point, char **name)
{
	if (!is_mine(job, point))
		return false;
	*name = sweep_name(&job->sweep, point);
	if (!sweep_done(job->dir, *name))
		return true;
	free(*name);
	return false;
}

static void count_mine(struct runner *r)
{
	char *name;
	u64 i;

	for (i = 0; i < r->job->sweep.points; i++) {
		if (!is_mine(r->job, i))
			continue;
		name = sweep_name(&r->job->sweep, i);
		r->mine++;
		r->had += sweep_done(r->job->dir, name);
		free(name);
	}
}

static void start_some(struct runner *r, const sigset_t *mask)
{
	char *name;
	u64 point;

	while (r->running < r->job->jobs && r->next < r->job->sweep.points) {
		point = r->next++;
		if (sweep_is_left(r->job, point, &name))
			start(r, point, name, mask);
	}
}

static void wait_for_news(struct runner *r, const sigset_t *news)
{
	struct timespec tick = { .tv_nsec = TICK_NS };
	int sig = sigtimedwait(news, NULL, &tick);

	if ((sig == SIGINT || sig == SIGTERM) && !r->interrupted) {
		r->interrupted = true;
		stop_children(r);
	}
}

bool sweep_run(struct sweep_job *job)
{
	struct runner r = { .job = job, .begin = host_seconds() };
	sigset_t news, before;

	r.on = !job->quiet && isatty(STDERR_FILENO);
	r.child = xcalloc(job->jobs, sizeof(*r.child));
	count_mine(&r);
	sweep_keep(job, r.on);
	hide_line(&r);
	sigemptyset(&news);
	sigaddset(&news, SIGCHLD);
	sigaddset(&news, SIGINT);
	sigaddset(&news, SIGTERM);
	sigprocmask(SIG_BLOCK, &news, &before);
	for (start_some(&r, &before); r.running;) {
		show(&r);
		wait_for_news(&r, &news);
		reap(&r);
		if (!r.interrupted)
			start_some(&r, &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	hide_line(&r);
	free(r.child);
	return !r.interrupted;
}
