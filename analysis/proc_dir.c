#include "analysis/proc_dir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/blocks_csv.h"
#include "analysis/out.h"
#include "model/base/error.h"

#define PROC_DIR  "proc"
#define SNAPSHOTS "proc/intervals.txt"

static void make_dir(const char *dir)
{
	char *path = xasprintf("%s/" PROC_DIR, dir);

	if (mkdir(path, 0777) && errno != EEXIST)
		fail("cannot make the directory '%s': %s", path, strerror(errno));
	free(path);
}

static void write_file(const char *dir, const struct proc_file *file, const struct proc_source *p)
{
	char *name = xasprintf(PROC_DIR "/%s", file->name);
	struct out o;

	out_open(&o, dir, name);
	file->write(o.f, p);
	out_close(&o);
	free(name);
}

void proc_dir_write(const char *dir, const struct proc_source *p)
{
	struct proc_source now = *p;
	const struct proc_file *file;

	if (!p->pa)
		return;
	proc_refresh(&now);
	make_dir(dir);
	for (file = proc_files; file->name; file++)
		if (proc_has(file, &now))
			write_file(dir, file, &now);
}

static void remove_file(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	if (unlink(path) && errno != ENOENT && errno != ENOTDIR)
		fail("cannot remove '%s' of an earlier run: %s", path, strerror(errno));
	free(path);
}

void proc_dir_remove(const char *dir)
{
	const struct proc_file *file;
	char *path;

	remove_file(dir, BLOCKS_FILE);
	remove_file(dir, SNAPSHOTS);
	for (file = proc_files; file->name; file++) {
		path = xasprintf(PROC_DIR "/%s", file->name);
		remove_file(dir, path);
		free(path);
	}
	path = xasprintf("%s/" PROC_DIR, dir);
	rmdir(path); /* what else is in it is the user's */
	free(path);
}

struct snapshots {
	struct proc_source source;
	struct out text, blocks;
	u64 taken;
};

struct snapshots *snapshots_new(const char *dir, const struct proc_source *p)
{
	struct snapshots *s = xcalloc(1, sizeof(*s));

	s->source = *p;
	if (!p->pa)
		return s;
	make_dir(dir);
	out_open(&s->text, dir, SNAPSHOTS);
	out_open(&s->blocks, dir, BLOCKS_FILE);
	blocks_csv_head(s->blocks.f);
	return s;
}

void snapshots_take(struct snapshots *s, u64 instructions, u64 cycle)
{
	const struct proc_file *file;

	s->taken++;
	if (!s->source.pa)
		return;
	proc_refresh(&s->source);
	for (file = proc_files; file->name; file++) {
		if (!proc_has(file, &s->source))
			continue;
		fprintf(s->text.f, "==> %" PRIu64 "/%s <==\n", s->taken - 1, file->name);
		file->write(s->text.f, &s->source);
	}
	blocks_csv_rows(s->blocks.f, s->source.pa, s->taken - 1, instructions, cycle);
}

u64 snapshots_taken(const struct snapshots *s)
{
	return s->taken;
}

void snapshots_close(struct snapshots *s)
{
	if (s->source.pa) {
		out_close(&s->text);
		out_close(&s->blocks);
	}
	free(s);
}
