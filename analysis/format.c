#include "analysis/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/base/error.h"

const char *format_count(struct text *t, u64 n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), i;
	char *to = t->s;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return t->s;
}

struct scale {
	double from, unit;
	const char *name;
};

/* Three significant digits in the largest unit that fits; the last row takes what is smaller. */
static const char *scaled(struct text *t, double v, const struct scale *s)
{
	while (s->from > 0 && v < s->from)
		s++;
	v /= s->unit;
	snprintf(t->s, sizeof(t->s), "%.*f%s", v < 10 ? 2 : v < 100 ? 1 : 0, v, s->name);
	return t->s;
}

static const char *prefixed(struct text *t, double v)
{
	static const struct scale scale[] = {
		{ 1e18, 1e18, "E" }, { 1e15, 1e15, "P" }, { 1e12, 1e12, "T" },
		{ 1e9, 1e9, "G" },   { 0, 1e6, "M" },
	};

	return scaled(t, v, scale);
}

const char *format_count_in(struct text *t, u64 n, u32 width)
{
	return strlen(format_count(t, n)) <= width ? t->s : prefixed(t, (double)n);
}

const char *format_latency(struct text *t, double v)
{
	if (v < 100 && v != (double)(u64)v)
		snprintf(t->s, sizeof(t->s), "%.3g", v);
	else
		format_count_in(t, (u64)(v + 0.5), 7);
	return t->s;
}

const char *format_seconds(struct text *t, double s)
{
	static const struct scale scale[] = {
		{ 1, 1, " s" },
		{ 1e-3, 1e-3, " ms" },
		{ 1e-6, 1e-6, " us" },
		{ 0, 1e-9, " ns" },
	};

	return scaled(t, s, scale);
}

const char *format_bytes(struct text *t, u64 bytes)
{
	static const struct scale scale[] = {
		{ 0x1p40, 0x1p40, " TB" },
		{ 0x1p30, 0x1p30, " GB" },
		{ 0x1p20, 0x1p20, " MB" },
		{ 0, 0x1p10, " KB" },
	};

	return scaled(t, (double)bytes, scale);
}

const char *format_hz(struct text *t, u64 hz)
{
	static const struct scale scale[] = { { 1e9, 1e9, " GHz" },
					      { 1e6, 1e6, " MHz" },
					      { 0, 1e3, " kHz" } };

	return scaled(t, (double)hz, scale);
}

const char *format_rate(struct text *t, double per_sec)
{
	static const struct scale scale[] = { { 1e9, 1e9, " billion" },
					      { 1e6, 1e6, " million" },
					      { 0, 1e3, " thousand" } };

	return scaled(t, per_sec, scale);
}

const char *format_percent(struct text *t, double of, double whole)
{
	double p = whole > 0 ? 100 * of / whole : 0;

	if (of == 0 || whole == 0)
		strcpy(t->s, "-");
	else if (p < 0.005)
		strcpy(t->s, "<0.01 %");
	else
		snprintf(t->s, sizeof(t->s), "%.2f %%", p);
	return t->s;
}

/* Start of the n-th character of UTF-8 text. */
static const char *skip_chars(const char *s, u32 n)
{
	for (; *s && n; n--)
		do
			s++;
		while ((*s & 0xc0) == 0x80);
	return s;
}

static u32 count_chars(const char *s)
{
	u32 n = 0;

	for (; *s; n++)
		s = skip_chars(s, 1);
	return n;
}

const char *format_clip(struct text *t, const char *s, u32 width)
{
	u32 n = count_chars(s), head = (width - 3) / 2, tail = width - 3 - head;

	ASSERT(width >= 5);
	if (n <= width)
		snprintf(t->s, sizeof(t->s), "%s", s);
	else
		snprintf(t->s, sizeof(t->s), "%.*s...%s", (int)(skip_chars(s, head) - s), s,
			 skip_chars(s, n - tail));
	return t->s;
}

const char *format_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}
