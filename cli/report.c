/* mmsim report: one HTML file about a run or a sweep. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "plots/report.h"

static void usage(FILE *f)
{
	fputs("usage: mmsim report [-o FILE.html] RUN|SWEEP\n\n"
	      "Writes one HTML file about a run, the directory that `mmsim replay -o` wrote, or about a "
	      "sweep: what\n"
	      "it was, where the cycles went and what stands out, then pictures with values under the "
	      "pointer,\n"
	      "tables that sort, the configuration, and how to reproduce it. The file loads nothing and can "
	      "be\n"
	      "sent about. With `replay --profile` it also has hot pages, lines and functions, with `replay\n"
	      "--interval` how it went over time.\n\n"
	      "  -o, --output FILE    default: report.html in the directory\n"
	      "  -q, --quiet          do not say where it is\n"
	      "  -h, --help           this text\n\n"
	      "Examples:\n"
	      "  mmsim replay ls.mmtrace.gz --profile --interval 1Minsns -o ls.out && mmsim report ls.out\n"
	      "  mmsim report l1d.sweep -o l1d.html\n",
	      f);
}

static const struct option options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

int cmd_report(int argc, char **argv)
{
	const char *output = NULL;
	char *path, *bad;
	bool quiet = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:qh", options, NULL)) != -1) {
		switch (opt) {
		case 'o':
			output = optarg;
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			die("'mmsim report --help' lists the options");
		}
	}
	if (argc - optind != 1)
		die("name one run or sweep: mmsim report DIR; 'mmsim report --help' tells more");
	path = output ? xstrdup(output) : xasprintf("%s/report.html", argv[optind]);
	bad = report_write(argv[optind], path, MMSIM_VERSION);
	if (bad)
		die("%s", bad);
	if (!quiet)
		printf("%s\n", path);
	free(path);
	return 0;
}
