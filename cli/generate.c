/*
 * mmsim generate KIND -o FILE [--size 48K] [--pages N] [--count N] [--stride N] [--stores PERCENT]
 * [--threads N] [--cpus N] [--live N] [--order N] [--object 192] [--cache NAME] [--touch 64] [--seed N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "model/base/error.h"
#include "model/sim/config.h"
#include "traces/generate/generate.h"

static const struct opt_section sections[] = {
	{ "", generate_keys, 0, "what is generated", NULL },
	{ 0 },
};

#define COLUMNS 98

/* A term and what it means, wrapped beside it. */
static void print_term(FILE *f, const char *term, u32 column, const char *text)
{
	int at = fprintf(f, "%-*s", (int)column, term);
	const char *end;

	for (; *text; text = end) {
		text += strspn(text, " ");
		end = text + strcspn(text, " ");
		if (at + 1 + (int)(end - text) > COLUMNS)
			at = fprintf(f, "\n%*s", (int)column, "") - 1;
		at += fprintf(f, " %.*s", (int)(end - text), text);
	}
	fputc('\n', f);
}

static void print_kind(FILE *f, const struct generator *g)
{
	char *term = xasprintf("  %s", g->name);

	print_term(f, term, 17, g->help);
	free(term);
}

static void print_key(FILE *f, const struct opt *o)
{
	char *term = xasprintf("      --%s", o->name);
	char *text = xasprintf("%s%s%s (%s)", o->unit ? o->unit : "", o->unit && *o->unit ? " " : "", o->help,
			       o->def ? o->def : "");

	print_term(f, term, 20, text);
	free(term);
	free(text);
}

static void usage(FILE *f)
{
	const struct generator *const *g;
	const struct opt *o;

	fprintf(f, "usage: mmsim generate KIND -o FILE [--OPTION VALUE]...\n\nKinds:\n");
	for (g = generators; *g; g++)
		print_kind(f, *g);
	fprintf(f, "\nExamples:\n");
	for (g = generators; *g; g++)
		if ((*g)->example)
			fprintf(f, "  mmsim generate %s -o FILE %s\n", (*g)->name, (*g)->example);
	fprintf(f, "\nOptions:\n"
		   "  -o, --output FILE  the recording; .gz compresses; - is standard output\n");
	for (o = generate_keys; o->name; o++)
		print_key(f, o);
	fputs("  -h, --help         this text\n", f);
}

static const struct generator *find(const char *name)
{
	const struct generator *g = generator_find(name);

	if (!g)
		die("generate: \"%s\" is no kind of recording that can be made; `mmsim generate --help` "
		    "lists them",
		    name);
	return g;
}

static bool is_key(const struct config *c, const char *name)
{
	char *value = config_get(c, name);

	free(value);
	return value;
}

/* "--size" "48K" becomes the assignment size=48K. */
static void set(struct config *c, const char *option, const char *value)
{
	char *assignment;

	if (strncmp(option, "--", 2) || !is_key(c, option + 2))
		die("generate: \"%s\" was not expected; `mmsim generate --help` lists the options", option);
	if (!value)
		die("generate: %s needs a value", option);
	assignment = xasprintf("%s=%s", option + 2, value);
	config_set(c, assignment);
	free(assignment);
}

/* What the command line says; *kind and *out stay NULL if it does not tell them. False: it asks for help. */
static bool parse(struct config *c, int argc, char **argv, const char **kind, const char **out)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return false;
		if (argv[i][0] != '-' && !*kind) {
			*kind = argv[i];
		} else if ((!strcmp(argv[i], "-o") || !strcmp(argv[i], "--output")) && i + 1 < argc) {
			*out = argv[++i];
		} else {
			set(c, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		}
	}
	return true;
}

static void make_trace(const struct generate_opts *o, const char *kind, const char *out)
{
	char err[TR_ERRBUF];

	if (o->stride > o->size)
		die("generate: a stride of %llu bytes is more than the size", (unsigned long long)o->stride);
	if (!generate(find(kind), o, out, err))
		fail("generate: %s", err);
}

int cmd_generate(int argc, char **argv)
{
	struct generate_opts o;
	struct config *c = config_new(sections, &o);
	const char *kind = NULL, *out = NULL;
	bool help = !parse(c, argc, argv, &kind, &out), usable = kind && out;

	if (!help && usable)
		make_trace(&o, kind, out);
	else
		usage(help ? stdout : stderr);
	config_free(c);
	return help || usable ? 0 : 2;
}
