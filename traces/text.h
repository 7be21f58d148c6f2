/*
 * What the readers of line-based formats share: a format is a function that parses a line. Private to
 * traces/.
 */
#ifndef MMSIM_TRACES_TEXT_H
#define MMSIM_TRACES_TEXT_H

#include "traces/reader.h"
#include "traces/source.h"

struct text_item {
	enum { TEXT_NOTHING, TEXT_INSN, TEXT_DATA } what;
	enum tr_kind kind; /* of TEXT_DATA */
	u64 addr;
	u64 size;
};

/* Parses a NUL-terminated line. Returns NULL, or what is wrong with it. */
typedef const char *(*text_parse_fn)(const char *line, struct text_item *item);

/* How many of the first lines parse and hold an item; 0 if any of them does not parse. */
u32 text_probe(const u8 *head, size_t len, text_parse_fn parse);

void *text_open(struct source *src, text_parse_fn parse);
enum trace_status text_next(void *state, const u8 **bytes, u32 *len, char err[TR_ERRBUF]);
bool text_resync(void *state);
void text_close(void *state);

/* What is wrong with which line, which is shown as far as it can be. */
void text_name_line(u64 line, const char *text, const char *why, char err[TR_ERRBUF]);

/* Hexadecimal with or without 0x; advances *p over it. False: no digit, or more than 64 bits. */
bool text_hex(const char **p, u64 *v);
bool text_decimal(const char **p, u64 *v);
void text_skip_blanks(const char **p);

#endif
