#include "analysis/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

#define MAX_WORD  128u
#define MAX_DEPTH 100u

struct value {
	bool is_text;
	double number;
	char text[MAX_WORD];
};

struct parser {
	const char *all, *at;
	expr_get_fn get;
	void *arg;
	u32 depth;
	char *bad;
};

/* ---- numbers ---- */

static const struct {
	const char *end;
	double scale;
	enum expr_unit unit;
} ends[] = {
	{ "", 1, EXPR_PLAIN },
	{ "K", 1024, EXPR_BYTES },
	{ "M", 1048576, EXPR_BYTES },
	{ "G", 1073741824, EXPR_BYTES },
	{ "T", 1099511627776, EXPR_BYTES },
	{ "ps", 1e-3, EXPR_NS },
	{ "ns", 1, EXPR_NS },
	{ "us", 1e3, EXPR_NS },
	{ "ms", 1e6, EXPR_NS },
	{ "s", 1e9, EXPR_NS },
	{ "Hz", 1, EXPR_HZ },
	{ "kHz", 1e3, EXPR_HZ },
	{ "MHz", 1e6, EXPR_HZ },
	{ "GHz", 1e9, EXPR_HZ },
};

/* The number that the text begins with; behind it: NULL if there is none. */
static const char *scan_number(const char *text, double *value, enum expr_unit *unit)
{
	size_t n, i;
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;
	*value = strtod(text, &end);
	for (n = 0; isalnum((unsigned char)end[n]) || end[n] == '_' || end[n] == '.'; n++)
		;
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (strlen(ends[i].end) == n && !strncmp(ends[i].end, end, n))
			break;
	if (i == ARRAY_SIZE(ends) || !isfinite(*value))
		return NULL;
	*value *= ends[i].scale;
	*unit = ends[i].unit;
	return end + n;
}

bool expr_number(const char *text, double *value, enum expr_unit *unit)
{
	const char *end = scan_number(text, value, unit);

	return end && !*end;
}

/* ---- reading ---- */

static struct value wrong(struct parser *p, const char *what)
{
	if (!p->bad)
		p->bad = xasprintf("'%s': %s, at %s%s%s", p->all, what, *p->at ? "'" : "the end", p->at,
				   *p->at ? "'" : "");
	p->at += strlen(p->at);
	return (struct value){ 0 };
}

static bool take(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	p->at += strspn(p->at, " \t");
	if (strncmp(p->at, word, n))
		return false;
	p->at += n;
	return true;
}

static struct value number(double n)
{
	return (struct value){ .number = n };
}

static struct value any_or(struct parser *p);

static struct value quoted(struct parser *p)
{
	size_t n = strcspn(p->at, "\"");
	struct value v = { .is_text = true };

	if (!p->at[n] || n >= MAX_WORD)
		return wrong(p, "a text without its end");
	memcpy(v.text, p->at, n);
	p->at += n + 1;
	return v;
}

static struct value key(struct parser *p)
{
	const char *text;
	char name[MAX_WORD];
	enum expr_unit unit;
	struct value v = { 0 };
	size_t n;

	for (n = 0; isalnum((unsigned char)p->at[n]) || p->at[n] == '_' || p->at[n] == '.'; n++)
		;
	if (!n || n >= MAX_WORD)
		return wrong(p, "a key, a number or a text in quotes was expected");
	memcpy(name, p->at, n);
	name[n] = '\0';
	text = p->get(p->arg, name);
	if (!text)
		return wrong(p, "no key has that name (`mmsim config` lists them; words stand in quotes)");
	p->at += n;
	if (expr_number(text, &v.number, &unit))
		return v;
	v.is_text = true;
	if (strlen(text) >= MAX_WORD)
		return wrong(p, "a value that is too long");
	memcpy(v.text, text, strlen(text) + 1);
	return v;
}

static struct value primary(struct parser *p)
{
	enum expr_unit unit;
	struct value v;
	const char *end;

	if (take(p, "(")) {
		if (p->depth++ == MAX_DEPTH)
			return wrong(p, "too many parentheses");
		v = any_or(p);
		p->depth--;
		return take(p, ")") ? v : wrong(p, "')' was expected");
	}
	if (take(p, "\""))
		return quoted(p);
	end = scan_number(p->at, &v.number, &unit);
	if (!end)
		return key(p);
	p->at = end;
	return number(v.number);
}

/* What is calculated with must be numbers. */
static double number_of(struct parser *p, struct value v)
{
	if (v.is_text)
		wrong(p, "a text where a number was expected, before the place");
	return v.number;
}

static struct value unary(struct parser *p)
{
	bool not = false;
	struct value v;

	while (take(p, "!"))
		not = !not ;
	v = primary(p);
	return not ? number(number_of(p, v) == 0) : v;
}

static struct value product(struct parser *p)
{
	struct value v = unary(p);
	double n;

	for (;;) {
		if (take(p, "*")) {
			v = number(number_of(p, v) * number_of(p, unary(p)));
		} else if (take(p, "/") || take(p, "%")) {
			char op = p->at[-1];

			n = number_of(p, unary(p));
			if (n == 0)
				return wrong(p, "a division by 0 before the place");
			v = number(op == '/' ? number_of(p, v) / n : fmod(number_of(p, v), n));
		} else {
			return v;
		}
	}
}

static struct value sum(struct parser *p)
{
	struct value v = product(p);

	for (;;) {
		if (take(p, "+"))
			v = number(number_of(p, v) + number_of(p, product(p)));
		else if (take(p, "-"))
			v = number(number_of(p, v) - number_of(p, product(p)));
		else
			return v;
	}
}

static bool equal(struct parser *p, struct value a, struct value b)
{
	if (a.is_text != b.is_text)
		wrong(p, "a text is compared with a number before the place");
	return a.is_text ? !strcmp(a.text, b.text) : a.number == b.number;
}

static struct value comparison(struct parser *p)
{
	struct value v = sum(p);

	if (take(p, "<="))
		return number(number_of(p, v) <= number_of(p, sum(p)));
	if (take(p, ">="))
		return number(number_of(p, v) >= number_of(p, sum(p)));
	if (take(p, "<"))
		return number(number_of(p, v) < number_of(p, sum(p)));
	if (take(p, ">"))
		return number(number_of(p, v) > number_of(p, sum(p)));
	if (take(p, "=="))
		return number(equal(p, v, sum(p)));
	if (take(p, "!="))
		return number(!equal(p, v, sum(p)));
	if (take(p, "="))
		return wrong(p, "'=' was found before the place; '==' compares");
	return v;
}

static struct value all_and(struct parser *p)
{
	struct value v = comparison(p);
	double other;

	while (take(p, "&&")) {
		other = number_of(p, comparison(p));
		v = number(number_of(p, v) != 0 && other != 0);
	}
	return v;
}

static struct value any_or(struct parser *p)
{
	struct value v = all_and(p);
	double other;

	while (take(p, "||")) {
		other = number_of(p, all_and(p));
		v = number(number_of(p, v) != 0 || other != 0);
	}
	return v;
}

char *expr_test(const char *text, expr_get_fn get, void *arg, bool *holds)
{
	struct parser p = { .all = text, .at = text, .get = get, .arg = arg };
	struct value v = any_or(&p);

	*holds = number_of(&p, v) != 0;
	p.at += strspn(p.at, " \t");
	if (*p.at)
		wrong(&p, "an operator was expected");
	return p.bad;
}
