/*
 * A recording of the kernel's allocators: a file of perf script's text (kmem_text.h), plain or compressed, an
 * event at a time. Anyone may include this.
 */
#ifndef MMSIM_TRACES_KMEM_FILE_H
#define MMSIM_TRACES_KMEM_FILE_H

#include "traces/kmem_text.h"
#include "traces/trace.h"

struct kmem_file;

/* "-": standard input. NULL with err filled. */
struct kmem_file *kmem_open(const char *path, char err[TR_ERRBUF]);
void kmem_close(struct kmem_file *f);
/* Words of the event are valid until the next call. TRACE_ERROR: a damaged line, or the file's end is
 * missing; the next call goes on behind it. */
enum trace_status kmem_next(struct kmem_file *f, struct kmem_event *ev, char err[TR_ERRBUF]);
u64 kmem_others(const struct kmem_file *f); /* lines so far that are no such event */

#endif
