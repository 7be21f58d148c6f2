/* A sweep in a file, as in configs/sweeps. */
#include "cli/sweep.h"

#include <inttypes.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct reader {
	struct sweep_request *q;
	const char *path;
	char *dir;
};

_Noreturn static void reject(const struct reader *r, const config_setting_t *at, const char *why)
{
	const char *name = config_setting_name(at);

	die("%s:%u: %s%s%s", r->path, config_setting_source_line(at), name ? name : "", name ? ": " : "",
	    why);
}

/* Numbers may stand without quotes. A new string. */
static char *text_of(const struct reader *r, const config_setting_t *at)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_STRING:
		return xstrdup(config_setting_get_string(at));
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return xasprintf("%lld", config_setting_get_int64(at));
	default:
		reject(r, at, "must be a text in quotes or a whole number");
	}
}

typedef void (*take_fn)(const struct reader *r, void *to, const config_setting_t *at, const char *text);

/* One or a list. */
static void each_text(const struct reader *r, const config_setting_t *list, take_fn take, void *to)
{
	bool many = config_setting_is_array(list) || config_setting_is_list(list);
	int i, n = many ? config_setting_length(list) : 1;

	for (i = 0; i < n; i++) {
		const config_setting_t *at = many ? config_setting_get_elem(list, (unsigned)i) : list;
		char *text = text_of(r, at);

		take(r, to, at, text);
		free(text);
	}
}

static void take_value(const struct reader *r, void *to, const config_setting_t *at, const char *text)
{
	sweep_add_value(to, r->dir, text);
}

static void take_trace(const struct reader *r, void *to, const config_setting_t *at, const char *text)
{
	sweep_add_trace(to, r->dir, text);
}

static void take_seeds(const struct reader *r, void *to, const config_setting_t *at, const char *text)
{
	char *where = xasprintf("%s:%u: seeds", r->path, config_setting_source_line(at));

	sweep_add_seeds(to, where, text);
	free(where);
}

static void take_setting(const struct reader *r, void *to, const config_setting_t *at, const char *text)
{
	strings_add(to, text);
}

static void take_axis(const struct reader *r, const config_setting_t *at)
{
	const config_setting_t *values = NULL;
	const char *key = NULL;
	int i, zip = 0;

	if (!config_setting_is_group(at))
		reject(r, at, "vary is a list of groups: ( { key = \"l1d.size\"; values = [ \"16K\" ]; } )");
	for (i = 0; i < config_setting_length(at); i++) {
		const config_setting_t *one = config_setting_get_elem(at, (unsigned)i);
		const char *name = config_setting_name(one);

		if (!strcmp(name, "values"))
			values = one;
		else if (!strcmp(name, "key") && config_setting_type(one) == CONFIG_TYPE_STRING)
			key = config_setting_get_string(one);
		else if (!strcmp(name, "zip") && config_setting_type(one) == CONFIG_TYPE_BOOL)
			zip = config_setting_get_bool(one);
		else
			reject(r, one, "a group of vary has key = \"...\", values = [ ... ], zip = true");
	}
	if (!key || !values)
		reject(r, at, "a group of vary needs key and values");
	each_text(r, values, take_value, sweep_add_axis(&r->q->sweep, key, zip));
}

static void take_axes(const struct reader *r, const config_setting_t *vary)
{
	int i;

	if (!config_setting_is_list(vary))
		reject(r, vary, "must be a list of groups in ( )");
	for (i = 0; i < config_setting_length(vary); i++)
		take_axis(r, config_setting_get_elem(vary, (unsigned)i));
}

static void take(const struct reader *r, const config_setting_t *at)
{
	const char *name = config_setting_name(at);
	struct sweep *s = &r->q->sweep;
	char *text;

	if (!strcmp(name, "vary")) {
		take_axes(r, at);
	} else if (!strcmp(name, "traces")) {
		each_text(r, at, take_trace, &r->q->traces);
	} else if (!strcmp(name, "with")) {
		each_text(r, at, take_trace, &s->with);
	} else if (!strcmp(name, "seeds")) {
		each_text(r, at, take_seeds, r->q);
	} else if (!strcmp(name, "settings")) {
		each_text(r, at, take_setting, &s->settings);
	} else if (!strcmp(name, "where")) {
		each_text(r, at, take_setting, &s->where);
	} else if (!strcmp(name, "warmup")) {
		s->warmup = text_of(r, at);
	} else if (!strcmp(name, "max")) {
		s->max = text_of(r, at);
	} else if (!strcmp(name, "machine") || !strcmp(name, "kernel")) {
		text = text_of(r, at);
		*(*name == 'm' ? &s->machine : &s->kernel) = sweep_config_name(r->dir, text);
		free(text);
	} else {
		reject(r, at,
		       "not known here: there are vary, where, traces, with, seeds, machine, "
		       "kernel, settings, warmup and max");
	}
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xasprintf("%.*s", (int)MAX(slash - path, 1), path) : xstrdup(".");
}

void sweep_read_file(struct sweep_request *q, const char *path)
{
	struct reader r = { .q = q, .path = path, .dir = dir_of(path) };
	config_t c;
	int i;

	config_init(&c);
	if (!config_read_file(&c, path)) {
		if (config_error_type(&c) == CONFIG_ERR_FILE_IO)
			die("cannot read the sweep '%s'", path);
		die("%s:%d: %s", path, config_error_line(&c), config_error_text(&c));
	}
	for (i = 0; i < config_setting_length(config_root_setting(&c)); i++)
		take(&r, config_setting_get_elem(config_root_setting(&c), (unsigned)i));
	config_destroy(&c);
	free(r.dir);
}
