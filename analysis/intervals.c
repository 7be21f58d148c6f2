#include "analysis/intervals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/out.h"
#include "model/base/error.h"

struct intervals {
	struct out out;
	const struct stats *live;
	u32 n;
	u64 *begin, *end;
	u64 rows;
};

struct intervals *intervals_new(const char *dir, const struct stats *live)
{
	struct intervals *iv = xcalloc(1, sizeof(*iv));
	u32 i;

	iv->live = live;
	iv->n = stats_count(live);
	iv->begin = xcalloc(iv->n, sizeof(u64));
	iv->end = xcalloc(iv->n, sizeof(u64));
	out_open(&iv->out, dir, INTERVALS_FILE);
	fputs("interval", iv->out.f);
	for (i = 0; i < iv->n; i++)
		if (!stats_is_level(live, i))
			fprintf(iv->out.f, ",%s", stats_name(live, i));
	fputc('\n', iv->out.f);
	return iv;
}

void intervals_begin(struct intervals *iv)
{
	stats_copy(iv->live, iv->begin);
}

bool intervals_end(struct intervals *iv)
{
	u32 i;

	stats_copy(iv->live, iv->end);
	if (!memcmp(iv->begin, iv->end, iv->n * sizeof(u64)))
		return false;
	fprintf(iv->out.f, "%" PRIu64, iv->rows++);
	for (i = 0; i < iv->n; i++)
		if (!stats_is_level(iv->live, i))
			fprintf(iv->out.f, ",%" PRId64, (s64)(iv->end[i] - iv->begin[i]));
	fputc('\n', iv->out.f);
	memcpy(iv->begin, iv->end, iv->n * sizeof(u64));
	return true;
}

void intervals_close(struct intervals *iv)
{
	out_close(&iv->out);
	free(iv->begin);
	free(iv->end);
	free(iv);
}
