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

/* A second bg or co names its low part. NULL, or what is wrong. */
static const char *check_low(u32 f, u32 low, u32 seen, u32 seen_low)
{
	if (f != FIELD_BG && f != FIELD_CO)
		return "only bg and co can be split";
	if (!is_pow2(low))
		return "the low part of a field is a power of two";
	if (!(seen >> f & 1) || seen_low >> f & 1)
		return "the low part of a field comes once, after the field";
	return NULL;
}

/* The higher part of a split field is known when its low part is met. */
static const char *split(struct dram_map *m, u32 f, u32 low)
{
	struct dram_digit *high = m->digit;

	while (high->field != f)
		high++;
	low = MIN(low, high->count);
	if (high->count % low)
		return "the low part of a field divides the field";
	high->count /= low;
	high->weight = low;
	m->digit[m->n] = (struct dram_digit){ f, low, 1 };
	return NULL;
}

/* Highest field first, as written. */
static const char *parse(struct dram_map *m, const char *text, const u32 count[NR_DRAM_FIELDS])
{
	u32 seen = 0, seen_low = 0, f, low;
	const char *why = NULL;

	for (m->n = 0; *text && !why; m->n++) {
		f = first_field(text);
		if (f == NR_DRAM_FIELDS)
			return "fields are ro, ra, bg, ba, co and ch";
		text += 2;
		low = take_number(&text);
		if (!low && seen >> f & 1)
			return "a field is named twice";
		if (low) {
			why = check_low(f, low, seen, seen_low);
			why = why ? why : split(m, f, low);
			seen_low |= 1u << f;
		} else {
			m->digit[m->n] = (struct dram_digit){ f, count[f], 1 };
			seen |= 1u << f;
		}
	}
	if (!why && seen != (1u << NR_DRAM_FIELDS) - 1)
		return "each of ro, ra, bg, ba, co and ch must be there";
	return why;
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
	u32 i, taken = 0;

	m->shifts = true;
	m->bits = 0;
	memset(m->part, 0, sizeof(m->part));
	for (i = 0; i < m->n; i++) {
		const struct dram_digit *d = &m->digit[i];
		struct dram_part *part = &m->part[taken >> d->field & 1][d->field];

		m->shifts &= is_pow2(d->count);
		taken |= 1u << d->field;
		*part = (struct dram_part){ m->bits, d->count - 1, log2_floor(d->weight) };
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

static u32 value(const struct dram_part *p, u64 line)
{
	return ((u32)(line >> p->shift) & p->mask) << p->up;
}

static void find_by_shifts(const struct dram_map *m, u64 line, struct dram_place *p)
{
	const struct dram_part *low = m->part[0], *high = m->part[1];

	p->channel = value(&low[FIELD_CH], line);
	p->rank = value(&low[FIELD_RA], line);
	p->group = value(&low[FIELD_BG], line) + value(&high[FIELD_BG], line);
	p->bank = value(&low[FIELD_BA], line);
	p->column = value(&low[FIELD_CO], line) + value(&high[FIELD_CO], line);
	p->row = value(&low[FIELD_RO], line) + (line >> m->bits) * m->rows;
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
