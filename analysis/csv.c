#include "analysis/csv.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

void csv_field(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static char *take_quoted(const char **at)
{
	const char *p = *at + 1;
	char *field = xcalloc(strlen(p) + 1, 1), *to = field;

	for (; *p && (*p != '"' || p[1] == '"'); p++) {
		if (*p == '"')
			p++;
		*to++ = *p;
	}
	*at = p + (*p == '"');
	return field;
}

char *csv_take(const char **at)
{
	size_t n = strcspn(*at, ",");
	char *field;

	if (**at == '"') {
		field = take_quoted(at);
	} else {
		field = xasprintf("%.*s", (int)n, *at);
		*at += n;
	}
	*at += **at == ',';
	return field;
}
