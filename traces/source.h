/*
 * The bytes of a file or of standard input, inflated (gzip, bzip2, xz, found by content), with look-ahead.
 *
 * Text readers take lines from it, record readers fixed records; the capture reader feeds libtrace with it.
 * libtrace's own inflating is not used: it loses what stands before the cut of a file that was cut off, and
 * takes cut bzip2 and xz for complete. Private to traces/.
 */
#ifndef MMSIM_TRACES_SOURCE_H
#define MMSIM_TRACES_SOURCE_H

#include "traces/trace.h"

struct source;

#define SOURCE_HEAD 4096u /* bytes that a reader may look at before it takes any */
#define SOURCE_LINE 4096u /* longest line of a text */

/* "-": standard input. NULL with err filled: what is wrong with the file, without its name. */
struct source *source_open(const char *path, char err[TR_ERRBUF]);
void source_close(struct source *s);

/* The first bytes, up to SOURCE_HEAD, fewer only if there are no more. Before anything is taken. */
const u8 *source_head(struct source *s, size_t *len);

/* Takes up to len bytes; fewer only at the end of the file or where it cannot be read on: see source_failed.
 */
size_t source_read(struct source *s, void *bytes, size_t len);

/*
 * Takes a line without its end, NUL-terminated, valid until the next call; longer ones are cut. NULL: as
 * above.
 */
const char *source_line(struct source *s, size_t *len);

/* What stopped reading before the end of the file, or NULL. */
const char *source_failed(const struct source *s);

/* The position in the file as stored, and its length, 0 if unknown. Any thread may ask. */
u64 source_position(const struct source *s);
u64 source_length(const struct source *s);

#endif
