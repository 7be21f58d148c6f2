#include "cli/amount.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/format.h"
#include "model/base/error.h"

static const char *const unit_name[] = { "runs", "insns", "cycles" };
static const char *const unit_text[] = { "block runs", "instructions", "cycles" };

static u64 prefix(const char **at)
{
	switch (**at) {
	case 'k': ++*at; return 1000;
	case 'M': ++*at; return 1000000;
	case 'G': ++*at; return 1000000000;
	default: return 1;
	}
}

struct amount amount_parse(const char *option, const char *text, enum unit usual, bool cycles_too)
{
	struct amount a = { .unit = usual };
	const char *at;
	char *end;
	u64 n, times;
	u32 i;

	n = strtoull(text, &end, 10);
	at = end;
	times = prefix(&at);
	while (*at == ' ')
		at++;
	for (i = 0; i < ARRAY_SIZE(unit_name) && strcmp(at, unit_name[i]); i++)
		;
	if (end == text || *text == '-' || !n || n > ~(u64)0 / times || (*at && i == ARRAY_SIZE(unit_name)))
		die("%s: '%s' is not a number above 0, with k, M or G and then runs or insns%s behind it as "
		    "you like",
		    option, text, cycles_too ? " or cycles" : "");
	if (*at)
		a.unit = i;
	if (a.unit == UNIT_CYCLES && !cycles_too)
		die("%s: cycles cannot be counted here; use runs or insns", option);
	a.n = n * times;
	return a;
}

char *amount_text(struct amount a)
{
	struct text t;

	return xasprintf("%s %s", format_count(&t, a.n), unit_text[a.unit]);
}
