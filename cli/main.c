#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "model/base/error.h"
#include "model/sim/suggest.h"

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "record", cmd_record, "run a program and record its memory accesses" },
	{ "replay", cmd_replay, "replay recordings through a modelled machine" },
	{ "plot", cmd_plot, "draw pictures of replayed runs" },
	{ "report", cmd_report, "write one HTML page about a run or a sweep" },
	{ "sweep", cmd_sweep, "replay every point of a sweep of settings, recordings and seeds" },
	{ "compare", cmd_compare, "say what differs between two runs" },
	{ "info", cmd_info, "say what is in a trace" },
	{ "mrc", cmd_mrc, "miss-ratio curves and working sets of recordings, of caches of every size" },
	{ "kmem", cmd_kmem, "replay a kernel's page allocator through the modelled per-CPU lists" },
	{ "convert", cmd_convert, "write a trace in another format" },
	{ "generate", cmd_generate, "make a synthetic recording: a pointer chase, a page walk, a stream" },
	{ "config", cmd_config, "show machines, kernels, keys, counters, and what settings come to" },
};

static void usage(FILE *f)
{
	fputs("usage: mmsim VERB [OPTION]... [ARGUMENT]...\n\n"
	      "Replays recorded memory accesses through a model of a machine and its kernel.\n\n",
	      f);
	for (u32 i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].help);
	fputs("\nmmsim VERB --help tells more, with examples. mmsim --version prints the version.\n"
	      "Exit status: 0, 1 if something failed, 2 if usage or input are wrong.\n",
	      f);
}

void cli_print_json(json_t *all)
{
	if (!all || json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER))
		fail("cannot write JSON: are all names UTF-8?");
	putchar('\n');
	json_decref(all);
}

static const struct verb *find_verb(const char *name)
{
	struct suggest near;

	suggest_init(&near, name);
	for (u32 i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
		suggest_offer(&near, verbs[i].name);
	}
	if (near.best)
		die("there is no verb \"%s\"; did you mean \"%s\"?", name, near.best);
	die("there is no verb \"%s\"; `mmsim --help` lists the verbs", name);
}

/* What was printed must have arrived, or a full disk would look like success. */
static int run(const struct verb *v, int argc, char **argv)
{
	int status = v->run(argc, argv);

	if (fflush(stdout) || ferror(stdout))
		fail("standard output cannot be written: %s", strerror(errno));
	return status;
}

/* mmsim help VERB */
static int help(const char *word)
{
	const struct verb *v = find_verb(word);
	char *argv[] = { (char *)v->name, "--help", NULL };

	return run(v, 2, argv);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word) {
		usage(stderr);
		return 2;
	}
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) {
		if (argc > 2)
			return help(argv[2]);
		usage(stdout);
		return 0;
	}
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		puts("mmsim " MMSIM_VERSION);
		return 0;
	}
	return run(find_verb(word), argc - 1, argv + 1);
}
