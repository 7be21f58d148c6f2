/* manifest.json of a sweep. */
#include "analysis/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "model/base/error.h"

#define FORMAT 2
#define STYLE  (JSON_INDENT(1) | JSON_PRESERVE_ORDER)
#define ENDS   65536 /* bytes at either end of a file that its checksum is of; gzip's own is at the end */

/* File names that are not UTF-8 cannot stand in JSON. */
static json_t *text_json(const char *s, char **bad)
{
	json_t *j = s ? json_string(s) : json_null();

	if (!j && !*bad)
		*bad = xasprintf("'%s' is not UTF-8: a manifest cannot name it", s);
	return j ? j : json_null();
}

static json_t *texts_json(const struct strings *s, char **bad)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < s->n; i++)
		json_array_append_new(all, text_json(s->at[i], bad));
	return all;
}

static json_t *axes_json(const struct sweep *s, char **bad)
{
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < s->n_axes; i++)
		json_array_append_new(all, json_pack("{so sb so}", "key", text_json(s->axis[i].key, bad),
						     "zipped", s->axis[i].zipped, "values",
						     texts_json(&s->axis[i].values, bad)));
	return all;
}

static char *hex(const void *data, size_t n)
{
	return xasprintf("%016" PRIx64, (u64)XXH64(data, n, 0));
}

/* Size, and checksum of both ends. */
static char *stamp(FILE *f, u64 *bytes)
{
	char *ends = xcalloc(2, ENDS), *sum;
	size_t n = fread(ends, 1, ENDS, f);
	off_t size;

	fseeko(f, 0, SEEK_END);
	size = ftello(f);
	fseeko(f, MAX(size - ENDS, 0), SEEK_SET);
	n += fread(ends + n, 1, ENDS, f);
	*bytes = (u64)size;
	sum = hex(ends, n);
	free(ends);
	return sum;
}

static json_t *file_json(const char *path, char **bad)
{
	FILE *f = fopen(path, "r");
	json_t *j;
	u64 bytes;
	char *sum;

	if (!f) {
		if (!*bad)
			*bad = xasprintf("cannot read '%s': %s", path, strerror(errno));
		return json_null();
	}
	sum = stamp(f, &bytes);
	fclose(f);
	j = json_pack("{so sI ss}", "path", text_json(path, bad), "bytes", (json_int_t)bytes, "checksum",
		      sum);
	free(sum);
	return j;
}

/* Those that are paths, which config_load() takes for such; not the names of what is built in. */
static void add_files(json_t *all, const struct strings *s, char **bad)
{
	u32 i;

	for (i = 0; i < s->n; i++)
		if (strchr(s->at[i], '/'))
			json_array_append_new(all, file_json(s->at[i], bad));
}

static json_t *files_json(const struct sweep *s, char **bad)
{
	static const char *const words[] = { SWEEP_MACHINE, SWEEP_KERNEL, SWEEP_TRACE };
	json_t *all = json_array();
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (sweep_axis(s, words[i]))
			add_files(all, &sweep_axis(s, words[i])->values, bad);
	add_files(all, &s->with, bad);
	if (s->machine)
		add_files(all, &(struct strings){ (char **)&s->machine, 1 }, bad);
	if (s->kernel)
		add_files(all, &(struct strings){ (char **)&s->kernel, 1 }, bad);
	return all;
}

static json_t *chosen_json(const struct sweep *s)
{
	json_t *all = s->chosen ? json_array() : json_null();
	u64 i;

	for (i = 0; s->chosen && i < s->points; i++)
		json_array_append_new(all, json_integer((json_int_t)s->chosen[i]));
	return all;
}

char *sweep_manifest(const struct sweep *s, const char *version, char **bad)
{
	char *text, *sum;
	json_t *j;

	*bad = NULL;
	j = json_pack("{si ss so so so so so so so so so}", "format", FORMAT, "version", version, "machine",
		      text_json(s->machine, bad), "kernel", text_json(s->kernel, bad), "settings",
		      texts_json(&s->settings, bad), "warmup", text_json(s->warmup, bad), "max",
		      text_json(s->max, bad), "axes", axes_json(s, bad), "where", texts_json(&s->where, bad),
		      "chosen", chosen_json(s), "files", files_json(s, bad));
	if (s->with.n)
		json_object_set_new(j, "with", texts_json(&s->with, bad));
	text = json_dumps(j, STYLE);
	sum = hex(text, strlen(text));
	json_object_set_new(j, "checksum", json_string(sum));
	free(sum);
	free(text);
	text = json_dumps(j, STYLE);
	json_decref(j);
	return text;
}

static char *take_text(json_t *root, const char *name)
{
	const char *s = json_string_value(json_object_get(root, name));

	return s ? xstrdup(s) : NULL;
}

static void take_texts(struct strings *s, json_t *array)
{
	json_t *one;
	size_t i;

	json_array_foreach(array, i, one) if (json_is_string(one)) strings_add(s, json_string_value(one));
}

static void take_axes(struct sweep *s, json_t *axes)
{
	json_t *one;
	size_t i;

	json_array_foreach(axes, i, one)
	{
		const char *key = json_string_value(json_object_get(one, "key"));
		struct sweep_axis *a =
			sweep_add_axis(s, key ? key : "", json_is_true(json_object_get(one, "zipped")));

		take_texts(&a->values, json_object_get(one, "values"));
	}
}

static char *take_chosen(struct sweep *s, json_t *chosen)
{
	u64 product = s->points, last = 0, n = json_array_size(chosen), i, at;

	if (!json_is_array(chosen))
		return NULL;
	s->chosen = xcalloc(MAX(n, 1u), sizeof(*s->chosen));
	for (i = 0; i < n; i++) {
		at = (u64)json_integer_value(json_array_get(chosen, i));
		if (at >= product || (i && at <= last))
			return xstrdup("\"chosen\" does not name points of the product in order");
		s->chosen[i] = last = at;
	}
	s->points = n;
	return NULL;
}

/* What else may be wrong with it shows when it is made again from what was read. */
char *sweep_from_manifest(struct sweep *s, const char *text)
{
	json_error_t err;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &err);
	char *bad;

	*s = (struct sweep){ 0 };
	if (!json_is_object(root)) {
		json_decref(root);
		return xasprintf("line %d: %s", err.line, root ? "not one JSON object" : err.text);
	}
	s->machine = take_text(root, "machine");
	s->kernel = take_text(root, "kernel");
	s->warmup = take_text(root, "warmup");
	s->max = take_text(root, "max");
	take_texts(&s->settings, json_object_get(root, "settings"));
	take_texts(&s->where, json_object_get(root, "where"));
	take_texts(&s->with, json_object_get(root, "with"));
	take_axes(s, json_object_get(root, "axes"));
	bad = sweep_axis(s, SWEEP_TRACE) && sweep_axis(s, SWEEP_SEED)
		      ? sweep_count(s)
		      : xstrdup("it is not the manifest of a sweep");
	if (!bad)
		bad = take_chosen(s, json_object_get(root, "chosen"));
	json_decref(root);
	return bad;
}
