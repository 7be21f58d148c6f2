/* Points that were run in another directory of the same sweep, on another machine perhaps, are taken over. */
#include "cli/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/base/error.h"

static void copy_bytes(FILE *from, FILE *to, const char *path)
{
	char bytes[65536];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), from)))
		if (fwrite(bytes, 1, n, to) != n)
			break;
	if (ferror(from) || ferror(to) || fflush(to))
		fail("cannot copy '%s': %s", path, strerror(errno));
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");

	if (!in || !out)
		fail("cannot copy '%s' to '%s': %s", from, to, strerror(errno));
	copy_bytes(in, out, from);
	fclose(in);
	fclose(out);
}

static void copy_tree(const char *from, const char *to);

static void copy_entry(const char *from_dir, const char *to_dir, const char *name)
{
	char *from = xasprintf("%s/%s", from_dir, name), *to = xasprintf("%s/%s", to_dir, name);
	struct stat st;

	if (stat(from, &st))
		fail("cannot read '%s': %s", from, strerror(errno));
	if (S_ISDIR(st.st_mode))
		copy_tree(from, to);
	else
		copy_file(from, to);
	free(from);
	free(to);
}

static void copy_tree(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *e;

	if (!d || (mkdir(to, 0777) && errno != EEXIST))
		fail("cannot copy '%s' to '%s': %s", from, to, strerror(errno));
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			copy_entry(from, to, e->d_name);
	closedir(d);
}

static u64 take_points(const struct sweep_job *job, const char *other)
{
	char *name, *from, *to;
	u64 i, n = 0;

	for (i = 0; i < job->sweep.points; i++) {
		name = sweep_name(&job->sweep, i);
		if (!sweep_done(job->dir, name) && sweep_done(other, name)) {
			from = xasprintf("%s/points/%s", other, name);
			to = xasprintf("%s/%s", job->tmp, name);
			copy_tree(from, to);
			sweep_dir_keep(job, name);
			free(from);
			free(to);
			n++;
		}
		free(name);
	}
	return n;
}

void sweep_merge(const struct sweep_job *job, const char *other)
{
	u64 n;

	sweep_dir_check_same(job, other);
	n = take_points(job, other);
	if (!job->quiet && !job->json)
		printf("%llu points taken over from %s\n", (unsigned long long)n, other);
}
