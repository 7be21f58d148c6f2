/*
 * Writing capture files: classic pcap, nanosecond magic, linktype 147 (FORMAT.md), plain or gzip.
 *
 * What was written stays readable if the writer is killed, up to the last CAPTURE_SYNC_BYTES. Errors are
 * returned, never fatal: a recorder has to tell them and go on living. Not thread-safe: callers lock. Used by
 * record, convert and the generators.
 */
#ifndef MMSIM_TRACES_CAPTURE_WRITE_H
#define MMSIM_TRACES_CAPTURE_WRITE_H

#include "model/base/types.h"
#include "traces/trace.h"

/* A gzipped capture is flushed after that many bytes of packets. */
#define CAPTURE_SYNC_BYTES (1u << 20)

struct capture_writer;

/* "-" is standard output; gzip if the name ends in .gz. Returns NULL with err filled. */
struct capture_writer *capture_create(const char *path, char err[TR_ERRBUF]);

/*
 * insns: instructions of the thread before the packet, becomes the timestamp. False: capture_write_error()
 * tells.
 */
bool capture_write(struct capture_writer *w, const u8 *packet, u32 len, u64 insns);

/* Lets readers see what was written so far. */
bool capture_sync(struct capture_writer *w);

/* What went wrong first; "" if nothing did. */
const char *capture_write_error(const struct capture_writer *w);

/* Completes and frees. False: err says why the file may be incomplete (also if an earlier write failed). */
bool capture_close(struct capture_writer *w, char err[TR_ERRBUF]);

#endif
