#include "model/base/map64.h"

#include <stdlib.h>

#include "model/base/error.h"

#define MIN_BITS 4u

static u64 capacity(const struct map64 *m)
{
	return m->slot ? 1ull << m->bits : 0;
}

/* Fibonacci hashing: neighbouring keys spread, the high bits decide. */
static u64 home(const struct map64 *m, u64 key)
{
	return key * 0x9e3779b97f4a7c15ull >> (64 - m->bits);
}

static struct map64_slot *probe(const struct map64 *m, u64 key)
{
	u64 i = home(m, key), mask = capacity(m) - 1;

	while (m->slot[i].key != key && m->slot[i].key != MAP64_NO_KEY)
		i = (i + 1) & mask;
	return &m->slot[i];
}

void map64_fini(struct map64 *m)
{
	free(m->slot);
	*m = (struct map64){ 0 };
}

u64 *map64_find(const struct map64 *m, u64 key)
{
	struct map64_slot *s;

	if (!m->n)
		return NULL;
	s = probe(m, key);
	return s->key == key ? &s->value : NULL;
}

void map64_expect(const struct map64 *m, u64 key)
{
	if (m->n)
		__builtin_prefetch(&m->slot[home(m, key)]);
}

static void grow(struct map64 *m)
{
	struct map64 old = *m;
	const struct map64_slot *s;
	u64 i;

	m->bits = old.slot ? old.bits + 1 : MIN_BITS;
	m->slot = xmalloc(sizeof(*m->slot) << m->bits);
	for (i = 0; i < 1ull << m->bits; i++)
		m->slot[i].key = MAP64_NO_KEY;
	for (s = map64_next(&old, NULL); s; s = map64_next(&old, s))
		*probe(m, s->key) = *s;
	free(old.slot);
}

void map64_set(struct map64 *m, u64 key, u64 value)
{
	struct map64_slot *s;

	ASSERT(key != MAP64_NO_KEY);
	if ((m->n + 1) * 4 > capacity(m) * 3)
		grow(m);
	s = probe(m, key);
	m->n += s->key != key;
	*s = (struct map64_slot){ key, value };
}

/* Closes the gap: what follows moves up unless that would put it before its home. */
void map64_remove(struct map64 *m, u64 key)
{
	u64 mask = capacity(m) - 1, hole, i;

	ASSERT(map64_find(m, key));
	hole = i = (u64)(probe(m, key) - m->slot);
	for (;;) {
		i = (i + 1) & mask;
		if (m->slot[i].key == MAP64_NO_KEY)
			break;
		if (((i - home(m, m->slot[i].key)) & mask) < ((i - hole) & mask))
			continue;
		m->slot[hole] = m->slot[i];
		hole = i;
	}
	m->slot[hole].key = MAP64_NO_KEY;
	m->n--;
}

const struct map64_slot *map64_next(const struct map64 *m, const struct map64_slot *s)
{
	const struct map64_slot *end;

	if (!m->n)
		return NULL;
	end = m->slot + capacity(m);
	for (s = s ? s + 1 : m->slot; s < end; s++)
		if (s->key != MAP64_NO_KEY)
			return s;
	return NULL;
}
