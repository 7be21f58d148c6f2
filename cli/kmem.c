/*
 * mmsim kmem [--zoneinfo FILE] [--linux VERSION] [--json] [--keep-going] RECORDING
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/kmem_report.h"
#include "cli/cli.h"
#include "model/base/error.h"

static void usage(FILE *f)
{
	fputs("usage: mmsim kmem [OPTION]... RECORDING\n\n"
	      "Replays a kernel's own page-allocator events through the modelled per-CPU lists and\n"
	      "buddy, and says what the model refilled and drained beside what the kernel did.\n\n"
	      "RECORDING is text of `perf script`, plain or compressed, of the tracepoints\n"
	      "kmem:mm_page_alloc, mm_page_free, mm_page_free_batched, mm_page_alloc_zone_locked and\n"
	      "mm_page_pcpu_drain of all CPUs of a kernel of 6.7 on; - is standard input.\n"
	      "configs/experiments/kmem.sh makes one and replays it.\n\n"
	      "  -z, --zoneinfo FILE  /proc/zoneinfo as it was when the recording began; without it\n"
	      "                       X.zoneinfo.before of a recording X.kmem.txt or X.kmem.txt.xz\n"
	      "  -l, --linux VERSION  of the kernel, as of `uname -r`; default the rules of 6.16 and later\n"
	      "      --json           one flat object instead of the table\n"
	      "      --keep-going     leave out damaged lines\n"
	      "  -h, --help           this text\n\n"
	      "Examples:\n"
	      "  mmsim kmem tests/data/kmem/tf64.kmem.txt.xz\n"
	      "  mmsim kmem --json --linux 6.12 -z zoneinfo.before kmem.txt\n",
	      f);
}

/* The file beside the recording. */
static char *find_zoneinfo(const char *recording)
{
	const char *end = strstr(recording, ".kmem.txt");
	char *path = NULL;

	if (end)
		path = xasprintf("%.*s.zoneinfo.before", (int)(end - recording), recording);
	if (!path || access(path, R_OK))
		die("%s: --zoneinfo FILE is needed: /proc/zoneinfo when the recording began", recording);
	return path;
}

struct args {
	const char *recording, *zoneinfo;
	bool before_6_16, keep_going, json;
};

/* Whether its rules are those of 6.7 to 6.15. */
static bool parse_version(const char *text)
{
	unsigned major, minor;

	if (sscanf(text, "%u.%u", &major, &minor) != 2)
		die("--linux %s: not a version such as 6.12", text);
	if (major < 6 || (major == 6 && minor < 7))
		die("--linux %s: per-CPU lists as they are modelled here came with 6.7", text);
	return major == 6 && minor < 16;
}

static void replay(const struct args *a)
{
	struct kmem_zoneinfo *info = xcalloc(1, sizeof(*info));
	char *found = a->zoneinfo ? NULL : find_zoneinfo(a->recording), err[KMEM_ERRBUF];
	const char *zoneinfo = found ? found : a->zoneinfo;
	struct kmem_recording rec;
	struct kmem_replay r;

	if (!kmem_zoneinfo_read(info, zoneinfo, err))
		die("%s: %s", zoneinfo, err);
	kmem_recording_read(&rec, a->recording, info, a->keep_going);
	if (!rec.n)
		die("%s: no event of the page allocator in it", a->recording);
	kmem_replay_run(&r, &rec, info, a->before_6_16);
	if (a->json)
		kmem_report_json(stdout, &r);
	else
		kmem_report_table(stdout, &r, a->recording);
	kmem_replay_fini(&r);
	kmem_recording_fini(&rec);
	free(info);
	free(found);
}

int cmd_kmem(int argc, char **argv)
{
	enum { JSON = 256, KEEP_GOING };
	static const struct option options[] = {
		{ "zoneinfo", required_argument, NULL, 'z' }, { "linux", required_argument, NULL, 'l' },
		{ "json", no_argument, NULL, JSON },          { "keep-going", no_argument, NULL, KEEP_GOING },
		{ "help", no_argument, NULL, 'h' },           { 0 },
	};
	struct args a = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "z:l:h", options, NULL)) != -1) {
		switch (c) {
		case 'z':
			a.zoneinfo = optarg;
			break;
		case 'l':
			a.before_6_16 = parse_version(optarg);
			break;
		case JSON:
			a.json = true;
			break;
		case KEEP_GOING:
			a.keep_going = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc)
		die("one recording is needed; `mmsim kmem --help` tells more");
	a.recording = argv[optind];
	replay(&a);
	return 0;
}
