/* The directory of a sweep: several processes may work in it, of one machine or of several. */
#include "cli/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/out.h"
#include "analysis/sweep_points.h"
#include "cli/cli.h"
#include "model/base/error.h"

static void make_dir(const char *path)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		die("cannot make the directory '%s' of the sweep: %s", path, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *f)
{
	return remove(path);
}

/* What cannot be removed now is removed by a later resume. */
static void remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the manifest ---- */

static char *read_manifest(const char *dir)
{
	char *path = xasprintf("%s/" SWEEP_MANIFEST, dir), *text = NULL;
	FILE *f = fopen(path, "r");
	size_t cap = 0;
	bool there = f && getdelim(&text, &cap, '\0', f) > 0;

	if (f)
		fclose(f);
	free(path);
	if (!there) {
		free(text);
		text = NULL;
	}
	return text;
}

static char *manifest_now(const struct sweep *s)
{
	char *bad, *text = sweep_manifest(s, MMSIM_VERSION, &bad);

	if (bad)
		die("%s", bad);
	return text;
}

static size_t line_length(const char *at)
{
	return strcspn(at, "\n");
}

/* Names the first line that differs. */
static void check_same(const char *dir, const char *old, const char *now)
{
	u32 line = 1;

	while (*old && line_length(old) == line_length(now) && !strncmp(old, now, line_length(old))) {
		old += line_length(old) + (old[line_length(old)] == '\n');
		now += line_length(now) + (now[line_length(now)] == '\n');
		line++;
	}
	if (!*old && !*now)
		return;
	old += strspn(old, " ");
	now += strspn(now, " ");
	die("'%s' holds another sweep: line %u of its " SWEEP_MANIFEST " is '%.*s', but now it would be "
	    "'%.*s'; to go on, have all as it was when the sweep began, or name another directory with -o",
	    dir, line, (int)line_length(old), old, (int)line_length(now), now);
}

static void write_manifest(const char *dir, const char *text)
{
	struct out o;

	out_open(&o, dir, SWEEP_MANIFEST);
	fprintf(o.f, "%s\n", text);
	out_close(&o);
}

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	if (!d)
		die("cannot read the directory '%s': %s", dir, strerror(errno));
	while ((e = readdir(d)))
		empty &= !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}

/* Open to write: NFS makes a lock of bytes of it. */
int sweep_dir_lock(const struct sweep_job *job)
{
	char *path = xasprintf("%s/" SWEEP_LOCK, job->dir);
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (lock < 0 || flock(lock, LOCK_EX))
		die("cannot lock '%s': %s", path, strerror(errno));
	free(path);
	return lock;
}

/* ---- what runs now ---- */

/* tmp/HOST-PID, of a process of this host that is no more. */
static bool left_over(const char *name, const char *host)
{
	size_t n = strlen(host);
	pid_t pid;

	if (strncmp(name, host, n) || name[n] != '-')
		return false;
	pid = (pid_t)strtol(name + n + 1, NULL, 10);
	return pid > 0 && (pid == getpid() || (kill(pid, 0) && errno == ESRCH));
}

static void clear_left_over(const char *tmp, const char *host)
{
	DIR *d = opendir(tmp);
	struct dirent *e;
	char *path;

	if (!d)
		fail("cannot read '%s': %s", tmp, strerror(errno));
	while ((e = readdir(d))) {
		if (!left_over(e->d_name, host))
			continue;
		path = xasprintf("%s/%s", tmp, e->d_name);
		remove_tree(path);
		free(path);
	}
	closedir(d);
}

static void make_below(const struct sweep_job *job, const char *name)
{
	char *path = xasprintf("%s/%s", job->dir, name);

	make_dir(path);
	free(path);
}

static void begin(struct sweep_job *job)
{
	char host[HOST_NAME_MAX + 1] = "", *tmp = xasprintf("%s/tmp", job->dir);

	make_below(job, "points");
	make_below(job, "failed");
	make_dir(tmp);
	gethostname(host, sizeof(host) - 1);
	clear_left_over(tmp, host);
	job->tmp = xasprintf("%s/%s-%d", tmp, host, (int)getpid());
	make_dir(job->tmp);
	free(tmp);
}

/* Writes the manifest, or finds the same one. */
static void agree(const struct sweep_job *job)
{
	char *now = manifest_now(&job->sweep), *whole = xasprintf("%s\n", now);
	char *old = read_manifest(job->dir);

	if (old)
		check_same(job->dir, old, whole);
	else
		write_manifest(job->dir, now);
	free(whole);
	free(old);
	free(now);
}

static bool holds(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/*
 * Nothing is left in a directory of something else, not even a lock. The lock is a sweep's first file and
 * stays: who sees any file of a sweep before looking for the lock finds that too, also of a part that begins
 * at this moment.
 */
static bool may_hold_sweep(const char *dir)
{
	return is_empty(dir) || holds(dir, SWEEP_LOCK) || holds(dir, SWEEP_MANIFEST);
}

/* What is made here is made under the lock, as parts may begin and end at the same time. */
void sweep_dir_prepare(struct sweep_job *job)
{
	int lock;

	make_dir(job->dir);
	if (!may_hold_sweep(job->dir))
		die("'%s' holds files but is not the directory of a sweep (no " SWEEP_MANIFEST " in it): "
		    "name another directory with -o",
		    job->dir);
	lock = sweep_dir_lock(job);
	agree(job);
	begin(job);
	close(lock);
}

void sweep_dir_read(struct sweep_job *job, const char *other)
{
	char *bad = sweep_open(&job->sweep, other);

	if (bad)
		die("%s", bad);
}

void sweep_dir_resume(struct sweep_job *job)
{
	sweep_dir_read(job, job->dir);
	sweep_dir_prepare(job);
}

void sweep_dir_check_same(const struct sweep_job *job, const char *other)
{
	char *own = read_manifest(job->dir), *theirs = read_manifest(other);

	if (!own || !theirs)
		die("'%s' is not the directory of a sweep: cannot read its " SWEEP_MANIFEST, other);
	check_same(other, theirs, own);
	free(own);
	free(theirs);
}

/* Not while another part is between making tmp and its own directory in it. */
void sweep_dir_finish(struct sweep_job *job)
{
	char *tmp = xasprintf("%s/tmp", job->dir);
	int lock = sweep_dir_lock(job);

	remove_tree(job->tmp);
	rmdir(tmp); /* unless others work there */
	close(lock);
	free(tmp);
	free(job->tmp);
}

/* ---- points ---- */

static void forget_failure(const struct sweep_job *job, const char *name)
{
	char *path = xasprintf("%s/failed/%s", job->dir, name);

	unlink(path);
	free(path);
}

void sweep_dir_keep(const struct sweep_job *job, const char *name)
{
	char *from = xasprintf("%s/%s", job->tmp, name), *to = xasprintf("%s/points/%s", job->dir, name);

	/* Another process may have been quicker; its result is the same. */
	if (rename(from, to) && errno != EEXIST && errno != ENOTEMPTY)
		fail("cannot move '%s' into place: %s", from, strerror(errno));
	forget_failure(job, name);
	free(from);
	free(to);
}

void sweep_dir_fail(const struct sweep_job *job, const char *name, const char *why)
{
	char *failed = xasprintf("%s/failed", job->dir);
	struct out o;

	out_open(&o, failed, name);
	fprintf(o.f, "%s\n", why);
	out_close(&o);
	free(failed);
}

u64 sweep_dir_missing(const struct sweep_job *job)
{
	u64 i, n = 0;
	char *name;

	for (i = 0; i < job->sweep.points; i++) {
		name = sweep_name(&job->sweep, i);
		n += !sweep_done(job->dir, name) && !sweep_failed(job->dir, name);
		free(name);
	}
	return n;
}

u64 sweep_dir_failures(const struct sweep_job *job)
{
	u64 i, n = 0;
	char *name;

	for (i = 0; i < job->sweep.points; i++) {
		name = sweep_name(&job->sweep, i);
		n += !sweep_done(job->dir, name) && sweep_failed(job->dir, name);
		free(name);
	}
	return n;
}
