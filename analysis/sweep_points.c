#include "analysis/sweep_points.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"

/* ---- groups ---- */

static bool has_value(const struct sweep *s, u64 point, u32 axis, const char *value)
{
	return !value || !strcmp(sweep_value(s, point, &s->axis[axis]), value);
}

static bool is_wanted(const struct sweep *s, u64 point, const struct sweep_fixed *fixed)
{
	u32 i;

	for (i = 0; fixed && i < s->n_axes; i++)
		if (!has_value(s, point, i, fixed->value[i]))
			return false;
	return true;
}

static bool same_but_seed(const struct sweep *s, u64 a, u64 b)
{
	u32 i;

	for (i = 0; i < s->n_axes; i++)
		if (strcmp(s->axis[i].key, SWEEP_SEED) && !has_value(s, a, i, sweep_value(s, b, &s->axis[i])))
			return false;
	return true;
}

static void add_group(struct sweep_groups *g)
{
	if (g->n == g->cap) {
		g->cap = 2 * g->cap + 16;
		g->at = xrealloc(g->at, g->cap * sizeof(*g->at));
	}
	g->at[g->n++] = (struct sweep_group){ 0 };
}

static void add_point(struct sweep_group *g, u64 point)
{
	if (g->n == g->cap) {
		g->cap = 2 * g->cap + 4;
		g->point = xrealloc(g->point, g->cap * sizeof(*g->point));
	}
	g->point[g->n++] = point;
}

/* The seed is the last axis: points that differ in it alone follow each other. */
struct sweep_groups sweep_groups(const struct sweep *s, const struct sweep_fixed *fixed)
{
	struct sweep_groups g = { 0 };
	u64 i;

	for (i = 0; i < s->points; i++) {
		if (!is_wanted(s, i, fixed))
			continue;
		if (!g.n || !same_but_seed(s, g.at[g.n - 1].point[0], i))
			add_group(&g);
		add_point(&g.at[g.n - 1], i);
	}
	return g;
}

void sweep_groups_fini(struct sweep_groups *g)
{
	u32 i;

	for (i = 0; i < g->n; i++)
		free(g->at[i].point);
	free(g->at);
	*g = (struct sweep_groups){ 0 };
}

/* ---- points and directories ---- */

bool sweep_point_open(struct run *r, const char *dir, const struct sweep *s, u64 point, char **bad)
{
	char *name = sweep_name(s, point), *path = xasprintf("%s/points/%s", dir, name);
	bool done = sweep_done(dir, name);

	if (done)
		*bad = run_open(r, path, NULL);
	free(path);
	free(name);
	return done && !*bad;
}

static char *manifest_path(const char *dir)
{
	return xasprintf("%s/" SWEEP_MANIFEST, dir);
}

bool sweep_is_dir(const char *dir)
{
	char *path = manifest_path(dir);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

char *sweep_open(struct sweep *s, const char *dir)
{
	char *path = manifest_path(dir), *text = NULL, *bad, *why;
	FILE *f = fopen(path, "r");
	size_t cap = 0;

	*s = (struct sweep){ 0 };
	if (!f || getdelim(&text, &cap, '\0', f) <= 0) {
		bad = xasprintf("'%s' is not the directory of a sweep: cannot read '%s': %s", dir, path,
				f ? "it is empty" : strerror(errno));
	} else {
		why = sweep_from_manifest(s, text);
		bad = why ? xasprintf("'%s': %s", path, why) : NULL;
		free(why);
	}
	if (f)
		fclose(f);
	free(text);
	free(path);
	return bad;
}
