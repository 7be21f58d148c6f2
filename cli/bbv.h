/*
 * Basic-block vectors of a recording of one thread, in SimPoint 3.2's text form: a line an interval,
 * "T:block:count :block:count ...", blocks numbered from 1, count the instructions executed in the block. An
 * interval ends with the first block run that reaches its end, as in mmsim replay.
 */
#ifndef MMSIM_CLI_BBV_H
#define MMSIM_CLI_BBV_H

#include "traces/trace.h"

struct bbv;
/* fail()s if the file cannot be written. interval: instructions. */
struct bbv *bbv_new(const char *path, u64 interval);
/* die()s at a second thread's packet. */
void bbv_packet(struct bbv *b, const struct trace_packet *p);
void bbv_runs(struct bbv *b, struct trace *t, const struct tr_chunk *chunk);
/* Writes what is left and closes the file. Returns the number of intervals. */
u64 bbv_close(struct bbv *b);

#endif
