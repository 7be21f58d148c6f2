#include "model/sim/opt.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/base/error.h"
#include "model/sim/suggest.h"
#include "model/sim/word.h"

struct scale {
	const char *unit;
	u64 by;
};

/* Largest first: formatting takes the first that divides. */
static const struct scale size_scales[] = {
	{ "T", 1ull << 40 }, { "G", 1ull << 30 }, { "M", 1ull << 20 }, { "K", 1ull << 10 }, { "", 1 }, { 0 },
};
static const struct scale time_scales[] = {
	{ "s", 1000000000000ull },
	{ "ms", 1000000000 },
	{ "us", 1000000 },
	{ "ns", 1000 },
	{ "ps", 1 },
	{ 0 },
};
static const struct scale freq_scales[] = {
	{ "GHz", 1000000000 }, { "MHz", 1000000 }, { "kHz", 1000 }, { "Hz", 1 }, { 0 },
};

/* Digits of any base at the start of *s; false if there are none or the number does not fit. */
static bool scan_digits(const char **s, u32 base, u64 *value)
{
	char *end;

	if (!isxdigit((u8) * *s))
		return false;
	errno = 0;
	*value = strtoull(*s, &end, (int)base);
	if (end == *s || errno)
		return false;
	*s = end;
	return true;
}

static bool scan_integer(const char *s, u64 *value)
{
	bool hex = s[0] == '0' && (s[1] | 32) == 'x';
	u64 v;

	if (hex)
		s += 2;
	if (!scan_digits(&s, hex ? 16 : 10, &v) || *s)
		return false;
	*value = v;
	return true;
}

/* ".375" after the point: value / *ten_to gets three digits more. At least 1 digit, at most 12. */
static bool scan_fraction(const char **s, unsigned __int128 *value, u64 *ten_to)
{
	const char *start = *s;

	for (; isdigit((u8) * *s) && *ten_to < 1000000000000ull; ++*s) {
		*value = *value * 10 + (u64)(**s - '0');
		*ten_to *= 10;
	}
	return *s > start;
}

/* "48K", "1.5us": a decimal number and one of the units, exactly a whole number of the smallest unit. */
static bool scan_scaled(const char *s, const struct scale *scales, u64 *value)
{
	u64 whole, ten_to = 1;
	unsigned __int128 v;

	if (!scan_digits(&s, 10, &whole))
		return false;
	v = whole;
	if (*s == '.') {
		s++;
		if (!scan_fraction(&s, &v, &ten_to))
			return false;
	}
	while (scales->unit && strcasecmp(s, scales->unit))
		scales++;
	if (!scales->unit || v > ((unsigned __int128)~(u64)0 * ten_to) / scales->by)
		return false;
	v *= scales->by;
	*value = (u64)(v / ten_to);
	return v % ten_to == 0;
}

/* 48K rather than 49152: the largest unit that leaves a whole number. */
static char *format_scaled(u64 value, const struct scale *scales)
{
	while (value % scales->by || (!value && scales->by > 1))
		scales++;
	return xasprintf("%" PRIu64 "%s", value / scales->by, scales->unit);
}

/* 2.95GHz: the largest unit that is not above the value, and as many digits as it takes. */
static char *format_decimal(u64 value, const struct scale *scales)
{
	char digits[24];
	int n;

	while (value < scales->by && scales->by > 1)
		scales++;
	if (value % scales->by == 0)
		return xasprintf("%" PRIu64 "%s", value / scales->by, scales->unit);
	n = snprintf(digits, sizeof(digits), "%" PRIu64, scales->by + value % scales->by);
	while (digits[n - 1] == '0')
		n--;
	return xasprintf("%" PRIu64 ".%.*s%s", value / scales->by, n - 1, digits + 1, scales->unit);
}

static char *format_bound(const struct opt *o, u64 value)
{
	switch (o->type) {
	case OPT_SIZE:
		return format_scaled(value, size_scales);
	case OPT_FREQ:
		return format_decimal(value, freq_scales);
	default:
		return xasprintf("%" PRIu64, value);
	}
}

static char *format_names(const struct opt *o)
{
	char *list = xstrdup("");

	for (const char *const *n = o->names; *n; n++) {
		char *longer = xasprintf("%s%s%s", list, *list ? ", " : "", *n);

		free(list);
		list = longer;
	}
	return list;
}

static u64 highest(const struct opt *o)
{
	if (o->max || o->min)
		return o->max ? o->max : ~(u64)0;
	return o->type == OPT_U32 ? UINT32_MAX : ~(u64)0;
}

static char *format_limits(const struct opt *o, const char *what)
{
	char *lo, *hi, *text;

	if (!o->min && !o->max)
		return xstrdup(what);
	lo = format_bound(o, o->min);
	hi = format_bound(o, highest(o));
	text = xasprintf("%s, %s to %s", what, lo, hi);
	free(lo);
	free(hi);
	return text;
}

static char *format_number_range(const struct opt *o)
{
	char *limits = format_limits(o, "whole number"), *names, *text;

	if (!o->names)
		return limits;
	names = format_names(o);
	text = xasprintf("%s, or %s", limits, names);
	free(limits);
	free(names);
	return text;
}

char *opt_range(const struct opt *o)
{
	switch (o->type) {
	case OPT_BOOL:
		return xstrdup("yes, no");
	case OPT_U32:
	case OPT_U64:
		return format_number_range(o);
	case OPT_SIZE:
		return format_limits(o, "size as 48K, 2M, 1G or bytes");
	case OPT_TIME:
		return xstrdup("time as 14ns, 1.5us, or whole core cycles");
	case OPT_FREQ:
		return format_limits(o, "frequency as 3.0GHz or 800MHz");
	case OPT_ENUM:
		return format_names(o);
	case OPT_STRING:
		break;
	}
	return xstrdup("text");
}

static char *refuse(const struct opt *o, const char *text, const char *why)
{
	char *range = opt_range(o), *message = xasprintf("\"%.80s\" %s (allowed: %s)", text, why, range);

	free(range);
	return message;
}

static char *check_range(const struct opt *o, const char *text, u64 value)
{
	if (value < o->min || value > highest(o))
		return refuse(o, text, "is out of range");
	return NULL;
}

static char *parse_bool(const struct opt *o, const char *text, bool *field)
{
	static const char *const words[][2] = { { "no", "yes" }, { "false", "true" }, { "off", "on" } };

	for (u32 i = 0; i < 2 * ARRAY_SIZE(words); i++) {
		if (!strcasecmp(text, words[i / 2][i % 2])) {
			*field = i % 2;
			return NULL;
		}
	}
	return refuse(o, text, "is neither yes nor no");
}

/* The word of a number that may be one. */
static bool parse_word(const struct opt *o, const char *text, u32 *field)
{
	u32 i;

	if (!o->names || !word_find(o->names, text, &i))
		return false;
	*field = OPT_WORD(i);
	return true;
}

static char *parse_number(const struct opt *o, const char *text, void *field)
{
	char *error;
	u64 value;

	if (parse_word(o, text, field))
		return NULL;
	if (!scan_integer(text, &value))
		return refuse(o, text, "is not a whole number");
	error = check_range(o, text, value);
	if (error)
		return error;
	if (o->type == OPT_U32)
		*(u32 *)field = (u32)value;
	else
		*(u64 *)field = value;
	return NULL;
}

static char *parse_scaled(const struct opt *o, const char *text, const struct scale *scales, const char *what,
			  u64 *field)
{
	char *error;
	u64 value;

	if (!scan_integer(text, &value) && !scan_scaled(text, scales, &value))
		return refuse(o, text, what);
	error = check_range(o, text, value);
	if (!error)
		*field = value;
	return error;
}

static char *parse_time(const struct opt *o, const char *text, struct opt_time *field)
{
	struct opt_time t = { 0 };
	char *error;

	if (!scan_integer(text, &t.cycles) && !scan_scaled(text, time_scales, &t.ps))
		return refuse(o, text, "is not a time");
	error = check_range(o, text, t.ps ? t.ps : t.cycles);
	if (!error)
		*field = t;
	return error;
}

static char *parse_enum(const struct opt *o, const char *text, u32 *field)
{
	struct suggest near;
	char *range, *message;

	if (word_find(o->names, text, field))
		return NULL;
	suggest_init(&near, text);
	for (u32 i = 0; o->names[i]; i++)
		suggest_offer(&near, o->names[i]);
	if (!near.best)
		return refuse(o, text, "is not one of the words");
	range = opt_range(o);
	message = xasprintf("\"%s\" is unknown; did you mean \"%s\"? (allowed: %s)", text, near.best, range);
	free(range);
	return message;
}

char *opt_parse(const struct opt *o, const char *text, void *field)
{
	switch (o->type) {
	case OPT_BOOL:
		return parse_bool(o, text, field);
	case OPT_U32:
	case OPT_U64:
		return parse_number(o, text, field);
	case OPT_SIZE:
		return parse_scaled(o, text, size_scales, "is not a size", field);
	case OPT_FREQ:
		return parse_scaled(o, text, freq_scales, "is not a frequency", field);
	case OPT_TIME:
		return parse_time(o, text, field);
	case OPT_ENUM:
		return parse_enum(o, text, field);
	case OPT_STRING:
		break;
	}
	free(*(char **)field);
	*(char **)field = xstrdup(text);
	return NULL;
}

static char *format_time(const struct opt_time *t)
{
	return t->ps ? format_decimal(t->ps, time_scales) : xasprintf("%" PRIu64, t->cycles);
}

static char *format_number(const struct opt *o, u32 value)
{
	u32 i;

	for (i = 0; o->names && o->names[i]; i++)
		if (value == OPT_WORD(i))
			return xstrdup(o->names[i]);
	return xasprintf("%" PRIu32, value);
}

char *opt_format(const struct opt *o, const void *field)
{
	switch (o->type) {
	case OPT_BOOL:
		return xstrdup(*(const bool *)field ? "yes" : "no");
	case OPT_U32:
		return format_number(o, *(const u32 *)field);
	case OPT_U64:
		return xasprintf("%" PRIu64, *(const u64 *)field);
	case OPT_SIZE:
		return format_scaled(*(const u64 *)field, size_scales);
	case OPT_FREQ:
		return format_decimal(*(const u64 *)field, freq_scales);
	case OPT_TIME:
		return format_time(field);
	case OPT_ENUM:
		return word_format(o->names, *(const u32 *)field);
	case OPT_STRING:
		break;
	}
	return xstrdup(*(char *const *)field);
}

size_t opt_field_size(const struct opt *o)
{
	static const size_t size[] = {
		[OPT_BOOL] = sizeof(bool), [OPT_U32] = sizeof(u32),
		[OPT_U64] = sizeof(u64),   [OPT_SIZE] = sizeof(u64),
		[OPT_FREQ] = sizeof(u64),  [OPT_TIME] = sizeof(struct opt_time),
		[OPT_ENUM] = sizeof(u32),  [OPT_STRING] = sizeof(char *),
	};

	return size[o->type];
}
