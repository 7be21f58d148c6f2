#include "model/hw/dram_map.h"

#include <string.h>

#include "model/base/bits.h"

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
	m->digit[at] = (struct dram_digit){ f, count, weight };
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

static void make_shifts(struct dram_map *m)
{
	u32 i, at, taken = 0;

	m->shifts = true;
	m->bits = 0;
	memset(m->part, 0, sizeof(m->part));
	for (i = 0; i < m->n; i++) {
		const struct dram_digit *d = &m->digit[i];

		m->shifts &= is_pow2(d->count);
		at = taken >> d->field & 1 ? NR_DRAM_FIELDS : d->field;
		taken |= 1u << d->field;
		m->part[at].shift = m->bits;
		m->part[at].mask = d->count - 1;
		m->part[at].up = log2_floor(d->weight);
		m->bits += log2_floor(d->count);
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
	make_shifts(m);
	m->rows = g->rows;
	m->groups = g->groups;
	m->group_shift = log2_floor(g->groups);
	m->xor_mask = bank_xor ? g->banks * g->groups - 1 : 0;
	return NULL;
}

static u32 part(const struct dram_map *m, u64 line, u32 i)
{
	return ((u32)(line >> m->part[i].shift) & m->part[i].mask) << m->part[i].up;
}

static void find_by_shifts(const struct dram_map *m, u64 line, struct dram_place *p)
{
	p->channel = part(m, line, FIELD_CH);
	p->rank = part(m, line, FIELD_RA);
	p->group = part(m, line, FIELD_BG);
	p->bank = part(m, line, FIELD_BA);
	p->column = part(m, line, FIELD_CO) + part(m, line, NR_DRAM_FIELDS);
	p->row = part(m, line, FIELD_RO) + (line >> m->bits) * m->rows;
}

/* Divides: six channels, as some servers have, once a request that missed every cache. */
static void find_by_division(const struct dram_map *m, u64 line, struct dram_place *p)
{
	u32 v[NR_DRAM_FIELDS] = { 0 }, i;

	for (i = 0; i < m->n; i++) {
		v[m->digit[i].field] += (u32)(line % m->digit[i].count) * m->digit[i].weight;
		line /= m->digit[i].count;
	}
	p->channel = v[FIELD_CH];
	p->rank = v[FIELD_RA];
	p->group = v[FIELD_BG];
	p->bank = v[FIELD_BA];
	p->column = v[FIELD_CO];
	p->row = v[FIELD_RO] + line * m->rows;
}

void dram_map_find(const struct dram_map *m, u64 line, struct dram_place *p)
{
	u32 bank;

	if (m->shifts)
		find_by_shifts(m, line, p);
	else
		find_by_division(m, line, p);
	if (m->xor_mask) {
		bank = (p->bank << m->group_shift | p->group) ^ ((u32)p->row & m->xor_mask);
		p->group = bank & (m->groups - 1);
		p->bank = bank >> m->group_shift;
	}
}
