/*
 * Numbers and words as people read them. Each writes into the caller's buffer and returns it.
 */
#ifndef MMSIM_ANALYSIS_FORMAT_H
#define MMSIM_ANALYSIS_FORMAT_H

#include "model/base/types.h"

struct text {
	char s[512];
};

const char *format_count(struct text *t, u64 n); /* 1,234,567 */
/* The same where width is narrow: what does not fit is told with three digits and a unit prefix, 12.3M. */
const char *format_count_in(struct text *t, u64 n, u32 width);
/* A duration in cycles or ns: three digits below 100, at most 7 characters. */
const char *format_latency(struct text *t, double v);
const char *format_seconds(struct text *t, double s);                /* 27.2 ms */
const char *format_bytes(struct text *t, u64 bytes);                 /* 45.1 MB, powers of 1024 */
const char *format_hz(struct text *t, u64 hz);                       /* 3.00 GHz */
const char *format_rate(struct text *t, double per_sec);             /* 84.1 million */
const char *format_percent(struct text *t, double of, double whole); /* 12.34 %, "-" of nothing */
/* At most width characters (not bytes) of s; what is too long loses its middle. */
const char *format_clip(struct text *t, const char *s, u32 width);
/* The last component of a path. */
const char *format_base(const char *path);

#endif
