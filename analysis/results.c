#include "analysis/results.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/ladder_csv.h"
#include "analysis/latency_csv.h"
#include "analysis/out.h"
#include "analysis/proc_dir.h"
#include "analysis/profile.h"
#include "analysis/sharing.h"
#include "analysis/units.h"
#include "model/base/error.h"

#define JSON_STYLE (JSON_INDENT(1) | JSON_PRESERVE_ORDER)

static void write_json(const char *dir, const char *name, json_t *object)
{
	struct out o;

	out_open(&o, dir, name);
	if (json_dumpf(object, o.f, JSON_STYLE) && !ferror(o.f))
		fail("cannot write '%s': out of host memory", o.path);
	fputc('\n', o.f);
	out_close(&o);
	json_decref(object);
}

static bool is_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool empty = true;

	if (!d)
		die("cannot read the directory '%s': %s", dir, strerror(errno));
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			empty = false;
	closedir(d);
	return empty;
}

static bool holds_run(const char *dir)
{
	char *path = xasprintf("%s/run.json", dir);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* Not every run writes it. */
static void remove_old(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	if (unlink(path) && errno != ENOENT)
		fail("cannot remove '%s' of an earlier run: %s", path, strerror(errno));
	free(path);
}

void results_prepare(const char *dir)
{
	const char *const *file;

	if (mkdir(dir, 0777) && errno != EEXIST)
		die("cannot make the directory '%s' for the results: %s", dir, strerror(errno));
	if (!is_empty(dir) && !holds_run(dir))
		die("'%s' holds files but is not the directory of an earlier run (no run.json in it): "
		    "name another directory with -o",
		    dir);
	write_json(dir, "run.json", json_pack("{sb}", "complete", 0));
	remove_old(dir, "intervals.csv");
	remove_old(dir, "simpoints.csv");
	remove_old(dir, "events.json");
	remove_old(dir, "sharing.csv");
	remove_old(dir, LADDER_FILE);
	for (file = profile_files; *file; file++)
		remove_old(dir, *file);
	proc_dir_remove(dir);
}

static void add_counter(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	ASSERT(value <= INT64_MAX);
	json_object_set_new(arg, name, json_integer((json_int_t)value));
}

static json_t *stats_object(const struct stats *s)
{
	json_t *object = json_object();

	stats_each(s, add_counter, object);
	return object;
}

/* File names need not be UTF-8, JSON must be: other bytes become '?'. */
static json_t *json_text(const char *s)
{
	json_t *j = json_string(s);
	char *plain, *p;

	if (j)
		return j;
	plain = xstrdup(s);
	for (p = plain; *p; p++)
		if (*p & 0x80)
			*p = '?';
	j = json_string(plain);
	free(plain);
	return j;
}

static json_t *text_array(const char *const *texts, u32 n)
{
	json_t *array = json_array();
	u32 i;

	for (i = 0; i < n; i++)
		json_array_append_new(array, json_text(texts[i]));
	return array;
}

static json_t *host_object(const struct results_host *h, u64 references)
{
	double rate = h->cpu_seconds > 0 ? (double)references / h->cpu_seconds : 0;

	return json_pack("{sf sf sf sI}", "cpu_seconds", h->cpu_seconds, "wall_seconds", h->wall_seconds,
			 "references_per_second", rate, "max_rss_bytes", (json_int_t)h->max_rss);
}

static json_t *run_object(const struct results *r)
{
	bool counted = stats_has(r->stats, "replay.references");

	return json_pack("{sb ss so so so so sI so so}", "complete", 1, "version", r->version, "command",
			 text_array(r->command, r->n_command), "machine",
			 json_text(r->machine), "kernel", json_text(r->kernel), "traces",
			 text_array(r->traces, r->n_traces), "clock_hz", (json_int_t)r->hz, "notes",
			 text_array(r->notes, r->n_notes), "host",
			 host_object(&r->host, counted ? stats_value(r->stats, "replay.references") : 0));
}

void results_write(const char *dir, const struct results *r)
{
	struct out o;

	write_json(dir, "stats.json", stats_object(r->stats));
	out_open(&o, dir, UNITS_FILE);
	units_write(o.f, r->stats);
	out_close(&o);
	out_open(&o, dir, "latency.csv");
	latency_csv_write(o.f, r->latency, r->n_latency);
	out_close(&o);
	if (r->n_sharing) {
		out_open(&o, dir, "sharing.csv");
		sharing_write(o.f, r);
		out_close(&o);
	}
	if (r->ladder && !ladder_is_empty(r->ladder)) {
		out_open(&o, dir, LADDER_FILE);
		ladder_csv_write(o.f, r->ladder);
		out_close(&o);
	}
	if (r->profile)
		profile_write(r->profile, dir, r->profile_rows, r->sharing, r->n_sharing);
	proc_dir_write(dir, &r->proc);
	if (r->config) {
		out_open(&o, dir, "config.cfg");
		config_dump(r->config, o.f);
		out_close(&o);
	}
	out_open(&o, dir, "summary.txt");
	results_print(o.f, r, false);
	out_close(&o);
	write_json(dir, "run.json", run_object(r));
}
