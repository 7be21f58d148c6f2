#include "tests/ref/ref_lru.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"

u32 ref_lru_touch(struct ref_lru *l, u64 unit)
{
	u32 i, distance;

	for (i = 0; i < l->n && l->unit[i] != unit; i++)
		;
	distance = i < l->n ? i : REF_LRU_COLD;
	if (i == l->n)
		l->unit = xrealloc(l->unit, ++l->n * sizeof(*l->unit));
	memmove(l->unit + 1, l->unit, i * sizeof(*l->unit));
	l->unit[0] = unit;
	return distance;
}

void ref_lru_fini(struct ref_lru *l)
{
	free(l->unit);
}

static u32 different(const u64 *stream, u32 n)
{
	u32 i, j, sum = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i && stream[j] != stream[i]; j++)
			;
		sum += j == i;
	}
	return sum;
}

double ref_working_set(const u64 *stream, u32 n, u32 tau)
{
	double sum = 0;
	u32 end;

	for (end = 1; end <= n; end++)
		sum += different(stream + end - MIN(tau, end), MIN(tau, end));
	return sum / n;
}
