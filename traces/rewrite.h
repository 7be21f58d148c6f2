/*
 * A recording written anew from decoded streams: an encoder a thread, one table of blocks, packets in the
 * order in which they get full. For mmsim convert.
 */
#ifndef MMSIM_TRACES_REWRITE_H
#define MMSIM_TRACES_REWRITE_H

#include "traces/encode.h"
#include "traces/trace.h"

struct rewriter;

/* NULL: err is filled. */
struct rewriter *rewriter_open(const char *path, const char *isa, char err[TR_ERRBUF]);
/* The thread's encoder, made if it is not known, as one that had seen that number. */
struct tr_encoder *rewriter_thread(struct rewriter *w, u32 pid, u32 tid, u64 seen);
/*
 * The thread's packet is done: callers end packets where those that they read end, so that threads follow
 * each other in the file as they did.
 */
void rewriter_end_packet(struct rewriter *w, u32 pid, u32 tid);
u32 rewriter_block(struct rewriter *w, const struct tr_block *b);
/* Completes the file. False: err says what is wrong with it. */
bool rewriter_close(struct rewriter *w, char err[TR_ERRBUF]);

#endif
