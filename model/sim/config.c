#include "model/sim/config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/sim/config_impl.h"
#include "model/sim/suggest.h"

bool config_fail(struct config *c, const char *fmt, ...)
{
	char *error;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&error, fmt, ap) < 0)
		fail("out of host memory while formatting a message");
	va_end(ap);
	free(c->error);
	c->error = error;
	return false;
}

static char *join(const char *prefix, const char *name)
{
	return xasprintf("%s%s%s", prefix, *prefix ? "." : "", name);
}

static struct config_key *find(const struct config *c, const char *name)
{
	for (u32 i = 0; i < c->n; i++)
		if (!strcmp(c->key[i].name, name))
			return &c->key[i];
	return NULL;
}

const struct config_key *config_find(const struct config *c, const char *name)
{
	return find(c, name);
}

/* What of a key's name follows "group."; NULL if the key is not in the group. */
static const char *below(const char *key, const char *group)
{
	size_t len = strlen(group);

	if (!len)
		return key;
	return !strncmp(key, group, len) && key[len] == '.' ? key + len + 1 : NULL;
}

bool config_is_group(const struct config *c, const char *name)
{
	for (u32 i = 0; i < c->n; i++)
		if (below(c->key[i].name, name))
			return true;
	return config_could_be_group(c, name);
}

/*
 * The groups that have the key that `name` says of a group without it, "l1i, l1d" of l2.alias. NULL: the
 * group is unknown, or the key, or so many have it that it tells nothing.
 */
static char *who_has(const struct config *c, const char *name)
{
	const char *last = strrchr(name, '.');
	char *group = last ? xasprintf("%.*s", (int)(last - name), name) : NULL, *list = NULL;
	u32 n = 0;

	for (u32 i = 0; group && config_is_group(c, group) && i < c->n; i++) {
		const char *key = c->key[i].name, *dot = strrchr(key, '.');
		char *longer;

		if (config_is_vacant(&c->key[i]) || !dot || strcmp(dot, last) || n++ == 4)
			continue;
		longer = xasprintf("%s%s%.*s", list ? list : "", list ? ", " : "", (int)(dot - key), key);
		free(list);
		list = longer;
	}
	free(group);
	if (n <= 4)
		return list;
	free(list);
	return NULL;
}

bool config_unknown(struct config *c, const char *name, const char *where)
{
	char *others = who_has(c, name);
	struct suggest near;

	if (others) {
		config_fail(c, "%s: unknown key %.80s: only %s can have it", where, name, others);
		free(others);
		return false;
	}
	suggest_init(&near, name);
	for (u32 i = 0; i < c->n; i++)
		if (!config_is_vacant(&c->key[i]))
			suggest_offer(&near, c->key[i].name);
	for (const struct opt_section *s = c->sections; s->prefix; s++)
		suggest_offer(&near, s->prefix);
	if (near.best)
		return config_fail(c, "%s: unknown key %.80s: did you mean %s?", where, name, near.best);
	return config_fail(c, "%s: unknown key %.80s: `mmsim config` lists all keys", where, name);
}

bool config_assign(struct config *c, const char *name, const char *text, const char *where)
{
	struct config_key *k = find(c, name);
	const char *at = where ? where : "default";
	char *error;

	if (!k && config_adopt(c, name))
		k = find(c, name);
	if (!k && config_is_group(c, name))
		return config_fail(c, "%s: %s is a group of keys and takes no value", at, name);
	if (!k)
		return config_unknown(c, name, at);
	error = opt_parse(k->opt, text, k->field);
	if (error) {
		config_fail(c, "%s: %s: %s", at, name, error);
		free(error);
		return false;
	}
	free(k->where);
	k->where = where ? xstrdup(where) : NULL;
	k->turn = ++c->turns;
	return true;
}

static void add_key(struct config *c, const struct opt_section *s, const struct opt *o, void *target)
{
	struct config_key *k;

	c->key = xrealloc(c->key, (c->n + 1) * sizeof(*c->key));
	k = &c->key[c->n];
	*k = (struct config_key){ .name = join(s->prefix, o->name),
				  .opt = o,
				  .field = (char *)target + s->offset + o->offset };
	ASSERT(!find(c, k->name));
	c->n++;
	memset(k->field, 0, opt_field_size(o));
	if (o->type == OPT_STRING)
		*(char **)k->field = xstrdup("");
}

/* A default that its own table does not allow is our mistake. */
static void must(struct config *c, bool good)
{
	if (!good)
		fprintf(stderr, "mmsim: %s\n", c->error);
	ASSERT(good);
}

struct config *config_new(const struct opt_section *sections, void *target)
{
	struct config *c = xcalloc(1, sizeof(*c));

	c->sections = sections;
	for (const struct opt_section *s = sections; s->prefix; s++) {
		for (const struct opt *o = s->opts; o->name; o++) {
			add_key(c, s, o, target);
			if (o->def)
				must(c, config_assign(c, c->key[c->n - 1].name, o->def, NULL));
		}
	}
	for (const struct opt_section *s = sections; s->prefix; s++)
		if (s->defaults)
			must(c, config_read_text(c, NULL, s->defaults, strlen(s->defaults), s->prefix));
	return c;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (u32 i = 0; i < c->n; i++) {
		struct config_key *k = &c->key[i];

		if (k->opt->type == OPT_STRING)
			free(*(char **)k->field);
		free(k->name);
		free(k->where);
	}
	free(c->key);
	free(c->error);
	free(c);
}

void config_load(struct config *c, const char *kind, const char *name)
{
	if (!config_read_named(c, kind, name))
		die("%s", c->error);
}

void config_load_text(struct config *c, const char *name, const char *text, size_t len)
{
	if (!config_read_text(c, name, text, len, ""))
		die("%s", c->error);
}

static bool set(struct config *c, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char *name, *where;
	bool good;

	if (!equals || equals == assignment)
		return config_fail(c, "-s %.200s: write it as key=value, for example -s l1d.size=48K",
				   assignment);
	name = strndup(assignment, (size_t)(equals - assignment));
	where = xasprintf("-s %.200s", assignment);
	good = config_assign(c, name, equals + 1, where);
	free(name);
	free(where);
	return good;
}

void config_set(struct config *c, const char *assignment)
{
	if (!set(c, assignment))
		die("%s", c->error);
}

char *config_get(const struct config *c, const char *key)
{
	const struct config_key *k = find(c, key);

	return k ? opt_format(k->opt, k->field) : NULL;
}

const char *config_where(const struct config *c, const char *key)
{
	const struct config_key *k = find(c, key);

	ASSERT(k);
	return k->where ? k->where : "default";
}

/* The key of the same group that was assigned last, if that was after k: the likely culprit. */
static const struct config_key *set_after(const struct config *c, const struct config_key *k)
{
	const char *dot = strrchr(k->name, '.');
	size_t group = dot ? (size_t)(dot - k->name) + 1 : 0;
	const struct config_key *last = k;

	for (u32 i = 0; i < c->n; i++) {
		const struct config_key *o = &c->key[i];

		if (o->turn > last->turn && o->where && !strncmp(o->name, k->name, group))
			last = o;
	}
	return last == k ? NULL : last;
}

/* "key = value" into a buffer, so that nothing is left to free when die() does not return. */
static void print_setting(const struct config_key *k, char *buf, size_t size)
{
	char *value = opt_format(k->opt, k->field);

	snprintf(buf, size, "%s = %s", k->name, value);
	free(value);
}

void config_reject(const struct config *c, const char *key, const char *fmt, ...)
{
	const struct config_key *k = find(c, key), *other;
	char reason[1024], setting[256], beside[256];
	va_list ap;

	ASSERT(k);
	other = set_after(c, k);
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	print_setting(k, setting, sizeof(setting));
	if (!other)
		die("%s: %s: %s", config_where(c, key), setting, reason);
	print_setting(other, beside, sizeof(beside));
	die("%s: %s: %s (and %s: %s)", config_where(c, key), setting, reason, other->where, beside);
}

void config_each(const struct config *c, config_visit_fn visit, void *arg)
{
	for (u32 i = 0; i < c->n; i++) {
		const struct config_key *k = &c->key[i];
		char *value;

		if (config_is_vacant(k))
			continue;
		value = opt_format(k->opt, k->field);
		visit(arg, k->name, value, k->where ? k->where : "default");
		free(value);
	}
}

static void dump_quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (iscntrl((u8)*s))
			fprintf(f, "\\x%02x", (u8)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

/* libconfig before 1.6 cuts plain numbers to 32 bits without a word, so larger ones go out as text. */
static bool is_plain_number(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits && digits < 10 && !s[digits];
}

static void indent(FILE *f, u32 depth)
{
	while (depth--)
		fputc('\t', f);
}

static void dump_value(FILE *f, const struct config_key *k, const char *name, u32 depth)
{
	char *value = opt_format(k->opt, k->field);

	indent(f, depth);
	fprintf(f, "%s = ", name);
	if (is_plain_number(value) && k->opt->type != OPT_STRING)
		fputs(value, f);
	else
		dump_quoted(f, value);
	fputs(";\n", f);
	free(value);
}

/* The group below `group` that key i is in: below "", "dtlb" of "dtlb.p4k.ways". NULL: not the first. */
static char *new_subgroup(const struct config *c, u32 i, const char *group)
{
	const char *rest = below(c->key[i].name, group), *dot = rest ? strchr(rest, '.') : NULL;
	char *sub;

	if (!dot || config_is_vacant(&c->key[i]))
		return NULL;
	sub = xasprintf("%.*s", (int)(dot - c->key[i].name), c->key[i].name);
	for (u32 j = i; j--;) { /* the keys of a group stand together */
		if (below(c->key[j].name, sub)) {
			free(sub);
			return NULL;
		}
	}
	return sub;
}

static void dump_group(const struct config *c, FILE *f, const char *group, u32 depth)
{
	for (u32 i = 0; i < c->n; i++) {
		const char *rest = below(c->key[i].name, group);

		if (rest && !strchr(rest, '.') && !config_is_vacant(&c->key[i]))
			dump_value(f, &c->key[i], rest, depth);
	}
	for (u32 i = 0; i < c->n; i++) {
		char *sub = new_subgroup(c, i, group);

		if (!sub)
			continue;
		indent(f, depth);
		fprintf(f, "%s = {\n", below(sub, group));
		dump_group(c, f, sub, depth + 1);
		indent(f, depth);
		fputs("};\n", f);
		free(sub);
	}
}

void config_dump(const struct config *c, FILE *f)
{
	dump_group(c, f, "", 0);
}

#define HELP_COLUMN 44
#define HELP_COLUMNS 100

/* How much of the text goes on a line of that width: up to a blank, a long list without one up to a comma. */
static int fold(const char *text, int width)
{
	int n;

	if (strlen(text) <= (size_t)width)
		return (int)strlen(text);
	for (n = width; n; n--)
		if (text[n] == ' ')
			return n;
	for (n = width; n; n--)
		if (text[n - 1] == ',')
			return n;
	return width;
}

/* The text from `column`, where the line stands, on; further lines below it. Frees it. */
static void print_folded(FILE *f, char *text, int column)
{
	const char *rest = text;

	while (*rest) {
		int n = fold(rest, HELP_COLUMNS - column);

		fprintf(f, "%*s%.*s\n", HELP_COLUMN - MIN(column, HELP_COLUMN), "", n, rest);
		rest += n;
		rest += strspn(rest, " ");
		column = HELP_COLUMN;
		if (*rest)
			fprintf(f, "%*s", HELP_COLUMN, "");
	}
	free(text);
}

static void help_key(FILE *f, const struct config_key *k)
{
	const char *unit = k->opt->unit;
	char *value = opt_format(k->opt, k->field), *range = opt_range(k->opt);
	char *name = config_shown_name(k->name);
	int column = fprintf(f, "  %-28s %-12s ", name, *value ? value : "\"\"");

	print_folded(f, unit ? xasprintf("%s [%s]", k->opt->help, unit) : xstrdup(k->opt->help), column);
	fprintf(f, "%*s", HELP_COLUMN, "");
	print_folded(f, xasprintf("(%s)", range), HELP_COLUMN);
	free(name);
	free(value);
	free(range);
}

static size_t target_size(const struct opt_section *sections)
{
	size_t size = 0;

	for (const struct opt_section *s = sections; s->prefix; s++)
		for (const struct opt *o = s->opts; o->name; o++)
			size = MAX(size, s->offset + o->offset + opt_field_size(o));
	return size;
}

void config_help(const struct opt_section *sections, FILE *f)
{
	void *target = xcalloc(1, target_size(sections));
	struct config *c = config_new(sections, target);
	const struct config_key *k = c->key;

	for (const struct opt_section *s = sections; s->prefix; s++) {
		char *prefix = config_shown_name(s->prefix);

		if (s->help)
			fprintf(f, "%s%s%s%s\n", s == sections ? "" : "\n", prefix, *prefix ? ": " : "",
				s->help);
		free(prefix);
		for (const struct opt *o = s->opts; o->name; o++, k++)
			if (s->help)
				help_key(f, k);
	}
	config_free(c);
	free(target);
}
