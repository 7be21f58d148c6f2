/*
 * stats.json read back: one flat object of counters, in a tenth of the time that a parser of all JSON takes.
 * Sweeps and comparisons read thousands of such files.
 */
#include "analysis/counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "model/base/error.h"
#include "model/base/map64.h"

struct text {
	char *at;
	u32 line;
};

static void skip_space(struct text *t)
{
	for (; *t->at == ' ' || *t->at == '\t' || *t->at == '\r' || *t->at == '\n'; t->at++)
		t->line += *t->at == '\n';
}

/* Space before the character is passed over, too. */
static bool take(struct text *t, char c)
{
	skip_space(t);
	if (*t->at != c)
		return false;
	t->at++;
	return true;
}

/* "core0.cycles", ended in the text itself; names of counters need no escapes. NULL: there is none. */
static const char *take_name(struct text *t, u64 *hash)
{
	char *first, *at;

	if (!take(t, '"'))
		return NULL;
	first = t->at;
	at = first + strcspn(first, "\"\\\n");
	if (*at != '"')
		return NULL;
	*hash = XXH64(first, (size_t)(at - first), 0);
	*at = '\0';
	t->at = at + 1;
	return first;
}

static bool take_number(struct text *t, u64 *value)
{
	char *end;

	skip_space(t);
	if (*t->at < '0' || *t->at > '9')
		return false;
	errno = 0;
	*value = strtoull(t->at, &end, 10);
	t->at = end;
	return !errno && *end != '.' && *end != 'e' && *end != 'E';
}

/* NULL, or what is wrong (a new string). */
static char *take_counter(struct counters *c, struct text *t, struct map64 *known)
{
	u64 hash, value;
	const char *name = take_name(t, &hash);
	char *bad = NULL;

	if (!name)
		return xstrdup("a counter's name in \"\" is missing");
	if (!take(t, ':') || !take_number(t, &value))
		bad = xasprintf("\"%s\" is not a counter", name);
	else if (map64_find(known, hash >> 1))
		bad = xasprintf("\"%s\" is there twice", name);
	else
		counters_add(c, name, value);
	map64_set(known, hash >> 1, 1);
	return bad;
}

static char *parse(struct counters *c, struct text *t)
{
	struct map64 known = { 0 };
	char *bad = NULL;

	if (!take(t, '{'))
		return xstrdup("is not one JSON object");
	if (!take(t, '}')) {
		do {
			bad = take_counter(c, t, &known);
		} while (!bad && take(t, ','));
		if (!bad && !take(t, '}'))
			bad = xstrdup("',' or '}' is missing");
	}
	map64_fini(&known);
	skip_space(t);
	if (!bad && *t->at)
		bad = xstrdup("something follows the object");
	return bad;
}

char *counters_from_json(struct counters *c, const char *path)
{
	FILE *f = fopen(path, "r");
	char *all = NULL, none[] = "", *what, *bad;
	struct text t = { .line = 1 };
	size_t cap = 0;

	*c = (struct counters){ 0 };
	if (!f)
		return xasprintf("cannot read '%s': %s", path, strerror(errno));
	t.at = getdelim(&all, &cap, '\0', f) > 0 ? all : none;
	fclose(f);
	what = parse(c, &t);
	bad = what ? xasprintf("'%s' line %u: %s", path, t.line, what) : NULL;
	if (bad)
		counters_fini(c);
	free(what);
	free(all);
	return bad;
}
