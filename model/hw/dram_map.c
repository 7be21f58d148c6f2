#include "model/hw/dram_map.h"

#include <string.h>

#include "model/base/bits.h"

#define NOT_POW2 (~0u)

static const char *const field_name[NR_DRAM_FIELDS] = { "ro", "ra", "bg", "ba", "co", "ch" };

/* The field that a text begins with, or NR_DRAM_FIELDS. */
static u32 first_field(const char *text)
{
	u32 f;

	for (f = 0; f < NR_DRAM_FIELDS; f++)
		if (!strncmp(text, field_name[f], 2))
			break;
	return f;
}

/* The number after a field, or 0; at most four digits are read. */
static u32 take_number(const char **text)
{
	u32 n = 0, digits = 0;

	for (; **text >= '0' && **text <= '9' && digits < 4; ++*text, digits++)
		n = n * 10 + (u32)(**text - '0');
	return n;
}

static void add_digit(struct dram_map *m, u32 at, enum dram_field f, u32 count, u32 weight)
{
	m->digit[at] = (struct dram_digit){ f, count, weight, is_pow2(count) ? log2_floor(count) : NOT_POW2 };
}

/* Highest field first, as written; what the low part of the column takes is known at its end. */
static const char *parse(struct dram_map *m, const char *text, const u32 count[NR_DRAM_FIELDS])
{
	u32 seen = 0, f, part, low = 0, high = 0;

	for (m->n = 0; *text; m->n++) {
		f = first_field(text);
		if (f == NR_DRAM_FIELDS)
			return "fields are ro, ra, bg, ba, co and ch";
		text += 2;
		part = take_number(&text);
		if (part && (f != FIELD_CO || low || !(seen & 1u << FIELD_CO)))
			return "only a second co may have a number";
		if (part && !is_pow2(part))
			return "the lines of a second co are a power of two";
		if (!part && seen & 1u << f)
			return "a field is named twice";
		part = MIN(part, count[FIELD_CO]);
		seen |= 1u << f;
		low = MAX(low, part);
		high = f == FIELD_CO && !part ? m->n : high;
		add_digit(m, m->n, f, part ? part : count[f], 1);
	}
	if (seen != (1u << NR_DRAM_FIELDS) - 1)
		return "each of ro, ra, bg, ba, co and ch must be there";
	if (low)
		add_digit(m, high, FIELD_CO, count[FIELD_CO] / low, low);
	return NULL;
}

static void reverse(struct dram_map *m)
{
	struct dram_digit swap;
	u32 i;

	for (i = 0; i < m->n / 2; i++) {
		swap = m->digit[i];
		m->digit[i] = m->digit[m->n - 1 - i];
		m->digit[m->n - 1 - i] = swap;
	}
}

const char *dram_map_init(struct dram_map *m, const char *text, const struct dram_geometry *g, bool bank_xor)
{
	const u32 count[NR_DRAM_FIELDS] = {
		g->rows, g->ranks, g->groups, g->banks, g->row_lines, g->channels
	};
	const char *why = parse(m, text, count);

	if (why)
		return why;
	reverse(m);
	m->rows = g->rows;
	m->groups = g->groups;
	m->group_shift = log2_floor(g->groups);
	m->xor_mask = bank_xor ? g->banks * g->groups - 1 : 0;
	return NULL;
}

/* Divides where a count is no power of two: channels of some servers, once a request that missed every cache.
 */
static u32 take_digit(const struct dram_digit *d, u64 *rest)
{
	u32 v;

	if (likely(d->shift != NOT_POW2)) {
		v = (u32)*rest & (d->count - 1);
		*rest >>= d->shift;
	} else {
		v = (u32)(*rest % d->count);
		*rest /= d->count;
	}
	return v * d->weight;
}

void dram_map_find(const struct dram_map *m, u64 line, struct dram_place *p)
{
	u32 v[NR_DRAM_FIELDS] = { 0 }, bank, i;

	for (i = 0; i < m->n; i++)
		v[m->digit[i].field] += take_digit(&m->digit[i], &line);
	p->row = v[FIELD_RO] + line * m->rows;
	p->rank = v[FIELD_RA];
	p->channel = v[FIELD_CH];
	p->column = v[FIELD_CO];
	p->group = v[FIELD_BG];
	p->bank = v[FIELD_BA];
	if (m->xor_mask) {
		bank = (p->bank << m->group_shift | p->group) ^ ((u32)p->row & m->xor_mask);
		p->group = bank & (m->groups - 1);
		p->bank = bank >> m->group_shift;
	}
}
