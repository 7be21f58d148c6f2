#include "traces/kmem_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/error.h"
#include "traces/source.h"
#include "traces/text.h"

struct kmem_file {
	struct source *src;
	u64 line, others;
	bool ended;
};

struct kmem_file *kmem_open(const char *path, char err[TR_ERRBUF])
{
	char why[TR_ERRBUF];
	struct source *src = source_open(path, why);
	struct kmem_file *f;

	if (!src) {
		snprintf(err, TR_ERRBUF, "%.200s: %.300s", path, why);
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->src = src;
	return f;
}

void kmem_close(struct kmem_file *f)
{
	source_close(f->src);
	free(f);
}

u64 kmem_others(const struct kmem_file *f)
{
	return f->others;
}

static enum trace_status end_of_file(struct kmem_file *f, char err[TR_ERRBUF])
{
	const char *why = f->ended ? NULL : source_failed(f->src);

	f->ended = true;
	if (!why)
		return TRACE_END;
	snprintf(err, TR_ERRBUF, "after line %llu: %s", (unsigned long long)f->line, why);
	return TRACE_ERROR;
}

enum trace_status kmem_next(struct kmem_file *f, struct kmem_event *ev, char err[TR_ERRBUF])
{
	const char *line, *why;
	size_t n;

	while (!f->ended && (line = source_line(f->src, &n))) {
		enum kmem_line what = kmem_parse(line, ev, &why);

		f->line++;
		if (strlen(line) != n) {
			what = KMEM_LINE_DAMAGED;
			why = "it has a zero byte";
		}
		if (what == KMEM_LINE_EVENT)
			return TRACE_OK;
		if (what == KMEM_LINE_DAMAGED) {
			text_name_line(f->line, line, why, err);
			return TRACE_ERROR;
		}
		f->others++;
	}
	return end_of_file(f, err);
}
