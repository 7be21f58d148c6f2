/* mmsim config: what can be configured and counted, and what a machine, a kernel and settings come to. */
#include "cli/cli.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "model/core/host.h"
#include "model/core/machine.h"
#include "model/sim/config.h"

static void usage(FILE *f)
{
	fputs("usage: mmsim config [OPTION]...\n\n"
	      "Without options: every key with its default, what it means, its unit, and what is allowed.\n"
	      "With -m, -k or -s: the configuration that these come to, and where each value comes from.\n\n"
	      "  -m, --machine NAME   a built-in machine or a file NAME.cfg; default " DEFAULT_MACHINE "\n"
	      "  -k, --kernel NAME    a built-in kernel or a file NAME.cfg; default " DEFAULT_KERNEL "\n"
	      "  -s, --set KEY=VALUE  override a key\n"
	      "      --dump           write it as a configuration file\n"
	      "      --list           machines and kernels that are built in\n"
	      "      --host           write a machine file for this machine, from cpuid and sysfs\n"
	      "      --counters       every counter of such a machine, with unit and meaning; [state]: it\n"
	      "                       does not count events\n"
	      "      --json           what would be printed, as JSON; not with --dump and --host\n"
	      "  -h, --help           this text\n\n"
	      "Examples:\n"
	      "  mmsim config -m zen4 -s l1d.size=16K\n"
	      "  mmsim config -m zen4 --json | jq '.[\"l1d.size\"].value'\n"
	      "  mmsim config -m zen4 --dump >mine.cfg          to edit, for -m ./mine.cfg\n"
	      "  mmsim config --host >host.cfg                  for -m ./host.cfg\n",
	      f);
}

enum action { HELP_KEYS, EFFECTIVE, DUMP, LIST, COUNTERS, HOST };

/* "# Zen 4 as in ..." begins every file: its first line without the mark. */
static void list_kind(const char *kind, const char *title)
{
	size_t len = strlen(kind);

	printf("%s\n", title);
	for (const struct builtin_file *b = builtin_files; b->path; b++) {
		const char *name = b->path + len, *line = b->text + strspn(b->text, "# ");

		if (!strncmp(b->path, kind, len))
			printf("  %-16.*s %.*s\n", (int)(strlen(name) - strlen(".cfg")), name,
			       (int)strcspn(line, "\n"), line);
	}
}

static void list(void)
{
	list_kind("machines/", "Machines, for -m:");
	list_kind("kernels/", "\nKernels, for -k:");
}

static void write_host(void)
{
	struct host h = { 0 };

	host_read_files(&h, "");
	host_read_cpuid(&h);
	host_write(&h, stdout);
}

static void print_key(void *arg, const char *key, const char *value, const char *where)
{
	printf("%-28s %-14s %s\n", key, *value ? value : "\"\"", where);
}

struct printing {
	const struct stats *stats;
	u32 n;
};

static void print_counter(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	struct printing *p = arg;

	printf("%-36s %-13s %s%s\n", name, unit, help, stats_is_level(p->stats, p->n++) ? " [state]" : "");
}

static void print_counters(const struct machine_cfg *cfg)
{
	struct machine *m = machine_new(cfg, 0);

	stats_each(m->stats, print_counter, &(struct printing){ .stats = m->stats });
	machine_free(m);
}

enum { OPT_DUMP = 256, OPT_LIST, OPT_COUNTERS, OPT_HOST, OPT_JSON };
static const struct option options[] = {
	{ "machine", required_argument, NULL, 'm' }, { "kernel", required_argument, NULL, 'k' },
	{ "set", required_argument, NULL, 's' },     { "dump", no_argument, NULL, OPT_DUMP },
	{ "list", no_argument, NULL, OPT_LIST },     { "counters", no_argument, NULL, OPT_COUNTERS },
	{ "host", no_argument, NULL, OPT_HOST },     { "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },          { 0 },
};

struct args {
	enum action action;
	const char *machine, *kernel;
	const char **settings;
	u32 n_settings;
	bool json;
};

static void take_option(struct args *a, int opt)
{
	switch (opt) {
	case 'm':
		a->machine = optarg;
		break;
	case 'k':
		a->kernel = optarg;
		break;
	case 's':
		a->settings[a->n_settings++] = optarg;
		break;
	case OPT_JSON:
		a->json = true;
		return;
	case OPT_DUMP:
		a->action = DUMP;
		return;
	case OPT_LIST:
		a->action = LIST;
		return;
	case OPT_COUNTERS:
		a->action = COUNTERS;
		return;
	case OPT_HOST:
		a->action = HOST;
		return;
	default:
		die("`mmsim config --help` lists the options");
	}
	a->action = MAX(a->action, EFFECTIVE);
}

struct config *cli_configure(struct machine_cfg *cfg, const char *machine, const char *kernel,
			     const char *const *settings, unsigned n_settings)
{
	struct config *c = config_new(machine_sections, cfg);

	if (!kernel)
		config_load(c, "kernels", DEFAULT_KERNEL);
	config_load(c, "machines", machine ? machine : DEFAULT_MACHINE);
	if (kernel)
		config_load(c, "kernels", kernel);
	for (unsigned i = 0; i < n_settings; i++)
		config_set(c, settings[i]);
	machine_check(cfg, c);
	return c;
}

/* ---- as JSON ---- */

static json_t *list_kind_json(const char *kind)
{
	size_t len = strlen(kind);
	json_t *all = json_array();
	const struct builtin_file *b;

	for (b = builtin_files; b->path; b++) {
		const char *name = b->path + len, *line = b->text + strspn(b->text, "# ");
		char *short_name, *about;

		if (strncmp(b->path, kind, len))
			continue;
		short_name = xasprintf("%.*s", (int)(strlen(name) - strlen(".cfg")), name);
		about = xasprintf("%.*s", (int)strcspn(line, "\n"), line);
		json_array_append_new(all, json_pack("{ss ss}", "name", short_name, "about", about));
		free(short_name);
		free(about);
	}
	return all;
}

/* "group.NAME.limit" of group.*1.limit: the name is the user's. A new string. */
static char *shown_key(const char *key)
{
	const char *star = strchr(key, '*');

	return star ? xasprintf("%.*sNAME%s", (int)(star - key), key,
				star + 1 + strspn(star + 1, "0123456789"))
		    : xstrdup(key);
}

static json_t *key_json(const struct config *c, const char *prefix, const struct opt *o)
{
	char *key = xasprintf("%s%s%s", prefix, *prefix ? "." : "", o->name), *range = opt_range(o);
	char *value = config_get(c, key), *shown = shown_key(key);
	json_t *j = json_pack("{ss ss ss ss ss}", "key", shown, "default", value ? value : "", "unit",
			      o->unit ? o->unit : "", "allowed", range, "help", o->help);

	free(key);
	free(shown);
	free(range);
	free(value);
	return j;
}

static json_t *keys_json(void)
{
	struct machine_cfg cfg;
	struct config *c = config_new(machine_sections, &cfg);
	const struct opt_section *s;
	json_t *all = json_array();
	const struct opt *o;

	for (s = machine_sections; s->prefix; s++)
		for (o = s->opts; s->help && o->name; o++) /* repeats of a group have none */
			json_array_append_new(all, key_json(c, s->prefix, o));
	config_free(c);
	return all;
}

static void add_key(void *arg, const char *key, const char *value, const char *where)
{
	json_object_set_new(arg, key, json_pack("{ss ss}", "value", value, "from", where));
}

struct counters_json {
	json_t *all;
	const struct stats *stats;
	u32 n;
};

static void add_counter(void *arg, const char *name, u64 value, const char *unit, const char *help)
{
	struct counters_json *c = arg;

	json_array_append_new(c->all, json_pack("{ss ss ss sb}", "name", name, "unit", unit, "help", help,
						"state", stats_is_level(c->stats, c->n++)));
}

static json_t *effective_json(const struct args *a)
{
	struct machine_cfg cfg;
	struct config *c = cli_configure(&cfg, a->machine, a->kernel, a->settings, a->n_settings);
	json_t *all = a->action == COUNTERS ? json_array() : json_object();
	struct machine *m;

	if (a->action == COUNTERS) {
		m = machine_new(&cfg, 0);
		stats_each(m->stats, add_counter, &(struct counters_json){ .all = all, .stats = m->stats });
		machine_free(m);
	} else {
		config_each(c, add_key, all);
	}
	config_free(c);
	return all;
}

static void print_json(const struct args *a)
{
	switch (a->action) {
	case HELP_KEYS:
		cli_print_json(keys_json());
		break;
	case LIST:
		cli_print_json(json_pack("{so so}", "machines", list_kind_json("machines/"), "kernels",
					 list_kind_json("kernels/")));
		break;
	case DUMP:
	case HOST:
		die("config: --dump and --host write configuration files, not JSON");
	default:
		cli_print_json(effective_json(a));
	}
}

static void effective(const struct args *a)
{
	struct machine_cfg cfg;
	struct config *c = cli_configure(&cfg, a->machine, a->kernel, a->settings, a->n_settings);

	if (a->action == COUNTERS)
		print_counters(&cfg);
	else if (a->action == DUMP)
		config_dump(c, stdout);
	else
		config_each(c, print_key, NULL);
	config_free(c);
}

int cmd_config(int argc, char **argv)
{
	struct args a = { .settings = xcalloc((size_t)argc, sizeof(char *)) };
	int opt;

	while ((opt = getopt_long(argc, argv, "m:k:s:h", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			free(a.settings);
			return 0;
		}
		take_option(&a, opt);
	}
	if (optind < argc)
		die("config: \"%s\" was not expected; `mmsim config --help` lists the options", argv[optind]);
	if (a.json)
		print_json(&a);
	else if (a.action == HELP_KEYS)
		config_help(machine_sections, stdout);
	else if (a.action == LIST)
		list();
	else if (a.action == HOST)
		write_host();
	else
		effective(&a);
	free(a.settings);
	return 0;
}
