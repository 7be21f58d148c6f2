/*
 * valgrind --tool=lackey --trace-mem=yes: "I  addr,size", " L addr,size", " S addr,size", " M addr,size",
 * address in hexadecimal, size in decimal, among lines "==pid== ..." and, if asked for, "SB addr"
 * (lackey/lk_main.c).
 */
#include <string.h>

#include "traces/text.h"

static const char *parse_kind(char letter, struct text_item *item)
{
	item->what = letter == 'I' ? TEXT_INSN : TEXT_DATA;
	switch (letter) {
	case 'I':
	case 'L':
		item->kind = TR_LOAD;
		return NULL;
	case 'S':
		item->kind = TR_STORE;
		return NULL;
	case 'M':
		item->kind = TR_ATOMIC;
		return NULL;
	}
	return "not a line of lackey's";
}

static const char *lackey_parse(const char *line, struct text_item *item)
{
	const char *p = line, *why;

	if (!*line || !strncmp(line, "==", 2) || !strncmp(line, "--", 2) || !strncmp(line, "SB ", 3))
		return NULL;
	text_skip_blanks(&p);
	why = parse_kind(*p, item);
	if (why)
		return why;
	p++;
	if (*p != ' ')
		return "not a line of lackey's";
	text_skip_blanks(&p);
	if (!text_hex(&p, &item->addr) || *p++ != ',' || !text_decimal(&p, &item->size))
		return "no address,size";
	text_skip_blanks(&p);
	return *p && *p != '\r' ? "something after the size" : NULL;
}

static int lackey_probe(const u8 *head, size_t len)
{
	if (text_probe(head, len, lackey_parse))
		return 90;
	/* A program's own output on standard error may stand between; lackey's first line does not lie. */
	return len > 64 && !memcmp(head, "==", 2) && memmem(head, MIN(len, 256), " Lackey", 7) ? 80 : 0;
}

static void *lackey_open(struct source *src, char err[TR_ERRBUF])
{
	return text_open(src, lackey_parse);
}

const struct reader_ops fmt_lackey = {
	.name = "lackey",
	.help = "output of valgrind --tool=lackey --trace-mem=yes",
	.has_mappings = false,
	.probe = lackey_probe,
	.open = lackey_open,
	.next = text_next,
	.resync = text_resync,
	.skipped = reader_skips_nothing,
	.close = text_close,
};
