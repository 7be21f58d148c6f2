/*
 * The simulated kernel's tracepoints as text, a line an event, as `perf script --ns -F
 * comm,pid,cpu,time,event,trace` prints those of a live one: time is the model's, in seconds. What reads such
 * text of a live kernel reads this: `mmsim kmem`, `mmsim replay`, scripts.
 *
 * Fields are those of Linux 6.12's include/trace/events, whatever the simulated era. What the model does not
 * know reads as if nothing were known: call_site=0x0, ip=0x0, node=-1. Lines stand in the order in which
 * things happened; as a path of the kernel is made at once, a line of another CPU may be a little older than
 * the one before it.
 *
 * Called by the verbs of cli/ and tests.
 */
#ifndef MMSIM_ANALYSIS_TRACE_TEXT_H
#define MMSIM_ANALYSIS_TRACE_TEXT_H

#include "model/sim/tracepoint.h"

struct trace_text;
/* Writes to a file, "-": standard output; hz: the modelled core clock. Fails if it cannot be made. */
struct trace_text *trace_text_new(const char *path, u64 hz);
/* Paused in the beginning. */
struct tracer *trace_text_tracer(struct trace_text *t);
/* Fails if not all of it could be written. */
void trace_text_close(struct trace_text *t);

#endif
