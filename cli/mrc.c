/*
 * mmsim mrc [--line BYTES] [--pages SIZES] [--kind KINDS] [--sample RATE] [--per-thread] [-o DIR]
 * RECORDING...
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/format.h"
#include "analysis/mrc_csv.h"
#include "analysis/mrc_report.h"
#include "analysis/out.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "model/base/error.h"

#define MIN_LINE 4u
#define MAX_LINE (1u << 16)
#define MIN_PAGE (1u << 10)
#define MAX_PAGE (1u << 30)

static void usage(FILE *f)
{
	fputs("usage: mmsim mrc [OPTION]... RECORDING...\n\n"
	      "Miss-ratio curves and working sets of recordings, in one pass and without a machine: how\n"
	      "often a cache or TLB of any size misses, fully associative, least recently used replaced,\n"
	      "filled by loads and stores alike. - is standard input.\n\n"
	      "References are the program's own, as an L1 counts them (one in each line that is touched);\n"
	      "the kernel's and software prefetches are left out, and an atomic is one. Threads follow each\n"
	      "other in the order of the recording's packets. Each process has lines and pages of its "
	      "own.\n\n"
	      "      --kind KINDS     of data, fetch, and all (both in one cache), some joined by commas;\n"
	      "                       default data,fetch\n"
	      "      --line BYTES     a power of two; default 64\n"
	      "      --pages SIZES    of pages, joined by commas, or none; default 4K,2M\n"
	      "      --sample RATE    follow only that share of the lines (0.1, 1%) and estimate, with a\n"
	      "                       bound that holds with a chance of about 99.7 %; pages stay exact\n"
	      "      --seed N         choose other lines; default 1\n"
	      "      --per-thread     each thread a stream and a curve of its own\n"
	      "  -o, --output DIR     write mrc.csv (misses by capacity), ws.csv (mean working set by\n"
	      "                       window) and mrc.json there; for `mmsim plot mrc` and `plot ws`\n"
	      "      --json           one object instead of the table\n"
	      "      --keep-going     step over what is damaged\n"
	      "      --format NAME    do not guess the recording's format\n"
	      "  -q, --quiet          no table, no progress\n"
	      "  -h, --help           this text\n\n"
	      "Examples:\n"
	      "  mmsim mrc sort.mmtrace.gz                          the table\n"
	      "  mmsim mrc sort.mmtrace.gz -o sort.mrc              and the curves\n"
	      "  mmsim plot mrc sort.mrc                            their picture\n"
	      "  mmsim mrc --kind all --pages none --sample 1% big.mmtrace.gz\n",
	      f);
}

struct args {
	struct mrc_cfg cfg;
	struct trace_opts trace;
	const char *dir;
	bool json, quiet;
};

/* What is written while recordings are read. */
struct outputs {
	struct out mrc, ws;
	json_t *recordings;
};

/* ---- options ---- */

/* "64", "4K" */
static u32 parse_size(const char *option, const char *text, u32 low, u32 high, const char *range)
{
	static const char suffix[] = "KMG";
	char *end = (char *)text;
	const char *found;
	u64 n = 0;

	if (*text >= '0' && *text <= '9')
		n = strtoull(text, &end, 10);
	found = *end ? strchr(suffix, *end) : NULL;
	if (found && n < 1u << 20) {
		n <<= 10 * (found - suffix + 1);
		end++;
	}
	if (*end || n < low || n > high || n & (n - 1))
		die("%s %s: not a power of two %s, such as 64 or 4K", option, text, range);
	return (u32)n;
}

static void parse_pages(struct mrc_cfg *c, const char *text)
{
	char *list = xstrdup(text), *save = NULL, *word;

	c->n_units = 1;
	if (!strcmp(text, "none"))
		list[0] = 0;
	for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (c->n_units == MRC_MAX_UNITS)
			die("--pages: at most %u sizes", MRC_MAX_UNITS - 1);
		c->unit[c->n_units++] = parse_size("--pages", word, MIN_PAGE, MAX_PAGE, "from 1K to 1G");
	}
	free(list);
}

static void parse_kinds(struct mrc_cfg *c, const char *text)
{
	char *list = xstrdup(text), *save = NULL, *word;
	u32 kind;

	memset(c->kind, 0, sizeof(c->kind));
	for (word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		for (kind = 0; kind < NR_MRC_KINDS && strcmp(word, mrc_kind_name[kind]); kind++)
			;
		if (kind == NR_MRC_KINDS)
			die("--kind %s: there are data, fetch and all", word);
		c->kind[kind] = true;
	}
	free(list);
}

/* "0.01" or "1%". */
static double parse_rate(const char *text)
{
	char *end;
	double rate = strtod(text, &end);

	if (end != text && *end == '%') {
		rate /= 100;
		end++;
	}
	if (end == text || *end || !(rate >= 1e-6) || rate > 1)
		die("--sample %s: not a share from 0.000001 to 1, such as 0.01 or 1%%", text);
	return rate;
}

static u64 parse_seed(const char *text)
{
	char *end;
	u64 n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end)
		die("--seed %s: not a number", text);
	return n;
}

/* ---- reading ---- */

static void read_packets(struct mrc *m, struct trace *t, bool quiet)
{
	struct tr_cursor *c = tr_cursor_new(t);
	struct progress progress;
	enum trace_status status;
	struct trace_packet *p;

	progress_begin(&progress, quiet);
	while ((status = trace_next(t, &p)) == TRACE_OK) {
		mrc_packet(m, t, c, p);
		trace_packet_free(t, p);
		progress_show(&progress, m->references, trace_bytes_read(t), trace_bytes_total(t));
	}
	progress_end(&progress);
	tr_cursor_free(c);
	if (status == TRACE_ERROR)
		die("%s", trace_error(t));
	if (trace_lost(t))
		warn("%s: %llu damaged pieces were skipped", trace_path(t),
		     (unsigned long long)trace_lost(t));
}

static void write_results(const struct mrc *m, const char *recording, const struct args *a, struct outputs *o)
{
	if (a->dir) {
		mrc_csv_rows(o->mrc.f, m, recording);
		ws_csv_rows(o->ws.f, m, recording);
	}
	json_array_append_new(o->recordings, mrc_report_json(m, recording));
	if (!a->json && !a->quiet)
		mrc_report_table(stdout, m, recording);
}

static void one_recording(const char *path, const struct args *a, struct outputs *o)
{
	char err[TR_ERRBUF];
	struct trace *t = trace_open(path, &a->trace, err);
	struct mrc m;

	if (!t)
		die("%s", err);
	mrc_init(&m, &a->cfg);
	read_packets(&m, t, a->quiet);
	if (!m.references)
		die("%s: there are no accesses in it", path);
	mrc_finish(&m);
	write_results(&m, format_base(path), a, o);
	mrc_fini(&m);
	trace_close(t);
}

/* ---- writing ---- */

static void open_outputs(struct outputs *o, const char *dir)
{
	o->recordings = json_array();
	if (!dir)
		return;
	if (mkdir(dir, 0777) && errno != EEXIST)
		fail("cannot make the directory '%s': %s", dir, strerror(errno));
	out_open(&o->mrc, dir, MRC_FILE);
	out_open(&o->ws, dir, WS_FILE);
	mrc_csv_head(o->mrc.f);
	ws_csv_head(o->ws.f);
}

static void close_outputs(struct outputs *o, const struct args *a)
{
	json_t *all = json_pack("{s:s, s:f, s:I, s:b, s:o}", "mmsim", MMSIM_VERSION, "sample", a->cfg.rate,
				"seed", (json_int_t)a->cfg.seed, "per_thread", a->cfg.per_thread,
				"recordings", o->recordings);
	struct out json;

	if (a->json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	if (a->dir) {
		out_close(&o->mrc);
		out_close(&o->ws);
		out_open(&json, a->dir, "mrc.json");
		json_dumpf(all, json.f, JSON_INDENT(2));
		fputc('\n', json.f);
		out_close(&json);
	}
	json_decref(all);
}

static void run(const struct args *a, char **paths, int n)
{
	struct outputs o;
	int i;

	open_outputs(&o, a->dir);
	for (i = 0; i < n; i++) {
		if (i && !a->json && !a->quiet)
			putchar('\n');
		one_recording(paths[i], a, &o);
	}
	close_outputs(&o, a);
}

enum {
	OPT_KIND = 256,
	OPT_LINE,
	OPT_PAGES,
	OPT_SAMPLE,
	OPT_SEED,
	OPT_THREAD,
	OPT_JSON,
	OPT_KEEP,
	OPT_FORMAT
};
static const struct option options[] = {
	{ "kind", required_argument, NULL, OPT_KIND },
	{ "line", required_argument, NULL, OPT_LINE },
	{ "pages", required_argument, NULL, OPT_PAGES },
	{ "sample", required_argument, NULL, OPT_SAMPLE },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "per-thread", no_argument, NULL, OPT_THREAD },
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "keep-going", no_argument, NULL, OPT_KEEP },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool take_option(struct args *a, int opt)
{
	switch (opt) {
	case OPT_KIND:
		parse_kinds(&a->cfg, optarg);
		break;
	case OPT_LINE:
		a->cfg.unit[0] = parse_size("--line", optarg, MIN_LINE, MAX_LINE, "from 4 to 64K");
		break;
	case OPT_PAGES:
		parse_pages(&a->cfg, optarg);
		break;
	case OPT_SAMPLE:
		a->cfg.rate = parse_rate(optarg);
		break;
	case OPT_SEED:
		a->cfg.seed = parse_seed(optarg);
		break;
	case OPT_THREAD:
		a->cfg.per_thread = true;
		break;
	case OPT_JSON:
		a->json = true;
		break;
	case OPT_KEEP:
		a->trace.keep_going = true;
		break;
	case OPT_FORMAT:
		a->trace.format = optarg;
		break;
	case 'o':
		a->dir = optarg;
		break;
	case 'q':
		a->quiet = true;
		break;
	default:
		return false;
	}
	return true;
}

int cmd_mrc(int argc, char **argv)
{
	struct args a = { .cfg = { .kind = { [MRC_DATA] = true, [MRC_FETCH] = true },
				   .unit = { 64, 4096, 1u << 21 },
				   .n_units = 3,
				   .rate = 1,
				   .seed = 1 } };
	int opt;

	while ((opt = getopt_long(argc, argv, "o:qh", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		if (!take_option(&a, opt))
			return 2;
	}
	if (optind == argc)
		die("name a recording; `mmsim mrc --help` tells more");
	run(&a, argv + optind, argc - optind);
	return 0;
}
