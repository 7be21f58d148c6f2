/* mmsim info: what is in a trace, and whether it is whole. */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/bbv.h"
#include "cli/cli.h"
#include "cli/info.h"
#include "model/base/error.h"

/* Rows of the tables of threads and mappings that are printed. */
#define MAX_ROWS 40u

/* What a run of a block adds. */
struct block_sum {
	bool known;
	u32 by_kind[TR_NR_KINDS];
	u32 unknown; /* loads of which the recording does not say where their address comes from */
	u32 code;
};

static void usage(FILE *f)
{
	fputs("usage: mmsim info [OPTION]... FILE...\n\n"
	      "Says what is in a trace: threads, accesses, events, pages touched. - is standard input.\n\n"
	      "  -V, --verify       also check that no packet and no numbered event is missing\n"
	      "      --bbv FILE     write basic-block vectors for SimPoint, of a recording of one thread,\n"
	      "      --interval N   in intervals of N instructions\n"
	      "      --keep-going   step over what is damaged\n"
	      "      --format NAME  do not guess the trace's format\n"
	      "      --json         as JSON: an array, an object a file\n"
	      "  -h, --help         this text\n\n"
	      "Exit status 2 if a file is damaged.\n\n"
	      "Examples:\n"
	      "  mmsim info ls.mmtrace.gz\n"
	      "  mmsim info --verify --json a.mmtrace.gz b.mmtrace.gz\n"
	      "  mmsim info --bbv ls.bb --interval 10M ls.mmtrace.gz     for SimPoint\n",
	      f);
}

static void fault(struct info *in, const char *fmt, ...) printf_like(2, 3);
static void fault(struct info *in, const char *fmt, ...)
{
	va_list ap;

	if (in->faults++)
		return;
	va_start(ap, fmt);
	vsnprintf(in->fault, sizeof(in->fault), fmt, ap);
	va_end(ap);
}

/* ---- gathering ---- */

static struct info_thread *thread_of(struct info *in, const struct trace_packet *p)
{
	struct info_thread *th;
	u32 i;

	for (i = 0; i < in->n_threads; i++)
		if (in->thread[i].pid == p->pid && in->thread[i].tid == p->tid)
			return &in->thread[i];
	in->thread = xrealloc(in->thread, (in->n_threads + 1) * sizeof(*in->thread));
	th = &in->thread[in->n_threads++];
	*th = (struct info_thread){ .pid = p->pid, .tid = p->tid, .first_insn = p->insns };
	return th;
}

static const struct block_sum *block_sum(struct info *in, u32 id, const struct tr_block *b)
{
	struct block_sum *s;
	u32 i;

	if (id >= in->n_blocks) {
		u32 n = MAX(id + 1, 2 * in->n_blocks);

		in->block = xrealloc(in->block, n * sizeof(*in->block));
		memset(in->block + in->n_blocks, 0, (n - in->n_blocks) * sizeof(*in->block));
		in->n_blocks = n;
	}
	s = &in->block[id];
	if (s->known)
		return s;
	s->known = true;
	for (i = 0; i < b->n_slots; i++) {
		s->by_kind[b->slot[i].kind]++;
		s->unknown += b->slot[i].kind == TR_LOAD && b->slot[i].dep == TR_DEP_UNKNOWN;
	}
	for (i = 0; i < b->n_insns; i++)
		s->code += b->insn_size[i];
	return s;
}

static void add_runs(struct info *in, struct info_thread *th, const struct tr_chunk *chunk)
{
	const u64 *addr = chunk->addr;
	u32 i, j;

	for (i = 0; i < chunk->n_runs; i++) {
		const struct tr_block *b = trace_block(in->t, chunk->block[i]);
		const struct block_sum *s = block_sum(in, chunk->block[i], b);

		for (j = 0; j < TR_NR_KINDS; j++)
			th->by_kind[j] += s->by_kind[j];
		in->unknown += s->unknown;
		if (s->code)
			footprint_touch(in->footprint, th->pid, b->pc, s->code);
		for (j = 0; j < b->n_slots; j++)
			footprint_touch(in->footprint, th->pid, *addr++, b->slot[j].size);
	}
}

/* Far beyond any recording; a damaged number must not ask for all memory. */
#define MAX_SEQ ((u64)1 << 32)

static void note_seq(struct info *in, u64 seq)
{
	if (seq >= MAX_SEQ) {
		fault(in, "an event has the number %" PRIu64 ", which cannot be", seq);
		return;
	}
	while (seq / 8 >= in->seq_size) {
		u64 size = MAX(4096, 2 * in->seq_size);

		in->seq_seen = xrealloc(in->seq_seen, size);
		memset(in->seq_seen + in->seq_size, 0, size - in->seq_size);
		in->seq_size = size;
	}
	if (in->seq_seen[seq / 8] & 1u << seq % 8)
		fault(in, "two events have the number %" PRIu64, seq);
	in->seq_seen[seq / 8] |= (u8)(1u << seq % 8);
	in->seq_max = MAX(in->seq_max, seq);
	in->seq_n++;
}

static void add_mark(struct info *in, const char *name)
{
	u32 i;

	for (i = 0; i < in->n_marks && strcmp(in->mark[i].name, name); i++)
		;
	if (i == in->n_marks) {
		in->mark = xrealloc(in->mark, ++in->n_marks * sizeof(*in->mark));
		in->mark[i] = (struct info_mark){ .name = xstrdup(name) };
	}
	in->mark[i].passed++;
}

static void add_event(struct info *in, const struct info_thread *th, const struct tr_event *ev)
{
	in->events[ev->kind]++;
	in->event_bytes[ev->kind] += ev->len;
	info_alloc_event(in->alloc, ev);
	footprint_event(in->footprint, th->pid, ev);
	if (in->verify && ev->seq && ev->kind != TR_EV_SEEN)
		note_seq(in, ev->seq);
	if (ev->kind == TR_EV_MARK)
		add_mark(in, ev->name ? ev->name : "");
	if (ev->kind == TR_EV_LOST)
		fault(in, "thread %u of process %u: %s", th->tid, th->pid,
		      ev->name ? ev->name : "packets are missing");
}

static void verify_packet(struct info *in, const struct info_thread *th, const struct trace_packet *p)
{
	if (p->number != th->packets)
		fault(in, "thread %u of process %u: packet %u follows packet %d: some are missing", th->tid,
		      th->pid, p->number, (int)th->packets - 1);
	else if (p->insns != th->first_insn + th->insns)
		fault(in,
		      "thread %u of process %u: packet %u begins at instruction %" PRIu64 ", not at %" PRIu64,
		      th->tid, th->pid, p->number, p->insns, th->first_insn + th->insns);
}

static void add_packet(struct info *in, struct tr_cursor *c, const struct trace_packet *p)
{
	struct info_thread *th = thread_of(in, p);
	struct tr_chunk chunk;

	if (in->verify)
		verify_packet(in, th, p);
	th->packets = p->number + 1;
	th->insns = p->insns + p->n_insns - th->first_insn;
	th->runs += p->n_runs;
	in->packets++;
	in->bytes += p->len;
	in->dict_bytes += p->dict_len;
	in->addrs += p->n_addrs;
	if (in->bbv)
		bbv_packet(in->bbv, p);
	tr_cursor_set(c, p);
	while (tr_cursor_next(c, &chunk)) {
		add_runs(in, th, &chunk);
		if (in->bbv)
			bbv_runs(in->bbv, in->t, &chunk);
		if (chunk.event)
			add_event(in, th, chunk.event);
	}
}

/* ---- printing ---- */

u64 info_sum_kind(const struct info *in, enum tr_kind kind)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < in->n_threads; i++)
		sum += in->thread[i].by_kind[kind];
	return sum;
}

u32 info_processes(const struct info *in)
{
	u32 i, j, n = 0;

	for (i = 0; i < in->n_threads; i++) {
		for (j = 0; j < i && in->thread[j].pid != in->thread[i].pid; j++)
			;
		n += j == i;
	}
	return n;
}

u64 info_sum_insns(const struct info *in, u64 *runs, u64 *longest)
{
	u64 sum = 0;
	u32 i;

	*runs = *longest = 0;
	for (i = 0; i < in->n_threads; i++) {
		sum += in->thread[i].insns;
		*runs += in->thread[i].runs;
		*longest = MAX(*longest, in->thread[i].insns);
	}
	return sum;
}

static void line(const char *name, u64 value, const char *unit)
{
	printf("  %-22s %16" PRIu64 "  %s\n", name, value, unit);
}

static void print_size(const struct info *in)
{
	printf("  %-22s %16" PRIu64 "  bytes", "packets' size", in->bytes);
	if (in->bytes)
		printf(", %.1f %% of them dictionaries", 100.0 * (double)in->dict_bytes / (double)in->bytes);
	if (in->addrs)
		printf("; %.3f a data access", (double)in->bytes / (double)in->addrs);
	putchar('\n');
}

static void print_totals(const struct info *in)
{
	u64 runs, longest, insns = info_sum_insns(in, &runs, &longest);
	u32 i;

	printf("%s: %s%s%s\n\n", trace_path(in->t), trace_format(in->t), *trace_isa(in->t) ? ", " : "",
	       trace_isa(in->t));
	line("processes", info_processes(in), "");
	line("threads", in->n_threads, "");
	line("instructions", insns, "");
	line("  longest thread", longest, "instructions");
	line("block runs", runs, "");
	for (i = 0; i < TR_NR_KINDS; i++)
		if (info_sum_kind(in, i))
			printf("  %ss%*s %16" PRIu64 "\n", tr_kind_name(i), 21 - (int)strlen(tr_kind_name(i)),
			       "", info_sum_kind(in, i));
	if (in->unknown)
		line("  unknown dependence", in->unknown, "loads");
	line("file", trace_bytes_read(in->t), "bytes as stored");
	line("packets", in->packets, "");
	print_size(in);
	if (trace_skipped(in->t))
		line("passed over", trace_skipped(in->t), "lines that tell nothing of the program");
	if (trace_lost(in->t))
		line("damaged", trace_lost(in->t), "pieces skipped");
}

static void print_threads(const struct info *in)
{
	u32 i;

	printf("\n  %8s %8s %15s %14s %13s %13s %10s\n", "process", "thread", "instructions", "runs", "loads",
	       "stores", "atomics");
	for (i = 0; i < in->n_threads && i < MAX_ROWS; i++) {
		const struct info_thread *th = &in->thread[i];

		printf("  %8u %8u %15" PRIu64 " %14" PRIu64 " %13" PRIu64 " %13" PRIu64 " %10" PRIu64 "\n",
		       th->pid, th->tid, th->insns, th->runs, th->by_kind[TR_LOAD], th->by_kind[TR_STORE],
		       th->by_kind[TR_ATOMIC]);
	}
	if (in->n_threads > MAX_ROWS)
		printf("  and %u more\n", in->n_threads - MAX_ROWS);
}

static void print_events(const struct info *in)
{
	bool any = false;
	u32 i;

	for (i = 0; i < TR_NR_EVENTS; i++) {
		if (!in->events[i])
			continue;
		if (!any)
			printf("\n  %-22s %16s  %s\n", "event", "count", "bytes");
		any = true;
		printf("  %-22s %16" PRIu64, tr_event_name(i), in->events[i]);
		if (in->event_bytes[i])
			printf("  %" PRIu64, in->event_bytes[i]);
		putchar('\n');
	}
}

static void print_marks(const struct info *in)
{
	u32 i;

	if (in->n_marks)
		printf("\n  %-22s %16s\n", "mark", "passed");
	for (i = 0; i < in->n_marks && i < MAX_ROWS; i++)
		printf("  %-22s %16" PRIu64 "\n", in->mark[i].name, in->mark[i].passed);
	if (in->n_marks > MAX_ROWS)
		printf("  and %u more\n", in->n_marks - MAX_ROWS);
}

static void print_footprint(const struct info *in)
{
	const struct footprint_row *row;
	u32 n = footprint_rows(in->footprint, &row), i;

	printf("\n  %16s %16s  %s\n", "pages touched", "KiB mapped", "of 4 KiB, in");
	for (i = 0; i < n && i < MAX_ROWS; i++)
		printf("  %16" PRIu64 " %16" PRIu64 "  %s\n", row[i].pages, row[i].mapped >> 10, row[i].name);
	if (n > MAX_ROWS)
		printf("  and %u more mappings\n", n - MAX_ROWS);
	printf("  %16" PRIu64 " %16s  %s\n", footprint_pages(in->footprint), "",
	       "different addresses of pages");
}

/* ---- the verb ---- */

static void verify_numbers(struct info *in)
{
	u64 seq;

	if (!in->seq_n || in->seq_n == in->seq_max)
		return;
	for (seq = 1; seq < in->seq_max && in->seq_seen[seq / 8] & 1u << seq % 8; seq++)
		;
	fault(in, "the event number %" PRIu64 " is missing (the last is %" PRIu64 ")", seq, in->seq_max);
}

struct info_args {
	struct trace_opts trace;
	bool verify;
	json_t *json; /* the array, NULL: not asked for */
	const char *bbv;
	struct amount interval;
};

static void free_info(struct info *in)
{
	trace_close(in->t);
	footprint_free(in->footprint);
	info_alloc_free(in->alloc);
	while (in->n_marks)
		free(in->mark[--in->n_marks].name);
	free(in->mark);
	free(in->thread);
	free(in->block);
	free(in->seq_seen);
}

static enum trace_status read_all(struct info *in)
{
	struct tr_cursor *c = tr_cursor_new(in->t);
	enum trace_status status;
	struct trace_packet *p;

	while ((status = trace_next(in->t, &p)) == TRACE_OK) {
		add_packet(in, c, p);
		trace_packet_free(in->t, p);
	}
	tr_cursor_free(c);
	return status;
}

static void print_all(const struct info *in)
{
	print_totals(in);
	print_threads(in);
	print_events(in);
	info_alloc_print(in->alloc);
	print_marks(in);
	print_footprint(in);
	fflush(stdout);
}

static void tell_bbv(const struct info *in, const struct info_args *a)
{
	u64 n = bbv_close(in->bbv);

	if (!a->json)
		printf("\n  %s: %" PRIu64 " intervals\n", a->bbv, n);
}

/* False: damaged. */
static bool one_file(const char *path, const struct info_args *a)
{
	struct info in = { .verify = a->verify };
	char err[TR_ERRBUF];
	enum trace_status status;

	in.t = trace_open(path, &a->trace, err);
	if (!in.t)
		die("%s", err);
	in.footprint = footprint_new();
	in.alloc = info_alloc_new();
	if (a->bbv)
		in.bbv = bbv_new(a->bbv, a->interval.n);
	status = read_all(&in);
	verify_numbers(&in);
	if (a->json)
		json_array_append_new(a->json,
				      info_json(&in, status == TRACE_ERROR ? trace_error(in.t) : NULL));
	else
		print_all(&in);
	if (in.bbv)
		tell_bbv(&in, a);
	if (status == TRACE_ERROR)
		fprintf(stderr, "mmsim: %s\n", trace_error(in.t));
	if (in.faults)
		fprintf(stderr, "mmsim: %s: %s (%" PRIu64 " faults)\n", path, in.fault, in.faults);
	else if (a->verify && !a->json && status == TRACE_END && !trace_lost(in.t))
		printf("\n  nothing is damaged or missing\n");
	free_info(&in);
	return status == TRACE_END && !in.faults;
}

static void check_bbv(const struct info_args *a, int files)
{
	if (!a->bbv != !a->interval.n)
		die("--bbv FILE and --interval N belong together");
	if (a->bbv && (files != 1 || a->interval.unit != UNIT_INSNS))
		die("--bbv is of one recording, in intervals of instructions");
}

int cmd_info(int argc, char **argv)
{
	enum { OPT_KEEP = 256, OPT_FORMAT, OPT_BBV, OPT_INTERVAL, OPT_JSON };
	static const struct option options[] = {
		{ "verify", no_argument, NULL, 'V' },
		{ "keep-going", no_argument, NULL, OPT_KEEP },
		{ "format", required_argument, NULL, OPT_FORMAT },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "bbv", required_argument, NULL, OPT_BBV },
		{ "interval", required_argument, NULL, OPT_INTERVAL },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct info_args a = { 0 };
	bool good = true;
	int opt, i;

	while ((opt = getopt_long(argc, argv, "Vh", options, NULL)) != -1) {
		switch (opt) {
		case 'V':
			a.verify = true;
			break;
		case OPT_KEEP:
			a.trace.keep_going = true;
			break;
		case OPT_FORMAT:
			a.trace.format = optarg;
			break;
		case OPT_JSON:
			a.json = json_array();
			break;
		case OPT_BBV:
			a.bbv = optarg;
			break;
		case OPT_INTERVAL:
			a.interval = amount_parse("--interval", optarg, UNIT_INSNS, false);
			break;
		default:
			return usage(opt == 'h' ? stdout : stderr), opt == 'h' ? 0 : 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	check_bbv(&a, argc - optind);
	for (i = optind; i < argc; i++) {
		if (i > optind && !a.json)
			putchar('\n');
		good &= one_file(argv[i], &a);
	}
	if (a.json)
		cli_print_json(a.json);
	return good ? 0 : 2;
}
