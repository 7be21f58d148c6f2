#include "traces/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/feed.h"

/* Lines that a probe looks at. */
#define PROBE_LINES 32u

struct text {
	struct source *src;
	struct feed *feed;
	text_parse_fn parse;
	u64 line;
	bool ended;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool number(const char **p, int base, u64 *v)
{
	const char *start = *p;
	int d;

	*v = 0;
	while ((d = hex_digit(**p)) >= 0 && d < base) {
		if (__builtin_mul_overflow(*v, (u64)base, v) || __builtin_add_overflow(*v, (u64)d, v))
			return false;
		++*p;
	}
	return *p != start;
}

bool text_hex(const char **p, u64 *v)
{
	if ((*p)[0] == '0' && ((*p)[1] == 'x' || (*p)[1] == 'X'))
		*p += 2;
	return number(p, 16, v);
}

bool text_decimal(const char **p, u64 *v)
{
	return number(p, 10, v);
}

void text_skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		++*p;
}

static const char *parse_checked(const struct text *t, const char *line, struct text_item *item)
{
	const char *why;

	*item = (struct text_item){ .what = TEXT_NOTHING };
	why = t->parse(line, item);
	if (why || item->what == TEXT_NOTHING)
		return why;
	if (!item->size)
		return "its size is 0";
	if (item->what == TEXT_INSN && item->size > UINT8_MAX)
		return "an instruction of more than 255 bytes";
	if (item->size > TR_MAX_SIZE)
		return "an access of more than 1 MB";
	return NULL;
}

u32 text_probe(const u8 *head, size_t len, text_parse_fn parse)
{
	const struct text t = { .parse = parse };
	const u8 *p = head, *end;
	char line[256];
	u32 lines, found = 0;

	for (lines = 0; lines < PROBE_LINES && p < head + len; lines++) {
		size_t n = (size_t)(head + len - p);
		struct text_item item;

		end = memchr(p, '\n', n);
		if (!end && len == SOURCE_HEAD)
			break;
		n = end ? (size_t)(end - p) : n;
		snprintf(line, sizeof(line), "%.*s", (int)n, (const char *)p);
		if (memchr(p, 0, n) || parse_checked(&t, line, &item))
			return 0;
		found += item.what != TEXT_NOTHING;
		p += n + 1;
	}
	return found;
}

void *text_open(struct source *src, text_parse_fn parse)
{
	struct text *t = xcalloc(1, sizeof(*t));

	t->src = src;
	t->parse = parse;
	t->feed = feed_new("");
	return t;
}

void text_close(void *state)
{
	struct text *t = state;

	feed_free(t->feed);
	free(t);
}

static void feed_item(struct feed *f, const struct text_item *item)
{
	if (item->what == TEXT_INSN)
		feed_insn(f, item->addr, (u8)item->size);
	else if (item->what == TEXT_DATA)
		feed_data(f, item->kind, item->addr, (u32)item->size, TR_DEP_UNKNOWN);
}

void text_name_line(u64 line, const char *text, const char *why, char err[TR_ERRBUF])
{
	char shown[81];
	u32 i;

	for (i = 0; i < sizeof(shown) - 1 && text[i]; i++)
		shown[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	shown[i] = 0;
	snprintf(err, TR_ERRBUF, "line %llu: '%s': %s", (unsigned long long)line, shown, why);
}

enum trace_status text_next(void *state, const u8 **bytes, u32 *len, char err[TR_ERRBUF])
{
	struct text *t = state;
	struct text_item item;
	const char *line, *why;
	size_t n;

	while (!feed_take(t->feed, bytes, len)) {
		if (t->ended)
			return TRACE_END;
		line = source_line(t->src, &n);
		if (!line && source_failed(t->src) && !t->ended) {
			snprintf(err, TR_ERRBUF, "after line %llu: %s", (unsigned long long)t->line,
				 source_failed(t->src));
			t->ended = true;
			feed_end(t->feed);
			return TRACE_ERROR;
		}
		if (!line) {
			t->ended = true;
			feed_end(t->feed);
			continue;
		}
		t->line++;
		why = strlen(line) == n ? parse_checked(t, line, &item) : "it has a zero byte";
		if (why) {
			text_name_line(t->line, line, why, err);
			return TRACE_ERROR;
		}
		feed_item(t->feed, &item);
	}
	return TRACE_OK;
}

/* The line with the damage has been taken. */
bool text_resync(void *state)
{
	return true;
}
