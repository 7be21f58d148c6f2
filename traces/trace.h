/*
 * Reading traces, in libpcap's manners: open by name or "-", next packet, decode, close, an error text.
 *
 * Every format, native or foreign, detected by content, yields the same thing: packets of one thread each, in
 * the order of the file. A packet is decoded a chunk at a time by a cursor: up to TR_CHUNK_RUNS block runs
 * and then at most one event. Readers of foreign formats encode what they parse, so there is one decoder.
 *
 * Memory does not grow with the length of the file, only with the number of distinct static blocks.
 */
#ifndef MMSIM_TRACES_TRACE_H
#define MMSIM_TRACES_TRACE_H

#include "traces/block.h"

struct trace;

struct trace_opts {
	bool decode_thread; /* read, inflate, check and parse on a thread of its own */
	bool keep_going;    /* after damage: skip it, count it, go on with the next readable packet */
	const char *format; /* name of a reader to force, NULL: detect */
};

#define TR_ERRBUF 512u

/*
 * Opens a trace ("-": standard input). opts may be NULL. On failure returns NULL and leaves in err what is
 * wrong with which file and what to do.
 */
struct trace *trace_open(const char *path, const struct trace_opts *opts, char err[TR_ERRBUF]);
void trace_close(struct trace *t);

/*
 * Decodes a recording once, as far as the limits go, for all trace_open() of the same name that follow in
 * this process and in those that it forks: they get what is kept, and read the file for what comes behind.
 * Without the options' format and keep_going only. Nothing is kept of what cannot be opened.
 */
struct trace_limits {
	u64 bytes, runs, insns; /* the packet with which one of these is reached is the last */
};
struct trace_kept {
	u64 bytes, runs;
	bool whole;
};
struct trace_kept trace_keep(const char *path, const struct trace_limits *l);

const char *trace_path(const struct trace *t);
const char *trace_format(const struct trace *t); /* "capture", "lackey", "din", "xdin", "kmem", ... */
const char *trace_isa(const struct trace *t);    /* of the first packet; "" if unknown */
bool trace_has_mappings(const struct trace *t);  /* false: no such events, mappings are implicit */
u64 trace_bytes_read(const struct trace *t);     /* of the file as stored; for the progress line */
u64 trace_bytes_total(const struct trace *t);    /* 0 if unknown (a pipe) */
u64 trace_skipped(const struct trace *t);        /* lines of a text that tell nothing of the program */
u64 trace_lost(const struct trace *t);           /* damaged packets skipped so far (keep_going) */

/* A packet, owned by the caller of trace_next, who gives it back with trace_packet_free. */
struct trace_packet {
	u32 pid, tid;
	u64 seen;     /* sequence number the thread had seen at the packet's start */
	u64 insns;    /* of the thread before this packet */
	u32 number;   /* of the thread's packets, from 0 */
	u32 n_insns, n_runs, n_addrs; /* in this packet */
	u32 dict_len; /* bytes of its dictionary */
	u32 n_blocks; /* the block table had at least this many entries when the packet was read */
	u32 len;
	u8 *bytes; /* checked payload; its dictionary refers to blocks of the trace's table */
	struct trace_packet *next; /* for the owner's queues */
};

enum trace_status { TRACE_OK, TRACE_END, TRACE_ERROR };

/*
 * The next packet of the file. TRACE_ERROR: trace_error() says what, where and what to do; what came before
 * is valid.
 */
enum trace_status trace_next(struct trace *t, struct trace_packet **p);
const char *trace_error(const struct trace *t);
void trace_packet_free(struct trace *t, struct trace_packet *p);

/*
 * The static blocks met so far: ids are dense and never change their meaning. Valid for ids below n_blocks of
 * any packet returned. The pointer lives as long as the trace.
 */
const struct tr_block *trace_block(const struct trace *t, u32 id);

#define TR_CHUNK_RUNS 1024u

struct tr_chunk {
	u32 n_runs;
	u32 n_addrs;      /* = sum of the runs' n_slots */
	const u32 *block; /* n_runs block ids */
	const u64 *addr;  /* the runs' addresses, one after the other */
	const struct tr_event *event; /* what comes after the runs, or NULL */
};

/* Decodes one packet after the other; keeps its buffers. One a replayed thread. */
struct tr_cursor;
struct tr_cursor *tr_cursor_new(struct trace *t);
void tr_cursor_free(struct tr_cursor *c);
/* Starts on a packet, which must live until the cursor has passed it. */
void tr_cursor_set(struct tr_cursor *c, const struct trace_packet *p);
/*
 * The next chunk of the packet; valid until the next call. False: the packet is done. Bytes that make no
 * sense (checksum right, contents wrong) end the packet with a TR_EV_LOST event that names the reason.
 */
bool tr_cursor_next(struct tr_cursor *c, struct tr_chunk *chunk);

#endif
