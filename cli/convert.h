/*
 * The inside of mmsim convert: recordings that are cut, joined or made anonymous. Private to cli/convert*.c.
 */
#ifndef MMSIM_CLI_CONVERT_H
#define MMSIM_CLI_CONVERT_H

#include "traces/rewrite.h"
#include "traces/trace.h"

/* A place of a recording: after so many instructions of the thread that it begins with, or behind a mark. */
struct convert_place {
	const char *mark; /* NULL: none */
	u64 nth;          /* passing of it */
	u64 insns;
	bool given;
};

/* convert_cut.c: die()s if a place is not there. */
void convert_cut(const char *in, const char *out, const struct trace_opts *opts,
		 const struct convert_place *from, const struct convert_place *to);
/* convert_merge.c: parts of one recording, in their order. */
void convert_merge(const char *const *in, u32 n, const char *out, const struct trace_opts *opts);
/* convert_anonymise.c; pages: scrambled, not only regions moved. */
void convert_anonymise(const char *in, const char *out, const struct trace_opts *opts, u64 key, bool pages);

/* What is kept of a stream that is cut: all that a replay needs in order to go on behind it. */
bool convert_is_structure(const struct tr_event *ev);

/* Threads of a recording, by number in the order in which they turn up. */
struct convert_threads {
	struct {
		u32 pid, tid;
	} * at;
	u32 n;
};
u32 convert_thread(struct convert_threads *t, u32 pid, u32 tid);
void convert_threads_fini(struct convert_threads *t);

/* Ids of a trace's blocks in what is written; made as they are met. */
struct convert_blocks {
	u32 *id; /* + 1, 0: not met */
	u32 n;
};
u32 convert_block(struct convert_blocks *b, struct rewriter *w, const struct trace *t, u32 block);

/* The next packet; NULL at the end. die()s at damage, with what the trace says of it. */
struct trace_packet *convert_next(struct trace *t);
struct trace *convert_open(const char *in, const struct trace_opts *opts);
struct rewriter *convert_create(const char *out, const struct trace *t);
void convert_close(struct rewriter *w);

#endif
