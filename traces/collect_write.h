/*
 * A capture file that is compressed and written by a thread of its own: packets are queued, a full queue
 * makes the caller wait. Private to collect.c.
 */
#ifndef MMSIM_TRACES_COLLECT_WRITE_H
#define MMSIM_TRACES_COLLECT_WRITE_H

#include "traces/trace.h"

struct capture_queue;

struct capture_queue *capture_queue_open(const char *path, char err[TR_ERRBUF]);
/* After an error packets are dropped. */
void capture_queue_put(struct capture_queue *q, const u8 *packet, u32 len, u64 insns);
/* Readers of the file shall see what was put so far. */
void capture_queue_sync(struct capture_queue *q);
/* NULL: all is well. */
const char *capture_queue_error(struct capture_queue *q);
bool capture_queue_close(struct capture_queue *q, char err[TR_ERRBUF]);

#endif
