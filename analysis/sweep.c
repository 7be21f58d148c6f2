#include "analysis/sweep.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/format.h"
#include "model/base/error.h"

#define MAX_POINTS 1000000u
#define NAME_CHARS 120

struct sweep_axis *sweep_add_axis(struct sweep *s, const char *key, bool zipped)
{
	s->axis = xrealloc(s->axis, (s->n_axes + 1) * sizeof(*s->axis));
	s->axis[s->n_axes] = (struct sweep_axis){ .key = xstrdup(key), .zipped = zipped };
	return &s->axis[s->n_axes++];
}

static char *check_axis(const struct sweep *s, u32 i)
{
	const struct sweep_axis *a = &s->axis[i];
	u32 k;

	if (!a->values.n)
		return xasprintf("%s has no values", a->key);
	if (a->zipped && !i)
		return xasprintf("%s is zipped, but there is no list before it to go with", a->key);
	if (a->zipped && a->values.n != s->axis[i - 1].values.n)
		return xasprintf(
			"%s has %u values and %s before it %u: lists that are zipped are equally long",
			a->key, a->values.n, s->axis[i - 1].key, s->axis[i - 1].values.n);
	for (k = 0; k < i; k++)
		if (!strcmp(s->axis[k].key, a->key))
			return xasprintf("%s is varied twice", a->key);
	return NULL;
}

char *sweep_count(struct sweep *s)
{
	char *bad;
	u32 i;

	for (i = 0; i < s->n_axes; i++) {
		bad = check_axis(s, i);
		if (bad)
			return bad;
	}
	s->points = 1;
	for (i = s->n_axes; i-- > 0;) {
		s->axis[i].stride = s->points;
		if (!s->axis[i].zipped)
			s->points *= s->axis[i].values.n;
		if (s->points > MAX_POINTS)
			return xasprintf("more than %u points", MAX_POINTS);
	}
	return NULL;
}

void sweep_fini(struct sweep *s)
{
	u32 i;

	for (i = 0; i < s->n_axes; i++) {
		free(s->axis[i].key);
		strings_fini(&s->axis[i].values);
	}
	free(s->axis);
	strings_fini(&s->settings);
	strings_fini(&s->where);
	strings_fini(&s->with);
	free(s->chosen);
	free(s->machine);
	free(s->kernel);
	free(s->warmup);
	free(s->max);
	*s = (struct sweep){ 0 };
}

const char *sweep_value(const struct sweep *s, u64 point, const struct sweep_axis *a)
{
	u64 at = s->chosen ? s->chosen[point] : point;

	return a->values.at[at / a->stride % a->values.n];
}

const struct sweep_axis *sweep_axis(const struct sweep *s, const char *key)
{
	u32 i;

	for (i = 0; i < s->n_axes; i++)
		if (!strcmp(s->axis[i].key, key))
			return &s->axis[i];
	return NULL;
}

bool sweep_names_files(const struct sweep_axis *a)
{
	return !strcmp(a->key, SWEEP_MACHINE) || !strcmp(a->key, SWEEP_KERNEL) ||
	       !strcmp(a->key, SWEEP_TRACE);
}

/* Of a word that cannot stand in a file's name the letters that can. */
static void add_part(char *name, const struct sweep_axis *a, const char *value)
{
	char *part = xasprintf("%s=%s", a->key, sweep_names_files(a) ? format_base(value) : value), *p;
	size_t used = strlen(name);

	for (p = part; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._=+-", *p))
			*p = '_';
	if (used + strlen(part) + 1 < NAME_CHARS)
		snprintf(name + used, NAME_CHARS - used, "_%s", part);
	free(part);
}

char *sweep_name(const struct sweep *s, u64 point)
{
	char name[NAME_CHARS];
	u32 i;

	snprintf(name, sizeof(name), "%04" PRIu64, point + 1);
	for (i = 0; i < s->n_axes; i++)
		if (s->axis[i].values.n > 1)
			add_part(name, &s->axis[i], sweep_value(s, point, &s->axis[i]));
	return xstrdup(name);
}

static bool exists(const char *dir, const char *kind, const char *name)
{
	char *path = xasprintf("%s/%s/%s", dir, kind, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

bool sweep_done(const char *dir, const char *name)
{
	return exists(dir, "points", name);
}

bool sweep_failed(const char *dir, const char *name)
{
	return exists(dir, "failed", name);
}
