#include "analysis/counters.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define EACH_CORE "core*."

void counters_add(struct counters *c, const char *name, u64 value)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 256;
		c->at = xrealloc(c->at, c->cap * sizeof(*c->at));
	}
	c->at[c->n++] = (struct counter){ xstrdup(name), value };
}

static void add_visited(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	counters_add(arg, name, value);
}

void counters_from_stats(struct counters *c, const struct stats *s)
{
	*c = (struct counters){ 0 };
	stats_each(s, add_visited, c);
}

void counters_fini(struct counters *c)
{
	u32 i;

	for (i = 0; i < c->n; i++)
		free(c->at[i].name);
	free(c->at);
	*c = (struct counters){ 0 };
}

/* What follows "coreN." in a name, NULL if it is not a core's; *core is N. */
static const char *after_core(const char *name, unsigned long *core)
{
	if (strncmp(name, "core", 4) || name[4] < '0' || name[4] > '9')
		return NULL;
	*core = 0;
	for (name += 4; *name >= '0' && *name <= '9'; name++)
		*core = *core * 10 + (unsigned long)(*name - '0');
	return *name == '.' ? name + 1 : NULL;
}

/* What follows a level's name, with its number or without ("l3.", "l3_1."); NULL: it is another name. */
static const char *after_level(const char *level, size_t n, const char *name)
{
	if (strncmp(level, name, n))
		return NULL;
	name += n;
	if (*name == '_')
		name += 1 + strspn(name + 1, "0123456789");
	return *name == '.' ? name + 1 : NULL;
}

static bool match_rest(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return !strncmp(pattern, name, n - 1);
	return !strcmp(pattern, name);
}

bool counters_match(const char *pattern, const char *name)
{
	const char *each, *rest;
	unsigned long core;

	if (*pattern != *name && *pattern != '*') /* of most names no more is looked at */
		return false;
	each = strstr(pattern, "*.");
	if (!each)
		return match_rest(pattern, name);
	rest = strncmp(pattern, EACH_CORE, strlen(EACH_CORE)) ?
		       after_level(pattern, (size_t)(each - pattern), name) :
		       after_core(name, &core);
	return rest && match_rest(each + 2, rest);
}

u64 counters_get(const struct counters *c, const char *pattern)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < c->n; i++)
		if (counters_match(pattern, c->at[i].name))
			sum += c->at[i].value;
	return sum;
}

bool counters_has(const struct counters *c, const char *pattern)
{
	u32 i;

	for (i = 0; i < c->n; i++)
		if (counters_match(pattern, c->at[i].name))
			return true;
	return false;
}

u32 counters_cores(const struct counters *c)
{
	unsigned long core = 0, most = 0;
	u32 i;

	for (i = 0; i < c->n; i++)
		if (after_core(c->at[i].name, &core))
			most = MAX(most, core + 1);
	return (u32)most;
}

const char *counters_cycle_part(const char *name)
{
	unsigned long core;
	const char *rest = after_core(name, &core);

	return rest && !strncmp(rest, "cycles.", 7) ? rest + 7 : NULL;
}
