#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/base/error.h"
#include "model/sim/config_impl.h"

#define MAX_FILE     (1u << 20) /* bytes: a configuration is a page or two */
#define MAX_INCLUDES 8u         /* one within the other; more is a file that includes itself */

/* A text that is being read: a file, or one that is built in. */
struct source {
	const char *name; /* as messages show it; NULL: defaults in a table */
	const char *kind; /* folder of the built-in ones */
	char *text;       /* ours: directives that are done with are blanked out */
	size_t len;
	u32 depth; /* of includes */
	bool builtin;
};

static bool read_path(struct config *c, const char *kind, const char *path, u32 depth);
static bool read_builtin(struct config *c, const char *kind, const struct builtin_file *b, u32 depth);

/*
 * libconfig reads the settings, but not quite alone: its own @include pastes text, so that a file could not
 * override what it includes (the same name twice is an error), and before 1.6 it cuts plain numbers to 32
 * bits silently. Both are looked after here, in one pass over the tokens. The pass knows comments, strings
 * and numbers; all else is one character a token.
 */
struct lexer {
	struct config *c;
	struct source *src;
	size_t at;
	u32 line;
	bool settings; /* something other than a comment or an @include has been seen */
};

static int peek(const struct lexer *l, size_t ahead)
{
	return l->at + ahead < l->src->len ? (u8)l->src->text[l->at + ahead] : 0;
}

static void advance(struct lexer *l)
{
	if (peek(l, 0) == '\n')
		l->line++;
	l->at++;
}

static bool starts(const struct lexer *l, const char *word)
{
	size_t len = strlen(word);

	return len <= l->src->len - l->at && !memcmp(l->src->text + l->at, word, len);
}

static bool skip_comment(struct lexer *l)
{
	bool block = starts(l, "/*");

	if (!block && !starts(l, "//") && !starts(l, "#"))
		return false;
	l->at += block ? 2 : 0;
	while (l->at < l->src->len && (block ? !starts(l, "*/") : peek(l, 0) != '\n'))
		advance(l);
	l->at += block ? 2 : 0;
	return true;
}

static void skip_string(struct lexer *l)
{
	for (advance(l); l->at < l->src->len && peek(l, 0) != '"'; advance(l))
		if (peek(l, 0) == '\\')
			advance(l);
	advance(l);
}

static void skip_name(struct lexer *l)
{
	while (isalnum(peek(l, 0)) || peek(l, 0) == '_' || peek(l, 0) == '-' || peek(l, 0) == '*')
		advance(l);
}

/*
 * A number that libconfig 1.5 would cut (more than 31 bits without an L behind it, more than 63 with it), or
 * one with a unit and without quotes, for which its message would be "syntax error".
 */
static bool check_number(struct lexer *l)
{
	const char *start = l->src->text + l->at;
	bool hex = start[0] == '0' && (start[1] | 32) == 'x';
	char *end;
	u64 value;

	errno = 0;
	value = strtoull(start, &end, hex ? 16 : 10);
	l->at += (size_t)(end - start);
	if (isalpha(peek(l, 0)) && !strchr("Lle", peek(l, 0) | 32))
		return config_fail(l->c,
				   "%s:%u: a value with a unit is written in quotes, as \"48K\" or \"14ns\"",
				   l->src->name, l->line);
	if (errno || value > (peek(l, 0) == 'L' ? (u64)INT64_MAX : (u64)INT32_MAX))
		return config_fail(l->c,
				   "%s:%u: the number %.*s is too large without quotes: write it as text",
				   l->src->name, l->line, (int)MIN(end - start, 40), start);
	skip_name(l);
	return true;
}

/* The text between the quotes that should be next; NULL if it is not there. */
static char *quoted(struct lexer *l)
{
	const char *start, *end;

	while (peek(l, 0) == ' ' || peek(l, 0) == '\t')
		l->at++;
	if (peek(l, 0) != '"')
		return NULL;
	start = l->src->text + l->at + 1;
	end = start + strcspn(start, "\"\n");
	if (*end != '"' || end == start)
		return NULL;
	l->at += (size_t)(end - start) + 2;
	return strndup(start, (size_t)(end - start));
}

static const struct builtin_file *find_builtin(const char *path)
{
	for (const struct builtin_file *b = builtin_files; b->path; b++)
		if (!strcmp(b->path, path))
			return b;
	return NULL;
}

/* A path in the folder in which the file `beside` lies. */
static char *in_same_folder(const char *beside, const char *name)
{
	const char *slash = strrchr(beside, '/');

	return xasprintf("%.*s%s", slash && name[0] != '/' ? (int)(slash - beside + 1) : 0, beside, name);
}

static bool read_included(struct config *c, const struct source *from, u32 line, const char *name)
{
	char *beside = in_same_folder(from->name, name), *builtin = xasprintf("%s/%s", from->kind, name);
	const struct builtin_file *b = find_builtin(beside);
	bool good;

	b = b ? b : find_builtin(builtin);
	b = b ? b : find_builtin(name);
	if (!access(beside, F_OK) && !from->builtin)
		good = read_path(c, from->kind, beside, from->depth + 1);
	else if (b)
		good = read_builtin(c, from->kind, b, from->depth + 1);
	else
		good = config_fail(c, "%s:%u: @include \"%s\": there is no such file there, nor one built in",
				   from->name, line, name);
	free(beside);
	free(builtin);
	return good;
}

/* @include "name": that file is read now, and leaves blanks. */
static bool do_include(struct lexer *l)
{
	const struct source *src = l->src;
	size_t start = l->at;
	char *name;
	bool good;

	if (l->settings)
		return config_fail(l->c, "%s:%u: @include must come before the file's own settings",
				   src->name, l->line);
	l->at += strlen("@include");
	name = quoted(l);
	if (!name)
		return config_fail(l->c, "%s:%u: write @include \"name.cfg\"", src->name, l->line);
	memset(src->text + start, ' ', l->at - start);
	if (src->depth == MAX_INCLUDES)
		good = config_fail(l->c,
				   "%s:%u: @include \"%s\" is nested more than %u deep: does a file include "
				   "itself?",
				   src->name, l->line, name, MAX_INCLUDES);
	else
		good = read_included(l->c, src, l->line, name);
	free(name);
	return good;
}

static bool lex_token(struct lexer *l)
{
	if (isspace(peek(l, 0))) {
		advance(l);
		return true;
	}
	if (skip_comment(l))
		return true;
	if (starts(l, "@include"))
		return do_include(l);
	l->settings = true;
	if (isdigit(peek(l, 0)))
		return check_number(l);
	if (isalpha(peek(l, 0)))
		skip_name(l);
	else if (peek(l, 0) == '"')
		skip_string(l);
	else
		advance(l);
	return true;
}

static bool lex(struct config *c, struct source *src)
{
	struct lexer l = { .c = c, .src = src, .line = 1 };

	while (l.at < src->len)
		if (!lex_token(&l))
			return false;
	return true;
}

/* A scalar as the user could have written it behind -s; NULL: not a scalar. */
static char *scalar_text(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return xasprintf("%lld", config_setting_get_int64(s));
	case CONFIG_TYPE_BOOL:
		return xstrdup(config_setting_get_bool(s) ? "true" : "false");
	case CONFIG_TYPE_STRING:
		return xstrdup(config_setting_get_string(s));
	default:
		return NULL;
	}
}

static bool apply_scalar(struct config *c, const char *name, const config_setting_t *s, const char *where)
{
	char *text = scalar_text(s);
	bool good;

	if (text)
		good = config_assign(c, name, text, where);
	else if (config_setting_type(s) == CONFIG_TYPE_FLOAT)
		good = config_fail(
			c, "%s: %s: a number with a point is written in quotes, with its unit: \"1.5us\"",
			where, name);
	else
		good = config_fail(c, "%s: %s takes a single value, not a group, list or array", where, name);
	free(text);
	return good;
}

static bool apply_group(struct config *c, const struct source *src, const config_setting_t *group,
			const char *path);

static bool apply_member(struct config *c, const struct source *src, const config_setting_t *s,
			 const char *path)
{
	char *name = xasprintf("%s%s%s", path, *path ? "." : "", config_setting_name(s));
	char *where = src->name ? xasprintf("%s:%u", src->name, config_setting_source_line(s)) : NULL;
	bool good;

	if (config_setting_is_group(s) && config_is_group(c, name))
		good = apply_group(c, src, s, name);
	else if (config_setting_is_scalar(s) || config_find(c, name))
		good = apply_scalar(c, name, s, where);
	else
		good = config_unknown(c, name, where);
	free(name);
	free(where);
	return good;
}

static bool apply_group(struct config *c, const struct source *src, const config_setting_t *group,
			const char *path)
{
	for (int i = 0; i < config_setting_length(group); i++)
		if (!apply_member(c, src, config_setting_get_elem(group, (unsigned)i), path))
			return false;
	return true;
}

static bool apply(struct config *c, const struct source *src, const char *prefix)
{
	config_t parsed;
	bool good;

	config_init(&parsed);
	if (config_read_string(&parsed, src->text))
		good = apply_group(c, src, config_root_setting(&parsed), prefix);
	else
		good = config_fail(c, "%s:%d: %s", src->name ? src->name : "default",
				   config_error_line(&parsed), config_error_text(&parsed));
	config_destroy(&parsed);
	return good;
}

static bool read_source(struct config *c, struct source *src, const char *prefix)
{
	if (memchr(src->text, 0, src->len))
		return config_fail(c, "%s: this is not a text file, let alone a configuration", src->name);
	return lex(c, src) && apply(c, src, prefix);
}

bool config_read_text(struct config *c, const char *name, const char *text, size_t len, const char *prefix)
{
	struct source src = { .name = name, .kind = "machines", .text = xmalloc(len + 1), .len = len };
	bool good;

	memcpy(src.text, text, len);
	src.text[len] = 0;
	good = read_source(c, &src, prefix);
	free(src.text);
	return good;
}

static bool read_builtin(struct config *c, const char *kind, const struct builtin_file *b, u32 depth)
{
	struct source src = { .name = b->path, .kind = kind, .depth = depth, .builtin = true };
	bool good;

	src.text = xstrdup(b->text);
	src.len = strlen(b->text);
	good = read_source(c, &src, "");
	free(src.text);
	return good;
}

/* Reads all of an open file; NULL and c->error if that is not a configuration's size. */
static char *slurp(struct config *c, const char *path, FILE *f, size_t *len)
{
	char *text = xmalloc(MAX_FILE + 1);

	*len = fread(text, 1, MAX_FILE + 1, f);
	if (ferror(f))
		config_fail(c, "%s: cannot be read: %s", path, strerror(errno));
	else if (!*len)
		config_fail(c, "%s: the file is empty", path);
	else if (*len > MAX_FILE)
		config_fail(c, "%s: the file is larger than 1 MB: this is no configuration", path);
	else {
		text[*len] = 0;
		return text;
	}
	free(text);
	return NULL;
}

static bool read_path(struct config *c, const char *kind, const char *path, u32 depth)
{
	struct source src = { .name = path, .kind = kind, .depth = depth };
	FILE *f = fopen(path, "r");
	bool good;

	if (!f)
		return config_fail(c, "%s: cannot be opened: %s", path, strerror(errno));
	src.text = slurp(c, path, f, &src.len);
	fclose(f);
	good = src.text && read_source(c, &src, "");
	free(src.text);
	return good;
}

static bool unknown_name(struct config *c, const char *kind, const char *name)
{
	size_t len = strlen(kind);
	char *list = xstrdup("");

	for (const struct builtin_file *b = builtin_files; b->path; b++) {
		char *longer;

		if (strncmp(b->path, kind, len) || b->path[len] != '/')
			continue;
		longer = xasprintf("%s%s%.*s", list, *list ? ", " : "",
				   (int)(strlen(b->path + len + 1) - strlen(".cfg")), b->path + len + 1);
		free(list);
		list = longer;
	}
	config_fail(c, "no %.*s is called \"%s\"; there are %s (a file is given as ./%s.cfg)", (int)len - 1,
		    kind, name, list, name);
	free(list);
	return false;
}

bool config_read_named(struct config *c, const char *kind, const char *name)
{
	size_t len = strlen(name);
	const struct builtin_file *b;
	char *path;

	if (strchr(name, '/') || (len > 4 && !strcmp(name + len - 4, ".cfg")))
		return read_path(c, kind, name, 0);
	path = xasprintf("%s/%s.cfg", kind, name);
	b = find_builtin(path);
	free(path);
	return b ? read_builtin(c, kind, b, 0) : unknown_name(c, kind, name);
}
