/*
 * Dinero's text formats. din: "label address", label 0 read, 1 write, 2 instruction fetch, 3 other, 4 copy
 * back, 5 invalidate; every access is 4 bytes at a multiple of 4. xdin (Dinero IV's default): "letter address
 * size", letters r, w, i, m, c, v in the same meaning. Numbers are hexadecimal; what follows on a line is
 * ignored (Dinero IV, dinfmt.c, xdinfmt.c). Copying back and invalidating are commands to a cache, not
 * accesses: they are left out.
 */
#include <string.h>

#include "traces/text.h"

/* The order is that of the labels of din. */
static const char letters[] = "rwimcv";
enum { READ, WRITE, FETCH, OTHER, COPY_BACK, INVALIDATE };

static void set_item(struct text_item *item, int label)
{
	item->what = label == FETCH ? TEXT_INSN : label <= OTHER ? TEXT_DATA : TEXT_NOTHING;
	item->kind = label == WRITE ? TR_STORE : TR_LOAD;
}

static const char *din_parse(const char *line, struct text_item *item)
{
	const char *p = line;
	u64 label;

	text_skip_blanks(&p);
	if (!*p || *p == '\r')
		return NULL;
	if (!text_hex(&p, &label) || label > INVALIDATE)
		return "no label of 0 to 5";
	if (*p != ' ' && *p != '\t')
		return "no address";
	text_skip_blanks(&p);
	if (!text_hex(&p, &item->addr))
		return "no address";
	if (*p && !strchr(" \t\r", *p))
		return "a character in the address that is no hexadecimal digit";
	set_item(item, (int)label);
	item->addr &= ~(u64)3;
	item->size = 4;
	return NULL;
}

static const char *xdin_parse(const char *line, struct text_item *item)
{
	const char *p = line, *letter;

	text_skip_blanks(&p);
	if (!*p || *p == '\r')
		return NULL;
	letter = strchr(letters, *p++);
	if (!letter || (*p != ' ' && *p != '\t'))
		return "no label r, w, i, m, c or v";
	text_skip_blanks(&p);
	if (!text_hex(&p, &item->addr) || (*p != ' ' && *p != '\t'))
		return "no address and size";
	text_skip_blanks(&p);
	if (!text_hex(&p, &item->size) || (*p && !strchr(" \t\r", *p)))
		return "no size";
	set_item(item, (int)(letter - letters));
	return NULL;
}

static int din_probe(const u8 *head, size_t len)
{
	return text_probe(head, len, din_parse) ? 70 : 0;
}

static int xdin_probe(const u8 *head, size_t len)
{
	return text_probe(head, len, xdin_parse) ? 85 : 0;
}

static void *din_open(struct source *src, char err[TR_ERRBUF])
{
	return text_open(src, din_parse);
}

static void *xdin_open(struct source *src, char err[TR_ERRBUF])
{
	return text_open(src, xdin_parse);
}

const struct reader_ops fmt_din = {
	.name = "din",
	.help = "Dinero's din: label address",
	.has_mappings = false,
	.probe = din_probe,
	.open = din_open,
	.next = text_next,
	.resync = text_resync,
	.skipped = reader_skips_nothing,
	.close = text_close,
};

const struct reader_ops fmt_xdin = {
	.name = "xdin",
	.help = "Dinero IV's extended din: letter address size",
	.has_mappings = false,
	.probe = xdin_probe,
	.open = xdin_open,
	.next = text_next,
	.resync = text_resync,
	.skipped = reader_skips_nothing,
	.close = text_close,
};
