#include "model/sim/stat.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

struct counter {
	char *name;
	const u64 *value;
	const char *unit, *help;
	bool level;
	u64 forgotten;
	u32 next; /* in its hash chain, 0 ends it */
};

/* Counters in order of registration, numbered from 1, and a hash table to find them by name. */
struct stats {
	struct counter *counter;
	u32 n, cap;
	u32 *bucket; /* cap of them */
};

/* FNV-1a, 32 bits (Fowler, Noll, Vo; RFC 9923). */
static u32 name_hash(const char *name)
{
	u32 h = 2166136261u;

	while (*name)
		h = (h ^ (u8)*name++) * 16777619u;
	return h;
}

static u32 *bucket_of(const struct stats *s, const char *name)
{
	return &s->bucket[name_hash(name) & (s->cap - 1)];
}

static void link_counter(struct stats *s, u32 i)
{
	u32 *bucket = bucket_of(s, s->counter[i].name);

	s->counter[i].next = *bucket;
	*bucket = i;
}

static void grow(struct stats *s)
{
	s->cap *= 2;
	s->counter = xrealloc(s->counter, s->cap * sizeof(*s->counter));
	free(s->bucket);
	s->bucket = xcalloc(s->cap, sizeof(*s->bucket));
	for (u32 i = 1; i <= s->n; i++)
		link_counter(s, i);
}

struct stats *stats_new(void)
{
	struct stats *s = xcalloc(1, sizeof(*s));

	s->cap = 128;
	grow(s);
	return s;
}

void stats_free(struct stats *s)
{
	if (!s)
		return;
	for (u32 i = 1; i <= s->n; i++)
		free(s->counter[i].name);
	free(s->counter);
	free(s->bucket);
	free(s);
}

static u64 value_of(const struct counter *c)
{
	return *c->value - c->forgotten;
}

static struct counter *find(const struct stats *s, const char *name)
{
	for (u32 i = *bucket_of(s, name); i; i = s->counter[i].next)
		if (!strcmp(s->counter[i].name, name))
			return &s->counter[i];
	return NULL;
}

/* Takes the name over. */
static void add(struct stats *s, char *name, const u64 *value, const char *unit, const char *help)
{
	ASSERT(!find(s, name));
	if (s->n + 1 == s->cap)
		grow(s);
	s->counter[++s->n] = (struct counter){ .name = name, .value = value, .unit = unit, .help = help };
	link_counter(s, s->n);
}

void stats_add(struct stats *s, const char *prefix, const struct stat_desc *table, const void *base)
{
	for (const struct stat_desc *d = table; d->name; d++) {
		const u64 *value = (const u64 *)((const char *)base + d->offset);

		add(s, xasprintf("%s%s%s", prefix, *prefix ? "." : "", d->name), value, d->unit, d->help);
	}
}

void stats_add_one(struct stats *s, const char *name, const u64 *value, const char *unit, const char *help)
{
	add(s, xstrdup(name), value, unit, help);
}

void stats_each(const struct stats *s, stat_visit_fn visit, void *arg)
{
	for (u32 i = 1; i <= s->n; i++) {
		const struct counter *c = &s->counter[i];

		visit(arg, c->name, value_of(c), c->unit, c->help);
	}
}

bool stats_has(const struct stats *s, const char *name)
{
	return find(s, name) != NULL;
}

u64 stats_value(const struct stats *s, const char *name)
{
	const struct counter *c = find(s, name);

	ASSERT(c);
	return value_of(c);
}

void stats_set_level(struct stats *s, const char *name)
{
	struct counter *c = find(s, name);

	ASSERT(c);
	c->level = true;
}

u32 stats_count(const struct stats *s)
{
	return s->n;
}

const char *stats_name(const struct stats *s, u32 i)
{
	return s->counter[i + 1].name;
}

bool stats_is_level(const struct stats *s, u32 i)
{
	return s->counter[i + 1].level;
}

void stats_copy(const struct stats *s, u64 *values)
{
	for (u32 i = 1; i <= s->n; i++)
		*values++ = value_of(&s->counter[i]);
}

void stats_forget(struct stats *s, const u64 *values)
{
	for (u32 i = 1; i <= s->n; i++, values++)
		if (!s->counter[i].level)
			s->counter[i].forgotten += value_of(&s->counter[i]) - *values;
}

struct stats *stats_view(const struct stats *s, const u64 *values)
{
	struct stats *view = stats_new();

	for (u32 i = 1; i <= s->n; i++) {
		const struct counter *c = &s->counter[i];

		add(view, xstrdup(c->name), values++, c->unit, c->help);
		view->counter[i].level = c->level;
	}
	return view;
}
