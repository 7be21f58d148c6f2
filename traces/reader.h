/*
 * One file a format: a reader is a const struct of functions and a row in trace.c's array. No member may be
 * NULL. Private to traces/.
 *
 * The native reader (fmt_capture.c) hands out packets as they lie in the file. A foreign reader parses text
 * or records and feeds encoders (encode.h), whose packets come out of next() in the order in which they were
 * filled.
 */
#ifndef MMSIM_TRACES_READER_H
#define MMSIM_TRACES_READER_H

#include "traces/block.h"
#include "traces/trace.h"

struct source; /* source.h: bytes of a file or of standard input, inflated, with look-ahead */

struct reader_ops {
	const char *name; /* "lackey" */
	const char *help; /* one line */
	bool has_mappings; /* the format records memory-management calls */
	/*
	 * How sure is it, from the first bytes (inflated, up to 4096; all of a shorter file), that this is
	 * the format? 0 no, 1..100; the highest wins, the first row among equals.
	 */
	int (*probe)(const u8 *head, size_t len);
	/* Returns the state, or NULL with err filled. */
	void *(*open)(struct source *src, char err[TR_ERRBUF]);
	/* The next encoded packet: TRACE_OK sets *bytes (valid until the next call) and *len. */
	enum trace_status (*next)(void *state, const u8 **bytes, u32 *len, char err[TR_ERRBUF]);
	/* After TRACE_ERROR: steps over the damage. False: nothing more can be read. */
	bool (*resync)(void *state);
	/* Lines or records so far that tell nothing of the program. Any thread may ask. */
	u64 (*skipped)(const void *state);
	void (*close)(void *state);
};

extern const struct reader_ops fmt_capture, fmt_lackey, fmt_din, fmt_xdin, fmt_champsim, fmt_cloudsuite,
	fmt_kmem;

/* Of formats in which there is nothing to skip. */
u64 reader_skips_nothing(const void *state);

#endif
