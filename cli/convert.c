/* mmsim convert: a trace in another format, cut, joined, or made anonymous. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/amount.h"
#include "cli/cli.h"
#include "cli/convert.h"
#include "model/base/error.h"
#include "traces/capture_write.h"
#include "traces/trace.h"

/* Text, plain or gzip. */
struct text_out {
	gzFile gz;
	const char *path;
	char buf[1 << 16];
	u32 len;
};

struct text_format {
	const char *name;
	void (*insn)(struct text_out *out, u64 pc, u32 size);
	void (*data)(struct text_out *out, enum tr_kind kind, u64 addr, u32 size);
};

static void usage(FILE *f)
{
	fputs("usage: mmsim convert [OPTION]... IN OUT\n"
	      "       mmsim convert --merge PART... OUT\n\n"
	      "Writes the trace IN, of any format that can be read, to OUT. - is standard input, output.\n\n"
	      "  -t, --to NAME      capture, din, xdin or lackey; without it the end of OUT's name tells\n"
	      "                     (.din, .xdin, .lackey), else capture. A further .gz compresses\n"
	      "      --format NAME  do not guess IN's format\n"
	      "      --keep-going   step over what is damaged\n"
	      "      --from PLACE   a part: from a place on,\n"
	      "      --to PLACE     up to one: behind a mark, NAME or NAME#3, its third passing; or after so "
	      "many\n"
	      "                     instructions, 10M, of the main thread\n"
	      "      --merge        parts of one recording, in their order, become one again\n"
	      "      --anonymise[=[HOW,]KEY]  addresses are moved and names dropped, so that it can be shown "
	      "to\n"
	      "                     others. HOW: page, every page changes its place in its mapping but for "
	      "where\n"
	      "                     something lies across, and what is near stays near; region, only "
	      "aligned\n"
	      "                     2 MB do. KEY: a number to draw the places by; without it they are drawn\n"
	      "                     anew each time\n"
	      "  -h, --help         this text\n\n"
	      "The text formats hold accesses only, no events, of all threads in the order of the packets.\n"
	      "xdin and din know no atomics: one becomes a read and a write. din knows no sizes.\n\n"
	      "Examples:\n"
	      "  mmsim convert a.lackey a.mmtrace.gz\n"
	      "  mmsim convert --from main --to 200M a.mmtrace.gz part.mmtrace.gz\n"
	      "  mmsim convert --anonymise a.mmtrace.gz shared.mmtrace.gz\n",
	      f);
}

/* ---- text ---- */

static void text_flush(struct text_out *out)
{
	int code;

	if (out->len && gzwrite(out->gz, out->buf, out->len) != (int)out->len)
		fail("cannot write %s: %s", out->path, errno ? strerror(errno) : gzerror(out->gz, &code));
	out->len = 0;
}

static void text_line(struct text_out *out, const char *fmt, ...) printf_like(2, 3);
static void text_line(struct text_out *out, const char *fmt, ...)
{
	va_list ap;

	if (sizeof(out->buf) - out->len < 64)
		text_flush(out);
	va_start(ap, fmt);
	out->len += (u32)vsnprintf(out->buf + out->len, sizeof(out->buf) - out->len, fmt, ap);
	va_end(ap);
}

static void lackey_insn(struct text_out *out, u64 pc, u32 size)
{
	text_line(out, "I  %08" PRIx64 ",%u\n", pc, size);
}

static void lackey_data(struct text_out *out, enum tr_kind kind, u64 addr, u32 size)
{
	text_line(out, " %c %08" PRIx64 ",%u\n",
		  kind == TR_STORE    ? 'S'
		  : kind == TR_ATOMIC ? 'M'
				      : 'L',
		  addr, size);
}

static void xdin_insn(struct text_out *out, u64 pc, u32 size)
{
	text_line(out, "i %" PRIx64 " %x\n", pc, size);
}

static void xdin_data(struct text_out *out, enum tr_kind kind, u64 addr, u32 size)
{
	if (kind != TR_STORE)
		text_line(out, "r %" PRIx64 " %x\n", addr, size);
	if (kind == TR_STORE || kind == TR_ATOMIC)
		text_line(out, "w %" PRIx64 " %x\n", addr, size);
}

static void din_insn(struct text_out *out, u64 pc, u32 size)
{
	text_line(out, "2 %" PRIx64 "\n", pc);
}

static void din_data(struct text_out *out, enum tr_kind kind, u64 addr, u32 size)
{
	if (kind != TR_STORE)
		text_line(out, "0 %" PRIx64 "\n", addr);
	if (kind == TR_STORE || kind == TR_ATOMIC)
		text_line(out, "1 %" PRIx64 "\n", addr);
}

static const struct text_format text_formats[] = {
	{ "lackey", lackey_insn, lackey_data },
	{ "xdin", xdin_insn, xdin_data },
	{ "din", din_insn, din_data },
};

/* Instructions and data in the order in which they happen. Returns the number of addresses. */
static u32 put_run(struct text_out *out, const struct text_format *fmt, const struct tr_block *b,
		   const u64 *addr)
{
	u64 pc = b->pc;
	u32 insn, slot = 0;

	for (insn = 0; insn < b->n_insns; insn++) {
		fmt->insn(out, pc, b->insn_size[insn]);
		pc += b->insn_size[insn];
		for (; slot < b->n_slots && b->slot[slot].insn == insn; slot++)
			fmt->data(out, b->slot[slot].kind, addr[slot], b->slot[slot].size);
	}
	for (; slot < b->n_slots; slot++)
		fmt->data(out, b->slot[slot].kind, addr[slot], b->slot[slot].size);
	return b->n_slots;
}

/* Returns the number of events, which text cannot tell. */
static u64 put_packet(struct text_out *out, const struct text_format *fmt, struct trace *t,
		      struct tr_cursor *c, const struct trace_packet *p)
{
	struct tr_chunk chunk;
	u64 events = 0;

	tr_cursor_set(c, p);
	while (tr_cursor_next(c, &chunk)) {
		const u64 *addr = chunk.addr;
		u32 i;

		for (i = 0; i < chunk.n_runs; i++)
			addr += put_run(out, fmt, trace_block(t, chunk.block[i]), addr);
		if (chunk.event && chunk.event->kind == TR_EV_LOST)
			warn("%s: %s", trace_path(t),
			     chunk.event->name ? chunk.event->name : "something was lost");
		events += chunk.event != NULL;
	}
	return events;
}

static void open_text(struct text_out *out, const char *path)
{
	bool is_stdout = !strcmp(path, "-");
	size_t len = strlen(path);
	bool gzip = len > 3 && !strcmp(path + len - 3, ".gz");
	int fd = is_stdout ? dup(STDOUT_FILENO) : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	out->path = is_stdout ? "standard output" : path;
	if (fd < 0)
		fail("cannot create %s: %s", out->path, strerror(errno));
	out->gz = gzdopen(fd, gzip ? "wb6" : "wbT");
	ASSERT(out->gz);
}

static enum trace_status to_text(struct trace *t, const struct text_format *fmt, const char *path)
{
	struct text_out *out = xcalloc(1, sizeof(*out));
	struct tr_cursor *c = tr_cursor_new(t);
	struct trace_packet *p;
	enum trace_status status;
	u64 events = 0;

	open_text(out, path);
	while ((status = trace_next(t, &p)) == TRACE_OK) {
		events += put_packet(out, fmt, t, c, p);
		trace_packet_free(t, p);
	}
	text_flush(out);
	errno = 0;
	if (gzclose(out->gz) != Z_OK)
		fail("cannot write %s: %s", out->path, errno ? strerror(errno) : "compression failed");
	if (events)
		warn("%s: %" PRIu64 " events have no place in %s and were left out", trace_path(t), events,
		     fmt->name);
	tr_cursor_free(c);
	free(out);
	return status;
}

/* ---- captures ---- */

static enum trace_status to_capture(struct trace *t, const char *path)
{
	char err[TR_ERRBUF];
	struct capture_writer *w = capture_create(path, err);
	struct trace_packet *p;
	enum trace_status status;

	if (!w)
		fail("%s", err);
	while ((status = trace_next(t, &p)) == TRACE_OK) {
		if (!capture_write(w, p->bytes, p->len, p->insns))
			fail("%s", capture_write_error(w));
		trace_packet_free(t, p);
	}
	if (!capture_close(w, err))
		fail("%s", err);
	return status;
}

/* ---- the verb ---- */

static bool ends_in(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && s[len - n - 1] == '.' && !strncmp(s + len - n, end, n);
}

/* NULL: a capture. */
static const struct text_format *target(const char *to, const char *path)
{
	size_t len = strlen(path);
	u32 i;

	if (to && !strcmp(to, "capture"))
		return NULL;
	if (ends_in(path, len, "gz"))
		len -= 3;
	for (i = 0; i < ARRAY_SIZE(text_formats); i++)
		if (to ? !strcmp(to, text_formats[i].name) : ends_in(path, len, text_formats[i].name))
			return &text_formats[i];
	if (to)
		die("convert: nothing can be written as \"%s\"; there are capture, din, xdin and lackey", to);
	return NULL;
}

static void refuse_same_file(const char *in, const char *out)
{
	struct stat a, b;

	if (strcmp(in, "-") && strcmp(out, "-") && !stat(in, &a) && !stat(out, &b) && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino)
		die("convert: %s and %s are the same file", in, out);
}

/* "main", "main#3", "200M" */
static struct convert_place place(const char *option, char *text)
{
	struct convert_place p = { .given = true, .nth = 1 };
	char *hash = strrchr(text, '#'), *end;

	if (*text >= '0' && *text <= '9') {
		struct amount a = { 0 };

		if (strcmp(text, "0"))
			a = amount_parse(option, text, UNIT_INSNS, false);
		if (a.unit == UNIT_RUNS && a.n)
			die("%s: a place is told in instructions, or by a mark", option);
		p.insns = a.n;
		return p;
	}
	if (hash) {
		*hash = '\0';
		p.nth = strtoull(hash + 1, &end, 10);
		if (*end || !p.nth)
			die("%s: '%s' is not the number of a passing", option, hash + 1);
	}
	if (!*text)
		die("%s needs a number of instructions or the name of a mark", option);
	p.mark = text;
	return p;
}

static u64 any_key(void)
{
	u64 key = 0;
	FILE *f = fopen("/dev/urandom", "r");

	if (!f || fread(&key, sizeof(key), 1, f) != 1)
		fail("cannot read /dev/urandom: give a key, --anonymise=KEY");
	fclose(f);
	return key;
}

static u64 parse_key(const char *text)
{
	char *end;
	u64 key;

	errno = 0;
	key = strtoull(text, &end, 0);
	if (errno || *end || end == text || *text == '-')
		die("--anonymise: '%s' is not a number, nor page or region, which one may follow", text);
	return key;
}

struct args {
	struct trace_opts opts;
	const char *to_format;
	struct convert_place from, to;
	bool merge, anonymise, pages;
	u64 key;
};

/* "page,5", "region", "5"; NULL: nothing is said. */
static void take_anonymise(struct args *a, const char *text)
{
	static const char *const hows[] = { "region", "page" };
	u32 i;

	a->anonymise = a->pages = true;
	for (i = 0; text && i < ARRAY_SIZE(hows); i++) {
		size_t n = strlen(hows[i]);

		if (strncmp(text, hows[i], n) || (text[n] && text[n] != ','))
			continue;
		a->pages = i;
		text = text[n] ? text + n + 1 : NULL;
	}
	a->key = text ? parse_key(text) : any_key();
}

enum { OPT_FORMAT = 256, OPT_KEEP, OPT_FROM, OPT_TO, OPT_MERGE, OPT_ANONYMISE };
static const struct option options[] = {
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "keep-going", no_argument, NULL, OPT_KEEP },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "merge", no_argument, NULL, OPT_MERGE },
	{ "anonymise", optional_argument, NULL, OPT_ANONYMISE },
	{ "anonymize", optional_argument, NULL, OPT_ANONYMISE },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool is_format(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(text_formats); i++)
		if (!strcmp(name, text_formats[i].name))
			return true;
	return !strcmp(name, "capture");
}

static void take_option(struct args *a, int opt)
{
	switch (opt) {
	case 't':
		a->to_format = optarg;
		break;
	case OPT_FORMAT:
		a->opts.format = optarg;
		break;
	case OPT_KEEP:
		a->opts.keep_going = true;
		break;
	case OPT_FROM:
		a->from = place("--from", optarg);
		break;
	case OPT_TO: /* a format, too: no mark is called like one */
		if (is_format(optarg))
			a->to_format = optarg;
		else
			a->to = place("--to", optarg);
		break;
	case OPT_MERGE:
		a->merge = true;
		break;
	case OPT_ANONYMISE:
		take_anonymise(a, optarg);
		break;
	default:
		die("'mmsim convert --help' lists the options");
	}
}

/* Whatever format IN has becomes the one that OUT is to have. */
static void translate(const struct args *a, const struct text_format *fmt, const char *in, const char *out)
{
	char err[TR_ERRBUF];
	struct trace *t = trace_open(in, &a->opts, err);
	enum trace_status status;

	if (!t)
		die("%s", err);
	status = fmt ? to_text(t, fmt, out) : to_capture(t, out);
	if (status == TRACE_ERROR)
		die("%s", trace_error(t));
	if (trace_lost(t))
		warn("%s: %" PRIu64 " damaged pieces were skipped", trace_path(t), trace_lost(t));
	trace_close(t);
}

static void check_edit(const struct args *a, const struct text_format *fmt)
{
	bool cut = a->from.given || a->to.given;

	if (cut + a->merge + a->anonymise > 1)
		die("convert: a recording is cut, merged or made anonymous in one step each: write a file in "
		    "between");
	if (fmt && (cut || a->merge || a->anonymise))
		die("convert: only captures are cut, merged or made anonymous; convert the result to %s",
		    fmt->name);
}

static void convert(const struct args *a, char **file, u32 n)
{
	const char *out = file[n - 1];
	const struct text_format *fmt = target(a->to_format, out);
	u32 i;

	check_edit(a, fmt);
	for (i = 0; i + 1 < n; i++)
		refuse_same_file(file[i], out);
	if (a->merge)
		convert_merge((const char *const *)file, n - 1, out, &a->opts);
	else if (a->from.given || a->to.given)
		convert_cut(file[0], out, &a->opts, &a->from, &a->to);
	else if (a->anonymise)
		convert_anonymise(file[0], out, &a->opts, a->key, a->pages);
	else
		translate(a, fmt, file[0], out);
}

int cmd_convert(int argc, char **argv)
{
	struct args a = { 0 };
	int opt;

	while ((opt = getopt_long(argc, argv, "t:h", options, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return 0;
		}
		take_option(&a, opt);
	}
	if (a.merge ? argc - optind < 3 : argc - optind != 2) {
		usage(stderr);
		return 2;
	}
	convert(&a, argv + optind, (u32)(argc - optind));
	return 0;
}
